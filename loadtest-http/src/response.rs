//! The answer to a request.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use loadtest_core::{ErrorKind, RecordedError};
use serde::de::DeserializeOwned;

use crate::target::Target;
use crate::transport::Head;
use crate::verdict;

/// The answer to a request, read to its end.
///
/// It stands in the statistics already when [`send`](crate::RequestBuilder::send) returns it.
#[derive(Debug)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    pub(crate) service_time: Duration,
    /// Of the last request, after redirects.
    pub(crate) target: Target,
    /// Of the first request, as they stand in the statistics.
    pub(crate) method: Method,
    pub(crate) name: Option<Cow<'static, str>>,
    /// The status that was expected, if one was named.
    pub(crate) expected: Option<u16>,
}

impl Response {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.head.map()
    }

    /// The first header of this name; `None` also when it is not visible ASCII, see [`headers`](Self::headers).
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok())
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as UTF-8 text; what is none is replaced by `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is no JSON, or other JSON than wanted. The request stays counted by its status; `?` in a task
    /// makes the error an exception of the user.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        serde_json::from_slice(&self.body).map_err(|source| BodyError {
            request: format!("{} {}", self.method, self.name.as_deref().unwrap_or_else(|| self.target.path.path())),
            start: verdict::excerpt(&self.body),
            source,
        })
    }

    /// The answer itself, or an error when it was counted as failed: for a task that cannot go on without it.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// async fn log_in(http: &HttpSession) -> TaskResult {
    ///     http.post("/login").form(&[("user", "ada")]).send().await?.error_for_status()?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// With a status of 400 or above, or with another than [`expect_status`](crate::RequestBuilder::expect_status) named.
    /// The request stands in the statistics as failed already, so `?` makes no second row under *exceptions*.
    pub fn error_for_status(self) -> Result<Self, RecordedError> {
        match verdict::judge(self.status, self.expected) {
            None => Ok(self),
            Some(error) => Err(RecordedError::new(ErrorKind::Response, error)),
        }
    }

    /// From the send to the last byte of the body.
    #[must_use]
    pub fn service_time(&self) -> Duration {
        self.service_time
    }

    /// The URL that gave the answer: after redirects, and without a fragment.
    #[must_use]
    pub fn url(&self) -> String {
        self.target.text()
    }
}

/// A body that does not parse.
///
/// Its text names the request and shows the start of the body.
#[derive(Debug)]
pub struct BodyError {
    request: String,
    start: String,
    source: serde_json::Error,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the body is not the JSON wanted: {}; it begins: {}", self.request, self.source, self.start)
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
