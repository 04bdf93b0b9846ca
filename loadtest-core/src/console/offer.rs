//! What there is to choose from before a start.

use super::ask::Ask;

/// What there is to choose from before a start.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Offer {
    /// The name of the program.
    pub name: String,
    /// The version of this library.
    pub version: String,
    /// The user classes.
    pub classes: Vec<OfferedClass>,
    /// All tags of all tasks, sorted.
    pub tags: Vec<String>,
    /// The test's own options, in the order of their declaration.
    pub options: Vec<OfferedOption>,
    /// What would be used if nothing was asked for: every field is filled, but for the host where there is none. Secrets are
    /// left out.
    pub defaults: Ask,
    /// Whether some class has no host of its own, so that the run needs one.
    pub host_required: bool,
    /// How many threads drive the users.
    pub threads: usize,
}

/// A user class.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OfferedClass {
    /// Its name.
    pub name: String,
    /// Its share among all users.
    pub weight: f64,
    /// Exactly so many users, if that is so.
    pub fixed_count: Option<u64>,
    /// The host in its code or configured for it.
    pub host: Option<String>,
    /// Its tasks.
    pub tasks: Vec<OfferedTask>,
}

/// A task, or a task set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OfferedTask {
    /// Its name.
    pub name: String,
    /// How often it runs among the tasks of its level in the long run, from 0 to 1.
    pub share: f64,
    /// Its own tags.
    pub tags: Vec<String>,
    /// The tasks of the set that it enters. Empty also where the set stands further up: sets may contain each other.
    pub inside: Vec<Self>,
}

/// An option of the test's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferedOption {
    /// Its long name.
    pub name: String,
    /// What it is, as `--help` says it.
    pub help: String,
    /// What it is if nothing else is asked for; of a switch that is on, `true`. Of a secret always empty.
    pub default: Vec<String>,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// Whether a run needs it, and it has no default.
    pub required: bool,
    /// Whether it can have several values.
    pub multiple: bool,
    /// Whether it takes no value.
    pub is_switch: bool,
    /// Its possible values; empty where any text may do.
    pub choices: Vec<String>,
}
