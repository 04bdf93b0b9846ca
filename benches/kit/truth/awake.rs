//! The client's core while something is measured: kept awake, watched, and to itself as far as can be had.
//!
//! A core that has nothing to do is put to sleep, and a virtual machine's then belongs to its neighbours until an answer's
//! arrival wakes it; and it is taken away at any other time, too. Neither is what is measured. A process that runs only when no
//! other wants the core keeps it awake, as the kernel's `idle=poll` does, and knows for how long the core was taken away: time that
//! has passed in which neither it ran nor waited for another process of the machine. What was taken while the client ran is
//! not in that, which is the smaller part: the client waits for most of the time.
//!
//! What else the machine does now and then (a service, a thread of the kernel) wakes up where it last ran, if there is nothing
//! to do there, or nothing but what gives way to everything. So the client's core is first kept busy for as long as it takes
//! until they have all run elsewhere once, on the core of the server, which gives way: there they stay.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ours::BusyLoop;
use crate::child::{self, ChildResult};
use crate::process::{self, CLIENT_CORE};

/// The longest pause of what is to run elsewhere: the kernel's watch over memory looks twice a second.
const PUSH: Duration = Duration::from_millis(700);

/// What keeps the core awake; it ends with this value.
#[derive(Debug)]
pub struct Awake {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Awake {
    /// Starts it, and waits until it runs.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Self, String> {
        let wrong = |error: io::Error| format!("keeping the core awake: {error}");
        let busy = BusyLoop::start()?;
        std::thread::sleep(PUSH);
        drop(busy);
        let exe = std::env::current_exe().map_err(wrong)?;
        let mut command = process::giving_way(CLIENT_CORE, exe);
        command.env(child::CHILD, "truth awake");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(wrong)?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("a child without output")?);
        let mut line = String::new();
        let read = stdout.read_line(&mut line).map_err(wrong);
        let awake = Self { child, stdout };
        read?;
        if line.is_empty() { Err("keeping the core awake: it ended at once".to_owned()) } else { Ok(awake) }
    }

    /// Ends it; for how many microseconds the core was taken away meanwhile.
    ///
    /// # Errors
    /// When it does not tell.
    pub fn finish(mut self) -> Result<f64, String> {
        drop(self.child.stdin.take());
        let mut told = String::new();
        self.stdout.read_to_string(&mut told).map_err(|error| format!("the watched core: {error}"))?;
        let told: Value = serde_json::from_str(told.trim()).map_err(|error| format!("the watched core: {error}"))?;
        told["taken"].as_f64().ok_or_else(|| "the watched core: not told".to_owned())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does until its standard input ends.
pub(super) fn child() -> ChildResult<Value> {
    static OVER: AtomicBool = AtomicBool::new(false);
    println!("awake");
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        OVER.store(true, Ordering::Relaxed);
    });
    let (begun, before) = (Instant::now(), Spent::now()?);
    while !OVER.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
    let (passed, after) = (begun.elapsed(), Spent::now()?);
    let ran = after.ran.saturating_sub(before.ran);
    if ran.is_zero() {
        return Err("the kernel does not tell how long threads ran: /proc/thread-self/schedstat".into());
    }
    let taken = passed.saturating_sub(ran).saturating_sub(after.waited.saturating_sub(before.waited));
    Ok(json!({ "taken": taken.as_secs_f64() * 1e6 }))
}

/// How long this thread ran, without what the host took of that, and how long it waited for others that ran: the first two
/// numbers of Linux's Documentation/scheduler/sched-stats.rst.
struct Spent {
    ran: Duration,
    waited: Duration,
}

impl Spent {
    fn now() -> ChildResult<Self> {
        let line = std::fs::read_to_string("/proc/thread-self/schedstat")?;
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let mut next = || ChildResult::Ok(Duration::from_nanos(numbers.next().ok_or("no times of the thread")??));
        Ok(Self { ran: next()?, waited: next()? })
    }
}
