//! A small blocking HTTP/1.1 client with a cookie jar that keeps to RFC 6265 as far as
//! these servers ask for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "still not: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A cookie jar.
#[derive(Debug, Default, Clone)]
pub(crate) struct Jar {
    cookies: Vec<JarCookie>,
}

#[derive(Debug, Clone)]
struct JarCookie {
    name: String,
    path: String,
    value: String,
}

impl Jar {
    fn store(&mut self, target: &str, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let mut path = default_path(target).to_owned();
        let mut dead = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => path = value.to_owned(),
                "max-age" => dead = value == "0",
                _ => {}
            }
        }
        self.cookies.retain(|cookie| (cookie.name.as_str(), &cookie.path) != (name, &path));
        if !dead {
            self.cookies.push(JarCookie { name: name.into(), path, value: value.into() });
        }
    }

    fn header(&self, target: &str) -> Option<String> {
        let path = target.split('?').next().unwrap_or_default();
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| {
                path == cookie.path
                    || path
                        .strip_prefix(&cookie.path)
                        .is_some_and(|rest| cookie.path.ends_with('/') || rest.starts_with('/'))
            })
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of the first cookie whose name fits.
    pub(crate) fn value(&self, name: impl Fn(&str) -> bool) -> Option<&str> {
        self.cookies.iter().find(|c| name(&c.name)).map(|c| c.value.as_str())
    }

    pub(crate) fn remove(&mut self, name: impl Fn(&str) -> bool) {
        self.cookies.retain(|cookie| !name(&cookie.name));
    }
}

fn default_path(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(slash) => &path[..slash],
    }
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn auth(self, (user, password): (&str, &str)) -> Self {
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.header("Authorization", &format!("Basic {encoded}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// Head and body as they go over the wire.
    pub(crate) fn bytes(&self, jar: Option<&Jar>) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        let has = |name: &str| self.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if !has("host") {
            add("Host", "127.0.0.1");
        }
        for (name, value) in &self.headers {
            add(name, value);
        }
        if let Some(cookies) = jar.and_then(|jar| jar.header(&self.target)) {
            add("Cookie", &cookies);
        }
        if let Some(body) = &self.body
            && !has("transfer-encoding")
        {
            add("Content-Length", &body.len().to_string());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends the request on a connection of its own, without a jar.
    pub(crate) fn send(self, addr: SocketAddr) -> Response {
        Connection::open(addr).send(&self, None)
    }

    /// Sends the request on a connection of its own, with the cookies of a jar.
    pub(crate) fn send_with(self, addr: SocketAddr, jar: &mut Jar) -> Response {
        Connection::open(addr).send(&self, Some(jar))
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status_line: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).into_iter().next()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether this sets a session cookie (`oc` and ten more).
    pub(crate) fn sets_session_id(&self) -> bool {
        self.all("set-cookie").iter().any(|line| line.split('=').next().is_some_and(is_session_id))
    }
}

/// The name of an installation's session cookie.
pub(crate) fn is_session_id(name: &str) -> bool {
    name.len() == 12
        && name.starts_with("oc")
        && name[2..].bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A connection, for one request after the other.
#[derive(Debug)]
pub(crate) struct Connection<S = TcpStream> {
    stream: BufReader<Stream<S>>,
}

/// The error of a connection that ended before the answer did.
#[derive(Debug)]
pub(crate) struct Broken;

#[derive(Debug)]
struct Stream<S>(S);

impl<S: Read> Read for Stream<S> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Connection {
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self::over(stream)
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream.get_ref().0
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::new(Stream(stream)) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stream = &mut self.stream.get_mut().0;
        stream.write_all(bytes).and_then(|()| stream.flush()).expect("written");
    }

    pub(crate) fn send(&mut self, request: &Request, jar: Option<&mut Jar>) -> Response {
        self.write(&request.bytes(jar.as_deref()));
        let response = self.read(request.method == "HEAD").expect("an answer");
        if let Some(jar) = jar {
            for line in response.all("set-cookie") {
                jar.store(&request.target, line);
            }
        }
        response
    }

    /// Reads one answer.
    pub(crate) fn read(&mut self, to_head: bool) -> Result<Response, Broken> {
        let status_line = self.line()?;
        let status = status_line.get(9..12).and_then(|code| code.parse().ok()).ok_or(Broken)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(Broken)?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut response = Response { status_line, status, headers, body: Vec::new() };
        let has_body = !to_head && status >= 200 && ![204, 304].contains(&status);
        if has_body {
            response.body = match response.header("content-length") {
                Some(length) => self.exactly(length.parse().map_err(|_| Broken)?)?,
                None => self.chunks()?,
            };
        }
        Ok(response)
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).map_err(|_| Broken)?;
            body.extend(self.exactly(size)?);
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, Broken> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).map_err(|_| Broken)?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String, Broken> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).map_err(|_| Broken)?;
        let line = line.strip_suffix(b"\r\n").ok_or(Broken)?;
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    /// Everything until the server closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset ends it as well.
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }
}
