//! The seam under a session: one request in, one answer out, nothing else.
//!
//! Cookies, redirects, names, deadlines and verdicts are the session's. A transport writes one request, reads one
//! answer to its end, and says on the way how far writing got. A dropped future gives up the request.

mod connect;
mod direct;
mod dns;
mod io;
#[cfg(feature = "reqwest")]
mod reqwest;
mod tls;

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use loadtest_core::Context;
use loadtest_core::stats::Pending;

use crate::fault::Fault;
use crate::settings::HttpSettings;
use crate::target::Target;

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
}

/// A request as a transport sees it.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    /// Made for each attempt: when a kept connection turns out to be closed, there is a second.
    pub(crate) headers: &'a dyn Fn() -> HeaderMap,
    pub(crate) body: Option<&'a Bytes>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Transport {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Direct => Self::Direct(direct::Direct::default()),
            #[cfg(feature = "reqwest")]
            Kind::Reqwest => Self::Reqwest,
        }
    }

    /// Sends one request and reads the answer to its end.
    ///
    /// `pending` is told of bytes as they are written and read, and that the request is written whole: always
    /// before this future can be dropped with that unsaid.
    pub(crate) async fn exchange(
        &self,
        network: &Network,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
    ) -> Result<Answer, Fault> {
        match self {
            Self::Direct(direct) => direct.exchange(network, outgoing, pending).await,
            #[cfg(feature = "reqwest")]
            Self::Reqwest => Box::pin(network.reqwest.exchange(&network.tls, outgoing, pending)).await,
        }
    }
}

/// What sessions of one thread with the same settings share: addresses, TLS configuration, reqwest's client.
pub(crate) struct Network {
    dns: dns::Dns,
    tls: tls::Tls,
    #[cfg(feature = "reqwest")]
    reqwest: reqwest::Pool,
}

impl Network {
    pub(crate) fn new(cx: &Context, settings: HttpSettings) -> Self {
        Self {
            dns: dns::Dns::default(),
            tls: tls::Tls::new(cx, settings),
            #[cfg(feature = "reqwest")]
            reqwest: reqwest::Pool::default(),
        }
    }

    pub(crate) fn settings(&self) -> &HttpSettings {
        self.tls.settings()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("settings", self.settings()).finish_non_exhaustive()
    }
}

/// A body while it arrives; one that comes in one piece is kept without a copy.
#[derive(Debug, Default)]
struct Collected {
    first: Bytes,
    all: BytesMut,
}

impl Collected {
    fn push(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn finish(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
