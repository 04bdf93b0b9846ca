use super::*;
use crate::stats::collector::{self, Collector};
use crate::stats::{Phases, RecorderHandle};

#[test]
fn shares_never_hide_the_exception() {
    assert_eq!(percent(0.0), "0.00%");
    assert_eq!(percent(0.000_001), "<0.01%");
    assert_eq!(percent(0.999_999), ">99.99%");
    assert_eq!(percent(1.0), "100.00%");
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}d"), "a [2Jb  c d");
}

#[test]
fn phases_are_shown_where_there_were_any() {
    let now = tokio::time::Instant::now();
    let recorder = RecorderHandle::default();
    recorder.start("WS", "chat").ok();
    let mut collector = Collector::new(1, now);
    let mut show = || {
        collector.merge(0, &recorder.hand_over(), now);
        phases(&Snapshot { rows: collector.rows(now), total: collector.total(now), ..collector::nothing_yet() }, 120)
    };
    assert_eq!(show(), "", "nobody told of phases");
    for reused in [0, 1] {
        let mut pending = recorder.start("GET", "/cart");
        *pending.phases_mut() = Phases {
            connect: Duration::from_micros(250 * u64::from(1 - reused)),
            first_byte: Duration::from_millis(1 + u64::from(reused)),
            opened: 1 - reused,
            reused,
            ..Phases::default()
        };
        pending.ok();
    }
    assert_eq!(
        format!("\n{}", show()),
        "
Connections and phases (ms, p50 / p95)  opened  reused  retried  dns        connect  tls   first byte       download
--------------------------------------------------------------------------------------------------------------------
GET /cart                                    1       1        0    -  0.250 / 0.250    -  1.00 / 2.00  0.000 / 0.000
--------------------------------------------------------------------------------------------------------------------
Aggregated                                   1       1        0    -  0.250 / 0.250    -  1.00 / 2.00  0.000 / 0.000
"
    );
}

#[test]
fn waits_for_a_connection_have_a_column_where_there_were_any() {
    let now = tokio::time::Instant::now();
    let recorder = RecorderHandle::default();
    for (name, blocked) in [("/cart", 2), ("/free", 0)] {
        let mut pending = recorder.start("GET", name);
        let phases = pending.phases_mut();
        (phases.blocked, phases.first_byte) = (Duration::from_millis(blocked), Duration::from_millis(1));
        phases.reused = 1;
        pending.ok();
    }
    let mut collector = Collector::new(1, now);
    collector.merge(0, &recorder.hand_over(), now);
    let snapshot = Snapshot { rows: collector.rows(now), total: collector.total(now), ..collector::nothing_yet() };
    assert_eq!(
        format!("\n{}", phases(&snapshot, 120)),
        "
Connections and p…s (ms, p50 / p95)  opened  reused  retried      blocked  dns  connect  tls   first byte       download
------------------------------------------------------------------------------------------------------------------------
GET /cart                                 0       1        0  2.00 / 2.00    -        -    -  1.00 / 1.00  0.000 / 0.000
GET /free                                 0       1        0            -    -        -    -  1.00 / 1.00  0.000 / 0.000
------------------------------------------------------------------------------------------------------------------------
Aggregated                                0       2        0  2.00 / 2.00    -        -    -  1.00 / 1.00  0.000 / 0.000
"
    );
}

#[test]
fn schedules_are_shown_where_there_were_any() {
    let now = tokio::time::Instant::now();
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, now);
    assert_eq!(starts(&collector.starts()), "");
    for late in 1..=100 {
        recorder.scheduled_start(Duration::from_micros(late), false, 0);
    }
    collector.merge(0, &recorder.hand_over(), now);
    assert_eq!(
        starts(&collector.starts()),
        "Scheduled starts: 100; late by p50 0.050 ms, p99 0.099 ms, max 0.100 ms\n"
    );
    recorder.scheduled_start(Duration::from_millis(12), true, 30);
    collector.merge(0, &recorder.hand_over(), now);
    assert_eq!(
        starts(&collector.starts()),
        "Scheduled starts: 101; late by p50 0.051 ms, p99 0.100 ms, max 12.0 ms; 1 after a task longer than its period; \
         30 skipped\n"
    );
    collector.reset(now);
    assert_eq!(starts(&collector.starts()), "");
}

#[test]
fn failures_show_their_kind_their_share_and_when_they_were_seen() {
    use std::time::{Duration, UNIX_EPOCH};

    use crate::stats::{Failure, FailureKind};

    let now = tokio::time::Instant::now();
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, now);
    recorder.start("GET", "/cart").ok();
    for _ in 0..3 {
        let failure = Failure::new("503 Service Unavailable").kind(FailureKind::Status).sample("try\nagain");
        recorder.start("GET", "/cart").fail(failure);
    }
    collector.merge(0, &recorder.hand_over(), now);
    let mut snapshot = collector.snapshot(now);
    let mut show = |first: u64, last: u64, width: usize| {
        let [first, last] = [first, last].map(|second| UNIX_EPOCH + Duration::from_secs(second));
        (snapshot.failures[0].first_seen, snapshot.failures[0].last_seen) = (first, last);
        wrapped(&failures(&snapshot), width)
    };
    assert_eq!(
        show(3600, 3661, UNLIMITED),
        "Failures\n--------\n       3x  GET /cart: 503 Service Unavailable\n           \
         status, 75.00% of its requests, 01:00:00 to 01:01:01 UTC\n           for example: try again\n"
    );
    assert!(show(3600, 3600, UNLIMITED).contains(", 01:00:00 UTC\n"));
    assert!(show(3600, 90_000, UNLIMITED).contains(", 01:00:00 to 1970-01-02 01:00:00 UTC\n"));
    assert!(show(3600, 90_000, 40).lines().all(|line| line.chars().count() <= 40));
}
