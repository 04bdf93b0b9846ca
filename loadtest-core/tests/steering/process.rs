//! The other side of the program: its stdin, what it says, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Nothing takes longer.
const BOUND: Duration = Duration::from_secs(120);

pub(crate) struct Process {
    child: Child,
    err: Arc<(Mutex<String>, Condvar)>,
    /// How much of it was dealt with.
    forgotten: usize,
    read_out: JoinHandle<String>,
    read_err: JoinHandle<()>,
}

pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn all(&self) -> String {
        format!("exit code {:?}\n--- stdout:\n{}\n--- stderr:\n{}", self.code, self.out, self.err)
    }
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LOADTEST_") {
                command.env_remove(name);
            }
        }
        command.env(super::PROGRAM, "1").args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let lines = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let shared = Arc::clone(&lines);
        let read_out = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        let read_err = std::thread::spawn(move || {
            for line in BufReader::new(err).lines() {
                let mut text = shared.0.lock().unwrap();
                text.push_str(&line.unwrap());
                text.push('\n');
                shared.1.notify_all();
            }
        });
        Self { child, err: lines, forgotten: 0, read_out, read_err }
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let status = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status();
        assert!(status.unwrap().success());
    }

    /// A line for its web UI.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
    }

    /// Waits until it has said this on stderr.
    pub(crate) fn wait_for(&self, text: &str) {
        let lines = self.err.0.lock().unwrap();
        let missing = |lines: &mut String| !lines[self.forgotten..].contains(text);
        let (lines, time) = self.err.1.wait_timeout_while(lines, BOUND, missing).unwrap();
        assert!(!time.timed_out(), "`{text}` was not said:\n{lines}");
    }

    /// What it has said until now is not waited for any more.
    pub(crate) fn forget(&mut self) {
        self.forgotten = self.err.0.lock().unwrap().len();
    }

    pub(crate) fn finish(mut self) -> Ended {
        // Its web UI hears nothing any more, which is no reason to end.
        let started = std::time::Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > BOUND => {
                    self.child.kill().unwrap();
                    panic!("it did not end:\n{}", self.err.0.lock().unwrap());
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        self.read_err.join().unwrap();
        let err = self.err.0.lock().unwrap().clone();
        Ended { code: status.code(), out: self.read_out.join().unwrap(), err }
    }
}
