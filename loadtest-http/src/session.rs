//! The session of a simulated user.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use http::Method;
use loadtest_core::stats::RecorderHandle;
use loadtest_core::{Client, ClientSettings, Context, Exit, InputError};

use crate::cookies::Jar;
use crate::deadline::Timer;
use crate::method::IntoMethod;
use crate::request::RequestBuilder;
use crate::settings::HttpSettings;
use crate::target::Base;
use crate::transport::{Kind, Network, Transport};

/// What a simulated user sends HTTP requests with: cookies of its own, connections of its own.
///
/// A cheap handle: clones share cookies and connections, so a user can hand one to its task sets. It lives on the
/// thread of its user. Several requests at once (`tokio::join!`) work; each takes a connection of its own.
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
/// `Host`, `User-Agent: loadtest/<version>`, `Accept: */*`, `Cookie`, `Content-Length`, and `Content-Type` for
/// forms and JSON. A header set on the request replaces the automatic one, but for `Content-Length` and
/// `Transfer-Encoding`: how a body is sent is the transport's business, and a wrong length would break the connection.
#[derive(Clone)]
pub struct HttpSession(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) setup: Rc<Setup>,
    pub(crate) jar: RefCell<Jar>,
    pub(crate) transport: Transport,
    pub(crate) timer: Timer,
}

/// What sessions of one thread with one host and the same settings share.
pub(crate) struct Setup {
    pub(crate) base: Base,
    pub(crate) recorder: RecorderHandle,
    pub(crate) network: Rc<Network>,
    kind: Kind,
}

/// The setups and networks of one thread.
#[derive(Default)]
struct Shelf {
    networks: RefCell<Vec<Rc<Network>>>,
    /// By host; few for each.
    setups: RefCell<HashMap<Box<str>, Vec<Rc<Setup>>>>,
}

impl HttpSession {
    /// A session with settings of its own, for clients that are built on this one.
    ///
    /// # Errors
    /// When the host is missing or malformed: what to write instead.
    pub fn create_with(cx: &Context, settings: &HttpSettings) -> Result<Self, InputError> {
        Self::create_on(cx, settings, Kind::Direct)
    }

    fn create_on(cx: &Context, settings: &HttpSettings, kind: Kind) -> Result<Self, InputError> {
        let shelf = cx.shard_local(Shelf::default);
        let host = cx.host().unwrap_or_default();
        let found = shelf.setups.borrow().get(host).and_then(|setups| {
            setups.iter().find(|setup| setup.kind == kind && *setup.network.settings() == *settings).cloned()
        });
        let setup = match found {
            Some(setup) => setup,
            None => shelf.new_setup(cx, settings, kind)?,
        };
        Ok(Self::on(setup))
    }

    fn on(setup: Rc<Setup>) -> Self {
        let transport = Transport::new(setup.kind);
        Self(Rc::new(Inner { setup, jar: RefCell::default(), transport, timer: Timer::default() }))
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

    /// A new session with the same base URL, settings and statistics: no cookies, no shared connections.
    ///
    /// (Over reqwest, connections come from a pool that all sessions of a thread share.)
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::on(Rc::clone(&self.0.setup))
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

impl Shelf {
    fn new_setup(&self, cx: &Context, settings: &HttpSettings, kind: Kind) -> Result<Rc<Setup>, InputError> {
        let base = Base::parse(cx.host())?;
        let known = self.networks.borrow().iter().find(|network| *network.settings() == *settings).cloned();
        let network = known.unwrap_or_else(|| {
            let network = Rc::new(Network::new(cx, settings.clone()));
            self.networks.borrow_mut().push(Rc::clone(&network));
            network
        });
        let setup = Rc::new(Setup { base, recorder: cx.recorder().clone(), network, kind });
        let host = cx.host().unwrap_or_default().into();
        self.setups.borrow_mut().entry(host).or_default().push(Rc::clone(&setup));
        Ok(setup)
    }
}

impl Client for HttpSession {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        Base::parse(settings.host).map(drop)
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, &HttpSettings::default())?)
    }
}

impl fmt::Debug for HttpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSession").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

/// An [`HttpSession`] on one `reqwest::Client` per thread.
///
/// Cookies, redirects, names and statistics are those of [`HttpSession`], to which it dereferences. Connections
/// come from reqwest's pool, so users of one thread share them. Whether a request was written is known only from
/// its answer: one that is interrupted before counts as not written, although the server may have received it.
#[cfg(feature = "reqwest")]
#[derive(Debug, Clone)]
pub struct ReqwestSession(HttpSession);

#[cfg(feature = "reqwest")]
impl ReqwestSession {
    /// As [`HttpSession::create_with`].
    ///
    /// # Errors
    /// When the host is missing or malformed: what to write instead.
    pub fn create_with(cx: &Context, settings: &HttpSettings) -> Result<Self, InputError> {
        HttpSession::create_on(cx, settings, Kind::Reqwest).map(Self)
    }

    /// As [`HttpSession::fresh`].
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self(self.0.fresh())
    }
}

#[cfg(feature = "reqwest")]
impl Client for ReqwestSession {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        HttpSession::check(settings)
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, &HttpSettings::default())?)
    }
}

#[cfg(feature = "reqwest")]
impl std::ops::Deref for ReqwestSession {
    type Target = HttpSession;

    fn deref(&self) -> &HttpSession {
        &self.0
    }
}
