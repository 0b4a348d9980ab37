//! `viability-proxy serve`.

use super::log::{self, Refilter};
use super::signals::{Signal, Signals};
use super::{Bars, ConfigFile, block_on, systemd};
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::Config;
use viability_proxy::server::reload::{ConfigSource, SourceError};

pub(super) fn run(file: ConfigFile) -> anyhow::Result<()> {
    let config = file.load()?;
    let bars = Bars::new();
    let refilter = log::start(&config.log, &bars)?;
    let sockets = systemd::sockets()?;
    block_on(async {
        let mut signals = Signals::listen()?;
        let source = Arc::new(File { file, refilter });
        let app = App::start(config, Surroundings { source: Some(source), sockets, refreshes: None }).await?;
        bars.watch(app.refreshers());
        systemd::keep_alive();
        systemd::ready();
        while signals.next().await == Signal::Reload {
            systemd::reloading();
            tokio::select! {
                // Told in the log, which is where the sender of a signal looks.
                _told = app.reload() => systemd::ready(),
                // A disk that hangs holds up no end.
                () = signals.stop() => break,
            }
        }
        systemd::stopping();
        app.stop().await;
        Ok(())
    })
}

/// The configuration file, and the log that it filters.
struct File {
    file: ConfigFile,
    refilter: Refilter,
}

impl ConfigSource for File {
    fn read(&self) -> Result<Config, SourceError> {
        Ok(self.file.load()?)
    }

    fn filter_log(&self, directives: &str) -> Result<(), SourceError> {
        (self.refilter)(EnvFilter::try_new(directives)?)
    }
}
