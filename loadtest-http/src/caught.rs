//! An answer whose verdict is the task's to give.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use loadtest_core::{ErrorKind, RecordedError};

use crate::response::Response;

/// An answer that is not counted yet; made by [`catch_response`](crate::RequestBuilder::catch_response).
///
/// It is counted exactly once: by [`success`](Self::success), by [`failure`](Self::failure), or when it is dropped, with
/// the verdict that the request would have got without it. Dropped by a panic, the request failed. Its time is that
/// until the answer had come, however long the verdict takes.
#[must_use = "dropped at once, the request is counted by its status"]
pub struct CaughtResponse(pub(crate) Response);

impl CaughtResponse {
    /// The request ended well, whatever its status and its checks say.
    pub fn success(self) -> Response {
        let Self(mut response) = self;
        response.call.failed = None;
        response.call.record();
        response
    }

    /// The request failed, for this reason: failures are grouped by it, so it should hold nothing that differs from one
    /// answer to the next.
    ///
    /// The error names the request; `return Err(response.failure("no cart").into())` ends the task, without a second
    /// row under *exceptions*.
    pub fn failure(self, error: impl Into<Cow<'static, str>>) -> RecordedError {
        let Self(mut response) = self;
        let error = error.into();
        let text = format!("{}: {error}", response.request());
        (response.call.failed, response.call.failed_by_status) = (Some(error), false);
        response.call.record();
        RecordedError::new(ErrorKind::Response, text)
    }
}

impl Deref for CaughtResponse {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.0
    }
}

impl fmt::Debug for CaughtResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaughtResponse").field(&self.0).finish()
    }
}
