//! The one state machine of a run, in one file: whoever changes a transition needs to see the others.
//!
//! | state       | what                                  | next        | what is done on the way                         |
//! |-------------|---------------------------------------|-------------|-------------------------------------------------|
//! | ready, stopped | Start                              | setting up  | figures cleared, `test_start`, first `setup`    |
//! | setting up  | last `setup` done                     | spawning    | the run time begins, ramp to the asked users    |
//! | setting up  | `setup` failed, Stop                  | stopping    | `teardown` of what was set up, in reverse       |
//! | spawning    | all shards ramped, and none is held   | running     | figures reset if asked for, `spawning_complete` |
//! | spawning    | Edit, the ramp is held or goes on     | spawning    | a ramp from where the present one is            |
//! | running     | Edit of the number of users           | spawning    | a ramp from there                               |
//! | running     | Edit of the rate, the ramp is held    | running     | remembered for the next edit                    |
//! | spawning, running | Stop, run time over, `stop_test`, all users left, all iterations done, a threshold that aborts | stopping | users finish, `on_stop` |
//! | stopping    | all shards drained                    | stopping    | `teardown`, in reverse                          |
//! | stopping    | last `teardown` done                  | stopping    | shards hand over what is left                   |
//! | stopping    | all shards have handed over           | stopped     | the last snapshot, `test_stop`, the answer      |
//! | any but ready, stopped | Abort                      | stopping    | users dropped, no `on_stop`, no `teardown`      |
//! | spawning, running | Reset, warm-up over             | the same    | figures reset; requests in flight stay          |
//! | any         | Quit, or nobody left to command       | –           | as Stop, then `quitting` and the end            |
//!
//! What stands in no line changes nothing: an Edit while stopping, say. A run whose users were edited to none goes on without
//! them; only where there are to be users does the last that leaves end it.

mod load;
mod publish;
mod stuck;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use load::Goal;
#[cfg(any(feature = "cli", test))]
pub(crate) use publish::LiveThresholds;
pub(crate) use publish::Published;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior};

use crate::life::board::Board;
use crate::listener::Listeners;
use crate::plan::Plan;
use crate::report::EndedBy;
use crate::runner::hooks::Hooks;
use crate::runner::ramp::Ramp;
use crate::runner::shard::{ShardCommand, ShardEvent, TICK};
use crate::runner::watchdog::Watchdog;
use crate::stats::collector::Collector;
use crate::stats::{RunState, Snapshot};
use crate::task::AnyShared;
use crate::threshold::ThresholdResult;
use crate::threshold::watch::Watch;

/// How long shards may take to drop their users after an abort.
const ABORT_TAKES: Duration = Duration::from_secs(1);

/// What the controller is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Start a run; the answer comes when it has ended.
    Start(oneshot::Sender<Outcome>),
    /// Go to another number of users, or at another rate; `None` stays.
    Edit { users: Option<u64>, spawn_rate: Option<f64> },
    /// Hold the ramp where it is, or let it go on.
    HoldRamp(bool),
    /// End the run in good order.
    Stop,
    /// End the run now.
    Abort,
    /// Forget the figures so far.
    Reset,
    /// Stop, and no further run.
    Quit,
}

/// How a run went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) ended_by: EndedBy,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) thresholds: Vec<ThresholdResult>,
    /// Whether a thread had to be given up, with its users and what they measured last.
    pub(crate) incomplete: bool,
}

/// The controller's end of one shard.
#[derive(Debug)]
pub(crate) struct ShardHandle {
    pub(crate) commands: UnboundedSender<ShardCommand>,
    pub(crate) board: Arc<Board>,
}

/// What the controller is made from.
#[derive(Debug)]
pub(crate) struct ControllerSeat {
    pub(crate) plan: Arc<Plan>,
    pub(crate) listeners: Listeners,
    pub(crate) shards: Vec<ShardHandle>,
    pub(crate) events: UnboundedReceiver<ShardEvent>,
    pub(crate) commands: UnboundedReceiver<Command>,
    pub(crate) published: Published,
}

/// Runs until it is told to quit, or until nobody is left to tell it.
pub(crate) async fn run(seat: ControllerSeat) {
    let ControllerSeat { plan, listeners, shards, mut events, mut commands, published } = seat;
    let run = Arc::clone(&plan.run);
    let mut this = Controller::new(plan, Hooks::new(listeners), shards, published);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut quitting = false;
    loop {
        if quitting && this.idle() {
            break;
        }
        let (deadline, warm_until) = (this.deadline, this.warm_until);
        tokio::select! {
            biased;
            command = commands.recv(), if !quitting => match command {
                Some(Command::Start(answer)) => this.start(answer),
                Some(Command::Edit { users, spawn_rate }) => this.edit(users, spawn_rate),
                Some(Command::HoldRamp(held)) => this.hold_ramp(held),
                Some(Command::Stop) => this.stop(EndedBy::Request),
                Some(Command::Abort) => this.abort(),
                Some(Command::Reset) => this.reset(),
                Some(Command::Quit) | None => {
                    quitting = true;
                    this.stop(EndedBy::Request);
                }
            },
            () = run.iterations.changed() => this.look_whether_done(),
            Some(event) = events.recv() => this.see(event),
            _ = tick.tick() => this.tick(),
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                this.stop(EndedBy::RunTime);
            }
            () = tokio::time::sleep_until(warm_until.unwrap_or_else(Instant::now)), if warm_until.is_some() => {
                this.warm_until = None;
                tracing::info!("the warm-up is over: figures count from here");
                this.reset();
            }
        }
    }
    this.hooks.quitting();
    this.tell_all(|| ShardCommand::Finish);
}

/// A shard as the controller sees it.
#[derive(Debug)]
struct Shard {
    handle: ShardHandle,
    watchdog: Watchdog,
    /// The last ramp it has finished.
    ramped: u64,
    drained: bool,
    /// Given up: its thread is kept by a user that does not yield.
    lost: bool,
}

/// What remains to be done while stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Users are on their way out.
    Users,
    /// A `teardown` runs.
    Teardown,
    /// Shards hand over what they have left; with the number of the flush.
    LastIntervals(u64),
}

struct Controller {
    plan: Arc<Plan>,
    hooks: Hooks,
    shards: Vec<Shard>,
    published: Published,
    state: RunState,
    ending: Ending,
    collector: Collector,
    started: Instant,
    /// When the run time is over.
    deadline: Option<Instant>,
    /// When the warm-up is over; `None` when it is, or when there is none.
    warm_until: Option<Instant>,
    /// When the users were asked to stop.
    stopped: Option<Instant>,
    goal: Goal,
    ramp: Option<Ramp>,
    next_id: u64,
    /// What is set up: the class or set, and what its `setup` returned.
    shared: Vec<(usize, AnyShared)>,
    ended_by: Option<EndedBy>,
    /// When the run was broken off.
    aborted: Option<Instant>,
    answer: Option<oneshot::Sender<Outcome>>,
    /// Shards that have not answered the flush; the reset it was for, if any.
    flush: Option<(u64, HashSet<usize>, bool)>,
    warnings: Vec<String>,
    thresholds: Watch,
}

impl Controller {
    fn new(plan: Arc<Plan>, hooks: Hooks, shards: Vec<ShardHandle>, published: Published) -> Self {
        let now = Instant::now();
        let collector = Collector::new(shards.len(), now);
        let shards = shards
            .into_iter()
            .map(|handle| Shard { handle, watchdog: Watchdog::default(), ramped: 0, drained: false, lost: false })
            .collect();
        let thresholds = Watch::new(&plan.thresholds);
        Self {
            plan,
            hooks,
            shards,
            published,
            state: RunState::Ready,
            ending: Ending::Users,
            collector,
            started: now,
            deadline: None,
            warm_until: None,
            stopped: None,
            goal: Goal::default(),
            ramp: None,
            next_id: 1,
            shared: Vec::new(),
            ended_by: None,
            aborted: None,
            answer: None,
            flush: None,
            warnings: Vec::new(),
            thresholds,
        }
    }

    fn idle(&self) -> bool {
        matches!(self.state, RunState::Ready | RunState::Stopped)
    }

    /// Says something to the shards that still listen.
    fn tell_all(&self, mut command: impl FnMut() -> ShardCommand) {
        for shard in self.shards.iter().filter(|shard| !shard.lost) {
            let _ = shard.handle.commands.send(command());
        }
    }

    /// Hooks run on the first shard that still listens.
    fn tell_one(&self, command: ShardCommand) -> bool {
        match self.shards.iter().find(|shard| !shard.lost) {
            Some(shard) => shard.handle.commands.send(command).is_ok(),
            None => false,
        }
    }

    fn start(&mut self, answer: oneshot::Sender<Outcome>) {
        if !self.idle() {
            return;
        }
        self.started = Instant::now();
        self.collector.restart(self.started);
        self.warnings.clear();
        self.thresholds.reset(Duration::ZERO);
        self.shared.clear();
        self.plan.run.restart();
        self.ended_by = None;
        self.aborted = None;
        self.stopped = None;
        self.answer = Some(answer);
        for shard in &mut self.shards {
            shard.handle.board.clear_replaced();
            shard.drained = false;
        }
        self.state = RunState::SettingUp;
        match self.hooks.test_start(&self.plan, &mut self.collector) {
            None => self.set_up_next(),
            Some(why) => self.stop(EndedBy::StopTest(why.into_owned())),
        }
    }

    fn set_up_next(&mut self) {
        let unit = self.shared.len();
        if unit < self.plan.units.len() {
            self.tell_one(ShardCommand::Setup(unit));
            return;
        }
        let shared: Arc<[AnyShared]> = self.shared.iter().map(|(_, shared)| Arc::clone(shared)).collect();
        self.tell_all(|| ShardCommand::Shared(Arc::clone(&shared)));
        let now = Instant::now();
        self.started = now;
        self.deadline = self.plan.settings.run_time.map(|run_time| now + run_time);
        self.warm_until = self.plan.settings.warm_up.map(|warm_up| now + warm_up);
        self.collector.begin(now);
        self.begin_load();
    }

    fn stop(&mut self, why: EndedBy) {
        match self.state {
            RunState::Spawning | RunState::Running => {
                self.begin_stop(why);
                self.tell_all(|| ShardCommand::Stop);
                self.publish();
            }
            RunState::SettingUp => {
                self.begin_stop(why);
                self.tell_all(|| ShardCommand::CancelSetup);
                self.tear_down_next();
            }
            RunState::Ready | RunState::Stopping | RunState::Stopped => {}
        }
    }

    /// What a listener asked for.
    fn stop_for(&mut self, why: Option<Cow<'static, str>>) {
        if let Some(why) = why {
            self.stop(EndedBy::StopTest(why.into_owned()));
        }
    }

    fn begin_stop(&mut self, why: EndedBy) {
        tracing::info!("stopping: {}", why.sentence());
        self.ended_by = Some(why);
        self.deadline = None;
        if self.warm_until.take().is_some() {
            self.warn("the run ended before its warm-up did: the figures are those of the warm-up".to_owned());
        }
        self.stopped = Some(Instant::now());
        self.state = RunState::Stopping;
        self.ending = Ending::Users;
    }

    fn abort(&mut self) {
        if self.idle() || self.aborted.is_some() {
            return;
        }
        if self.state != RunState::Stopping {
            self.begin_stop(EndedBy::Abort);
        }
        // A failed `setup` stays the reason, and keeps its exit code.
        if !matches!(self.ended_by, Some(EndedBy::SetupFailed { .. })) {
            self.ended_by = Some(EndedBy::Abort);
        }
        self.aborted = Some(Instant::now());
        self.ending = Ending::Users;
        for shard in &mut self.shards {
            shard.drained = false;
        }
        self.tell_all(|| ShardCommand::Abort);
    }

    /// Runs the `teardown` of what was set up last and not torn down.
    fn tear_down_next(&mut self) {
        if let Some((unit, shared)) = self.shared.pop().filter(|_| self.aborted.is_none()) {
            self.ending = Ending::Teardown;
            if self.tell_one(ShardCommand::Teardown(unit, shared)) {
                return;
            }
            self.warn("no teardown has run: every thread is kept by a user that does not yield".to_owned());
        }
        self.shared.clear();
        let flush = self.flush(false);
        self.ending = Ending::LastIntervals(flush);
        self.finish_flush();
    }

    /// Asks all shards to hand over now.
    fn flush(&mut self, reset: bool) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let waiting = self.shards.iter().enumerate().filter(|(_, shard)| !shard.lost).map(|(shard, _)| shard).collect();
        self.flush = Some((id, waiting, reset));
        self.tell_all(|| ShardCommand::Flush(id));
        id
    }

    fn reset(&mut self) {
        if matches!(self.state, RunState::Spawning | RunState::Running) {
            self.flush(true);
        }
    }

    fn see(&mut self, event: ShardEvent) {
        match event {
            ShardEvent::Interval { shard, mut interval, at, flush } => {
                self.collector.merge(shard, &interval, at);
                interval.clear();
                let _ = self.shards[shard].handle.commands.send(ShardCommand::Recycle(interval));
                if let Some((id, waiting, _)) = &mut self.flush
                    && flush == Some(*id)
                {
                    waiting.remove(&shard);
                    self.finish_flush();
                }
            }
            ShardEvent::Ramped { shard, ramp } => {
                self.shards[shard].ramped = ramp;
                self.look_whether_ramped();
            }
            ShardEvent::Drained { shard } => {
                self.shards[shard].drained = true;
                self.look_whether_drained();
            }
            ShardEvent::Deserted => self.look_whether_deserted(),
            ShardEvent::StopTest(why) => {
                let why = EndedBy::StopTest(why.into_owned());
                // The last user may be seen to have gone before what it said is heard.
                match self.ended_by {
                    Some(EndedBy::NoUsersLeft) => self.ended_by = Some(why),
                    _ => self.stop(why),
                }
            }
            ShardEvent::SetUp { unit, result } => self.set_up(unit, result),
            ShardEvent::TornDown => {
                if self.ending == Ending::Teardown && self.state == RunState::Stopping {
                    self.tear_down_next();
                }
            }
        }
    }

    fn set_up(&mut self, unit: usize, result: Result<AnyShared, String>) {
        match result {
            Ok(shared) if self.state == RunState::SettingUp => {
                self.shared.push((unit, shared));
                self.set_up_next();
            }
            // Cancelled too late: it was set up all the same. A teardown that runs already comes first.
            Ok(shared) => {
                self.shared.push((unit, shared));
                if let Ending::LastIntervals(_) = self.ending {
                    self.tear_down_next();
                }
            }
            Err(message) if self.state == RunState::SettingUp => {
                let class = self.plan.units[unit].info.name.to_owned();
                self.stop(EndedBy::SetupFailed { class, message });
            }
            Err(_) => {}
        }
    }

    fn look_whether_done(&mut self) {
        if self.plan.run.iterations.are_done() {
            self.stop(EndedBy::Iterations);
        }
    }

    fn look_whether_drained(&mut self) {
        let all = self.shards.iter().all(|shard| shard.drained || shard.lost);
        if self.state == RunState::Stopping && self.ending == Ending::Users && all {
            self.collector.end();
            self.tear_down_next();
        }
    }

    /// When all shards have handed over what was asked of them: resets the figures, or ends the run.
    fn finish_flush(&mut self) {
        let Some((id, waiting, reset)) = &self.flush else { return };
        let (id, reset) = (*id, *reset);
        if waiting.iter().any(|shard| !self.shards[*shard].lost) {
            return;
        }
        self.flush = None;
        if reset {
            let now = Instant::now();
            self.collector.reset(now);
            self.thresholds.reset(now.duration_since(self.started));
            let stop = self.hooks.reset(&mut self.collector);
            self.publish();
            self.stop_for(stop);
        }
        if self.ending == Ending::LastIntervals(id) && self.state == RunState::Stopping {
            self.finish_run();
        }
    }

    fn finish_run(&mut self) {
        self.state = RunState::Stopped;
        self.ramp = None;
        self.collector.see_run(self.users().alive, Instant::now(), None);
        self.collector.finish();
        self.publish();
        let ended_by = self.ended_by.take().unwrap_or(EndedBy::Request);
        let snapshot = Arc::clone(&self.published.snapshots.borrow());
        let thresholds = self.threshold_results(&snapshot);
        self.hooks.test_stop(&self.plan, &ended_by, &snapshot, &thresholds, &mut self.collector);
        self.publish();
        if let Some(answer) = self.answer.take() {
            let snapshot = Arc::clone(&self.published.snapshots.borrow());
            // Whoever asked may have gone: dropping the future of a run stops it.
            let incomplete = self.shards.iter().any(|shard| shard.lost);
            let _ = answer.send(Outcome { ended_by, snapshot, thresholds, incomplete });
        }
    }

    fn tick(&mut self) {
        if self.idle() {
            return;
        }
        let now = Instant::now();
        let mut warnings = Vec::new();
        for shard in &mut self.shards {
            warnings.extend(shard.watchdog.look(&shard.handle.board, &self.plan, now));
        }
        for warning in warnings {
            self.warn(warning);
        }
        if let Some(stopped) = self.stopped {
            let settings = &self.plan.settings;
            let patience = settings.stop_timeout + settings.on_stop_timeout;
            let overdue = self.aborted.is_some_and(|aborted| now.duration_since(aborted) >= ABORT_TAKES);
            if overdue || now.duration_since(stopped) > patience {
                self.give_up_stuck(now, patience, overdue);
            }
        }
        self.publish();
        self.look_at_thresholds();
    }

    fn warn(&mut self, warning: String) {
        tracing::warn!("{warning}");
        self.warnings.push(warning);
    }
}
