//! What was measured: from one sample to the snapshot that everybody reads.
//!
//! The way of a number has one direction:
//!
//! ```text
//! Pending ─ ok / fail / drop ─▶ Recorder ─ tick ─▶ Interval ─▶ Collector ─ merge ─▶ Arc<Snapshot>
//!   (one request)               (one shard)        (half a second)  (one run)
//! ```
//!
//! Custom metrics and transactions go the same way, beside the rows of requests.
//!
//! A `Recorder` belongs to one thread and takes no lock. Nothing here spawns or sleeps;
//! only [`Pending`] reads a clock.

pub(crate) mod collector;
pub(crate) mod events;
mod failure;
mod health;
mod histogram;
mod history;
pub(crate) mod interval;
mod metrics;
mod pending;
mod phases;
mod rates;
pub(crate) mod recorder;
mod row;
pub(crate) mod samples;
pub(crate) mod snapshot;
mod starts;
mod statuses;
mod table;
mod tasks;
mod times;
mod transactions;

pub use events::{RequestEvent, RequestOutcome, UserErrorEvent};
pub use failure::{Failure, FailureKind};
pub use health::GeneratorHealth;
pub(crate) use health::{ProcessLoad, ThreadLoad};
pub use histogram::Histogram;
pub use history::{History, Point, RowHistory, RunPoint};
pub use interval::{ExceptionRow, FailureRow};
pub use metrics::{CounterStats, GaugeStats, MetricKind, MetricSnapshot, MetricStats, TrendStats};
pub use pending::Pending;
pub use phases::{PhaseTimes, Phases};
pub use recorder::RecorderHandle;
pub use row::{RowKey, RowStats};
pub use samples::{BodyText, Exchange, FailureSample};
pub use snapshot::{RowSnapshot, RunState, Snapshot, UserCounts};
pub use starts::ScheduledStarts;
pub use statuses::StatusStats;
#[cfg(feature = "json")]
pub(crate) use statuses::{NO_STATUS, Statuses};
pub(crate) use tasks::TaskOutcome;
pub use tasks::{ClassSnapshot, RequestStats, TaskKey, TaskSnapshot, TaskStats};
pub use times::Times;
pub use transactions::{Transaction, TransactionFailureRow, TransactionSnapshot, TransactionStats};
