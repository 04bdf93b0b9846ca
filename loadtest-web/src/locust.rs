//! Locust's endpoints: paths, form fields, names in JSON and messages are those of Locust 2.47, so that scripts which know
//! it know this server. In the place of what it has only with several machines there is what a single one has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::header::HeaderMap;
use http::{HeaderValue, Uri, header};
use loadtest_core::CsvFile;
use loadtest_core::console::{Ask, Edit, Offer, View};
use loadtest_core::stats::{FailureRow, RowSnapshot, RunState, Times};
use loadtest_core::units::parse_duration;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::answer::{self, Answer, LONGEST_BODY, elsewhere, not_found, parameter, text};
use crate::downloads::{self, file_name};
use crate::json::run::goes_on;
use crate::json::{date, encode, millis, points, tasks};
use crate::shared::Shared;

type Web = State<Arc<Shared>>;
const FORM: Duration = Duration::from_secs(30);
/// How long an answer to `/stop` waits for the end: less than a connection may be idle.
const STOP: Duration = Duration::from_secs(50);
/// Over how long Locust takes current percentiles.
const CURRENT: Duration = Duration::from_secs(10);

/// `POST /swarm`: starts a run, or changes the one that goes on.
pub(crate) async fn swarm(State(shared): Web, body: Body) -> Answer {
    let body = match answer::body(body, LONGEST_BODY, FORM).await {
        Ok(body) => body,
        Err(answer) => return *answer,
    };
    let offer = shared.console.offer();
    let swarm = match Swarm::read(&body, &offer) {
        Ok(swarm) => swarm,
        Err(message) => return failed(&shared, &message),
    };
    let (console, run_time) = (shared.console.clone(), swarm.ask.run_time);
    let classes = swarm.ask.classes.clone();
    let done = elsewhere(move || {
        let view = console.view();
        if matches!(view.state, RunState::Spawning | RunState::Running) {
            console.edit(&Edit { users: swarm.ask.users, spawn_rate: swarm.ask.spawn_rate }).map(|()| false)
        } else {
            console.start(&swarm.ask).map(|_| true)
        }
    });
    match done.await {
        Err(answer) => *answer,
        Ok(Err(refused)) => failed(&shared, &refused.message),
        Ok(Ok(started)) => {
            let mut answer = json!({ "success": true, "message": "Swarming started", "host": host(&shared) });
            // An edit changes users and spawn rate, and claims no more.
            if let Some(Some(run_time)) = run_time.filter(|_| started) {
                answer["run_time"] = run_time.as_secs().into();
            }
            if let Some(classes) = classes.filter(|_| started) {
                answer["user_classes"] = classes.into();
            }
            text("application/json", encode(&answer))
        }
    }
}

fn failed(shared: &Shared, message: &str) -> Answer {
    let answer = json!({ "success": false, "message": message, "host": host(shared) });
    text("application/json", encode(&answer))
}

fn host(shared: &Shared) -> Option<String> {
    shared.console.view().asked.host.clone().or_else(|| shared.console.offer().defaults.host.clone())
}

/// What the form of Locust's page sends.
#[derive(Debug, PartialEq)]
struct Swarm {
    ask: Ask,
}

impl Swarm {
    /// Fields of other load tests are left alone, as Locust does it.
    fn read(body: &[u8], offer: &Offer) -> Result<Self, String> {
        let missing = || "Missing or invalid user_count or spawn_rate from /swarm request".to_owned();
        let mut ask = Ask::default();
        let mut options = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            match &*name {
                "user_count" => ask.users = Some(value.trim().parse().map_err(|_| missing())?),
                "spawn_rate" => {
                    let rate = value.trim().parse::<f64>().ok().filter(|rate| rate.is_finite());
                    ask.spawn_rate = Some(rate.ok_or_else(missing)?);
                }
                "host" => ask.host = Some(value),
                "run_time" if value.trim().is_empty() => ask.run_time = Some(None),
                "run_time" => {
                    let forms = "Valid run_time formats are : 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.";
                    ask.run_time = Some(Some(parse_duration(&value).map_err(|_| forms.to_owned())?));
                }
                "user_classes" => ask.classes.get_or_insert_default().push(value),
                "profile" | "shape_class" => {}
                other => {
                    let same = |option: &&loadtest_core::console::OfferedOption| {
                        option.name == other || option.name.replace('-', "_") == other
                    };
                    if let Some(option) = offer.options.iter().find(same) {
                        let is_off = option.is_switch && matches!(&*value, "" | "false" | "False" | "off" | "0");
                        let value = if option.is_switch { "true".to_owned() } else { value };
                        let values = options.entry(option.name.clone()).or_default();
                        values.extend((!is_off).then_some(value));
                    }
                }
            }
        }
        if ask.users.is_none() || ask.spawn_rate.is_none() {
            return Err(missing());
        }
        ask.options = options;
        Ok(Self { ask })
    }
}

/// `POST /stop`. As with Locust it is no mistake to stop what does not run, and the answer comes when users have gone: then
/// the figures are the last ones, and the next run can be started.
pub(crate) async fn stop(State(shared): Web) -> Answer {
    let mut views = shared.console.watch();
    let run = shared.console.view().run;
    // It fails where nothing runs.
    let mut has_stopped = shared.console.stop().is_err();
    if !has_stopped {
        let over = views.wait_for(|view| view.run != run || !goes_on(view.state));
        has_stopped = timeout(STOP, over).await.is_ok();
    }
    let message = if has_stopped { "Test stopped" } else { "Test stopping: its users still finish" };
    text("application/json", encode(&json!({ "success": true, "message": message })))
}

/// `POST /stats/reset`.
pub(crate) async fn reset(State(shared): Web) -> Answer {
    // Where nothing runs there is nothing that goes on counting.
    let _ = shared.console.reset();
    text("text/html; charset=utf-8", "ok")
}

/// `GET /stats/requests`.
pub(crate) async fn requests(State(shared): Web, headers: HeaderMap) -> Answer {
    answer::json(&headers, shared.once("/stats/requests", |view| encode(&statistics(view))))
}

/// The word that Locust has for it.
fn state(state: RunState) -> &'static str {
    match state {
        RunState::SettingUp => "spawning",
        other => other.as_str(),
    }
}

fn statistics(view: &View) -> Value {
    let snapshot = &view.snapshot;
    let total = &snapshot.total;
    let history = &snapshot.history;
    let current = history.total().window(CURRENT, points::last_end(history)).map(|point| point.service);
    let percentile = |of: f64| current.as_ref().and_then(|times: &Times| times.percentile(of)).map(millis);
    json!({
        "state": state(view.state),
        "user_count": snapshot.users.alive,
        "current_rps": total.current_rate,
        "current_fail_per_sec": total.current_fail_rate,
        "total_rps": total.rate,
        "total_fail_per_sec": total.fail_rate,
        "fail_ratio": total.fail_ratio().unwrap_or_default(),
        "current_response_time_percentiles": {
            "response_time_percentile_0.5": percentile(50.0),
            "response_time_percentile_0.95": percentile(95.0),
        },
        "stats": snapshot.rows.iter().chain([total]).map(row).collect::<Vec<_>>(),
        "errors": snapshot.failures.iter().map(error).collect::<Vec<_>>(),
    })
}

/// Locust shows zeros where nothing was measured.
fn row(row: &RowSnapshot) -> Value {
    let or_zero = |time: Option<Duration>| millis(time.unwrap_or_default());
    json!({
        "method": row.key.method,
        "name": row.key.name,
        "safe_name": escaped(&row.key.name),
        "num_requests": row.stats.requests(),
        "num_failures": row.stats.failed,
        "min_response_time": or_zero(row.min()),
        "max_response_time": or_zero(row.max()),
        "current_rps": row.current_rate,
        "current_fail_per_sec": row.current_fail_rate,
        "avg_response_time": or_zero(row.mean()),
        "median_response_time": or_zero(row.p50()),
        "total_rps": row.rate,
        "total_fail_per_sec": row.fail_rate,
        "response_time_percentile_0.95": or_zero(row.p95()),
        "response_time_percentile_0.99": or_zero(row.p99()),
        "avg_content_length": row.stats.mean_size().unwrap_or_default(),
    })
}

/// For scripts that put it into a page as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn error(failure: &FailureRow) -> Value {
    json!({
        "method": failure.key.method,
        "name": failure.key.name,
        "error": failure.error,
        "occurrences": failure.count,
        "first_seen": date(failure.first_seen),
        "last_seen": date(failure.last_seen),
    })
}

/// `GET /exceptions`.
pub(crate) async fn exceptions(State(shared): Web, headers: HeaderMap) -> Answer {
    let make = |view: &View| {
        let one = |exception: &loadtest_core::stats::ExceptionRow| {
            let place = exception.place.as_deref().map_or_else(String::new, |place| format!(" at {place}"));
            json!({
                "count": exception.count,
                "msg": exception.message,
                "traceback": format!("{}::{}{place}", exception.class, exception.task),
                "nodes": "local",
            })
        };
        encode(&json!({ "exceptions": view.snapshot.exceptions.iter().map(one).collect::<Vec<_>>() }))
    };
    answer::json(&headers, shared.once("/exceptions", make))
}

/// `GET /tasks`.
pub(crate) async fn ratio(State(shared): Web, headers: HeaderMap) -> Answer {
    let (view, offer) = (shared.console.view(), shared.console.offer());
    let asked = if view.run == 0 { &offer.defaults } else { &view.asked };
    answer::json(&headers, encode(&tasks::of_locust(&offer, asked)))
}

/// `GET /logs`: the last 500 lines.
pub(crate) async fn logs(State(shared): Web, headers: HeaderMap) -> Answer {
    let lines = shared.console.logs(0);
    let last = &lines[lines.len().saturating_sub(500)..];
    let lines: Vec<_> = last.iter().map(|line| format!("[{}] {}: {}", date(line.at), line.level, line.text)).collect();
    answer::json(&headers, encode(&json!({ "master": lines, "workers": {} })))
}

/// `GET /worker-count`: other machines, of which there are none.
pub(crate) async fn worker_count(headers: HeaderMap) -> Answer {
    answer::json(&headers, encode(&json!({ "worker_count": 0 })))
}

pub(crate) async fn requests_csv(State(shared): Web) -> Answer {
    csv(&shared, CsvFile::Stats, "requests").await
}

pub(crate) async fn failures_csv(State(shared): Web) -> Answer {
    csv(&shared, CsvFile::Failures, "failures").await
}

pub(crate) async fn exceptions_csv(State(shared): Web) -> Answer {
    csv(&shared, CsvFile::Exceptions, "exceptions").await
}

async fn csv(shared: &Arc<Shared>, file: CsvFile, name: &str) -> Answer {
    let Some(report) = shared.console.report(None) else { return not_found(NOTHING_YET) };
    let name = file_name(&shared.console.offer().name, &report, &format!("{name}.csv"));
    match downloads::csv(report, file).await {
        Ok(body) => answer::attachment(text("text/csv; charset=utf-8", body), &name),
        Err(answer) => *answer,
    }
}

pub(crate) const NOTHING_YET: &str = "there is no run yet of which this could be told";

/// `GET /stats/requests_full_history/csv`: as with Locust it is there only where that file is written.
pub(crate) async fn full_history() -> Answer {
    not_found(
        "the full history is written by --csv with --csv-full-history, to a file; what is kept of each second is at \
         api/v1/history",
    )
}

/// `GET /stats/report[?download=1][&theme=dark]`.
pub(crate) async fn report(State(shared): Web, uri: Uri) -> Answer {
    let Some(report) = shared.console.report(None) else { return not_found(NOTHING_YET) };
    let name = file_name(&shared.console.offer().name, &report, "report.html");
    let page = match downloads::html(report, parameter(&uri, "theme")).await {
        Ok(page) => page,
        Err(answer) => return *answer,
    };
    let is_download = parameter(&uri, "download").is_some_and(|download| !download.is_empty());
    let mut answer = text("text/html; charset=utf-8", page);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(downloads::POLICY));
    if is_download { answer::attachment(answer, &name) } else { answer }
}

#[cfg(test)]
mod tests {
    use loadtest_core::console::Console;

    use crate::json::ask::span_text;

    use super::*;

    fn read(body: &str) -> Result<Ask, String> {
        let offer = Console::new(loadtest_core::LoadTest::new()).offer();
        Swarm::read(body.as_bytes(), &offer).map(|swarm| swarm.ask)
    }

    #[test]
    fn the_form_of_locust_is_read() {
        let ask = read(
            "user_count=20&spawn_rate=2.5&host=http%3A%2F%2Fx&run_time=1h20m&user_classes=A&user_classes=B&profile=p",
        );
        let ask = ask.unwrap();
        assert_eq!((ask.users, ask.spawn_rate), (Some(20), Some(2.5)));
        assert_eq!(ask.run_time.flatten().map(span_text).as_deref(), Some("1h20m"));
        assert_eq!(ask.classes, Some(vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(read("user_count=1&spawn_rate=1&run_time=").unwrap().run_time, Some(None));
    }

    #[test]
    fn what_is_wrong_is_said_in_locusts_words() {
        for missing in [
            "",
            "user_count=1",
            "user_count=a&spawn_rate=1",
            "user_count=1&spawn_rate=NaN",
            "user_count=-1&spawn_rate=1",
        ] {
            assert!(read(missing).unwrap_err().starts_with("Missing or invalid user_count"), "{missing}");
        }
        let wrong = read("user_count=1&spawn_rate=1&run_time=x").unwrap_err();
        assert!(wrong.starts_with("Valid run_time formats are : 20, 20s"), "{wrong}");
    }
}
