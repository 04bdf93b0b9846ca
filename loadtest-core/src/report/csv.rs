//! Locust's CSV files, column by column, and more of our own for what Locust does not measure. Times are in milliseconds,
//! to the microsecond.

mod cell;
mod custom;
mod figures;
mod run;

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use csv::Writer;

use super::Report;
use crate::stats::{RowKey, RowSnapshot, Snapshot, Times};
use cell::{millis, percentile_names, percentiles, text};
pub(crate) use custom::{metrics, transactions};
pub(crate) use figures::{response_times, statuses, tasks};
pub(crate) use run::{generator, thresholds};

/// Writes one of them.
pub(crate) type WriteFile = fn(&Snapshot, &mut dyn Write) -> io::Result<()>;

/// One of the tables of a run, as `--csv` writes them to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvFile {
    /// A row for each method and name, in Locust's columns, and all of them in one.
    Stats,
    /// Failed requests, grouped.
    Failures,
    /// Errors and panics of user code, grouped.
    Exceptions,
    /// Connections of each row, and where its time went.
    Phases,
    /// Transactions.
    Transactions,
    /// Metrics of the test's own.
    Metrics,
    /// Response times of requests whose tasks start by a schedule.
    ResponseTimes,
    /// Status codes with their times.
    Statuses,
    /// Tasks and hooks.
    Tasks,
    /// Users, and the load generator itself, over time.
    Generator,
    /// Thresholds, and what became of them.
    Thresholds,
}

impl CsvFile {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Stats,
        Self::Failures,
        Self::Exceptions,
        Self::Phases,
        Self::Transactions,
        Self::Metrics,
        Self::ResponseTimes,
        Self::Statuses,
        Self::Tasks,
        Self::Generator,
        Self::Thresholds,
    ];

    /// The end of the file's name, without `.csv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thresholds => "thresholds",
            // In the same order.
            other => WHOLE[other as usize].0,
        }
    }
}

impl Report {
    /// Writes one of the tables that `--csv` writes to files: comma-separated, with a header, times in milliseconds.
    ///
    /// # Errors
    /// When `out` cannot be written.
    ///
    /// ```
    /// use loadtest_core::{CsvFile, Report};
    ///
    /// fn stats(report: &Report) -> std::io::Result<Vec<u8>> {
    ///     let mut csv = Vec::new();
    ///     report.write_csv(CsvFile::Stats, &mut csv)?;
    ///     Ok(csv)
    /// }
    /// assert_eq!(CsvFile::ALL.map(CsvFile::as_str)[..3], ["stats", "failures", "exceptions"]);
    /// ```
    pub fn write_csv(&self, file: CsvFile, out: &mut impl Write) -> io::Result<()> {
        match file {
            CsvFile::Thresholds => thresholds(self.thresholds(), out),
            other => WHOLE[other as usize].1(self.snapshot(), out),
        }
    }
}

/// The files that are rewritten as a whole, by the ends of their names.
pub(crate) const WHOLE: [(&str, WriteFile); 10] = [
    ("stats", stats),
    ("failures", failures),
    ("exceptions", exceptions),
    ("phases", phases),
    ("transactions", transactions),
    ("metrics", metrics),
    ("response_times", response_times),
    ("statuses", statuses),
    ("tasks", tasks),
    ("generator", generator),
];

/// Over how long Locust takes current percentiles.
const CURRENT: Duration = Duration::from_secs(10);

/// As Locust shows a row without a sample.
fn millis_or_zero(time: Option<Duration>) -> String {
    millis(Some(time.unwrap_or_default()))
}

fn mean_size(row: &RowSnapshot) -> String {
    format!("{:.1}", row.stats.mean_size().unwrap_or_default())
}

/// Median, mean, minimum, maximum, mean size.
fn times(row: &RowSnapshot) -> [String; 5] {
    let service = &row.stats.service;
    [
        millis_or_zero(service.percentile(50.0)),
        millis_or_zero(service.mean()),
        millis_or_zero(service.min()),
        millis_or_zero(service.max()),
        mean_size(row),
    ]
}

fn all_rows(snapshot: &Snapshot) -> impl Iterator<Item = &RowSnapshot> {
    snapshot.rows.iter().chain([&snapshot.total])
}

/// `_stats.csv`: one row for each method and name, and `Aggregated`.
pub(crate) fn stats(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let header = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
                  Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    csv.write_record(header.split(',').map(str::to_owned).chain(percentile_names()))?;
    for row in all_rows(snapshot) {
        let stats = &row.stats;
        let counts = [stats.requests().to_string(), stats.failed.to_string()];
        let rates = [format!("{:.3}", row.rate), format!("{:.3}", row.fail_rate)];
        let head = cell::key(&row.key).into_iter().chain(counts);
        csv.write_record(head.chain(times(row)).chain(rates).chain(percentiles(&stats.service)))?;
    }
    csv.flush()
}

/// The first line of `_stats_history.csv`.
pub(crate) fn history_header(out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let before = "Timestamp,User Count,Type,Name,Requests/s,Failures/s";
    let after = "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
                 Total Min Response Time,Total Max Response Time,Total Average Content Size";
    let columns = before.split(',').map(str::to_owned).chain(percentile_names());
    csv.write_record(columns.chain(after.split(',').map(str::to_owned)))?;
    csv.flush()
}

/// The lines of `_stats_history.csv` of this second. As Locust does it: one for all requests, with percentiles of the run so
/// far; with the full history one for each row as well, and percentiles of the last ten seconds.
pub(crate) fn history(snapshot: &Snapshot, now: SystemTime, full: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let end = snapshot.history.run().last().map(|point| point.at + point.length).unwrap_or_default();
    let rows = if full { &snapshot.rows[..] } else { &[] };
    for row in rows.iter().chain([&snapshot.total]) {
        let [method, name] = cell::key(&row.key);
        let head = [
            seconds.to_string(),
            snapshot.users.alive.to_string(),
            method,
            name,
            format!("{:.3}", row.current_rate),
            format!("{:.3}", row.current_fail_rate),
        ];
        // What is known of full seconds; in the first ones, all that there was.
        let current =
            full.then(|| current(snapshot, &row.key, end)).filter(|times| times.count() > 0 || end >= CURRENT);
        let shown = current.as_ref().unwrap_or(&row.stats.service);
        let counts = [row.stats.requests().to_string(), row.stats.failed.to_string()];
        csv.write_record(head.into_iter().chain(percentiles(shown)).chain(counts).chain(times(row)))?;
    }
    csv.flush()
}

/// The service times of the last ten seconds.
fn current(snapshot: &Snapshot, key: &RowKey, end: Duration) -> Times {
    let history = &snapshot.history;
    let row = if *key == *snapshot.total.key { Some(history.total()) } else { history.row(&key.method, &key.name) };
    row.and_then(|row| row.window(CURRENT, end)).map(|point| point.service).unwrap_or_default()
}

/// `_failures.csv`.
pub(crate) fn failures(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"])?;
    for failure in &snapshot.failures {
        csv.write_record([
            &*text(&failure.key.method),
            &*text(&failure.key.name),
            &*text(&failure.error),
            &failure.count.to_string(),
            &humantime::format_rfc3339_micros(failure.first_seen).to_string(),
            &humantime::format_rfc3339_micros(failure.last_seen).to_string(),
        ])?;
    }
    csv.flush()
}

/// `_exceptions.csv`; in the place of Locust's traceback stands where the error or panic came from.
pub(crate) fn exceptions(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(["Count", "Message", "Traceback", "Nodes"])?;
    for exception in &snapshot.exceptions {
        let (class, task) = (&exception.class, &exception.task);
        let place = exception.place.as_deref().map_or_else(String::new, |place| format!(" at {place}"));
        csv.write_record([
            &exception.count.to_string(),
            &*text(&exception.message),
            &*text(&format!("{class}::{task}{place}")),
            "local",
        ])?;
    }
    csv.flush()
}

/// What `_phases.csv` says of each phase.
const OF_A_PHASE: [&str; 6] = ["Count", "Average", "50%", "95%", "99%", "100%"];

/// `_phases.csv`: connections of each row, and where its time went.
pub(crate) fn phases(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let before = "Type,Name,Connections Opened,Connections Reused,Retries,Bytes Sent,Bytes Received,Content Bytes";
    let names = snapshot.total.stats.phases.all().map(|(name, _)| capitalised(name));
    let of_phases = names.iter().flat_map(|name| OF_A_PHASE.map(|figure| format!("{name} {figure}")));
    csv.write_record(before.split(',').map(str::to_owned).chain(of_phases))?;
    for row in all_rows(snapshot) {
        let stats = &row.stats;
        let counts = [
            stats.connections_opened,
            stats.connections_reused,
            stats.retries,
            stats.bytes_sent,
            stats.bytes_received,
            stats.content_bytes,
        ];
        let head = cell::key(&row.key);
        let counts = counts.map(|count| count.to_string());
        let times = stats.phases.all().into_iter().flat_map(|(_, times)| of_a_phase(times));
        csv.write_record(head.into_iter().chain(counts).chain(times))?;
    }
    csv.flush()
}

fn of_a_phase(times: &Times) -> [String; 6] {
    let [p50, p95, p99, p100] = [50.0, 95.0, 99.0, 100.0].map(|percentile| millis(times.percentile(percentile)));
    [times.count().to_string(), millis(times.mean()), p50, p95, p99, p100]
}

/// As Locust writes its columns.
fn capitalised(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::collector::Collector;
    use crate::stats::{Failure, Phases, RecorderHandle, collector};

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_file_has_the_name_of_its_variant() {
        let letters = |text: String| text.to_lowercase().replace('_', "");
        for file in CsvFile::ALL {
            assert_eq!(letters(file.as_str().to_owned()), letters(format!("{file:?}")));
        }
    }

    fn snapshot() -> Snapshot {
        let now = tokio::time::Instant::now();
        let recorder = RecorderHandle::default();
        recorder.start("GET", "/b").ok();
        recorder.start("GET", "/a, \"quoted\"").fail(Failure::new("500 Oops").sample("body"));
        let mut collector = Collector::new(1, now);
        collector.merge(0, &recorder.hand_over(), now);
        Snapshot {
            rows: collector.rows(now),
            total: collector.total(now),
            failures: collector.failures(),
            ..collector::nothing_yet()
        }
    }

    #[test]
    fn the_columns_are_locusts() {
        let stats = written(|out| stats(&snapshot(), out));
        let header = stats.lines().next().unwrap();
        assert_eq!(
            header,
            "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
             Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
        );
        let lines: Vec<&str> = stats.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("GET,\"/a, \"\"quoted\"\"\",1,1,"), "{}", lines[1]);
        assert!(lines[3].starts_with(",Aggregated,2,1,"), "{}", lines[3]);
        let columns = header.split(',').count();
        assert!(lines[2].split(',').count() == columns && lines[3].split(',').count() == columns);
    }

    #[test]
    fn the_history_has_as_many_columns_as_its_header() {
        let header = written(history_header);
        let line = written(|out| history(&collector::nothing_yet(), SystemTime::now(), false, out));
        assert_eq!(header.split(',').count(), line.split(',').count());
        assert!(header.starts_with("Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%"));
        assert!(line.contains(",Aggregated,0.000,0.000,N/A,"), "{line}");
    }

    #[test]
    fn phases_have_a_file_of_their_own() {
        let now = tokio::time::Instant::now();
        let recorder = RecorderHandle::default();
        let mut pending = recorder.start("GET", "/b");
        pending.add_received(10);
        pending.set_content(40);
        *pending.phases_mut() =
            Phases { first_byte: Duration::from_micros(1500), opened: 2, reused: 3, retried: 1, ..Phases::default() };
        pending.ok();
        let mut collector = Collector::new(1, now);
        collector.merge(0, &recorder.hand_over(), now);
        let snapshot = Snapshot { rows: collector.rows(now), total: collector.total(now), ..collector::nothing_yet() };
        let phases = written(|out| phases(&snapshot, out));
        let lines: Vec<&str> = phases.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].starts_with(
                "Type,Name,Connections Opened,Connections Reused,Retries,Bytes Sent,Bytes Received,Content Bytes,\
                 Blocked Count,Blocked Average,Blocked 50%,Blocked 95%,Blocked 99%,Blocked 100%,Dns Count,"
            ),
            "{}",
            lines[0]
        );
        let column = |name: &str| lines[0].split(',').position(|column| column == name).unwrap();
        let cells: Vec<&str> = lines[1].split(',').collect();
        assert_eq!(cells.len(), lines[0].split(',').count());
        assert!(lines[1].starts_with("GET,/b,2,3,1,0,10,40,0,N/A,"), "{}", lines[1]);
        assert_eq!((cells[column("First Byte Count")], cells[column("First Byte 95%")]), ("1", "1.500"));
        assert!(lines[2].starts_with(",Aggregated,2,3,1,"), "{}", lines[2]);
    }

    #[test]
    fn failures_and_exceptions_are_locusts() {
        let failures = written(|out| failures(&snapshot(), out));
        assert!(failures.starts_with("Method,Name,Error,Occurrences,First Seen,Last Seen\n"));
        assert!(failures.lines().nth(1).unwrap().ends_with('Z'), "{failures}");
        assert_eq!(written(|out| exceptions(&snapshot(), out)), "Count,Message,Traceback,Nodes\n");
    }
}
