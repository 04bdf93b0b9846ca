//! What became of a threshold.

use std::time::Duration;

use super::{Threshold, Value};

/// What became of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The figure is as it was asked for.
    Met,
    /// It is not.
    NotMet,
    /// Nothing was measured that the selector means.
    NothingMatched,
}

impl Verdict {
    /// The words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NothingMatched => "nothing matched",
        }
    }
}

/// A threshold and what became of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ThresholdResult {
    /// What was asked for.
    pub threshold: Threshold,
    /// The figure: that of the whole run, of the worst window, or of the moment at which it ended the run. `None` where
    /// nothing was measured.
    pub value: Option<Value>,
    /// Whether it is as asked for.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub sentence: String,
    /// When the figure was so, counted from the start of the run, where it is not that of the whole run: the end of the
    /// worst window, or the moment of the abort.
    pub at: Option<Duration>,
    /// Whether it ended the run.
    pub aborted: bool,
}

impl ThresholdResult {
    /// Whether it was met; what matched nothing was not.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.verdict == Verdict::Met
    }

    /// The figure for people; a dash where there is none. It is rounded, but never so that it would say the opposite of the
    /// verdict.
    #[must_use]
    pub fn shown_value(&self) -> String {
        match self.value {
            Some(value) => self.threshold.comparison.shown(value, self.threshold.limit),
            None => "-".to_owned(),
        }
    }
}
