//! What this program does as a child of itself: being the load generator, or the bare client. Prints one line of JSON.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use loadtest::prelude::HttpSession;
use loadtest::testing::TestShard;
use loadtest::{Client, LoadTest, Report, Running};
use serde_json::{Value, json};

use crate::process::{self, Finished};
use crate::users::{ANSWERED, Discarding, PACE, Paced, Scripted, Waiting};
use crate::{bare, readers, soak, truth, waits};

/// Says that this process is a child; its value is what it is to do.
pub(crate) const CHILD: &str = "LOADTEST_BENCH_CHILD";

/// The longest wait for all users to be connected.
const PATIENCE: Duration = Duration::from_secs(60);

/// From then until memory is looked at: the answers of the last users are still on their way into the statistics.
const SETTLED: Duration = Duration::from_secs(2);

/// Runs this program as a child that does `what`, on the client's core.
///
/// # Errors
/// When it fails or takes longer than `limit`.
pub fn run(what: &str, limit: Duration) -> Result<Finished, String> {
    let exe = std::env::current_exe().map_err(|error| error.to_string())?;
    process::on_client_core(&exe.display().to_string(), &[], &[(CHILD, what)], limit)
}

/// The command that runs this program as a child that does `what`, pinned to the client's core.
///
/// # Errors
/// When the name of this program is not known.
pub(crate) fn command(what: &str) -> Result<std::process::Command, String> {
    let exe = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = process::pinned(process::CLIENT_CORE, exe);
    command.env(CHILD, what);
    Ok(command)
}

/// Does what a child is to do; `None` in a process that is none.
#[must_use]
pub fn main() -> Option<ExitCode> {
    let what = std::env::var(CHILD).ok()?;
    let words: Vec<&str> = what.split(' ').collect();
    let done = rlimit::increase_nofile_limit(u64::MAX).map_err(Into::into).and_then(|_| work(&words));
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads this if it cannot be written.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    })
}

/// A child's errors are only shown.
pub(crate) type ChildResult<T> = Result<T, Box<dyn std::error::Error>>;

fn work(words: &[&str]) -> ChildResult<()> {
    let line = match *words {
        ["rate", url, users, seconds] => rate(test(url, users)?.user::<Scripted>(), seconds)?,
        ["discarding", url, users, seconds] => rate(test(url, users)?.user::<Discarding>(), seconds)?,
        ["paced", url, users, seconds, per_second] => {
            let _ = PACE.set(Duration::from_secs_f64(users.parse::<f64>()? / per_second.parse::<f64>()?));
            rate(test(url, users)?.user::<Paced>(), seconds)?
        }
        ["bare", url, connections, seconds] => {
            let addr = url.trim_start_matches("http://").parse()?;
            let length = Duration::from_secs(seconds.parse()?);
            let requests = bare::run(addr, connections.parse()?, length)?;
            json!({ "requests": requests, "seconds": length.as_secs() })
        }
        ["memory", url, users] => memory(url, users)?,
        ["sessions", url, sessions] => build_sessions(url, sessions.parse()?)?,
        ["waits", ref words @ ..] => waits::child(words)?,
        ["truth", ref words @ ..] => truth::ours::child(words)?,
        ["readers", ref words @ ..] => return readers::child(words),
        ["soak", url, users, minutes] => return soak::child(url, users.parse()?, minutes.parse()?),
        _ => return Err(format!("no child does {words:?}").into()),
    };
    println!("{line}");
    Ok(())
}

/// Users on one thread, all started at once.
fn test(url: &str, users: &str) -> ChildResult<LoadTest> {
    Ok(LoadTest::new().host(url).users(users.parse()?).spawn_rate(f64::INFINITY).threads(1).insecure(true))
}

fn rate(test: LoadTest, seconds: &str) -> ChildResult<Value> {
    let seconds: u64 = seconds.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(test.run_time(Duration::from_secs(seconds)).run())?;
    told(&report, seconds)
}

fn told(report: &Report, seconds: u64) -> ChildResult<Value> {
    let total = &report.total().stats;
    if total.failed > 0 || !report.exceptions().is_empty() {
        return Err(format!("requests failed: {:?}", report.failures().first()).into());
    }
    let percentile = |percentile| total.service.percentile(percentile).map(|time| time.as_micros());
    let (p50, p99) = (percentile(50.0), percentile(99.0));
    Ok(json!({ "requests": total.ok, "seconds": seconds, "p50_us": p50, "p99_us": p99 }))
}

fn memory(url: &str, users: &str) -> ChildResult<Value> {
    let test = test(url, users)?.user::<Waiting>();
    let users = users.parse()?;
    let before = resident()?;
    let started = Instant::now();
    let running = test.start()?;
    all_connected(&running, users, PATIENCE)?;
    let connected = started.elapsed().as_secs_f64();
    std::thread::sleep(SETTLED);
    let each = resident()?.saturating_sub(before) / users;
    Ok(json!({ "bytes_per_user": each, "connected_seconds": connected }))
}

/// Waits until each user was answered once.
pub(crate) fn all_connected(running: &Running, users: u64, patience: Duration) -> ChildResult<()> {
    let started = Instant::now();
    while ANSWERED.load(Ordering::Relaxed) < users {
        let snapshot = running.snapshot();
        if started.elapsed() > patience || !snapshot.failures.is_empty() {
            let (answered, why) = (ANSWERED.load(Ordering::Relaxed), snapshot.failures.first());
            return Err(format!("{answered} of {users} users were answered; {why:?}").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Sessions are made and kept; none connects.
fn build_sessions(url: &str, sessions: u64) -> ChildResult<Value> {
    let shard = TestShard::new(Some(url));
    let cx = shard.context();
    let started = Instant::now();
    let made: Result<Vec<HttpSession>, _> = (0..sessions).map(|_| HttpSession::create(&cx)).collect();
    let took = started.elapsed();
    match made {
        Ok(made) => drop(made),
        Err(exit) => return Err(format!("{exit:?}").into()),
    }
    Ok(json!({ "built_seconds": took.as_secs_f64() }))
}

/// The memory of this process that is in RAM, in bytes.
pub(crate) fn resident() -> ChildResult<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
