//! The log: to standard error, above any progress bar.

use super::bar::Bars;
use anyhow::Context;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use viability_proxy::config::{Log, LogFormat};
use viability_proxy::server::reload::SourceError;

/// Changes what the log tells.
pub(super) type Refilter = Box<dyn Fn(EnvFilter) -> Result<(), SourceError> + Send + Sync>;

/// Begins to log; the filter can be changed later.
pub(super) fn start(log: &Log, bars: &Bars) -> anyhow::Result<Refilter> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(bars.writer());
    let (started, refilter): (_, Refilter) = match log.format {
        LogFormat::Text => {
            let builder =
                builder.with_target(false).with_ansi(io::stderr().is_terminal()).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| Ok(handle.reload(filter)?)))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| Ok(handle.reload(filter)?)))
        }
    };
    started.map_err(|error| anyhow::anyhow!("the log can't be started: {error}"))?;
    Ok(refilter)
}
