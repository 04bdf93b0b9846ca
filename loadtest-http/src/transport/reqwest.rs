//! The reqwest transport: one `reqwest::Client` per thread, without its cookies, redirects and retries.

use std::cell::OnceCell;
use std::error::Error;
use std::io;

use loadtest_core::ErrorKind;
use loadtest_core::stats::Pending;
use reqwest::redirect::Policy;

use super::tls::Tls;
use super::{Answer, Collected, Outgoing};
use crate::fault::{Fault, cause, with_causes};
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
        *request.headers_mut() = (outgoing.headers)();
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
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { status, headers, body: body.finish() })
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

/// Says with the words of the direct transport what reqwest reports.
fn fault(error: &reqwest::Error, target: &Target) -> Fault {
    let address = &target.origin.text;
    if !error.is_connect() {
        return Fault::exchange(error, address);
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

/// An I/O error can wrap another, which is not among its causes.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| (inner as &(dyn Error + 'static)).downcast_ref()) {
        error = inner;
    }
    error
}
