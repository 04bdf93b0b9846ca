//! The secrets of one request: what its masked places hold must not be shown by another place either, such as an answer
//! that repeats it.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;

use super::{MASK, is_secret};

/// Shorter values are too likely to be words: each of them would be masked wherever it stands.
const SHORTEST: usize = 6;
/// The same of cookies, whose values are often words.
const SHORTEST_COOKIE: usize = 8;

/// How many forms are kept, those of the request first: each is looked for in every text, and an answer can have a list of
/// a million tokens.
const MOST: usize = 256;

/// Values of masked places, in every form in which another place may hold them; longest first.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<String>);

impl Known {
    /// The value of a masked field.
    pub(crate) fn add(&mut self, value: &str) {
        self.add_from(SHORTEST, value);
    }

    /// The value of a masked header, whose name is in lower case.
    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        match name {
            "cookie" => value.split(';').for_each(|pair| self.add_cookie(pair)),
            "set-cookie" => self.add_cookie(value.split(';').next().unwrap_or_default()),
            "authorization" | "proxy-authorization" => {
                self.add(value);
                let Some((_, rest)) = value.split_once(' ') else { return };
                self.add(rest);
                let decoded = BASE64_STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                if let Some(pair) = decoded {
                    self.add(&pair);
                    self.add(pair.split_once(':').map_or("", |(_, password)| password));
                }
            }
            _ => self.add(value),
        }
    }

    fn add_cookie(&mut self, pair: &str) {
        let value = pair.split_once('=').map_or(pair, |(_, value)| value);
        self.add_from(SHORTEST_COOKIE, value.trim().trim_matches('"'));
    }

    fn add_from(&mut self, shortest: usize, value: &str) {
        if self.0.len() >= MOST {
            return;
        }
        let spaced = value.replace('+', " ");
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut encoded = String::new();
        for byte in value.bytes() {
            // Writing to memory cannot fail.
            let _ = match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    write!(encoded, "{}", char::from(byte))
                }
                _ => write!(encoded, "%{byte:02X}"),
            };
        }
        let plus = encoded.replace("%20", "+");
        for form in [value.to_owned(), decoded(value), decoded(&spaced), encoded, plus] {
            // As JSON has it between its quotes, and as JSON has that.
            let json = in_json(&form);
            let twice = in_json(&json);
            for form in [form, json, twice] {
                if form.chars().count() >= shortest && !self.0.contains(&form) {
                    self.0.push(form);
                }
            }
        }
        self.0.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// A text without any of them; of one that `is_cut`, without the beginning of one at its end either.
    pub(crate) fn hide(&self, text: &str, is_cut: bool) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        for secret in self.0.iter().filter(|_| is_cut) {
            let parts = secret.char_indices().rev().map(|(end, _)| &secret[..end]).filter(|part| part.len() >= 2);
            if let Some(part) = parts.into_iter().find(|part| text.ends_with(part)) {
                text.truncate(text.len() - part.len());
                text.push_str(MASK);
            }
        }
        text
    }
}

/// What a string in JSON has between its quotes.
fn in_json(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// A head without its secrets, a line each; `is_sensitive` says which headers are so beside those whose names tell.
pub(crate) fn head(head: &[u8], known: &mut Known, is_sensitive: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for raw in head.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(raw.strip_suffix(b"\r").unwrap_or(raw));
        if line.is_empty() {
            continue;
        }
        let field = line.split_once(':').filter(|(name, _)| !name.contains(' '));
        let shown = match field {
            Some((name, value)) => {
                let (lower, value) = (name.to_ascii_lowercase(), value.trim());
                if is_secret(&lower) || is_sensitive(&lower) {
                    known.add_header(&lower, value);
                    format!("{name}: {}", super::masked(&lower, value))
                } else {
                    format!("{name}: {}", super::of_urls(&super::without_credentials(value), known))
                }
            }
            None => super::of_urls(&line, known),
        };
        out.extend(shown.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_secrets_is_masked_and_not_remembered_whole() {
        let mut known = Known::default();
        known.add("of the request");
        let tokens: Vec<String> = (0..100_000).map(|number| format!("\"token{number}\"")).collect();
        let body = format!("{{\"tokens\":[{}],\"said\":\"of the request\"}}", tokens.join(","));
        let shown = super::super::json(&body, &mut known);
        assert_eq!(known.hide(&shown, false), r#"{"tokens":"***","said":"***"}"#);
        assert!(known.0.len() < MOST + 15, "{}", known.0.len());
    }
}
