//! Servers as nobody wants them, to see what a load tester makes of them.
//!
//! Written on plain sockets, since no HTTP library lets one misbehave like this. A proper answer has the body
//! `<number> <method> <target>` with the number of the request at this server, from 1: whoever gets another request's
//! answer can tell. A server answers properly, whatever its [`Behaviour`]:
//!
//! - requests for targets that begin with `/proper`,
//! - all requests after [`Misbehaving::heal`].
//!
//! Of TLS servers see [`Misbehaving::spawn_tls`]; of a port that leaves connections half open, [`StalledPort`].

mod act;
mod behaviour;
mod payloads;
mod requests;
mod stalled;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::serve::{ANY_PORT, Host};
use crate::tls::{self, Authority, Identity};

pub use self::behaviour::{Behaviour, Then};
pub use self::stalled::StalledPort;
pub use crate::tls::Certificate;

/// What certificates are for.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A running misbehaving server; dropping it stops the server.
#[derive(Debug)]
pub struct Misbehaving {
    host: Host,
    ca: Option<Authority>,
    client_pem: Option<String>,
    state: Arc<State>,
}

/// What the connections of a server share.
#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    is_healed: AtomicBool,
    numbered: AtomicU64,
    received: AtomicU64,
    misdeeds: AtomicU64,
    resumed: AtomicU64,
}

impl State {
    fn is_healed(&self) -> bool {
        self.is_healed.load(Ordering::Relaxed)
    }
}

impl Misbehaving {
    /// Starts a server that behaves like this.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn(behaviour: Behaviour) -> Self {
        Self::start(behaviour, None)
    }

    /// As [`spawn`](Self::spawn), for `https://localhost` and `https://127.0.0.1`; for the certificate to trust see
    /// [`ca_der`](Self::ca_der).
    ///
    /// ```
    /// use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};
    ///
    /// let server = Misbehaving::spawn_tls(Behaviour::None, Certificate::Expired);
    /// assert!(server.url().starts_with("https://localhost:"));
    /// ```
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn_tls(behaviour: Behaviour, certificate: Certificate) -> Self {
        Self::start(behaviour, Some(tls::identity_with(&NAMES, certificate).expect("a certificate")))
    }

    /// As [`spawn_tls`](Self::spawn_tls), for clients that show a certificate of the server's own authority:
    /// [`client_pem`](Self::client_pem).
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn_mutual_tls(behaviour: Behaviour) -> Self {
        Self::start(behaviour, Some(tls::mutual(&NAMES).expect("a certificate")))
    }

    fn start(behaviour: Behaviour, identity: Option<Identity>) -> Self {
        let (acceptor, ca, client_pem) = match identity {
            Some(Identity { acceptor, ca, client_pem }) => (Some(acceptor), Some(ca), client_pem),
            None => (None, None, None),
        };
        let state = Arc::new(State {
            behaviour,
            is_healed: AtomicBool::new(false),
            numbered: AtomicU64::new(0),
            received: AtomicU64::new(0),
            misdeeds: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        let host = Host::start("misbehaving", ANY_PORT, 1, &Arc::default(), move |stream| {
            let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
            async move {
                // An error is a client that went away.
                let _ = match acceptor {
                    _ if act::on_accept(&stream, &state) => return,
                    None => act::serve(stream, &state).await,
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => {
                            let is_resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                            state.resumed.fetch_add(is_resumed.into(), Ordering::Relaxed);
                            act::serve(stream, &state).await
                        }
                        Err(error) => Err(error),
                    },
                };
            }
        });
        Self { host: host.expect("a server on a free port"), ca, client_pem, state }
    }

    /// `http://127.0.0.1:<port>`, or `https://localhost:<port>` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        match self.ca {
            None => self.host.url(),
            Some(_) => format!("https://localhost:{}", self.addr().port()),
        }
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// The certificate to trust, as DER, when the server speaks TLS: of its authority, or with
    /// [`Certificate::SelfSigned`] of another one that nobody knows.
    #[must_use]
    pub fn ca_der(&self) -> Option<&[u8]> {
        self.ca.as_ref().map(|ca| ca.der.as_ref())
    }

    /// As [`ca_der`](Self::ca_der), as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_ref().map(|ca| &*ca.pem)
    }

    /// A certificate that the server accepts from a client, and its key, as PEM; when it requires one.
    #[must_use]
    pub fn client_pem(&self) -> Option<&str> {
        self.client_pem.as_deref()
    }

    /// From now on the server behaves properly.
    pub fn heal(&self) {
        self.state.is_healed.store(true, Ordering::Relaxed);
    }

    /// Requests received whole, head and body.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.state.received.load(Ordering::Relaxed)
    }

    /// How often the server has misbehaved to the end: everything bad is written, the connection closed.
    #[must_use]
    pub fn misdeeds(&self) -> u64 {
        self.state.misdeeds.load(Ordering::Relaxed)
    }

    /// TLS handshakes that took up an earlier session.
    #[must_use]
    pub fn handshakes_resumed(&self) -> u64 {
        self.state.resumed.load(Ordering::Relaxed)
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

/// A connection as these servers need it.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Waits, when there is something to wait for.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
