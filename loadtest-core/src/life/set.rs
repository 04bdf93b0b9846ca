//! Entering a task set: its own `on_start`, loop and `on_stop` inside a task of whoever enters it.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use crate::context::OnStopBounds;
use crate::context::control::{IN_NO_TASK, IN_ON_START, IN_ON_STOP, Stop};
use crate::exit::{Exit, ExitKind, TaskResult, fail};
use crate::life::poll::{Ended, bounded, bounded_after_stop};
use crate::life::{Leave, after_on_start, exception, panics, task_loop};
use crate::task::{LocalFuture, Place, Scope, Tasks};
use crate::wait::Wait;
use crate::wait::pace::Pace;

const NO_SET: &str = "this task enters a set although its TaskInfo does not say which: make it with TaskInfo::set";

impl Scope<'_> {
    /// Runs a task set, in the task of this number, until one of its tasks says [`interrupt`](crate::interrupt) or the user
    /// stops: what `#[task_set]` expands to.
    ///
    /// It allocates once. That is what lets sets lead to each other in circles: a future that held the future of the set
    /// it enters would have no size.
    pub fn enter<'a, S: Tasks + 'a>(&'a self, task: usize, set: S) -> LocalFuture<'a, TaskResult> {
        Box::pin(run_set(self, task, set))
    }

    /// The same for a set that is made from what its `setup` returned.
    pub fn enter_with<'a, S: Tasks + 'a>(
        &'a self,
        task: usize,
        make: impl FnOnce(Arc<S::Shared>) -> S,
    ) -> LocalFuture<'a, TaskResult> {
        let unit = self.place.as_ref().and_then(|place| {
            let set = place.graph.sets.get(place.set)?.enters.get(task).copied().flatten()?;
            Some(place.graph.sets[set].unit)
        });
        let shared = unit.and_then(|unit| self.cx.shard().set_up.borrow().get(unit).cloned());
        match shared.and_then(|shared| shared.downcast::<S::Shared>().ok()) {
            Some(shared) => self.enter(task, make(shared)),
            None => Box::pin(std::future::ready(fail(NO_SET))),
        }
    }
}

async fn run_set<S: Tasks>(outer: &Scope<'_>, task: usize, mut set: S) -> TaskResult {
    let own_pace = RefCell::default();
    let Some((mut place, wait)) = outer.place.as_ref().and_then(|place| place.inside(task)) else {
        return fail(NO_SET);
    };
    let name = place.graph.sets[place.set].info.name;
    let cx = outer.cx;
    let OnStopBounds { timeout: bound, permits } = &cx.run().on_stop;
    let bound = *bound;
    let (control, busy) = (cx.control(), &cx.shard().busy);
    let _inside = control.enter_set(place.depth);
    let (entered_for, mut has_own_wait) = (control.intended_start(), false);
    control.set_task(IN_ON_START, busy);
    cx.enter_hook(Some(name), "on_start");
    let started = bounded_after_stop(pin!(Some(set.on_start())), control, bound).await;
    let leave = if let Some(leave) = after_on_start(cx, Some(name), started) {
        leave
    } else {
        // A panic counts when it is asked after a task.
        if let Ok(Some(_)) = panics::catch(|| set.own_wait_time()) {
            own_pace.replace(Pace::starting(Instant::now()));
            place.pace = &own_pace;
            has_own_wait = true;
        }
        let scope = Scope { cx, place: Some(place) };
        let wait_time = |set: &S| set.own_wait_time().unwrap_or_else(|| wait.clone());
        task_loop(&mut set, &scope, wait_time).await
    };
    control.set_task(IN_NO_TASK, busy);
    // A schedule of its own ends here; one that it shares has gone on.
    let intended = if has_own_wait { entered_for } else { control.intended_start() };
    control.set_intended_start(None);
    // While the test runs, leaving a set is nothing special.
    let _permit = if control.stop() == Stop::No { None } else { Some(permits.acquire().await) };
    control.set_task(IN_ON_STOP, busy);
    cx.enter_hook(Some(name), "on_stop");
    let stopped = bounded(pin!(Some(set.on_stop())), bound).await;
    let leave = match (stopped, leave) {
        (Ended::Returned(Ok(()) | Err(Exit(ExitKind::Reschedule | ExitKind::Interrupt { .. }))), leave) => leave,
        (Ended::Returned(Err(Exit(ExitKind::StopTest(why)))), _) => {
            cx.stop_test(why);
            Leave::StopUser
        }
        (Ended::Returned(Err(Exit(ExitKind::StopUser))), _) => Leave::StopUser,
        (failed, leave) => {
            exception(cx, Some(name), "on_stop", failed);
            leave
        }
    };
    control.set_task(IN_NO_TASK, busy);
    control.set_intended_start(intended);
    if let Err(panic) = panics::catch(|| drop(set)) {
        exception(cx, Some(name), "drop", Ended::Panicked(panic));
    }
    match leave {
        // The loop around this one sees the stop as well.
        Leave::Stopped | Leave::StartFailed | Leave::Interrupted { wait: true } => Ok(()),
        Leave::Interrupted { wait: false } => Err(Exit(ExitKind::Reschedule)),
        Leave::StopUser => Err(Exit(ExitKind::StopUser)),
    }
}

impl Place<'_> {
    /// The place in the set that this task enters, and the wait it inherits.
    fn inside(&self, task: usize) -> Option<(Place<'_>, Wait)> {
        let set = self.graph.sets.get(self.set)?.enters.get(task).copied().flatten()?;
        let inside = Place {
            graph: self.graph,
            set,
            depth: self.depth + 1,
            rng: self.rng,
            waits: self.waits,
            wait: RefCell::default(),
            pace: self.pace,
        };
        Some((inside, self.wait.borrow_mut().take().map_or(Wait::None, |wait| *wait)))
    }
}
