//! The write side of the statistics: one per shard, no lock, no allocation once it is warm.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::{Equivalent, HashMap, HashSet};
use tokio::time::Instant;

use super::events::{FailureSink, Sink, UserErrorEvent};
use super::interval::{ExceptionKey, Interval, MOST_TEXTS, shortened};
use super::metrics::Metrics;
use super::table::RowId;
use super::tasks::TaskOutcome;
use super::times::micros;
use super::transactions::{Innermost, TransactionNames, Transactions};
use super::{Pending, RowKey, TaskKey, ThreadLoad};

/// Different names kept per run; requests under further ones are counted in one row, `(other)`.
pub(crate) const MOST_NAMES: usize = 10_000;
/// The name of the row for requests past the limit.
pub(crate) const OTHER: &str = "(other)";

/// Rows of one shard: names times the tasks that use them.
const MOST_ROWS: usize = 4 * MOST_NAMES;

/// Different methods kept in rows `(other)`.
const MOST_METHODS: usize = 64;
/// The longest name kept, in bytes; longer ones are cut.
pub(crate) const LONGEST_NAME: usize = 512;

/// What a shard counts in one row: the requests of one method and name that one task makes. So each sample is recorded once,
/// and the collector adds the rows up, by name and by task.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ShardKey {
    task: RowId,
    key: Arc<RowKey>,
}

/// Looks up a row without making a key.
#[derive(Hash)]
struct ShardKeyRef<'a> {
    task: RowId,
    name: &'a str,
    method: &'a str,
}

impl Equivalent<ShardKey> for ShardKeyRef<'_> {
    fn equivalent(&self, key: &ShardKey) -> bool {
        self.task == key.task && *self.name == *key.key.name && *self.method == *key.key.method
    }
}

/// A task as a shard knows it: its user class, the set that it belongs to, and its name.
type TaskPath = (&'static str, Option<&'static str>, &'static str);

/// Takes the samples of one shard until the next tick hands them over.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    ids: HashMap<ShardKey, RowId>,
    names: HashSet<Arc<RowKey>>,
    /// By row number.
    pub(super) keys: Vec<Arc<RowKey>>,
    tasks: HashMap<TaskPath, RowId>,
    /// By their numbers.
    pub(super) task_keys: Vec<Arc<TaskKey>>,
    pub(super) current: Box<Interval>,
    spare: Option<Box<Interval>>,
    /// Exceptions that were logged: the first of each kind.
    logged: HashSet<ExceptionKey>,
    transaction_names: TransactionNames,
    sink: Option<Rc<dyn Sink>>,
    /// The same, if it wants to be told of requests: the one question that each of them asks.
    pub(super) request_sink: Option<Rc<dyn Sink>>,
    /// Wants failed requests whole.
    pub(super) failure_sink: Option<Arc<dyn FailureSink>>,
}

impl Recorder {
    fn row(&mut self, task: RowId, method: &str, name: &str) -> RowId {
        let name = shortened(name, LONGEST_NAME);
        match self.ids.get(&ShardKeyRef { task, name, method }) {
            Some(id) => *id,
            None => self.new_row(task, method, name),
        }
    }

    /// Whether this is the row.
    #[inline]
    fn is_row(&self, row: RowId, method: &str, name: &str) -> bool {
        self.keys.get(row as usize).is_some_and(|key| *key.name == *name && *key.method == *method)
    }

    #[cold]
    fn new_row(&mut self, task: RowId, method: &str, name: &str) -> RowId {
        let key = Arc::new(RowKey::new(method, name));
        let key = match self.names.get(&key) {
            Some(known) => Arc::clone(known),
            None if self.names.len() >= MOST_NAMES + MOST_METHODS && !method.is_empty() => {
                return self.row(task, "", OTHER);
            }
            None if self.names.len() >= MOST_NAMES && name != OTHER => return self.row(task, method, OTHER),
            None => key,
        };
        if self.ids.len() >= MOST_ROWS && name != OTHER {
            return self.row(task, method, OTHER);
        }
        self.names.insert(Arc::clone(&key));
        let id = RowId::try_from(self.ids.len()).unwrap_or(RowId::MAX);
        self.ids.insert(ShardKey { task, key: Arc::clone(&key) }, id);
        self.keys.push(Arc::clone(&key));
        self.current.new_keys.push((task, key));
        id
    }

    fn task(&mut self, task: TaskPath) -> RowId {
        match self.tasks.get(&task) {
            Some(id) => *id,
            None => self.new_task(task),
        }
    }

    #[cold]
    fn new_task(&mut self, path: TaskPath) -> RowId {
        let (class, set, task) = path;
        let id = RowId::try_from(self.tasks.len()).unwrap_or(RowId::MAX);
        self.tasks.insert(path, id);
        let task = set.map_or_else(|| task.into(), |set| format!("{set}::{task}").into());
        let key = Arc::new(TaskKey { class: class.into(), task });
        self.task_keys.push(Arc::clone(&key));
        self.current.new_tasks.push(key);
        id
    }

    /// Hands over what was recorded since the last time.
    pub(crate) fn hand_over(&mut self) -> Box<Interval> {
        std::mem::replace(&mut self.current, self.spare.take().unwrap_or_default())
    }

    /// Takes back a cleared interval, to be used again.
    pub(crate) fn recycle(&mut self, interval: Box<Interval>) {
        self.spare = Some(interval);
    }
}

/// The recorder of a shard, and whose requests are recorded: in one, so that a handle is one pointer.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) shard: Rc<RefCell<Recorder>>,
    pub(super) class: &'static str,
    pub(super) user_number: Option<u64>,
    pub(super) innermost: Innermost,
    pub(super) present: Present,
}

/// In the place of a row that is not known.
const NO_ROW: RowId = RowId::MAX;

/// What the user is doing.
#[derive(Debug, Default)]
pub(super) struct Present {
    task: Cell<Option<RowId>>,
    /// The row of its last request: most tasks ask for the same again.
    row: Cell<RowId>,
    /// When it began.
    begun: Cell<Option<Instant>>,
    /// By how many microseconds that was later than its schedule asked for; `None` where there is none.
    pub(super) late: Cell<Option<u64>>,
}

/// The recorder of the shard on which a user lives, for this user; a cheap handle.
///
/// It knows the user, whose transactions and listeners see its requests: a client keeps a clone of that of its own
/// [`Context`](crate::Context) and shares it with no other user.
#[derive(Debug, Clone, Default)]
pub struct RecorderHandle(pub(super) Rc<Origin>);

impl RecorderHandle {
    /// The same recorder, for one user.
    pub(crate) fn of_user(&self, class: &'static str, user_number: Option<u64>) -> Self {
        let shard = Rc::clone(&self.0.shard);
        let (innermost, present) = (Innermost::default(), Present::default());
        Self(Rc::new(Origin { shard, class, user_number, innermost, present }))
    }

    /// The user is in a hook: what it requests from now on belongs to that.
    pub(crate) fn enter_hook(&self, set: Option<&'static str>, hook: &'static str) {
        let Present { task, row, begun, late } = &self.0.present;
        task.set(Some(self.0.shard.borrow_mut().task((self.0.class, set, hook))));
        row.set(NO_ROW);
        begun.set(None);
        late.set(None);
    }

    /// The user begins a task, which was to start at `due` by its schedule, if it has one. One that enters a task set is
    /// not counted, as that set's tasks are.
    #[inline]
    pub(crate) fn begin_task(
        &self,
        set: Option<&'static str>,
        name: &'static str,
        due: Option<Instant>,
        counts: bool,
    ) -> Option<TaskRun<'_>> {
        let Present { task, row, begun, late } = &self.0.present;
        let mut recorder = self.0.shard.borrow_mut();
        let id = recorder.task((self.0.class, set, name));
        if task.replace(Some(id)) != Some(id) {
            row.set(NO_ROW);
        }
        let now = counts.then(Instant::now);
        begun.set(now);
        late.set(due.map(|due| micros(now.unwrap_or_else(Instant::now).saturating_duration_since(due))));
        if counts {
            recorder.current.tasks.row(id).started += 1;
        }
        counts.then_some(TaskRun(self))
    }

    /// The task that the user began last has ended.
    #[inline]
    fn end_task(&self, outcome: TaskOutcome) {
        let Present { task, begun, late, .. } = &self.0.present;
        let (Some(id), Some(begun)) = (task.get(), begun.take()) else { return };
        let mut recorder = self.0.shard.borrow_mut();
        let row = recorder.current.tasks.row(id);
        match outcome {
            TaskOutcome::Ok => row.ok += 1,
            TaskOutcome::Failed => row.failed += 1,
            TaskOutcome::Interrupted => {
                row.interrupted += 1;
                return;
            }
        }
        let time = micros(begun.elapsed());
        row.time.record_micros(time);
        if let Some(late) = late.get() {
            row.response.record_micros(time.saturating_add(late));
        }
    }

    /// From now on this one is told.
    pub(crate) fn listen(&self, sink: Rc<dyn Sink>) {
        let mut recorder = self.0.shard.borrow_mut();
        recorder.request_sink = sink.wants_requests().then(|| Rc::clone(&sink));
        recorder.sink = Some(sink);
    }

    /// From now on this one gets failed requests whole.
    pub(crate) fn tell_failures(&self, sink: Arc<dyn FailureSink>) {
        self.0.shard.borrow_mut().failure_sink = Some(sink);
    }

    /// Counts a request as started, under its method (or kind) and name, and starts its clock.
    ///
    /// Whatever happens then, it is recorded exactly once: by [`Pending::ok`], by [`Pending::fail`], or as
    /// *interrupted* when the guard is dropped, which is what a dropped future does.
    pub fn start(&self, method: &str, name: &str) -> Pending {
        self.start_at(method, name, Instant::now())
    }

    /// [`start`](Self::start) with a time that the caller has read already.
    pub fn start_at(&self, method: &str, name: &str, started_at: Instant) -> Pending {
        let present = &self.0.present;
        let (row, task) = {
            let mut recorder = self.0.shard.borrow_mut();
            let task = match present.task.get() {
                Some(task) => task,
                None => self.enter_outside(&mut recorder),
            };
            let mut row = present.row.get();
            if !recorder.is_row(row, method, name) {
                row = recorder.row(task, method, name);
                present.row.set(row);
            }
            recorder.current.rows.row(row).started += 1;
            (row, task)
        };
        Pending::new(self.clone(), row, task, started_at, present.late.get(), self.0.innermost.get())
    }

    /// The user requests something outside of tasks and hooks.
    #[cold]
    fn enter_outside(&self, recorder: &mut Recorder) -> RowId {
        let outside = recorder.task((self.0.class, None, ""));
        self.0.present.task.set(Some(outside));
        self.0.present.row.set(NO_ROW);
        outside
    }

    /// Counts an error or panic of user code, and tells of it; says whether it is the first of its kind here.
    pub(crate) fn user_error(&self, key: ExceptionKey) -> bool {
        let sink = self.0.shard.borrow().sink.clone();
        let Some(sink) = sink else { return self.exception(key) };
        let is_new = self.exception(key.clone());
        let event = UserErrorEvent {
            class: &key.class,
            user_number: self.0.user_number,
            task: &key.task,
            message: &key.message,
            place: key.place.as_deref(),
        };
        sink.user_error(&event, self);
        is_new
    }

    /// Counts what belongs under *exceptions*; says whether it is the first of its kind here.
    pub(crate) fn exception(&self, key: ExceptionKey) -> bool {
        let mut recorder = self.0.shard.borrow_mut();
        let is_new = recorder.logged.len() < MOST_TEXTS && recorder.logged.insert(key.clone());
        recorder.current.exception(key);
        is_new
    }

    /// The metrics of this shard, to be recorded into.
    pub(crate) fn metrics(&self, record: impl FnOnce(&mut Metrics)) {
        record(&mut self.0.shard.borrow_mut().current.metrics);
    }

    /// The transactions of this shard, to be recorded into.
    pub(super) fn transactions<T>(&self, record: impl FnOnce(&mut TransactionNames, &mut Transactions) -> T) -> T {
        let mut recorder = self.0.shard.borrow_mut();
        let recorder = &mut *recorder;
        record(&mut recorder.transaction_names, &mut recorder.current.transactions)
    }

    /// The innermost transaction of the user.
    pub(crate) fn innermost(&self) -> &Innermost {
        &self.0.innermost
    }

    /// Counts a start by schedule.
    pub(crate) fn scheduled_start(&self, late: Duration, overrun: bool, skipped: u64) {
        self.0.shard.borrow_mut().current.starts.record(late, overrun, skipped);
    }

    /// The shard was so late for an appointment with itself.
    pub(crate) fn queue_delay(&self, late: Duration) {
        self.0.shard.borrow_mut().current.queue_delay.record(late);
    }

    /// What the thread of the shard has used so far.
    pub(crate) fn thread_load(&self, load: Option<ThreadLoad>) {
        self.0.shard.borrow_mut().current.load = load;
    }

    pub(crate) fn hand_over(&self) -> Box<Interval> {
        self.0.shard.borrow_mut().hand_over()
    }

    pub(crate) fn recycle(&self, interval: Box<Interval>) {
        self.0.shard.borrow_mut().recycle(interval);
    }
}

/// One run of a task that is counted; dropped without an end it was interrupted.
#[derive(Debug)]
pub(crate) struct TaskRun<'a>(&'a RecorderHandle);

impl TaskRun<'_> {
    #[inline]
    pub(crate) fn end(self, outcome: TaskOutcome) {
        self.0.end_task(outcome);
    }
}

impl Drop for TaskRun<'_> {
    fn drop(&mut self) {
        // Does nothing after an end.
        self.0.end_task(TaskOutcome::Interrupted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_past_the_limit_share_one_row() {
        let recorder = RecorderHandle::default();
        for name in 0..MOST_NAMES + 50 {
            recorder.start("GET", &format!("/{name}")).ok();
        }
        let interval = recorder.hand_over();
        assert_eq!(interval.new_keys.len(), MOST_NAMES + 1);
        assert_eq!(&*interval.new_keys[MOST_NAMES].1.name, OTHER);
        let (_, other) = interval.rows.touched().last().expect("rows");
        assert_eq!(other.ok, 50);
    }

    #[test]
    fn neither_long_names_nor_made_up_methods_fill_the_memory() {
        let recorder = RecorderHandle::default();
        let long = "ü".repeat(100_000);
        recorder.start("GET", &long).ok();
        recorder.start("GET", &long).ok();
        for name in 0..MOST_NAMES {
            recorder.start("GET", &format!("/{name}")).ok();
        }
        for method in 0..1000 {
            recorder.start(&format!("M{method}"), "/more").ok();
        }
        let interval = recorder.hand_over();
        assert!(interval.new_keys.len() <= MOST_NAMES + MOST_METHODS + 1, "{}", interval.new_keys.len());
        assert_eq!(interval.new_keys[0].1.name.len(), LONGEST_NAME);
        assert_eq!(interval.rows.touched().map(|(_, row)| row.ok).sum::<u64>(), 2 + MOST_NAMES as u64 + 1000);
    }
}
