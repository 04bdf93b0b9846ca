//! Users who wait for each other, on one paused runtime and on threads.

use std::sync::atomic::AtomicU64;

use proptest::prelude::*;

use super::*;

/// Comes to the rendezvous of so many users, and leaves.
async fn meet(cx: &Context, users: u64) -> TaskResult {
    log(cx, "came");
    cx.rendezvous("checkout", users).await?;
    log(cx, "met");
    stop_user()
}

struct Three;
impl Script for Three {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(meet(cx, 3))
    }
}

fn times(log: &[(u128, String)], what: &str) -> Vec<u128> {
    log.iter().filter(|(_, entry)| entry.starts_with(what)).map(|(at, _)| *at).collect()
}

#[test]
fn a_group_goes_when_it_is_complete_and_the_next_ones_make_the_next() {
    for shards in 1..=4 {
        let (outcome, log) = run_to_end(test::<Three>().users(6).spawn_rate(1.0), shards);
        assert_eq!(times(&log, "came"), [0, 1000, 2000, 3000, 4000, 5000], "{shards} shards");
        assert_eq!(times(&log, "met"), [2000, 2000, 2000, 5000, 5000, 5000], "{shards} shards: {log:?}");
        assert!(outcome.snapshot.exceptions.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn whole_groups_go_and_nobody_else(users in 1u64..30, rate in 1u32..20, shards in 1usize..4) {
        let run = test::<Three>().users(users).spawn_rate(f64::from(rate)).run_time(SECOND * 60);
        let (_, log) = run_to_end(run, shards);
        let (came, met) = (times(&log, "came"), times(&log, "met"));
        prop_assert_eq!(came.len() as u64, users);
        let expected: Vec<u128> = came.chunks_exact(3).flat_map(|group| [group[2]; 3]).collect();
        prop_assert_eq!(met, expected);
    }
}

#[test]
fn a_stop_ends_the_wait_at_once() {
    for stop_timeout in [Duration::ZERO, SECOND * 100] {
        let run = test::<Three>().users(2).run_time(SECOND * 5).stop_timeout(stop_timeout);
        let (outcome, log) = run_to_end(run, 2);
        assert_eq!(outcome.snapshot.elapsed, SECOND * 5);
        assert_eq!((times(&log, "met").len(), times(&log, "on_stop").len()), (0, 2));
        assert!(outcome.snapshot.exceptions.is_empty());
    }
}

#[test]
fn in_on_start_a_stop_ends_it_too_and_nothing_is_an_exception() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { cx.rendezvous("all", 3).await })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(2).run_time(SECOND * 5), 2);
    assert_eq!(outcome.snapshot.elapsed, SECOND * 5);
    assert_eq!(times(&log, "on_stop").len(), 2);
    assert!(outcome.snapshot.exceptions.is_empty(), "{:?}", outcome.snapshot.exceptions);
}

#[test]
fn in_on_stop_users_meet_too() {
    struct S;
    impl Script for S {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * u32::try_from(cx.user_number()).unwrap()).await;
                cx.rendezvous("end", 3).await?;
                log(cx, "met");
                Ok(())
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().users(3).run_time(SECOND * 5), 2);
    let met = times(&log, "met");
    assert!(met.len() == 3 && met[0] == met[2], "{log:?}");
}

#[test]
fn who_leaves_is_counted_out() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                if cx.user_number() == 0 {
                    // Dropped while it waits.
                    let gone = tokio::time::timeout(SECOND / 2, cx.rendezvous("checkout", 2)).await;
                    assert!(gone.is_err());
                    return stop_user();
                }
                meet(cx, 2).await
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().users(3).spawn_rate(1.0), 2);
    // In the log's time, which begins when user 0 has left.
    assert_eq!((times(&log, "came"), times(&log, "met")), (vec![500, 1500], vec![1500, 1500]), "{log:?}");
}

#[test]
fn a_limit_gives_up_and_counts_out() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let met = cx.rendezvous_timeout("checkout", 2, SECOND * 3 / 2).await?;
                log(cx, if met { "met" } else { "alone" });
                stop_user()
            })
        }
    }
    // At 0, 2, 4 s each is alone for its second and a half; at 1/s the first two meet, and the third is alone.
    let (_, log) = run_to_end(test::<S>().users(3).spawn_rate(0.5), 2);
    assert_eq!(times(&log, "alone"), [0, 2000, 4000], "the log begins with the first: {log:?}");
    let (_, log) = run_to_end(test::<S>().users(3).spawn_rate(1.0), 2);
    assert_eq!((times(&log, "met").len(), times(&log, "alone").len()), (2, 1), "{log:?}");
}

#[test]
fn another_number_or_none_is_an_exception_with_its_place() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                match cx.user_number() {
                    0 => cx.rendezvous("checkout", 2).await,
                    1 => cx.rendezvous("checkout", 3).await,
                    _ => cx.rendezvous("checkout", 0).await,
                }
            })
        }
    }
    let (outcome, _) = run_to_end(test::<S>().users(3).run_time(SECOND / 2), 2);
    let mut texts: Vec<String> =
        outcome.snapshot.exceptions.iter().map(|row| format!("{} × {}", row.message, row.count)).collect();
    texts.sort();
    assert_eq!(
        texts,
        [
            "rendezvous \"checkout\": 0 is too few users; give at least 1 × 1",
            "rendezvous \"checkout\": 3 users, but 2 at an earlier call: give each number a name of its own × 1",
        ]
    );
    for row in &outcome.snapshot.exceptions {
        assert!(row.place.as_deref().is_some_and(|place| place.contains("tests/rendezvous.rs")), "{:?}", row.place);
    }
}

/// A run on threads of its own, to its end.
fn on_threads(test: LoadTest) -> crate::Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(SECOND * 60, test.threads(4).run()).await.expect("the run ends").expect("a report")
    })
}

#[test]
fn over_threads_nobody_goes_before_all_have_come() {
    const ROUNDS: u64 = 300;
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let come = cx.run_shared(AtomicU64::default);
                for round in 1..=ROUNDS {
                    come.fetch_add(1, Ordering::SeqCst);
                    cx.rendezvous("round", 8).await?;
                    assert!(come.load(Ordering::SeqCst) >= round * 8);
                }
                assert_eq!(come.load(Ordering::SeqCst), ROUNDS * 8);
                stop_user()
            })
        }
    }
    let report = on_threads(test::<S>().users(8));
    assert_eq!((report.ended_by(), report.exceptions()), (&EndedBy::NoUsersLeft, &[][..]));
}

#[test]
fn over_threads_who_gives_up_is_in_no_group() {
    #[derive(Default)]
    struct Met(AtomicU64);
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let mut met = 0;
                for _ in 0..200 {
                    let limit = Duration::from_micros(cx.rng().random_range(0..3000));
                    met += u64::from(cx.rendezvous_timeout("round", 4, limit).await?);
                }
                cx.run_shared(Met::default).0.fetch_add(met, Ordering::SeqCst);
                // The last to end knows them all.
                cx.rendezvous("end", 12).await?;
                let met = cx.run_shared(Met::default).0.load(Ordering::SeqCst);
                if met.is_multiple_of(4) { stop_user() } else { fail(format!("{met} went in groups of 4")) }
            })
        }
    }
    let report = on_threads(test::<S>().users(12).run_time(SECOND * 30));
    assert_eq!((report.ended_by(), report.exceptions()), (&EndedBy::NoUsersLeft, &[][..]), "{report}");
}
