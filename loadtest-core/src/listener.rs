//! Listeners: told of what happens in a run.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::context::StopTest;
use crate::exit::{Exit, ExitKind, IntoTaskResult, TaskResult};
use crate::life::exceptions::{describe, log_exception};
use crate::life::panics;
use crate::life::poll::Ended;
use crate::report::EndedBy;
use crate::stats::events::Sink;
use crate::stats::interval::ExceptionKey;
use crate::stats::{RecorderHandle, RequestEvent, Snapshot, UserErrorEvent};
use crate::threshold::ThresholdResult;

/// In the place of the user class, of what listeners do wrong.
const CLASS: &str = "(listener)";

/// A run begins; see [`Listener::test_start`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TestStart<'a> {
    /// The word that tells this run from others.
    pub run_id: &'a str,
    /// The seed of all random choices.
    pub seed: u64,
    /// The host to test, if it was given for the run.
    pub host: Option<&'a str>,
    /// The user classes.
    pub classes: &'a [&'static str],
    /// How many users are asked for.
    pub users: u64,
    /// How many of them are started per second.
    pub spawn_rate: f64,
    /// How long the run is to last.
    pub run_time: Option<Duration>,
}

/// All users that were asked for have been started; see [`Listener::spawning_complete`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SpawningComplete {
    /// How many there are to be.
    pub users: u64,
}

/// A run has ended; see [`Listener::test_stop`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TestStop<'a> {
    /// The word that tells this run from others.
    pub run_id: &'a str,
    /// Why it ended.
    pub ended_by: &'a EndedBy,
    /// All figures.
    pub snapshot: &'a Snapshot,
    /// What became of each threshold.
    pub thresholds: &'a [ThresholdResult],
}

/// Told of what happens in a run; added with [`LoadTest::listener`](crate::LoadTest::listener).
///
/// The order, however the run ends (run time over, `stop_test`, Ctrl-C, also a second one, a failed `setup`):
///
/// ```text
/// test_start → setup → users start → spawning_complete → … → users stopped → teardown → test_stop → quitting
/// ```
///
/// `request` and `user_error` are called on the thread of the user, so on several threads at once; the others on one
/// thread that watches the run. All of them keep the users or the run waiting until they return: send what takes long to
/// a thread of your own.
///
/// **A listener that fails never breaks the run.** An error or a panic is counted under *exceptions*, as class
/// `(listener)` with the method's name, and logged the first time; that of `quitting` is only logged. A method may end
/// the run: `return stop_test("too many errors");`.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use loadtest_core::stats::RequestEvent;
/// use loadtest_core::{Listener, TaskResult, stop_test};
///
/// /// Ends the run with the hundredth slow request.
/// #[derive(Default)]
/// struct Patience(AtomicU64);
///
/// impl Listener for Patience {
///     fn request(&self, event: &RequestEvent<'_>) -> TaskResult {
///         if event.service_time.as_secs() >= 5 && self.0.fetch_add(1, Ordering::Relaxed) == 99 {
///             return stop_test(format!("{} {} is too slow", event.method, event.name));
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Listener: Send + Sync + 'static {
    /// A run begins: before the first `setup`.
    ///
    /// # Errors
    /// Whatever went wrong: it is reported, as for all the others.
    fn test_start(&self, event: &TestStart<'_>) -> TaskResult {
        let _ = event;
        Ok(())
    }

    /// All users that were asked for have been started, which does not mean that each has finished its `on_start`.
    ///
    /// # Errors
    /// As above.
    fn spawning_complete(&self, event: &SpawningComplete) -> TaskResult {
        let _ = event;
        Ok(())
    }

    /// Whether to call [`request`](Self::request). `false` in a listener without it saves some work for each request;
    /// asked once, at the start.
    fn wants_requests(&self) -> bool {
        true
    }

    /// A request was recorded, with its verdict or as interrupted.
    ///
    /// # Errors
    /// As above.
    fn request(&self, event: &RequestEvent<'_>) -> TaskResult {
        let _ = event;
        Ok(())
    }

    /// A task or hook of a user failed or panicked, and was counted under *exceptions*.
    ///
    /// # Errors
    /// As above.
    fn user_error(&self, event: &UserErrorEvent<'_>) -> TaskResult {
        let _ = event;
        Ok(())
    }

    /// The figures were reset: what is told from now on belongs to the new ones.
    ///
    /// # Errors
    /// As above.
    fn reset(&self) -> TaskResult {
        Ok(())
    }

    /// A run has ended: its users have stopped, `teardown` has run and all figures are there. For each `test_start`
    /// there is one.
    ///
    /// # Errors
    /// As above.
    fn test_stop(&self, event: &TestStop<'_>) -> TaskResult {
        let _ = event;
        Ok(())
    }

    /// There is no further run: the last call. [`Running::wait`](crate::Running::wait) returns after it.
    ///
    /// # Errors
    /// As above, but only in the log: the report is written.
    fn quitting(&self) -> TaskResult {
        Ok(())
    }
}

/// The listeners of a run, in the order in which they were added.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<[Arc<dyn Listener>]>);

impl Listeners {
    pub(crate) fn new(listeners: Vec<Arc<dyn Listener>>) -> Self {
        Self(listeners.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls one method of each, whatever becomes of the others. What went wrong goes to `report`, the wish to end the
    /// run to `stop`.
    pub(crate) fn tell(
        &self,
        method: &'static str,
        call: impl Fn(&dyn Listener) -> TaskResult,
        mut report: impl FnMut(ExceptionKey),
        mut stop: impl FnMut(Cow<'static, str>),
    ) {
        for listener in &*self.0 {
            let ended = match panics::catch(|| call(&**listener)) {
                Ok(Ok(())) => continue,
                Ok(Err(Exit(ExitKind::StopTest(why)))) => {
                    stop(why);
                    continue;
                }
                // It was recorded for another: there is no request here.
                Ok(Err(Exit(ExitKind::Recorded))) => Some(("a request failed".to_owned(), None)),
                Ok(Err(Exit(ExitKind::Interrupt { .. } | ExitKind::StopUser | ExitKind::Reschedule))) => {
                    Some(("a listener is no task: of the signals it has stop_test() alone".to_owned(), None))
                }
                Ok(Err(exit)) => describe(Ended::Returned(Err(exit))),
                Err(panic) => describe(Ended::Panicked(panic)),
            };
            if let Some((message, place)) = ended {
                report(ExceptionKey { class: CLASS.into(), task: method.into(), message: message.into(), place });
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} listeners", self.0.len())
    }
}

/// The listeners as a shard calls them: those for requests apart, so that the others cost nothing there.
pub(crate) struct ShardListeners {
    all: Listeners,
    of_requests: Listeners,
    stop_test: StopTest,
}

impl ShardListeners {
    pub(crate) fn sink(all: &Listeners, stop_test: StopTest) -> Rc<dyn Sink> {
        let of_requests = Listeners(all.0.iter().filter(|listener| wants_requests(&***listener)).cloned().collect());
        Rc::new(Self { all: all.clone(), of_requests, stop_test })
    }
}

/// Whoever panics when asked is told: then it shows what is wrong.
fn wants_requests(listener: &dyn Listener) -> bool {
    panics::catch(|| listener.wants_requests()).unwrap_or(true)
}

impl fmt::Debug for ShardListeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all.fmt(f)
    }
}

impl Sink for ShardListeners {
    fn wants_requests(&self) -> bool {
        !self.of_requests.is_empty()
    }

    #[cold]
    fn request(&self, event: &RequestEvent<'_>, recorder: &RecorderHandle) {
        let call = |listener: &dyn Listener| listener.request(event);
        self.of_requests.tell("request", call, |key| report(recorder, &key), |why| (self.stop_test)(why));
    }

    #[cold]
    fn user_error(&self, event: &UserErrorEvent<'_>, recorder: &RecorderHandle) {
        let call = |listener: &dyn Listener| listener.user_error(event);
        self.all.tell("user_error", call, |key| report(recorder, &key), |why| (self.stop_test)(why));
    }
}

fn report(recorder: &RecorderHandle, key: &ExceptionKey) {
    if recorder.exception(key.clone()) {
        log_exception(&key.class, &key.task, &key.message);
    }
}

/// Listeners that are one function.
pub(crate) mod functions {
    use super::{
        Exit, ExitKind, IntoTaskResult, Listener, RequestEvent, TaskResult, TestStart, TestStop, UserErrorEvent,
    };

    /// An error that a function returns without `?` gets its place here, which tells nobody anything.
    fn without_our_place(result: TaskResult) -> TaskResult {
        result.map_err(|mut exit| {
            if let Exit(ExitKind::Error(error)) = &mut exit {
                error.place = error.place.filter(|place| place.file() != file!());
            }
            exit
        })
    }

    macro_rules! function_listener {
        ($(#[$doc:meta])* $name:ident, $method:ident, $event:ty, $requests:literal) => {
            $(#[$doc])*
            pub(crate) struct $name<F>(pub(crate) F);

            impl<R: IntoTaskResult, F: Fn(&$event) -> R + Send + Sync + 'static> Listener for $name<F> {
                fn wants_requests(&self) -> bool {
                    $requests
                }

                fn $method(&self, event: &$event) -> TaskResult {
                    without_our_place((self.0)(event).into_task_result())
                }
            }
        };
    }

    function_listener!(
        /// For `LoadTest::on_test_start`.
        OnTestStart, test_start, TestStart<'_>, false
    );
    function_listener!(
        /// For `LoadTest::on_request`.
        OnRequest, request, RequestEvent<'_>, true
    );
    function_listener!(
        /// For `LoadTest::on_user_error`.
        OnUserError, user_error, UserErrorEvent<'_>, false
    );
    function_listener!(
        /// For `LoadTest::on_test_stop`.
        OnTestStop, test_stop, TestStop<'_>, false
    );
}
