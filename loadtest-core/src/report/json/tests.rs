use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::report::tests::fixture::{self, check_golden};
use crate::stats::{Failure, Histogram, RecorderHandle, Times};

fn written(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    report.write_json(&mut out).unwrap();
    out
}

fn refused(json: &Value) -> String {
    Report::from_json(json.to_string().as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_report_is_read_as_what_it_was() {
    let report = fixture::report();
    let json = written(&report);
    let read = Report::from_json(&json[..]).unwrap();
    assert_eq!(read, report);
    assert_eq!(written(&read), json);
    assert_eq!(read.to_string(), report.to_string());
    assert_eq!(read.seed(), u64::MAX);
    assert_eq!(read.counter("orders").unwrap().total, (1 << 53) + 1);
    assert_eq!(read.failures().iter().map(|failure| failure.samples.len()).sum::<usize>(), 1);
}

#[test]
fn its_form_is_that_of_the_file() {
    // A line for each field and for each element of a list: the file is to be read and compared.
    let value: Value = serde_json::from_slice(&written(&fixture::report())).unwrap();
    let mut text = String::new();
    for (field, value) in value.as_object().unwrap() {
        match value {
            Value::Array(values) if !values.is_empty() => {
                values.iter().enumerate().for_each(|(index, value)| text += &format!("{field}[{index}]: {value}\n"));
            }
            Value::Object(fields) => {
                fields.iter().for_each(|(of, value)| text += &format!("{field}.{of}: {value}\n"));
            }
            value => text += &format!("{field}: {value}\n"),
        }
    }
    check_golden("report.json.txt", &text);
}

#[test]
fn what_is_no_report_is_said_to_be_none() {
    assert!(refused(&json!([])).contains("no report of loadtest"));
    assert!(refused(&json!({"stats": []})).contains("no report of loadtest"));
    assert!(refused(&json!({"format": "loadtest report"})).contains("no report of loadtest"));
    let newer = refused(&json!({"format": "loadtest report", "version": 2}));
    assert!(newer.contains("version 2") && newer.contains("up to version 1: update loadtest"), "{newer}");
    let empty = refused(&json!({"format": "loadtest report", "version": 1}));
    assert!(empty.contains("damaged: state: here should be a text, and there is nothing"), "{empty}");
    let half = &written(&fixture::report())[..1000];
    let half = Report::from_json(half).unwrap_err().to_string();
    assert!(half.starts_with("this is no JSON: EOF"), "{half}");
}

#[test]
fn fields_that_are_not_known_are_left_alone() {
    let report = fixture::report();
    let mut value: Value = serde_json::from_slice(&written(&report)).unwrap();
    value["later"] = json!({"more": [1, 2]});
    value["requests"][0]["later"] = json!("more");
    assert_eq!(Report::from_json(value.to_string().as_bytes()).unwrap(), report);
}

#[test]
fn damage_is_named_with_its_place() {
    let value: Value = serde_json::from_slice(&written(&fixture::report())).unwrap();
    for (pointer, wrong, said) in [
        ("/requests/1/ok", json!(-1), "requests[1].ok: here should be a whole number"),
        ("/requests/1/ok", json!(u64::MAX), "more requests than there are numbers"),
        ("/total/service/coarser", json!(64), "total.service: `coarser` is at most 6"),
        ("/total/service/min_us", json!(u64::MAX), "their minimum is above their maximum"),
        ("/total/service/buckets", json!([[0, u64::MAX], [1, 1]]), "more than there are numbers"),
        ("/total/service/buckets", json!([[0]]), "total.service.buckets[0]: here should be a list of two"),
        ("/started_at", json!("yesterday"), "started_at: here should be a time"),
        ("/metrics/0/kind", json!("clock"), "metrics[0]: there is no kind of metric `clock`"),
        ("/thresholds/0/threshold", json!("p95 <"), "thresholds[0].threshold: `p95 <` is no threshold"),
        ("/ended_by/reason", json!("boredom"), "no run ends by `boredom`"),
        ("/failures", json!({}), "failures: here should be a list, and there is an object"),
    ] {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = wrong;
        let error = refused(&value);
        assert!(error.contains(said), "{pointer}: {error}");
    }
}

#[test]
fn a_histogram_that_has_gone_through_32_bits_survives() {
    let mut histogram = Histogram::default();
    histogram.record_many(1000, 5 << 32);
    histogram.record_many(u64::MAX, 1);
    let times = Times::of_parts(u64::MAX, 1000, u64::MAX, histogram);
    let mut report = fixture::report();
    let snapshot = Arc::make_mut(&mut report.snapshot);
    Arc::make_mut(&mut snapshot.total.stats).service = times;
    assert_eq!(Report::from_json(&written(&report)[..]).unwrap(), report);
}

/// A request: its name, time in microseconds, status, lateness if it has one, and its verdict.
type Request = (String, u32, u16, Option<u32>, u8);

fn record(requests: &[Request]) -> Report {
    let mut report = fixture::report();
    let start = tokio::time::Instant::now();
    let mut collector = crate::stats::collector::Collector::new(1, start);
    let recorder = RecorderHandle::default();
    for (second, requests) in requests.chunks(7).enumerate() {
        for (name, micros, status, late, verdict) in requests {
            let due = late.map(|late| start.checked_sub(Duration::from_micros(late.into())).unwrap());
            let run = recorder.begin_task(None, "task", due, true);
            let mut pending = recorder.start_at("GET", name, start);
            pending.set_status(*status);
            pending.phases_mut().first_byte = Duration::from_micros(u64::from(*micros) / 2);
            pending.stop_clock_at(start + Duration::from_micros(u64::from(*micros)));
            match verdict % 3 {
                0 => pending.ok(),
                1 => pending.fail(Failure::new(name).sample(name)),
                _ => drop(pending),
            }
            drop(run);
        }
        let mut interval = recorder.hand_over();
        collector.merge(0, &interval, start + Duration::from_secs(second as u64));
        interval.clear();
        recorder.recycle(interval);
    }
    collector.finish();
    report.snapshot = Arc::new(collector.snapshot(start + Duration::from_secs(3)));
    report
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_was_measured_is_read_again(
        requests in prop::collection::vec(any::<Request>(), 0..20),
        seed in any::<u64>(),
        rate in any::<f64>().prop_filter("JSON has numbers only", |rate| rate.is_finite()),
        nanos in any::<u64>(),
        text in any::<String>(),
    ) {
        let mut report = record(&requests);
        (report.seed, report.run_id, report.host) = (seed, text.clone(), Some(text));
        let snapshot = Arc::make_mut(&mut report.snapshot);
        (snapshot.total.rate, snapshot.elapsed) = (rate, Duration::from_nanos(nanos));
        prop_assert_eq!(Report::from_json(&written(&report)[..]).unwrap(), report);
    }

    #[test]
    fn bytes_from_anywhere_are_refused_and_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        thread_local!(static JSON: Vec<u8> = written(&fixture::report()));
        let mut json = JSON.with(Clone::clone);
        let at = at.index(json.len());
        json[at] = byte;
        if let Ok(report) = Report::from_json(&json[..]) {
            let _ = report.to_string();
        }
    }
}
