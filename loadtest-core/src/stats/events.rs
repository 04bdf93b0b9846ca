//! What is told of single requests and errors, on the thread where they happen.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{FailureKind, FailureSample, Phases, RecorderHandle, RowKey};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// It ended well.
    Ok,
    /// It failed.
    Failed,
    /// It was dropped without a verdict.
    Interrupted,
}

/// A request that has just been recorded.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RequestEvent<'a> {
    /// The method or kind of request, as in the statistics.
    pub method: &'a str,
    /// The name under which it is counted.
    pub name: &'a str,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// Its service time; of an interrupted one, how long it had been under way.
    pub service_time: Duration,
    /// What went wrong, of a failed one.
    pub error: Option<&'a str>,
    /// The details of the failure, such as the first bytes of the body; empty when there are none.
    pub sample: &'a str,
    /// The user class; empty when a client recorded it for no user.
    pub class: &'a str,
    /// The user's number; `None` in `setup` and `teardown`.
    pub user_number: Option<u64>,
    /// The innermost transaction in which it began.
    pub transaction: Option<&'a str>,
    /// Bytes given to the connection, head and body.
    pub bytes_sent: u64,
    /// Bytes of the answer's body, as they were on the wire.
    pub bytes_received: u64,
    /// Where its time went, if the client knows.
    pub phases: Option<&'a Phases>,
}

/// An error or panic of a task or hook that has just been counted under *exceptions*.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct UserErrorEvent<'a> {
    /// The user class.
    pub class: &'a str,
    /// The user's number; `None` in `teardown`.
    pub user_number: Option<u64>,
    /// The task or hook.
    pub task: &'a str,
    /// The error's text with its causes, or the panic's message.
    pub message: &'a str,
    /// `file:line:column` of the `?` or of the panic, where it can be had.
    pub place: Option<&'a str>,
}

/// Whoever wants to be told. It is never called while the recorder is borrowed, and it must not panic.
pub(crate) trait Sink: fmt::Debug {
    fn wants_requests(&self) -> bool;
    fn request(&self, event: &RequestEvent<'_>, recorder: &RecorderHandle);
    fn user_error(&self, event: &UserErrorEvent<'_>, recorder: &RecorderHandle);
}

/// A failed request with all that there is to tell of it.
#[derive(Debug)]
pub(crate) struct WholeFailure {
    pub(crate) key: Arc<RowKey>,
    pub(crate) kind: FailureKind,
    pub(crate) error: Box<str>,
    pub(crate) sample: FailureSample,
}

/// Whoever wants failed requests with their whole bodies. It is called by users, on their threads, and must neither wait
/// nor panic.
pub(crate) trait FailureSink: fmt::Debug + Send + Sync {
    /// The longest body that is wanted, where there is room for one more.
    fn room(&self) -> Option<usize>;
    /// Takes one, after that.
    fn take(&self, failure: WholeFailure);
}
