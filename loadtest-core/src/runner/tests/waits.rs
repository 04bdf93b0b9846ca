//! Scheduled starts in the life of a user: to the millisecond, with the phases of users, and through every stop.

use std::sync::atomic::AtomicU64;

use super::*;
use crate::stats::ScheduledStarts;
use crate::{CatchUp, Order, constant_pacing, constant_throughput, poisson};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// When the tasks of user 0 began.
fn began(log: &[(u128, String)]) -> Vec<u128> {
    log.iter().filter(|(_, what)| what == "task 0").map(|(at, _)| *at).collect()
}

/// A task that says when it begins, and takes so long.
async fn task_of(cx: &Context, length: Duration) -> TaskResult {
    log(cx, "task");
    tokio::time::sleep(length).await;
    Ok(())
}

fn starts(outcome: &Outcome) -> &ScheduledStarts {
    &outcome.snapshot.starts
}

/// Tasks of 100 ms, but the second, which takes 2.4 s.
struct Uneven<const POLICY: usize>;
impl<const POLICY: usize> Script for Uneven<POLICY> {
    fn wait() -> Wait {
        constant_pacing(SECOND).catch_up([CatchUp::Delay, CatchUp::Skip, CatchUp::Burst][POLICY]).into()
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            static COUNTS: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());
            let second = {
                let mut counts = COUNTS.lock().unwrap();
                let at = counts.iter().position(|(run, _)| run == cx.run_id());
                let at = at.unwrap_or_else(|| {
                    counts.push((cx.run_id().to_owned(), 0));
                    counts.len() - 1
                });
                counts[at].1 += 1;
                counts[at].1 == 2
            };
            task_of(cx, millis(if second { 2400 } else { 100 })).await
        })
    }
}

#[test]
fn each_policy_to_the_millisecond() {
    for (test, began_at, overruns, skipped) in [
        (test::<Uneven<0>>(), [0, 1000, 3400, 4400, 5400, 6400].as_slice(), 1, 0),
        (test::<Uneven<1>>(), &[0, 1000, 4000, 5000, 6000, 7000], 1, 2),
        (test::<Uneven<2>>(), &[0, 1000, 3400, 3500, 4000, 5000, 6000, 7000], 2, 0),
    ] {
        let (outcome, log) = run_to_end(test.run_time(millis(7050)), 1);
        assert_eq!(began(&log), began_at);
        let starts = starts(&outcome);
        assert_eq!((starts.count(), starts.overruns, starts.skipped), (began_at.len() as u64, overruns, skipped));
        // What is made up is late, everything else is not.
        let late = if overruns == 2 { millis(1400) } else { Duration::ZERO };
        assert_eq!(starts.lateness.max(), Some(late));
    }
}

struct Paced;
impl Script for Paced {
    fn wait() -> Wait {
        constant_throughput(1).into()
    }
    fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            tokio::time::sleep(millis(130)).await;
            Ok(())
        })
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            let late = cx.intended_start().expect("a schedule").elapsed();
            assert!(late < millis(1), "paused time rounds up to whole milliseconds, and no more: {late:?}");
            task_of(cx, millis(5)).await
        })
    }
    fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            assert_eq!(cx.intended_start(), None);
            Ok(())
        })
    }
}

#[test]
fn users_start_apart_whatever_the_spawn_rate_and_shards() {
    for (rate, shards) in [(f64::INFINITY, 1), (f64::INFINITY, 3), (2.618_034, 2), (50.0, 2)] {
        let users = 8;
        let (outcome, log) = run_to_end(test::<Paced>().users(users).spawn_rate(rate).run_time(SECOND * 20), shards);
        assert!(outcome.snapshot.exceptions.is_empty(), "{:?}", outcome.snapshot.exceptions);
        let first = log.iter().map(|(at, _)| *at).min().unwrap();
        for user in 0..users {
            let name = format!("task {user}");
            let began: Vec<u128> = log.iter().filter(|(_, what)| *what == name).map(|(at, _)| *at).collect();
            // In whole milliseconds, and paused time rounds to those.
            let place = (Duration::from_secs(1).mul_f64((user as f64 * 0.618_033_988_75).fract())).as_millis();
            for (number, at) in began.iter().enumerate() {
                let expected = (began[0] - first) / 1000 * 1000 + number as u128 * 1000 + place;
                assert!((at - first).abs_diff(expected) <= 1, "user {user} at {rate}: {at}, not {expected}");
            }
            let since = user as f64 / rate + 0.13;
            let expected = 20.0 - since;
            assert!((began.len() as f64 - expected).abs() <= 1.0, "user {user} at {rate}: {}", began.len());
        }
    }
}

#[test]
fn a_stop_ends_the_wait_for_a_start_at_once() {
    struct Rare;
    impl Script for Rare {
        fn wait() -> Wait {
            constant_pacing(SECOND * 1000).into()
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(task_of(cx, millis(10)))
        }
    }
    for timeout in [Duration::ZERO, SECOND * 30] {
        // One has had its first start, the others wait for theirs.
        let test = test::<Rare>().users(5).run_time(SECOND * 2).stop_timeout(timeout);
        let (outcome, log) = run_to_end(test, 2);
        assert_eq!(outcome.snapshot.elapsed, SECOND * 2);
        let stopped: Vec<_> = log.iter().filter(|(_, what)| what.starts_with("on_stop")).map(|(at, _)| *at).collect();
        assert_eq!(stopped, [2000; 5]);
        assert_eq!(starts(&outcome).count(), 1, "a start that did not happen is not counted");
    }
}

#[test]
fn what_is_no_rate_is_an_exception_and_no_flood() {
    struct Bad;
    impl Script for Bad {
        fn wait() -> Wait {
            constant_throughput(0).into()
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(task_of(cx, Duration::ZERO))
        }
    }
    let (outcome, log) = run_to_end(test::<Bad>().run_time(millis(4500)), 1);
    assert_eq!(log.iter().filter(|(_, what)| what == "task 0").count(), 4);
    let exceptions = &outcome.snapshot.exceptions;
    assert_eq!((exceptions.len(), &*exceptions[0].task, exceptions[0].count), (1, "wait_time", 5));
    assert!(exceptions[0].message.starts_with("constant_throughput(0): the rate is a number of"), "{exceptions:?}");
    assert_eq!(starts(&outcome).count(), 0);
}

#[test]
fn poisson_has_its_rate_over_all_users() {
    struct Random;
    impl Script for Random {
        fn wait() -> Wait {
            poisson(2).into()
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(task_of(cx, millis(200)))
        }
    }
    let (outcome, log) = run_to_end(test::<Random>().users(20).run_time(SECOND * 100), 2);
    let count = starts(&outcome).count() as f64;
    // 4,000 are expected, give or take four standard deviations.
    assert!((count - 4000.0).abs() < 4.0 * 4000f64.sqrt(), "{count}");
    // All alike at the same time would be seen in the busiest second: 40 on average.
    let mut seconds = [0u32; 101];
    for (at, _) in log.iter().filter(|(_, what)| what.starts_with("task")) {
        seconds[usize::try_from(at / 1000).unwrap()] += 1;
    }
    assert!(seconds[..100].iter().all(|count| (12..80).contains(count)), "{seconds:?}");
}

#[test]
fn a_task_chosen_again_has_the_start_of_the_one_before() {
    struct Again;
    impl Script for Again {
        fn wait() -> Wait {
            constant_pacing(SECOND).into()
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                static RUNS: AtomicU64 = AtomicU64::new(0);
                let late = cx.intended_start().map(|due| due.elapsed());
                log(cx, &format!("{} late", late.unwrap().as_millis()));
                tokio::time::sleep(millis(100)).await;
                if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { reschedule() } else { Ok(()) }
            })
        }
    }
    let (outcome, log) = run_to_end(test::<Again>().run_time(millis(2500)), 1);
    let text: Vec<String> = log.iter().map(|(at, what)| format!("{at}: {what}")).collect();
    let expected = ["0: 0 late 0", "100: 100 late 0", "1000: 0 late 0", "1100: 100 late 0", "2000: 0 late 0"];
    assert_eq!(text[..5], expected);
    assert_eq!(starts(&outcome).count(), 3);
}

/// A user that goes round: a step of its own, then into the set, which it leaves after two.
struct Visitor(Context);

/// With a wait of its own, or with that of the user.
struct Room<'a, const OWN: bool>(&'a Context, u32);

struct Round<const OWN: bool>(Visitor);

impl<const OWN: bool> Tasks for Round<OWN> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("walk", 1), TaskInfo::set::<Room<'_, OWN>>("room", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        match task {
            0 => {
                log(&self.0.0, "walk");
                Ok(())
            }
            _ => scope.enter(task, Room::<OWN>(&self.0.0, 0)).await,
        }
    }
}

impl<const OWN: bool> User for Round<OWN> {
    const NAME: &'static str = "Round";

    fn wait_time(&self) -> Wait {
        constant_pacing(SECOND).into()
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(Visitor(init.context())))
    }
}

impl<const OWN: bool> Tasks for Room<'_, OWN> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("look", 1)];
    type Shared = ();

    fn own_wait_time(&self) -> Option<Wait> {
        OWN.then(|| constant_pacing(millis(300)).into())
    }

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        log(self.0, "look");
        tokio::time::sleep(millis(120)).await;
        self.1 += 1;
        if self.1 == 2 { crate::interrupt_and_wait() } else { Ok(()) }
    }
}

fn rounds<U: User + 'static>() -> Vec<String> {
    let test = LoadTest::new().user::<U>().seed(1).run_time(millis(4100));
    let (outcome, log) = run_to_end(test, 1);
    assert!(outcome.snapshot.exceptions.is_empty(), "{:?}", outcome.snapshot.exceptions);
    log.into_iter().map(|(at, what)| format!("{at}: {what}")).collect()
}

#[test]
fn a_set_shares_the_schedule_of_its_user_or_has_its_own() {
    // One start per second, whether inside or outside.
    let shared = ["0: walk 0", "1000: look 0", "2000: look 0", "3000: walk 0", "4000: look 0"];
    assert_eq!(rounds::<Round<false>>(), shared);
    // Inside one every 300 ms; outside, the visit as a whole is one task of the user's schedule.
    let own =
        ["0: walk 0", "1000: look 0", "1300: look 0", "2000: walk 0", "3000: look 0", "3300: look 0", "4000: walk 0"];
    assert_eq!(rounds::<Round<true>>(), own);
}
