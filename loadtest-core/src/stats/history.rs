//! What happened when: a time series for the run, one for all requests, and one for each row.
//!
//! A point holds counts and histograms, so that any percentile of any stretch of time is that of all its samples: it is
//! never a mean of percentiles. The last ten minutes have a point per second; older ones are merged to points of ten
//! seconds and of a minute, and what is older than those pairwise, however long a run is.
//!
//! Memory: the series of rows take at most 48 MiB together, and with that of all requests 60 MiB: times between half a
//! millisecond and ten seconds, a day long, take some 30 MiB there. When they would take more, the older points of all rows are
//! merged pairwise; when those are but a fifth of the memory, what is nearly ten minutes old becomes older earlier. That is so
//! with more than a thousand names of ten requests a second each.

mod points;
mod series;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::histogram::COARSE;
use super::{RowKey, RowStats};
pub use points::{Point, RunPoint};
use series::{Limits, Series, Thinned};

/// The length of a new point.
const SECOND: Duration = Duration::from_secs(1);
/// Of the ticks by which shards hand over.
const HALF_A_TICK: Duration = Duration::from_millis(250);
/// The most bytes that the series of rows take.
const MOST_BYTES: usize = 48 << 20;
/// The same with that of all requests.
const MOST_BYTES_IN_ALL: usize = 60 << 20;

/// An hour of points of ten seconds and a day of minutes, with all the buckets of the histograms.
const OF_THE_TOTAL: Limits = Limits { chunks: [10, 6, 24], coarser: 0 };
/// Half an hour of points of ten seconds and three hours of minutes; four buckets of the histograms in one, so that
/// percentiles are within 1.6 %.
const OF_A_ROW: Limits = Limits { chunks: [10, 3, 3], coarser: COARSE };

/// The time series of a run: immutable, and cheap to pass on.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    total: RowHistory,
    rows: Vec<(Arc<RowKey>, RowHistory)>,
    run: Thinned,
}

impl Default for History {
    fn default() -> Self {
        Self { total: RowHistory::new(OF_THE_TOTAL), rows: Vec::new(), run: Thinned::new(OF_THE_TOTAL) }
    }
}

impl History {
    /// Of points that were kept elsewhere, such as in a file.
    #[must_use]
    pub fn of_points(
        run: impl IntoIterator<Item = RunPoint>,
        total: impl IntoIterator<Item = Point>,
        rows: impl IntoIterator<Item = (Arc<RowKey>, Vec<Point>)>,
    ) -> Self {
        Self {
            total: RowHistory(Arc::new(Series::of_points(OF_THE_TOTAL, total))),
            rows: rows
                .into_iter()
                .map(|(key, points)| (key, RowHistory(Arc::new(Series::of_points(OF_A_ROW, points)))))
                .collect(),
            run: Thinned::of_points(OF_THE_TOTAL, run),
        }
    }

    /// Of all requests together.
    #[must_use]
    pub fn total(&self) -> &RowHistory {
        &self.total
    }

    /// Of the requests of each row, in the order in which they were first seen.
    pub fn rows(&self) -> impl Iterator<Item = (&Arc<RowKey>, &RowHistory)> {
        self.rows.iter().map(|(key, history)| (key, history))
    }

    /// Of the requests of this method and name.
    #[must_use]
    pub fn row(&self, method: &str, name: &str) -> Option<&RowHistory> {
        self.rows.iter().find(|(key, _)| *key.method == *method && *key.name == *name).map(|(_, history)| history)
    }

    /// Users, and the load generator itself; from the oldest.
    pub fn run(&self) -> impl Iterator<Item = &RunPoint> {
        self.run.points()
    }

    /// Bytes that the series of rows take.
    fn bytes(&self) -> usize {
        self.rows.iter().map(|(_, history)| history.0.bytes()).sum()
    }
}

/// The time series of the requests of one row, or of all: immutable, and cheap to pass on.
#[derive(Debug, Clone, PartialEq)]
pub struct RowHistory(Arc<Series>);

impl RowHistory {
    fn new(limits: Limits) -> Self {
        Self(Arc::new(Series::new(limits)))
    }

    /// Its points, from the oldest. A second in which nothing happened has no point in the series of a row.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        self.0.points()
    }

    /// Its points, from the newest; to look at the last few costs as much as these, however long the run was.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use loadtest_core::stats::{History, Point};
    ///
    /// let points = [0, 1, 2].map(|second| Point::new(Duration::from_secs(second), Duration::from_secs(1)));
    /// let history = History::of_points([], points, []);
    /// assert_eq!(history.total().recent().next().unwrap().at, Duration::from_secs(2));
    /// ```
    pub fn recent(&self) -> impl Iterator<Item = Point> {
        self.0.newest_first()
    }

    /// The points that end within `last` before `until`, a time from the start of the run or the last reset, in one; `None`
    /// where there is none. A point of ten seconds or longer, as those of more than ten minutes ago are, may have begun before.
    #[must_use]
    pub fn window(&self, last: Duration, until: Duration) -> Option<Point> {
        self.0.window(until.saturating_sub(last), until)
    }
}

/// What the series of rows may take where that of all requests takes so much, in bytes.
fn most_of_rows(total: usize) -> usize {
    MOST_BYTES_IN_ALL.saturating_sub(total).min(MOST_BYTES)
}

/// What is added to the points of this second.
#[derive(Debug, Default)]
struct Second {
    point: Point,
    touched: bool,
}

impl Second {
    fn add(&mut self, stats: &RowStats) {
        self.touched = true;
        self.point.ok += stats.ok;
        self.point.failed += stats.failed;
        self.point.interrupted += stats.interrupted;
        self.point.service.merge(&stats.service);
        self.point.response.merge(&stats.response);
    }

    fn clear(&mut self) {
        self.touched = false;
        (self.point.ok, self.point.failed, self.point.interrupted) = (0, 0, 0);
        self.point.service.clear();
        self.point.response.clear();
    }
}

/// Writes the history of a run, second by second.
#[derive(Debug)]
pub(crate) struct Historian {
    history: Arc<History>,
    start: Instant,
    /// Where the grid of seconds begins. Half a tick before the first interval, so that those of all shards, which tick at
    /// the same time, fall into the middle of a half second, and each second gets as many.
    grid: Option<Instant>,
    /// The second that is being written.
    second: u64,
    /// When the last interval was handed over.
    seen: Instant,
    total: Second,
    rows: Vec<Second>,
    run: RunPoint,
}

impl Historian {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            history: Arc::default(),
            start,
            grid: None,
            second: 0,
            seen: start,
            total: Second::default(),
            rows: Vec::new(),
            run: RunPoint::default(),
        }
    }

    /// The history up to the last full second.
    pub(crate) fn history(&self) -> Arc<History> {
        Arc::clone(&self.history)
    }

    /// An interval was handed over at `at`: closes the second before it, if it is another.
    pub(crate) fn at(&mut self, at: Instant) {
        let grid = *self.grid.get_or_insert_with(|| at.checked_sub(HALF_A_TICK).unwrap_or(at));
        self.seen = at;
        let second = at.saturating_duration_since(grid).as_secs();
        if second > self.second {
            self.close();
            self.second = second;
        }
    }

    /// Adds what a shard counted in the row of this number.
    pub(crate) fn add(&mut self, row: usize, key: &Arc<RowKey>, stats: &RowStats) {
        self.total.add(stats);
        if row >= self.rows.len() {
            self.rows.resize_with(row + 1, Second::default);
        }
        let second = &mut self.rows[row];
        second.add(stats);
        if row >= self.history.rows.len() {
            // Rows are numbered in the order in which they are first seen, and each is seen here.
            Arc::make_mut(&mut self.history).rows.push((Arc::clone(key), RowHistory::new(OF_A_ROW)));
        }
    }

    /// How many users there are in this second, and how the load generator is.
    pub(crate) fn run(&mut self) -> &mut RunPoint {
        &mut self.run
    }

    /// The end of the run: what there is of the last second.
    pub(crate) fn finish(&mut self) {
        if self.total.touched
            && let Some(grid) = self.grid
        {
            let begun = grid + SECOND * u32::try_from(self.second).unwrap_or(u32::MAX);
            let length = self.seen.saturating_duration_since(begun) + HALF_A_TICK;
            self.close_after(length.clamp(Duration::from_millis(1), SECOND));
        }
    }

    /// Ends the second that is being written.
    fn close(&mut self) {
        self.close_after(SECOND);
    }

    fn close_after(&mut self, length: Duration) {
        let Some(grid) = self.grid else { return };
        let begun = grid + SECOND * u32::try_from(self.second).unwrap_or(u32::MAX);
        // What an interval holds happened before it was handed over. Where the first one is handed over is not known when time
        // begins to count, after a reset say: the first point is as long as what it holds.
        let from = begun.checked_sub(HALF_A_TICK).unwrap_or(begun);
        let at = from.saturating_duration_since(self.start);
        let length = length.saturating_sub(self.start.saturating_duration_since(from)).max(Duration::from_millis(1));
        let history = Arc::make_mut(&mut self.history);
        for ((_, series), second) in history.rows.iter_mut().zip(&mut self.rows).filter(|(_, second)| second.touched) {
            (second.point.at, second.point.length) = (at, length);
            Arc::make_mut(&mut series.0).push(&second.point);
            second.clear();
        }
        (self.total.point.at, self.total.point.length) = (at, length);
        Arc::make_mut(&mut history.total.0).push(&self.total.point);
        self.total.clear();
        history.run.push(RunPoint { at, length, ..self.run.clone() });
        self.run.next();
        let most = most_of_rows(history.total.0.bytes());
        if history.bytes() > most {
            // With some room, so that it is not every second that this is done.
            for _ in 0..32 {
                history.rows.iter_mut().for_each(|(_, series)| Arc::make_mut(&mut series.0).thin());
                if history.bytes() <= most / 8 * 7 {
                    break;
                }
            }
        }
    }

    /// Forgets everything; time counts from here.
    pub(crate) fn restart(&mut self, start: Instant) {
        let rows = std::mem::take(&mut self.rows);
        let keys: Vec<_> = self.history.rows.iter().map(|(key, _)| Arc::clone(key)).collect();
        *self = Self::new(start);
        // The numbers of rows stay.
        let history = Arc::make_mut(&mut self.history);
        history.rows = keys.into_iter().map(|key| (key, RowHistory::new(OF_A_ROW))).collect();
        self.rows = rows;
        self.rows.iter_mut().for_each(Second::clear);
    }
}

#[cfg(test)]
mod tests;
