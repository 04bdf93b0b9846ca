//! The strings by which a shard holds one of its users: stop requests going in, the present task coming out.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as TaskContext, Waker};

use tokio::time::Instant;

/// How urgently a user is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// Not at all.
    No,
    /// When the present task is finished; a wait ends at once.
    AfterTask,
    /// At the next await point.
    Now,
}

/// What a user is doing, as the watchdog names it: a number of a task or one of these.
pub(crate) const IN_ON_START: u32 = u32::MAX - 1;
pub(crate) const IN_ON_STOP: u32 = u32::MAX - 2;
pub(crate) const IN_NO_TASK: u32 = u32::MAX - 3;
pub(crate) const IN_SETUP: u32 = u32::MAX - 4;
pub(crate) const IN_TEARDOWN: u32 = u32::MAX - 5;

/// Shared between a user and its shard; both live on one thread.
#[derive(Debug)]
pub(crate) struct UserControl {
    stop: Cell<Stop>,
    /// How many `Context::wait`s the task is in.
    waits: Cell<u32>,
    /// When the present task was due by its schedule.
    intended_start: Cell<Option<Instant>>,
    /// Wakes the user's future as a whole.
    waker: RefCell<Option<Waker>>,
    /// How many task sets the user is in.
    depth: Cell<u32>,
    /// How many tasks it has begun, those that enter a set left out.
    task_runs: Cell<u64>,
    class: u32,
    task: Cell<u32>,
}

impl UserControl {
    pub(crate) fn new(class: u32) -> Self {
        Self {
            stop: Cell::new(Stop::No),
            waits: Cell::new(0),
            intended_start: Cell::new(None),
            waker: RefCell::new(None),
            depth: Cell::new(0),
            task_runs: Cell::new(0),
            class,
            task: Cell::new(IN_NO_TASK),
        }
    }

    pub(crate) fn stop(&self) -> Stop {
        self.stop.get()
    }

    /// Asks the user to stop; a request is never taken back or softened.
    pub(crate) fn request(&self, stop: Stop) {
        if stop > self.stop.get() {
            self.stop.set(stop);
            if let Some(waker) = self.waker.borrow().as_ref() {
                waker.wake_by_ref();
            }
        }
    }

    /// Whether the task of this depth is to be dropped now: only the innermost one ever is.
    pub(crate) fn drops_task(&self, depth: u32) -> bool {
        match self.stop.get() {
            Stop::No => false,
            _ if depth < self.depth.get() => false,
            Stop::AfterTask => self.waits.get() > 0,
            Stop::Now => true,
        }
    }

    pub(crate) fn remember_waker(&self, cx: &TaskContext<'_>) {
        let mut waker = self.waker.borrow_mut();
        match waker.as_mut() {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
    }

    /// Marks the time in which a stop may drop the task.
    pub(crate) fn enter_wait(&self) -> InWait<'_> {
        self.waits.set(self.waits.get() + 1);
        InWait(self)
    }

    /// The user enters a task set, and leaves it when the guard is dropped.
    pub(crate) fn enter_set(&self, depth: u32) -> InSet<'_> {
        self.depth.set(depth);
        InSet(self)
    }

    pub(crate) fn task_runs(&self) -> u64 {
        self.task_runs.get()
    }

    pub(crate) fn count_task_run(&self) {
        self.task_runs.set(self.task_runs.get() + 1);
    }

    pub(crate) fn task(&self) -> u32 {
        self.task.get()
    }

    /// Whether the user says goodbye already: what it waits for then, a stop does not end.
    pub(crate) fn is_in_on_stop(&self) -> bool {
        self.task.get() == IN_ON_STOP
    }

    pub(crate) fn intended_start(&self) -> Option<Instant> {
        self.intended_start.get()
    }

    pub(crate) fn set_intended_start(&self, due: Option<Instant>) {
        self.intended_start.set(due);
    }

    pub(crate) fn set_task(&self, task: u32, busy: &Busy) {
        self.task.set(task);
        busy.is_with(self);
    }
}

/// While it lives, the user's task is in a stoppable wait.
#[derive(Debug)]
pub(crate) struct InWait<'a>(&'a UserControl);

impl Drop for InWait<'_> {
    fn drop(&mut self) {
        self.0.waits.set(self.0.waits.get() - 1);
    }
}

/// While it lives, the user is in a task set.
#[derive(Debug)]
pub(crate) struct InSet<'a>(&'a UserControl);

impl Drop for InSet<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}

/// What a shard's thread is doing right now, for the watchdog on another thread.
///
/// Relaxed throughout: each value stands for itself, and the watchdog only asks whether it has stayed the same.
#[derive(Debug, Default)]
pub(crate) struct Busy {
    /// Grows with each poll of a user, so that the same user polled again is told from one that never returned.
    turn: AtomicU64,
    /// Class (from 1) in the upper half, task in the lower; [`IDLE`] between polls.
    current: AtomicU64,
}

/// No user is being polled: classes are counted from 1, so no user has this.
const IDLE: u64 = 0;

impl Busy {
    /// A poll of this user begins, or it goes on with another task.
    #[inline]
    pub(crate) fn enter(&self, control: &UserControl) -> BusyWith<'_> {
        self.is_with(control);
        BusyWith(self)
    }

    #[inline]
    fn is_with(&self, control: &UserControl) {
        let current = (u64::from(control.class + 1) << 32) | u64::from(control.task.get());
        self.turn.store(self.turn.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.current.store(current, Ordering::Relaxed);
    }

    /// The turn, the class and the task of the user that is being polled now.
    pub(crate) fn now(&self) -> Option<(u64, u32, u32)> {
        let turn = self.turn.load(Ordering::Relaxed);
        let current = self.current.load(Ordering::Relaxed);
        let class = (current >> 32).checked_sub(1)?;
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the number")]
        Some((turn, class as u32, current as u32))
    }
}

/// While it lives, the shard is busy; also when a panic ends the poll.
#[derive(Debug)]
pub(crate) struct BusyWith<'a>(&'a Busy);

impl Drop for BusyWith<'_> {
    fn drop(&mut self) {
        self.0.current.store(IDLE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_request_only_grows() {
        let control = UserControl::new(0);
        control.request(Stop::Now);
        control.request(Stop::AfterTask);
        assert_eq!(control.stop(), Stop::Now);
    }

    #[test]
    fn a_soft_stop_drops_a_task_only_while_it_waits() {
        let control = UserControl::new(0);
        control.request(Stop::AfterTask);
        assert!(!control.drops_task(0));
        {
            let _wait = control.enter_wait();
            assert!(control.drops_task(0));
        }
        assert!(!control.drops_task(0));
        control.request(Stop::Now);
        assert!(control.drops_task(0));
    }

    #[test]
    fn busy_names_class_and_task_and_tells_turns_apart() {
        let busy = Busy::default();
        assert_eq!(busy.now(), None);
        let control = UserControl::new(0);
        control.set_task(0, &busy);
        let first = busy.now().expect("busy");
        assert_eq!((first.1, first.2), (0, 0));
        let poll = busy.enter(&control);
        assert_ne!(busy.now().expect("busy").0, first.0);
        drop(poll);
        assert_eq!(busy.now(), None);
    }
}
