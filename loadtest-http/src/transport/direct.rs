//! The direct transport: HTTP/1.1 on connections that belong to the session.
//!
//! A connection is polled by the request that uses it, and by nobody else: no driver task, no channel wake-ups,
//! and a dropped request takes its connection with it, so that a late answer can never reach another request.
//! After an answer the connection waits in the session. A server's close in between is seen by a look at the socket
//! before the next request is written; that request then opens a new connection. Only a request of which nothing was
//! written is repeated like that: it is no retry that a server could notice.

use std::cell::RefCell;
use std::rc::Rc;

use loadtest_core::stats::Pending;

use super::http1::Connection;
use super::socket::Stream;
use super::{Answer, Network, Outgoing, connect};
use crate::fault::Fault;
use crate::target::Origin;

/// The idle connections of a session; the last used is used next.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    origin: Rc<Origin>,
    connection: Connection<Stream>,
}

impl Direct {
    pub(crate) async fn exchange(
        &self,
        network: &Network,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
    ) -> Result<Answer, Fault> {
        let origin = &outgoing.target.origin;
        loop {
            let kept = self.take(origin);
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Boxed: the future of a handshake is large, and rarely there.
                None => Connection::new(Box::pin(connect::open(network, origin)).await?),
            };
            match connection.exchange(&network.buffers, outgoing, pending).await {
                Ok((answer, reusable)) => {
                    if reusable {
                        self.idle.borrow_mut().push(Idle { origin: Rc::clone(origin), connection });
                    }
                    return Ok(answer);
                }
                Err(_) if is_kept && connection.is_untouched() => {}
                Err(trouble) => return Err(trouble.fault(&origin.text)),
            }
        }
    }

    /// A connection that is still good; those that are not are closed.
    fn take(&self, origin: &Rc<Origin>) -> Option<Connection<Stream>> {
        let mut idle = self.idle.borrow_mut();
        loop {
            let index = idle.iter().rposition(|kept| Rc::ptr_eq(&kept.origin, origin) || kept.origin == *origin)?;
            let mut connection = idle.swap_remove(index).connection;
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }
}
