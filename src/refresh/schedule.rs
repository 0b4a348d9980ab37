//! The clock.

use super::Refresher;
use super::report::Trigger;
use std::sync::Arc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// The clock that wakes refreshers by `refresh.full`, in UTC.
pub struct Schedule {
    scheduler: JobScheduler,
}

impl Schedule {
    /// Starts ticking.
    pub async fn start(refreshers: &[Arc<Refresher>]) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        for refresher in refreshers {
            let due = Arc::clone(refresher);
            let cron = refresher.tenant().settings().refresh.full.as_str();
            let job = Job::new(cron, move |_, _| {
                let _closed = due.request(Trigger::Schedule);
            })?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops ticking.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the refresh clock did not stop cleanly");
        }
    }
}
