//! Why a run gives no report.

use std::fmt;

use crate::error::InputError;
use crate::report::Report;

/// Why there is no report.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// Something that was asked for makes no sense; nothing was started.
    Input(InputError),
    /// The system gave no thread or no event queue; nothing was started.
    Start(std::io::Error),
    /// A `setup` failed, so no user was started. What had been set up was torn down.
    Setup {
        /// The user class whose `setup` it was.
        class: String,
        /// What it said.
        message: String,
        /// What was measured until then.
        report: Box<Report>,
    },
    /// The threads of the run ended without a word: a defect of this library.
    Lost,
}

impl From<InputError> for RunError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Start(error) => write!(f, "the threads of the run could not be started: {error}"),
            Self::Setup { class, message, .. } => write!(f, "{class}::setup failed: {message}"),
            Self::Lost => f.write_str("the run ended without a result: this is a defect of loadtest"),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(error) => Some(error),
            Self::Input(_) | Self::Setup { .. } | Self::Lost => None,
        }
    }
}
