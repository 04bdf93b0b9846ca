//! Runs that have ended, and two of them side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadtest_core::Report;
use loadtest_core::console::PastRun;
use loadtest_core::stats::{RowKey, RowSnapshot};
use serde::Serialize;

use super::figures::Figures;
use super::points::{self, Point};
use super::run::Marker;
use super::{date, seconds};

/// What a list of runs shows of one.
#[derive(Debug, Serialize)]
pub(crate) struct Past<'a> {
    run: u64,
    name: Option<&'a str>,
    run_id: &'a str,
    started_at: String,
    duration: f64,
    ended: String,
    users: u64,
    total: Figures,
    thresholds_met: usize,
    thresholds: usize,
    markers: Vec<Marker<'a>>,
}

impl<'a> Past<'a> {
    pub(crate) fn of(run: &'a PastRun) -> Self {
        let markers = Marker::of(&run.markers, run.report.snapshot().since);
        Self { markers, ..Self::of_report(run.number, run.name.as_deref(), &run.report) }
    }

    pub(crate) fn of_report(run: u64, name: Option<&'a str>, report: &'a Report) -> Self {
        let most = report.history().run().map(|point| point.users).max().unwrap_or_default();
        // A short run has but one point, with the users of its end.
        let most = if most == 0 { report.users() } else { most };
        Self {
            run,
            name,
            run_id: report.run_id(),
            started_at: date(report.started_at()),
            duration: seconds(report.duration()),
            ended: report.ended_by().sentence(),
            users: most,
            total: Figures::of(report.total()),
            thresholds_met: report.thresholds().iter().filter(|result| result.is_met()).count(),
            thresholds: report.thresholds().len(),
            markers: Vec::new(),
        }
    }
}

/// Two runs, row by row.
#[derive(Debug, Serialize)]
pub(crate) struct Compared<'a> {
    a: Past<'a>,
    b: Past<'a>,
    rows: Vec<Pair<'a>>,
    a_history: Vec<Point>,
    b_history: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    method: &'a str,
    name: &'a str,
    a: Option<Figures>,
    b: Option<Figures>,
}

/// One of the two that are compared.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) run: u64,
    pub(crate) name: Option<String>,
    pub(crate) report: Arc<Report>,
}

impl Side {
    fn shown(&self) -> Past<'_> {
        Past::of_report(self.run, self.name.as_deref(), &self.report)
    }

    fn history(&self) -> Vec<Point> {
        points::all(self.report.history(), self.report.history().total())
    }
}

impl<'a> Compared<'a> {
    pub(crate) fn of(a: &'a Side, b: &'a Side) -> Self {
        let mut rows = BTreeMap::<&RowKey, [Option<&RowSnapshot>; 2]>::new();
        for (side, report) in [&a.report, &b.report].into_iter().enumerate() {
            for row in report.requests() {
                rows.entry(&row.key).or_default()[side] = Some(row);
            }
        }
        let total = &a.report.total().key;
        let mut rows: Vec<_> = rows.into_iter().map(|(key, sides)| pair(key, sides)).collect();
        rows.push(pair(total, [Some(a.report.total()), Some(b.report.total())]));
        Self { a: a.shown(), b: b.shown(), rows, a_history: a.history(), b_history: b.history() }
    }
}

fn pair<'a>(key: &'a RowKey, [a, b]: [Option<&RowSnapshot>; 2]) -> Pair<'a> {
    Pair { method: &key.method, name: &key.name, a: a.map(Figures::of), b: b.map(Figures::of) }
}
