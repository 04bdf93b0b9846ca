//! What one operation of the hot path costs: recording, merging, dispatching, building a request.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use loadtest::prelude::*;
use loadtest::stats::{RecorderHandle, RowStats};
use loadtest::testing::{TestShard, scope};
use loadtest::{Client, Tasks};

fn record(c: &mut Criterion) {
    c.bench_function("read the clock (once in each of the following)", |b| b.iter(tokio::time::Instant::now));
    let recorder = RecorderHandle::default();
    c.bench_function("record one sample", |b| {
        let now = tokio::time::Instant::now();
        b.iter(|| {
            let mut pending =
                recorder.start_at("GET", black_box("/remote.php/dav/files/[user]/ownCloud%20Manual.pdf"), now);
            pending.set_written();
            pending.add_received(1024);
            pending.ok();
        });
    });
    c.bench_function("record one sample with phases", |b| {
        let now = tokio::time::Instant::now();
        b.iter(|| {
            let mut pending =
                recorder.start_at("GET", black_box("/remote.php/dav/files/[user]/ownCloud%20Manual.pdf"), now);
            pending.set_written();
            pending.add_received(1024);
            let phases = pending.phases_mut();
            phases.first_byte = black_box(Duration::from_micros(700));
            phases.download = black_box(Duration::from_micros(90));
            phases.reused = 1;
            pending.ok();
        });
    });
    for name in 0..1000 {
        recorder.start("GET", &format!("/name/{name}")).ok();
    }
    c.bench_function("record one sample, 1,000 names", |b| {
        let names: Vec<String> = (0..1000).map(|name| format!("/name/{name}")).collect();
        let now = tokio::time::Instant::now();
        let mut next = 0;
        b.iter(|| {
            next = (next + 617) % names.len();
            recorder.start_at("GET", &names[next], now).ok();
        });
    });
}

/// A request of a task that began late, with a status and phases, as over HTTP.
fn record_all(c: &mut Criterion) {
    let shard = TestShard::new(None);
    let now = tokio::time::Instant::now();
    let cx = shard.context_in("checkout", now.checked_sub(Duration::from_millis(3)));
    let mut sample = 0u64;
    c.bench_function("record one sample with everything on, the clock read before", |b| {
        b.iter(|| {
            sample = sample.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let took = Duration::from_micros(700 + (sample >> 53));
            let mut pending = cx.recorder().start_at("GET", black_box("/remote.php/dav/files/[user]/[file]"), now);
            pending.set_written();
            pending.add_received(1024);
            pending.set_status(200);
            let phases = pending.phases_mut();
            phases.first_byte = black_box(took * 9 / 10);
            phases.download = black_box(took / 10);
            phases.reused = 1;
            pending.stop_clock_at(now + took);
            // As `HttpSession` gives its verdict: where the sample lies.
            pending.settle(None);
        });
    });
    let names: Vec<String> = (0..1000).map(|name| format!("/name/{name}")).collect();
    let fill = || {
        for (index, name) in names.iter().enumerate() {
            for of in 0..10 {
                let mut pending = cx.recorder().start_at("GET", name, now);
                pending.set_status(200);
                let phases = pending.phases_mut();
                phases.first_byte = Duration::from_micros(600);
                phases.download = Duration::from_micros(60);
                pending.stop_clock_at(now + Duration::from_micros(500 + (index as u64 * 7919 + of * 131) % 4000));
                pending.ok();
            }
        }
    };
    let tick = || {
        fill();
        shard.tick(tokio::time::Instant::now())
    };
    c.bench_function("hand over 1,000 names with everything on", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| tick().0).sum());
    });
    c.bench_function("merge 1,000 names with everything on, the history too", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| tick().1).sum());
    });
}

fn own_figures(c: &mut Criterion) {
    let shard = TestShard::new(None);
    let cx = shard.context();
    c.bench_function("add to a counter", |b| b.iter(|| cx.counter(black_box("orders")).add(1)));
    c.bench_function("record into a trend", |b| b.iter(|| cx.trend(black_box("tokens per answer")).record(17)));
    c.bench_function("set a gauge (reads the clock)", |b| b.iter(|| cx.gauge(black_box("queue length")).set(5)));
    c.bench_function("a transaction (reads the clock twice)", |b| {
        b.iter(|| cx.start_transaction(black_box("checkout")).ok());
    });
}

fn row(samples: u64) -> RowStats {
    let mut row = RowStats::default();
    for sample in 0..samples {
        row.started += 1;
        row.ok += 1;
        row.service.record(Duration::from_micros(500 + sample * 7919 % 20_000));
    }
    row
}

fn merge(c: &mut Criterion) {
    let interval: Vec<RowStats> = (0..1000).map(|_| row(50)).collect();
    c.bench_function("merge 1,000 rows", |b| {
        b.iter_batched_ref(
            || interval.clone(),
            |totals| {
                for (total, row) in totals.iter_mut().zip(&interval) {
                    total.merge(row);
                }
            },
            BatchSize::LargeInput,
        );
    });
}

#[derive(User, Default)]
struct Idle {
    done: u64,
}

#[tasks]
impl Idle {
    #[task(3)]
    async fn one(&mut self) {
        self.done += 1;
    }
    #[task]
    async fn two(&mut self) -> TaskResult {
        self.done += 2;
        Ok(())
    }
}

fn dispatch(c: &mut Criterion) {
    let shard = TestShard::new(None);
    let cx = shard.context();
    let scope = scope(&cx);
    let mut user = Idle::default();
    let mut task = 0;
    c.bench_function("dispatch a task", |b| {
        b.iter(|| {
            task ^= 1;
            let future = pin!(user.run_task(black_box(task), &scope));
            assert!(matches!(future.poll(&mut TaskContext::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
        });
    });
}

fn build(c: &mut Criterion) {
    let shard = TestShard::new(Some("http://127.0.0.1:8080"));
    let http = HttpSession::create(&shard.context()).expect("a session");
    c.bench_function("build a GET with a name", |b| b.iter(|| black_box(http.get("/things/17").name("/things/[id]"))));
    c.bench_function("build a POST with auth and a form", |b| {
        b.iter(|| {
            black_box(http.post("/users").basic_auth("admin", "admin").form(&[("userid", "u1"), ("password", "u1")]))
        });
    });
}

criterion_group!(operations, record, record_all, own_figures, merge, dispatch, build);
criterion_main!(operations);
