//! Certificates that are wrong, and servers that do not speak TLS, or speak nothing else.

use std::time::Duration;

use loadtest_core::ErrorKind;
use loadtest_http::HttpSettings;
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{CUT, Look, Proper, RESET, fails_on, is_one_failure, is_own, look, timed_out, trusting};

crate::over_both! {
    wrong_certificates,
    a_server_without_tls,
    a_server_with_nothing_but_tls,
    a_handshake_that_stalls,
    a_handshake_that_is_cut_off,
    faults_inside_tls,
}

const CUT_OFF: &[&str] = &["TLS: connection closed during the handshake", "TLS: connection reset"];

async fn fails_to_connect<M: Make>(host: &str, settings: &HttpSettings, look: Look, what: &str) {
    let user = User::with::<M>(host, settings);
    // A reset can come before the connection is known to be open.
    let early = if look.groups == CUT_OFF { crate::look(ErrorKind::Connect, &[RESET]) } else { look };
    for method in ["GET", "POST"] {
        let error = user.http.request(method, "/x").timeout(look.timeout).send().await.expect_err(what);
        let look = if error.kind() == ErrorKind::Connect { early } else { look };
        assert_eq!(user.books(method, "/x").4, 0, "{what}: nothing of a request was written");
        is_one_failure::<M>(&user, (method, "/x"), &error, Look { is_race: true, ..look }, what);
    }
}

async fn wrong_certificates<M: Make>() {
    for (certificate, group) in [
        (Certificate::Expired, &["TLS: certificate expired"]),
        (Certificate::NotYetValid, &["TLS: certificate not valid yet"]),
        (Certificate::WrongHost, &["TLS: certificate is for another host"]),
        (Certificate::SelfSigned, &["TLS: certificate of an unknown authority"]),
    ] {
        let server = Misbehaving::spawn_tls(Behaviour::None, certificate);
        let what = format!("{certificate:?}");
        fails_to_connect::<M>(&server.url(), &trusting(&server), look(ErrorKind::Tls, group), &what).await;
        assert_eq!(server.received(), 0);
        let careless = HttpSettings::new().accept_invalid_certificates(true);
        let user = User::with::<M>(&server.url(), &careless);
        is_own(&user.http.get("/x").send().await.expect("an answer"), "GET", "/x");
    }
    let server = Misbehaving::spawn_tls(Behaviour::None, Certificate::Good);
    is_own(
        &User::with::<M>(&server.url(), &trusting(&server)).http.get("/x").send().await.expect("trust"),
        "GET",
        "/x",
    );
}

async fn a_server_without_tls<M: Make>() {
    let settings = HttpSettings::new().accept_invalid_certificates(true);
    // It answers what it takes for a request, or before it has read anything, as a mail server does.
    for answer in ["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "220 mail.example ESMTP\r\n"] {
        for then in [harness::Then::Hold, harness::Then::Close] {
            let address = speaking_first(answer, then);
            let no_tls = look(ErrorKind::Tls, &["TLS: the server does not speak TLS"]);
            fails_to_connect::<M>(&format!("https://{address}"), &settings, no_tls, answer).await;
        }
    }
}

/// A server that says this to whoever connects.
fn speaking_first(answer: &'static str, then: harness::Then) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // The handshake's first message, so that closing is no reset.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
            if matches!(then, harness::Then::Hold) {
                std::thread::spawn(move || stream.read_to_end(&mut Vec::new()));
            }
        }
    });
    address
}

async fn a_server_with_nothing_but_tls<M: Make>() {
    let server = Misbehaving::spawn_tls(Behaviour::None, Certificate::Good);
    let user = User::new::<M>(&server.url().replace("https://", "http://"));
    let error = user.http.get("/x").send().await.expect_err("no HTTP there");
    let group: &[&str] = if M::IS_DIRECT {
        &["not a valid HTTP answer: it speaks TLS, so the URL has to begin with https"]
    } else {
        &["not a valid HTTP answer: invalid HTTP version parsed"]
    };
    is_one_failure::<M>(&user, ("GET", "/x"), &error, look(ErrorKind::Protocol, group), "TLS alone");
}

async fn a_handshake_that_stalls<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let host = server.url().replace("http://", "https://");
    fails_to_connect::<M>(&host, &HttpSettings::new().accept_invalid_certificates(true), timed_out(300), "silence")
        .await;
}

async fn a_handshake_that_is_cut_off<M: Make>() {
    for behaviour in [Behaviour::CloseOnAccept, Behaviour::ResetOnAccept] {
        let server = Misbehaving::spawn(behaviour);
        let host = server.url().replace("http://", "https://");
        let settings = HttpSettings::new().accept_invalid_certificates(true);
        fails_to_connect::<M>(&host, &settings, look(ErrorKind::Tls, CUT_OFF), &format!("{behaviour:?}")).await;
    }
}

async fn faults_inside_tls<M: Make>() {
    let closed = look(ErrorKind::Closed, &[CUT]);
    let reset = look(ErrorKind::Closed, &[RESET]);
    for (behaviour, look) in [
        (Behaviour::CloseInsteadOfAnswering, closed),
        (Behaviour::HalfHead, closed),
        (Behaviour::HalfBody, closed.answered()),
        (Behaviour::ResetInsteadOfAnswering, reset),
        (Behaviour::ResetInHead, reset),
        (Behaviour::ResetInBody, reset.answered()),
        (Behaviour::NeverAnswer, timed_out(300)),
        (Behaviour::endless_head(Duration::ZERO), crate::look(ErrorKind::Protocol, &[crate::HEAD_TOO_LARGE])),
        (Behaviour::Says(b"HTTP/1.1 200 OK\r\n\r\nup to here", Then::Reset), reset.answered()),
    ] {
        let server = Misbehaving::spawn_tls(behaviour, Certificate::Good);
        let user = User::with::<M>(&server.url(), &trusting(&server));
        fails_on::<M>(&server, &user, look, &format!("{} over TLS", crate::named(behaviour))).await;
    }
    for behaviour in [Behaviour::AnswerTwice, Behaviour::BytesBehind(b"x")] {
        let server = Misbehaving::spawn_tls(behaviour, Certificate::Good);
        let user = User::with::<M>(&server.url(), &trusting(&server));
        for target in ["/x/1", "/x/2", "/x/3"] {
            is_own(&user.http.get(target).send().await.expect("an answer"), "GET", target);
        }
        Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
    }
}
