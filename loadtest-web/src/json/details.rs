//! What is behind a row, and what went wrong.

use std::sync::Arc;

use loadtest_core::stats::{
    BodyText, ExceptionRow, Exchange, FailureRow, FailureSample, Phases, RowHistory, RowSnapshot, RunState, Snapshot,
    Times,
};
use serde::Serialize;

use super::figures::{Percentiles, Row};
use super::points::{self, Point, Response, coarse};
use super::{date, millis, rounded};

/// One row, looked at closely.
#[derive(Debug, Serialize)]
pub(crate) struct Details<'a> {
    row: Row<'a>,
    statuses: Vec<Status>,
    phases: Vec<Phase>,
    response: Option<Response>,
    distribution: Vec<(f64, u64)>,
    history: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Status {
    status: String,
    count: u64,
    share: f64,
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Phase {
    phase: &'static str,
    p50: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

fn three(times: &Times) -> [Option<f64>; 3] {
    let Percentiles { p50, p95, .. } = Percentiles::of(times);
    [p50, p95, times.max().map(millis)]
}

impl<'a> Details<'a> {
    pub(crate) fn of(id: u64, row: &'a RowSnapshot, snapshot: &Snapshot, series: Option<&RowHistory>) -> Self {
        let stats = &row.stats;
        let all = stats.requests().max(1) as f64;
        let statuses = stats.statuses().map(|status| {
            let [p50, p95, max] = three(status.service);
            let count = status.service.count();
            let text = status.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
            Status { status: text, count, share: count as f64 / all, p50, p95, max }
        });
        let counted = stats.phases.all().into_iter().filter(|(_, times)| times.count() > 0);
        let phases = counted.map(|(phase, times)| {
            let [p50, p95, max] = three(times);
            Phase { phase, p50, p95, max }
        });
        Self {
            row: Row::of(id, row),
            statuses: statuses.collect(),
            phases: phases.collect(),
            response: Response::of(&stats.response),
            // Eight buckets in each power of two: enough for a curve, and few enough to send.
            distribution: coarse(&stats.service, 3),
            history: series.map(|series| points::all(&snapshot.history, series)).unwrap_or_default(),
        }
    }
}

/// Requests that failed in the same way.
#[derive(Debug, Serialize)]
pub(crate) struct Failure<'a> {
    method: &'a str,
    name: &'a str,
    kind: &'static str,
    error: &'a str,
    count: u64,
    share: Option<f64>,
    first_seen: String,
    last_seen: String,
    samples: Vec<Sample<'a>>,
}

#[derive(Debug, Serialize)]
struct Sample<'a> {
    at: String,
    class: &'a str,
    task: &'a str,
    user: Option<u64>,
    took: f64,
    phases: Vec<Part>,
    details: &'a str,
    request: Option<&'a str>,
    request_body: Option<Body<'a>>,
    status: Option<u16>,
    response: Option<&'a str>,
    response_body: Option<Body<'a>>,
}

#[derive(Debug, Serialize)]
struct Part {
    phase: &'static str,
    ms: f64,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    text: &'a str,
    length: u64,
    is_cut: bool,
}

impl<'a> Failure<'a> {
    pub(crate) fn of(failure: &'a FailureRow, snapshot: &Snapshot) -> Self {
        Self {
            method: &failure.key.method,
            name: &failure.key.name,
            kind: failure.kind.as_str(),
            error: &failure.error,
            count: failure.count,
            share: snapshot.failure_share(failure),
            first_seen: date(failure.first_seen),
            last_seen: date(failure.last_seen),
            samples: failure.samples.iter().map(Sample::of).collect(),
        }
    }
}

impl<'a> Sample<'a> {
    fn of(sample: &'a Arc<FailureSample>) -> Self {
        let exchange = sample.exchange.as_deref();
        let head = |of: fn(&Exchange) -> &str| exchange.map(of).filter(|text| !text.is_empty());
        let body = |of: fn(&Exchange) -> &BodyText| exchange.map(of).filter(|body| body.length > 0).map(Body::of);
        Self {
            at: date(sample.at),
            class: &sample.class,
            task: &sample.task,
            user: sample.user_number,
            took: millis(sample.service_time),
            phases: sample.phases.as_ref().map(parts).unwrap_or_default(),
            details: &sample.details,
            request: head(|exchange| &exchange.request),
            request_body: body(|exchange| &exchange.request_body),
            status: exchange.and_then(|exchange| exchange.status),
            response: head(|exchange| &exchange.response),
            response_body: body(|exchange| &exchange.response_body),
        }
    }
}

impl<'a> Body<'a> {
    fn of(body: &'a BodyText) -> Self {
        Self { text: &body.text, length: body.length, is_cut: body.is_cut }
    }
}

/// Where the time went, as far as it went anywhere.
fn parts(phases: &Phases) -> Vec<Part> {
    let all = [
        ("blocked", phases.blocked),
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("first byte", phases.first_byte),
        ("download", phases.download),
    ];
    all.into_iter().filter(|(_, time)| !time.is_zero()).map(|(phase, time)| Part { phase, ms: millis(time) }).collect()
}

/// Errors and panics of user code that are alike.
#[derive(Debug, Serialize)]
pub(crate) struct Exception<'a> {
    class: &'a str,
    task: &'a str,
    message: &'a str,
    place: Option<&'a str>,
    count: u64,
    first_seen: String,
    last_seen: String,
}

impl<'a> Exception<'a> {
    pub(crate) fn of(exception: &'a ExceptionRow) -> Self {
        Self {
            class: &exception.class,
            task: &exception.task,
            message: &exception.message,
            place: exception.place.as_deref(),
            count: exception.count,
            first_seen: date(exception.first_seen),
            last_seen: date(exception.last_seen),
        }
    }
}

/// What drives users: this process. Its threads share their users evenly, and what each of them uses is not measured apart.
#[derive(Debug, Serialize)]
pub(crate) struct Worker {
    id: String,
    state: &'static str,
    users: u64,
    cpu: Option<f64>,
    memory: Option<u64>,
}

impl Worker {
    pub(crate) fn of(state: RunState, snapshot: &Snapshot, threads: usize) -> Self {
        let threads = if snapshot.health.threads > 0 { snapshot.health.threads } else { threads };
        let last = snapshot.history.run().last().filter(|_| state != RunState::Stopped);
        let plural = if threads == 1 { "" } else { "s" };
        Self {
            id: format!("this process, {threads} thread{plural}"),
            state: state.as_str(),
            users: snapshot.users.alive,
            cpu: last.and_then(|point| point.cpu).map(|used| rounded(used / points::cores())),
            memory: last.and_then(|point| point.memory).or(snapshot.health.memory),
        }
    }
}
