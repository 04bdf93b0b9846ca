//! Where the parts meet: sets, schedules, limits, hooks and several runs of one plan.

use std::cell::Cell;

use super::*;
use crate::{CatchUp, Order, constant_pacing, poisson};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn note(cx: &Context, what: String) {
    let log = cx.run_shared(Log::default);
    let start = *log.1.get_or_init(Instant::now);
    log.0.lock().unwrap().push((start.elapsed(), what));
}

fn due(cx: &Context) -> String {
    cx.intended_start().map_or("none".to_owned(), |due| format!("{} ms ago", due.elapsed().as_millis()))
}

/// A user without a schedule that comes to a set that has one.
struct Outside(Context);
struct Inside<'a>(&'a Context);

impl Tasks for Outside {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Inside<'_>>("inside", 1), TaskInfo::new("outside", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        if task == 0 {
            return scope.enter(task, Inside(&self.0)).await;
        }
        note(&self.0, format!("outside: {}", due(&self.0)));
        stop_user()
    }
}

impl User for Outside {
    const NAME: &'static str = "Outside";
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Inside<'_> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("first", 1), TaskInfo::new("second", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();
    fn own_wait_time(&self) -> Option<Wait> {
        Some(constant_pacing(SECOND).into())
    }
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        note(self.0, format!("inside: {}", due(self.0)));
        tokio::time::sleep(millis(100)).await;
        if task == 1 { interrupt() } else { Ok(()) }
    }
    async fn on_stop(&mut self) -> TaskResult {
        note(self.0, format!("on_stop: {}", due(self.0)));
        Ok(())
    }
}

#[test]
fn the_schedule_of_a_set_ends_with_it() {
    let (_, log) = run_to_end(LoadTest::new().user::<Outside>(), 1);
    let log: Vec<_> = log.iter().map(|(at, what)| format!("{at} {what}")).collect();
    assert_eq!(log, ["0 inside: none", "1000 inside: 0 ms ago", "1100 on_stop: none", "1100 outside: none"]);
}

/// Its `setup` fails, after those of the class and of another set.
struct Hall(Context);
struct Shelf<const GOOD: bool>(Context);

impl<const GOOD: bool> Tasks for Shelf<GOOD> {
    const TASKS: &'static [TaskInfo] = ONE;
    type Shared = ();
    async fn setup(cx: &SetupContext) -> Result<(), Exit> {
        note(&cx.context(), format!("setup Shelf<{GOOD}>"));
        if GOOD { Ok(()) } else { fail("no room").map(|_: ()| ()) }
    }
    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        let _ = &self.0;
        Ok(())
    }
    async fn teardown((): &(), cx: &SetupContext) -> TaskResult {
        note(&cx.context(), format!("teardown Shelf<{GOOD}>"));
        Ok(())
    }
}

impl Tasks for Hall {
    const TASKS: &'static [TaskInfo] =
        &[TaskInfo::set::<Shelf<true>>("good", 1), TaskInfo::set::<Shelf<false>>("bad", 1)];
    type Shared = ();
    async fn setup(cx: &SetupContext) -> Result<(), Exit> {
        note(&cx.context(), "setup Hall".into());
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        match task {
            0 => scope.enter(task, Shelf::<true>(self.0.clone())).await,
            _ => scope.enter(task, Shelf::<false>(self.0.clone())).await,
        }
    }
    async fn teardown((): &(), cx: &SetupContext) -> TaskResult {
        note(&cx.context(), "teardown Hall".into());
        Ok(())
    }
}

impl User for Hall {
    const NAME: &'static str = "Hall";
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

#[test]
fn a_set_whose_setup_fails_is_named_and_what_was_set_up_is_torn_down_in_reverse() {
    let (outcome, log) = run_to_end(LoadTest::new().user::<Hall>(), 2);
    let log: Vec<_> = log.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(log, ["setup Hall", "setup Shelf<true>", "setup Shelf<false>", "teardown Shelf<true>", "teardown Hall"]);
    assert!(outcome.ended_by.sentence().starts_with("Shelf::setup failed: no room"), "{}", outcome.ended_by.sentence());
}

/// Meets others in a transaction in a set.
struct Shy(Context);
struct Party<'a>(&'a Context);

impl Tasks for Shy {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Party<'_>>("party", 1)];
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        scope.enter(task, Party(&self.0)).await
    }
    async fn on_stop(&mut self) -> TaskResult {
        note(&self.0, "-Shy".into());
        Ok(())
    }
}

impl User for Shy {
    const NAME: &'static str = "Shy";
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Party<'_> {
    const TASKS: &'static [TaskInfo] = ONE;
    type Shared = ();
    fn own_wait_time(&self) -> Option<Wait> {
        Some(constant_pacing(SECOND / 10).into())
    }
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        let cx = self.0;
        cx.transaction("dance", async { cx.transaction("ask", async { cx.rendezvous("dance", 3).await }).await }).await
    }
    async fn on_stop(&mut self) -> TaskResult {
        note(self.0, "-Party".into());
        Ok(())
    }
}

#[test]
fn a_stop_at_a_rendezvous_in_a_transaction_in_a_set_keeps_the_books() {
    for (users, stop_timeout, done) in [(2, 0, 0), (2, 60, 0), (3, 0, 10), (7, 60, 20)] {
        paused(async || {
            let test = LoadTest::new()
                .user::<Shy>()
                .users(users)
                .spawn_rate(f64::INFINITY)
                .stop_timeout(SECOND * stop_timeout);
            let local = Local::new(test, 2);
            let outcome = local.start();
            tokio::time::sleep(millis(1050)).await;
            let stopped = Instant::now();
            local.say(Command::Stop);
            let outcome = outcome.await.expect("an outcome");
            assert!(stopped.elapsed() < millis(500), "at once, whatever the stop timeout");
            for name in ["dance", "dance / ask"] {
                let row = outcome.snapshot.transaction(name).expect("a row");
                assert_eq!(row.started, row.ok + row.interrupted, "{name}: {row:?}");
                assert!(row.ok >= done && row.ok % 3 == 0, "{name}: {row:?}");
            }
            assert_eq!(outcome.snapshot.exceptions.len(), 0, "{:?}", outcome.snapshot.exceptions);
            assert_eq!(local.logged("-Party").len() as u64, users);
            assert_eq!(local.logged("-Shy").len() as u64, users);
        });
    }
}

/// Starts that are left out take draws from a generator: how many depends on how long tasks take.
struct Skipping<const MILLIS: u64>;
impl<const MILLIS: u64> Script for Skipping<MILLIS> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("a", 1), TaskInfo::new("b", 1)];
    fn wait() -> Wait {
        poisson(10).catch_up(CatchUp::Skip).into()
    }
    fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
        log(cx, Self::TASKS[task].name);
        Box::pin(async {
            tokio::time::sleep(millis(MILLIS)).await;
            Ok(())
        })
    }
}

#[test]
fn how_long_tasks_take_does_not_change_which_they_are() {
    let tasks = |test: LoadTest| -> Vec<String> {
        run_to_end(test.iterations(40), 1).1.into_iter().map(|(_, what)| what).filter(|what| what.len() == 3).collect()
    };
    let quick = tasks(test::<Skipping<1>>());
    assert_eq!(quick.len(), 40);
    assert_eq!(quick, tasks(test::<Skipping<250>>()));
}

struct Minutely;
impl Script for Minutely {
    fn wait() -> Wait {
        constant_pacing(SECOND * 60).into()
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        log(cx, "task");
        Box::pin(async { stop_user() })
    }
}

#[test]
fn the_first_scheduled_start_of_every_run_comes_at_once() {
    paused(async || {
        let local = Local::new(test::<Minutely>(), 1);
        local.start().await.expect("an outcome");
        tokio::time::sleep(SECOND * 7).await;
        let again = Instant::now();
        local.start().await.expect("an outcome");
        assert_eq!(local.logged("task").len(), 2);
        assert_eq!(again.elapsed().as_secs(), 0, "the user did not wait for its place on the grid of the former run");
    });
}

/// A user whose task leads to itself, as a set.
struct Mirror(Context);

impl Tasks for Mirror {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Self>("deeper", 1), TaskInfo::new("back", 1)];
    const ORDER: Order = Order::Sequential;
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        let depth = scope.place.as_ref().map_or(0, |place| place.depth);
        match task {
            0 if depth < 2 => scope.enter(task, Self(self.0.clone())).await,
            0 => Ok(()),
            _ if depth == 0 => stop_user(),
            _ => {
                note(&self.0, format!("leave {depth}"));
                interrupt()
            }
        }
    }
}

impl User for Mirror {
    const NAME: &'static str = "Mirror";
    fn wait_time(&self) -> Wait {
        constant(SECOND / 10)
    }
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

#[test]
fn a_class_may_be_a_set_of_its_own() {
    let (outcome, log) = run_to_end(LoadTest::new().user::<Mirror>().run_time(SECOND), 1);
    assert_eq!(outcome.snapshot.exceptions.len(), 0, "{:?}", outcome.snapshot.exceptions);
    assert_eq!(log.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(), ["leave 2", "leave 1"]);
}

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

struct Asked;
impl Script for Asked {
    fn wait() -> Wait {
        ASKED.set(ASKED.get() + 1);
        constant(SECOND)
    }
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async { if cx.user_number() == 0 { stop_user() } else { slow_request(cx).await } })
    }
}

#[test]
fn a_user_that_leaves_is_not_asked_how_long_it_waits() {
    ASKED.set(0);
    // One says that it leaves, one finishes its last task.
    run_to_end(test::<Asked>().users(2).run_time(SECOND * 5).stop_timeout(SECOND * 60), 1);
    assert_eq!(ASKED.get(), 2, "once before the first task of each");
}

/// Tasks and a set with a schedule of its own, in random order.
struct Roamer(Context);
struct Side<'a>(&'a Context);

impl Tasks for Roamer {
    const TASKS: &'static [TaskInfo] =
        &[TaskInfo::new("a", 2), TaskInfo::new("b", 1), TaskInfo::set::<Side<'_>>("side", 1)];
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        if task == 2 {
            return scope.enter(task, Side(&self.0)).await;
        }
        log(&self.0, Self::TASKS[task].name);
        Ok(())
    }
}

impl User for Roamer {
    const NAME: &'static str = "Roamer";
    fn wait_time(&self) -> Wait {
        constant_pacing(millis(700)).into()
    }
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Side<'_> {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("c", 3), TaskInfo::new("d", 2), TaskInfo::new("out", 1)];
    type Shared = ();
    fn own_wait_time(&self) -> Option<Wait> {
        Some(poisson(5).catch_up(CatchUp::Skip).into())
    }
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        log(self.0, Self::TASKS[task].name);
        tokio::time::sleep(millis(150)).await;
        if task == 2 { interrupt() } else { Ok(()) }
    }
}

#[test]
fn the_same_seed_gives_the_same_tasks_on_any_number_of_shards_with_sets_and_schedules() {
    let tasks = |shards, seed| -> Vec<(u128, String)> {
        let test = LoadTest::new().user::<Roamer>().users(9).spawn_rate(3).seed(seed).iterations_per_user(40);
        let (_, mut log) = run_to_end(test, shards);
        log.sort_by_key(|(at, what)| (what.rsplit(' ').next().unwrap().to_owned(), *at));
        log
    };
    let one = tasks(1, 42);
    assert_eq!(one.len(), 9 * 40);
    assert_eq!(one, tasks(8, 42));
    assert_ne!(one, tasks(1, 43));
}

/// With a wait in its `#[tasks(wait_time = …)]`.
struct OwnWait(Context);

impl Tasks for OwnWait {
    const TASKS: &'static [TaskInfo] = ONE;
    type Shared = ();
    fn own_wait_time(&self) -> Option<Wait> {
        Some(constant(SECOND))
    }
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        log(&self.0, "task");
        Ok(())
    }
}

impl User for OwnWait {
    const NAME: &'static str = "OwnWait";
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

#[test]
fn a_configured_wait_wins_over_that_of_the_tasks() {
    let began = |test: LoadTest| run_to_end(test.iterations(3), 1).1.into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    let test = || LoadTest::new().user::<OwnWait>();
    assert_eq!(began(test()), [0, 1000, 2000]);
    let config = crate::ClassConfig::new().wait_time(constant(SECOND * 3));
    assert_eq!(began(test().configure("OwnWait", config)), [0, 3000, 6000]);
}

/// A class that has no users, and one that has two, but in a run of one to look at.
struct Few<const COUNT: u64>;
impl<const COUNT: u64> Script for Few<COUNT> {
    const WEIGHT: f64 = 0.0;
    const FIXED_COUNT: u64 = COUNT;
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        log(cx, "task");
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn one_user_to_look_at_is_had_of_every_class() {
    for test in [test::<Few<0>>(), test::<Few<2>>()] {
        let (outcome, log) = run_to_end(test.single_user(), 1);
        assert_eq!(log[0], (0, "task 0".to_owned()));
        assert_eq!(outcome.snapshot.warnings, Vec::<String>::new());
    }
    assert!(test::<Few<0>>().plan().is_err());
}

/// The first of two users ends the test, and takes its time to say goodbye.
struct Slowly;
impl Script for Slowly {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        log(cx, "task");
        Box::pin(async { if cx.user_number() == 0 { stop_test("enough") } else { Ok(()) } })
    }
    fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            if cx.user_number() == 0 {
                tokio::time::sleep(SECOND * 20).await;
            }
            log(cx, "on_stop");
            Ok(())
        })
    }
}

/// Its set takes long to say goodbye.
struct SlowSet(Context);
struct Goodbye<'a>(&'a Context);

impl Tasks for SlowSet {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::set::<Goodbye<'_>>("goodbye", 1)];
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, task: usize, scope: &Scope<'_>) -> TaskResult {
        scope.enter(task, Goodbye(&self.0)).await
    }
}

impl User for SlowSet {
    const NAME: &'static str = "SlowSet";
    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

impl Tasks for Goodbye<'_> {
    const TASKS: &'static [TaskInfo] = ONE;
    type Shared = ();
    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }
    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        if self.0.user_number() == 0 {
            return stop_test("enough");
        }
        self.0.wait(SECOND * 1000).await;
        Ok(())
    }
    async fn on_stop(&mut self) -> TaskResult {
        if self.0.user_number() == 0 {
            tokio::time::sleep(SECOND * 20).await;
        }
        log(self.0, "left");
        Ok(())
    }
}

#[test]
fn stop_test_in_a_set_stops_the_others_at_once() {
    let two = LoadTest::new().user::<SlowSet>().users(2).spawn_rate(f64::INFINITY).seed(1);
    let (outcome, log) = run_to_end(two, 1);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("enough".to_owned()));
    let log: Vec<String> = log.iter().map(|(at, what)| format!("{at} {what}")).collect();
    assert_eq!(log, ["0 left 1", "20000 left 0"]);
}

#[test]
fn stop_test_stops_the_others_at_once() {
    let (outcome, log) = run_to_end(test::<Slowly>().users(2), 1);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("enough".to_owned()));
    assert_eq!(
        log.iter().map(|(at, what)| format!("{at} {what}")).collect::<Vec<_>>(),
        ["0 task 0", "0 task 1", "0 on_stop 1", "20000 on_stop 0"]
    );
}

#[test]
fn the_first_tasks_of_all_users_are_drawn_by_weight_for_every_seed() {
    use crate::context::{Stream, generator};
    use crate::task::choice::Chooser;
    // Neighbouring user numbers and seeds must not have neighbouring generators.
    let chooser = Chooser::new([3, 1, 6]).expect("weights");
    let far = |seed: u64| {
        let mut counts = [0.0; 3];
        for user in 0..2_000 {
            counts[chooser.choose(&mut generator(seed, "Shopper", user, 0, Stream::Tasks))] += 1.0;
        }
        let expected = [600.0, 200.0, 1200.0];
        let squares =
            counts.iter().zip(expected).map(|(count, expected): (&f64, f64)| (count - expected).powi(2) / expected);
        // Two degrees of freedom: exceeded once in a thousand.
        squares.sum::<f64>() > 13.82
    };
    let far = (0..100).filter(|seed| far(*seed)).count();
    assert!(far <= 2, "{far} of 100 seeds");
}
