//! Progress bars, where standard error is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;
use viability_proxy::calibrate::watch::{self, Watch};
use viability_proxy::refresh::Refresher;
use viability_proxy::refresh::progress::{Phase, Progress};

/// One bar for each refresh under way, below the log.
#[derive(Clone)]
pub(super) struct Bars {
    bars: MultiProgress,
}

impl Bars {
    /// Hidden unless standard error is a terminal.
    pub(super) fn new() -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { bars: MultiProgress::with_draw_target(target) }
    }

    /// Draws the refreshes of these tenants from now on.
    pub(super) fn watch(&self, refreshers: &[Arc<Refresher>]) {
        if !self.bars.is_hidden() {
            for refresher in refreshers {
                tokio::spawn(draw(self.bars.clone(), Arc::clone(refresher)));
            }
        }
    }

    /// Where log lines go, so that they don't run into the bars.
    pub(super) fn writer(&self) -> AboveBars {
        AboveBars { bars: self.bars.clone() }
    }
}

async fn draw(bars: MultiProgress, refresher: Arc<Refresher>) {
    let mut progress = refresher.progress();
    let mut shown: Option<(Phase, ProgressBar)> = None;
    while progress.changed().await.is_ok() {
        let now = *progress.borrow_and_update();
        if let Some((_, bar)) = shown.take_if(|(phase, _)| *phase != now.phase) {
            bar.finish_and_clear();
        }
        // Before the first page nothing is known that a bar could show.
        if let Some(total) = now.rows_total {
            let new = || (now.phase, bars.add(new_bar(refresher.tenant().name(), now, total)));
            let (_, bar) = shown.get_or_insert_with(new);
            bar.set_position(now.rows);
        }
    }
}

fn new_bar(tenant: &str, now: Progress, total: u64) -> ProgressBar {
    let plain = ProgressStyle::default_bar();
    let style =
        ProgressStyle::with_template("{prefix} {msg:<10} [{bar:32}] {human_pos}/{human_len} rows {elapsed}");
    ProgressBar::new(total)
        .with_style(style.unwrap_or(plain).progress_chars("=> "))
        .with_prefix(tenant.to_owned())
        .with_message(now.phase.as_str())
}

/// Writes to standard error while the bars step aside.
pub(super) struct AboveBars {
    bars: MultiProgress,
}

impl<'w> MakeWriter<'w> for AboveBars {
    type Writer = Aside;

    fn make_writer(&'w self) -> Aside {
        Aside { bars: self.bars.clone() }
    }
}

/// One log line's way to standard error.
pub(super) struct Aside {
    bars: MultiProgress,
}

impl Write for Aside {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.bars.suspend(|| io::stderr().lock().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// One bar for the rows of a table.
pub(super) struct Rows(ProgressBar);

impl Rows {
    /// Hidden unless standard error is a terminal.
    pub(super) fn new(total: u64) -> Self {
        let style =
            ProgressStyle::with_template("[{bar:32}] {human_pos}/{human_len} rows {elapsed}, {eta} left");
        let style = style.unwrap_or(ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = ProgressBar::new(total).with_style(style);
        Self(bar)
    }

    /// So many are done.
    pub(super) fn at(&self, rows: u64) {
        self.0.set_position(rows);
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// One bar for what a calibration does just now.
pub(super) struct Steps {
    shown: Mutex<Option<(watch::Phase, ProgressBar)>>,
}

impl Steps {
    /// `None` unless standard error is a terminal.
    pub(super) fn new() -> Option<Self> {
        io::stderr().is_terminal().then(|| Self { shown: Mutex::default() })
    }
}

impl Watch for Steps {
    fn at(&self, phase: watch::Phase, done: u64, of: Option<u64>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bar)) = shown.take_if(|(before, _)| *before != phase) {
            bar.finish_and_clear();
        }
        // Of an unknown whole a bar shows nothing.
        if let Some(all) = of {
            let template =
                format!("{{msg:<14}} [{{bar:32}}] {{human_pos}}/{{human_len}} {} {{elapsed}}", phase.unit());
            let style = ProgressStyle::with_template(&template).unwrap_or(ProgressStyle::default_bar());
            let new =
                || ProgressBar::new(all).with_style(style.progress_chars("=> ")).with_message(phase.as_str());
            let (_, bar) = shown.get_or_insert_with(|| (phase, new()));
            bar.set_position(done);
        }
    }

    fn ended(&self, phase: watch::Phase, done: u64) {
        if let Some((_, bar)) = self.shown.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
        // What is behind stays readable; with stderr gone nobody wants to know.
        let _told = writeln!(io::stderr().lock(), "{}: {done} {}", phase.as_str(), phase.unit());
    }
}
