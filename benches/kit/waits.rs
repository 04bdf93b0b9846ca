//! What waiting costs, and how punctual it is: users without HTTP, each measurement in a process of its own.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use loadtest::prelude::*;
use loadtest::stats::{Histogram, Times};
use loadtest::{Report, Wait};
use serde_json::{Value, json};

use crate::child::{self, ChildResult, resident};

/// From the last start until memory is looked at.
const SETTLED: Duration = Duration::from_secs(2);

/// Users that run while others are started.
const RUNNING: u64 = 100;
const RUNNING_WAIT: Duration = Duration::from_millis(100);

/// What the users of this process do: one process, one measurement.
static WAIT: OnceLock<Wait> = OnceLock::new();
/// Tasks run by users that have stopped.
static TASKS: AtomicU64 = AtomicU64::new(0);
/// Users that ran this many tasks, by their number of tasks.
static TASKS_OF_USERS: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// How late the waits of running users ended, in microseconds.
static LATE: Mutex<Option<Histogram>> = Mutex::new(None);

fn wait() -> Wait {
    WAIT.get().cloned().unwrap_or_default()
}

/// Waits, and counts what it did.
#[derive(User)]
#[user(wait_time = wait())]
struct Waiting {
    tasks: u64,
}

#[tasks]
impl Waiting {
    #[task]
    async fn task(&mut self) {
        self.tasks += 1;
    }

    async fn on_stop(&mut self) {
        TASKS.fetch_add(self.tasks, Ordering::Relaxed);
        TASKS_OF_USERS.lock().unwrap_or_else(PoisonError::into_inner).push(self.tasks);
    }
}

/// Records a sample each time.
#[derive(User)]
#[user(wait_time = wait())]
struct Recording {
    #[context]
    cx: Context,
}

#[tasks]
impl Recording {
    #[task]
    async fn task(&mut self) -> TaskResult {
        self.cx.measure("NOTHING", "nothing", std::future::ready(Ok::<_, std::fmt::Error>(()))).await?;
        Ok(())
    }
}

/// The first of these run and say how late their waits end; all others are only there.
#[derive(User)]
#[user(wait_time = self.wait())]
struct Crowd {
    #[context]
    cx: Context,
    ended: Option<Instant>,
}

#[tasks]
impl Crowd {
    #[task]
    async fn task(&mut self) {
        if let Some(ended) = self.ended {
            let late = ended.elapsed().saturating_sub(RUNNING_WAIT).as_micros();
            let mut all = LATE.lock().unwrap_or_else(PoisonError::into_inner);
            all.get_or_insert_default().record(u64::try_from(late).unwrap_or(u64::MAX));
        }
        if self.cx.user_number() < RUNNING {
            self.ended = Some(Instant::now());
        }
    }

    fn wait(&self) -> Duration {
        if self.cx.user_number() < RUNNING { RUNNING_WAIT } else { Duration::from_secs(3600) }
    }
}

/// What a child measures; the words are those of [`run`].
///
/// # Errors
/// When the run fails, or the words are none.
pub(crate) fn child(words: &[&str]) -> ChildResult<Value> {
    match *words {
        ["idle", kind, users, seconds] => idle(kind, users.parse()?, seconds.parse()?),
        ["start", users] => start(users.parse()?),
        ["loop", kind, users, threads, seconds] => {
            looped(kind, users.parse()?, threads.parse()?, Duration::from_secs(seconds.parse()?))
        }
        ["throughput", users, rate, seconds] => throughput(users.parse()?, rate.parse()?, seconds.parse()?),
        _ => Err(format!("no such measurement: {words:?}").into()),
    }
}

fn set_wait(kind: &str) -> ChildResult<()> {
    let wait = match kind.split_once('-') {
        None => Wait::None,
        Some(("constant", millis)) => constant(Duration::from_millis(millis.parse()?)),
        Some(("pacing", millis)) => constant_pacing(Duration::from_millis(millis.parse()?)).into(),
        Some(_) => return Err(format!("no such wait: {kind}").into()),
    };
    let _ = WAIT.set(wait);
    Ok(())
}

fn run_to_end(test: LoadTest) -> ChildResult<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(test.run())?)
}

/// Memory and CPU of users that only wait.
fn idle(kind: &str, users: u64, seconds: u64) -> ChildResult<Value> {
    set_wait(kind)?;
    let before = resident()?;
    let running = LoadTest::new().user::<Waiting>().users(users).spawn_rate(10_000.0).threads(1).start()?;
    while running.snapshot().users.alive < users {
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(SETTLED);
    let each = resident()?.saturating_sub(before) / users;
    let (cpu, since) = (cpu_seconds()?, Instant::now());
    std::thread::sleep(Duration::from_secs(seconds));
    let busy = (cpu_seconds()? - cpu) / since.elapsed().as_secs_f64();
    Ok(json!({ "bytes_per_user": each, "cpu": busy }))
}

/// How late waits end while users are started, 10,000 per second.
fn start(users: u64) -> ChildResult<Value> {
    let test = LoadTest::new().user::<Crowd>().users(RUNNING + users).spawn_rate(10_000.0).threads(1);
    let report = run_to_end(test.run_time(Duration::from_secs(5)))?;
    let started = report.snapshot().target_users;
    let late = LATE.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or("nobody waited")?;
    Ok(json!({ "users": started, "p50_us": late.quantile(0.5), "p99_us": late.quantile(0.99) }))
}

/// How much CPU a turn of the loop takes.
fn looped(kind: &str, users: u64, threads: usize, length: Duration) -> ChildResult<Value> {
    let recording = kind == "recording";
    if !recording {
        set_wait(kind)?;
    }
    let test = LoadTest::new().users(users).spawn_rate(f64::INFINITY).threads(threads).run_time(length);
    let test = if recording { test.user::<Recording>() } else { test.user::<Waiting>() };
    let cpu = cpu_seconds()?;
    let report = run_to_end(test)?;
    let cpu = cpu_seconds()? - cpu;
    let tasks = if recording { report.total().stats.ok } else { TASKS.load(Ordering::Relaxed) };
    Ok(json!({ "tasks": tasks, "ns": cpu * 1e9 / tasks as f64 }))
}

/// How punctual scheduled starts are, and whether their number is right.
fn throughput(users: u64, rate: f64, seconds: u64) -> ChildResult<Value> {
    let _ = WAIT.set(constant_throughput(rate).into());
    let test = LoadTest::new().user::<Waiting>().users(users).spawn_rate(f64::INFINITY).threads(1);
    let cpu = cpu_seconds()?;
    let report = run_to_end(test.run_time(Duration::from_secs(seconds)))?;
    let busy = (cpu_seconds()? - cpu) / report.duration().as_secs_f64();
    let starts = report.scheduled_starts();
    let expected = rate * seconds as f64;
    let counts = TASKS_OF_USERS.lock().unwrap_or_else(PoisonError::into_inner);
    let off = counts.iter().map(|count| (*count as f64 - expected).abs()).fold(0.0, f64::max);
    Ok(json!({
        "starts": starts.count(), "overruns": starts.overruns, "off": off, "cpu": busy, "late": lateness(&starts.lateness)
    }))
}

fn lateness(times: &Times) -> Value {
    let micros = |percentile| times.percentile(percentile).map(|time| time.as_micros());
    json!({ "p50": micros(50.0), "p99": micros(99.0), "p999": micros(99.9), "max": micros(100.0) })
}

/// User and system time of this process so far.
fn cpu_seconds() -> ChildResult<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // The kernel counts in hundredths of a second whatever its own ticks are (USER_HZ).
    let ticks = |field: usize| fields.get(field).and_then(|field| field.parse::<f64>().ok()).ok_or("no times");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// Measures in a process of its own, on the client's core.
///
/// # Errors
/// When that process fails.
pub fn run(what: &str, limit: Duration) -> Result<Value, String> {
    parsed(&child::run(&format!("waits {what}"), limit)?.stdout)
}

/// Measures in as many processes as there are lists of cores, all at the same time.
///
/// # Errors
/// When one of them fails.
pub fn run_together(what: &str, cores: &[&str]) -> Result<Vec<Value>, String> {
    let exe = std::env::current_exe().map_err(|error| error.to_string())?;
    let start = |cores: &&str| {
        let mut command = Command::new("taskset");
        command.args(["-c", cores]).arg(&exe).env(child::CHILD, format!("waits {what}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| format!("taskset: {error}"))
    };
    let children: Vec<_> = cores.iter().map(start).collect();
    let finish = |child: Result<std::process::Child, String>| {
        let output = child?.wait_with_output().map_err(|error| error.to_string())?;
        parsed(&String::from_utf8_lossy(&output.stdout))
    };
    children.into_iter().map(finish).collect()
}

fn parsed(stdout: &str) -> Result<Value, String> {
    let line = stdout.lines().find(|line| line.starts_with('{')).ok_or("the child said nothing")?;
    serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))
}
