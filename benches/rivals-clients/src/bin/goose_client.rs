//! The benchmark's user as a Goose load test: `goose_client rate URL USERS SECONDS`, `goose_client memory URL USERS` and
//! `goose_client truth URL USERS SECONDS [GOOSE'S OWN FLAGS]`. Prints one line of JSON.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goose::config::GooseConfiguration;
use goose::prelude::*;
use rivals_clients::{ANSWERED, Stretch, print_footprint, resident, wait_until};

/// Users that have begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

fn main() {
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["rate", url, users, seconds] => rate(url, number(users), number(seconds)),
        ["memory", url, users] => memory(url, number(users)),
        ["truth", url, users, seconds, ref flags @ ..] => truth(url, number(users), number(seconds), flags),
        _ => panic!("see the head of the source for what to say instead of {words:?}"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

async fn begin(_: &mut GooseUser) -> TransactionResult {
    BEGUN.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

async fn get(user: &mut GooseUser, path: &str, name: &str) -> TransactionResult {
    let answer = user.get_named(path, name).await?;
    // Goose's time ends with the head of the response; the body has to be read for the connection to be used again.
    answer.response?.bytes().await?;
    ANSWERED.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

async fn thing(user: &mut GooseUser) -> TransactionResult {
    get(user, "/things/17", "/things/[id]").await
}

async fn other(user: &mut GooseUser) -> TransactionResult {
    get(user, "/others/4", "/others/[id]").await
}

fn attack(url: &str, users: u64, seconds: u64, flags: &[&str], scenario: Scenario) -> GooseAttack {
    let (users, seconds) = (users.to_string(), format!("{seconds}s"));
    let mut arguments = vec!["--host", url, "--users", &users, "--increase-rate", &users, "--run-time", &seconds];
    arguments.extend(["--timeout", "30", "--no-telnet", "--no-print-metrics", "--no-error-summary", "-q", "-q", "-q"]);
    // Only where a certificate is shown: without a verifier, a client takes less time and memory to make.
    if url.starts_with("https:") {
        arguments.push("--accept-invalid-certs");
    }
    arguments.extend(flags);
    let configuration = GooseConfiguration::parse_args_default(&arguments).expect("a configuration");
    let scenario = scenario.register_transaction(transaction!(begin).set_on_start());
    GooseAttack::initialize_with_config(configuration)
        .expect("an attack")
        .set_scheduler(GooseScheduler::Random)
        .register_scenario(scenario)
}

fn rate(url: &str, users: u64, seconds: u64) {
    let scenario = scenario!("scripted")
        .register_transaction(transaction!(thing).set_weight(3).expect("a weight"))
        .register_transaction(transaction!(other));
    // Longer than the stretch, which begins a little after Goose's own clock.
    let attack = attack(url, users, seconds + 1, &[], scenario);
    let measured = std::thread::spawn(move || {
        wait_until("all users begun", || BEGUN.load(Ordering::Relaxed) >= users);
        wait_until("a request for each user", || ANSWERED.load(Ordering::Relaxed) >= users);
        Stretch::measure(Duration::from_secs(seconds))
    });
    let metrics = runtime().block_on(attack.execute()).expect("a run");
    let stretch = measured.join().expect("a stretch");
    let things = &metrics.requests["GET /things/[id]"];
    assert_eq!(things.fail_count, 0);
    stretch.print(Some(things.raw_data.percentile_us(0.5)), Some(things.raw_data.percentile_us(0.99)));
}

/// Asks for one page again and again, and prints what Goose's console shows of it. With its mitigation those are the figures
/// that include the requests it has made up.
fn truth(url: &str, users: u64, seconds: u64, flags: &[&str]) {
    let scenario = scenario!("asking").register_transaction(transaction!(thing));
    // Without this the requests of the first second, in which users are started, are forgotten.
    let flags = [flags, &["--no-reset-metrics"]].concat();
    let metrics = runtime().block_on(attack(url, users, seconds, &flags, scenario).execute()).expect("a run");
    let things = &metrics.requests["GET /things/[id]"];
    assert_eq!(things.fail_count, 0);
    let data = things.coordinated_omission_data.as_ref().unwrap_or(&things.raw_data);
    let shown = |part| shown(data.percentile_us(part));
    let line = serde_json::json!({
        "count": data.counter,
        "p50": shown(0.5),
        "p75": shown(0.75),
        "p99": shown(0.99),
        "p99.9": shown(0.999),
        "mean": (data.average_ms() * 100.0).round() * 10.0,
        "max": self::shown(data.maximum_time_us),
    });
    println!("{line}");
}

/// As Goose shows times: hundredths of a millisecond below ten, whole milliseconds from there.
fn shown(us: u64) -> u64 {
    if us < 9995 { (us + 5) / 10 * 10 } else { (us + 500) / 1000 * 1000 }
}

fn memory(url: &str, users: u64) {
    let wait = Duration::from_secs(10);
    let scenario =
        scenario!("waiting").set_wait_time(wait, wait).expect("a wait").register_transaction(transaction!(thing));
    let before = resident();
    let attack = attack(url, users, 600, &[], scenario);
    std::thread::spawn(move || {
        let started = Instant::now();
        wait_until("the first user", || BEGUN.load(Ordering::Relaxed) > 0);
        // Goose makes the clients of all users before the first one begins.
        let built = started.elapsed();
        wait_until("a request for each user", || ANSWERED.load(Ordering::Relaxed) >= users);
        print_footprint(before, users, built, started.elapsed());
        std::process::exit(0);
    });
    runtime().block_on(attack.execute()).expect("a run");
}

fn runtime() -> tokio::runtime::Runtime {
    // As `#[tokio::main]` has it: a thread for each core that this process may use.
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}
