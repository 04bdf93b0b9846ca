//! Reads what stands in the parentheses.

use super::{Parser, Result};
use crate::threshold::error::ThresholdError;
use crate::threshold::pattern::Pattern;
use crate::threshold::selector::{KINDS, Request, Status, Subject};
use crate::threshold::similar::nearest;

const NOT_CLOSED: &str = "this parenthesis is not closed: expected a `)`";

impl Parser<'_> {
    pub(super) fn selector(&mut self) -> Result<Subject> {
        let open = self.at;
        self.at += 1;
        self.skip_spaces();
        let subject = self.subject(open)?;
        self.skip_spaces();
        if self.eat(")") {
            return Ok(subject);
        }
        Err(match self.peek() {
            Some(_) => self.error_here("expected `)` behind the name"),
            None => ThresholdError::new(self.text, open, open + 1, NOT_CLOSED),
        })
    }

    fn subject(&mut self, open: usize) -> Result<Subject> {
        let start = self.at;
        if self.peek() == Some('"') {
            let method = self.quoted()?;
            return Ok(Subject::Requests(Some(self.request(start, method, open)?)));
        }
        let word = self.take_while(|c| !c.is_whitespace() && c != '(' && c != ')');
        if let Some((kind, subject)) = KINDS.iter().find(|(kind, _)| *kind == word) {
            self.skip_spaces();
            if self.peek() == Some(')') {
                return Err(self.error_here(format!("expected the name of a {kind}, or `*` for all")));
            }
            return Ok(subject(self.name(open)?));
        }
        if let Some(status) = Status::read(word) {
            self.skip_spaces();
            if self.peek().is_none_or(|next| next == ')') {
                return Ok(Subject::Statuses(status, None));
            }
            let start = self.at;
            let method = if self.peek() == Some('"') {
                self.quoted()?
            } else {
                Pattern::plain(self.take_while(|c| !c.is_whitespace() && c != '(' && c != ')'))
            };
            return Ok(Subject::Statuses(status, Some(self.request(start, method, open)?)));
        }
        if word.is_empty() && self.peek() == Some(')') {
            return Err(
                self.error_here("expected a method and a name, as `GET /cart`, or no parentheses for all requests")
            );
        }
        Ok(Subject::Requests(Some(self.request(start, Pattern::plain(word), open)?)))
    }

    /// The name behind a method.
    fn request(&mut self, start: usize, method: Pattern, open: usize) -> Result<Request> {
        let end = self.at;
        self.skip_spaces();
        if self.peek() == Some(')') {
            let given = &self.text[start..end];
            let message = if given.contains('/') {
                format!("expected a method and a name: write `* {given}` for any method")
            } else {
                let near = nearest(given, KINDS.iter().map(|(kind, _)| *kind), 1);
                match near.first() {
                    Some(kind) => format!("expected a method and a name, as `GET /cart`, or `{kind}` and a name"),
                    None => format!("expected a name behind the method: write `{given} *` for all of them"),
                }
            };
            return Err(ThresholdError::new(self.text, start, end, message));
        }
        if end == self.at && !matches!(self.peek(), Some('"') | None) {
            return Err(self.error_here("expected a space between method and name, as in `GET /cart`"));
        }
        Ok(Request { method, name: self.name(open)? })
    }

    /// To the closing parenthesis, or in quotes.
    fn name(&mut self, open: usize) -> Result<Pattern> {
        self.skip_spaces();
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let (start, mut depth) = (self.at, 0_usize);
        let end = self.rest().char_indices().find_map(|(at, char)| {
            match char {
                '(' => depth += 1,
                ')' if depth == 0 => return Some(at),
                ')' => depth -= 1,
                _ => {}
            }
            None
        });
        let Some(end) = end else { return Err(ThresholdError::new(self.text, open, open + 1, NOT_CLOSED)) };
        self.at = start + end;
        Ok(Pattern::plain(self.text[start..self.at].trim_end()))
    }

    /// `"…"`, in which `\"`, `\\`, `\*` and `\u{a}` stand for what they show.
    fn quoted(&mut self) -> Result<Pattern> {
        let start = self.at;
        self.at += 1;
        let mut parts = vec![String::new()];
        loop {
            let Some(char) = self.peek() else {
                return Err(ThresholdError::new(
                    self.text,
                    start,
                    start + 1,
                    "this quote is not closed: expected a `\"`",
                ));
            };
            let at = self.at;
            self.at += char.len_utf8();
            let char = match char {
                '"' => return Ok(Pattern::new(parts)),
                '*' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => self.escaped().ok_or_else(|| {
                    self.error(at, "unknown escape: write \\\" for a quote, \\\\ for a backslash, \\* for a star")
                })?,
                char => char,
            };
            if let Some(part) = parts.last_mut() {
                part.push(char);
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        if self.eat("u{") {
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            let char = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            return char.filter(|_| self.eat("}"));
        }
        let char = self.peek().filter(|char| ['"', '\\', '*'].contains(char))?;
        self.at += 1;
        Some(char)
    }
}
