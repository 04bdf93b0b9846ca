//! Content codings (RFC 9110, 8.4): what is asked for, and how it is undone.
//!
//! Everything is bounded: at most the limit is decoded, and not a buffer more, however little a bomb takes on the wire.

use std::ops::Deref;

use bytes::Bytes;
use loadtest_core::ErrorKind;

use crate::fault::Fault;
use crate::settings::Limits;
use crate::transport::Head;

/// The most codings one upon the other: nobody needs two.
const MOST_CODINGS: usize = 3;

/// What is sent as `Accept-Encoding`.
pub(crate) const ACCEPT: Option<&str> =
    if cfg!(feature = "compression") { Some("gzip, br, zstd, deflate") } else { None };

/// One coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

/// Codings one upon the other, in the order in which they were applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codings {
    all: [Coding; MOST_CODINGS],
    count: usize,
}

impl Deref for Codings {
    type Target = [Coding];

    fn deref(&self) -> &[Coding] {
        self.all.get(..self.count).unwrap_or_default()
    }
}

/// A decoded body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Empty when it is only counted.
    pub(crate) content: Bytes,
    pub(crate) length: u64,
}

/// Why a body cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// It is longer than the limit.
    TooLarge,
    /// Not what its coding says; the details.
    #[cfg_attr(not(feature = "compression"), expect(dead_code, reason = "nothing is decoded"))]
    Malformed(Coding, String),
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        }
    }
}

/// Undoes the codings of an answer's body; `None` when it stays as it is: because nobody asked for it, or because it is
/// in a coding that nobody here knows.
pub(crate) fn undo(head: &Head, body: &[u8], limits: &Limits) -> Result<Option<Decoded>, Fault> {
    let Some(codings) = head.codings().filter(|_| limits.compression) else { return Ok(None) };
    match decode(body, &codings, limits.largest_body, !limits.discard) {
        Ok(decoded) => Ok(Some(decoded)),
        Err(DecodeError::TooLarge) => Err(Fault::too_large(limits.largest_body, "once it is decoded")),
        Err(DecodeError::Malformed(coding, error)) => {
            Err(Fault::new(ErrorKind::Protocol, format!("the body is not {}, as it says", coding.name()), error))
        }
    }
}

/// The codings that a `Content-Encoding` names; `None` when one is unknown, or there are too many.
pub(crate) fn parse(value: &[u8]) -> Option<Codings> {
    let mut codings = Codings { all: [Coding::Gzip; MOST_CODINGS], count: 0 };
    for name in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let coding = if is("gzip") || is("x-gzip") {
            Coding::Gzip
        } else if is("br") {
            Coding::Brotli
        } else if is("zstd") {
            Coding::Zstd
        } else if is("deflate") {
            Coding::Deflate
        } else if is("identity") || name.is_empty() {
            continue;
        } else {
            return None;
        };
        *codings.all.get_mut(codings.count)? = coding;
        codings.count += 1;
    }
    cfg!(feature = "compression").then_some(codings)
}

#[cfg(not(feature = "compression"))]
fn decode(_: &[u8], _: &[Coding], _: u64, _: bool) -> Result<Decoded, DecodeError> {
    // No coding is known: there is nothing to decode.
    Err(DecodeError::TooLarge)
}

#[cfg(feature = "compression")]
pub(crate) use self::decoders::decode;

#[cfg(feature = "compression")]
mod decoders;

#[cfg(all(test, feature = "compression"))]
mod tests;
