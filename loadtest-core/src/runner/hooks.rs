//! What the controller tells listeners, and what becomes of their failures.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::exit::TaskResult;
use crate::life::exceptions::log_exception;
use crate::listener::{Listener, Listeners, SpawningComplete, TestStart, TestStop};
use crate::plan::Plan;
use crate::report::EndedBy;
use crate::stats::Snapshot;
use crate::stats::collector::Collector;
use crate::stats::interval::{ExceptionKey, Seen};
use crate::threshold::ThresholdResult;

/// The listeners as the controller calls them.
#[derive(Debug)]
pub(crate) struct Hooks {
    listeners: Listeners,
    /// Exceptions that were logged: the first of each kind.
    logged: HashSet<ExceptionKey>,
}

impl Hooks {
    pub(crate) fn new(listeners: Listeners) -> Self {
        Self { listeners, logged: HashSet::new() }
    }

    /// Calls a method of each listener; failures are counted as exceptions. Gives the reason of one that wants the run
    /// to end.
    fn tell(
        &mut self,
        collector: &mut Collector,
        method: &'static str,
        call: impl Fn(&dyn Listener) -> TaskResult,
    ) -> Option<Cow<'static, str>> {
        let mut stop = None;
        let logged = &mut self.logged;
        let report = |key: ExceptionKey| {
            if logged.insert(key.clone()) {
                log_exception(&key.class, &key.task, &key.message);
            }
            collector.exception(key, Seen::now());
        };
        self.listeners.tell(method, call, report, |why| stop = stop.take().or(Some(why)));
        stop
    }

    pub(crate) fn test_start(&mut self, plan: &Plan, collector: &mut Collector) -> Option<Cow<'static, str>> {
        self.logged.clear();
        let (run, settings) = (&plan.run, &plan.settings);
        let classes: Vec<_> = plan.classes.iter().map(|class| class.name()).collect();
        let event = TestStart {
            run_id: &run.run_id,
            seed: run.seed,
            host: run.host.as_deref(),
            classes: &classes,
            users: settings.users,
            spawn_rate: settings.spawn_rate,
            run_time: settings.run_time,
        };
        self.tell(collector, "test_start", |listener| listener.test_start(&event))
    }

    pub(crate) fn spawning_complete(&mut self, users: u64, collector: &mut Collector) -> Option<Cow<'static, str>> {
        let event = SpawningComplete { users };
        self.tell(collector, "spawning_complete", |listener| listener.spawning_complete(&event))
    }

    pub(crate) fn reset(&mut self, collector: &mut Collector) -> Option<Cow<'static, str>> {
        self.tell(collector, "reset", Listener::reset)
    }

    /// A wish to end the run comes too late here.
    pub(crate) fn test_stop(
        &mut self,
        plan: &Plan,
        ended_by: &EndedBy,
        snapshot: &Snapshot,
        thresholds: &[ThresholdResult],
        collector: &mut Collector,
    ) {
        let event = TestStop { run_id: &plan.run.run_id, ended_by, snapshot, thresholds };
        let _ = self.tell(collector, "test_stop", |listener| listener.test_stop(&event));
    }

    /// The reports are written: failures go into the log alone.
    pub(crate) fn quitting(&self) {
        let report = |key: ExceptionKey| tracing::warn!("{}::{}: {}", key.class, key.task, key.message);
        self.listeners.tell("quitting", Listener::quitting, report, |_| ());
    }
}
