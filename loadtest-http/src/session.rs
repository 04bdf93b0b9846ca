//! The session of a simulated user.

#[cfg(feature = "reqwest")]
mod reqwest;

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method};
use loadtest_core::stats::RecorderHandle;
use loadtest_core::{Client, ClientSettings, Configure, Context, Exit, InputError, RecordedError};

use crate::cookies::Jar;
use crate::deadline::Timer;
use crate::headers::{self, Automatic};
use crate::method::IntoMethod;
use crate::request::RequestBuilder;
use crate::response::Response;
use crate::settings::{self, HttpSettings};
use crate::setup::{self, Setup};
use crate::target::Origin;
use crate::template::{self, PathValues};
use crate::trace::Tracer;
use crate::transport::{Kind, Transport};
use crate::verdict::Checks;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestSession;

/// What a simulated user sends HTTP requests with: cookies of its own, connections of its own.
///
/// A cheap handle: clones share cookies and connections, so a user can hand one to its task sets. It lives on the
/// thread of its user.
///
/// Several requests at once work, as in a browser that loads a page: with `tokio::join!`, or any number of them as a
/// [`batch`](Self::batch). Each takes a connection of its own, up to 6 to one origin
/// ([`HttpSettings::connections_per_host`]).
///
/// ```
/// # use loadtest_core::TaskResult;
/// # use loadtest_http::HttpSession;
/// async fn load_page(http: &HttpSession) -> TaskResult {
///     http.get("/").send().await?;
///     let (style, logo) = tokio::join!(http.get("/style.css").send(), http.get("/logo.png").discard_body().send());
///     (style?, logo?);
///     Ok(())
/// }
/// ```
///
/// # URLs
///
/// A URL with a scheme (`http://` or `https://`) is used as it is, whatever its host. Any other is put behind the
/// base URL as text, as Locust does: with the host `http://shop/app`, `/cart` asks for `http://shop/app/cart`
/// (where RFC 3986 would make it `http://shop/cart`). Fragments are not sent.
///
/// Credentials in the host (`http://user:password@shop`) become basic authentication for requests to that host, those
/// in the absolute URL of a request for that request.
///
/// # Automatic headers
///
/// `Host`, `User-Agent: loadtest/<version>`, `Accept: */*`, `Accept-Encoding: gzip, br, zstd, deflate` (with the crate's
/// feature `compression`), `Cookie`, `Content-Length`, and `Content-Type` for forms and JSON. A header set on the
/// request replaces the one that the session or its settings have, and that the automatic one; but for `Content-Length`
/// and `Transfer-Encoding`: how a body is sent is the transport's business, and a wrong length would break the connection.
#[derive(Clone)]
pub struct HttpSession(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) setup: Rc<Setup>,
    /// The user's own: it knows whose requests these are.
    pub(crate) recorder: RecorderHandle,
    pub(crate) jar: RefCell<Jar>,
    pub(crate) transport: Transport,
    pub(crate) timer: Timer,
    /// Where somebody looks on.
    pub(crate) tracer: Option<Rc<Tracer>>,
    /// What only this session has; most have nothing.
    own: RefCell<Option<Box<Own>>>,
}

/// What is set on one session.
#[derive(Default)]
struct Own {
    headers: HeaderMap,
    /// With these headers; `None` while there are none.
    automatic: Option<Rc<Automatic>>,
    /// Names given by [`HttpSession::rename`], the innermost last; each with the number of its guard.
    names: Vec<(u64, Cow<'static, str>)>,
    guards: u64,
    /// The origins beside the base's that were used last, with their headers.
    others: Vec<(Rc<Origin>, Rc<Automatic>)>,
}

/// How many origins beside the base's a session knows at once: a page comes with a few.
const MOST_OTHERS: usize = 8;

impl HttpSession {
    /// A session with settings of its own, for clients that are built on this one.
    ///
    /// # Errors
    /// When the host is missing or malformed: what to write instead.
    pub fn create_with(cx: &Context, settings: &HttpSettings) -> Result<Self, InputError> {
        Self::create_on(cx, settings, Kind::Direct)
    }

    fn create_on(cx: &Context, settings: &HttpSettings, kind: Kind) -> Result<Self, InputError> {
        Setup::of(cx, settings, kind).map(|setup| Self::on(setup, cx.recorder().clone(), Tracer::of(cx)))
    }

    fn on(setup: Rc<Setup>, recorder: RecorderHandle, tracer: Option<Rc<Tracer>>) -> Self {
        let transport = setup.transport();
        let (jar, timer, own) = (RefCell::default(), Timer::default(), RefCell::default());
        Self(Rc::new(Inner { setup, recorder, jar, transport, timer, tracer, own }))
    }

    /// `GET`: asks for a page.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::GET), url.as_ref())
    }

    /// `POST`: sends something to be worked on.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::POST), url.as_ref())
    }

    /// `PUT`: stores something under the URL.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::PUT), url.as_ref())
    }

    /// `PATCH`: changes a part of what is there.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::PATCH), url.as_ref())
    }

    /// `DELETE`: removes what is there.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::DELETE), url.as_ref())
    }

    /// `HEAD`: a `GET` without the body.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::HEAD), url.as_ref())
    }

    /// `OPTIONS`: asks what is allowed.
    pub fn options(&self, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, Ok(Method::OPTIONS), url.as_ref())
    }

    /// Any method: `"PROPFIND"`, `"MKCOL"`, or an [`http::Method`].
    ///
    /// A text that is no method makes a failed request when it is sent.
    pub fn request(&self, method: impl IntoMethod, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, method.into_method(), url.as_ref())
    }

    /// Sends all these requests at once, and waits for all; the outcomes come in the order of the requests.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// async fn load_pictures(http: &HttpSession, numbers: &[u32]) -> TaskResult {
    ///     for outcome in http.batch(numbers.iter().map(|number| http.get_path("/pictures/{number}", *number))).await {
    ///         outcome?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn batch<C: Checks>(
        &self,
        requests: impl IntoIterator<Item = RequestBuilder<C>>,
    ) -> Vec<Result<Response, RecordedError>> {
        let mut running: Vec<_> = requests.into_iter().map(|request| (Box::pin(request.send()), None)).collect();
        poll_fn(|cx| {
            let mut all = true;
            for (request, outcome) in running.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
                match request.as_mut().poll(cx) {
                    Poll::Ready(ended) => *outcome = Some(ended),
                    Poll::Pending => all = false,
                }
            }
            if all { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        running.into_iter().filter_map(|(_, outcome)| outcome).collect()
    }

    /// [`get`](Self::get) of a URL made from a template; see [`request_path`](Self::request_path).
    pub fn get_path<T, V>(&self, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        self.request_path(Method::GET, template, values)
    }

    /// [`post`](Self::post) to a URL made from a template; see [`request_path`](Self::request_path).
    pub fn post_path<T, V>(&self, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        self.request_path(Method::POST, template, values)
    }

    /// [`put`](Self::put) to a URL made from a template; see [`request_path`](Self::request_path).
    pub fn put_path<T, V>(&self, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        self.request_path(Method::PUT, template, values)
    }

    /// [`patch`](Self::patch) of a URL made from a template; see [`request_path`](Self::request_path).
    pub fn patch_path<T, V>(&self, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        self.request_path(Method::PATCH, template, values)
    }

    /// [`delete`](Self::delete) of a URL made from a template; see [`request_path`](Self::request_path).
    pub fn delete_path<T, V>(&self, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        self.request_path(Method::DELETE, template, values)
    }

    /// A request to a URL made from a template, and counted under the template: all articles in one row.
    ///
    /// Each `{placeholder}` is replaced by the next value, percent-encoded so that it stays one segment of the path, or
    /// one value of the query: one as it is, several as a tuple, an array or a list ([`PathValues`]). A template and
    /// values that do not fit make a failed request when it is sent.
    ///
    /// ```
    /// # use loadtest_core::Client;
    /// # let shard = loadtest_core::testing::TestShard::new(Some("http://shop"));
    /// # let http = loadtest_http::HttpSession::create(&shard.context()).unwrap();
    /// let request = http.get_path("/users/{id}/files/{file}", (17, "a/b c.txt"));
    /// assert!(format!("{request:?}").contains("http://shop/users/17/files/a%2Fb%20c.txt"));
    /// ```
    pub fn request_path<T, V>(&self, method: impl IntoMethod, template: T, values: V) -> RequestBuilder
    where
        T: Into<Cow<'static, str>>,
        V: PathValues,
    {
        let template = template.into();
        let filled = template::fill(&template, values);
        let url = filled.as_deref().unwrap_or(&template);
        let request = RequestBuilder::new(self, method.into_method(), url).name(template.clone());
        match &filled {
            Ok(_) => request,
            Err(error) => request.broken(error),
        }
    }

    /// Counts requests without a name of their own under this one, until the guard is dropped: those of a function that
    /// builds its requests itself, say. Of several guards the youngest counts.
    /// It holds for the whole session, so also for requests that are under way at the same time.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// async fn check_out(http: &HttpSession, cart: u64) -> TaskResult {
    ///     let _renamed = http.rename("/checkout/[cart]");
    ///     http.get(format!("/checkout/{cart}")).send().await?;
    ///     http.post(format!("/checkout/{cart}/pay")).send().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn rename(&self, name: impl Into<Cow<'static, str>>) -> Renamed {
        let name = name.into();
        let mut own = self.0.own.borrow_mut();
        let own = own.get_or_insert_default();
        own.guards += 1;
        own.names.push((own.guards, name));
        Renamed { session: self.clone(), number: own.guards }
    }

    /// A header for every request of this session from now on, unless the request has one of the same name: a token
    /// that the login gave. Set again, it replaces the one before; clones of the session have it too,
    /// [fresh](Self::fresh) ones do not.
    ///
    /// `Authorization`, `Cookie` and `Proxy-Authorization` go to the host to test alone, never to another origin; a `Cookie`
    /// takes the place of all other cookies. Headers of all sessions of a user class: [`HttpSettings::default_header`],
    /// which adds where this replaces.
    ///
    /// # Errors
    /// When the name or the value cannot be in a header.
    pub fn set_default_header<K, V>(&self, name: K, value: V) -> Result<(), InputError>
    where
        K: TryInto<HeaderName, Error: fmt::Display>,
        V: TryInto<HeaderValue, Error: fmt::Display>,
    {
        let (name, value) = settings::header(name, value)?;
        self.change_headers(|headers| drop(headers.insert(name, value)));
        Ok(())
    }

    /// Takes back what [`set_default_header`](Self::set_default_header) set.
    pub fn remove_default_header(&self, name: impl AsRef<str>) {
        self.change_headers(|headers| drop(headers.remove(name.as_ref())));
    }

    fn change_headers(&self, change: impl FnOnce(&mut HeaderMap)) {
        let mut own = self.0.own.borrow_mut();
        let own = own.get_or_insert_default();
        change(&mut own.headers);
        own.others.clear();
        let setup = &self.0.setup;
        own.automatic = (!own.headers.is_empty()).then(|| Rc::new(setup.automatic_with(&own.headers)));
    }

    /// A new session with the same base URL, settings and statistics: no cookies, no shared connections.
    ///
    /// (Over reqwest, connections come from a pool that all sessions of a thread share.)
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::on(Rc::clone(&self.0.setup), self.0.recorder.clone(), self.0.tracer.clone())
    }

    /// The value of the host's cookie of this name, whatever its path; of several the one with the longest path.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let base = &self.0.setup.base;
        self.0.jar.borrow().get(&base.root(), name)
    }

    /// Sets a cookie of the host, for all paths and until the session ends.
    ///
    /// # Errors
    /// When the name or the value cannot be in a cookie (RFC 6265, 4.1.1).
    pub fn set_cookie(&self, name: &str, value: &str) -> Result<(), InputError> {
        let base = &self.0.setup.base;
        self.0.jar.borrow_mut().set(&base.root(), name, value)
    }

    /// Forgets the host's cookies of this name.
    pub fn remove_cookie(&self, name: &str) {
        let base = &self.0.setup.base;
        self.0.jar.borrow_mut().remove(&base.root(), name);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.0.jar.borrow_mut().clear();
    }

    /// The host to test, as relative URLs are put behind it: without a slash at its end, and without credentials.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.setup.base.text
    }
}

/// While it lives, requests are counted under the name given to [`HttpSession::rename`].
#[must_use = "dropped at once it renames nothing"]
#[derive(Debug)]
pub struct Renamed {
    session: HttpSession,
    number: u64,
}

impl Drop for Renamed {
    fn drop(&mut self) {
        if let Some(own) = self.session.0.own.borrow_mut().as_deref_mut() {
            own.names.retain(|(number, _)| *number != self.number);
        }
    }
}

impl Inner {
    /// The name of [`HttpSession::rename`], if there is one.
    pub(crate) fn renamed(&self) -> Option<Cow<'static, str>> {
        self.own.borrow().as_ref().and_then(|own| own.names.last()).map(|(_, name)| name.clone())
    }

    /// The automatic headers of a request to this origin.
    pub(crate) fn automatic(&self, origin: &Rc<Origin>) -> Rc<Automatic> {
        if Rc::ptr_eq(&self.setup.base.origin, origin) {
            let own = self.own.borrow();
            return Rc::clone(own.as_ref().and_then(|own| own.automatic.as_ref()).unwrap_or(&self.setup.automatic));
        }
        let mut own = self.own.borrow_mut();
        let own = own.get_or_insert_default();
        if let Some((_, automatic)) = own.others.iter().find(|(known, _)| known == origin) {
            return Rc::clone(automatic);
        }
        let (settings, session) =
            (headers::for_others(&self.setup.settings.headers), headers::for_others(&own.headers));
        let automatic = Rc::new(Automatic::new(origin, None, &[&settings, &session]));
        if own.others.len() == MOST_OTHERS {
            own.others.remove(0);
        }
        own.others.push((Rc::clone(origin), Rc::clone(&automatic)));
        automatic
    }
}

impl Client for HttpSession {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        Self::check_with(settings, &HttpSettings::default())
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, &HttpSettings::default())?)
    }
}

impl Configure<HttpSettings> for HttpSession {
    fn check_with(settings: &ClientSettings<'_>, own: &HttpSettings) -> Result<(), InputError> {
        setup::base_before_the_run(settings)?;
        own.tls.clone().with_run(settings.tls)?.check()
    }

    fn create_with(cx: &Context, own: &HttpSettings) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, own)?)
    }
}

impl fmt::Debug for HttpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSession").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
