//! A failed request as it is kept: what was sent and what came back, without secrets.
//!
//! Made for few of many failures, and only then: the call has everything that it needs.

use std::borrow::Cow;
use std::rc::Rc;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use loadtest_core::stats::{BodyText, Exchange};
use tokio::time::Instant;

use crate::body::{Body, BodyPart};
use crate::call::Call;
use crate::fault::Fault;
use crate::headers::Automatic;
use crate::secrets::{self, Known};
use crate::transport::{self, Keep, Outgoing};
use crate::verdict;

/// How many bytes are shown of what is no text.
const BINARY: usize = 256;
/// How much of a body is looked at for its excerpt.
const EXCERPT: usize = 1000;

/// What the session added to the request that was sent last.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Nothing was sent without.
    pub(crate) automatic: Option<Rc<Automatic>>,
    pub(crate) cookies: Option<Rc<HeaderValue>>,
    /// The answer that is there is the one to it.
    pub(crate) is_answered: bool,
}

/// The request and its answer, with so many bytes of each body.
pub(crate) fn of(call: &Call, most: usize) -> Exchange {
    let mut known = Known::default();
    let request = request(call, &mut known);
    let mut request_body =
        call.hop.body.as_ref().map(|body| sent_body(call, body, most, &mut known)).unwrap_or_default();
    let mut response = String::new();
    let mut response_body = BodyText::default();
    let status = call.sent.is_answered.then_some(call.answer.status);
    if let Some(status) = status {
        response = secrets::head(&call.answer.head.as_text(status), &mut known, |_| false);
        response_body = answered_body(call, most, &mut known);
    }
    for body in [&mut request_body, &mut response_body] {
        body.text = known.hide(&body.text, body.is_cut).into();
    }
    Exchange {
        request: known.hide(&request, false).into(),
        request_body,
        status: status.map(|status| status.as_u16()),
        response: known.hide(&response, false).into(),
        response_body,
    }
}

/// The start of the answer's body, on one line.
pub(crate) fn excerpt(call: &Call) -> String {
    if call.answer.body.is_empty() {
        return String::new();
    }
    let mut known = Known::default();
    request(call, &mut known);
    if let Some(body) = &call.hop.body {
        sent_body(call, body, EXCERPT, &mut known);
    }
    let start = BodyText::of(&call.answer.body, EXCERPT);
    let text = without_fields(&start.text, content_type(call.headers()), &mut known);
    let text = known.hide(&text, start.is_cut);
    let mut excerpt = verdict::excerpt(text.as_bytes());
    if start.is_cut && !excerpt.ends_with('…') {
        excerpt.push('…');
    }
    excerpt
}

/// What is told of a transport's fault.
pub(crate) fn details(call: &Call, fault: &Fault) -> String {
    let mut known = Known::default();
    request(call, &mut known);
    let text = secrets::of_urls(&secrets::without_credentials(&fault.sample), &mut known);
    known.hide(&text, false)
}

/// The head of the request that was sent last; what of it is secret is known then.
fn request(call: &Call, known: &mut Known) -> String {
    let (hop, Some(automatic)) = (&call.hop, &call.sent.automatic) else { return String::new() };
    let limits = &call.settings.limits;
    let outgoing = Outgoing {
        method: &hop.method,
        target: &hop.target,
        cookies: call.sent.cookies.as_deref(),
        automatic,
        content_type: hop.content_type.as_deref(),
        headers: &hop.headers,
        body: hop.body.as_ref(),
        compression: limits.compression,
        keep: Keep { all: false, decode: false, most: 0 },
        connect_timeout: limits.connect_timeout,
        connections: limits.connections,
        now: Instant::now(),
    };
    let is_sensitive = |name: &str| {
        let in_map = |map: &HeaderMap| map.get_all(name).iter().any(HeaderValue::is_sensitive);
        in_map(&hop.headers) || in_map(automatic.map())
    };
    let length = hop.body.as_ref().map_or(0, |body| body.parts().iter().map(length).sum());
    secrets::head(&transport::head_of(&outgoing, length), known, is_sensitive)
}

/// That of a file as it is now: it was read long ago.
fn length(part: &BodyPart<'_>) -> u64 {
    match part {
        BodyPart::Bytes(bytes) => bytes.len() as u64,
        BodyPart::File(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
    }
}

fn sent_body(call: &Call, body: &Body, most: usize, known: &mut Known) -> BodyText {
    let parts = body.parts();
    let total = parts.iter().map(length).sum();
    let own = call.hop.content_type.as_deref().unwrap_or_else(|| content_type(&call.hop.headers));
    if let [BodyPart::Bytes(bytes)] = &parts[..] {
        return body_text(bytes, total, most, own, known);
    }
    let mut text = String::new();
    for part in &parts {
        match part {
            BodyPart::Bytes(bytes) if is_binary(&String::from_utf8_lossy(bytes)) => {
                text += &format!("[{} bytes]", bytes.len())
            }
            BodyPart::Bytes(bytes) => text += &String::from_utf8_lossy(bytes),
            BodyPart::File(path) => text += &format!("[the file {}, {} bytes]", path.display(), length(part)),
        }
    }
    let shown = BodyText::of(text.as_bytes(), most);
    BodyText { text: readable(&without_fields(&shown.text, own, known)).into(), length: total, ..shown }
}

fn answered_body(call: &Call, most: usize, known: &mut Known) -> BodyText {
    let body = &call.answer.body;
    if body.is_empty() && call.answer.received > 0 {
        let length = call.length.max(call.answer.received);
        return BodyText { text: "[nothing of it was kept, as the request says]".into(), length, is_cut: true };
    }
    body_text(body, body.len() as u64, most, content_type(call.headers()), known)
}

/// The beginning of a body without secrets: text, or the bytes of what is none.
fn body_text(body: &[u8], length: u64, most: usize, content_type: &str, known: &mut Known) -> BodyText {
    let start = BodyText::of(body, most);
    if is_binary(&start.text) {
        let shown = body.get(..BINARY.min(most / 4)).unwrap_or(body);
        let bytes: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
        return BodyText {
            text: format!("[binary] {}", bytes.join(" ")).into(),
            length,
            is_cut: shown.len() < body.len(),
        };
    }
    BodyText { text: readable(&without_fields(&start.text, content_type, known)).into(), length, ..start }
}

/// A body without the values of its secret fields.
fn without_fields<'a>(text: &'a str, content_type: &str, known: &mut Known) -> Cow<'a, str> {
    let content_type = content_type.to_ascii_lowercase();
    let start = text.trim_start();
    let is_one_word = !text.contains(|c: char| c.is_whitespace() || c == '<');
    if content_type.starts_with("multipart/") {
        secrets::multipart(text, known).into()
    } else if content_type.contains("json") || start.starts_with(['{', '[']) {
        secrets::json(text, known).into()
    } else if content_type.contains("x-www-form-urlencoded") || (is_one_word && text.contains('=')) {
        secrets::of_form(text, known).into()
    } else {
        secrets::of_urls(text, known).into()
    }
}

/// Text with some wrong bytes stays text.
fn is_binary(text: &str) -> bool {
    let wrong =
        text.chars().filter(|c| *c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))).count();
    wrong * 10 > text.chars().count()
}

/// Without characters that a terminal would obey.
fn readable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\r' | '\t') { '\u{fffd}' } else { c }).collect()
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Call {
    /// Of the answer.
    fn headers(&self) -> &HeaderMap {
        self.answer.head.map()
    }
}
