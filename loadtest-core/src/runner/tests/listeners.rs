//! What listeners are told, in which order, and what becomes of their failures.

use super::*;
use crate::stats::{RequestEvent, RequestOutcome, UserErrorEvent};
use crate::{Listener, SpawningComplete, TestStart, TestStop};

/// Writes down what it is told, and does in each method what `then` says.
struct Diary {
    entries: Arc<Mutex<Vec<String>>>,
    then: fn(&'static str) -> TaskResult,
}

fn diary(then: fn(&'static str) -> TaskResult) -> (Diary, Arc<Mutex<Vec<String>>>) {
    let entries = Arc::default();
    (Diary { entries: Arc::clone(&entries), then }, entries)
}

impl Diary {
    fn note(&self, method: &'static str, entry: impl Into<String>) -> TaskResult {
        self.entries.lock().unwrap().push(entry.into());
        (self.then)(method)
    }
}

impl Listener for Diary {
    fn test_start(&self, event: &TestStart<'_>) -> TaskResult {
        self.note("test_start", format!("test_start {} {} {}", event.classes[0], event.users, event.seed))
    }
    fn spawning_complete(&self, event: &SpawningComplete) -> TaskResult {
        self.note("spawning_complete", format!("spawning_complete {}", event.users))
    }
    fn request(&self, event: &RequestEvent<'_>) -> TaskResult {
        self.note("request", format!("{:?} {} {}", event.outcome, event.method, event.name))
    }
    fn user_error(&self, event: &UserErrorEvent<'_>) -> TaskResult {
        let user = event.user_number.map_or_else(|| "nobody".to_owned(), |user| user.to_string());
        self.note("user_error", format!("{}::{} {user}: {}", event.class, event.task, event.message))
    }
    fn reset(&self) -> TaskResult {
        self.note("reset", "reset")
    }
    fn test_stop(&self, event: &TestStop<'_>) -> TaskResult {
        self.note("test_stop", format!("test_stop {} {}", event.ended_by.sentence(), event.snapshot.total.stats.ok))
    }
    fn quitting(&self) -> TaskResult {
        self.note("quitting", "quitting")
    }
}

/// Makes one request per second.
struct Lively;

impl Script for Lively {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
            Ok(())
        })
    }
}

async fn quit(local: &Local) {
    local.say(Command::Quit);
    local.commands.closed().await;
}

#[test]
fn the_order_is_the_same_however_a_run_ends() {
    for (end, sentence) in
        [(None, "the run time is over"), (Some(Command::Stop), "it was asked to"), (Some(Command::Abort), "broken off")]
    {
        let (diary, entries) = diary(|_| Ok(()));
        paused(async || {
            let local = Local::new(test::<Lively>().users(2).run_time(SECOND * 5).listener(diary), 2);
            let outcome = local.start();
            tokio::time::sleep(Duration::from_millis(1500)).await;
            if let Some(end) = end {
                local.say(end);
            }
            outcome.await.expect("an outcome");
            quit(&local).await;
        });
        let entries = entries.lock().unwrap();
        assert_eq!(entries[0], "test_start task 2 1");
        let requests = entries.iter().filter(|entry| *entry == "Ok GET /").count();
        assert!(requests >= 4, "{entries:?}");
        assert_eq!(entries.iter().filter(|entry| entry.starts_with("spawning_complete")).count(), 1);
        let last = &entries[entries.len() - 2..];
        assert_eq!(last, [format!("test_stop {sentence} {requests}"), "quitting".to_owned()]);
    }
}

#[test]
fn setup_comes_after_test_start_and_teardown_before_test_stop_and_again_in_the_next_run() {
    static ORDER: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Noted;
    impl Script for Noted {
        fn setup() -> TaskResult {
            ORDER.lock().unwrap().push("setup".into());
            Ok(())
        }
        fn teardown(cx: &SetupContext) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                ORDER.lock().unwrap().push("teardown".into());
                cx.counter("torn down").add(1);
                fail("not quite")
            })
        }
    }
    struct Told;
    impl Listener for Told {
        fn test_start(&self, _: &TestStart<'_>) -> TaskResult {
            ORDER.lock().unwrap().push("test_start".into());
            Ok(())
        }
        fn user_error(&self, event: &UserErrorEvent<'_>) -> TaskResult {
            ORDER.lock().unwrap().push(format!("{} {:?}", event.task, event.user_number));
            Ok(())
        }
        fn test_stop(&self, event: &TestStop<'_>) -> TaskResult {
            let torn_down = event.snapshot.counter("torn down").map(|counter| counter.total);
            ORDER.lock().unwrap().push(format!("test_stop {torn_down:?}"));
            Ok(())
        }
    }
    paused(async || {
        let local = Local::new(test::<Noted>().run_time(SECOND).listener(Told), 2);
        for _ in 0..2 {
            local.start().await.expect("an outcome");
            let order = std::mem::take(&mut *ORDER.lock().unwrap());
            assert_eq!(order, ["test_start", "setup", "teardown", "teardown None", "test_stop Some(1)"]);
        }
    });
}

#[test]
fn a_listener_that_fails_or_panics_is_reported_and_the_run_goes_on() {
    fn trouble(method: &'static str) -> TaskResult {
        match method {
            "request" => panic!("in a request"),
            "spawning_complete" => stop_user(),
            "user_error" => {
                "x".parse::<i32>()?;
                Ok(())
            }
            _ => fail(format!("in {method}")),
        }
    }
    struct Erring;
    impl Script for Erring {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                fail("as always")
            })
        }
    }
    let (failing, failing_entries) = diary(trouble);
    let (sound, sound_entries) = diary(|_| Ok(()));
    let outcome = paused(async || {
        let test = test::<Erring>().reset_stats(false).run_time(Duration::from_millis(4500));
        let local = Local::new(test.listener(failing).listener(sound), 1);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Reset);
        let outcome = outcome.await.expect("an outcome");
        quit(&local).await;
        outcome
    });
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    let rows = &outcome.snapshot.exceptions;
    let of = |task: &str| {
        let row = rows.iter().find(|row| &*row.class == "(listener)" && &*row.task == task);
        row.map(|row| (row.count, row.message.to_string())).unwrap_or_default()
    };
    let requests = outcome.snapshot.total.stats.ok;
    assert!(requests >= 3);
    assert_eq!(of("request"), (requests, "panicked: in a request".to_owned()));
    assert_eq!(of("user_error"), (requests, "invalid digit found in string".to_owned()));
    assert_eq!(of("reset"), (1, "in reset".to_owned()));
    assert_eq!(of("test_stop"), (1, "in test_stop".to_owned()));
    let place = rows.iter().find(|row| &*row.task == "reset").and_then(|row| row.place.clone()).expect("a place");
    assert!(place.contains("listeners.rs:"), "{place}");
    assert!(rows.iter().any(|row| &*row.class == "task" && row.count == requests), "{rows:?}");
    assert_eq!(
        *failing_entries.lock().unwrap(),
        *sound_entries.lock().unwrap(),
        "each is told, whatever the other does"
    );
    let entries = sound_entries.lock().unwrap();
    assert!(entries.contains(&"task::task 0: as always".to_owned()), "{entries:?}");
    assert!(entries.contains(&"reset".to_owned()) && entries.last().unwrap() == "quitting");
}

#[test]
fn failures_before_the_first_user_are_reported_as_well() {
    let (failing, _) = diary(|method| if method == "spawning_complete" { stop_user() } else { fail("no") });
    let (outcome, _) = run_to_end(test::<Lively>().run_time(SECOND).listener(failing), 1);
    let messages: Vec<_> = outcome.snapshot.exceptions.iter().map(|row| (&*row.task, &*row.message)).collect();
    assert!(messages.contains(&("test_start", "no")), "{messages:?}");
    assert!(
        messages.iter().any(|(task, message)| *task == "spawning_complete" && message.contains("stop_test() alone"))
    );
}

#[test]
fn a_listener_may_end_the_run() {
    struct Ends(&'static str);
    impl Ends {
        fn at(&self, method: &str) -> TaskResult {
            if self.0 == method { stop_test("enough") } else { Ok(()) }
        }
    }
    impl Listener for Ends {
        fn test_start(&self, _: &TestStart<'_>) -> TaskResult {
            self.at("test_start")
        }
        fn spawning_complete(&self, _: &SpawningComplete) -> TaskResult {
            self.at("spawning_complete")
        }
        fn request(&self, _: &RequestEvent<'_>) -> TaskResult {
            self.at("request")
        }
    }
    for method in ["test_start", "spawning_complete", "request"] {
        let (outcome, log) = run_to_end(test::<Lively>().run_time(SECOND * 10).listener(Ends(method)), 2);
        assert_eq!(outcome.ended_by, EndedBy::StopTest("enough".into()), "{method}");
        assert!(outcome.snapshot.exceptions.is_empty(), "{:?}", outcome.snapshot.exceptions);
        assert_eq!(log.is_empty(), method == "test_start", "{method}: {log:?}");
    }
}

#[test]
fn functions_are_listeners() {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    static STOPS: AtomicU32 = AtomicU32::new(0);
    let test = test::<Lively>()
        .run_time(SECOND * 3)
        .on_request(|event| {
            assert_eq!((event.class, event.user_number, event.outcome), ("task", Some(0), RequestOutcome::Ok));
            REQUESTS.fetch_add(1, Ordering::Relaxed);
        })
        .on_test_stop(|event| {
            STOPS.fetch_add(1, Ordering::Relaxed);
            if event.snapshot.total.stats.ok > 0 { Err("x".parse::<i32>().unwrap_err()) } else { Ok(()) }
        });
    let (outcome, _) = run_to_end(test, 1);
    let exceptions = &outcome.snapshot.exceptions;
    assert_eq!(u64::from(REQUESTS.load(Ordering::Relaxed)), outcome.snapshot.total.stats.ok, "{exceptions:?}");
    assert_eq!(STOPS.load(Ordering::Relaxed), 1);
    assert_eq!((exceptions.len(), &exceptions[0].place), (1, &None), "the place of our own code tells nobody anything");
}

#[test]
fn a_panic_of_a_listener_while_a_users_panic_unwinds_is_caught() {
    struct Panics;
    impl Script for Panics {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let _pending = cx.recorder().start("GET", "/");
                let _transaction = cx.start_transaction("checkout");
                panic!("of the user");
            })
        }
    }
    let test = test::<Panics>().run_time(Duration::from_millis(2500)).on_request(|event| {
        assert_ne!(event.outcome, RequestOutcome::Interrupted, "of the listener");
    });
    let (outcome, _) = run_to_end(test, 1);
    let count =
        |class: &str| outcome.snapshot.exceptions.iter().filter(|row| &*row.class == class).map(|row| row.count).sum();
    let (user, listener): (u64, u64) = (count("task"), count("(listener)"));
    assert_eq!((user, listener), (3, 3), "{:?}", outcome.snapshot.exceptions);
    assert_eq!(outcome.snapshot.total.stats.interrupted, 3);
    assert_eq!(outcome.snapshot.transaction("checkout").map(|row| (row.started, row.interrupted)), Some((3, 3)));
}

#[test]
fn who_wants_no_requests_is_told_of_none() {
    struct Deaf;
    impl Listener for Deaf {
        fn wants_requests(&self) -> bool {
            false
        }
        fn request(&self, _: &RequestEvent<'_>) -> TaskResult {
            fail("not wanted")
        }
    }
    let (diary, entries) = diary(|_| Ok(()));
    let (outcome, _) = run_to_end(test::<Lively>().run_time(SECOND).listener(Deaf).listener(diary), 1);
    assert!(outcome.snapshot.exceptions.is_empty());
    assert!(entries.lock().unwrap().iter().any(|entry| entry == "Ok GET /"));
}
