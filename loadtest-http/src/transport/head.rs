//! The headers of an answer, as they came; looked at one by one only when somebody asks.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::coding::{self, Codings};

/// The headers of an answer. What each session needs of them is found while they are read; the map is made when it is
/// first asked for, which few tasks do.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Everything from the status line to the empty line.
    raw: Bytes,
    found: Found,
    map: OnceCell<Box<HeaderMap>>,
}

/// Where in a head the values stand that a session needs.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) location: Option<Span>,
    pub(super) content_encoding: Option<Span>,
    /// There is more than one; rare enough to be read from the map.
    pub(super) has_more_encodings: bool,
    /// There is a `Content-Range`.
    pub(super) is_part: bool,
    pub(super) set_cookie: Option<Span>,
    /// Further ones, in their order.
    pub(super) more_set_cookies: Vec<Span>,
}

/// A part of a head, which is shorter than 4 GiB by far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// Where a part that was cut out of a whole stands in it.
    pub(super) fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        // A head is limited to much less: nothing is cut off.
        Self { start: start as u32, length: part.len() as u32 }
    }

    fn in_bytes(self, whole: &[u8]) -> &[u8] {
        let start = self.start as usize;
        whole.get(start..start + self.length as usize).unwrap_or_default()
    }
}

impl Found {
    pub(super) fn add_content_encoding(&mut self, span: Span) {
        self.has_more_encodings = self.content_encoding.replace(span).is_some();
    }

    pub(super) fn add_set_cookie(&mut self, span: Span) {
        match self.set_cookie {
            None => self.set_cookie = Some(span),
            Some(_) => self.more_set_cookies.push(span),
        }
    }
}

impl Head {
    /// A head that was read; the parser accepted it.
    pub(super) fn new(raw: &[u8], found: Found) -> Self {
        Self { raw: Bytes::copy_from_slice(raw), found, map: OnceCell::new() }
    }

    pub(crate) fn map(&self) -> &HeaderMap {
        self.map.get_or_init(|| Box::new(read(&self.raw)))
    }

    /// As it came, to be shown; of one that something else has read, what is known of it.
    pub(crate) fn as_text(&self, status: StatusCode) -> Cow<'_, [u8]> {
        // A value has no line break in it, so this is a whole head.
        if self.raw.starts_with(b"HTTP/") && self.raw.contains(&b'\n') {
            return Cow::Borrowed(&self.raw);
        }
        let mut text = format!("HTTP/1.1 {status}\n").into_bytes();
        for (name, value) in self.map() {
            text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        Cow::Owned(text)
    }

    /// The values of all `Set-Cookie` headers, in their order.
    pub(crate) fn set_cookies(&self) -> impl Iterator<Item = &[u8]> {
        let Found { set_cookie, more_set_cookies, .. } = &self.found;
        set_cookie.iter().chain(more_set_cookies).map(|span| span.in_bytes(&self.raw))
    }

    pub(crate) fn has_set_cookie(&self) -> bool {
        self.found.set_cookie.is_some()
    }

    /// The codings of the content that can be undone; `None` when it stays as it is.
    pub(crate) fn codings(&self) -> Option<Codings> {
        let last = self.found.content_encoding?;
        // A part of a coded whole cannot be decoded (RFC 9110, 14.2).
        if self.found.is_part {
            return None;
        }
        let value = if self.found.has_more_encodings {
            let all = self.map().get_all(CONTENT_ENCODING);
            Cow::Owned(all.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]))
        } else {
            Cow::Borrowed(last.in_bytes(&self.raw))
        };
        coding::parse(&value).filter(|codings| !codings.is_empty())
    }

    /// Whether there is something to decode.
    pub(crate) fn is_coded(&self) -> bool {
        self.codings().is_some()
    }

    /// The first `Location`; `None` also when it is no visible ASCII.
    pub(crate) fn location(&self) -> Option<&str> {
        let value = self.found.location?.in_bytes(&self.raw);
        std::str::from_utf8(value).ok().filter(|text| !text.contains(|c: char| c.is_control() && c != '\t'))
    }
}

/// Headers that something else has read.
impl From<HeaderMap> for Head {
    fn from(map: HeaderMap) -> Self {
        let mut raw = Vec::new();
        let mut keep = |value: &HeaderValue| {
            let start = raw.len() as u32;
            raw.extend_from_slice(value.as_bytes());
            Span { start, length: value.len() as u32 }
        };
        let mut found = Found {
            location: map.get(LOCATION).map(&mut keep),
            is_part: map.contains_key(CONTENT_RANGE),
            ..Found::default()
        };
        for value in map.get_all(CONTENT_ENCODING) {
            found.add_content_encoding(keep(value));
        }
        for value in map.get_all(SET_COOKIE) {
            found.add_set_cookie(keep(value));
        }
        Self { raw: raw.into(), found, map: Box::new(map).into() }
    }
}

/// Makes the map. The values share the memory of the head.
fn read(raw: &Bytes) -> HeaderMap {
    let mut map = HeaderMap::new();
    let lines = raw.iter().filter(|byte| **byte == b'\n').count();
    let mut fields = vec![MaybeUninit::uninit(); lines];
    let mut head = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    // It was accepted before, so it is again.
    if config.parse_response_with_uninit_headers(&mut head, raw, &mut fields).is_ok() {
        map.reserve(head.headers.len());
        for field in head.headers.iter() {
            let value = HeaderValue::from_maybe_shared(raw.slice_ref(field.value));
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(field.name.as_bytes()), value) {
                map.append(name, value);
            }
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_made_by_others_are_found_too() {
        let mut map = HeaderMap::new();
        assert!(!Head::from(map.clone()).has_set_cookie());
        for (name, value) in [("set-cookie", "a=1"), ("location", "/x"), ("set-cookie", "b=2"), ("location", "/y")] {
            map.append(name, HeaderValue::from_static(value));
        }
        let head = Head::from(map.clone());
        assert_eq!(head.set_cookies().collect::<Vec<_>>(), [b"a=1", b"b=2"]);
        assert_eq!(head.location(), Some("/x"));
        assert_eq!(*head.map(), map);
    }

    #[cfg(feature = "compression")]
    #[test]
    fn several_codings_are_one_upon_the_other() {
        use crate::coding::Coding::{Brotli, Gzip};

        let table = [
            (&[("content-encoding", "gzip")][..], Some(vec![Gzip])),
            (&[("content-encoding", "br"), ("content-encoding", "gzip")], Some(vec![Brotli, Gzip])),
            (&[("content-encoding", "gzip"), ("content-encoding", "compress")], None),
            (&[("content-encoding", "identity")], None),
            (&[("content-encoding", "gzip"), ("content-range", "bytes 0-9/40")], None),
            (&[], None),
        ];
        for (lines, codings) in table {
            let mut map = HeaderMap::new();
            for (name, value) in lines {
                map.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(Head::from(map).codings().map(|codings| codings.to_vec()), codings, "{lines:?}");
        }
    }

    #[test]
    fn a_location_is_text() {
        for (value, text) in [(&b"/a b"[..], Some("/a b")), (b"/\xfc", None), ("/ü".as_bytes(), Some("/ü"))] {
            let map = HeaderMap::from_iter([(LOCATION, HeaderValue::from_bytes(value).expect("a value"))]);
            assert_eq!(Head::from(map).location(), text);
        }
    }
}
