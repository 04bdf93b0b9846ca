//! Certificate and key of the server, from PEM files.

use std::path::Path;
use std::sync::Arc;

use loadtest_core::InputError;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What turns connections into such with TLS; `None` where neither file is given. The file of the certificates may hold the
/// key too.
///
/// # Errors
/// When only the key is given, when a file cannot be read, or when the two do not belong together.
pub(crate) fn acceptor(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<TlsAcceptor>, InputError> {
    let (cert, key) = match (cert, key) {
        (None, None) => return Ok(None),
        (Some(cert), Some(key)) => (cert, key),
        (Some(cert), None) => (cert, cert),
        (None, Some(_)) => {
            return Err(InputError::new("the web UI has a key and no certificate: give its file with --tls-cert"));
        }
    };
    let flag = |path: &Path| if path == cert { "--tls-cert" } else { "--tls-key" };
    let wrong = |path: &Path, what: &str, error: &dyn std::fmt::Display| {
        InputError::new(format!("{}: {} is no PEM file with {what}: {error}", flag(path), path.display()))
    };
    let pem = |path: &Path| {
        let cannot = |error| InputError::new(format!("{}: {} cannot be read: {error}", flag(path), path.display()));
        std::fs::read(path).map_err(cannot)
    };
    let certificates = CertificateDer::pem_slice_iter(&pem(cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(cert, "certificates", &error))?;
    if certificates.is_empty() {
        return Err(wrong(cert, "certificates", &"there is none in it"));
    }
    let private = PrivateKeyDer::from_pem_slice(&pem(key)?).map_err(|error| wrong(key, "a private key", &error))?;
    // Given here and never installed for the process, which belongs to the application.
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| InputError::new(format!("TLS: no usable configuration: {error}")))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| {
            InputError::new(format!("{} and {} cannot be used together: {error}", cert.display(), key.display()))
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
