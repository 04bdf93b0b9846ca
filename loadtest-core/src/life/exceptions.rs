//! What belongs under *exceptions*: errors and panics of user code, with their places.

use crate::exit::{Exit, ExitKind};
use crate::life::poll::Ended;
use crate::stats::RecorderHandle;
use crate::stats::interval::ExceptionKey;

/// Counts one, and logs the first of each kind: the table has the rest.
pub(crate) fn record_exception(
    recorder: &RecorderHandle,
    class: &str,
    task: &str,
    message: &str,
    place: Option<Box<str>>,
) {
    let key = ExceptionKey { class: class.into(), task: task.into(), message: message.into(), place };
    if recorder.user_error(key) {
        log_exception(class, task, message);
    }
}

/// The first of its kind.
pub(crate) fn log_exception(class: &str, task: &str, message: &str) {
    tracing::warn!("{class}::{task}: {message} (the first of its kind; the table at the end counts them)");
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
        Ended::Returned(Err(Exit(ExitKind::Interrupt { .. }))) => Some((
            "interrupt() outside of a task set: there is no set to leave; use stop_user() to end the user".into(),
            None,
        )),
        Ended::Returned(_) | Ended::Dropped => None,
    }
}
