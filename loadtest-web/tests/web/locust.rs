//! What scripts written for Locust ask, and what they get.

use serde_json::{Value, json};

use crate::client::{Answer, Served};
use crate::load;

fn swarm(served: &Served, form: &str) -> Answer {
    served.ask("POST", "/swarm").header("content-type", "application/x-www-form-urlencoded").body(form).send()
}

#[test]
fn a_script_swarms_looks_edits_and_stops() {
    let served = Served::of(load::test());
    assert_eq!(served.json("/stats/requests")["state"], "ready");
    let answer =
        swarm(&served, "user_count=3&spawn_rate=100&host=http%3A%2F%2F127.0.0.1&run_time=1m&user_classes=Caller");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "success": true, "message": "Swarming started", "host": "http://127.0.0.1", "run_time": 60,
            "user_classes": ["Caller"] })
    );
    let stats = served.until("/stats/requests", "users and failures", |stats| {
        stats["user_count"] == 3 && !stats["errors"].as_array().unwrap().is_empty()
    });
    assert_eq!(swarm(&served, "user_count=1&spawn_rate=100").json()["success"], true);
    served.until("/stats/requests", "one user", |stats| stats["user_count"] == 1);

    let rows = stats["stats"].as_array().unwrap();
    assert_eq!((&rows.last().unwrap()["name"], &rows.last().unwrap()["method"]), (&json!("Aggregated"), &json!("")));
    for field in [
        "method",
        "name",
        "num_requests",
        "num_failures",
        "min_response_time",
        "max_response_time",
        "current_rps",
        "current_fail_per_sec",
        "avg_response_time",
        "median_response_time",
        "total_rps",
        "total_fail_per_sec",
        "response_time_percentile_0.95",
        "response_time_percentile_0.99",
        "avg_content_length",
    ] {
        assert!(rows[0].get(field).is_some(), "{field}");
    }
    for field in ["total_rps", "fail_ratio", "current_rps", "current_fail_per_sec", "total_fail_per_sec"] {
        assert!(stats[field].is_number(), "{field}");
    }
    assert!(stats["current_response_time_percentiles"].get("response_time_percentile_0.5").is_some());
    let error = &stats["errors"][0];
    assert_eq!(
        (&error["method"], &error["name"], &error["error"]),
        (&json!("GET"), &json!("/broken"), &json!("500 Oops"))
    );
    assert!(error["occurrences"].as_u64() > Some(0) && error["first_seen"].as_str().unwrap().ends_with('Z'));

    assert_eq!(served.post("/stats/reset", "").text(), "ok");
    assert_eq!(served.post("/stop", "").json(), json!({ "success": true, "message": "Test stopped" }));
    // The answer came at the end of the run: a script can go on at once.
    let stats = served.json("/stats/requests");
    assert_eq!((&stats["state"], &stats["user_count"]), (&json!("stopped"), &json!(0)));
    assert_eq!(served.post("/stop", "").json()["success"], true);
    assert_eq!(swarm(&served, "user_count=1&spawn_rate=1").json()["success"], true);
}

#[test]
fn bad_input_is_answered_with_200_and_no_success() {
    let served = Served::of(load::test());
    let message = |form: &str| {
        let answer = swarm(&served, form);
        assert_eq!((answer.status, &answer.json()["success"]), (200, &Value::Bool(false)), "{form}");
        answer.json()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message("user_count=x"), "Missing or invalid user_count or spawn_rate from /swarm request");
    assert!(message("user_count=1&spawn_rate=1&run_time=soon").starts_with("Valid run_time formats are : "));
    assert!(message("user_count=1&spawn_rate=1&user_classes=Nobody").contains("Nobody"));
    assert!(!message("user_count=0&spawn_rate=1").is_empty());
    assert_eq!(served.json("/stats/requests")["state"], "ready");
}

#[test]
fn what_changes_something_cannot_be_got() {
    let served = Served::of(load::test());
    for path in ["/stop", "/stats/reset", "/swarm"] {
        let answer = served.get(path);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{path}");
    }
    assert_eq!(served.post("/stats/requests", "").status, 405);
}

#[test]
fn files_and_lists_have_locusts_form() {
    let served = Served::of(load::test());
    assert_eq!(served.get("/stats/requests/csv").status, 404, "there was no run");
    swarm(&served, "user_count=2&spawn_rate=100");
    served.until("/exceptions", "an exception", |found| !found["exceptions"].as_array().unwrap().is_empty());
    for (path, first) in [
        ("/stats/requests/csv", "Type,Name,Request Count,Failure Count,Median Response Time"),
        ("/stats/failures/csv", "Method,Name,Error,Occurrences,First Seen,Last Seen"),
        ("/exceptions/csv", "Count,Message,Traceback,Nodes"),
    ] {
        let answer = served.get(path);
        assert!(answer.text().starts_with(first), "{path}: {}", answer.text());
        assert!(answer.text().lines().count() > 1, "{path}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename=\"loadtest_"));
        assert!(answer.header("content-type").unwrap().starts_with("text/csv"));
    }
    let exception = &served.json("/exceptions")["exceptions"][0];
    assert_eq!((&exception["msg"], &exception["nodes"]), (&json!("an exception"), &json!("local")));
    assert!(exception["traceback"].as_str().unwrap().starts_with("Caller::fail"));
    let tasks = served.json("/tasks");
    assert_eq!(
        tasks["per_class"]["Caller"],
        json!({ "ratio": 1.0, "tasks": { "call": { "ratio": 0.75 }, "fail": { "ratio": 0.25 } } })
    );
    assert_eq!(tasks["total"]["Caller"]["tasks"]["call"]["ratio"], 0.75);
    assert_eq!(served.json("/worker-count"), json!({ "worker_count": 0 }));
    assert_eq!(served.json("/logs")["workers"], json!({}));
    assert_eq!(served.get("/stats/requests_full_history/csv").status, 404);
    let page = served.get("/stats/report?theme=dark");
    assert!(
        page.text().contains("<html lang=\"en\" data-theme=\"dark\"") && page.header("content-disposition").is_none()
    );
    assert!(served.get("/stats/report?download=1").header("content-disposition").unwrap().contains("report.html"));
}
