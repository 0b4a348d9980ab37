//! The stand-alone simulator of OZmap.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use ozmap_simulator::{IdFilters, LOGIN, PASSWORD, Pagination, Sales, Settings, Simulator, UpdateFilters};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for OZmap: a seeded fibre network behind OZmap's HTTP API, with faults on demand.
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9900")]
    listen: SocketAddr,
    /// Boxes in the network.
    #[arg(long, default_value_t = 20_000)]
    boxes: usize,
    /// The same seed and size make the same network.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Waiting time before every answer.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "0s")]
    latency: Duration,
    /// Share of the requests that are answered 503, from 0 to 1.
    #[arg(long, value_parser = share, default_value = "0")]
    failure_rate: f64,
    /// The most rows of a page; without it there is no maximum.
    #[arg(long)]
    max_limit: Option<usize>,
    /// Pages without hasNextPage and nextUrl, as before July 2025.
    #[arg(long)]
    legacy_pagination: bool,
    /// Ignore filters on ids.
    #[arg(long)]
    ignore_id_filters: bool,
    /// Ignore filters on updatedAt.
    #[arg(long)]
    ignore_update_filters: bool,
    /// Sales leave the splitters' updatedAt as it was.
    #[arg(long)]
    silent_sales: bool,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.0..=1.0).contains(rate))
        .ok_or("expected a number from 0 to 1".to_owned())
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let settings = Settings {
        listen: arguments.listen,
        boxes: arguments.boxes,
        seed: arguments.seed,
        latency: arguments.latency,
        failure_rate: arguments.failure_rate,
        max_limit: arguments.max_limit,
        pagination: if arguments.legacy_pagination { Pagination::Legacy } else { Pagination::Current },
        id_filters: if arguments.ignore_id_filters { IdFilters::Ignored } else { IdFilters::Honoured },
        update_filters: if arguments.ignore_update_filters {
            UpdateFilters::Ignored
        } else {
            UpdateFilters::Honoured
        },
        sales: if arguments.silent_sales { Sales::Silent } else { Sales::Touch },
        ..Settings::default()
    };
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut simulator = Simulator::start(settings).await?;
    io::stdout().lock().write_all(guide(&simulator).as_bytes())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    simulator.stop().await;
    Ok(())
}

/// What to try.
fn guide(simulator: &Simulator) -> String {
    let (host, origin, key) = (simulator.host(), simulator.origin(), simulator.full_key());
    let boxes = simulator.boxes();
    let place = boxes.iter().find(|one| !one.draft && one.free_ports > 0).or(boxes.first());
    let (lat, lng) = place.map_or((-27.595, -48.548), |place| (place.lat, place.lng));
    format!(
        "host: {host}\nboxes: {}\nlogin: {LOGIN} / {PASSWORD}\nkey: {key}\n\n\
         curl -s '{host}/ftth-viability/radius?lat={lat}&lng={lng}&radius=150' -H 'Authorization: {key}'\n\
         curl -s '{host}/boxes?limit=2' -H 'Authorization: {key}'\n\
         curl -s {origin}/_control\n",
        boxes.len()
    )
}
