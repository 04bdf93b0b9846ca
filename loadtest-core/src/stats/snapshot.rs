//! What readers get: the figures of one moment, immutable and cheap to pass on.

use std::sync::Arc;
use std::time::Duration;

use super::{
    ClassSnapshot, CounterStats, ExceptionRow, FailureRow, GaugeStats, GeneratorHealth, History, MetricKind,
    MetricSnapshot, MetricStats, RowKey, RowStats, ScheduledStarts, TaskSnapshot, TaskStats, TransactionFailureRow,
    TransactionSnapshot, TransactionStats, TrendStats,
};

/// Where a run is in its life; the controller's table has the transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RunState {
    /// Nothing runs.
    #[default]
    Ready,
    /// `setup` runs.
    SettingUp,
    /// Users are being started or stopped to reach the asked number.
    Spawning,
    /// All users that were asked for have been started.
    Running,
    /// Users are finishing: the last task, then `on_stop`.
    Stopping,
    /// All users are gone and `teardown` has run.
    Stopped,
}

impl RunState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::SettingUp => "setting up",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }
}

/// How many users are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UserCounts {
    /// Users that exist, in whichever phase.
    pub alive: u64,
    /// Of those, in `on_start`.
    pub starting: u64,
    /// Of those, on their way out: waiting for or in `on_stop`.
    pub stopping: u64,
}

/// One row at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RowSnapshot {
    /// Method and name; of the total, an empty method and `Aggregated`.
    pub key: Arc<RowKey>,
    /// The figures since the start or the last reset.
    pub stats: Arc<RowStats>,
    /// Requests with a verdict per second over the last ten seconds; zero when traffic has stopped.
    pub current_rate: f64,
    /// Failed requests per second over the last ten seconds.
    pub current_fail_rate: f64,
    /// Requests with a verdict per second since the start or the last reset, until the last sample of the run.
    pub rate: f64,
    /// Failed requests per second over the same time.
    pub fail_rate: f64,
}

/// Figures of its service times, by the names that they have in [`Times`](super::Times); for response times ask `stats.response`.
impl RowSnapshot {
    /// The shortest service time, exact to the microsecond.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        self.stats.service.min()
    }

    /// The mean service time.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.stats.service.mean()
    }

    /// The longest service time, exact to the microsecond.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.stats.service.max()
    }

    /// A percentile of the service times, such as 97.5.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        self.stats.service.percentile(percentile)
    }

    /// The median service time.
    #[must_use]
    pub fn p50(&self) -> Option<Duration> {
        self.stats.service.p50()
    }

    /// The 90th percentile of the service times.
    #[must_use]
    pub fn p90(&self) -> Option<Duration> {
        self.stats.service.p90()
    }

    /// The 95th percentile of the service times.
    #[must_use]
    pub fn p95(&self) -> Option<Duration> {
        self.stats.service.p95()
    }

    /// The 99th percentile of the service times.
    #[must_use]
    pub fn p99(&self) -> Option<Duration> {
        self.stats.service.p99()
    }

    /// The 99.9th percentile of the service times.
    #[must_use]
    pub fn p999(&self) -> Option<Duration> {
        self.stats.service.p999()
    }

    /// The 99.99th percentile of the service times.
    #[must_use]
    pub fn p9999(&self) -> Option<Duration> {
        self.stats.service.p9999()
    }

    /// The share of failed requests among those with a verdict, 0 to 1; `None` before the first.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        self.stats.fail_ratio()
    }
}

/// All figures of one moment of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the run is doing.
    pub state: RunState,
    /// Time since the start.
    pub elapsed: Duration,
    /// From the start until what is measured began to count: the end of the warm-up or the last reset; before, the end of
    /// `setup`. The times of [`history`](Self::history) count from there.
    pub since: Duration,
    /// The time over which rates count: from the start or the last reset until the last sample of the run; where there is
    /// none, until metrics, or else tasks or transactions, were last counted.
    pub measured: Duration,
    /// How many users are where.
    pub users: UserCounts,
    /// How many users there are to be.
    pub target_users: u64,
    /// The rows, sorted by name and method.
    pub rows: Vec<RowSnapshot>,
    /// All rows in one.
    pub total: RowSnapshot,
    /// Tasks, and the requests they made; sorted by user class and name. Hooks stand beside them.
    pub tasks: Vec<TaskSnapshot>,
    /// User classes: all tasks of each in one; sorted by name.
    pub classes: Vec<ClassSnapshot>,
    /// What happened when, up to the last full second.
    pub history: Arc<History>,
    /// Failures, grouped.
    pub failures: Vec<FailureRow>,
    /// Errors and panics of user code, grouped.
    pub exceptions: Vec<ExceptionRow>,
    /// Starts by schedule, and how late they were; none where no user has one.
    pub starts: Arc<ScheduledStarts>,
    /// How the load generator itself is.
    pub health: GeneratorHealth,
    /// Custom metrics, sorted by name and kind.
    pub metrics: Vec<MetricSnapshot>,
    /// Transactions, sorted by name: those inside of another follow it. They are no part of the total.
    pub transactions: Vec<TransactionSnapshot>,
    /// Failures of transactions, grouped.
    pub transaction_failures: Vec<TransactionFailureRow>,
    /// What a person should know of this run: the generator's troubles, limits reached, users replaced.
    pub warnings: Vec<String>,
}

impl Snapshot {
    /// The row of this method and name.
    #[must_use]
    pub fn row(&self, method: &str, name: &str) -> Option<&RowSnapshot> {
        self.rows.iter().find(|row| *row.key.method == *method && *row.key.name == *name)
    }

    /// Which share of the requests of its row a group of failures is, 0 to 1.
    #[must_use]
    pub fn failure_share(&self, failure: &FailureRow) -> Option<f64> {
        self.row(&failure.key.method, &failure.key.name).and_then(|row| failure.share_of(&row.stats))
    }

    /// The task or hook of this name of a user class: `Shopper`, `checkout`; of a task set `Forum::read`.
    #[must_use]
    pub fn task(&self, class: &str, task: &str) -> Option<&TaskStats> {
        self.tasks.iter().find(|row| *row.key.class == *class && *row.key.task == *task).map(|row| &*row.stats)
    }

    /// The user class of this name: all of its tasks in one.
    #[must_use]
    pub fn class(&self, class: &str) -> Option<&TaskStats> {
        self.classes.iter().find(|row| *row.class == *class).map(|row| &*row.stats)
    }

    /// The counter of this name; `None` when nothing was added to it.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<&CounterStats> {
        match self.metric(name, MetricKind::Counter)? {
            MetricStats::Counter(counter) => Some(counter),
            _ => None,
        }
    }

    /// The gauge of this name; `None` when it was never set.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Option<&GaugeStats> {
        match self.metric(name, MetricKind::Gauge)? {
            MetricStats::Gauge(gauge) => Some(gauge),
            _ => None,
        }
    }

    /// The trend of this name; `None` when nothing was recorded.
    #[must_use]
    pub fn trend(&self, name: &str) -> Option<&TrendStats> {
        match self.metric(name, MetricKind::Trend)? {
            MetricStats::Trend(trend) => Some(trend),
            _ => None,
        }
    }

    fn metric(&self, name: &str, kind: MetricKind) -> Option<&MetricStats> {
        let stats = self.metrics.iter().filter(|metric| *metric.name == *name).map(|metric| &metric.stats);
        stats.into_iter().find(|stats| stats.kind() == kind && stats.count() > 0)
    }

    /// The transactions of this name, which stands behind those of the transactions around it: `checkout / pay`.
    #[must_use]
    pub fn transaction(&self, name: &str) -> Option<&TransactionStats> {
        self.transactions.iter().find(|row| *row.name == *name).map(|row| &row.stats)
    }
}
