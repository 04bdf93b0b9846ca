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
        (&["-H", &url, "-t", "0"], "too short"),
        (&["-H", &url, "-u", "20000000"], "at most 10000000"),
        (&["-H", &url, "--threads", "5000"], "at most 4096"),
        (&["-H", &url, "--seed", "-1"], "from 0 to"),
        (&["-H", &url, "--iterations", "0"], "task runs, at least 1"),
        (&["-H", &url, "--iterations-per-user", "none"], "task runs, at least 1"),
        (&["-H", &url, "--debug-user", "Visiter"], "there are: Visitor"),
        (&["-H", &url, "--debug-secrets"], "--debug-user <USER_CLASS>"),
        (&["-H", "localhost:8080", "--debug-user", "Visitor"], "http://localhost:8080"),
        (&["-H", &url, "--cacert", "/no/such/root.pem"], "--cacert: /no/such/root.pem cannot be read"),
        (&["-H", &url, "--cert", "/no/such/cert.pem"], "--cert: /no/such/cert.pem cannot be read"),
        (&["-H", &url, "--key", "/no/such/key.pem"], "--cert FILE"),
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
        std::thread::sleep(Duration::from_millis(2));
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
        .env("LOADTEST_RUN_TIME", "3s")
        .env("LOADTEST_USERS", "50")
        .env("LOADTEST_ONLY_SUMMARY", "yes")
        .env("LOADTEST_HEADLESS", "1")
        .env("LOADTEST_RESET_STATS", "")
        .env("LOADTEST_USER_CLASSES", "")
        .args(["-u", "3", "-r", "unlimited", "--seed", "77"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("all 3 users started"), "{}", process.err);
    assert!(process.out.contains("Seed 77."), "{}", process.out);
    assert!(!process.out.contains(" requests, "), "only the summary:\n{}", process.out);
    assert!(!process.err.contains("no --host given"), "no server of its own was started:\n{}", process.err);
}

#[test]
fn a_wrong_variable_is_named() {
    let process = Process::example("first_steps").env("LOADTEST_USERS", "many").finish();
    assert_eq!(process.code, Some(2), "{}", process.all());
    assert!(process.err.contains("it comes from the variable LOADTEST_USERS"), "{}", process.err);
    // A word that is neither is not taken for a yes.
    let process = Process::example("first_steps").env("LOADTEST_ONLY_SUMMARY", "maybe").finish();
    assert_eq!(process.code, Some(2), "{}", process.all());
    assert!(
        process.err.contains("give true or false; it comes from the variable LOADTEST_ONLY_SUMMARY"),
        "{}",
        process.err
    );
}

#[test]
fn credentials_in_the_host_are_used_and_not_shown() {
    let server = EchoServer::spawn();
    let host = server.url().replace("http://", "http://ann:secret@");
    let process = Process::example("first_steps").args(["-H", &host, "-t", "1s"]).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(!process.all().contains("secret"), "{}", process.all());
}

#[test]
fn so_many_iterations_in_total_are_run_and_no_more() {
    let server = EchoServer::spawn();
    let process = Process::example("first_steps")
        .args(["-H", &server.url(), "-u", "5", "-r", "unlimited", "--threads", "2", "--iterations", "23"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!((process.rows()["GET /something"].ok, server.counts().received_total()), (23, 23), "{}", process.out);
    assert!(process.out.contains(": all iterations are done."), "{}", process.out);
}

#[test]
fn so_many_iterations_per_user_are_run_and_no_more() {
    let server = EchoServer::spawn();
    let process = Process::example("first_steps")
        .env("LOADTEST_ITERATIONS_PER_USER", "3")
        .env("LOADTEST_ITERATIONS", "1000")
        .args(["-H", &server.url(), "-u", "4", "-r", "unlimited"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!((process.rows()["GET /something"].ok, server.counts().received_total()), (12, 12), "{}", process.out);
    assert!(process.out.contains(": every user has stopped itself."), "{}", process.out);
}

#[test]
fn one_user_is_shown_with_its_requests() {
    let server = EchoServer::spawn();
    let url = server.url();
    let host = url.replace("http://", "http://ann:secret@");
    let debug = ["--debug-user", "Visitor"];
    let process = Process::example("first_steps").args(["-H", &host, "-u", "7"]).args(debug).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let order = [
        "user 0: Visitor::on_start\n",
        "user 0: Visitor::something\n",
        &format!("user 0: request 1: GET {url}/something\n> GET /something HTTP/1.1\n"),
        "> authorization: Basic ***\n",
        "user 0: answer 1: 200 OK after ",
        "; connection opened)\n< HTTP/1.1 200 OK\n",
        "\nuser 0: verdict 1: GET /something: ok, ",
        "\nuser 0: Visitor::on_stop\n",
        "\nRequest ",
        ": all iterations are done. Seed ",
    ];
    let mut rest = process.out.as_str();
    for part in order {
        let Some(at) = rest.find(part) else { panic!("{part:?} is not where it should be:\n{}", process.out) };
        rest = &rest[at + part.len()..];
    }
    assert_eq!((process.rows()["GET /something"].ok, server.counts().received_total()), (1, 1), "{}", process.out);
    assert!(process.err.contains("--debug-user runs one user of that class: --users not used"), "{}", process.err);
    assert!(!process.all().contains("ann:secret"), "{}", process.all());

    let process = Process::example("first_steps")
        .args(["-H", &host, "--debug-secrets", "--iterations", "3"])
        .args(debug)
        .finish();
    assert_eq!((process.code, process.rows()["GET /something"].ok), (Some(0), 3), "{}", process.all());
    assert!(process.out.contains("\n> authorization: Basic YW5uOnNlY3JldA==\n"), "{}", process.out);
}

#[test]
fn one_user_needs_no_other_flag_and_its_troubles_give_the_exit_code() {
    let process = Process::example("first_steps").args(["--debug-user", "Visitor"]).finish();
    assert_eq!((process.code, process.rows()["GET /something"].ok), (Some(0), 1), "{}", process.all());
    let process = Process::example("first_steps")
        .env("LOADTEST_DEBUG_USER", "Visitor")
        .args(["-H", "http://127.0.0.1:1", "--exit-code-on-error", "7"])
        .finish();
    assert_eq!(process.code, Some(7), "{}", process.all());
    assert!(process.out.contains("verdict 1: GET /something: failed: connection refused ("), "{}", process.out);
}

#[test]
fn a_mistake_leaves_the_files_of_an_earlier_run_alone() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("earlier-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (csv, log) = (folder.join("run"), folder.join("run.log"));
    let kept = folder.join("run_stats.csv");
    for file in [&kept, &log] {
        std::fs::write(file, "earlier").unwrap();
    }
    let files = ["--csv", csv.to_str().unwrap(), "--logfile", log.to_str().unwrap()];
    let process = Process::example("first_steps").args(files).args(["-H", "localhost:1"]).finish();
    assert_eq!(process.code, Some(2), "{}", process.all());
    for file in [&kept, &log] {
        assert_eq!(std::fs::read_to_string(file).unwrap(), "earlier", "{}", file.display());
    }
    let server = EchoServer::spawn();
    let process = Process::example("first_steps").args(files).args(["-H", &server.url(), "-t", "1s"]).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("earlier") && text.contains("the run time is over"), "{text}");
    assert_eq!(process.err, "", "the log goes into the file");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_closed_stdout_does_not_silence_the_log() {
    let server = EchoServer::spawn();
    let mut process = Process::example("first_steps").args(["-H", &server.url(), "-t", "3s"]).start_without_stdout();
    let err = process.err();
    assert!(err.contains("stopping: the run time is over") && !err.contains("Broken pipe"), "{err}");
}

#[test]
fn a_run_to_which_nobody_listens_ends_in_good_order() {
    let server = EchoServer::spawn();
    let code =
        |arguments: &[&str]| Process::example("first_steps").args(arguments.iter().copied()).finish_without_readers();
    assert_eq!(code(&["-H", &server.url(), "-t", "1s"]), Some(0));
    assert_eq!(code(&["-H", "localhost"]), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_gets_no_threads_has_the_exit_code_for_that() {
    // The event queues of so many threads need more open files.
    let example = Process::example_path("first_steps");
    let line = format!("ulimit -n 24 && exec {} -H http://127.0.0.1:9 --threads 30", example.display());
    let process = Process::program("sh").args(["-c", &line]).finish();
    assert_eq!(process.code, Some(5), "{}", process.all());
    assert!(process.err.contains("the threads of the run could not be started"), "{}", process.err);
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
        "--iterations",
        "--iterations-per-user",
        "--debug-user",
        "--stop-timeout",
        "--on-stop-timeout",
        "--csv",
        "--insecure",
        "--cacert",
        "--cert",
        "--key",
        "LOADTEST_CACERT",
        "LOADTEST_HOST",
        // Of this test's code, and of every test.
        "at once [default: 10]",
        "[default: 10s]",
        "on_stop may take [default: 30s]",
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
    let phases = read("phases");
    assert!(phases.lines().next().unwrap().contains("Connections Opened"), "{phases}");
    assert!(phases.lines().last().unwrap().starts_with(",Aggregated,"), "{phases}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_smallest_example_runs_without_arguments() {
    let process = Process::example("first_steps").env("LOADTEST_RUN_TIME", "3s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.rows()["GET /something"].ok > 10);
    assert!(process.out.contains(" requests, "), "a line every few seconds:\n{}", process.out);
}

/// Runs the example with options and a configurable field.
fn shoppers(arguments: &[&str], variables: &[(&str, &str)]) -> process::Ended {
    let mut process = Process::example("options").args(arguments.iter().copied());
    for (name, value) in variables {
        process = process.env(name, value);
    }
    process.finish()
}

#[test]
fn classes_are_configured_from_outside() {
    let (server, other) = (EchoServer::spawn(), EchoServer::spawn());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("users-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("users.json");
    let host = other.url();
    std::fs::write(&file, format!(r#"[{{"user_class_name": "Shopper", "host": "{host}", "page_size": 50}}]"#)).unwrap();
    let inline = r#"{"user_class_name": "Shopper", "fixed_count": 2, "wait_time": {"between": [0.01, 0.02]}}"#;
    let url = server.url();
    let arguments = ["-H", &url, "-u", "5", "-r", "100", "-t", "1s", "--config-users", inline, "--config-users"];
    let process = shoppers(&[&arguments[..], &[file.to_str().unwrap()]].concat(), &[]);
    assert_eq!(process.code, Some(0), "{}", process.all());
    let expected = format!("Shopper: fixed_count = 2, host = {host}, wait_time = 10ms to 20ms, page_size = 50");
    assert!(process.err.contains(&format!("configured: {expected}")), "{}", process.err);
    assert!(process.out.contains(&format!("Configured: {expected}")), "{}", process.out);
    assert!(process.all().contains("5 users were asked for, and there are 2"), "{}", process.all());
    assert_eq!((server.counts().received_total() > 0, other.counts().received_total() > 20), (false, true));
    let variable = r#"{"user_class_name": "Shopper", "page_size": "7"}"#;
    let process = shoppers(&["-H", &url, "-u", "1", "-t", "1s"], &[("LOADTEST_CONFIG_USERS", variable)]);
    assert!(process.out.contains("Configured: Shopper: page_size = 7"), "{}", process.all());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_wrong_configuration_is_one_line_and_nothing_is_started() {
    for (configuration, expected) in [
        ("Shopper", "--config-users: `Shopper` is neither JSON nor the path of a .json file"),
        ("/no/such/users.json", "/no/such/users.json cannot be read"),
        (r#"{"user_class_name": "Shopper",}"#, "trailing comma at line 1 column 31"),
        (r#"{"weight": 2}"#, "object 1 has no user_class_name"),
        (r#"{"user_class_name": "Shoper"}"#, "no user class `Shoper`; there are: Shopper"),
        (r#"{"user_class_name": "Shopper", "wieght": 2}"#, "`wieght` cannot be configured; there are: weight"),
        (r#"{"user_class_name": "Shopper", "page_size": "x"}"#, "field page_size cannot be `x`: invalid digit"),
        (r#"{"user_class_name": "Shopper", "page_size": -1}"#, "field page_size cannot be `-1`: invalid digit"),
        (r#"{"user_class_name": "Shopper", "weight": -2}"#, "Shopper: -2 is no weight"),
        (r#"{"user_class_name": "Shopper", "weight": 0}"#, "no user class has a weight above 0"),
        (r#"{"user_class_name": "Shopper", "fixed_count": 1.5}"#, "1.5 is no whole number of users"),
        (r#"{"user_class_name": "Shopper", "wait_time": {"often": 1}}"#, "no wait `often`; there are: constant"),
        (r#"{"user_class_name": "Shopper", "host": "localhost"}"#, "http://localhost"),
    ] {
        // No --host: the server of the code must not be started for a mistake.
        let process = shoppers(&["--config-users", configuration], &[]);
        assert_eq!(process.code, Some(2), "{configuration}: {}", process.all());
        assert_eq!(process.err.lines().count(), 1, "{configuration}: {}", process.all());
        let line = &process.err;
        assert!(line.starts_with("error: ") && line.contains(expected), "{configuration}: {}", process.all());
    }
}

#[test]
fn own_options_are_typed_shown_and_masked() {
    let server = EchoServer::spawn();
    let url = server.url();
    let run = ["-H", &url, "-t", "1s", "-u", "1"];
    let process = shoppers(&[&run[..], &["--tenant", "red", "--api-key", "hunter2", "--pin", "4711"]].concat(), &[]);
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.out.contains("Options: tenant = red, api-key = ***, pin = ***\n"), "{}", process.out);
    assert!(process.rows().contains_key("GET /red/articles"), "{}", process.out);
    let process = shoppers(&run, &[("SHOP_TENANT", "green"), ("SHOP_API_KEY", "hunter2")]);
    assert!(process.out.contains("Options: tenant = green, api-key = ***, pin = ***\n"), "{}", process.out);
    assert!(!process.all().contains("hunter2"), "{}", process.all());

    let help = shoppers(&["--help"], &[("SHOP_API_KEY", "hunter2"), ("SHOP_PIN", "4711")]);
    assert_eq!(help.code, Some(0), "{}", help.all());
    assert!(help.out.contains("Options of this test:") && help.out.contains("--tenant <TENANT>"), "{}", help.out);
    assert!(!help.out.contains("hunter2") && !help.out.contains("4711"), "{}", help.out);

    let typed: (&[&str], &[(&str, &str)]) = (&["--pin", "hunter2"], &[]);
    for (arguments, variables) in [typed, (&["--pin=hunter2"], &[]), (&[], &[("SHOP_PIN", "hunter2")])] {
        let process = shoppers(arguments, variables);
        assert_eq!((process.code, process.err.lines().count()), (Some(2), 1), "{}", process.all());
        assert!(process.err.contains("invalid value for '--pin <PIN>', which is not shown"), "{}", process.err);
        assert!(!process.all().contains("hunter2"), "{}", process.all());
        assert_eq!(process.err.contains("it comes from the variable SHOP_PIN"), arguments.is_empty());
    }
    let process = shoppers(&["--tenent", "red"], &[]);
    assert_eq!((process.code, process.err.contains("--tenant")), (Some(2), true), "{}", process.all());
}

#[test]
fn classes_that_share_behaviour_have_names_of_their_own() {
    let process = Process::example("reuse").args(["--list"]).finish();
    assert_eq!((process.code, process.out.as_str()), (Some(0), "Reader\nBargainer\nAdmin\n"), "{}", process.all());
    let process = Process::example("reuse").args(["-u", "3", "-r", "unlimited", "-t", "1s"]).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    for row in ["GET /articles", "GET /offers", "GET /orders"] {
        assert!(rows[row].ok > 0, "{row}: {}", process.out);
    }
    assert_eq!(rows["POST /login"].ok, 3, "{}", process.out);
}
