//! A machine that has no more: of descriptors, of local ports. Each in a process of its own, whose limits are lowered.
//!
//! The binary is its own child: with `LIMIT` it makes the shortage and says what requests come to, and what it says is
//! looked at here.

#![allow(clippy::print_stdout, reason = "how a child speaks to its parent")]

mod harness;

use std::fs::{self, File};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio};

use harness::{Direct, Make, User};
use libtest_mimic::{Arguments, Failed, Trial};
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};

/// Descriptors left to a child.
const FEW_FILES: u64 = 64;
/// Local ports of a child, one of them its server's.
const FEW_PORTS: &str = "40000 40009";
const PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// One request; what became of it on one line.
async fn say<M: Make>(user: &User, what: &str, url: &str) {
    let outcome = match user.http.fresh().get(url).name(what.to_owned()).send().await {
        Ok(response) => format!("answer: {}", response.text_lossy()),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    let sample = user.shard.failures().iter().find(|failure| *failure.key.name == *what).map(|row| row.sample.clone());
    let (started, ok, failed, interrupted, written) = user.books("GET", what);
    let transport = if M::IS_DIRECT { "direct" } else { "reqwest" };
    println!(
        "{transport}: {outcome} | {started} {ok} {failed} {interrupted} {written} | {}",
        sample.unwrap_or_default()
    );
}

/// The servers live in the parent, which has descriptors to accept connections with.
async fn out_of_files<M: Make>() {
    let port = |name| std::env::var(name).expect("a port");
    let user = User::new::<M>(&format!("http://127.0.0.1:{}", port("LIMIT_PLAIN")));
    say::<M>(&user, "before", "/before").await;
    rlimit::setrlimit(rlimit::Resource::NOFILE, FEW_FILES, FEW_FILES).expect("fewer descriptors");
    let mut files = Vec::new();
    while let Ok(file) = File::open(std::env::current_exe().expect("this program")) {
        files.push(file);
    }
    say::<M>(&user, "address", "/x").await;
    say::<M>(&user, "name", &format!("http://localhost:{}/x", port("LIMIT_PLAIN"))).await;
    say::<M>(&user, "secure", &format!("https://127.0.0.1:{}/x", port("LIMIT_SECURE"))).await;
    drop(files);
    say::<M>(&user, "after", "/after").await;
}

async fn out_of_ports<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::None);
    let user = User::new::<M>(&server.url());
    let kept = user.http.clone();
    kept.get("/kept").send().await.expect("an answer");
    if std::env::var_os("LIMIT_RANGE").is_some() {
        fs::write(PORTS, FEW_PORTS).expect("fewer ports");
    }
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    // Kept open; ports are taken for each destination apart, so that nobody else is disturbed.
    let mut taken = Vec::new();
    while let Ok(stream) = TcpStream::connect(server.addr()) {
        taken.push(stream);
    }
    println!("taken: {}", taken.len());
    say::<M>(&user, "ports", "/x").await;
    println!("kept: {}", kept.get("/kept").send().await.is_ok());
}

fn child(limit: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match limit {
            "files" => out_of_files::<Direct>().await,
            #[cfg(feature = "reqwest")]
            "files over reqwest" => out_of_files::<harness::Reqwest>().await,
            "ports" => out_of_ports::<Direct>().await,
            other => panic!("no such limit: {other}"),
        }
    });
    ExitCode::SUCCESS
}

/// What a child says, line by line.
fn run(mut command: Command, limit: &str) -> Result<Vec<String>, Failed> {
    let output = command.env("LIMIT", limit).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(format!("{said}\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(said.lines().map(str::to_owned).collect())
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().expect("this program"))
}

fn expect(said: &[String], starts: &[&str]) -> Result<(), Failed> {
    let fits = said.len() == starts.len() && said.iter().zip(starts).all(|(line, start)| line.starts_with(start));
    if fits { Ok(()) } else { Err(format!("{}\ninstead of\n{}", said.join("\n"), starts.join("\n")).into()) }
}

fn without_files(limit: &str) -> Result<Vec<String>, Failed> {
    let server = Misbehaving::spawn(Behaviour::None);
    let secure = Misbehaving::spawn_tls(Behaviour::None, Certificate::Good);
    let mut command = this_program();
    command.env("LIMIT_PLAIN", server.addr().port().to_string());
    command.env("LIMIT_SECURE", secure.addr().port().to_string());
    run(command, limit)
}

fn files_run_out() -> Result<(), Failed> {
    expect(
        &without_files("files")?,
        &[
            "direct: answer: 1 GET /before | 1 1 0 0 1 |",
            "direct: Connect: GET address: out of file descriptors (see ulimit -n) | 1 0 1 0 0 | 127.0.0.1:",
            "direct: Connect: GET name: out of file descriptors (see ulimit -n) | 1 0 1 0 0 | localhost: ",
            "direct: Connect: GET secure: out of file descriptors (see ulimit -n) | 1 0 1 0 0 | 127.0.0.1:",
            "direct: answer: 2 GET /after | 1 1 0 0 1 |",
        ],
    )
}

#[cfg(feature = "reqwest")]
fn files_run_out_over_reqwest() -> Result<(), Failed> {
    expect(
        &without_files("files over reqwest")?,
        &[
            "reqwest: answer: 1 GET /before | 1 1 0 0 1 |",
            // On the connection that is there.
            "reqwest: answer: 2 GET /x |",
            "reqwest: Connect: GET name: out of file descriptors (see ulimit -n) | 1 0 1 0 0 | localhost: ",
            "reqwest: Connect: GET secure: out of file descriptors (see ulimit -n) | 1 0 1 0 0 |",
            "reqwest: answer: ",
        ],
    )
}

/// How local ports can be made to run out on this machine.
#[derive(Clone, Copy)]
enum Way {
    /// In a network of its own, with a handful of them.
    Namespace,
    /// Taking all there are.
    All,
}

impl Way {
    fn find() -> Option<Self> {
        let namespace = in_namespace("true").output().is_ok_and(|output| output.status.success());
        if namespace {
            return Some(Self::Namespace);
        }
        let range = fs::read_to_string(PORTS).ok()?;
        let mut ends = range.split_whitespace().filter_map(|end| end.parse::<u64>().ok());
        let (first, last) = (ends.next()?, ends.next()?);
        // Both ends of each connection are in one process.
        let needed = 2 * last.saturating_sub(first) + 1000;
        let (_, most) = rlimit::getrlimit(rlimit::Resource::NOFILE).ok()?;
        (most > needed).then_some(Self::All)
    }
}

/// A command that runs `$0` in a network of its own, with a loopback interface.
fn in_namespace(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-Urn", "sh", "-c", "ip link set lo up && exec \"$0\""]).arg(program);
    command
}

fn ports_run_out(way: Way) -> Result<(), Failed> {
    let command = match way {
        Way::All => this_program(),
        Way::Namespace => {
            let mut command = in_namespace(std::env::current_exe()?);
            command.env("LIMIT_RANGE", "1");
            command
        }
    };
    expect(
        &run(command, "ports")?,
        &["taken: ", "direct: Connect: GET ports: out of local ports | 1 0 1 0 0 | 127.0.0.1:", "kept: true"],
    )
}

fn main() -> ExitCode {
    if let Ok(limit) = std::env::var("LIMIT") {
        return child(&limit);
    }
    let mut trials = vec![Trial::test("files_run_out", files_run_out)];
    #[cfg(feature = "reqwest")]
    trials.push(Trial::test("files_run_out_over_reqwest", files_run_out_over_reqwest));
    trials.push(match Way::find() {
        Some(way @ Way::Namespace) => Trial::test("ports_run_out", move || ports_run_out(way)),
        Some(way @ Way::All) => {
            Trial::test("ports_run_out (no namespaces here: all are taken)", move || ports_run_out(way))
        }
        None => Trial::test("ports_run_out (NOT TESTED: neither namespaces nor enough descriptors)", || Ok(()))
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
