//! One TLS configuration per run and settings, made when the first `https` connection is opened.

use std::cell::OnceCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use loadtest_core::{Context, ErrorKind, InputError};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::fault::Fault;
use crate::settings::{Identity, TlsSettings};

/// The configurations of a run. Threads that want the same one wait for the first to make it.
#[derive(Default)]
struct Configs(Mutex<Vec<(TlsSettings, Arc<ClientConfig>)>>);

/// One configuration, as one thread sees it.
pub(super) struct Tls {
    settings: TlsSettings,
    run: Arc<Configs>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(cx: &Context, settings: TlsSettings) -> Self {
        Self { settings, run: cx.run_shared(Configs::default), config: OnceCell::new() }
    }

    pub(super) fn settings(&self) -> &TlsSettings {
        &self.settings
    }

    pub(super) fn config(&self) -> Result<&Arc<ClientConfig>, Fault> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = {
            let mut configs = self.run.0.lock().unwrap_or_else(PoisonError::into_inner);
            match configs.iter().find(|(settings, _)| *settings == self.settings) {
                Some((_, config)) => Arc::clone(config),
                None => {
                    let config = Arc::new(make(&self.settings)?);
                    configs.push((self.settings.clone(), Arc::clone(&config)));
                    config
                }
            }
        };
        Ok(self.config.get_or_init(|| config))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn make(settings: &TlsSettings) -> Result<ClientConfig, Fault> {
    // Given here and never installed for the process, which belongs to the application.
    let provider = Arc::new(crypto::ring::default_provider());
    let broken =
        |error: &dyn fmt::Display| Fault::new(ErrorKind::Tls, "TLS: no usable configuration", error.to_string());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&error))?;
    let config = if settings.insecure {
        config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
    } else {
        config.with_root_certificates(roots(settings, &broken)?)
    };
    let mut config = match settings.identity.clone() {
        None => config.with_no_client_auth(),
        Some(Identity { certificates, key }) => {
            config.with_client_auth_cert(certificates, key).map_err(|error| broken(&error))?
        }
    };
    if !settings.resumption {
        config.resumption = Resumption::disabled();
    }
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl TlsSettings {
    /// Whether the roots are certificates, and a client's certificate and its key fit; nothing else can be wrong before
    /// a connection is opened.
    pub(crate) fn check(&self) -> Result<(), InputError> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.roots {
            roots
                .add(certificate.clone())
                .map_err(|error| InputError::new(format!("the root certificate cannot be used: {error}")))?;
        }
        let Some(Identity { certificates, key }) = self.identity.clone() else { return Ok(()) };
        let provider = crypto::ring::default_provider();
        CertifiedKey::from_der(certificates, key, &provider)
            .map(drop)
            .map_err(|error| InputError::new(format!("the client certificate cannot be used: {error}")))
    }
}

fn roots(settings: &TlsSettings, broken: &dyn Fn(&dyn fmt::Display) -> Fault) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    for certificate in &settings.roots {
        roots.add(certificate.clone()).map_err(|error| broken(&error))?;
    }
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        let errors: Vec<String> = system.errors.iter().map(ToString::to_string).collect();
        return Err(Fault::new(ErrorKind::Tls, "TLS: the system has no root certificates", errors.join("; ")));
    }
    Ok(roots)
}

/// Accepts any certificate, but still checks that the server owns its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl Anyone {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.0.signature_verification_algorithms
    }
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}
