//! The signals that the process listens to.

use anyhow::Context;
use tokio::signal::unix::{self, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGINT or SIGTERM: end.
    Stop,
}

/// The signals since [`Signals::listen`].
pub(super) struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    /// From now on none of them ends the process by itself.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind, name| signal(kind).with_context(|| format!("{name} can't be listened for"));
        Ok(Self {
            hangup: listen(SignalKind::hangup(), "SIGHUP")?,
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = stop(&mut self.interrupt, &mut self.terminate) => Signal::Stop,
            _ = self.hangup.recv() => {
                tracing::info!("reading the configuration again on SIGHUP");
                Signal::Reload
            }
        }
    }

    /// Waits for one that asks for the end; others wait.
    pub(super) async fn stop(&mut self) {
        stop(&mut self.interrupt, &mut self.terminate).await;
    }
}

async fn stop(interrupt: &mut unix::Signal, terminate: &mut unix::Signal) {
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    };
    tracing::info!("stopping on {name}");
}
