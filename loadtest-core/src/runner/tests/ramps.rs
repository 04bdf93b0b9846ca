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
        local.say(Command::Edit { users: Some(8), spawn_rate: Some(4.0) });
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(local.logged("start").len(), 8);
        assert_eq!(local.snapshots.borrow().users.alive, 8);
        local.say(Command::Edit { users: Some(5), spawn_rate: Some(2.0) });
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
        assert!(local.snapshots.borrow().since < SECOND);
        local.say(Command::Reset);
        tokio::time::sleep(SECOND * 6).await;
        let snapshot = Arc::clone(&local.snapshots.borrow());
        let total = &snapshot.total.stats;
        assert_eq!((total.started, total.ok, total.in_flight()), (3, 3, 0), "finished since: {total:?}");
        assert!((SECOND * 15..SECOND * 17).contains(&snapshot.since), "{:?}", snapshot.since);
        local.say(Command::Stop);
        books_hold(&outcome.await.unwrap().snapshot);
    });
}

#[test]
fn what_is_measured_in_the_warm_up_is_left_out() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                fail("always")
            })
        }
    }
    let base = test::<S>().run_time(Duration::from_millis(9500));
    let counts = |outcome: &Outcome| {
        let snapshot = &outcome.snapshot;
        books_hold(snapshot);
        let of_history: u64 = snapshot.history.total().points().map(|point| point.ok).sum();
        (snapshot.total.stats.ok, snapshot.exceptions.iter().map(|row| row.count).sum::<u64>(), of_history)
    };
    assert_eq!(counts(&run_to_end(base.clone(), 2).0), (10, 10, 10));
    let (warm, _) = run_to_end(base.clone().warm_up(Duration::from_millis(3500)), 2);
    assert_eq!(counts(&warm), (6, 6, 6));
    assert!((warm.snapshot.total.rate - 1.0).abs() < 0.2, "{}", warm.snapshot.total.rate);
    assert!(warm.snapshot.elapsed >= Duration::from_millis(9500), "it is part of the run time");
    assert!((SECOND * 3..SECOND * 5).contains(&warm.snapshot.since), "{:?}", warm.snapshot.since);
    // Of a run that ends before.
    paused(async || {
        let local = Local::new(base.clone().warm_up(SECOND * 9), 1);
        let outcome = local.start();
        tokio::time::sleep(SECOND * 3).await;
        local.say(Command::Stop);
        let snapshot = outcome.await.expect("an outcome").snapshot;
        assert!(snapshot.warnings.iter().any(|text| text.contains("before its warm-up")), "{:?}", snapshot.warnings);
    });
    let error = base.warm_up(SECOND * 10).plan().expect_err("nothing is left").to_string();
    assert!(error.contains("10s") && error.contains("leaves nothing"), "{error}");
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

/// A class by its name, for tests with several: it logs its start.
macro_rules! class {
    ($name:ident, $weight:literal, $fixed_count:literal) => {
        struct $name;
        impl Script for $name {
            const WEIGHT: f64 = $weight;
            const FIXED_COUNT: u64 = $fixed_count;
            const TASKS: &'static [TaskInfo] = &[TaskInfo::new(stringify!($name), 1)];
            fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
                log(cx, cx.class());
                Box::pin(async { Ok(()) })
            }
        }
    };
}

/// The classes of the users that are there, by user number: `A 0` starts one, `on_stop 0` takes it away.
fn there(log: &[(u128, String)]) -> String {
    let mut users = std::collections::BTreeMap::new();
    for (_, what) in log {
        let (what, number) = what.rsplit_once(' ').unwrap();
        let number: u64 = number.parse().unwrap();
        if what == "on_stop" {
            users.remove(&number);
        } else {
            users.insert(number, what.to_owned());
        }
    }
    users.into_values().collect()
}

#[test]
fn every_edit_ends_with_the_users_that_the_rule_deals_and_no_other_user_moves() {
    class!(A, 3.0, 0);
    class!(B, 1.0, 0);
    class!(C, 1.0, 2);
    let base = test::<A>().user::<Scripted<B>>().user::<Scripted<C>>();
    for shards in [1, 3] {
        paused(async || {
            let local = Local::new(base.clone().users(3).spawn_rate(10.0), shards);
            let outcome = local.start();
            let mut starts = 0;
            let mut there_before = String::new();
            for users in [3u64, 9, 4, 1, 6, 2, 20, 5] {
                local.say(Command::Edit { users: Some(users), spawn_rate: Some(10.0) });
                tokio::time::sleep(SECOND * 3).await;
                let log = local.log();
                let expected = &"CCAABAAABAAABAAABAAA"[..usize::try_from(users).unwrap()];
                assert_eq!(there(&log), expected, "{users} users on {shards} shards");
                starts += expected.len().saturating_sub(there_before.len());
                assert_eq!(log.iter().filter(|(_, what)| !what.starts_with("on_stop")).count(), starts);
                there_before = expected.to_owned();
            }
            local.say(Command::Quit);
            outcome.await.expect("an outcome");
            assert_eq!(there(&local.log()), "");
        });
    }
}

#[test]
fn fixed_counts_alone_are_all_the_users_there_are_and_the_report_says_so() {
    class!(A, 1.0, 2);
    class!(None, 0.0, 0);
    class!(Rest, 1.0, 0);
    let base = test::<A>().user::<Scripted<None>>().run_time(SECOND);
    let (outcome, log) = run_to_end(base.clone().users(5), 2);
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with('A')).count(), 2);
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("on_stop")).count(), 2);
    assert!(outcome.snapshot.warnings[0].contains("5 users were asked for, and there are 2"));

    let (outcome, log) = run_to_end(base.clone().users(1), 2);
    assert_eq!(log.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(), ["A 0", "on_stop 0"]);
    assert!(outcome.snapshot.warnings[0].contains("fewer than the 2"));

    let (outcome, log) = run_to_end(base.user::<Scripted<Rest>>().users(5), 2);
    assert_eq!(there(&log[..5]), "AARestRestRest");
    assert_eq!(outcome.snapshot.warnings, [""; 0]);
}

#[test]
fn a_run_without_any_class_that_has_users_is_refused() {
    class!(None, 0.0, 0);
    let error = test::<None>().plan().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("no user class has a weight above 0 or a fixed count; give one to None"), "{error}");
    class!(Negative, -1.0, 0);
    let error = test::<Negative>().plan().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("user class Negative: -1 is no weight; give a number from 0"), "{error}");
}

#[test]
fn a_user_number_is_taken_again_only_when_its_former_user_is_gone() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "start");
            Box::pin(async { Ok(()) })
        }
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "on_stop");
                tokio::time::sleep(SECOND * 10).await;
                log(cx, "gone");
                Ok(())
            })
        }
    }
    for shards in [1, 2] {
        paused(async || {
            let local = Local::new(test::<S>().users(3), shards);
            let outcome = local.start();
            tokio::time::sleep(SECOND).await;
            for users in [1, 3, 2, 3] {
                local.say(Command::Edit { users: Some(users), spawn_rate: Some(f64::INFINITY) });
                tokio::time::sleep(SECOND).await;
            }
            assert_eq!(local.snapshots.borrow().users.alive, 3, "two of them are leaving");
            tokio::time::sleep(SECOND * 20).await;
            let number = |user: u64| -> Vec<_> {
                let mine = format!(" {user}");
                let log = local.log().into_iter();
                log.filter(|(_, what)| what.ends_with(&mine))
                    .map(|(at, what)| (at, what[..what.len() - 2].to_owned()))
                    .collect()
            };
            let events = |events: &[(u128, &str)]| -> Vec<_> {
                events.iter().map(|(at, what)| (*at, (*what).to_owned())).collect()
            };
            assert_eq!(number(0), events(&[(0, "start")]), "{shards} shards");
            for user in [1, 2] {
                let expected = events(&[(0, "start"), (1000, "on_stop"), (11_000, "gone"), (11_000, "start")]);
                assert_eq!(number(user), expected, "user {user}, {shards} shards");
            }
            assert_eq!(local.snapshots.borrow().users.alive, 3);
            // Once more, and the end while both wait for their places: they are never started.
            for users in [1, 3] {
                local.say(Command::Edit { users: Some(users), spawn_rate: Some(f64::INFINITY) });
                tokio::time::sleep(SECOND).await;
            }
            local.say(Command::Quit);
            outcome.await.expect("an outcome");
            let starts = local.logged("start").len();
            assert_eq!((starts, local.logged("gone").len()), (5, 5), "{shards} shards");
        });
    }
}

#[test]
fn a_user_that_has_left_by_itself_keeps_no_one_from_its_number() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            log(cx, "task");
            Box::pin(async { if cx.user_number() == 1 { stop_user() } else { Ok(()) } })
        }
    }
    paused(async || {
        let local = Local::new(test::<S>().users(2), 1);
        let outcome = local.start();
        tokio::time::sleep(SECOND * 2).await;
        assert_eq!(local.logged("task 1").len(), 1);
        for users in [1, 2] {
            local.say(Command::Edit { users: Some(users), spawn_rate: Some(f64::INFINITY) });
            tokio::time::sleep(SECOND * 2).await;
        }
        assert_eq!(local.logged("task 1").len(), 2);
        local.say(Command::Quit);
        outcome.await.expect("an outcome");
    });
}
