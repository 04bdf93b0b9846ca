//! The head of an answer, and what it says of the body's length and of the connection (RFC 9112, 6 and 9.3).

use std::mem::MaybeUninit;

use http::StatusCode;
use httparse::{Header, ParserConfig, Status};

use super::{Asked, Malformed};
use crate::transport::head::{Found, Head, Span};

/// The longest head of an answer: as in Chrome.
pub(super) const LONGEST_HEAD: usize = 256 * 1024;
/// Headers for which there is room on the stack.
const USUAL_HEADERS: usize = 128;
const MOST_HEADERS: usize = 8192;
/// The type of a TLS record (RFC 8446, 5.1).
const TLS_ALERT: u8 = 0x15;

/// The head of a final answer.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) status: StatusCode,
    pub(super) head: Head,
    pub(super) framing: Framing,
    /// The server lets the connection serve another request.
    pub(super) keeps: bool,
}

/// How long the body of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What stands at the start of some bytes.
#[derive(Debug)]
pub(super) enum Start {
    /// The beginning of a head.
    Partial,
    /// An interim answer (RFC 9110, 15.2) of this length.
    Interim(usize),
    /// A final head of this length.
    Final(usize, Parsed),
}

/// Reads the head at the start of these bytes.
pub(super) fn parse(bytes: &[u8], asked: Asked) -> Result<Start, Malformed> {
    let mut fields = [const { MaybeUninit::uninit() }; USUAL_HEADERS];
    match parse_into(&mut fields, bytes, asked) {
        Err(Failed::TooManyHeaders) => {}
        Err(Failed::Malformed(malformed)) => return Err(malformed),
        Ok(start) => return Ok(start),
    }
    let mut fields = vec![MaybeUninit::uninit(); MOST_HEADERS];
    parse_into(&mut fields, bytes, asked).map_err(|failed| match failed {
        Failed::TooManyHeaders => Malformed::HEAD_TOO_LARGE,
        Failed::Malformed(malformed) => malformed,
    })
}

enum Failed {
    TooManyHeaders,
    Malformed(Malformed),
}

impl From<Malformed> for Failed {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

#[inline]
fn parse_into<'a>(fields: &mut [MaybeUninit<Header<'a>>], bytes: &'a [u8], asked: Asked) -> Result<Start, Failed> {
    let mut answer = httparse::Response::new(&mut []);
    // Strict: no folded lines, no space before a colon (RFC 9112, 5).
    let length = match ParserConfig::default().parse_response_with_uninit_headers(&mut answer, bytes, fields) {
        Ok(Status::Complete(length)) if length <= LONGEST_HEAD => length,
        Ok(Status::Partial) if bytes.len() <= LONGEST_HEAD => return Ok(Start::Partial),
        Ok(_) => return Err(Malformed::HEAD_TOO_LARGE.into()),
        Err(httparse::Error::TooManyHeaders) => return Err(Failed::TooManyHeaders),
        // The alert that a TLS server sends to whom it does not understand; no text begins so.
        Err(httparse::Error::Version) if bytes.first() == Some(&TLS_ALERT) => {
            return Err(Malformed("it speaks TLS, so the URL has to begin with https").into());
        }
        Err(httparse::Error::Version) => return Err(Malformed("invalid HTTP version parsed").into()),
        Err(httparse::Error::Status) => return Err(Malformed::STATUS.into()),
        Err(_) => return Err(Malformed::HEADER.into()),
    };
    let status = answer.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed::STATUS)?;
    if status == StatusCode::SWITCHING_PROTOCOLS && !asked.upgrade {
        return Err(Malformed("switching protocols without being asked").into());
    }
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Start::Interim(length));
    }
    let is_1_0 = answer.version == Some(0);
    let mut noted = Noted::default();
    for field in answer.headers.iter() {
        noted.note(field, bytes);
    }
    let (framing, trusted) = noted.framing(status, asked, is_1_0)?;
    // RFC 9112, 9.3.
    let keeps = trusted && !noted.close && (!is_1_0 || noted.keep_alive) && framing != Framing::UntilClose;
    let head = Head::new(bytes.get(..length).unwrap_or(bytes), noted.found);
    Ok(Start::Final(length, Parsed { status, head, framing, keeps }))
}

/// What the headers say of the message itself.
#[derive(Default)]
struct Noted {
    found: Found,
    /// `Content-Length`: the error stays one.
    length: Option<Result<u64, Malformed>>,
    /// `Transfer-Encoding`: whether the last coding is `chunked`.
    chunked: Option<bool>,
    close: bool,
    keep_alive: bool,
}

impl Noted {
    #[inline]
    fn note(&mut self, field: &Header<'_>, bytes: &[u8]) {
        let Header { name, value } = *field;
        // Most headers are told apart by their length alone.
        match name.len() {
            8 if is(name, b"location") => {
                self.found.location.get_or_insert_with(|| Span::of(value, bytes));
            }
            10 if is(name, b"set-cookie") => self.found.add_set_cookie(Span::of(value, bytes)),
            10 if is(name, b"connection") => {
                for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            13 if is(name, b"content-range") => self.found.is_part = true,
            14 if is(name, b"content-length") => {
                for text in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    self.length = Some(length(text, self.length));
                }
            }
            16 if is(name, b"content-encoding") => self.found.add_content_encoding(Span::of(value, bytes)),
            17 if is(name, b"transfer-encoding") => {
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                self.chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            }
            _ => {}
        }
    }

    /// The length of the body by RFC 9112, 6.3, and whether what follows it can be another answer.
    fn framing(&self, status: StatusCode, asked: Asked, is_1_0: bool) -> Result<(Framing, bool), Malformed> {
        let without_body = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if status == StatusCode::SWITCHING_PROTOCOLS || (asked.connect && status.is_success()) {
            return Ok((Framing::Length(0), false));
        }
        if asked.head || without_body {
            return Ok((Framing::Length(0), true));
        }
        match (self.chunked, self.length) {
            // RFC 9112, 6.1: the framing of such a message is faulty.
            (Some(_), _) if is_1_0 => Err(Malformed::TRANSFER_ENCODING),
            // RFC 9112, 6.1: a length beside it is ignored, and the connection closed.
            (Some(true), length) => Ok((Framing::Chunked, length.is_none())),
            (Some(false), _) | (None, None) => Ok((Framing::UntilClose, false)),
            (None, Some(length)) => Ok((Framing::Length(length?), true)),
        }
    }
}

/// Whether this is the name, given in lower case. No character of a name (RFC 9110, 5.6.2) becomes `-` or a small letter
/// with this bit but those themselves and the capital letters.
#[inline]
fn is<const LENGTH: usize>(name: &str, lower: &[u8; LENGTH]) -> bool {
    <&[u8; LENGTH]>::try_from(name.as_bytes()).is_ok_and(|name| name.map(|byte| byte | 0x20) == *lower)
}

/// A `Content-Length` (RFC 9110, 8.6) after another one: several are fine when they are equal.
fn length(text: &[u8], before: Option<Result<u64, Malformed>>) -> Result<u64, Malformed> {
    let mut length = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Malformed::LENGTH);
        }
        length =
            length.checked_mul(10).and_then(|length| length.checked_add(u64::from(digit))).ok_or(Malformed::LENGTH)?;
    }
    match before {
        _ if text.is_empty() => Err(Malformed::LENGTH),
        None => Ok(length),
        Some(Ok(before)) if before == length => Ok(length),
        Some(_) => Err(Malformed::LENGTH),
    }
}
