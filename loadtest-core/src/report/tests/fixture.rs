//! For tests: a report with something of everything, made by a recorder on a clock that stands still.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::exit::ErrorKind;
use crate::report::{EndedBy, Report, RunSettings};
use crate::stats::interval::ExceptionKey;
use crate::stats::{
    Exchange, Failure, FailureKind, FailureSample, GeneratorHealth, History, Phases, Point, RecorderHandle, RunPoint,
    RunState, Snapshot, TaskOutcome, Times, UserCounts,
};
use crate::testing::TestShard;
use crate::threshold::watch::Watch;

/// 2026-01-31T12:00:00Z.
pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_769_860_800)
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// One request of a user: what is asked, the answer and its service time in microseconds.
fn request(recorder: &RecorderHandle, method: &str, name: &str, status: u16, time: u64) {
    let begin = Instant::now();
    let mut pending = recorder.start_at(method, name, begin);
    pending.set_status(status);
    pending.set_written();
    pending.add_sent(120);
    if status > 0 {
        pending.add_received(512);
        pending.set_content(2048);
        *pending.phases_mut() = Phases {
            dns: micros(if time.is_multiple_of(7) { 300 } else { 0 }),
            connect: micros(if time.is_multiple_of(7) { 450 } else { 0 }),
            first_byte: micros(time * 9 / 10),
            download: micros(time / 10),
            opened: u32::from(time.is_multiple_of(7)),
            reused: u32::from(!time.is_multiple_of(7)),
            ..Phases::default()
        };
    }
    pending.stop_clock_at(begin + micros(time));
    match status {
        0 => pending.fail(Failure::new("connection refused").kind(ErrorKind::Connect).sample("127.0.0.1:9")),
        200..400 => pending.ok(),
        404 => pending.fail(Failure::new("404 Not Found").kind(FailureKind::Status).sample("=cmd|' /C calc'!A0")),
        _ => pending.fail(Failure::new("503 Service Unavailable").sample("<script>alert(1)</script>")),
    }
}

fn record(shard: &TestShard) {
    let cx = shard.context();
    let shopper = cx.recorder().of_user("Shopper", Some(0));
    let visitor = cx.recorder().of_user("Visitor", Some(1));
    for step in 0..100u64 {
        let due = Instant::now().checked_sub(micros(step * 10)).unwrap();
        let run = shopper.begin_task(Some("Forum"), "read", Some(due), true).unwrap();
        shopper.scheduled_start(micros(step * 10), step == 7, u64::from(step == 9));
        let status = match step {
            17 | 42 => 404,
            77 => 503,
            _ => 200,
        };
        request(&shopper, "GET", "/cart", status, 1000 + step * 37);
        run.end(if step == 3 { TaskOutcome::Failed } else { TaskOutcome::Ok });
        if step.is_multiple_of(4) {
            let run = visitor.begin_task(None, "search", None, true).unwrap();
            request(&visitor, "GET", "/検索/日本語", 200, 20_000 + step * 101);
            request(&visitor, "POST", "=HYPERLINK(\"http://evil\", \"x\")", 201, 5000 + step);
            run.end(TaskOutcome::Ok);
        }
    }
    request(
        &visitor,
        "GET",
        "/a/name, \"quoted\"/that/is/so/long/that/no/table/of/a/terminal/can/show/all/of/it",
        0,
        0,
    );
    drop(visitor.start("GET", "/cart"));
    let checkout = cx.start_transaction("checkout");
    cx.start_transaction("pay").fail("-1 declined\r\n");
    checkout.ok();
    cx.counter("orders").add((1 << 53) + 1);
    cx.gauge("queue length").unit("calls").set(-2.5);
    cx.gauge("queue length").set(5);
    for tokens in [17.0, 0.1, 123_456.789] {
        cx.trend("tokens").unit("tokens").record(tokens);
    }
    shopper.exception(ExceptionKey {
        class: "Shopper".into(),
        task: "checkout".into(),
        message: "no\nsuch \u{1b}[2J article".into(),
        place: Some("src/main.rs:17:5".into()),
    });
}

fn sample() -> FailureSample {
    let mut sample = FailureSample::new(noon() + Duration::from_nanos(123_456_789), micros(1629));
    (sample.class, sample.user_number, sample.task) = ("Shopper".into(), Some(0), "Forum::read".into());
    sample.phases = Some(Phases { first_byte: Duration::from_nanos(1_466_100), reused: 1, ..Phases::default() });
    sample.details = "=cmd|' /C calc'!A0".into();
    let mut exchange = Exchange { status: Some(404), ..Exchange::default() };
    exchange.request = "GET /cart HTTP/1.1\r\nhost: shop\r\nauthorization: ***".into();
    exchange.response = "HTTP/1.1 404 Not Found\r\ncontent-length: 9000".into();
    (exchange.response_body.text, exchange.response_body.length) = ("=cmd|' /C calc'!A0…\u{fffd}".into(), 9000);
    exchange.response_body.is_cut = true;
    sample.exchange = Some(Box::new(exchange));
    sample
}

fn history() -> History {
    let point = |second: u64, ok: u64| {
        let mut point = Point::new(Duration::from_secs(second), Duration::from_secs(1));
        (point.ok, point.failed) = (ok, second % 2);
        (0..ok + second % 2).for_each(|of| point.service.record(micros(1000 + of * 37)));
        point.response.record(micros(2000 + second));
        point
    };
    let run = (0..4).map(|second| {
        let mut point = RunPoint::new(Duration::from_secs(second), Duration::from_secs(1));
        (point.users, point.queue_delay) = (second + 1, micros(300 * second));
        if second > 0 {
            (point.cpu, point.memory, point.held_up) = (Some(0.25 * second as f64), Some(30 << 20), Some(0.1));
        }
        point
    });
    let key = Arc::new(crate::stats::RowKey::new("GET", "/cart"));
    History::of_points(run, (0..4).map(|second| point(second, 50)), [(key, (1..3).map(|s| point(s, 30)).collect())])
}

fn health() -> GeneratorHealth {
    let mut queue_delay = Times::default();
    (0..100).for_each(|of| queue_delay.record(micros(of * 9)));
    GeneratorHealth {
        threads: 2,
        cpu: Some(0.5),
        cpu_max: Some(0.75),
        thread_max: Some(0.4),
        busy: Some(0.25),
        memory: Some(30 << 20),
        memory_max: Some(31 << 20),
        held_up: Some(0.1),
        core_wait: Some(Duration::from_nanos(1234)),
        queue_delay,
    }
}

/// The figures of [`report`].
fn snapshot() -> Snapshot {
    let shard = TestShard::new(None);
    record(&shard);
    let mut snapshot = shard.snapshot();
    snapshot.state = RunState::Stopped;
    (snapshot.elapsed, snapshot.measured) = (Duration::from_nanos(4_000_000_001), Duration::from_secs(4));
    (snapshot.users, snapshot.target_users) = (UserCounts { alive: 2, starting: 0, stopping: 0 }, 2);
    for row in snapshot.rows.iter_mut().chain([&mut snapshot.total]) {
        let requests = row.stats.requests() as f64;
        (row.rate, row.current_rate) = (requests / 4.0, requests / 3.0);
        (row.fail_rate, row.current_fail_rate) = (row.stats.failed as f64 / 4.0, row.stats.failed as f64 / 3.0);
    }
    for failure in &mut snapshot.failures {
        (failure.first_seen, failure.last_seen) = (noon() + micros(1), noon() + Duration::from_secs(2));
        // Those that were recorded know the time of the day.
        failure.samples.clear();
        if &*failure.error == "404 Not Found" {
            failure.samples.push(Arc::new(sample()));
        }
    }
    for exception in &mut snapshot.exceptions {
        (exception.first_seen, exception.last_seen) = (noon(), noon());
    }
    for failure in &mut snapshot.transaction_failures {
        (failure.first_seen, failure.last_seen) = (noon(), noon());
    }
    snapshot.metrics.iter_mut().for_each(|metric| metric.rate = 0.1);
    (snapshot.history, snapshot.health) = (Arc::new(history()), health());
    snapshot.warnings = vec!["the load generator was busy: its figures \u{1b}[31mmay be off".to_owned()];
    snapshot
}

/// The same each time, to the last figure.
pub(crate) fn report() -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let snapshot = Arc::new(runtime.block_on(async { snapshot() }));
    let thresholds =
        ["p95(GET /cart) < 200ms", "fail_ratio < 1%", "count(GET /nowhere) > 0", "p99 < 5ms over 10s abort"];
    let thresholds: Vec<_> = thresholds.iter().map(|text| text.parse().unwrap()).collect();
    Report {
        version: "0.0.0".to_owned(),
        run_id: "test".to_owned(),
        seed: u64::MAX,
        host: Some("http://shop.example".to_owned()),
        classes: vec!["Shopper".to_owned(), "Visitor".to_owned()],
        configured: vec![("Shopper".to_owned(), "weight = 3".to_owned())],
        options: vec![("token".to_owned(), "***".to_owned())],
        settings: RunSettings {
            users: 2,
            spawn_rate: Some(0.1),
            run_time: Some(Duration::from_secs(4)),
            threads: 2,
            stop_timeout: Duration::ZERO,
            warm_up: None,
            reset_stats: false,
            iterations: None,
            iterations_per_user: None,
        },
        started_at: noon(),
        ended_by: EndedBy::RunTime,
        thresholds: Watch::new(&thresholds).results(&snapshot, Some(snapshot.elapsed)),
        snapshot,
        incomplete: false,
    }
}

/// Holds a text against the file of this name; with `UPDATE_GOLDEN=1` writes it instead.
pub(crate) fn check_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(golden.lines()).enumerate().find(|(_, (one, other))| one != other);
    assert!(
        text == golden,
        "{name} is not as in tests/golden (UPDATE_GOLDEN=1 writes it anew), from line {differs:?}; all of it:\n{text}"
    );
}
