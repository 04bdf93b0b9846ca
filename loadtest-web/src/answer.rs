//! How answers are put together, and what is read of requests.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode, Uri};
use http_body::Body as _;
use serde::Serialize;
use url::form_urlencoded;

use crate::gate::plain;
use crate::json::ask::Wrong;
use crate::json::encode;

/// The longest body of a request that steers.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;
/// The longest saved report that is read.
pub(crate) const LONGEST_REPORT: usize = 64 << 20;

pub(crate) type Answer = Response<Body>;

/// A text of this type.
pub(crate) fn text(kind: &'static str, body: impl Into<Body>) -> Answer {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// JSON that is asked for again and again: whoever has it already need not be sent it.
pub(crate) fn json(headers: &HeaderMap, body: Bytes) -> Answer {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let mut response = if has(headers, &tag) { not_modified() } else { text("application/json", body) };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

pub(crate) fn not_modified() -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Whether whoever asks has what goes by this tag.
pub(crate) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}

/// JSON with a status.
pub(crate) fn status(status: StatusCode, body: &impl Serialize) -> Answer {
    let mut response = text("application/json", encode(body));
    *response.status_mut() = status;
    response
}

#[derive(Serialize)]
struct Errors {
    errors: Vec<Wrong>,
}

/// What is wrong, by field; where no field is wrong it is the state that does not allow it.
pub(crate) fn refused(errors: Vec<Wrong>, without_field: StatusCode) -> Answer {
    let is_input = errors.iter().any(|wrong| wrong.field.is_some());
    status(if is_input { StatusCode::UNPROCESSABLE_ENTITY } else { without_field }, &Errors { errors })
}

pub(crate) fn not_found(message: &str) -> Answer {
    *plain(StatusCode::NOT_FOUND, message)
}

/// Offers it for saving under this name.
pub(crate) fn attachment(mut answer: Answer, name: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}

/// The value of a parameter of the query.
pub(crate) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// All of a body.
///
/// # Errors
/// When it is longer, does not come, or ends in the middle.
pub(crate) async fn body(body: Body, most: usize, within: Duration) -> Result<Bytes, Box<Answer>> {
    let too_long = format!("the body is longer than {} KiB, or ends before it is whole", most / 1024);
    if body.size_hint().lower() > most as u64 {
        return Err(plain(StatusCode::PAYLOAD_TOO_LARGE, &too_long));
    }
    match tokio::time::timeout(within, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(plain(StatusCode::PAYLOAD_TOO_LARGE, &too_long)),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
    }
}

/// Work that takes a while, elsewhere: events go on meanwhile.
pub(crate) async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Box<Answer>> {
    let failed = |_| plain(StatusCode::INTERNAL_SERVER_ERROR, "this went wrong inside of the load test; see its log");
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
