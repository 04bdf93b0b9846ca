//! A full scripted user beside wrk, against the fixed-response server, in one run: `cargo bench --bench end_to_end`.
//!
//! The server is pinned to core 0, the client to core 1; wrk and we take turns, and the ratios are taken round by round,
//! because absolute figures of a shared machine move. Then 10,000 users with a connection each: how much memory, how
//! fast they start. `ROUNDS` and `SECONDS` change how long it takes.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figures and may panic")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use loadtest::prelude::*;

/// Says that this process is the load generator; its value is what it is to do.
const CHILD: &str = "LOADTEST_BENCH_CHILD";

#[derive(User)]
struct Scripted {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl Scripted {
    #[task(3)]
    async fn thing(&mut self) -> TaskResult {
        self.http.get("/things/17").name("/things/[id]").timeout(Duration::from_secs(30)).send().await?;
        Ok(())
    }

    #[task]
    async fn other(&mut self) -> TaskResult {
        debug_assert!(!self.cx.stopping());
        self.http.get("/others/4").name("/others/[id]").timeout(Duration::from_secs(30)).send().await?;
        Ok(())
    }
}

#[derive(User)]
#[user(wait_time = constant(Duration::from_secs(10)))]
struct Waiting {
    #[client]
    http: HttpSession,
}

#[tasks]
impl Waiting {
    #[task]
    async fn thing(&mut self) -> TaskResult {
        self.http.get("/things/17").name("/things/[id]").send().await?;
        Ok(())
    }
}

fn main() -> ExitCode {
    if let Ok(what) = std::env::var(CHILD) {
        child(&what);
        return ExitCode::SUCCESS;
    }
    for tool in ["wrk", "taskset"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            println!("{tool} is not here: on Debian, `apt-get install wrk util-linux`");
            return ExitCode::FAILURE;
        }
    }
    let rounds = number("ROUNDS", 5);
    let seconds = number("SECONDS", 4);
    let server = Server::start(1024);
    for users in [50, 250] {
        rate(&server.url, users, rounds, seconds);
    }
    memory(&server.url);
    ExitCode::SUCCESS
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The fixed-response server in a process of its own, on core 0.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(body: usize) -> Self {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--release", "-p", "testbed", "--bin", "fixed_server"])
            .status();
        assert!(built.unwrap().success(), "the fixed-response server is built");
        let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("fixed_server");
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(target)
            .args(["--body", &body.to_string(), "--set-cookie", "session=0123456789abcdef; Path=/"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Requests per second, and CPU microseconds per request.
#[derive(Clone, Copy)]
struct Figures {
    rate: f64,
    cpu: f64,
}

fn rate(url: &str, users: u64, rounds: u64, seconds: u64) {
    println!("\n{users} users, keep-alive, 1 KiB, one core each; {rounds} rounds of {seconds} s");
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (wrk, ours) = if round % 2 == 0 {
            let wrk = wrk(url, users, seconds);
            (wrk, scripted(url, users, seconds))
        } else {
            let ours = scripted(url, users, seconds);
            (wrk(url, users, seconds), ours)
        };
        rates.push(ours.rate / wrk.rate);
        cpus.push(ours.cpu / wrk.cpu);
        println!(
            "  wrk {:7.0}/s {:5.2} us   loadtest {:7.0}/s {:5.2} us   ratio of rates {:.3}, of CPU {:.3}",
            wrk.rate,
            wrk.cpu,
            ours.rate,
            ours.cpu,
            ours.rate / wrk.rate,
            ours.cpu / wrk.cpu
        );
    }
    println!(
        "  median ratio to wrk: requests per second {:.3}, CPU per request {:.3}",
        median(&mut rates),
        median(&mut cpus)
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs a command on core 1; what it printed, and the CPU seconds it took.
fn on_core_1(command: &str) -> (String, f64) {
    // The shell's `times` tells what its children used: user and system, in the second line.
    let output = Command::new("bash")
        .args(["-c", &format!("taskset -c 1 {command}; times")])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let times = text.trim_end().lines().last().unwrap().to_owned();
    let seconds = |time: &str| -> f64 {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    let cpu = times.split_whitespace().map(seconds).sum();
    (text, cpu)
}

fn wrk(url: &str, users: u64, seconds: u64) -> Figures {
    let (text, cpu) = on_core_1(&format!("wrk -t1 -c{users} -d{seconds}s {url}/things/17"));
    let line = text.lines().find(|line| line.contains("requests in")).unwrap();
    let requests: f64 = line.split_whitespace().next().unwrap().parse().unwrap();
    let rate: f64 = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap().trim().parse().unwrap();
    Figures { rate, cpu: cpu / requests * 1e6 }
}

fn scripted(url: &str, users: u64, seconds: u64) -> Figures {
    let (text, cpu) = ourselves(&format!("rate {url} {users} {seconds}"));
    let mut numbers = text.split_whitespace();
    let requests: f64 = numbers.next().unwrap().parse().unwrap();
    Figures { rate: requests / seconds as f64, cpu: cpu / requests * 1e6 }
}

fn ourselves(what: &str) -> (String, f64) {
    let exe = std::env::current_exe().unwrap();
    on_core_1(&format!("env {CHILD}='{what}' {}", exe.display()))
}

fn memory(url: &str) {
    let (text, _) = ourselves(&format!("memory {url} 10000 0"));
    println!("\n10,000 users with an open connection each: {}", text.lines().next().unwrap());
}

/// The load generator: `rate URL USERS SECONDS` or `memory URL USERS 0`.
fn child(what: &str) {
    let words: Vec<&str> = what.split(' ').collect();
    let [what, url, users, seconds] = words[..] else { panic!("{words:?}") };
    let users = users.parse().unwrap();
    let test = LoadTest::new().host(url).users(users).spawn_rate(f64::INFINITY).threads(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match what {
        "rate" => {
            let seconds = Duration::from_secs(seconds.parse().unwrap());
            let report = runtime.block_on(test.user::<Scripted>().run_time(seconds).run()).unwrap();
            let total = &report.total().stats;
            assert_eq!(total.failed, 0, "{report}");
            println!("{}", total.ok);
        }
        _ => {
            raise_descriptors();
            let before = resident();
            let running = test.user::<Waiting>().start().unwrap();
            let started = std::time::Instant::now();
            while running.snapshot().total.stats.ok < users {
                assert!(started.elapsed() < Duration::from_secs(60), "{:?}", running.snapshot().failures);
                std::thread::sleep(Duration::from_millis(10));
            }
            let took = started.elapsed().as_secs_f64();
            let each = (resident() - before) / users;
            println!("{:.1} KiB each, all connected and answered within {took:.1} s", each as f64 / 1024.0);
            drop(running);
        }
    }
}

/// Lets this process open as many files as it may.
fn raise_descriptors() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
}

/// The memory of this process that is in RAM, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}
