//! A request while it is built, in the vocabulary of reqwest.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;

use crate::fault::Fault;
use crate::name;
use crate::redirect;
use crate::send::Hop;
use crate::session::HttpSession;
use crate::target::{self, BadUrl, Target, basic};

/// The time allowed for a request unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request of an [`HttpSession`] while it is built; [`send`](Self::send) sends it.
///
/// What cannot be built (a malformed URL, a header with a line break, a value that does not serialise) makes a
/// failed request when it is sent, and never a panic.
///
/// ```
/// # use loadtest_core::Client;
/// # let shard = loadtest_core::testing::TestShard::new(Some("http://shop"));
/// # let http = loadtest_http::HttpSession::create(&shard.context()).unwrap();
/// let request = http.get("/users/17").name("/users/[id]").query(&[("page", 2)]).bearer_auth("token");
/// assert!(format!("{request:?}").contains("http://shop/users/17?page=2"));
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(crate) session: HttpSession,
    pub(crate) settings: Settings,
    pub(crate) request: Result<Hop, Box<Broken>>,
}

/// What a request is besides what it sends.
pub(crate) struct Settings {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) timeout: Duration,
    /// `None`: a redirect is an answer like any other.
    pub(crate) redirects: Option<u32>,
    pub(crate) expected: Option<u16>,
}

/// A request that cannot be sent.
pub(crate) struct Broken {
    pub(crate) method: Box<str>,
    /// From the URL.
    pub(crate) name: Box<str>,
    pub(crate) fault: Fault,
}

impl RequestBuilder {
    pub(crate) fn new(session: &HttpSession, method: Result<Method, String>, url: &str) -> Self {
        let settings = Settings { name: None, timeout: TIMEOUT, redirects: Some(redirect::MOST), expected: None };
        let target = session.0.setup.base.resolve(url);
        let request = match (method, target) {
            (Ok(method), Ok(target)) => {
                let headers = target::own_credentials(url)
                    .map(|credentials| HeaderMap::from_iter([(AUTHORIZATION, credentials)]))
                    .unwrap_or_default();
                Ok(Hop { method, target, headers, body: None, content_type: None })
            }
            (method, target) => Err(refuse(session, method, target, url)),
        };
        Self { session: session.clone(), settings, request }
    }

    /// Adds a header; one of the same name that is on the request already stays beside it.
    pub fn header<K, V>(mut self, name: K, value: V) -> Self
    where
        K: TryInto<HeaderName, Error: fmt::Display>,
        V: TryInto<HeaderValue, Error: fmt::Display>,
    {
        self.change(|request| {
            let name = name.try_into().map_err(|error| Fault::request("malformed header name", error))?;
            let value = value
                .try_into()
                .map_err(|error| Fault::request(format!("malformed value of the header {name}"), error))?;
            request.headers.try_append(name, value).map_err(|error| Fault::request("too many headers", error))?;
            Ok(())
        });
        self
    }

    /// Sets these headers, in place of those of the same names.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.change(|request| {
            replace(&mut request.headers, headers);
            Ok(())
        });
        self
    }

    /// Basic authentication (RFC 7617).
    pub fn basic_auth(mut self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.change(|request| {
            request.headers.insert(AUTHORIZATION, basic(user.as_ref(), password.as_ref()));
            Ok(())
        });
        self
    }

    /// A bearer token (RFC 6750).
    pub fn bearer_auth(mut self, token: impl fmt::Display) -> Self {
        self.change(|request| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|error| Fault::request("malformed bearer token", error))?;
            value.set_sensitive(true);
            request.headers.insert(AUTHORIZATION, value);
            Ok(())
        });
        self
    }

    /// Adds to the URL's query: pairs, a map or a flat struct.
    pub fn query<T: Serialize + ?Sized>(mut self, query: &T) -> Self {
        self.change(|request| {
            let query = serde_urlencoded::to_string(query)
                .map_err(|error| Fault::request("the query does not serialise", error))?;
            if !query.is_empty() {
                request.target = request.target.with_query(&query).map_err(malformed)?;
            }
            Ok(())
        });
        self
    }

    /// A form as the body (`application/x-www-form-urlencoded`): pairs, a map or a flat struct.
    pub fn form<T: Serialize + ?Sized>(mut self, form: &T) -> Self {
        self.change(|request| {
            let form = serde_urlencoded::to_string(form)
                .map_err(|error| Fault::request("the form does not serialise", error))?;
            request.body = Some(form.into());
            request.content_type = Some("application/x-www-form-urlencoded");
            Ok(())
        });
        self
    }

    /// JSON as the body.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.change(|request| {
            let json = serde_json::to_vec(value)
                .map_err(|error| Fault::request("the body does not serialise to JSON", error))?;
            request.body = Some(json.into());
            request.content_type = Some("application/json");
            Ok(())
        });
        self
    }

    /// The body as it is; `Content-Type` is left to [`header`](Self::header).
    ///
    /// A [`Bytes`] is sent without being copied first: good for a large body that many users send.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.change(|request| {
            request.body = Some(body.into());
            request.content_type = None;
            Ok(())
        });
        self
    }

    /// Counts the request under this name instead of its path: one for all URLs that differ only in a number, say.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// The time allowed from the send to the last byte of the answer, redirects included; 60 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Follows at most this many redirects (10 by default); one more makes the request a failed one.
    ///
    /// A chain is counted as one request under the name of the first, with the time of all. Methods change as in
    /// browsers: 303 leads to a `GET`, 301 and 302 turn a `POST` into a `GET`, 307 and 308 repeat the request.
    /// `Authorization` and `Cookie` headers set on the request are not sent on to another origin.
    pub fn redirects(mut self, most: u32) -> Self {
        self.settings.redirects = Some(most);
        self
    }

    /// Follows no redirect: the answer is the redirect itself.
    pub fn no_redirects(mut self) -> Self {
        self.settings.redirects = None;
        self
    }

    /// The request is fine if and only if the answer has this status: `404` after a delete, say.
    pub fn expect_status(mut self, status: u16) -> Self {
        self.settings.expected = Some(status);
        self
    }

    fn change(&mut self, change: impl FnOnce(&mut Hop) -> Result<(), Fault>) {
        let Ok(request) = &mut self.request else { return };
        if let Err(fault) = change(request) {
            let name = name::default_name(&self.session.0.setup.base, &request.target).into();
            self.request = Err(Box::new(Broken { method: request.method.as_str().into(), name, fault }));
        }
    }
}

/// Puts headers in place of those of the same names; several of one name stay together.
pub(crate) fn replace(headers: &mut HeaderMap, with: HeaderMap) {
    let mut last = None;
    for (name, value) in with {
        // A name is given only with the first of its values.
        if let Some(name) = name {
            headers.insert(&name, value);
            last = Some(name);
        } else if let Some(name) = &last {
            headers.append(name, value);
        }
    }
}

fn malformed(error: BadUrl) -> Fault {
    Fault::request("malformed URL", error)
}

#[cold]
fn refuse(
    session: &HttpSession,
    method: Result<Method, String>,
    target: Result<Target, BadUrl>,
    url: &str,
) -> Box<Broken> {
    let name = match &target {
        Ok(target) => name::default_name(&session.0.setup.base, target).into(),
        Err(_) => name::of_malformed(url).into(),
    };
    let (method, wrong) = match method {
        Ok(method) => (method.as_str().into(), None),
        Err(text) => {
            let wrong = Fault::request("malformed method", format!("{text:?} is no HTTP method"));
            (text.into(), Some(wrong))
        }
    };
    let fault = wrong.or(target.err().map(|BadUrl(error)| Fault::request("malformed URL", format!("{url}: {error}"))));
    Box::new(Broken { method, name, fault: fault.unwrap_or_else(|| Fault::request("malformed request", url)) })
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        match &self.request {
            Ok(request) => debug.field("method", &request.method).field("url", &request.target.text()),
            Err(broken) => debug.field("method", &broken.method).field("error", &broken.fault.error),
        };
        debug.finish_non_exhaustive()
    }
}
