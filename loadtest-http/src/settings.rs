//! What a session can be told beyond its host.

use std::fmt;
use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use loadtest_core::{InputError, TlsOptions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The default of [`HttpSettings::timeout`] and of [`HttpSettings::connect_timeout`].
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many redirects a request follows unless it says otherwise.
const REDIRECTS: u32 = 10;
/// As browsers do.
const CONNECTIONS: usize = 6;
const LARGEST_BODY: u64 = 64 * 1024 * 1024;

/// Settings of a session: for a user class in its `#[client(…)]`, or given to
/// [`HttpSession::create_with`](crate::HttpSession::create_with).
///
/// What concerns one request can be changed on that request. Sessions with equal settings share one TLS configuration
/// per run; addresses are kept once per thread, for 60 s.
///
/// ```
/// use std::time::Duration;
///
/// use loadtest_http::HttpSettings;
///
/// # fn main() -> Result<(), loadtest_core::InputError> {
/// let settings = HttpSettings::new().default_header("x-api-key", "s3cret")?.timeout(Duration::from_secs(5));
/// # assert_ne!(settings, HttpSettings::default());
/// assert!(HttpSettings::new().root_certificates_pem("no certificate").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    pub(crate) headers: HeaderMap,
    pub(crate) limits: Limits,
    pub(crate) tls: TlsSettings,
}

/// What a request may change for itself, and the limit of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// `None`: a redirect is an answer like any other.
    pub(crate) redirects: Option<u32>,
    pub(crate) largest_body: u64,
    pub(crate) connections: usize,
    pub(crate) compression: bool,
    pub(crate) discard: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            connect_timeout: TIMEOUT,
            redirects: Some(REDIRECTS),
            largest_body: LARGEST_BODY,
            connections: CONNECTIONS,
            compression: true,
            discard: false,
        }
    }
}

/// What makes one TLS configuration.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) insecure: bool,
    pub(crate) identity: Option<Identity>,
    pub(crate) resumption: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { roots: Vec::new(), insecure: false, identity: None, resumption: true }
    }
}

/// A certificate with which a client says who it is, those above it, and its key.
#[derive(PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { certificates: self.certificates.clone(), key: self.key.clone_key() }
    }
}

impl HttpSettings {
    /// The defaults, as each method names them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A header for every request, unless the request has one of the same name; beside those of this name set before.
    ///
    /// It replaces the automatic one of its name. `Authorization`, `Cookie` and `Proxy-Authorization` go to the host
    /// to test alone, never to another origin.
    ///
    /// # Errors
    /// When the name or the value cannot be in a header.
    pub fn default_header<K, V>(mut self, name: K, value: V) -> Result<Self, InputError>
    where
        K: TryInto<HeaderName, Error: fmt::Display>,
        V: TryInto<HeaderValue, Error: fmt::Display>,
    {
        let (name, value) = header(name, value)?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// The time allowed for a request, from the send to the last byte of the answer, redirects included; 60 s by
    /// default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// The time allowed for opening a connection: looking up the name, connecting, the TLS handshake; 60 s by default.
    /// It is part of the [`timeout`](Self::timeout).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = timeout;
        self
    }

    /// How many redirects a request follows; 10 by default.
    #[must_use]
    pub fn redirects(mut self, most: u32) -> Self {
        self.limits.redirects = Some(most);
        self
    }

    /// No redirect is followed: the answer is the redirect itself.
    #[must_use]
    pub fn no_redirects(mut self) -> Self {
        self.limits.redirects = None;
        self
    }

    /// How many connections a session opens to one origin at most, as a browser does; 6 by default, and at least 1.
    /// Further requests at the same time wait for a free one.
    ///
    /// reqwest's pool, which all users of a thread share, has no such limit.
    #[must_use]
    pub fn connections_per_host(mut self, most: usize) -> Self {
        self.limits.connections = most.max(1);
        self
    }

    /// The longest body of an answer, in bytes, before and after decoding; 64 MiB by default. A longer one makes the
    /// request a failed one. A body that is [discarded](Self::discard_bodies) may have any length, unless it is
    /// compressed.
    #[must_use]
    pub fn largest_body(mut self, bytes: u64) -> Self {
        self.limits.largest_body = bytes;
        self
    }

    /// Whether bodies are asked for in the codings `gzip`, `br`, `zstd` and `deflate`, and decoded; on by default where
    /// the crate's feature `compression` is.
    #[must_use]
    pub fn compression(mut self, on: bool) -> Self {
        self.limits.compression = on;
        self
    }

    /// Whether bodies are read, measured and counted, but not kept; off by default.
    #[must_use]
    pub fn discard_bodies(mut self, discard: bool) -> Self {
        self.limits.discard = discard;
        self
    }

    /// Trusts these certificates (one or more, PEM) beside those of the system.
    ///
    /// # Errors
    /// When the text holds no certificate, or a malformed one.
    pub fn root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InputError> {
        self.tls.add_roots(pem.as_ref())?;
        Ok(self)
    }

    /// Trusts this certificate (DER) beside those of the system.
    #[must_use]
    pub fn root_certificate_der(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(CertificateDer::from(der.into()));
        self
    }

    /// The certificate with which the client says who it is, those above it, and its private key, as PEM in any order.
    ///
    /// # Errors
    /// When there is no certificate or no key in the text, or a malformed one.
    pub fn client_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InputError> {
        self.tls.identity = Some(Identity::read(pem.as_ref())?);
        Ok(self)
    }

    /// Whether to accept any certificate: expired, self-signed, of another host. Off by default.
    #[must_use]
    pub fn accept_invalid_certificates(mut self, accept: bool) -> Self {
        self.tls.insecure = accept;
        self
    }

    /// Whether a new connection to a host takes up a TLS session of an earlier one; on by default. The sessions are kept
    /// for the whole run, so a user also takes up those of others, and most handshakes are short ones. Off, every
    /// connection pays a full handshake, as that of a visitor who was never there.
    #[must_use]
    pub fn tls_resumption(mut self, on: bool) -> Self {
        self.tls.resumption = on;
        self
    }
}

/// A header that was given by name and value.
pub(crate) fn header<K, V>(name: K, value: V) -> Result<(HeaderName, HeaderValue), InputError>
where
    K: TryInto<HeaderName, Error: fmt::Display>,
    V: TryInto<HeaderValue, Error: fmt::Display>,
{
    let name = name.try_into().map_err(|error| InputError::new(format!("malformed header name: {error}")))?;
    let value =
        value.try_into().map_err(|error| InputError::new(format!("malformed value of the header {name}: {error}")))?;
    Ok((name, value))
}

impl TlsSettings {
    /// With what the run as a whole says: its flags add to what a user class has.
    pub(crate) fn with_run(mut self, run: &TlsOptions) -> Result<Self, InputError> {
        self.insecure |= run.accept_invalid_certificates;
        for pem in &run.root_certificates {
            self.add_roots(pem)?;
        }
        if let (None, Some(pem)) = (&self.identity, &run.client_identity) {
            self.identity = Some(Identity::read(pem)?);
        }
        Ok(self)
    }

    fn add_roots(&mut self, pem: &[u8]) -> Result<(), InputError> {
        let before = self.roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate
                .map_err(|error| InputError::new(format!("the root certificate is malformed PEM: {error}")))?;
            self.roots.push(certificate);
        }
        if self.roots.len() == before {
            let wanted = "-----BEGIN CERTIFICATE-----";
            return Err(InputError::new(format!("no root certificate found: give PEM text with {wanted}")));
        }
        Ok(())
    }
}

impl Identity {
    fn read(pem: &[u8]) -> Result<Self, InputError> {
        let certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| InputError::new(format!("the client certificate is malformed PEM: {error}")))?;
        if certificates.is_empty() {
            let wanted = "-----BEGIN CERTIFICATE-----";
            return Err(InputError::new(format!("no client certificate found: give PEM text with {wanted}")));
        }
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
            let wanted = "-----BEGIN PRIVATE KEY-----";
            InputError::new(format!("no private key for the client certificate ({error}): give PEM text with {wanted}"))
        })?;
        Ok(Self { certificates, key })
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&HeaderName> = self.headers.keys().collect();
        f.debug_struct("HttpSettings")
            .field("default_headers", &names)
            .field("limits", &self.limits)
            .field("tls", &self.tls)
            .finish()
    }
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("root_certificates", &self.roots.len())
            .field("accept_invalid_certificates", &self.insecure)
            .field("client_certificate", &self.identity.is_some())
            .field("resumption", &self.resumption)
            .finish()
    }
}
