//! `viability-proxy calibrate`: does the proxy answer as this OZmap does, and by which settings would it?

mod interrupt;
mod told;

use super::bar::Steps;
use super::written::{Folder, Output};
use super::{ConfigFile, block_on, chosen, say, warn_of};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use interrupt::Interruptible;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use viability_proxy::calibrate::points::Choice;
use viability_proxy::calibrate::verdict::Conclusion;
use viability_proxy::calibrate::watch::{Phase, Watch};
use viability_proxy::calibrate::{self, Calibration, Plan, recording, report};
use viability_proxy::config::Tenant;
use viability_proxy::metrics::Metrics;
use viability_proxy::ozmap::Client;
use viability_proxy::wording::with_causes;

/// Without a terminal a line is written as often as this while OZmap is asked.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// What to ask, and what to keep of it.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// The tenant; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// How many points to ask OZmap about, from 20 to 10000.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=10_000))]
    points: u32,
    /// Also write the result as an HTML page, which needs nothing else and can be sent to a colleague.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also keep what was read and answered in this new folder, without names, places, key and host.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Questions a second, from 0.01 to 1000, one at a time: OZmap serves others meanwhile.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 2.0, value_parser = rate)]
    rate: f64,
    /// Another seed asks about other points.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.01..=1_000.0).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.01 to 1000".to_owned())
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let config = options.file.load()?;
    warn_of(&config)?;
    let tenant = chosen(&config, options.tenant.as_deref())?;
    // Before OZmap is troubled for nothing.
    let output = options.output.as_deref().map(Output::create).transpose()?;
    let record = options.record.as_deref().map(Folder::create).transpose()?;
    let calibration = block_on(ask(tenant, options))?;
    say(&told::report(tenant.name.as_str(), &calibration))?;
    if let Some(output) = output {
        let page = report::page(&calibration, tenant.name.as_str(), SystemTime::now());
        output.finish(page.as_bytes()).context("the page can't be written")?;
    }
    if let Some(folder) = &record {
        recording::write(&calibration, folder.path).map_err(|error| anyhow!(with_causes(&error)))?;
    }
    match calibration.verdict.conclusion {
        Conclusion::Safe => Ok(()),
        unsafe_ => bail!("{}", unsafe_.as_str()),
    }
}

async fn ask(tenant: &Tenant, options: &Options) -> anyhow::Result<Calibration> {
    let client = Client::new(tenant, Arc::new(Metrics::new()?))?;
    let choice = Choice { points: options.points as usize, seed: options.seed };
    let plan = Plan { choice, rate: options.rate };
    let steps = Steps::new();
    let shown: &dyn Watch = match &steps {
        Some(steps) => steps,
        None => &Lines::default(),
    };
    let watch = Interruptible::by_signal(shown);
    let calibration = calibrate::run(&client, tenant, &plan, &watch).await;
    calibration.map_err(|error| {
        let (tenant, why) = (&tenant.name, with_causes(&error));
        anyhow!("{tenant}: {why}; nothing is written, call it again when that is mended")
    })
}

/// Progress where nobody would see a bar.
#[derive(Default)]
struct Lines {
    last: Mutex<Option<Instant>>,
}

impl Lines {
    fn line(&self, text: &str) {
        // With stderr gone nobody wants to know.
        let _told = writeln!(io::stderr().lock(), "{text}");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get_or_insert_with(Instant::now).elapsed() >= LINE_EVERY
    }
}

impl Watch for Lines {
    fn at(&self, phase: Phase, done: u64, of: Option<u64>) {
        if self.is_due() {
            let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
            self.line(&format!("{}: {done}{of} {}", phase.as_str(), phase.unit()));
        }
    }

    fn ended(&self, phase: Phase, done: u64) {
        self.line(&format!("{}: {done} {}", phase.as_str(), phase.unit()));
    }
}
