//! The files of the run itself: its thresholds, and the load generator over time.

use std::io::{self, Write};
use std::time::Duration;

use csv::Writer;

use super::cell::{NONE, millis, text};
use crate::stats::Snapshot;
use crate::threshold::ThresholdResult;

/// `_thresholds.csv`: each threshold with its figure and what became of it, when the run has ended.
pub(crate) fn thresholds(results: &[ThresholdResult], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(["Threshold", "Value", "Verdict", "Seconds", "Ended The Run", "Sentence"])?;
    for result in results {
        let value = result.value.map_or_else(|| NONE.to_owned(), |value| value.to_string());
        let at = result.at.map_or_else(|| NONE.to_owned(), seconds);
        csv.write_record([
            &*text(&result.threshold.to_string()),
            &*text(&value),
            result.verdict.as_str(),
            &at,
            if result.aborted { "yes" } else { "no" },
            &*text(&result.sentence),
        ])?;
    }
    csv.flush()
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{value:.4}"))
}

/// `_generator.csv`: users and the load generator's own health, from the start of the run or the last reset; a row per
/// second of the last ten minutes, longer ones before.
pub(crate) fn generator(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    csv.write_record(["Seconds", "Length", "User Count", "CPU Cores", "Memory Bytes", "Held Up", "Queue Delay"])?;
    for point in snapshot.history.run() {
        csv.write_record([
            seconds(point.at),
            seconds(point.length),
            point.users.to_string(),
            share(point.cpu),
            point.memory.map_or_else(|| NONE.to_owned(), |bytes| bytes.to_string()),
            share(point.held_up),
            millis(Some(point.queue_delay)),
        ])?;
    }
    csv.flush()
}
