//! Futures of user code in their place: polled there, dropped there when they must end, and their panics kept.

use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use crate::context::control::{Stop, UserControl};
use crate::exit::{Exit, ExitKind, TaskResult};
use crate::life::panics;
use crate::stats::TaskOutcome;

/// How a task or hook ended.
pub(crate) enum Ended {
    Returned(TaskResult),
    Panicked(panics::Panic),
    /// It was dropped because of a stop.
    Dropped,
    OutOfTime(Duration),
}

impl Ended {
    /// What it means for the figures of a task. Signals are its own wish; an error may be counted as a failed request already.
    pub(crate) fn of_task(&self) -> TaskOutcome {
        match self {
            Self::Returned(Ok(()))
            | Self::Returned(Err(Exit(
                ExitKind::Reschedule | ExitKind::StopUser | ExitKind::StopTest(_) | ExitKind::Interrupt { .. },
            ))) => TaskOutcome::Ok,
            Self::Returned(Err(_)) | Self::Panicked(_) | Self::OutOfTime(_) => TaskOutcome::Failed,
            Self::Dropped => TaskOutcome::Interrupted,
        }
    }
}

/// User code in its place: polled there and dropped there, and a panic of either goes no further.
///
/// What runs user code takes this, not the future: an `async fn` keeps what it is called with apart from where it puts it,
/// and every user would hold its largest task twice.
pub(crate) type Slot<'a, F> = Pin<&'a mut Option<F>>;

/// Polls it, and drops it when it has ended: both are user code, and under one guard.
fn poll_caught<F: Future>(mut slot: Slot<'_, F>, cx: &mut TaskContext<'_>) -> Poll<Result<F::Output, panics::Panic>> {
    let polled = panics::catch(|| {
        let polled = slot.as_mut().as_pin_mut()?.poll(cx);
        if polled.is_ready() {
            slot.set(None);
        }
        Some(polled)
    });
    match polled {
        Ok(Some(Poll::Ready(value))) => Poll::Ready(Ok(value)),
        Ok(_) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Drops what is left of a task or hook; a panic in that is how it ended, unless it had panicked before.
fn finish<F>(mut slot: Slot<'_, F>, ended: Ended) -> Ended {
    if slot.is_none() {
        return ended;
    }
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

/// Runs a task and drops it where it stands when the user is asked to stop, unless it is in a set: the innermost set
/// drops its task, and everything around it ends in good order. Also says whether it ever waited.
pub(crate) async fn until_stopped<F: Future<Output = TaskResult>>(
    mut task: Slot<'_, F>,
    control: &UserControl,
    depth: u32,
) -> (Ended, bool) {
    let mut yielded = false;
    let end = std::future::poll_fn(|cx| {
        if control.drops_task(depth) {
            return Poll::Ready(Ended::Dropped);
        }
        if let Poll::Ready(result) = poll_caught(task.as_mut(), cx) {
            return Poll::Ready(ended(result));
        }
        // A soft stop may have found the task in a wait that it began just now.
        if control.drops_task(depth) {
            return Poll::Ready(Ended::Dropped);
        }
        yielded = true;
        Poll::Pending
    })
    .await;
    (finish(task, end), yielded)
}

/// Runs a hook to its end; when the user is asked to stop meanwhile, it has `bound` left.
pub(crate) async fn bounded_after_stop<F: Future<Output = TaskResult>>(
    mut hook: Slot<'_, F>,
    control: &UserControl,
    bound: Duration,
) -> Ended {
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
pub(crate) async fn bounded<F: Future<Output = TaskResult>>(mut hook: Slot<'_, F>, bound: Duration) -> Ended {
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

/// Waits, unless or until the user is asked to stop. Says whether there was anything to wait for.
pub(crate) fn stoppable<'a>(
    mut wait: Pin<&'a mut impl Future<Output = ()>>,
    control: &'a UserControl,
) -> impl Future<Output = bool> + 'a {
    let mut waited = false;
    std::future::poll_fn(move |cx| match control.stop() {
        Stop::No => {
            let poll = wait.as_mut().poll(cx);
            waited |= poll.is_pending();
            poll.map(|()| waited)
        }
        _ => Poll::Ready(waited),
    })
}
