//! The programs of the tutorials as real processes: each shows what it promises.

mod process;

use std::time::Duration;

use process::Process;
use testbed::owncloud::{OwncloudServer, route};
use testbed::slides::SlidesSite;

const ONE_FILE: &str = "PUT /remote.php/dav/files/admin/upload.txt";
const OWN_FILE: &str = "PUT /remote.php/dav/files/admin/upload-[user].txt";
const MANUAL: &str = "GET /remote.php/dav/files/admin/ownCloud%20Manual.pdf";

/// Uploads that begin within so long of each other collide: all first ones of a run that starts its users at once.
const WRITE_TIME: Duration = Duration::from_millis(500);

fn step2(server: &OwncloudServer, classes: &[&str]) -> process::Ended {
    Process::example("owncloud_step2")
        .args(["-H", &server.url(), "-u", "40", "-r", "unlimited", "-t", "3s", "--stop-timeout", "10s"])
        .args(classes.iter().copied())
        .finish()
}

#[test]
fn in_step_1_everybody_downloads_one_file() {
    let server = OwncloudServer::builder().manual_size(100_000).spawn();
    let process = Process::example("owncloud_step1")
        .args(["-H", &server.url(), "-u", "10", "-r", "unlimited", "-t", "2s"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    assert!(rows[MANUAL].ok >= 10 && rows.len() == 2, "{}", process.out);
    assert_eq!(rows["Aggregated"].failed, 0, "{}", process.out);
    assert_eq!(server.accounts(), [""; 0]);
}

#[test]
fn in_step_2_those_who_write_one_file_lock_each_other_out() {
    let server = OwncloudServer::builder().manual_size(1000).write_time(WRITE_TIME).spawn();
    let process = step2(&server, &["OneFile"]);
    assert_eq!(process.code, Some(1), "{}", process.all());
    let rows = process.rows();
    let locked = rows[ONE_FILE].failed;
    assert!(locked > 0 && rows[ONE_FILE].ok > 0, "{}", process.out);
    assert!(process.out.contains(&format!("{locked}x  {ONE_FILE}: 423 Locked")), "{}", process.out);
    assert!(process.out.contains("<s:message>\"upload.txt\" is"), "the sample says what:\n{}", process.out);
    assert_eq!(rows["Aggregated"].failed, locked, "nothing else fails:\n{}", process.out);
    assert_eq!(server.counts().answered("PUT", route::FILES, 423), locked);
}

#[test]
fn in_step_2_those_who_write_files_of_their_own_do_not() {
    let server = OwncloudServer::builder().manual_size(1000).write_time(WRITE_TIME).spawn();
    let process = step2(&server, &["OwnFile"]);
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    assert!(rows[OWN_FILE].ok > 0 && rows[MANUAL].ok > rows[OWN_FILE].ok, "{}", process.out);
    assert_eq!((rows["Aggregated"].failed, rows.len()), (0, 3), "{}", process.out);
    assert_eq!(server.counts().answered_with(423), 0);
}

#[test]
fn in_step_2_both_are_seen_side_by_side() {
    let server = OwncloudServer::builder().manual_size(1000).write_time(WRITE_TIME).spawn();
    let process = step2(&server, &[]);
    assert_eq!(process.code, Some(1), "{}", process.all());
    let rows = process.rows();
    assert!(rows[ONE_FILE].failed > 0, "{}", process.out);
    assert!(rows[OWN_FILE].ok > 0 && rows[OWN_FILE].failed == 0, "{}", process.out);
}

#[test]
fn the_steps_run_without_arguments() {
    let [step1, step2] =
        ["owncloud_step1", "owncloud_step2"].map(|name| Process::example(name).env("LOADTEST_RUN_TIME", "3s").start());
    let (step1, step2) = (step1.finish(), step2.finish());
    for process in [&step1, &step2] {
        assert!(process.err.contains("which shares this machine with the users"), "{}", process.err);
    }
    assert_eq!(step1.code, Some(0), "{}", step1.all());
    // Within three seconds somebody may or may not have been locked out.
    assert!(step2.code == Some(0) || step2.out.contains("423 Locked"), "{}", step2.all());
    assert!(step2.rows()[MANUAL].ok > 0, "{}", step2.out);
}

#[test]
fn on_the_slides_everybody_logs_in_once_and_reads_most_in_the_forum() {
    let site = SlidesSite::spawn();
    let process = Process::example("slides")
        .args(["-H", &site.url(), "-u", "40", "-r", "unlimited", "-t", "5s", "--stop-timeout", "10s"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let rows = process.rows();
    let ok = |name: &str| rows[name].ok;
    assert_eq!((ok("POST /login"), ok("POST /logout"), site.sessions()), (40, 40, 0), "{}", process.out);
    // Nobody was sent to the login page: whose session is not known is redirected to it, or gets a 401.
    assert_eq!((site.counts().received("GET", "/login"), rows["Aggregated"].failed), (0, 0), "{}", process.out);
    assert!(ok("GET /") > 0 && ok("GET /profile") > 0, "{}", process.out);
    let (entered, read, posted) = (ok("GET /forum"), ok("GET /forum/{thread}"), ok("POST /forum/{thread}"));
    // After `interrupt()` a user is outside again, and enters anew.
    assert!(entered > 0 && read > entered && read > posted, "{}", process.out);
}

#[test]
fn the_slides_run_without_arguments() {
    let process = Process::example("slides").env("LOADTEST_RUN_TIME", "3s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("which shares this machine with the users"), "{}", process.err);
    assert!(process.rows()["POST /login"].ok > 0, "{}", process.out);
}

/// What is printed between two starts.
const HOOKS: &str = "
user class: setup
task set: setup
  user: on_start
    forum: on_start
      task: read
      task: write
    forum: on_stop
  user: on_stop
task set: teardown
user class: teardown
stop: stop_test: both tasks have run
";

#[test]
fn the_hooks_run_in_order_and_again_with_the_next_start() {
    let process = Process::example("hooks_in_order").finish();
    assert_eq!((process.code, process.err.as_str()), (Some(0), ""), "{}", process.all());
    assert_eq!(process.out, format!("start{HOOKS}\nstart again{HOOKS}\n"));
}
