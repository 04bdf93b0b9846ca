//! Sending: cookies, redirects, the deadline, and the one sample that a request makes.

use std::borrow::Cow;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use loadtest_core::RecordedError;
use loadtest_core::stats::{Failure, Pending};
use tokio::time::Instant;

use crate::deadline;
use crate::fault::Fault;
use crate::name;
use crate::redirect;
use crate::request::{Broken, RequestBuilder, Settings};
use crate::response::Response;
use crate::session::Inner;
use crate::target::Target;
use crate::transport::{Answer, Outgoing};
use crate::verdict;

/// One request to one origin: the first, or what a redirect made of it.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// Those set on the request; the automatic ones are added when it is sent.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// For the body, unless the headers have one.
    pub(crate) content_type: Option<&'static str>,
}

impl RequestBuilder {
    /// Sends the request and reads the whole answer; counts it, whatever happens.
    ///
    /// Every status gives `Ok`: a status of 400 or above counts as a failed request (see
    /// [`expect_status`](Self::expect_status)), but it is an answer. When the future is dropped before its end, by
    /// a stop or a `select!`, the request counts as interrupted and its connection is closed.
    ///
    /// # Errors
    /// When there is no answer: the request could not be built, the connection failed, the time ran out, there
    /// were too many redirects. It is counted already, so `?` in a task makes no exception of it.
    pub fn send(self) -> impl Future<Output = Result<Response, RecordedError>> {
        let Self { session, mut settings, mut request } = self;
        // The block works on these where they lie. As arguments of an `async fn` they would be moved, and the future,
        // of which each user keeps one, would hold them twice.
        async move {
            let inner = &*session.0;
            let hop = match &mut request {
                Ok(hop) => hop,
                Err(broken) => return Err(refused(inner, &settings, broken)),
            };
            let (pending, method, answer, service_time) = exchange(inner, &mut settings, hop).await?;
            let Answer { status, head, body } = answer;
            match verdict::judge(status, settings.expected) {
                None => pending.ok(),
                Some(error) => pending.fail(Failure { error: &error, sample: &verdict::excerpt(&body) }),
            }
            let hop = request.map_err(|broken| refused(inner, &settings, &broken))?;
            Ok(Response {
                status,
                head,
                body,
                service_time,
                target: hop.target,
                method,
                name: settings.name,
                expected: settings.expected,
            })
        }
    }
}

/// Everything but the verdict: the sample is open, and its clock stopped.
async fn exchange(
    inner: &Inner,
    settings: &mut Settings,
    hop: &mut Hop,
) -> Result<(Pending, Method, Answer, Duration), RecordedError> {
    let Settings { name, timeout, redirects, .. } = settings;
    let method = hop.method.clone();
    let now = Instant::now();
    let mut pending = {
        let name = label(inner, name.as_deref(), &hop.target);
        inner.setup.recorder.start_at(method.as_str(), &name, now)
    };
    let outcome = {
        let chain = pin!(follow(inner, hop, name, *redirects, now, &mut pending));
        deadline::within(&inner.timer, now.checked_add(*timeout), chain).await
    };
    let service_time = pending.stop_clock();
    match outcome.unwrap_or_else(|| Err(Fault::timeout(*timeout))) {
        Ok(answer) => Ok((pending, method, answer, service_time)),
        Err(fault) => {
            let name = label(inner, name.as_deref(), &hop.target);
            Err(failed(pending, method.as_str(), &name, &fault))
        }
    }
}

/// Sends requests until an answer is final.
async fn follow(
    inner: &Inner,
    hop: &mut Hop,
    name: &mut Option<Cow<'static, str>>,
    redirects: Option<u32>,
    now: Instant,
    pending: &mut Pending,
) -> Result<Answer, Fault> {
    let (mut followed, mut now) = (0, now);
    loop {
        let answer = {
            let base = &inner.setup.base;
            let other;
            let automatic = if Rc::ptr_eq(&base.origin, &hop.target.origin) {
                &base.automatic
            } else {
                // Boxed: few requests go to other origins, and the future of each would have room for it.
                other = Box::new(hop.target.origin.automatic());
                &other
            };
            let cookies = inner.jar.borrow_mut().header(&hop.target, now);
            let outgoing = Outgoing {
                method: &hop.method,
                target: &hop.target,
                automatic,
                cookies: cookies.as_deref(),
                content_type: hop.content_type,
                headers: &hop.headers,
                body: hop.body.as_ref(),
            };
            inner.transport.exchange(&inner.setup.network, &outgoing, pending).await?
        };
        inner.jar.borrow_mut().store(&answer.head, &hop.target);
        let Some(most) = redirects else { return Ok(answer) };
        let Some(location) = redirect::location(answer.status, &answer.head) else { return Ok(answer) };
        if followed == most {
            return Err(Fault::protocol("too many redirects", format!("{most} followed; the next is {location}")));
        }
        followed += 1;
        pending.next_hop();
        if name.is_none() {
            *name = Some(label(inner, None, &hop.target).into_owned().into());
        }
        redirect::follow(hop, &inner.setup.base, answer.status, location)?;
        now = Instant::now();
    }
}

/// The name under which a request is counted.
fn label<'a>(inner: &Inner, name: Option<&'a str>, target: &'a Target) -> Cow<'a, str> {
    name.map_or_else(|| name::default_name(&inner.setup.base, target), Cow::Borrowed)
}

/// Counts a request that could not be built.
#[cold]
fn refused(inner: &Inner, settings: &Settings, broken: &Broken) -> RecordedError {
    let name = settings.name.as_deref().unwrap_or(&broken.name);
    let pending = inner.setup.recorder.start(&broken.method, name);
    failed(pending, &broken.method, name, &broken.fault)
}

/// Counts a request that got no answer.
#[cold]
fn failed(pending: Pending, method: &str, name: &str, fault: &Fault) -> RecordedError {
    pending.fail(Failure { error: &fault.error, sample: &fault.sample });
    RecordedError::new(fault.kind, format!("{method} {name}: {}", fault.error))
}
