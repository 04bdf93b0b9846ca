//! Clients: what a user talks to the system under test with.

use crate::context::Context;
use crate::error::InputError;
use crate::exit::Exit;
use crate::tls::{self, TlsOptions};

/// What a client can check before any load starts.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ClientSettings<'a> {
    /// The user class that has the client.
    pub class: &'a str,
    /// The host to test: `--host`, else the one of the user class.
    pub host: Option<&'a str>,
    /// What the run says about TLS.
    pub tls: &'a TlsOptions,
}

impl<'a> ClientSettings<'a> {
    /// For the tests of a client; nothing is said about TLS.
    #[must_use]
    pub fn new(class: &'a str, host: Option<&'a str>) -> Self {
        Self { class, host, tls: &tls::DEFAULT }
    }

    /// With what the run says about TLS.
    #[must_use]
    pub fn with_tls(self, tls: &'a TlsOptions) -> Self {
        Self { tls, ..self }
    }
}

/// Something with which a user talks to the system under test: `HttpSession`, or one of your own.
///
/// A client is made for each user, on that user's thread, and need not be `Send`. It records what it does through
/// [`Context::recorder`] or [`Context::measure`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client",
    label = "marked `#[client]`",
    note = "use `HttpSession`, or implement `loadtest::Client` for `{Self}`"
)]
pub trait Client: Sized {
    /// Whether clients can be made with these settings; asked once for each user class, before any load.
    ///
    /// # Errors
    /// When not: a missing or malformed host, say, with what to write instead.
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        let _ = settings;
        Ok(())
    }

    /// Makes the client of one user.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(cx: &Context) -> Result<Self, Exit>;
}
