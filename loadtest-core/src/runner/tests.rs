//! The life-cycle, with the controller and all shards on one paused runtime: time is exact and costs nothing.

mod configured;
mod edits;
mod figures;
mod hooks;
mod iterations;
mod listeners;
mod ramps;
mod rendezvous;
mod sets;
mod stops;
mod thresholds;
mod together;
mod traces;
mod transactions;
mod waits;

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
use crate::plan::Plan;
use crate::report::EndedBy;
use crate::runner::controller::{self, Command, ControllerSeat, LiveThresholds, Outcome, Published, ShardHandle};
use crate::runner::load_test::LoadTest;
use crate::runner::shard::{self, ShardSeat};
use crate::stats::Snapshot;
use crate::task::LocalFuture;
use crate::timer::Timer;
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
    const WEIGHT: f64 = 1.0;
    const FIXED_COUNT: u64 = 0;
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
    fn teardown(_: &SetupContext) -> LocalFuture<'_, TaskResult> {
        Box::pin(async { Ok(()) })
    }
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
        S::teardown(cx).await
    }
}

impl<S: Script> User for Scripted<S> {
    const NAME: &'static str = {
        // The last part of the type's path is not const; the tests name classes by their tasks.
        S::TASKS[0].name
    };

    fn weight() -> f64 {
        S::WEIGHT
    }

    fn fixed_count() -> u64 {
        S::FIXED_COUNT
    }

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
    /// To be subscribed to.
    thresholds: watch::Sender<LiveThresholds>,
}

impl Local {
    fn new(test: LoadTest, shards: usize) -> Self {
        let listeners = test.all_listeners();
        let plan = Arc::new(test.plan().expect("a plan"));
        let (event_sender, events) = unbounded_channel();
        let mut handles = Vec::new();
        for shard in 0..shards {
            let (commands, received) = unbounded_channel();
            let board = Arc::new(Board::default());
            tokio::task::spawn_local(shard::run(ShardSeat {
                plan: Arc::clone(&plan),
                listeners: listeners.clone(),
                shard,
                shards,
                board: Arc::clone(&board),
                commands: received,
                events: event_sender.clone(),
                timer: Timer::Tokio,
            }));
            handles.push(ShardHandle { commands, board });
        }
        let (commands, received) = unbounded_channel();
        let published = Published::default();
        let (snapshots, thresholds) = (published.snapshots.subscribe(), published.thresholds.clone());
        tokio::task::spawn_local(controller::run(ControllerSeat {
            plan: Arc::clone(&plan),
            listeners,
            shards: handles,
            events,
            commands: received,
            published,
        }));
        Self { plan, commands, snapshots, thresholds }
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
