//! A program with its page, as a tutorial has it: started, watched, stopped and started again over HTTP, and which hooks run
//! meanwhile.
//!
//! The binary is its own child: with `STEERED=1` it is a load test that says which hook runs.

#![expect(clippy::print_stdout, reason = "the child says which hook runs")]

#[path = "process/nothing.rs"]
mod nothing;
mod process;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use loadtest::prelude::*;
use nothing::users;
use process::{Process, Running};

users! {
    Member {
        async fn setup() {
            println!("hook: setup");
        }

        async fn on_start(&mut self) {
            println!("hook: on_start");
        }

        #[task]
        async fn read(&mut self) -> TaskResult {
            self.cx.measure("CALL", "read", std::future::ready(Ok::<_, std::io::Error>(()))).await?;
            Ok(())
        }

        async fn on_stop(&mut self) {
            println!("hook: on_stop");
        }

        async fn teardown() {
            println!("hook: teardown");
        }
    }
}

fn program() -> ExitCode {
    let test = LoadTest::new().user::<Member>();
    loadtest::cli::main_with(test, loadtest::cli::Defaults::new(), Some(&loadtest::web::Web))
}

fn started(arguments: &[&str]) -> Running {
    let process = Process::program(std::env::current_exe().expect("this program")).env("STEERED", "1");
    process.with_web_ui().args(arguments.iter().copied()).start()
}

/// Where the page is, once it was said.
fn port(running: &Running) -> String {
    let said = running.said_after("web UI: http://127.0.0.1:");
    said.trim_end_matches('/').to_owned()
}

/// The body of the answer, which has to be a good one.
fn ask(port: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the page is served");
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{method} {path}: {answer}");
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

fn until(running: &Running, port: &str, parts: &[&str]) {
    running.wait_until(&format!("{parts:?}"), || {
        let state = ask(port, "GET", "/api/v1/state", "");
        parts.iter().all(|part| state.contains(part))
    });
}

/// Two users, two more while they run, a stop; five users, a stop; the end.
fn a_tutorial_can_be_followed_with_the_page() -> Result<(), Failed> {
    let running = started(&["--threads", "2"]);
    let port = port(&running);
    assert!(ask(&port, "GET", "/", "").contains("<script"), "a page");
    until(&running, &port, &["\"state\":\"ready\"", "\"users\":0,\"starting\":0"]);
    assert!(ask(&port, "POST", "/swarm", "user_count=2&spawn_rate=100").contains("\"success\":true"));
    until(&running, &port, &["\"state\":\"running\"", "\"users\":2,\"starting\":0"]);
    ask(&port, "POST", "/api/v1/edit", "{\"users\": 4}");
    until(&running, &port, &["\"state\":\"running\"", "\"users\":4,\"starting\":0"]);
    ask(&port, "POST", "/stop", "");
    until(&running, &port, &["\"state\":\"stopped\"", "\"users\":0,\"starting\":0", "\"run\":1,"]);
    ask(&port, "POST", "/api/v1/start", "{\"users\": 5, \"spawn_rate\": 100}");
    until(&running, &port, &["\"state\":\"running\"", "\"users\":5,\"starting\":0", "\"run\":2,"]);
    ask(&port, "POST", "/api/v1/stop", "{}");
    until(&running, &port, &["\"state\":\"stopped\"", "\"run\":2,"]);
    running.interrupt();
    let ended = running.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());

    let hooks: Vec<&str> = ended.out.lines().filter_map(|line| line.strip_prefix("hook: ")).collect();
    let of_run = |users: usize| {
        let each = |hook| std::iter::repeat_n(hook, users);
        std::iter::once("setup").chain(each("on_start")).chain(each("on_stop")).chain(["teardown"])
    };
    assert_eq!(hooks, of_run(4).chain(of_run(5)).collect::<Vec<_>>(), "{}", ended.all());
    Ok(())
}

fn with_autostart_the_page_is_open_meanwhile_and_autoquit_ends_it() -> Result<(), Failed> {
    let running = started(&["--autostart", "--autoquit", "0", "-u", "1", "-t", "2s"]);
    let port = port(&running);
    until(&running, &port, &["\"state\":\"running\"", "\"users\":1,\"starting\":0"]);
    let ended = running.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.rows()["CALL read"].ok > 0, "{}", ended.all());
    Ok(())
}

fn a_taken_port_ends_a_run_that_would_wait_and_no_other() -> Result<(), Failed> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let waits = started(&["--web-port", &port]).finish();
    assert_eq!(waits.code, Some(2), "{}", waits.all());
    assert!(waits.err.contains(&port) && waits.err.lines().count() == 1, "{}", waits.all());
    let starts = started(&["--web-port", &port, "--autostart", "-u", "1", "-t", "1s"]).finish();
    assert_eq!(starts.code, Some(0), "{}", starts.all());
    assert_eq!(starts.err.matches("no web UI: ").count(), 1, "{}", starts.all());
    Ok(())
}

fn main() -> ExitCode {
    if std::env::var_os("STEERED").is_some() {
        return program();
    }
    let trials = vec![
        Trial::test("a_tutorial_can_be_followed_with_the_page", a_tutorial_can_be_followed_with_the_page),
        Trial::test(
            "with_autostart_the_page_is_open_meanwhile_and_autoquit_ends_it",
            with_autostart_the_page_is_open_meanwhile_and_autoquit_ends_it,
        ),
        Trial::test(
            "a_taken_port_ends_a_run_that_would_wait_and_no_other",
            a_taken_port_ends_a_run_that_would_wait_and_no_other,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
