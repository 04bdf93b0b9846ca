//! The life of one user: `on_start`, tasks and waits, `on_stop`. One generic loop runs every set of tasks.

pub(crate) mod board;
pub(crate) mod exceptions;
pub(crate) mod panics;
pub(crate) mod poll;
mod rest;
mod set;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::context::control::{Busy, IN_NO_TASK, IN_ON_START, IN_ON_STOP, Stop, UserControl};
use crate::context::{Context, RunInfo, ShardInfo, Stream, generator};
use crate::exit::{Exit, ExitKind};
use crate::iterations::Iterations;
use crate::life::board::{Alive, Phase};
use crate::life::exceptions::{describe, record_exception};
use crate::life::poll::{Ended, bounded, bounded_after_stop, stoppable, until_stopped};
use crate::life::rest::{next, rest};
use crate::task::choice::Cursor;
use crate::task::graph::Graph;
use crate::task::{LocalFuture, Place, Scope, Tasks};
use crate::user::{User, UserInit};
use crate::wait::Wait;

/// The first pause before a user whose `on_start` failed is replaced; it doubles up to [`LONGEST_BACK_OFF`].
const BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// The place of one user on its shard: who it is, and the ways to and from it.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) run: Arc<RunInfo>,
    pub(crate) shard: Rc<ShardInfo>,
    pub(crate) control: Rc<UserControl>,
    pub(crate) user_number: u64,
    pub(crate) alive: Alive,
}

/// Why a user or set left its tasks.
enum Leave {
    /// The user was asked to stop.
    Stopped,
    /// The user said so itself, or ended the whole test.
    StopUser,
    /// `on_start` did not succeed: another user is to take the seat; a set is not entered.
    StartFailed,
    /// A task said `interrupt`, or a Markov chain has come to its end; whether the task that entered the set is followed by
    /// its wait. Of a user: its chain has.
    Interrupted { wait: bool },
}

/// Lives until the seat is given up: one user after the other while `on_start` fails.
#[expect(clippy::manual_async_fn, reason = "an async fn would hold a second copy of what it is called with")]
pub(crate) fn live<U: User + 'static>(
    seat: Seat,
    shared: Arc<U::Shared>,
    graph: Arc<Graph>,
) -> impl Future<Output = ()> {
    async move {
        let mut back_off = BACK_OFF;
        for incarnation in 0.. {
            // Not begun, so there is nothing to stop.
            if seat.control.stop() != Stop::No {
                return;
            }
            let cx = Context::new(
                Arc::clone(&seat.run),
                Rc::clone(&seat.shard),
                Rc::clone(&seat.control),
                U::NAME,
                U::host(),
                seat.user_number,
                incarnation,
            );
            match one_user::<U>(&seat, &cx, &shared, &graph, incarnation).await {
                Leave::Stopped | Leave::StopUser | Leave::Interrupted { .. } => return,
                Leave::StartFailed => {
                    seat.alive.set(Phase::Replacing);
                    stoppable(pin!(tokio::time::sleep(back_off)), &seat.control).await;
                    if seat.control.stop() == Stop::No {
                        seat.alive.replaced();
                    }
                    back_off = (back_off * 2).min(LONGEST_BACK_OFF);
                }
            }
        }
    }
}

async fn one_user<U: User>(
    seat: &Seat,
    cx: &Context,
    shared: &Arc<U::Shared>,
    graph: &Graph,
    incarnation: u64,
) -> Leave {
    let busy = &seat.shard.busy;
    seat.alive.set(Phase::Starting);
    seat.control.set_task(IN_ON_START, busy);
    cx.enter_hook(None, "on_start");
    let Some(mut user) = created::<U>(cx, shared) else { return Leave::StartFailed };
    let stream = |stream| generator(cx.seed(), U::NAME, seat.user_number, incarnation, stream);
    let rng = RefCell::new(stream(Stream::Tasks));
    let waits = RefCell::new(SplitMix64::seed_from_u64(stream(Stream::Waits).next_u64()));
    let pace = RefCell::default();
    let place = Place { graph, set: 0, depth: 0, rng: &rng, waits: &waits, wait: RefCell::default(), pace: &pace };
    let scope = Scope { cx, place: Some(place) };
    let started = bounded_after_stop(pin!(Some(user.on_start())), &seat.control, seat.run.on_stop.timeout).await;
    let leave = if let Some(leave) = after_on_start(cx, None, started) {
        leave
    } else {
        seat.alive.set(Phase::Running);
        let configured = cx.class_config().and_then(|config| config.wait_time.as_ref());
        let wait = |user: &U| configured.cloned().or_else(|| user.own_wait_time()).unwrap_or_else(|| user.wait_time());
        task_loop(&mut user, &scope, wait).await
    };
    seat.alive.set(Phase::Stopping);
    seat.control.set_task(IN_NO_TASK, busy);
    seat.control.set_intended_start(None);
    // Closed when a thread had to be given up, as its users would keep their permits: then there is no limit.
    let _permit = seat.run.on_stop.permits.acquire().await;
    seat.control.set_task(IN_ON_STOP, busy);
    cx.enter_hook(None, "on_stop");
    let stopped = bounded(pin!(Some(user.on_stop())), seat.run.on_stop.timeout).await;
    let leave = match (stopped, leave) {
        (Ended::Returned(Ok(()) | Err(Exit(ExitKind::StopUser | ExitKind::Reschedule))), leave) => leave,
        (Ended::Returned(Err(Exit(ExitKind::StopTest(why)))), leave) => {
            cx.stop_test(why);
            leave
        }
        (failed, leave) => {
            exception(cx, None, "on_stop", failed);
            leave
        }
    };
    seat.control.set_task(IN_NO_TASK, busy);
    if let Err(panic) = panics::catch(|| drop(user)) {
        exception(cx, None, "drop", Ended::Panicked(panic));
    }
    leave
}

/// A new user; `None` when that failed, which is counted.
fn created<U: User>(cx: &Context, shared: &Arc<U::Shared>) -> Option<U> {
    let failed = match panics::catch(|| U::create(&UserInit { cx, shared })) {
        Ok(Ok(user)) => return Some(user),
        Ok(Err(exit)) => Ended::Returned(Err(exit)),
        Err(panic) => Ended::Panicked(panic),
    };
    exception(cx, None, "on_start", failed);
    None
}

/// Why a user or set does not get to its tasks, if it does not.
fn after_on_start(cx: &Context, set: Option<&'static str>, started: Ended) -> Option<Leave> {
    match started {
        Ended::Returned(Ok(()) | Err(Exit(ExitKind::Reschedule))) => None,
        Ended::Returned(Err(Exit(ExitKind::StopUser))) => Some(Leave::StopUser),
        Ended::Returned(Err(Exit(ExitKind::StopTest(why)))) => {
            cx.stop_test(why);
            Some(Leave::StopUser)
        }
        Ended::Returned(Err(Exit(ExitKind::Interrupt { wait }))) if set.is_some() => Some(Leave::Interrupted { wait }),
        failed => {
            exception(cx, set, "on_start", failed);
            Some(Leave::StartFailed)
        }
    }
}

/// What a task that ended so means for the loop: that it ends, or whether the next task comes without a wait.
fn after_task(cx: &Context, set: Option<&'static str>, task: &'static str, ended: Ended) -> ControlFlow<Leave, bool> {
    match ended {
        Ended::Dropped => ControlFlow::Break(Leave::Stopped),
        Ended::Returned(Ok(()) | Err(Exit(ExitKind::Recorded))) => ControlFlow::Continue(false),
        Ended::Returned(Err(Exit(ExitKind::Reschedule))) => ControlFlow::Continue(true),
        Ended::Returned(Err(Exit(ExitKind::StopUser))) => ControlFlow::Break(Leave::StopUser),
        Ended::Returned(Err(Exit(ExitKind::StopTest(why)))) => {
            cx.stop_test(why);
            ControlFlow::Break(Leave::StopUser)
        }
        Ended::Returned(Err(Exit(ExitKind::Interrupt { wait }))) if set.is_some() => {
            ControlFlow::Break(Leave::Interrupted { wait })
        }
        failed => {
            exception(cx, set, task, failed);
            ControlFlow::Continue(false)
        }
    }
}

/// Runs tasks until something ends it: the same loop for a user and for any set that it enters.
async fn task_loop<S: Tasks>(set: &mut S, scope: &Scope<'_>, wait_time: impl Fn(&S) -> Wait) -> Leave {
    let Some(place) = &scope.place else { return Leave::StopUser };
    let Some(plan) = place.graph.sets.get(place.set) else { return Leave::StopUser };
    let control = scope.cx.control();
    let (busy, iterations): (&Busy, &Iterations) = (&scope.cx.shard().busy, &scope.cx.run().iterations);
    // By its depth, as a class may be a set of its own, too.
    let name = (place.depth > 0).then_some(plan.info.name);
    // Asked once: for the rest of its life a user touches no memory of its context for this.
    let is_traced = scope.cx.trace().is_some();
    // A panic is the user's, and no reason not to go on.
    let wait_of = |set: &S| match panics::catch(|| wait_time(set)) {
        Ok(wait) => wait,
        Err(panic) => {
            exception(scope.cx, name, "wait_time", Ended::Panicked(panic));
            Wait::None
        }
    };
    let mut cursor = Cursor::default();
    // A schedule also says when the first task starts. Panics are counted after tasks; a set was entered for its first.
    if place.depth == 0
        && let Ok(wait @ Wait::Scheduled(_)) = panics::catch(|| wait_time(set))
    {
        rest(scope, next(scope, place, name, &wait)).await;
    }
    loop {
        if control.stop() != Stop::No {
            return Leave::Stopped;
        }
        if iterations.are_over_for(control.task_runs()) {
            return Leave::StopUser;
        }
        let Some(task) = plan.course.next(&mut cursor, &mut *place.rng.borrow_mut()) else {
            return Leave::Interrupted { wait: false };
        };
        let iteration = if plan.enters[task].is_some() {
            // The set may borrow from this one, so it cannot ask later.
            place.wait.replace(Some(Box::new(wait_of(set))));
            None
        } else {
            let Some(iteration) = iterations.begin(control.task_runs()) else { return Leave::StopUser };
            control.count_task_run();
            Some(iteration)
        };
        if is_traced {
            scope.cx.tell_task(name, plan.info.tasks[task].name);
        }
        control.set_task(task_number(place.set, task), busy);
        let (task_name, due) = (plan.info.tasks[task].name, control.intended_start());
        let task_run = scope.cx.recorder().begin_task(name, task_name, due, iteration.is_some());
        let (ended, yielded) = until_stopped(pin!(Some(set.run_task(task, scope))), control, place.depth).await;
        control.set_task(IN_NO_TASK, busy);
        if let Some(task_run) = task_run {
            task_run.end(ended.of_task());
        }
        drop(iteration);
        let at_once = match after_task(scope.cx, name, task_name, ended) {
            ControlFlow::Break(leave) => return leave,
            ControlFlow::Continue(at_once) => at_once,
        };
        // At once it is the same start of the schedule, if there is one. Who gets no further task leaves at once, too, and
        // is not asked how long it would wait.
        let goes_on = control.stop() == Stop::No && !iterations.are_over_for(control.task_runs());
        if goes_on && !at_once {
            let next = next(scope, place, name, &wait_of(set));
            rest(scope, next).await;
        } else if !yielded {
            tokio::task::yield_now().await;
        }
    }
}

/// The number of a task among all of its class, for the watchdog.
fn task_number(set: usize, task: usize) -> u32 {
    match (u16::try_from(set), u16::try_from(task)) {
        (Ok(set), Ok(task)) => (u32::from(set) << 16) | u32::from(task),
        _ => IN_NO_TASK,
    }
}

/// Counts what belongs under *exceptions*: of the user itself, or of a set that it is in.
fn exception(cx: &Context, set: Option<&'static str>, task: &'static str, ended: Ended) {
    if let Some((message, place)) = describe(ended) {
        let task = set.map_or(Cow::Borrowed(task), |set| format!("{set}::{task}").into());
        cx.tell_exception(cx.class(), &task, &message, place.as_deref());
        record_exception(cx.recorder(), cx.class(), &task, &message, place);
    }
}

/// Marks the shard as busy with this user while it is polled, and lets the shard wake it.
pub(crate) struct Watched {
    future: Pin<Box<dyn Future<Output = ()>>>,
    control: Rc<UserControl>,
    busy: Arc<Busy>,
    user_number: Option<u64>,
}

impl Watched {
    /// Of this user, or of a hook that belongs to none.
    pub(crate) fn new(
        future: LocalFuture<'static, ()>,
        control: Rc<UserControl>,
        busy: Arc<Busy>,
        user_number: Option<u64>,
    ) -> Self {
        Self { future, control, busy, user_number }
    }
}

impl Future for Watched {
    /// Whose end it is.
    type Output = Option<u64>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<u64>> {
        let this = &mut *self;
        this.control.remember_waker(cx);
        let _busy = this.busy.enter(&this.control);
        this.future.as_mut().poll(cx).map(|()| this.user_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::TaskResult;
    use crate::task::TaskInfo;
    use crate::{SetupContext, constant};

    struct Waiting;

    impl Tasks for Waiting {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("task", 1)];
        type Shared = ();

        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }

        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
    }

    impl User for Waiting {
        const NAME: &'static str = "Waiting";

        fn wait_time(&self) -> Wait {
            constant(Duration::from_secs(1))
        }

        fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
            Ok(Self)
        }
    }

    fn size<F>(_: impl Fn(Seat, Arc<()>, Arc<Graph>) -> F) -> usize {
        size_of::<F>()
    }

    /// A hundred thousand users wait at once. 864 bytes here; what makes it grow is a value that is kept over an await.
    #[test]
    fn the_life_of_a_user_is_a_small_future() {
        assert!(size(live::<Waiting>) <= 900, "{} bytes", size(live::<Waiting>));
    }
}
