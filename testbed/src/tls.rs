//! A certificate authority for one server: made on start, trusted by nobody but the
//! client that is told to.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// A server's TLS side and the certificate that makes a client trust it.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca: Authority,
    /// A certificate that the server accepts from clients, and its key, when it requires one.
    pub(crate) client_pem: Option<String>,
}

/// The certificate of the authority that signed the server's.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing, for those who trust the authority.
    Good,
    /// It was valid until the year 2000.
    Expired,
    /// It is valid from the year 4000 on.
    NotYetValid,
    /// It is for another host.
    WrongHost,
    /// It was signed by no authority, but with its own key.
    SelfSigned,
}

/// Makes a new authority and a certificate of it for these host names and addresses.
pub(crate) fn identity(names: &[&str]) -> Result<Identity, Box<dyn std::error::Error>> {
    make(names, Certificate::Good, false)
}

/// As [`identity`], with a certificate that is good or not.
pub(crate) fn identity_with(names: &[&str], certificate: Certificate) -> Result<Identity, Box<dyn std::error::Error>> {
    make(names, certificate, false)
}

/// As [`identity`], of a server that requires a certificate of each client, signed by its own authority.
pub(crate) fn mutual(names: &[&str]) -> Result<Identity, Box<dyn std::error::Error>> {
    make(names, Certificate::Good, true)
}

fn make(names: &[&str], certificate: Certificate, is_mutual: bool) -> Result<Identity, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "testbed authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let key = KeyPair::generate()?;
    let names = if certificate == Certificate::WrongHost { &["elsewhere.example"] } else { names };
    let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "testbed server");
    match certificate {
        Certificate::Good | Certificate::WrongHost | Certificate::SelfSigned => {}
        Certificate::Expired => params.not_after = date_time_ymd(2000, 1, 1),
        Certificate::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
    }
    let certificate = match certificate {
        Certificate::SelfSigned => params.self_signed(&key)?,
        _ => params.signed_by(&key, &authority)?,
    };

    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let config = if is_mutual {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let mut config = config.with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        client_pem: if is_mutual { Some(client(&authority)?) } else { None },
        ca: Authority { pem: authority.pem(), der: authority.der().clone() },
    })
}

/// A client's certificate and its key.
fn client(authority: &CertifiedIssuer<'_, KeyPair>) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "testbed client");
    Ok(params.signed_by(&key, authority)?.pem() + &key.serialize_pem())
}
