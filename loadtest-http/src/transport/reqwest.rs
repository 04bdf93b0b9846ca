//! The reqwest transport: one `reqwest::Client` per thread, without its cookies, redirects and retries.

use std::cell::OnceCell;
use std::error::Error;
use std::io;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method};
use loadtest_core::ErrorKind;
use loadtest_core::stats::Pending;
use reqwest::redirect::Policy;

use super::tls::Tls;
use super::{Answer, Head, Outgoing};
use crate::fault::Fault;
use crate::request::replace;
use crate::target::Target;

/// The client of one thread and its pool of connections, made for the first request.
#[derive(Debug, Default)]
pub(super) struct Pool(OnceCell<reqwest::Client>);

impl Pool {
    pub(super) async fn exchange(
        &self,
        tls: &Tls,
        outgoing: &Outgoing<'_>,
        pending: &mut Pending,
    ) -> Result<Answer, Fault> {
        let target = outgoing.target;
        let url = target.url().map_err(|error| Fault::request("malformed URL", error))?;
        let mut request = reqwest::Request::new(outgoing.method.clone(), url);
        *request.headers_mut() = headers(outgoing);
        if let Some(body) = outgoing.body {
            *request.body_mut() = Some(body.clone().into());
        }
        let mut response = self.client(tls)?.execute(request).await.map_err(|error| fault(&error, target))?;
        // How far writing got is hidden in reqwest; an answer says that the request arrived.
        pending.set_written();
        pending.add_sent(outgoing.body.map_or(0, |body| body.len() as u64));
        let mut body = Collected::default();
        while let Some(piece) = response.chunk().await.map_err(|error| fault(&error, target))? {
            pending.add_received(piece.len() as u64);
            body.push(piece);
        }
        let status = response.status();
        let head = Head::from(std::mem::take(response.headers_mut()));
        Ok(Answer { status, head, body: body.finish() })
    }

    fn client(&self, tls: &Tls) -> Result<&reqwest::Client, Fault> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let config = tls.config()?;
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .no_proxy()
            .tcp_nodelay(true)
            .tls_backend_preconfigured((**config).clone())
            .build()
            .map_err(|error| Fault::new(ErrorKind::Other, "reqwest cannot be set up", with_causes(&error)))?;
        Ok(self.0.get_or_init(|| client))
    }
}

/// All headers of a request: the automatic ones, and in their place those that were set on it.
fn headers(outgoing: &Outgoing<'_>) -> HeaderMap {
    let mut headers = outgoing.automatic.map().clone();
    if let Some(cookies) = outgoing.cookies {
        headers.insert(COOKIE, cookies.clone());
    }
    if let Some(content_type) = outgoing.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    replace(&mut headers, outgoing.headers.clone());
    // reqwest knows the length; a wrong one would break the connection.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    // RFC 9110, 8.6: methods that usually have content say that there is none.
    let usually_has_content = matches!(*outgoing.method, Method::POST | Method::PUT | Method::PATCH);
    if usually_has_content && outgoing.body.is_none_or(Bytes::is_empty) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers
}

/// Says with the words of the direct transport what reqwest reports.
fn fault(error: &reqwest::Error, target: &Target) -> Fault {
    let address = &target.origin.text;
    if !error.is_connect() {
        return exchange_fault(error, address);
    }
    // hyper-util names the step only in the text of one of the causes.
    let text = with_causes(error);
    if text.contains("dns error") {
        return Fault::dns(&target.origin.host, text);
    }
    match cause::<io::Error>(error).map(innermost) {
        Some(error) if error.raw_os_error().is_none() => Fault::tls(error, address),
        Some(error) => Fault::connect(error, address),
        None => Fault::new(ErrorKind::Connect, "connecting failed", text),
    }
}

/// An open connection failed.
fn exchange_fault(error: &reqwest::Error, address: &str) -> Fault {
    let sample = format!("{address}: {}", with_causes(error));
    if let Some(error) = cause::<io::Error>(error) {
        return Fault::of_io(error, sample);
    }
    let Some(error) = cause::<hyper::Error>(error) else {
        return Fault::new(ErrorKind::Other, "transport error", sample);
    };
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Fault::closed(&sample)
    } else if error.is_user() {
        Fault::new(ErrorKind::Request, error.to_string(), sample)
    } else {
        // hyper's own texts are fixed; what varies is in their causes.
        Fault::malformed(&error.to_string(), &sample)
    }
}

/// An I/O error can wrap another, which is not among its causes.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| (inner as &(dyn Error + 'static)).downcast_ref()) {
        error = inner;
    }
    error
}

/// The innermost error of this type in a chain of causes.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        found = error.downcast_ref().or(found);
        next = error.source();
    }
    found
}

/// An error's text and those of its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = error.source();
    }
    text
}

/// A body while it arrives; one that comes in one piece is kept without a copy.
#[derive(Debug, Default)]
struct Collected {
    first: Bytes,
    all: BytesMut,
}

impl Collected {
    fn push(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn finish(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
