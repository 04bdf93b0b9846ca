//! How a request failed, as a client tells it.

use std::fmt;

use super::Exchange;
use crate::exit::ErrorKind;

/// What kind of failure it was: failures are grouped by it and by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum FailureKind {
    /// The answer had a status that was not wanted.
    Status,
    /// The answer was judged by the test, or by the client, and was not what was wanted.
    Check,
    /// The time allowed for the request ran out.
    Timeout,
    /// The host name has no address.
    Dns,
    /// No connection could be opened.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The peer closed or reset the connection before the answer was complete.
    Closed,
    /// The peer broke the protocol.
    Protocol,
    /// The request could not be built.
    Request,
    /// Anything else, and what was not said.
    #[default]
    Other,
}

impl FailureKind {
    /// One word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Check => "check",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Request => "request",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<ErrorKind> for FailureKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Request => Self::Request,
            ErrorKind::Dns => Self::Dns,
            ErrorKind::Connect => Self::Connect,
            ErrorKind::Tls => Self::Tls,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Closed => Self::Closed,
            ErrorKind::Protocol => Self::Protocol,
            ErrorKind::Response => Self::Check,
            ErrorKind::Other => Self::Other,
        }
    }
}

/// How a request failed: the verdict given to [`Pending::fail`](super::Pending::fail).
///
/// ```
/// use loadtest_core::ErrorKind;
/// use loadtest_core::stats::{BodyText, Exchange, Failure, RecorderHandle};
///
/// let recorder = RecorderHandle::default();
/// let (sent, got) = ("BUY 3 apples", "ERR sold out");
/// let tell = |most| Exchange {
///     request: sent.into(),
///     response_body: BodyText::of(got.as_bytes(), most),
///     ..Exchange::default()
/// };
/// let failure = Failure::new("sold out").kind(ErrorKind::Response).sample("apples").exchange(&tell);
/// recorder.start("BUY", "fruit").fail(failure);
/// ```
#[derive(Clone, Copy)]
#[must_use = "it is given to `Pending::fail`"]
pub struct Failure<'a> {
    pub(super) error: &'a str,
    pub(super) sample: &'a str,
    pub(super) kind: FailureKind,
    pub(super) exchange: Option<&'a dyn Fn(usize) -> Exchange>,
}

impl<'a> Failure<'a> {
    /// `error` is what failures are grouped by: without anything that differs from one request to the next.
    pub fn new(error: &'a str) -> Self {
        Self { error, sample: "", kind: FailureKind::Other, exchange: None }
    }

    /// What kind of failure it was: a [`FailureKind`] or an [`ErrorKind`](crate::ErrorKind).
    pub fn kind(self, kind: impl Into<FailureKind>) -> Self {
        Self { kind: kind.into(), ..self }
    }

    /// The details of this one: the first bytes of the body, a port.
    pub fn sample(self, sample: &'a str) -> Self {
        Self { sample, ..self }
    }

    /// How to tell what was sent and what came back. It is called, with how many bytes of each body are wanted at most,
    /// only for the few failures of each group that are kept; what it gives is without secrets.
    pub fn exchange(self, exchange: &'a dyn Fn(usize) -> Exchange) -> Self {
        Self { exchange: Some(exchange), ..self }
    }
}

impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("error", &self.error)
            .field("sample", &self.sample)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
