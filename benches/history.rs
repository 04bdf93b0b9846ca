//! What a day of history takes: 1,000 names, each with ten requests a second, fed to the statistics as a run does.
//!
//! `HOURS=1 cargo bench --bench history` for less, or `NAMES=100`: a day of 1,000 names is more than half an hour of computing.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::time::Duration;

use loadtest::testing::TestShard;
use tokio::time::Instant;

fn main() {
    let number = |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (hours, wanted) = (number("HOURS", 24), number("NAMES", 1000));
    let shard = TestShard::new(None);
    let start = Instant::now();
    let cx = shard.context_in("task", Some(start));
    let names: Vec<String> = (0..wanted).map(|name| format!("/name/{name}")).collect();
    let mut sample = 1u64;
    let mut feed = |from: u64, to: u64| {
        for tick in from..to {
            for name in &names {
                for _ in 0..5 {
                    sample = sample.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // From 1 to 8 ms, the short ones more often.
                    let took = 1000.0 * 8f64.powf((sample >> 40) as f64 / (1u64 << 24) as f64);
                    let mut pending = cx.recorder().start_at("GET", name, start);
                    pending.set_status(200);
                    pending.stop_clock_at(start + Duration::from_micros(took as u64));
                    pending.ok();
                }
            }
            shard.tick(start + Duration::from_millis(500 * (tick + 1)));
        }
    };
    // The rows and their seconds, which are no history.
    feed(0, 20);
    let before = resident();
    let begun = std::time::Instant::now();
    let ticks = hours * 7200;
    let mut most = 0;
    for from in (20..ticks).step_by(600) {
        feed(from, (from + 600).min(ticks));
        most = most.max(resident().saturating_sub(before));
    }
    let snapshot = shard.snapshot();
    let points: usize = snapshot.history.rows().map(|(_, row)| row.points().count()).sum();
    println!(
        "{wanted} names, {hours} h, 10 requests a second each: at most {:.1} MiB more than after ten seconds, {} points a name, \
         {} of all requests; took {:.0} s",
        most as f64 / f64::from(1 << 20),
        points / names.len(),
        snapshot.history.total().points().count(),
        begun.elapsed().as_secs_f64(),
    );
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
