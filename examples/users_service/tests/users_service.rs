//! The example as a real process, against a service that the test looks into.

#[path = "../../../tests/process/mod.rs"]
mod process;

use process::{Ended, Process};
use testbed::users_service::UsersService;

/// A run in which each of 60 users does one task, or two: the waits are longer than the run.
fn run(service: &UsersService) -> Ended {
    let process = Process::program(env!("CARGO_BIN_EXE_users_service"))
        .args(["-H", &service.url(), "-u", "60", "-r", "unlimited", "-t", "3s", "--seed", "11"])
        .finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    process
}

#[test]
fn users_are_listed_and_three_times_as_many_created() {
    let service = UsersService::spawn();
    let process = run(&service);
    let rows = process.rows();
    let (listed, created) = (rows["GET /users"].ok, rows["POST /users"].ok);
    // The seed decides who does what: 60 first tasks, of which about 45 create somebody.
    assert_eq!(listed + created, 60, "{}", process.out);
    assert!((36..=54).contains(&created), "{}", process.out);
    assert_eq!(rows["Aggregated"].failed, 0, "{}", process.out);
    // Nobody's address is somebody else's, and all of it was understood.
    assert_eq!(service.users(), created);
    assert_eq!(service.counts().answered("POST", "/users", 201), created);
    // A second run makes up the same people, and is no trouble to a service that remembers them.
    let again = run(&service).rows();
    assert_eq!(again["POST /users"].ok, created);
    assert_eq!(service.users(), 2 * created);
}

#[test]
fn it_runs_without_arguments() {
    let process = Process::program(env!("CARGO_BIN_EXE_users_service")).env("LOADTEST_RUN_TIME", "2s").finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    assert!(process.err.contains("which shares this machine with the users"), "{}", process.err);
    assert!(process.rows()["POST /users"].ok > 0, "{}", process.out);
}
