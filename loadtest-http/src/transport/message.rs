//! Requests and answers as values, for transports that others frame.

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};

use super::Outgoing;
use crate::headers::replace;

/// All headers of a request but those that frame its body: the automatic ones, and in their place those that were set on it.
pub(super) fn headers(outgoing: &Outgoing<'_>) -> HeaderMap {
    let mut headers = outgoing.automatic.map().clone();
    if !outgoing.compression {
        headers.remove(ACCEPT_ENCODING);
    }
    if let Some(cookies) = outgoing.cookies {
        headers.insert(COOKIE, cookies.clone());
    }
    if let Some(content_type) = outgoing.content_type {
        // An entry: what was set as a default stays.
        if let (http::header::Entry::Vacant(entry), Ok(value)) =
            (headers.entry(CONTENT_TYPE), HeaderValue::from_str(content_type))
        {
            entry.insert(value);
        }
    }
    replace(&mut headers, outgoing.headers.clone());
    // Whoever frames the body knows its length; a wrong one would break the connection.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    headers
}

/// A body while it arrives; one that comes in one piece is kept without a copy.
#[derive(Debug, Default)]
pub(super) struct Collected {
    first: Bytes,
    all: BytesMut,
}

impl Collected {
    pub(super) fn push(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    pub(super) fn finish(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
