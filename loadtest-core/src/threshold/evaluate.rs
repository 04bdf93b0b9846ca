//! Holds thresholds against the figures of a snapshot.

mod metrics;
mod names;
pub(super) mod view;
pub(super) mod windows;

use std::time::Duration;

use super::result::{ThresholdResult, Verdict};
use super::selector::{Request, Subject};
use super::value::{Value, exact_time};
use super::{Clock, Threshold};
use crate::stats::{MetricKind, RowSnapshot, Snapshot, TaskSnapshot};
use view::View;

/// A threshold with the figures of the whole run.
pub(super) fn evaluate(threshold: &Threshold, snapshot: &Snapshot) -> ThresholdResult {
    match measure(threshold, snapshot) {
        Ok(value) => judged(threshold, value, None),
        Err(why) => ThresholdResult {
            threshold: threshold.clone(),
            value: None,
            verdict: Verdict::NothingMatched,
            sentence: format!("{}: {}", threshold.figure(), why.sentence(threshold, snapshot)),
            at: None,
            aborted: false,
        },
    }
}

/// A threshold whose figure is known; `at` is the end of the window.
pub(super) fn judged(threshold: &Threshold, value: Value, at: Option<Duration>) -> ThresholdResult {
    let met = threshold.comparison.holds(value, threshold.limit);
    let shown = threshold.comparison.shown(value, threshold.limit);
    let (sign, limit) = (threshold.comparison.as_str(), threshold.limit);
    let verdict = if met { format!("as asked for: {sign} {limit}") } else { format!("not {sign} {limit}") };
    let stretch = match (threshold.over.map(exact_time), at) {
        (Some(window), Some(at)) => {
            // Where windows begin and end is not known to the microsecond.
            let at = Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
            format!(" in the {window} until {} of the run", exact_time(at))
        }
        (Some(window), None) => format!(" in the whole run, as there was no full window of {window}"),
        (None, _) => String::new(),
    };
    ThresholdResult {
        threshold: threshold.clone(),
        value: Some(value),
        verdict: if met { Verdict::Met } else { Verdict::NotMet },
        sentence: format!("{} was {shown}{stretch}, {verdict}", threshold.figure()),
        at,
        aborted: false,
    }
}

/// Why there is no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The selector matched nothing. Names that are near are looked for when somebody wants to read them: there can be many.
    Name,
    /// There is something, but not this of it.
    Figure(&'static str),
}

/// The figure of a threshold.
pub(super) fn measure(threshold: &Threshold, snapshot: &Snapshot) -> Result<Value, Missing> {
    let (clock, measured) = (threshold.clock, snapshot.measured);
    let found = |view: Option<View<'_>>| {
        let view = view.ok_or(Missing::Name)?;
        // Not even a count of zero is known of what did not happen.
        let figure = if view.is_empty() { None } else { view.figure(threshold.figure) };
        figure.ok_or_else(|| Missing::Figure(missing(threshold, &view)))
    };
    match &threshold.subject {
        Subject::Requests(None) => found(Some(View::of_row(&snapshot.total, clock))),
        Subject::Requests(Some(request)) => {
            found(View::merged(rows(request, snapshot).map(|row| View::of_row(row, clock))))
        }
        Subject::Statuses(status, None) => found(Some(View::of_status(*status, &snapshot.total.stats))),
        Subject::Statuses(status, Some(request)) => {
            found(View::merged(rows(request, snapshot).map(|row| View::of_status(*status, &row.stats))))
        }
        Subject::Transaction(name) => {
            let rows = snapshot.transactions.iter().filter(|row| name.matches(&row.name));
            found(View::merged(rows.map(|row| View::of_transaction(&row.stats, measured))))
        }
        Subject::Task(name) => {
            let rows = tasks(snapshot).filter(|row| name.matches(&row.key.to_string()));
            found(View::merged(rows.map(|row| View::of_task(&row.stats, clock, measured))))
        }
        Subject::User(name) => {
            let rows = snapshot.classes.iter().filter(|row| name.matches(&row.class));
            found(View::merged(rows.map(|row| View::of_requests(&row.stats.requests, clock, measured))))
        }
        Subject::Counter(name) => metrics::figure(threshold.figure, name, MetricKind::Counter, snapshot),
        Subject::Gauge(name) => metrics::figure(threshold.figure, name, MetricKind::Gauge, snapshot),
        Subject::Trend(name) => metrics::figure(threshold.figure, name, MetricKind::Trend, snapshot),
    }
}

fn rows<'a>(request: &'a Request, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a RowSnapshot> {
    snapshot.rows.iter().filter(|row| request.matches(&row.key.method, &row.key.name))
}

/// Without hooks: nobody counts how often they run.
fn tasks(snapshot: &Snapshot) -> impl Iterator<Item = &TaskSnapshot> {
    snapshot.tasks.iter().filter(|task| task.stats.started > 0)
}

/// Why there is no such figure of what matched.
fn missing(threshold: &Threshold, view: &View<'_>) -> &'static str {
    let of_requests = threshold.subject.is_requests() || matches!(threshold.subject, Subject::User(_));
    match threshold.clock {
        _ if of_requests && view.is_empty() => "there was no request",
        Clock::Response => "there is no response time: no schedule started what was measured",
        Clock::Service if matches!(threshold.subject, Subject::Statuses(..)) => "no answer had this status",
        Clock::Service if of_requests => "no request was answered",
        Clock::Service => "nothing of it came to its end",
    }
}

impl Missing {
    fn sentence(self, threshold: &Threshold, snapshot: &Snapshot) -> String {
        let Self::Figure(why) = self else { return names::no_match(&threshold.subject, snapshot) };
        why.to_owned()
    }
}

#[cfg(test)]
mod tests;
