//! What a start asks for, what can be changed while a run goes on, and why not.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What a start asks for: laid over the test as its code and its command line have it. `None`, and what is missing in a
/// map, is as the test has it by itself.
///
/// ```
/// use loadtest_core::console::Ask;
///
/// let ask = Ask { users: Some(20), spawn_rate: Some(5.0), ..Ask::default() };
/// assert_eq!(ask.run_time, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    /// How many users to simulate at once, at least 1.
    pub users: Option<u64>,
    /// How many users to start per second, above 0; infinite for all at once.
    pub spawn_rate: Option<f64>,
    /// How long to run; `Some(None)`: until it is stopped.
    pub run_time: Option<Option<Duration>>,
    /// The host to test; an empty one counts as not given.
    pub host: Option<String>,
    /// Only these user classes.
    pub classes: Option<Vec<String>>,
    /// The weights of user classes.
    pub weights: BTreeMap<String, f64>,
    /// Exactly so many users of a class; `None`: a share by weight.
    pub fixed_counts: BTreeMap<String, Option<u64>>,
    /// The hosts of user classes, which win over the one of the run; an empty one counts as not given.
    pub hosts: BTreeMap<String, String>,
    /// Only tasks with one of these tags; an empty list: all tasks.
    pub tags: Option<Vec<String>>,
    /// No task with one of these tags.
    pub exclude_tags: Option<Vec<String>>,
    /// The test's own options by their long names. Of a switch: nothing for off, `true` for on; of a counted one, how often.
    /// One empty text counts as nothing, and nothing as the default of the code.
    pub options: BTreeMap<String, Vec<String>>,
    /// What the run must keep to, in place of the thresholds that the test has.
    pub thresholds: Option<Vec<String>>,
    /// What is measured in so long from the start on is left out; `Some(None)`: nothing is.
    pub warm_up: Option<Option<Duration>>,
    /// How long users may take to finish their task at the end.
    pub stop_timeout: Option<Duration>,
    /// Whether figures are forgotten when all users have been started.
    pub reset_stats: Option<bool>,
}

/// What is to be changed in a run that is spawning or running; `None` stays.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Edit {
    /// How many users there are to be. With 0 the run goes on without users.
    pub users: Option<u64>,
    /// How many users to start or to stop per second, above 0; infinite for all at once.
    pub spawn_rate: Option<f64>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The field that is wrong, by its name in [`Ask`]: `users`, `thresholds`, and with a dot inside of maps:
    /// `weights.Shopper`, `options.tenant`. `None` where it is not the input, but what goes on, that does not allow it.
    pub field: Option<String>,
    /// What was wrong, and what to write instead.
    pub message: String,
}

impl Refused {
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), message: message.into() }
    }

    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self { field: None, message: message.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}
