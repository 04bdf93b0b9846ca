//! What one shard recorded between two ticks: the unit that travels to the collector and back.

use std::sync::Arc;
use std::time::SystemTime;

use hashbrown::{Equivalent, HashMap};
use tokio::time::Instant;

use super::metrics::Metrics;
use super::samples::{MOST_BYTES_PER_TICK, MOST_PER_TICK, Samples};
use super::table::{RowId, Table, share};
use super::transactions::Transactions;
use super::{
    Failure, FailureKind, FailureSample, RowKey, RowStats, ScheduledStarts, TaskKey, TaskStats, ThreadLoad, Times,
};

/// Distinct failures and distinct exceptions kept; what comes after them is counted in one row, "(other)".
/// Error texts with something different in each (a port, a number) would otherwise fill the memory.
pub(crate) const MOST_TEXTS: usize = 500;
/// In place of the text, of those.
const OTHER_TEXTS: &str = "(other)";
/// The longest error text kept, in bytes; longer ones are cut.
pub(crate) const LONGEST_TEXT: usize = 1000;

/// The beginning of a text that is too long.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    if text.len() <= most { text } else { &text[..text.floor_char_boundary(most)] }
}

/// A failure as it is counted: requests of one row that failed in the same way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FailureRow {
    /// The row of the failed requests.
    pub key: Arc<RowKey>,
    /// What kind of failure they are.
    pub kind: FailureKind,
    /// What they have in common: "404 Not Found", "connection refused".
    pub error: Box<str>,
    /// The details of one of them, such as the first bytes of the body; empty when there are none.
    pub sample: Box<str>,
    /// Some of them as they were, in the order of time: the first two and one of the last. None in a run with more
    /// different failures than it has room for; a warning says so.
    pub samples: Vec<Arc<FailureSample>>,
    /// How many.
    pub count: u64,
    /// When the first was recorded.
    pub first_seen: SystemTime,
    /// When the last was recorded.
    pub last_seen: SystemTime,
}

impl FailureRow {
    /// Their share of all requests with a verdict of their row, 0 to 1; `None` where there are none.
    #[must_use]
    pub fn share_of(&self, row: &RowStats) -> Option<f64> {
        share(self.count, row.requests())
    }
}

/// Errors and panics of user code that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExceptionRow {
    /// The user class.
    pub class: Box<str>,
    /// The task or hook.
    pub task: Box<str>,
    /// The error's text with its causes, or the panic's message.
    pub message: Box<str>,
    /// `file:line:column` of the `?` or of the panic, where it can be had.
    pub place: Option<Box<str>>,
    /// How many.
    pub count: u64,
    /// When the first was recorded.
    pub first_seen: SystemTime,
    /// When the last was recorded.
    pub last_seen: SystemTime,
}

/// How often something happened, between when and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) count: u64,
    pub(crate) first: SystemTime,
    pub(crate) last: SystemTime,
}

impl Seen {
    pub(crate) fn now() -> Self {
        Self::once(SystemTime::now())
    }

    fn once(at: SystemTime) -> Self {
        Self { count: 1, first: at, last: at }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What failures are grouped by. `R` tells the row: a number within a shard, a key within a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FailureKey<R> {
    pub(crate) row: R,
    pub(crate) kind: FailureKind,
    pub(crate) error: Box<str>,
}

#[derive(Hash)]
struct FailureKeyRef<'a> {
    row: RowId,
    kind: FailureKind,
    error: &'a str,
}

impl Equivalent<FailureKey<RowId>> for FailureKeyRef<'_> {
    fn equivalent(&self, key: &FailureKey<RowId>) -> bool {
        self.row == key.row && self.kind == key.kind && *self.error == *key.error
    }
}

/// What is known of a group of failures.
#[derive(Debug, Clone)]
pub(crate) struct FailureGroup {
    pub(crate) seen: Seen,
    /// The details of one.
    pub(crate) details: Box<str>,
    pub(crate) samples: Samples,
}

/// What exceptions are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ExceptionKey {
    pub(crate) class: Box<str>,
    pub(crate) task: Box<str>,
    pub(crate) message: Box<str>,
    pub(crate) place: Option<Box<str>>,
}

/// Counted texts with an upper limit to how many different ones there are.
pub(crate) fn count_bounded<K: std::hash::Hash + Eq, V>(
    map: &mut HashMap<K, V>,
    key: K,
    other: impl FnOnce(K) -> K,
    value: V,
    merge: impl FnOnce(&mut V, V),
) {
    let key = if map.len() < MOST_TEXTS || map.contains_key(&key) { key } else { other(key) };
    match map.entry(key) {
        hashbrown::hash_map::Entry::Occupied(mut entry) => merge(entry.get_mut(), value),
        hashbrown::hash_map::Entry::Vacant(entry) => {
            entry.insert(value);
        }
    }
}

impl<R> FailureKey<R> {
    /// The row's key for failures past the limit.
    pub(crate) fn into_other(self) -> Self {
        Self { row: self.row, kind: FailureKind::Other, error: OTHER_TEXTS.into() }
    }
}

impl ExceptionKey {
    /// The class's key for exceptions past the limit.
    pub(crate) fn into_other(self) -> Self {
        Self { message: OTHER_TEXTS.into(), place: None, ..self }
    }
}

/// The samples of one shard between two ticks.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    pub(crate) rows: Table<RowStats>,
    /// The tasks and keys of rows that are new since the interval before, in the order of their numbers.
    pub(crate) new_keys: Vec<(RowId, Arc<RowKey>)>,
    pub(crate) tasks: Table<TaskStats>,
    /// The same of tasks.
    pub(crate) new_tasks: Vec<Arc<TaskKey>>,
    pub(crate) failures: HashMap<FailureKey<RowId>, FailureGroup>,
    /// What their samples take, in bytes.
    sample_bytes: usize,
    /// There were more of them than there was room for.
    pub(crate) lacks_samples: bool,
    pub(crate) exceptions: HashMap<ExceptionKey, Seen>,
    pub(crate) metrics: Metrics,
    pub(crate) transactions: Transactions,
    pub(crate) starts: ScheduledStarts,
    /// By how much the shard was late for its appointments with itself.
    pub(crate) queue_delay: Times,
    /// What its thread has used so far.
    pub(crate) load: Option<ThreadLoad>,
    /// When the last sample with a verdict ended.
    pub(crate) last_end: Option<Instant>,
}

impl Interval {
    /// Counts a failure; says whether its group wants it for a sample.
    pub(crate) fn failure(&mut self, row: RowId, failure: &Failure<'_>, at: SystemTime) -> bool {
        let (error, details) = (shortened(failure.error, LONGEST_TEXT), shortened(failure.sample, LONGEST_TEXT));
        let known = FailureKeyRef { row, kind: failure.kind, error };
        let seen = Seen::once(at);
        let taken = if let Some(group) = self.failures.get_mut(&known) {
            group.seen.merge(&seen);
            group.samples.all().len()
        } else {
            let key = FailureKey { row, kind: failure.kind, error: error.into() };
            let new = FailureGroup { seen, details: details.into(), samples: Samples::default() };
            let merge = |mine: &mut FailureGroup, new: FailureGroup| mine.seen.merge(&new.seen);
            count_bounded(&mut self.failures, key, FailureKey::into_other, new, merge);
            self.group(row, failure).map_or(0, |group| group.samples.all().len())
        };
        let is_full = self.sample_bytes >= MOST_BYTES_PER_TICK;
        self.lacks_samples |= is_full && taken == 0;
        taken < MOST_PER_TICK && !is_full
    }

    /// Keeps a failure that was counted as a sample of its group.
    pub(crate) fn sample(&mut self, row: RowId, failure: &Failure<'_>, sample: FailureSample) {
        self.sample_bytes += sample.size();
        if let Some(group) = self.group(row, failure) {
            group.samples.take(sample);
        }
    }

    /// The group in which a failure was counted.
    fn group(&mut self, row: RowId, failure: &Failure<'_>) -> Option<&mut FailureGroup> {
        let mut key = FailureKeyRef { row, kind: failure.kind, error: shortened(failure.error, LONGEST_TEXT) };
        if !self.failures.contains_key(&key) {
            key = FailureKeyRef { row, kind: FailureKind::Other, error: OTHER_TEXTS };
        }
        self.failures.get_mut(&key)
    }

    pub(crate) fn exception(&mut self, mut key: ExceptionKey) {
        if key.message.len() > LONGEST_TEXT {
            key.message = shortened(&key.message, LONGEST_TEXT).into();
        }
        count_bounded(&mut self.exceptions, key, ExceptionKey::into_other, Seen::now(), |mine, new| mine.merge(&new));
    }

    /// Forgets everything and keeps the memory; done by the collector, not by the shard.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.new_keys.clear();
        self.tasks.clear();
        self.new_tasks.clear();
        self.failures.clear();
        (self.sample_bytes, self.lacks_samples) = (0, false);
        self.exceptions.clear();
        self.metrics.clear();
        self.transactions.clear();
        self.starts.clear();
        self.queue_delay.clear();
        self.load = None;
        self.last_end = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_past_the_limit_are_counted_together() {
        let mut interval = Interval::default();
        for port in 0..MOST_TEXTS + 100 {
            interval.failure(0, &Failure::new(&format!("refused by port {port}")), SystemTime::now());
        }
        let other = FailureKeyRef { row: 0, kind: FailureKind::Other, error: "(other)" };
        assert_eq!(interval.failures.get(&other).map(|group| group.seen.count), Some(100));
        assert_eq!(interval.failures.values().map(|group| group.seen.count).sum::<u64>(), MOST_TEXTS as u64 + 100);
    }

    #[test]
    fn a_cleared_interval_holds_nothing() {
        let mut interval = Interval::default();
        interval.rows.row(3).started += 1;
        interval.failure(3, &Failure::new("no").sample("sample"), SystemTime::now());
        interval.clear();
        assert_eq!(interval.rows.touched().count(), 0);
        assert!(interval.failures.is_empty());
        interval.rows.row(3).ok += 1;
        assert_eq!(interval.rows.touched().map(|(id, row)| (id, row.started, row.ok)).collect::<Vec<_>>(), [(3, 0, 1)]);
    }
}
