//! An application in the same process as target of a load test.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use http::{Request, Response};
use http_body::Body;
use loadtest_core::LoadTest;
use tower_service::Service;

use crate::transport::{AppBody, Mounted, mounted};

/// The base of a session whose run has an application and no host.
const BASE: &str = "http://app.test";

/// What the feature `tower` adds to [`LoadTest`].
pub trait LoadTestExt: Sized {
    /// Drives an application in this process, without a server and without a socket: axum's `Router`, or any other
    /// [`tower_service::Service`] that turns an HTTP request into an answer. It is cloned for each request, as servers do.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use std::future::{Ready, ready};
    /// # use std::task::{Context, Poll};
    /// # use http_body::Body;
    /// # use loadtest_core::LoadTest;
    /// use loadtest_http::LoadTestExt;
    /// # /// As axum's, for one page.
    /// # #[derive(Clone)]
    /// # struct Router;
    /// # impl<B> tower_service::Service<http::Request<B>> for Router {
    /// #     type Response = http::Response<String>;
    /// #     type Error = Infallible;
    /// #     type Future = Ready<Result<Self::Response, Infallible>>;
    /// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
    /// #         Poll::Ready(Ok(()))
    /// #     }
    /// #     fn call(&mut self, _: http::Request<B>) -> Self::Future {
    /// #         ready(Ok(http::Response::new("a page".to_owned())))
    /// #     }
    /// # }
    /// # fn router() -> Router { Router }
    ///
    /// let test = LoadTest::new().app(router());
    /// ```
    ///
    /// Users are the same as ever, and so is their `HttpSession`: names, cookies, redirects, checks, timeouts, decoded bodies,
    /// streamed uploads, and the books. What differs from a connection:
    ///
    /// - **Host.** A run needs none: the base is then `http://app.test`. Where there is one, of the run or of a class, the
    ///   application takes what goes to it, `https` too, and without TLS. Requests to any other origin, by an absolute URL or a
    ///   redirect, go over the network as usual.
    /// - **Threads.** The application runs on the threads of the users, each request on that of its user, and shares them with
    ///   the load generator: a handler that computes holds up the other users of its thread, one that blocks does so for
    ///   longer. `tokio::spawn` and `spawn_blocking` work; `block_in_place`, which needs tokio's other runtime, does not. What
    ///   a handler spawned ends with the run. A warning that the load generator was at its limit speaks of both.
    /// - **What it holds** of another runtime, a pool of database connections say, works only while that runtime goes on: in a
    ///   `#[tokio::test]`, beside [`run`](LoadTest::run).
    /// - **Times** are those of the application alone: no network, no parsing. The first byte is when it gave the head of its
    ///   answer, *blocked* how long it was not ready ([`poll_ready`](Service::poll_ready)). There are no connections, so none
    ///   are counted, and no limit to requests of one user at once.
    /// - **Bytes sent** are those that HTTP/1.1 would need. A body counts as written when the application has it: at once where
    ///   it lies in memory, when it was read to its end where it is read while it is sent (a file, a form with one).
    /// - **What a server adds** to answers is missing, such as `Date`; but for `Content-Length`, where the length is known. There
    ///   is no peer address (axum: `MockConnectInfo`), and no upgrade to another protocol.
    /// - **A request that is dropped**, by its timeout or by the end of the run, drops the application's future.
    ///
    /// # What fails
    ///
    /// Failed requests, of the same kind as over a connection: an error of the service in place of an answer (*application
    /// error: …*), of its readiness (*application not ready: …*), and of the answer's body; each grouped by its text. A panic
    /// of the application is caught, as servers do, and is a failed request of its user (*the application panicked*) with
    /// the message as its sample; Rust prints it as ever.
    #[must_use = "a load test does nothing until `run` or `start`"]
    fn app<S, B>(self, app: S) -> Self
    where
        S: Service<Request<AppBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>;
}

impl LoadTestExt for LoadTest {
    fn app<S, B>(self, app: S) -> Self
    where
        S: Service<Request<AppBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.extension(App::new(app))
    }
}

/// The application of a run.
pub(crate) struct App(Box<dyn Fn() -> Rc<dyn Mounted> + Send + Sync>);

impl App {
    fn new<S, B>(app: S) -> Self
    where
        S: Service<Request<AppBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Behind a lock, so that it need not be `Sync`: tower's boxed services are not. It is taken once per thread.
        let app = Mutex::new(app);
        Self(Box::new(move || mounted(app.lock().unwrap_or_else(PoisonError::into_inner).clone())))
    }

    /// The application for one thread.
    pub(crate) fn mount(&self) -> Rc<dyn Mounted> {
        (self.0)()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

/// The host of a session: one that was given, or a made-up one where that is enough.
pub(crate) fn host(given: Option<&str>, has_app: bool) -> Option<&str> {
    given.or(has_app.then_some(BASE))
}
