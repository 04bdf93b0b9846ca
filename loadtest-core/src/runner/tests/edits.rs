//! What is changed while a run goes on: users, rate, the ramp that is held; and what others see of it.

use super::*;
use crate::stats::RunState;
use crate::threshold::Verdict;

struct Starts;
impl Script for Starts {
    fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
        log(cx, "start");
        Box::pin(async { Ok(()) })
    }
}

fn edit(users: impl Into<Option<u64>>, spawn_rate: impl Into<Option<f64>>) -> Command {
    Command::Edit { users: users.into(), spawn_rate: spawn_rate.into() }
}

impl Local {
    /// State, users, and how many there are to be.
    fn seen(&self) -> (RunState, u64, u64) {
        let snapshot = self.snapshots.borrow();
        (snapshot.state, snapshot.users.alive, snapshot.target_users)
    }
}

#[test]
fn a_run_without_users_goes_on_and_gets_some_again() {
    for shards in [1, 3] {
        paused(async || {
            let local = Local::new(test::<Starts>().users(4), shards);
            let outcome = local.start();
            tokio::time::sleep(SECOND).await;
            local.say(edit(0, 2.0));
            tokio::time::sleep(SECOND).await;
            assert_eq!(local.seen().0, RunState::Spawning);
            tokio::time::sleep(SECOND * 60).await;
            assert_eq!(local.seen(), (RunState::Running, 0, 0), "{shards} shards");
            local.say(edit(3, None));
            tokio::time::sleep(Duration::from_millis(1_600)).await;
            assert_eq!(local.seen(), (RunState::Running, 3, 3), "at the rate of before: {shards} shards");
            local.say(Command::Stop);
            let outcome = outcome.await.expect("an outcome");
            assert_eq!(outcome.ended_by, EndedBy::Request);
            assert_eq!((local.logged("start").len(), local.logged("on_stop").len()), (7, 7));
        });
    }
}

#[test]
fn users_that_wait_for_numbers_of_those_that_leave_are_users() {
    struct Long;
    impl Script for Long {
        fn on_stop(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * 5).await;
                Ok(())
            })
        }
    }
    for shards in [1, 2] {
        paused(async || {
            let local = Local::new(test::<Long>().users(2), shards);
            let outcome = local.start();
            tokio::time::sleep(SECOND).await;
            local.say(edit(0, None));
            // At the very moment at which the former users are gone.
            tokio::time::sleep(SECOND * 5).await;
            local.say(edit(2, None));
            tokio::time::sleep(SECOND * 10).await;
            assert_eq!(local.seen(), (RunState::Running, 2, 2), "{shards} shards");
            local.say(Command::Stop);
            assert_eq!(outcome.await.expect("an outcome").ended_by, EndedBy::Request);
        });
    }
}

#[test]
fn a_rate_alone_changes_the_ramp_that_goes_on_or_the_next() {
    paused(async || {
        let local = Local::new(test::<Starts>().users(10).spawn_rate(1.0), 2);
        let outcome = local.start();
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(local.logged("start").len(), 3);
        local.say(edit(None, 10.0));
        tokio::time::sleep(SECOND).await;
        assert_eq!(local.seen(), (RunState::Running, 10, 10));
        local.say(edit(None, 1.0));
        tokio::time::sleep(SECOND).await;
        assert_eq!(local.seen().0, RunState::Running, "nobody is to be started");
        local.say(edit(13, None));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(local.seen(), (RunState::Spawning, 12, 13));
        local.say(Command::Quit);
        outcome.await.expect("an outcome");
    });
}

#[test]
fn a_ramp_is_held_where_it_is_and_goes_on_from_there() {
    for shards in [1, 3] {
        paused(async || {
            let local = Local::new(test::<Starts>().users(6).spawn_rate(1.0), shards);
            let outcome = local.start();
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            local.say(Command::HoldRamp(true));
            local.say(Command::HoldRamp(true));
            tokio::time::sleep(SECOND * 20).await;
            assert_eq!(local.seen(), (RunState::Spawning, 3, 6), "{shards} shards");
            // An edit waits as well.
            local.say(edit(5, None));
            tokio::time::sleep(SECOND * 20).await;
            assert_eq!(local.seen(), (RunState::Spawning, 3, 5));
            local.say(Command::HoldRamp(false));
            tokio::time::sleep(SECOND * 2).await;
            assert_eq!(local.seen(), (RunState::Running, 5, 5));
            // All are there: held is only what is asked for next.
            local.say(Command::HoldRamp(true));
            tokio::time::sleep(SECOND).await;
            assert_eq!(local.seen().0, RunState::Running);
            local.say(edit(0, None));
            tokio::time::sleep(SECOND * 9).await;
            assert_eq!(local.seen(), (RunState::Spawning, 5, 0));
            // To where it is: nothing is left to do.
            local.say(edit(5, None));
            tokio::time::sleep(SECOND).await;
            assert_eq!(local.seen(), (RunState::Running, 5, 5));
            local.say(Command::Stop);
            assert_eq!(outcome.await.expect("an outcome").ended_by, EndedBy::Request);
            assert_eq!(local.logged("start").len(), 5);
        });
    }
}

#[test]
fn a_held_ramp_is_stopped_by_the_run_time_and_an_edit_says_nothing_to_a_run_that_stops() {
    paused(async || {
        let local = Local::new(test::<Starts>().users(6).spawn_rate(1.0).run_time(SECOND * 5), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::HoldRamp(true));
        let outcome = outcome.await.expect("an outcome");
        assert_eq!((outcome.ended_by, outcome.snapshot.elapsed), (EndedBy::RunTime, SECOND * 5));
        for command in [edit(9, 1.0), Command::HoldRamp(false), Command::Reset] {
            local.say(command);
        }
        tokio::time::sleep(SECOND * 5).await;
        assert_eq!(local.seen().0, RunState::Stopped);
        assert_eq!(local.logged("start").len(), 2);
    });
}

#[test]
fn whoever_subscribes_sees_what_becomes_of_thresholds() {
    struct Measured;
    impl Script for Measured {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
    }
    paused(async || {
        let test = test::<Measured>().users(2).thresholds(["count < 7", "rps > 1.5 over 2s", "count(GET /other) > 0"]);
        let local = Local::new(test, 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND * 2).await;
        assert!(local.thresholds.borrow().is_empty(), "nobody looks: nothing is computed");
        let seen = local.thresholds.subscribe();
        let verdicts = || seen.borrow().iter().map(|result| result.verdict).collect::<Vec<_>>();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(verdicts(), [Verdict::Met, Verdict::Met, Verdict::NothingMatched]);
        assert_ne!(seen.borrow()[1].shown_value(), "-", "of a window");
        tokio::time::sleep(SECOND * 2).await;
        assert_eq!(verdicts(), [Verdict::NotMet, Verdict::Met, Verdict::NothingMatched]);
        local.say(Command::Reset);
        tokio::time::sleep(SECOND).await;
        assert_eq!(verdicts()[0], Verdict::Met, "the figures began anew");
        local.say(Command::Stop);
        assert_eq!(outcome.await.expect("an outcome").thresholds, seen.borrow().to_vec());
    });
}

#[test]
fn looking_on_takes_no_window_from_a_threshold_that_aborts() {
    struct Idle;
    impl Script for Idle {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                tokio::time::sleep(SECOND * 100).await;
                Ok(())
            })
        }
    }
    let ended = |looks: bool| {
        paused(async || {
            let local = Local::new(test::<Idle>().threshold("rps > 0.4 over 2s abort").run_time(SECOND * 60), 1);
            let _seen = looks.then(|| local.thresholds.subscribe());
            let outcome = local.start().await.expect("an outcome");
            (outcome.ended_by, outcome.snapshot.elapsed, outcome.thresholds)
        })
    };
    let alone = ended(false);
    assert!(matches!(alone.0, EndedBy::Threshold(_)), "{:?}", alone.0);
    assert_eq!(alone, ended(true));
}
