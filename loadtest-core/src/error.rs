//! What can be wrong with the input of a run, before any load starts.

use std::fmt;

/// Input that a run cannot start with: an option, a host, a user class.
///
/// Its text is one sentence that says what was wrong and what to write instead; that of a threshold shows the text and marks the
/// place as well. The command line shows it and
/// ends with exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError(String);

impl InputError {
    /// With this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}
