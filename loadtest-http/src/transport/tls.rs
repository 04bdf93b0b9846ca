//! One TLS configuration per run and settings, made for the first session with an `https` host, or the first connection.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loadtest_core::{Context, ErrorKind, InputError};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::Recent;
use crate::fault::Fault;
use crate::settings::{Identity, TlsSettings};

/// The configurations of a run that were used last.
#[derive(Default)]
struct Configs {
    recent: Mutex<Recent<Arc<Config>>>,
    system: System,
}

/// One configuration. Threads that want the same one wait for the first to make it; a failure stays one.
struct Config {
    settings: TlsSettings,
    made: OnceLock<Result<Arc<ClientConfig>, Fault>>,
}

/// The system's root certificates: some hundreds of files on many systems, so they are read once.
#[derive(Default)]
struct System(OnceLock<(Arc<RootCertStore>, String)>);

/// One configuration, as one thread sees it.
pub(super) struct Tls {
    run: Arc<Configs>,
    config: Arc<Config>,
}

impl Tls {
    pub(super) fn new(cx: &Context, settings: TlsSettings) -> Self {
        let run = cx.run_shared(Configs::default);
        let config = run.config(settings);
        Self { run, config }
    }

    pub(super) fn settings(&self) -> &TlsSettings {
        &self.config.settings
    }

    pub(super) fn config(&self) -> Result<&Arc<ClientConfig>, Fault> {
        let Config { settings, made } = &*self.config;
        made.get_or_init(|| make(settings, &self.run.system).map(Arc::new)).as_ref().map_err(Fault::clone)
    }
}

impl Configs {
    fn config(&self, settings: TlsSettings) -> Arc<Config> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.find(|config| config.settings == settings).unwrap_or_else(|| {
            let config = Arc::new(Config { settings, made: OnceLock::new() });
            recent.add(Arc::clone(&config));
            config
        })
    }
}

impl System {
    /// The certificates, and what went wrong with others.
    fn roots(&self) -> &(Arc<RootCertStore>, String) {
        self.0.get_or_init(|| {
            let system = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(system.certs);
            let errors: Vec<String> = system.errors.iter().map(ToString::to_string).collect();
            (Arc::new(roots), errors.join("; "))
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("settings", self.settings()).finish_non_exhaustive()
    }
}

fn make(settings: &TlsSettings, system: &System) -> Result<ClientConfig, Fault> {
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
        config.with_root_certificates(roots(settings, system, &broken)?)
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

fn roots(
    settings: &TlsSettings,
    system: &System,
    broken: &dyn Fn(&dyn fmt::Display) -> Fault,
) -> Result<Arc<RootCertStore>, Fault> {
    let (known, errors) = system.roots();
    let mut roots = Arc::clone(known);
    for certificate in &settings.roots {
        Arc::make_mut(&mut roots).add(certificate.clone()).map_err(|error| broken(&error))?;
    }
    if roots.is_empty() {
        return Err(Fault::new(ErrorKind::Tls, "TLS: the system has no root certificates", errors.clone()));
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

#[cfg(test)]
mod tests {
    use loadtest_core::testing::TestShard;

    use super::*;

    #[test]
    fn equal_settings_have_one_configuration_and_the_roots_are_read_once() {
        let cx = TestShard::new(None).context();
        let tls = |resumption| Tls::new(&cx, TlsSettings { resumption, ..TlsSettings::default() });
        let (first, second, third) = (tls(true), tls(true), tls(false));
        assert!(first.run.system.0.get().is_none(), "before they are needed");
        // A system may have none.
        match (first.config(), second.config(), third.config()) {
            (Ok(first), Ok(second), Ok(third)) => assert!(Arc::ptr_eq(first, second) && !Arc::ptr_eq(first, third)),
            outcomes => assert!(matches!(outcomes, (Err(_), Err(_), Err(_))), "{outcomes:?}"),
        }
        assert!(std::ptr::eq(first.run.system.roots(), third.run.system.roots()));
    }

    #[test]
    fn a_failure_stays_one() {
        let cx = TestShard::new(None).context();
        let roots = vec![CertificateDer::from(b"no certificate".to_vec())];
        let tls = Tls::new(&cx, TlsSettings { roots, ..TlsSettings::default() });
        let (first, second) = (tls.config().expect_err("no certificate"), tls.config().expect_err("no certificate"));
        assert_eq!((first.kind, &*first.error), (ErrorKind::Tls, "TLS: no usable configuration"));
        assert_eq!(first.sample, second.sample);
        assert!(matches!(tls.config.made.get(), Some(Err(_))), "it is kept");
    }
}
