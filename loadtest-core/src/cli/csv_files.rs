//! The files of `--csv`, written while the run goes on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::InputError;
use crate::report::csv;
use crate::stats::Snapshot;

/// The files that show totals are rewritten every so many seconds, and at the end.
const REWRITE_EVERY: u64 = 5;

type Writer = fn(&Snapshot, &mut dyn Write) -> io::Result<()>;

/// The files that are rewritten as a whole.
const WHOLE: [(&str, Writer); 6] = [
    ("stats", csv::stats),
    ("failures", csv::failures),
    ("exceptions", csv::exceptions),
    ("phases", csv::phases),
    ("transactions", csv::transactions),
    ("metrics", csv::metrics),
];

/// Locust's four files with a common beginning of their names, and three more: `_phases.csv`, `_transactions.csv` and
/// `_metrics.csv`.
pub(super) struct CsvFiles {
    prefix: PathBuf,
    history: BufWriter<File>,
    seconds: u64,
    failed: bool,
}

impl CsvFiles {
    /// Creates all of them, so that an unwritable place is known before the run.
    pub(super) fn create(prefix: &Path) -> Result<Self, InputError> {
        let create = |name: &str| {
            let path = path(prefix, name);
            File::create(&path).map_err(|error| {
                let path = path.display();
                InputError::new(format!(
                    "--csv: {path} cannot be written: {error}; give a prefix in a folder that exists"
                ))
            })
        };
        for (name, _) in WHOLE {
            create(name)?;
        }
        let mut history = BufWriter::new(create("stats_history")?);
        csv::history_header(&mut history)
            .map_err(|error| InputError::new(format!("--csv: cannot be written: {error}")))?;
        Ok(Self { prefix: prefix.to_owned(), history, seconds: 0, failed: false })
    }

    /// Adds to the history, and rewrites the others when it is time. A disk that is full must not end the run: that is
    /// said once, and tried again the next time.
    pub(super) fn write(&mut self, snapshot: &Snapshot, last: bool) {
        self.seconds += 1;
        let rewrite = last || self.seconds % REWRITE_EVERY == 1;
        if let Err(error) = self.try_write(snapshot, rewrite)
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::warn!("--csv: {error}; the run goes on, and writing is tried again");
        }
    }

    fn try_write(&mut self, snapshot: &Snapshot, rewrite: bool) -> io::Result<()> {
        csv::history(snapshot, SystemTime::now(), &mut self.history)?;
        self.history.flush()?;
        if rewrite {
            for (name, write) in WHOLE {
                let mut file = BufWriter::new(File::create(path(&self.prefix, name))?);
                write(snapshot, &mut file)?;
                file.flush()?;
            }
        }
        Ok(())
    }
}

fn path(prefix: &Path, name: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(format!("_{name}.csv"));
    path.into()
}
