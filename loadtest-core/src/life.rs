//! The life of one user: `on_start`, tasks and waits, `on_stop`. One generic loop runs every set of tasks.

pub(crate) mod board;
pub(crate) mod panics;

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::sync::Semaphore;

use crate::context::control::{Busy, IN_NO_TASK, IN_ON_START, IN_ON_STOP, Stop, UserControl};
use crate::context::{Context, RunInfo, ShardInfo, Stream, generator};
use crate::exit::{Exit, ExitKind, TaskResult};
use crate::life::board::{Alive, Phase};
use crate::stats::RecorderHandle;
use crate::stats::interval::ExceptionKey;
use crate::task::{Chooser, Scope, Tasks};
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
    pub(crate) on_stop_timeout: Duration,
    pub(crate) on_stop_permits: Arc<Semaphore>,
    pub(crate) alive: Alive,
}

/// Why a user left its tasks.
enum Leave {
    /// It was asked to.
    Stopped,
    /// It said so itself.
    StopUser,
    /// It ends the whole test.
    StopTest(Cow<'static, str>),
    /// `on_start` did not succeed; another user is to take the seat.
    StartFailed,
}

/// Lives until the seat is given up: one user after the other while `on_start` fails.
pub(crate) async fn live<U: User + 'static>(seat: Seat, shared: Arc<U::Shared>, chooser: Arc<Chooser>) {
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
        match one_user::<U>(&seat, &cx, &shared, &chooser, incarnation).await {
            Leave::Stopped | Leave::StopUser => return,
            Leave::StopTest(why) => {
                seat.alive.stop_test(why);
                return;
            }
            Leave::StartFailed => {
                seat.alive.set(Phase::Replacing);
                stoppable_sleep(back_off, &seat.control).await;
                if seat.control.stop() == Stop::No {
                    seat.alive.replaced();
                }
                back_off = (back_off * 2).min(LONGEST_BACK_OFF);
            }
        }
    }
}

async fn one_user<U: User>(
    seat: &Seat,
    cx: &Context,
    shared: &Arc<U::Shared>,
    chooser: &Chooser,
    incarnation: u64,
) -> Leave {
    let busy = &seat.shard.busy;
    seat.alive.set(Phase::Starting);
    seat.control.set_task(IN_ON_START, busy);
    let init = UserInit { cx, shared };
    let created = match panics::catch(|| U::create(&init)) {
        Ok(Ok(user)) => Ok(user),
        Ok(Err(exit)) => Err(Ended::Returned(Err(exit))),
        Err(panic) => Err(Ended::Panicked(panic)),
    };
    let mut user = match created {
        Ok(user) => user,
        Err(failed) => {
            class_exception::<U>(cx, "on_start", failed);
            return Leave::StartFailed;
        }
    };
    let started = bounded_after_stop(user.on_start(), &seat.control, seat.on_stop_timeout).await;
    let leave = match started {
        Ended::Returned(Ok(()) | Err(Exit(ExitKind::Reschedule))) => {
            seat.alive.set(Phase::Running);
            let mut rng = generator(cx.seed(), U::NAME, seat.user_number, incarnation, Stream::Tasks);
            task_loop(&mut user, &Scope { cx }, chooser, &mut rng, U::wait_time, class_exception::<U>).await
        }
        Ended::Returned(Err(Exit(ExitKind::StopUser))) => Leave::StopUser,
        Ended::Returned(Err(Exit(ExitKind::StopTest(why)))) => Leave::StopTest(why),
        failed => {
            class_exception::<U>(cx, "on_start", failed);
            Leave::StartFailed
        }
    };
    seat.alive.set(Phase::Stopping);
    seat.control.set_task(IN_NO_TASK, busy);
    // Closed when a thread had to be given up, as its users would keep their permits: then there is no limit.
    let _permit = seat.on_stop_permits.acquire().await;
    seat.control.set_task(IN_ON_STOP, busy);
    let stopped = bounded(user.on_stop(), seat.on_stop_timeout).await;
    let leave = match (stopped, leave) {
        (Ended::Returned(Ok(()) | Err(Exit(ExitKind::StopUser | ExitKind::Reschedule))), leave) => leave,
        (Ended::Returned(Err(Exit(ExitKind::StopTest(why)))), _) => Leave::StopTest(why),
        (failed, leave) => {
            class_exception::<U>(cx, "on_stop", failed);
            leave
        }
    };
    seat.control.set_task(IN_NO_TASK, busy);
    if let Err(panic) = panics::catch(|| drop(user)) {
        class_exception::<U>(cx, "drop", Ended::Panicked(panic));
    }
    leave
}

/// Runs tasks until something ends it: the same loop for a user and for any set of tasks it enters.
async fn task_loop<S: Tasks>(
    set: &mut S,
    scope: &Scope<'_>,
    chooser: &Chooser,
    rng: &mut Xoshiro256PlusPlus,
    wait_time: fn(&S) -> Wait,
    report: fn(&Context, &'static str, Ended),
) -> Leave {
    let control = scope.cx.control();
    let busy: &Busy = &scope.cx.shard().busy;
    loop {
        if control.stop() != Stop::No {
            return Leave::Stopped;
        }
        let task = chooser.choose(rng);
        let number = u32::try_from(task).unwrap_or(IN_NO_TASK);
        control.set_task(number, busy);
        let (ended, yielded) = until_stopped(set.run_task(task, scope), control).await;
        control.set_task(IN_NO_TASK, busy);
        let mut wait = match panics::catch(|| wait_time(set)) {
            Ok(wait) => wait.next(rng),
            Err(panic) => {
                report(scope.cx, "wait_time", Ended::Panicked(panic));
                None
            }
        };
        match ended {
            Ended::Dropped => return Leave::Stopped,
            Ended::Returned(Ok(()) | Err(Exit(ExitKind::Recorded))) => {}
            Ended::Returned(Err(Exit(ExitKind::Reschedule))) => wait = None,
            Ended::Returned(Err(Exit(ExitKind::StopUser))) => return Leave::StopUser,
            Ended::Returned(Err(Exit(ExitKind::StopTest(why)))) => return Leave::StopTest(why),
            failed => report(scope.cx, S::TASKS.get(task).map_or("", |task| task.name), failed),
        }
        match wait {
            Some(wait) => stoppable_sleep(wait, control).await,
            // Without a wait, a task that never had to wait either would keep its thread to itself.
            None if !yielded => tokio::task::yield_now().await,
            None => {}
        }
    }
}

/// How a task or hook ended.
pub(crate) enum Ended {
    Returned(TaskResult),
    Panicked(panics::Panic),
    /// It was dropped because of a stop.
    Dropped,
    OutOfTime(Duration),
}

/// User code in its place: polled there and dropped there, and a panic of either goes no further.
type Slot<'a, F> = Pin<&'a mut Option<F>>;

fn poll_caught<F: Future>(slot: Slot<'_, F>, cx: &mut TaskContext<'_>) -> Poll<Result<F::Output, panics::Panic>> {
    let Some(future) = slot.as_pin_mut() else { return Poll::Pending };
    match panics::catch(|| future.poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Drops what is left of a task or hook; a panic in that is how it ended, unless it had panicked before.
fn finish<F>(mut slot: Slot<'_, F>, ended: Ended) -> Ended {
    match (panics::catch(|| slot.set(None)), ended) {
        (Err(panic), Ended::Returned(_) | Ended::Dropped | Ended::OutOfTime(_)) => Ended::Panicked(panic),
        (_, ended) => ended,
    }
}

fn ended(result: Result<TaskResult, panics::Panic>) -> Ended {
    match result {
        Ok(result) => Ended::Returned(result),
        Err(panic) => Ended::Panicked(panic),
    }
}

/// Runs a task and drops it where it stands when the user is asked to stop. Also says whether it ever waited.
async fn until_stopped(task: impl Future<Output = TaskResult>, control: &UserControl) -> (Ended, bool) {
    let mut task = pin!(Some(task));
    let mut yielded = false;
    let end = std::future::poll_fn(|cx| {
        if control.drops_task() {
            return Poll::Ready(Ended::Dropped);
        }
        if let Poll::Ready(result) = poll_caught(task.as_mut(), cx) {
            return Poll::Ready(ended(result));
        }
        // A soft stop may have found the task in a wait that it began just now.
        if control.drops_task() {
            return Poll::Ready(Ended::Dropped);
        }
        yielded = true;
        Poll::Pending
    })
    .await;
    (finish(task, end), yielded)
}

/// Runs a hook to its end; when the user is asked to stop meanwhile, it has `bound` left.
async fn bounded_after_stop(hook: impl Future<Output = TaskResult>, control: &UserControl, bound: Duration) -> Ended {
    let mut hook = pin!(Some(hook));
    let mut deadline: Option<Pin<Box<tokio::time::Sleep>>> = None;
    let end = std::future::poll_fn(|cx| {
        if let Poll::Ready(result) = poll_caught(hook.as_mut(), cx) {
            return Poll::Ready(ended(result));
        }
        if control.stop() != Stop::No {
            let deadline = deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(bound)));
            if deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ended::OutOfTime(bound));
            }
        }
        Poll::Pending
    })
    .await;
    finish(hook, end)
}

/// Runs a hook for at most `bound`.
pub(crate) async fn bounded(hook: impl Future<Output = TaskResult>, bound: Duration) -> Ended {
    let mut hook = pin!(Some(hook));
    let end = match tokio::time::timeout(bound, std::future::poll_fn(|cx| poll_caught(hook.as_mut(), cx))).await {
        Ok(result) => ended(result),
        Err(_) => Ended::OutOfTime(bound),
    };
    finish(hook, end)
}

/// Runs something that must not take the thread down, without a bound.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, panics::Panic> {
    let mut future = pin!(Some(future));
    std::future::poll_fn(|cx| poll_caught(future.as_mut(), cx)).await
}

/// Sleeps, unless or until the user is asked to stop.
async fn stoppable_sleep(wait: Duration, control: &UserControl) {
    let mut sleep = pin!(tokio::time::sleep(wait));
    std::future::poll_fn(|cx| match control.stop() {
        Stop::No => sleep.as_mut().poll(cx),
        _ => Poll::Ready(()),
    })
    .await;
}

/// Counts what belongs under *exceptions*, and logs the first of each kind: the table has the rest.
fn class_exception<U: User>(cx: &Context, task: &'static str, ended: Ended) {
    if let Some((message, place)) = describe(ended) {
        record_exception(cx.recorder(), U::NAME, task, &message, place);
    }
}

/// As for tasks, for hooks that belong to no user.
pub(crate) fn record_exception(
    recorder: &RecorderHandle,
    class: &str,
    task: &str,
    message: &str,
    place: Option<Box<str>>,
) {
    let key = ExceptionKey { class: class.into(), task: task.into(), message: message.into(), place };
    if recorder.exception(key) {
        tracing::warn!("{class}::{task}: {message} (the first of its kind; the table at the end counts them)");
    }
}

/// The text and place of what belongs under *exceptions*; `None` for what does not.
pub(crate) fn describe(ended: Ended) -> Option<(String, Option<Box<str>>)> {
    match ended {
        Ended::Panicked(panic) => Some((format!("panicked: {}", panic.message), panic.place)),
        Ended::OutOfTime(bound) => {
            let bound = crate::units::format_duration(bound);
            Some((format!("did not finish within {bound} (--on-stop-timeout)"), None))
        }
        Ended::Returned(Err(Exit(ExitKind::Error(error)))) => {
            Some((error.message, error.place.map(|place| place.to_string().into())))
        }
        Ended::Returned(Err(Exit(ExitKind::Interrupt))) => Some((
            "interrupt() outside of a task set: there is no set to leave; use stop_user() to end the user".into(),
            None,
        )),
        Ended::Returned(_) | Ended::Dropped => None,
    }
}

/// Marks the shard as busy with this user while it is polled, and lets the shard wake it.
pub(crate) struct Watched {
    future: Pin<Box<dyn Future<Output = ()>>>,
    control: Rc<UserControl>,
    busy: Arc<Busy>,
}

impl Watched {
    pub(crate) fn new(future: Pin<Box<dyn Future<Output = ()>>>, control: Rc<UserControl>, busy: Arc<Busy>) -> Self {
        Self { future, control, busy }
    }
}

impl Future for Watched {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let this = &mut *self;
        this.control.remember_waker(cx);
        let _busy = this.busy.enter(&this.control);
        this.future.as_mut().poll(cx)
    }
}
