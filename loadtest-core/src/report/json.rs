//! A report as JSON, and a report from it: `docs/report-json.md` has the fields.
//!
//! There is one form for each type, and the form of a struct is a list of its fields from which both directions are made:
//! what one of them forgot the other would miss. Derived implementations would do the same for one more crate, and would
//! be part of the types' public face.

mod figures;
mod form;
mod history;
mod times;

use std::fmt;
use std::io::{self, Read, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::{EndedBy, Report, RunSettings};
use crate::stats::Snapshot;
use form::{Fields, Json, Object, Wrong, object};

/// By which a file is known.
const FORMAT: &str = "loadtest report";
/// Of the schema. Fields that are added do not change it, as readers leave alone what they do not know.
const VERSION: u64 = 1;

/// Why a report cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes could not be read.
    Read(io::Error),
    /// It is no JSON, or ends in the middle: where, in words.
    Syntax(String),
    /// It is JSON, but no report.
    Foreign,
    /// It was written by a newer version of this library, in this version of the schema.
    Newer(u64),
    /// A field is missing or is not what it should be: which, in words.
    Field(String),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "the report cannot be read: {error}"),
            Self::Syntax(error) => write!(f, "this is no JSON: {error}"),
            Self::Foreign => {
                write!(
                    f,
                    "this is JSON, but no report of loadtest: give a file that --json-file or Report::write_json wrote"
                )
            }
            Self::Newer(version) => write!(
                f,
                "this report has version {version} of its format, and this is loadtest {} that reads up to version {VERSION}: \
                 update loadtest",
                super::VERSION
            ),
            Self::Field(what) => write!(f, "this report is damaged: {what}"),
        }
    }
}

impl std::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}

impl Report {
    /// Writes all of it as JSON, in one line: what [`from_json`](Self::from_json) reads again. Where it goes should be
    /// buffered.
    ///
    /// Times in histograms are in microseconds, other times in nanoseconds, each with the unit in its name;
    /// `docs/report-json.md` has every field.
    ///
    /// # Errors
    /// When `out` cannot be written.
    ///
    /// ```
    /// use loadtest_core::{LoadTest, Report, TaskResult};
    /// # use loadtest_core::{Context, Tasks, User, UserInit};
    ///
    /// # fn of(report: &Report) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut json = Vec::new();
    /// report.write_json(&mut json)?;
    /// assert_eq!(Report::from_json(&json[..])?, *report);
    /// # Ok(())
    /// # }
    /// assert!(Report::from_json(&b"{\"format\": \"something else\"}"[..]).is_err());
    /// ```
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &Document(self))?;
        out.write_all(b"\n")
    }

    /// Reads what [`write_json`](Self::write_json) has written: every figure is what it was. Fields that this version does
    /// not know are left alone.
    ///
    /// # Errors
    /// When it is no JSON, no report, one of a newer version, or a damaged one.
    pub fn from_json(mut from: impl Read) -> Result<Self, JsonError> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map_err(JsonError::Read)?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| JsonError::Syntax(error.to_string()))?;
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(JsonError::Foreign);
        }
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version > VERSION => Err(JsonError::Newer(version)),
            Some(_) => Self::read(value).map_err(|wrong| JsonError::Field(wrong.sentence())),
            None => Err(JsonError::Foreign),
        }
    }
}

struct Document<'a>(&'a Report);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("format", FORMAT)?;
        map.serialize_entry("version", &VERSION)?;
        self.0.write_fields(&mut map)?;
        map.end()
    }
}

object!(Report [snapshot] {
    version as "loadtest_version",
    run_id,
    seed,
    host,
    classes as "user_classes",
    configured,
    options,
    settings,
    started_at,
    ended_by,
    incomplete as "is_incomplete",
    thresholds,
});

object!(Snapshot [] {
    state,
    elapsed as "elapsed_ns",
    since as "since_ns",
    measured as "measured_ns",
    users,
    target_users,
    rows as "requests",
    total,
    tasks,
    classes,
    failures,
    exceptions,
    starts as "scheduled_starts",
    health as "generator",
    metrics,
    transactions,
    transaction_failures,
    warnings,
    history,
});

object!(RunSettings [] {
    users,
    spawn_rate,
    run_time as "run_time_ns",
    threads,
    stop_timeout as "stop_timeout_ns",
    warm_up as "warm_up_ns",
    reset_stats,
    iterations,
    iterations_per_user,
});

impl Fields for EndedBy {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        let (reason, class, message) = match self {
            Self::GoesOn => ("goes on", None, None),
            Self::RunTime => ("run time", None, None),
            Self::Request => ("request", None, None),
            Self::Abort => ("abort", None, None),
            Self::StopTest(why) => ("stop_test", None, Some(why)),
            Self::NoUsersLeft => ("no users left", None, None),
            Self::Iterations => ("iterations", None, None),
            Self::Threshold(broken) => ("threshold", None, Some(broken)),
            Self::SetupFailed { class, message } => ("setup failed", Some(class), Some(message)),
        };
        to.serialize_entry("reason", reason)?;
        to.serialize_entry("class", &class)?;
        to.serialize_entry("message", &message)
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        Ok(match from.take::<String>("reason")?.as_str() {
            "goes on" => Self::GoesOn,
            "run time" => Self::RunTime,
            "request" => Self::Request,
            "abort" => Self::Abort,
            "stop_test" => Self::StopTest(from.take("message")?),
            "no users left" => Self::NoUsersLeft,
            "iterations" => Self::Iterations,
            "threshold" => Self::Threshold(from.take("message")?),
            "setup failed" => Self::SetupFailed { class: from.take("class")?, message: from.take("message")? },
            other => return Err(Wrong::new(format!("no run ends by `{other}`"))),
        })
    }
}

#[cfg(test)]
mod tests;
