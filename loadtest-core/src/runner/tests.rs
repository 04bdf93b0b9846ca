//! The life-cycle, with the controller and all shards on one paused runtime: time is exact and costs nothing.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::life::board::Board;
use crate::plan::{LocalFuture, Plan};
use crate::report::EndedBy;
use crate::runner::controller::{self, Command, ControllerSeat, Outcome, ShardHandle};
use crate::runner::load_test::LoadTest;
use crate::runner::shard::{self, ShardSeat};
use crate::stats::{Snapshot, collector};
use crate::{
    Context, Exit, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, Wait, constant, fail, interrupt,
    reschedule, stop_test, stop_user,
};

const ONE: &[TaskInfo] = &[TaskInfo::new("task", 1)];
const SECOND: Duration = Duration::from_secs(1);

/// What happened, and when: one log per run.
#[derive(Default)]
struct Log(Mutex<Vec<(Duration, String)>>, std::sync::OnceLock<Instant>);

fn log(cx: &Context, what: &str) {
    let log = cx.run_shared(Log::default);
    let start = *log.1.get_or_init(Instant::now);
    log.0.lock().unwrap().push((start.elapsed(), format!("{what} {}", cx.user_number())));
}

/// A user as a script: everything by default does nothing.
trait Script: 'static {
    const TASKS: &'static [TaskInfo] = ONE;
    fn wait() -> Wait {
        constant(SECOND)
    }
    fn setup() -> TaskResult {
        Ok(())
    }
    fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(async { Ok(()) })
    }
    fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(async { Ok(()) })
    }
    fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
        Box::pin(async {
            log(cx, "on_stop");
            Ok(())
        })
    }
    fn teardown(_: &SetupContext) {}
}

struct Scripted<S>(Context, PhantomData<S>);

impl<S: Script> Tasks for Scripted<S> {
    const TASKS: &'static [TaskInfo] = S::TASKS;
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        S::setup()
    }

    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        S::task(&self.0, task).await
    }

    async fn on_start(&mut self) -> TaskResult {
        S::on_start(&self.0).await
    }

    async fn on_stop(&mut self) -> TaskResult {
        S::on_stop(&self.0).await
    }

    async fn teardown(_: &(), cx: &SetupContext) -> TaskResult {
        S::teardown(cx);
        Ok(())
    }
}

impl<S: Script> User for Scripted<S> {
    const NAME: &'static str = {
        // The last part of the type's path is not const; the tests name classes by their tasks.
        S::TASKS[0].name
    };

    fn wait_time(&self) -> Wait {
        S::wait()
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context(), PhantomData))
    }
}

fn test<S: Script>() -> LoadTest {
    LoadTest::new().user::<Scripted<S>>().spawn_rate(f64::INFINITY).seed(1)
}

/// A run whose shards are local tasks.
struct Local {
    plan: Arc<Plan>,
    commands: UnboundedSender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Local {
    fn new(test: LoadTest, shards: usize) -> Self {
        let plan = Arc::new(test.plan().expect("a plan"));
        let (event_sender, events) = unbounded_channel();
        let mut handles = Vec::new();
        for shard in 0..shards {
            let (commands, received) = unbounded_channel();
            let board = Arc::new(Board::default());
            tokio::task::spawn_local(shard::run(ShardSeat {
                plan: Arc::clone(&plan),
                shard,
                shards,
                board: Arc::clone(&board),
                commands: received,
                events: event_sender.clone(),
            }));
            handles.push(ShardHandle { commands, board });
        }
        let (commands, received) = unbounded_channel();
        let (snapshot_sender, snapshots) = watch::channel(Arc::new(collector::nothing_yet()));
        tokio::task::spawn_local(controller::run(ControllerSeat {
            plan: Arc::clone(&plan),
            shards: handles,
            events,
            commands: received,
            snapshots: snapshot_sender,
        }));
        Self { plan, commands, snapshots }
    }

    fn start(&self) -> oneshot::Receiver<Outcome> {
        let (answer, outcome) = oneshot::channel();
        self.say(Command::Start(answer));
        outcome
    }

    fn say(&self, command: Command) {
        self.commands.send(command).expect("a controller");
    }

    /// The log so far, with times in milliseconds.
    fn log(&self) -> Vec<(u128, String)> {
        let cx = crate::testing::TestShard::of(Arc::clone(&self.plan.run)).context();
        let log = cx.run_shared(Log::default);
        let log = log.0.lock().unwrap();
        log.iter().map(|(at, what)| (at.as_millis(), what.clone())).collect()
    }

    fn logged(&self, what: &str) -> Vec<(u128, String)> {
        self.log().into_iter().filter(|(_, entry)| entry.starts_with(what)).collect()
    }
}

/// Runs a test on a paused runtime, with a bound in case it never ends.
fn paused<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(100_000), test()).await.expect("the run ends")
    })
}

/// Runs a load test to its end on `shards` shards.
fn run_to_end(test: LoadTest, shards: usize) -> (Outcome, Vec<(u128, String)>) {
    paused(async || {
        let local = Local::new(test, shards);
        let outcome = local.start().await.expect("an outcome");
        let log = local.log();
        (outcome, log)
    })
}

fn books_hold(snapshot: &Snapshot) {
    for row in snapshot.rows.iter().chain([&snapshot.total]) {
        let stats = &row.stats;
        assert_eq!(stats.started, stats.ok + stats.failed + stats.interrupted, "{:?}", row.key);
    }
}

#[test]
fn users_start_evenly_over_all_shards_and_all_are_stopped() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "start");
            Box::pin(async { Ok(()) })
        }
    }
    for shards in [1, 3] {
        let (outcome, log) = run_to_end(test::<S>().users(5).spawn_rate(2.0).run_time(SECOND * 10), shards);
        let starts: Vec<_> = log.iter().filter(|(_, what)| what.starts_with("start")).cloned().collect();
        let expected: Vec<_> = (0..5).map(|k| (500 * k, format!("start {k}"))).collect();
        assert_eq!(starts, expected, "{shards} shards");
        assert_eq!(log.iter().filter(|(at, what)| *at == 10_000 && what.starts_with("on_stop")).count(), 5);
        assert_eq!(outcome.ended_by, EndedBy::RunTime);
        assert_eq!(outcome.snapshot.users.alive, 0);
    }
}

#[test]
fn hooks_run_in_order_and_again_for_the_next_run() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    struct A;
    struct B;
    impl Script for A {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("A", 1)];
        fn setup() -> TaskResult {
            ORDER.lock().unwrap().push("setup A");
            Ok(())
        }
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("start");
            Box::pin(async { Ok(()) })
        }
        fn on_stop(_: &Context) -> LocalFuture<'_, TaskResult> {
            ORDER.lock().unwrap().push("stop");
            Box::pin(async { Ok(()) })
        }
        fn teardown(_: &SetupContext) {
            ORDER.lock().unwrap().push("teardown A");
        }
    }
    impl Script for B {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("B", 1)];
        fn setup() -> TaskResult {
            ORDER.lock().unwrap().push("setup B");
            Ok(())
        }
        fn teardown(_: &SetupContext) {
            ORDER.lock().unwrap().push("teardown B");
        }
    }
    paused(async || {
        let local = Local::new(test::<A>().user::<Scripted<B>>().run_time(SECOND), 2);
        for _ in 0..2 {
            local.start().await.expect("an outcome");
            let order = std::mem::take(&mut *ORDER.lock().unwrap());
            assert_eq!(order, ["setup A", "setup B", "start", "stop", "teardown B", "teardown A"]);
        }
    });
}

/// Starts a request that takes ten seconds.
async fn slow_request(cx: &Context) -> TaskResult {
    cx.measure("GET", "/slow", async {
        tokio::time::sleep(SECOND * 10).await;
        Ok::<_, std::io::Error>(())
    })
    .await?;
    log(cx, "finished");
    Ok(())
}

struct Slow;
impl Script for Slow {
    fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
        Box::pin(slow_request(cx))
    }
}

#[test]
fn without_a_stop_timeout_tasks_are_dropped_and_their_requests_interrupted() {
    let (outcome, log) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5), 2);
    let total = &outcome.snapshot.total.stats;
    assert_eq!((total.started, total.ok, total.failed, total.interrupted), (4, 0, 0, 4));
    assert_eq!(log.len(), 4);
    assert!(log.iter().all(|(at, what)| *at == 0 && what.starts_with("on_stop")), "the log begins with them: {log:?}");
}

#[test]
fn with_a_stop_timeout_tasks_may_finish() {
    let (outcome, log) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5).stop_timeout(SECOND * 6), 2);
    let total = &outcome.snapshot.total.stats;
    assert_eq!((total.started, total.ok, total.interrupted), (4, 4, 0));
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("finished")).count(), 4);
    let (outcome, _) = run_to_end(test::<Slow>().users(4).run_time(SECOND * 5).stop_timeout(SECOND * 4), 2);
    assert_eq!(outcome.snapshot.total.stats.interrupted, 4, "it was too short");
    assert_eq!(outcome.snapshot.elapsed.as_secs(), 9, "five seconds and the timeout");
}

#[test]
fn a_waiting_user_stops_at_once_also_when_it_waits_in_a_task() {
    struct InTask;
    impl Script for InTask {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.wait(SECOND * 1000).await;
                Ok(())
            })
        }
    }
    struct Between;
    impl Script for Between {
        fn wait() -> Wait {
            constant(SECOND * 1000)
        }
    }
    for test in [test::<InTask>(), test::<Between>()] {
        let (outcome, log) = run_to_end(test.users(3).run_time(SECOND * 5).stop_timeout(SECOND * 100), 2);
        assert_eq!(outcome.snapshot.elapsed.as_secs(), 5);
        assert_eq!(log.len(), 3);
    }
}

#[test]
fn a_running_on_start_is_let_finish_and_then_stopped() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "begin");
                tokio::time::sleep(SECOND * 4).await;
                log(cx, "begun");
                Ok(())
            })
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "task");
                Ok(())
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().users(2).run_time(SECOND * 2), 2);
    let order: Vec<_> = log.iter().map(|(at, what)| (*at, what.split(' ').next().unwrap())).collect();
    assert_eq!(
        order,
        [(0, "begin"), (0, "begin"), (4000, "begun"), (4000, "on_stop"), (4000, "begun"), (4000, "on_stop")]
    );
}

#[test]
fn an_on_start_that_hangs_is_given_its_bound_and_on_stop_still_runs() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "begin");
            Box::pin(std::future::pending())
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(2).run_time(SECOND * 2).on_stop_timeout(SECOND * 7), 1);
    assert_eq!(log.iter().filter(|(at, what)| *at == 9000 && what.starts_with("on_stop")).count(), 2);
    let exception = &outcome.snapshot.exceptions[0];
    assert_eq!((&*exception.task, exception.count), ("on_start", 2));
    assert!(exception.message.contains("did not finish within 7s"), "{}", exception.message);
}

#[test]
fn an_on_start_that_fails_is_undone_and_the_user_replaced_after_a_pause() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "start");
                fail("no account")
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().run_time(SECOND * 5), 1);
    let times: Vec<_> = log.iter().map(|(at, what)| (*at / 1000, what.as_str())).collect();
    let expected = [0, 1, 3].map(|second| [(second, "start 0"), (second, "on_stop 0")]).concat();
    assert_eq!(times, expected, "after one second, then two, then four");
    assert_eq!(outcome.snapshot.exceptions[0].count, 3);
    let place = outcome.snapshot.exceptions[0].place.as_deref().expect("a place");
    assert!(place.contains("tests.rs:"), "{place}");
    assert_eq!(outcome.snapshot.warnings, ["2 users were replaced because their on_start failed"]);
}

#[test]
fn errors_and_panics_of_a_task_are_counted_and_the_user_goes_on() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("fails", 1), TaskInfo::new("panics", 1)];
        fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async move {
                tokio::time::sleep(SECOND).await;
                let _guard = cx.recorder().start("GET", "/");
                if task == 1 {
                    panic!("out of luck");
                }
                "x".parse::<i32>()?;
                Ok(())
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(2).run_time(Duration::from_millis(200_500)), 2);
    let count = |task: &str| -> u64 {
        outcome.snapshot.exceptions.iter().filter(|row| &*row.task == task).map(|row| row.count).sum()
    };
    assert_eq!(count("fails") + count("panics"), 200, "each user once in two seconds");
    assert!(count("fails") > 50 && count("panics") > 50);
    let messages: Vec<_> = outcome.snapshot.exceptions.iter().map(|row| &*row.message).collect();
    assert!(messages.contains(&"panicked: out of luck") && messages.contains(&"invalid digit found in string"));
    assert_eq!(outcome.snapshot.total.stats.interrupted, 200);
    books_hold(&outcome.snapshot);
    assert_eq!(log.len(), 2, "both were stopped in order");
}

#[test]
fn a_failing_setup_ends_the_run_before_any_user_and_undoes_the_others() {
    static TORN_DOWN: Mutex<u32> = Mutex::new(0);
    struct Good;
    impl Script for Good {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Good", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "never");
            Box::pin(async { Ok(()) })
        }
        fn teardown(_: &SetupContext) {
            *TORN_DOWN.lock().unwrap() += 1;
        }
    }
    struct Bad;
    impl Script for Bad {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("Bad", 1)];
        fn setup() -> TaskResult {
            fail("no database")
        }
        fn teardown(_: &SetupContext) {
            panic!("it was never set up");
        }
    }
    let (outcome, log) = run_to_end(test::<Good>().user::<Scripted<Bad>>().users(2).run_time(SECOND), 2);
    let EndedBy::SetupFailed { class, message } = outcome.ended_by else { panic!("{:?}", outcome.ended_by) };
    assert_eq!(class, "Bad");
    assert!(message.starts_with("no database ("), "{message}");
    assert_eq!(log, []);
    assert_eq!(*TORN_DOWN.lock().unwrap(), 1);
}

#[test]
fn a_panic_in_setup_is_a_failing_setup() {
    struct S;
    impl Script for S {
        fn setup() -> TaskResult {
            panic!("no disk")
        }
    }
    let (outcome, _) = run_to_end(test::<S>().run_time(SECOND), 1);
    assert!(matches!(outcome.ended_by, EndedBy::SetupFailed { message, .. } if message == "panicked: no disk"));
}

#[test]
fn an_abort_drops_users_where_they_stand() {
    paused(async || {
        let local = Local::new(test::<Slow>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        local.say(Command::Abort);
        let outcome = outcome.await.unwrap();
        assert_eq!(outcome.ended_by, EndedBy::Abort);
        assert_eq!(outcome.snapshot.total.stats.interrupted, 3);
        assert_eq!(outcome.snapshot.elapsed, SECOND);
        books_hold(&outcome.snapshot);
    });
}

#[test]
fn an_abort_does_not_wait_for_on_stop() {
    struct S;
    impl Script for S {
        fn on_stop(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(std::future::pending())
        }
    }
    paused(async || {
        let local = Local::new(test::<S>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        tokio::time::sleep(SECOND).await;
        local.say(Command::Abort);
        assert_eq!(outcome.await.unwrap().snapshot.elapsed, SECOND * 2);
    });
}

#[test]
fn the_same_seed_gives_each_user_the_same_tasks_on_any_number_of_shards() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("a", 3), TaskInfo::new("b", 2), TaskInfo::new("c", 1)];
        fn wait() -> Wait {
            crate::between(SECOND, SECOND * 3)
        }
        fn task(cx: &Context, task: usize) -> LocalFuture<'_, TaskResult> {
            // Numbers that the user draws must not change its tasks: it draws more or fewer each time.
            static DRAWS: AtomicU32 = AtomicU32::new(0);
            for _ in 0..DRAWS.fetch_add(1, Ordering::Relaxed) % 3 {
                let _: u8 = cx.rng().random();
            }
            log(cx, Self::TASKS[task].name);
            Box::pin(async { Ok(()) })
        }
    }
    let sequences = |shards, seed| {
        let (_, mut log) = run_to_end(test::<S>().users(6).seed(seed).run_time(SECOND * 60), shards);
        log.sort_by_key(|(at, what)| (what.rsplit(' ').next().unwrap().to_owned(), *at));
        log
    };
    let one = sequences(1, 42);
    assert!(one.len() > 100);
    assert_eq!(one, sequences(4, 42));
    assert_ne!(one, sequences(1, 43));
}

#[test]
fn a_user_may_stop_itself_and_the_last_one_ends_the_run() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                log(cx, "task");
                stop_user()
            })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(5), 3);
    assert_eq!(outcome.ended_by, EndedBy::NoUsersLeft);
    assert_eq!(log.len(), 10, "five tasks and five on_stops: {log:?}");
}

#[test]
fn a_task_may_stop_the_test() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { if cx.user_number() == 2 { stop_test("seen enough") } else { Ok(()) } })
        }
    }
    let (outcome, log) = run_to_end(test::<S>().users(4).spawn_rate(1.0), 2);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("seen enough".into()));
    assert_eq!(log.len(), 3, "the fourth had not been started: {log:?}");
}

#[test]
fn interrupt_in_a_users_own_task_is_explained() {
    struct S;
    impl Script for S {
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { interrupt() })
        }
    }
    let (outcome, _) = run_to_end(test::<S>().run_time(Duration::from_millis(2500)), 1);
    let exception = &outcome.snapshot.exceptions[0];
    assert_eq!(exception.count, 3);
    assert!(exception.message.contains("outside of a task set"), "{}", exception.message);
}

#[test]
fn reschedule_leaves_out_the_wait() {
    struct S;
    impl Script for S {
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                log(cx, "task");
                reschedule()
            })
        }
    }
    let (_, log) = run_to_end(test::<S>().run_time(Duration::from_millis(1050)), 1);
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("task")).count(), 10);
}

#[test]
fn users_without_wait_let_each_other_run() {
    struct S;
    impl Script for S {
        fn wait() -> Wait {
            Wait::None
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                let count = cx.run_shared(|| Mutex::new([0u32; 2]));
                let mut count = count.lock().unwrap();
                count[usize::try_from(cx.user_number()).unwrap()] += 1;
                let [a, b] = *count;
                assert!(a.abs_diff(b) <= 1, "{a} and {b}");
                if a + b >= 1000 { stop_test("enough") } else { Ok(()) }
            })
        }
    }
    let (outcome, _) = run_to_end(test::<S>().users(2), 1);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("enough".into()), "{:?}", outcome.snapshot.exceptions);
}

#[test]
fn on_stops_are_limited_in_number_and_each_has_its_own_bound() {
    struct S;
    impl Script for S {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND * 2).await;
                log(cx, "on_stop");
                Ok(())
            })
        }
    }
    let base = test::<S>().users(10).run_time(SECOND);
    let (outcome, log) = run_to_end(base.clone().stop_concurrency(4).on_stop_timeout(SECOND * 3), 3);
    assert_eq!(log.len(), 10);
    assert_eq!(outcome.snapshot.elapsed, SECOND * 7, "three rounds of two seconds after one");
    let (outcome, log) = run_to_end(base.on_stop_timeout(SECOND), 3);
    assert_eq!(log, []);
    assert_eq!((&*outcome.snapshot.exceptions[0].task, outcome.snapshot.exceptions[0].count), ("on_stop", 10));
}

#[test]
fn the_number_of_users_can_be_edited_up_and_down() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "start");
            Box::pin(async { Ok(()) })
        }
    }
    paused(async || {
        let local = Local::new(test::<S>().users(10).spawn_rate(1.0), 3);
        let outcome = local.start();
        tokio::time::sleep(Duration::from_millis(3500)).await;
        assert_eq!(local.logged("start").len(), 4);
        local.say(Command::Edit { users: 8, spawn_rate: 4.0 });
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(local.logged("start").len(), 8);
        assert_eq!(local.snapshots.borrow().users.alive, 8);
        local.say(Command::Edit { users: 5, spawn_rate: 2.0 });
        tokio::time::sleep(SECOND * 3).await;
        let stopped: Vec<_> = local.logged("on_stop").into_iter().map(|(_, what)| what).collect();
        assert_eq!(stopped, ["on_stop 7", "on_stop 6", "on_stop 5"]);
        assert_eq!(local.snapshots.borrow().users.alive, 5);
        local.say(Command::Quit);
        outcome.await.expect("an outcome");
        assert_eq!(local.logged("on_stop").len(), 8);
    });
}

#[test]
fn a_reset_forgets_the_figures_and_keeps_the_books() {
    paused(async || {
        let local = Local::new(test::<Slow>().users(3), 2);
        let outcome = local.start();
        tokio::time::sleep(Duration::from_millis(15_500)).await;
        let before = Arc::clone(&local.snapshots.borrow().total.stats);
        assert_eq!((before.started, before.ok, before.in_flight()), (6, 3, 3));
        local.say(Command::Reset);
        tokio::time::sleep(SECOND * 6).await;
        let snapshot = Arc::clone(&local.snapshots.borrow());
        let total = &snapshot.total.stats;
        assert_eq!((total.started, total.ok, total.in_flight()), (3, 3, 0), "finished since: {total:?}");
        local.say(Command::Stop);
        books_hold(&outcome.await.unwrap().snapshot);
    });
}

#[test]
fn reset_stats_forgets_the_ramp() {
    struct S;
    impl Script for S {
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("POST", "/login", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
        fn task(cx: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                cx.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
                Ok(())
            })
        }
    }
    let base = test::<S>().users(4).spawn_rate(1.0).run_time(Duration::from_millis(9500));
    let logins = |outcome: &Outcome| outcome.snapshot.row("POST", "/login").map(|row| row.stats.ok);
    assert_eq!(logins(&run_to_end(base.clone(), 2).0), Some(4));
    let (outcome, _) = run_to_end(base.reset_stats(true), 2);
    // The last user's login may fall just before or after the moment in which all users are there.
    assert!(logins(&outcome).unwrap_or(0) <= 1);
    assert!(outcome.snapshot.row("GET", "/").expect("tasks").stats.ok >= 20);
    books_hold(&outcome.snapshot);
}

#[test]
fn when_nobody_is_left_to_command_users_are_stopped_in_order() {
    paused(async || {
        let Local { plan, commands, snapshots } = Local::new(test::<Slow>().users(3), 2);
        let (answer, outcome) = oneshot::channel();
        commands.send(Command::Start(answer)).unwrap();
        tokio::time::sleep(SECOND).await;
        drop(commands);
        assert_eq!(outcome.await.unwrap().ended_by, EndedBy::Request);
        let (commands, _unused) = unbounded_channel();
        assert_eq!(Local { plan, commands, snapshots }.logged("on_stop").len(), 3);
    });
}

#[test]
fn a_stop_during_setup_ends_the_run() {
    struct S;
    impl Tasks for S {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(cx: &SetupContext) -> Result<(), Exit> {
            cx.measure("GET", "/slow", std::future::pending::<Result<(), std::io::Error>>()).await?;
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
    }
    impl User for S {
        const NAME: &'static str = "S";
        fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
            Ok(Self)
        }
    }
    paused(async || {
        let local = Local::new(LoadTest::new().user::<S>(), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Stop);
        let outcome = outcome.await.unwrap();
        assert_eq!(outcome.ended_by, EndedBy::Request);
        assert_eq!(outcome.snapshot.total.stats.interrupted, 1, "its request was in flight");
        books_hold(&outcome.snapshot);
    });
}

#[test]
fn classes_share_the_users_by_weight() {
    struct A;
    impl Script for A {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("A", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, cx.class());
            Box::pin(async { Ok(()) })
        }
    }
    struct B;
    impl Script for B {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("B", 1)];
        fn on_start(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, cx.class());
            Box::pin(async { Ok(()) })
        }
    }
    let (_, log) = run_to_end(test::<A>().user::<Scripted<B>>().users(4).spawn_rate(1.0).run_time(SECOND * 5), 3);
    let classes: Vec<_> =
        log.iter().map(|(_, what)| what.as_str()).filter(|what| !what.starts_with("on_stop")).collect();
    assert_eq!(classes, ["A 0", "B 1", "A 2", "B 3"]);
}

#[test]
fn whatever_goes_wrong_in_a_hook_is_counted_and_every_user_is_stopped() {
    struct PanicsInOnStart;
    impl Script for PanicsInOnStart {
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { panic!("at the start") })
        }
    }
    struct FailsInOnStop;
    impl Script for FailsInOnStop {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "on_stop");
            Box::pin(async { fail("at the end") })
        }
    }
    struct PanicsInOnStop;
    impl Script for PanicsInOnStop {
        fn on_stop(cx: &Context) -> LocalFuture<'_, TaskResult> {
            log(cx, "on_stop");
            panic!("at the end")
        }
    }
    struct PanicsInWaitTime;
    impl Script for PanicsInWaitTime {
        fn wait() -> Wait {
            panic!("no idea")
        }
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            Box::pin(async {
                tokio::time::sleep(SECOND).await;
                Ok(())
            })
        }
    }
    struct PanicsInDrop;
    impl Script for PanicsInDrop {
        fn task(_: &Context, _: usize) -> LocalFuture<'_, TaskResult> {
            struct Bomb;
            impl Drop for Bomb {
                fn drop(&mut self) {
                    panic!("in drop");
                }
            }
            Box::pin(async {
                let _bomb = Bomb;
                std::future::pending().await
            })
        }
    }
    struct PanicsInTeardown;
    impl Script for PanicsInTeardown {
        fn teardown(_: &SetupContext) {
            panic!("in teardown");
        }
    }
    for (test, task, message, users) in [
        (test::<PanicsInOnStart>(), "on_start", "panicked: at the start", 1),
        (test::<FailsInOnStop>(), "on_stop", "at the end", 2),
        (test::<PanicsInOnStop>(), "on_stop", "panicked: at the end", 2),
        (test::<PanicsInWaitTime>(), "wait_time", "panicked: no idea", 2),
        (test::<PanicsInDrop>(), "task", "panicked: in drop", 2),
        (test::<PanicsInTeardown>(), "teardown", "panicked: in teardown", 2),
    ] {
        let (outcome, log) = run_to_end(test.users(users).run_time(Duration::from_millis(900)), 2);
        let exceptions = &outcome.snapshot.exceptions;
        assert!(exceptions.iter().any(|row| &*row.task == task && &*row.message == message), "{task}: {exceptions:?}");
        let stopped = log.iter().filter(|(_, what)| what.starts_with("on_stop")).count();
        assert_eq!(stopped, usize::try_from(users).unwrap(), "{task}");
        assert_eq!(outcome.ended_by, EndedBy::RunTime, "{task}");
    }
}

#[test]
fn a_teardown_that_hangs_is_bounded() {
    struct S;
    impl Tasks for S {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
        async fn teardown(_: &(), _: &SetupContext) -> TaskResult {
            std::future::pending().await
        }
    }
    impl User for S {
        const NAME: &'static str = "S";
        fn wait_time(&self) -> Wait {
            constant(SECOND)
        }
        fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
            Ok(Self)
        }
    }
    let (outcome, _) = run_to_end(LoadTest::new().user::<S>().run_time(SECOND).on_stop_timeout(SECOND * 3), 2);
    assert_eq!(outcome.snapshot.elapsed, SECOND * 4);
    assert_eq!(&*outcome.snapshot.exceptions[0].task, "teardown");
}

#[test]
fn a_user_that_cannot_be_made_is_tried_again() {
    struct S;
    impl Tasks for S {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
        async fn on_stop(&mut self) -> TaskResult {
            panic!("its on_start had not begun")
        }
    }
    impl User for S {
        const NAME: &'static str = "S";
        fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
            if init.context().user_number() == 1 {
                panic!("no client");
            }
            "x".parse::<i32>()?;
            Ok(Self)
        }
    }
    let (outcome, _) =
        run_to_end(LoadTest::new().user::<S>().users(2).spawn_rate(10).run_time(Duration::from_millis(2500)), 2);
    let mut exceptions: Vec<_> = outcome.snapshot.exceptions.iter().map(|row| (&*row.message, row.count)).collect();
    exceptions.sort_unstable();
    assert_eq!(exceptions, [("invalid digit found in string", 2), ("panicked: no client", 2)]);
}

#[test]
fn stop_test_works_in_every_hook_and_keeps_its_reason() {
    struct InSetup;
    impl Script for InSetup {
        fn setup() -> TaskResult {
            stop_test("maintenance")
        }
    }
    struct InOnStart;
    impl Script for InOnStart {
        fn on_start(_: &Context) -> LocalFuture<'_, TaskResult> {
            Box::pin(async { stop_test("maintenance") })
        }
    }
    let (outcome, _) = run_to_end(test::<InSetup>(), 1);
    assert!(matches!(outcome.ended_by, EndedBy::SetupFailed { message, .. } if message == "stop_test: maintenance"));
    let (outcome, log) = run_to_end(test::<InOnStart>().users(3), 2);
    assert_eq!(outcome.ended_by, EndedBy::StopTest("maintenance".into()));
    assert_eq!(log.iter().filter(|(_, what)| what.starts_with("on_stop")).count(), 3, "{log:?}");
}

#[test]
fn an_abort_during_a_failed_setups_teardown_keeps_the_reason() {
    struct S;
    impl Script for S {
        const TASKS: &'static [TaskInfo] = &[TaskInfo::new("S", 1)];
        fn setup() -> TaskResult {
            fail("no database")
        }
    }
    struct Hanging;
    impl Tasks for Hanging {
        const TASKS: &'static [TaskInfo] = ONE;
        type Shared = ();
        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
        async fn teardown(_: &(), _: &SetupContext) -> TaskResult {
            std::future::pending().await
        }
    }
    impl User for Hanging {
        const NAME: &'static str = "Hanging";
        fn create(_: &UserInit<'_, ()>) -> Result<Self, Exit> {
            Ok(Self)
        }
    }
    paused(async || {
        let local = Local::new(LoadTest::new().user::<Hanging>().user::<Scripted<S>>(), 2);
        let outcome = local.start();
        tokio::time::sleep(SECOND).await;
        local.say(Command::Abort);
        let outcome = outcome.await.unwrap();
        assert!(matches!(outcome.ended_by, EndedBy::SetupFailed { .. }), "{:?}", outcome.ended_by);
        assert_eq!(outcome.snapshot.elapsed, SECOND);
    });
}
