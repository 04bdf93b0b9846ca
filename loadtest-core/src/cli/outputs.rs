//! What a run leaves behind beside the tables on the terminal: files, and JSON on stdout.

mod csv_files;
mod growing;
mod target;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::values::yes_or_no;
use crate::error::InputError;
use crate::report::{Report, RunSettings};
use crate::stats::Snapshot;
use csv_files::CsvFiles;
use target::{Target, expanded, with_ending};

/// The flags for it.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct OutputFlags {
    /// Write CSV files while the run goes on: PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and
    /// PREFIX_exceptions.csv as Locust does, and _phases, _response_times, _statuses, _tasks, _transactions, _metrics,
    /// _thresholds, _generator. In this and all other names {u}, {r} and {t} stand for users, spawn rate and run time
    #[arg(long, env = "LOADTEST_CSV", value_name = "PREFIX")]
    csv: Option<PathBuf>,

    /// Have a line per request name in PREFIX_stats_history.csv each second, not only one for all of them
    #[arg(long, env = "LOADTEST_CSV_FULL_HISTORY", value_parser = yes_or_no)]
    csv_full_history: bool,

    /// Write the report as one HTML page to FILE at the end, for people who did not run the test
    #[arg(long, env = "LOADTEST_HTML", value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report as JSON to FILE at the end; .json is added to a name without it
    #[arg(long, env = "LOADTEST_JSON_FILE", value_name = "FILE")]
    json_file: Option<PathBuf>,

    /// Print the report as JSON at the end, and nothing else on stdout
    #[arg(long, env = "LOADTEST_JSON", value_parser = yes_or_no, conflicts_with = "debug_user")]
    pub(super) json: bool,
}

impl OutputFlags {
    /// Says what was asked for in vain.
    pub(super) fn warn(&self) {
        let no_csv = self.csv.as_ref().is_none_or(|prefix| prefix.as_os_str().is_empty());
        if no_csv && self.csv_full_history {
            tracing::warn!("--csv-full-history says how --csv PREFIX writes: without it nothing is written");
        }
    }
}

/// What is to be written of one run.
#[derive(Debug)]
pub(super) struct Outputs {
    csv: Option<CsvFiles>,
    html: Option<Target>,
    json_file: Option<Target>,
    json: bool,
}

impl Outputs {
    /// Makes sure that everything can be written, and leaves the files of an earlier run as they are.
    ///
    /// # Errors
    /// When there is a file that cannot be written.
    pub(super) fn check(flags: &OutputFlags, settings: &RunSettings) -> Result<Self, InputError> {
        let given = |path: &Option<PathBuf>| {
            // A variable that is set to nothing asks for nothing.
            path.as_ref().filter(|path| !path.as_os_str().is_empty()).map(|path| expanded(path, settings))
        };
        let html = given(&flags.html).map(Target::new);
        let json_file = given(&flags.json_file).map(|path| Target::new(with_ending(path, "json")));
        for (flag, target) in [("--html", &html), ("--json-file", &json_file)] {
            let Some(target) = target else { continue };
            target.check().map_err(|error| {
                let path = target.path().display();
                InputError::new(format!(
                    "{flag}: {path} cannot be written: {error}; give a file in a folder that exists"
                ))
            })?;
        }
        let csv = given(&flags.csv).map(|prefix| CsvFiles::check(prefix, flags.csv_full_history)).transpose()?;
        Ok(Self { csv, html, json_file, json: flags.json })
    }

    /// The figures of now; called once a second.
    pub(super) fn during(&mut self, snapshot: &Snapshot) {
        if let Some(csv) = &mut self.csv {
            csv.write(snapshot);
        }
    }

    /// Writes all that is to be written at the end; says whether it could be. What cannot be written keeps nothing else
    /// from being.
    #[must_use]
    pub(super) fn finish(&mut self, report: &Report) -> bool {
        let mut failed = Vec::new();
        if let Some(csv) = &mut self.csv
            && let Err(error) = csv.finish(report.snapshot(), report.thresholds())
        {
            failed.push(format!("--csv: {error}"));
        }
        if let Some(target) = &self.html
            && let Err(error) = target.write(|out| report.write_html(out))
        {
            failed.push(format!("--html: {} cannot be written: {error}", target.path().display()));
        }
        if let Some(target) = &self.json_file
            && let Err(error) = target.write(|out| report.write_json(out))
        {
            failed.push(format!("--json-file: {} cannot be written: {error}", target.path().display()));
        }
        if self.json
            && let Err(error) = print_json(report)
        {
            failed.push(format!("--json: stdout cannot be written: {error}"));
        }
        for what in &failed {
            tracing::error!("{what}");
        }
        failed.is_empty()
    }
}

fn print_json(report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match report.write_json(&mut out).and_then(|()| out.flush()) {
        // Whoever closed stdout does not want to read more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            let _ = out.into_parts();
            Ok(())
        }
        result => result,
    }
}
