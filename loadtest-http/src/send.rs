//! Sending: cookies, redirects, the deadline, and the one sample that a request makes.

use std::borrow::Cow;
use std::pin::pin;
use std::rc::Rc;

use http::HeaderValue;
use loadtest_core::stats::{Failure, Pending};
use loadtest_core::{ErrorKind, RecordedError};
use tokio::time::Instant;

use crate::call::{Broken, Call, Hop, Settings};
use crate::caught::CaughtResponse;
use crate::coding;
use crate::cookies;
use crate::deadline;
use crate::exchange;
use crate::fault::Fault;
use crate::headers::Automatic;
use crate::name;
use crate::redirect;
use crate::request::RequestBuilder;
use crate::response::Response;
use crate::session::Inner;
use crate::target::Target;
use crate::trace::Telling;
use crate::transport::{Answer, Keep, Outgoing};
use crate::verdict::{self, Checks};

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
        let Self { session, mut call, checks } = self;
        // A block, and no `async fn`: as arguments of one they would be moved, and the future, of which each user keeps one,
        // would hold them twice. Pinned where it lies, a future is polled there; awaited by value, it is copied first, unless
        // the compiler sees through it.
        async move {
            pin!(exchange(&session.0, &mut call)).await?;
            let mut response = judged(&session.0, call, checks)?;
            response.call.record();
            Ok(response)
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
        let Self { session, mut call, checks } = self;
        async move {
            pin!(exchange(&session.0, &mut call)).await?;
            judged(&session.0, call, checks).map(CaughtResponse)
        }
    }
}

/// Sends the request; then the sample is open, with an answer, and its clock stopped.
async fn exchange(inner: &Inner, call: &mut Call) -> Result<(), RecordedError> {
    if let Some(broken) = call.broken.take() {
        return Err(refused(inner, call, &broken));
    }
    let name = &mut call.settings.name;
    if name.is_none() {
        *name = inner.renamed();
    }
    call.method = call.hop.method.clone();
    let now = Instant::now();
    let pending = {
        let name = label(inner, name.as_deref(), &call.hop.target);
        if let Some(tracer) = &inner.tracer {
            call.telling = Some(Telling::new(tracer, format!("{} {name}", call.method), now));
        }
        inner.recorder.start_at(call.method.as_str(), &name, now)
    };
    call.pending = Some(pending);
    let limit = call.settings.limits.timeout;
    let outcome = {
        let chain = pin!(follow(inner, call, now));
        deadline::within(&inner.timer, now.checked_add(limit), chain).await
    };
    let end = call.answer.end.filter(|_| matches!(outcome, Some(Ok(_)))).unwrap_or_else(Instant::now);
    call.service_time = call.pending.as_mut().map(|pending| pending.stop_clock_at(end)).unwrap_or_default();
    match outcome.unwrap_or_else(|| Err(Fault::timeout(limit, call.pending.as_ref().map(how_far).unwrap_or_default())))
    {
        Ok(ready) => {
            if let Some(pending) = &mut call.pending {
                pending.set_status(call.answer.status.as_u16());
            }
            note_times(call.pending.as_mut(), &call.answer, ready, end);
            call.is_answered = true;
            Ok(())
        }
        Err(fault) => Err(failed(inner, call, &fault)),
    }
}

/// Sends requests until an answer is final; says when its connection was ready.
async fn follow(inner: &Inner, call: &mut Call, mut now: Instant) -> Result<Instant, Fault> {
    let Call { settings: Settings { name, limits, .. }, hop, pending: Some(pending), sent, answer, telling, .. } = call
    else {
        return Err(Fault::request("sent twice", ""));
    };
    let mut followed = 0;
    loop {
        let ready = {
            let automatic = inner.automatic(&hop.target.origin);
            let cookies = cookies(inner, hop, &automatic, now);
            (sent.cookies, sent.is_answered) = (cookies, false);
            let automatic = &**sent.automatic.insert(automatic);
            let outgoing = Outgoing {
                method: &hop.method,
                target: &hop.target,
                cookies: sent.cookies.as_deref(),
                automatic,
                content_type: hop.content_type.as_deref(),
                headers: &hop.headers,
                body: hop.body.as_ref(),
                compression: limits.compression,
                keep: Keep { all: !limits.discard, decode: limits.compression, most: limits.largest_body },
                connect_timeout: limits.connect_timeout,
                connections: limits.connections,
                now,
            };
            if let Some(telling) = telling {
                Box::pin(telling.request(&outgoing, pending)).await;
            }
            pin!(inner.transport.exchange(&inner.setup.network, &outgoing, pending, answer)).await?
        };
        sent.is_answered = true;
        if let Some(telling) = telling {
            telling.answer(answer, ready, pending, limits);
        }
        inner.jar.borrow_mut().store(&answer.head, &hop.target, now);
        let Some(most) = limits.redirects else { return Ok(ready) };
        let Some(location) = redirect::location(answer.status, &answer.head) else { return Ok(ready) };
        if followed == most {
            return Err(Fault::protocol("too many redirects", format!("{most} followed; the next is {location}")));
        }
        followed += 1;
        pending.next_hop();
        if name.is_none() {
            *name = Some(label(inner, None, &hop.target).into_owned().into());
        }
        now = answer.end.unwrap_or_else(Instant::now);
        note_times(Some(&mut *pending), answer, ready, now);
        redirect::follow(hop, &inner.setup.base, answer.status, location)?;
    }
}

/// Decodes the body and makes the checks. Neither is in the service time: they are work of the client.
fn judged(inner: &Inner, mut call: Box<Call>, checks: impl Checks) -> Result<Response, RecordedError> {
    call.length = call.answer.received;
    if call.answer.head.is_coded() && !call.answer.body.is_empty() {
        decode(inner, &mut call)?;
    }
    call.failed = verdict::judge(call.answer.status, call.settings.expected).map(Cow::Owned);
    call.failed_by_status = call.failed.is_some();
    let mut response = Response { call };
    if response.call.failed.is_none() {
        response.call.failed = checks.run(&response);
    }
    Ok(response)
}

fn decode(inner: &Inner, call: &mut Call) -> Result<(), RecordedError> {
    match coding::undo(&call.answer.head, &call.answer.body, &call.settings.limits) {
        Ok(Some(decoded)) => {
            call.length = decoded.length;
            call.answer.body = decoded.content;
            if let Some(pending) = &mut call.pending {
                // Of the answers that redirected, too.
                let before = pending.received().saturating_sub(call.answer.received);
                pending.set_content(before + decoded.length);
            }
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(fault) => {
            call.is_recorded = true;
            Err(failed(inner, call, &fault))
        }
    }
}

/// The `Cookie` header of a request, unless it has one of its own.
fn cookies(inner: &Inner, hop: &Hop, automatic: &Automatic, now: Instant) -> Option<Rc<HeaderValue>> {
    if automatic.has_cookies() {
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
fn how_far(pending: &Pending) -> String {
    let (written, received) = (pending.is_written(), pending.received());
    let has_connection = pending.phases().is_some_and(|phases| phases.opened + phases.reused > 0);
    match (received, written) {
        (0, true) => "sent, but the answer was not complete".to_owned(),
        (0, false) if has_connection => "connected, while the request was sent".to_owned(),
        (0, false) => "before there was a connection".to_owned(),
        (received, _) => format!("after {received} bytes of body, those of redirects included"),
    }
}

/// The phases that begin when the connection is ready.
fn note_times(pending: Option<&mut Pending>, answer: &Answer, ready: Instant, end: Instant) {
    let Some(pending) = pending else { return };
    let phases = pending.phases_mut();
    phases.first_byte += answer.first.unwrap_or(end).saturating_duration_since(ready);
    if let Some(first) = answer.first {
        phases.download += end.saturating_duration_since(first);
    }
}

/// The name under which a request is counted.
fn label<'a>(inner: &Inner, name: Option<&'a str>, target: &'a Target) -> Cow<'a, str> {
    name.map_or_else(|| name::default_name(&inner.setup.base, target), Cow::Borrowed)
}

/// Counts a request that could not be built.
#[cold]
fn refused(inner: &Inner, call: &Call, broken: &Broken) -> RecordedError {
    let renamed = inner.renamed();
    let name = call.settings.name.as_deref().or(renamed.as_deref()).unwrap_or(&broken.name);
    let pending = inner.recorder.start(&broken.method, name);
    let fault = &broken.fault;
    if let Some(tracer) = &inner.tracer {
        tracer.refused(&format!("{} {name}", broken.method), &fault.error, &fault.sample);
    }
    pending.fail(Failure::new(&fault.error).kind(fault.kind).sample(&fault.sample));
    RecordedError::new(fault.kind, format!("{} {name}: {}", broken.method, fault.error))
}

/// Counts a request that got no answer.
#[cold]
fn failed(inner: &Inner, call: &mut Call, fault: &Fault) -> RecordedError {
    if let Some(mut pending) = call.pending.take() {
        let mut sample = exchange::details(call, fault);
        // Of a connection, which has an address; an application in the process has none.
        if fault.kind == ErrorKind::Closed && fault.sample.contains(&*call.hop.target.origin.text) {
            sample = format!("{sample}; {}", how_far(&pending));
        }
        let tell = |most| exchange::of(call, most);
        pending.settle(Some(Failure::new(&fault.error).kind(fault.kind).sample(&sample).exchange(&tell)));
        call.pending = Some(pending);
    }
    if let Some(telling) = call.telling.take() {
        telling.verdict(Some(&fault.error), &fault.sample, call.service_time);
    }
    let name = label(inner, call.settings.name.as_deref(), &call.hop.target);
    RecordedError::new(fault.kind, format!("{} {name}: {}", call.method, fault.error))
}
