//! The long soak: as many users as can be, each with an open connection, for minutes. Does memory stay flat?

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use loadtest::LoadTest;

use crate::child::{self, ChildResult, all_connected, resident};
use crate::figures::Spread;
use crate::server::{Served, Server};
use crate::tables::thousands;
use crate::users::Waiting;

/// How often memory is sampled.
const SAMPLE: Duration = Duration::from_secs(10);
/// Every user sends a request in this time: after it no buffer is used for the first time.
const WARM_UP: Duration = Duration::from_secs(20);
/// Growth of the median from the first third to the last that is no leak: what an allocator may still spread out.
const FLAT: f64 = 1.01;

/// The most users that one process can hold, and what limits them.
///
/// # Errors
/// When the descriptor limit cannot be read.
pub fn most_users(wanted: u64) -> Result<(u64, String), String> {
    // The runtime, the terminal and the listener have some of their own.
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).map_err(|error| error.to_string())?.saturating_sub(200);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let bounds: Vec<u64> = range.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let ports = match bounds[..] {
        [low, high] => (high + 1).saturating_sub(low).saturating_sub(500),
        _ => u64::MAX,
    };
    let most = wanted.min(descriptors).min(ports);
    let why = if most == wanted {
        "as many as asked for".to_owned()
    } else if most == descriptors {
        format!("the limit of open files (ulimit -n) allows no more; {} were asked for", thousands(wanted))
    } else {
        format!("there are no more local ports; {} were asked for", thousands(wanted))
    };
    Ok((most, why))
}

/// Runs the soak and gives what is to be said about it.
///
/// # Errors
/// When it cannot be run to its end.
pub fn run(wanted: u64, minutes: u64) -> Result<String, String> {
    let (users, why) = most_users(wanted)?;
    println!("{} users ({why}), a request every 10 s each, {minutes} minutes", thousands(users));
    let server = Server::start(Served { body: 1024, cookies: 1, tls: false })?;
    let mut command = child::command(&format!("soak {} {users} {minutes}", server.url()))?;
    let mut process = command.stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let mut samples = Vec::new();
    let mut last = String::new();
    for line in process.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
        println!("  {line}");
        if let Some(kib) = line.split_once("resident ").and_then(|(_, rest)| rest.split_once(" KiB")?.0.parse().ok()) {
            samples.push(kib);
        }
        last = line;
    }
    let status = process.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("the soak: {status}; {last}"));
    }
    let verdict = verdict(&samples).ok_or("too short for three samples")?;
    Ok(format!("{} users, {minutes} minutes, {last}: {verdict}", thousands(users)))
}

/// Whether memory is flat: the median of the last third of the samples against that of the first.
fn verdict(samples: &[f64]) -> Option<String> {
    let third = samples.len() / 3;
    let first = Spread::of(samples.get(..third)?.iter().copied())?.median;
    let last = Spread::of(samples.get(samples.len() - third..)?.iter().copied())?.median;
    let (ratio, mib) = (last / first, |kib: f64| kib / 1024.0);
    let word = if ratio <= FLAT { "memory is flat" } else { "MEMORY GROWS" };
    Some(format!("{word}, last third / first third = {ratio:.3} ({:.1} / {:.1} MiB)", mib(last), mib(first)))
}

/// The load generator: prints a line for each sample and one at the end.
pub(crate) fn child(url: &str, users: u64, minutes: u64) -> ChildResult<()> {
    let waits = WARM_UP.as_secs_f64() / 2.0;
    // Within one wait: the requests are then spread over it.
    let test = LoadTest::new().host(url).users(users).spawn_rate(users as f64 / waits).threads(1);
    let running = test.user::<Waiting>().start()?;
    all_connected(&running, users, Duration::from_secs(120))?;
    println!("all connected, each was answered; {} s of warm-up", WARM_UP.as_secs());
    std::thread::sleep(WARM_UP);
    let started = Instant::now();
    let length = Duration::from_secs(minutes * 60);
    let mut next = started;
    while next <= started + length {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let stats = &running.snapshot().total.stats;
        println!(
            "{:>5} s  resident {} KiB  {} requests, {} failed",
            started.elapsed().as_secs(),
            resident()? / 1024,
            stats.ok,
            stats.failed
        );
        next += SAMPLE;
    }
    let stats = &running.snapshot().total.stats;
    println!("{} requests, {} failed", thousands(stats.ok), stats.failed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn flat_is_one_percent_from_the_first_third_to_the_last() {
        let flat = verdict(&[1000.0, 1000.0, 5000.0, 1.0, 1009.0, 1009.0]).unwrap();
        assert!(flat.starts_with("memory is flat, last third / first third = 1.009"), "{flat}");
        let grown = verdict(&[1000.0, 1000.0, 5000.0, 1.0, 1011.0, 1011.0]).unwrap();
        assert!(grown.starts_with("MEMORY GROWS"), "{grown}");
        assert_eq!(verdict(&[1.0, 2.0]), None);
    }
}
