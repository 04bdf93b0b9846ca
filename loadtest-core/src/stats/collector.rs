//! Merges the intervals of all shards into the figures of the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use tokio::time::Instant;

use super::health::HealthMonitor;
use super::history::Historian;
use super::interval::{ExceptionKey, FailureGroup, FailureKey, Interval, Seen, count_bounded};
use super::metrics::Metrics;
use super::rates::RateWindow;
use super::recorder::{MOST_NAMES, OTHER};
use super::samples::{Room, Samples};
use super::snapshot::RowSnapshot;
use super::table::{Figures, RowId};
use super::transactions::{MOST_TRANSACTIONS, Transactions};
use super::{
    ClassSnapshot, ExceptionRow, FailureRow, ProcessLoad, RowKey, RowStats, RunState, ScheduledStarts, Snapshot,
    TaskKey, TaskSnapshot, TaskStats, UserCounts,
};

#[derive(Debug)]
struct Row {
    key: Arc<RowKey>,
    stats: Arc<RowStats>,
    window: RateWindow,
    /// Requests and failures of `setup`, before the load: they are no part of the rates.
    before: (u64, u64),
}

impl Row {
    fn new(key: Arc<RowKey>) -> Self {
        Self { key, stats: Arc::default(), window: RateWindow::default(), before: (0, 0) }
    }

    fn merge(&mut self, stats: &RowStats, at: Instant) {
        // The last snapshot still holds the figures of the tick before: a changed row is copied once per tick,
        // an unchanged one never.
        Arc::make_mut(&mut self.stats).merge(stats);
        self.window.add(at, stats.requests(), stats.failed);
    }
}

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Collector {
    start: Instant,
    last_end: Option<Instant>,
    /// When a shard last handed over metrics: the end of a run that makes no requests.
    last_metrics: Option<Instant>,
    /// The same of transactions and runs of tasks: the end of one that has no metrics either.
    last_task: Option<Instant>,
    /// Whether the load is over.
    ended: bool,
    rows: Vec<Row>,
    ids: HashMap<Arc<RowKey>, usize>,
    /// For each shard, which of `rows` and of `tasks` its row numbers mean.
    shards: Vec<Vec<(usize, usize)>>,
    total: Row,
    tasks: Vec<TaskSnapshot>,
    task_ids: HashMap<Arc<TaskKey>, usize>,
    /// For each shard, which of `tasks` its numbers mean.
    shard_tasks: Vec<Vec<usize>>,
    historian: Historian,
    monitor: HealthMonitor,
    failures: HashMap<FailureKey<Arc<RowKey>>, FailureGroup>,
    /// For their samples.
    room: Room,
    exceptions: HashMap<ExceptionKey, Seen>,
    metrics: Metrics,
    transactions: Transactions,
    starts: Arc<ScheduledStarts>,
}

impl Collector {
    pub(crate) fn new(shards: usize, start: Instant) -> Self {
        Self {
            start,
            last_end: None,
            last_metrics: None,
            last_task: None,
            ended: false,
            rows: Vec::new(),
            ids: HashMap::new(),
            shards: vec![Vec::new(); shards],
            total: Row::new(Arc::new(RowKey::new("", "Aggregated"))),
            tasks: Vec::new(),
            task_ids: HashMap::new(),
            shard_tasks: vec![Vec::new(); shards],
            historian: Historian::new(start),
            monitor: HealthMonitor::new(shards),
            failures: HashMap::new(),
            room: Room::default(),
            exceptions: HashMap::new(),
            metrics: Metrics::default(),
            transactions: Transactions::default(),
            starts: Arc::default(),
        }
    }

    /// Adds what a shard handed over at `at`.
    pub(crate) fn merge(&mut self, shard: usize, interval: &Interval, at: Instant) {
        self.see_tasks(shard, interval);
        for (task, key) in &interval.new_keys {
            let index = (self.index(key), self.shard_tasks[shard][*task as usize]);
            self.shards[shard].push(index);
        }
        self.historian.at(at);
        for (id, stats) in interval.rows.touched() {
            let (index, task) = self.shards[shard][id as usize];
            let row = &mut self.rows[index];
            row.merge(stats, at);
            self.total.merge(stats, at);
            self.historian.add(index, &row.key, stats);
            Arc::make_mut(&mut self.tasks[task].stats).requests.add(stats);
        }
        let run = self.historian.run();
        self.monitor.see_delays(&interval.queue_delay, run);
        if let Some(load) = interval.load {
            self.monitor.see_thread(shard, at, load, run);
        }
        self.merge_failures(shard, interval);
        for (key, seen) in &interval.exceptions {
            self.exception(key.clone(), seen.clone());
        }
        self.metrics.merge(&interval.metrics);
        self.transactions.merge(&interval.transactions);
        if interval.starts.count() > 0 {
            Arc::make_mut(&mut self.starts).merge(&interval.starts);
        }
        if !self.ended {
            self.last_end = self.last_end.max(interval.last_end);
            if !interval.metrics.is_empty() {
                self.last_metrics = Some(at);
            }
            if !interval.transactions.is_empty() || interval.tasks.touched().next().is_some() {
                self.last_task = Some(at);
            }
        }
    }

    fn merge_failures(&mut self, shard: usize, interval: &Interval) {
        self.room.is_short |= interval.lacks_samples;
        for (key, group) in &interval.failures {
            let key = FailureKey { row: self.key(shard, key.row), kind: key.kind, error: key.error.clone() };
            let (seen, details) = (group.seen.clone(), group.details.clone());
            let value = FailureGroup { seen, details, samples: Samples::default() };
            let merge = |mine: &mut FailureGroup, new: FailureGroup| mine.seen.merge(&new.seen);
            count_bounded(&mut self.failures, key.clone(), FailureKey::into_other, value, merge);
            let counted = if self.failures.contains_key(&key) { key } else { key.into_other() };
            if let Some(mine) = self.failures.get_mut(&counted) {
                mine.samples.merge(&group.samples, &mut self.room);
            }
        }
    }

    /// The tasks of a shard, and their runs.
    fn see_tasks(&mut self, shard: usize, interval: &Interval) {
        for key in &interval.new_tasks {
            let index = *self.task_ids.entry_ref(key).or_insert_with(|| {
                self.tasks.push(TaskSnapshot { key: Arc::clone(key), stats: Arc::default() });
                self.tasks.len() - 1
            });
            self.shard_tasks[shard].push(index);
        }
        for (id, stats) in interval.tasks.touched() {
            let task = &mut self.tasks[self.shard_tasks[shard][id as usize]];
            Arc::make_mut(&mut task.stats).merge(stats);
        }
    }

    /// What the run itself is like in this second.
    pub(crate) fn see_run(&mut self, users: u64, at: Instant, process: Option<ProcessLoad>) {
        let run = self.historian.run();
        run.users = users;
        if let Some(process) = process {
            self.monitor.see_process(at, process, run);
        }
    }

    /// Counts what belongs under *exceptions* and happened on no shard, or was counted there.
    pub(crate) fn exception(&mut self, key: ExceptionKey, seen: Seen) {
        count_bounded(&mut self.exceptions, key, ExceptionKey::into_other, seen, |mine, new| mine.merge(&new));
    }

    fn key(&self, shard: usize, row: RowId) -> Arc<RowKey> {
        Arc::clone(&self.rows[self.shards[shard][row as usize].0].key)
    }

    /// The run's row for a key, made when it is first seen.
    fn index(&mut self, key: &Arc<RowKey>) -> usize {
        if let Some(index) = self.ids.get(key) {
            return *index;
        }
        if self.rows.len() >= MOST_NAMES && *key.name != *OTHER {
            return self.index(&Arc::new(RowKey::new(key.method.clone(), OTHER)));
        }
        self.rows.push(Row::new(Arc::clone(key)));
        self.ids.insert(Arc::clone(key), self.rows.len() - 1);
        self.rows.len() - 1
    }

    /// What a person should know of these figures.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        // Here, or on a shard, which has a row for each task that uses a name.
        if self.ids.keys().any(|key| *key.name == *OTHER) {
            warnings.push(
                "there are too many request names: further ones are counted as (other); give requests a name".into(),
            );
        }
        if self.transactions.names_ran_out() {
            warnings.push(format!(
                "there are more than {MOST_TRANSACTIONS} transactions: further ones are counted as {OTHER}; \
                 keep numbers and ids out of their names"
            ));
        }
        if self.room.is_short {
            warnings.push(
                "there are more different failures than there is room for samples: some have none; keep numbers and ids out \
                 of what failures are called, or see all of them with --debug-failures"
                    .into(),
            );
        }
        warnings.extend(self.metrics.warnings());
        warnings.extend(self.monitor.health().warnings(&self.starts));
        warnings
    }

    /// Begins anew for another run of the same shards.
    pub(crate) fn restart(&mut self, at: Instant) {
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            row.stats = Arc::default();
            row.window = RateWindow::default();
            row.before = (0, 0);
        }
        self.tasks.iter_mut().for_each(|task| task.stats = Arc::default());
        self.historian.restart(at);
        self.monitor.restart();
        self.failures.clear();
        self.room = Room::default();
        self.exceptions.clear();
        self.metrics.reset();
        self.transactions.reset();
        self.starts = Arc::default();
        self.start = at;
        self.last_end = None;
        self.last_metrics = None;
        self.last_task = None;
        self.ended = false;
    }

    /// Rates count from here: the load begins. What `setup` measured before stays.
    pub(crate) fn begin(&mut self, at: Instant) {
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            row.window = RateWindow::default();
            row.before = (row.stats.requests(), row.stats.failed);
        }
        self.metrics.begin();
        self.historian.restart(at);
        self.monitor.restart();
        self.start = at;
        self.last_end = None;
        self.last_metrics = None;
        self.last_task = None;
    }

    /// Rates count until the last sample before this: the load is over, and `teardown` begins.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Nothing more comes: the last second is over.
    pub(crate) fn finish(&mut self) {
        self.historian.finish();
    }

    /// Forgets what was measured before `at`; requests in flight stay in the books.
    pub(crate) fn reset(&mut self, at: Instant) {
        for row in self.rows.iter_mut().chain([&mut self.total]) {
            Arc::make_mut(&mut row.stats).reset();
            row.window = RateWindow::default();
            row.before = (0, 0);
        }
        self.tasks.iter_mut().for_each(|task| Arc::make_mut(&mut task.stats).reset());
        self.historian.restart(at);
        self.monitor.restart();
        self.failures.clear();
        self.room = Room::default();
        self.exceptions.clear();
        self.metrics.reset();
        self.transactions.reset();
        self.starts = Arc::default();
        self.start = at;
        self.last_end = None;
        self.last_metrics = None;
        self.last_task = None;
    }

    /// The run so far, until its last sample.
    fn measured(&self) -> Duration {
        let until = self.last_end.or(self.last_metrics).or(self.last_task).unwrap_or(self.start);
        until.saturating_duration_since(self.start)
    }

    /// A rate over that time.
    #[expect(clippy::cast_precision_loss, reason = "a rate of counts below 2^53")]
    fn per_second(&self, count: u64) -> f64 {
        let length = self.measured().as_secs_f64();
        if length > 0.0 { count as f64 / length } else { 0.0 }
    }

    fn row(&self, row: &Row, now: Instant) -> RowSnapshot {
        let (current_rate, current_fail_rate) = row.window.rates(now, self.start);
        let per_second = |count| self.per_second(count);
        RowSnapshot {
            key: Arc::clone(&row.key),
            stats: Arc::clone(&row.stats),
            current_rate,
            current_fail_rate,
            rate: per_second(row.stats.requests().saturating_sub(row.before.0)),
            fail_rate: per_second(row.stats.failed.saturating_sub(row.before.1)),
        }
    }

    /// The rows in which something happened, sorted by name and method.
    pub(crate) fn rows(&self, now: Instant) -> Vec<RowSnapshot> {
        let mut rows: Vec<_> =
            self.rows.iter().filter(|row| row.stats.started > 0).map(|row| self.row(row, now)).collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows
    }

    pub(crate) fn total(&self, now: Instant) -> RowSnapshot {
        self.row(&self.total, now)
    }

    /// The tasks of which something is known, sorted by class and name.
    fn tasks(&self) -> Vec<TaskSnapshot> {
        let known = |task: &&TaskSnapshot| task.stats.started + task.stats.requests.started > 0;
        let mut tasks: Vec<_> = self.tasks.iter().filter(known).cloned().collect();
        tasks.sort_by(|a, b| a.key.cmp(&b.key));
        tasks
    }

    /// User classes: their tasks in one. Added up when they are asked for, as there are few.
    fn classes(&self) -> Vec<ClassSnapshot> {
        let mut classes: BTreeMap<&str, TaskStats> = BTreeMap::new();
        for task in &self.tasks {
            classes.entry(&task.key.class).or_default().merge(&task.stats);
        }
        let known = |stats: &TaskStats| stats.started + stats.requests.started > 0;
        let classes = classes.into_iter().filter(|(_, stats)| known(stats));
        classes.map(|(class, stats)| ClassSnapshot { class: class.into(), stats: Arc::new(stats) }).collect()
    }

    pub(crate) fn starts(&self) -> Arc<ScheduledStarts> {
        Arc::clone(&self.starts)
    }

    /// Failures, sorted by row and error.
    pub(crate) fn failures(&self) -> Vec<FailureRow> {
        let mut failures: Vec<_> = self
            .failures
            .iter()
            .map(|(key, FailureGroup { seen, details, samples })| FailureRow {
                key: Arc::clone(&key.row),
                kind: key.kind,
                error: key.error.clone(),
                sample: details.clone(),
                samples: samples.all().to_vec(),
                count: seen.count,
                first_seen: seen.first,
                last_seen: seen.last,
            })
            .collect();
        failures.sort_by(|a, b| (&a.key, &a.error, a.kind).cmp(&(&b.key, &b.error, b.kind)));
        failures
    }

    /// Exceptions, the most frequent first.
    pub(crate) fn exceptions(&self) -> Vec<ExceptionRow> {
        let mut exceptions: Vec<_> = self
            .exceptions
            .iter()
            .map(|(key, seen)| ExceptionRow {
                class: key.class.clone(),
                task: key.task.clone(),
                message: key.message.clone(),
                place: key.place.clone(),
                count: seen.count,
                first_seen: seen.first,
                last_seen: seen.last,
            })
            .collect();
        exceptions
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.task, &a.message).cmp(&(&b.task, &b.message))));
        exceptions
    }

    /// From when what is measured counts.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// A snapshot of all figures at `now`; the state of the run, its users and warnings are the controller's.
    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        Snapshot {
            state: RunState::Ready,
            elapsed: Duration::ZERO,
            since: Duration::ZERO,
            measured: self.measured(),
            users: UserCounts::default(),
            target_users: 0,
            rows: self.rows(now),
            total: self.total(now),
            tasks: self.tasks(),
            classes: self.classes(),
            history: self.historian.history(),
            failures: self.failures(),
            exceptions: self.exceptions(),
            starts: self.starts(),
            health: self.monitor.health(),
            metrics: self.metrics.snapshot(|count| self.per_second(count)),
            transactions: self.transactions.rows(),
            transaction_failures: self.transactions.failures(),
            warnings: self.warnings(),
        }
    }
}

/// The snapshot before there is anything to show.
pub(crate) fn nothing_yet() -> Snapshot {
    let now = Instant::now();
    Collector::new(0, now).snapshot(now)
}

#[cfg(test)]
mod tests;
