//! The command line as a person meets it: bad input, dead servers, exit codes, files.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::time::Duration;

use process::Process;
use testbed::echo::EchoServer;

#[test]
fn bad_input_is_one_line_that_says_what_to_write_and_nothing_is_started() {
    let server = EchoServer::spawn();
    let url = server.url();
    for (arguments, expected) in [
        (&["-H", "localhost:8080"][..], "http://localhost:8080"),
        (&["-H", "ftp://localhost"], "http"),
        (&["-H", "http://"], "host"),
        (&["-H", &url, "-u", "0"], "at least 1"),
        (&["-H", &url, "-r", "-1"], "above 0"),
        (&["-H", &url, "-r", "nan"], "above 0"),
        (&["-H", &url, "-t", "5x"], "unknown unit `x`"),
        (&["-H", &url, "Visiter"], "there are: Visitor"),
        (&["-H", &url, "--user", "5"], "--users"),
        (&["-H", &url, "--run-tiem", "5s"], "--run-time"),
        (&["-H", &url, "--csv", "/no/such/folder/x"], "folder that exists"),
        (&["-H", &url, "--logfile", "/no/such/folder/x.log"], "cannot be written"),
    ] {
        let process = Process::example("first_steps").args(arguments.iter().copied()).finish();
        assert_eq!(process.code, Some(2), "{arguments:?}: {}", process.all());
        assert_eq!(process.err.trim_end().lines().count(), 1, "{arguments:?}: {}", process.all());
        assert!(
            process.err.starts_with("error: ") && process.err.contains(expected),
            "{arguments:?}: {}",
            process.all()
        );
    }
    assert_eq!(server.counts().received_total(), 0);
}

#[test]
fn a_closed_port_gives_failures_and_a_normal_end() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let process = Process::example("first_steps").args(["-H", &url, "-t", "1s", "-u", "2"]).finish();
    assert_eq!(process.code, Some(1), "{}", process.all());
    assert!(process.out.contains("GET /something: connection refused"), "{}", process.out);
    assert!(!process.out.contains("Exceptions"), "{}", process.out);
    assert!(process.out.contains("the run time is over"), "{}", process.out);
}

#[test]
fn a_server_that_dies_during_the_run_gives_failures_and_a_normal_end() {
    let server = EchoServer::spawn();
    let process =
        Process::example("first_steps").args(["-H", &server.url(), "-t", "3s", "-u", "5", "-r", "50"]).start();
    let started = std::time::Instant::now();
    while server.counts().answered_total() < 10 {
        assert!(started.elapsed() < Duration::from_secs(30));
        std::thread::yield_now();
    }
    server.kill();
    let process = process.finish();
    assert_eq!(process.code, Some(1), "{}", process.all());
    let total = &process.rows()["Aggregated"];
    assert!(total.ok >= 5 && total.failed > 0, "{}", process.out);
    assert!(process.out.contains("connection refused"), "{}", process.out);
}

#[test]
fn variables_are_defaults_and_flags_win() {
    let server = EchoServer::spawn();
    let process = Process::example("first_steps")
        .env("LOADTEST_HOST", &server.url())
        .env("LOADTEST_RUN_TIME", "1s")
        .env("LOADTEST_USERS", "50")
        .env("LOADTEST_ONLY_SUMMARY", "true")
        .args(["-u", "3", "-r", "unlimited", "--seed", "77"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("all 3 users started"), "{}", process.err);
    assert!(process.out.contains("Seed 77."), "{}", process.out);
    assert!(!process.out.contains("left"), "only the summary:\n{}", process.out);
    assert!(!process.err.contains("no --host given"), "no server of its own was started:\n{}", process.err);
}

#[test]
fn classes_are_listed_and_help_is_help() {
    let list = Process::example("first_steps").args(["--list"]).finish();
    assert_eq!((list.code, list.out.as_str()), (Some(0), "Visitor\n"), "{}", list.all());
    let help = Process::example("first_steps").args(["--help"]).finish();
    assert_eq!(help.code, Some(0));
    for flag in [
        "--host",
        "--users",
        "--spawn-rate",
        "--run-time",
        "--stop-timeout",
        "--on-stop-timeout",
        "--csv",
        "LOADTEST_HOST",
    ] {
        assert!(help.out.contains(flag), "{flag}:\n{}", help.out);
    }
}

#[test]
fn csv_files_agree_with_the_table() {
    let server = EchoServer::spawn();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("csv-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let prefix = folder.join("run");
    let process = Process::example("first_steps")
        .args(["-H", &server.url(), "-t", "2s", "-r", "unlimited", "--csv", prefix.to_str().unwrap()])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let read = |name: &str| std::fs::read_to_string(folder.join(format!("run_{name}.csv"))).unwrap();
    let stats = read("stats");
    let ok = process.rows()["GET /something"].ok;
    assert!(stats.contains(&format!("GET,/something,{ok},0,")), "{stats}");
    assert!(stats.lines().last().unwrap().starts_with(&format!(",Aggregated,{ok},0,")), "{stats}");
    assert!(read("stats_history").lines().count() >= 3);
    assert_eq!(read("failures").lines().count(), 1);
    assert_eq!(read("exceptions").lines().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_smallest_example_runs_without_arguments() {
    let process = Process::example("first_steps").env("LOADTEST_RUN_TIME", "3s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.rows()["GET /something"].ok > 10);
    assert!(process.out.contains(" requests, "), "a line every few seconds:\n{}", process.out);
}
