//! Starting, changing, ending.

use super::*;
use crate::report::EndedBy;
use crate::threshold::Verdict;

#[test]
fn one_run_after_the_other_each_by_itself() {
    let console = Console::new(test().threshold("count(GET read) > 0"));
    assert_eq!((console.view().run, console.view().state), (0, RunState::Ready));
    assert!(console.report(None).is_none());
    let mut ids = Vec::new();
    for number in 1..=2 {
        assert_eq!(console.start(&Ask { users: Some(number), ..Ask::default() }), Ok(number));
        let view = wait_for(&console, "requests", |view| {
            view.state == RunState::Running && view.thresholds.iter().any(|result| result.verdict == Verdict::Met)
        });
        assert_eq!((view.run, view.snapshot.users.alive, view.asked.users), (number, number, Some(number)));
        assert_eq!((view.ended.as_deref(), view.started_at.is_some()), (None, true));
        let present = console.report(None).expect("a report");
        assert_eq!((present.ended_by(), present.users()), (&EndedBy::GoesOn, number));
        assert!(present.total().stats.ok > 0 && present.thresholds()[0].is_met());
        assert_eq!(console.report(Some(number)).expect("the same").run_id(), view.run_id);
        console.stop().expect("a run");
        let view = stopped(&console);
        assert_eq!(view.ended.as_deref(), Some("it was asked to"));
        let kept = console.report(None).expect("a report");
        assert_eq!((kept.ended_by(), kept.run_id()), (&EndedBy::Request, view.run_id.as_str()));
        assert_eq!(kept.snapshot(), &*view.snapshot);
        ids.push(view.run_id.clone());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(console.runs().iter().map(|run| run.number).collect::<Vec<_>>(), [1, 2]);
    let added = console.add_run("last week", (*console.report(Some(1)).expect("the first")).clone());
    assert_eq!((added, console.runs()[2].name.as_deref()), (3, Some("last week")));
    assert_eq!(console.report(None).expect("the second").run_id(), ids[1], "not the one that was added");
    assert!(console.report(Some(4)).is_none());
    assert_eq!(console.start(&Ask::default()), Ok(4));
}

#[test]
fn only_the_last_runs_are_kept() {
    let console = Console::new(test());
    let report = test().iterations(1).run_blocking().expect("a report");
    for _ in 0..25 {
        console.add_run("a file", report.clone());
    }
    assert_eq!(console.runs().iter().map(|run| run.number).collect::<Vec<_>>(), (6..=25).collect::<Vec<_>>());
}

#[test]
fn runs_from_files_do_not_push_out_the_last_of_this_process() {
    let console = Console::new(test().iterations(1));
    for _ in 0..2 {
        console.start(&Ask::default()).expect("a run");
        stopped(&console);
    }
    let last = console.report(None).expect("the second");
    for _ in 0..25 {
        console.add_run("a file", (*last).clone());
    }
    assert_eq!(console.report(None).expect("still the second").run_id(), last.run_id());
    assert_eq!(
        console.runs().iter().map(|run| run.number).collect::<Vec<_>>(),
        [&[2][..], &(9..=27).collect::<Vec<_>>()].concat()
    );
}

#[test]
fn only_the_last_markers_are_kept() {
    let console = Console::new(test());
    console.start(&Ask::default()).expect("a run");
    running(&console);
    for paused in [true, false].into_iter().cycle().take(300) {
        console.pause_spawning(paused).expect("a run");
    }
    console.reset().expect("a run");
    let view = console.view();
    assert_eq!((view.markers.len(), view.markers[199].text.as_str()), (200, "figures reset"));
}

#[test]
fn whoever_starts_second_is_refused_and_so_is_what_no_run_allows() {
    let console = Console::new(test());
    let none = [console.stop(), console.reset(), console.pause_spawning(true), console.edit(&Edit::default())];
    for refused in none {
        let refused = refused.expect_err("nothing runs");
        assert_eq!((refused.field.as_deref(), refused.to_string().contains("no run goes on")), (None, true));
    }
    console.abort();
    let starts: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| console.start(&Ask::default()))).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert_eq!(starts.iter().filter(|start| **start == Ok(1)).count(), 1, "{starts:?}");
    let refused = starts.into_iter().find_map(Result::err).expect("three of them");
    assert_eq!(refused, Refused { field: None, message: "a run goes on: stop it first".to_owned() });
    running(&console);
    console.stop().expect("a run");
    stopped(&console);
    assert_eq!(console.start(&Ask::default()), Ok(2), "a refused start takes no number");
}

#[test]
fn setting_up_can_be_stopped_and_nothing_else() {
    let gate = Arc::new(Gate::default());
    let console = Console::new(test().options(Arc::clone(&gate)));
    console.start(&Ask::default()).expect("a run");
    assert_eq!(console.view().state, RunState::SettingUp);
    for refused in [console.edit(&Edit { users: Some(1), spawn_rate: None }), console.reset()] {
        assert!(refused.is_err_and(|refused| refused.to_string().contains("setting up")));
    }
    console.stop().expect("a run");
    let view = stopped(&console);
    assert_eq!((view.ended.as_deref(), gate.passed.load(Ordering::Relaxed)), (Some("it was asked to"), 0));
    // The next one gets through.
    console.start(&Ask::default()).expect("a run");
    gate.is_open.notify_one();
    running(&console);
    assert_eq!(gate.passed.load(Ordering::Relaxed), 1);
    console.abort();
    assert_eq!(stopped(&console).ended.as_deref(), Some("broken off"));
}

#[test]
fn a_setup_that_fails_is_a_problem_and_a_run() {
    let console = Console::new(test().options(Arc::new(Gate { fails: true, ..Gate::default() })));
    console.start(&Ask::default()).expect("a run");
    let view = stopped(&console);
    assert!(view.problem.as_deref().is_some_and(|problem| problem.contains("the gate is shut")), "{view:?}");
    assert!(matches!(console.runs()[0].report.ended_by(), EndedBy::SetupFailed { .. }));
    assert!(console.start(&Ask::default()).is_ok(), "one can try again");
}

#[test]
fn edits_pauses_and_resets_are_marked() {
    let console = Console::new(test());
    console.start(&Ask { users: Some(1), ..Ask::default() }).expect("a run");
    running(&console);
    console.edit(&Edit { users: Some(4), spawn_rate: Some(f64::INFINITY) }).expect("a run");
    wait_for(&console, "four users", |view| view.state == RunState::Running && view.snapshot.users.alive == 4);
    console.edit(&Edit { users: Some(0), spawn_rate: None }).expect("a run");
    let view = wait_for(&console, "no users", |view| {
        view.state == RunState::Running && view.snapshot.users.alive == 0 && view.snapshot.target_users == 0
    });
    assert_eq!((view.asked.users, view.asked.spawn_rate), (Some(0), Some(f64::INFINITY)));
    console.edit(&Edit { users: Some(1), spawn_rate: Some(2.5) }).expect("it goes on");
    wait_for(&console, "a user", |view| view.snapshot.users.alive == 1);
    console.pause_spawning(true).expect("a run");
    console.pause_spawning(true).expect("a run");
    assert!(console.view().spawning_paused);
    console.edit(&Edit { users: Some(3), spawn_rate: None }).expect("a run");
    let view = wait_for(&console, "to wait", |view| view.snapshot.target_users == 3);
    assert_eq!((view.state, view.snapshot.users.alive), (RunState::Spawning, 1));
    console.pause_spawning(false).expect("a run");
    running(&console);
    console.reset().expect("a run");
    wait_for(&console, "new figures", |view| view.snapshot.measured < Duration::from_secs(1));
    for (edit, field) in [
        (Edit { users: Some(u64::MAX), spawn_rate: None }, "users"),
        (Edit { users: None, spawn_rate: Some(0.0) }, "spawn_rate"),
        (Edit { users: None, spawn_rate: Some(f64::NAN) }, "spawn_rate"),
    ] {
        assert_eq!(console.edit(&edit).expect_err("no number").field.as_deref(), Some(field), "{edit:?}");
    }
    console.stop().expect("a run");
    stopped(&console);
    let markers = &console.runs()[0].markers;
    let texts: Vec<_> = markers.iter().map(|marker| marker.text.as_str()).collect();
    let expected = [
        "4 users, all at once",
        "0 users",
        "1 user, 2.5 per second",
        "spawning is paused",
        "3 users",
        "spawning goes on",
        "figures reset",
    ];
    assert_eq!(texts, expected);
    assert!(markers.is_sorted_by_key(|marker| marker.at), "{markers:?}");
}

#[test]
fn a_run_ends_by_its_run_time_while_nobody_looks() {
    let console = Console::new(test());
    let ask = Ask { run_time: Some(Some(Duration::from_millis(300))), ..Ask::default() };
    console.start(&ask).expect("a run");
    // Nothing has subscribed yet.
    while console.runs().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let view = console.view();
    assert_eq!((view.state, view.ended.as_deref()), (RunState::Stopped, Some("the run time is over")));
    let runs = console.runs();
    let stats = &runs[0].report.total().stats;
    assert_eq!(stats.started, stats.ok + stats.failed + stats.interrupted);
}

#[test]
fn quitting_ends_the_run_in_good_order_and_starts_none() {
    let console = Console::new(test());
    console.start(&Ask::default()).expect("a run");
    running(&console);
    console.quit();
    assert!(console.view().quitting);
    let view = stopped(&console);
    assert_eq!((view.ended.as_deref(), view.quitting), (Some("it was asked to"), true));
    assert!(console.start(&Ask::default()).is_err_and(|refused| refused.to_string().contains("about to end")));
}

#[test]
fn listeners_hear_of_each_run() {
    let heard = Arc::new([const { AtomicU64::new(0) }; 2]);
    let (starts, stops) = (Arc::clone(&heard), Arc::clone(&heard));
    let test = test().on_test_start(move |_| {
        starts[0].fetch_add(1, Ordering::Relaxed);
    });
    let console = Console::new(test.on_test_stop(move |_| {
        stops[1].fetch_add(1, Ordering::Relaxed);
    }));
    for run in 1..=2 {
        console.start(&Ask { run_time: Some(Some(Duration::from_millis(50))), ..Ask::default() }).expect("a run");
        stopped(&console);
        assert_eq!(heard.each_ref().map(|count| count.load(Ordering::Relaxed)), [run, run]);
    }
}

#[test]
fn without_a_console_a_run_ends() {
    let console = Console::new(test());
    console.start(&Ask::default()).expect("a run");
    running(&console);
    let mut views = console.watch();
    drop(console.clone());
    assert_eq!(views.borrow_and_update().state, RunState::Running);
    drop(console);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        // Its thread is the last that has the views: they end with it.
        let end = async {
            let mut last = RunState::Running;
            while views.changed().await.is_ok() {
                last = views.borrow_and_update().state;
            }
            last
        };
        assert_eq!(tokio::time::timeout(BOUND, end).await, Ok(RunState::Stopped));
    });
}
