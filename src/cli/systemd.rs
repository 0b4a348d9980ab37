//! What systemd hands over and wants to be told; without systemd nothing happens here.

use anyhow::{Context, bail};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::time::interval;
use viability_proxy::app::Sockets;

/// The sockets of a `.socket` unit: the first for clients, the second, if there is one, for operators.
pub(super) fn sockets() -> anyhow::Result<Sockets> {
    let mut inherited = ListenFd::from_env();
    if inherited.len() > 2 {
        bail!(
            "{} sockets were handed over: at most two have a use, for clients and operators",
            inherited.len()
        );
    }
    let mut take = |index| inherited.take_tcp_listener(index).context("a socket that was handed over");
    Ok(Sockets { public: take(0)?, admin: take(1)? })
}

/// Both listeners are open. Not that there are data: OZmap may be down for longer than a unit may take to start.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] ends that.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "systemd can't be told of the reload"),
    }
}

/// No new connections are taken.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd for ever that the runtime of clients runs, where its unit has a `WatchdogSec`.
pub(super) fn keep_alive() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut beat = interval((patience / 2).max(Duration::from_millis(1)));
    tokio::spawn(async move {
        loop {
            beat.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    });
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd can't be told");
    }
}
