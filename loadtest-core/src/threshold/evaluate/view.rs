//! One look at all that has counts and times: rows of requests, transactions, tasks, windows.

use std::borrow::Cow;
use std::time::Duration;

use crate::stats::{Point, RequestStats, RowSnapshot, RowStats, TaskStats, Times, TransactionStats};
use crate::threshold::Clock;
use crate::threshold::figure::Figure;
use crate::threshold::selector::Status;
use crate::threshold::value::Value;

/// What figures are taken from.
#[derive(Debug, Clone, Default)]
pub(in crate::threshold) struct View<'a> {
    times: Cow<'a, Times>,
    /// With a verdict; of a status, with that one.
    count: u64,
    ok: u64,
    failed: u64,
    interrupted: u64,
    rate: f64,
    fail_rate: f64,
    /// Requests with a verdict, also those with another status.
    of: u64,
}

impl<'a> View<'a> {
    pub(super) fn of_row(row: &'a RowSnapshot, clock: Clock) -> Self {
        let stats = &*row.stats;
        let times = clock.of(&stats.service, &stats.response);
        let view = Self::counted(times, stats.ok, stats.failed, stats.interrupted, Duration::ZERO);
        Self { rate: row.rate, fail_rate: row.fail_rate, ..view }
    }

    pub(super) fn of_status(status: Status, row: &'a RowStats) -> Self {
        let statuses = row.statuses().filter(|found| found.code.is_some_and(|code| status.matches(code)));
        let views = statuses.map(|found| {
            let (times, count) = (Cow::Borrowed(found.service), found.service.count());
            Self { times, count, ..Self::default() }
        });
        Self { of: row.requests(), ..Self::merged(views).unwrap_or_default() }
    }

    pub(super) fn of_transaction(stats: &'a TransactionStats, measured: Duration) -> Self {
        Self::counted(Cow::Borrowed(&stats.time), stats.ok, stats.failed, stats.interrupted, measured)
    }

    pub(super) fn of_task(stats: &'a TaskStats, clock: Clock, measured: Duration) -> Self {
        let times = clock.of(&stats.time, &stats.response);
        Self::counted(times, stats.ok, stats.failed, stats.interrupted, measured)
    }

    pub(super) fn of_requests(stats: &'a RequestStats, clock: Clock, measured: Duration) -> Self {
        let times = clock.of(&stats.service, &stats.response);
        Self::counted(times, stats.ok, stats.failed, stats.interrupted, measured)
    }

    /// Of a window: its rates are those of its whole length, also where nothing happened in a part of it.
    pub(super) fn of_window(point: Point, clock: Clock, length: Duration) -> Self {
        let times = match clock {
            Clock::Service => point.service,
            Clock::Response => point.response,
        };
        Self::counted(Cow::Owned(times), point.ok, point.failed, point.interrupted, length)
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate of counts below 2^53")]
    fn counted(times: Cow<'a, Times>, ok: u64, failed: u64, interrupted: u64, length: Duration) -> Self {
        let count = ok + failed;
        let per_second = |count: u64| if length.is_zero() { 0.0 } else { count as f64 / length.as_secs_f64() };
        let (rate, fail_rate) = (per_second(count), per_second(failed));
        Self { times, count, ok, failed, interrupted, rate, fail_rate, of: count }
    }

    /// All in one; `None` where there is none. Times are merged: a percentile is one of all samples.
    pub(super) fn merged(views: impl IntoIterator<Item = Self>) -> Option<Self> {
        views.into_iter().reduce(|mut all, view| {
            all.times.to_mut().merge(&view.times);
            all.count += view.count;
            all.ok += view.ok;
            all.failed += view.failed;
            all.interrupted += view.interrupted;
            all.rate += view.rate;
            all.fail_rate += view.fail_rate;
            all.of += view.of;
            all
        })
    }

    /// Whether nothing has ended, in whichever way.
    pub(super) fn is_empty(&self) -> bool {
        self.of + self.interrupted == 0
    }

    /// `None` where nothing was measured.
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub(super) fn figure(&self, figure: Figure) -> Option<Value> {
        let count = |count: u64| Some(Value::Number(count as f64));
        let share = |part: u64, of: u64| (of > 0).then(|| Value::Ratio(part as f64 / of as f64));
        match figure {
            Figure::Count => count(self.count),
            Figure::Ok => count(self.ok),
            Figure::Failed => count(self.failed),
            Figure::Interrupted => count(self.interrupted),
            Figure::Rate => Some(Value::Number(self.rate)),
            Figure::FailRate => Some(Value::Number(self.fail_rate)),
            Figure::FailRatio => share(self.failed, self.count),
            Figure::Ratio => share(self.count, self.of),
            // The exact one: the lowest rank is that of a bucket's middle.
            Figure::Min | Figure::Percentile(0.0) => self.times.min().map(Value::Time),
            Figure::Mean => self.times.mean().map(Value::Time),
            Figure::Median => self.times.percentile(50.0).map(Value::Time),
            Figure::Max => self.times.max().map(Value::Time),
            Figure::Percentile(percentile) => self.times.percentile(percentile).map(Value::Time),
            Figure::Total | Figure::Last => None,
        }
    }
}

impl Clock {
    fn of<'a>(self, service: &'a Times, response: &'a Times) -> Cow<'a, Times> {
        Cow::Borrowed(match self {
            Self::Service => service,
            Self::Response => response,
        })
    }
}
