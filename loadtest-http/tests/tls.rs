//! `https`: who is trusted, and what a distrusted server looks like in the statistics.

mod harness;

use harness::{Echo, Make, Then, User, scripted};
use loadtest_core::testing::TestShard;
use loadtest_core::{ClientSettings, Configure, ErrorKind, TlsOptions};
use loadtest_http::{HttpSession, HttpSettings};
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};

over_both! {
    a_given_authority_is_trusted,
    an_unknown_authority_is_not,
    a_certificate_for_another_host_is_refused,
    anything_is_accepted_on_request,
    a_server_without_tls_is_a_failure,
    a_session_is_resumed,
    a_client_shows_its_certificate,
    a_run_has_a_certificate_for_all,
    a_client_without_the_right_certificate_is_refused,
}

fn trusting(server: &EchoServer) -> HttpSettings {
    HttpSettings::new().root_certificates_pem(server.ca_pem().expect("an authority")).expect("a certificate")
}

async fn a_given_authority_is_trusted<M: Make>() {
    let server = EchoServer::spawn_tls();
    for host in [server.url(), format!("https://127.0.0.1:{}", server.addr().port())] {
        let user = User::with::<M>(&host, &trusting(&server));
        for n in 0..3 {
            let echo: Echo =
                user.http.post("/x").body(vec![b'y'; 100_000]).send().await.expect("an answer").json().expect("JSON");
            assert_eq!(echo.body.len(), 100_000, "{n}");
        }
        assert_eq!(user.books("POST", "/x"), (3, 3, 0, 0, 3));
        // The fresh session shares the configuration, but no connection.
        user.http.fresh().get("/").send().await.expect("an answer");
    }
    let by_der = HttpSettings::new().root_certificate_der(server.ca_der().expect("an authority"));
    User::with::<M>(&server.url(), &by_der).http.get("/").send().await.expect("an answer");
}

async fn an_unknown_authority_is_not<M: Make>() {
    let (server, other) = (EchoServer::spawn_tls(), EchoServer::spawn_tls());
    // The other authority has the same name, but another key.
    let table = [
        (HttpSettings::new(), ["unknown authority", "no root certificates"]),
        (trusting(&other), ["unknown authority", "wrong signature"]),
    ];
    for (settings, groups) in table {
        let user = User::with::<M>(&server.url(), &settings);
        let error = user.http.get("/").send().await.expect_err("unknown");
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(groups.iter().any(|group| error.to_string().contains(group)), "{error}");
        assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 0));
    }
}

async fn a_certificate_for_another_host_is_refused<M: Make>() {
    let server = EchoServer::spawn_tls_for(&["localhost"]);
    let port = server.addr().port();
    let user = User::with::<M>(&format!("https://127.0.0.1:{port}"), &trusting(&server));
    let error = user.http.get("/").send().await.expect_err("another host");
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    let user = User::with::<M>(&format!("https://localhost:{port}"), &trusting(&server));
    user.http.get("/").send().await.expect("the host it is for");
}

async fn anything_is_accepted_on_request<M: Make>() {
    let server = EchoServer::spawn_tls();
    let user = User::with::<M>(&server.url(), &HttpSettings::new().accept_invalid_certificates(true));
    user.http.get("/").send().await.expect("an answer");
}

async fn a_server_without_tls_is_a_failure<M: Make>() {
    let address = scripted("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", Then::Close);
    let server = EchoServer::spawn();
    for address in [server.addr(), address] {
        let user =
            User::with::<M>(&format!("https://{address}"), &HttpSettings::new().accept_invalid_certificates(true));
        let request = user.http.get("/").timeout(std::time::Duration::from_millis(300));
        let error = request.send().await.expect_err("no TLS there");
        assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Timeout), "{error}");
        assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 0));
    }
}

async fn a_session_is_resumed<M: Make>() {
    for (resumption, resumed) in [(true, 2), (false, 0)] {
        let server = Misbehaving::spawn_tls(Behaviour::CloseAfterResponse, Certificate::Good);
        let settings = HttpSettings::new().accept_invalid_certificates(true).tls_resumption(resumption);
        let user = User::with::<M>(&server.url(), &settings);
        // The third connection is of another session: a thread's sessions remember together.
        for (n, http) in [&user.http, &user.http, &user.http.fresh()].into_iter().enumerate() {
            http.get("/x").send().await.expect("an answer");
            harness::until("closed", || server.misdeeds() > n as u64).await;
        }
        assert_eq!((server.connections_accepted(), server.handshakes_resumed()), (3, resumed));
    }
}

fn mutual() -> (Misbehaving, HttpSettings) {
    let server = Misbehaving::spawn_mutual_tls(Behaviour::None);
    let settings = HttpSettings::new().root_certificates_pem(server.ca_pem().expect("an authority"));
    (server, settings.expect("a certificate"))
}

async fn a_client_shows_its_certificate<M: Make>() {
    let (server, settings) = mutual();
    let pem = server.client_pem().expect("an identity");
    let user = User::with::<M>(&server.url(), &settings.client_certificate_pem(pem).expect("an identity"));
    user.http.get("/x").send().await.expect("an answer");
}

async fn a_run_has_a_certificate_for_all<M: Make>() {
    let (server, settings) = mutual();
    let run = TlsOptions::new().client_identity(server.client_pem().expect("an identity"));
    let shard = TestShard::with_tls(Some(&server.url()), run.clone());
    M::make(&shard.context(), &settings).get("/x").send().await.expect("an answer");
    // The one of a user class is its own.
    let other = Misbehaving::spawn_mutual_tls(Behaviour::None);
    let own = settings.client_certificate_pem(other.client_pem().expect("an identity")).expect("an identity");
    M::make(&shard.context(), &own).get("/x").send().await.expect_err("another authority");
    // All of it from the run.
    let run = run.root_certificate(server.ca_pem().expect("an authority"));
    let shard = TestShard::with_tls(Some(&server.url()), run);
    M::make(&shard.context(), &HttpSettings::new()).get("/x").send().await.expect("an answer");
}

async fn a_client_without_the_right_certificate_is_refused<M: Make>() {
    let (server, settings) = mutual();
    // The other authority has the same name, but another key.
    let (stranger, _) = mutual();
    let strange = settings.clone().client_certificate_pem(stranger.client_pem().expect("an identity"));
    for (settings, groups) in [
        (settings, ["TLS: the server sent the alert CertificateRequired"]),
        (strange.expect("an identity"), ["TLS: the server sent the alert DecryptError"]),
    ] {
        let user = User::with::<M>(&server.url(), &settings);
        for n in 1..=5 {
            let error = user.http.get("/x").send().await.expect_err("refused");
            assert_eq!(
                (error.kind(), user.failures()),
                (ErrorKind::Tls, groups.map(|group| format!("{group} × {n}")).to_vec())
            );
        }
        assert_eq!(server.received(), 0);
    }
}

#[test]
fn malformed_pem_is_refused_before_any_load() {
    let server = mutual().0;
    let good = server.client_pem().expect("an identity");
    let certificate = good.split_inclusive("-----END CERTIFICATE-----").next().expect("a certificate");
    let another_key = mutual().0.client_pem().and_then(|pem| pem.find("-----BEGIN P").map(|at| pem[at..].to_owned()));
    let broken = good.replacen("MII", "!!!", 1);
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let check = |run: &TlsOptions| {
        let settings = ClientSettings::new("Shopper", Some("https://localhost")).with_tls(run);
        HttpSession::check_with(&settings, &HttpSettings::new()).map_err(|error| error.to_string())
    };
    let identity = |pem: &str| TlsOptions::new().client_identity(pem);
    let root = |pem: &str| TlsOptions::new().root_certificate(pem);
    assert_eq!(check(&identity(good).root_certificate(server.ca_pem().expect("an authority"))), Ok(()));
    for (run, wanted) in [
        (identity(""), "no client certificate found: give PEM text with -----BEGIN CERTIFICATE-----"),
        (identity(certificate), "no private key for the client certificate"),
        (identity(&broken), "the client certificate is malformed PEM"),
        (identity(&format!("{certificate}\n{}", another_key.expect("a key"))), "the client certificate cannot be used"),
        (root(""), "no root certificate found: give PEM text with -----BEGIN CERTIFICATE-----"),
        (root(&broken), "the root certificate is malformed PEM"),
        (root(no_der), "the root certificate cannot be used"),
    ] {
        let error = check(&run).expect_err(wanted);
        assert!(error.contains(wanted), "{error}");
    }
}
