//! HTTPS.

use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::sync::Arc;

use loadtest_core::console::Console;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Answer, Served};
use crate::load;

/// Files in a folder that goes away.
struct Files {
    folder: PathBuf,
    certificate: String,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("loadtest-web-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.pem();
        std::fs::write(folder.join("cert.pem"), &certificate).unwrap();
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { folder, certificate }
    }

    fn serve(&self) -> Served {
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| Some(self.folder.join(name)));
        Served::new(Console::new(load::test()), |settings| (settings.tls_cert, settings.tls_key) = (cert, key))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn pages_come_over_tls_and_plain_requests_get_a_hint() {
    let files = Files::new("both");
    let served = files.serve();
    assert!(served.ui.url().starts_with("https://127.0.0.1:"), "{}", served.ui.url());
    let plain = served.get("/");
    assert_eq!(plain.status, 400);
    assert!(plain.text().contains(served.ui.url()), "{}", plain.text());

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(files.certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, served.connect());
    let port = served.port();
    let request = format!("POST /stop HTTP/1.1\r\nhost: localhost:{port}\r\norigin: https://localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut answer = Answer::head(&mut reader);
    answer.read_body(&mut reader);
    assert_eq!((answer.status, &answer.json()["success"]), (200, &serde_json::json!(true)));
}
