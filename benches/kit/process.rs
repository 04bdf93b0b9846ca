//! Running a client on a core of its own, for a bounded time, and what it cost.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::outputs;

/// The core of the server; clients have the next one.
pub const SERVER_CORE: usize = 0;
/// The core of the client.
pub const CLIENT_CORE: usize = 1;

/// Runs a program on a core; its time is up after the first argument's seconds. The shell's `times` tells in its second
/// line what its children used. `--foreground`: Ctrl-C reaches the program as well.
const SCRIPT: &str = r#"limit=$1; shift; timeout --foreground -k 5 "$limit" "$@"; code=$?; echo; times; exit $code"#;

/// The command that runs a program on a core.
#[must_use]
pub fn pinned(core: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// The command that runs a program on a core where it gives way to every other.
#[must_use]
pub fn giving_way(core: usize, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0", "taskset", "-c", &core.to_string()]).arg(program);
    command
}

/// A program that has ended well.
#[derive(Debug)]
pub struct Finished {
    /// What it printed.
    pub stdout: String,
    /// User and system time.
    pub cpu_seconds: f64,
    /// From start to end.
    pub took: Duration,
}

/// Runs a program on the client's core to its end.
///
/// # Errors
/// When it cannot be started, fails, or does not end within `limit`: with the last thing it said.
pub fn on_client_core(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
    limit: Duration,
) -> Result<Finished, String> {
    let started = Instant::now();
    let output = Command::new("bash")
        .args(["-c", SCRIPT, "bash", &limit.as_secs().to_string()])
        .args(["taskset", "-c", &CLIENT_CORE.to_string()])
        .arg(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("bash: {error}"))?;
    let took = started.elapsed();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        // A panic ends with notes about backtraces.
        let word = |line: &&str| !line.trim().is_empty() && !line.starts_with("note:");
        let said = stderr.lines().rfind(word).unwrap_or("it said nothing");
        return Err(match output.status.code() {
            Some(124 | 137) => format!("stopped after {} s; {said}", limit.as_secs()),
            _ => format!("{}; {said}", output.status),
        });
    }
    let cpu_seconds = outputs::shell_times(&stdout)?;
    Ok(Finished { stdout, cpu_seconds, took })
}

/// Runs a command to its end and shows what it says; for building and installing.
///
/// # Errors
/// When it cannot be started or fails.
pub fn visibly(command: &mut Command) -> Result<(), String> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let line = words.join(" ".as_ref()).to_string_lossy().into_owned();
    println!("$ {line}");
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("`{line}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}`: {status}")) }
}

/// The first line that a program prints; `None` when it cannot be run.
#[must_use]
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(|line| line.trim().to_owned())
}
