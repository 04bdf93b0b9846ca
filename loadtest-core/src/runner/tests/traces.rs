//! What is told of users, and runs of one of them.

use super::*;
use crate::Trace;

/// A trace into memory.
fn traced() -> (Trace, Arc<Mutex<String>>) {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    (Trace::new(move |lines| into.lock().unwrap().push_str(lines)), text)
}

const TWO: &[TaskInfo] = &[TaskInfo::new("Shopper", 1)];

struct Shopper;
impl Script for Shopper {
    const TASKS: &'static [TaskInfo] = TWO;
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            let slow = async {
                tokio::time::sleep(SECOND * 2).await;
                Ok::<_, std::io::Error>(())
            };
            cx.measure("CALL", "slowly", slow).await?;
            cx.rendezvous("checkout", 50).await?;
            let refused = cx.measure("CALL", "badly", async { Err::<(), _>(std::io::Error::other("no line")) }).await;
            assert!(refused.is_err());
            fail("out of stock")
        })
    }
    fn teardown(cx: &SetupContext) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            cx.measure("CALL", "goodbye", async { Ok::<_, std::io::Error>(()) }).await?;
            fail("no goodbye")
        })
    }
}

#[test]
fn one_user_does_one_task_and_everything_is_told() {
    let (trace, text) = traced();
    let (outcome, log) = run_to_end(test::<Shopper>().users(20).trace(trace).single_user(), 1);
    assert_eq!((outcome.ended_by, log.len()), (EndedBy::Iterations, 1));
    let text = text.lock().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (exception, others): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| line.contains("exception"));
    assert_eq!(
        others,
        [
            "user 0: Shopper::on_start",
            "user 0: Shopper::Shopper",
            "user 0: CALL slowly: ok, 2000 ms",
            "user 0: rendezvous \"checkout\" of 50 users: a single user goes on at once",
            "user 0: CALL badly: failed: no line, 0.000 ms",
            "user 0: Shopper::on_stop",
            "teardown of Shopper: CALL goodbye: ok, 0.000 ms",
        ]
    );
    let [exception, last] = exception[..] else { panic!("{text}") };
    assert!(
        last.starts_with("teardown of Shopper: exception in ") && last.contains("::teardown: no goodbye ("),
        "{last}"
    );
    assert!(exception.starts_with("user 0: exception in Shopper::Shopper: out of stock ("), "{exception}");
    assert!(exception.contains("tests/traces.rs:"), "{exception}");
}

#[test]
fn it_may_do_more() {
    for test in [test::<Shopper>().iterations(3), test::<Shopper>().iterations_per_user(3)] {
        let (trace, text) = traced();
        run_to_end(test.trace(trace).single_user(), 1);
        assert_eq!(text.lock().unwrap().matches("Shopper::Shopper\n").count(), 3);
    }
}

#[test]
fn a_sink_that_panics_changes_nothing() {
    let run = test::<Shopper>().trace(|_: &str| panic!("closed")).single_user().iterations(2);
    let (outcome, log) = run_to_end(run, 1);
    assert_eq!((outcome.ended_by, log.len()), (EndedBy::Iterations, 1));
    assert_eq!(outcome.snapshot.total.stats.ok, 3, "two tasks and the goodbye");
}

#[test]
fn on_threads_the_summary_comes_last() {
    struct Quick;
    impl Script for Quick {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("CALL", "it", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
    }
    let (trace, text) = traced();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let run = test::<Shopper>().users(7).threads(3).run_single_user::<Scripted<Quick>>(trace);
    let report = runtime.block_on(run).expect("a report");
    assert_eq!((report.users(), report.classes(), report.total().stats.ok), (1, &["task".to_owned()][..], 1));
    let text = text.lock().unwrap();
    let (told, summary) = text.split_once("\n\n").expect("an empty line");
    assert!(told.contains("user 0: CALL it: ok"), "{text}");
    assert_eq!(summary, report.to_string());
}
