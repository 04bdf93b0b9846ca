//! How listeners are added to a [`LoadTest`].

use std::sync::Arc;

use crate::exit::IntoTaskResult;
use crate::listener::functions::{OnRequest, OnTestStart, OnTestStop, OnUserError};
use crate::listener::{Listener, Listeners, TestStart, TestStop};
use crate::runner::LoadTest;
use crate::stats::{RequestEvent, UserErrorEvent};

impl LoadTest {
    /// Adds a listener, which is told of what happens in the run. Several are told in the order in which they were added.
    pub fn listener(mut self, listener: impl Listener) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// Adds a function for [`Listener::test_start`]. It may return nothing or a `Result<(), E>`, as all of these.
    pub fn on_test_start<R: IntoTaskResult>(self, told: impl Fn(&TestStart<'_>) -> R + Send + Sync + 'static) -> Self {
        self.listener(OnTestStart(told))
    }

    /// Adds a function for [`Listener::request`]: called for each request, on the threads of the users.
    ///
    /// ```
    /// use loadtest_core::LoadTest;
    ///
    /// let test = LoadTest::new().on_request(|event| {
    ///     if let Some(error) = event.error {
    ///         println!("user {:?}: {} {}: {error}", event.user_number, event.method, event.name);
    ///     }
    /// });
    /// # let _ = test;
    /// ```
    pub fn on_request<R: IntoTaskResult>(self, told: impl Fn(&RequestEvent<'_>) -> R + Send + Sync + 'static) -> Self {
        self.listener(OnRequest(told))
    }

    /// Adds a function for [`Listener::user_error`].
    pub fn on_user_error<R: IntoTaskResult>(
        self,
        told: impl Fn(&UserErrorEvent<'_>) -> R + Send + Sync + 'static,
    ) -> Self {
        self.listener(OnUserError(told))
    }

    /// Adds a function for [`Listener::test_stop`].
    pub fn on_test_stop<R: IntoTaskResult>(self, told: impl Fn(&TestStop<'_>) -> R + Send + Sync + 'static) -> Self {
        self.listener(OnTestStop(told))
    }

    /// All of them.
    pub(crate) fn all_listeners(&self) -> Listeners {
        Listeners::new(self.listeners.clone())
    }
}
