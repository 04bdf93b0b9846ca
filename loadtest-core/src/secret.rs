//! Words that must not be shown.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What stands for a secret wherever it would be shown.
pub(crate) const MASK: &str = "***";

/// A text that is never shown: a password, a key, a token.
///
/// `Debug` and `Display` give `***`, so it cannot get into a log or an error by accident. As an option of a test, or
/// as a configurable field, its value is masked in the help and in the report.
///
/// ```
/// use loadtest_core::Secret;
///
/// let key: Secret = "hunter2".parse().unwrap();
/// assert_eq!(format!("{key} {key:?}"), "*** ***");
/// assert_eq!(key.reveal(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// This text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
