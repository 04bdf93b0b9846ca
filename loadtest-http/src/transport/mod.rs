//! The seam under a session: one request in, one answer out, nothing else.
//!
//! Cookies, redirects, names, deadlines and verdicts are the session's. A transport writes one request, reads one
//! answer to its end, and says on the way how far writing got. A dropped future gives up the request.

#[cfg(feature = "tower")]
mod app;
mod connect;
mod direct;
mod dns;
mod head;
mod http1;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod message;
mod recent;
#[cfg(feature = "reqwest")]
mod reqwest;
mod socket;
mod tls;

use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use loadtest_core::Context;
use loadtest_core::stats::Pending;
use tokio::time::Instant;

use crate::body::Body;
use crate::fault::Fault;
use crate::headers::Automatic;
use crate::settings::TlsSettings;
use crate::target::Target;

#[cfg(feature = "tower")]
pub use self::app::AppBody;
#[cfg(feature = "tower")]
pub(crate) use self::app::{InProcess, Mounted, mounted};
pub(crate) use self::head::Head;
pub(crate) use self::recent::Recent;

/// Which transport a session is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    #[cfg(feature = "reqwest")]
    Reqwest,
}

/// The transport of one session.
#[derive(Debug)]
pub(crate) enum Transport {
    Direct(direct::Direct),
    #[cfg(feature = "reqwest")]
    Reqwest,
    /// An application in this process takes what goes to the base; boxed, because most sessions have none.
    #[cfg(feature = "tower")]
    App(Box<InProcess>),
}

/// A request as a transport sees it.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    /// Those of the origin.
    pub(crate) automatic: &'a Automatic,
    pub(crate) cookies: Option<&'a HeaderValue>,
    /// Of the body.
    pub(crate) content_type: Option<&'a str>,
    /// Those set on the request: they replace the automatic ones of the same names.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Option<&'a Body>,
    /// Whether the answer may be compressed.
    pub(crate) compression: bool,
    pub(crate) keep: Keep,
    pub(crate) connect_timeout: Duration,
    /// How many connections to its origin the session may have.
    pub(crate) connections: usize,
    /// When it is sent.
    pub(crate) now: Instant,
}

/// What is kept of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// Everything, or only how long it was.
    pub(crate) all: bool,
    /// A coded body is to be decoded, so it is kept always.
    pub(crate) decode: bool,
    /// The most that may be kept.
    pub(crate) most: u64,
}

/// An answer, read to its end.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    /// The length of the body as it came, kept or not.
    pub(crate) received: u64,
    /// When its first byte came, unless the whole came at once.
    pub(crate) first: Option<Instant>,
    /// When it was whole.
    pub(crate) end: Option<Instant>,
}

/// The head of a request with a body of this length, as it goes out.
pub(crate) fn head_of(outgoing: &Outgoing<'_>, body: u64) -> Vec<u8> {
    let mut head = Vec::new();
    http1::head(&mut head, outgoing, body);
    head
}

impl Outgoing<'_> {
    /// RFC 9110, 9.2.2: sent twice, it does what it does once.
    fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }
}

impl Transport {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Direct => Self::Direct(direct::Direct::default()),
            #[cfg(feature = "reqwest")]
            Kind::Reqwest => Self::Reqwest,
        }
    }

    /// Sends one request and reads the answer to its end; says when its connection was ready.
    ///
    /// `pending` is told of bytes as they are written and read, and that the request is written whole: always
    /// before this future can be dropped with that unsaid.
    pub(crate) async fn exchange(
        &self,
        network: &Network,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
        answer: &mut Answer,
    ) -> Result<Instant, Fault> {
        match self {
            Self::Direct(direct) => pin!(direct.exchange(network, outgoing, pending, answer)).await,
            #[cfg(feature = "reqwest")]
            Self::Reqwest => Box::pin(network.reqwest.exchange(&network.tls, outgoing, pending, answer)).await,
            #[cfg(feature = "tower")]
            Self::App(app) => Box::pin(app.exchange(network, outgoing, pending, answer)).await,
        }
    }
}

/// What sessions of one thread with the same settings share: TLS configuration, reqwest's client; and what all of the
/// thread share: addresses, memory to read into.
pub(crate) struct Network {
    dns: Rc<dns::Dns>,
    buffers: Rc<http1::Buffers>,
    tls: tls::Tls,
    #[cfg(feature = "reqwest")]
    reqwest: reqwest::Pool,
}

impl Network {
    pub(crate) fn new(cx: &Context, settings: TlsSettings) -> Self {
        Self {
            dns: cx.shard_local(dns::Dns::default),
            buffers: cx.shard_local(http1::Buffers::default),
            tls: tls::Tls::new(cx, settings),
            #[cfg(feature = "reqwest")]
            reqwest: reqwest::Pool::default(),
        }
    }

    pub(crate) fn settings(&self) -> &TlsSettings {
        self.tls.settings()
    }

    /// Makes what the first `https` request would have to wait for. What is wrong with it, each request says.
    pub(crate) fn prepare_tls(&self) {
        drop(self.tls.config());
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("settings", self.settings()).finish_non_exhaustive()
    }
}
