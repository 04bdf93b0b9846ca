//! What is wrong with the text of a threshold, and where.

use std::convert::Infallible;
use std::fmt;

use crate::error::InputError;

/// How much of a long text is shown on each side of the place.
const AROUND: usize = 70;

/// A text that is no threshold: what is wrong, the text, and under it a `^` for each character that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThresholdError {
    message: String,
    text: Vec<char>,
    start: usize,
    length: usize,
}

impl ThresholdError {
    /// Of the bytes from `start` to `end`.
    pub(super) fn new(text: &str, start: usize, end: usize, message: impl Into<String>) -> Self {
        let before = text.get(..start).unwrap_or(text).chars().count();
        let length = text.get(start..end).unwrap_or_default().chars().count();
        Self { message: message.into(), text: text.chars().collect(), start: before, length: length.max(1) }
    }

    /// What is wrong, and what to write instead: one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The number of the character at which it is, from 0; the length of the text where something is missing at its end.
    #[must_use]
    pub fn position(&self) -> usize {
        self.start
    }
}

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.start.saturating_sub(AROUND);
        let to = self.text.len().min(self.start + self.length.min(AROUND) + AROUND);
        let cut = if from > 0 { "…" } else { "" };
        let shown = self.text[from..to].iter().map(|char| if char.is_control() { ' ' } else { *char });
        let text: String = cut.chars().chain(shown).collect();
        let rest = if to < self.text.len() { "…" } else { "" };
        let indent = self.start - from + cut.chars().count();
        let marks = "^".repeat(self.length.min(to.saturating_sub(self.start)).max(1));
        write!(f, "{}\n  {text}{rest}\n  {:indent$}{marks}", self.message, "")
    }
}

impl std::error::Error for ThresholdError {}

impl From<Infallible> for ThresholdError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<ThresholdError> for InputError {
    fn from(error: ThresholdError) -> Self {
        Self::new(format!("threshold: {error}"))
    }
}
