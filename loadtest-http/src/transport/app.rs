//! The transport without a network: requests go to an application in this process, a service of tower.
//!
//! It does what a server and a connection would: hands over the body while it is read, takes the answer's body to its end,
//! drops the application's future with the request. What a server adds to an answer is added as far as a client depends on
//! it, which is the length of its body.

mod body;

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Buf, Bytes};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use loadtest_core::ErrorKind;
use loadtest_core::stats::Pending;
use tokio::time::Instant;
use tower_service::Service;

pub use self::body::AppBody;
use self::body::Taken;
use super::message::{self, Collected};
use super::{Answer, Head, Keep, Network, Outgoing, Transport};
use crate::fault::{Fault, with_causes};
use crate::target::Origin;

/// Any error, as tower has it.
type AnyError = Box<dyn Error + Send + Sync>;

/// One request, until its answer is whole.
type Exchange<'a> = Pin<Box<dyn Future<Output = Result<Instant, Fault>> + 'a>>;

/// An application with its types hidden, on one thread.
pub(crate) trait Mounted {
    /// As [`Transport::exchange`].
    fn exchange<'a>(
        &self,
        outgoing: &'a Outgoing<'a>,
        pending: &'a mut Pending,
        answer: &'a mut Answer,
    ) -> Exchange<'a>;
}

/// Hides the types of an application.
pub(crate) fn mounted<S, B>(service: S) -> Rc<dyn Mounted>
where
    S: Service<Request<AppBody>, Response = Response<B>, Error: Into<AnyError>> + Clone + 'static,
    B: Body<Error: Into<AnyError>> + 'static,
{
    Rc::new(Typed(service))
}

struct Typed<S>(S);

impl<S, B> Mounted for Typed<S>
where
    S: Service<Request<AppBody>, Response = Response<B>, Error: Into<AnyError>> + Clone + 'static,
    B: Body<Error: Into<AnyError>> + 'static,
{
    fn exchange<'a>(
        &self,
        outgoing: &'a Outgoing<'a>,
        pending: &'a mut Pending,
        answer: &'a mut Answer,
    ) -> Exchange<'a> {
        // A clone for each request, as servers do: readiness belongs to the one that said so.
        let service = self.0.clone();
        Box::pin(async move {
            let mut has_waited = false;
            let outcome = exchange(service, outgoing, pending, answer, &mut has_waited).await;
            if !has_waited {
                // Over a connection every request waits, and others have their turn; an application that never does would
                // keep the thread to one user. When its answer came is noted already.
                tokio::task::yield_now().await;
            }
            outcome
        })
    }
}

/// An application in this process, and the way to everything else.
pub(crate) struct InProcess {
    app: Rc<dyn Mounted>,
    /// Whose requests it takes.
    origin: Rc<Origin>,
    elsewhere: Transport,
}

impl InProcess {
    pub(crate) fn in_front_of(elsewhere: Transport, app: Rc<dyn Mounted>, origin: Rc<Origin>) -> Transport {
        Transport::App(Box::new(Self { app, origin, elsewhere }))
    }

    pub(super) fn exchange<'a>(
        &'a self,
        network: &'a Network,
        outgoing: &'a Outgoing<'a>,
        pending: &'a mut Pending,
        answer: &'a mut Answer,
    ) -> Exchange<'a> {
        if *outgoing.target.origin == *self.origin {
            self.app.exchange(outgoing, pending, answer)
        } else {
            Box::pin(self.elsewhere.exchange(network, outgoing, pending, answer))
        }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// As [`Transport::exchange`]; says also whether anything was waited for.
async fn exchange<S, B>(
    mut service: S,
    outgoing: &Outgoing<'_>,
    pending: &mut Pending,
    answer: &mut Answer,
    has_waited: &mut bool,
) -> Result<Instant, Fault>
where
    S: Service<Request<AppBody>, Response = Response<B>, Error: Into<AnyError>>,
    B: Body<Error: Into<AnyError>>,
{
    let is_ready = async {
        let ready = poll_fn(|cx| service.poll_ready(cx)).await;
        ready.map_err(|error| failed(ErrorKind::Connect, "application not ready", error))
    };
    caught(has_waited, is_ready).await?;
    let mut ready = outgoing.now;
    if *has_waited {
        ready = Instant::now();
        pending.phases_mut().blocked += ready - outgoing.now;
    }
    let (body, taken) = AppBody::open(outgoing.body).await.map_err(|error| Fault::body(&error))?;
    let request = request(outgoing, body)?;
    let mut sending = Sending::new(&request, taken, pending);
    let whole = caught(has_waited, talk(service, request, outgoing, &mut sending)).await;
    // Whatever the application made of it: the rest of a connection would be lost.
    if let Some(broken) = sending.broken() {
        return Err(Fault::body(&broken));
    }
    *answer = whole?;
    Ok(ready)
}

/// Calls the application and takes the whole answer.
async fn talk<S, B>(
    mut service: S,
    request: Request<AppBody>,
    outgoing: &Outgoing<'_>,
    sending: &mut Sending<'_>,
) -> Result<Answer, Fault>
where
    S: Service<Request<AppBody>, Response = Response<B>, Error: Into<AnyError>>,
    B: Body<Error: Into<AnyError>>,
{
    let address = &*outgoing.target.origin.text;
    let response = service.call(request).await;
    let response = response.map_err(|error| failed(ErrorKind::Closed, "application error", error))?;
    let first = Instant::now();
    let (http::response::Parts { status, mut headers, .. }, body) = response.into_parts();
    let has_body = has_body(outgoing, status, address)?;
    if has_body {
        announce(&mut headers, body.size_hint().exact());
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(length);
    let head = Head::from(headers);
    let mut answer = Answer { status, head, first: Some(first), ..Answer::default() };
    if has_body {
        let Keep { all, decode, most } = outgoing.keep;
        let most = (all || (decode && answer.head.is_coded())).then_some(most);
        if let Some(most) = most.filter(|most| announced.is_some_and(|length| length > *most)) {
            return Err(Fault::too_large(most, address));
        }
        (answer.body, answer.received) = collect(body, most, address, sending.pending).await?;
        match announced {
            Some(length) if answer.received < length => return Err(Fault::closed(&address)),
            Some(length) if answer.received > length => {
                return Err(Fault::malformed("the body is longer than its content-length", address));
            }
            _ => {}
        }
    }
    answer.end = Some(Instant::now());
    Ok(answer)
}

/// Takes a body to its end: its content, unless nothing is kept, and how long it was.
async fn collect<B: Body<Error: Into<AnyError>>>(
    body: B,
    most: Option<u64>,
    address: &str,
    pending: &mut Pending,
) -> Result<(Bytes, u64), Fault> {
    let mut body = pin!(body);
    let (mut collected, mut received) = (Collected::default(), 0);
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| failed(ErrorKind::Closed, "the body broke off", error))?;
        // Trailers are passed over.
        if let Ok(mut data) = frame.into_data() {
            let length = data.remaining();
            received += length as u64;
            match most {
                Some(most) if received > most => return Err(Fault::too_large(most, address)),
                Some(_) => collected.push(data.copy_to_bytes(length)),
                None => {}
            }
            pending.add_received(length as u64);
        }
        // A body without end that never waits must not outlast the deadline.
        tokio::task::coop::consume_budget().await;
    }
    Ok((collected.finish(), received))
}

/// A request as a server would hand it on.
fn request(outgoing: &Outgoing<'_>, body: AppBody) -> Result<Request<AppBody>, Fault> {
    let uri = Uri::try_from(outgoing.target.path.as_str()).map_err(|error| Fault::request("malformed URL", error))?;
    let mut headers = message::headers(outgoing);
    // RFC 9110, 8.6: methods that usually have content say also that there is none.
    if body.length() > 0 || matches!(*outgoing.method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(CONTENT_LENGTH, body.length().into());
    }
    let mut request = Request::new(body);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Whether the answer has a body (RFC 9112, 6.3).
fn has_body(outgoing: &Outgoing<'_>, status: StatusCode, address: &str) -> Result<bool, Fault> {
    let is_upgrade = status == StatusCode::SWITCHING_PROTOCOLS;
    if is_upgrade && !outgoing.automatic.upgrades_with(outgoing.headers) {
        return Err(Fault::malformed("switching protocols without being asked", address));
    }
    if status.is_informational() && !is_upgrade {
        return Err(Fault::malformed("an interim status in place of a final one", address));
    }
    Ok(match *outgoing.method {
        Method::HEAD => false,
        Method::CONNECT if status.is_success() => false,
        _ => !is_upgrade && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED,
    })
}

/// Says how long a body is, as servers do where they know it and the application has not said anything.
fn announce(headers: &mut HeaderMap, length: Option<u64>) {
    if let Some(length) = length
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
    {
        headers.insert(CONTENT_LENGTH, length.into());
    }
}

fn length(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse().ok()
}

/// A request that an application is reading. What it has read is told when this is dropped, with or without an answer.
struct Sending<'a> {
    pending: &'a mut Pending,
    /// Of a body that is read while it is sent.
    taken: Option<Arc<Taken>>,
}

impl<'a> Sending<'a> {
    /// The application has the head, and a body that lies in memory. The bytes are those that HTTP/1.1 would need.
    fn new(request: &Request<AppBody>, taken: Option<Arc<Taken>>, pending: &'a mut Pending) -> Self {
        let line =
            request.method().as_str().len() + request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        let fields: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        pending.add_sent((line + " ".len() + " HTTP/1.1\r\n".len() + fields + "\r\n".len()) as u64);
        if taken.is_none() {
            pending.add_sent(request.body().length());
            pending.set_written();
        }
        Self { pending, taken }
    }

    /// Why the body could not be read to its end.
    fn broken(&self) -> Option<String> {
        self.taken.as_ref()?.broken().map(str::to_owned)
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(taken) = &self.taken {
            self.pending.add_sent(taken.bytes());
            if taken.is_whole() {
                self.pending.set_written();
            }
        }
    }
}

/// Polls the application; a panic is a failure of its own, as a server keeps it from other requests.
async fn caught<T>(has_waited: &mut bool, future: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut future = pin!(future);
    // What a panic leaves behind is the application's own, as with a server.
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => {
            *has_waited = true;
            Poll::Pending
        }
        Ok(ready) => ready,
        Err(payload) => {
            Poll::Ready(Err(Fault::new(ErrorKind::Closed, "the application panicked", message_of(&*payload))))
        }
    })
    .await
}

/// An error of the application, in the words of the statistics: grouped by its own text.
fn failed(kind: ErrorKind, what: &str, error: impl Into<AnyError>) -> Fault {
    let error = error.into();
    Fault::new(kind, format!("{what}: {error}"), with_causes(&*error))
}

/// What a panic carried.
fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("with a value that is no text")
}
