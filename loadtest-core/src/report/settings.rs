//! What was asked of a run, as its report keeps it.

use std::time::Duration;

use crate::plan::Settings;

/// The numbers with which a run was started.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunSettings {
    /// How many users were asked for.
    pub users: u64,
    /// How many of them were started per second; `None`: all at once.
    pub spawn_rate: Option<f64>,
    /// For how long; `None`: until it was stopped.
    pub run_time: Option<Duration>,
    /// How many threads drive the users.
    pub threads: usize,
    /// How long users may take to finish their task at the end.
    pub stop_timeout: Duration,
    /// For how long from the start what is measured is left out.
    pub warm_up: Option<Duration>,
    /// Whether figures are forgotten when all users have been started.
    pub reset_stats: bool,
    /// After how many task runs the run ends.
    pub iterations: Option<u64>,
    /// After how many task runs each user leaves.
    pub iterations_per_user: Option<u64>,
}

impl RunSettings {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            users: settings.users,
            spawn_rate: settings.spawn_rate.is_finite().then_some(settings.spawn_rate),
            run_time: settings.run_time,
            threads: settings.threads,
            stop_timeout: settings.stop_timeout,
            warm_up: settings.warm_up,
            reset_stats: settings.reset_stats,
            iterations: settings.iterations,
            iterations_per_user: settings.iterations_per_user,
        }
    }
}
