//! A request while it is built, in the vocabulary of reqwest.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;

use crate::body::Body;
use crate::call::{Broken, Call, Hop};
use crate::cookies;
use crate::fault::Fault;
use crate::headers::replace;
use crate::multipart::Form;
use crate::name;
use crate::response::Response;
use crate::session::HttpSession;
use crate::target::{self, BadUrl, Target, basic};
use crate::verdict::{IntoStatus, Verdict};

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
///
/// `C` are the [checks](Self::check) that it has so far.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<C = ()> {
    pub(crate) session: HttpSession,
    pub(crate) call: Box<Call>,
    pub(crate) checks: C,
}

impl RequestBuilder {
    pub(crate) fn new(session: &HttpSession, method: Result<Method, String>, url: &str) -> Self {
        let setup = &session.0.setup;
        let (hop, broken) = match (method, setup.base.resolve(url)) {
            (Ok(method), Ok(target)) => {
                let headers = target::own_credentials(url)
                    .map(|credentials| HeaderMap::from_iter([(AUTHORIZATION, credentials)]))
                    .unwrap_or_default();
                (Hop { method, target, headers, body: None, content_type: None, cookies: None }, None)
            }
            (method, target) => refuse(session, method, target, url),
        };
        Self { session: session.clone(), call: Call::new(hop, broken, setup.limits), checks: () }
    }
}

impl<C> RequestBuilder<C> {
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

    /// Basic authentication (RFC 7617). The password is no `Option` as it is in reqwest: without one it is `""`.
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
            request.body = Some(Body::from(form));
            request.content_type = Some("application/x-www-form-urlencoded".into());
            Ok(())
        });
        self
    }

    /// JSON as the body.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.change(|request| {
            let json = serde_json::to_vec(value)
                .map_err(|error| Fault::request("the body does not serialise to JSON", error))?;
            request.body = Some(Body::from(json));
            request.content_type = Some("application/json".into());
            Ok(())
        });
        self
    }

    /// A form of several parts as the body (`multipart/form-data`, RFC 7578); files in it are read while they are sent.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// use loadtest_http::multipart::Form;
    ///
    /// async fn upload(http: &HttpSession) -> TaskResult {
    ///     let form = Form::new().text("title", "Holidays").file("photo", "testdata/beach.jpg");
    ///     http.post("/photos").multipart(form).send().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn multipart(mut self, form: Form) -> Self {
        self.change(|request| {
            form.check().map_err(|error| Fault::request("malformed part of a form", error))?;
            request.content_type = Some(form.content_type().into());
            request.body = Some(Body::from(form));
            Ok(())
        });
        self
    }

    /// The body as it is: bytes, text, or a file that is read while it is sent ([`Body::file`]). `Content-Type` is left
    /// to [`header`](Self::header).
    ///
    /// [`Bytes`](crate::Bytes) are sent without being copied first: good for a large body that many users send.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.change(|request| {
            request.body = Some(body.into());
            request.content_type = None;
            Ok(())
        });
        self
    }

    /// Sends this cookie too, with this request alone; in place of the session's cookie of the same name.
    ///
    /// A `Cookie` [`header`](Self::header), or one among the default headers, replaces all cookies.
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.change(|request| {
            cookies::check(&name, &value).map_err(|error| Fault::request("malformed cookie", error))?;
            request.cookies.get_or_insert_default().push((name, value));
            Ok(())
        });
        self
    }

    /// Counts the request under this name instead of its path: one for all URLs that differ only in a number, say.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.call.settings.name = Some(name.into());
        self
    }

    /// The time allowed from the send to the last byte of the answer, redirects included; 60 s unless the
    /// [settings](crate::HttpSettings::timeout) say otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call.settings.limits.timeout = timeout;
        self
    }

    /// The time allowed for opening a connection, as part of the whole; 60 s unless the
    /// [settings](crate::HttpSettings::connect_timeout) say otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.call.settings.limits.connect_timeout = timeout;
        self
    }

    /// Follows at most this many redirects (10 by default); one more makes the request a failed one.
    ///
    /// A chain is counted as one request under the name of the first, with the time of all. Methods change as in
    /// browsers: 303 leads to a `GET`, 301 and 302 turn a `POST` into a `GET`, 307 and 308 repeat the request.
    /// `Authorization` and `Cookie` headers set on the request are not sent on to another origin.
    pub fn redirects(mut self, most: u32) -> Self {
        self.call.settings.limits.redirects = Some(most);
        self
    }

    /// Follows no redirect: the answer is the redirect itself.
    pub fn no_redirects(mut self) -> Self {
        self.call.settings.limits.redirects = None;
        self
    }

    /// Whether the body is asked for compressed, and decoded: see [`HttpSettings::compression`].
    ///
    /// Off, no `Accept-Encoding` is sent, and the body is given as it comes.
    ///
    /// [`HttpSettings::compression`]: crate::HttpSettings::compression
    pub fn compression(mut self, on: bool) -> Self {
        self.call.settings.limits.compression = on;
        self
    }

    /// Reads, measures and counts the body, and keeps nothing of it: the cheapest way to load large ones.
    /// [`Response::bytes`] is then empty, while [`Response::body_length`] tells how long the body was.
    pub fn discard_body(mut self) -> Self {
        self.call.settings.limits.discard = true;
        self
    }

    /// The longest body of the answer, in bytes: see [`HttpSettings::largest_body`](crate::HttpSettings::largest_body).
    pub fn largest_body(mut self, bytes: u64) -> Self {
        self.call.settings.limits.largest_body = bytes;
        self
    }

    /// The request is fine if and only if the answer has this status: `404` after a delete, say.
    pub fn expect_status(mut self, status: impl IntoStatus) -> Self {
        self.call.settings.expected = Some(status.number());
        self
    }

    /// The request is fine only if the answer passes this check too: a `bool`, or a `Result` whose error says what is
    /// wrong. Several are made in their order, up to the first that fails; none is when the status is not as
    /// [expected](Self::expect_status). A panic in a check counts the request as failed.
    ///
    /// Failures are grouped by the text of the error: leave out of it what differs from one answer to the next.
    ///
    /// Each check is part of the request's type: one that is made only sometimes asks its question inside.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// # #[derive(serde::Deserialize)]
    /// # struct Cart { items: Vec<u64> }
    /// async fn show_cart(http: &HttpSession, article: u64) -> TaskResult {
    ///     http.get("/cart")
    ///         .check(|response| response.header("x-cache").is_none())
    ///         .check(|response| match response.json::<Cart>() {
    ///             Ok(cart) if cart.items.contains(&article) => Ok(()),
    ///             Ok(_) => Err("the article is not in the cart".to_owned()),
    ///             Err(error) => Err(error.summary().to_owned()),
    ///         })
    ///         .send()
    ///         .await?;
    ///     http.get("/cart").check(|response| response.json::<Cart>()).send().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn check<V: Verdict, F: FnOnce(&Response) -> V>(self, check: F) -> RequestBuilder<(C, F)> {
        let Self { session, call, checks } = self;
        RequestBuilder { session, call, checks: (checks, check) }
    }

    /// A request that cannot be sent, because of this.
    pub(crate) fn broken(mut self, error: &str) -> Self {
        self.change(|_| Err(Fault::request("malformed URL", error)));
        self
    }

    fn change(&mut self, change: impl FnOnce(&mut Hop) -> Result<(), Fault>) {
        let Call { hop, broken, .. } = &mut *self.call;
        if broken.is_some() {
            return;
        }
        if let Err(fault) = change(hop) {
            let name = name::default_name(&self.session.0.setup.base, &hop.target).into();
            *broken = Some(Box::new(Broken { method: hop.method.as_str().into(), name, fault }));
        }
    }
}

fn malformed(error: BadUrl) -> Fault {
    Fault::request("malformed URL", error)
}

/// What cannot be sent, and something in its place.
#[cold]
fn refuse(
    session: &HttpSession,
    method: Result<Method, String>,
    target: Result<Target, BadUrl>,
    url: &str,
) -> (Hop, Option<Box<Broken>>) {
    let base = &session.0.setup.base;
    let name = match &target {
        Ok(target) => name::default_name(base, target).into(),
        Err(_) => name::of_malformed(url).into(),
    };
    let (text, wrong) = match method {
        Ok(method) => (method.as_str().into(), None),
        Err(text) => {
            let wrong = Fault::request("malformed method", format!("{text:?} is no HTTP method"));
            (text.into(), Some(wrong))
        }
    };
    let fault = wrong.or(target.err().map(|BadUrl(error)| Fault::request("malformed URL", format!("{url}: {error}"))));
    let fault = fault.unwrap_or_else(|| Fault::request("malformed request", url));
    let (method, target, headers) = (Method::GET, base.root(), HeaderMap::new());
    let hop = Hop { method, target, headers, body: None, content_type: None, cookies: None };
    (hop, Some(Box::new(Broken { method: text, name, fault })))
}

impl<C> fmt::Debug for RequestBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        match &self.call.broken {
            None => debug.field("method", &self.call.hop.method).field("url", &self.call.hop.target.text()),
            Some(broken) => debug.field("method", &broken.method).field("error", &broken.fault.error),
        };
        debug.finish_non_exhaustive()
    }
}
