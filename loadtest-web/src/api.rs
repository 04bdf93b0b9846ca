//! The endpoints below `/api/v1`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use http::header::{self, HeaderMap};
use http::{HeaderValue, StatusCode, Uri};
use loadtest_core::Report;
use loadtest_core::console::{PastRun, Refused, View};
use loadtest_core::stats::RowSnapshot;
use serde::Serialize;
use serde_json::json;

use crate::answer::{self, Answer, LONGEST_BODY, LONGEST_REPORT, elsewhere, not_found, parameter, refused, text};
use crate::downloads::{self, file_name};
use crate::feed::last_seen;
use crate::json::ask::{self, Wrong};
use crate::json::details::{Details, Exception, Failure, Worker};
use crate::json::figures::Row;
use crate::json::offer::Offer;
use crate::json::past::{Compared, Past, Side};
use crate::json::run::Run;
use crate::json::{date, encode, points, tasks};
use crate::locust::NOTHING_YET;
use crate::server::Kick;
use crate::shared::Shared;

type Web = State<Arc<Shared>>;
/// By when a body has to be there.
const BODY: Duration = Duration::from_secs(30);
const REPORT: Duration = Duration::from_secs(180);

pub(crate) async fn openapi(headers: HeaderMap) -> Answer {
    answer::json(&headers, include_bytes!("openapi.json").as_slice().into())
}

pub(crate) async fn healthz() -> &'static str {
    "ok"
}

pub(crate) async fn events(
    State(shared): Web,
    Extension(kick): Extension<Kick>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(last_seen);
    let with_rows = parameter(&uri, "rows").as_deref() != Some("0");
    let stream = shared.join(seen, with_rows, kick.0);
    let mut answer = text("text/event-stream", Body::new(stream));
    // Some proxies would else collect events until there are enough of them.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
}

pub(crate) async fn offer(State(shared): Web, headers: HeaderMap) -> Answer {
    answer::json(&headers, encode(&Offer::of(&shared.console.offer())))
}

pub(crate) async fn state(State(shared): Web, headers: HeaderMap) -> Answer {
    let logs = shared.console.last_log();
    answer::json(&headers, shared.once(&format!("state {logs}"), |view| encode(&Run::of(view, logs))))
}

pub(crate) async fn stats(State(shared): Web, headers: HeaderMap) -> Answer {
    #[derive(Serialize)]
    struct Stats<'a> {
        seq: u64,
        run: Run<'a>,
        rows: Vec<Row<'a>>,
    }
    let (seq, logs) = (shared.feed.seq(), shared.console.last_log());
    let make = |view: &View| {
        let ids = shared.ids.of(view.run, &view.snapshot.rows);
        let rows = ids.into_iter().zip(&view.snapshot.rows).map(|(id, row)| Row::of(id, row)).collect();
        encode(&Stats { seq, run: Run::of(view, logs), rows })
    };
    answer::json(&headers, shared.once("stats", make))
}

pub(crate) async fn history(State(shared): Web, headers: HeaderMap, uri: Uri) -> Answer {
    let row = parameter(&uri, "row").unwrap_or_else(|| "0".to_owned());
    let view = shared.console.view();
    let Some(row) = row.parse().ok().and_then(|id| shared.ids.row(&view, id)) else { return no_row() };
    let name = format!("history {:?}", row.key);
    answer::json(&headers, shared.once(&name, |view| encode(&series(view, row))))
}

fn series(view: &View, row: &RowSnapshot) -> Vec<points::Point> {
    let history = &view.snapshot.history;
    let series = if row.key == view.snapshot.total.key {
        Some(history.total())
    } else {
        history.row(&row.key.method, &row.key.name)
    };
    series.map(|series| points::all(history, series)).unwrap_or_default()
}

fn no_row() -> Answer {
    not_found("there is no row with this number in the present run")
}

pub(crate) async fn row(State(shared): Web, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let view = shared.console.view();
    let known = id.parse().ok().and_then(|id: u64| shared.ids.row(&view, id).map(|row| (id, row)));
    let Some((id, row)) = known else { return no_row() };
    let make = |view: &View| {
        let history = &view.snapshot.history;
        let series = if id == 0 { Some(history.total()) } else { history.row(&row.key.method, &row.key.name) };
        // The view may be a newer one by now.
        let row = if id == 0 { Some(&view.snapshot.total) } else { view.snapshot.row(&row.key.method, &row.key.name) };
        row.map_or_else(Default::default, |row| encode(&Details::of(id, row, &view.snapshot, series)))
    };
    let details = shared.once(&format!("row {} {id}", view.run), make);
    if details.is_empty() { no_row() } else { answer::json(&headers, details) }
}

pub(crate) async fn failures(State(shared): Web, headers: HeaderMap) -> Answer {
    let make = |view: &View| {
        let snapshot = &view.snapshot;
        encode(&snapshot.failures.iter().map(|failure| Failure::of(failure, snapshot)).collect::<Vec<_>>())
    };
    answer::json(&headers, shared.once("failures", make))
}

pub(crate) async fn exceptions(State(shared): Web, headers: HeaderMap) -> Answer {
    let make = |view: &View| encode(&view.snapshot.exceptions.iter().map(Exception::of).collect::<Vec<_>>());
    answer::json(&headers, shared.once("exceptions", make))
}

pub(crate) async fn ratio(State(shared): Web, headers: HeaderMap) -> Answer {
    let offer = shared.console.offer();
    let make = |view: &View| {
        let asked = if view.run == 0 { &offer.defaults } else { &view.asked };
        encode(&tasks::all(&offer, asked, &view.snapshot))
    };
    answer::json(&headers, shared.once("tasks", make))
}

pub(crate) async fn workers(State(shared): Web, headers: HeaderMap) -> Answer {
    let threads = shared.console.offer().threads;
    let make = |view: &View| encode(&[Worker::of(view.state, &view.snapshot, threads)]);
    answer::json(&headers, shared.once("workers", make))
}

pub(crate) async fn logs(State(shared): Web, headers: HeaderMap, uri: Uri) -> Answer {
    let after = match parameter(&uri, "after").map(|after| after.parse()) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => return wrong("after", "this is the number of a line, such as 17"),
    };
    let lines = shared.console.logs(after);
    let line = |line: &loadtest_core::console::LogLine| {
        let level = line.level.as_str().to_ascii_lowercase();
        json!({ "number": line.number, "at": date(line.at), "level": level, "text": line.text })
    };
    answer::json(&headers, encode(&lines.iter().map(line).collect::<Vec<_>>()))
}

fn wrong(field: &str, message: &str) -> Answer {
    refused(vec![Wrong::new(field, message)], StatusCode::UNPROCESSABLE_ENTITY)
}

pub(crate) async fn runs(State(shared): Web, headers: HeaderMap) -> Answer {
    let runs = shared.console.runs();
    answer::json(&headers, encode(&runs.iter().map(|run| Past::of(run)).collect::<Vec<_>>()))
}

/// A saved report becomes one of the runs.
pub(crate) async fn add_run(State(shared): Web, uri: Uri, body: Body) -> Answer {
    let name = parameter(&uri, "name").unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let name = if name.trim().is_empty() { "a saved report".to_owned() } else { name };
    // One at a time: each may take a few hundred megabytes while it is read.
    let Ok(_turn) = shared.uploads.acquire().await else { return not_found("the server ends") };
    let body = match answer::body(body, LONGEST_REPORT, REPORT).await {
        Ok(body) => body,
        Err(answer) => return *answer,
    };
    let report = match elsewhere(move || Report::from_json(&body[..])).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => {
            return refused(vec![Wrong::new("file", error.to_string())], StatusCode::UNPROCESSABLE_ENTITY);
        }
        Err(answer) => return *answer,
    };
    let number = shared.console.add_run(&name, report);
    match past(&shared, number) {
        Some(run) => answer::status(StatusCode::CREATED, &Past::of(&run)),
        None => not_found("the run was forgotten already, as there are so many"),
    }
}

fn past(shared: &Shared, number: u64) -> Option<Arc<PastRun>> {
    shared.console.runs().into_iter().find(|run| run.number == number)
}

pub(crate) async fn run(State(shared): Web, Path(number): Path<String>) -> Answer {
    let Some(report) = number.parse().ok().and_then(|number| shared.console.report(Some(number))) else {
        return no_run(&number);
    };
    match downloads::json(report).await {
        Ok(body) => text("application/json", body),
        Err(answer) => *answer,
    }
}

fn no_run(number: &str) -> Answer {
    let number: String = number.chars().filter(char::is_ascii_digit).take(20).collect();
    not_found(&format!("there is no run {number}: the last 20 are kept"))
}

pub(crate) async fn compare(State(shared): Web, headers: HeaderMap, uri: Uri) -> Answer {
    let mut sides = Vec::new();
    for name in ["a", "b"] {
        let Some(asked) = parameter(&uri, name) else {
            return wrong(name, "give the number of a run, or `now`");
        };
        match side(&shared, &asked) {
            Some(side) => sides.push(side),
            None if asked == "now" => return not_found(NOTHING_YET),
            None => return no_run(&asked),
        }
    }
    let compared = elsewhere(move || encode(&Compared::of(&sides[0], &sides[1]))).await;
    compared.map_or_else(|answer| *answer, |body| answer::json(&headers, body))
}

fn side(shared: &Shared, asked: &str) -> Option<Side> {
    if asked == "now" {
        let run = shared.console.view().run;
        return shared.console.report(None).map(|report| Side { run, name: None, report });
    }
    let run = asked.parse().ok()?;
    let report = shared.console.report(Some(run))?;
    Some(Side { run, name: past(shared, run).and_then(|run| run.name.clone()), report })
}

pub(crate) async fn downloads(headers: HeaderMap) -> Answer {
    answer::json(&headers, encode(&downloads::all()))
}

pub(crate) async fn download(State(shared): Web, Path(name): Path<String>, uri: Uri) -> Answer {
    let report = match parameter(&uri, "run") {
        None => shared.console.report(None).ok_or_else(|| not_found(NOTHING_YET)),
        Some(run) => {
            let report = run.parse().ok().and_then(|run| shared.console.report(Some(run)));
            report.ok_or_else(|| no_run(&run))
        }
    };
    let report = match report {
        Ok(report) => report,
        Err(answer) => return answer,
    };
    let saved_as = file_name(&shared.console.offer().name, &report, &name);
    match downloads::one(report, &name).await {
        None => not_found("there is no such file; api/v1/downloads has those that there are"),
        Some(Err(answer)) => *answer,
        Some(Ok((kind, body))) => {
            let mut answer = text(kind, body);
            if kind.starts_with("text/html") {
                let policy = HeaderValue::from_static(downloads::POLICY);
                answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            answer::attachment(answer, &saved_as)
        }
    }
}

fn done(result: Result<(), Refused>) -> Answer {
    match result {
        Ok(()) => text("application/json", "{}"),
        Err(error) => refused(vec![error.into()], StatusCode::CONFLICT),
    }
}

/// The body of a request that steers, read by `read`.
async fn read<T>(body: Body, read: impl FnOnce(&[u8]) -> Result<T, Vec<Wrong>>) -> Result<T, Box<Answer>> {
    let body = answer::body(body, LONGEST_BODY, BODY).await?;
    read(&body).map_err(|wrong| Box::new(refused(wrong, StatusCode::UNPROCESSABLE_ENTITY)))
}

pub(crate) async fn start(State(shared): Web, body: Body) -> Answer {
    let ask = match read(body, ask::read).await {
        Ok(ask) => ask,
        Err(answer) => return *answer,
    };
    let console = shared.console.clone();
    match elsewhere(move || console.start(&ask)).await {
        Ok(Ok(run)) => text("application/json", encode(&json!({ "run": run }))),
        Ok(Err(error)) => refused(vec![error.into()], StatusCode::CONFLICT),
        Err(answer) => *answer,
    }
}

pub(crate) async fn edit(State(shared): Web, body: Body) -> Answer {
    match read(body, ask::read_edit).await {
        Ok(edit) => done(shared.console.edit(&edit)),
        Err(answer) => *answer,
    }
}

pub(crate) async fn pause(State(shared): Web, body: Body) -> Answer {
    match read(body, ask::read_pause).await {
        Ok(paused) => done(shared.console.pause_spawning(paused)),
        Err(answer) => *answer,
    }
}

pub(crate) async fn stop(State(shared): Web) -> Answer {
    done(shared.console.stop())
}

pub(crate) async fn reset(State(shared): Web) -> Answer {
    done(shared.console.reset())
}

pub(crate) async fn quit(State(shared): Web) -> Answer {
    shared.console.quit();
    done(Ok(()))
}
