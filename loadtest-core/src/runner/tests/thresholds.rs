//! Thresholds that end a run, and those that judge it.

use super::*;
use crate::RunError;
use crate::threshold::{ThresholdResult, Value, Verdict};

/// A request that takes 100 ms, and from user number 2 on a second.
async fn request(cx: &Context) -> TaskResult {
    let takes = if cx.user_number() < 2 { SECOND / 10 } else { SECOND };
    cx.measure("GET", "/cart", async {
        tokio::time::sleep(takes).await;
        Ok::<_, std::io::Error>(())
    })
    .await?;
    Ok(())
}

struct Shopper;
impl Script for Shopper {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(request(cx))
    }
}

fn verdicts(results: &[ThresholdResult]) -> Vec<(String, Verdict)> {
    results.iter().map(|result| (result.threshold.to_string(), result.verdict)).collect()
}

#[test]
fn they_are_held_against_the_figures_of_the_whole_run() {
    let test = test::<Shopper>().users(2).run_time(SECOND * 10);
    let test = test.thresholds(["p95(GET /cart) <= 100ms", "count < 5"]).threshold(String::from("max(GET /crat) < 1s"));
    let (outcome, _) = run_to_end(test, 2);
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    assert_eq!(
        verdicts(&outcome.thresholds),
        [
            ("p95(GET /cart) <= 100ms".to_owned(), Verdict::Met),
            ("count < 5".to_owned(), Verdict::NotMet),
            ("max(GET /crat) < 1s".to_owned(), Verdict::NothingMatched),
        ]
    );
}

#[test]
fn one_that_aborts_ends_the_run_in_good_order() {
    // The third user comes after two seconds, its first request has ended a second later.
    let test = test::<Shopper>().users(3).spawn_rate(1.0).threshold("max(GET /cart) < 1s abort").threshold("count > 0");
    let (outcome, log) = run_to_end(test, 2);
    let EndedBy::Threshold(why) = &outcome.ended_by else { panic!("{:?}", outcome.ended_by) };
    assert_eq!(why, "max(GET /cart) was 1000ms, not < 1s");
    let elapsed = outcome.snapshot.elapsed;
    assert!((SECOND * 3..=SECOND * 4).contains(&elapsed), "{elapsed:?}");
    assert_eq!(log.len(), 3, "every user says goodbye: {log:?}");
    let result = &outcome.thresholds[0];
    assert!(result.aborted && result.at.is_some_and(|at| at <= elapsed), "{result:?}");
    assert_eq!(outcome.thresholds[1].verdict, Verdict::Met);
    books_hold(&outcome.snapshot);
}

#[test]
fn an_abort_can_wait_until_enough_of_the_run_has_passed() {
    let test = test::<Shopper>().users(3).spawn_rate(1.0).threshold("max(GET /cart) < 1s abort after 20s");
    let (outcome, _) = run_to_end(test, 2);
    assert!(matches!(outcome.ended_by, EndedBy::Threshold(_)));
    let elapsed = outcome.snapshot.elapsed;
    assert!((SECOND * 20..=SECOND * 21).contains(&elapsed), "{elapsed:?}");
    // One that is met again in time ends nothing.
    let test = self::test::<Shopper>().users(3).spawn_rate(1.0).run_time(SECOND * 30);
    let (outcome, _) = run_to_end(test.threshold("count > 10 abort after 15s"), 2);
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    assert!(outcome.thresholds[0].is_met());
}

#[test]
fn the_verdict_that_ended_the_run_stays() {
    struct Late;
    impl Script for Late {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(request(cx))
        }
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                for _ in 0..100 {
                    cx.measure("GET", "/cart", std::future::ready(Ok::<_, std::io::Error>(()))).await?;
                }
                Ok(())
            })
        }
    }
    let test = test::<Late>().users(1).run_time(SECOND * 60).threshold("count >= 50 abort after 5s");
    let (outcome, _) = run_to_end(test, 1);
    assert!(outcome.snapshot.total.stats.ok >= 100);
    assert_eq!(outcome.thresholds[0].verdict, Verdict::NotMet, "{:?}", outcome.thresholds);
}

#[test]
fn what_nothing_was_measured_for_ends_no_run() {
    let test = test::<Shopper>().users(1).run_time(SECOND * 5);
    let (outcome, _) = run_to_end(test.threshold("max(GET /crat) < 1us abort"), 1);
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    assert_eq!(outcome.thresholds[0].verdict, Verdict::NothingMatched);
}

#[test]
fn a_text_that_is_none_is_refused_before_the_run() {
    let refused = test::<Shopper>().threshold("p95 < 200").start().unwrap_err();
    let RunError::Input(error) = refused else { panic!("{refused:?}") };
    let text = error.to_string();
    assert!(text.starts_with("threshold: `p95` is a time; give it a unit"), "{text}");
    assert!(text.ends_with("\n  p95 < 200\n        ^^^"), "{text}");
}

/// Ten users with requests of 100 ms, five in a second, that take a second each from `STALL` on, for five seconds.
struct Stalling<const STALL: u64>;
impl<const STALL: u64> Script for Stalling<STALL> {
    fn wait() -> Wait {
        constant(SECOND / 10)
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            let start = *cx.run_shared(Log::default).1.get_or_init(Instant::now);
            let stalls = (STALL..STALL + 5).contains(&start.elapsed().as_secs());
            let takes = if stalls { SECOND } else { SECOND / 10 };
            cx.measure("GET", "/cart", async {
                tokio::time::sleep(takes).await;
                Ok::<_, std::io::Error>(())
            })
            .await?;
            Ok(())
        })
    }
}

fn stalling<const STALL: u64>() -> LoadTest {
    test::<Stalling<STALL>>().users(10).run_time(SECOND * 60)
}

#[test]
fn the_worst_window_decides() {
    let test = stalling::<20>().thresholds([
        "mean(GET /cart) < 300ms",
        "mean(GET /cart) < 300ms over 5s",
        "mean(GET *) < 300ms over 5s",
        "mean < 300ms over 40s",
        "rps > 40",
        "rps > 20 over 5s",
        "rps > 5 over 5s",
        "count(GET /cart) < 400 over 10s",
        "count == 250 over 5s",
        "p95(GET /crat) < 1s over 5s",
    ]);
    let (outcome, _) = run_to_end(test, 2);
    let [met, not_met] = [Verdict::Met, Verdict::NotMet];
    let expected = [met, not_met, not_met, met, met, not_met, met, not_met, not_met, Verdict::NothingMatched];
    let found: Vec<_> = outcome.thresholds.iter().map(|result| result.verdict).collect();
    assert_eq!(found, expected, "{:#?}", outcome.thresholds);
    let worst = &outcome.thresholds[1];
    let at = worst.at.expect("the end of the window");
    assert!((SECOND * 24..=SECOND * 27).contains(&at), "{worst:?}");
    assert_eq!(worst.value, Some(Value::Time(SECOND)));
    assert!(worst.sentence.starts_with("mean(GET /cart) was 1000ms in the 5s until 2"), "{}", worst.sentence);
    assert!(outcome.thresholds[0].at.is_none() && !worst.aborted);
}

#[test]
fn a_window_can_end_the_run() {
    let (outcome, _) = run_to_end(stalling::<20>().threshold("mean(GET /cart) < 300ms over 2s abort"), 2);
    let elapsed = outcome.snapshot.elapsed;
    assert!(matches!(&outcome.ended_by, EndedBy::Threshold(why) if why.contains("in the 2s until 2")), "{outcome:?}");
    assert!((SECOND * 21..=SECOND * 24).contains(&elapsed), "{elapsed:?}");
    assert!(outcome.thresholds[0].aborted);
    // After the delay no window is as bad any more; it was not met all the same.
    let (outcome, _) = run_to_end(stalling::<20>().threshold("mean < 300ms over 2s abort after 40s"), 2);
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    assert_eq!((outcome.thresholds[0].verdict, outcome.thresholds[0].aborted), (Verdict::NotMet, false));
}

#[test]
fn the_last_window_of_the_load_counts_and_the_stop_does_not() {
    let (outcome, _) = run_to_end(stalling::<59>().threshold("rps > 45 over 1s"), 2);
    let result = &outcome.thresholds[0];
    assert_eq!((result.value, result.at), (Some(Value::Number(10.0)), Some(SECOND * 60)), "{result:?}");
    let test = stalling::<100>().stop_timeout(SECOND * 10).threshold("rps > 45 over 1s");
    let (outcome, _) = run_to_end(test, 2);
    assert!(outcome.thresholds[0].is_met(), "{:?}", outcome.thresholds);
}

#[test]
fn a_second_that_is_not_full_makes_no_window() {
    let test = stalling::<100>().run_time(SECOND * 19 / 2).threshold("count <= 110 over 2s");
    let (outcome, _) = run_to_end(test, 2);
    assert!(outcome.thresholds[0].is_met(), "{:?}", outcome.thresholds);
}

#[test]
fn a_run_that_is_shorter_than_the_window_is_looked_at_as_a_whole() {
    let (outcome, _) = run_to_end(stalling::<100>().run_time(SECOND * 3).threshold("count > 100 over 10s"), 2);
    let result = &outcome.thresholds[0];
    assert!(result.is_met() && result.at.is_none(), "{result:?}");
    assert!(result.sentence.contains("in the whole run, as there was no full window of 10s"), "{result:?}");
}

#[test]
fn windows_begin_anew_when_the_figures_do() {
    let ramp = || stalling::<100>().spawn_rate(1.0).threshold("rps > 45 over 2s");
    let (outcome, _) = run_to_end(ramp(), 2);
    assert_eq!(outcome.thresholds[0].verdict, Verdict::NotMet, "the first users make less");
    let (outcome, _) = run_to_end(ramp().reset_stats(true), 2);
    assert_eq!(outcome.thresholds[0].verdict, Verdict::Met, "{:?}", outcome.thresholds);
    assert!(outcome.thresholds[0].at.is_some_and(|at| at > SECOND * 10), "{:?}", outcome.thresholds);
}

/// Its first task takes two periods of its schedule.
struct Paced;
impl Script for Paced {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Paced", 1)];
    fn wait() -> Wait {
        crate::constant_pacing(SECOND).catch_up(crate::CatchUp::Burst).into()
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            let is_first = log_len(cx) == 0;
            log(cx, "task");
            cx.measure("GET", "/cart", async {
                tokio::time::sleep(if is_first { SECOND * 3 } else { SECOND / 10 }).await;
                Ok::<_, std::io::Error>(())
            })
            .await?;
            cx.wait(SECOND / 20).await;
            Ok(())
        })
    }
}

fn log_len(cx: &Context) -> usize {
    cx.run_shared(Log::default).0.lock().unwrap().len()
}

#[test]
fn tasks_and_classes_have_thresholds_and_response_times_where_there_is_a_schedule() {
    let test = test::<Paced>().users(1).run_time(SECOND * 10).thresholds([
        "min(task Paced::Paced) == 150ms",
        "min(user Paced) == 100ms",
        "count(task *::Paced) < 1",
        "count(user Paced) < 1",
        "response mean > 500ms",
        "response mean(GET /cart) > 500ms",
        "response mean(user P*) > 500ms",
        "response mean(GET /cart) > 500ms over 5s",
        "mean > 500ms",
        "max(task Paced::paced) < 1s",
        "max(user Pased) < 1s",
        "max(task Paced::on_stop) < 1s",
    ]);
    let (outcome, _) = run_to_end(test, 1);
    let results = &outcome.thresholds;
    assert!(results[0].is_met() && results[1].is_met(), "{results:#?}");
    assert_eq!(results[2].shown_value(), results[3].shown_value(), "a request for each run of the task");
    let total = &outcome.snapshot.total.stats;
    assert!(total.response.mean() > total.service.mean(), "{total:?}");
    for result in &results[4..7] {
        assert_eq!((result.value, result.is_met()), (total.response.mean().map(Value::Time), true), "{result:?}");
    }
    assert!(results[7].value.is_some() && !results[8].is_met(), "{results:#?}");
    let sentences: Vec<_> = results[9..].iter().map(|result| result.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "max(task Paced::paced): no task matched `Paced::paced`; did you mean `Paced::Paced`?",
            "max(user Pased): no user class matched `Pased`; did you mean `Paced`?",
            "max(task Paced::on_stop): no task matched `Paced::on_stop`; there were: `Paced::Paced`",
        ]
    );
}

#[test]
fn without_a_schedule_there_is_no_response_time() {
    let (outcome, _) = run_to_end(test::<Shopper>().users(1).run_time(SECOND * 5).threshold("response p95 < 1s"), 1);
    let result = &outcome.thresholds[0];
    assert_eq!(result.verdict, Verdict::NothingMatched);
    assert_eq!(result.sentence, "response p95: there is no response time: no schedule started what was measured");
}

#[test]
fn what_is_measured_in_the_warm_up_ends_no_run() {
    let test = stalling::<2>().run_time(SECOND * 20).warm_up(SECOND * 10);
    let test = test.thresholds(["max < 900ms abort", "max < 900ms over 2s abort"]);
    let (outcome, _) = run_to_end(test, 2);
    assert_eq!(outcome.ended_by, EndedBy::RunTime);
    assert!(outcome.thresholds.iter().all(ThresholdResult::is_met), "{:?}", outcome.thresholds);
    assert!(outcome.thresholds[1].at.is_some_and(|at| at > SECOND * 11), "{:?}", outcome.thresholds);
}

#[test]
fn the_first_window_after_a_reset_is_a_whole_one() {
    for rate in [1.1, 1.37, 1.8, 2.9] {
        let test = stalling::<100>().run_time(SECOND * 20).spawn_rate(rate).reset_stats(true);
        let (outcome, _) =
            run_to_end(test.thresholds(["rps >= 50 over 1s", "rps <= 50 over 1s", "rps == 50 over 3s"]), 2);
        assert!(outcome.thresholds.iter().all(ThresholdResult::is_met), "{rate}: {:#?}", outcome.thresholds);
    }
}

/// Logs in, and asks for nothing else.
struct Idle;
impl Script for Idle {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Idle", 1)];
    fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(request(cx))
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            cx.wait(SECOND / 10).await;
            Ok(())
        })
    }
}

#[test]
fn what_was_asked_for_before_the_figures_begin_matches_nothing() {
    let test = test::<Idle>().users(2).run_time(SECOND * 10).warm_up(SECOND * 3);
    let test = test.thresholds(["failed(GET /cart) < 1 over 2s", "failed < 1 over 2s", "failed(GET /cart) < 1"]);
    let (outcome, _) = run_to_end(test, 2);
    assert_eq!(
        outcome.thresholds.iter().map(|result| result.verdict).collect::<Vec<_>>(),
        [Verdict::NothingMatched; 3]
    );
}

#[test]
fn tasks_without_requests_have_a_rate() {
    let test = test::<Idle>().users(2).run_time(SECOND * 10).warm_up(SECOND * 3);
    let (outcome, _) = run_to_end(test.thresholds(["rate(task Idle::Idle) > 1.5", "rate(task Idle::Idle) < 2"]), 2);
    assert!(outcome.thresholds.iter().all(ThresholdResult::is_met), "{:#?}", outcome.thresholds);
}
