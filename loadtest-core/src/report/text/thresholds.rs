//! The table of thresholds.

use std::fmt::Write;

use super::{Table, clean};
use crate::threshold::{ThresholdResult, Verdict};

/// Each threshold with its figure and what became of it; empty where there is none. Below, what the table cannot say.
pub(crate) fn thresholds(results: &[ThresholdResult], width: usize) -> String {
    if results.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["Threshold", "value", "verdict"], &[]);
    for result in results {
        let verdict = match result.verdict {
            Verdict::Met => "met".to_owned(),
            verdict => verdict.as_str().to_uppercase(),
        };
        table.rows.push(vec![clean(&result.threshold.to_string()), result.shown_value(), verdict]);
    }
    let mut out = table.render(width);
    for result in results.iter().filter(|result| !result.is_met()) {
        let ended = if result.aborted { ", which ended the run" } else { "" };
        let _ = writeln!(out, "  {}{ended}", clean(&result.sentence));
    }
    out
}
