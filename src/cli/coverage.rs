//! `viability-proxy coverage`: the network as GeoJSON, for maps of others.

use super::written::Output;
use super::{Bars, ConfigFile, block_on, chosen, say, warn_of};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use viability_proxy::config::Tenant as Settings;
use viability_proxy::coverage::{About, Area, write_area, write_boxes};
use viability_proxy::metrics::Metrics;
use viability_proxy::refresh::Refresher;
use viability_proxy::refresh::report::Trigger;
use viability_proxy::refresh::store::Store;
use viability_proxy::tenant::{Data, Tenant};
use viability_proxy::viability::geo::Radius;

/// How long all lists may take to be read.
const PATIENCE: Duration = Duration::from_mins(30);

/// What to write, and where.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// The tenant; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// How far from a free port a home may be, in metres; without it `viability.default_radius_m`.
    #[arg(long, value_name = "METRES", value_parser = radius)]
    radius: Option<Radius>,
    /// Write the ground from where a free port is within the radius here.
    #[arg(long, value_name = "FILE", required_unless_present = "boxes")]
    output: Option<PathBuf>,
    /// Write every box here.
    #[arg(long, value_name = "FILE")]
    boxes: Option<PathBuf>,
    /// Read OZmap though there are data on disk.
    #[arg(long)]
    fresh: bool,
}

fn radius(text: &str) -> Result<Radius, String> {
    let radius = text.parse().ok().and_then(Radius::new);
    radius.ok_or_else(|| format!("expected metres above 0, at most {}", Radius::LARGEST_METRES))
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let config = options.file.load()?;
    warn_of(&config)?;
    let settings = chosen(&config, options.tenant.as_deref())?;
    // Before OZmap is troubled for nothing.
    let output = options.output.as_deref().map(Output::create).transpose()?;
    let boxes = options.boxes.as_deref().map(Output::create).transpose()?;
    let radius = options.radius.or(settings.rules.default_radius);
    let radius = radius.context("viability.default_radius_m is \"none\": name a radius with --radius")?;
    let store = config.snapshot_directory.as_deref().filter(|_| !options.fresh);
    block_on(async {
        let data = data_of(settings, store).await?;
        let read_at = humantime::format_rfc3339_seconds(data.read_at()).to_string();
        let mut told = vec![format!("{}: data of {read_at}", settings.name)];
        if let Some(output) = output {
            let (snapshot, rules) = (Arc::clone(&data.snapshot), settings.rules.clone());
            let area = spawn_blocking(move || Area::of(&snapshot, radius, &rules)).await?;
            let about = About { tenant: settings.name.as_str(), read_at: &read_at };
            let mut text = Vec::new();
            write_area(&mut text, &area, &about)?;
            output.finish(&text).context("the ground can't be written")?;
            told.push(format!("ground within {} m of {} boxes", radius.metres(), area.boxes()));
        }
        if let Some(output) = boxes {
            let mut text = Vec::new();
            write_boxes(&mut text, &data.snapshot)?;
            output.finish(&text).context("the boxes can't be written")?;
            told.push(format!("{} boxes", data.snapshot.census().boxes()));
        }
        say(&format!("{}\n", told.join("; ")))
    })
}

/// What is on disk, if anything is that can be used, else what OZmap tells.
async fn data_of(settings: &Settings, directory: Option<&Path>) -> anyhow::Result<Arc<Data>> {
    let metrics = Arc::new(Metrics::new()?);
    let places = settings.live.calls_at_once;
    let tenant = Arc::new(Tenant::new(settings.clone(), places, Arc::clone(&metrics))?);
    let store = directory.map(|directory| Store::new(directory, settings));
    let refresher = Arc::new(Refresher::new(Arc::clone(&tenant), metrics, store));
    refresher.restore().await;
    if let Some(data) = tenant.data() {
        return Ok(data);
    }
    let bars = Bars::new();
    bars.watch(&[Arc::clone(&refresher)]);
    let reading = tokio::spawn(Arc::clone(&refresher).keep_refreshing());
    let run = refresher.request(Trigger::Admin)?;
    let report = refresher.report_of(run, PATIENCE).await;
    reading.abort();
    let report = report.map_err(|_none| anyhow!("{}: reading OZmap takes too long", settings.name))?;
    if let Err(failure) = report.outcome {
        bail!("{}: reading OZmap failed: {}", settings.name, failure.message);
    }
    tenant.data().with_context(|| format!("{}: nothing was read", settings.name))
}
