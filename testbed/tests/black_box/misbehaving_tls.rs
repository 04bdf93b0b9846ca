//! Certificates that are wrong in just one way.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};

use crate::client::{Connection, Request};

fn connect(server: &Misbehaving) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.ca_der().expect("an authority").to_vec())).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    StreamOwned::new(client, TcpStream::connect(server.addr()).expect("a connection"))
}

#[test]
fn a_good_one_is_trusted_and_the_server_misbehaves_inside() {
    let server = Misbehaving::spawn_tls(Behaviour::HalfBody, Certificate::Good);
    assert_eq!(server.url(), format!("https://localhost:{}", server.addr().port()));
    let mut connection = Connection::over(connect(&server));
    let proper = connection.send(&Request::new("GET", "/proper"), None);
    assert_eq!(proper.text(), "1 GET /proper");
    connection.write(&Request::new("GET", "/").bytes(None));
    let half = String::from_utf8_lossy(&connection.rest()).into_owned();
    assert_eq!(half, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n2 G");
    assert_eq!(server.received(), 2);
    assert_eq!(Misbehaving::spawn(Behaviour::None).ca_der(), None);
}

#[test]
fn bad_ones_are_refused_for_what_is_wrong_with_them() {
    for (certificate, wrong) in [
        (Certificate::Expired, "expired"),
        (Certificate::NotYetValid, "not valid yet"),
        (Certificate::WrongHost, "not valid for name"),
        (Certificate::SelfSigned, "UnknownIssuer"),
    ] {
        let server = Misbehaving::spawn_tls(Behaviour::None, certificate);
        let mut stream = connect(&server);
        let error = stream.conn.complete_io(&mut stream.sock).unwrap_err().to_string();
        assert!(error.contains(wrong), "{certificate:?}: {error}");
        assert_eq!(server.received(), 0);
    }
}
