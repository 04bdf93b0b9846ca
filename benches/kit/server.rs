//! The fixed-response server in a process of its own, on a core of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::process::{self, SERVER_CORE};

/// The cookies that the server can set: of common lengths, for all paths.
const COOKIES: [&str; 3] = [
    "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly",
    "csrf=fedcba9876543210; Path=/",
    "theme=dark; Path=/; Max-Age=86400",
];

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Bytes of the body.
    pub body: usize,
    /// How many cookies each answer sets, up to three.
    pub cookies: usize,
    /// Over TLS.
    pub tls: bool,
}

/// A running server; it ends with this value, and with this process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Builds the program. To be done once, before the first start.
    ///
    /// # Errors
    /// When cargo fails.
    pub fn build() -> Result<(), String> {
        build("fixed_server")
    }

    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(served: Served) -> Result<Self, String> {
        let mut command = process::pinned(SERVER_CORE, target_directory()?.join("release/fixed_server"));
        command.args(["--until-stdin-closes", "--body", &served.body.to_string()]);
        for cookie in COOKIES.iter().take(served.cookies) {
            command.args(["--set-cookie", cookie]);
        }
        if served.tls {
            command.arg("--tls");
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("the server: {error}"))?;
        let mut url = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut url).map_err(|error| format!("the server: {error}"))?;
        }
        let server = Self { child, url: url.trim().to_owned() };
        if server.url.is_empty() { Err("the server ended before it listened".to_owned()) } else { Ok(server) }
    }

    /// Where it listens: `http://127.0.0.1:<port>`, or `https://`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How it ended, if it has ended.
    pub fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// The CPU time that it has used, in seconds, as Linux counts it (in hundredths).
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The second field is a name in parentheses, which may hold spaces.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds a program of the testbed.
///
/// # Errors
/// When cargo fails.
pub fn build(program: &str) -> Result<(), String> {
    let target = target_directory()?;
    process::visibly(
        Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--release", "-p", "testbed", "--bin", program, "--target-dir"])
            .arg(target),
    )
}

/// Where cargo has put this program: `target/release/deps/name`.
///
/// # Errors
/// When this program lies elsewhere.
pub fn target_directory() -> Result<PathBuf, String> {
    let exe = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = exe.ancestors().nth(3).ok_or_else(|| format!("{} is not in a target directory", exe.display()))?;
    Ok(target.to_path_buf())
}
