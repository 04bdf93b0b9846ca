//! Hooks and tasks: in their order, failing, panicking, hanging.

use super::*;

#[test]
fn hooks_run_in_order_and_again_for_the_next_run() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    struct A;
    struct B;
    impl Script for A {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("A", 1)];
        fn setup() -> TaskResult {
            ORDER.lock().unwrap().push("setup A");
            Ok(())
        }
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("start");
            Box::pin(async { Ok(()) })
        }
        fn on_stop(_: &Context) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("stop");
            Box::pin(async { Ok(()) })
        }
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("teardown A");
            Box::pin(async { Ok(()) })
        }
    }
    impl Script for B {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("B", 1)];
        fn setup() -> TaskResult {
            ORDER.lock().unwrap().push("setup B");
            Ok(())
        }
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("teardown B");
            Box::pin(async { Ok(()) })
        }
    }
    paused(async || {
        let local = Local::new(test::<A>().user::<Scripted<B>>().run_time(SECOND), 2);
        for _ in 0..2 {
            local.start().await.expect("an outcome");
            let order = std::mem::take(&mut *ORDER.lock().unwrap());
            assert_eq!(order, ["setup A", "setup B", "start", "stop", "teardown B", "teardown A"]);
        }
    });
}

#[test]
fn a_running_on_start_is_let_finish_and_then_stopped() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "begin");
                tokio::time::sleep(SECOND * 4).await;
                log(cx, "begun");
                Ok(())
            })
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "task");
                Ok(())
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().users(2).run_time(SECOND * 2), 2);
    let order: Vec<_> = log.iter().map(|(at, what)| (*at, what.split(' ').next().unwrap())).collect();
    assert_eq!(
        order,
        [(0, "begin"), (0, "begin"), (4000, "begun"), (4000, "on_stop"), (4000, "begun"), (4000, "on_stop")]
    );
}

#[test]
fn an_on_start_that_hangs_is_given_its_bound_and_on_stop_still_runs() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "begin");
            Box::pin(std::future::pending())
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(2).run_time(SECOND * 2).on_stop_timeout(SECOND * 7), 1);
    assert_eq!(log.iter().filter(|(at, what)| *at == 9000 && what.starts_with("on_stop")).count(), 2);
    let exception = &outcome.snapshot.exceptions[0];
    assert_eq!((&*exception.task, exception.count), ("on_start", 2));
    assert!(exception.message.contains("did not finish within 7s"), "{}", exception.message);
}

#[test]
fn an_on_start_that_fails_is_undone_and_the_user_replaced_after_a_pause() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "start");
                fail("no account")
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().run_time(SECOND * 5), 1);
    let times: Vec<_> = log.iter().map(|(at, what)| (*at / 1000, what.as_str())).collect();
    let expected = [0, 1, 3].map(|second| [(second, "start 0"), (second, "on_stop 0")]).concat();
    assert_eq!(times, expected, "after one second, then two, then four");
    assert_eq!(outcome.snapshot.exceptions[0].count, 3);
    let place = outcome.snapshot.exceptions[0].place.as_deref().expect("a place");
    assert!(place.contains("hooks.rs:"), "{place}");
    assert_eq!(outcome.snapshot.warnings, ["2 users were replaced because their on_start failed"]);
}

#[test]
fn errors_and_panics_of_a_task_are_counted_and_the_user_goes_on() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("fails", 1), TaskInfo::new("panics", 1)];
        fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async move {
                tokio::time::sleep(SECOND).await;
                let _guard = cx.recorder().start("GET", "/");
                if task == 1 {
                    panic!("out of luck");
                }
                "x".parse::<i32>()?;
                Ok(())
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(2).run_time(Duration::from_millis(200_500)), 2);
    let count = |task: &str| -> u64 {
        outcome.snapshot.exceptions.iter().filter(|row| &*row.task == task).map(|row| row.count).sum()
    };
    assert_eq!(count("fails") + count("panics"), 200, "each user once in two seconds");
    assert!(count("fails") > 50 && count("panics") > 50);
    let messages: Vec<_> = outcome.snapshot.exceptions.iter().map(|row| &*row.message).collect();
    assert!(messages.contains(&"panicked: out of luck") && messages.contains(&"invalid digit found in string"));
    assert_eq!(outcome.snapshot.total.stats.interrupted, 200);
    books_hold(&outcome.snapshot);
    assert_eq!(log.len(), 2, "both were stopped in order");
}

#[test]
fn a_failing_setup_ends_the_run_before_any_user_and_undoes_the_others() {
    static TORN_DOWN: Mutex<u32> = Mutex::new(0);
    struct Good;
    impl Script for Good {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Good", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "never");
            Box::pin(async { Ok(()) })
        }
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            *TORN_DOWN.lock().unwrap() += 1;
            Box::pin(async { Ok(()) })
        }
    }
    struct Bad;
    impl Script for Bad {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Bad", 1)];
        fn setup() -> TaskResult {
            fail("no database")
        }
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            panic!("it was never set up");
        }
    }
    let (outcome, log) = run_to_end(test::<Good>().user::<Scripted<Bad>>().users(2).run_time(SECOND), 2);
    let EndedBy::SetupFailed { class, message } = outcome.ended_by else { panic!("{:?}", outcome.ended_by) };
    assert_eq!(class, "Bad");
    assert!(message.starts_with("no database ("), "{message}");
    assert_eq!(log, []);
    assert_eq!(*TORN_DOWN.lock().unwrap(), 1);
}

#[test]
fn a_panic_in_setup_is_a_failing_setup() {
    struct S;
    impl Script for S {
        fn setup() -> TaskResult {
            panic!("no disk")
        }
    }
    let (outcome, _) = run_to_end(test::<S>().run_time(SECOND), 1);
    // With its place behind it where another test of this process watches for those.
    assert!(
        matches!(&outcome.ended_by, EndedBy::SetupFailed { message, .. } if message.starts_with("panicked: no disk")),
        "{:?}",
        outcome.ended_by
    );
}

#[test]
fn interrupt_in_a_users_own_task_is_explained() {
    struct S;
    impl Script for S {
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { interrupt() })
        }
    }
    let (outcome, _) = run_to_end(test::<S>().run_time(Duration::from_millis(2500)), 1);
    let exception = &outcome.snapshot.exceptions[0];
    assert_eq!(exception.count, 3);
    assert!(exception.message.contains("outside of a task set"), "{}", exception.message);
}

#[test]
fn reschedule_leaves_out_the_wait() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                log(cx, "task");
                reschedule()
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().run_time(Duration::from_millis(1050)), 1);
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("task")).count(), 10);
}

#[test]
fn whatever_goes_wrong_in_a_hook_is_counted_and_every_user_is_stopped() {
    struct PanicsInOnStart;
    impl Script for PanicsInOnStart {
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { panic!("at the start") })
        }
    }
    struct FailsInOnStop;
    impl Script for FailsInOnStop {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "on_stop");
            Box::pin(async { fail("at the end") })
        }
    }
    struct PanicsInOnStop;
    impl Script for PanicsInOnStop {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "on_stop");
            panic!("at the end")
        }
    }
    struct PanicsInWaitTime;
    impl Script for PanicsInWaitTime {
        fn wait() -> Wait {
            panic!("no idea")
        }
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND / 10).await;
                Ok(())
            })
        }
    }
    struct PanicsInDrop;
    impl Script for PanicsInDrop {
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            struct Bomb;
            impl Drop for Bomb {
                fn drop(&mut self) {
                    panic!("in drop");
                }
            }
            Box::pin(async {
                let _bomb = Bomb;
                std::future::pending().await
            })
        }
    }
    struct PanicsInTeardown;
    impl Script for PanicsInTeardown {
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            panic!("in teardown");
        }
    }
    for (test, task, message, users) in [
        (test::<PanicsInOnStart>(), "on_start", "panicked: at the start", 1),
        (test::<FailsInOnStop>(), "on_stop", "at the end", 2),
        (test::<PanicsInOnStop>(), "on_stop", "panicked: at the end", 2),
        (test::<PanicsInWaitTime>(), "wait_time", "panicked: no idea", 2),
        (test::<PanicsInDrop>(), "task", "panicked: in drop", 2),
        (test::<PanicsInTeardown>(), "teardown", "panicked: in teardown", 2),
    ] {
        let (outcome, log) = run_to_end(test.users(users).run_time(Duration::from_millis(900)), 2);
        let exceptions = &outcome.snapshot.exceptions;
        assert!(exceptions.iter().any(|row| &*row.task == task && &*row.message == message), "{task}: {exceptions:?}");
        let stopped = log.iter().filter(|(_, what)| what.starts_with("on_stop")).count();
        assert_eq!(stopped, usize::try_from(users).unwrap(), "{task}");
        assert_eq!(outcome.ended_by, EndedBy::RunTime, "{task}");
    }
}

#[test]
fn a_teardown_that_hangs_is_bounded() {
    struct S;
    impl Script for S {
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            Box::pin(std::future::pending())
        }
    }
    let (outcome, _) = run_to_end(test::<S>().run_time(SECOND).on_stop_timeout(SECOND * 3), 2);
    assert_eq!(outcome.snapshot.elapsed, SECOND * 4);
    assert_eq!(&*outcome.snapshot.exceptions[0].task, "teardown");
}

#[test]
fn a_user_that_cannot_be_made_is_tried_again() {
    struct S;
    impl Tasks for S {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
        async fn on_stop(&mut self) -> TaskResult {
            panic!("its on_start had not begun")
        }
    }
    impl User for S {
        const NAME: &'static str = "S";
        fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
            if init.context().user_number() == 1 {
                panic!("no client");
            }
            "x".parse::<i32>()?;
            Ok(Self)
        }
    }
    let (outcome, _) =
        run_to_end(LoadTest::new().user::<S>().users(2).spawn_rate(10).run_time(Duration::from_millis(2500)), 2);
    let mut exceptions: Vec<_> = outcome.snapshot.exceptions.iter().map(|row| (&*row.message, row.count)).collect();
    exceptions.sort_unstable();
    assert_eq!(exceptions, [("invalid digit found in string", 2), ("panicked: no client", 2)]);
}
