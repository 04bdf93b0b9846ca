//! Every way to an end.

use super::*;

#[test]
fn without_a_stop_timeout_tasks_are_dropped_and_their_requests_interrupted() {
    let (outcome, log) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5), 2);
    let total = &outcome.snapshot.total.stats;
    assert_eq!((total.started, total.ok, total.failed, total.interrupted), (4, 0, 0, 4));
    assert_eq!(log.len(), 4);
    assert!(log.iter().all(|(at, what)| *at == 0 && what.starts_with("on_stop")), "the log begins with them: {log:?}");
}

#[test]
fn with_a_stop_timeout_tasks_may_finish() {
    let (outcome, log) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5).stop_timeout(SECOND * 6), 2);
    let total = &outcome.snapshot.total.stats;
    assert_eq!((total.started, total.ok, total.interrupted), (4, 4, 0));
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("finished")).count(), 4);
    let (outcome, _) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5).stop_timeout(SECOND * 4), 2);
    assert_eq!(outcome.snapshot.total.stats.interrupted, 4, "it was too short");
    assert_eq!(outcome.snapshot.elapsed.as_secs(), 9, "five seconds and the timeout");
}

#[test]
fn a_waiting_user_stops_at_once_also_when_it_waits_in_a_task() {
    struct InTask;
    impl Script for InTask {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.wait(SECOND * 1000).await;
                Ok(())
            })
        }
    }
    struct Between;
    impl Script for Between {
        fn wait() -> Wait {
            constant(SECOND * 1000)
        }
    }
    for test in [test::<InTask>(), test::<Between>()] {
        let (outcome, log) = run_to_end(test.users(3).run_time(SECOND * 5).stop_timeout(SECOND * 100), 2);
        assert_eq!(outcome.snapshot.elapsed.as_secs(), 5);
        assert_eq!(log.len(), 3);
    }
}

#[test]
fn an_abort_drops_users_where_they_stand() {
    paused(async || {
        let local = Local::new(test::<Slow>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        local.say(Command::Abort);
        let outcome = outcome.await.unwrap();
        assert_eq!(outcome.ended_by, EndedBy::Abort);
        assert_eq!(outcome.snapshot.total.stats.interrupted, 3);
        assert_eq!(outcome.snapshot.elapsed, SECOND);
        books_hold(&outcome.snapshot);
    });
}

#[test]
fn an_abort_does_not_wait_for_on_stop() {
    struct S;
    impl Script for S {
        fn on_stop(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(std::future::pending())
        }
    }
    paused(async || {
        let local = Local::new(test::<S>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        tokio::time::sleep(SECOND).await;
        local.say(Command::Abort);
        assert_eq!(outcome.await.unwrap().snapshot.elapsed, SECOND * 2);
    });
}

#[test]
fn a_user_may_stop_itself_and_the_last_one_ends_the_run() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "task");
                stop_user()
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(5), 3);
    assert_eq!(outcome.ended_by, EndedBy::NoUsersLeft);
    assert_eq!(log.len(), 10, "five tasks and five on_stops: {log:?}");
}

#[test]
fn a_task_may_stop_the_test() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { if cx.user_number() == 2 { stop_test("seen enough") } else { Ok(()) } })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(4).spawn_rate(1.0), 2);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("seen enough".into()));
    assert_eq!(log.len(), 3, "the fourth had not been started: {log:?}");
}

#[test]
fn the_last_user_may_stop_the_test_and_be_gone_at_once() {
    struct S;
    impl Script for S {
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { stop_test("seen enough") })
        }
    }
    for shards in 1..=4 {
        let (outcome, _) = run_to_end(test::<S>().users(1), shards);
        assert_eq!(outcome.ended_by, EndedBy::StopTest("seen enough".into()), "{shards} shards");
    }
}

#[test]
fn on_stops_are_limited_in_number_and_each_has_its_own_bound() {
    struct S;
    impl Script for S {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * 2).await;
                log(cx, "on_stop");
                Ok(())
            })
        }
    }
    let base = test::<S>().users(10).run_time(SECOND);
    let (outcome, log) = run_to_end(base.clone().stop_concurrency(4).on_stop_timeout(SECOND * 3), 3);
    assert_eq!(log.len(), 10);
    assert_eq!(outcome.snapshot.elapsed, SECOND * 7, "three rounds of two seconds after one");
    let (outcome, log) = run_to_end(base.on_stop_timeout(SECOND), 3);
    assert_eq!(log, []);
    assert_eq!((&*outcome.snapshot.exceptions[0].task, outcome.snapshot.exceptions[0].count), ("on_stop", 10));
}

#[test]
fn when_nobody_is_left_to_command_users_are_stopped_in_order() {
    paused(async || {
        let Local { plan, commands, snapshots, thresholds } = Local::new(test::<Slow>().users(3), 2);
        let (answer, outcome) = oneshot::channel();
        commands.send(Command::Start(answer)).unwrap();
        tokio::time::sleep(SECOND).await;
        drop(commands);
        assert_eq!(outcome.await.unwrap().ended_by, EndedBy::Request);
        let (commands, _unused) = unbounded_channel();
        assert_eq!(Local { plan, commands, snapshots, thresholds }.logged("on_stop").len(), 3);
    });
}

#[test]
fn a_stop_during_setup_ends_the_run() {
    struct S;
    impl Tasks for S {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(cx: &SetupContext) -> Result<(), Exit> {
            cx.measure("GET", "/slow", std::future::pending::<Result<(), std::io::Error>>()).await?;
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
    }
    impl User for S {
        const NAME: &'static str = "S";
        fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
            Ok(Self)
        }
    }
    paused(async || {
        let local = Local::new(LoadTest::new().user::<S>(), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        let outcome = outcome.await.unwrap();
        assert_eq!(outcome.ended_by, EndedBy::Request);
        assert_eq!(outcome.snapshot.total.stats.interrupted, 1, "its request was in flight");
        books_hold(&outcome.snapshot);
    });
}

#[test]
fn stop_test_works_in_every_hook_and_keeps_its_reason() {
    struct InSetup;
    impl Script for InSetup {
        fn setup() -> TaskResult {
            stop_test("maintenance")
        }
    }
    struct InOnStart;
    impl Script for InOnStart {
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { stop_test("maintenance") })
        }
    }
    let (outcome, _) = run_to_end(test::<InSetup>(), 1);
    assert!(matches!(outcome.ended_by, EndedBy::SetupFailed { message, .. } if message == "stop_test: maintenance"));
    let (outcome, log) = run_to_end(test::<InOnStart>().users(3), 2);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("maintenance".into()));
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("on_stop")).count(), 3, "{log:?}");
}

#[test]
fn an_abort_during_a_failed_setups_teardown_keeps_the_reason() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("S", 1)];
        fn setup() -> TaskResult {
            fail("no database")
        }
    }
    struct Hanging;
    impl Script for Hanging {
        fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
            Box::pin(std::future::pending())
        }
    }
    paused(async || {
        let local = Local::new(test::<Hanging>().user::<Scripted<S>>(), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Abort);
        let outcome = outcome.await.unwrap();
        assert!(matches!(outcome.ended_by, EndedBy::SetupFailed { .. }), "{:?}", outcome.ended_by);
        assert_eq!(outcome.snapshot.elapsed, SECOND);
    });
}
