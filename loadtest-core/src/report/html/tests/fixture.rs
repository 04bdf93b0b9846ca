//! Runs that never happened, the same each time.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::time::Instant;

use crate::report::{EndedBy, Report, RunSettings};
use crate::stats::collector::Collector;
use crate::stats::{
    BodyText, Exchange, Failure, FailureKind, FailureSample, History, Phases, RecorderHandle, RunPoint, Snapshot,
    TaskKey, TaskSnapshot, TaskStats, TransactionSnapshot, TransactionStats,
};
use crate::threshold::{Threshold, ThresholdResult, Verdict};

/// 2026-03-01 09:30:00 UTC.
pub(super) fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_772_357_400)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One request of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) name: &'a str,
    pub(super) took: Duration,
    pub(super) status: u16,
    pub(super) error: Option<&'a str>,
}

/// What happened in each half second of a run; the pauses between are none.
pub(super) struct Recorded {
    recorder: RecorderHandle,
    collector: Collector,
    start: Instant,
    ticks: u32,
    /// Processors used and the queue's delay, tick by tick.
    loads: Vec<(f64, Duration)>,
}

impl Recorded {
    pub(super) fn new() -> Self {
        let start = Instant::now();
        Self {
            recorder: RecorderHandle::default(),
            collector: Collector::new(1, start),
            start,
            ticks: 0,
            loads: Vec::new(),
        }
    }

    /// Requests by users of a class in a task, so late by their schedule.
    pub(super) fn task(&self, class: &'static str, task: &'static str, late: Option<Duration>, all: &[Request<'_>]) {
        let user = self.recorder.of_user(class, Some(1));
        let due = late.map(|late| Instant::now() - late);
        user.begin_task(None, task, due, false);
        for (index, request) in all.iter().enumerate() {
            let begun = self.start + millis(500) * self.ticks;
            let mut pending = user.start_at(request.method, request.name, begun);
            let opened = u32::from(self.ticks == 0 && index == 0);
            *pending.phases_mut() = Phases {
                connect: Duration::from_micros(310) * opened,
                first_byte: request.took * 9 / 10,
                download: request.took / 10,
                opened,
                reused: 1 - opened,
                ..Phases::default()
            };
            pending.set_written();
            pending.add_sent(180);
            if request.status > 0 {
                pending.set_status(request.status);
                pending.add_received(2048 + 64 * u64::from(request.status % 7));
            }
            pending.stop_clock_at(begun + request.took);
            match request.error {
                None => pending.ok(),
                Some(error) if request.status > 0 => pending.fail(Failure::new(error).kind(FailureKind::Status)),
                Some(error) => pending.fail(Failure::new(error)),
            }
        }
    }

    /// A request that is broken off.
    pub(super) fn interrupted(&self, method: &str, name: &str) {
        drop(self.recorder.of_user("Shopper", Some(1)).start_at(method, name, self.start));
    }

    pub(super) fn recorder(&self) -> &RecorderHandle {
        &self.recorder
    }

    /// The end of a half second, with so many users.
    pub(super) fn tick(&mut self, users: u64, cpu: f64, queue_delay: Duration) {
        self.ticks += 1;
        let at = self.start + millis(500) * self.ticks;
        self.collector.merge(0, &self.recorder.hand_over(), at);
        self.collector.see_run(users, at, None);
        self.loads.push((cpu, queue_delay));
    }

    /// The report, with failures at fixed times.
    pub(super) fn report(mut self, users: u64) -> Report {
        self.collector.finish();
        let now = self.start + millis(500) * self.ticks;
        let mut snapshot = Snapshot { elapsed: now - self.start, ..self.collector.snapshot(now) };
        snapshot.history = Arc::new(self.with_loads(&snapshot.history));
        for (index, failure) in snapshot.failures.iter_mut().enumerate() {
            failure.first_seen = start() + millis(1540) * (1 + u32::try_from(index).unwrap());
            failure.last_seen = start() + snapshot.elapsed - millis(700);
        }
        for exception in &mut snapshot.exceptions {
            (exception.first_seen, exception.last_seen) = (start() + millis(2100), start() + millis(4900));
        }
        report(snapshot, users)
    }
}

impl Recorded {
    fn with_loads(&self, history: &History) -> History {
        let loaded = |point: &RunPoint| {
            let mut point = point.clone();
            let tick = usize::try_from(point.at.as_millis() / 500).unwrap().min(self.loads.len() - 1);
            let (cpu, queue_delay) = self.loads[tick];
            (point.cpu, point.held_up, point.queue_delay) = (Some(cpu), Some(cpu / 50.0), queue_delay);
            point.memory = Some((20 << 20) + point.users * 20_000);
            point
        };
        let rows = history.rows().map(|(key, row)| (Arc::clone(key), row.points().collect()));
        History::of_points(history.run().map(loaded), history.total().points(), rows)
    }
}

pub(super) fn report(snapshot: Snapshot, users: u64) -> Report {
    Report {
        run_id: "amber-heron-41".to_owned(),
        seed: 4711,
        host: Some("https://me:secret@shop.example:8443".to_owned()),
        version: "0.1.0".to_owned(),
        classes: vec!["Shopper".to_owned(), "Admin".to_owned()],
        configured: vec![("Shopper".to_owned(), "weight = 3".to_owned())],
        options: vec![("catalogue".to_owned(), "spring".to_owned()), ("api-key".to_owned(), "***".to_owned())],
        settings: RunSettings {
            users,
            spawn_rate: Some(2.0),
            run_time: Some(Duration::from_secs(600)),
            threads: 2,
            stop_timeout: Duration::ZERO,
            warm_up: None,
            reset_stats: false,
            iterations: None,
            iterations_per_user: None,
        },
        started_at: start(),
        ended_by: EndedBy::RunTime,
        snapshot: Arc::new(snapshot),
        thresholds: Vec::new(),
        incomplete: false,
    }
}

/// A failed request with all that is known of one.
pub(super) fn sample(at: Duration, took: Duration, exchange: Exchange) -> Arc<FailureSample> {
    let mut sample = FailureSample::new(start() + at, took);
    sample.class = "Shopper".into();
    sample.task = "checkout".into();
    sample.user_number = Some(17);
    sample.details = exchange.response_body.text.chars().take(40).collect();
    sample.phases = Some(Phases { first_byte: took, ..Phases::default() });
    sample.exchange = Some(Box::new(exchange));
    Arc::new(sample)
}

pub(super) fn body(text: &str) -> BodyText {
    BodyText { text: text.into(), length: text.len() as u64, is_cut: false }
}

/// In a runtime whose clock stands still.
pub(super) fn at_rest<T>(make: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _guard = runtime.enter();
    make()
}

/// Five seconds with a little of everything.
pub(super) fn small() -> Report {
    at_rest(|| {
        let mut run = Recorded::new();
        for tick in 0..10u64 {
            let ok = |name, took| Request { method: "GET", name, took: millis(took), status: 200, error: None };
            let home = [ok("/", 4 + tick), ok("/", 5 + tick % 3)];
            run.task("Shopper", "browse", Some(millis(tick)), &home);
            let full = Request { status: 503, error: Some("503 Service Unavailable"), ..ok("/cart/{id}", 40) };
            run.task(
                "Shopper",
                "checkout",
                None,
                &[ok("/cart/{id}", 12), if tick % 4 == 3 { full } else { ok("/cart/{id}", 18) }],
            );
            run.tick((tick + 1).min(4), 0.2 + 0.01 * (tick % 4) as f64, Duration::from_micros(120 + 10 * tick));
        }
        run.interrupted("GET", "/");
        let metrics = run.recorder();
        metrics.metrics(|metrics| {
            metrics.add("items sold", "", 3);
            metrics.record("basket", "EUR", 19.5);
        });
        run.tick(4, 0.2, Duration::from_micros(100));
        let mut report = run.report(4);
        let snapshot = Arc::make_mut(&mut report.snapshot);
        snapshot.warnings = vec!["the load generator was short of processor time: figures may be too high".to_owned()];
        finish(snapshot);
        snapshot.failures[0].samples = vec![sample(millis(1540), millis(40), refused("{\"error\":\"out of stock\"}"))];
        report
    })
}

fn refused(answer: &str) -> Exchange {
    Exchange {
        request: "POST /cart/7 HTTP/1.1\nhost: shop.example:8443\nauthorization: ***\ncontent-type: application/json"
            .into(),
        request_body: body("{\"article\": 7, \"count\": 2}"),
        status: Some(503),
        response: "HTTP/1.1 503 Service Unavailable\ncontent-type: application/json\nretry-after: 1".into(),
        response_body: BodyText { text: answer.into(), length: 9000, is_cut: true },
    }
}

/// What the recorder alone does not know.
fn finish(snapshot: &mut Snapshot) {
    snapshot.health.threads = 2;
    (snapshot.health.cpu, snapshot.health.cpu_max) = (Some(0.215), Some(0.43));
    (snapshot.health.thread_max, snapshot.health.held_up) = (Some(0.31), Some(0.004));
    (snapshot.health.memory, snapshot.health.memory_max) = (Some(24 << 20), Some(31 << 20));
    (1..200).for_each(|micros| snapshot.health.queue_delay.record(Duration::from_micros(3 * micros)));
    let mut stats = TaskStats { started: 11, ok: 9, failed: 2, ..TaskStats::default() };
    (1..12).for_each(|took| stats.time.record(millis(20 * took)));
    let key = Arc::new(TaskKey { class: "Shopper".into(), task: "pay".into() });
    snapshot.tasks.push(TaskSnapshot { key, stats: Arc::new(stats) });
    let mut checkout =
        TransactionStats { started: 30, ok: 28, failed: 1, interrupted: 1, requests: 87, ..Default::default() };
    (1..30).for_each(|took| {
        checkout.time.record(millis(11 * took));
        checkout.in_requests.record(millis(7 * took));
    });
    snapshot.transactions = vec![TransactionSnapshot { name: "checkout".into(), stats: checkout }];
}

/// Ten minutes of a shop with a stall in the middle, as people would have it.
pub(super) fn shop() -> Report {
    const NAMES: [(&str, &str, f64, u64); 7] = [
        ("GET", "/", 9.0, 30),
        ("GET", "/articles/{id}", 14.0, 40),
        ("GET", "/search?q={term}", 65.0, 14),
        ("POST", "/cart", 24.0, 9),
        ("GET", "/cart", 11.0, 9),
        ("POST", "/checkout", 180.0, 4),
        ("GET", "/static/app.css", 0.8, 25),
    ];
    at_rest(|| {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut run = Recorded::new();
        for tick in 0..1200u64 {
            let users = (tick / 2).min(150).min((1200 - tick) * 4);
            let stalls = (560..590).contains(&tick);
            for (method, name, median, weight) in NAMES {
                let count = users * weight / 500 + u64::from(random.random_range(0..500) < users * weight % 500);
                let mut requests = Vec::new();
                for _ in 0..if stalls { count / 3 } else { count } {
                    let normal = (0..6).map(|_| random.random::<f64>()).sum::<f64>() - 3.0;
                    let slow = if stalls {
                        25.0
                    } else if random.random_range(0..60) == 0 {
                        6.0
                    } else {
                        1.0
                    };
                    let took = Duration::from_secs_f64(median * (normal * 0.5).exp() * slow / 1000.0);
                    let fails = name == "/checkout" && random.random_range(0..if stalls { 2 } else { 40 }) == 0;
                    let lost = stalls && random.random_range(0..9) == 0;
                    let (status, error) = match () {
                        () if fails => (503, Some("503 Service Unavailable")),
                        () if lost => (0, Some("timed out after 2 s")),
                        () if name == "/cart" && method == "POST" => (201, None),
                        () => (200, None),
                    };
                    requests.push(Request { method, name, took, status, error });
                }
                let (class, task) = if weight < 10 { ("Shopper", "buy") } else { ("Visitor", "browse") };
                let late = Duration::from_millis(if stalls { 40 * (tick - 559) } else { tick % 3 });
                run.task(class, task, (class == "Shopper").then_some(late), &requests);
            }
            if tick % 100 == 99 {
                run.interrupted("POST", "/checkout");
            }
            let busy = users as f64 / 160.0 + random.random::<f64>() * 0.1;
            run.tick(users, busy, Duration::from_micros(80 + random.random_range(0..400)));
        }
        run.recorder().metrics(|metrics| {
            metrics.add("items sold", "", 1234);
            (0..500).for_each(|value| metrics.record("basket", "EUR", 5.0 + f64::from(value) / 3.0));
            metrics.set("stock", "articles", 812.0, Instant::now());
        });
        run.tick(0, 0.1, Duration::ZERO);
        let mut report = run.report(150);
        let snapshot = Arc::make_mut(&mut report.snapshot);
        finish(snapshot);
        snapshot.warnings = vec![
            "the load generator was short of processor time: times may be longer than the server's; use more threads or \
             another machine"
                .to_owned(),
        ];
        for failure in &mut snapshot.failures {
            let answer = "{\"error\":\"the database does not answer\",\"code\":\"db_timeout\",\"request\":\"c0ffee\"}";
            let mut exchange = refused(answer);
            if failure.error.starts_with("timed out") {
                (exchange.status, exchange.response, exchange.response_body) = (None, "".into(), BodyText::default());
            }
            failure.samples = (1..4).map(|n| sample(millis(2040) * n, millis(212) * n, exchange.clone())).collect();
        }
        report.thresholds = vec![
            result("p95 < 200ms", Verdict::Met, "103ms", None),
            result("fail_ratio < 1% over 10s", Verdict::NotMet, "24.4%", Some(Duration::from_secs(288))),
            result("p99(GET /basket) < 1s", Verdict::NothingMatched, "", None),
        ];
        report
    })
}

/// So many names, with traffic in each of them.
pub(super) fn many(names: usize) -> Report {
    at_rest(|| {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(6);
        let names: Vec<_> = (0..names).map(|name| format!("/shops/{{shop}}/articles/{name}/reviews")).collect();
        let mut run = Recorded::new();
        for tick in 0..40u64 {
            for name in &names {
                let took = Duration::from_micros(500 + random.random_range(0..40_000u64) * random.random_range(1..20));
                run.task("Shopper", "browse", None, &[Request { method: "GET", name, took, status: 200, error: None }]);
            }
            run.tick(tick, 0.5, Duration::from_micros(100));
        }
        run.report(40)
    })
}

/// What became of a threshold.
pub(super) fn result(threshold: &str, verdict: Verdict, value: &str, at: Option<Duration>) -> ThresholdResult {
    let threshold: Threshold = threshold.parse().unwrap();
    // The value is one that a threshold could ask for.
    let value = format!("{} < {value}", threshold.figure()).parse().ok().map(|asked: Threshold| asked.limit());
    let sentence = match verdict {
        Verdict::Met => format!("{threshold}: as asked for"),
        Verdict::NotMet => format!("{threshold}: it was not"),
        Verdict::NothingMatched => format!("{threshold}: there is no such request"),
    };
    ThresholdResult { threshold, value, verdict, sentence, at, aborted: false }
}
