//! Bodies: sent from the disk and in parts, decoded, discarded, limited.

mod harness;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use harness::{Echo, Make, Then, User, scripted};
use loadtest_core::ErrorKind;
use loadtest_http::multipart::{Form, Part};
use loadtest_http::{Body, HttpSettings};
use testbed::echo::EchoServer;

over_both! {
    a_form_of_several_parts,
    a_file_is_sent_from_the_disk,
    a_redirect_sends_the_file_again,
    what_cannot_be_read_is_a_failed_request,
    a_body_can_be_discarded,
    a_body_has_a_limit,
    a_limit_of_a_body_that_is_not_announced,
    compressed_bodies_are_asked_for_and_decoded,
    compression_can_be_switched_off,
    a_bomb_is_bounded,
    a_body_that_does_not_decode_is_a_failure,
    what_nobody_can_decode_is_left_alone,
    what_is_not_decoded_is_only_counted,
}

/// A file that is removed at the end of a test.
struct Temporary(PathBuf);

impl Temporary {
    fn new<M>(name: &str, content: &[u8]) -> Self {
        let transport: String = std::any::type_name::<M>().chars().filter(char::is_ascii_alphanumeric).collect();
        let path = std::env::temp_dir().join(format!("loadtest-{}-{transport}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("a file");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// A server whose answers have this body, and say that it is coded like this.
fn coded(coding: &str, body: &[u8]) -> String {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    format!("http://{}", scripted([head.as_bytes(), body].concat(), Then::Again))
}

async fn a_form_of_several_parts<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let file = Temporary::new::<M>("note.txt", "Grüße\n".as_bytes());
    let picture = Part::bytes(&b"GIF89a"[..]).file_name("a \"b\".gif").mime_str("image/gif");
    let form = Form::new().text("title", "Hello").part("picture", picture).file("note", &file.0);
    let echo: Echo = user.http.post("/").multipart(form).send().await.expect("an answer").json().expect("JSON");
    let kind = echo.header("content-type").expect("a type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let name = file.0.file_name().and_then(|name| name.to_str()).expect("a name");
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a %22b%22.gif\"\r\n\
         Content-Type: image/gif\r\n\r\nGIF89a\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"note\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\nGrüße\n\r\n--{boundary}--\r\n"
    );
    assert_eq!(echo.body, expected);
    assert_eq!(echo.header("content-length"), Some(expected.len().to_string().as_str()));
    assert_eq!(user.books("POST", "/"), (1, 1, 0, 0, 1));
}

async fn a_file_is_sent_from_the_disk<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let content: String = (0..300_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    let file = Temporary::new::<M>("large", content.as_bytes());
    for _ in 0..2 {
        let request = user.http.put("/").header("content-type", "text/plain").body(Body::file(&file.0));
        let echo: Echo = request.send().await.expect("an answer").json().expect("JSON");
        assert!(echo.body == content, "{} bytes", echo.body.len());
        assert_eq!(echo.header("content-length"), Some("300000"));
    }
    assert_eq!(server.counts().connections_accepted, 1);
    let row = user.shard.row("PUT", "/").expect("a row");
    assert!(row.stats.bytes_sent >= 600_000, "{}", row.stats.bytes_sent);
}

async fn a_redirect_sends_the_file_again<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let file = Temporary::new::<M>("again", b"once more");
    let request = user.http.put("/redirect/2?status=307").body(Body::file(&file.0));
    let echo: Echo = request.send().await.expect("an answer").json().expect("JSON");
    assert_eq!((echo.method.as_str(), echo.body.as_str()), ("PUT", "once more"));
}

async fn what_cannot_be_read_is_a_failed_request<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let form = |part| Form::new().part("x", part);
    let requests = [
        user.http.post("/").body(Body::file("/no/such/file")),
        user.http.post("/").multipart(form(Part::file("/no/such/file"))),
        user.http.post("/").multipart(form(Part::text("").mime_str("no type"))),
    ];
    for request in requests {
        assert_eq!(request.send().await.expect_err("nothing to send").kind(), ErrorKind::Request);
    }
    assert_eq!(user.failures(), ["malformed part of a form × 1", "the body could not be read × 2"]);
    let failures = user.shard.failures();
    let samples: Vec<&str> = failures.iter().map(|failure| &*failure.sample).collect();
    assert!(samples.iter().any(|sample| sample.starts_with("/no/such/file: ")), "{samples:?}");
    user.http.post("/").body("fine").send().await.expect("an answer");
    assert_eq!(user.books("POST", "/"), (4, 1, 3, 0, 1));
}

async fn a_body_can_be_discarded<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::with::<M>(&server.url(), &HttpSettings::new().largest_body(1000));
    for path in ["/bytes/3000000", "/chunked/100000"] {
        let length: u64 = path.rsplit('/').next().and_then(|number| number.parse().ok()).expect("a number");
        let response = user.http.get(path).discard_body().send().await.expect("an answer");
        assert_eq!((response.bytes().len(), response.body_length(), response.received_length()), (0, length, length));
        let row = user.shard.row("GET", path).expect("a row");
        assert_eq!((row.stats.bytes_received, row.stats.content_bytes), (length, length));
    }
    let always = User::with::<M>(&server.url(), &HttpSettings::new().discard_bodies(true));
    let response = always.http.get("/bytes/10").send().await.expect("an answer");
    assert_eq!((response.bytes().len(), response.body_length()), (0, 10));
    assert_eq!(server.counts().connections_accepted, 2);
}

async fn a_body_has_a_limit<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::with::<M>(&server.url(), &HttpSettings::new().largest_body(2048));
    assert_eq!(user.http.get("/bytes/2048").send().await.expect("an answer").bytes().len(), 2048);
    for path in ["/bytes/2049", "/chunked/3000"] {
        let error = user.http.get(path).send().await.expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
    assert_eq!(
        user.failures(),
        ["body is larger than the limit of 2 KiB × 1", "body is larger than the limit of 2 KiB × 1"]
    );
    let response = user.http.get("/bytes/5000").largest_body(5000).send().await.expect("an answer");
    assert_eq!(response.bytes().len(), 5000);
}

async fn a_limit_of_a_body_that_is_not_announced<M: Make>() {
    let answer = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000));
    let user = User::new::<M>(&format!("http://{}", scripted(answer, Then::Hold)));
    let request = user.http.get("/").largest_body(99_999).timeout(Duration::from_secs(10));
    request.send().await.expect_err("too long");
    assert_eq!(user.failures(), ["body is larger than the limit of 99999 bytes × 1"]);
}

#[cfg(feature = "compression")]
const ACCEPT: Option<&str> = Some("gzip, br, zstd, deflate");
#[cfg(not(feature = "compression"))]
const ACCEPT: Option<&str> = None;

async fn compressed_bodies_are_asked_for_and_decoded<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let echo: Echo = user.http.get("/").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("accept-encoding"), ACCEPT);

    let content = "to be compressed ".repeat(500);
    let compressed = gzip(content.as_bytes());
    let user = User::new::<M>(&coded("gzip", &compressed));
    let response = user.http.get("/").send().await.expect("an answer");
    let discarded = user.http.get("/").discard_body().send().await.expect("an answer");
    assert_eq!(response.received_length(), compressed.len() as u64);
    let row = user.shard.row("GET", "/").expect("a row");
    assert_eq!(row.stats.bytes_received, 2 * compressed.len() as u64);
    if ACCEPT.is_none() {
        assert_eq!(response.bytes(), &compressed);
        return;
    }
    assert_eq!(response.text().expect("text"), content);
    assert_eq!((response.body_length(), discarded.body_length()), (8500, 8500));
    assert!(discarded.bytes().is_empty());
    assert_eq!(row.stats.content_bytes, 2 * 8500);
    assert_eq!(response.header("content-encoding"), Some("gzip"), "headers stay as they came");
}

async fn compression_can_be_switched_off<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let echo: Echo = user.http.get("/").compression(false).send().await.expect("an answer").json().expect("JSON");
    assert_eq!((echo.header("accept-encoding"), echo.header("accept")), (None, Some("*/*")));
    let off = User::with::<M>(&server.url(), &HttpSettings::new().compression(false));
    let echo: Echo = off.http.get("/").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(echo.header("accept-encoding"), None);
    let on: Echo = off.http.get("/").compression(true).send().await.expect("an answer").json().expect("JSON");
    assert_eq!(on.header("accept-encoding"), ACCEPT);
    let own: Echo =
        user.http.get("/").header("accept-encoding", "br").send().await.expect("an answer").json().expect("JSON");
    assert_eq!(own.header("accept-encoding"), Some("br"));
    let compressed = gzip(b"content");
    let user = User::new::<M>(&coded("gzip", &compressed));
    let response = user.http.get("/").compression(false).send().await.expect("an answer");
    assert_eq!(response.bytes(), &compressed);
}

async fn a_bomb_is_bounded<M: Make>() {
    let bomb = gzip(&vec![0; 1_000_000]);
    assert!(bomb.len() < 5_000, "{}", bomb.len());
    let user = User::with::<M>(&coded("gzip", &bomb), &HttpSettings::new().largest_body(512 * 1024));
    for request in [user.http.get("/"), user.http.get("/").discard_body()] {
        let outcome = request.send().await;
        if ACCEPT.is_some() {
            assert_eq!(outcome.expect_err("too large").kind(), ErrorKind::Protocol);
        }
    }
    if ACCEPT.is_some() {
        assert_eq!(user.failures(), ["body is larger than the limit of 512 KiB × 2"]);
    }
}

async fn a_body_that_does_not_decode_is_a_failure<M: Make>() {
    for (coding, body) in
        [("gzip", &gzip(b"content")[..10]), ("br", b"\xff\xff"), ("zstd", b"no"), ("deflate", b"\x78\x9c")]
    {
        let user = User::new::<M>(&coded(coding, body));
        let outcome = user.http.get("/").send().await;
        if ACCEPT.is_some() {
            assert_eq!(outcome.expect_err(coding).kind(), ErrorKind::Protocol);
            assert_eq!(user.failures(), [format!("the body is not {coding}, as it says × 1")]);
            assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 1));
        }
    }
}

async fn what_nobody_can_decode_is_left_alone<M: Make>() {
    for (coding, body) in [("compress", &b"?"[..]), ("gzip", b""), ("identity", b"plain")] {
        let user = User::new::<M>(&coded(coding, body));
        assert_eq!(user.http.get("/").send().await.expect(coding).bytes(), body);
        assert_eq!(user.http.head("/").timeout(Duration::from_secs(10)).send().await.expect(coding).bytes().len(), 0);
    }
    let body = gzip(b"a part of something");
    let head = "HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-9/40\r\n\
                Content-Length: 10\r\n\r\n";
    let user = User::new::<M>(&format!("http://{}", scripted([head.as_bytes(), &body[..10]].concat(), Then::Again)));
    assert_eq!(user.http.get("/").send().await.expect("a part").bytes(), &body[..10]);
}

async fn what_is_not_decoded_is_only_counted<M: Make>() {
    let body = gzip(&b"content ".repeat(1000));
    let length = body.len() as u64;
    let few = HttpSettings::new().largest_body(length - 1);
    let part = format!("gzip\r\nContent-Range: bytes 0-{}/9999", length - 1);
    let table = [
        ("identity", few.clone()),
        ("compress", few.clone()),
        ("gzip, compress", few.clone()),
        (&part, few.clone()),
        ("gzip", few.clone().compression(false)),
    ];
    for (coding, settings) in table {
        let user = User::with::<M>(&coded(coding, &body), &settings);
        let response = user.http.get("/").discard_body().send().await.expect(coding);
        assert_eq!((response.bytes().len(), response.body_length(), response.received_length()), (0, length, length));
        let response = user.http.get("/").send().await;
        assert_eq!(response.expect_err(coding).kind(), ErrorKind::Protocol, "what is kept has a limit");
    }
    if cfg!(feature = "compression") {
        let user = User::with::<M>(&coded("gzip", &body), &few);
        assert_eq!(
            user.http.get("/").discard_body().send().await.expect_err("kept to be decoded").kind(),
            ErrorKind::Protocol
        );
    }
}
