//! A small website: two pages for everybody, a login, and a forum behind it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` and `GET /about` | 200 and a page |
//! | `GET /login` | 200 and the form |
//! | `POST /login` with `username` and `password` | 302 to `/` and the cookie `session`; 401 and the form again when they are wrong |
//! | `POST /logout` | 302 to `/`; the session is over, the cookie deleted |
//! | `GET /profile` | 200 and who is logged in |
//! | `GET /forum` | 200 and the threads |
//! | `GET /forum/{thread}` | 200 and what was posted there last; the threads are 1 to 20 |
//! | `POST /forum/{thread}` with `text` | 302 to the thread; 400 without a text |
//!
//! Everybody may log in; the password is [`PASSWORD`]. Profile and forum are for those who
//! have: a GET without a session is redirected to `/login`, a POST without one is a 401, as is
//! one with a session that is over. A form is read when it is urlencoded, else it has no fields.

mod pages;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{ALLOW, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::RequestCounts;
use crate::counts::Tally;
use crate::payload::Payload;
use crate::random::Random;
use crate::serve::{self, ANY_PORT, Host};
use pages::Forum;

/// Everybody's password.
pub const PASSWORD: &str = "secret";

const COOKIE_NAME: &str = "session";

/// A running website; dropping it stops the server.
///
/// ```
/// use testbed::slides::SlidesSite;
///
/// let site = SlidesSite::spawn();
/// assert!(site.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(site.sessions(), 0);
/// ```
#[derive(Debug)]
pub struct SlidesSite {
    host: Host,
    site: Arc<Mutex<Site>>,
}

impl SlidesSite {
    /// Starts a site into which nobody is logged in.
    ///
    /// # Panics
    /// When the server cannot be started.
    #[must_use]
    pub fn spawn() -> Self {
        let site = Arc::new(Mutex::new(Site::new()));
        let tally = Arc::<Tally>::default();
        let (books, served) = (Arc::clone(&tally), Arc::clone(&site));
        let host = Host::start("slides", ANY_PORT, 1, &tally, move |stream| {
            let site = Arc::clone(&served);
            serve::http(stream, Arc::clone(&books), route, move |request, body| {
                let site = Arc::clone(&site);
                async move {
                    let body = body.whole().await?;
                    Ok(locked(&site).answer(&request, &body))
                }
            })
        });
        Self { host: host.expect("a server on a free port"), site }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        self.host.url()
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// How many sessions there are now.
    #[must_use]
    pub fn sessions(&self) -> usize {
        locked(&self.site).sessions.len()
    }

    /// What was received and answered, by method and path; all threads are `/forum/{thread}`,
    /// and what there is not is `other`.
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

fn locked(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

fn route(path: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["/", "/about", "/login", "/logout", "/profile", "/forum"];
    match KNOWN.into_iter().find(|known| *known == path) {
        Some(known) => known,
        None if path.starts_with("/forum/") => "/forum/{thread}",
        None => "other",
    }
}

/// What the requests share.
#[derive(Debug)]
struct Site {
    /// Who is logged in, by the value of the cookie.
    sessions: HashMap<String, String>,
    forum: Forum,
    random: Random,
}

impl Site {
    fn new() -> Self {
        Self { sessions: HashMap::new(), forum: Forum::default(), random: Random::new() }
    }

    fn answer(&mut self, request: &Parts, body: &[u8]) -> Response<Payload> {
        let fields = fields(&request.headers, body);
        match (&request.method, request.uri.path()) {
            (&Method::GET, "/") => page(StatusCode::OK, pages::welcome()),
            (&Method::GET, "/about") => page(StatusCode::OK, pages::about()),
            (&Method::GET, "/login") => page(StatusCode::OK, pages::login("")),
            (&Method::POST, "/login") => self.log_in(&fields),
            (&Method::POST, "/logout") => self.log_out(request),
            (_, "/" | "/about") => not_allowed("GET"),
            (_, "/login") => not_allowed("GET, POST"),
            (_, "/logout") => not_allowed("POST"),
            (method, path) if path == "/profile" || path == "/forum" || path.starts_with("/forum/") => {
                let session = session(&request.headers).and_then(|id| self.sessions.get(id));
                match session.cloned() {
                    Some(name) => self.members_only(request, &name, &fields),
                    None if method == Method::GET => redirect("/login"),
                    None => page(StatusCode::UNAUTHORIZED, pages::login("Please log in first.")),
                }
            }
            _ => page(StatusCode::NOT_FOUND, pages::missing()),
        }
    }

    /// What a session is needed for.
    fn members_only(&mut self, request: &Parts, name: &str, fields: &Fields) -> Response<Payload> {
        let path = request.uri.path();
        let Some(thread) = path.strip_prefix("/forum/") else {
            return match (&request.method, path) {
                (&Method::GET, "/profile") => page(StatusCode::OK, pages::profile(name)),
                (&Method::GET, _) => page(StatusCode::OK, self.forum.threads()),
                _ => not_allowed("GET"),
            };
        };
        let Some(thread) = self.forum.thread(thread) else { return page(StatusCode::NOT_FOUND, pages::missing()) };
        match request.method {
            Method::GET => page(StatusCode::OK, thread.page()),
            Method::POST => match field(fields, "text") {
                "" => page(StatusCode::BAD_REQUEST, pages::no_text()),
                text => {
                    thread.post(name, text);
                    redirect(path)
                }
            },
            _ => not_allowed("GET, POST"),
        }
    }

    fn log_in(&mut self, fields: &Fields) -> Response<Payload> {
        let name = field(fields, "username");
        if name.is_empty() || field(fields, "password") != PASSWORD {
            return page(StatusCode::UNAUTHORIZED, pages::login("Name or password is wrong."));
        }
        let id = self.random.text(b"0123456789abcdefghijklmnopqrstuvwxyz", 32);
        let mut response = redirect("/");
        set_cookie(&mut response, &format!("{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Lax"));
        self.sessions.insert(id, name.to_owned());
        response
    }

    fn log_out(&mut self, request: &Parts) -> Response<Payload> {
        if let Some(id) = session(&request.headers) {
            self.sessions.remove(id);
        }
        let mut response = redirect("/");
        set_cookie(&mut response, &format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
        response
    }
}

type Fields = Vec<(String, String)>;

fn fields(headers: &HeaderMap, body: &[u8]) -> Fields {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => serde_urlencoded::from_bytes(body).unwrap_or_default(),
        _ => Fields::new(),
    }
}

/// A field of a form, or nothing.
fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// The value of the session's cookie.
fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    })
}

fn page(status: StatusCode, text: String) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn redirect(path: &str) -> Response<Payload> {
    let mut response = page(StatusCode::FOUND, String::new());
    // A path that a request came with can go back as it is.
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(path).expect("a path"));
    response
}

fn not_allowed(methods: &'static str) -> Response<Payload> {
    let mut response = page(StatusCode::METHOD_NOT_ALLOWED, String::new());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn set_cookie(response: &mut Response<Payload>, cookie: &str) {
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(cookie).expect("letters and digits"));
}
