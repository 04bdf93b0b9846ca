//! Forms of several parts (`multipart/form-data`, RFC 7578): fields, and files that are read while they are sent.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

/// A form of several parts, for [`RequestBuilder::multipart`](crate::RequestBuilder::multipart).
///
/// Parts are sent in the order in which they were added. Files are opened when the form is sent, and never read whole
/// into memory. A clone shares the contents.
///
/// ```
/// use loadtest_http::multipart::{Form, Part};
///
/// let avatar = Part::bytes(&b"\x89PNG"[..]).file_name("me.png").mime_str("image/png");
/// let form = Form::new().text("name", "Ada").part("avatar", avatar).file("cv", "testdata/cv.pdf");
/// # drop(form);
/// ```
#[derive(Debug, Clone)]
pub struct Form {
    /// Does not occur in the contents, but by a chance of one in 2^128.
    boundary: Arc<str>,
    parts: Vec<(Cow<'static, str>, Part)>,
}

/// One part of a [`Form`].
#[derive(Debug, Clone)]
pub struct Part {
    content: Content,
    file_name: Option<Cow<'static, str>>,
    mime: Option<Cow<'static, str>>,
}

/// What a part carries.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    File(Arc<Path>),
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

impl Form {
    /// A form without parts.
    #[must_use]
    pub fn new() -> Self {
        // The keys of the hasher are random; so are the hashes.
        let random = || RandomState::new().hash_one("boundary");
        Self { boundary: format!("{:016x}{:016x}", random(), random()).into(), parts: Vec::new() }
    }

    /// Adds a field of text.
    #[must_use]
    pub fn text(self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.part(name, Part::text(value))
    }

    /// Adds a file of the disk, under its own name.
    #[must_use]
    pub fn file(self, name: impl Into<Cow<'static, str>>, path: impl Into<PathBuf>) -> Self {
        self.part(name, Part::file(path))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, name: impl Into<Cow<'static, str>>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// Whether all parts can be sent.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, Part { mime, .. }) in &self.parts {
            let Some(mime) = mime else { continue };
            let is_type = mime.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
            if !is_type || HeaderValue::from_str(mime).is_err() {
                return Err(format!("{mime:?}, the type of the part {name}, is none: write one like image/png"));
            }
        }
        Ok(())
    }

    /// The `Content-Type` of the whole.
    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Each part: what comes before its content, and the content.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Bytes, &Content)> {
        self.parts.iter().enumerate().map(|(index, (name, part))| {
            let mut head = String::new();
            // The line break before a boundary belongs to it (RFC 2046, 5.1.1).
            head.push_str(if index == 0 { "--" } else { "\r\n--" });
            head.push_str(&self.boundary);
            head.push_str("\r\nContent-Disposition: form-data; name=\"");
            push_escaped(&mut head, name);
            if let Some(file_name) = &part.file_name {
                head.push_str("\"; filename=\"");
                push_escaped(&mut head, file_name);
            }
            head.push_str("\"\r\n");
            if let Some(mime) = &part.mime {
                head.push_str("Content-Type: ");
                head.push_str(mime);
                head.push_str("\r\n");
            }
            head.push_str("\r\n");
            (head.into(), &part.content)
        })
    }

    /// What comes behind the last part.
    pub(crate) fn end(&self) -> Bytes {
        let before = if self.parts.is_empty() { "--" } else { "\r\n--" };
        [before, &self.boundary, "--\r\n"].concat().into()
    }
}

impl Part {
    /// A field of text.
    pub fn text(value: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Content::Bytes(match value.into() {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }))
    }

    /// Bytes; with a [`file_name`](Self::file_name) they are a file to the server.
    pub fn bytes(value: impl Into<Bytes>) -> Self {
        Self::of(Content::Bytes(value.into()))
    }

    /// A file of the disk, under its own name and as `application/octet-stream`.
    ///
    /// One that cannot be opened makes the request a failed one.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned().into());
        let mime = Some(Cow::Borrowed("application/octet-stream"));
        Self { content: Content::File(path.into()), file_name, mime }
    }

    fn of(content: Content) -> Self {
        Self { content, file_name: None, mime: None }
    }

    /// The name of the file, as the server sees it.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// The type of the content: `image/png`. One that is malformed makes the request a failed one.
    #[must_use]
    pub fn mime_str(mut self, mime: impl Into<Cow<'static, str>>) -> Self {
        self.mime = Some(mime.into());
        self
    }
}

/// As browsers write names (HTML standard, "multipart/form-data encoding algorithm").
fn push_escaped(text: &mut String, name: &str) {
    for c in name.chars() {
        match c {
            '"' => text.push_str("%22"),
            '\r' => text.push_str("%0D"),
            '\n' => text.push_str("%0A"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(name: String, part: Part) -> String {
        let form = Form::new().part(name, part);
        let head = form.parts().map(|(head, _)| head).next().expect("a part");
        String::from_utf8(head.to_vec()).expect("text")
    }

    #[test]
    fn a_file_has_its_own_name_and_a_type() {
        let head = head("f".to_owned(), Part::file("/tmp/some dir/ü \"1\".txt"));
        assert!(
            head.contains("\r\nContent-Disposition: form-data; name=\"f\"; filename=\"ü %221%22.txt\"\r\n"),
            "{head}"
        );
        assert!(head.ends_with("\r\nContent-Type: application/octet-stream\r\n\r\n"), "{head}");
    }

    #[test]
    fn a_malformed_type_is_refused() {
        let of = |mime: &'static str| Form::new().part("x", Part::text("").mime_str(mime)).check();
        assert_eq!(of("image/png; q=1"), Ok(()));
        for wrong in ["", "png", "/png", "image/", "image/png\r\nX: y"] {
            assert!(of(wrong).expect_err(wrong).contains("the type of the part x"), "{wrong}");
        }
    }

    #[test]
    fn boundaries_differ() {
        assert_ne!(Form::new().content_type(), Form::new().content_type());
        let form = Form::new();
        assert_eq!(form.content_type(), form.clone().content_type());
    }

    proptest! {
        #[test]
        fn names_cannot_break_out_of_their_line(name in any::<String>(), file_name in any::<String>()) {
            let head = head(name, Part::text("").file_name(file_name).mime_str("text/plain"));
            prop_assert_eq!(head.matches('\r').count(), 4, "boundary, disposition, type, empty line: {}", head);
            prop_assert_eq!(head.matches('\n').count(), 4);
            prop_assert_eq!(head.matches('"').count(), 4);
        }
    }
}
