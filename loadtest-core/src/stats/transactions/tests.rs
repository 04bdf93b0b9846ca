use proptest::prelude::*;

use super::*;
use crate::stats::Failure;
use crate::stats::collector::Collector;

fn books(transactions: &Transactions) -> Vec<(String, [u64; 5])> {
    let row = |row: TransactionSnapshot| {
        let stats = row.stats;
        (row.name.to_string(), [stats.started, stats.ok, stats.failed, stats.interrupted, stats.requests])
    };
    transactions.rows().into_iter().map(row).collect()
}

fn row(name: &str, figures: [u64; 5]) -> (String, [u64; 5]) {
    (name.to_owned(), figures)
}

fn handed_over(recorder: &RecorderHandle) -> Vec<(String, [u64; 5])> {
    books(&recorder.hand_over().transactions)
}

#[test]
fn every_way_to_end_is_recorded_once() {
    let recorder = RecorderHandle::default();
    Transaction::start(&recorder, "a").ok();
    Transaction::start(&recorder, "a").fail("no");
    drop(Transaction::start(&recorder, "a"));
    let late = Transaction::start(&recorder, "a");
    assert_eq!(handed_over(&recorder), [row("a", [4, 1, 1, 1, 0])]);
    late.ok();
    assert_eq!(handed_over(&recorder), [row("a", [0, 1, 0, 0, 0])], "the verdict belongs to its interval");
}

#[test]
fn requests_belong_to_the_transactions_around_them() {
    let recorder = RecorderHandle::default();
    recorder.start("GET", "/outside").ok();
    let outer = Transaction::start(&recorder, "outer");
    recorder.start("GET", "/").ok();
    let late = recorder.start("GET", "/late");
    {
        let inner = Transaction::start(&recorder, "inner");
        assert_eq!(inner.name(), "outer / inner");
        recorder.start("GET", "/").fail(Failure::new("500"));
        drop(recorder.start("GET", "/"));
        inner.ok();
    }
    drop(Transaction::start(&recorder, "left"));
    late.ok();
    outer.ok();
    recorder.start("GET", "/outside").ok();
    let interval = recorder.hand_over();
    assert_eq!(
        books(&interval.transactions),
        [row("outer", [1, 1, 0, 0, 3]), row("outer / inner", [1, 1, 0, 0, 1]), row("outer / left", [1, 0, 0, 1, 0]),]
    );
    let total: u64 = interval.rows.touched().map(|(_, row)| row.started).sum();
    assert_eq!(total, 6, "transactions are no requests");
}

#[test]
fn transactions_may_end_in_any_order() {
    let recorder = RecorderHandle::default();
    let first = Transaction::start(&recorder, "first");
    let second = Transaction::start(&recorder, "second");
    let third = Transaction::start(&recorder, "third");
    assert_eq!(third.name(), "first / second / third");
    second.ok();
    assert_eq!(Transaction::start(&recorder, "fourth").name(), "first / second / third / fourth");
    third.ok();
    assert_eq!(Transaction::start(&recorder, "fifth").name(), "first / fifth");
    first.ok();
    assert_eq!(Transaction::start(&recorder, "sixth").name(), "sixth");
}

#[test]
fn transactions_that_overlap_for_ever_take_no_memory_for_ever() {
    let recorder = RecorderHandle::default();
    let mut open: std::collections::VecDeque<_> = (0..3).map(|_| Transaction::start(&recorder, "a")).collect();
    for _ in 0..200_000 {
        open.push_back(Transaction::start(&recorder, "a"));
        open.pop_front().expect("three").ok();
    }
    // Dropped one inside of the other, a chain of them would overflow the stack.
    drop(open);
    let books = handed_over(&recorder);
    assert_eq!(books.iter().map(|(_, figures)| figures[1]).sum::<u64>(), 200_000);
}

#[test]
fn requests_of_one_that_outlives_the_one_around_it_belong_to_the_next_around() {
    let recorder = RecorderHandle::default();
    let outer = Transaction::start(&recorder, "outer");
    let middle = Transaction::start(&recorder, "middle");
    let inner = Transaction::start(&recorder, "inner");
    middle.ok();
    recorder.start("GET", "/").ok();
    inner.ok();
    outer.ok();
    assert_eq!(
        handed_over(&recorder),
        [
            row("outer", [1, 1, 0, 0, 1]),
            row("outer / middle", [1, 1, 0, 0, 0]),
            row("outer / middle / inner", [1, 1, 0, 0, 1])
        ]
    );
}

#[test]
fn a_users_transactions_are_not_around_those_of_another() {
    let shard = RecorderHandle::default();
    let (ann, bob) = (shard.of_user("Shopper", Some(1)), shard.of_user("Shopper", Some(2)));
    let open = Transaction::start(&ann, "checkout");
    let other = Transaction::start(&bob, "checkout");
    bob.start("GET", "/").ok();
    assert_eq!((open.name(), other.name()), ("checkout", "checkout"));
    open.ok();
    other.ok();
    assert_eq!(handed_over(&shard), [row("checkout", [2, 2, 0, 0, 1])]);
}

#[test]
fn names_past_the_limit_share_one_row_and_the_books_hold() {
    let (one, two) = (RecorderHandle::default(), RecorderHandle::default());
    let mut collector = Collector::new(2, Instant::now());
    let open: Vec<_> = (0..MOST_TRANSACTIONS + 50)
        .flat_map(|number| [(&one, number), (&two, number + 700)])
        .map(|(recorder, number)| {
            let transaction = Transaction::start(recorder, &format!("order {number}"));
            // Each a transaction of its own, not one inside of the other.
            recorder.innermost().replace(None);
            transaction
        })
        .collect();
    let hand_over = |collector: &mut Collector| {
        collector.merge(0, &one.hand_over(), Instant::now());
        collector.merge(1, &two.hand_over(), Instant::now());
    };
    hand_over(&mut collector);
    open.into_iter().for_each(Transaction::ok);
    hand_over(&mut collector);
    let snapshot = collector.snapshot(Instant::now());
    assert!(snapshot.transactions.len() <= MOST_TRANSACTIONS + 1);
    for row in &snapshot.transactions {
        assert_eq!(row.stats.started, row.stats.ok, "{}", row.name);
    }
    let ok: u64 = snapshot.transactions.iter().map(|row| row.stats.ok).sum();
    assert_eq!(ok, 2 * (MOST_TRANSACTIONS as u64 + 50));
    assert_eq!(snapshot.warnings.len(), 1, "{:?}", snapshot.warnings);
    assert!(snapshot.warnings[0].contains("more than 1000 transactions"));
}

#[test]
fn rows_inside_of_another_follow_it() {
    let mut transactions = Transactions::default();
    for name in ["pay now", "pay / card", "pay", "order"] {
        transactions.row(&Arc::from(name)).started += 1;
    }
    let names: Vec<_> = transactions.rows().iter().map(|row| row.name.to_string()).collect();
    assert_eq!(names, ["order", "pay", "pay / card", "pay now"]);
}

/// One transaction: its name, its verdict, its time, and requests in it.
type Sample = (u8, u8, u32, u8);

fn of(samples: &[Sample]) -> Transactions {
    let mut transactions = Transactions::default();
    for (name, verdict, micros, requests) in samples {
        let name = Arc::from(["a", "b", "a / b"][usize::from(name % 3)]);
        let row = transactions.row(&name);
        row.started += 1;
        if verdict % 3 < 2 {
            row.requests += u64::from(*requests);
            row.time.record(Duration::from_micros(u64::from(*micros)));
            row.in_requests.record(Duration::from_micros(u64::from(micros / 2)));
        }
        match verdict % 3 {
            0 => row.ok += 1,
            1 => {
                row.failed += 1;
                transactions.failure(&name, ["no", "never"][usize::from(requests % 2)]);
            }
            _ => row.interrupted += 1,
        }
    }
    transactions
}

proptest! {
    #[test]
    fn merging_is_recording_everything_into_one(
        a in prop::collection::vec(any::<Sample>(), 0..40),
        b in prop::collection::vec(any::<Sample>(), 0..40),
        c in prop::collection::vec(any::<Sample>(), 0..40),
    ) {
        let figures = |transactions: &Transactions| {
            let failures = transactions.failures().into_iter().map(|row| (row.name, row.error, row.count));
            (transactions.rows(), failures.collect::<Vec<_>>())
        };
        let all = of(&[a.clone(), b.clone(), c.clone()].concat());
        let mut left = of(&a);
        left.merge(&of(&b));
        left.merge(&of(&c));
        let mut right = of(&c);
        right.merge(&of(&b));
        right.merge(&of(&a));
        prop_assert_eq!(figures(&left), figures(&right));
        prop_assert_eq!(figures(&left), figures(&all));
        left.clear();
        prop_assert_eq!(figures(&left), (vec![], vec![]));
        left.merge(&all);
        prop_assert_eq!(figures(&left), figures(&all));
    }
}

#[test]
fn a_reset_keeps_what_is_in_flight() {
    let recorder = RecorderHandle::default();
    let mut collector = Collector::new(1, Instant::now());
    Transaction::start(&recorder, "done").fail("no");
    let open = Transaction::start(&recorder, "open");
    collector.merge(0, &recorder.hand_over(), Instant::now());
    collector.reset(Instant::now());
    open.ok();
    collector.merge(0, &recorder.hand_over(), Instant::now());
    let snapshot = collector.snapshot(Instant::now());
    assert_eq!(snapshot.transactions.len(), 1);
    let open = snapshot.transaction("open").expect("a row");
    assert_eq!((open.started, open.ok, open.in_flight()), (1, 1, 0));
    assert!(snapshot.transaction_failures.is_empty());
}
