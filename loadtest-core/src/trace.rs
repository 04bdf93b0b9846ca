//! What users do, told as it happens: for looking at one user, not at many.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Takes what users do as text: each request and its answer, each exception.
///
/// Given to a run with [`LoadTest::trace`](crate::LoadTest::trace) or
/// [`run_single_user`](crate::LoadTest::run_single_user); clients write to it through
/// [`Context::trace`](crate::Context::trace). What is written at once is one block of whole lines. Users of several threads
/// write at the same time, and a user waits while its text is taken.
///
/// ```
/// use loadtest_core::Trace;
///
/// let trace = Trace::new(|text| print!("{text}"));
/// assert!(!trace.shows_secrets());
/// ```
#[derive(Clone)]
pub struct Trace {
    sink: Arc<dyn Fn(&str) + Send + Sync>,
    shows_secrets: bool,
}

impl Trace {
    /// Writes to this function, from any thread of the run.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { sink: Arc::new(sink), shows_secrets: false }
    }

    /// Shows credentials and the values of cookies too, which are masked otherwise.
    #[must_use]
    pub fn show_secrets(mut self) -> Self {
        self.shows_secrets = true;
        self
    }

    /// Whether credentials and the values of cookies are to be shown: clients ask.
    #[must_use]
    pub fn shows_secrets(&self) -> bool {
        self.shows_secrets
    }

    /// Writes whole lines, the last of them ended by `\n` too. A sink that panics, such as `print!` on a closed pipe, loses
    /// them, and nothing else.
    pub fn write(&self, lines: &str) {
        // It may be called between tasks, where a panic would take the user with it.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.sink)(lines)));
    }
}

impl<F: Fn(&str) + Send + Sync + 'static> From<F> for Trace {
    fn from(sink: F) -> Self {
        Self::new(sink)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("shows_secrets", &self.shows_secrets).finish_non_exhaustive()
    }
}
