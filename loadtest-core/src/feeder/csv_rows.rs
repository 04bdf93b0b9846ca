//! Rows from CSV, as the `csv` crate reads it: RFC 4180, and forgiving about line ends.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use csv::{ByteRecord, DeserializeError, DeserializeErrorKind, StringRecord, Trim};
use serde::de::DeserializeOwned;

use super::Feeder;
use super::source::{Source, quoted};
use crate::error::InputError;

/// How a CSV file is written, where it is not with commas, double quotes and a header line.
///
/// ```
/// use loadtest_core::{CsvFormat, Feeder, InputError};
///
/// # fn main() -> Result<(), InputError> {
/// let file = "# from the shop\nada;'a;b'\n";
/// let format = CsvFormat::new().delimiter(b';').quote(b'\'').comment(b'#').header(false);
/// let rows: Feeder<(String, String)> = Feeder::csv_from_reader("accounts", file.as_bytes(), format)?;
/// assert_eq!(rows.rows(), [("ada".to_owned(), "a;b".to_owned())]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "give it to `Feeder::csv_with`"]
pub struct CsvFormat {
    delimiter: u8,
    quote: u8,
    comment: Option<u8>,
    header: bool,
    trim: bool,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', comment: None, header: true, trim: false }
    }
}

impl CsvFormat {
    /// Commas, double quotes, no comments, a header line; spaces belong to the fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands between fields: a comma by default, often `b';'` or `b'\t'`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// What fields are put into that hold a delimiter, a quote or the end of a line; a double quote by default. Inside,
    /// a quote is written twice.
    pub fn quote(mut self, quote: u8) -> Self {
        self.quote = quote;
        self
    }

    /// Lines that begin with this are left out; none by default.
    pub fn comment(mut self, comment: u8) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Whether the first line names the columns, as it does by default. Without names, rows are tuples or sequences.
    pub fn header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// Whether spaces around fields and names of columns are cut off; not by default.
    pub fn trim(mut self, trim: bool) -> Self {
        self.trim = trim;
        self
    }

    fn check(self, source: &Source) -> Result<(), InputError> {
        let special = [Some(self.delimiter), Some(self.quote), self.comment];
        let twice = special.iter().enumerate().any(|(index, byte)| byte.is_some() && special[..index].contains(byte));
        let wrong = special.iter().flatten().any(|byte| matches!(byte, b'\n' | b'\r') || !byte.is_ascii());
        if twice || wrong {
            return Err(source.error(
                "cannot be read in this format: delimiter, quote and comment must be three different ASCII characters, \
                 and no line ends",
            ));
        }
        Ok(())
    }

    fn parser<'a>(&self, bytes: impl Read + 'a) -> csv::Reader<impl Read + 'a> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .comment(self.comment)
            .trim(if self.trim { Trim::All } else { Trim::None })
            // Lengths are checked here, where the header line is known, and so is the header itself.
            .flexible(true)
            .has_headers(false)
            .from_reader(bytes)
    }
}

impl<T: DeserializeOwned> Feeder<T> {
    /// The rows of a CSV file with commas and a header line, each turned into a `T` (feature `feeders`).
    ///
    /// `T` is a struct with `#[derive(serde::Deserialize)]` whose fields are called as the columns are, or a
    /// `HashMap<String, String>`; columns that it does not have are left out. A relative path begins at the folder in which
    /// the program was started; `concat!(env!("CARGO_MANIFEST_DIR"), "/data/accounts.csv")` lies beside its `Cargo.toml`.
    /// Blank lines are skipped, any line ends do, and so does a byte order mark.
    ///
    /// ```no_run
    /// use std::collections::HashMap;
    /// # use loadtest_core::{Feeder, InputError, RunOut};
    /// # fn main() -> Result<(), InputError> {
    /// let accounts: Feeder<HashMap<String, String>> = Feeder::csv("data/accounts.csv")?.once(RunOut::StopTest);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8, has no rows, a row has not as many fields as there are columns, a
    /// quote is not closed, or a row is no `T`. The text names the file, the line and the column.
    pub fn csv(path: impl AsRef<Path>) -> Result<Self, InputError> {
        Self::csv_with(path, CsvFormat::new())
    }

    /// As [`csv`](Self::csv), of a file that is written in another way.
    ///
    /// # Errors
    /// As there, and when the format contradicts itself.
    pub fn csv_with(path: impl AsRef<Path>, format: CsvFormat) -> Result<Self, InputError> {
        rows(&Source::file(path.as_ref())?, format)
    }

    /// As [`csv_with`](Self::csv_with), from anything that can be read: a text in the program, say, or what a program that
    /// unpacks gives. The name is the one in messages, and that of the feeder.
    ///
    /// ```
    /// use loadtest_core::{CsvFormat, Feeder};
    ///
    /// let text = "word,hits\nrust,12\nload,x\n";
    /// let error = Feeder::<(String, u32)>::csv_from_reader("words", text.as_bytes(), CsvFormat::new()).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "words, line 3, column `hits`: `x` is no whole number of the right size (invalid digit found in string); \
    ///      write digits alone, or give the field another type"
    /// );
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn csv_from_reader(name: impl Into<String>, reader: impl Read, format: CsvFormat) -> Result<Self, InputError> {
        rows(&Source::reader(name.into(), reader)?, format)
    }
}

fn rows<T: DeserializeOwned>(source: &Source, format: CsvFormat) -> Result<Feeder<T>, InputError> {
    format.check(source)?;
    let mut table = Table { source, format, columns: 0, header: None };
    // One more line: a quote that is still open at the end swallows it. The crate would not say so.
    let end = if format.comment == Some(b'x') { b"\ny" } else { b"\nx" };
    let mut parser = format.parser(source.bytes().chain(&end[..]));
    // Of bytes in memory, into bytes, of any length: there is nothing that can fail.
    let mut read = |record: &mut ByteRecord| {
        parser.read_byte_record(record).map_err(|error| source.error(&format!("cannot be read: {error}")))
    };
    let (mut rows, mut last) = (Vec::new(), 0);
    let mut record = ByteRecord::new();
    while read(&mut record)? {
        let start = table.start(record.position().map_or(0, csv::Position::byte));
        if start >= source.bytes().len() {
            return match rows.is_empty() {
                false => Ok(Feeder::of(source.short_name(), rows.into())),
                true => Err(table.no_rows()),
            };
        }
        last = start;
        match table.row(&record, start) {
            Ok(row) => rows.extend(row),
            // What is wrong with the last row may only be that the rest of the file is in it.
            Err(error) => return Err(if read(&mut record)? { error } else { table.open_quote(start) }),
        }
    }
    Err(table.open_quote(last))
}

/// The most names of columns in a message: the file may be anything.
const COLUMNS_SHOWN: usize = 20;

/// What is known of a file while it is read.
struct Table<'a> {
    source: &'a Source,
    format: CsvFormat,
    /// How many fields the first line has; 0 before it.
    columns: usize,
    header: Option<StringRecord>,
}

impl Table<'_> {
    /// The row that begins here; `None` if it is the header line.
    fn row<T: DeserializeOwned>(&mut self, record: &ByteRecord, start: usize) -> Result<Option<T>, InputError> {
        let text = self.text(record, start)?;
        if self.columns == 0 {
            self.columns = text.len();
            if self.format.header {
                self.check_header(&text, start)?;
                self.header = Some(text);
                return Ok(None);
            }
        }
        if text.len() != self.columns {
            return Err(self.length(&text, start));
        }
        text.deserialize(self.header.as_ref()).map(Some).map_err(|error| match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => self.field(err, &text, start),
            other => self.source.error_in(self.line(start), &format!(": {other:?}")),
        })
    }

    /// Where the record really begins that the crate read from here: it skips the rest of a line end, blank lines and
    /// comments on the way.
    fn start(&self, from: u64) -> usize {
        let bytes = self.source.bytes();
        let mut at = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        loop {
            match bytes.get(at) {
                Some(b'\n' | b'\r') => at += 1,
                Some(byte) if self.format.comment == Some(*byte) => {
                    let end = bytes[at..].iter().position(|byte| *byte == b'\n');
                    at = end.map_or(bytes.len(), |end| at + end);
                }
                _ => return at,
            }
        }
    }

    /// The line, from 1, as an editor counts it: an end is `\n`, `\r\n` or `\r`.
    fn line(&self, at: usize) -> usize {
        let before = &self.source.bytes()[..at];
        let ends = |index: usize, byte: u8| byte == b'\n' || byte == b'\r' && before.get(index + 1) != Some(&b'\n');
        1 + before.iter().enumerate().filter(|(index, byte)| ends(*index, **byte)).count()
    }

    fn text(&self, record: &ByteRecord, start: usize) -> Result<StringRecord, InputError> {
        StringRecord::from_byte_record(record.clone()).map_err(|error| {
            let field = error.utf8_error().field();
            let lossy = String::from_utf8_lossy(record.get(field).unwrap_or_default()).into_owned();
            let what = format!(", field {}: {} is not UTF-8; save the file as UTF-8", field + 1, quoted(&lossy));
            self.source.error_in(self.line(start), &what)
        })
    }

    fn no_rows(&self) -> InputError {
        self.source.error(match (self.format.header, &self.header) {
            (true, None) => "is empty; give it a header line and at least one row",
            (true, Some(_)) => "has a header line but no rows; give it at least one",
            (false, _) => "is empty; give it at least one row",
        })
    }

    fn open_quote(&self, last: usize) -> InputError {
        let quote = char::from(self.format.quote);
        let what = format!(
            ": a quote is not closed in the row that begins here; end the field with {quote}, and write a {quote} \
             inside it twice"
        );
        self.source.error_in(self.line(last), &what)
    }

    fn length(&self, row: &StringRecord, start: usize) -> InputError {
        let (quote, delimiter) = (char::from(self.format.quote), char::from(self.format.delimiter));
        let has = match row.len() {
            1 => "1 field".to_owned(),
            count => format!("{count} fields"),
        };
        let first = if self.format.header { "the header line" } else { "the first row" };
        let what = format!(
            " has {has}, {first} has {}; separate fields with {delimiter:?}, and put a field that holds one into \
             {quote}quotes{quote}",
            self.columns
        );
        self.source.error_in(self.line(start), &what)
    }

    fn check_header(&self, header: &StringRecord, start: usize) -> Result<(), InputError> {
        let mut seen = HashSet::new();
        match header.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
            Some(name) => {
                let what = format!(": two columns are called {}; give one of them another name", quoted(name));
                Err(self.source.error_in(self.line(start), &what))
            }
            None => Ok(()),
        }
    }

    /// A row that is no `T`.
    fn field(&self, error: &DeserializeError, row: &StringRecord, start: usize) -> InputError {
        let header = self.header.as_ref();
        if let (DeserializeErrorKind::Message(message), Some(header)) = (error.kind(), header)
            && let Some(name) = message.strip_prefix("missing field ")
        {
            let mut columns = header.iter().take(COLUMNS_SHOWN).map(quoted).collect::<Vec<_>>().join(", ");
            if header.len() > COLUMNS_SHOWN {
                columns.push_str(", …");
            }
            return self.source.error(&format!(
                "has no column {name}; its header line names {columns}: is it a header, and separated by {:?}?",
                char::from(self.format.delimiter)
            ));
        }
        let index = error.field().and_then(|index| usize::try_from(index).ok());
        let place = match index.map(|index| (index, header.and_then(|header| header.get(index)))) {
            Some((_, Some(name))) => format!(", column {}", quoted(name)),
            Some((index, None)) => format!(", field {}", index + 1),
            None => String::new(),
        };
        let value = quoted(index.and_then(|index| row.get(index)).unwrap_or_default());
        let what = match error.kind() {
            DeserializeErrorKind::ParseInt(why) => {
                format!(
                    "{value} is no whole number of the right size ({why}); write digits alone, or give the field another \
                     type"
                )
            }
            DeserializeErrorKind::ParseFloat(_) => format!("{value} is no number; write one such as 0.5"),
            DeserializeErrorKind::ParseBool(_) => format!("{value} is no truth value; write true or false"),
            other => match index {
                Some(_) => format!("{value}: {other}"),
                None => other.to_string(),
            },
        };
        self.source.error_in(self.line(start), &format!("{place}: {what}"))
    }
}
