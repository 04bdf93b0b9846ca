//! Text that is put into a page: what comes from the system under test stays text.

use std::fmt::{self, Write};

use crate::stats::RowKey;

/// A part of the page. Writing to it cannot fail.
#[derive(Debug, Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    pub(super) fn add(&mut self, text: fmt::Arguments<'_>) {
        // A String takes everything.
        let _ = self.0.write_fmt(text);
    }
}

/// Appends formatted text. Whatever is not a literal of ours goes through [`Text`].
macro_rules! put {
    ($page:expr, $($text:tt)*) => { $page.add(format_args!($($text)*)) };
}
pub(super) use put;

/// Foreign text, for elements and for quoted attributes alike. Control characters, and those that turn the direction of
/// the text around them, become visible.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                '\r' => {}
                '\0'..='\u{1f}' => f.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))?,
                '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    write!(f, "⟨U+{:04X}⟩", u32::from(c))?;
                }
                // No characters, though some parsers let them pass.
                '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Method and name of a request. What is written from right to left turns nothing else around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a RowKey);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.method.is_empty() {
            write!(f, "<bdi class=\"method\">{}</bdi> ", Text(&self.0.method))?;
        }
        write!(f, "<bdi>{}</bdi>", Text(&self.0.name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, shown) in [
            ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("\" onmouseover=\"x", "&quot; onmouseover=&quot;x"),
            ("a\0b\u{1b}[2J", "a␀b␛[2J"),
            ("evil\u{202e}gpj.exe", "evil⟨U+202E⟩gpj.exe"),
            ("a\r\nb\u{85}", "a\nb⟨U+0085⟩"),
            ("&amp;", "&amp;amp;"),
            ("שלום {{7*7}}", "שלום {{7*7}}"),
        ] {
            assert_eq!(Text(text).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_ends_an_attribute_or_opens_an_element(text in any::<String>()) {
            let shown = Text(&text).to_string();
            prop_assert!(!shown.contains(['<', '>', '"', '\'', '\0', '\r']), "{shown}");
            prop_assert!(shown.split('&').skip(1).all(|rest| rest.contains(';')), "{shown}");
        }
    }
}
