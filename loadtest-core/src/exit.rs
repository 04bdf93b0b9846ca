//! How a task ends: [`TaskResult`], [`Exit`] and the error that was already counted, [`RecordedError`].

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::Location;

/// What a task, `on_start` and `on_stop` return.
///
/// `Ok(())` and then the wait time; an [`Exit`] says something else. Any error turns into an [`Exit`]
/// with `?`, is counted under *exceptions* with the place of the `?`, and the user goes on after its wait.
///
/// ```
/// use loadtest_core::{TaskResult, stop_user};
///
/// fn read_number(text: &str) -> TaskResult {
///     let number: i32 = text.parse()?; // a ParseIntError becomes an exception of the user
///     if number < 0 {
///         return stop_user();
///     }
///     Ok(())
/// }
/// assert!(read_number("12").is_ok());
/// assert!(read_number("twelve").is_err());
/// ```
pub type TaskResult = Result<(), Exit>;

/// Why a task ended otherwise than with `Ok(())`.
///
/// Made by `?` from any [`std::error::Error`], by [`fail`], or by one of [`interrupt`], [`interrupt_and_wait`], [`stop_user`],
/// [`stop_test`] and [`reschedule`]. It is deliberately no `Error` itself: that is what lets every error
/// turn into it.
pub struct Exit(pub(crate) ExitKind);

/// The cases of [`Exit`], for the loop that runs tasks.
#[derive(Debug)]
pub(crate) enum ExitKind {
    /// Leave the innermost task set; whether the task that entered it is followed by its wait.
    Interrupt { wait: bool },
    /// This user is done.
    StopUser,
    /// The whole test is done.
    StopTest(Cow<'static, str>),
    /// Choose the next task at once, without the wait.
    Reschedule,
    /// The failure stands in the statistics already.
    Recorded,
    /// An error that belongs under *exceptions*.
    Error(TaskError),
}

/// An error of user code, as it will be shown.
#[derive(Debug)]
pub(crate) struct TaskError {
    pub(crate) message: String,
    pub(crate) place: Option<&'static Location<'static>>,
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ExitKind::Error(error) => {
                write!(f, "Exit({:?}", error.message)?;
                if let Some(place) = error.place {
                    write!(f, " at {place}")?;
                }
                f.write_str(")")
            }
            other => write!(f, "Exit({other:?})"),
        }
    }
}

impl<E: Error + 'static> From<E> for Exit {
    /// Any error becomes an exception of the user, with the place where it was converted (the `?`);
    /// a [`RecordedError`] only ends the task, because it stands in the statistics already.
    #[track_caller]
    fn from(error: E) -> Self {
        if (&error as &dyn Any).is::<RecordedError>() {
            return Self(ExitKind::Recorded);
        }
        Self(ExitKind::Error(TaskError { message: message_with_causes(&error), place: Some(Location::caller()) }))
    }
}

/// The error's own text followed by its causes, each once: many errors repeat their cause in their text.
pub(crate) fn message_with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// Leaves the task set in which the task runs; its parent chooses the next task at once, without a wait.
///
/// In a task of the user itself there is nothing to leave: that is reported as an exception.
///
/// # Errors
/// Always: the error is the message to the loop, so that `return interrupt();` and `interrupt()?` both work.
#[must_use = "the task goes on unless it is returned: `return interrupt();` or `interrupt()?`"]
pub fn interrupt() -> TaskResult {
    Err(Exit(ExitKind::Interrupt { wait: false }))
}

/// Leaves the task set in which the task runs, as [`interrupt`] does, but its parent waits before it chooses the next task.
///
/// # Errors
/// Always, so that `return interrupt_and_wait();` and `interrupt_and_wait()?` both work.
#[must_use = "the task goes on unless it is returned: `return interrupt_and_wait();` or `interrupt_and_wait()?`"]
pub fn interrupt_and_wait() -> TaskResult {
    Err(Exit(ExitKind::Interrupt { wait: true }))
}

/// Ends this user: its `on_stop` runs and it is not replaced.
///
/// # Errors
/// Always, so that `return stop_user();` and `stop_user()?` both work.
#[must_use = "the task goes on unless it is returned: `return stop_user();` or `stop_user()?`"]
pub fn stop_user() -> TaskResult {
    Err(Exit(ExitKind::StopUser))
}

/// Ends the whole test run as if its run time were over; `why` is shown at the end.
///
/// # Errors
/// Always, so that `return stop_test("…");` and `stop_test("…")?` both work.
#[must_use = "the task goes on unless it is returned: `return stop_test(\"…\");` or `stop_test(\"…\")?`"]
pub fn stop_test(why: impl Into<Cow<'static, str>>) -> TaskResult {
    Err(Exit(ExitKind::StopTest(why.into())))
}

/// Ends the task and chooses the next one at once, without the wait.
///
/// # Errors
/// Always, so that `return reschedule();` and `reschedule()?` both work.
#[must_use = "the task goes on unless it is returned: `return reschedule();` or `reschedule()?`"]
pub fn reschedule() -> TaskResult {
    Err(Exit(ExitKind::Reschedule))
}

/// Ends the task with an exception that shows `message` and the place of this call.
///
/// # Errors
/// Always: the exception.
///
/// ```
/// use loadtest_core::{TaskResult, fail};
///
/// fn check_cart(items: usize) -> TaskResult {
///     if items == 0 {
///         return fail("the cart is empty after adding an article");
///     }
///     Ok(())
/// }
/// assert!(check_cart(0).is_err());
/// ```
#[must_use = "the task goes on unless it is returned: `return fail(\"…\");` or `fail(\"…\")?`"]
#[track_caller]
pub fn fail(message: impl Into<String>) -> TaskResult {
    Err(Exit(ExitKind::Error(TaskError { message: message.into(), place: Some(Location::caller()) })))
}

/// What a task method may return; the macros convert it with this trait.
///
/// `()`, [`TaskResult`], or a `Result<(), E>` with any error type.
#[diagnostic::on_unimplemented(
    message = "a task or hook cannot return `{Self}`",
    label = "this return type",
    note = "return nothing, `TaskResult`, or `Result<(), E>` where `E` is a `std::error::Error`"
)]
pub trait IntoTaskResult {
    /// The same as a [`TaskResult`].
    ///
    /// # Errors
    /// When the value was an error.
    fn into_task_result(self) -> TaskResult;
}

impl IntoTaskResult for () {
    fn into_task_result(self) -> TaskResult {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<Exit>> IntoTaskResult for Result<(), E> {
    // Not `map_err(Into::into)`: the place of the error would then lie in the standard library.
    #[track_caller]
    fn into_task_result(self) -> TaskResult {
        match self {
            Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What went wrong with a request, in kinds that can be counted and matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be built: a malformed URL, header or body.
    Request,
    /// The host name has no address.
    Dns,
    /// No connection could be opened.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The time allowed for the request ran out.
    Timeout,
    /// The peer closed or reset the connection before the answer was complete.
    Closed,
    /// The peer broke the protocol.
    Protocol,
    /// The answer arrived, but it was not what was expected: a status, a check, a body that does not parse.
    Response,
    /// Anything else.
    Other,
}

/// An error that stands in the statistics already, as a failed request.
///
/// `?` on it ends the task without a second row under *exceptions*. HTTP, [`Context::measure`] and clients
/// for other protocols all return this type.
///
/// [`Context::measure`]: crate::Context::measure
#[derive(Debug)]
pub struct RecordedError {
    kind: ErrorKind,
    message: Box<str>,
}

impl RecordedError {
    /// For a client that has recorded the failed sample with this `message`.
    pub fn new(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for RecordedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for RecordedError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn question_mark() -> TaskResult {
        "x".parse::<i32>()?;
        Ok(())
    }

    #[test]
    fn an_error_keeps_its_text_and_the_place_of_the_question_mark() {
        let Err(Exit(ExitKind::Error(error))) = question_mark() else { panic!("no error") };
        assert_eq!(error.message, "invalid digit found in string");
        let place = error.place.expect("a place");
        assert!(place.file().ends_with("exit.rs"), "{place}");
    }

    #[test]
    fn a_recorded_error_makes_no_exception() {
        fn task() -> TaskResult {
            Err(RecordedError::new(ErrorKind::Timeout, "timed out"))?;
            Ok(())
        }
        assert!(matches!(task(), Err(Exit(ExitKind::Recorded))));
    }

    #[test]
    fn the_signals_work_with_return_and_with_question_mark() {
        fn with_return() -> TaskResult {
            stop_test("enough")
        }
        fn with_question_mark() -> TaskResult {
            stop_test("enough")?;
            Ok(())
        }
        for result in [with_return(), with_question_mark()] {
            assert!(matches!(result, Err(Exit(ExitKind::StopTest(why))) if why == "enough"));
        }
    }

    #[test]
    fn causes_are_appended_once() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("reading the price")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Outer("x".parse::<i32>().expect_err("not a number"));
        assert_eq!(message_with_causes(&error), "reading the price: invalid digit found in string");
    }
}
