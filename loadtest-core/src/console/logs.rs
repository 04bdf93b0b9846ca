//! The last lines of the log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::Level;

/// How many lines are kept.
const KEPT: usize = 1000;

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
    /// What it says, without time and level.
    pub text: String,
}

/// Where the lines are kept: whoever has the log writes, consoles read.
#[derive(Debug, Default)]
pub(crate) struct LogBook {
    lines: Mutex<VecDeque<LogLine>>,
}

impl LogBook {
    /// Keeps a line, and forgets the oldest when there are too many.
    pub(crate) fn add(&self, level: Level, text: String) {
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
}
