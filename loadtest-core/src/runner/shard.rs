//! One shard: the users of one thread, started and stopped at their due times, and their recorder.
//!
//! A shard knows no other shard and no clock but its own timers. It is told what to do by [`ShardCommand`]s and tells
//! what happened by [`ShardEvent`]s; in runs it has a thread of its own, in tests it is a local task.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use crate::context::control::{IN_SETUP, IN_TEARDOWN, Stop, UserControl};
use crate::context::{Context, NO_USER, SetupContext, ShardInfo, StopTest};
use crate::exit::{Exit, ExitKind};
use crate::life::board::{Alive, Board, WaysOut};
use crate::life::exceptions::{describe, record_exception};
use crate::life::poll::{Ended, bounded, caught};
use crate::life::{Seat, Watched};
use crate::listener::{Listeners, ShardListeners};
use crate::plan::Plan;
use crate::runner::ramp::Ramp;
use crate::runner::readings;
use crate::stats::interval::Interval;
use crate::task::{AnyShared, SetInfo};
use crate::timer::Timer;

/// How often a shard hands over what it recorded.
pub(crate) const TICK: Duration = Duration::from_millis(500);

/// How often a shard has an appointment with itself, to see how long its queue is.
const BEAT: Duration = Duration::from_millis(100);

/// Users started in one go before the users that exist get their turn.
const BATCH: usize = 100;

/// What a shard is told.
#[derive(Debug)]
pub(crate) enum ShardCommand {
    /// What the `setup`s returned, for the users to come.
    Shared(Arc<[AnyShared]>),
    /// Go to another number of users.
    Ramp(Ramp),
    /// Stop all users in good order.
    Stop,
    /// Drop all users where they stand.
    Abort,
    /// Run the `setup` of this unit of the plan.
    Setup(usize),
    /// Give up the `setup` that is running.
    CancelSetup,
    /// Run the `teardown` of this unit of the plan.
    Teardown(usize, AnyShared),
    /// Hand over now, whatever the tick.
    Flush(u64),
    /// An interval that the collector has read and cleared.
    Recycle(Box<Interval>),
    /// The end of the thread.
    Finish,
}

/// What a shard tells.
#[derive(Debug)]
pub(crate) enum ShardEvent {
    /// What was recorded since the last one; with the number of the flush that asked for it.
    Interval { shard: usize, interval: Box<Interval>, at: Instant, flush: Option<u64> },
    /// This shard's part of the ramp is done.
    Ramped { shard: usize, ramp: u64 },
    /// Its last user is gone, after a stop or an abort.
    Drained { shard: usize },
    /// Its last user has left by itself, and no ramp is going on.
    Deserted,
    /// A user or hook asks for the end of the run.
    StopTest(Cow<'static, str>),
    /// A `setup` ended; the error is its text.
    SetUp { unit: usize, result: Result<AnyShared, String> },
    /// A `teardown` ended.
    TornDown,
}

/// Where a shard is, and its ways in and out.
#[derive(Debug)]
pub(crate) struct ShardSeat {
    pub(crate) plan: Arc<Plan>,
    pub(crate) listeners: Listeners,
    pub(crate) shard: usize,
    pub(crate) shards: usize,
    pub(crate) board: Arc<Board>,
    pub(crate) commands: UnboundedReceiver<ShardCommand>,
    pub(crate) events: UnboundedSender<ShardEvent>,
    pub(crate) timer: Timer,
}

/// Runs a shard until it is told to finish, or until nobody is left to tell it.
pub(crate) async fn run(seat: ShardSeat) {
    let ShardSeat { plan, listeners, shard, shards, board, mut commands, events, timer } = seat;
    let mut tick = tokio::time::interval(TICK);
    let stop_test: StopTest = {
        let events = events.clone();
        // The controller is gone only when the run is over.
        Rc::new(move |why| drop(events.send(ShardEvent::StopTest(why))))
    };
    // The history counts on each second having as many ticks: one that was late must not move those that follow.
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // In paused time nothing is late.
    let beats = timer.is_precise();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let info = Rc::new(ShardInfo::new(Arc::clone(&board.busy)).with_timer(timer));
    if !listeners.is_empty() {
        info.recorder.listen(ShardListeners::sink(&listeners, Rc::clone(&stop_test)));
    }
    if let Some(files) = plan.run.failure_files.get() {
        info.recorder.tell_failures(Arc::clone(files) as _);
    }
    let ways_out = Rc::new(WaysOut { board: Arc::clone(&board), gone: Notify::new() });
    let _ = info.stop_test.set(stop_test);
    let mut this = Shard {
        info,
        plan,
        shard,
        shards: shards as u64,
        board,
        events,
        users: Vec::new(),
        leaving: HashSet::new(),
        futures: JoinSet::new(),
        ramp: None,
        last_calls: VecDeque::new(),
        draining: false,
        ways_out: Rc::clone(&ways_out),
    };
    loop {
        let due = this.next_due();
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                None | Some(ShardCommand::Finish) => break,
                Some(command) => this.obey(command).await,
            },
            _ = tick.tick() => this.hand_over(None),
            due = beat.tick(), if beats => this.info.recorder.queue_delay(due.elapsed()),
            () = ways_out.gone.notified() => this.user_gone(),
            Some(ended) = this.futures.join_next(), if !this.futures.is_empty() => this.future_gone(&ended),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                this.do_what_is_due();
                // The commands come first in this loop; the users must not come last.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// The place of one user number on its shard.
struct Place {
    control: Rc<UserControl>,
    class: u16,
    occupied: Occupied,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occupied {
    /// A user lives here.
    Yes,
    /// The user has left by itself; nobody takes its place.
    NoMore,
    /// The former user of this number is on its way out: the new one starts when it is gone, because what a user does
    /// under its number in `on_start` and `on_stop` must not cross.
    NotYet,
}

struct Shard {
    plan: Arc<Plan>,
    /// Which shard this is, of how many.
    shard: usize,
    shards: u64,
    board: Arc<Board>,
    info: Rc<ShardInfo>,
    events: UnboundedSender<ShardEvent>,
    /// By place: user k of the run has place k / shards here.
    users: Vec<Place>,
    /// The numbers of users that were asked to stop and are not gone yet.
    leaving: HashSet<u64>,
    /// A user's gives its number.
    futures: JoinSet<Option<u64>>,
    ramp: Option<Ramp>,
    /// Users that were asked to finish their task, and when their time for it is over.
    last_calls: VecDeque<(Instant, Rc<UserControl>)>,
    draining: bool,
    ways_out: Rc<WaysOut>,
}

impl Shard {
    fn tell(&self, event: ShardEvent) {
        // Nobody listens any more when the run is being torn down: then nobody needs it.
        let _ = self.events.send(event);
    }

    async fn obey(&mut self, command: ShardCommand) {
        match command {
            ShardCommand::Shared(shared) => drop(self.info.set_up.replace(shared)),
            ShardCommand::Ramp(ramp) => {
                self.draining = false;
                self.ramp = Some(ramp);
            }
            ShardCommand::Stop => self.stop_all(),
            ShardCommand::Abort => self.abort().await,
            ShardCommand::Setup(unit) => self.set_up(unit),
            ShardCommand::CancelSetup => {
                // There are no users yet; what `setup` has in flight is recorded before the last interval is asked for.
                self.futures.shutdown().await;
            }
            ShardCommand::Teardown(unit, shared) => self.tear_down(unit, shared),
            ShardCommand::Flush(flush) => self.hand_over(Some(flush)),
            ShardCommand::Recycle(interval) => self.info.recorder.recycle(interval),
            ShardCommand::Finish => {}
        }
    }

    fn hand_over(&self, flush: Option<u64>) {
        if self.info.timer.is_precise() {
            self.info.recorder.thread_load(readings::this_thread());
        }
        let interval = self.info.recorder.hand_over();
        self.tell(ShardEvent::Interval { shard: self.shard, interval, at: Instant::now(), flush });
    }

    /// The number of the first user who has no place here yet.
    fn next_user(&self) -> u64 {
        self.users.len() as u64 * self.shards + self.shard as u64
    }

    /// When there is something to do next.
    fn next_due(&self) -> Option<Instant> {
        let ramp = self.ramp.as_ref().map(|ramp| {
            if self.next_user() < ramp.to {
                ramp.starts(self.next_user())
            } else {
                match self.last_user().filter(|last| *last >= ramp.to) {
                    Some(last) => ramp.stops(last),
                    // Nothing of it left for this shard: done, at once.
                    None => ramp.start,
                }
            }
        });
        let last_call = self.last_calls.front().map(|(due, _)| *due);
        ramp.into_iter().chain(last_call).min()
    }

    fn last_user(&self) -> Option<u64> {
        self.next_user().checked_sub(self.shards)
    }

    fn do_what_is_due(&mut self) {
        let now = Instant::now();
        while self.last_calls.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, control)) = self.last_calls.pop_front() {
                control.request(Stop::Now);
            }
        }
        let Some(ramp) = self.ramp.clone() else { return };
        for _ in 0..BATCH {
            if self.next_user() < ramp.to {
                if ramp.starts(self.next_user()) > now {
                    return;
                }
                if self.plan.run.iterations.are_all_begun() {
                    // Nothing is left to do for further users. The run ends when the last iteration does.
                    self.ramp = None;
                    return;
                }
                self.start_user(&ramp);
            } else if let Some(last) = self.last_user().filter(|last| *last >= ramp.to) {
                if ramp.stops(last) > now {
                    return;
                }
                if let Some(place) = self.users.pop() {
                    self.ask_to_stop(last, place, now);
                }
            } else {
                self.ramp = None;
                self.tell(ShardEvent::Ramped { shard: self.shard, ramp: ramp.id });
                self.look_for_deserters();
                return;
            }
        }
    }

    /// Gives the next user number a place, and starts its user if the place is free.
    fn start_user(&mut self, ramp: &Ramp) {
        let user_number = self.next_user();
        let class = usize::try_from(user_number).ok().and_then(|k| ramp.classes.get(k)).copied().unwrap_or(0);
        let control = Rc::new(UserControl::new(u32::from(class)));
        let free = !self.leaving.contains(&user_number);
        let occupied = if free { Occupied::Yes } else { Occupied::NotYet };
        if free {
            self.seat_user(user_number, class, Rc::clone(&control));
        } else {
            self.board.waits();
        }
        self.users.push(Place { control, class, occupied });
    }

    fn seat_user(&mut self, user_number: u64, class: u16, control: Rc<UserControl>) {
        let class = usize::from(class);
        let seat = Seat {
            run: Arc::clone(&self.plan.run),
            shard: Rc::clone(&self.info),
            control: Rc::clone(&control),
            user_number,
            alive: Alive::new(&self.ways_out),
        };
        let shared = Arc::clone(&self.info.set_up.borrow()[class]);
        let future = self.plan.classes[class].live(seat, shared, Arc::clone(&self.plan.graphs[class]));
        let busy = Arc::clone(&self.board.busy);
        self.futures.spawn_local(Watched::new(future, control, busy, Some(user_number)));
    }

    fn ask_to_stop(&mut self, user_number: u64, place: Place, now: Instant) {
        if place.occupied == Occupied::NotYet {
            self.board.waits_no_more();
        }
        if place.occupied != Occupied::Yes {
            return;
        }
        self.leaving.insert(user_number);
        let timeout = self.plan.settings.stop_timeout;
        if timeout.is_zero() {
            place.control.request(Stop::Now);
        } else {
            place.control.request(Stop::AfterTask);
            // The same timeout for all: due times stay in order.
            self.last_calls.push_back((now + timeout, place.control));
        }
    }

    fn stop_all(&mut self) {
        let now = Instant::now();
        self.ramp = None;
        self.draining = true;
        let numbers = (self.shard as u64..).step_by(usize::try_from(self.shards).unwrap_or(usize::MAX));
        for (user_number, place) in numbers.zip(std::mem::take(&mut self.users)) {
            self.ask_to_stop(user_number, place, now);
        }
        self.look_for_the_last();
    }

    async fn abort(&mut self) {
        self.ramp = None;
        self.draining = true;
        for place in self.users.drain(..).filter(|place| place.occupied == Occupied::NotYet) {
            drop(place);
            self.board.waits_no_more();
        }
        self.last_calls.clear();
        // Dropping a user's future records its requests in flight as interrupted.
        self.futures.shutdown().await;
        self.leaving.clear();
        self.look_for_the_last();
    }

    /// A user's or hook's future has ended. All its panics are caught, but for one while an abort drops it.
    fn future_gone(&mut self, ended: &Result<Option<u64>, JoinError>) {
        match ended {
            Ok(Some(user_number)) => self.place_free(*user_number),
            Err(error) if error.is_panic() => {
                record_exception(&self.info.recorder, "(user)", "drop", "panicked while it was dropped", None);
            }
            Ok(None) | Err(_) => {}
        }
    }

    /// The user of this number is gone; another one may be waiting for the number.
    fn place_free(&mut self, user_number: u64) {
        let was_asked = self.leaving.remove(&user_number);
        let index = usize::try_from(user_number / self.shards).unwrap_or(usize::MAX);
        if let Some(place) = self.users.get_mut(index) {
            if was_asked {
                place.occupied = Occupied::Yes;
                let (class, control) = (place.class, Rc::clone(&place.control));
                self.seat_user(user_number, class, control);
                self.board.waits_no_more();
            } else {
                place.occupied = Occupied::NoMore;
            }
        }
        self.look_for_deserters();
    }

    fn user_gone(&mut self) {
        self.look_for_the_last();
        self.look_for_deserters();
    }

    fn look_for_the_last(&mut self) {
        if self.draining && self.board.alive() == 0 {
            self.draining = false;
            self.last_calls.clear();
            self.hand_over(None);
            self.tell(ShardEvent::Drained { shard: self.shard });
        }
    }

    fn look_for_deserters(&self) {
        // While one is leaving, another may wait for its place.
        let quiet = self.ramp.is_none() && !self.draining && self.leaving.is_empty();
        if quiet && !self.users.is_empty() && self.board.alive() == 0 {
            self.tell(ShardEvent::Deserted);
        }
    }

    /// Runs a hook that belongs to no user: watched like one, so that it is named when it does not yield.
    fn spawn_hook<F: Future<Output = ()> + 'static>(
        &mut self,
        unit: usize,
        task: u32,
        hook: impl FnOnce(SetInfo, SetupContext) -> F,
    ) {
        let unit = &self.plan.units[unit];
        let control = Rc::new(UserControl::new(u32::try_from(unit.class).unwrap_or(u32::MAX)));
        control.set_task(task, &self.board.busy);
        let class = &self.plan.classes[unit.class];
        let cx = Context::new(
            Arc::clone(&self.plan.run),
            Rc::clone(&self.info),
            Rc::clone(&control),
            class.name(),
            class.host(),
            NO_USER,
            0,
        );
        let set = (unit.info.name != class.name()).then_some(unit.info.name);
        cx.recorder().enter_hook(set, if task == IN_SETUP { "setup" } else { "teardown" });
        let hook = Box::pin(hook(unit.info, SetupContext::new(cx)));
        self.futures.spawn_local(Watched::new(hook, control, Arc::clone(&self.board.busy), None));
    }

    fn set_up(&mut self, unit: usize) {
        let events = self.events.clone();
        self.spawn_hook(unit, IN_SETUP, |set, cx| async move {
            let result = match caught((set.set_up)(&cx)).await {
                Ok(Ok(shared)) => Ok(shared),
                Ok(Err(exit)) => Err(hook_error(Ended::Returned(Err(exit)))),
                Err(panic) => Err(hook_error(Ended::Panicked(panic))),
            };
            let _ = events.send(ShardEvent::SetUp { unit, result });
        });
    }

    fn tear_down(&mut self, unit: usize, shared: AnyShared) {
        let events = self.events.clone();
        let bound = self.plan.settings.on_stop_timeout;
        let recorder = self.info.recorder.clone();
        self.spawn_hook(unit, IN_TEARDOWN, |set, cx| async move {
            let ended = bounded(pin!(Some((set.tear_down)(&shared, &cx))), bound).await;
            if let Some((message, place)) = describe(ended) {
                cx.tell_exception(set.name, "teardown", &message, place.as_deref());
                record_exception(&recorder, set.name, "teardown", &message, place);
            }
            let _ = events.send(ShardEvent::TornDown);
        });
    }
}

/// What to say of a `setup` that did not succeed.
fn hook_error(ended: Ended) -> String {
    if let Ended::Returned(Err(Exit(ExitKind::StopTest(why)))) = &ended {
        return format!("stop_test: {why}");
    }
    match describe(ended) {
        Some((message, Some(place))) => format!("{message} ({place})"),
        Some((message, None)) => message,
        None => "it ended without a value; a failed request shows in the statistics".to_owned(),
    }
}
