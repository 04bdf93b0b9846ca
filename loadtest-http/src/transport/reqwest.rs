//! The reqwest transport: one `reqwest::Client` per thread, without its cookies, redirects and retries.

use std::cell::OnceCell;
use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use loadtest_core::ErrorKind;
use loadtest_core::stats::Pending;
use reqwest::redirect::Policy;
use tokio::time::Instant;

use super::dns;
use super::message::{self, Collected};
use super::tls::Tls;
use super::{Answer, Head, Keep, Outgoing};
use crate::fault::{Fault, with_causes};
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
        answer: &mut Answer,
    ) -> Result<Instant, Fault> {
        let target = outgoing.target;
        let url = target.url().map_err(|error| Fault::request("malformed URL", error))?;
        let mut request = reqwest::Request::new(outgoing.method.clone(), url);
        *request.headers_mut() = headers(outgoing);
        let mut sent = 0;
        match outgoing.body {
            None => {}
            Some(body) => match body.as_bytes() {
                Some(bytes) => {
                    sent = bytes.len() as u64;
                    *request.body_mut() = Some(bytes.clone().into());
                }
                None => {
                    let streamed = body.open().await.map_err(|error| Fault::body(&error))?;
                    sent = streamed.length();
                    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(sent));
                    *request.body_mut() = Some(reqwest::Body::wrap(streamed));
                }
            },
        }
        let mut response = self
            .client(tls, outgoing.connect_timeout)?
            .execute(request)
            .await
            .map_err(|error| fault(&error, target))?;
        let first = Instant::now();
        // How far writing got is hidden in reqwest; an answer says that the request arrived.
        pending.set_written();
        pending.add_sent(sent);
        let status = response.status();
        let head = Head::from(std::mem::take(response.headers_mut()));
        let Keep { all, decode, most } = outgoing.keep;
        if status == StatusCode::SWITCHING_PROTOCOLS && !outgoing.headers.contains_key(UPGRADE) {
            return Err(Fault::malformed("switching protocols without being asked", &target.origin.text));
        }
        let keeps = all || (decode && head.is_coded());
        let too_large = || Fault::too_large(most, &*target.origin.text);
        if keeps && response.content_length().is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut body = Collected::default();
        let mut received = 0;
        while let Some(piece) = response.chunk().await.map_err(|error| fault(&error, target))? {
            received += piece.len() as u64;
            pending.add_received(piece.len() as u64);
            if !keeps {
                continue;
            }
            if received > most {
                return Err(too_large());
            }
            body.push(piece);
        }
        *answer = Answer { status, head, body: body.finish(), received, first: Some(first), end: Some(Instant::now()) };
        Ok(outgoing.now)
    }

    fn client(&self, tls: &Tls, connect_timeout: Duration) -> Result<&reqwest::Client, Fault> {
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
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            .tls_backend_preconfigured((**config).clone())
            .build()
            .map_err(|error| Fault::new(ErrorKind::Other, "reqwest cannot be set up", with_causes(&error)))?;
        Ok(self.0.get_or_init(|| client))
    }
}

/// The headers of a request, of which reqwest sets the length where there is a body.
fn headers(outgoing: &Outgoing<'_>) -> HeaderMap {
    let mut headers = message::headers(outgoing);
    // RFC 9110, 8.6: methods that usually have content say that there is none.
    let usually_has_content = matches!(*outgoing.method, Method::POST | Method::PUT | Method::PATCH);
    if usually_has_content && outgoing.body.is_none_or(|body| body.as_bytes().is_some_and(Bytes::is_empty)) {
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
        return dns::failed(&target.origin.host, text);
    }
    let is_tls = target.origin.secure && !text.contains("tcp ");
    match cause::<io::Error>(error).map(innermost) {
        Some(error) if is_tls || error.raw_os_error().is_none() => Fault::tls(error, address),
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
