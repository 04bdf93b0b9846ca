//! What the clients under comparison have in common: how they measure themselves, and the one line that they print.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Longest wait for all users to be connected.
const PATIENCE: Duration = Duration::from_secs(120);

/// Requests answered.
pub static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// The CPU time of this process so far, in seconds, as Linux counts it (in hundredths).
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The second field is a name in parentheses, which may hold spaces.
    let (_, rest) = stat.rsplit_once(')').expect("a name");
    let ticks: f64 = rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().expect("ticks")).sum();
    ticks / 100.0
}

/// The memory of this process that is in RAM, in bytes.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
}

/// Waits until something holds, from a thread without a runtime.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "still not: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A stretch of a run, all users at work: how long it was, what it took, how many answers it saw.
#[derive(Clone, Copy)]
pub struct Stretch {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub requests: u64,
}

impl Stretch {
    /// Blocks for this long.
    pub fn measure(length: Duration) -> Self {
        let (started, cpu, answered) = (Instant::now(), cpu_seconds(), ANSWERED.load(Ordering::Relaxed));
        std::thread::sleep(length);
        let requests = ANSWERED.load(Ordering::Relaxed) - answered;
        Self { seconds: started.elapsed().as_secs_f64(), cpu_seconds: cpu_seconds() - cpu, requests }
    }

    /// The line that the benchmark reads.
    pub fn print(&self, p50_us: Option<u64>, p99_us: Option<u64>) {
        let Self { seconds, cpu_seconds, requests } = self;
        let line = serde_json::json!({
            "requests": requests, "seconds": seconds, "cpu_seconds": cpu_seconds, "p50_us": p50_us, "p99_us": p99_us,
        });
        println!("{line}");
    }
}

/// The line about users who hold a connection each, two seconds after the last one was answered, as for all clients.
pub fn print_footprint(before: u64, users: u64, built: Duration, connected: Duration) {
    std::thread::sleep(Duration::from_secs(2));
    let bytes = resident() - before;
    let line = serde_json::json!({
        "bytes_per_user": bytes / users,
        "built_seconds": built.as_secs_f64(),
        "connected_seconds": connected.as_secs_f64(),
    });
    println!("{line}");
}
