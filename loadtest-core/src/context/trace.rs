//! What a user writes to the trace of its run, where there is one.

use std::fmt::Write;
use std::time::Duration;

use super::control::{IN_SETUP, IN_TEARDOWN};
use super::{Context, SetupContext};
use crate::trace::Trace;
use crate::units::format_millis;

impl Context {
    /// Where to write what the user does, for somebody who looks on. `None` in nearly all runs: a client asks once, and makes
    /// no text for nobody.
    ///
    /// ```
    /// # use loadtest_core::Context;
    /// fn tell(cx: &Context, sent: &str) {
    ///     if let Some(trace) = cx.trace() {
    ///         trace.write(&format!("{}: sent {sent:?}\n", cx.traced_as()));
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.0.run.trace.as_ref()
    }

    /// Whose lines these are in a trace: `user 3`, or `setup of Shopper`.
    #[must_use]
    pub fn traced_as(&self) -> String {
        let hook = match self.control().task() {
            IN_SETUP => "setup",
            IN_TEARDOWN => "teardown",
            _ => return format!("user {}", self.user_number()),
        };
        format!("{hook} of {}", self.class())
    }

    /// A hook begins: what it requests belongs to it.
    pub(crate) fn enter_hook(&self, set: Option<&'static str>, hook: &'static str) {
        self.recorder().enter_hook(set, hook);
        self.tell_task(set, hook);
    }

    /// Tells that a task or hook begins.
    #[inline]
    pub(crate) fn tell_task(&self, set: Option<&str>, task: &str) {
        if let Some(trace) = self.trace() {
            let set = set.map(|set| format!("{set}::")).unwrap_or_default();
            trace.write(&format!("{}: {}::{set}{task}\n", self.traced_as(), self.class()));
        }
    }

    /// Tells of an exception.
    pub(crate) fn tell_exception(&self, class: &str, task: &str, message: &str, place: Option<&str>) {
        let Some(trace) = self.trace() else { return };
        let mut text = format!("{}: exception in {class}::{task}: {message}", self.traced_as());
        if let Some(place) = place {
            // Writing to memory cannot fail.
            let _ = write!(text, " ({place})");
        }
        text.push('\n');
        trace.write(&text);
    }

    /// Tells how something that was measured ended; what it was, where nobody else tells it.
    pub(super) fn tell_measured(&self, method: &str, name: &str, error: Option<&str>, took: Duration) {
        let Some(trace) = self.trace() else { return };
        let took = format_millis(took);
        let verdict = error.map_or_else(|| "ok".to_owned(), |error| format!("failed: {error}"));
        trace.write(&format!("{}: {method} {name}: {verdict}, {took} ms\n", self.traced_as()));
    }
}

impl SetupContext {
    /// As that of a [`Context`].
    pub(crate) fn tell_exception(&self, class: &str, task: &str, message: &str, place: Option<&str>) {
        self.0.tell_exception(class, task, message, place);
    }
}
