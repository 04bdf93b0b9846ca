//! What a session can be told beyond its host.

use std::fmt;

use loadtest_core::InputError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Settings of a session, given to [`HttpSession::create_with`](crate::HttpSession::create_with).
///
/// Sessions with equal settings share one TLS configuration per run.
///
/// ```
/// use loadtest_http::HttpSettings;
///
/// let settings = HttpSettings::new().accept_invalid_certificates(true);
/// # assert_ne!(settings, HttpSettings::default());
/// assert!(HttpSettings::new().root_certificates_pem("no certificate").is_err());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) insecure: bool,
}

impl HttpSettings {
    /// The defaults: certificates are checked against those that the system trusts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificates (one or more, PEM) beside those of the system.
    ///
    /// # Errors
    /// When the text holds no certificate, or a malformed one.
    pub fn root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InputError> {
        let before = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_ref()) {
            let certificate = certificate
                .map_err(|error| InputError::new(format!("the root certificate is malformed PEM: {error}")))?;
            self.roots.push(certificate);
        }
        if self.roots.len() == before {
            let wanted = "-----BEGIN CERTIFICATE-----";
            return Err(InputError::new(format!("no root certificate found: give PEM text with {wanted}")));
        }
        Ok(self)
    }

    /// Trusts this certificate (DER) beside those of the system.
    #[must_use]
    pub fn root_certificate_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(CertificateDer::from(der.into()));
        self
    }

    /// Whether to accept any certificate: expired, self-signed, of another host. Off by default.
    #[must_use]
    pub fn accept_invalid_certificates(mut self, accept: bool) -> Self {
        self.insecure = accept;
        self
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("root_certificates", &self.roots.len())
            .field("accept_invalid_certificates", &self.insecure)
            .finish()
    }
}
