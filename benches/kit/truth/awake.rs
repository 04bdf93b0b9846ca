//! The client's core while something is measured: kept awake, watched, and to itself as far as can be had.
//!
//! A core that has nothing to do is put to sleep, and a virtual machine's then belongs to its neighbours until an answer's
//! arrival wakes it; and it is taken away at any other time, too. Neither is what is measured. A process that runs only when no
//! other wants the core keeps it awake, as the kernel's `idle=poll` does, and sees when the core was taken away: time that
//! has passed in which neither it nor any other process of the machine ran there.
//!
//! What else the machine does now and then (a service, a thread of the kernel) wakes up where it last ran, if there is nothing
//! to do there, or nothing but what gives way to everything. So the client's core is first kept busy for as long as it takes
//! until they have all run elsewhere once, on the core of the server, which gives way: there they stay.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ours::BusyLoop;
use crate::child::{self, ChildResult};
use crate::process::{self, CLIENT_CORE};

/// The longest pause of what is to run elsewhere: the kernel's watch over memory looks twice a second.
const PUSH: Duration = Duration::from_millis(700);

/// Stretches that are looked at: an interrupt is shorter.
const LONG: Duration = Duration::from_micros(100);

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
    // Of this thread: the kernel's time of running and of waiting for others, which goes on while the core is taken away.
    let schedstat = File::open("/proc/thread-self/schedstat")?;
    let mut taken = Duration::ZERO;
    let (mut last, mut waited) = (Instant::now(), waited(&schedstat)?);
    while !OVER.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now - last > LONG {
            let by_now = self::waited(&schedstat)?;
            let nobody = (now - last).saturating_sub(by_now.saturating_sub(waited));
            if nobody > LONG {
                taken += nobody;
            }
            (last, waited) = (Instant::now(), by_now);
        } else {
            last = now;
        }
        std::hint::spin_loop();
    }
    Ok(json!({ "taken": taken.as_secs_f64() * 1e6 }))
}

/// How long the thread has waited while others ran: the second number of Linux's Documentation/scheduler/sched-stats.rst.
fn waited(schedstat: &File) -> ChildResult<Duration> {
    let mut line = [0; 96];
    let read = schedstat.read_at(&mut line, 0)?;
    let line = std::str::from_utf8(&line[..read])?;
    let nanoseconds = line.split_whitespace().nth(1).ok_or_else(|| format!("no waiting time: {line}"))?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
