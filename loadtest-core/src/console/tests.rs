//! Runs that are steered from a console, on real threads: it only waits for what it sees.

mod asks;
mod runs;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::stats::RunState;
use crate::{Context, Exit, Scope, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit, Wait, constant};

/// A view that never comes is a bug.
const BOUND: Duration = Duration::from_secs(60);

/// Measures a request each 10 ms.
struct Visitor(Context);

impl Tasks for Visitor {
    const TASKS: &'static [TaskInfo] =
        &[TaskInfo::new("read", 3).tags(&["read"]), TaskInfo::new("write", 1).tags(&["write"])];
    type Shared = ();

    async fn setup(cx: &SetupContext) -> Result<(), Exit> {
        if let Some(gate) = cx.options::<Arc<Gate>>() {
            gate.pass().await?;
        }
        Ok(())
    }

    async fn run_task(&mut self, task: usize, _: &Scope<'_>) -> TaskResult {
        let name = Self::TASKS[task].name;
        self.0.measure("GET", name, async { Ok::<_, std::io::Error>(()) }).await?;
        Ok(())
    }
}

impl User for Visitor {
    const NAME: &'static str = "Visitor";

    fn wait_time(&self) -> Wait {
        constant(Duration::from_millis(10))
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

/// Another class of the same.
struct Admin(Visitor);

impl Tasks for Admin {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("manage", 1)];
    type Shared = ();

    async fn setup(_: &SetupContext) -> Result<(), Exit> {
        Ok(())
    }

    async fn run_task(&mut self, _: usize, scope: &Scope<'_>) -> TaskResult {
        self.0.run_task(1, scope).await
    }
}

impl User for Admin {
    const NAME: &'static str = "Admin";

    fn weight() -> f64 {
        0.5
    }

    fn host() -> Option<String> {
        Some("http://ann:secret@admin.test".to_owned())
    }

    fn wait_time(&self) -> Wait {
        self.0.wait_time()
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(Visitor(init.context())))
    }
}

/// Where `setup` waits until it is let through, or is told to fail.
#[derive(Default)]
struct Gate {
    is_open: tokio::sync::Notify,
    fails: bool,
    passed: AtomicU64,
}

impl Gate {
    async fn pass(&self) -> TaskResult {
        if self.fails {
            return crate::fail("the gate is shut");
        }
        self.is_open.notified().await;
        self.passed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn test() -> LoadTest {
    LoadTest::new().user::<Visitor>().host("http://shop.test").users(2).spawn_rate(f64::INFINITY).threads(2)
}

/// Waits until this is to be seen.
fn wait_for(console: &Console, what: &str, mut is_so: impl FnMut(&View) -> bool) -> Arc<View> {
    let mut views = console.watch();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let seen = runtime.block_on(async {
        let seen = views.wait_for(|view| is_so(view));
        tokio::time::timeout(BOUND, seen).await.map(|seen| Arc::clone(&seen.expect("a console")))
    });
    seen.unwrap_or_else(|_| panic!("{what}: {:?}", console.view()))
}

fn stopped(console: &Console) -> Arc<View> {
    wait_for(console, "the end", |view| view.state == RunState::Stopped)
}

fn running(console: &Console) -> Arc<View> {
    wait_for(console, "all users", |view| view.state == RunState::Running)
}
