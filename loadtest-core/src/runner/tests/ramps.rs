//! Who is there, when, and what is counted.

use super::*;

#[test]
fn users_start_evenly_over_all_shards_and_all_are_stopped() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "start");
            Box::pin(async { Ok(()) })
        }
    }
    for shards in [1, 3] {
        let (outcome, log) = run_to_end(test::<S>().users(5).spawn_rate(2.0).run_time(SECOND * 10), shards);
        let starts: Vec<_> = log.iter().filter(|(_, what)| what.starts_with("start")).cloned().collect();
        let expected: Vec<_> = (0..5).map(|k| (500 * k, format!("start {k}"))).collect();
        assert_eq!(starts, expected, "{shards} shards");
        assert_eq!(log.iter().filter(|(at, what)| *at == 10_000 && what.starts_with("on_stop")).count(), 5);
        assert_eq!(outcome.ended_by, EndedBy::RunTime);
        assert_eq!(outcome.snapshot.users.alive, 0);
    }
}

#[test]
fn the_same_seed_gives_each_user_the_same_tasks_on_any_number_of_shards() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("a", 3), TaskInfo::new("b", 2), TaskInfo::new("c", 1)];
        fn wait() -> Wait {
            crate::between(SECOND, SECOND * 3)
        }
        fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
            // Numbers that the user draws must not change its tasks: it draws more or fewer each time.
            static DRAWS: AtomicU32 = AtomicU32::new(0);
            for _ in 0..DRAWS.fetch_add(1, Ordering::Relaxed) % 3 {
                let _: u8 = cx.rng().random();
            }
            log(cx, Self::TASKS[task].name);
            Box::pin(async { Ok(()) })
        }
    }
    let sequences = |shards, seed| {
        let (_, mut log) = run_to_end(test::<S>().users(6).seed(seed).run_time(SECOND * 60), shards);
        log.sort_by_key(|(at, what)| (what.rsplit(' ').next().unwrap().to_owned(), *at));
        log
    };
    let one = sequences(1, 42);
    assert!(one.len() > 100);
    assert_eq!(one, sequences(4, 42));
    assert_ne!(one, sequences(1, 43));
}

#[test]
fn users_without_wait_let_each_other_run() {
    struct S;
    impl Script for S {
        fn wait() -> Wait {
            Wait::None
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let count = cx.run_shared(|| Mutex::new([0u32; 2]));
                let mut count = count.lock().unwrap();
                count[usize::try_from(cx.user_number()).unwrap()] += 1;
                let [a, b] = *count;
                assert!(a.abs_diff(b) <= 1, "{a} and {b}");
                if a + b >= 1000 { stop_test("enough") } else { Ok(()) }
            })
        }
    }
    let (outcome, _) = run_to_end(test::<S>().users(2), 1);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("enough".into()), "{:?}", outcome.snapshot.exceptions);
}

#[test]
fn the_number_of_users_can_be_edited_up_and_down() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "start");
            Box::pin(async { Ok(()) })
        }
    }
    paused(async || {
        let local = Local::new(test::<S>().users(10).spawn_rate(1.0), 3);
        let outcome = local.start();
        tokio::time::sleep(Duration::from_millis(3500)).await;
        assert_eq!(local.logged("start").len(), 4);
        local.say(Command::Edit { users: 8, spawn_rate: 4.0 });
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(local.logged("start").len(), 8);
        assert_eq!(local.snapshots.borrow().users.alive, 8);
        local.say(Command::Edit { users: 5, spawn_rate: 2.0 });
        tokio::time::sleep(SECOND * 3).await;
        let stopped: Vec<_> = local.logged("on_stop").into_iter().map(|(_, what)| what).collect();
        assert_eq!(stopped, ["on_stop 7", "on_stop 6", "on_stop 5"]);
        assert_eq!(local.snapshots.borrow().users.alive, 5);
        local.say(Command::Quit);
        outcome.await.expect("an outcome");
        assert_eq!(local.logged("on_stop").len(), 8);
    });
}

#[test]
fn a_reset_forgets_the_figures_and_keeps_the_books() {
    paused(async || {
        let local = Local::new(test::<Slow>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(Duration::from_millis(15_500)).await;
        let before = Arc::clone(&local.snapshots.borrow().total.stats);
        assert_eq!((before.started, before.ok, before.in_flight()), (6, 3, 3));
        local.say(Command::Reset);
        tokio::time::sleep(SECOND * 6).await;
        let snapshot = Arc::clone(&local.snapshots.borrow());
        let total = &snapshot.total.stats;
        assert_eq!((total.started, total.ok, total.in_flight()), (3, 3, 0), "finished since: {total:?}");
        local.say(Command::Stop);
        books_hold(&outcome.await.unwrap().snapshot);
    });
}

#[test]
fn reset_stats_forgets_the_ramp() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("POST", "/login", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
    }
    let base = test::<S>().users(4).spawn_rate(1.0).run_time(Duration::from_millis(9500));
    let logins = |outcome: &Outcome| outcome.snapshot.row("POST", "/login").map(|row| row.stats.ok);
    assert_eq!(logins(&run_to_end(base.clone(), 2).0), Some(4));
    let (outcome, _) = run_to_end(base.reset_stats(true), 2);
    // The last user's login may fall just before or after the moment in which all users are there.
    assert!(logins(&outcome).unwrap_or(0) <= 1);
    assert!(outcome.snapshot.row("GET", "/").expect("tasks").stats.ok >= 20);
    books_hold(&outcome.snapshot);
}

#[test]
fn classes_share_the_users_by_weight() {
    struct A;
    impl Script for A {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("A", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, cx.class());
            Box::pin(async { Ok(()) })
        }
    }
    struct B;
    impl Script for B {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("B", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, cx.class());
            Box::pin(async { Ok(()) })
        }
    }
    let (_, log) = run_to_end(test::<A>().user::<Scripted<B>>().users(4).spawn_rate(1.0).run_time(SECOND * 5), 3);
    let classes: Vec<_> =
        log.iter().map(|(_, what)| what.as_str()).filter(|what| !what.starts_with("on_stop")).collect();
    assert_eq!(classes, ["A 0", "B 1", "A 2", "B 3"]);
}
