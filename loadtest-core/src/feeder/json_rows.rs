//! Rows from JSON lines: a JSON value per line, as <https://jsonlines.org> describes it.

use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::Feeder;
use super::source::{Source, quoted};
use crate::error::InputError;

impl<T: DeserializeOwned> Feeder<T> {
    /// The rows of a file with a JSON value in each line, each turned into a `T` (feature `feeders`).
    ///
    /// Blank lines are skipped; a byte order mark and `\r\n` do no harm. Relative paths as with [`csv`](Self::csv).
    ///
    /// ```no_run
    /// # use loadtest_core::{Feeder, InputError};
    /// # fn main() -> Result<(), InputError> {
    /// let articles: Feeder<(u64, String)> = Feeder::json_lines("data/articles.jsonl")?.shuffled();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8, has no rows, or a line is no JSON or no `T`. The text names the file,
    /// the line and the column, which counts bytes.
    pub fn json_lines(path: impl AsRef<Path>) -> Result<Self, InputError> {
        rows(&Source::file(path.as_ref())?)
    }

    /// As [`json_lines`](Self::json_lines), from anything that can be read. The name is the one in messages, and that of the
    /// feeder.
    ///
    /// ```
    /// use loadtest_core::Feeder;
    ///
    /// let text = "[17, \"chair\"]\n\n[18, \"desk\"]\n";
    /// let articles: Feeder<(u64, String)> = Feeder::json_lines_from_reader("articles", text.as_bytes()).unwrap();
    /// assert_eq!(articles.rows()[1], (18, "desk".to_owned()));
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn json_lines_from_reader(name: impl Into<String>, reader: impl Read) -> Result<Self, InputError> {
        rows(&Source::reader(name.into(), reader)?)
    }
}

fn rows<T: DeserializeOwned>(source: &Source) -> Result<Feeder<T>, InputError> {
    let mut rows = Vec::new();
    for (index, line) in source.bytes().split(|byte| *byte == b'\n').enumerate() {
        let line_number = index + 1;
        let text = str::from_utf8(line).map_err(|error| {
            let lossy = String::from_utf8_lossy(&line[error.valid_up_to()..]).into_owned();
            let column = error.valid_up_to() + 1;
            let what = format!(", column {column}: {} is not UTF-8; save the file as UTF-8", quoted(lossy.trim_end()));
            source.error_in(line_number, &what)
        })?;
        if text.trim().is_empty() {
            continue;
        }
        rows.push(serde_json::from_str(text).map_err(|error| wrong(source, line_number, text, &error))?);
    }
    if rows.is_empty() {
        return Err(source.error("is empty; give it at least one line with a JSON value"));
    }
    Ok(Feeder::of(source.short_name(), rows.into()))
}

fn wrong(source: &Source, line: usize, text: &str, error: &serde_json::Error) -> InputError {
    // The error counts lines within this one.
    let own = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string().replace(&own, "");
    let hint = match text.trim_start().as_bytes().first() {
        _ if error.is_eof() => "; write each value in a line of its own, and whole",
        Some(b'[') if error.is_data() => "; if the file is one list, write each of its elements in a line of its own",
        _ => "",
    };
    // A type's own error may know no column.
    let column = match error.column() {
        0 => String::new(),
        column => format!(", column {column}"),
    };
    source.error_in(line, &format!("{column}: {message}{hint}"))
}
