//! Text made safe for XML and JSON. The few documents served here are written by hand.

use std::fmt::Write;

/// Escapes text for an XML element or attribute.
pub(crate) fn xml(text: &str) -> String {
    xml_text(text).replace('"', "&quot;")
}

/// Escapes text for an XML element, where quotes stay as they are.
pub(crate) fn xml_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}

/// A JSON string with its quotes.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{json, xml, xml_text};

    #[test]
    fn xml_escapes_what_would_end_a_text_or_an_attribute() {
        assert_eq!(xml(r#"a<b> & "c" 'd'"#), "a&lt;b&gt; &amp; &quot;c&quot; 'd'");
        assert_eq!(xml_text(r#"a<b> & "c" 'd'"#), r#"a&lt;b&gt; &amp; "c" 'd'"#);
    }

    #[test]
    fn json_escapes_quotes_backslashes_and_control_characters() {
        assert_eq!(json("a\"\\\n\u{1}ä"), "\"a\\\"\\\\\\n\\u0001ä\"");
    }
}
