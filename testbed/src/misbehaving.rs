//! Servers as nobody wants them, to see what a load tester makes of them.
//!
//! Written on plain sockets, since no HTTP library lets one misbehave like this.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scan::{Complete, Scanner};
use crate::serve::{ANY_PORT, Host};

/// What every answer that is an answer carries.
const BODY: &[u8] = b"0123456789";

/// What the server does instead of answering properly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Accepts connections, reads requests, never answers.
    NeverAnswer,
    /// Closes each connection as soon as it is accepted.
    CloseOnAccept,
    /// Reads a request and closes without a word.
    CloseInsteadOfAnswering,
    /// Answers with half of the promised body, then closes.
    HalfBody,
    /// Answers properly and closes, without having said `Connection: close`.
    CloseAfterResponse,
    /// Answers properly but byte by byte, one after each of these times.
    Drip(Duration),
    /// Answers with what is not HTTP, then closes.
    Garbage,
}

/// A running misbehaving server; dropping it stops the server.
#[derive(Debug)]
pub struct Misbehaving {
    host: Host,
    received: Arc<AtomicU64>,
}

impl Misbehaving {
    /// Starts a server that behaves like this.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn(behaviour: Behaviour) -> Self {
        let received = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&received);
        let host = Host::start("misbehaving", ANY_PORT, 1, &Arc::default(), move |stream| {
            let received = Arc::clone(&counter);
            async move {
                // An error is a client that went away.
                let _ = misbehave(stream, behaviour, &received).await;
            }
        });
        Self { host: host.expect("a server on a free port"), received }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.host.url()
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// Requests received whole, head and body.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections_accepted(&self) -> u64 {
        self.host.tally().snapshot().connections_accepted
    }

    /// Connections open now.
    #[must_use]
    pub fn connections_open(&self) -> u64 {
        self.host.tally().snapshot().connections_open
    }

    /// Closes the listener and all connections; dropping the server does the same.
    pub fn kill(&self) {
        self.host.kill();
    }
}

async fn misbehave(mut stream: TcpStream, behaviour: Behaviour, received: &AtomicU64) -> io::Result<()> {
    if behaviour == Behaviour::CloseOnAccept {
        return Ok(());
    }
    let mut requests = Requests::default();
    while let Some(request) = requests.next(&mut stream).await? {
        received.fetch_add(1, Ordering::Relaxed);
        let answer = proper_answer(request);
        match behaviour {
            Behaviour::NeverAnswer => {}
            Behaviour::CloseOnAccept | Behaviour::CloseInsteadOfAnswering => return Ok(()),
            Behaviour::HalfBody => {
                return stream.write_all(&answer[..answer.len() - BODY.len() / 2]).await;
            }
            Behaviour::CloseAfterResponse => return stream.write_all(&answer).await,
            Behaviour::Drip(every) => {
                for byte in answer {
                    tokio::time::sleep(every).await;
                    stream.write_all(&[byte]).await?;
                }
            }
            Behaviour::Garbage => {
                return stream.write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n").await;
            }
        }
    }
    Ok(())
}

fn proper_answer(request: Complete) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY.len());
    let mut answer = head.into_bytes();
    if !request.head {
        answer.extend_from_slice(BODY);
    }
    answer
}

/// The requests of a connection, one after the other.
#[derive(Default)]
struct Requests {
    scanner: Scanner,
    buffer: Vec<u8>,
}

impl Requests {
    /// The next complete request, or `None` when the client closed the connection.
    async fn next(&mut self, stream: &mut TcpStream) -> io::Result<Option<Complete>> {
        loop {
            let (taken, request) = self.scanner.next(&self.buffer);
            self.buffer.drain(..taken);
            if request.is_some() {
                return Ok(request);
            }
            let waits = taken == 0 || self.buffer.is_empty();
            if waits && stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}
