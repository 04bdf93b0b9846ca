//! A run that goes on, seen from whoever started it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use crate::plan::Plan;
use crate::report::{EndedBy, Report};
use crate::runner::controller::{Command, Outcome};
use crate::runner::run_error::RunError;
use crate::stats::Snapshot;

/// A run that goes on. Dropping it stops the run in good order.
#[derive(Debug)]
#[must_use = "dropping it stops the run"]
pub struct Running {
    pub(super) plan: Arc<Plan>,
    pub(super) started_at: SystemTime,
    pub(super) commands: UnboundedSender<Command>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) outcome: oneshot::Receiver<Outcome>,
}

impl Running {
    /// The word that tells this run from others; users have it as `Context::run_id`.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.plan.run.run_id
    }

    /// The seed of this run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.plan.run.seed
    }

    /// How many threads drive the users.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.plan.settings.threads
    }

    /// What was configured from outside, by class.
    #[cfg(feature = "cli")]
    pub(crate) fn configured(&self) -> Vec<(&'static str, String)> {
        self.plan.configured()
    }

    /// How long users are started and run, if that was said.
    #[must_use]
    pub fn run_time(&self) -> Option<Duration> {
        self.plan.settings.run_time
    }

    /// The figures of now; a new one comes about every half second.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    #[cfg(feature = "cli")]
    pub(crate) fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Something to stop the run with from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.commands.clone())
    }

    /// Asks the run to end in good order: users finish, `on_stop`, `teardown`.
    pub fn stop(&self) {
        let _ = self.commands.send(Command::Stop);
    }

    /// Waits for the end and gives the report.
    ///
    /// # Errors
    /// When a `setup` failed: the error holds what was measured until then.
    pub async fn wait(mut self) -> Result<Report, RunError> {
        let outcome = (&mut self.outcome).await.map_err(|_| RunError::Lost)?;
        // Its listeners' last call, before a program ends that waited for nothing but this.
        let _ = self.commands.send(Command::Quit);
        self.commands.closed().await;
        let Outcome { ended_by, mut snapshot, thresholds, incomplete } = outcome;
        if let Some(files) = self.plan.run.failure_files.get() {
            let warnings = files.finish().await;
            Arc::make_mut(&mut snapshot).warnings.extend(warnings);
        }
        let report = Report::new(&self.plan, self.started_at, ended_by, snapshot, thresholds, incomplete);
        match report.ended_by() {
            EndedBy::SetupFailed { class, message } => {
                let (class, message) = (class.clone(), message.clone());
                Err(RunError::Setup { class, message, report: Box::new(report) })
            }
            _ => Ok(report),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Quit);
    }
}

/// Stops a run; see [`Running::stopper`].
#[derive(Debug, Clone)]
pub struct Stopper(UnboundedSender<Command>);

impl Stopper {
    /// As [`Running::stop`].
    pub fn stop(&self) {
        let _ = self.0.send(Command::Stop);
    }

    /// Ends the run at once: users are dropped where they stand, without `on_stop` and `teardown`. Their requests in
    /// flight count as interrupted.
    pub fn abort(&self) {
        let _ = self.0.send(Command::Abort);
    }
}
