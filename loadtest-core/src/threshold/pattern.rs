//! Names with `*` for anything, and how they are quoted.

use std::fmt;

use super::selector::is_reserved;

/// A text in which `*` stands for any characters, also none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What lies between the stars; one part where there is none.
    parts: Vec<String>,
}

impl Pattern {
    /// Of the parts between stars. Several stars in a row are one.
    pub(super) fn new(mut parts: Vec<String>) -> Self {
        let last = parts.len().saturating_sub(1);
        let mut index = 0;
        parts.retain(|part| {
            index += 1;
            index == 1 || index == last + 1 || !part.is_empty()
        });
        Self { parts }
    }

    /// Without quotes: every star is one.
    pub(super) fn plain(text: &str) -> Self {
        Self::new(text.split('*').map(str::to_owned).collect())
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.parts.split_first() else { return false };
        let Some((last, middle)) = others.split_last() else { return text == first };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            // The first place is as good as any: what follows only needs to be behind it.
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }

    /// With its stars, to be compared with names that were meant.
    pub(super) fn text(&self) -> String {
        self.parts.join("*")
    }

    /// Written as the first word of a selector.
    pub(super) fn as_method(&self) -> Written<'_> {
        let text = self.text();
        let odd = text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == '(' || c == ')');
        Written { pattern: self, quoted: odd || is_reserved(&text) || self.needs_quotes() }
    }

    /// Written as the rest of a selector.
    pub(super) fn as_name(&self) -> Written<'_> {
        let text = self.text();
        let odd = text.is_empty() || text.trim() != text || !is_balanced(&text);
        Written { pattern: self, quoted: odd || self.needs_quotes() }
    }

    fn needs_quotes(&self) -> bool {
        self.parts.iter().any(|part| part.contains(|c: char| c == '*' || c.is_control()))
            || self.parts.first().is_some_and(|first| first.starts_with('"'))
    }
}

/// Whether parentheses can stand without quotes.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    for char in text.chars() {
        match char {
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// A pattern as it is written, in quotes where it needs them.
pub(super) struct Written<'a> {
    pattern: &'a Pattern,
    quoted: bool,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.quoted {
            return f.write_str(&self.pattern.text());
        }
        f.write_str("\"")?;
        for (index, part) in self.pattern.parts.iter().enumerate() {
            if index > 0 {
                f.write_str("*")?;
            }
            for char in part.chars() {
                match char {
                    '"' | '\\' | '*' => write!(f, "\\{char}")?,
                    _ if char.is_control() => write!(f, "\\u{{{:x}}}", u32::from(char))?,
                    _ => write!(f, "{char}")?,
                }
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, yes, no) in [
            ("/cart", &["/cart"][..], &["/carts", "", "/"][..]),
            ("/cart*", &["/cart", "/carts"], &["a/cart"]),
            ("*", &["", "anything at all"], &[]),
            ("/a/*/b", &["/a/1/b", "/a//b", "/a/b/b"], &["/a/b", "/a/1/bc"]),
            ("*ab*ab", &["abab", "xabyab"], &["ab", "aba"]),
            ("a*bc*c", &["abcc", "abcbcc"], &["abc"]),
            ("a**b", &["ab", "a*b"], &["a"]),
        ] {
            let pattern = Pattern::plain(pattern);
            for text in yes {
                assert!(pattern.matches(text), "{pattern:?} {text}");
            }
            for text in no {
                assert!(!pattern.matches(text), "{pattern:?} {text}");
            }
        }
    }

    /// The slow and obvious way.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => matches(rest, text) || (!text.is_empty() && matches(pattern, &text[1..])),
            ([p, pattern @ ..], [t, text @ ..]) => p == t && matches(pattern, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_it_says(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Pattern::plain(&pattern).matches(&text), matches(&p, &t));
        }
    }
}
