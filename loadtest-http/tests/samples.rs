//! What is kept of failed requests, over each transport: all that a person needs, and no secret.

mod harness;

use std::io::Write;
use std::time::Duration;

use harness::{Make, Then, User, scripted};
use loadtest_core::stats::{Exchange, FailureKind, FailureSample};
use loadtest_http::multipart::Form;
use loadtest_http::{Body, HttpSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Misbehaving};

over_both! {
    the_whole_exchange_is_kept,
    no_secret_is_in_it,
    after_redirects_it_is_the_last_hop,
    without_an_answer_it_is_the_request,
    a_redirect_to_nowhere_has_no_answer,
    a_body_that_is_not_kept_says_so,
    binary_and_wrong_utf8_are_readable,
    long_bodies_are_cut,
    coded_bodies_are_decoded,
    files_are_named,
    who_judged_is_the_kind,
    whatever_is_secret_is_masked_wherever_it_stands,
}

/// The sample of the only failure.
fn only(user: &User) -> (FailureKind, FailureSample) {
    let failures = user.shard.failures();
    let failure = failures.last().expect("a failure");
    (failure.kind, (**failure.samples.last().expect("a sample")).clone())
}

fn exchange(user: &User) -> Exchange {
    *only(user).1.exchange.expect("an exchange")
}

async fn the_whole_exchange_is_kept<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.post("/status/503").header("x-trace", "17").body("what was asked").send().await.expect("an answer");
    let (kind, sample) = only(&user);
    assert_eq!((kind, sample.user_number, &*sample.class), (FailureKind::Status, Some(0), "TestUser"));
    assert!(sample.service_time > Duration::ZERO && sample.phases.is_some_and(|phases| !phases.first_byte.is_zero()));
    let exchange = sample.exchange.expect("an exchange");
    let lines: Vec<&str> = exchange.request.lines().collect();
    assert_eq!(lines[0], "POST /status/503 HTTP/1.1");
    for line in ["x-trace: 17", "accept: */*", "content-length: 14", &format!("host: {}", server.addr())] {
        assert!(lines.contains(&line), "{line}: {lines:?}");
    }
    assert_eq!((&*exchange.request_body.text, exchange.request_body.length), ("what was asked", 14));
    assert_eq!(exchange.status, Some(503));
    assert!(exchange.response.starts_with("HTTP/1.1 503 Service Unavailable\n"), "{}", exchange.response);
    assert!(exchange.response.to_ascii_lowercase().contains("\ncontent-length: "), "{}", exchange.response);
    assert_eq!(exchange.response_body.length, exchange.response_body.text.len() as u64);
    assert!(!exchange.response_body.is_cut);
}

/// Everything that can be read of the failures of a user.
fn all_text(user: &User) -> String {
    let failures = user.shard.failures();
    assert!(failures.iter().any(|failure| !failure.samples.is_empty()));
    failures.iter().map(|failure| format!("{} {} {:?}\n", failure.error, failure.sample, failure.samples)).collect()
}

async fn no_secret_is_in_it<M: Make>() {
    // It tells what it was sent: a server that repeats secrets.
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url().replace("://", "://ann:s3cret-host@"));
    let http = &user.http;
    http.set_cookie("sid", "s3cret-cookie").expect("a cookie");
    let fails = |name: &'static str| http.post("/?q=books&access_token=s3cret%20query").expect_status(201).name(name);
    fails("0")
        .bearer_auth("s3cret-bearer")
        .form(&[("user", "ann"), ("password", "s3cret+form")])
        .send()
        .await
        .expect("an answer");
    fails("1").basic_auth("ann", "s3cret-basic").json(&[("apiKey", "no")]).send().await.expect("an answer");
    let json = r#"{"user": "ann", "api_key": "s3cret \"json\"", "tokens": ["s3cret-array"]}"#;
    fails("2").header("x-api-key", "s3cret-key").body(json).send().await.expect("an answer");
    fails("3").cookie("own", "s3cret-own-cookie").send().await.expect("an answer");
    let form = Form::new().text("user", "ann").text("password", "s3cret-part");
    fails("4").multipart(form).send().await.expect("an answer");
    let cookies = "/set-cookie?name=session&value=s3cret-set-cookie";
    http.get(cookies).expect_status(201).send().await.expect("an answer");
    http.get("/delay/20000?token=s3cret-fault").timeout(Duration::from_millis(20)).send().await.expect_err("no time");
    let text = all_text(&user);
    assert!(!text.contains("s3cret"), "{text}");
    for shown in ["q=books", "user=ann&password=***", "authorization: Bearer ***", "cookie: sid=***", "x-api-key: ***"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}

async fn after_redirects_it_is_the_last_hop<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    user.http.post("/redirect/2").body("once").expect_status(418).send().await.expect("an answer");
    let exchange = exchange(&user);
    assert!(exchange.request.starts_with("GET / HTTP/1.1\n"), "{}", exchange.request);
    assert_eq!((exchange.status, exchange.request_body.length), (Some(200), 0));
}

async fn without_an_answer_it_is_the_request<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::HalfBody);
    let user = User::new::<M>(&server.url());
    user.http.put("/x").body("sent").send().await.expect_err("half an answer");
    let (kind, sample) = only(&user);
    assert_eq!(kind, FailureKind::Closed);
    assert!(sample.details.contains(&server.addr().to_string()) && sample.details.contains("; "), "{}", sample.details);
    let exchange = sample.exchange.expect("an exchange");
    assert!(exchange.request.starts_with("PUT /x HTTP/1.1\n"), "{}", exchange.request);
    assert_eq!((&*exchange.request_body.text, exchange.status, &*exchange.response), ("sent", None, ""));

    let user = User::new::<M>("http://127.0.0.1:1");
    user.http.get("/x").send().await.expect_err("nobody listens");
    let (kind, sample) = only(&user);
    assert_eq!(kind, FailureKind::Connect);
    assert!(sample.details.contains("127.0.0.1:1"), "{}", sample.details);
    assert!(sample.exchange.is_some_and(|exchange| exchange.request.starts_with("GET /x HTTP/1.1\n")));

    user.http.get("ftp://nowhere/").send().await.expect_err("no HTTP");
    let failures = user.shard.failures();
    let refused = failures.iter().find(|failure| failure.kind == FailureKind::Request).expect("refused");
    assert!(refused.samples[0].exchange.as_ref().is_none_or(|exchange| exchange.request.is_empty()));
}

async fn a_redirect_to_nowhere_has_no_answer<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::Redirect(302, "http://127.0.0.1:1/there?token=s3cret"));
    let user = User::new::<M>(&server.url());
    user.http.get("/").send().await.expect_err("a closed port");
    let exchange = exchange(&user);
    assert!(exchange.request.starts_with("GET /there?token=*** HTTP/1.1\nhost: 127.0.0.1:1\n"), "{}", exchange.request);
    assert_eq!((exchange.status, &*exchange.response), (None, ""));
    user.http.get("/").redirects(0).send().await.expect_err("too many");
    let failures = user.shard.failures();
    let many = failures.iter().find(|failure| &*failure.error == "too many redirects").expect("too many");
    let exchange = many.samples[0].exchange.as_ref().expect("an exchange");
    assert_eq!(exchange.status, Some(302));
    assert!(exchange.response.to_ascii_lowercase().contains("location: http://127.0.0.1:1/there?token=***\n"));
    assert!(!many.sample.contains("s3cret"), "{}", many.sample);
}

async fn a_body_that_is_not_kept_says_so<M: Make>() {
    let address = scripted("HTTP/1.1 500 No\r\ncontent-length: 5\r\n\r\nhello", Then::Close);
    let user = User::with::<M>(&format!("http://{address}"), &HttpSettings::new());
    user.http.get("/").discard_body().send().await.expect("an answer");
    let body = exchange(&user).response_body;
    assert_eq!((&*body.text, body.length, body.is_cut), ("[nothing of it was kept, as the request says]", 5, true));
}

async fn binary_and_wrong_utf8_are_readable<M: Make>() {
    let answer = |body: &[u8]| {
        let head = format!("HTTP/1.1 500 No\r\ncontent-length: {}\r\n\r\n", body.len());
        scripted([head.as_bytes(), body].concat(), Then::Close)
    };
    let latin = "gr\u{fffd}\u{fffd}er als erwartet\u{fffd}[2J, und mit vielen Buchstaben, die alle lesbar sind";
    for (body, text) in [
        (&b"gr\xf6\xdfer als erwartet\x1b[2J, und mit vielen Buchstaben, die alle lesbar sind"[..], latin),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "[binary] 89 50 4e 47 0d 0a 1a 0a 00 00"),
    ] {
        let user = User::new::<M>(&format!("http://{}", answer(body)));
        user.http.get("/").send().await.expect("an answer");
        let shown = exchange(&user).response_body;
        assert_eq!((&*shown.text, shown.length, shown.is_cut), (text, body.len() as u64, false));
    }
}

async fn long_bodies_are_cut<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let long = "y".repeat(10_000);
    user.http.post("/bytes/20000").body(long).expect_status(201).send().await.expect("an answer");
    let exchange = exchange(&user);
    for (body, length) in [(&exchange.request_body, 10_000), (&exchange.response_body, 20_000)] {
        assert_eq!((body.text.len(), body.length, body.is_cut), (4096, length, true));
    }
}

async fn coded_bodies_are_decoded<M: Make>() {
    if !cfg!(feature = "compression") {
        return;
    }
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    coder.write_all(&[b'y'; 1000]).expect("memory");
    let coded = coder.finish().expect("memory");
    let head = format!("HTTP/1.1 500 No\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", coded.len());
    for (body, shown) in [(&coded[..], "y".repeat(1000)), (&b"x".repeat(coded.len())[..], "x".repeat(coded.len()))] {
        let user = User::new::<M>(&format!("http://{}", scripted([head.as_bytes(), body].concat(), Then::Close)));
        let outcome = user.http.get("/").send().await;
        assert_eq!(outcome.is_ok(), shown.starts_with('y'));
        let body = exchange(&user).response_body;
        assert_eq!((&*body.text, body.length), (&*shown, shown.len() as u64));
    }
}

async fn files_are_named<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let length = std::fs::metadata(path).expect("a file").len();
    user.http.put("/status/500").body(Body::file(path)).send().await.expect("an answer");
    let exchange = exchange(&user);
    assert_eq!(&*exchange.request_body.text, format!("[the file {path}, {length} bytes]"));
    assert!(exchange.request.contains(&format!("\ncontent-length: {length}\n")), "{}", exchange.request);
}

async fn who_judged_is_the_kind<M: Make>() {
    let server = EchoServer::spawn();
    for (status, kind) in [(200, FailureKind::Check), (404, FailureKind::Status)] {
        let user = User::new::<M>(&server.url());
        user.http.get(format!("/status/{status}")).check(|_| false).send().await.expect("an answer");
        assert_eq!(only(&user).0, kind);
    }
    let user = User::new::<M>(&server.url());
    let caught = user.http.get("/status/404").catch_response().await.expect("an answer");
    let _ = caught.failure("no cart");
    assert_eq!(only(&user).0, FailureKind::Check);
    let user = User::new::<M>(&server.url());
    user.http.get("/delay/20000").timeout(Duration::from_millis(20)).send().await.expect_err("no time");
    assert_eq!(only(&user).0, FailureKind::Timeout);
}

/// Values that are no part of anything else that is shown.
fn secret() -> impl Strategy<Value = String> {
    "Z[ -~]{4,20}[!-~]Z"
}

async fn whatever_is_secret_is_masked_wherever_it_stands<M: Make>() {
    let server = EchoServer::spawn();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::default());
    for _ in 0..48 {
        let (value, place) = (secret(), any::<u8>()).new_tree(&mut runner).expect("values").current();
        let user = User::new::<M>(&server.url());
        let request = user.http.post("/?q=1").expect_status(201);
        let request = match place % 6 {
            0 => request.bearer_auth(&value),
            1 => request.basic_auth("ann", &value),
            2 => request.query(&[("api-key", &value)]),
            3 => request.form(&[("user", "ann"), ("password", &value)]),
            4 => request.json(&[("pin", 1)]).header("x-secret", &value),
            _ => request.json(&std::collections::BTreeMap::from([("token", &value)])),
        };
        request.send().await.expect("an answer");
        let text = all_text(&user);
        assert!(!text.contains(&value), "{value:?}: {text}");
        // As `Debug` of the text, and of the answer's JSON in it, would have it.
        let escaped = format!("{value:?}");
        assert!(!text.contains(escaped.trim_matches('"')), "{value:?}: {text}");
    }
}
