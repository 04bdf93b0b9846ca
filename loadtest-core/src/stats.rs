//! What was measured: from one sample to the snapshot that everybody reads.
//!
//! The way of a number has one direction:
//!
//! ```text
//! Pending ─ ok / fail / drop ─▶ Recorder ─ tick ─▶ Interval ─▶ Collector ─ merge ─▶ Arc<Snapshot>
//!   (one request)               (one shard)        (half a second)  (one run)
//! ```
//!
//! A `Recorder` belongs to one thread and takes no lock. Nothing here spawns or sleeps;
//! only [`Pending`] reads a clock.

pub(crate) mod collector;
mod histogram;
pub(crate) mod interval;
mod phases;
pub(crate) mod recorder;
mod row;
pub(crate) mod snapshot;

pub use histogram::Histogram;
pub use interval::{ExceptionRow, FailureRow};
pub use phases::{PhaseTimes, Phases};
pub use recorder::{Failure, Pending, RecorderHandle};
pub use row::{RowKey, RowStats, Times};
pub use snapshot::{RowSnapshot, RunState, Snapshot, UserCounts};
