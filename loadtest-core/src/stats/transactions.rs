//! Transactions: several requests, and what lies between them, under one name.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hashbrown::{Equivalent, HashMap, HashSet};
use tokio::time::Instant;

use super::FailureKind;
use super::interval::{FailureKey, LONGEST_TEXT, Seen, count_bounded, shortened};
use super::recorder::{LONGEST_NAME, OTHER};
use super::table::share;
use super::{RecorderHandle, Times};

/// Different transactions kept per run; further ones are counted in one row, `(other)`.
pub(crate) const MOST_TRANSACTIONS: usize = 1000;
/// Between the names of a transaction and of those around it.
const INSIDE: &str = " / ";

/// The figures of the transactions of one name.
///
/// The books: `started = ok + failed + interrupted + in flight`, and in flight is zero at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TransactionStats {
    /// Transactions begun.
    pub started: u64,
    /// Transactions that ended well.
    pub ok: u64,
    /// Transactions that ended with an error.
    pub failed: u64,
    /// Transactions that came to no verdict: dropped by a stop, a timeout or a panic, or left with a signal such as
    /// [`stop_user`](crate::stop_user). They are no failures, and their time is not counted.
    pub interrupted: u64,
    /// Requests with a verdict inside of ok and failed transactions.
    pub requests: u64,
    /// From begin to end of ok and failed transactions, waits inside included.
    pub time: Times,
    /// The part of that time in which requests were under way: the sum of their service times. Of requests at the same
    /// time each counts, so it can be more than the whole.
    pub in_requests: Times,
}

impl TransactionStats {
    /// Transactions begun and not ended yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ok + self.failed + self.interrupted)
    }

    /// The share of failed transactions among those with a verdict, 0 to 1; `None` before the first.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        share(self.failed, self.ok + self.failed)
    }

    /// Adds all of `other`: associative and commutative, and the same as recording everything into one row.
    pub fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.ok += other.ok;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.requests += other.requests;
        self.time.merge(&other.time);
        self.in_requests.merge(&other.in_requests);
    }

    fn is_empty(&self) -> bool {
        self.started + self.ok + self.failed + self.interrupted == 0
    }

    /// Forgets everything and keeps the memory.
    fn clear(&mut self) {
        let (mut time, mut in_requests) = (std::mem::take(&mut self.time), std::mem::take(&mut self.in_requests));
        time.clear();
        in_requests.clear();
        *self = Self { time, in_requests, ..Self::default() };
    }
}

/// The transactions of one name at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TransactionSnapshot {
    /// The name, behind those of the transactions around it: `checkout / pay`.
    pub name: Arc<str>,
    /// The figures since the start or the last reset.
    pub stats: TransactionStats,
}

/// Transactions of one name that failed in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionFailureRow {
    /// The transaction's name, as in [`TransactionSnapshot`].
    pub name: Arc<str>,
    /// The error's text.
    pub error: Box<str>,
    /// How many.
    pub count: u64,
    /// When the first was recorded.
    pub first_seen: SystemTime,
    /// When the last was recorded.
    pub last_seen: SystemTime,
}

#[derive(Hash)]
struct FailureKeyRef<'a> {
    row: &'a str,
    /// There is one of transactions; it is hashed as that of the key is.
    kind: FailureKind,
    error: &'a str,
}

impl Equivalent<FailureKey<Arc<str>>> for FailureKeyRef<'_> {
    fn equivalent(&self, key: &FailureKey<Arc<str>>) -> bool {
        *self.row == *key.row && self.kind == key.kind && *self.error == *key.error
    }
}

/// The transactions of one shard between two ticks, or of a run.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    rows: HashMap<Arc<str>, TransactionStats>,
    failures: HashMap<FailureKey<Arc<str>>, Seen>,
}

impl Transactions {
    fn row(&mut self, name: &Arc<str>) -> &mut TransactionStats {
        self.rows.entry_ref(name).or_default()
    }

    fn failure(&mut self, name: &Arc<str>, error: &str) {
        let error = shortened(error, LONGEST_TEXT);
        if let Some(seen) = self.failures.get_mut(&FailureKeyRef { row: name, kind: FailureKind::Other, error }) {
            seen.merge(&Seen::now());
            return;
        }
        let key = FailureKey { row: Arc::clone(name), kind: FailureKind::Other, error: error.into() };
        self.add_failure(key, Seen::now());
    }

    fn add_failure(&mut self, key: FailureKey<Arc<str>>, seen: Seen) {
        count_bounded(&mut self.failures, key, FailureKey::into_other, seen, |mine, new| mine.merge(&new));
    }

    /// Adds all of `other`: associative and commutative below the limits.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (name, stats) in other.rows.iter().filter(|(_, stats)| !stats.is_empty()) {
            // A row is never given up while shards run: the end of a transaction is counted where its start was.
            let full = self.rows.len() >= MOST_TRANSACTIONS && !self.rows.contains_key(name);
            let name = if full { &Arc::from(OTHER) } else { name };
            self.row(name).merge(stats);
        }
        for (key, seen) in &other.failures {
            self.add_failure(key.clone(), seen.clone());
        }
    }

    /// Forgets all figures and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.rows.values_mut().for_each(TransactionStats::clear);
        self.failures.clear();
    }

    /// Forgets everything but what is in flight, so that the books still hold afterwards.
    pub(crate) fn reset(&mut self) {
        for stats in self.rows.values_mut() {
            *stats = TransactionStats { started: stats.in_flight(), ..TransactionStats::default() };
        }
        self.failures.clear();
    }

    /// Whether nothing has happened since it was cleared.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.values().all(TransactionStats::is_empty)
    }

    /// The rows, sorted by name: those inside of another follow it.
    pub(crate) fn rows(&self) -> Vec<TransactionSnapshot> {
        let rows = self.rows.iter().filter(|(_, stats)| !stats.is_empty());
        let mut rows: Vec<_> =
            rows.map(|(name, stats)| TransactionSnapshot { name: Arc::clone(name), stats: stats.clone() }).collect();
        // By its parts: `pay` and `pay / card` belong together though `pay now` is between them in the alphabet.
        rows.sort_by(|a, b| a.name.split(INSIDE).cmp(b.name.split(INSIDE)));
        rows
    }

    /// Failures, sorted by name and error.
    pub(crate) fn failures(&self) -> Vec<TransactionFailureRow> {
        let row = |(key, seen): (&FailureKey<Arc<str>>, &Seen)| TransactionFailureRow {
            name: Arc::clone(&key.row),
            error: key.error.clone(),
            count: seen.count,
            first_seen: seen.first,
            last_seen: seen.last,
        };
        let mut failures: Vec<_> = self.failures.iter().map(row).collect();
        failures.sort_by(|a, b| (&a.name, &a.error).cmp(&(&b.name, &b.error)));
        failures
    }

    /// Whether transactions were counted under "(other)" because there are too many names.
    pub(crate) fn names_ran_out(&self) -> bool {
        self.rows.get(OTHER).is_some_and(|stats| !stats.is_empty())
    }
}

/// The full names of transactions on one shard: each is put together once and then shared.
#[derive(Debug, Default)]
pub(crate) struct TransactionNames {
    known: HashSet<Arc<str>>,
    buffer: String,
}

impl TransactionNames {
    fn name(&mut self, parent: Option<&str>, name: &str) -> Arc<str> {
        self.buffer.clear();
        if let Some(parent) = parent {
            self.buffer.push_str(parent);
            self.buffer.push_str(INSIDE);
        }
        self.buffer.push_str(shortened(name, LONGEST_NAME));
        let name = shortened(&self.buffer, LONGEST_NAME);
        if let Some(known) = self.known.get(name) {
            return Arc::clone(known);
        }
        let new = Arc::from(if self.known.len() < MOST_TRANSACTIONS { name } else { OTHER });
        self.known.insert(Arc::clone(&new));
        new
    }
}

/// A transaction that was begun, as those inside of it see it.
#[derive(Debug)]
pub(crate) struct Open {
    name: Arc<str>,
    parent: RefCell<Option<Rc<Self>>>,
    ended: Cell<bool>,
    requests: Cell<u64>,
    in_requests: Cell<Duration>,
}

impl Open {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The innermost one around it that has not ended. Those that have are forgotten: of transactions of which the next
    /// begins before the last one ends, each would hold all before it.
    fn around(&self) -> Option<Rc<Self>> {
        let mut parent = self.parent.borrow_mut();
        while let Some(ended) = parent.take_if(|parent| parent.ended.get()) {
            parent.clone_from(&ended.parent.borrow());
        }
        parent.clone()
    }

    /// Counts a request with a verdict, or all those of a transaction inside.
    pub(crate) fn count(&self, requests: u64, time: Duration) {
        self.requests.set(self.requests.get() + requests);
        self.in_requests.set(self.in_requests.get().saturating_add(time));
    }
}

/// The innermost transaction of a user, where there is one.
#[derive(Debug, Default)]
pub(crate) struct Innermost(RefCell<Option<Rc<Open>>>);

impl Innermost {
    #[inline]
    pub(crate) fn get(&self) -> Option<Rc<Open>> {
        if self.0.borrow().is_none() { None } else { self.open() }
    }

    /// Those that have ended are passed over: they may end in any order, and without a word when a panic unwinds.
    #[cold]
    fn open(&self) -> Option<Rc<Open>> {
        let mut innermost = self.0.borrow_mut();
        if let Some(ended) = innermost.take_if(|open| open.ended.get()) {
            *innermost = ended.around();
        }
        let mut next = innermost.as_ref().and_then(|open| open.around());
        while let Some(open) = next {
            next = open.around();
        }
        innermost.clone()
    }

    /// Puts another in its place, for the time in which a future is polled.
    pub(crate) fn replace(&self, open: Option<Rc<Open>>) -> Option<Rc<Open>> {
        self.0.replace(open)
    }
}

/// A transaction that was begun and has no verdict yet; see [`Context::start_transaction`].
///
/// [`Context::start_transaction`]: crate::Context::start_transaction
#[derive(Debug)]
#[must_use = "dropping it records the transaction as interrupted"]
pub struct Transaction {
    recorder: RecorderHandle,
    open: Rc<Open>,
    started_at: Instant,
}

impl Transaction {
    pub(crate) fn start(recorder: &RecorderHandle, name: &str) -> Self {
        let parent = recorder.innermost().get();
        let name = recorder.transactions(|names, transactions| {
            let name = names.name(parent.as_ref().map(|parent| &*parent.name), name);
            transactions.row(&name).started += 1;
            name
        });
        let open = Rc::new(Open {
            name,
            parent: RefCell::new(parent),
            ended: Cell::new(false),
            requests: Cell::new(0),
            in_requests: Cell::new(Duration::ZERO),
        });
        recorder.innermost().replace(Some(Rc::clone(&open)));
        Self { recorder: recorder.clone(), open, started_at: Instant::now() }
    }

    /// Its name, behind those of the transactions around it: `checkout / pay`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.open.name
    }

    /// When it was begun.
    #[must_use]
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// It ended well.
    pub fn ok(self) {
        self.end(None);
    }

    /// It failed; failures are grouped by `error`, which should hold nothing that differs from one to the next.
    pub fn fail(self, error: &str) {
        self.end(Some(error));
    }

    fn end(self, error: Option<&str>) {
        let time = self.started_at.elapsed();
        let open = &*self.open;
        open.ended.set(true);
        let (requests, in_requests) = (open.requests.get(), open.in_requests.get());
        self.recorder.transactions(|_, transactions| {
            let row = transactions.row(&open.name);
            row.requests += requests;
            row.time.record(time);
            row.in_requests.record(in_requests);
            match error {
                None => row.ok += 1,
                Some(error) => {
                    row.failed += 1;
                    transactions.failure(&open.name, error);
                }
            }
        });
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let open = &*self.open;
        if !open.ended.replace(true) {
            self.recorder.transactions(|_, transactions| transactions.row(&open.name).interrupted += 1);
        }
        // Also of one that was interrupted: the requests of the one around it were made all the same.
        if let Some(parent) = open.around() {
            parent.count(open.requests.get(), open.in_requests.get());
        }
    }
}

#[cfg(test)]
mod tests;
