//! Defaults in code, for `main!`: they lose against flags and variables.

use std::fmt;
use std::time::Duration;

use crate::error::InputError;
use crate::runner::LoadTest;

type HostFunction = Box<dyn FnOnce() -> Result<String, InputError>>;

/// What `main!(…, key = value)` sets.
#[derive(Default)]
pub struct Defaults {
    host: Option<HostFunction>,
    users: Option<u64>,
    spawn_rate: Option<f64>,
    run_time: Option<Duration>,
    stop_timeout: Option<Duration>,
    on_stop_timeout: Option<Duration>,
}

impl Defaults {
    /// Nothing set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The host to test when no `--host` is given: a text, or a function that gives one and may start a server first.
    #[must_use]
    pub fn host<M>(mut self, host: impl HostSource<M> + 'static) -> Self {
        self.host = Some(Box::new(move || host.host()));
        self
    }

    /// How many users.
    #[must_use]
    pub fn users(mut self, users: u64) -> Self {
        self.users = Some(users);
        self
    }

    /// Users started per second.
    #[must_use]
    pub fn spawn_rate(mut self, users_per_second: impl Into<f64>) -> Self {
        self.spawn_rate = Some(users_per_second.into());
        self
    }

    /// How long to run.
    #[must_use]
    pub fn run_time(mut self, run_time: Duration) -> Self {
        self.run_time = Some(run_time);
        self
    }

    /// How long a task may take to finish at the end.
    #[must_use]
    pub fn stop_timeout(mut self, stop_timeout: Duration) -> Self {
        self.stop_timeout = Some(stop_timeout);
        self
    }

    /// How long each `on_stop` may take.
    #[must_use]
    pub fn on_stop_timeout(mut self, on_stop_timeout: Duration) -> Self {
        self.on_stop_timeout = Some(on_stop_timeout);
        self
    }

    /// Whether to start without being asked. There is no web UI yet in which a run could wait, so every run does.
    #[must_use]
    pub fn autostart(self, _autostart: bool) -> Self {
        self
    }

    /// Whether to run without the web UI. There is none yet.
    #[must_use]
    pub fn headless(self, _headless: bool) -> Self {
        self
    }

    /// The host of the code, if there is one: this may start a server.
    pub(super) fn start_host(&mut self) -> Result<Option<String>, InputError> {
        self.host.take().map(|host| host()).transpose()
    }

    pub(super) fn users_or(&self, users: Option<u64>) -> u64 {
        users.or(self.users).unwrap_or(1)
    }

    pub(super) fn apply(&self, mut test: LoadTest) -> LoadTest {
        if let Some(users) = self.users {
            test = test.users(users);
        }
        if let Some(spawn_rate) = self.spawn_rate {
            test = test.spawn_rate(spawn_rate);
        }
        if let Some(run_time) = self.run_time {
            test = test.run_time(run_time);
        }
        if let Some(stop_timeout) = self.stop_timeout {
            test = test.stop_timeout(stop_timeout);
        }
        if let Some(on_stop_timeout) = self.on_stop_timeout {
            test = test.on_stop_timeout(on_stop_timeout);
        }
        test
    }
}

impl fmt::Debug for Defaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defaults").field("users", &self.users).field("run_time", &self.run_time).finish_non_exhaustive()
    }
}

/// Where a host may come from; `M` only tells texts and functions apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no host",
    note = "write a text, or a function without arguments that returns one (or a `Result` with one)"
)]
pub trait HostSource<M> {
    /// The host.
    ///
    /// # Errors
    /// When a function says that there is none.
    fn host(self) -> Result<String, InputError>;
}

/// Marks texts.
#[derive(Debug)]
pub enum Text {}

/// Marks functions by what they return.
#[derive(Debug)]
pub struct Function<R>(R);

impl HostSource<Text> for &str {
    fn host(self) -> Result<String, InputError> {
        Ok(self.to_owned())
    }
}

impl HostSource<Text> for String {
    fn host(self) -> Result<String, InputError> {
        Ok(self)
    }
}

impl<F: FnOnce() -> String> HostSource<Function<String>> for F {
    fn host(self) -> Result<String, InputError> {
        Ok(self())
    }
}

impl<E: fmt::Display, F: FnOnce() -> Result<String, E>> HostSource<Function<Result<String, E>>> for F {
    fn host(self) -> Result<String, InputError> {
        self().map_err(|error| InputError::new(format!("the host of this test could not be started: {error}")))
    }
}
