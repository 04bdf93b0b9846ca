//! The listening socket, the thread, and what each connection may take.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Request, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use loadtest_core::InputError;
use loadtest_core::console::Console;
use loadtest_core::console::web::{ServedUi, WebError, WebSettings};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::auth::{Door, Place};
use crate::gate::Gate;
use crate::patience::Patience;
use crate::routes::router;
use crate::safety::Names;
use crate::shared::Shared;
use crate::tls;

/// Connections at the same time; further ones wait for their turn.
const MOST_CONNECTIONS: usize = 256;
/// A request's head has to be there by then.
const HEAD: Duration = Duration::from_secs(10);
/// A connection on which nothing moves for so long ends.
const IDLE: Duration = Duration::from_secs(60);
/// The longest head, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// The server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServedUi for Server {
    fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Binds, and serves on a thread of its own.
pub(crate) fn serve(settings: &WebSettings, console: Console) -> Result<Server, WebError> {
    let acceptor = tls::acceptor(settings.tls_cert.as_deref(), settings.tls_key.as_deref()).map_err(WebError::Input)?;
    let base = base_path(&settings.base_path).map_err(WebError::Input)?;
    let listener = bind(&settings.host, settings.port)?;
    let no_socket = |error: io::Error| WebError::Input(InputError::new(format!("the web UI cannot listen: {error}")));
    let address = listener.local_addr().map_err(no_socket)?;
    let is_tls = acceptor.is_some();
    let place = Place { port: address.port(), base: &base, is_tls };
    let (door, token) =
        Door::new(settings.auth.as_ref(), address.ip().is_loopback(), place).map_err(WebError::Input)?;
    let scheme = if is_tls { "https" } else { "http" };
    let url = format!("{scheme}://{}:{}{base}/", shown_host(&settings.host, address.ip()), address.port());
    let say = settings.say.clone();
    let gate = Gate { names: Names::new(&settings.host, is_tls), door, base, url: url.clone(), say };
    let url = token.map_or(url.clone(), |token| format!("{url}?token={token}"));

    let (end, ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Reports are written there, so that events go on meanwhile.
        .max_blocking_threads(2)
        .thread_name("loadtest-web")
        .build()
        .map_err(no_socket)?;
    let thread = std::thread::Builder::new().name("loadtest-web".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = ended => {}
                () = run(listener, acceptor, gate, console) => {}
            }
        });
        // What is being written for somebody need not be waited for.
        runtime.shutdown_background();
    });
    let thread = thread.map_err(no_socket)?;
    Ok(Server { url, end: Some(end), thread: Some(thread) })
}

/// An address that people can type.
fn shown_host(asked: &str, bound: IpAddr) -> String {
    if bound.is_unspecified() {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let machine = machine.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        return machine.unwrap_or_else(|| "127.0.0.1".to_owned());
    }
    let asked = asked.trim_matches(['[', ']']);
    if asked.contains(':') { format!("[{asked}]") } else { asked.to_owned() }
}

/// With one slash at its beginning and none at its end.
fn base_path(given: &str) -> Result<String, InputError> {
    let path = given.trim_matches('/');
    if path.is_empty() {
        return Ok(String::new());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let segments_are_names = path.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
    if path.bytes().all(allowed) && segments_are_names {
        return Ok(format!("/{path}"));
    }
    Err(InputError::new(format!(
        "`{given}` is no base path for the web UI: write it like /loadtest, of letters and digits"
    )))
}

fn bind(host: &str, port: u16) -> Result<std::net::TcpListener, WebError> {
    let wrong = |why: String| WebError::Input(InputError::new(why));
    let bare = host.trim_matches(['[', ']']);
    let addresses = (bare, port).to_socket_addrs();
    let addresses: Vec<SocketAddr> = addresses
        .map_err(|error| {
            wrong(format!("the web UI cannot listen on `{host}`: {error}; give an address of this machine"))
        })?
        .collect();
    let listener = std::net::TcpListener::bind(&addresses[..]).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => WebError::PortTaken(format!(
            "port {port} of {host} is taken by another program: give another with --web-port, or 0 for any that is free"
        )),
        io::ErrorKind::PermissionDenied => wrong(format!("the web UI may not listen on port {port}: {error}")),
        _ => wrong(format!("the web UI cannot listen on {host}:{port}: {error}; give an address of this machine")),
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|error| wrong(format!("the web UI cannot listen on {host}:{port}: {error}")))?;
    Ok(listener)
}

/// Takes connections until it is dropped.
async fn run(listener: std::net::TcpListener, acceptor: Option<TlsAcceptor>, gate: Gate, console: Console) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the web UI cannot listen: {error}"),
    };
    let shared = Arc::new(Shared::new(console));
    tokio::spawn(Arc::clone(&shared).pump());
    let service = Arc::new(Service { gate, router: router(Arc::clone(&shared)) });
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, from)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, from.ip(), acceptor.clone(), Arc::clone(&service), permit));
            }
            // No file descriptors left, or a peer that is gone already: neither gets better by trying at once.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// What answers requests.
struct Service {
    gate: Gate,
    router: Router,
}

/// What ends a connection from elsewhere: a reader of events that does not keep up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kick(pub(crate) Arc<Notify>);

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 22;

async fn connection(
    mut stream: TcpStream,
    from: IpAddr,
    acceptor: Option<TlsAcceptor>,
    service: Arc<Service>,
    permit: OwnedSemaphorePermit,
) {
    match acceptor {
        None => answer(stream, from, service).await,
        Some(acceptor) => {
            let mut first = [0];
            if !matches!(timeout(HEAD, stream.peek(&mut first)).await, Ok(Ok(1))) {
                return;
            }
            if first[0] == HANDSHAKE {
                if let Ok(Ok(stream)) = timeout(HEAD, acceptor.accept(stream)).await {
                    answer(stream, from, service).await;
                }
            } else {
                let _ = timeout(HEAD, stream.write_all(service.gate.hint().as_bytes())).await;
            }
        }
    }
    drop(permit);
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, from: IpAddr, service: Arc<Service>) {
    let kick = Kick::default();
    let kicked = Arc::clone(&kick.0);
    let each = service_fn(move |mut request: Request<hyper::body::Incoming>| {
        let service = Arc::clone(&service);
        request.extensions_mut().insert(kick.clone());
        async move {
            let mut router = service.router.clone();
            let request = request.map(Body::new);
            let mut response = match service.gate.pass(from, request) {
                Ok((request, cookie)) => {
                    let Ok(mut response) = tower_service::Service::call(&mut router, request).await;
                    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
                        response.headers_mut().append(header::SET_COOKIE, cookie);
                    }
                    response
                }
                Err(response) => *response,
            };
            crate::safety::put_headers(response.headers_mut());
            Ok::<_, Infallible>(response)
        }
    });
    let stream = TokioIo::new(Patience::new(stream, IDLE));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(stream, each);
    // A connection that breaks is the peer's affair.
    tokio::select! {
        _ = connection => {}
        () = kicked.notified() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_have_one_form() {
        for (given, path) in [("", ""), ("/", ""), ("x", "/x"), ("/load/test/", "/load/test")] {
            assert_eq!(base_path(given).unwrap(), path);
        }
        for wrong in ["/a b", "/../x", "/a//b", "/<", "/ä", "/a?b", "/a;b"] {
            assert!(base_path(wrong).unwrap_err().to_string().contains("no base path"), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_shown_as_one_types_them() {
        let shown = |asked: &str| shown_host(asked, asked.trim_matches(['[', ']']).parse().unwrap());
        assert_eq!(shown("127.0.0.1"), "127.0.0.1");
        assert_eq!(shown("::1"), "[::1]");
        assert_eq!(shown("[::1]"), "[::1]");
        assert!(!shown("0.0.0.0").contains("0.0.0.0"));
    }
}
