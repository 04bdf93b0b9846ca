//! `--threshold`, and several at once in its variable.

use clap::Args;

use crate::error::InputError;
use crate::runner::LoadTest;
use crate::threshold::Threshold;

const VARIABLE: &str = "LOADTEST_THRESHOLDS";

/// The flag of it.
#[derive(Debug, Args)]
pub(super) struct Thresholds {
    /// Fail (exit code 3) unless this is met: "p95(GET /cart) < 200ms", "fail_ratio < 1% abort after 30s"; several with ;
    /// between them, and can be repeated; asked for beside the thresholds of the code
    #[arg(long, env = VARIABLE, value_name = "THRESHOLD")]
    threshold: Vec<String>,
}

impl Thresholds {
    /// Asks for them.
    ///
    /// # Errors
    /// When one is none: with its place, and where it comes from.
    pub(super) fn apply(&self, mut test: LoadTest) -> Result<LoadTest, InputError> {
        let typed = std::env::args_os().skip(1).any(|typed| typed.as_encoded_bytes().starts_with(b"--threshold"));
        let from = if typed { "--threshold" } else { VARIABLE };
        for given in &self.threshold {
            // Of a variable in a script that is not set: nothing would be looked at, and the run would pass.
            if typed && given.trim().is_empty() {
                let error = "--threshold: it is empty; write one such as \"p95 < 200ms\", or leave the flag out";
                return Err(InputError::new(error));
            }
            let thresholds = Threshold::parse_list(given);
            test = test.thresholds(thresholds.map_err(|error| InputError::new(format!("{from}: {error}")))?);
        }
        Ok(test)
    }
}
