//! The CSV files and the text at the end, held against files, and what holds for all of them.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::fixture::{check_golden, noon, report};
use crate::report::{csv, text};
use crate::stats::RowKey;

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The records with their header; each has as many cells.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A file whose first column of this name is not a row's, or where a formula would begin.
fn assert_harmless(name: &str, text: &str) {
    for cell in records(text).concat() {
        let is_number = cell.parse::<f64>().is_ok();
        assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {cell}");
    }
}

#[test]
fn csv_files_are_as_they_were() {
    let report = report();
    let snapshot = report.snapshot();
    for (name, write) in csv::WHOLE {
        let text = written(|out| write(snapshot, out));
        assert_harmless(name, &text);
        check_golden(&format!("{name}.csv"), &text);
    }
    let text = written(|out| csv::thresholds(report.thresholds(), out));
    assert_harmless("thresholds", &text);
    check_golden("thresholds.csv", &text);
    for (name, full) in [("stats_history", false), ("full_stats_history", true)] {
        let text = written(csv::history_header) + &written(|out| csv::history(snapshot, noon(), full, out));
        assert_harmless(name, &text);
        check_golden(&format!("{name}.csv"), &text);
    }
}

#[test]
fn the_tables_are_as_they_were_and_fit_the_terminal() {
    let report = report();
    check_golden("summary.txt", &report.to_string());
    for width in [60, 80, 120] {
        let text = text::summary(report.snapshot(), report.thresholds(), width);
        assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
        assert!(!text.contains(['\u{1b}', '\r']), "{text}");
        check_golden(&format!("summary-{width}.txt"), &text);
    }
}

#[test]
fn files_of_a_run_without_anything_have_their_headers() {
    let nothing = crate::stats::collector::nothing_yet();
    for (name, write) in csv::WHOLE {
        let text = written(|out| write(&nothing, out));
        let lines = if ["stats", "phases"].contains(&name) { 2 } else { 1 };
        assert_eq!(records(&text).len(), lines, "{name}: {text}");
    }
}

#[test]
fn percentiles_never_fall_and_the_last_is_the_maximum() {
    let report = report();
    let records = records(&written(|out| csv::stats(report.snapshot(), out)));
    let column = |name: &str| records[0].iter().position(|cell| cell == name).unwrap();
    let (p50, p100, max) = (column("50%"), column("100%"), column("Max Response Time"));
    for row in &records[1..] {
        let percentiles: Vec<f64> = row[p50..=p100].iter().map(|cell| cell.parse().unwrap()).collect();
        assert!(percentiles.is_sorted(), "{row:?}");
        assert_eq!(row[p100], row[max]);
    }
}

/// The text that a reader of the file has after the guard against formulas is taken off.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])).unwrap_or(cell)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn names_are_read_back_whatever_they_hold(
        name in any::<String>(),
        method in "[=+@\\-\t\r\n\",;'A-Z]{0,6}",
        error in any::<String>(),
    ) {
        let mut snapshot = report().snapshot().clone();
        let key = Arc::new(RowKey::new(method.as_str(), name.as_str()));
        snapshot.rows.truncate(1);
        snapshot.rows[0].key = Arc::clone(&key);
        snapshot.failures.truncate(1);
        (snapshot.failures[0].key, snapshot.failures[0].error) = (key, error.as_str().into());
        for (file, write) in [csv::WHOLE[0], csv::WHOLE[1], csv::WHOLE[3], csv::WHOLE[7]] {
            let text = written(|out| write(&snapshot, out));
            assert_harmless(file, &text);
            let row = &records(&text)[1];
            prop_assert_eq!((unguarded(&row[0]), unguarded(&row[1])), (unguarded(&method), unguarded(&name)));
            if file == "failures" {
                prop_assert_eq!(unguarded(&row[2]), unguarded(&error));
            }
        }
        let history = written(|out| csv::history(&snapshot, noon() + Duration::from_secs(1), true, out));
        let row = &records(&history)[0];
        prop_assert_eq!((&*row[0], unguarded(&row[3])), ("1769860801", unguarded(&name)));
    }
}
