//! Users that wait: their memory, their CPU, their punctuality; no HTTP. `cargo bench --bench waits` prints one table.
//!
//! The two minutes of idle users and the throughput's half a minute are most of the time it takes. `MINUTES=5` measures the
//! throughput for as many minutes; words choose measurements: `cargo bench --bench waits -- loop shards`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

use std::process::ExitCode;
use std::time::Duration;

use benches::{child, tables, waits};
use serde_json::Value;

/// Rounds of what is compared with something else.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    if let Some(code) = child::main() {
        return code;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, Part); 5] =
        [("idle", idle), ("start", start), ("loop", loops), ("shards", shards), ("throughput", throughput)];
    let mut rows = vec![["what", "asked for", "measured"].map(str::to_owned).to_vec()];
    for (name, part) in parts {
        if !words.is_empty() && !words.iter().any(|word| word == name) {
            continue;
        }
        match part() {
            Ok(more) => {
                for row in &more {
                    println!("{}", row.join(" | "));
                }
                rows.extend(more);
            }
            Err(error) => {
                eprintln!("waits: {name}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("\n{}{}", tables::heading(&[], None), tables::markdown(&rows));
    ExitCode::SUCCESS
}

type Row = Vec<String>;
type Part = fn() -> Result<Vec<Row>, String>;

fn row(what: impl Into<String>, asked: &str, measured: String) -> Row {
    vec![what.into(), asked.to_owned(), measured]
}

fn number(value: &Value, pointer: &str) -> Result<f64, String> {
    value.pointer(pointer).and_then(Value::as_f64).ok_or_else(|| format!("no {pointer} in {value}"))
}

fn idle() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (kind, name) in [("constant-60000", "`constant(60 s)`"), ("pacing-60000", "`constant_pacing(60 s)`")] {
        let told = waits::run(&format!("idle {kind} 100000 60"), Duration::from_secs(180))?;
        let (kib, cpu) = (number(&told, "/bytes_per_user")? / 1024.0, number(&told, "/cpu")? * 100.0);
        rows.push(row(format!("100,000 users with {name}: memory each"), "< 1.5 KiB", format!("{kib:.2} KiB")));
        rows.push(row(format!("100,000 users with {name}: CPU"), "< 5 % of a core", format!("{cpu:.1} %")));
    }
    Ok(rows)
}

fn start() -> Result<Vec<Row>, String> {
    let late = |users: u64| number(&waits::run(&format!("start {users}"), Duration::from_secs(60))?, "/p99_us");
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        pairs.push((late(0)?, late(50_000)?));
    }
    // The median of the rise, and what it came from.
    pairs.sort_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let (alone, while_starting) = pairs[ROUNDS / 2];
    let measured = format!("{:.2} ms, from {alone:.0} to {while_starting:.0} µs", (while_starting - alone) / 1000.0);
    Ok(vec![row(
        "10,000 users started per second: p99 of the lateness of 100 others' waits rises by",
        "≤ 1 ms",
        measured,
    )])
}

fn loops() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (kind, users, name, asked) in [
        ("none", 1000, "a turn of the loop without a wait, 1,000 users", "< 300 ns"),
        ("none", 1, "the same with one user alone (each turn asks the system for events)", "–"),
        ("constant-10", 3000, "a turn with a wait of 10 ms, 3,000 users", "< 1 µs"),
        ("pacing-100", 10_000, "a turn with a start every 100 ms, 10,000 users", "< 1 µs"),
    ] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let told = waits::run(&format!("loop {kind} {users} 1 3"), Duration::from_secs(60))?;
            costs.push(number(&told, "/ns")?);
        }
        costs.sort_by(f64::total_cmp);
        let (least, median) = (costs[0], costs[ROUNDS / 2]);
        rows.push(row(name, asked, format!("{median:.0} ns of CPU (least {least:.0})")));
    }
    Ok(rows)
}

fn shards() -> Result<Vec<Row>, String> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let apart = waits::run_together("loop recording 500 1 4", &["0", "1"])?;
        let together = waits::run_together("loop recording 1000 2 4", &["0,1"])?;
        let sum = |told: &[Value]| told.iter().map(|told| number(told, "/tasks")).sum::<Result<f64, _>>();
        ratios.push(sum(&together)? / sum(&apart)?);
    }
    ratios.sort_by(f64::total_cmp);
    let measured = format!("{:.2} ({:.2}–{:.2})", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
    Ok(vec![row("tasks per second of two shards, of two processes with one each", "≥ 0.97", measured)])
}

fn throughput() -> Result<Vec<Row>, String> {
    let minutes = std::env::var("MINUTES").ok().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.5);
    let seconds = (minutes * 60.0).round().max(1.0) as u64;
    let mut rows = Vec::new();
    for (users, rate, asked) in [(200, 10, "p99 < 100 µs"), (250, 80, "–")] {
        let limit = Duration::from_secs(seconds + 60);
        let told = waits::run(&format!("throughput {users} {rate} {seconds}"), limit)?;
        let late = |name: &str| number(&told, &format!("/late/{name}"));
        let (p50, p99, p999, max) = (late("p50")?, late("p99")?, late("p999")?, late("max")?);
        let what = format!("`constant_throughput({rate})`, {users} users, {seconds} s");
        let measured = format!("p50 {p50:.0}, p99 {p99:.0}, p99.9 {p999:.0}, max {max:.0} µs");
        rows.push(row(format!("{what}: lateness"), asked, measured));
        let measured = format!("{:.0}; {:.0} tasks overran", number(&told, "/starts")?, number(&told, "/overruns")?);
        rows.push(row(format!("{what}: starts"), &(users * rate * seconds).to_string(), measured));
        let off = number(&told, "/off")?;
        rows.push(row(format!("{what}: the user whose number is furthest off"), "± 1", format!("{off:.0}")));
        rows.push(row(format!("{what}: CPU"), "–", format!("{:.1} % of a core", number(&told, "/cpu")? * 100.0)));
    }
    Ok(rows)
}
