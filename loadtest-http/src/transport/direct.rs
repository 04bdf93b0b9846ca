//! The direct transport: HTTP/1.1 on connections that belong to the session.
//!
//! A connection is polled by the request that uses it, and by nobody else: no driver task, no channel wake-ups,
//! and a dropped request takes its connection with it, so that a late answer can never reach another request.
//! After an answer the connection waits in the session. A server's close in between is seen by a look at the socket
//! before the next request is written; that request then opens a new connection.
//!
//! A server can also close in the very moment in which a request is written to a connection that was kept. When no
//! byte of an answer has come, the request is sent once more, on a new connection, if its method is idempotent (RFC
//! 9110, 9.2.2; RFC 9112, 9.3.1). That is counted: the server may have seen both.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use loadtest_core::stats::Pending;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::http1::Connection;
use super::socket::Stream;
use super::{Answer, Network, Outgoing, connect};
use crate::body::Streamed;
use crate::fault::Fault;
use crate::target::Origin;

/// Origins of which a session keeps connections; a crawler would gather them without end.
const MOST_HOSTS: usize = 32;

/// How long ago a connection was used if it is taken as tokio knows it. A thread that computes hears of nothing, neither
/// of a close nor of bytes that nobody asked for; after more than this the system is asked.
const JUST_NOW: Duration = Duration::from_millis(1);

/// The connections of a session; the host used last comes last.
#[derive(Debug, Default)]
pub(crate) struct Direct(RefCell<Vec<Rc<Host>>>);

/// One origin, as one session knows it.
#[derive(Debug)]
struct Host {
    origin: Rc<Origin>,
    /// The last used is used next.
    idle: RefCell<Vec<Idle>>,
    /// Who uses a connection, or opens one, has a permit. Idle ones are always used first, so there are never more
    /// connections than permits.
    free: Semaphore,
}

/// A connection that waits for a request.
#[derive(Debug)]
struct Idle {
    connection: Connection<Stream>,
    /// When its last request ended.
    used: Instant,
}

impl Direct {
    pub(crate) async fn exchange(
        &self,
        network: &Network,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
        answer: &mut Answer,
    ) -> Result<Instant, Fault> {
        let host = self.host(outgoing);
        let (_permit, mut ready) = match host.free.try_acquire() {
            Ok(permit) => (Some(permit), outgoing.now),
            // Boxed: most never wait.
            Err(_) => Box::pin(host.wait(outgoing.now, pending)).await,
        };
        let mut retried = false;
        loop {
            // Before a connection is taken: one that cannot be read must not cost one.
            let streamed = match outgoing.body {
                Some(body) if body.as_bytes().is_none() => Some(Box::pin(open(body)).await?),
                _ => None,
            };
            let kept = if retried { None } else { host.take(ready) };
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Boxed: the future of a handshake is large, and rarely there.
                None => {
                    let (stream, opened) = Box::pin(connect::open(network, outgoing, ready, pending)).await?;
                    ready = opened;
                    Connection::new(stream)
                }
            };
            let outcome = pin!(connection.exchange(&network.buffers, outgoing, streamed, pending)).await;
            pending.phases_mut().reused += u32::from(is_kept && !connection.is_untouched());
            match outcome {
                Ok((whole, reusable)) => {
                    let end = Instant::now();
                    *answer = Answer { end: Some(end), ..whole };
                    if reusable {
                        host.idle.borrow_mut().push(Idle { connection, used: end });
                    }
                    return Ok(ready);
                }
                // Nothing of it was written: the server cannot know of it, and it is no retry.
                Err(_) if is_kept && connection.is_untouched() => {}
                Err(trouble)
                    if is_kept && trouble.is_end() && connection.is_unanswered() && outgoing.is_idempotent() =>
                {
                    retried = true;
                    ready = Instant::now();
                    pending.next_attempt();
                }
                Err(trouble) => return Err(trouble.fault(&outgoing.target.origin.text, outgoing.keep.most)),
            }
        }
    }

    fn host(&self, outgoing: &Outgoing<'_>) -> Rc<Host> {
        let origin = &outgoing.target.origin;
        let mut hosts = self.0.borrow_mut();
        let known = hosts.iter().position(|host| Rc::ptr_eq(&host.origin, origin) || host.origin == *origin);
        if let Some(known) = known {
            // The last used comes last; with one host or two there is little to move.
            let last = hosts.len() - 1;
            hosts[known..=last].rotate_left(1);
            return Rc::clone(&hosts[last]);
        }
        if hosts.len() >= MOST_HOSTS
            && let Some(unused) = hosts.iter().position(|host| Rc::strong_count(host) == 1)
        {
            hosts.remove(unused);
        }
        let free = Semaphore::new(outgoing.connections.min(Semaphore::MAX_PERMITS));
        let host = Rc::new(Host { origin: Rc::clone(origin), idle: RefCell::default(), free });
        hosts.push(Rc::clone(&host));
        host
    }
}

impl Host {
    /// Waits for a connection of another request to be free.
    async fn wait(&self, since: Instant, pending: &mut Pending) -> (Option<SemaphorePermit<'_>>, Instant) {
        // The semaphore is never closed.
        let permit = self.free.acquire().await.ok();
        let now = Instant::now();
        pending.phases_mut().blocked += now - since;
        (permit, now)
    }

    /// A connection that is still good; those that are not are closed.
    fn take(&self, now: Instant) -> Option<Connection<Stream>> {
        let mut idle = self.idle.borrow_mut();
        loop {
            let Idle { mut connection, used } = idle.pop()?;
            let is_good = if now.saturating_duration_since(used) < JUST_NOW {
                connection.is_quiet()
            } else {
                connection.is_still_quiet()
            };
            if is_good {
                return Some(connection);
            }
            // A server that closes one mostly closes all: they are not kept half-closed until it is their turn.
            idle.retain_mut(|idle| idle.connection.is_quiet());
        }
    }
}

async fn open(body: &crate::body::Body) -> Result<Streamed, Fault> {
    body.open().await.map_err(|error| Fault::body(&error))
}
