//! What a session sends and gets, as text for somebody who looks at one user.
//!
//! Nothing here runs without a trace: a session then has no tracer, and a request asks for one once.

mod text;

use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::HeaderMap;
use loadtest_core::stats::{Pending, Phases};
use loadtest_core::units::format_millis;
use loadtest_core::{Context, Trace};
use tokio::time::Instant;

use crate::body::Body;
use crate::coding;
use crate::secrets;
use crate::settings::Limits;
use crate::transport::{self, Answer, Outgoing};
use crate::verdict;
use text::{SHOWN, is_text};

/// The trace of a user, as its sessions have it.
#[derive(Debug)]
pub(crate) struct Tracer {
    trace: Trace,
    /// Whose requests these are.
    who: String,
    /// Of all requests of the run: users and sessions may be several.
    requests: Arc<Requests>,
}

#[derive(Debug, Default)]
struct Requests(AtomicU64);

/// What is told of one request, from its start to its verdict.
#[derive(Debug)]
pub(crate) struct Telling {
    tracer: Rc<Tracer>,
    number: u64,
    /// As it stands in the statistics.
    name: String,
    started: Instant,
    /// Of this hop.
    sent: Instant,
    redirects: u32,
    /// Those of the hops before this one.
    before: Phases,
}

impl Tracer {
    /// `None` where nobody looks on.
    pub(crate) fn of(cx: &Context) -> Option<Rc<Self>> {
        let trace = cx.trace()?.clone();
        Some(Rc::new(Self { trace, who: cx.traced_as(), requests: cx.run_shared(Requests::default) }))
    }

    /// Tells of a request that could not be built.
    pub(crate) fn refused(&self, request: &str, error: &str, details: &str) {
        let text = format!("{request}: not sent: {error}: {details}");
        self.trace.write(&format!("{}: {}\n", self.who, secrets::without_credentials(&text)));
    }
}

impl Telling {
    pub(crate) fn new(tracer: &Rc<Tracer>, name: String, now: Instant) -> Box<Self> {
        Box::new(Self {
            tracer: Rc::clone(tracer),
            number: tracer.requests.0.fetch_add(1, Ordering::Relaxed) + 1,
            name,
            started: now,
            sent: now,
            redirects: 0,
            before: Phases::default(),
        })
    }

    /// Tells what goes out. A body that is read while it is sent is read once more, as far as it is shown.
    pub(crate) async fn request(&mut self, outgoing: &Outgoing<'_>, pending: &Pending) {
        self.before = pending.phases().copied().unwrap_or_default();
        let mut out = self.heading("request");
        let url = outgoing.target.text();
        let _ = writeln!(out, ": {} {url}", outgoing.method);
        let body = match outgoing.body {
            Some(body) => start(body).await,
            None => Ok((Vec::new(), 0)),
        };
        let length = body.as_ref().map_or(0, |(_, length)| *length);
        let head = transport::head_of(outgoing, length);
        let is_sensitive = |name: &str| {
            let in_map = |map: &HeaderMap| map.get_all(name).iter().any(http::HeaderValue::is_sensitive);
            in_map(outgoing.headers) || in_map(outgoing.automatic.map())
        };
        text::head(&mut out, '>', &head, self.hides(), is_sensitive);
        match body {
            Ok((start, length)) => text::body(&mut out, '>', &start, length),
            Err(error) => text::note(&mut out, '>', &format!("the body could not be read: {error}")),
        }
        self.tracer.trace.write(&out);
        // Writing the text is no time of the request's; the sample's own clock cannot know that.
        self.sent = Instant::now();
    }

    /// Tells what came back: the answer to the whole request, or a redirect on the way.
    pub(crate) fn answer(&mut self, answer: &Answer, ready: Instant, pending: &Pending, limits: &Limits) {
        let end = answer.end.unwrap_or_else(Instant::now);
        let first = answer.first.unwrap_or(end);
        let phases = Phases {
            first_byte: first.saturating_duration_since(ready.max(self.sent)),
            download: end.saturating_duration_since(first),
            ..since(pending.phases().copied().unwrap_or_default(), self.before)
        };
        let mut out = self.heading("answer");
        let took = format_millis(end.saturating_duration_since(self.sent));
        let _ = writeln!(out, ": {} after {took} ms ({})", verdict::text(answer.status), times(&phases));
        text::head(&mut out, '<', &answer.head.as_text(answer.status), self.hides(), |_| false);
        self.answer_body(&mut out, answer, limits);
        self.tracer.trace.write(&out);
        self.redirects += 1;
    }

    fn answer_body(&self, out: &mut String, answer: &Answer, limits: &Limits) {
        if answer.body.is_empty() && answer.received > 0 {
            text::note(out, '<', &format!("{} bytes, of which nothing was kept", answer.received));
            return;
        }
        match coding::undo(&answer.head, &answer.body, &Limits { discard: false, ..*limits }) {
            Ok(None) => text::body(out, '<', &answer.body, answer.received),
            Ok(Some(decoded)) => {
                text::body(out, '<', &decoded.content, decoded.length);
                text::note(out, '<', &format!("{} bytes, decoded from {}", decoded.length, answer.received));
            }
            Err(fault) => {
                text::note(out, '<', &format!("{} bytes: {}: {}", answer.received, fault.error, fault.sample))
            }
        }
    }

    /// Tells how the request is counted.
    pub(crate) fn verdict(&self, error: Option<&str>, details: &str, service_time: Duration) {
        let mut out = self.heading("verdict");
        let took = format_millis(service_time);
        let _ = match error {
            None => writeln!(out, ": {}: ok, {took} ms", self.name),
            Some(error) if details.is_empty() => writeln!(out, ": {}: failed: {error}, {took} ms", self.name),
            Some(error) => writeln!(out, ": {}: failed: {error} ({details}), {took} ms", self.name),
        };
        self.tracer.trace.write(&out);
    }

    /// Tells that the request was dropped.
    pub(crate) fn interrupted(&self) {
        let mut out = self.heading("verdict");
        let took = format_millis(self.started.elapsed());
        let _ = writeln!(out, ": {}: interrupted after {took} ms", self.name);
        self.tracer.trace.write(&out);
    }

    fn hides(&self) -> bool {
        !self.tracer.trace.shows_secrets()
    }

    /// `user 0: request 3`, and `, redirect 1` on the way.
    fn heading(&self, what: &str) -> String {
        let mut out = format!("{}: {what} {}", self.tracer.who, self.number);
        if self.redirects > 0 && what != "verdict" {
            let _ = write!(out, ", redirect {}", self.redirects);
        }
        out
    }
}

/// The beginning of a body, and the length of the whole.
async fn start(body: &Body) -> Result<(Vec<u8>, u64), String> {
    if let Some(bytes) = body.as_bytes() {
        return Ok((bytes.get(..SHOWN + 1).unwrap_or(bytes).to_vec(), bytes.len() as u64));
    }
    let mut streamed = body.open().await.map_err(|error| error.to_string())?;
    let length = streamed.length();
    let mut start = Vec::new();
    std::future::poll_fn(|cx| {
        // What is no text is not shown, whatever follows.
        while start.len() <= SHOWN && is_text(&start, true) {
            match streamed.poll_piece(cx, &mut start) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.to_string())),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    })
    .await?;
    Ok((start, length))
}

/// The phases of one hop of several.
fn since(all: Phases, before: Phases) -> Phases {
    Phases {
        blocked: all.blocked.saturating_sub(before.blocked),
        dns: all.dns.saturating_sub(before.dns),
        connect: all.connect.saturating_sub(before.connect),
        tls: all.tls.saturating_sub(before.tls),
        opened: all.opened.saturating_sub(before.opened),
        reused: all.reused.saturating_sub(before.reused),
        retried: all.retried.saturating_sub(before.retried),
        ..Phases::default()
    }
}

/// `connect 0.05 ms, first byte 1.20 ms, download 0.01 ms; connection opened`.
fn times(phases: &Phases) -> String {
    let all = [
        ("waited", phases.blocked),
        ("lookup", phases.dns),
        ("connect", phases.connect),
        ("TLS", phases.tls),
        ("first byte", phases.first_byte),
        ("download", phases.download),
    ];
    let had = all.iter().filter(|(name, time)| !time.is_zero() || *name == "first byte");
    let times: Vec<String> = had.map(|(name, time)| format!("{name} {} ms", format_millis(*time))).collect();
    let mut text = times.join(", ");
    for (count, what) in
        [(phases.opened, "connection opened"), (phases.reused, "connection used again"), (phases.retried, "sent again")]
    {
        if count > 0 {
            text.push_str("; ");
            text.push_str(what);
        }
    }
    text
}
