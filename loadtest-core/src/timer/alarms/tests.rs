//! On the real clock: nothing here depends on how late an alarm is, only on the order of things.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use tokio::runtime::{Builder, LocalOptions};

use super::*;

/// Within a runtime as that of a shard, with a bound in case an alarm never rings.
fn local<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), test()).await.expect("the alarms ring") })
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn waiting(clock: &AlarmClock) -> usize {
    clock.shared.lock().waiting.len()
}

#[test]
fn alarms_ring_in_order_and_never_early() {
    local(async || {
        let clock = AlarmClock::start().unwrap();
        let rung = Rc::new(RefCell::new(Vec::new()));
        // Time enough to set them all, also on a busy machine.
        let start = Instant::now() + millis(100);
        let mut all = tokio::task::JoinSet::new();
        // Set in an order in which the thread has to be told of earlier ones, and with some at one time.
        for after in [9, 3, 12, 3, 1, 6, 30, 2, 6] {
            let (alarm, rung) = (clock.alarm(start + millis(after)), Rc::clone(&rung));
            all.spawn_local(async move {
                alarm.await;
                assert!(Instant::now() >= start + millis(after));
                rung.borrow_mut().push(after);
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        let rung = rung.borrow();
        // Two that are due when the thread comes to run ring together: then in the order of their due times as well.
        assert_eq!(*rung, [1, 2, 3, 3, 6, 6, 9, 12, 30]);
        assert_eq!(waiting(&clock), 0);
    });
}

#[test]
fn what_is_past_does_not_wait() {
    local(async || {
        let clock = AlarmClock::start().unwrap();
        let start = Instant::now();
        let mut alarm = pin!(clock.alarm(start));
        let mut cx = TaskContext::from_waker(Waker::noop());
        assert_eq!(alarm.as_mut().poll(&mut cx), Poll::Ready(()));
        assert_eq!(waiting(&clock), 0);
    });
}

#[test]
fn a_dropped_alarm_is_taken_back() {
    local(async || {
        let clock = AlarmClock::start().unwrap();
        let due = Instant::now() + Duration::from_secs(3600);
        for _ in 0..100 {
            let mut alarm = pin!(clock.alarm(due));
            let mut cx = TaskContext::from_waker(Waker::noop());
            assert_eq!(alarm.as_mut().poll(&mut cx), Poll::Pending);
            assert_eq!(alarm.as_mut().poll(&mut cx), Poll::Pending, "asked twice, waiting once");
            assert_eq!(waiting(&clock), 1);
        }
        assert_eq!(waiting(&clock), 0);
        // Never asked, never there.
        drop(clock.alarm(due));
        // The thread still rings for others.
        clock.alarm(Instant::now() + millis(1)).await;
    });
}

#[test]
fn the_thread_ends_with_the_clock_also_in_the_middle_of_a_sleep() {
    local(async || {
        let clock = AlarmClock::start().unwrap();
        let shared = Arc::downgrade(&clock.shared);
        let mut alarm = Box::pin(clock.alarm(Instant::now() + Duration::from_secs(3600)));
        let mut cx = TaskContext::from_waker(Waker::noop());
        assert_eq!(alarm.as_mut().poll(&mut cx), Poll::Pending);
        // Joins the thread.
        drop(clock);
        drop(alarm);
        while shared.upgrade().is_some() {
            // The ringer goes when its runtime comes to it.
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn many_alarms_of_many_futures() {
    local(async || {
        let clock = Rc::new(AlarmClock::start().unwrap());
        let mut all = tokio::task::JoinSet::new();
        for user in 0..200u32 {
            let clock = Rc::clone(&clock);
            all.spawn_local(async move {
                let mut due = Instant::now();
                for _ in 0..50 {
                    due += Duration::from_micros(u64::from(user * 7919 % 1000));
                    clock.alarm(due).await;
                    assert!(due <= Instant::now());
                }
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        assert_eq!(waiting(&clock), 0);
    });
}
