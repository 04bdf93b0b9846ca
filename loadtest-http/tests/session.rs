//! What a session sends, keeps and counts, over each transport.

mod harness;

use std::ops::Range;
use std::time::Duration;

use harness::{Echo, Make, Then, User, scripted, until};
use loadtest_core::testing::TestShard;
use loadtest_core::{Client, ErrorKind};
use loadtest_http::{HeaderMap, HttpSession, HttpSettings, Method, StatusCode};
use testbed::echo::EchoServer;

over_both! {
    every_method_is_sent_and_counted,
    automatic_headers_can_be_replaced,
    bodies_are_sent_with_their_type,
    authentication_and_query,
    statuses_decide,
    answers_can_be_read,
    names_group,
    cookies_are_kept_until_they_are_cleared,
    a_fresh_session_knows_nothing,
    an_explicit_cookie_header_wins,
    redirects_are_one_request,
    redirects_can_be_limited_and_refused,
    secrets_are_not_redirected_elsewhere,
    a_redirect_to_nowhere_fails,
    what_cannot_be_built_is_a_failed_request,
    several_requests_at_once,
    a_timeout_is_grouped_by_its_limit,
    a_host_with_a_path_and_credentials,
    bytes_are_counted,
}

async fn every_method_is_sent_and_counted<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let http = &user.http;
    let requests = [
        http.get("/x?y=z"),
        http.post("/x?y=z"),
        http.put("/x?y=z"),
        http.patch("/x?y=z"),
        http.delete("/x?y=z"),
        http.options("/x?y=z"),
        http.request("PROPFIND", "/x?y=z"),
        http.request(Method::from_bytes(b"MKCOL").expect("a method"), "/x?y=z"),
    ];
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL"];
    for (request, method) in requests.into_iter().zip(methods) {
        let echo: Echo = request.send().await.expect(method).json().expect("JSON");
        assert_eq!((echo.method.as_str(), echo.target.as_str(), echo.body.as_str()), (method, "/x?y=z", ""));
        let length = matches!(method, "POST" | "PUT" | "PATCH").then_some("0");
        assert_eq!(echo.header("content-length"), length, "{method}");
        assert_eq!(user.books(method, "/x"), (1, 1, 0, 0, 1));
    }
    let head = http.head("/x").send().await.expect("HEAD");
    assert_eq!((head.status(), head.bytes().len()), (StatusCode::OK, 0));
    assert_eq!(user.books("HEAD", "/x"), (1, 1, 0, 0, 1));
    assert_eq!(server.counts().connections_accepted, 1, "one connection serves all");
}

async fn automatic_headers_can_be_replaced<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let echo: Echo = user.http.get("/").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("host"), Some(server.addr().to_string().as_str()));
    assert_eq!(echo.header("user-agent"), Some(concat!("loadtest/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(echo.header("accept"), Some("*/*"));
    // One more where bodies can be decoded.
    assert_eq!(echo.headers.len(), 3 + usize::from(cfg!(feature = "compression")), "{:?}", echo.headers);

    let mut more = HeaderMap::new();
    more.insert("x-two", "3".parse().expect("a value"));
    let request = user.http.get("/").header("accept", "text/html").header("x-one", "1").header("x-one", "2");
    let request = request.header("x-two", "2").headers(more).header("user-agent", "Mine");
    let echo: Echo = request.send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("accept"), Some("text/html"));
    assert_eq!(echo.header("user-agent"), Some("Mine"));
    assert_eq!(echo.header("x-two"), Some("3"));
    let ones: Vec<&str> =
        echo.headers.iter().filter(|(name, _)| name == "x-one").map(|(_, value)| value.as_str()).collect();
    assert_eq!(ones, ["1", "2"]);
}

async fn bodies_are_sent_with_their_type<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let echo = async |request: loadtest_http::RequestBuilder| -> Echo {
        request.send().await.expect("an answer").json().expect("JSON")
    };
    let form = echo(user.http.post("/").form(&[("a", "1 2"), ("b", "ü&")])).await;
    assert_eq!(form.body, "a=1+2&b=%C3%BC%26");
    assert_eq!(form.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(form.header("content-length"), Some("17"));
    let json = echo(user.http.put("/").json(&vec![Some(1), None])).await;
    assert_eq!(json.body, "[1,null]");
    assert_eq!(json.header("content-type"), Some("application/json"));
    let text = echo(user.http.patch("/").body("text")).await;
    assert_eq!((text.body.as_str(), text.header("content-type")), ("text", None));
    let own = echo(user.http.post("/").header("content-type", "application/ld+json").json(&1)).await;
    assert_eq!(own.header("content-type"), Some("application/ld+json"));
    let wrong = echo(user.http.post("/").header("content-length", "999").body("four")).await;
    assert_eq!((wrong.body.as_str(), wrong.header("content-length")), ("four", Some("4")));
    let empty = echo(user.http.post("/").body("")).await;
    assert_eq!(empty.header("content-length"), Some("0"));
    let large = "x".repeat(3_000_000);
    let back = echo(user.http.post("/").body(large.clone())).await;
    assert_eq!(back.body.len(), large.len());
    assert_eq!(server.counts().connections_accepted, 1);
}

async fn authentication_and_query<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let request = user.http.get("/q").basic_auth("ann", String::from("pass")).query(&[("a", "1 &"), ("b", "")]);
    let echo: Echo = request.query(&[("c", 3)]).send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.target, "/q?a=1+%26&b=&c=3");
    assert_eq!(echo.header("authorization"), Some("Basic YW5uOnBhc3M="));
    let request = user.http.get("/q?a=1").basic_auth("ann", "pass").bearer_auth("t0ken").query::<[(&str, &str)]>(&[]);
    let echo: Echo = request.send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.target, "/q?a=1");
    assert_eq!(echo.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(user.books("GET", "/q"), (2, 2, 0, 0, 2));
}

async fn statuses_decide<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    for status in [200, 204, 304, 399, 404, 500] {
        let response = user.http.get(format!("/status/{status}")).name("/status").send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), status);
    }
    user.http.get("/status/404").name("expected").expect_status(404).send().await.expect("an answer");
    user.http.get("/status/200").name("expected").expect_status(404).send().await.expect("an answer");
    assert_eq!(user.books("GET", "/status"), (6, 4, 2, 0, 6));
    assert_eq!(user.books("GET", "expected"), (2, 1, 1, 0, 2));
    assert_eq!(user.failures(), ["200 OK instead of 404 × 1", "404 Not Found × 1", "500 Internal Server Error × 1"]);

    let address = scripted(*b"HTTP/1.1 503 Busy\r\nContent-Length: 13\r\n\r\ntry\r\n\tagain \xff\n", Then::Again);
    let user = User::new::<M>(&format!("http://{address}"));
    user.http.get("/").send().await.expect("an answer");
    assert_eq!(user.failures(), ["503 Service Unavailable × 1"]);
    assert!(user.sample().starts_with("try again "), "{}", user.sample());
}

async fn answers_can_be_read<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let response = user.http.get("/a b?c#d").send().await.expect("an answer");
    assert_eq!(response.url(), format!("{}/a%20b?c", server.url()));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("x-missing"), None);
    assert_eq!(response.headers().len(), response.headers().keys().count());
    assert_eq!(response.text_lossy().as_bytes(), response.bytes());
    assert!(response.service_time() > Duration::ZERO);
    let row = user.shard.row("GET", "/a%20b").expect("a row");
    // The statistics round to microseconds.
    let counted = row.stats.service.max().expect("a time");
    assert!(counted.abs_diff(response.service_time()) < Duration::from_micros(1), "{counted:?}");
    let error = response.json::<Vec<u8>>().expect_err("a document is no list").to_string();
    assert!(error.starts_with("GET /a%20b: the body is other JSON than wanted: invalid type: map"), "{error}");
    assert!(error.contains(r#"it begins: {"method":"GET","#), "{error}");
    for path in ["/bytes/0", "/bytes/1000000", "/chunked/100000"] {
        let length: usize = path.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number");
        let response = user.http.get(path).send().await.expect("an answer");
        assert!(response.bytes().len() == length && response.bytes().iter().all(|byte| *byte == b'x'), "{path}");
    }
    assert_eq!(server.counts().connections_accepted, 1);
}

async fn names_group<M: Make>() {
    let server = EchoServer::spawn();
    let other = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.get("/one?a").send().await.expect("an answer");
    user.http.get(format!("{}/one?b", server.url())).send().await.expect("an answer");
    user.http.get("/two/17").name("/two/[id]").send().await.expect("an answer");
    user.http.get(format!("{}/three?c", other.url())).send().await.expect("an answer");
    assert_eq!(
        user.names(),
        ["GET /one".to_owned(), "GET /two/[id]".to_owned(), format!("GET {}/three", other.url()),]
    );
    assert_eq!(user.books("GET", "/one"), (2, 2, 0, 0, 2));
    assert_eq!((server.counts().received_total(), other.counts().received_total()), (3, 1));
}

async fn cookies_are_kept_until_they_are_cleared<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let sent = async || user.http.get("/cookies").send().await.expect("an answer").text_lossy().into_owned();
    assert_eq!(sent().await, "");
    user.http.get("/set-cookie?name=a&value=1").send().await.expect("an answer");
    user.http.get("/set-cookie?name=b&value=2&path=/elsewhere").send().await.expect("an answer");
    assert_eq!(sent().await, "a=1");
    assert_eq!(sent().await, "a=1");
    user.http.get("/set-cookie?name=a&value=3").send().await.expect("an answer");
    user.http.get("/set-cookie?name=c&value=4&path=/cookies").send().await.expect("an answer");
    assert_eq!(sent().await, "c=4; a=3");
    user.http.get("/set-cookie?name=a&value=3&max-age=0").send().await.expect("an answer");
    assert_eq!(sent().await, "c=4");
    user.http.clear_cookies();
    assert_eq!(sent().await, "");
}

async fn a_fresh_session_knows_nothing<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.get("/set-cookie?name=a&value=1").send().await.expect("an answer");
    let fresh = user.http.fresh();
    let sent =
        async |http: &HttpSession| http.get("/cookies").send().await.expect("an answer").text_lossy().into_owned();
    assert_eq!(sent(&fresh).await, "");
    assert_eq!(sent(&user.http).await, "a=1");
    assert_eq!(sent(&user.http.clone()).await, "a=1");
    assert_eq!(fresh.base_url(), user.http.base_url());
    assert_eq!(user.books("GET", "/cookies"), (3, 3, 0, 0, 3), "counted together");
}

async fn an_explicit_cookie_header_wins<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.get("/set-cookie?name=a&value=1").send().await.expect("an answer");
    let sent = user.http.get("/cookies").header("cookie", "mine=2").send().await.expect("an answer");
    assert_eq!(sent.text_lossy(), "mine=2");
}

async fn redirects_are_one_request<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let response = user.http.get("/redirect/3?status=302").send().await.expect("an answer");
    assert_eq!(response.url(), format!("{}/", server.url()));
    assert_eq!(user.names(), ["GET /redirect/3"]);
    assert_eq!(user.books("GET", "/redirect/3"), (1, 1, 0, 0, 4), "of four requests");
    assert_eq!(server.counts().received_total(), 4);

    let echo: Echo = user
        .http
        .post("/redirect/1?status=302")
        .name("login")
        .form(&[("a", "b")])
        .send()
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    assert_eq!((echo.method.as_str(), echo.body.as_str()), ("GET", ""));
    assert_eq!((echo.header("content-type"), echo.header("content-length")), (None, None));
    let again = user.http.put("/redirect/1?status=307").json(&7).send().await.expect("an answer");
    let echo: Echo = again.json().expect("JSON");
    assert_eq!((echo.method.as_str(), echo.body.as_str()), ("PUT", "7"));
    assert_eq!(echo.header("content-type"), Some("application/json"));
    assert_eq!(user.names(), ["GET /redirect/3", "POST login", "PUT /redirect/1"]);
    assert_eq!(server.counts().connections_accepted, 1);
}

async fn redirects_can_be_limited_and_refused<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let response = user.http.get("/redirect/3").no_redirects().send().await.expect("the redirect itself");
    assert_eq!((response.status(), response.header("location").is_some()), (StatusCode::FOUND, true));
    user.http.get("/redirect/10").send().await.expect("ten are followed");
    user.http.get("/redirect/3").redirects(3).send().await.expect("three are followed");
    for request in [user.http.get("/redirect/11"), user.http.get("/redirect/3").redirects(2)] {
        let error = request.send().await.expect_err("one too many");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().ends_with(": too many redirects"), "{error}");
    }
    assert_eq!(user.failures(), ["too many redirects × 1", "too many redirects × 1"], "in two rows");
}

async fn secrets_are_not_redirected_elsewhere<M: Make>() {
    let server = EchoServer::spawn();
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}/there\r\nContent-Length: 0\r\n\r\n", server.url());
    let address = scripted(redirect, Then::Again);
    let user = User::new::<M>(&format!("http://{address}"));
    let request = user.http.get("/").basic_auth("ann", "secret").header("cookie", "s=1").header("x-own", "1");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.url(), format!("{}/there", server.url()));
    let echo: Echo = response.json().expect("JSON");
    assert_eq!((echo.header("authorization"), echo.header("cookie"), echo.header("x-own")), (None, None, Some("1")));
    assert_eq!(echo.header("host"), Some(server.addr().to_string().as_str()));
}

async fn a_redirect_to_nowhere_fails<M: Make>() {
    for location in ["ftp://x/", "http://", "http://[/"] {
        let address =
            scripted(format!("HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"), Then::Again);
        let user = User::new::<M>(&format!("http://{address}"));
        let error = user.http.get("/x").send().await.expect_err(location);
        assert_eq!(error.to_string(), "GET /x: redirect to an address that cannot be asked for");
        assert_eq!(user.books("GET", "/x"), (1, 0, 1, 0, 1));
    }
}

async fn what_cannot_be_built_is_a_failed_request<M: Make>() {
    struct Odd;
    impl serde::Serialize for Odd {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("odd"))
        }
    }
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let http = &user.http;
    let broken = [
        (http.request("GET /", "/x"), "GET / /x: malformed method"),
        (http.get("http://[?x"), "GET http://[: malformed URL"),
        (http.get("ftp://h/x"), "GET ftp://h/x: malformed URL"),
        (http.get("/x").header("a b", "c"), "GET /x: malformed header name"),
        (http.get("/x").header("x-a", "b\r\nc: d"), "GET /x: malformed value of the header x-a"),
        (http.get("/x").bearer_auth("a\nb"), "GET /x: malformed bearer token"),
        (http.get("/x").json(&Odd).json(&1).body("y"), "GET /x: the body does not serialise to JSON"),
        (http.get("/x").form(&1), "GET /x: the form does not serialise"),
        (http.get("/x").query(&1), "GET /x: the query does not serialise"),
        (http.get(format!("/{}", "x".repeat(70_000))).name("long"), "GET long: malformed URL"),
    ];
    let count = broken.len() as u64;
    for (request, message) in broken {
        let error = request.send().await.expect_err(message);
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Request, message));
    }
    let failed: u64 = user.shard.rows().iter().map(|row| row.stats.failed).sum();
    let written: u64 = user.shard.rows().iter().map(|row| row.stats.written).sum();
    assert_eq!((failed, written, server.counts().received_total()), (count, 0, 0));
}

async fn several_requests_at_once<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let get = async |n: u32| {
        let echo: Echo = user.http.get(format!("/delay/20?{n}")).send().await.expect("an answer").json().expect("JSON");
        assert_eq!(echo.target, format!("/delay/20?{n}"));
    };
    tokio::join!(get(1), get(2), get(3));
    assert_eq!(server.counts().connections_accepted, 3);
    tokio::join!(get(4), get(5), get(6));
    assert_eq!(server.counts().connections_accepted, 3, "they are used again");
    assert_eq!(user.books("GET", "/delay/20"), (6, 6, 0, 0, 6));
}

async fn a_timeout_is_grouped_by_its_limit<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    for path in ["/delay/10000", "/drip/10/10000"] {
        let error = user.http.get(path).name("slow").timeout(Duration::from_millis(30)).send().await;
        let error = error.expect_err("too late");
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Timeout, "GET slow: timed out after 30ms"));
    }
    assert_eq!(user.failures(), ["timed out after 30ms × 2"]);
    user.http.get("/delay/5").timeout(Duration::MAX).send().await.expect("in time");
    until("connections closed", || server.counts().connections_open <= 1).await;
}

async fn a_host_with_a_path_and_credentials<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&format!("http://ann:pw@{}/app/", server.addr()));
    assert_eq!(user.http.base_url(), format!("{}/app", server.url()));
    let echo: Echo = user.http.get("/x").send().await.expect("an answer").json().expect("JSON");
    assert_eq!((echo.target.as_str(), echo.header("authorization")), ("/app/x", Some("Basic YW5uOnB3")));
    let echo: Echo = user.http.get("/x").bearer_auth("t").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("authorization"), Some("Bearer t"));
    let other = EchoServer::spawn();
    let echo: Echo = user.http.get(other.url()).send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("authorization"), None);
    let with = format!("http://bob:pw@{}/", other.addr());
    let echo: Echo = user.http.get(with).send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("authorization"), Some("Basic Ym9iOnB3"));
}

async fn bytes_are_counted<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.post("/bytes/1234").body(vec![b'x'; 100_000]).send().await.expect("an answer");
    let stats = user.shard.row("POST", "/bytes/1234").expect("a row").stats;
    assert_eq!(stats.bytes_received, 1234);
    assert!((100_000..100_500).contains(&stats.bytes_sent), "{}", stats.bytes_sent);
}

#[test]
fn a_session_without_a_host_is_refused() {
    let shard = TestShard::new(None);
    assert!(HttpSession::create(&shard.context()).is_err());
}

/// Sessions with settings of their own, each dropped before the next.
#[test]
fn settings_of_their_own_go_with_the_sessions() {
    let shard = TestShard::new(Some("http://shop"));
    let cx = shard.context();
    let create = |users: Range<u32>| {
        for user in users {
            let settings = HttpSettings::new().default_header("x-user", user.to_string()).expect("a header");
            drop(HttpSession::create_with(&cx, &settings).expect("a session"));
        }
    };
    create(0..100);
    let grown = allocation_counter::measure(|| create(100..2100)).bytes_current;
    assert!(grown < 20_000, "{grown} bytes");
}
