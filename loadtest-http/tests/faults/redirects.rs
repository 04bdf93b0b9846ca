//! Redirects that do not end, or lead elsewhere.

use loadtest_core::ErrorKind;
use loadtest_http::HttpSettings;
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving, Then};

use crate::harness::{self, Echo, Make, User};
use crate::{Proper, is_one_failure, kept, look};

crate::over_both! {
    a_loop_is_one_failure,
    a_loop_of_two_servers_is_one_failure,
    from_http_to_https_and_back,
    to_another_port,
    to_what_cannot_be_asked_for,
    to_where_nobody_is,
    a_redirect_closes_its_connection,
}

async fn a_loop_is_one_failure<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::RedirectLoop);
    let user = User::new::<M>(&server.url());
    let error = user.http.get("/x").send().await.expect_err("no end");
    let is_written_as_often = crate::Look { is_race: true, ..look(ErrorKind::Protocol, &["too many redirects"]) };
    is_one_failure::<M>(&user, ("GET", "/x"), &error, is_written_as_often, "a loop");
    assert_eq!(user.books("GET", "/x"), (1, 0, 1, 0, 11));
    assert_eq!((server.received(), server.connections_accepted()), (11, 1));
    Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
}

async fn a_loop_of_two_servers_is_one_failure<M: Make>() {
    let first = Misbehaving::spawn(Behaviour::RedirectLoop);
    let to_first = String::leak(format!("{}/x", first.url()));
    let second = Misbehaving::spawn(Behaviour::Redirect(307, to_first));
    let user = User::new::<M>(&second.url());
    let error = user.http.post("/y").body("body").redirects(4).send().await.expect_err("no end");
    assert_eq!(error.to_string(), "POST /y: too many redirects");
    assert_eq!(user.books("POST", "/y"), (1, 0, 1, 0, 5));
    assert_eq!((second.received(), first.received()), (1, 4));
    assert_eq!(user.names(), ["POST /y"]);
}

/// A server of each scheme, and a user who trusts the second.
fn both_schemes() -> (EchoServer, EchoServer, HttpSettings) {
    let (plain, secure) = (EchoServer::spawn(), EchoServer::spawn_tls());
    let settings = HttpSettings::new().root_certificate_der(secure.ca_der().expect("an authority"));
    (plain, secure, settings)
}

async fn from_http_to_https_and_back<M: Make>() {
    let (plain, secure, settings) = both_schemes();
    let plain_url = format!("http://localhost:{}", plain.addr().port());
    for (from, to) in [(&plain_url, &secure.url()), (&secure.url(), &plain_url)] {
        let to = String::leak(format!("{to}/end"));
        let server = match from.starts_with("https") {
            true => Misbehaving::spawn_tls(Behaviour::Redirect(302, to), Certificate::Good),
            false => Misbehaving::spawn(Behaviour::Redirect(302, to)),
        };
        let settings = match server.ca_der() {
            Some(der) => settings.clone().root_certificate_der(der),
            None => settings.clone(),
        };
        let user = User::with::<M>(&format!("{}://localhost:{}", scheme(from), server.addr().port()), &settings);
        let set = format!("{from}/set-cookie?name=open&value=1&path=/");
        user.http.get(set).name("set").send().await.expect("a cookie");
        let set = format!("{}/set-cookie?name=secret&value=1&path=/&secure=1", secure.url());
        user.http.get(set).name("set").send().await.expect("a cookie");
        let request = user.http.get("/x").basic_auth("ada", "secret").header("cookie", "own=1").header("x-own", "1");
        let echo: Echo = request.send().await.expect("an answer").json().expect("JSON");
        assert_eq!(echo.header("authorization"), None, "{from} to {to}");
        assert_eq!(echo.header("x-own"), Some("1"));
        // Those of the jar; a loopback host counts as secure, as in browsers.
        assert_eq!(echo.header("cookie"), Some("open=1; secret=1"), "{from} to {to}");
        assert_eq!(user.books("GET", "/x"), (1, 1, 0, 0, 2));
    }
}

fn scheme(url: &str) -> &str {
    url.split("://").next().unwrap_or_default()
}

async fn to_another_port<M: Make>() {
    let echo = EchoServer::spawn();
    for status in [301, 302, 303, 307, 308] {
        let to = String::leak(format!("{}/end?x=1#fragment", echo.url()));
        let server = Misbehaving::spawn(Behaviour::Redirect(status, to));
        // The host's own credentials are for its origin alone.
        let host = server.url().replace("://", "://base:credentials@");
        let user = User::new::<M>(&host);
        let seen: Echo = user.http.post("/x").body("body").send().await.expect("an answer").json().expect("JSON");
        let (method, body) = if status < 304 { ("GET", "") } else { ("POST", "body") };
        assert_eq!((&*seen.method, &*seen.body, &*seen.target), (method, body, "/end?x=1"), "{status}");
        assert_eq!(seen.header("authorization"), None, "{status}");
        assert_eq!(seen.header("host"), Some(&*echo.addr().to_string()));
        assert_eq!(user.names(), ["POST /x"]);
    }
}

async fn to_what_cannot_be_asked_for<M: Make>() {
    let group = &["redirect to an address that cannot be asked for"];
    for location in ["ftp://127.0.0.1/", "mailto:a@b", "http://", "http://[::1", "file:///etc/passwd", "javascript:x()"]
    {
        let server = Misbehaving::spawn(Behaviour::Redirect(302, location));
        let user = User::new::<M>(&server.url());
        let error = user.http.get("/x").send().await.expect_err("nowhere to go");
        is_one_failure::<M>(&user, ("GET", "/x"), &error, look(ErrorKind::Protocol, group).answered(), location);
        assert!(user.sample().contains(location), "{}", user.sample());
        Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
    }
    for nowhere in [
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 300 Choose\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
    ] {
        let status = if nowhere.contains("302") { 302 } else { 300 };
        crate::answers::<M>(nowhere, Then::Again, "GET", status, "").await;
    }
}

async fn to_where_nobody_is<M: Make>() {
    let gone = Misbehaving::spawn(Behaviour::None);
    let location = String::leak(format!("{}/end", gone.url()));
    gone.kill();
    let server = Misbehaving::spawn(Behaviour::Redirect(302, location));
    let user = User::new::<M>(&server.url());
    let error = user.http.get("/x").send().await.expect_err("nobody there");
    let refused = look(ErrorKind::Connect, &["connection refused"]).answered();
    is_one_failure::<M>(&user, ("GET", "/x"), &error, refused, "to where nobody is");
    Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
}

async fn a_redirect_closes_its_connection<M: Make>() {
    let answer =
        kept("HTTP/1.1 302 Found\r\nLocation: /proper/end\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    for then in [Then::Close, Then::Reset, Then::Hold] {
        let server = Misbehaving::spawn(Behaviour::Says(answer, then));
        let user = User::new::<M>(&server.url());
        let response = user.http.get("/x").send().await.expect("an answer");
        crate::is_own(&response, "GET", "/proper/end");
        assert_eq!(user.books("GET", "/x"), (1, 1, 0, 0, 2));
        assert_eq!(server.connections_accepted(), 2);
    }
}
