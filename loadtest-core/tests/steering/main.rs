//! A program with a web UI, as a person meets it: when it waits, what starts a run, what ends it, and the exit codes.
//!
//! The same file is both sides: started with [`PROGRAM`] set it is the load test, whose web UI obeys the lines of stdin.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod process;
mod program;

use std::process::ExitCode;

use process::Process;

/// Set for the program.
const PROGRAM: &str = "STEERED_PROGRAM";

fn main() -> ExitCode {
    if std::env::var_os(PROGRAM).is_some() {
        return program::main();
    }
    let tests: [(&str, fn()); 11] = [
        ("it_waits_until_it_is_told_and_ctrl_c_ends_it", it_waits_until_it_is_told_and_ctrl_c_ends_it),
        ("the_exit_code_is_that_of_the_last_run", the_exit_code_is_that_of_the_last_run),
        ("each_run_leaves_its_outputs", each_run_leaves_its_outputs),
        ("autostart_stays_and_autoquit_ends", autostart_stays_and_autoquit_ends),
        ("headless_has_no_web_ui", headless_has_no_web_ui),
        ("a_port_that_is_taken", a_port_that_is_taken),
        ("ctrl_c_stops_the_run_and_ends_the_program", ctrl_c_stops_the_run_and_ends_the_program),
        ("twice_ctrl_c_ends_at_once", twice_ctrl_c_ends_at_once),
        ("options_are_asked_for_run_by_run", options_are_asked_for_run_by_run),
        ("the_log_is_kept_for_whoever_looks", the_log_is_kept_for_whoever_looks),
        ("what_makes_no_sense_is_said", what_makes_no_sense_is_said),
    ];
    // As the harness does: those whose names have what was typed.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, test) in tests {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

fn it_waits_until_it_is_told_and_ctrl_c_ends_it() {
    let program = Process::start(&["--web-port", "0"]);
    program.wait_for("web UI: http://test:0/");
    program.interrupt();
    let ended = program.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(!ended.err.contains("threads"), "no run was started:\n{}", ended.all());
    // Somebody else may say so, too.
    let mut program = Process::start(&[]);
    program.wait_for("web UI: http://test:8089/");
    program.say("quit");
    assert_eq!(program.finish().code, Some(0));
}

fn the_exit_code_is_that_of_the_last_run() {
    let mut program = Process::start(&["--threshold", "count < 1000000"]);
    program.say("start");
    program.wait_for("state running 1");
    program.say("start");
    program.wait_for("refused: a run goes on");
    program.say("stop");
    program.wait_for("state stopped 1");
    program.say("start thresholds=count<0");
    program.wait_for("state running 2");
    program.say("edit 0");
    program.wait_for("users 0");
    program.say("edit 3");
    program.wait_for("users 3");
    program.say("stop");
    program.wait_for("state stopped 2");
    program.say("quit");
    let ended = program.finish();
    assert_eq!(ended.code, Some(3), "{}", ended.all());
    assert_eq!(ended.out.matches("it was asked to").count(), 2, "{}", ended.all());
}

fn each_run_leaves_its_outputs() {
    let folder = std::env::temp_dir().join(format!("loadtest-steering-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("run-{u}.json");
    let mut program = Process::start(&["--json-file", file.to_str().unwrap()]);
    for (run, users) in ["2", "5"].into_iter().enumerate() {
        program.say(&format!("start users={users}"));
        program.wait_for(&format!("state running {}", run + 1));
        program.say("stop");
        program.wait_for(&format!("state stopped {}", run + 1));
    }
    program.say("quit");
    let ended = program.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    for users in [2, 5] {
        let report = std::fs::File::open(folder.join(format!("run-{users}.json"))).unwrap();
        assert_eq!(loadtest_core::Report::from_json(report).unwrap().users(), users);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn autostart_stays_and_autoquit_ends() {
    let mut program = Process::start(&["--autostart", "--run-time", "200ms"]);
    program.wait_for("state stopped 1");
    program.say("start");
    program.wait_for("state stopped 2");
    program.interrupt();
    assert_eq!(program.finish().code, Some(0));
    let ended = Process::start(&["--autostart", "--autoquit", "0", "--run-time", "200ms"]).finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.err.contains("web UI: ") && ended.out.contains("the run time is over"), "{}", ended.all());
}

fn headless_has_no_web_ui() {
    let ended = Process::start(&["--headless", "--run-time", "200ms", "--web-port", "1"]).finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(!ended.err.contains("web UI") && ended.out.contains("the run time is over"), "{}", ended.all());
}

fn a_port_that_is_taken() {
    let ended = Process::start(&["--web-port", "1"]).finish();
    assert_eq!(ended.code, Some(2), "{}", ended.all());
    assert_eq!(ended.err.trim_end(), "error: port 1 is taken", "{}", ended.all());
    let ended = Process::start(&["--web-port", "1", "--autostart", "--run-time", "200ms"]).finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert_eq!(ended.err.matches("no web UI: port 1 is taken").count(), 1, "{}", ended.all());
    assert!(ended.out.contains("the run time is over"), "{}", ended.all());
}

fn ctrl_c_stops_the_run_and_ends_the_program() {
    let mut program = Process::start(&[]);
    program.say("start");
    program.wait_for("state running 1");
    program.interrupt();
    let ended = program.finish();
    assert_eq!(ended.code, Some(0), "{}", ended.all());
    assert!(ended.err.contains("once more ends at once") && ended.out.contains("it was asked to"), "{}", ended.all());
}

fn twice_ctrl_c_ends_at_once() {
    let mut program = Process::start(&[]);
    program.say("start hangs=true");
    program.wait_for("state running 1");
    program.interrupt();
    program.wait_for("state stopping 1");
    program.interrupt();
    let ended = program.finish();
    assert_eq!(ended.code, Some(130), "{}", ended.all());
    assert!(ended.out.contains("broken off"), "{}", ended.all());
}

fn options_are_asked_for_run_by_run() {
    let mut program = Process::start(&["--tenant", "red", "--api-key", "hunter2"]);
    program.say("offer");
    program.wait_for("option tenant [red]");
    program.wait_for("option api-key []");
    for (asked, expected) in
        [("start", "told red hunter2 false"), ("start tenant=blue eager=true api-key=other", "told blue other true")]
    {
        program.say(asked);
        program.wait_for(expected);
        program.say("stop");
        program.wait_for("state stopped");
        program.forget();
    }
    program.say("start size=many");
    program.wait_for("refused: options.size:");
    program.say("start colour=red");
    program.wait_for("there are: tenant, size, api-key, eager, hangs");
    program.say("start api-key=wrong");
    program.wait_for("refused: options.api-key: invalid value for '--api-key");
    program.say("quit");
    let ended = program.finish();
    assert!(!ended.out.contains("hunter2") && ended.out.contains("api-key = ***"), "{}", ended.all());
    assert!(!ended.err.contains("`wrong`") && !ended.err.contains("'wrong'"), "{}", ended.all());
}

fn the_log_is_kept_for_whoever_looks() {
    let file = std::env::temp_dir().join(format!("loadtest-steering-{}.log", std::process::id()));
    let mut program = Process::start(&["--loglevel", "INFO", "--logfile", &file.display().to_string()]);
    // What is for nobody else goes past the log to who started the program.
    program.say("whisper the next token is 42");
    program.wait_for("the next token is 42");
    program.say("start");
    program.wait_for("state running 1");
    program.say("logs");
    program.wait_for("line INFO all 2 users started");
    program.say("quit");
    let ended = program.finish();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.err.contains("INFO the next token"), "{}", ended.all());
    let log = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(log.contains("all 2 users started") && !log.contains("token"), "{log}");
}

fn what_makes_no_sense_is_said() {
    for (arguments, expected) in [
        (&["--autoquit", "5"][..], "--autoquit ends what --autostart has started"),
        (&["--web-auth", "hunter2"], "with a colon between them"),
        (&["--web-port", "http"], "give a port from 1 to 65535"),
        (&["--web-base-path", "/a b"], "is no path"),
        (&["--tls-key", "key.pem"], "--tls-cert"),
        (&["--web-host", "bad"], "no such address"),
        (&["--users", "0"], "at least 1"),
        (&["Nobody"], "there are: Visitor"),
    ] {
        let ended = Process::start(arguments).finish();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.all());
        assert!(ended.err.contains(expected) && !ended.err.contains("hunter2"), "{arguments:?}: {}", ended.all());
    }
}
