//! What is known of tasks, user classes and times, to the millisecond.

use super::*;
use crate::{CatchUp, constant_pacing};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

async fn request(cx: &Context, time: Duration) -> TaskResult {
    cx.measure("GET", "/thing", async {
        tokio::time::sleep(time).await;
        Ok::<_, std::io::Error>(())
    })
    .await?;
    Ok(())
}

/// One task that makes two requests, one that fails with a request, one that panics, one that is dropped at the end.
struct Several;
impl Script for Several {
    const TASKS: &'static [TaskInfo] = &[
        TaskInfo::new("browse", 3),
        TaskInfo::new("refused", 1),
        TaskInfo::new("panics", 1),
        TaskInfo::new("hangs", 1),
    ];
    fn setup() -> TaskResult {
        Ok(())
    }
    fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(request(cx, millis(7)))
    }
    fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async move {
            match task {
                0 => {
                    request(cx, millis(10)).await?;
                    request(cx, millis(30)).await
                }
                1 => {
                    cx.measure("GET", "/refused", async { Err::<(), _>(std::io::Error::other("no")) }).await?;
                    Ok(())
                }
                2 => panic!("oh"),
                _ => request(cx, SECOND * 1000).await,
            }
        })
    }
    fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(request(cx, millis(5)))
    }
}

#[test]
fn tasks_and_classes_have_their_books_and_all_requests() {
    for shards in [1, 3] {
        let (outcome, _) = run_to_end(test::<Several>().users(20).run_time(SECOND * 30), shards);
        let snapshot = &outcome.snapshot;
        books_hold(snapshot);
        let tasks: Vec<_> = snapshot.tasks.iter().map(|task| task.key.to_string()).collect();
        let names = ["browse", "hangs", "on_start", "on_stop", "panics", "refused"];
        assert_eq!(tasks, names.map(|name| format!("browse::{name}")));
        for task in &snapshot.tasks {
            let stats = &task.stats;
            assert_eq!(stats.in_flight() + stats.requests.in_flight(), 0, "{}", task.key);
        }
        let of = |task| snapshot.task("browse", task).expect("the task");
        let browse = of("browse");
        assert_eq!((browse.ok, browse.failed), (browse.started, 0));
        assert_eq!(browse.requests.ok, 2 * browse.ok);
        assert_eq!((browse.time.min(), browse.time.max()), (Some(millis(40)), Some(millis(40))));
        assert_eq!(browse.requests.service.max(), Some(millis(30)));
        assert_eq!(browse.response.count(), 0, "there is no schedule");
        let refused = of("refused");
        assert!(refused.failed > 0 && refused.failed == refused.started && refused.failed == refused.requests.failed);
        assert!(of("panics").failed > 0 && of("panics").requests.started == 0);
        assert!(of("hangs").interrupted > 0 && of("hangs").time.count() == 0);
        assert_eq!((of("on_start").started, of("on_start").requests.ok), (0, 20));
        let class = snapshot.class("browse").expect("the class");
        let total = &snapshot.total.stats;
        let requests = &class.requests;
        assert_eq!(
            (requests.started, requests.ok, requests.failed, requests.interrupted),
            (total.started, total.ok, total.failed, total.interrupted)
        );
        assert_eq!(requests.service, total.service);
        let of_history: u64 = snapshot.history.total().points().map(|point| point.ok + point.failed).sum();
        assert_eq!(of_history, total.requests());
        assert_eq!(snapshot.history.run().map(|point| point.users).max(), Some(20));
    }
}

#[test]
fn an_abort_leaves_no_task_in_flight() {
    paused(async || {
        let local = Local::new(test::<Several>().users(5), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND * 20).await;
        local.say(Command::Abort);
        let outcome = outcome.await.expect("an outcome");
        for task in &outcome.snapshot.tasks {
            assert_eq!(task.stats.in_flight() + task.stats.requests.in_flight(), 0, "{}", task.key);
        }
    });
}

/// A request of 5 ms every 100 ms, but for a stall from second 3 to 5 in which nothing is answered.
struct Stalled;
impl Script for Stalled {
    fn wait() -> Wait {
        constant_pacing(millis(100)).catch_up(CatchUp::Burst).into()
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            let begun = *cx.run_shared(Instant::now);
            let at = begun.elapsed();
            let stall = if (SECOND * 3..SECOND * 5).contains(&at) { SECOND * 5 - at } else { Duration::ZERO };
            request(cx, stall + millis(5)).await
        })
    }
}

#[test]
fn a_stall_shows_in_response_times_and_hardly_in_service_times() {
    let (outcome, _) = run_to_end(test::<Stalled>().users(1).run_time(SECOND * 10), 1);
    let row = outcome.snapshot.row("GET", "/thing").expect("requests");
    let (service, response) = (&row.stats.service, &row.stats.response);
    assert_eq!((service.count(), response.count()), (row.stats.ok, row.stats.ok));
    // Twenty of a hundred starts fell into the stall, and were made up one after the other.
    assert!(row.stats.ok >= 99, "{}", row.stats.ok);
    assert_eq!(service.percentile(98.0).map(|time| time.as_millis()), Some(5));
    assert!(service.max() > Some(millis(1900)), "one request saw the stall");
    let p90 = response.p90().expect("times");
    assert!((millis(900)..millis(1400)).contains(&p90), "{p90:?}");
    assert!(response.p50() < Some(millis(10)));
    let task = outcome.snapshot.task("task", "task").expect("the task");
    assert_eq!(&task.response, response, "the request is all that the task does");
}
