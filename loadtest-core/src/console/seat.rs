//! What all clones of a console share: the run that goes on, and those that have ended.
//!
//! A run that goes on has a thread that looks at its snapshots and waits for its end. It holds what is shared, but no console:
//! so a run ends when nobody is left to steer it.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::Instant;

use super::ask::{Ask, Edit, Refused};
use super::lay::{ReadOptions, laid};
use super::logs::LogBook;
use super::offer::{Offer, offer};
use super::view::{Marker, PastRun, View};
use crate::report::Report;
use crate::runner::load_test::{check_users, positive_rate};
use crate::runner::running::Onlooker;
use crate::runner::{LoadTest, RunError, Running, Stopper};
use crate::stats::RunState;

/// How many runs are kept.
const KEPT: usize = 20;

/// Why there is no run.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// What was asked for cannot be done.
    Refused(Refused),
    /// The system gives no thread.
    Generator(String),
}

impl From<Refused> for NotStarted {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

pub(super) struct Shared {
    test: LoadTest,
    options: Option<Box<dyn ReadOptions>>,
    pub(super) offer: Arc<Offer>,
    pub(super) logs: Arc<LogBook>,
    pub(super) views: watch::Sender<Arc<View>>,
    seat: Mutex<Seat>,
}

/// Views are changed only by whoever has this.
#[derive(Default)]
struct Seat {
    /// The last number that was given.
    last: u64,
    current: Option<Current>,
    runs: VecDeque<Arc<PastRun>>,
}

/// The run that goes on.
struct Current {
    stopper: Stopper,
    onlooker: Onlooker,
    /// When its last snapshot came.
    seen: Instant,
}

impl Current {
    fn state(&self) -> RunState {
        match self.onlooker.snapshots.borrow().state {
            RunState::Ready => RunState::SettingUp,
            // Until its report is there.
            RunState::Stopped => RunState::Stopping,
            state => state,
        }
    }

    /// How long it has been going on.
    fn elapsed(&self) -> Duration {
        self.onlooker.snapshots.borrow().elapsed + self.seen.elapsed()
    }

    /// Of users who are started or run.
    fn check_runs(&self) -> Result<(), Refused> {
        match self.state() {
            RunState::Spawning | RunState::Running => Ok(()),
            RunState::SettingUp => Err(Refused::state("the run is setting up: wait until its users start")),
            _ => Err(Refused::state("the run is stopping: nothing can be changed any more")),
        }
    }
}

impl Seat {
    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn keep(&mut self, run: PastRun) {
        self.runs.push_back(Arc::new(run));
        if self.runs.len() > KEPT {
            // The last run of this process is what is to be seen: runs from files do not push it out.
            let is_last = self.runs.iter().position(|run| run.name.is_none()) == Some(0)
                && self.runs.iter().skip(1).all(|run| run.name.is_some());
            self.runs.remove(usize::from(is_last));
        }
    }

    fn current(&self) -> Result<&Current, Refused> {
        self.current.as_ref().ok_or_else(|| Refused::state("no run goes on: start one first"))
    }
}

impl Shared {
    pub(super) fn new(test: LoadTest, options: Option<Box<dyn ReadOptions>>, logs: Arc<LogBook>) -> Self {
        let offered = options.as_ref().map(|options| options.offered()).unwrap_or_default();
        let offer = Arc::new(offer(&test, offered));
        let views = watch::Sender::new(Arc::new(View::before_the_first(&offer)));
        Self { test, options, offer, logs, views, seat: Mutex::default() }
    }

    fn seat(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, _seat: &MutexGuard<'_, Seat>, change: impl FnOnce(&mut View)) {
        self.views.send_modify(|view| change(Arc::make_mut(view)));
    }

    pub(super) fn start(self: &Arc<Self>, ask: &Ask) -> Result<u64, NotStarted> {
        // Held until the run is there: whoever starts at the same time is refused.
        let mut seat = self.seat();
        if self.views.borrow().quitting {
            return Err(Refused::state("the program is about to end: no run can be started").into());
        }
        if seat.current.is_some() {
            return Err(Refused::state("a run goes on: stop it first").into());
        }
        let test = laid(&self.test, ask, self.options.as_deref())?;
        let running = test.clone().start().map_err(|error| match error {
            RunError::Input(error) => {
                // All else was looked at: it is what a client thinks of its host.
                let field = test.plan_without_clients().is_ok().then(|| "host".to_owned());
                NotStarted::Refused(Refused { field, message: error.to_string() })
            }
            error => NotStarted::Generator(error.to_string()),
        })?;
        let current = Current { stopper: running.stopper(), onlooker: running.onlooker(), seen: Instant::now() };
        let run_id = running.run_id().to_owned();
        let number = seat.next_number();
        self.follow(number, running).map_err(|error| {
            NotStarted::Generator(format!("the thread that looks at the run could not be started: {error}"))
        })?;
        let asked = ask.over(&self.offer);
        self.show(&seat, |view| {
            *view = View {
                run: number,
                run_id,
                state: RunState::SettingUp,
                started_at: Some(current.onlooker.started_at),
                asked,
                ..View::before_the_first(&self.offer)
            };
        });
        seat.current = Some(current);
        Ok(number)
    }

    /// Looks at a run until its end, on a thread of its own.
    fn follow(self: &Arc<Self>, number: u64, running: Running) -> std::io::Result<()> {
        // It only waits: without timers and sockets.
        let runtime = Builder::new_current_thread().build()?;
        let shared = Arc::clone(self);
        let follow = async move {
            let mut snapshots = running.onlooker().snapshots;
            let mut end = pin!(running.wait());
            let result = loop {
                tokio::select! {
                    result = &mut end => break result,
                    Ok(()) = snapshots.changed() => shared.look(),
                }
            };
            shared.end(number, result);
        };
        std::thread::Builder::new().name("loadtest-console".to_owned()).spawn(move || runtime.block_on(follow))?;
        Ok(())
    }

    /// A new snapshot is there.
    fn look(&self) {
        let mut seat = self.seat();
        let Some(current) = &mut seat.current else { return };
        current.seen = Instant::now();
        let state = current.state();
        let snapshot = Arc::clone(&current.onlooker.snapshots.borrow());
        let thresholds = current.onlooker.thresholds.borrow().to_vec();
        self.show(&seat, |view| (view.state, view.snapshot, view.thresholds) = (state, snapshot, thresholds));
    }

    /// The run has ended.
    fn end(&self, number: u64, result: Result<Report, RunError>) {
        let mut seat = self.seat();
        seat.current = None;
        let problem = result.as_ref().err().map(ToString::to_string);
        let report = match result {
            Ok(report) => Some(Arc::new(report)),
            Err(RunError::Setup { report, .. }) => Some(Arc::new(*report)),
            Err(_) => None,
        };
        if let Some(report) = &report {
            let markers = self.views.borrow().markers.clone();
            seat.keep(PastRun { number, name: None, report: Arc::clone(report), markers });
        }
        self.show(&seat, |view| {
            view.state = RunState::Stopped;
            view.problem = problem;
            view.spawning_paused = false;
            if let Some(report) = report {
                view.ended = Some(report.ended_by().sentence());
                view.snapshot = Arc::clone(report.shared_snapshot());
                view.thresholds = report.thresholds().to_vec();
            }
        });
    }

    /// Does something to a run whose users are started or run, and marks it.
    fn steer(
        &self,
        act: impl FnOnce(&Stopper) -> Result<(), Refused>,
        change: impl FnOnce(&mut View) -> Option<String>,
    ) -> Result<(), Refused> {
        let seat = self.seat();
        let current = seat.current()?;
        current.check_runs()?;
        act(&current.stopper)?;
        let at = current.elapsed();
        self.show(&seat, |view| {
            if let Some(text) = change(view) {
                view.mark(Marker { at, text });
            }
        });
        Ok(())
    }

    pub(super) fn edit(&self, edit: &Edit) -> Result<(), Refused> {
        let Edit { users, spawn_rate } = *edit;
        // 0 is a number of users here.
        if let Some(users) = users.filter(|users| *users > 0) {
            check_users(users).map_err(|error| Refused::field("users", error.to_string()))?;
        }
        if let Some(rate) = spawn_rate {
            positive_rate(rate).map_err(|error| Refused::field("spawn_rate", error.to_string()))?;
        }
        let edited =
            |stopper: &Stopper| stopper.edit(users, spawn_rate).map_err(|error| Refused::state(error.to_string()));
        self.steer(edited, |view| {
            view.asked.users = users.or(view.asked.users);
            view.asked.spawn_rate = spawn_rate.or(view.asked.spawn_rate);
            marked(edit)
        })
    }

    pub(super) fn pause_spawning(&self, paused: bool) -> Result<(), Refused> {
        let pause = |stopper: &Stopper| {
            stopper.pause_spawning(paused);
            Ok(())
        };
        self.steer(pause, |view| {
            let before = std::mem::replace(&mut view.spawning_paused, paused);
            let text = if paused { "spawning is paused" } else { "spawning goes on" };
            (before != paused).then(|| text.to_owned())
        })
    }

    pub(super) fn reset(&self) -> Result<(), Refused> {
        let reset = |stopper: &Stopper| {
            stopper.reset();
            Ok(())
        };
        self.steer(reset, |_| Some("figures reset".to_owned()))
    }

    pub(super) fn stop(&self) -> Result<(), Refused> {
        self.seat().current()?.stopper.stop();
        Ok(())
    }

    pub(super) fn abort(&self) {
        if let Some(current) = &self.seat().current {
            current.stopper.abort();
        }
    }

    pub(super) fn quit(&self) {
        let seat = self.seat();
        if let Some(current) = &seat.current {
            current.stopper.stop();
        }
        self.show(&seat, |view| view.quitting = true);
    }

    pub(super) fn runs(&self) -> Vec<Arc<PastRun>> {
        self.seat().runs.iter().cloned().collect()
    }

    pub(super) fn add_run(&self, name: &str, report: Report) -> u64 {
        let mut seat = self.seat();
        let number = seat.next_number();
        seat.keep(PastRun { number, name: Some(name.to_owned()), report: Arc::new(report), markers: Vec::new() });
        number
    }

    pub(super) fn report(&self, run: Option<u64>) -> Option<Arc<Report>> {
        let seat = self.seat();
        let present = self.views.borrow().run;
        if let Some(current) = seat.current.as_ref().filter(|_| run.is_none_or(|run| run == present)) {
            let onlooker = current.onlooker.clone();
            drop(seat);
            let snapshot = Arc::clone(&onlooker.snapshots.borrow());
            let thresholds = onlooker.thresholds.borrow().to_vec();
            return Some(Arc::new(onlooker.report(snapshot, thresholds)));
        }
        let wanted = |past: &&Arc<PastRun>| match run {
            Some(run) => past.number == run,
            None => past.name.is_none(),
        };
        seat.runs.iter().rev().find(wanted).map(|past| Arc::clone(&past.report))
    }
}

/// What an edit was, in words.
fn marked(edit: &Edit) -> Option<String> {
    let users = edit.users.map(|users| if users == 1 { "1 user".to_owned() } else { format!("{users} users") });
    let rate = edit
        .spawn_rate
        .map(|rate| if rate.is_finite() { format!("{rate} per second") } else { "all at once".to_owned() });
    let words: Vec<_> = users.into_iter().chain(rate).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
