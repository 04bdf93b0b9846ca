//! Earlier runs, saved ones, and two side by side.

use serde_json::json;

use crate::client::Served;
use crate::load::{self, HOSTILE};

/// A server with one run that has ended.
fn ended() -> Served {
    let served = Served::of(load::test());
    served.post("/api/v1/start", "");
    served.until("/api/v1/state", "requests", |state| state["total"]["failed"].as_u64() > Some(0));
    served.post("/api/v1/stop", "");
    served.until("/api/v1/runs", "an ended run", |runs| runs.as_array().unwrap().len() == 1);
    served
}

#[test]
fn a_saved_report_is_a_run_among_others() {
    let served = ended();
    let saved = served.get("/api/v1/runs/1");
    assert_eq!(saved.status, 200);
    assert_eq!(saved.json()["format"], "loadtest report");
    let added = served.post("/api/v1/runs?name=before%0d%0athe%20fix.json", &saved.body);
    assert_eq!(added.status, 201, "{}", added.text());
    let added = added.json();
    assert_eq!(added["name"], "beforethe fix.json");
    let runs = served.json("/api/v1/runs");
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["run"], &runs[1]), (2, &json!(1), &added));
    assert_eq!(runs[0]["total"], runs[1]["total"]);
    assert_eq!(
        (&runs[0]["thresholds"], &runs[0]["thresholds_met"], &runs[0]["users"]),
        (&json!(1), &json!(0), &json!(2))
    );

    let number = &added["run"];
    let compared = served.json(&format!("/api/v1/compare?a=1&b={number}"));
    assert_eq!((&compared["a"]["run"], &compared["b"]["name"]), (&json!(1), &added["name"]));
    let rows = compared["rows"].as_array().unwrap();
    assert_eq!(rows.last().unwrap()["name"], "Aggregated");
    assert!(rows.iter().any(|row| row["name"] == HOSTILE));
    assert!(rows.iter().all(|row| row["a"] == row["b"] && !row["a"].is_null()), "{rows:?}");
    assert_eq!(compared["a_history"], compared["b_history"]);
    let now = served.json(&format!("/api/v1/compare?a=now&b={number}"));
    assert_eq!(now["a"]["run"], 1);
    let csv = |run: &str| served.get(&format!("/api/v1/downloads/stats.csv?run={run}")).text();
    assert_eq!(csv("1"), csv(&number.to_string()));
}

#[test]
fn what_is_no_report_is_refused() {
    let served = ended();
    for (body, expected) in [("", "no JSON"), ("{}", "no report"), ("{\"format\": \"loadtest report\"", "no JSON")] {
        let answer = served.post("/api/v1/runs", body);
        assert_eq!(answer.status, 422, "{body}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["field"], "file");
        assert!(error["message"].as_str().unwrap().contains(expected), "{error}");
    }
    let long = served.ask("POST", "/api/v1/runs").header("content-length", "67108865").send();
    assert_eq!(long.status, 413);
    for wrong in ["a=1", "a=1&b=9", "a=x&b=1", "a=1&b=-1"] {
        let status = served.get(&format!("/api/v1/compare?{wrong}")).status;
        assert_eq!(status, if wrong == "a=1" { 422 } else { 404 }, "{wrong}");
    }
}
