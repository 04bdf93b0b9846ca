//! Our side: a user that asks again and again, at once or by a schedule, in a process of its own.

use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use loadtest::prelude::*;
use loadtest::stats::Times;
use loadtest::{CatchUp, Wait};
use serde_json::{Value, json};

use super::seen::{FIGURES, Seen};
use super::server::First;
use super::{PER_SECOND, awake};
use crate::child::{self, ChildResult};

/// No server stalls that long: every request that was begun is answered, so that the counts can be the same to the request.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The first users start one after another within this: users in step would all meet the same disturbance, and one of
/// a millisecond would then be in one percent of the requests.
const SPREAD: Duration = Duration::from_millis(50);

/// What starting and ending may take beyond the time of the load.
const GRACE: Duration = Duration::from_secs(30);

/// What the users of this process do: one process, one measurement.
static WAIT: OnceLock<Wait> = OnceLock::new();

/// Whether they connect before they measure.
static GREET: AtomicBool = AtomicBool::new(false);

fn wait() -> Wait {
    WAIT.get().cloned().unwrap_or_default()
}

#[derive(User)]
#[user(wait_time = wait())]
struct Asking {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Asking {
    async fn on_start(&mut self) -> TaskResult {
        if GREET.load(Ordering::Relaxed) {
            self.http.get("/").name("greeting").send().await?;
        }
        Ok(())
    }

    #[task]
    async fn ask(&mut self) -> TaskResult {
        self.http.get("/").send().await?;
        Ok(())
    }
}

/// What a run of ours reported.
#[derive(Debug, Clone)]
pub struct Ours {
    /// From the send.
    pub service: Seen,
    /// From the intended start, where there was a schedule.
    pub response: Option<Seen>,
    /// What the report says of the load generator itself.
    pub warnings: Vec<String>,
}

/// How the users of a run start their requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// Each at once when the one before was answered.
    Closed,
    /// All users together [`PER_SECOND`], whether or not the one before was answered; what could not be sent in time is sent
    /// as soon as it can be.
    Scheduled,
}

/// One run.
///
/// # Errors
/// When it fails, or had failed requests.
pub fn run(url: &str, first: First, starts: Starts, users: u64, seconds: u64) -> Result<Ours, String> {
    let starts = if starts == Starts::Closed { "closed" } else { "scheduled" };
    let first = if first == First::Counts { "counts" } else { "greets" };
    let limit = Duration::from_secs(seconds) + STOP_TIMEOUT + GRACE;
    let finished = child::run(&format!("truth {starts} {first} {url} {users} {seconds}"), limit)?;
    let line = finished.stdout.lines().find(|line| line.starts_with('{')).ok_or("the child said nothing")?;
    let told: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
    let response = &told["response"];
    Ok(Ours {
        service: Seen::from_json(&told["service"])?,
        response: if response.is_null() { None } else { Some(Seen::from_json(response)?) },
        warnings: told["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}

/// A process that keeps the client's core busy; it ends with this value, and after two minutes at the latest.
#[derive(Debug)]
pub struct BusyLoop(Child);

impl BusyLoop {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Self, String> {
        let child = child::command("truth busy 120")?.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        child.map(Self).map_err(|error| format!("the busy loop: {error}"))
    }
}

impl Drop for BusyLoop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a child does: a run, or keeping a core busy.
///
/// # Errors
/// When the run fails, or the words are none.
pub(crate) fn child(words: &[&str]) -> ChildResult<Value> {
    GREET.store(words.contains(&"greets"), Ordering::Relaxed);
    match *words {
        ["closed", _, url, users, seconds] => {
            let users: u64 = users.parse()?;
            told(url, users, users as f64 / SPREAD.as_secs_f64(), seconds.parse()?)
        }
        ["scheduled", _, url, users, seconds] => {
            let users: u64 = users.parse()?;
            let rate = PER_SECOND as f64 / users as f64;
            let _ = WAIT.set(constant_throughput(rate).catch_up(CatchUp::Burst).into());
            told(url, users, f64::INFINITY, seconds.parse()?)
        }
        ["awake"] => awake::child(),
        ["busy", seconds] => {
            let end = Instant::now() + Duration::from_secs(seconds.parse()?);
            while Instant::now() < end {
                std::hint::spin_loop();
            }
            Ok(Value::Null)
        }
        _ => Err(format!("no such run: {words:?}").into()),
    }
}

fn told(url: &str, users: u64, spawn_rate: f64, seconds: u64) -> ChildResult<Value> {
    let test = LoadTest::new().host(url).user::<Asking>().users(users).spawn_rate(spawn_rate).threads(1);
    let test = test.run_time(Duration::from_secs(seconds)).stop_timeout(STOP_TIMEOUT);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(test.run())?;
    let total = &report.total().stats;
    let asked = &report.request("GET", "/").ok_or("nothing was asked for")?.stats;
    if total.failed + total.interrupted > 0 || !report.exceptions().is_empty() {
        return Err(format!("requests failed: {:?}", report.failures().first()).into());
    }
    let response = (asked.response.count() > 0).then(|| seen(asked.response.count(), &asked.response).to_json());
    let service = seen(asked.ok, &asked.service).to_json();
    Ok(json!({ "service": service, "response": response, "warnings": report.warnings() }))
}

fn seen(count: u64, times: &Times) -> Seen {
    let figure = |figure: &'static str| {
        let time = match figure {
            "mean" => times.mean(),
            percentile => times.percentile(percentile.trim_start_matches('p').parse().unwrap_or(100.0)),
        };
        Some((figure, time?.as_secs_f64() * 1e6))
    };
    Seen::new(count as f64, FIGURES.into_iter().filter_map(figure))
}
