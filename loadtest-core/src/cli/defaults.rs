//! Defaults in code, for `main!`: they lose against flags and variables.

use std::fmt;

use super::options::OwnOptions;
use crate::error::InputError;

type HostFunction = Box<dyn FnOnce() -> Result<String, InputError>>;

/// What `main!(…, key = value)` sets that is no part of a `LoadTest`: what only a command line knows.
#[derive(Default)]
pub struct Defaults {
    host: Option<HostFunction>,
    options: Option<OwnOptions>,
    pub(super) autostart: bool,
    pub(super) autoquit: Option<u64>,
    pub(super) headless: bool,
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

    /// Whether to start without being asked, with the web UI beside it. Without a web UI every run does.
    #[must_use]
    pub fn autostart(mut self, autostart: bool) -> Self {
        self.autostart = autostart;
        self
    }

    /// After how many seconds to end the program when a run has ended that was started without being asked; without it the web
    /// UI stays.
    #[must_use]
    pub fn autoquit(mut self, seconds: u64) -> Self {
        self.autoquit = Some(seconds);
        self
    }

    /// Whether to run without the web UI.
    #[must_use]
    pub fn headless(mut self, headless: bool) -> Self {
        self.headless = headless;
        self
    }

    /// The test's own options, beside the flags.
    #[must_use]
    pub fn options<O: clap::Args + Send + Sync + 'static>(mut self) -> Self {
        self.options = Some(OwnOptions::of::<O>());
        self
    }

    pub(super) fn own_options(&self) -> Option<OwnOptions> {
        self.options
    }

    pub(super) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// The host of the code, if there is one: this may start a server.
    pub(super) fn start_host(&mut self) -> Result<Option<String>, InputError> {
        self.host.take().map(|host| host()).transpose()
    }
}

impl fmt::Debug for Defaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defaults").finish_non_exhaustive()
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
