//! A run that goes on, seen from whoever started it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
#[cfg(feature = "cli")]
use tokio::sync::watch;

use crate::error::InputError;
use crate::plan::Plan;
use crate::report::{EndedBy, Report};
#[cfg(feature = "cli")]
use crate::runner::controller::LiveThresholds;
use crate::runner::controller::{Command, Outcome, Published};
use crate::runner::load_test;
use crate::runner::run_error::RunError;
use crate::stats::Snapshot;
#[cfg(feature = "cli")]
use crate::threshold::ThresholdResult;

/// A run that goes on. Dropping it stops the run in good order.
#[derive(Debug)]
#[must_use = "dropping it stops the run"]
pub struct Running {
    pub(super) plan: Arc<Plan>,
    pub(super) started_at: SystemTime,
    pub(super) commands: UnboundedSender<Command>,
    pub(super) published: Published,
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

    /// How long users are started and run, if that was said.
    #[must_use]
    pub fn run_time(&self) -> Option<Duration> {
        self.plan.settings.run_time
    }

    /// The figures of now; a new one comes about every half second.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.published.snapshots.borrow())
    }

    /// Someone who looks on from elsewhere. From now on thresholds are looked at all the time.
    #[cfg(feature = "cli")]
    pub(crate) fn onlooker(&self) -> Onlooker {
        Onlooker {
            plan: Arc::clone(&self.plan),
            started_at: self.started_at,
            snapshots: self.published.snapshots.subscribe(),
            thresholds: self.published.thresholds.subscribe(),
        }
    }

    /// Something to steer and stop the run with from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.commands.clone())
    }

    /// As [`Stopper::edit`].
    ///
    /// # Errors
    /// When a number makes no sense.
    pub fn edit(&self, users: Option<u64>, spawn_rate: Option<f64>) -> Result<(), InputError> {
        self.stopper().edit(users, spawn_rate)
    }

    /// As [`Stopper::pause_spawning`].
    pub fn pause_spawning(&self, paused: bool) {
        self.stopper().pause_spawning(paused);
    }

    /// As [`Stopper::reset`].
    pub fn reset(&self) {
        self.stopper().reset();
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

/// Sees a run from elsewhere, for as long as it likes.
#[cfg(feature = "cli")]
#[derive(Debug, Clone)]
pub(crate) struct Onlooker {
    plan: Arc<Plan>,
    pub(crate) started_at: SystemTime,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) thresholds: watch::Receiver<LiveThresholds>,
}

#[cfg(feature = "cli")]
impl Onlooker {
    /// The report of these figures, as if they were the last.
    pub(crate) fn report(&self, snapshot: Arc<Snapshot>, thresholds: Vec<ThresholdResult>) -> Report {
        Report::new(&self.plan, self.started_at, EndedBy::GoesOn, snapshot, thresholds, false)
    }
}

/// Steers a run and stops it; see [`Running::stopper`].
#[derive(Debug, Clone)]
pub struct Stopper(UnboundedSender<Command>);

impl Stopper {
    /// Goes to another number of users, or at another number of them per second; `None` stays as it is. Users are started and
    /// stopped as at the start: one by one, at that rate, those that came last leave first, with their `on_stop`. A run can
    /// be without users, and go on when there are to be some again. Only users who are started or run can be edited: it says
    /// nothing to a run that sets up or stops.
    ///
    /// ```
    /// # use loadtest_core::LoadTest;
    /// # fn steer(test: LoadTest) -> Result<(), loadtest_core::RunError> {
    /// let running = test.users(10).start()?;
    /// running.edit(Some(50), Some(5.0))?;
    /// running.pause_spawning(true);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there are to be more users than any machine can hold, or the rate is not above 0.
    pub fn edit(&self, users: Option<u64>, spawn_rate: Option<f64>) -> Result<(), InputError> {
        if let Some(users) = users.filter(|users| *users > 0) {
            load_test::check_users(users)?;
        }
        let spawn_rate = spawn_rate.map(load_test::positive_rate).transpose()?;
        let _ = self.0.send(Command::Edit { users, spawn_rate });
        Ok(())
    }

    /// Holds the number of users where it is while they are started or stopped, and lets it go on from there. A run that is
    /// edited meanwhile goes there afterwards. The run time passes all the same.
    pub fn pause_spawning(&self, paused: bool) {
        let _ = self.0.send(Command::HoldRamp(paused));
    }

    /// Forgets the figures so far; what is in flight is counted when it ends.
    pub fn reset(&self) {
        let _ = self.0.send(Command::Reset);
    }

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
