//! Failed requests as they were: what was sent, what came back, and who sent it.

use std::time::{Duration, SystemTime};

use super::Phases;

/// One failed request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FailureSample {
    /// When it was recorded.
    pub at: SystemTime,
    /// The user class; empty when a client recorded it for no user.
    pub class: Box<str>,
    /// The user's number; `None` in `setup` and `teardown`.
    pub user_number: Option<u64>,
    /// The task or hook that sent it, as in [`TaskKey`](super::TaskKey).
    pub task: Box<str>,
    /// Its service time.
    pub service_time: Duration,
    /// Where that time went, if the client knows.
    pub phases: Option<Phases>,
    /// What distinguishes it from others of its group: a port, the start of the body. Empty where there is nothing.
    pub details: Box<str>,
    /// What was sent and what came back, if the client tells.
    pub exchange: Option<Box<Exchange>>,
}

impl FailureSample {
    /// A sample without an exchange.
    #[must_use]
    pub fn new(at: SystemTime, service_time: Duration) -> Self {
        let (class, task, details) = Default::default();
        Self { at, class, user_number: None, task, service_time, phases: None, details, exchange: None }
    }
}

/// A request and its answer as text. Secrets are masked by the client that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// The request line and the headers, a line each.
    pub request: Box<str>,
    /// The request's body.
    pub request_body: BodyText,
    /// The status code of the answer; `None` when there was no answer.
    pub status: Option<u16>,
    /// The status line and the headers of the answer, a line each; empty when there was none.
    pub response: Box<str>,
    /// The answer's body, after decoding.
    pub response_body: BodyText,
}

/// The beginning of a body as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyText {
    /// What is shown of it; bytes that are no UTF-8 are replaced.
    pub text: Box<str>,
    /// How long the body is, in bytes.
    pub length: u64,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}
