//! `viability-proxy batch`: a table of addresses, answered by a running proxy.

mod asking;
mod encoding;
mod part;
mod summary;
mod table;
mod target;

use super::bar::Rows;
use super::written::Output;
use super::{ConfigFile, block_on, say, warn};
use anyhow::{Context, bail};
use asking::Proxy;
use clap::Args;
use part::Part;
use std::path::PathBuf;
use std::pin::pin;
use summary::Summary;
use table::{OwnRow, Table};
use tokio::signal::ctrl_c;
use tokio::time::Instant;
use viability_proxy::batch::asked::Asked;
use viability_proxy::batch::columns::Names;
use viability_proxy::batch::told::Told;
use viability_proxy::viability::geo::Radius;

/// Rows that are asked at a stroke: what is interrupted loses no more, and answers to these fit into any client's buffers.
const BLOCK: usize = 1_000;

/// Which table, whom to ask, and where the answers go.
#[derive(Args)]
pub(super) struct Options {
    /// The table, as a spreadsheet saves it as CSV: the first line names the columns.
    table: PathBuf,
    /// Where the same table goes with the answers behind its columns.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// The tenant; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The proxy to ask, such as <https://viability.cliente.com.br:9994>; without it the one of the configuration, on this machine.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// The environment variable that holds the OZmap key to ask with; without it the tenant's own is taken.
    #[arg(long, value_name = "VARIABLE")]
    key_env: Option<String>,
    /// Certificates (PEM) to trust beside the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// What the column of the latitude is called, where that isn't lat or latitude.
    #[arg(long, value_name = "NAME")]
    lat_column: Option<String>,
    /// What the column of the longitude is called, where that isn't lng, lon, long or longitude.
    #[arg(long, value_name = "NAME")]
    lng_column: Option<String>,
    /// What the column of the radius is called, where that isn't raio or radius. A table needs none.
    #[arg(long, value_name = "NAME")]
    radius_column: Option<String>,
    /// Metres, for rows that name none; without it what is set for the tenant.
    #[arg(long, value_name = "METRES", value_parser = radius)]
    radius: Option<Radius>,
    /// Also draw where the homes are that can be connected, as an HTML page which needs nothing else.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Begin anew, also where an interrupted run could go on.
    #[arg(long)]
    restart: bool,
}

fn radius(text: &str) -> Result<Radius, String> {
    text.parse().ok().and_then(Radius::new).ok_or_else(|| "expected metres above 0".to_owned())
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let proxy = target::proxy(options)?;
    let names = Names {
        lat: options.lat_column.clone(),
        lng: options.lng_column.clone(),
        radius: options.radius_column.clone(),
    };
    let path = &options.table;
    let began = Instant::now();
    // What can't be read is told before anybody is asked.
    let (encoding, rows) = table::survey(path, &names)?;
    let mut table = Table::open(path, encoding, names)?;
    let mut summary = Summary::of(path, rows);
    // Before anybody is asked in vain.
    let map = options.map.as_deref().map(Output::create).transpose()?;
    let mut part = Part::open(&options.output, &mut table, options.restart, &mut summary)?;
    summary.go_on_from_here();
    block_on(ask_all(&proxy, &mut table, &mut part, &mut summary, options.radius))?;
    part.finish(&table)?;
    if let Some(map) = map {
        map.finish(summary.map().as_bytes()).context("the map can't be written")?;
    }
    if let Some(warning) = summary.warning() {
        warn(&warning)?;
    }
    say(&summary.text(began.elapsed()))
}

/// Block by block, each written before the next is asked.
async fn ask_all(
    proxy: &Proxy,
    table: &mut Table,
    part: &mut Part<'_>,
    summary: &mut Summary,
    radius: Option<Radius>,
) -> anyhow::Result<()> {
    let bar = Rows::new(summary.rows());
    let mut interrupted = pin!(ctrl_c());
    loop {
        bar.at(summary.answered());
        let block = table.block(BLOCK)?;
        if block.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = block.iter().filter_map(|row| row.asked(radius)).collect();
        let answered = tokio::select! {
            answered = proxy.ask(&asked) => answered.with_context(|| summary.so_far())?,
            _signal = &mut interrupted => bail!("interrupted: {}", summary.so_far()),
        };
        summary.data_were(answered.age);
        let mut told = answered.told.into_iter();
        for row in &block {
            let told = row.told(&mut told).context("the proxy has answered fewer rows than it was asked")?;
            part.add(row, &told, table);
            summary.count(row, &told);
        }
        part.flush()?;
    }
}

impl OwnRow {
    /// What is asked for it; `None` where nobody can tell.
    fn asked(&self, radius: Option<Radius>) -> Option<Asked> {
        let mut asked = self.row.asked.ok()?;
        asked.radius = asked.radius.or(radius);
        Some(asked)
    }

    /// What is said of it: the next answer, if it was asked.
    fn told(&self, answers: &mut impl Iterator<Item = Told<'static>>) -> Option<Told<'static>> {
        let line = self.row.line;
        match self.row.asked {
            Ok(_) => answers.next().map(|told| Told { row_line: line, ..told }),
            Err(fault) => Some(Told::faulty(line, fault)),
        }
    }
}
