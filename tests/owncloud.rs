//! The headline example as a real process against the ownCloud stand-in: whatever ends the run, no account is left, and
//! the books agree with what the server counted, to the request.

mod process;

use std::time::Duration;

use process::{Process, Row};
use testbed::owncloud::{OwncloudServer, route};

/// Waits for a condition, with a bound; a look now and then, because the process under test needs the cores.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} did not happen within a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What must hold after every run: no account left, nobody lost, and the books to the request.
fn nothing_is_lost(server: &OwncloudServer, process: &process::Ended) {
    let counts = server.counts();
    assert_eq!(server.accounts(), Vec::<String>::new(), "accounts are left:\n{}", process.out);
    let rows = process.rows();
    let total = &rows["Aggregated"];
    // Every answered request was received; of the interrupted ones the server has those that were written whole, which
    // the table does not tell. Between those two the count must lie; `owncloud_books.rs` has it to the request.
    assert!(counts.received_total() >= total.ok + total.failed, "{counts:?}\n{}", process.out);
    assert!(counts.received_total() <= total.ok + total.failed + total.interrupted, "{counts:?}\n{}", process.out);
    for (name, method, route) in [
        ("POST /ocs/v2.php/cloud/users", "POST", route::USERS),
        ("DELETE /ocs/v2.php/cloud/users/[user]", "DELETE", route::USER),
    ] {
        let none = Row::default();
        let row = rows.get(name).unwrap_or(&none);
        assert_eq!(counts.received(method, route), row.ok + row.failed, "{name}:\n{}", process.out);
        assert_eq!(row.interrupted, 0, "{name} is let finish:\n{}", process.out);
    }
}

fn posts_and_deletes(process: &process::Ended) -> (u64, u64) {
    let rows = process.rows();
    let ok = |name: &str| rows.get(name).map_or(0, |row| row.ok);
    (ok("POST /ocs/v2.php/cloud/users"), ok("DELETE /ocs/v2.php/cloud/users/[user]"))
}

#[test]
fn every_account_is_made_used_and_deleted() {
    let server = OwncloudServer::spawn();
    let process = Process::example("owncloud_users")
        .args(["--headless", "-H", &server.url(), "-u", "20", "-r", "10", "-t", "4s"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!(posts_and_deletes(&process), (20, 20));
    assert_eq!(process.rows()["Aggregated"].failed, 0);
    nothing_is_lost(&server, &process);
}

#[test]
fn ctrl_c_half_way_deletes_every_account() {
    let server = OwncloudServer::spawn();
    let process =
        Process::example("owncloud_users").args(["-H", &server.url(), "-u", "20", "-r", "40", "-t", "60s"]).start();
    until("all accounts", || server.accounts().len() == 20);
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!(posts_and_deletes(&process), (20, 20));
    nothing_is_lost(&server, &process);
}

#[test]
fn sigterm_is_as_good_as_ctrl_c() {
    let server = OwncloudServer::spawn();
    let process =
        Process::example("owncloud_users").args(["-H", &server.url(), "-u", "5", "-r", "40", "-t", "60s"]).start();
    until("all accounts", || server.accounts().len() == 5);
    process.signal("TERM");
    let process = process.finish();
    assert_eq!((process.code, posts_and_deletes(&process)), (Some(0), (5, 5)), "{}", process.all());
    nothing_is_lost(&server, &process);
}

#[test]
fn slow_downloads_in_flight_are_interrupted_and_counted() {
    let server = OwncloudServer::builder().download_duration(Duration::from_secs(30)).spawn();
    let process = Process::example("owncloud_users")
        .args(["-H", &server.url(), "-u", "20", "-r", "40", "-t", "60s", "--stop-timeout", "0"])
        .start();
    until("downloads", || server.counts().received("GET", route::FILES) >= 5);
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let (posts, deletes) = posts_and_deletes(&process);
    assert_eq!(posts, deletes);
    assert!(process.rows()["Aggregated"].interrupted >= 5, "{}", process.out);
    nothing_is_lost(&server, &process);
}

#[test]
fn ctrl_c_while_users_are_being_created_leaves_nothing_behind() {
    let server = OwncloudServer::builder().password_check(Duration::from_millis(30)).spawn();
    let process = Process::example("owncloud_users")
        .args(["-H", &server.url(), "-u", "200", "-r", "unlimited", "-t", "60s"])
        .start();
    until("the first accounts", || server.accounts().len() >= 3);
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    let (posts, deletes) = posts_and_deletes(&process);
    assert_eq!(posts, deletes, "{}", process.out);
    nothing_is_lost(&server, &process);
}

#[test]
fn a_second_ctrl_c_ends_at_once_with_the_report() {
    let server = OwncloudServer::builder().download_duration(Duration::from_secs(60)).spawn();
    let process = Process::example("owncloud_users")
        .args(["-H", &server.url(), "-u", "20", "-r", "unlimited", "-t", "60s", "--stop-timeout", "60s"])
        .args(["--threshold", "count > 1000000"])
        .start();
    until("downloads", || server.counts().received("GET", route::FILES) >= 1);
    process.interrupt();
    process.wait_for_err("once more ends at once");
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(130), "also where a threshold was not met: {}", process.all());
    assert!(process.out.contains("NOT MET"), "{}", process.out);
    assert!(process.rows()["Aggregated"].interrupted >= 1, "{}", process.out);
}

#[test]
fn five_hundred_slow_goodbyes_are_all_said() {
    let server = OwncloudServer::builder().password_check(Duration::from_millis(50)).manual_size(1000).spawn();
    let process =
        Process::example("owncloud_users").args(["-H", &server.url(), "-u", "500", "-r", "unlimited"]).start();
    until("all accounts", || server.accounts().len() == 500);
    process.interrupt();
    let process = process.finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert_eq!(posts_and_deletes(&process), (500, 500));
    nothing_is_lost(&server, &process);
}

#[test]
fn with_stale_cookies_the_deletes_are_401_and_the_accounts_stay() {
    let server = OwncloudServer::spawn();
    let process = Process::example("owncloud_stale_cookies")
        .args(["-H", &server.url(), "-u", "3", "-r", "unlimited", "-t", "3s"])
        .finish();
    assert_eq!(process.code, Some(1), "{}", process.all());
    assert!(process.out.contains("3x  DELETE /ocs/v2.php/cloud/users/[user]: 401 Unauthorized"), "{}", process.out);
    assert!(process.out.contains("Unauthorised"), "the sample shows what ownCloud said:\n{}", process.out);
    assert_eq!(server.accounts().len(), 3);
}

#[test]
fn the_example_runs_without_arguments() {
    let process = Process::example("owncloud_users").env("LOADTEST_RUN_TIME", "5s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("which shares this machine with the users"), "{}", process.err);
    assert_eq!(posts_and_deletes(&process), (20, 20));
}
