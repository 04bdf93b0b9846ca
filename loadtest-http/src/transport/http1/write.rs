//! The head of a request, as it goes out.

use std::io::Write;

use http::header::{
    ACCEPT_ENCODING, AsHeaderName, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::transport::Outgoing;

/// Puts a request line and its headers into a buffer (RFC 9112, 3 and 5).
///
/// Nothing here can break out of its line: methods are tokens, targets are made of URI characters, and a `HeaderValue`
/// holds neither CR nor LF.
///
/// `body`: the length of what follows.
pub(in crate::transport) fn head(buffer: &mut Vec<u8>, outgoing: &Outgoing<'_>, body: u64) {
    // Origin-form (RFC 9112, 3.2.1): the connection knows the rest.
    put(
        buffer,
        &[outgoing.method.as_str().as_bytes(), b" ", outgoing.target.path.as_str().as_bytes(), b" HTTP/1.1\r\n"],
    );
    let own = outgoing.headers;
    if own.is_empty() && outgoing.compression {
        buffer.extend_from_slice(outgoing.automatic.lines());
    } else {
        replaced(buffer, outgoing);
    }
    if let Some(cookies) = outgoing.cookies.filter(|_| !has(own, COOKIE)) {
        line(buffer, &COOKIE, cookies);
    }
    let is_typed = |headers| has(headers, CONTENT_TYPE);
    if let Some(content_type) = outgoing.content_type.filter(|_| !is_typed(own) && !is_typed(outgoing.automatic.map()))
    {
        put(buffer, &[b"content-type: ", content_type.as_bytes(), b"\r\n"]);
    }
    for (name, value) in own {
        if !outgoing.automatic.map().contains_key(name) && !frames(name) {
            line(buffer, name, value);
        }
    }
    length(buffer, outgoing.method, body);
    buffer.extend_from_slice(b"\r\n");
}

/// The automatic headers, and in their places those that were set instead: `Host` stays first (RFC 9110, 7.2).
fn replaced(buffer: &mut Vec<u8>, outgoing: &Outgoing<'_>) {
    let automatic = outgoing.automatic.map();
    for name in automatic.keys() {
        let of = if has(outgoing.headers, name) {
            outgoing.headers
        } else if outgoing.compression || *name != ACCEPT_ENCODING {
            automatic
        } else {
            continue;
        };
        of.get_all(name).iter().for_each(|value| line(buffer, name, value));
    }
}

/// The transport frames the body; what a request says of it itself would break the connection.
fn frames(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING
}

/// RFC 9110, 8.6: methods that usually have content say also that there is none.
fn length(buffer: &mut Vec<u8>, method: &Method, length: u64) {
    if length == 0 && !matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        return;
    }
    // Writing to memory cannot fail.
    let _ = write!(buffer, "content-length: {length}\r\n");
}

fn has(headers: &HeaderMap, name: impl AsHeaderName) -> bool {
    !headers.is_empty() && headers.contains_key(name)
}

fn line(buffer: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    put(buffer, &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
}

#[inline]
fn put(buffer: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        buffer.extend_from_slice(part);
    }
}
