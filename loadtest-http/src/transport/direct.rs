//! The direct transport: HTTP/1.1 on connections that belong to the session.
//!
//! A connection is polled by the request that uses it, and by nobody else: no driver task, no channel wake-ups,
//! and a dropped request takes its connection with it, so that a late answer can never reach another request.
//! After an answer the connection waits in the session. A server's close in between is seen by the first poll of
//! the next request, before anything is written; that request then opens a new connection. Only a request of which
//! nothing was written is repeated like that: it is no retry that a server could notice.
//!
//! An answer that comes before the request is written whole is an answer like any other, but the request does not
//! count as written, and its connection is closed.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use http::response::Parts;
use http::{Request, Uri};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use loadtest_core::stats::Pending;

use super::io::{Io, Payload, Progress};
use super::{Answer, Collected, Network, Outgoing, connect};
use crate::fault::Fault;
use crate::target::Origin;

/// The longest head of an answer, and what hyper buffers at most of a request: as in Chrome.
const LONGEST_HEAD: usize = 256 * 1024;

type Driver = http1::Connection<TokioIo<Io>, Payload>;

/// The idle connections of a session; the last used is used next.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    idle: RefCell<Vec<Connection>>,
}

impl Direct {
    pub(crate) async fn exchange(
        &self,
        network: &Network,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
    ) -> Result<Answer, Fault> {
        loop {
            let kept = self.take(&outgoing.target.origin);
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Boxed: the future of a handshake is large, and rarely there.
                None => Box::pin(Connection::open(network, &outgoing.target.origin)).await?,
            };
            match connection.exchange(outgoing, pending).await {
                Ok((answer, reusable)) => {
                    if reusable {
                        self.idle.borrow_mut().push(connection);
                    }
                    return Ok(answer);
                }
                Err(_) if is_kept && connection.progress.is_untouched() => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    fn take(&self, origin: &Rc<Origin>) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let index = idle.iter().rposition(|kept| Rc::ptr_eq(&kept.origin, origin) || kept.origin == *origin)?;
        Some(idle.swap_remove(index))
    }
}

/// One connection, idle or in the hands of one request.
#[derive(Debug)]
struct Connection {
    origin: Rc<Origin>,
    sender: http1::SendRequest<Payload>,
    driver: Pin<Box<Driver>>,
    progress: Rc<Progress>,
}

impl Connection {
    async fn open(network: &Network, origin: &Rc<Origin>) -> Result<Self, Fault> {
        let stream = connect::open(network, origin).await?;
        let progress = Rc::<Progress>::default();
        let io = TokioIo::new(Io::new(stream, Rc::clone(&progress)));
        // Without `writev`: a head and a small body go out in one `write` anyway, for 4 % less CPU.
        let (sender, driver) = http1::Builder::new()
            .writev(false)
            .max_buf_size(LONGEST_HEAD)
            .handshake(io)
            .await
            .map_err(|error| Fault::exchange(&error, &origin.text))?;
        Ok(Self { origin: Rc::clone(origin), sender, driver: Box::pin(driver), progress })
    }

    /// Sends the request and reads the answer; says whether the connection can serve another.
    async fn exchange(&mut self, outgoing: &Outgoing<'_>, pending: &mut Pending) -> Result<(Answer, bool), Fault> {
        let mut head = pin!(self.sender.send_request(prepare(outgoing, &self.progress)));
        let Self { origin, sender, driver, progress } = self;
        let mut reading = Reading::default();
        // Whatever changes, changes in a poll of the connection below, so nothing else has to wake the task.
        let mut quiet = Context::from_waker(Waker::noop());
        let mut end = None;
        let answer = poll_fn(|cx| {
            loop {
                if end.is_none() {
                    if let Poll::Ready(ended) = driver.as_mut().poll(cx) {
                        end = Some(ended);
                    }
                    progress.note(pending);
                }
                if reading.head.is_none() {
                    match head.as_mut().poll(&mut quiet) {
                        Poll::Ready(Ok(response)) => reading.head = Some(response.into_parts()),
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(Fault::exchange(&error, &origin.text))),
                        Poll::Pending => return or_closed(end.as_ref(), origin),
                    }
                }
                match reading.advance(&mut quiet, pending) {
                    Advance::Complete(answer) => return Poll::Ready(Ok(answer)),
                    Advance::Broken(error) => {
                        // The connection's own error says more than the body's.
                        let error = end.take().and_then(Result::err).unwrap_or(error);
                        return Poll::Ready(Err(Fault::exchange(&error, &origin.text)));
                    }
                    Advance::Some => {}
                    Advance::Nothing => return or_closed(end.as_ref(), origin),
                }
            }
        })
        .await?;
        let reusable = end.is_none() && progress.is_whole() && sender.is_ready();
        Ok((answer, reusable))
    }
}

/// The request as hyper sends it.
fn prepare(outgoing: &Outgoing<'_>, progress: &Rc<Progress>) -> Request<Payload> {
    let body = outgoing.body.filter(|body| !body.is_empty());
    progress.begin(body.is_some());
    let payload = body.map_or_else(Payload::empty, |body| Payload::new(body.clone(), Rc::clone(progress)));
    let mut request = Request::new(payload);
    *request.method_mut() = outgoing.method.clone();
    // The path alone (origin-form): the connection knows the rest.
    *request.uri_mut() = Uri::from(outgoing.target.path.clone());
    *request.headers_mut() = (outgoing.headers)();
    request
}

/// Waits, unless the connection has ended and nothing will come.
fn or_closed<T>(end: Option<&hyper::Result<()>>, origin: &Origin) -> Poll<Result<T, Fault>> {
    match end {
        None => Poll::Pending,
        Some(Ok(())) => Poll::Ready(Err(Fault::closed(&origin.text))),
        Some(Err(error)) => Poll::Ready(Err(Fault::exchange(error, &origin.text))),
    }
}

/// An answer while it arrives.
#[derive(Default)]
struct Reading {
    head: Option<(Parts, Incoming)>,
    body: Collected,
}

enum Advance {
    Complete(Answer),
    Some,
    Nothing,
    Broken(hyper::Error),
}

impl Reading {
    /// Takes what has arrived of the body.
    fn advance(&mut self, quiet: &mut Context<'_>, pending: &mut Pending) -> Advance {
        let mut advance = Advance::Nothing;
        while let Some((_, incoming)) = &mut self.head {
            match Pin::new(incoming).poll_frame(quiet) {
                Poll::Ready(Some(Ok(frame))) => {
                    advance = Advance::Some;
                    // Trailers are read and passed over.
                    if let Ok(piece) = frame.into_data() {
                        pending.add_received(piece.len() as u64);
                        self.body.push(piece);
                    }
                }
                Poll::Ready(Some(Err(error))) => return Advance::Broken(error),
                Poll::Ready(None) => break,
                Poll::Pending => return advance,
            }
        }
        match self.head.take() {
            Some((parts, _)) => Advance::Complete(Answer {
                status: parts.status,
                headers: parts.headers,
                body: std::mem::take(&mut self.body).finish(),
            }),
            None => advance,
        }
    }
}
