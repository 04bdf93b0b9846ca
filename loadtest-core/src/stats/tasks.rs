//! What tasks did and how long they took, and the requests they made: by task, and by user class.

use std::fmt;
use std::sync::Arc;

use super::table::{Figures, share};
use super::{RowStats, Times};

/// Which task: its user class and its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskKey {
    /// The user class.
    pub class: Box<str>,
    /// The task or hook, such as `checkout` or `on_start`, behind the name of the task set it belongs to, if any:
    /// `Forum::read`. Empty where requests were made outside of both.
    pub task: Box<str>,
}

impl fmt::Display for TaskKey {
    /// `Shopper::checkout`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class)?;
        if self.task.is_empty() { Ok(()) } else { write!(f, "::{}", self.task) }
    }
}

/// The figures of one task, or of all tasks of a user class.
///
/// The books: `started = ok + failed + interrupted + in flight`, of the runs of a task as of its requests. The requests of
/// all tasks together are those of the run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TaskStats {
    /// How often the task was begun. Zero of hooks, and of tasks that enter a task set: its tasks are counted.
    pub started: u64,
    /// Runs that came to their end without an error.
    pub ok: u64,
    /// Runs that ended with an error or a panic, also one that was counted as a failed request already.
    pub failed: u64,
    /// Runs that were dropped by a stop. Their time is not counted.
    pub interrupted: u64,
    /// From begin to end of ok and failed runs, waits inside included.
    pub time: Times,
    /// The same from when the task was to start by the schedule of its user, where there is one.
    pub response: Times,
    /// The requests made inside.
    pub requests: RequestStats,
}

/// The requests of a task or user class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RequestStats {
    /// Requests begun.
    pub started: u64,
    /// Requests that ended well.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests whose future was dropped before the answer was complete.
    pub interrupted: u64,
    /// Service time of ok and failed requests.
    pub service: Times,
    /// Response time of those of tasks that start by a schedule.
    pub response: Times,
}

impl RequestStats {
    /// Requests begun and not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ok + self.failed + self.interrupted)
    }

    /// The share of failed requests among those with a verdict, 0 to 1; `None` before the first.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        share(self.failed, self.ok + self.failed)
    }

    /// Adds those of one name.
    pub(super) fn add(&mut self, row: &RowStats) {
        self.started += row.started;
        self.ok += row.ok;
        self.failed += row.failed;
        self.interrupted += row.interrupted;
        self.service.merge(&row.service);
        self.response.merge(&row.response);
    }
}

impl TaskStats {
    /// Runs begun and not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ok + self.failed + self.interrupted)
    }

    /// The share of failed runs among those that came to their end, 0 to 1; `None` before the first.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        share(self.failed, self.ok + self.failed)
    }
}

impl Figures for RequestStats {
    fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.ok += other.ok;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.service.merge(&other.service);
        self.response.merge(&other.response);
    }

    fn clear(&mut self) {
        let (mut service, mut response) = (std::mem::take(&mut self.service), std::mem::take(&mut self.response));
        service.clear();
        response.clear();
        *self = Self { service, response, ..Self::default() };
    }

    fn reset(&mut self) {
        *self = Self { started: self.in_flight(), ..Self::default() };
    }
}

impl Figures for TaskStats {
    fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.ok += other.ok;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.time.merge(&other.time);
        self.response.merge(&other.response);
        self.requests.merge(&other.requests);
    }

    fn clear(&mut self) {
        let (mut time, mut response) = (std::mem::take(&mut self.time), std::mem::take(&mut self.response));
        let mut requests = std::mem::take(&mut self.requests);
        time.clear();
        response.clear();
        requests.clear();
        *self = Self { time, response, requests, ..Self::default() };
    }

    fn reset(&mut self) {
        let mut requests = std::mem::take(&mut self.requests);
        requests.reset();
        *self = Self { started: self.in_flight(), requests, ..Self::default() };
    }
}

/// The figures of one task at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskSnapshot {
    /// Its user class and name.
    pub key: Arc<TaskKey>,
    /// The figures since the start or the last reset.
    pub stats: Arc<TaskStats>,
}

/// The figures of all tasks and hooks of a user class at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClassSnapshot {
    /// The name of the user class.
    pub class: Box<str>,
    /// The figures since the start or the last reset.
    pub stats: Arc<TaskStats>,
}

/// How a run of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskOutcome {
    Ok,
    Failed,
    Interrupted,
}
