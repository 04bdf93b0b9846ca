//! Users that go wrong, as a person meets them: in a process of their own, with its output and exit code.
//!
//! The binary is its own child: with `TROUBLE=1` it is a load test with these classes of users, with `TROUBLE=embedded` one in a
//! program that prints nothing itself.

#[path = "process/nothing.rs"]
mod nothing;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use loadtest::prelude::*;
use nothing::users;

users! {
    Panicking {
        #[task]
        async fn jump(&mut self) -> TaskResult {
            self.cx.measure("CALL", "before", std::future::ready(Ok::<_, std::io::Error>(()))).await?;
            panic!("without a parachute");
        }
    }
    Failing {
        #[task]
        async fn read_price(&mut self) -> TaskResult {
            "12 euros".parse::<u32>()?;
            Ok(())
        }
    }
    Refused {
        #[task]
        async fn call(&mut self) -> TaskResult {
            let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
            self.cx.measure("CALL", "refused", std::future::ready(Err::<(), _>(error))).await?;
            Ok(())
        }
    }
    Blocking {
        #[task]
        async fn compute(&mut self) -> TaskResult {
            if self.cx.user_number() == 0 {
                loop {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            Ok(())
        }
    }
    Clinging {
        #[task]
        async fn rest(&mut self) {
            self.cx.wait(Duration::from_secs(1)).await;
        }
        async fn on_stop(&mut self) {
            if self.cx.user_number() == 0 {
                loop {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        }
    }
    Homeless {
        async fn on_start(&mut self) -> TaskResult {
            fail("no account left")
        }
        #[task]
        async fn never(&mut self) {}
    }
    Hanging {
        async fn on_start(&mut self) -> TaskResult {
            std::future::pending().await
        }
        #[task]
        async fn never(&mut self) {}
    }
    Unprepared {
        async fn setup(_cx: &SetupContext) -> Result<(), std::num::ParseIntError> {
            "none".parse::<u8>()?;
            Ok(())
        }
        #[task]
        async fn never(&mut self) {}
    }
    Careful {
        #[task]
        async fn rest(&mut self) {
            self.cx.wait(Duration::from_millis(1)).await;
        }
    }
}

fn child() -> ExitCode {
    let test = LoadTest::new()
        .user::<Panicking>()
        .user::<Failing>()
        .user::<Refused>()
        .user::<Blocking>()
        .user::<Clinging>()
        .user::<Homeless>()
        .user::<Hanging>()
        .user::<Unprepared>()
        .user::<Careful>();
    loadtest::cli::main(test, loadtest::cli::Defaults::new())
}

/// What a process said, and its exit code.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
    took: Duration,
}

fn run(arguments: &[&str]) -> Said {
    run_as("1", arguments)
}

fn run_as(trouble: &str, arguments: &[&str]) -> Said {
    let started = Instant::now();
    let exe = std::env::current_exe().expect("this program");
    let mut command = Command::new(exe);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LOADTEST_") {
            command.env_remove(name);
        }
    }
    let output =
        command.env("TROUBLE", trouble).args(arguments).stdin(Stdio::null()).output().expect("this program runs");
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: started.elapsed(),
    }
}

impl Said {
    fn expect(&self, code: i32, out: &[&str]) -> Result<(), Failed> {
        let all = format!("{}\n--- stderr:\n{}", self.out, self.err);
        if self.code != Some(code) {
            return Err(format!("exit code {:?} instead of {code}:\n{all}", self.code).into());
        }
        match out.iter().find(|text| !all.contains(*text)) {
            Some(missing) => Err(format!("missing `{missing}` in:\n{all}").into()),
            None => Ok(()),
        }
    }
}

fn a_panic_is_an_exception_with_its_place() -> Result<(), Failed> {
    let said = run(&["Panicking", "-u", "2", "-r", "10", "-t", "1s"]);
    said.expect(1, &["Panicking::jump: panicked: without a parachute", "tests/troubles.rs:", "CALL before"])?;
    if said.err.contains("stack backtrace") || said.err.contains("thread '") {
        return Err(format!("the panic was printed as well:\n{}", said.err).into());
    }
    Ok(())
}

fn an_error_is_an_exception_with_the_place_of_the_question_mark() -> Result<(), Failed> {
    run(&["Failing", "-t", "1s"])
        .expect(1, &["Failing::read_price: invalid digit found in string", "tests/troubles.rs:"])
}

fn an_error_that_was_counted_as_a_request_is_no_exception() -> Result<(), Failed> {
    let said = run(&["Refused", "-t", "1s"]);
    said.expect(1, &["CALL refused: connection refused"])?;
    if said.out.contains("Exceptions") { Err(said.out.into()) } else { Ok(()) }
}

fn the_exit_code_for_errors_can_be_chosen() -> Result<(), Failed> {
    run(&["Failing", "-t", "1s", "--exit-code-on-error", "0"]).expect(0, &["Exceptions"])
}

fn a_user_that_does_not_yield_is_named_and_the_run_ends() -> Result<(), Failed> {
    let said =
        run(&["Blocking", "-u", "4", "-r", "unlimited", "-t", "3s", "--threads", "2", "--on-stop-timeout", "1s"]);
    said.expect(5, &["Blocking::compute has not yielded for 2 s", "could not be stopped"])?;
    if said.took > Duration::from_secs(20) { Err(format!("it took {:?}", said.took).into()) } else { Ok(()) }
}

fn an_on_stop_that_does_not_yield_does_not_keep_the_others_from_theirs() -> Result<(), Failed> {
    let users = ["Clinging", "-u", "20", "-r", "unlimited", "-t", "1s", "--threads", "2"];
    let said = run(&[&users[..], &["--stop-concurrency", "1", "--on-stop-timeout", "3s"]].concat());
    said.expect(5, &["Clinging::on_stop has not yielded for 2 s", "could not be stopped: Clinging::on_stop"])?;
    if said.took > Duration::from_secs(30) { Err(format!("it took {:?}", said.took).into()) } else { Ok(()) }
}

fn users_whose_on_start_fails_are_replaced() -> Result<(), Failed> {
    run(&["Homeless", "-u", "2", "-r", "unlimited", "-t", "2500ms"])
        .expect(1, &["Homeless::on_start: no account left", "were replaced because their on_start failed"])
}

fn an_on_start_that_hangs_is_bounded() -> Result<(), Failed> {
    let said = run(&["Hanging", "-u", "3", "-r", "unlimited", "-t", "1s", "--on-stop-timeout", "1s"]);
    said.expect(1, &["3x  Hanging::on_start: did not finish within 1s"])?;
    if said.took > Duration::from_secs(10) { Err(format!("it took {:?}", said.took).into()) } else { Ok(()) }
}

fn a_failing_setup_has_its_own_exit_code() -> Result<(), Failed> {
    run(&["Unprepared", "-t", "5s", "--threshold", "count > 0"])
        .expect(4, &["Unprepared::setup failed: invalid digit found in string"])
}

fn a_threshold_that_is_not_met_says_more_than_a_thread_that_was_given_up() -> Result<(), Failed> {
    let bounds = ["-t", "1s", "--threads", "2", "--on-stop-timeout", "1s", "--threshold", "count > 0"];
    let said = run(&[&["Blocking", "-u", "4", "-r", "unlimited"][..], &bounds].concat());
    said.expect(3, &["count: there was no request", "could not be stopped"])
}

fn a_run_without_trouble_says_so() -> Result<(), Failed> {
    run(&["Careful", "-t", "1s"]).expect(0, &["the run time is over", "Seed "])
}

/// In a test suite nothing is printed that was not asked for, whatever goes wrong.
fn embedded() -> ExitCode {
    // Dealt in this order, so those who go wrong without blocking share the second thread.
    let test = LoadTest::new().user::<Blocking>().user::<Failing>().user::<Careful>().user::<Refused>();
    let test = test.users(4).spawn_rate(f64::INFINITY).run_time(Duration::from_secs(3)).threads(2);
    match test.on_stop_timeout(Duration::from_secs(1)).run_blocking() {
        Ok(report) => {
            let is_bad = !report.exceptions().is_empty() && !report.failures().is_empty() && report.is_incomplete();
            ExitCode::from(u8::from(!is_bad))
        }
        Err(_) => ExitCode::from(2),
    }
}

fn a_run_in_a_test_suite_is_silent() -> Result<(), Failed> {
    let said = run_as("embedded", &[]);
    said.expect(0, &[])?;
    if said.out.is_empty() && said.err.is_empty() { Ok(()) } else { Err(format!("{}{}", said.out, said.err).into()) }
}

fn main() -> ExitCode {
    if std::env::var_os("TROUBLE").is_some_and(|how| how == "embedded") {
        return embedded();
    }
    if std::env::var_os("TROUBLE").is_some() {
        return child();
    }
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    let trials = vec![
        trial("a_panic_is_an_exception_with_its_place", a_panic_is_an_exception_with_its_place),
        trial(
            "an_error_is_an_exception_with_the_place_of_the_question_mark",
            an_error_is_an_exception_with_the_place_of_the_question_mark,
        ),
        trial(
            "an_error_that_was_counted_as_a_request_is_no_exception",
            an_error_that_was_counted_as_a_request_is_no_exception,
        ),
        trial("the_exit_code_for_errors_can_be_chosen", the_exit_code_for_errors_can_be_chosen),
        trial(
            "a_user_that_does_not_yield_is_named_and_the_run_ends",
            a_user_that_does_not_yield_is_named_and_the_run_ends,
        ),
        trial(
            "an_on_stop_that_does_not_yield_does_not_keep_the_others_from_theirs",
            an_on_stop_that_does_not_yield_does_not_keep_the_others_from_theirs,
        ),
        trial("users_whose_on_start_fails_are_replaced", users_whose_on_start_fails_are_replaced),
        trial("an_on_start_that_hangs_is_bounded", an_on_start_that_hangs_is_bounded),
        trial("a_failing_setup_has_its_own_exit_code", a_failing_setup_has_its_own_exit_code),
        trial(
            "a_threshold_that_is_not_met_says_more_than_a_thread_that_was_given_up",
            a_threshold_that_is_not_met_says_more_than_a_thread_that_was_given_up,
        ),
        trial("a_run_without_trouble_says_so", a_run_without_trouble_says_so),
        trial("a_run_in_a_test_suite_is_silent", a_run_in_a_test_suite_is_silent),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
