//! A server that is late on purpose, by a known distribution, and knows how late it was.
//!
//! For the question whether a load generator reports what happened: its percentiles are compared with the log of this
//! server about the same requests.
//!
//! **What the log says** of a request is the time from when its last byte could be read (on Linux, when the kernel received it)
//! until its answer was handed to the system. What it cannot say is how long the answer was on its way and how long the client
//! slept: over a loopback interface some 20 to 60 µs, of which most is the waking of a thread.
//!
//! **Precise** it is by looking instead of sleeping: when an answer is due within two milliseconds, the one thread asks the
//! system for events and the clock for the time without pause. Timers of the system are late by their slack and by the
//! waking of the thread, some 60 µs; tokio's are a wheel of whole milliseconds. After each answer it looks for events again,
//! so that requests that arrive while many answers are due are seen when they come. The lateness that is left is
//! in the log; `truth_server` prints its percentiles. [`TruthServerBuilder::busy`] leaves out sleeping altogether: a
//! request is then seen at once also when nothing was due, and a core is used up as long as a client is connected.
//!
//! HTTP/1.1 with kept connections. A connection's next request is read when the one before has been answered, so a pipeline
//! is served in turn. Run it in a process of its own (`truth_server`) to pin it to a core.

mod arrival;
mod delays;
mod log;
mod server;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use delays::{Delays, Stall, UnknownDelays};
pub use log::{Entry, Log, Sorted};

use crate::serve::ANY_PORT;
use server::Server;

/// A running server; dropping it stops the server.
#[derive(Debug)]
pub struct TruthServer {
    addr: SocketAddr,
    log: Arc<Mutex<Log>>,
    stop: mio::Waker,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// How late to be, and where.
#[derive(Debug, Clone)]
pub struct TruthServerBuilder {
    addr: SocketAddr,
    delays: Delays,
    seed: u64,
    busy: bool,
    greeted: bool,
}

impl TruthServer {
    /// A server on a free port of 127.0.0.1 that is late by `delays`.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn(delays: Delays) -> Self {
        Self::builder(delays).spawn().expect("a server on a free port")
    }

    /// A server with more to choose; its seed is 0 unless told otherwise.
    #[must_use]
    pub fn builder(delays: Delays) -> TruthServerBuilder {
        TruthServerBuilder { addr: ANY_PORT, delays, seed: 0, busy: false, greeted: false }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it did until now. An answer is in the log a moment after its client can have read it.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the server, and gives all that it did.
    #[must_use]
    pub fn stop(mut self) -> Log {
        self.join();
        self.log()
    }

    fn join(&mut self) {
        // Both fail only when the thread has gone already; why it did was printed by it.
        let _ = self.stop.wake();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for TruthServer {
    fn drop(&mut self) {
        self.join();
    }
}

impl TruthServerBuilder {
    /// Draws the delays from this seed: in the order in which requests arrive, they are the same for the same seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Never sleeps while a client is connected: for a server with a core of its own.
    #[must_use]
    pub fn busy(mut self, busy: bool) -> Self {
        self.busy = busy;
        self
    }

    /// The first request of each connection is answered at once, and left out of the log: for clients that connect before
    /// they measure.
    #[must_use]
    pub fn greeted(mut self, greeted: bool) -> Self {
        self.greeted = greeted;
        self
    }

    /// Listens here instead of on a free port of 127.0.0.1.
    #[must_use]
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Starts the server on a thread of its own.
    ///
    /// # Errors
    /// When the address is taken, or no thread can be had.
    pub fn spawn(self) -> io::Result<TruthServer> {
        let log = Arc::<Mutex<Log>>::default();
        let (server, stop) = Server::listen(&self, Arc::clone(&log))?;
        let addr = server.addr()?;
        let thread = std::thread::Builder::new().name("truth-server".to_owned()).spawn(move || server.run())?;
        Ok(TruthServer { addr, log, stop, thread: Some(thread) })
    }
}
