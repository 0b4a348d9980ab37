//! Runtimes for what may take its time: refreshes and the files they write; batches.
//!
//! Its threads, those for blocking work too, leave the processor to those that answer whenever these want it: on equal
//! terms, on one core, the 99th percentile of answers was 22 times as high while all boxes were read; this way it is 1.1
//! times as high (docs/performance.md).

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Of 19. The system gives a thread of the usual priority ten times as much: a tenth of a core is left for a refresh while
/// those that answer want all of it, and data must not grow stale for that.
const NICENESS: i32 = 10;
/// A thread for blocking work that has nothing to do ends soon: with it what it freed goes back to the system.
const IDLE: Duration = Duration::from_millis(100);

/// A running one; what was started ends with this value, and with it all that runs on it.
pub(super) struct Background {
    handle: Handle,
    _until_dropped: Option<oneshot::Sender<()>>,
}

impl Background {
    /// Starts it on a thread of its own, for a runtime can't be dropped from within another; `name` is that of its threads.
    pub(super) fn start(name: &'static str) -> io::Result<Self> {
        let (until_dropped, dropped) = oneshot::channel::<()>();
        let (built, is_built) = mpsc::channel();
        thread::Builder::new().name("background".to_owned()).spawn(move || {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name(name)
                .on_thread_start(step_back)
                .thread_keep_alive(IDLE)
                .enable_all()
                .build();
            let handle = runtime.as_ref().map(|runtime| runtime.handle().clone());
            // Nobody is there to be told when the process ends already.
            let _told = built.send(handle.map_err(|error| io::Error::new(error.kind(), error.to_string())));
            if let Ok(runtime) = runtime {
                // Either way it was dropped.
                let _dropped = dropped.blocking_recv();
                runtime.shutdown_background();
            }
        })?;
        let gone = |_ended| Err(io::Error::other("the thread ended before its runtime was built"));
        let handle = is_built.recv().unwrap_or_else(gone)?;
        Ok(Self { handle, _until_dropped: Some(until_dropped) })
    }

    /// Another's, which goes on.
    pub(super) fn on(handle: Handle) -> Self {
        Self { handle, _until_dropped: None }
    }

    /// What spawns there.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Of a thread, which Linux gives a niceness of its own.
fn step_back() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        // It runs on equal terms then.
        tracing::debug!(%error, "a background thread's priority can't be lowered");
    }
}
