//! Custom metrics and transactions of users that are stopped, panic, and do several things at once.

use super::*;
use crate::RecordedError;

const MS: Duration = Duration::from_millis(1);

async fn request(cx: &Context, takes: Duration) -> Result<(), RecordedError> {
    cx.measure("GET", "/", async {
        tokio::time::sleep(takes).await;
        Ok::<_, std::io::Error>(())
    })
    .await
}

fn transactions_hold(snapshot: &Snapshot) {
    for row in &snapshot.transactions {
        let stats = &row.stats;
        assert_eq!(stats.started, stats.ok + stats.failed + stats.interrupted, "{}", row.name);
        assert_eq!((stats.time.count(), stats.in_requests.count()), (stats.ok + stats.failed, stats.ok + stats.failed));
    }
}

#[test]
fn a_transaction_takes_the_time_of_the_clock_and_tells_what_went_into_requests() {
    struct Buys;
    impl Script for Buys {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(cx.transaction("checkout", async {
                request(cx, MS * 10).await?;
                cx.wait(MS * 100).await;
                let answer = cx.transaction("pay", async {
                    // At once: each counts.
                    let (one, two) = tokio::join!(request(cx, MS * 20), request(cx, MS * 30));
                    one?;
                    two?;
                    Ok::<_, RecordedError>(7)
                });
                assert_eq!(answer.await?, 7);
                Ok(())
            }))
        }
    }
    let (outcome, _) = run_to_end(test::<Buys>().users(4).run_time(Duration::from_millis(2900)), 2);
    let snapshot = &outcome.snapshot;
    transactions_hold(snapshot);
    books_hold(snapshot);
    let names: Vec<_> = snapshot.transactions.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["checkout", "checkout / pay"]);
    let checkout = snapshot.transaction("checkout").unwrap();
    assert_eq!((checkout.ok, checkout.requests, checkout.failed), (12, 36, 0));
    assert_eq!((checkout.time.max(), checkout.in_requests.max()), (Some(MS * 140), Some(MS * 60)));
    let pay = snapshot.transaction("checkout / pay").unwrap();
    assert_eq!((pay.time.max(), pay.in_requests.max()), (Some(MS * 30), Some(MS * 50)));
    assert_eq!(snapshot.total.stats.started, 36, "transactions are no requests");
}

#[test]
fn the_result_is_the_verdict() {
    struct Ends;
    impl Script for Ends {
        const TASKS: &'static [TaskInfo] = &[
            TaskInfo::new("fails", 1),
            TaskInfo::new("request fails", 1),
            TaskInfo::new("handled", 1),
            TaskInfo::new("reschedules", 1),
            TaskInfo::new("panics", 1),
            TaskInfo::new("guard", 1),
        ];
        fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
            let name = Self::TASKS[task].name;
            Box::pin(async move {
                if name == "guard" {
                    cx.start_transaction(name).fail("no luck");
                    return Ok(());
                }
                cx.transaction(name, async {
                    tokio::time::sleep(SECOND).await;
                    let refused =
                        cx.measure("GET", "/", async { Err::<(), _>(std::io::Error::other("refused")) }).await;
                    match name {
                        "fails" => fail("out of stock"),
                        "request fails" => Ok(refused?),
                        "reschedules" => reschedule(),
                        "panics" => panic!("out of luck"),
                        _ => Ok(()),
                    }
                })
                .await
            })
        }
    }
    let (outcome, _) = run_to_end(test::<Ends>().users(3).run_time(SECOND * 100), 2);
    let snapshot = &outcome.snapshot;
    transactions_hold(snapshot);
    let of = |name: &str| {
        let row = snapshot.transaction(name).unwrap();
        // Stopped at the end of the run: interrupted, whatever it was to become.
        (row.ok > 0, row.failed > 0, row.interrupted > 3)
    };
    assert_eq!(of("fails"), (false, true, false));
    assert_eq!(of("request fails"), (false, true, false));
    assert_eq!(of("handled"), (true, false, false), "a failed request alone fails no transaction");
    assert_eq!(of("reschedules"), (false, false, true));
    assert_eq!(of("panics"), (false, false, true));
    assert_eq!(of("guard"), (false, true, false));
    let texts: Vec<_> = snapshot.transaction_failures.iter().map(|row| (&*row.name, &*row.error)).collect();
    assert_eq!(texts, [("fails", "out of stock"), ("guard", "no luck"), ("request fails", "a request failed")]);
    let count: u64 = snapshot.transaction_failures.iter().map(|row| row.count).sum();
    assert_eq!(count, snapshot.transactions.iter().map(|row| row.stats.failed).sum::<u64>());
}

#[test]
fn transactions_at_once_are_not_inside_of_each_other() {
    struct Both;
    impl Script for Both {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async move {
                let part = |name: &'static str, takes: u32| {
                    cx.transaction(name, async move {
                        request(cx, MS * takes).await?;
                        let inner = cx.start_transaction("inner");
                        request(cx, MS * takes).await?;
                        inner.ok();
                        Ok::<_, RecordedError>(())
                    })
                };
                let (one, two) = tokio::join!(part("one", 5), part("two", 3));
                request(cx, MS).await?;
                one?;
                two?;
                stop_user()
            })
        }
    }
    let (outcome, _) = run_to_end(test::<Both>(), 1);
    let snapshot = &outcome.snapshot;
    transactions_hold(snapshot);
    let rows: Vec<_> = snapshot.transactions.iter().map(|row| (&*row.name, row.stats.ok, row.stats.requests)).collect();
    assert_eq!(rows, [("one", 1, 2), ("one / inner", 1, 1), ("two", 1, 2), ("two / inner", 1, 1)]);
    assert_eq!(snapshot.total.stats.ok, 5);
}

#[test]
fn a_stop_interrupts_transactions_and_the_metrics_of_all_shards_are_one() {
    struct Stopped;
    impl Script for Stopped {
        fn setup() -> TaskResult {
            Ok(())
        }
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * u32::try_from(cx.user_number()).unwrap_or(0)).await;
                cx.gauge("started").set(cx.user_number() as u32);
                cx.trend("numbers").unit("users").record(cx.user_number() as u32);
                Ok(())
            })
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.counter("begun").add(2);
                let _outer = cx.start_transaction("outer");
                cx.transaction("inner", std::future::pending::<TaskResult>()).await
            })
        }
    }
    let (outcome, _) = run_to_end(test::<Stopped>().users(5).run_time(SECOND * 10), 3);
    let snapshot = &outcome.snapshot;
    transactions_hold(snapshot);
    for name in ["outer", "outer / inner"] {
        assert_eq!(snapshot.transaction(name).map(|row| row.interrupted), Some(5), "{name}");
    }
    assert_eq!(snapshot.counter("begun").map(|counter| (counter.total, counter.count)), Some((10, 5)));
    let started = snapshot.gauge("started").unwrap();
    let figures = (started.last(), started.min(), started.max(), started.mean());
    assert_eq!(figures, (Some(4.0), Some(0.0), Some(4.0), Some(2.0)), "the last by the clock, whatever the shard");
    let numbers = snapshot.trend("numbers").unwrap();
    assert_eq!((numbers.count(), numbers.percentile(50.0), numbers.max()), (5, Some(2.0), Some(4.0)));
    assert!(snapshot.trend("begun").is_none() && snapshot.counter("no such").is_none());
    let begun = &snapshot.metrics[0];
    assert!(
        (begun.rate - 10.0 / 4.5).abs() < 0.5,
        "without requests, until the last tick with a count: {}",
        begun.rate
    );
}

#[test]
fn a_reset_and_the_next_run_begin_anew() {
    struct Counts;
    impl Script for Counts {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.counter("tasks").add(1);
                cx.start_transaction("task").ok();
                Ok(())
            })
        }
    }
    paused(async || {
        let local = Local::new(test::<Counts>().run_time(Duration::from_millis(9500)), 2);
        for _ in 0..2 {
            let outcome = local.start();
            tokio::time::sleep(Duration::from_millis(4500)).await;
            local.say(Command::Reset);
            let snapshot = outcome.await.expect("an outcome").snapshot;
            assert_eq!(snapshot.counter("tasks").map(|counter| counter.total), Some(5));
            assert_eq!(snapshot.transaction("task").map(|row| (row.started, row.ok)), Some((5, 5)));
        }
    });
}
