//! Gives the controller and the shards of a run their threads.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::life::board::Board;
use crate::listener::Listeners;
use crate::plan::Plan;
use crate::runner::controller::{self, Command, ControllerSeat, Published, ShardHandle};
use crate::runner::shard::{self, ShardSeat};
use crate::timer::Timer;

/// The ways to a controller that runs.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) commands: UnboundedSender<Command>,
    pub(crate) published: Published,
}

/// Starts the threads of a run. They end by themselves when told to quit, or when nobody is left to tell them.
///
/// # Errors
/// When the system gives no thread or no event queue.
pub(crate) fn start(plan: &Arc<Plan>, listeners: &Listeners) -> io::Result<Started> {
    let (event_sender, events) = unbounded_channel();
    let shards = plan.settings.threads;
    let mut handles = Vec::with_capacity(shards);
    for shard in 0..shards {
        let (commands, received) = unbounded_channel();
        let board = Arc::new(Board::default());
        let seat = ShardSeat {
            plan: Arc::clone(plan),
            listeners: listeners.clone(),
            shard,
            shards,
            board: Arc::clone(&board),
            commands: received,
            events: event_sender.clone(),
            timer: Timer::precise(),
        };
        spawn(&format!("loadtest-{shard}"), move || shard::run(seat))?;
        handles.push(ShardHandle { commands, board });
    }
    let (commands, received) = unbounded_channel();
    let published = Published::default();
    let seat = ControllerSeat {
        plan: Arc::clone(plan),
        listeners: listeners.clone(),
        shards: handles,
        events,
        commands: received,
        published: published.clone(),
    };
    spawn("loadtest-control", move || controller::run(seat))?;
    Ok(Started { commands, published })
}

/// A thread with a runtime for futures that stay on it.
fn spawn<F: Future<Output = ()>>(name: &str, main: impl FnOnce() -> F + Send + 'static) -> io::Result<()> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let mut builder = Builder::new_current_thread();
        match builder.enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => {
                let _ = ready.send(Ok(()));
                runtime.block_on(main());
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    })?;
    is_ready.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended at once")))
}
