//! Sending: cookies, redirects, the deadline, and the one sample that a request makes.

use std::borrow::Cow;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};
use loadtest_core::RecordedError;
use loadtest_core::stats::{Failure, Pending};
use tokio::time::Instant;

use crate::body::Body;
use crate::caught::CaughtResponse;
use crate::coding;
use crate::cookies;
use crate::deadline;
use crate::fault::Fault;
use crate::headers::Automatic;
use crate::name;
use crate::redirect;
use crate::request::{Broken, RequestBuilder, Settings};
use crate::response::Response;
use crate::session::Inner;
use crate::settings::Limits;
use crate::target::Target;
use crate::transport::{Answer, Keep, Outgoing};
use crate::verdict::{self, Checks};

/// One request to one origin: the first, or what a redirect made of it.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// Those set on the request; the automatic ones are added when it is sent.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Body>,
    /// For the body, unless the headers have one.
    pub(crate) content_type: Option<Cow<'static, str>>,
    /// Beside those of the session.
    pub(crate) cookies: Option<Vec<(String, String)>>,
}

impl<C: Checks> RequestBuilder<C> {
    /// Sends the request and reads the whole answer; counts it, whatever happens.
    ///
    /// Every status gives `Ok`: a status of 400 or above counts as a failed request (see
    /// [`expect_status`](Self::expect_status)), but it is an answer. When the future is dropped before its end, by
    /// a stop or a `select!`, the request counts as interrupted and its connection is closed.
    ///
    /// A request with an idempotent method (RFC 9110, 9.2.2) is sent once more, on a new connection, when a connection
    /// that was kept ends before any byte of the answer has come; that is counted as a retry. Nothing else is repeated.
    ///
    /// # Errors
    /// When there is no answer: the request could not be built, the connection failed, the time ran out, there
    /// were too many redirects, the body was too large or did not decode. It is counted already, so `?` in a task makes
    /// no exception of it.
    pub fn send(self) -> impl Future<Output = Result<Response, RecordedError>> {
        let Self { session, mut settings, mut request, checks } = self;
        // The block works on these where they lie. As arguments of an `async fn` they would be moved, and the future,
        // of which each user keeps one, would hold them twice.
        async move {
            let inner = &*session.0;
            let hop = request.as_mut().map_err(|broken| refused(inner, &settings, broken))?;
            let outcome = exchange(inner, &mut settings, hop).await?;
            outcome.judged(inner, settings, request, checks).map(CaughtResponse::settle)
        }
    }

    /// [`send`](Self::send), but the verdict is the task's: the answer is counted when its guard is told, or dropped.
    ///
    /// ```
    /// # use loadtest_core::TaskResult;
    /// # use loadtest_http::HttpSession;
    /// async fn wait_in_line(http: &HttpSession) -> TaskResult {
    ///     let response = http.get("/checkout").catch_response().await?;
    ///     if response.text()?.contains("You are number") {
    ///         response.success();
    ///     } else if response.header("x-shop").is_none() {
    ///         return Err(response.failure("not from the shop").into());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send): when there is no answer, the request is counted at once.
    pub fn catch_response(self) -> impl Future<Output = Result<CaughtResponse, RecordedError>> {
        let Self { session, mut settings, mut request, checks } = self;
        async move {
            let inner = &*session.0;
            let hop = request.as_mut().map_err(|broken| refused(inner, &settings, broken))?;
            let outcome = exchange(inner, &mut settings, hop).await?;
            outcome.judged(inner, settings, request, checks)
        }
    }
}

/// A sample with an answer: it is open, and its clock stopped.
struct Outcome {
    pending: Pending,
    method: Method,
    answer: Answer,
    service_time: Duration,
}

impl Outcome {
    /// Decodes the body and makes the checks. Neither is in the service time: they are work of the client.
    fn judged(
        self,
        inner: &Inner,
        settings: Settings,
        request: Result<Hop, Box<Broken>>,
        checks: impl Checks,
    ) -> Result<CaughtResponse, RecordedError> {
        let hop = request.map_err(|broken| refused(inner, &settings, &broken))?;
        let Self { mut pending, method, answer, service_time } = self;
        let Answer { status, head, mut body, received, .. } = answer;
        let Settings { name, expected, limits } = settings;
        let mut length = received;
        if head.is_coded() && !body.is_empty() {
            match coding::undo(&head, &body, &limits) {
                Ok(Some(decoded)) => {
                    length = decoded.length;
                    pending.set_content(length);
                    body = decoded.content;
                }
                Ok(None) => {}
                Err(fault) => {
                    let name = label(inner, name.as_deref(), &hop.target);
                    return Err(failed(pending, method.as_str(), &name, &fault));
                }
            }
        }
        let response = Response {
            status,
            head,
            body,
            length,
            received,
            service_time,
            phases: *pending.phases_mut(),
            target: hop.target,
            method,
            name,
            failed: None,
        };
        let judge =
            |response: &Response| verdict::judge(status, expected).map(Cow::Owned).or_else(|| checks.run(response));
        Ok(CaughtResponse::new(response, pending, judge))
    }
}

/// Everything but the verdict.
async fn exchange(inner: &Inner, settings: &mut Settings, hop: &mut Hop) -> Result<Outcome, RecordedError> {
    let Settings { name, limits, .. } = settings;
    if name.is_none() {
        *name = inner.renamed();
    }
    let method = hop.method.clone();
    let now = Instant::now();
    let mut pending = {
        let name = label(inner, name.as_deref(), &hop.target);
        inner.setup.recorder.start_at(method.as_str(), &name, now)
    };
    let outcome = {
        let chain = pin!(follow(inner, hop, name, limits, now, &mut pending));
        deadline::within(&inner.timer, now.checked_add(limits.timeout), chain).await
    };
    let service_time = pending.stop_clock();
    match outcome.unwrap_or_else(|| Err(Fault::timeout(limits.timeout, how_far(&mut pending)))) {
        Ok((answer, ready)) => {
            note_times(&mut pending, &answer, ready, now + service_time);
            Ok(Outcome { pending, method, answer, service_time })
        }
        Err(fault) => {
            let name = label(inner, name.as_deref(), &hop.target);
            Err(failed(pending, method.as_str(), &name, &fault))
        }
    }
}

/// Sends requests until an answer is final. With it, when its connection was ready.
async fn follow(
    inner: &Inner,
    hop: &mut Hop,
    name: &mut Option<Cow<'static, str>>,
    limits: &Limits,
    now: Instant,
    pending: &mut Pending,
) -> Result<(Answer, Instant), Fault> {
    let (mut followed, mut now) = (0, now);
    loop {
        let (answer, ready) = {
            let automatic = inner.automatic(&hop.target.origin);
            let cookies = cookies(inner, hop, &automatic, now);
            let outgoing = Outgoing {
                method: &hop.method,
                target: &hop.target,
                cookies: cookies.as_deref(),
                automatic: &automatic,
                content_type: hop.content_type.as_deref(),
                headers: &hop.headers,
                body: hop.body.as_ref(),
                compression: limits.compression,
                keep: Keep { all: !limits.discard, most: limits.largest_body },
                connect_timeout: limits.connect_timeout,
                connections: limits.connections,
                now,
            };
            inner.transport.exchange(&inner.setup.network, &outgoing, pending).await?
        };
        inner.jar.borrow_mut().store(&answer.head, &hop.target);
        let Some(most) = limits.redirects else { return Ok((answer, ready)) };
        let Some(location) = redirect::location(answer.status, &answer.head) else { return Ok((answer, ready)) };
        if followed == most {
            return Err(Fault::protocol("too many redirects", format!("{most} followed; the next is {location}")));
        }
        followed += 1;
        pending.next_hop();
        if name.is_none() {
            *name = Some(label(inner, None, &hop.target).into_owned().into());
        }
        now = Instant::now();
        note_times(pending, &answer, ready, now);
        redirect::follow(hop, &inner.setup.base, answer.status, location)?;
    }
}

/// The `Cookie` header of a request, unless it has one of its own.
fn cookies(inner: &Inner, hop: &Hop, automatic: &Automatic, now: Instant) -> Option<Rc<HeaderValue>> {
    if automatic.map().contains_key(COOKIE) {
        return None;
    }
    let session = inner.jar.borrow_mut().header(&hop.target, now);
    match &hop.cookies {
        None => session,
        Some(own) => cookies::with_own(session.as_deref(), own).map(Rc::new),
    }
}

/// How far a request had come when its time ran out.
#[cold]
fn how_far(pending: &mut Pending) -> String {
    let (written, received, phases) = (pending.is_written(), pending.received(), pending.phases_mut());
    let has_connection = phases.opened + phases.reused > 0;
    match (received, written) {
        (0, true) => "sent, without an answer that was complete".to_owned(),
        (0, false) if has_connection => "connected, while the request was sent".to_owned(),
        (0, false) => "while waiting for a connection".to_owned(),
        (received, _) => format!("after {received} bytes of the body"),
    }
}

/// The phases that begin when the connection is ready.
fn note_times(pending: &mut Pending, answer: &Answer, ready: Instant, end: Instant) {
    let first = answer.first.unwrap_or(end);
    let phases = pending.phases_mut();
    phases.first_byte += first.saturating_duration_since(ready);
    phases.download += end.saturating_duration_since(first);
}

/// The name under which a request is counted.
fn label<'a>(inner: &Inner, name: Option<&'a str>, target: &'a Target) -> Cow<'a, str> {
    name.map_or_else(|| name::default_name(&inner.setup.base, target), Cow::Borrowed)
}

/// Counts a request that could not be built.
#[cold]
fn refused(inner: &Inner, settings: &Settings, broken: &Broken) -> RecordedError {
    let renamed = inner.renamed();
    let name = settings.name.as_deref().or(renamed.as_deref()).unwrap_or(&broken.name);
    let pending = inner.setup.recorder.start(&broken.method, name);
    failed(pending, &broken.method, name, &broken.fault)
}

/// Counts a request that got no answer.
#[cold]
fn failed(pending: Pending, method: &str, name: &str, fault: &Fault) -> RecordedError {
    pending.fail(Failure { error: &fault.error, sample: &fault.sample });
    RecordedError::new(fault.kind, format!("{method} {name}: {}", fault.error))
}
