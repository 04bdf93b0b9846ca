//! How clients use TLS: [`TlsOptions`].

use std::fmt;

/// What a run says about TLS, for the clients of every protocol that has it.
///
/// Certificates and keys are PEM, as it stands in files. Nothing is checked here: a client refuses what it cannot read in
/// its [`check`](crate::Client::check), before any load.
///
/// ```
/// use loadtest_core::TlsOptions;
///
/// let pem = b"-----BEGIN CERTIFICATE-----\n...".to_vec();
/// let tls = TlsOptions::new().root_certificate(pem);
/// assert_eq!(tls.root_certificates.len(), 1);
/// assert!(!tls.accept_invalid_certificates);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// Whether to talk to a server whose certificate is expired, self-signed or of another name.
    pub accept_invalid_certificates: bool,
    /// Certificates to trust beside those that are trusted anyway; each of one file, which may hold several.
    pub root_certificates: Vec<Vec<u8>>,
    /// With what the client shows who it is: its certificate, those between it and the root, and its private key.
    pub client_identity: Option<Vec<u8>>,
}

/// What a run says that says nothing.
pub(crate) static DEFAULT: TlsOptions =
    TlsOptions { accept_invalid_certificates: false, root_certificates: Vec::new(), client_identity: None };

impl TlsOptions {
    /// Certificates are checked against the usual roots, and the client shows none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to accept any certificate: for test systems alone.
    #[must_use]
    pub fn accept_invalid_certificates(mut self, accept: bool) -> Self {
        self.accept_invalid_certificates = accept;
        self
    }

    /// One more certificate to trust, or several of one file, in PEM.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// The client's certificate chain and its private key, in PEM, in one text.
    #[must_use]
    pub fn client_identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.client_identity = Some(pem.into());
        self
    }
}

impl fmt::Debug for TlsOptions {
    /// Without the identity: it holds a private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("accept_invalid_certificates", &self.accept_invalid_certificates)
            .field("root_certificates", &self.root_certificates.len())
            .field("client_identity", &self.client_identity.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_never_shown() {
        let tls =
            TlsOptions::new().client_identity("SECRET").root_certificate("ROOT").accept_invalid_certificates(true);
        let shown = format!("{tls:?}");
        let bytes = format!("{:?}", b"SECRET");
        assert!(!shown.contains("SECRET") && !shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
        assert!(shown.contains("accept_invalid_certificates: true"), "{shown}");
        assert_ne!(tls, DEFAULT);
        assert_eq!(TlsOptions::new(), DEFAULT);
    }
}
