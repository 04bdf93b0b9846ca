//! `/api/v1`: start, edit, stop, reset, and every figure.

use serde_json::{Value, json};

use crate::client::Served;
use crate::load::{self, HOSTILE};

fn running() -> Served {
    let served = Served::of(load::test());
    assert_eq!(served.post("/api/v1/start", "{}").json(), json!({ "run": 1 }));
    served.until("/api/v1/failures", "failures", |failures| failures.as_array().unwrap().len() == 1);
    served
}

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn before_the_first_run_everything_is_there_and_empty() {
    let served = Served::of(load::test());
    assert_eq!(served.get("/healthz").text(), "ok");
    let state = served.json("/api/v1/state");
    assert_eq!((&state["run"], &state["state"], &state["run_id"]), (&json!(0), &json!("ready"), &json!("")));
    let offer = served.json("/api/v1/offer");
    assert_eq!(offer["classes"][0]["name"], "Caller");
    assert_eq!(offer["classes"][0]["tasks"][0]["share"], 0.75);
    assert_eq!((&offer["defaults"]["users"], &offer["defaults"]["spawn_rate"]), (&json!(2), &Value::Null));
    for path in ["history", "failures", "exceptions", "runs", "logs"] {
        assert_eq!(served.json(&format!("/api/v1/{path}")), json!([]), "{path}");
    }
    assert_eq!(served.json("/api/v1/tasks")[0]["tasks"][0]["planned"], 0.75);
    assert_eq!(served.get("/api/v1/downloads/stats.csv").status, 404);
    for path in ["stop", "reset"] {
        let answer = served.post(&format!("/api/v1/{path}"), "");
        assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (409, &Value::Null), "{path}");
    }
    for path in ["/nothing", "/api/v1/rows/7", "/api/v1/runs/1", "/assets/nothing.js", "/assets/..%2Findex.html"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_run_is_started_edited_reset_stopped_and_started_again() {
    let served = Served::of(load::test());
    let answer = served.post("/api/v1/start", json!({ "users": 3, "run_time": "1h" }).to_string());
    assert_eq!((answer.status, answer.json()), (200, json!({ "run": 1 })));
    let state = served.until("/api/v1/state", "3 users", |state| state["users"] == 3);
    assert_eq!((&state["asked"]["run_time"], &state["target_users"]), (&json!("1h"), &json!(3)));
    assert_eq!(served.post("/api/v1/start", "{}").status, 409);

    assert_eq!(served.post("/api/v1/edit", r#"{"users": 0, "spawn_rate": 1000}"#).json(), json!({}));
    served.until("/api/v1/state", "no users", |state| state["users"] == 0 && state["state"] == "running");
    assert_eq!(served.post("/api/v1/edit", r#"{"users": 1}"#).status, 200);
    let state = served.until("/api/v1/state", "one user", |state| state["users"] == 1);
    assert!(!state["markers"].as_array().unwrap().is_empty(), "{state}");

    assert_eq!(served.post("/api/v1/pause", r#"{"paused": true}"#).status, 200);
    served.until("/api/v1/state", "held", |state| state["spawning_paused"] == true);
    assert_eq!(served.post("/api/v1/pause", r#"{"paused": false}"#).status, 200);

    let before = served.until("/api/v1/state", "requests", |state| state["total"]["ok"].as_u64() > Some(20));
    assert_eq!(served.post("/api/v1/reset", "").status, 200);
    served.until("/api/v1/state", "fewer", |state| state["total"]["ok"].as_u64() < before["total"]["ok"].as_u64());

    assert_eq!(served.post("/api/v1/stop", "").status, 200);
    let state = served.until("/api/v1/state", "stopped", |state| state["state"] == "stopped");
    assert_eq!((&state["ended"], &state["users"]), (&json!("it was asked to"), &json!(0)));
    assert_eq!(served.post("/api/v1/start", "").json(), json!({ "run": 2 }));
    let first = state["run_id"].clone();
    served.until("/api/v1/state", "another run", |state| state["run"] == 2 && state["run_id"] != first);
    assert_eq!(served.post("/api/v1/quit", "").status, 200);
    served.until("/api/v1/state", "quitting", |state| state["quitting"] == true);
}

#[test]
fn what_is_wrong_is_told_by_field() {
    let served = Served::of(load::test());
    let errors = |body: &str| {
        let answer = served.post("/api/v1/start", body);
        let fields = answer.json()["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
        (answer.status, fields)
    };
    let wrong = |body: &str, fields: &[&str]| {
        let found: (u16, Vec<Value>) = errors(body);
        assert_eq!(found, (422, fields.iter().map(|field| json!(field)).collect()), "{body}");
    };
    wrong(r#"{"users": 0}"#, &["users"]);
    wrong(r#"{"spawn_rate": -1}"#, &["spawn_rate"]);
    wrong(r#"{"users": "many", "run_time": "soon"}"#, &["run_time", "users"]);
    wrong(r#"{"thresholds": ["p95 < fast"]}"#, &["thresholds"]);
    wrong(r#"{"classes": ["Nobody"]}"#, &["classes"]);
    assert_eq!(served.post("/api/v1/start", "{").status, 422);
    assert_eq!(served.post("/api/v1/start", vec![b' '; 64 * 1024 + 1]).status, 413);
    assert_eq!(served.get("/api/v1/start").status, 405);
    assert_eq!(served.json("/api/v1/state")["run"], 0, "nothing was started");
}

#[test]
fn figures_have_the_fields_that_are_described() {
    let served = running();
    let described = served.json("/api/v1/openapi.json");
    let matches = |schema: &str, value: &Value| {
        let schema = &described["components"]["schemas"][schema];
        let properties = fields(&schema["properties"]);
        for field in fields(value) {
            assert!(properties.contains(&field), "{field} of {value}");
        }
        for field in schema["required"].as_array().unwrap() {
            assert!(value.get(field.as_str().unwrap()).is_some(), "no {field} in {value}");
        }
    };
    let stats = served.json("/api/v1/stats");
    matches("Stats", &stats);
    matches("Run", &stats["run"]);
    matches("Health", &stats["run"]["health"]);
    matches("Threshold", &stats["run"]["thresholds"][0]);
    matches("Ask", &stats["run"]["asked"]);
    matches("Row", &stats["rows"][0]);
    matches("Figures", &stats["run"]["total"]);
    matches("Offer", &served.json("/api/v1/offer"));
    let history = served.until("/api/v1/history", "a point", |history| !history.as_array().unwrap().is_empty());
    matches("Point", &history[0]);
    matches("Failure", &served.json("/api/v1/failures")[0]);
    matches("Exception", &served.json("/api/v1/exceptions")[0]);
    matches("Class", &served.json("/api/v1/tasks")[0]);
    matches("Task", &served.json("/api/v1/tasks")[0]["tasks"][0]);
    matches("Worker", &served.json("/api/v1/workers")[0]);
    matches("Download", &served.json("/api/v1/downloads")[0]);
    matches("Details", &served.json("/api/v1/rows/0"));
}

#[test]
fn rows_are_found_by_their_number_and_names_are_text() {
    let served = running();
    let stats = served.json("/api/v1/stats");
    let rows = stats["rows"].as_array().unwrap();
    let hostile = rows.iter().find(|row| row["name"] == HOSTILE).expect("the name as it is");
    for row in rows {
        let details = served.json(&format!("/api/v1/rows/{}", row["id"]));
        assert_eq!(details["row"]["name"], row["name"]);
    }
    let id = &hostile["id"];
    let history =
        served.until(&format!("/api/v1/history?row={id}"), "a point", |found| !found.as_array().unwrap().is_empty());
    assert!(history[0]["rps"].as_f64().unwrap() > 0.0);
    assert_eq!(served.json("/api/v1/rows/0")["row"]["name"], "Aggregated");
    assert_eq!(served.get("/api/v1/rows/999").status, 404);
    assert_eq!(served.get("/api/v1/history?row=x").status, 404);
}

#[test]
fn failures_come_with_what_was_sent_and_what_came_back() {
    let served = running();
    let failures = served.json("/api/v1/failures");
    let sample = &failures[0]["samples"][0];
    assert_eq!((&failures[0]["error"], &failures[0]["kind"]), (&json!("500 Oops"), &json!("check")));
    assert_eq!((&sample["class"], &sample["task"], &sample["status"]), (&json!("Caller"), &json!("fail"), &json!(500)));
    assert_eq!(sample["response_body"], json!({ "text": "<b>no</b>", "length": 9, "is_cut": false }));
    assert_eq!(sample["request_body"], Value::Null);
    assert_eq!(served.json("/api/v1/exceptions")[0]["message"], "an exception");
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let served = running();
    served.post("/api/v1/stop", "");
    served.until("/api/v1/state", "stopped", |state| state["state"] == "stopped");
    for path in ["/api/v1/stats", "/api/v1/failures", "/api/v1/offer", "/stats/requests", "/", "/assets/app.js"] {
        let answer = served.get(path);
        let tag = answer.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
        let again = served.ask("GET", path).header("if-none-match", &tag).send();
        assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())), "{path}");
        assert_eq!(served.ask("GET", path).header("if-none-match", "\"else\"").send().status, 200, "{path}");
    }
}

#[test]
fn everything_can_be_downloaded() {
    let served = running();
    let downloads = served.json("/api/v1/downloads");
    for download in downloads.as_array().unwrap() {
        let path = format!("/{}", download["path"].as_str().unwrap());
        for path in [path.clone(), format!("{path}?run=1")] {
            let answer = served.get(&path);
            assert_eq!(answer.status, 200, "{path}");
            assert!(!answer.body.is_empty(), "{path}");
            let disposition = answer.header("content-disposition").unwrap();
            assert!(disposition.contains(download["name"].as_str().unwrap()), "{disposition}");
        }
        assert_eq!(served.get(&format!("{path}?run=9")).status, 404);
    }
    assert_eq!(served.get("/api/v1/downloads/secrets.csv").status, 404);
    let page = served.get("/api/v1/downloads/report.html");
    assert!(page.header("content-security-policy").unwrap().contains("sandbox"));
}
