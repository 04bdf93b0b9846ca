//! Thresholds as a person meets them: in a test suite and on the command line.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::panic::AssertUnwindSafe;

use loadtest::prelude::*;
use loadtest::threshold::Verdict;
use loadtest::{EndedBy, Threshold};
use process::Process;
use testbed::echo::EchoServer;

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(5)))]
struct Shopper {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl Shopper {
    #[task]
    async fn cart(&mut self) -> TaskResult {
        self.http.get("/cart").send().await?;
        self.http.get("/broken").check(|_| false).send().await?;
        self.cx.counter("orders").add(1);
        Ok(())
    }
}

fn test(server: &EchoServer) -> LoadTest {
    LoadTest::new().user::<Shopper>().host(server.url()).users(2).iterations(20).spawn_rate(f64::INFINITY)
}

#[tokio::test]
async fn a_test_passes_where_all_are_met() {
    let server = EchoServer::spawn();
    let report = test(&server)
        .threshold("p95(GET /cart) < 10s")
        .threshold("fail_ratio(GET /cart) == 0%".parse::<Threshold>().unwrap())
        .thresholds(["count(GET /*) == 40".to_owned(), "total(counter orders) == 20".to_owned()])
        .thresholds([
            "count(2xx) == 40",
            "ratio(2xx GET *) == 100%",
            "count(404 GET /cart) == 0",
            "ok(user Shopper) == 20",
        ])
        .thresholds(["count(task Shopper::cart) == 20", "rps(GET /cart) > 0.1 over 2s"])
        .run()
        .await
        .unwrap();
    report.assert_thresholds();
    let results = report.thresholds();
    assert_eq!(results.len(), 10);
    assert!(results.iter().all(|result| result.verdict == Verdict::Met), "{report}");
    assert_eq!(results[2].shown_value(), "40");
}

#[tokio::test]
async fn a_test_fails_with_the_table_of_what_was_not_met() {
    let server = EchoServer::spawn();
    let test = test(&server).thresholds(["count == 40", "fail_ratio < 1%", "p95(GET /crat) < 10s"]);
    let report = test.run().await.unwrap();
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| report.assert_thresholds())).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    let expected = "\
2 of 3 thresholds not met

Threshold              value          verdict
---------------------------------------------
fail_ratio < 1%       50.00%          NOT MET
p95(GET /crat) < 10s       -  NOTHING MATCHED
  fail_ratio was 50.00%, not < 1%
  p95(GET /crat): no request matched `GET /crat`; did you mean `GET /cart`?

Request (ms)";
    assert!(message.starts_with(expected), "{message}");
    assert!(message.contains("\ncount == 40               40              met\n"), "{message}");
}

#[tokio::test]
async fn one_that_aborts_ends_the_run() {
    let server = EchoServer::spawn();
    let test = LoadTest::new().user::<Shopper>().host(server.url()).threshold("failed == 0 abort");
    let report = test.run().await.unwrap();
    assert!(matches!(report.ended_by(), EndedBy::Threshold(why) if why.contains("not == 0")), "{report}");
    assert!(report.thresholds()[0].aborted, "{report}");
}

fn visit(server: &EchoServer, arguments: &[&str]) -> process::Ended {
    let url = server.url();
    let base = ["-H", &url, "-u", "3", "-r", "unlimited"];
    Process::example("first_steps").args([&base[..], arguments].concat()).finish()
}

#[test]
fn the_exit_code_is_3_where_one_is_not_met() {
    let server = EchoServer::spawn();
    let met = visit(&server, &["-t", "1s", "--threshold", "p95(GET /something) < 10s; fail_ratio < 1%"]);
    assert_eq!(met.code, Some(0), "{}", met.all());
    let row = met.out.lines().find(|line| line.starts_with("fail_ratio < 1%")).expect("a row of the table");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>()[3..], ["0.00%", "met"], "{}", met.out);

    let not_met = visit(&server, &["-t", "1s", "--threshold", "rps > 100000", "--threshold", "p95 < 10s"]);
    assert_eq!(not_met.code, Some(3), "{}", not_met.all());
    assert!(not_met.out.contains("not > 100000\n"), "{}", not_met.out);

    let unknown = visit(&server, &["-t", "1s", "--threshold", "p95(GET /somthing) < 10s"]);
    assert_eq!(unknown.code, Some(3), "{}", unknown.all());
    assert!(unknown.out.contains("did you mean `GET /something`?"), "{}", unknown.out);
}

#[test]
fn it_wins_over_the_code_for_failures() {
    let server = EchoServer::spawn();
    server.kill();
    let failures = visit(&server, &["-t", "1s", "--threshold", "count > 0"]);
    assert_eq!(failures.code, Some(1), "{}", failures.all());
    let broken = visit(&server, &["-t", "1s", "--threshold", "fail_ratio < 1%"]);
    assert_eq!(broken.code, Some(3), "{}", broken.all());
    let chosen = visit(&server, &["-t", "1s", "--threshold", "fail_ratio < 1%", "--exit-code-on-error", "0"]);
    assert_eq!(chosen.code, Some(3), "{}", chosen.all());
}

#[test]
fn an_abort_ends_a_run_that_has_no_end() {
    let server = EchoServer::spawn();
    let aborted = visit(&server, &["--threshold", "max(GET /something) < 1us abort after 1s"]);
    assert_eq!(aborted.code, Some(3), "{}", aborted.all());
    assert!(aborted.err.contains("stopping: a threshold was not met: max(GET /something) was "), "{}", aborted.err);
    assert!(aborted.out.contains(": a threshold was not met: max(GET /something) was "), "{}", aborted.out);
}

#[test]
fn what_is_no_threshold_is_pointed_at_and_nothing_is_started() {
    let server = EchoServer::spawn();
    let empty = visit(&server, &["--threshold", ""]);
    assert_eq!(empty.code, Some(2), "{}", empty.all());
    assert!(empty.err.contains("--threshold: it is empty"), "{}", empty.err);
    let refused = visit(&server, &["--threshold", "p95 < 1s", "--threshold", "fail_rato(GET /*) < 1%"]);
    assert_eq!(refused.code, Some(2), "{}", refused.all());
    assert_eq!(
        refused.err,
        "error: --threshold: there is no figure `fail_rato`: did you mean `fail_ratio`?
  fail_rato(GET /*) < 1%
  ^^^^^^^^^
"
    );
    let variable = Process::example("first_steps").env("LOADTEST_THRESHOLDS", "p95 < 1s;\np99 < 20").finish();
    assert_eq!(variable.code, Some(2), "{}", variable.all());
    assert_eq!(
        variable.err,
        "error: LOADTEST_THRESHOLDS: `p99` is a time; give it a unit: us, ms, s, m or h, as in 20ms
  p95 < 1s; p99 < 20
                  ^^
"
    );
    assert_eq!(server.counts().received_total(), 0);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_stands_beside_one() {
    use std::os::unix::ffi::OsStrExt;

    let folder = std::ffi::OsStr::from_bytes(b"/nowhere\xff/prefix");
    let ended = Process::example("first_steps").args(["--threshold", "p95 < 20", "--csv"]).arg(folder).finish();
    assert_eq!(ended.code, Some(2), "{}", ended.all());
    assert!(ended.err.starts_with("error: --threshold: `p95` is a time"), "{}", ended.all());
}
