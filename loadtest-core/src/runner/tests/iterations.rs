//! Runs that end when so many tasks have run.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn counted<'a>(cx: &'a Context, what: &'static str) -> LocalFuture<'a, TaskResult> {
    Box::pin(async move {
        log(cx, what);
        Ok(())
    })
}

/// Waits a second after each task.
struct Steady;
impl Script for Steady {
    fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
        counted(cx, "on_start")
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        counted(cx, "task")
    }
}

fn times(log: &[(u128, String)], what: &str) -> Vec<u128> {
    log.iter().filter(|(_, entry)| entry.split(' ').next() == Some(what)).map(|(at, _)| *at).collect()
}

fn count(log: &[(u128, String)], what: &str) -> usize {
    times(log, what).len()
}

#[test]
fn as_many_tasks_run_in_total_as_were_asked_for() {
    for shards in 1..=4 {
        let (outcome, log) = run_to_end(test::<Steady>().users(5).iterations(23), shards);
        assert_eq!(outcome.ended_by, EndedBy::Iterations);
        assert_eq!((count(&log, "task"), count(&log, "on_start"), count(&log, "on_stop")), (23, 5, 5));
        assert_eq!(outcome.snapshot.elapsed, SECOND * 4, "nobody waits for what is not to come");
    }
}

#[test]
fn users_of_whom_nothing_is_left_to_do_are_not_started() {
    struct Long;
    impl Script for Long {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            counted(cx, "on_start")
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * 100).await;
                log(cx, "task");
                Ok(())
            })
        }
    }
    // Tasks begin at 0, 1 and 2 s and at 1.25 s.
    let (outcome, log) = run_to_end(test::<Steady>().users(10).spawn_rate(0.8).iterations(4), 3);
    assert_eq!((count(&log, "task"), count(&log, "on_start"), count(&log, "on_stop")), (4, 2, 2), "{log:?}");
    assert_eq!((outcome.snapshot.elapsed, outcome.ended_by), (SECOND * 2, EndedBy::Iterations));

    // The only iteration goes on while others are due.
    let (outcome, log) = run_to_end(test::<Long>().users(10).spawn_rate(1.0).iterations(1), 2);
    assert_eq!((count(&log, "on_start"), count(&log, "task")), (1, 1), "{log:?}");
    assert_eq!((outcome.snapshot.elapsed, outcome.ended_by), (SECOND * 100, EndedBy::Iterations));
}

#[test]
fn who_waits_when_the_last_has_ended_does_not_wait_on() {
    struct Patient;
    impl Script for Patient {
        fn wait() -> Wait {
            constant(SECOND * 1000)
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            counted(cx, "task")
        }
    }
    let (outcome, log) = run_to_end(test::<Patient>().users(4).spawn_rate(1.0).iterations(4), 2);
    assert_eq!((outcome.snapshot.elapsed, outcome.ended_by), (SECOND * 3, EndedBy::Iterations));
    assert_eq!(times(&log, "on_stop"), [3000; 4]);
    let (outcome, log) = run_to_end(test::<Patient>().users(4).spawn_rate(1.0).iterations_per_user(1), 2);
    assert_eq!((outcome.snapshot.elapsed, outcome.ended_by), (SECOND * 3, EndedBy::NoUsersLeft));
    assert_eq!(times(&log, "on_stop"), [0, 1000, 2000, 3000]);
}

#[test]
fn what_comes_first_ends_the_run() {
    let run = || test::<Steady>().users(5);
    for (run, ended_by, tasks) in [
        (run().iterations(10).iterations_per_user(3), EndedBy::Iterations, 10),
        (run().iterations(15).iterations_per_user(3), EndedBy::Iterations, 15),
        (run().iterations(16).iterations_per_user(3), EndedBy::NoUsersLeft, 15),
        (run().iterations(100).run_time(SECOND * 5 / 2), EndedBy::RunTime, 15),
        (run().iterations(14).run_time(SECOND * 5 / 2), EndedBy::Iterations, 14),
        (run().iterations_per_user(100).run_time(SECOND * 5 / 2), EndedBy::RunTime, 15),
    ] {
        let (outcome, log) = run_to_end(run, 2);
        assert_eq!((outcome.ended_by, count(&log, "task"), count(&log, "on_stop")), (ended_by, tasks, 5));
    }
}

#[test]
fn a_task_run_counts_however_it_ends() {
    struct Bad;
    impl Script for Bad {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "task");
                match cx.user_number() {
                    0 => panic!("badly"),
                    1 => fail("badly"),
                    2 => reschedule(),
                    _ => interrupt(),
                }
            })
        }
    }
    let (outcome, log) = run_to_end(test::<Bad>().users(4).iterations_per_user(3), 2);
    assert_eq!((count(&log, "task"), outcome.ended_by), (12, EndedBy::NoUsersLeft));
    let (outcome, log) = run_to_end(test::<Bad>().users(4).iterations(30), 2);
    assert_eq!((count(&log, "task"), outcome.ended_by), (30, EndedBy::Iterations));
}

/// Enters a set again and again, in which two tasks run and then one that leaves it.
struct Nested(Context);
struct Inner<'a>(&'a Context);

impl Tasks for Nested {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Inner<'_>>("inner", 1)];
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        scope.enter(task, Inner(&self.0)).await
    }

    async fn on_stop(&mut self) -> TaskResult {
        log(&self.0, "on_stop");
        Ok(())
    }
}

impl User for Nested {
    const NAME: &'static str = "Nested";

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Inner<'_> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("twice", 2), TaskInfo::new("leave", 1)];
    const ORDER: crate::Order = crate::Order::Sequential;
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        log(self.0, Self::TASKS[task].name);
        if task == 0 { Ok(()) } else { interrupt() }
    }

    async fn on_start(&mut self) -> TaskResult {
        log(self.0, "enter");
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        log(self.0, "exit");
        Ok(())
    }
}

#[test]
fn a_set_is_no_iteration_and_its_tasks_are() {
    let run = || LoadTest::new().user::<Nested>();
    for run in [run().iterations(7), run().iterations_per_user(7)] {
        let (_, log) = run_to_end(run, 1);
        let what: Vec<&str> = log.iter().filter_map(|(_, entry)| entry.split(' ').next()).collect();
        let round = ["enter", "twice", "twice", "leave", "exit"];
        let expected = [&round[..], &round[..], &["enter", "twice", "exit", "on_stop"]].concat();
        assert_eq!(what, expected, "inside out, as any end");
    }
    let (_, log) = run_to_end(run().iterations(6), 1);
    assert_eq!(count(&log, "enter"), 2, "no set is entered for nothing: {log:?}");
}

#[test]
fn each_run_counts_anew() {
    paused(async || {
        let local = Local::new(test::<Steady>().users(3).iterations(7), 2);
        for run in 1..=3 {
            let outcome = local.start().await.expect("an outcome");
            assert_eq!((outcome.ended_by, local.logged("task").len()), (EndedBy::Iterations, run * 7));
        }
    });
}

#[test]
fn none_is_too_few() {
    for (test, what) in
        [(test::<Steady>().iterations(0), "iterations: 0"), (test::<Steady>().iterations_per_user(0), "per user: 0")]
    {
        let error = test.plan().expect_err("too few").to_string();
        assert!(error.contains(what) && error.contains("at least 1"), "{error}");
    }
}

/// Waits by the dice, so that seeds tell.
struct Random;
impl Script for Random {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            log(cx, "task");
            let wait = cx.rng().random_range(0..5000);
            cx.wait(Duration::from_millis(wait)).await;
            Ok(())
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn neither_seed_nor_shards_change_the_counts(
        users in 1u64..20, tasks in 1u64..8, total in 1u64..60, seed: u64, shards in 1usize..5, rate in 1u32..9,
    ) {
        let run = || test::<Random>().users(users).spawn_rate(f64::from(rate)).seed(seed);
        let (_, log) = run_to_end(run().iterations_per_user(tasks), shards);
        let mut of_users: HashMap<&str, u64> = HashMap::new();
        for (_, entry) in log.iter().filter(|(_, entry)| entry.starts_with("task")) {
            *of_users.entry(entry).or_default() += 1;
        }
        prop_assert_eq!(of_users.len() as u64, users);
        prop_assert!(of_users.values().all(|count| *count == tasks), "{:?}", of_users);
        let (outcome, log) = run_to_end(run().iterations(total), shards);
        prop_assert_eq!((outcome.ended_by, count(&log, "task") as u64), (EndedBy::Iterations, total));
    }
}

#[test]
fn over_threads_the_total_is_exact() {
    struct Fast;
    impl Script for Fast {
        fn wait() -> Wait {
            Wait::None
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("CALL", "it", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let run = test::<Fast>().users(50).threads(4).iterations(10_001).run_time(SECOND * 60);
    let report = runtime.block_on(run.run()).expect("a report");
    assert_eq!((report.ended_by(), report.request("CALL", "it").unwrap().stats.ok), (&EndedBy::Iterations, 10_001));
}
