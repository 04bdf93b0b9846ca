//! An example as a real process: started, signalled, read.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// No process of these tests may take longer.
const BOUND: Duration = Duration::from_secs(120);

/// A process to be.
pub(crate) struct Process(Command);

impl Process {
    /// An example of this package, which `cargo test` has built beside the tests.
    pub(crate) fn example(name: &str) -> Self {
        Self::program(Self::example_path(name))
    }

    /// Where that is.
    pub(crate) fn example_path(name: &str) -> PathBuf {
        let tests = std::env::current_exe().expect("this program");
        tests.ancestors().nth(2).expect("the profile's folder").join("examples").join(name)
    }

    /// Any program: an example that is a package of its own, say.
    pub(crate) fn program(path: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LOADTEST_") {
                command.env_remove(name);
            }
        }
        // With a web UI it would wait for somebody to start it.
        command.env("LOADTEST_HEADLESS", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command)
    }

    /// With its web UI, if it has one, on a port that is free.
    pub(crate) fn with_web_ui(mut self) -> Self {
        self.0.env_remove("LOADTEST_HEADLESS").env("LOADTEST_WEB_PORT", "0");
        self
    }

    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self.0.spawn().expect("the example is built");
        let out = child.stdout.take().expect("a pipe");
        let err = child.stderr.take().expect("a pipe");
        let lines = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let read_out = std::thread::spawn(move || {
            let mut text = String::new();
            BufReader::new(out).read_to_string(&mut text).expect("text");
            text
        });
        let shared = Arc::clone(&lines);
        let read_err = std::thread::spawn(move || {
            for line in BufReader::new(err).lines() {
                let mut text = shared.0.lock().expect("no panic");
                text.push_str(&line.expect("text"));
                text.push('\n');
                shared.1.notify_all();
            }
        });
        Running { child: Kept(child), err: lines, read_out, read_err }
    }

    pub(crate) fn finish(self) -> Ended {
        self.start().finish()
    }

    /// Starts it with a stdout whose reader has gone.
    pub(crate) fn start_without_stdout(mut self) -> Deaf {
        let mut child = self.0.spawn().expect("the example is built");
        drop(child.stdout.take());
        Deaf(child)
    }

    /// The exit code where the readers of stdout and of stderr have gone.
    pub(crate) fn finish_without_readers(mut self) -> Option<i32> {
        let mut child = self.0.spawn().expect("the example is built");
        drop((child.stdout.take(), child.stderr.take()));
        child.wait().expect("an end").code()
    }
}

/// A process to whose stdout nobody listens.
pub(crate) struct Deaf(Child);

impl Deaf {
    /// Everything it says on stderr until its end.
    pub(crate) fn err(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().expect("a pipe").read_to_string(&mut text).expect("text");
        self.0.wait().expect("an end");
        text
    }
}

/// A child that is gone at the latest when this is: also of a test that has failed.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that runs.
pub(crate) struct Running {
    child: Kept,
    err: Arc<(Mutex<String>, Condvar)>,
    read_out: JoinHandle<String>,
    read_err: JoinHandle<()>,
}

impl Running {
    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.0.id())]).status();
        assert!(status.expect("a shell").success());
    }

    /// Waits until this is so: of a file, say.
    pub(crate) fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let started = std::time::Instant::now();
        while !is_so() {
            assert!(started.elapsed() < BOUND, "{what}:\n{}", self.err.0.lock().expect("no panic"));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the process has said this on stderr.
    pub(crate) fn wait_for_err(&self, text: &str) {
        let lines = self.err.0.lock().expect("no panic");
        let (lines, time) =
            self.err.1.wait_timeout_while(lines, BOUND, |lines| !lines.contains(text)).expect("no panic");
        assert!(!time.timed_out(), "`{text}` was not said:\n{lines}");
    }

    /// Waits until the process has said this on stderr, and the rest of the line.
    pub(crate) fn said_after(&self, text: &str) -> String {
        let mut rest = String::new();
        self.wait_until(text, || {
            let lines = self.err.0.lock().expect("no panic");
            let line = lines.split_once(text).and_then(|(_, after)| after.split_once('\n'));
            line.is_some_and(|(line, _)| {
                line.clone_into(&mut rest);
                true
            })
        });
        rest
    }

    pub(crate) fn finish(mut self) -> Ended {
        // The bound: a watcher kills the process, which closes its pipes.
        let id = self.child.0.id();
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        let watched = Arc::clone(&done);
        let watcher = std::thread::spawn(move || {
            let ended = watched.0.lock().expect("no panic");
            let (_ended, time) = watched.1.wait_timeout_while(ended, BOUND, |ended| !*ended).expect("no panic");
            if time.timed_out() {
                let _ = Command::new("sh").args(["-c", &format!("kill -KILL {id}")]).status();
            }
        });
        let status = self.child.0.wait().expect("the process ends");
        *done.0.lock().expect("no panic") = true;
        done.1.notify_all();
        watcher.join().expect("the watcher ends");
        self.read_err.join().expect("stderr is text");
        let out = self.read_out.join().expect("stdout is text");
        let err = self.err.0.lock().expect("no panic").clone();
        Ended { code: status.code(), out, err }
    }
}

/// A process that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// One row of the request table.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) interrupted: u64,
}

impl Ended {
    pub(crate) fn all(&self) -> String {
        format!("exit code {:?}\n--- stdout:\n{}\n--- stderr:\n{}", self.code, self.out, self.err)
    }

    /// The request table at the end, by `METHOD name`.
    pub(crate) fn rows(&self) -> HashMap<String, Row> {
        self.out
            .lines()
            .skip_while(|line| !line.starts_with("Request "))
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter(|line| !line.starts_with("---"))
            .map(|line| {
                let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
                let number = |cell: &str| {
                    cell.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{line}"))
                };
                let row = Row { ok: number(cells[1]), failed: number(cells[2]), interrupted: number(cells[3]) };
                (cells[0].to_owned(), row)
            })
            .collect()
    }
}
