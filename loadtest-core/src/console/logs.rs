//! The last lines of the log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::Level;

/// How many lines are kept.
const KEPT: usize = 1000;

/// How many bytes of a line are kept.
const LONGEST: usize = 8 * 1024;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// From 1 on, without gaps.
    pub number: u64,
    /// When it was written.
    pub at: SystemTime,
    /// How serious it is.
    pub level: Level,
    /// What it says, without time and level; cut with `…` where it is longer than 8 KiB.
    pub text: String,
}

/// Where the lines are kept: whoever has the log writes, consoles read.
#[derive(Debug, Default)]
pub(crate) struct LogBook {
    lines: Mutex<VecDeque<LogLine>>,
}

impl LogBook {
    /// Keeps a line, and forgets the oldest when there are too many.
    pub(crate) fn add(&self, level: Level, mut text: String) {
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push('…');
            text.shrink_to_fit();
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let number = lines.back().map_or(1, |line| line.number + 1);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(LogLine { number, at: SystemTime::now(), level, text });
    }

    /// Those with a number above `after`, oldest first.
    pub(crate) fn after(&self, after: u64) -> Vec<LogLine> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.number > after).cloned().collect()
    }

    /// The number of the last line; 0 where there is none.
    pub(crate) fn last(&self) -> u64 {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).back().map_or(0, |line| line.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut() {
        let book = LogBook::default();
        assert_eq!(book.last(), 0);
        book.add(Level::WARN, "ä".repeat(LONGEST));
        assert_eq!(book.last(), 1);
        let line = &book.after(0)[0];
        assert!(line.text.len() <= LONGEST + '…'.len_utf8() && line.text.ends_with("ä…"));
    }
}
