//! One request, from its building to its verdict.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, Method};
use loadtest_core::stats::{Failure, FailureKind, Pending};

use crate::body::Body;
use crate::exchange::{self, Sent};
use crate::fault::Fault;
use crate::settings::Limits;
use crate::target::Target;
use crate::trace::Telling;
use crate::transport::Answer;

/// Everything that there is of a request. It is boxed when the building begins and stays where it is, as the builder, the
/// future and the answer come and go: they move a pointer, and a user who waits holds none of it.
///
/// Dropped with an answer that was not counted, it is counted then; dropped without one, it is an interrupted request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) settings: Settings,
    /// What is sent next, and in the end what was sent last.
    pub(crate) hop: Hop,
    /// Why it cannot be sent; `hop` is none then.
    pub(crate) broken: Option<Box<Broken>>,
    /// Of the first request, as it stands in the statistics.
    pub(crate) method: Method,
    /// The sample; from the send on.
    pub(crate) pending: Option<Pending>,
    /// What the session added to it.
    pub(crate) sent: Sent,
    pub(crate) answer: Answer,
    /// The answer has come.
    pub(crate) is_answered: bool,
    pub(crate) service_time: Duration,
    /// Of the body, decoded.
    pub(crate) length: u64,
    /// Why it counts as failed.
    pub(crate) failed: Option<Cow<'static, str>>,
    /// That is for its status.
    pub(crate) failed_by_status: bool,
    /// It was counted.
    pub(crate) is_recorded: bool,
    /// Where somebody looks on: until the verdict is told.
    pub(crate) telling: Option<Box<Telling>>,
}

/// What a request is besides what it sends.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) expected: Option<u16>,
    /// Those of the session, until the request changes them.
    pub(crate) limits: Limits,
}

/// One request to one origin: the first, or what a redirect made of it.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// Those set on the request; the automatic ones are added when it is sent.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Body>,
    /// For the body, unless the headers have one.
    pub(crate) content_type: Option<Cow<'static, str>>,
    /// Beside those of the session.
    pub(crate) cookies: Option<Vec<(String, String)>>,
}

/// A request that cannot be sent.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) method: Box<str>,
    /// From the URL.
    pub(crate) name: Box<str>,
    pub(crate) fault: Fault,
}

impl Call {
    pub(crate) fn new(hop: Hop, broken: Option<Box<Broken>>, limits: Limits) -> Box<Self> {
        // Made where it stays: by value it would be copied there.
        Box::write(
            Box::new_uninit(),
            Self {
                settings: Settings { name: None, expected: None, limits },
                method: Method::GET,
                hop,
                broken,
                pending: None,
                sent: Sent::default(),
                answer: Answer::default(),
                is_answered: false,
                service_time: Duration::ZERO,
                length: 0,
                failed: None,
                failed_by_status: false,
                is_recorded: false,
                telling: None,
            },
        )
    }

    /// Counts an answer by the verdict that there is; a second time it does nothing.
    pub(crate) fn record(&mut self) {
        if std::mem::replace(&mut self.is_recorded, true) {
            return;
        }
        if let Some(telling) = self.telling.take() {
            telling.verdict(self.failed.as_deref(), "", self.service_time);
        }
        let Some(pending) = &mut self.pending else { return };
        match &self.failed {
            None => pending.settle(None),
            Some(_) => self.settle_failed(),
        }
    }

    #[cold]
    fn settle_failed(&mut self) {
        let (Some(mut pending), Some(error)) = (self.pending.take(), &self.failed) else { return };
        let kind = if self.failed_by_status { FailureKind::Status } else { FailureKind::Check };
        let (excerpt, tell) = (exchange::excerpt(self), |most| exchange::of(self, most));
        pending.settle(Some(Failure::new(error).kind(kind).sample(&excerpt).exchange(&tell)));
        self.pending = Some(pending);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_answered || self.is_recorded {
            if let Some(telling) = self.telling.take() {
                telling.interrupted();
            }
            return;
        }
        if std::thread::panicking() {
            (self.failed, self.failed_by_status) = (Some("panicked before the verdict".into()), false);
        }
        self.record();
    }
}
