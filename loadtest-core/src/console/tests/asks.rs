//! What is offered, and what is asked for.

use std::collections::BTreeMap;

use super::*;

fn two_classes() -> LoadTest {
    test().user::<Admin>()
}

/// The field that is to blame, and why.
fn refused(ask: &Ask) -> (String, String) {
    let console = Console::new(two_classes());
    let refused = console.start(ask).expect_err("it makes no sense");
    assert_eq!((console.view().run, console.view().state), (0, RunState::Ready));
    (refused.field.unwrap_or_default(), refused.message)
}

fn one<V>(name: &str, value: V) -> BTreeMap<String, V> {
    BTreeMap::from([(name.to_owned(), value)])
}

#[test]
fn what_makes_no_sense_is_refused_with_its_field() {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let none = Ask::default;
    let second = Duration::from_secs(1);
    for (ask, field, why) in [
        (Ask { users: Some(0), ..none() }, "users", "at least 1"),
        (Ask { users: Some(u64::MAX), ..none() }, "users", "too many"),
        (Ask { spawn_rate: Some(0.0), ..none() }, "spawn_rate", "above 0"),
        (Ask { spawn_rate: Some(f64::NAN), ..none() }, "spawn_rate", "above 0"),
        (Ask { run_time: Some(Some(Duration::ZERO)), ..none() }, "run_time", "too short"),
        (Ask { run_time: Some(Some(second)), warm_up: Some(Some(second)), ..none() }, "warm_up", "nothing to measure"),
        (Ask { classes: words(&[]), ..none() }, "classes", "at least one"),
        (Ask { classes: words(&["Visiter"]), ..none() }, "classes", "there are: Visitor, Admin"),
        (Ask { weights: one("Visiter", 1.0), ..none() }, "weights.Visiter", "there are: Visitor, Admin"),
        (Ask { weights: one("Admin", -1.0), ..none() }, "weights.Admin", "no weight"),
        (
            Ask { weights: one("Admin", 0.0), classes: words(&["Admin"]), ..none() },
            "weights",
            "no user class has a weight above 0",
        ),
        (Ask { fixed_counts: one("Nobody", Some(1)), ..none() }, "fixed_counts.Nobody", "no user class"),
        (Ask { hosts: one("Nobody", "http://x".to_owned()), ..none() }, "hosts.Nobody", "no user class"),
        (Ask { tags: words(&["raed"]), ..none() }, "tags", "there are: read, write"),
        (Ask { exclude_tags: words(&["raed"]), ..none() }, "exclude_tags", "there are: read, write"),
        (Ask { tags: words(&["raed"]), exclude_tags: words(&["write"]), ..none() }, "tags", "`raed`"),
        (Ask { thresholds: words(&["p95 < 1s", "p95 <"]), ..none() }, "thresholds", "p95 <"),
        (Ask { options: one("tenant", vec!["blue".to_owned()]), ..none() }, "options.tenant", "no options"),
    ] {
        let (blamed, message) = refused(&ask);
        assert!(blamed == field && message.contains(why), "{ask:?}: {blamed}: {message}");
    }
}

#[test]
fn what_is_asked_for_is_what_runs() {
    let console = Console::new(two_classes().threshold("p95 < 1ns").run_time(Duration::from_secs(60)));
    let ask = Ask {
        users: Some(3),
        spawn_rate: Some(f64::INFINITY),
        run_time: Some(None),
        host: Some("http://other.test".to_owned()),
        classes: Some(vec!["Visitor".to_owned()]),
        fixed_counts: one("Visitor", Some(2)),
        tags: Some(vec!["write".to_owned()]),
        thresholds: Some(vec!["count > 0".to_owned(), " ".to_owned()]),
        stop_timeout: Some(Duration::from_secs(7)),
        ..Ask::default()
    };
    console.start(&ask).expect("a run");
    let view = wait_for(&console, "requests", |view| view.snapshot.total.stats.ok > 0);
    assert_eq!((view.snapshot.users.alive, view.snapshot.target_users), (2, 2), "as many as there can be");
    assert_eq!(view.asked.run_time, Some(None));
    assert_eq!(view.asked.fixed_counts, BTreeMap::from([("Admin".to_owned(), None), ("Visitor".to_owned(), Some(2))]));
    console.stop().expect("a run");
    stopped(&console);
    let report = console.report(None).expect("a report");
    assert_eq!((report.host(), report.classes()), (Some("http://other.test"), &["Visitor".to_owned()][..]));
    assert!(report.request("GET", "read").is_none() && report.request("GET", "write").is_some());
    assert_eq!((report.settings().run_time, report.settings().stop_timeout), (None, Duration::from_secs(7)));
    assert_eq!(report.thresholds().len(), 1);
    assert!(report.thresholds()[0].is_met());
    // What is not asked for is as the test has it: nothing of the run before is left.
    console.start(&Ask::default()).expect("a run");
    console.stop().expect("a run");
    stopped(&console);
    let report = console.report(None).expect("a report");
    assert_eq!((report.host(), report.classes().len(), report.users()), (Some("http://shop.test"), 2, 2));
    assert_eq!(report.settings().run_time, Some(Duration::from_secs(60)));
}

#[test]
fn the_offer_has_everything_that_can_be_asked_for_and_no_password() {
    let test = two_classes().host("http://ann:hunter2@shop.test").tags(["read"]).threshold("p95<1s");
    let console = Console::new(test.warm_up(Duration::from_secs(5)));
    let offer = console.offer();
    let names: Vec<_> = offer.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!((names, offer.tags.join(" ").as_str()), (vec!["Visitor", "Admin"], "read write"));
    let visitor = &offer.classes[0];
    assert_eq!((visitor.weight, visitor.fixed_count, visitor.host.as_deref()), (1.0, None, None));
    let tasks: Vec<_> = visitor.tasks.iter().map(|task| (task.name.as_str(), task.share, task.tags.len())).collect();
    assert_eq!(tasks, [("read", 0.75, 1), ("write", 0.25, 1)], "whatever the tags of the run");
    assert_eq!(offer.classes[1].host.as_deref(), Some("http://admin.test"));
    assert!(offer.host_required && offer.threads == 2 && !offer.name.is_empty());
    let defaults = &offer.defaults;
    assert_eq!((defaults.users, defaults.run_time, defaults.reset_stats), (Some(2), Some(None), Some(false)));
    assert_eq!(defaults.host.as_deref(), Some("http://shop.test"));
    assert_eq!(defaults.thresholds.as_deref(), Some(&["p95 < 1s".to_owned()][..]));
    assert_eq!(defaults.warm_up, Some(Some(Duration::from_secs(5))));
    assert!(!format!("{offer:?}").contains("hunter2") && !format!("{offer:?}").contains("secret"));
    // Asking for all of it gives the same run, with the passwords that are not shown.
    let console = Console::new(two_classes().host("http://ann:hunter2@shop.test"));
    let ask = console.offer().defaults.clone();
    console.start(&ask).expect("a run");
    assert_eq!(console.view().asked, ask);
    console.stop().expect("a run");
    stopped(&console);
    let report = console.report(None).expect("a report");
    assert_eq!(report.host(), Some("http://ann:hunter2@shop.test"));
    assert!(report.configured().iter().all(|(_, settings)| !settings.contains("host")), "{:?}", report.configured());
}

#[test]
fn a_test_that_is_wrong_by_itself_is_offered_and_refused() {
    let console = Console::new(LoadTest::new().users(0));
    assert!(console.offer().classes.is_empty() && console.offer().defaults.users.is_none());
    let refused = console.start(&Ask { users: Some(1), ..Ask::default() }).expect_err("no class");
    assert!(refused.message.contains("there is no user class to run"), "{refused}");
}

#[test]
fn log_lines_are_kept_in_order_and_only_the_last() {
    let book = LogBook::default();
    for number in 0..1200 {
        book.add(tracing::Level::INFO, format!("line {number}"));
    }
    let lines = book.after(0);
    assert_eq!((lines.len(), lines[0].number, lines[999].number), (1000, 201, 1200));
    assert_eq!(lines[0].text, "line 200");
    assert_eq!(book.after(1199).len(), 1);
    assert!(book.after(1200).is_empty());
}
