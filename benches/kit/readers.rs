//! A run that is watched through the web UI, and the same run alone: what the watching costs the load generator.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use loadtest::console::web::{ServedUi, WebSettings, WebUi};
use loadtest::console::{Ask, Console};
use loadtest::prelude::*;
use loadtest::stats::RunState;
use serde_json::{Value, json};

use crate::child::{self, ChildResult};
use crate::process;

/// Names of requests: rows of the page.
pub const NAMES: usize = 2_000;

/// Readers of the event stream, as of ten open pages.
pub const READERS: usize = 10;

const USERS: u64 = 50;

/// How long anything may take beyond the run itself.
const PATIENCE: Duration = Duration::from_secs(30);

static NAMED: OnceLock<Vec<String>> = OnceLock::new();

/// Asks for one page under one name after the other.
#[derive(User)]
struct Naming {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
    asked: usize,
}

#[tasks]
impl Naming {
    async fn on_start(&mut self) {
        // Not all at the same name at the same time.
        self.asked = usize::try_from(self.cx.user_number()).unwrap_or(0) * 37;
    }

    #[task]
    async fn page(&mut self) -> TaskResult {
        self.asked += 1;
        let names = NAMED.get().map_or(&[][..], Vec::as_slice);
        let name = names.get(self.asked % NAMES).map_or("", String::as_str);
        self.http.get("/things/17").name(name).send().await?;
        Ok(())
    }
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// CPU microseconds of the whole process per request.
    pub cpu: f64,
    /// Requests per second.
    pub rate: f64,
    /// What readers got, in bytes; 0 without any.
    pub bytes: f64,
}

/// One run of so many seconds, watched or alone.
///
/// # Errors
/// When it fails, or a reader did not get every interval.
pub fn measure(url: &str, seconds: u64, watched: bool) -> Result<Watched, String> {
    let said = |error: std::io::Error| error.to_string();
    let how = if watched { "watched" } else { "alone" };
    let mut command = child::command(&format!("readers run {url} {seconds} {how}"))?;
    let mut run = Kept(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(said)?);
    let mut lines = BufReader::new(run.0.stdout.take().ok_or("no output")?).lines();
    let mut line = || lines.next().ok_or("the run ended without a word")?.map_err(|error| error.to_string());
    let readers = if watched { Some(Readers::start(&line()?)?) } else { None };
    run.0.stdin.take().ok_or("no input")?.write_all(b"go\n").map_err(said)?;
    let told: Value = serde_json::from_str(&line()?).map_err(|error| error.to_string())?;
    let number = |name: &str| told[name].as_f64().ok_or_else(|| format!("no {name} in {told}"));
    let (requests, cpu) = (number("requests")?, number("cpu_seconds")?);
    // The process ends, and with it the stream.
    drop(run);
    let bytes = match readers {
        Some(readers) => readers.finish(seconds)?,
        None => 0.0,
    };
    Ok(Watched { cpu: cpu / requests * 1e6, rate: requests / seconds as f64, bytes })
}

/// A process that is ended with this value.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The readers, in a process of their own on the server's core: what they do is not what the generator does.
struct Readers {
    process: Kept,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Readers {
    /// Returns when each has its first event.
    fn start(url: &str) -> Result<Self, String> {
        let exe = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command: Command = process::pinned(process::SERVER_CORE, exe);
        command.env(child::CHILD, format!("readers follow {url}")).stdout(Stdio::piped());
        let mut process = Kept(command.spawn().map_err(|error| error.to_string())?);
        let mut lines = BufReader::new(process.0.stdout.take().ok_or("no output")?).lines();
        match lines.next() {
            Some(Ok(line)) if line == "following" => Ok(Self { process, lines }),
            other => Err(format!("the readers: {other:?}")),
        }
    }

    /// Bytes that all of them got together.
    fn finish(mut self, seconds: u64) -> Result<f64, String> {
        let line = self.lines.next().ok_or("the readers ended without a word")?.map_err(|error| error.to_string())?;
        let told: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let _ = self.process.0.wait();
        let fewest = told["fewest_intervals"].as_u64().unwrap_or(0);
        // The first and the last second need not be whole.
        if fewest + 2 < seconds {
            return Err(format!("a reader got {fewest} intervals of a run of {seconds} s"));
        }
        told["bytes"].as_f64().ok_or_else(|| format!("no bytes in {told}"))
    }
}

/// What a child does.
///
/// # Errors
/// When it cannot.
pub(crate) fn child(words: &[&str]) -> ChildResult<()> {
    match *words {
        ["run", url, seconds, how] => run(url, seconds.parse()?, how == "watched"),
        ["follow", url] => follow(url),
        _ => Err(format!("no such part: {words:?}").into()),
    }
}

fn run(url: &str, seconds: u64, watched: bool) -> ChildResult<()> {
    let names = (0..NAMES).map(|number| format!("/shop/{}/articles/{number}", number % 7)).collect();
    let _ = NAMED.set(names);
    let test = LoadTest::new().host(url).user::<Naming>().users(USERS).spawn_rate(f64::INFINITY).threads(1);
    let console = Console::new(test.run_time(Duration::from_secs(seconds)));
    let _ui: Option<Box<dyn ServedUi>> = if watched {
        let mut settings = WebSettings::default();
        settings.port = 0;
        let ui = loadtest::web::Web.serve(settings, console.clone())?;
        println!("{}", ui.url());
        Some(ui)
    } else {
        None
    };
    std::io::stdin().lock().read_line(&mut String::new())?;
    let before = cpu_seconds()?;
    console.start(&Ask::default()).map_err(|refused| refused.to_string())?;
    let end = Instant::now() + Duration::from_secs(seconds) + PATIENCE;
    while console.view().state != RunState::Stopped {
        if Instant::now() > end {
            return Err("the run does not end".into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    let cpu = cpu_seconds()? - before;
    let view = console.view();
    if view.snapshot.rows.len() != NAMES {
        return Err(format!("{} rows instead of {NAMES}", view.snapshot.rows.len()).into());
    }
    println!("{}", json!({ "requests": view.snapshot.total.stats.ok, "cpu_seconds": cpu }));
    Ok(())
}

/// User and system time of this process, in hundredths of a second (proc(5), `/proc/pid/stat`).
fn cpu_seconds() -> ChildResult<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |number: usize| -> ChildResult<f64> { Ok(fields.get(number).ok_or("too few fields")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn follow(url: &str) -> ChildResult<()> {
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (began, begins) = std::sync::mpsc::channel();
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (address, began) = (address.clone(), began.clone());
            thread::spawn(move || -> std::io::Result<(u64, u64)> {
                let mut stream = TcpStream::connect(&address)?;
                write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n")?;
                let (mut buffer, mut seen) = (vec![0; 1 << 16], Seen::default());
                let (mut bytes, mut has_begun) = (0, false);
                loop {
                    let read = match stream.read(&mut buffer) {
                        // The run is over, in whichever way its process went.
                        Ok(0) | Err(_) => return Ok((seen.intervals, bytes)),
                        Ok(read) => read,
                    };
                    bytes += read as u64;
                    seen.look(buffer.get(..read).unwrap_or_default());
                    if seen.hellos > 0 && !has_begun {
                        has_begun = true;
                        let _ = began.send(());
                    }
                }
            })
        })
        .collect();
    for _ in 0..READERS {
        begins.recv_timeout(PATIENCE)?;
    }
    println!("following");
    let (mut fewest, mut bytes) = (u64::MAX, 0);
    for reader in readers {
        let (intervals, read) = reader.join().map_err(|_| "a reader panicked")??;
        (fewest, bytes) = (fewest.min(intervals), bytes + read);
    }
    println!("{}", json!({ "fewest_intervals": fewest, "bytes": bytes }));
    Ok(())
}

/// Counts the beginnings of events, wherever the network cut the stream.
#[derive(Default)]
struct Seen {
    line: Vec<u8>,
    hellos: u64,
    intervals: u64,
}

impl Seen {
    fn look(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte != b'\n' {
                // Data lines are long, and of no interest.
                if self.line.len() < 32 {
                    self.line.push(byte);
                }
                continue;
            }
            match self.line.trim_ascii_end() {
                b"event: hello" | b"event:hello" => self.hellos += 1,
                b"event: interval" | b"event:interval" => self.intervals += 1,
                _ => {}
            }
            self.line.clear();
        }
    }
}
