//! A server's life: its own threads, its own runtime, one listener, an end.
//!
//! Two levels: [`Host`] accepts connections and hands each to a function, which is all
//! that the raw servers need; [`http`] speaks HTTP/1.1 on such a connection with hyper
//! and keeps the books in a [`Tally`].

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::counts::Tally;
use crate::payload::Payload;

/// Enough for thousands of users that connect at once (the kernel caps it at
/// `net.core.somaxconn`).
const BACKLOG: u32 = 8192;

/// Any free port of the loopback interface.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub(crate) struct Host {
    addr: SocketAddr,
    tally: Arc<Tally>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Host {
    /// Listens on `addr` and hands every accepted connection to `serve`, on `threads`
    /// threads. Returns once the server listens, or with the reason why it cannot.
    pub(crate) fn start<S, F>(
        name: &str,
        addr: SocketAddr,
        threads: usize,
        tally: &Arc<Tally>,
        serve: S,
    ) -> io::Result<Self>
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let (listening, started) = mpsc::channel();
        let connections = Arc::clone(tally);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let runtime = match runtime(threads) {
                Ok(runtime) => runtime,
                Err(error) => return drop(listening.send(Err(error))),
            };
            runtime.block_on(async move {
                let listener = match listen(addr) {
                    Ok(listener) => listener,
                    Err(error) => return drop(listening.send(Err(error))),
                };
                let _ = listening.send(listener.local_addr());
                tokio::select! {
                    () = accept(listener, &connections, serve) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime here drops its tasks and with them all connections.
        })?;
        let addr = started.recv().map_err(|_| io::ErrorKind::BrokenPipe)??;
        Ok(Self { addr, tally: Arc::clone(tally), running: Mutex::new(Some(Running { stop, thread })) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Stops the server: when this returns the port is closed and so are all
    /// connections. Does nothing the second time.
    pub(crate) fn kill(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { stop, thread }) = running {
            let _ = stop.send(());
            // A panic of the server's thread was printed by that thread.
            let _ = thread.join();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    let mut builder = match threads {
        0 | 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_io().enable_time().build()
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

async fn accept<S, F>(listener: TcpListener, tally: &Arc<Tally>, serve: S)
where
    S: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: wait for connections to go.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let open = tally.connected();
        let connection = serve(stream);
        tokio::spawn(async move {
            connection.await;
            drop(open);
        });
    }
}

/// The client left before its request was complete; nobody waits for an answer.
#[derive(Debug)]
pub(crate) struct ClientGone;

impl std::fmt::Display for ClientGone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client went away before its request was complete")
    }
}

impl std::error::Error for ClientGone {}

/// Speaks HTTP/1.1 on a connection and answers with `handler`.
///
/// A request is carried out to its end whether or not its client waits for the answer,
/// as an application server behind a proxy does it. hyper drops the answering future
/// when the client disconnects, so the handler runs in a task of its own.
pub(crate) async fn http<IO, H, F>(io: IO, tally: Arc<Tally>, route: fn(&str) -> &'static str, handler: H)
where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Fn(Parts, Arriving) -> F,
    F: Future<Output = Result<Response<Payload>, ClientGone>> + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (parts, body) = request.into_parts();
        let (method, route) = (parts.method.clone(), route(parts.uri.path()));
        let arriving = Arriving::start(body, {
            let (tally, method) = (Arc::clone(&tally), method.clone());
            move || tally.received(&method, route)
        });
        let work = tokio::spawn(handler(parts, arriving));
        let tally = Arc::clone(&tally);
        async move {
            let response = work.await.map_err(|_| ClientGone)??;
            tally.answered(&method, route, response.status());
            Ok::<_, ClientGone>(response)
        }
    });
    // An error here is a client that went away or that does not speak HTTP.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
}

/// A request body on its way in. It is read whether or not anyone waits for it.
#[derive(Debug)]
pub(crate) enum Arriving {
    /// There is none.
    Empty,
    /// A task reads it; `None` when the client goes away before its end.
    Reading(tokio::task::JoinHandle<Option<Bytes>>),
}

impl Arriving {
    fn start(body: Incoming, received: impl FnOnce() + Send + 'static) -> Self {
        if body.is_end_stream() {
            received();
            return Self::Empty;
        }
        Self::Reading(tokio::spawn(async move {
            let bytes = body.collect().await.ok()?.to_bytes();
            received();
            Some(bytes)
        }))
    }

    /// Waits for the end of the body.
    pub(crate) async fn whole(self) -> Result<Bytes, ClientGone> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Reading(task) => task.await.ok().flatten().ok_or(ClientGone),
        }
    }
}
