//! `--debug-user`: one user, and everything it does on stdout. `--debug-failures`: failed requests as files.

use std::path::{Path, PathBuf};

use clap::Args;

use super::say;
use super::values::yes_or_no;
use crate::error::InputError;
use crate::runner::LoadTest;
use crate::trace::Trace;

/// The flags of it.
#[derive(Debug, Args)]
pub(super) struct Debug {
    /// Run one user of this class, one task by default, and show its requests and their answers
    #[arg(long, env = "LOADTEST_DEBUG_USER", value_name = "USER_CLASS")]
    pub(super) debug_user: Option<String>,

    /// Show credentials and the values of cookies too
    #[arg(long, env = "LOADTEST_DEBUG_SECRETS", value_parser = yes_or_no, requires = "debug_user")]
    debug_secrets: bool,

    /// Write failed requests into this folder, each with its answer as a file of its own, secrets masked; at most 1000 files
    #[arg(long, env = "LOADTEST_DEBUG_FAILURES", value_name = "DIR")]
    debug_failures: Option<PathBuf>,
}

impl Debug {
    pub(super) fn is_asked_for(&self) -> bool {
        self.class().is_some()
    }

    /// An empty variable is none.
    pub(super) fn class(&self) -> Option<&String> {
        self.debug_user.as_ref().filter(|class| !class.is_empty())
    }

    /// Where failed requests are to be written.
    pub(super) fn failures(&self) -> Option<&Path> {
        self.debug_failures.as_deref()
    }

    /// Has failures written, and makes a run of one user, as far as that is asked for.
    ///
    /// # Errors
    /// When there is no such class.
    pub(super) fn apply(&self, mut test: LoadTest) -> Result<LoadTest, InputError> {
        if let Some(folder) = self.failures() {
            test = test.debug_failures(folder);
        }
        let Some(class) = self.class() else { return Ok(test) };
        test.keep_classes(&[class])?;
        let trace = Trace::new(say);
        Ok(test.single_user().trace(if self.debug_secrets { trace.show_secrets() } else { trace }))
    }
}
