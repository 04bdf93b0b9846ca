//! Whether an answer is what was wanted, and how a failure is shown.

use std::borrow::Cow;
use std::error::Error;

use http::StatusCode;

use crate::response::{BodyError, Response};

/// How much of a body a failure shows, in bytes.
const SHOWN: usize = 200;

/// What failures with this answer are grouped by; `None` when it is fine.
pub(crate) fn judge(status: StatusCode, expected: Option<u16>) -> Option<String> {
    match expected {
        Some(expected) if status.as_u16() == expected => None,
        Some(expected) => Some(format!("{} instead of {expected}", text(status))),
        None if status.as_u16() < 400 => None,
        None => Some(text(status)),
    }
}

/// What a [check](crate::RequestBuilder::check) says of an answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no verdict of a check",
    label = "no verdict",
    note = "a check gives a `bool`, or a `Result` whose error is a `String`, a `&'static str`, a `Box<dyn Error>` or what `json()` \
            and `text()` give; what borrows from the answer is left out by `.map(drop)`"
)]
pub trait Verdict {
    /// Why the answer is wrong, in words by which failures are grouped; `None` when it is fine.
    fn failure(self) -> Option<Cow<'static, str>>;
}

/// `false` is a failure, grouped as `check failed`.
impl Verdict for bool {
    fn failure(self) -> Option<Cow<'static, str>> {
        (!self).then_some(Cow::Borrowed("check failed"))
    }
}

impl<T> Verdict for Result<T, &'static str> {
    fn failure(self) -> Option<Cow<'static, str>> {
        self.err().map(Cow::Borrowed)
    }
}

impl<T> Verdict for Result<T, String> {
    fn failure(self) -> Option<Cow<'static, str>> {
        self.err().map(Cow::Owned)
    }
}

/// Grouped by its text, without its causes.
impl<T> Verdict for Result<T, Box<dyn Error>> {
    fn failure(self) -> Option<Cow<'static, str>> {
        self.err().map(|error| Cow::Owned(error.to_string()))
    }
}

/// What [`Response::json`] gives, and [`Response::text`] with `.map(drop)` behind it, because a verdict cannot borrow from
/// the answer; grouped by [`BodyError::summary`].
impl<T> Verdict for Result<T, BodyError> {
    fn failure(self) -> Option<Cow<'static, str>> {
        self.err().map(|error| Cow::Borrowed(error.summary()))
    }
}

/// A status, as a number or as a [`StatusCode`].
pub trait IntoStatus {
    /// As a number.
    #[doc(hidden)]
    fn number(self) -> u16;
}

impl IntoStatus for u16 {
    fn number(self) -> u16 {
        self
    }
}

impl IntoStatus for StatusCode {
    fn number(self) -> u16 {
        self.as_u16()
    }
}

/// The checks of a request: none, or those before and one more.
pub trait Checks {
    /// Makes them in their order; why the first that fails does.
    #[doc(hidden)]
    fn run(self, response: &Response) -> Option<Cow<'static, str>>;
}

impl Checks for () {
    fn run(self, _: &Response) -> Option<Cow<'static, str>> {
        None
    }
}

impl<C: Checks, V: Verdict, F: FnOnce(&Response) -> V> Checks for (C, F) {
    fn run(self, response: &Response) -> Option<Cow<'static, str>> {
        self.0.run(response).or_else(|| (self.1)(response).failure())
    }
}

/// `404 Not Found`; the number alone when it has no name.
pub(crate) fn text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// The start of a body, as text on one line.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let start = body.get(..SHOWN).unwrap_or(body);
    let text = String::from_utf8_lossy(start);
    // A character cut in two at the end is no wrong byte.
    let text = if start.len() < body.len() { text.trim_end_matches('\u{fffd}') } else { &text };
    let mut line = String::with_capacity(text.len() + 3);
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if start.len() < body.len() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, expected: Option<u16>) -> Option<String> {
        judge(StatusCode::from_u16(status).expect("a status"), expected)
    }

    #[test]
    fn a_status_from_400_on_fails_unless_it_was_expected() {
        assert_eq!(judged(200, None), None);
        assert_eq!(judged(304, None), None);
        assert_eq!(judged(400, None).as_deref(), Some("400 Bad Request"));
        assert_eq!(judged(599, None).as_deref(), Some("599"));
        assert_eq!(judged(404, Some(404)), None);
        assert_eq!(judged(200, Some(404)).as_deref(), Some("200 OK instead of 404"));
    }

    #[test]
    fn an_excerpt_is_one_line() {
        assert_eq!(excerpt(b" <html>\r\n\t<b>no\0 </b>\n"), "<html> <b>no </b>");
        assert_eq!(excerpt(b""), "");
        assert_eq!(excerpt(b"\xff"), "\u{fffd}");
        let long = excerpt("é".repeat(150).as_bytes());
        assert_eq!(long, format!("{}…", "é".repeat(100)));
        assert_eq!(excerpt(format!("a{}", "é".repeat(150)).as_bytes()), format!("a{}…", "é".repeat(99)));
    }
}
