//! The seam under a session: one request in, one answer out, nothing else.
//!
//! Cookies, redirects, names, deadlines and verdicts are the session's. A transport writes one request, reads one
//! answer to its end, and says on the way how far writing got. A dropped future gives up the request.

mod connect;
mod direct;
mod dns;
mod head;
mod http1;
#[cfg(feature = "reqwest")]
mod reqwest;
mod socket;
mod tls;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use loadtest_core::Context;
use loadtest_core::stats::Pending;

use crate::fault::Fault;
use crate::settings::HttpSettings;
use crate::target::{Automatic, Target};

pub(crate) use self::head::Head;

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
    /// Those of the origin.
    pub(crate) automatic: &'a Automatic,
    pub(crate) cookies: Option<&'a HeaderValue>,
    /// Of the body.
    pub(crate) content_type: Option<&'static str>,
    /// Those set on the request: they replace the automatic ones of the same names.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Option<&'a Bytes>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) head: Head,
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
    buffers: http1::Buffers,
    tls: tls::Tls,
    #[cfg(feature = "reqwest")]
    reqwest: reqwest::Pool,
}

impl Network {
    pub(crate) fn new(cx: &Context, settings: HttpSettings) -> Self {
        Self {
            dns: dns::Dns::default(),
            buffers: http1::Buffers::default(),
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
