//! Requests and answers in JSON, for the services with a database under them.

use http::header::{ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::payload::Payload;

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing here")
    }

    /// 405, with the methods that there are, and commas between them.
    pub(crate) fn method(allowed: &'static str) -> Result<Response<Payload>, Self> {
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("the methods here are {allowed}"));
        let mut response = refusal.response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        Ok(response)
    }

    /// The refusal as an answer: `{"error":"…"}`.
    pub(crate) fn response(&self) -> Response<Payload> {
        #[derive(Serialize)]
        struct Document<'a> {
            error: &'a str,
        }
        answer(self.status, &Document { error: &self.reason })
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// An answer with this document as its body.
pub(crate) fn answer(status: StatusCode, document: &impl Serialize) -> Response<Payload> {
    let body = serde_json::to_vec(document).expect("text, numbers and lists of them are JSON");
    let mut response = Response::new(Payload::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The document that a request brings: 415 unless it is said to be JSON, 400 if it is none, 422 if it is another one.
pub(crate) fn document<T: DeserializeOwned>(request: &Parts, body: &[u8]) -> Result<T, Refusal> {
    let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let reason = format!("the content type is `{kind}`, and has to be `application/json`");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
    }
    serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Refusal::new(status, error.to_string())
    })
}
