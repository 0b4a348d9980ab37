//! `viability-proxy demo`: a simulated OZmap and the proxy in front of it, in one process.

use super::signals::{Signal, Signals};
use super::{Bars, Unusable, block_on, log, say};
use anyhow::{Context, bail};
use clap::Args;
use ozmap_simulator::{Settings, Simulator};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::load::{Source, load};

/// How long the first refresh may take before the demo gives up.
const PATIENCE: Duration = Duration::from_mins(10);
const TOKEN: &str = "token-of-the-demo";

/// What to simulate, and where.
#[derive(Args)]
pub(super) struct Options {
    /// Boxes in the simulated network.
    #[arg(long, default_value_t = 20_000)]
    boxes: usize,
    /// Where the proxy listens for clients.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9994")]
    listen: SocketAddr,
    /// Where the proxy listens for operators.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9995")]
    admin_listen: SocketAddr,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    block_on(async {
        let settings = Settings { boxes: options.boxes, ..Settings::default() };
        let simulator = Simulator::start(settings).await.context("the simulated OZmap can't be started")?;
        let config =
            load(&source(options, &simulator.host()), &secrets(&simulator)).map_err(Unusable::from)?;
        let bars = Bars::new();
        let _unchanging = log::start(&config.log, &bars)?;
        let mut signals = Signals::listen()?;
        let app = App::start(config, Surroundings::default()).await?;
        bars.watch(app.refreshers());
        let Some(refresher) = app.refreshers().first() else { bail!("the demo has no tenant") };
        let report = refresher.report_of(1, PATIENCE).await.context("the first refresh did not end")?;
        if let Err(failure) = report.outcome {
            bail!("the first refresh failed: {}", failure.message);
        }
        say(&guide(&app, &simulator)?)?;
        while signals.next().await != Signal::Stop {
            tracing::info!("the demo has no configuration file to read again");
        }
        app.stop().await;
        Ok(())
    })
}

/// The configuration of the demo, as an operator would write it.
fn source(options: &Options, host: &str) -> Source {
    let Options { listen, admin_listen, .. } = options;
    let text = format!(
        r#"
        [server]
        listen = "{listen}"
        [admin]
        listen = "{admin_listen}"
        token_env = "DEMO_ADMIN_TOKEN"
        [tenants.demo]
        host = "{host}"
        key_env = "DEMO_OZMAP_KEY"
        "#
    );
    Source { path: PathBuf::from("the demo's configuration"), text }
}

fn secrets(simulator: &Simulator) -> BTreeMap<String, String> {
    let secret = |name: &str, value: String| (name.to_owned(), value);
    [secret("DEMO_ADMIN_TOKEN", TOKEN.to_owned()), secret("DEMO_OZMAP_KEY", simulator.full_key())].into()
}

/// Commands to copy.
fn guide(app: &App, simulator: &Simulator) -> anyhow::Result<String> {
    let home = simulator
        .boxes()
        .into_iter()
        .find(|candidate| !candidate.draft && candidate.free_ports > 1)
        .context("the network has no box to offer")?;
    let (lat, lng, key) = (home.lat, home.lng, simulator.full_key());
    let (public, admin, ozmap) = (app.public_address(), app.admin_address(), simulator.host());
    Ok(format!(
        r"
The proxy answers on http://{public}/api/v2, for the simulated OZmap at {ozmap}. Ctrl-C ends both. Try:

# can this home be connected? (from memory)
curl -si 'http://{public}/api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius=150' -H 'Authorization: {key}'

# the same question to the simulated OZmap itself
curl -s '{ozmap}/ftth-viability/radius?lat={lat}&lng={lng}&radius=150' -H 'Authorization: {key}'

# the same on a map: open http://{admin}/ in a browser, and sign in with {TOKEN}

# how old are the data?
curl -s http://{admin}/admin/status

# refresh now, and wait for the report
curl -s -X POST 'http://{admin}/admin/refresh?wait=30s' -H 'Authorization: Bearer {TOKEN}'

# metrics for Prometheus
curl -s http://{admin}/metrics

"
    ))
}
