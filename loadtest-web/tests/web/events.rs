//! The event stream.

use serde_json::{Value, json};

use crate::client::Served;
use crate::load;

#[test]
fn hello_comes_first_and_then_each_interval_once() {
    let served = Served::of(load::test());
    let mut events = served.events("/api/v1/events", None);
    let hello = events.next();
    assert_eq!((hello.name.as_str(), &hello.data["run"]["state"]), ("hello", &json!("ready")));
    assert_eq!(hello.id, format!("0-{}", hello.data["seq"]));
    served.post("/api/v1/start", "");
    // Another run begins anew.
    let hello = events.until(|event| event.name == "hello");
    assert_eq!(hello.data["run"]["run"], 1);
    let (mut seq, mut end) = (hello.data["seq"].as_u64().unwrap(), 0.0);
    let mut rows = 0;
    while end < 2.5 {
        let event = events.next();
        assert_eq!(event.name, "interval");
        seq += 1;
        assert_eq!((&event.data["seq"], event.id), (&json!(seq), format!("1-{seq}")));
        for point in event.data["points"].as_array().unwrap() {
            let t = point["t"].as_f64().unwrap();
            assert!(t > end, "each point once, in order: {t} after {end}");
            end = t;
        }
        rows = rows.max(event.data["rows"].as_array().unwrap().len());
    }
    assert_eq!(rows, 3);
}

#[test]
fn who_comes_again_gets_what_followed() {
    let served = Served::of(load::test());
    served.post("/api/v1/start", "");
    let mut one = served.events("/api/v1/events", None);
    let first = one.until(|event| event.name == "interval");
    let second = one.next();
    let mut again = served.events("/api/v1/events", Some(&first.id));
    let got = again.next();
    assert_eq!((got.name.as_str(), &got.id, &got.data), ("interval", &second.id, &second.data));
    // Nobody listens for a while: what happened meanwhile is not lost.
    drop((one, again));
    let seen = served.json("/api/v1/state")["elapsed"].as_f64().unwrap();
    served.until("/api/v1/state", "two seconds more", |state| state["elapsed"].as_f64() > Some(seen + 2.0));
    let mut later = served.events("/api/v1/events", Some(&second.id));
    let mut end = second.data["points"].as_array().unwrap().last().map_or(0.0, |point| point["t"].as_f64().unwrap());
    let mut points = 0;
    while points < 2 {
        let event = later.next();
        assert_eq!(event.name, "interval");
        for point in event.data["points"].as_array().unwrap() {
            let (t, length) = (point["t"].as_f64().unwrap(), point["length"].as_f64().unwrap());
            assert!((t - length - end).abs() < 0.01 || end == 0.0, "no gap between {end} and {point}");
            end = t;
            points += 1;
        }
    }
    for unknown in ["7-1", "1-99999", "nonsense", ""] {
        assert_eq!(served.events("/api/v1/events", Some(unknown)).next().name, "hello", "{unknown}");
    }
}

#[test]
fn a_reset_begins_anew() {
    let served = Served::of(load::test());
    served.post("/api/v1/start", "");
    let mut events = served.events("/api/v1/events", None);
    let before = events.until(|event| event.name == "interval" && event.data["run"]["elapsed"].as_f64() > Some(1.0));
    served.post("/api/v1/reset", "");
    let hello = events.until(|event| event.name == "hello");
    let ok = |event: &crate::client::Event| event.data["run"]["total"]["ok"].as_u64().unwrap();
    assert!(ok(&hello) < ok(&before), "{} after {}", ok(&hello), ok(&before));
    assert_eq!(hello.data["run"]["run"], 1);
}

#[test]
fn all_readers_get_the_same_and_rows_only_who_wants_them() {
    let served = Served::of(load::test());
    served.post("/api/v1/start", "");
    let mut with = served.events("/api/v1/events", None);
    let mut without = served.events("/api/v1/events?rows=0", None);
    with.next();
    without.next();
    let one = with.until(|event| !event.data["rows"].as_array().unwrap().is_empty());
    let other = without.until(|event| event.id == one.id);
    assert_eq!(other.data["rows"], json!([]));
    assert_eq!((&one.data["run"], &one.data["points"]), (&other.data["run"], &other.data["points"]));
}

#[test]
fn stopping_is_told_at_once_and_then_there_is_silence() {
    let served = Served::of(load::test());
    served.post("/api/v1/start", "");
    let mut events = served.events("/api/v1/events", None);
    events.until(|event| event.data["run"]["state"] == "running");
    served.post("/api/v1/stop", "");
    let end = events.until(|event| event.data["run"]["state"] == "stopped");
    assert_eq!(end.data["run"]["ended"], "it was asked to");
    let total: &Value = &end.data["run"]["total"];
    assert_eq!(total["started"].as_u64().unwrap(), total["ok"].as_u64().unwrap() + total["failed"].as_u64().unwrap());
}
