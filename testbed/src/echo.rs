//! A server that says what it was sent, for tests of HTTP clients.
//!
//! Every path answers with 200 and a JSON document of the request, except these:
//!
//! | path | answer |
//! |---|---|
//! | `/status/{code}` | that status; an empty body |
//! | `/redirect/{n}` | 302 to `/redirect/{n-1}`, the last one to `/`; `?status=307` for another status |
//! | `/set-cookie?name=..&value=..` | one `Set-Cookie`; with `path`, `domain`, `max-age`, `secure` if given |
//! | `/cookies` | the `Cookie` header as it was received, as text |
//! | `/bytes/{n}` | n bytes `x` with `Content-Length` |
//! | `/chunked/{n}` | n bytes `x` in chunks of at most 1 KiB |
//! | `/delay/{ms}` | the document, after that time |
//! | `/drip/{n}/{ms}` | n bytes, one after each of these times |
//! | `/close` | the document, with `Connection: close` |
//!
//! The document: `{"method":"POST","target":"/a?b=c","version":"HTTP/1.1",
//! "headers":[["host","127.0.0.1:1234"],...],"body":"..."}`. Headers come in the order
//! received with names in lower case, where lines of one name stand together. A body
//! that is not UTF-8 has its wrong bytes replaced.

use std::fmt::Write;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use tokio::net::TcpStream;

use crate::RequestCounts;
use crate::counts::Tally;
use crate::escape;
use crate::payload::Payload;
use crate::serve::{self, ANY_PORT, Arriving, ClientGone, Host};
use crate::tls::{self, Authority};

/// The largest chunk of `/chunked/{n}`.
const CHUNK: usize = 1024;

/// A running echo server; dropping it stops the server.
#[derive(Debug)]
pub struct EchoServer {
    host: Host,
    ca: Option<Authority>,
}

impl EchoServer {
    /// Starts a server for `http://`.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn() -> Self {
        let tally = Arc::<Tally>::default();
        let books = Arc::clone(&tally);
        let host = start(&tally, move |stream| serve::http(stream, Arc::clone(&books), route, answer));
        Self { host: host.expect("a server on a free port"), ca: None }
    }

    /// Starts a server for `https://localhost` and `https://127.0.0.1`, with a
    /// certificate of an authority of its own: see [`ca_pem`](Self::ca_pem).
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn_tls() -> Self {
        Self::spawn_tls_for(&["localhost", "127.0.0.1"])
    }

    /// As [`spawn_tls`](Self::spawn_tls), with a certificate for these host names and
    /// addresses alone: a client that connects by another name has to refuse it.
    ///
    /// ```
    /// use testbed::echo::EchoServer;
    ///
    /// let server = EchoServer::spawn_tls_for(&["localhost"]);
    /// let refused = format!("https://{}/", server.addr());
    /// assert!(refused.starts_with("https://127.0.0.1:"));
    /// ```
    ///
    /// # Panics
    /// When the server cannot be started, or a name is none.
    #[must_use]
    pub fn spawn_tls_for(names: &[&str]) -> Self {
        let identity = tls::identity(names).expect("a certificate");
        let acceptor = identity.acceptor;
        let tally = Arc::<Tally>::default();
        let books = Arc::clone(&tally);
        let host = start(&tally, move |stream| {
            let (acceptor, books) = (acceptor.clone(), Arc::clone(&books));
            async move {
                // A failed handshake is a client that does not trust us.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve::http(stream, books, route, answer).await;
                }
            }
        });
        Self { host: host.expect("a server on a free port"), ca: Some(identity.ca) }
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

    /// The certificate to trust, as PEM, when the server speaks TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_ref().map(|ca| ca.pem.as_str())
    }

    /// The certificate to trust, as DER, when the server speaks TLS.
    #[must_use]
    pub fn ca_der(&self) -> Option<&[u8]> {
        self.ca.as_ref().map(|ca| ca.der.as_ref())
    }

    /// What was received and answered, by method and path; the paths of the module's
    /// table stand as they are there, and every other as `/`.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.host.tally().snapshot()
    }

    /// Closes the listener and all connections; dropping the server does the same.
    pub fn kill(&self) {
        self.host.kill();
    }

    /// Lets the server run until the process ends and returns its URL.
    #[must_use]
    pub fn leak(self) -> String {
        let url = self.url();
        std::mem::forget(self);
        url
    }
}

fn start<S, F>(tally: &Arc<Tally>, serve: S) -> io::Result<Host>
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Host::start("echo-server", ANY_PORT, 1, tally, serve)
}

fn route(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "status" => "/status/{code}",
        "redirect" => "/redirect/{n}",
        "set-cookie" => "/set-cookie",
        "cookies" => "/cookies",
        "bytes" => "/bytes/{n}",
        "chunked" => "/chunked/{n}",
        "delay" => "/delay/{ms}",
        "drip" => "/drip/{n}/{ms}",
        "close" => "/close",
        _ => "/",
    }
}

async fn answer(request: Parts, body: Arriving) -> Result<Response<Payload>, ClientGone> {
    let body = body.whole().await?;
    let document = document(&request, &body);
    let mut words = request.uri.path().split('/').skip(1);
    let word = words.next().unwrap_or_default();
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let (first, second) = (number(words.next()), number(words.next()));
    let bytes = || vec![b'x'; first as usize];
    let response = match word {
        "status" => with_status(first, Payload::default()),
        "redirect" => redirect(&request, first),
        "set-cookie" => set_cookie(&request),
        "cookies" => {
            text(Payload::whole(request.headers.get(COOKIE).map(|value| value.as_bytes().to_vec()).unwrap_or_default()))
        }
        "bytes" => text(Payload::whole(bytes())),
        "chunked" => text(Payload::chunked(bytes(), CHUNK)),
        "drip" => {
            let every = Duration::from_millis(second.into());
            text(Payload::drip(bytes(), 1, every))
        }
        "delay" => {
            tokio::time::sleep(Duration::from_millis(first.into())).await;
            json(document)
        }
        "close" => {
            let mut response = json(document);
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
        _ => json(document),
    };
    Ok(response)
}

fn document(request: &Parts, body: &[u8]) -> String {
    let target = request.uri.path_and_query().map_or("", |target| target.as_str());
    let mut headers = String::new();
    for (name, value) in &request.headers {
        if !headers.is_empty() {
            headers.push(',');
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(headers, "[{},{}]", escape::json(name.as_str()), escape::json(&value));
    }
    format!(
        r#"{{"method":{},"target":{},"version":{},"headers":[{headers}],"body":{}}}"#,
        escape::json(request.method.as_str()),
        escape::json(target),
        escape::json(&format!("{:?}", request.version)),
        escape::json(&String::from_utf8_lossy(body)),
    )
}

fn with_status(code: u32, body: Payload) -> Response<Payload> {
    let mut response = Response::new(body);
    *response.status_mut() = u16::try_from(code)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        // 1xx are no final answers; hyper would not send them.
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::BAD_REQUEST);
    response
}

fn text(body: Payload) -> Response<Payload> {
    let mut response = Response::new(body);
    let value = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

fn json(document: String) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(document));
    let value = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

fn redirect(request: &Parts, left: u32) -> Response<Payload> {
    let status = query(request, "status").and_then(|status| status.parse().ok()).unwrap_or(302);
    let search = request.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = match left {
        0 | 1 => "/".to_owned(),
        left => format!("/redirect/{}{search}", left - 1),
    };
    let mut response = with_status(status, Payload::default());
    if let Ok(target) = HeaderValue::from_str(&target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
}

fn set_cookie(request: &Parts) -> Response<Payload> {
    let value = |name| query(request, name).unwrap_or_default();
    let mut cookie = format!("{}={}", value("name"), value("value"));
    for attribute in ["path", "domain", "max-age"] {
        if let Some(value) = query(request, attribute) {
            let _ = write!(cookie, "; {attribute}={value}");
        }
    }
    if query(request, "secure").is_some() {
        cookie.push_str("; secure");
    }
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            let mut response = text(Payload::default());
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(_) => with_status(400, Payload::default()),
    }
}

fn query(request: &Parts, name: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.uri.query().unwrap_or_default()).ok()?;
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
