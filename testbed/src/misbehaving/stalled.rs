//! A port on which connecting takes for ever.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::net::TcpSocket;

use crate::serve::ANY_PORT;

/// How long a connection has to take to count as stalled: on a loopback interface an open one takes microseconds.
const STALLED: Duration = Duration::from_millis(250);
/// More than any system queues for a backlog of 1.
const MOST: usize = 64;

/// A listener that accepts nothing, with its queue full: the kernel leaves whoever connects without a word (on Linux;
/// others may refuse).
#[derive(Debug)]
pub struct StalledPort {
    addr: SocketAddr,
    /// Without a server behind it.
    _listener: TcpListener,
    /// What fills the queue.
    _queued: Vec<TcpStream>,
}

impl StalledPort {
    /// Makes a queue and fills it.
    ///
    /// # Errors
    /// When the system refuses, or takes however many connections.
    pub fn spawn() -> io::Result<Self> {
        // On a thread of its own: the caller may be inside a runtime.
        let listener = std::thread::spawn(listen).join().map_err(|_| io::Error::other("no listener"))??;
        let addr = listener.local_addr()?;
        let mut queued = Vec::new();
        while queued.len() < MOST {
            match TcpStream::connect_timeout(&addr, STALLED) {
                Ok(stream) => queued.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Ok(Self { addr, _listener: listener, _queued: queued });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the queue of a listener does not fill"))
    }

    /// The address on which nobody gets through.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// A listener with the smallest backlog; std has no way to ask for one.
fn listen() -> io::Result<TcpListener> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.bind(ANY_PORT)?;
    socket.listen(1)?.into_std()
}
