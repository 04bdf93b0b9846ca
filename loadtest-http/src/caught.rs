//! An answer whose verdict is the task's to give.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use loadtest_core::stats::{Failure, Pending};
use loadtest_core::{ErrorKind, RecordedError};

use crate::response::Response;
use crate::verdict;

/// An answer that is not counted yet; made by [`catch_response`](crate::RequestBuilder::catch_response).
///
/// It is counted exactly once: by [`success`](Self::success), by [`failure`](Self::failure), or when it is dropped, with
/// the verdict that the request would have got without it. Dropped by a panic, the request failed. Its time is that
/// until the answer had come, however long the verdict takes.
#[must_use = "dropped at once, the request is counted by its status"]
pub struct CaughtResponse {
    response: Response,
    open: Open,
}

/// A sample with an answer; counted at the latest when it is dropped.
struct Open {
    /// `None` when it was counted.
    pending: Option<Pending>,
    /// Why the request failed, and the start of the body.
    failure: Option<(Cow<'static, str>, String)>,
}

impl CaughtResponse {
    /// `judge` is run while the sample is open, so that it is counted even if that panics.
    pub(crate) fn new(
        response: Response,
        pending: Pending,
        judge: impl FnOnce(&Response) -> Option<Cow<'static, str>>,
    ) -> Self {
        let mut caught = Self { response, open: Open { pending: Some(pending), failure: None } };
        if let Some(error) = judge(&caught.response) {
            caught.fail(error);
        }
        caught
    }

    /// The request ended well, whatever its status and its checks say.
    pub fn success(mut self) -> Response {
        (self.response.failed, self.open.failure) = (None, None);
        self.settle()
    }

    /// The request failed, for this reason: failures are grouped by it, so it should hold nothing that differs from one
    /// answer to the next.
    ///
    /// The error names the request; `return Err(response.failure("no cart").into())` ends the task, without a second
    /// row under *exceptions*.
    pub fn failure(mut self, error: impl Into<Cow<'static, str>>) -> RecordedError {
        let error = error.into();
        let text = format!("{}: {error}", self.response.request());
        self.fail(error);
        RecordedError::new(ErrorKind::Response, text)
    }

    /// Counts the request by the verdict that there is.
    pub(crate) fn settle(self) -> Response {
        let Self { response, open } = self;
        drop(open);
        response
    }

    fn fail(&mut self, error: Cow<'static, str>) {
        self.response.failed = Some(error.clone());
        self.open.failure = Some((error, verdict::excerpt(&self.response.body)));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        match &self.failure {
            _ if std::thread::panicking() => pending.fail(Failure { error: "panicked before the verdict", sample: "" }),
            Some((error, sample)) => pending.fail(Failure { error, sample }),
            None => pending.ok(),
        }
    }
}

impl Deref for CaughtResponse {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.response
    }
}

impl fmt::Debug for CaughtResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaughtResponse").field(&self.response).finish()
    }
}
