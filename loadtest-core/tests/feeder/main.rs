//! Rows of test data: who gets which, when they run out, and what is said of files that cannot be used.

#![cfg(feature = "feeders")]
#![expect(clippy::unwrap_used, reason = "a test")]

mod files;
mod format;

use std::collections::BTreeMap;
use std::sync::Barrier;

use loadtest_core::testing::TestShard;
use loadtest_core::{Context, Feeder, RunOut};
use proptest::prelude::*;

fn numbers(count: u32) -> Feeder<u32> {
    Feeder::list(0..count).unwrap()
}

fn take(feeder: &Feeder<u32>, cx: &Context, count: u32) -> Vec<u32> {
    (0..count).map(|_| *feeder.next(cx).unwrap()).collect()
}

/// How a user or the test ends that finds no row.
fn end(feeder: &Feeder<u32>, cx: &Context) -> String {
    format!("{:?}", feeder.next(cx).unwrap_err())
}

#[test]
fn rows_come_in_order_and_begin_again() {
    let cx = TestShard::new(None).context();
    assert_eq!(take(&numbers(3), &cx, 8), [0, 1, 2, 0, 1, 2, 0, 1]);
    assert_eq!(take(&numbers(3).once(RunOut::StopTest).circular(), &cx, 4), [0, 1, 2, 0]);
}

#[test]
fn all_users_take_from_one_sequence() {
    let shard = TestShard::new(None);
    let (one, two) = (shard.context(), shard.context());
    let feeder = numbers(4);
    assert_eq!([&one, &two, &two, &one].map(|cx| *feeder.next(cx).unwrap()), [0, 1, 2, 3]);
}

#[test]
fn rows_that_run_out_end_the_user_or_the_test_and_stay_out() {
    let cx = TestShard::new(None).context();
    let users = numbers(2).once(RunOut::StopUser);
    assert_eq!(take(&users, &cx, 2), [0, 1]);
    let test = numbers(2).named("accounts.csv").once(RunOut::StopTest);
    assert_eq!(take(&test, &cx, 2), [0, 1]);
    for _ in 0..3 {
        assert_eq!(end(&users, &cx), "Exit(StopUser)");
        assert_eq!(end(&test, &cx), r#"Exit(StopTest("accounts.csv has no more rows: all 2 have been used"))"#);
    }
    let one = numbers(1).once(RunOut::StopTest);
    take(&one, &cx, 1);
    assert!(end(&one, &cx).contains("the list has no more rows: its only one has been used"));
}

#[test]
fn every_user_has_a_row_of_its_own_whenever_it_asks() {
    let shard = TestShard::new(None);
    let users: Vec<Context> = (0..5).map(|_| shard.context()).collect();
    let rows = |feeder: &Feeder<u32>| -> Vec<Option<u32>> {
        users.iter().map(|cx| feeder.for_user(cx).ok().copied()).collect()
    };
    let feeder = numbers(3);
    for _ in 0..2 {
        assert_eq!(rows(&feeder), [0, 1, 2, 0, 1].map(Some));
    }
    assert_eq!(take(&feeder, &users[0], 1), [0], "nothing was used up");
    assert_eq!(rows(&numbers(3).once(RunOut::StopUser)), [Some(0), Some(1), Some(2), None, None]);
    let shuffled = numbers(5).shuffled();
    let own: Vec<u32> = rows(&shuffled).into_iter().flatten().collect();
    assert_eq!(own, take(&shuffled, &users[0], 5), "the same order as that of `next`");
}

#[test]
fn a_random_row_is_one_of_the_user_and_any() {
    let draw = || -> Vec<u32> {
        let cx = TestShard::new(None).context();
        let feeder = numbers(4);
        (0..400).map(|_| *feeder.random(&cx)).collect()
    };
    let drawn = draw();
    assert_eq!(drawn, draw());
    for row in 0..4 {
        let count = drawn.iter().filter(|drawn| **drawn == row).count();
        assert!((60..140).contains(&count), "row {row}: {count} of 400");
    }
    // Also where each row is handed out once, and when there are no more of those.
    let cx = TestShard::new(None).context();
    let feeder = numbers(1).once(RunOut::StopUser);
    assert_eq!((take(&feeder, &cx, 1), *feeder.random(&cx)), (vec![0], 0));
}

#[test]
fn two_lists_go_in_step_only_if_they_have_one_name() {
    let cx = TestShard::new(None).context();
    let order = |name: &str| take(&numbers(30).named(name).shuffled(), &cx, 30);
    assert_eq!(order("words"), order("words"));
    assert_ne!(order("words"), order("accounts"));
}

#[test]
fn an_empty_list_is_refused() {
    let error = Feeder::<u32>::list([]).unwrap_err();
    assert_eq!(error.to_string(), "a feeder was made from an empty list; give at least one row");
}

#[test]
fn a_feeder_can_be_shared_by_all_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Feeder<String>>();
}

/// What so many users take at the same time, each on a thread of its own with a shard of its own, until they have so
/// many or there are no more.
fn at_once(feeder: &Feeder<u32>, threads: usize, each: u32) -> Vec<u32> {
    let together = Barrier::new(threads);
    std::thread::scope(|scope| {
        let taken = || {
            let cx = TestShard::new(None).context();
            together.wait();
            (0..each).map_while(|_| feeder.next(&cx).ok().copied()).collect::<Vec<u32>>()
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(taken)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn counts(taken: Vec<u32>) -> BTreeMap<u32, u32> {
    taken.into_iter().fold(BTreeMap::new(), |mut counts, row| {
        *counts.entry(row).or_default() += 1;
        counts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_once_only_row_is_never_handed_out_twice(
        count in 1u32..3000, each in 1u32..1500, threads in 1usize..=8, shuffled: bool,
    ) {
        let feeder = numbers(count).once(RunOut::StopUser);
        let feeder = if shuffled { feeder.shuffled() } else { feeder };
        let taken = at_once(&feeder, threads, each);
        let asked = u32::try_from(threads).unwrap() * each;
        prop_assert_eq!(taken.len(), asked.min(count) as usize);
        let counts = counts(taken);
        prop_assert!(counts.values().all(|times| *times == 1));
        if asked >= count {
            prop_assert!(counts.into_keys().eq(0..count), "every row is handed out");
        }
    }

    #[test]
    fn every_round_has_every_row(count in 1u32..200, rounds in 1u32..5, threads in 1usize..=8, shuffled: bool) {
        let feeder = if shuffled { numbers(count).shuffled() } else { numbers(count) };
        let counts = counts(at_once(&feeder, threads, count * rounds));
        let times = rounds * u32::try_from(threads).unwrap();
        prop_assert!(counts.len() == count as usize && counts.values().all(|found| *found == times), "{counts:?}");
    }

    #[test]
    fn a_shuffled_feeder_gives_each_row_once_per_round_in_an_order_of_the_seed(count in 1u32..200) {
        let cx = TestShard::new(None).context();
        let rounds = |feeder: Feeder<u32>| [(); 3].map(|()| take(&feeder, &cx, count));
        let first = rounds(numbers(count).shuffled());
        prop_assert_eq!(&first, &rounds(numbers(count).shuffled()));
        if count >= 20 {
            prop_assert!(first[0] != first[1] && first[1] != first[2], "each round has another order");
        }
        for mut round in first {
            round.sort_unstable();
            prop_assert!(round.into_iter().eq(0..count));
        }
    }
}
