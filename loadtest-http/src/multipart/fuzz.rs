//! Any names, types and contents in a form.

use super::*;
use crate::fuzz::{Parts, fuzz};

/// A form as it is sent.
fn sent(form: &Form) -> Vec<u8> {
    let mut sent = Vec::new();
    for (head, content) in form.parts() {
        sent.extend_from_slice(&head);
        match content {
            Content::Bytes(bytes) => sent.extend_from_slice(bytes),
            Content::File(_) => unreachable!("no part is a file"),
        }
    }
    sent.extend_from_slice(&form.end());
    sent
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Takes a form apart as RFC 2046, 5.1.1 says: heads and contents.
fn read(sent: &[u8], content_type: &str) -> Vec<(String, Vec<u8>)> {
    let (_, boundary) = content_type.split_once("; boundary=").expect("a boundary");
    let delimiter = format!("\r\n--{boundary}");
    let (mut rest, mut parts) = ([b"\r\n", sent].concat(), Vec::new());
    rest.drain(..delimiter.len());
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, delimiter.as_bytes()).expect("a delimiter");
        let (part, behind) = part.split_at(end);
        let head = find(part, b"\r\n\r\n").expect("an empty line");
        let (head, content) = part.split_at(head);
        parts.push((String::from_utf8(head.to_vec()).expect("text"), content[4..].to_vec()));
        rest = behind[delimiter.len()..].to_vec();
    }
    assert_eq!(rest, b"--\r\n");
    parts
}

/// As servers undo it.
fn unescaped(text: &str) -> String {
    text.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

#[test]
fn multipart() {
    fuzz("multipart", |input| {
        let (mut parts, mut form, mut meant) = (Parts(input), Form::new(), Vec::new());
        while let Some(name) = parts.piece().map(|name| String::from_utf8_lossy(name).into_owned()) {
            let (file, mime) = (parts.text(), parts.text());
            let content = parts.piece().unwrap_or_default().to_vec();
            let part = Part::bytes(content.clone()).file_name(file.clone()).mime_str(mime.clone());
            if Form::new().part("x", part.clone()).check().is_ok() {
                form = form.part(name.clone(), part);
                meant.push((name, file, mime, content));
            }
        }
        assert_eq!(form.check(), Ok(()));
        let read = read(&sent(&form), &form.content_type());
        assert_eq!(read.len(), meant.len());
        for ((head, content), (name, file, mime, expected)) in read.into_iter().zip(meant) {
            assert_eq!(content, expected);
            let mut lines = head.split("\r\n");
            let names = lines.next().and_then(|line| line.strip_prefix("Content-Disposition: form-data; name=\""));
            let names = names.and_then(|line| line.strip_suffix('"')).expect("names");
            let (got, got_file) = names.split_once("\"; filename=\"").expect("a file name");
            assert!(!got.contains(['"', '\r', '\n']) && !got_file.contains(['"', '\r', '\n']));
            assert_eq!((unescaped(got), unescaped(got_file)), (unescaped(&name), unescaped(&file)));
            assert_eq!(lines.next(), Some(&*format!("Content-Type: {mime}")));
            assert_eq!(lines.next(), None);
        }
    });
}
