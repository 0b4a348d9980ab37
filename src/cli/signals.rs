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
        let (name, asks_for) = tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", Signal::Stop),
            _ = self.terminate.recv() => ("SIGTERM", Signal::Stop),
            _ = self.hangup.recv() => ("SIGHUP", Signal::Reload),
        };
        match asks_for {
            Signal::Stop => tracing::info!("stopping on {name}"),
            Signal::Reload => tracing::info!("reading the configuration again on {name}"),
        }
        asks_for
    }
}
