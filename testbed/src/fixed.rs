//! One prebuilt response, served faster than any client can ask for it.
//!
//! For benchmarks of clients: a general server is slower than a good client, and then
//! all clients look the same. This one does per request what cannot be left out: a
//! read, a scan for the end of the request, a write. No HTTP library, no parsing of
//! headers it does not need, no allocation; requests in a pipeline are answered with
//! one write. It keeps every connection open and never looks at the path.
//!
//! Run it in a process of its own (`fixed_server`) to pin it to a core.

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::scan::Scanner;
use crate::serve::{ANY_PORT, Host};
use crate::tls::{self, Authority};

/// A connection's read buffer: a few requests of a common size. 20,000 connections
/// take 40 MiB.
const BUFFER: usize = 2048;

/// Heads that are not over by then belong to no client under test.
const LARGEST_HEAD: usize = 64 * 1024;

/// A running fixed-response server; dropping it stops the server.
#[derive(Debug)]
pub struct FixedServer {
    host: Host,
    served: Arc<AtomicU64>,
    ca: Option<Authority>,
}

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct FixedServerBuilder {
    addr: SocketAddr,
    body: usize,
    cookies: Vec<String>,
    tls: bool,
}

impl FixedServer {
    /// Answers every request with `200 OK` and a body of this many bytes.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn(body_len: usize) -> Self {
        Self::builder().body_len(body_len).spawn().expect("a server on a free port")
    }

    /// A server with more to choose; 1 KiB of body unless told otherwise.
    #[must_use]
    pub fn builder() -> FixedServerBuilder {
        FixedServerBuilder { addr: ANY_PORT, body: 1024, cookies: Vec::new(), tls: false }
    }

    /// `http://127.0.0.1:<port>`, or `https://` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        match self.ca {
            None => self.host.url(),
            Some(_) => format!("https://{}", self.addr()),
        }
    }

    /// The certificate to trust, as PEM, when the server speaks TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_ref().map(|ca| ca.pem.as_str())
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// Requests answered so far.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
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

impl FixedServerBuilder {
    /// The size of the response body in bytes.
    #[must_use]
    pub fn body_len(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Adds a `Set-Cookie` header with this value to the response.
    #[must_use]
    pub fn set_cookie(mut self, value: &str) -> Self {
        self.cookies.push(value.to_owned());
        self
    }

    /// Speaks TLS, with a certificate for `127.0.0.1` and `localhost` of an authority of
    /// its own: see [`FixedServer::ca_pem`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Listens here instead of on a free port of 127.0.0.1.
    #[must_use]
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Starts the server on a thread of its own.
    ///
    /// # Errors
    /// When the address is taken, no thread can be had, or no certificate be made.
    pub fn spawn(self) -> io::Result<FixedServer> {
        let response = Arc::new(Response::new(self.body, &self.cookies));
        let served = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&served);
        let identity = match self.tls {
            true => {
                Some(tls::identity(&["127.0.0.1", "localhost"]).map_err(|error| io::Error::other(error.to_string()))?)
            }
            false => None,
        };
        let (acceptor, ca) = identity.map(|identity| (identity.acceptor, identity.ca)).unzip();
        let host = Host::start("fixed-server", self.addr, 1, &Arc::default(), move |stream| {
            let (response, served, acceptor) = (Arc::clone(&response), Arc::clone(&counter), acceptor.clone());
            async move {
                // An error is a client that went away, or that does not trust us.
                let _ = match acceptor {
                    None => answer(stream, &response, &served).await,
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => answer(stream, &response, &served).await,
                        Err(error) => Err(error),
                    },
                };
            }
        })?;
        Ok(FixedServer { host, served, ca })
    }
}

/// The bytes of the response: head, then body.
#[derive(Debug)]
pub(crate) struct Response {
    bytes: Vec<u8>,
    head: usize,
}

impl Response {
    pub(crate) fn new(body: usize, cookies: &[String]) -> Self {
        let mut head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body}\r\n");
        for cookie in cookies {
            let _ = write!(head, "Set-Cookie: {cookie}\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        let head = bytes.len();
        bytes.resize(head + body, b'x');
        Self { bytes, head }
    }

    pub(crate) fn to(&self, head_request: bool) -> &[u8] {
        if head_request { &self.bytes[..self.head] } else { &self.bytes }
    }
}

async fn answer<IO>(mut stream: IO, response: &Response, served: &AtomicU64) -> io::Result<()>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut scanner = Scanner::default();
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    let mut pipeline = Vec::new();
    loop {
        if filled == buffer.len() {
            if filled >= LARGEST_HEAD {
                return Ok(());
            }
            buffer.resize(2 * filled, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut taken = 0;
        let mut last = None;
        while taken < filled {
            let (used, request) = scanner.next(&buffer[taken..filled]);
            taken += used;
            if let Some(request) = request {
                served.fetch_add(1, Ordering::Relaxed);
                // The last answer is written from where it lies: without a pipeline
                // nothing is copied.
                if let Some(previous) = last.replace(request.head) {
                    pipeline.extend_from_slice(response.to(previous));
                }
            } else if used == 0 {
                break;
            }
        }
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        if let Some(head) = last {
            if !pipeline.is_empty() {
                stream.write_all(&pipeline).await?;
                pipeline.clear();
            }
            stream.write_all(response.to(head)).await?;
            // Nothing to do on a plain connection; TLS may hold records back until then.
            stream.flush().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Response;

    #[test]
    fn the_response_is_a_head_and_that_many_bytes() {
        let response = Response::new(3, &["a=b; Path=/".to_owned()]);
        assert_eq!(
            String::from_utf8_lossy(response.to(false)),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\
             Set-Cookie: a=b; Path=/\r\n\r\nxxx"
        );
        assert!(response.to(true).ends_with(b"\r\n\r\n"));
    }
}
