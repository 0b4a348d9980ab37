//! Ctrl-C: what OZmap has answered by then is judged.

use std::future::pending;
use std::pin::Pin;
use std::process;
use tokio::signal::ctrl_c;
use tokio::sync::watch::{Receiver, channel};
use viability_proxy::calibrate::watch::{Phase, Watch};

/// What a shell tells of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// Shows how far it is, until somebody interrupts it.
pub(super) struct Interruptible<'w> {
    shown: &'w dyn Watch,
    interrupted: Receiver<bool>,
}

impl<'w> Interruptible<'w> {
    /// By the first signal; the second ends the process.
    pub(super) fn by_signal(shown: &'w dyn Watch) -> Self {
        let (interrupt, interrupted) = channel(false);
        tokio::spawn(async move {
            // Who interrupts twice doesn't want to wait for the judgement of what was answered.
            for _ in 0..2 {
                if ctrl_c().await.is_err() {
                    return;
                }
                if interrupt.send_replace(true) {
                    process::exit(INTERRUPTED);
                }
            }
        });
        Self { shown, interrupted }
    }
}

impl Watch for Interruptible<'_> {
    fn at(&self, phase: Phase, done: u64, of: Option<u64>) {
        self.shown.at(phase, done, of);
    }

    fn ended(&self, phase: Phase, done: u64) {
        self.shown.ended(phase, done);
    }

    fn interrupted(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut interrupted = self.interrupted.clone();
        Box::pin(async move {
            if interrupted.wait_for(|interrupted| *interrupted).await.is_err() {
                pending::<()>().await;
            }
        })
    }
}
