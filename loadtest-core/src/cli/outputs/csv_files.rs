//! The files of `--csv`, written while the run goes on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::growing::Growing;
use super::target::Target;
use crate::error::InputError;
use crate::report::csv;
use crate::stats::Snapshot;
use crate::threshold::ThresholdResult;

/// The files that show totals are rewritten every so many seconds, and at the end.
const REWRITE_EVERY: u64 = 5;

/// Locust's four files with a common beginning of their names, and more beside them.
#[derive(Debug)]
pub(super) struct CsvFiles {
    prefix: PathBuf,
    full_history: bool,
    history: Growing,
    seconds: u64,
    /// That something could not be written is said once.
    said: bool,
}

impl CsvFiles {
    /// Makes sure that all of them can be written.
    pub(super) fn check(prefix: PathBuf, full_history: bool) -> Result<Self, InputError> {
        let names = csv::WHOLE.iter().map(|(name, _)| *name).chain(["stats_history", "thresholds"]);
        for target in names.map(|name| target(&prefix, name)) {
            target.check().map_err(|error| {
                let path = target.path().display();
                InputError::new(format!(
                    "--csv: {path} cannot be written: {error}; give a prefix in a folder that exists"
                ))
            })?;
        }
        let mut header = Vec::new();
        csv::history_header(&mut header).map_err(|error| InputError::new(format!("--csv: {error}")))?;
        let history = Growing::new(target(&prefix, "stats_history"), header);
        Ok(Self { prefix, full_history, history, seconds: 0, said: false })
    }

    /// Adds to the history, and rewrites the others when it is time. A disk that is full must not end the run: that is
    /// said once, and tried again the next time.
    pub(super) fn write(&mut self, snapshot: &Snapshot) {
        self.seconds += 1;
        let mut result = self.add_history(snapshot);
        if self.seconds % REWRITE_EVERY == 1 {
            result = result.and(self.rewrite(snapshot, &[]));
        }
        if let Err(error) = result
            && !std::mem::replace(&mut self.said, true)
        {
            tracing::warn!("--csv: {error}; the run goes on, and writing is tried again");
        }
    }

    /// Writes everything for the last time.
    ///
    /// # Errors
    /// What could not be written, in words; all others are written.
    pub(super) fn finish(&mut self, snapshot: &Snapshot, thresholds: &[ThresholdResult]) -> Result<(), String> {
        let history = self.add_history(snapshot);
        history.and(self.rewrite(snapshot, thresholds))
    }

    fn add_history(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        let mut lines = Vec::new();
        let made = csv::history(snapshot, SystemTime::now(), self.full_history, &mut lines);
        let added = made.and_then(|()| self.history.add(&lines));
        added.map_err(|error| cannot(&target(&self.prefix, "stats_history"), &error))
    }

    /// Writes each of the others; the first error of several.
    fn rewrite(&self, snapshot: &Snapshot, thresholds: &[ThresholdResult]) -> Result<(), String> {
        let mut result = Ok(());
        let mut write = |name: &str, content: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
            let target = target(&self.prefix, name);
            let written = target.write(|out| content(out)).map(|_| ());
            let written = written.map_err(|error| cannot(&target, &error));
            result = std::mem::replace(&mut result, Ok(())).and(written);
        };
        for (name, content) in csv::WHOLE {
            write(name, &|out| content(snapshot, out));
        }
        write("thresholds", &|out| csv::thresholds(thresholds, out));
        result
    }
}

fn cannot(target: &Target, error: &io::Error) -> String {
    format!("{} cannot be written: {error}", target.path().display())
}

fn target(prefix: &Path, name: &str) -> Target {
    let mut path = prefix.as_os_str().to_owned();
    path.push(format!("_{name}.csv"));
    Target::new(path.into())
}
