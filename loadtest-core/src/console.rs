//! One seat from which runs are steered: by the command line, by keys, by a web UI, by a program that embeds a load test.
//!
//! Everyone who steers has a clone of the [`Console`]. Each start takes the test as it was given, lays over it what was asked
//! for, and runs it with threads, plan and run id of its own: nothing of an earlier run can reach a later one.

mod ask;
mod logs;
mod offer;
mod view;
pub mod web;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

pub use ask::{Ask, Edit, Refused};
pub(crate) use logs::LogBook;
pub use logs::LogLine;
pub use offer::{Offer, OfferedClass, OfferedOption, OfferedTask};
pub use view::{Marker, PastRun, View};

use crate::report::Report;
use crate::runner::LoadTest;
use crate::stats::{RunState, collector};

/// Steers runs. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Console {
    shared: Arc<Shared>,
}

struct Shared {
    offer: Arc<Offer>,
    views: watch::Sender<Arc<View>>,
    logs: Arc<LogBook>,
}

impl Console {
    /// A console for this test; nothing is started.
    #[must_use]
    pub fn new(test: LoadTest) -> Self {
        let _ = test;
        let offer = Offer {
            name: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            classes: Vec::new(),
            tags: Vec::new(),
            options: Vec::new(),
            defaults: Ask::default(),
            host_required: false,
            threads: 1,
        };
        let view = View {
            run: 0,
            run_id: String::new(),
            state: RunState::Ready,
            snapshot: Arc::new(collector::nothing_yet()),
            thresholds: Vec::new(),
            started_at: None,
            asked: Ask::default(),
            spawning_paused: false,
            ended: None,
            problem: None,
            markers: Vec::new(),
            quitting: false,
        };
        let views = watch::Sender::new(Arc::new(view));
        Self { shared: Arc::new(Shared { offer: Arc::new(offer), views, logs: Arc::default() }) }
    }

    /// What there is to choose from.
    #[must_use]
    pub fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.shared.offer)
    }

    /// Starts a run, and gives its number: 1 for the first.
    ///
    /// # Errors
    /// When a run goes on, or something that was asked for makes no sense.
    pub fn start(&self, ask: &Ask) -> Result<u64, Refused> {
        let _ = ask;
        Err(not_yet())
    }

    /// Changes a run that is spawning or running.
    ///
    /// # Errors
    /// When there is none, or it is about to end, or something makes no sense.
    pub fn edit(&self, edit: &Edit) -> Result<(), Refused> {
        let _ = edit;
        Err(not_yet())
    }

    /// Holds the ramp where it is, or lets it go on.
    ///
    /// # Errors
    /// When no run is spawning or running.
    pub fn pause_spawning(&self, paused: bool) -> Result<(), Refused> {
        let _ = paused;
        Err(not_yet())
    }

    /// Ends the run in good order.
    ///
    /// # Errors
    /// When none goes on.
    pub fn stop(&self) -> Result<(), Refused> {
        Err(not_yet())
    }

    /// Ends the run at once, if one goes on: users are dropped where they stand.
    pub fn abort(&self) {}

    /// Forgets the figures so far.
    ///
    /// # Errors
    /// When no run is spawning or running.
    pub fn reset(&self) -> Result<(), Refused> {
        Err(not_yet())
    }

    /// Ends the run that goes on in good order, and then the program.
    pub fn quit(&self) {
        self.shared.views.send_modify(|view| Arc::make_mut(view).quitting = true);
    }

    /// What is to be seen now.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.views.borrow())
    }

    /// Sees each change: about every half second while a run goes on, and each change of state.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.shared.views.subscribe()
    }

    /// The runs that have ended, and those that were added, oldest first; the last 20.
    #[must_use]
    pub fn runs(&self) -> Vec<Arc<PastRun>> {
        Vec::new()
    }

    /// Adds a run from a file to those that have ended, and gives its number.
    pub fn add_run(&self, name: &str, report: Report) -> u64 {
        let _ = (name, report);
        0
    }

    /// The report of a run; without a number that of the latest. Of a run that goes on: as it stands.
    #[must_use]
    pub fn report(&self, run: Option<u64>) -> Option<Arc<Report>> {
        let _ = run;
        None
    }

    /// The last lines of the log, at most 1,000: those with a number above `after`. Only programs with a command line keep
    /// their log.
    #[must_use]
    pub fn logs(&self, after: u64) -> Vec<LogLine> {
        self.shared.logs.after(after)
    }
}

fn not_yet() -> Refused {
    Refused::state("nothing can be started here yet")
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}
