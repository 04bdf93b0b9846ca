//! Between two tasks: the wait of a user or set, or the next start of its schedule.

use std::pin::pin;

use tokio::time::Instant;

use crate::context::control::{Stop, UserControl};
use crate::exit::{Exit, ExitKind, TaskError};
use crate::life::exception;
use crate::life::poll::{Ended, stoppable};
use crate::task::{Place, Scope};
use crate::wait::Wait;
use crate::wait::pace::{Next, Phase};

/// Instead of a wait that is none, so that a slip in a rate does not become a flood.
const INSTEAD: std::time::Duration = std::time::Duration::from_secs(1);

/// What comes after a task that is followed by this wait; `name` is that of the set.
pub(super) fn next(scope: &Scope<'_>, place: &Place<'_>, name: Option<&'static str>, wait: &Wait) -> Next {
    let cx = scope.cx;
    let phase = |period, now: Instant| {
        let user_number = cx.user_number();
        // The first of all starts at once: its place on the grid is where it is.
        let begin = || now.checked_sub(Phase::offset(user_number, period)).unwrap_or(now);
        Phase { origin: cx.run().schedules_begin(begin), user_number }
    };
    let rng = &mut *place.waits.borrow_mut();
    place.pace.borrow_mut().next(wait, rng, Instant::now, phase).unwrap_or_else(|error| {
        let error = TaskError { message: error.to_string(), place: None };
        exception(cx, name, "wait_time", Ended::Returned(Err(Exit(ExitKind::Error(error)))));
        Next::After(INSTEAD)
    })
}

/// Lets the time until the next task pass, unless the user is asked to stop.
#[expect(clippy::manual_async_fn, reason = "an async fn would hold a second copy of what it is called with")]
pub(super) fn rest<'a>(scope: &'a Scope<'_>, next: Next) -> impl Future<Output = ()> + 'a {
    async move {
        let control = scope.cx.control();
        let waited = match next {
            Next::Now => false,
            Next::After(wait) => stoppable(pin!(tokio::time::sleep(wait)), control).await,
            Next::At(start) => stoppable(pin!(scope.cx.shard().timer.until(start.due)), control).await,
        };
        // A task that never waited would keep its thread to itself. And of users in step with each other, as a slow server
        // makes them, the last one's measured time would have the next requests of all the others in it: now all answers
        // that are there are read before the next requests are written.
        if !waited {
            tokio::task::yield_now().await;
        }
        started(scope, next, control);
    }
}

/// Counts the start of a task.
fn started(scope: &Scope<'_>, next: Next, control: &UserControl) {
    let Next::At(start) = next else {
        control.set_intended_start(None);
        return;
    };
    if control.stop() == Stop::No {
        scope.cx.recorder().scheduled_start(start.due.elapsed(), start.overrun, start.skipped);
        control.set_intended_start(Some(start.due));
    }
}
