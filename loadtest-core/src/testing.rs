//! A shard without a runner, for tests and benchmarks of clients and dispatchers.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::control::UserControl;
use crate::context::{Context, RunInfo, ShardInfo};
use crate::runner::LoadTest;
use crate::stats::collector::Collector;
use crate::stats::{FailureRow, RowSnapshot, Snapshot};
use crate::task::Scope;
use crate::tls::TlsOptions;
use crate::trace::Trace;

/// What a task is run with, for calling a dispatcher by hand.
#[must_use]
pub fn scope(cx: &Context) -> Scope<'_> {
    Scope { cx, place: None }
}

/// Makes contexts and shows what clients recorded with them.
#[derive(Debug)]
pub struct TestShard {
    run: Arc<RunInfo>,
    shard: Rc<ShardInfo>,
    users: std::cell::Cell<u64>,
    collector: std::cell::RefCell<Collector>,
}

impl TestShard {
    /// A shard of a run against this host.
    #[must_use]
    pub fn new(host: Option<&str>) -> Self {
        Self::with_tls(host, TlsOptions::new())
    }

    /// A shard of a run against this host that says this about TLS.
    #[must_use]
    pub fn with_tls(host: Option<&str>, tls: TlsOptions) -> Self {
        Self::of(Arc::new(RunInfo::new("test".into(), 1, host.map(Into::into), tls)))
    }

    /// A shard of a run against this host that tells what its users do.
    #[must_use]
    pub fn with_trace(host: Option<&str>, trace: impl Into<Trace>) -> Self {
        let mut run = RunInfo::new("test".into(), 1, host.map(Into::into), TlsOptions::new());
        run.trace = Some(trace.into());
        Self::of(Arc::new(run))
    }

    /// A shard of this test, as far as clients see it: its host, TLS and trace, and what other crates left in it.
    #[must_use]
    pub fn of_test(test: LoadTest) -> Self {
        Self::of(Arc::new(test.for_clients()))
    }

    pub(crate) fn of(run: Arc<RunInfo>) -> Self {
        Self {
            run,
            shard: Rc::new(ShardInfo::new(Arc::default())),
            users: std::cell::Cell::new(0),
            collector: std::cell::RefCell::new(Collector::new(1, Instant::now())),
        }
    }

    /// The context of one more user.
    pub fn context(&self) -> Context {
        let number = self.users.replace(self.users.get() + 1);
        let control = Rc::new(UserControl::new(0));
        Context::new(Arc::clone(&self.run), Rc::clone(&self.shard), control, "TestUser", None, number, 0)
    }

    /// The context of one more user, who is in this task for good; `due` is when that was to start by a schedule.
    pub fn context_in(&self, task: &'static str, due: Option<Instant>) -> Context {
        let cx = self.context();
        // The run of the task is left open: what is measured belongs to it.
        std::mem::forget(cx.recorder().begin_task(None, task, due, true));
        cx
    }

    /// Takes over what was recorded, as a run does twice a second; says how long the shard was kept from its users by that,
    /// and how long the merging took, which happens elsewhere.
    pub fn tick(&self, at: Instant) -> (Duration, Duration) {
        let begun = Instant::now();
        let mut interval = self.shard.recorder.hand_over();
        let handed_over = Instant::now();
        self.collector.borrow_mut().merge(0, &interval, at);
        let merged = Instant::now();
        interval.clear();
        self.shard.recorder.recycle(interval);
        (handed_over.duration_since(begun), merged.duration_since(handed_over))
    }

    /// All rows so far, by name and method.
    pub fn rows(&self) -> Vec<RowSnapshot> {
        self.collect();
        self.collector.borrow().rows(Instant::now())
    }

    /// The one row of this method and name.
    pub fn row(&self, method: &str, name: &str) -> Option<RowSnapshot> {
        self.rows().into_iter().find(|row| *row.key.method == *method && *row.key.name == *name)
    }

    /// All failures so far, by row and error.
    pub fn failures(&self) -> Vec<FailureRow> {
        self.collect();
        self.collector.borrow().failures()
    }

    /// All figures so far.
    pub fn snapshot(&self) -> Snapshot {
        self.collect();
        self.collector.borrow().snapshot(Instant::now())
    }

    fn collect(&self) {
        self.tick(Instant::now());
    }
}
