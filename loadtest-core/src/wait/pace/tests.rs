use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::wait::{between, constant, constant_pacing, constant_throughput, poisson};

const SECOND: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A user that runs tasks of these lengths, on a timer that is each time so late: when each was due, when it began, and how
/// many were left out before it. All times from the user's first due time.
fn run(wait: impl Into<Wait>, tasks: &[Duration], late: &[Duration]) -> Vec<(Duration, Duration, u64)> {
    let wait = wait.into();
    let origin = Instant::now();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut pace = Pace::default();
    let mut now = origin;
    let mut late = late.iter().cycle();
    let mut starts = Vec::new();
    for task in tasks {
        let next = pace.next(&wait, &mut rng, || now, |_, _| Phase { origin, user_number: 0 });
        let Ok(Next::At(start)) = next else { panic!("{next:?}") };
        let begun = if start.due > now { start.due + late.next().copied().unwrap_or_default() } else { now };
        starts.push((start.due, begun, start.skipped));
        now = begun + *task;
    }
    let first = starts[0].0;
    starts.into_iter().map(|(due, begun, skipped)| (due - first, begun - first, skipped)).collect()
}

fn begun(starts: &[(Duration, Duration, u64)]) -> Vec<u128> {
    starts.iter().map(|(_, begun, _)| begun.as_millis()).collect()
}

#[test]
fn the_policies_do_what_the_picture_of_their_documentation_shows() {
    let tasks = [2400, 100, 100, 100, 100].map(millis);
    let with = |catch_up| run(constant_pacing(SECOND).catch_up(catch_up), &tasks, &[]);
    assert_eq!(begun(&with(CatchUp::Delay)), [0, 2400, 3400, 4400, 5400]);
    assert_eq!(begun(&with(CatchUp::Skip)), [0, 3000, 4000, 5000, 6000]);
    assert_eq!(begun(&with(CatchUp::Burst)), [0, 2400, 2500, 3000, 4000]);
    assert_eq!(with(CatchUp::Skip).iter().map(|(_, _, skipped)| *skipped).collect::<Vec<_>>(), [0, 2, 0, 0, 0]);
    assert_eq!(
        with(CatchUp::Burst).iter().map(|(due, _, _)| due.as_millis()).collect::<Vec<_>>(),
        [0, 1000, 2000, 3000, 4000]
    );
}

#[test]
fn a_task_that_takes_its_whole_period_is_in_time() {
    for catch_up in [CatchUp::Delay, CatchUp::Skip, CatchUp::Burst] {
        let starts = run(constant_pacing(SECOND).catch_up(catch_up), &[SECOND; 5], &[]);
        assert_eq!(begun(&starts), [0, 1000, 2000, 3000, 4000], "{catch_up:?}");
        assert!(starts.iter().all(|(_, _, skipped)| *skipped == 0));
    }
}

#[test]
fn long_and_short_tasks_in_turn() {
    let tasks = [1500, 200, 1500, 200, 1500, 200].map(millis);
    let with = |catch_up| begun(&run(constant_pacing(SECOND).catch_up(catch_up), &tasks, &[]));
    assert_eq!(with(CatchUp::Delay), [0, 1500, 2500, 4000, 5000, 6500]);
    assert_eq!(with(CatchUp::Skip), [0, 2000, 3000, 5000, 6000, 8000]);
    assert_eq!(with(CatchUp::Burst), [0, 1500, 2000, 3500, 4000, 5500]);
}

#[test]
fn a_late_timer_does_not_add_up() {
    let starts = run(constant_throughput(10), &[millis(1); 3001], &[Duration::from_micros(900)]);
    let (due, begun, _) = starts[3000];
    assert_eq!((due, begun - due), (SECOND * 300, Duration::from_micros(900)));
}

#[test]
fn waits_without_a_schedule_read_no_clock() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut pace = Pace::default();
    for (wait, next) in [
        (Wait::None, Next::Now),
        (constant(SECOND), Next::After(SECOND)),
        (between(SECOND, SECOND), Next::After(SECOND)),
        (SECOND.into(), Next::After(SECOND)),
        (Duration::ZERO.into(), Next::Now),
        (constant_pacing(Duration::ZERO).into(), Next::Now),
    ] {
        let now = || panic!("{wait:?} asks for the time");
        assert_eq!(pace.next(&wait, &mut rng, now, |_, _| panic!("and for the phase")), Ok(next));
    }
}

#[test]
fn a_wait_without_a_schedule_in_between_begins_a_new_one() {
    let origin = Instant::now();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut pace = Pace::default();
    let mut at = |wait: &Wait, now: u64| {
        let phase = |_, _| Phase { origin, user_number: 0 };
        pace.next(wait, &mut rng, || origin + millis(now), phase).expect("a wait")
    };
    let due = |millis_: u64| Next::At(on_time(origin + millis(millis_)));
    let pacing = Wait::from(constant_pacing(SECOND));
    assert_eq!(at(&pacing, 0), due(0));
    assert_eq!(at(&pacing, 400), due(1000));
    assert_eq!(at(&constant(SECOND), 1200), Next::After(SECOND));
    assert_eq!(at(&pacing, 5300), due(6000), "without catching up with what there was no schedule for");
    // Another period counts from the start before.
    assert_eq!(at(&constant_pacing(SECOND * 3).into(), 6100), due(9000));
}

#[test]
fn a_bad_rate_is_an_error_and_forgets_nothing() {
    let origin = Instant::now();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut pace = Pace::starting(origin);
    let mut next = |wait: Wait| pace.next(&wait, &mut rng, || origin, |_, _| Phase { origin, user_number: 0 });
    assert!(next(constant_throughput(-1.0).into()).is_err());
    assert_eq!(next(constant_pacing(SECOND).into()), Ok(Next::At(on_time(origin + SECOND))));
}

/// Where in the period the first starts of so many users lie, in order, and the largest and the smallest distance between
/// neighbours as parts of the even one.
fn distances(users: u64, ready: impl Fn(u64) -> Duration) -> (f64, f64) {
    let origin = Instant::now();
    let mut places: Vec<u128> = (0..users)
        .map(|user_number| {
            let now = origin + ready(user_number);
            let due = Phase { origin, user_number }.next(SECOND, now);
            assert!(due >= now && due < now + SECOND, "user {user_number}");
            (due - origin).as_nanos() % SECOND.as_nanos()
        })
        .collect();
    places.sort_unstable();
    let around = places.iter().copied().zip(places.iter().copied().skip(1).chain([places[0] + SECOND.as_nanos()]));
    let distances = around.map(|(one, next)| (next - one) as f64 / 1e9 * users as f64);
    distances.fold((0.0, f64::MAX), |(most, least), distance| (distance.max(most), distance.min(least)))
}

#[test]
fn any_number_of_users_is_spread_evenly_whatever_the_spawn_rate() {
    for users in [2, 3, 10, 100, 200, 999, 10_000] {
        // At 2.618 users per second, a phase counted from the start of each user would have all of them start together.
        for rate in [f64::INFINITY, 1.0, 2.618_034, 10.0, 617.3] {
            let (most, least) = distances(users, |user| Duration::from_secs_f64(user as f64 / rate));
            assert!(most < 2.0 && least > 0.38, "{users} users at {rate}: {most} and {least} of the even distance");
        }
    }
}

#[test]
fn the_first_user_starts_at_once() {
    let origin = Instant::now();
    assert_eq!(Phase { origin, user_number: 0 }.next(SECOND * 60, origin), origin);
    assert_eq!(Phase::offset(1, SECOND).as_millis(), 618);
    assert_eq!(Phase::offset(2, SECOND).as_millis(), 236);
}

/// Due times of a Poisson process of rate 5 with tasks of these lengths.
fn arrivals(count: usize, task: Duration, catch_up: CatchUp) -> Vec<(Duration, Duration, u64)> {
    run(poisson(5).catch_up(catch_up), &vec![task; count], &[])
}

#[test]
fn the_gaps_of_poisson_are_exponential() {
    let starts = arrivals(100_001, Duration::ZERO, CatchUp::Burst);
    let mut gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64()).collect();
    let count = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
    // Four standard errors of the mean; the variance's own is about three percent of that of the square.
    assert!((mean - 0.2).abs() < 4.0 * 0.2 / count.sqrt(), "{mean}");
    assert!((variance / 0.04 - 1.0).abs() < 0.04, "{variance}");
    // Kolmogorov-Smirnov: the largest distance from 1 − exp(−rate · gap); 1.95 / √n is passed once in a thousand.
    gaps.sort_by(f64::total_cmp);
    let expected = gaps.iter().map(|gap| 1.0 - (-5.0 * gap).exp());
    let distance = expected.enumerate().map(|(rank, expected)| {
        (rank as f64 / count - expected).abs().max(((rank + 1) as f64 / count - expected).abs())
    });
    let distance = distance.fold(0.0, f64::max);
    assert!(distance < 1.95 / count.sqrt(), "{distance}");
    // Without memory: a gap tells nothing of the next.
    let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64() - mean).collect();
    let together: f64 = gaps.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / count / variance;
    assert!(together.abs() < 4.0 / count.sqrt(), "{together}");
}

#[test]
fn poisson_keeps_its_rate_whatever_the_tasks_take() {
    // 0.15 s of each 0.2 s are taken: more than half of all gaps are too short.
    let starts = arrivals(50_000, millis(150), CatchUp::Burst);
    let (_, last, _) = starts[starts.len() - 1];
    let rate = starts.len() as f64 / last.as_secs_f64();
    assert!((rate - 5.0).abs() < 5.0 * 4.0 / (starts.len() as f64).sqrt(), "{rate}");
    // As it would be with a wait after each task: 1 / (1 / 5 + 0.15).
    let delayed = arrivals(50_000, millis(150), CatchUp::Delay);
    assert!(delayed[delayed.len() - 1].1 > last + last / 10);
}

#[test]
fn poisson_counts_what_it_skips() {
    // Twenty are due in a task of four seconds: drawn one by one, and by the mean where they are too many.
    for (rate, task) in [(5.0, millis(4000)), (10_000.0, SECOND * 20)] {
        let starts = run(poisson(rate).catch_up(CatchUp::Skip), &vec![task; 200], &[]);
        let (_, last, _) = starts[starts.len() - 1];
        let skipped: u64 = starts.iter().map(|(_, _, skipped)| skipped).sum();
        let all = skipped as f64 + starts.len() as f64;
        let expected = rate * last.as_secs_f64();
        assert!((all - expected).abs() < 5.0 * expected.sqrt(), "{all} of {expected} at {rate}");
    }
}

fn tasks() -> impl Strategy<Value = Vec<Duration>> {
    prop::collection::vec((0u64..3_500).prop_map(millis), 2..60)
}

/// A timer is up to two milliseconds late.
fn late() -> impl Strategy<Value = Vec<Duration>> {
    prop::collection::vec((0u64..2_000).prop_map(Duration::from_micros), 1..20)
}

proptest! {
    #[test]
    fn never_early_and_in_order(tasks in tasks(), late in late(), policy in 0usize..3) {
        let policy = [CatchUp::Delay, CatchUp::Skip, CatchUp::Burst][policy];
        let starts = run(constant_pacing(SECOND).catch_up(policy), &tasks, &late);
        for (due, begun, _) in &starts {
            prop_assert!(begun >= due);
        }
        prop_assert!(starts.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
    }

    #[test]
    fn delay_never_has_two_due_closer_than_the_period(tasks in tasks(), late in late()) {
        let starts = run(constant_pacing(SECOND), &tasks, &late);
        prop_assert!(starts.windows(2).all(|pair| pair[1].0 - pair[0].0 >= SECOND));
        let on_time = run(constant_pacing(SECOND), &tasks, &[]);
        prop_assert!(on_time.windows(2).all(|pair| pair[1].1 - pair[0].1 >= SECOND));
    }

    #[test]
    fn skip_stays_on_the_grid_and_counts_what_is_missing(tasks in tasks(), late in late()) {
        let starts = run(constant_pacing(SECOND).catch_up(CatchUp::Skip), &tasks, &late);
        let mut expected = 0;
        for (due, begun, skipped) in &starts {
            expected += skipped;
            prop_assert_eq!(*due, SECOND * u32::try_from(expected).unwrap());
            expected += 1;
            // Never on a place that is past.
            prop_assert!(*begun - *due < millis(2));
        }
    }

    #[test]
    fn burst_leaves_no_start_out(tasks in tasks(), late in late()) {
        let starts = run(constant_pacing(SECOND).catch_up(CatchUp::Burst), &tasks, &late);
        for (number, (due, _, skipped)) in starts.iter().enumerate() {
            prop_assert_eq!(*due, SECOND * u32::try_from(number).unwrap());
            prop_assert_eq!(*skipped, 0);
        }
    }

    #[test]
    fn no_period_time_or_user_number_overflows(period: u64, user_number: u64, task: u64, policy in 0usize..3, rate: f64) {
        let policy = [CatchUp::Delay, CatchUp::Skip, CatchUp::Burst][policy];
        let origin = Instant::now();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(period);
        for schedule in [constant_pacing(Duration::from_nanos(period)), constant_throughput(rate), poisson(rate)] {
            let wait = schedule.catch_up(policy).into();
            let mut pace = Pace::default();
            for now in [0, task / 2, task].map(Duration::from_nanos) {
                let now = later(origin, now);
                let _ = pace.next(&wait, &mut rng, || now, |_, _| Phase { origin, user_number });
            }
        }
    }
}
