//! The answer to a request.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};
use loadtest_core::stats::{Pending, Phases};
use loadtest_core::{ErrorKind, RecordedError};
use serde::de::DeserializeOwned;

use crate::cookies;

use crate::call::Call;
use crate::verdict;

/// The answer to a request, read to its end.
///
/// It stands in the statistics already when [`send`](crate::RequestBuilder::send) returns it.
#[derive(Debug)]
pub struct Response {
    pub(crate) call: Box<Call>,
}

impl Response {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.call.answer.status
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.call.answer.head.map()
    }

    /// The first header of this name; `None` also when it is not visible ASCII, see [`headers`](Self::headers).
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok())
    }

    /// The value that the answer sets for a cookie; of several the last.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.call
            .answer
            .head
            .set_cookies()
            .filter_map(|line| cookies::pair(line))
            .filter(|(key, _)| *key == name)
            .last()
            .map(|(_, value)| value)
    }

    /// The body, decoded; empty when it was [discarded](crate::RequestBuilder::discard_body).
    ///
    /// A body of more than 16 KiB was read to where it lies; shorter ones were copied once.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.call.answer.body
    }

    /// The length of the body in bytes, decoded; also of one that was discarded.
    #[must_use]
    pub fn body_length(&self) -> u64 {
        self.call.length
    }

    /// The length of the body in bytes as it came over the wire: compressed, mostly less than
    /// [`body_length`](Self::body_length).
    #[must_use]
    pub fn received_length(&self) -> u64 {
        self.call.answer.received
    }

    /// The body as UTF-8 text.
    ///
    /// # Errors
    /// When it is other text, or none.
    pub fn text(&self) -> Result<&str, BodyError> {
        self.kept()?;
        std::str::from_utf8(&self.call.answer.body).map_err(|source| self.body_error(Wrong::Text(source)))
    }

    /// The body as text; what is no UTF-8 is replaced by `U+FFFD`.
    #[must_use]
    pub fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.call.answer.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is no JSON, or other JSON than wanted. The request stays counted by its status; `?` in a task
    /// makes the error an exception of the user. To make it a failed request, use it in a
    /// [`check`](crate::RequestBuilder::check).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        self.kept()?;
        serde_json::from_slice(&self.call.answer.body).map_err(|source| self.body_error(Wrong::Json(source)))
    }

    /// Whether the body is there to be looked at.
    fn kept(&self) -> Result<(), BodyError> {
        match self.call.length {
            0 => Ok(()),
            _ if self.call.answer.body.is_empty() => Err(self.body_error(Wrong::Discarded)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn body_error(&self, wrong: Wrong) -> BodyError {
        BodyError { request: self.request(), start: verdict::excerpt(&self.call.answer.body), wrong }
    }

    /// The request, as it is counted.
    pub(crate) fn request(&self) -> String {
        let Call { settings, hop, method, .. } = &*self.call;
        format!("{method} {}", settings.name.as_deref().unwrap_or_else(|| hop.target.path.path()))
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
    /// With a status of 400 or above, with another than [`expect_status`](crate::RequestBuilder::expect_status) named, or
    /// when a [`check`](crate::RequestBuilder::check) failed. The request stands in the statistics as failed already, so `?` makes no second row under *exceptions*.
    pub fn error_for_status(self) -> Result<Self, RecordedError> {
        match &self.call.failed {
            None => Ok(self),
            Some(error) => Err(RecordedError::new(ErrorKind::Response, format!("{}: {error}", self.request()))),
        }
    }

    /// From the send to the last byte of the body.
    #[must_use]
    pub fn service_time(&self) -> Duration {
        self.call.service_time
    }

    /// Where the time went, and whether the connection was a new one; with redirects, of all requests together.
    ///
    /// Over reqwest only `first_byte` and `download` are known.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.call.pending.as_ref().and_then(Pending::phases).copied().unwrap_or_default()
    }

    /// The URL that gave the answer: after redirects, and without a fragment.
    #[must_use]
    pub fn url(&self) -> String {
        self.call.hop.target.text()
    }
}

/// A body that is not what was wanted.
///
/// Its text names the request and shows the start of the body.
#[derive(Debug)]
pub struct BodyError {
    request: String,
    start: String,
    wrong: Wrong,
}

#[derive(Debug)]
enum Wrong {
    /// Nothing was kept of it.
    Discarded,
    Json(serde_json::Error),
    Text(std::str::Utf8Error),
}

impl BodyError {
    /// What is wrong in fixed words, by which failures can be grouped.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        match &self.wrong {
            Wrong::Json(error) => match error.classify() {
                serde_json::error::Category::Data => "the body is other JSON than wanted",
                serde_json::error::Category::Eof => "the body is JSON that ends too early",
                _ => "the body is no JSON",
            },
            Wrong::Text(_) => "the body is no UTF-8 text",
            Wrong::Discarded => "the body was discarded",
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, start, wrong } = self;
        let error: &dyn fmt::Display = match wrong {
            Wrong::Json(error) => error,
            Wrong::Text(error) => error,
            Wrong::Discarded => return write!(f, "{request}: {}, as the request says", self.summary()),
        };
        write!(f, "{request}: {}: {error}; it begins: {start}", self.summary())
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.wrong {
            Wrong::Json(error) => Some(error),
            Wrong::Text(error) => Some(error),
            Wrong::Discarded => None,
        }
    }
}
