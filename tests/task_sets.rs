//! Task sets and tags, as the example shows them, from the command line.

#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use process::{Ended, Process};

fn run(arguments: &[&str]) -> Ended {
    let process = Process::example("task_sets").args(arguments.iter().copied()).finish();
    assert_eq!(process.code, Some(0), "{}", process.all());
    process
}

#[test]
fn users_go_through_all_sets() {
    let process = run(&["-t", "2s", "-u", "20", "-r", "100", "--seed", "1"]);
    let rows = process.rows();
    for name in [
        "GET /",
        "GET /articles/{id}",
        "POST /basket",
        "POST /checkout/address",
        "POST /checkout/payment",
        "GET /checkout/done",
    ] {
        assert!(rows.get(name).is_some_and(|row| row.ok > 0 && row.failed == 0), "{name}: {}", process.out);
    }
    // One address per way through the checkout, and at least one payment.
    assert!(rows["POST /checkout/payment"].ok + 20 >= rows["POST /checkout/address"].ok, "{}", process.out);
    assert!(!process.out.contains("Exceptions"), "{}", process.out);
}

#[test]
fn tags_choose_what_runs() {
    let rows = run(&["-t", "1s", "-u", "5", "-r", "100", "--tags", "checkout"]).rows();
    assert!(
        rows.contains_key("POST /checkout/address")
            && !rows.contains_key("GET /")
            && !rows.contains_key("POST /basket")
    );
    let rows = run(&["-t", "1s", "-u", "5", "-r", "100", "-E", "slow", "-E", "checkout"]).rows();
    assert!(rows.contains_key("GET /articles/{id}") && !rows.contains_key("POST /basket"));
    assert!(!rows.contains_key("POST /checkout/address"));
}

#[test]
fn tags_that_leave_nothing_are_an_error_that_lists_what_there_is() {
    for (arguments, expected) in [
        (&["--tags", "browze"][..], "there is no task with the tag `browze`; there are: browse, checkout, slow"),
        (&["--exclude-tags", "fast"], "there is no task with the tag `fast`; there are: browse, checkout, slow"),
        (&["-T", "checkout", "-E", "checkout"], "no task is left to run"),
        (&["--tags"], "a value is required"),
    ] {
        let process = Process::example("task_sets").args(arguments.iter().copied()).finish();
        assert_eq!(process.code, Some(2), "{arguments:?}: {}", process.all());
        assert!(process.err.contains(expected), "{arguments:?}: {}", process.all());
        assert_eq!(process.err.trim_end().lines().count(), 1, "{arguments:?}: {}", process.all());
    }
}

#[test]
fn the_task_ratio_is_shown_as_a_tree() {
    let text = run(&["--show-task-ratio"]).out;
    for line in [" * 100.0 Customer", "  * 50.0 department", "   * 62.5 look", "   * 31.2 look"] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    let json = run(&["--show-task-ratio-json", "--equal-weights"]).out;
    assert!(json.contains("\"department\": { \"ratio\": 0.3333333333333333, \"tasks\": {"), "{json}");
    assert!(json.contains("\"per_class\"") && json.contains("\"total\""), "{json}");
}
