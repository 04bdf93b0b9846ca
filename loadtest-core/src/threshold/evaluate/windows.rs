//! Figures of stretches of a run, from its history.

use std::time::Duration;

use super::view::View;
use crate::stats::{History, RowHistory};
use crate::threshold::Threshold;
use crate::threshold::selector::Subject;
use crate::threshold::value::Value;

/// The ends of the full seconds after `seen` and not after `until`, and the time at which the history begins.
pub(in crate::threshold) fn seconds(history: &History, seen: Duration, until: Duration) -> (Duration, Vec<Duration>) {
    let begin = history.run().next().map_or(Duration::ZERO, |first| first.at);
    // The last second of a run is no full one: a window with it would be too long.
    let full = history.run().filter(|point| point.length == Duration::from_secs(1));
    let ends = full.map(|point| point.at + point.length);
    (begin, ends.filter(|end| *end > seen && *end <= until).collect())
}

/// The figure of the window that ends at `end`; `None` where nothing was measured in it.
pub(in crate::threshold) fn measure(
    threshold: &Threshold,
    history: &History,
    length: Duration,
    end: Duration,
) -> Option<Value> {
    let view = |row: &RowHistory| match row.window(length, end) {
        Some(point) => View::of_window(point, threshold.clock, length),
        None => View::default(),
    };
    let view = match &threshold.subject {
        Subject::Requests(None) => {
            // Before the first request there is no window of requests.
            history.rows().next()?;
            view(history.total())
        }
        Subject::Requests(Some(request)) => {
            let rows = history.rows().filter(|(key, _)| request.matches(&key.method, &key.name));
            View::merged(rows.map(|(_, row)| view(row)))?
        }
        _ => return None,
    };
    view.figure(threshold.figure)
}
