//! Heads and bodies as they are shown: bounded, and with nothing in them that a terminal would obey.

use crate::secrets;

/// How much of a body is shown, in bytes.
pub(super) const SHOWN: usize = 2000;

/// Puts a head into the text, each line behind its mark. `hide` masks what is secret by its name; `is_sensitive` says what
/// else is.
pub(super) fn head(out: &mut String, mark: char, head: &[u8], hide: bool, is_sensitive: impl Fn(&str) -> bool) {
    for raw in head.split(|byte| *byte == b'\n') {
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        if line.is_empty() {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        let shown = match line.split_once(':').filter(|(name, _)| hide && !name.contains(' ')) {
            Some((name, value)) => {
                let known = name.to_ascii_lowercase();
                let value = value.trim();
                if secrets::is_secret(&known) || is_sensitive(&known) {
                    format!("{name}: {}", secrets::masked(&known, value))
                } else {
                    format!("{name}: {}", secrets::without_credentials(value))
                }
            }
            None => line.into_owned(),
        };
        put(out, mark, &shown);
    }
}

/// Puts the beginning of a body into the text, or how long it is; `length` is that of the whole.
pub(super) fn body(out: &mut String, mark: char, body: &[u8], length: u64) {
    if length == 0 && body.is_empty() {
        return;
    }
    let is_cut = body.len() > SHOWN;
    let start = body.get(..SHOWN).unwrap_or(body);
    if !is_text(start, is_cut) {
        note(out, mark, &format!("{length} bytes of binary"));
        return;
    }
    put(out, mark, "");
    // Only a character that was cut in two is lost.
    for line in start.utf8_chunks().next().map_or("", |chunk| chunk.valid()).lines() {
        put(out, mark, line);
    }
    if is_cut {
        note(out, mark, &format!("… {length} bytes in all"));
    }
}

/// Puts a remark into the text.
pub(super) fn note(out: &mut String, mark: char, note: &str) {
    put(out, mark, &format!("[{note}]"));
}

fn put(out: &mut String, mark: char, line: &str) {
    out.push(mark);
    if !line.is_empty() {
        out.push(' ');
    }
    out.extend(line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }));
    out.push('\n');
}

/// Whether these bytes can be shown: UTF-8 without control characters. Where more follows, the last character may be cut.
pub(super) fn is_text(bytes: &[u8], more_follows: bool) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if more_follows && error.error_len().is_none() => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut out = String::new();
        body(&mut out, '<', bytes, bytes.len() as u64);
        out
    }

    #[test]
    fn a_body_is_text_or_a_number_of_bytes() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a\r\nb\n", "<\n< a\n< b\n"),
            ("größer".as_bytes(), "<\n< größer\n"),
            (b"\x89PNG\r\n", "< [6 bytes of binary]\n"),
            (b"\x1b[2J", "< [4 bytes of binary]\n"),
            (b"cut \xc3", "< [5 bytes of binary]\n"),
        ] {
            assert_eq!(shown(bytes), text);
        }
        let long = shown("é".repeat(1500).as_bytes());
        assert_eq!(long, format!("<\n< {}\n< [… 3000 bytes in all]\n", "é".repeat(1000)));
        let odd = shown(format!("a{}", "é".repeat(1500)).as_bytes());
        assert_eq!(odd, format!("<\n< a{}\n< [… 3001 bytes in all]\n", "é".repeat(999)));
    }

    #[test]
    fn a_head_hides_its_secrets_if_it_is_to() {
        let lines = b"GET /a:b HTTP/1.1\r\nHost: shop\r\nAuthorization: Basic abc\r\nx-own: 1\r\n\r\n";
        let text = |hide| {
            let mut out = String::new();
            head(&mut out, '>', lines, hide, |name| name == "x-own");
            out
        };
        assert_eq!(text(true), "> GET /a:b HTTP/1.1\n> Host: shop\n> Authorization: Basic ***\n> x-own: ***\n");
        assert_eq!(text(false), "> GET /a:b HTTP/1.1\n> Host: shop\n> Authorization: Basic abc\n> x-own: 1\n");
    }

    proptest! {
        #[test]
        fn whatever_comes_makes_marked_lines_of_a_bounded_length(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            let mut out = String::new();
            head(&mut out, '<', &bytes, true, |_| false);
            let heads = out.len();
            body(&mut out, '<', &bytes, bytes.len() as u64);
            prop_assert!(out.lines().all(|line| line.starts_with('<')));
            prop_assert!(!out.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
            prop_assert!(out.len() - heads <= SHOWN * 3 + 100);
        }
    }
}
