//! Headers and cookies: of a class, of a session, of a request; and where they are not sent.

mod harness;

use harness::{Echo, Make, User};
use loadtest_core::ErrorKind;
use loadtest_http::{HttpSettings, RequestBuilder};
use testbed::echo::EchoServer;

over_both! {
    defaults_go_with_every_request,
    a_sessions_headers_can_change,
    secret_defaults_stay_with_the_host,
    malformed_defaults_are_refused,
    cookies_can_be_read_set_and_removed,
    a_request_can_have_cookies_of_its_own,
    own_cookies_are_not_redirected_elsewhere,
    malformed_cookies_are_refused,
    an_answers_cookies_can_be_read,
    a_jar_is_bounded,
}

async fn echo(request: RequestBuilder) -> Echo {
    request.send().await.expect("an answer").json().expect("JSON")
}

/// All values of a header, as they were sent.
fn all<'a>(echo: &'a Echo, name: &str) -> Vec<&'a str> {
    echo.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

async fn defaults_go_with_every_request<M: Make>() {
    let server = EchoServer::spawn();
    let defaults = |settings: HttpSettings| {
        let settings =
            settings.default_header("x-key", "1")?.default_header("x-two", "a")?.default_header("x-two", "b")?;
        settings.default_header("User-Agent", "Mine")?.default_header("Content-Length", "7")
    };
    let user = User::with::<M>(&server.url(), &defaults(HttpSettings::new()).expect("headers"));
    let plain = echo(user.http.get("/")).await;
    assert_eq!((all(&plain, "x-key"), all(&plain, "x-two")), (vec!["1"], vec!["a", "b"]));
    assert_eq!((plain.header("user-agent"), plain.header("content-length")), (Some("Mine"), None));
    let own = echo(user.http.post("/").header("x-two", "c").header("x-two", "d").body("four")).await;
    assert_eq!((all(&own, "x-key"), all(&own, "x-two")), (vec!["1"], vec!["c", "d"]));
    assert_eq!((own.header("user-agent"), own.header("content-length")), (Some("Mine"), Some("4")));
    let fresh = echo(user.http.fresh().get("/")).await;
    assert_eq!(all(&fresh, "x-key"), ["1"]);
    let typed = HttpSettings::new().default_header("content-type", "text/csv").expect("a header");
    let typed = User::with::<M>(&server.url(), &typed);
    assert_eq!(all(&echo(typed.http.post("/").json(&1)).await, "content-type"), ["text/csv"]);
}

async fn a_sessions_headers_can_change<M: Make>() {
    let server = EchoServer::spawn();
    let settings = HttpSettings::new().default_header("x-key", "class").expect("a header");
    let user = User::with::<M>(&server.url(), &settings);
    let http = &user.http;
    http.set_default_header("x-key", "session").expect("a header");
    http.set_default_header("x-token", "1").expect("a header");
    http.set_default_header("x-token", "2").expect("a header");
    let sent = echo(http.clone().get("/")).await;
    assert_eq!((all(&sent, "x-key"), all(&sent, "x-token")), (vec!["session"], vec!["2"]));
    let sent = echo(http.fresh().get("/")).await;
    assert_eq!((all(&sent, "x-key"), all(&sent, "x-token")), (vec!["class"], vec![]));
    http.remove_default_header("X-Token");
    http.remove_default_header("x-key");
    http.remove_default_header("no header at all\n");
    let sent = echo(http.get("/")).await;
    assert_eq!((all(&sent, "x-key"), all(&sent, "x-token")), (vec!["class"], vec![]));
}

async fn secret_defaults_stay_with_the_host<M: Make>() {
    let (server, other) = (EchoServer::spawn(), EchoServer::spawn());
    let settings = HttpSettings::new().default_header("authorization", "Bearer class").expect("a header");
    let settings = settings.default_header("x-key", "1").expect("a header");
    let user = User::with::<M>(&server.url(), &settings);
    user.http.set_default_header("cookie", "secret=1").expect("a header");
    user.http.set_default_header("x-session", "2").expect("a header");
    let here = echo(user.http.get("/")).await;
    assert_eq!((here.header("authorization"), here.header("cookie")), (Some("Bearer class"), Some("secret=1")));
    let there = echo(user.http.get(format!("{}/", other.url()))).await;
    assert_eq!((there.header("authorization"), there.header("cookie")), (None, None));
    assert_eq!((there.header("x-key"), there.header("x-session")), (Some("1"), Some("2")));
    assert_eq!(there.header("host"), Some(other.addr().to_string().as_str()));
}

async fn malformed_defaults_are_refused<M: Make>() {
    let error = HttpSettings::new().default_header("x y", "1").expect_err("no name").to_string();
    assert!(error.starts_with("malformed header name"), "{error}");
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let error = user.http.set_default_header("x-key", "a\nb").expect_err("no value").to_string();
    assert!(error.starts_with("malformed value of the header x-key"), "{error}");
    assert_eq!(echo(user.http.get("/")).await.header("x-key"), None);
}

async fn cookies_can_be_read_set_and_removed<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&format!("{}/app", server.url()));
    let http = &user.http;
    let sent = async || echo(http.get("/")).await.header("cookie").unwrap_or_default().to_owned();
    assert_eq!(http.cookie("sid"), None);
    let set = format!("{}/set-cookie?name=sid&value=1&path=/app/deep", server.url());
    http.get(set).send().await.expect("an answer");
    assert_eq!((http.cookie("sid").as_deref(), sent().await.as_str()), (Some("1"), ""));
    http.set_cookie("sid", "2").expect("a cookie");
    http.set_cookie("theme", "dark; no".split(';').next().unwrap_or_default()).expect("a cookie");
    assert_eq!(sent().await, "sid=2; theme=dark");
    assert_eq!(http.cookie("sid").as_deref(), Some("1"), "the longest path");
    http.set_cookie("theme", "light").expect("a cookie");
    assert_eq!(sent().await, "sid=2; theme=light");
    http.remove_cookie("sid");
    assert_eq!((http.cookie("sid"), sent().await.as_str()), (None, "theme=light"));
    assert_eq!(http.fresh().cookie("theme"), None);
    http.clear_cookies();
    assert_eq!(sent().await, "");
}

async fn a_request_can_have_cookies_of_its_own<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let sent = async |request: RequestBuilder| echo(request).await.header("cookie").unwrap_or_default().to_owned();
    assert_eq!(sent(user.http.get("/").cookie("a", "1").cookie("b", "2")).await, "a=1; b=2");
    user.http.set_cookie("a", "session").expect("a cookie");
    user.http.set_cookie("c", "3").expect("a cookie");
    assert_eq!(sent(user.http.get("/").cookie("a", "own")).await, "c=3; a=own");
    assert_eq!(sent(user.http.get("/")).await, "a=session; c=3");
    assert_eq!(sent(user.http.get("/").cookie("a", "own").header("cookie", "all=1")).await, "all=1");
}

async fn own_cookies_are_not_redirected_elsewhere<M: Make>() {
    let other = EchoServer::spawn();
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {}/there\r\nContent-Length: 0\r\n\r\n", other.url());
    let server = harness::scripted(answer, harness::Then::Again);
    let user = User::new::<M>(&format!("http://{server}"));
    let there = echo(user.http.get("/").cookie("own", "1").header("x-key", "2")).await;
    assert_eq!((there.header("cookie"), there.header("x-key")), (None, Some("2")));
}

async fn malformed_cookies_are_refused<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    for (name, value) in [("", "1"), ("a b", "1"), ("a=b", "1"), ("a", "1;2"), ("a", "1\r\nX: y"), ("a", " 1")] {
        assert!(user.http.set_cookie(name, value).is_err(), "{name:?} {value:?}");
        let error = user.http.get("/").cookie(name, value).send().await.expect_err("no cookie");
        assert_eq!(error.kind(), ErrorKind::Request);
    }
    assert_eq!(user.failures(), ["malformed cookie × 6"]);
    assert_eq!(server.counts().received_total(), 0);
}

async fn an_answers_cookies_can_be_read<M: Make>() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1; Path=/x\r\nSet-Cookie: b = 2 \r\n\
                  Set-Cookie: a=3\r\nSet-Cookie: =4\r\n\r\n";
    let user = User::new::<M>(&format!("http://{}", harness::scripted(answer, harness::Then::Again)));
    let response = user.http.get("/").send().await.expect("an answer");
    assert_eq!((response.cookie("a"), response.cookie("b"), response.cookie("c")), (Some("3"), Some("2"), None));
}

async fn a_jar_is_bounded<M: Make>() {
    let mut answer = String::from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for number in 0..5000 {
        answer.push_str(&format!("Set-Cookie: c{number}=1; Path=/\r\n"));
    }
    answer.push_str(&format!("Set-Cookie: long={}\r\n\r\n", "x".repeat(5000)));
    let user = User::new::<M>(&format!("http://{}", harness::scripted(answer, harness::Then::Again)));
    for _ in 0..2 {
        let response = user.http.get("/").send().await;
        // hyper takes no more than 100 headers.
        if std::any::type_name::<M>().ends_with("Direct") {
            response.expect("an answer");
            assert_eq!(user.http.cookie("c4999").as_deref(), Some("1"));
            assert_eq!((user.http.cookie("c0"), user.http.cookie("long")), (None, None));
        } else {
            response.expect_err("too many headers");
        }
    }
}
