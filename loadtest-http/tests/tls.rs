//! `https`: who is trusted, and what a distrusted server looks like in the statistics.

mod harness;

use harness::{Echo, Make, Then, User, scripted};
use loadtest_core::ErrorKind;
use loadtest_http::HttpSettings;
use testbed::echo::EchoServer;

over_both! {
    a_given_authority_is_trusted,
    an_unknown_authority_is_not,
    a_certificate_for_another_host_is_refused,
    anything_is_accepted_on_request,
    a_server_without_tls_is_a_failure,
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
