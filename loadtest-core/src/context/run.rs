//! What users share: with all of the run, on all threads, and with those of their shard.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::control::Busy;
use super::rendezvous::Meetings;
use crate::class_config::ClassConfig;
use crate::extensions::Extensions;
use crate::failure_files::FailureFiles;
use crate::iterations::Iterations;
use crate::options::RunOptions;
use crate::stats::RecorderHandle;
use crate::timer::Timer;
use crate::tls::TlsOptions;
use crate::trace::Trace;

/// How long each `on_stop` may take, and how many may run at once.
#[derive(Debug)]
pub(crate) struct OnStopBounds {
    pub(crate) timeout: Duration,
    pub(crate) permits: Semaphore,
}

/// What is the same for all users of a run, on all threads.
pub(crate) struct RunInfo {
    pub(crate) run_id: String,
    pub(crate) seed: u64,
    pub(crate) host: Option<String>,
    pub(crate) tls: TlsOptions,
    pub(crate) on_stop: OnStopBounds,
    pub(crate) meetings: Meetings,
    pub(crate) trace: Option<Trace>,
    /// Where failed requests are written; set when the run starts.
    pub(crate) failure_files: OnceLock<Arc<FailureFiles>>,
    pub(crate) iterations: Iterations,
    /// By class name; classes without settings from outside have none.
    pub(crate) configs: BTreeMap<String, ClassConfig>,
    pub(crate) options: Option<RunOptions>,
    pub(crate) extensions: Extensions,
    /// Where the grid of scheduled starts begins: with the first of them.
    schedules_begin: Mutex<Option<Instant>>,
    pub(super) shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl RunInfo {
    pub(crate) fn new(run_id: String, seed: u64, host: Option<String>, tls: TlsOptions) -> Self {
        Self {
            run_id,
            seed,
            host,
            tls,
            on_stop: OnStopBounds { timeout: Duration::from_secs(30), permits: Semaphore::new(100) },
            meetings: Meetings::default(),
            trace: None,
            failure_files: OnceLock::new(),
            iterations: Iterations::default(),
            configs: BTreeMap::new(),
            options: None,
            extensions: Extensions::default(),
            schedules_begin: Mutex::default(),
            shared: Mutex::default(),
        }
    }

    /// A run begins, maybe not the first one.
    pub(crate) fn restart(&self) {
        self.iterations.restart();
        *self.schedules_begin.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where the grid of scheduled starts begins; the first who asks says where. Users ask before their first start.
    pub(crate) fn schedules_begin(&self, first: impl FnOnce() -> Instant) -> Instant {
        *self.schedules_begin.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(first)
    }
}

impl fmt::Debug for RunInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunInfo").field("run_id", &self.run_id).field("host", &self.host).finish_non_exhaustive()
    }
}

/// Ends the whole run, with the reason.
pub(crate) type StopTest = Rc<dyn Fn(Cow<'static, str>)>;

/// What is the same for all users of one shard: one thread, no locks.
pub(crate) struct ShardInfo {
    pub(crate) recorder: RecorderHandle,
    pub(crate) busy: Arc<Busy>,
    /// For scheduled starts.
    pub(crate) timer: Timer,
    /// What every `setup` of the run returned, in the order of the plan.
    pub(crate) set_up: RefCell<Arc<[Arc<dyn Any + Send + Sync>]>>,
    /// Ends the whole run, with the reason; there is none in tests of clients.
    pub(crate) stop_test: OnceCell<StopTest>,
    pub(super) locals: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

impl ShardInfo {
    pub(crate) fn new(busy: Arc<Busy>) -> Self {
        Self {
            recorder: RecorderHandle::default(),
            busy,
            timer: Timer::Tokio,
            set_up: RefCell::new(Arc::new([])),
            stop_test: OnceCell::new(),
            locals: RefCell::default(),
        }
    }

    pub(crate) fn with_timer(self, timer: Timer) -> Self {
        Self { timer, ..self }
    }
}

impl fmt::Debug for ShardInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardInfo").finish_non_exhaustive()
    }
}
