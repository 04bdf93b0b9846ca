//! A session on the second transport.

use loadtest_core::{Client, ClientSettings, Configure, Context, Exit, InputError};

use super::HttpSession;
use crate::settings::HttpSettings;
use crate::transport::Kind;

/// An [`HttpSession`] on one `reqwest::Client` per thread.
///
/// Cookies, redirects, names and statistics are those of [`HttpSession`], to which it dereferences. Connections
/// come from reqwest's pool, so users of one thread share them, and their number is not limited. Whether a request was
/// written is known only from its answer: one that is interrupted before counts as not written, although the server may
/// have received it. Of the phases only the first byte and the download are known, and nothing is repeated. The time for
/// connecting is that of the first request of the thread, for all. It takes 100 headers, and a server that floods it with
/// chunk sizes or interim answers can outlast a deadline, because hyper reads on for a whole turn of its task.
#[derive(Debug, Clone)]
pub struct ReqwestSession(HttpSession);

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

impl Client for ReqwestSession {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        HttpSession::check(settings)
    }

    fn create(cx: &Context) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, &HttpSettings::default())?)
    }
}

impl Configure<HttpSettings> for ReqwestSession {
    fn check_with(settings: &ClientSettings<'_>, own: &HttpSettings) -> Result<(), InputError> {
        HttpSession::check_with(settings, own)
    }

    fn create_with(cx: &Context, own: &HttpSettings) -> Result<Self, Exit> {
        Ok(Self::create_with(cx, own)?)
    }
}

impl std::ops::Deref for ReqwestSession {
    type Target = HttpSession;

    fn deref(&self) -> &HttpSession {
        &self.0
    }
}
