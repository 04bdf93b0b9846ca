use std::cell::Cell;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::stats::collector::Collector;
use crate::stats::{FailureKind, FailureRow, RecorderHandle};

fn at(second: u64) -> Arc<FailureSample> {
    Arc::new(FailureSample::new(UNIX_EPOCH + Duration::from_secs(second), Duration::ZERO))
}

fn seconds(samples: &Samples) -> Vec<u64> {
    let since = |sample: &Arc<FailureSample>| sample.at.duration_since(UNIX_EPOCH).expect("later").as_secs();
    samples.all().iter().map(since).collect()
}

proptest! {
    #[test]
    fn the_first_two_and_the_last_are_kept_however_they_come(
        parts in prop::collection::vec(prop::collection::vec(0u64..1000, 0..8), 0..6),
    ) {
        let mut merged = Samples::default();
        let mut room = Room::default();
        for part in &parts {
            let mut samples = Samples::default();
            part.iter().for_each(|second| drop(samples.add(at(*second))));
            merged.merge(&samples, &mut room);
        }
        let mut all: Vec<u64> = parts.concat();
        all.sort_unstable();
        if all.len() > MOST_SAMPLES {
            let last = all.pop().expect("many");
            all.truncate(2);
            all.push(last);
        }
        prop_assert_eq!(seconds(&merged), all);
        prop_assert_eq!(room.used, merged.all().iter().map(|sample| sample.size()).sum::<usize>());
    }
}

#[test]
fn there_is_an_end_of_the_room() {
    let mut room = Room::default();
    let exchange = Exchange { request: "x".repeat(1024 * 1024).into(), ..Exchange::default() };
    let large = FailureSample { exchange: Some(Box::new(exchange)), ..(*at(1)).clone() };
    let groups = (0..40).filter(|_| {
        let (mut group, mut new) = (Samples::default(), Samples::default());
        new.take(large.clone());
        group.merge(&new, &mut room);
        !group.all().is_empty()
    });
    assert_eq!(groups.count(), 15, "of a little more than 1 MiB in 16 MiB");
    assert!(room.is_short && room.used <= MOST_BYTES);
}

/// Fails a request whose exchange is as long as it is asked for, and counts how often it is asked for.
fn fail(recorder: &RecorderHandle, name: &str, error: &str, asked: &Cell<usize>) {
    let tell = |most: usize| {
        asked.set(asked.get() + 1);
        let body = BodyText::of("é".repeat(100_000).as_bytes(), most * 2);
        let head: Box<str> = "h".repeat(20_000).into();
        Exchange {
            request: head.clone(),
            request_body: body.clone(),
            status: None,
            response: head,
            response_body: body,
        }
    };
    recorder.start("GET", name).fail(Failure::new(error).sample(&"s".repeat(5000)).exchange(&tell));
}

fn collect(collector: &mut Collector, shard: usize, recorder: &RecorderHandle) {
    let mut interval = recorder.hand_over();
    collector.merge(shard, &interval, Instant::now());
    interval.clear();
    recorder.recycle(interval);
}

fn only(collector: &Collector) -> FailureRow {
    let mut failures = collector.failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures.remove(0)
}

#[test]
fn nothing_is_told_of_the_thousandth_failure() {
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, Instant::now());
    let asked = Cell::new(0);
    for _ in 0..1000 {
        fail(&recorder, "/", "no", &asked);
    }
    assert_eq!(asked.get(), MOST_PER_TICK);
    for _ in 0..10 {
        collect(&mut collector, 0, &recorder);
        fail(&recorder, "/", "no", &asked);
    }
    collect(&mut collector, 0, &recorder);
    let row = only(&collector);
    assert_eq!((row.count, row.samples.len()), (1010, MOST_SAMPLES));
    assert_eq!(row.samples[0].at, row.first_seen);
    assert_eq!(row.samples[MOST_SAMPLES - 1].at, row.last_seen, "the last one of a tick of one");
}

#[test]
fn a_sample_is_bounded_whatever_a_client_tells() {
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, Instant::now());
    fail(&recorder, "/", "no", &Cell::new(0));
    collect(&mut collector, 0, &recorder);
    let row = only(&collector);
    let exchange = row.samples[0].exchange.as_ref().expect("told");
    for body in [&exchange.request_body, &exchange.response_body] {
        assert_eq!((body.text.len(), body.length, body.is_cut), (LONGEST_BODY, 200_000, true));
    }
    assert_eq!(exchange.request.len() + exchange.response.len(), LONGEST_HEADS);
    assert_eq!(row.samples[0].details.len(), LONGEST_DETAILS);
}

#[test]
fn samples_of_all_shards_are_those_of_one() {
    let mut collector = Collector::new(3, Instant::now());
    let shards: Vec<_> = (0..3).map(|user| RecorderHandle::default().of_user("Shopper", Some(user))).collect();
    shards[1].enter_hook(Some("Forum"), "on_start");
    for shard in [1, 0, 2, 0, 1] {
        let failure = Failure::new("timed out").kind(FailureKind::Timeout).sample("here");
        shards[shard].start("GET", "/").fail(failure);
    }
    for shard in [2, 0, 1] {
        collect(&mut collector, shard, &shards[shard]);
    }
    let row = only(&collector);
    assert_eq!((row.kind, row.count, &*row.error), (FailureKind::Timeout, 5, "timed out"));
    let who: Vec<_> = row.samples.iter().map(|sample| (sample.user_number, &*sample.task)).collect();
    assert_eq!(who, [(Some(1), "Forum::on_start"), (Some(0), ""), (Some(1), "Forum::on_start")]);
    assert!(row.samples.iter().all(|sample| &*sample.class == "Shopper" && sample.exchange.is_none()));
    assert_eq!(row.share_of(&collector.total(Instant::now()).stats), Some(1.0));
}

#[test]
fn a_reset_and_a_second_run_begin_anew() {
    for restart in [Collector::reset, Collector::restart] {
        let recorder = RecorderHandle::default();
        let mut collector = Collector::new(1, Instant::now());
        for round in 0..2 {
            for _ in 0..5 {
                fail(&recorder, "/", "no", &Cell::new(0));
                collect(&mut collector, 0, &recorder);
            }
            let row = only(&collector);
            assert_eq!((row.samples.len(), row.samples[0].at), (MOST_SAMPLES, row.first_seen), "round {round}");
            restart(&mut collector, Instant::now());
            assert!(collector.failures().is_empty());
        }
    }
}

#[test]
fn the_same_words_of_another_kind_are_another_group() {
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, Instant::now());
    for kind in [FailureKind::Timeout, FailureKind::Check, FailureKind::Timeout] {
        recorder.start("GET", "/").fail(Failure::new("no").kind(kind));
    }
    collect(&mut collector, 0, &recorder);
    let groups: Vec<_> = collector.failures().iter().map(|row| (row.kind, row.count)).collect();
    assert_eq!(groups, [(FailureKind::Check, 1), (FailureKind::Timeout, 2)]);
}

#[test]
fn failures_past_the_limit_have_samples_together() {
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, Instant::now());
    let asked = Cell::new(0);
    for number in 0..2000 {
        fail(&recorder, "/", &format!("no {number}"), &asked);
    }
    assert!(asked.get() <= crate::stats::interval::MOST_TEXTS + MOST_PER_TICK, "{}", asked.get());
    collect(&mut collector, 0, &recorder);
    let failures = collector.failures();
    assert!(
        failures.iter().map(|row| row.samples.iter().map(|sample| sample.size()).sum::<usize>()).sum::<usize>()
            <= MOST_BYTES
    );
    assert!(failures.iter().any(|row| row.samples.is_empty()) && failures.iter().any(|row| !row.samples.is_empty()));
    let warnings = collector.warnings();
    assert!(warnings.len() == 1 && warnings[0].starts_with("there are more different failures"), "{warnings:?}");
}

#[test]
fn a_client_that_panics_tells_nothing() {
    let recorder = RecorderHandle::default();
    let tell = |_| panic!("while telling");
    recorder.start("GET", "/").fail(Failure::new("no").exchange(&tell));
    // One that records something itself finds the recorder free.
    let tell = |_| {
        recorder.start("GET", "/inside").ok();
        Exchange::default()
    };
    recorder.start("GET", "/").fail(Failure::new("no").exchange(&tell));
    let mut collector = Collector::new(1, Instant::now());
    collect(&mut collector, 0, &recorder);
    let row = only(&collector);
    assert_eq!(row.samples.iter().map(|sample| sample.exchange.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_body_ends_before_a_character_that_is_cut() {
    let text = |bytes: &[u8], most| {
        let body = BodyText::of(bytes, most);
        (body.text.to_string(), body.is_cut)
    };
    assert_eq!(text("größe".as_bytes(), 3), ("gr".into(), true));
    assert_eq!(text("größe".as_bytes(), 4), ("grö".into(), true));
    assert_eq!(text(b"\xffab", 1), ("\u{fffd}".into(), true));
    assert_eq!(text(b"\xff", 1), ("\u{fffd}".into(), false));
}
