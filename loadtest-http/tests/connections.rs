//! Connections of a session: how many, when they are used again, when a request is repeated, and where the time goes.
//! The direct transport alone: reqwest has a pool of its own.

mod harness;

use std::time::{Duration, Instant};

use harness::{Direct, Then, User, scripted, until};
use loadtest_core::ErrorKind;
use loadtest_core::stats::RowStats;
use loadtest_http::HttpSettings;
use testbed::echo::EchoServer;
use testbed::misbehaving::{Behaviour, Misbehaving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn stats(user: &User, method: &str, name: &str) -> RowStats {
    user.shard.row(method, name).expect("a row").stats.as_ref().clone()
}

#[tokio::test]
async fn a_session_opens_six_connections_to_a_host() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let user = User::new::<Direct>(&server.url());
    let requests = async {
        let get = |path: &'static str| user.http.get(path).timeout(Duration::from_secs(10)).send();
        tokio::join!(get("/"), get("/"), get("/"), get("/"), get("/"), get("/"), get("/"), get("/"))
    };
    let other = user.http.fresh();
    tokio::select! {
        _ = requests => panic!("answered"),
        () = until("six requests", || server.received() == 6) => {}
    }
    assert_eq!(server.connections_accepted(), 6);
    let row = stats(&user, "GET", "/");
    assert_eq!((row.started, row.interrupted, row.written, row.connections_opened), (8, 8, 6, 6));
    // Another session has its own.
    tokio::select! {
        _ = other.get("/").send() => panic!("answered"),
        () = until("one more", || server.received() == 7) => {}
    }
}

#[tokio::test]
async fn waiting_requests_get_the_connections_of_others() {
    let server = EchoServer::spawn();
    let settings = HttpSettings::new().connections_per_host(2);
    let user = User::with::<Direct>(&server.url(), &settings);
    let get = |path: &'static str| user.http.get(path).name("/").send();
    let (a, b, c, d) = tokio::join!(get("/delay/30"), get("/delay/30"), get("/delay/1"), get("/delay/1"));
    for answer in [a, b, c, d] {
        answer.expect("an answer");
    }
    assert_eq!(server.counts().connections_accepted, 2);
    let row = stats(&user, "GET", "/");
    assert_eq!((row.ok, row.connections_opened, row.connections_reused), (4, 2, 2));
    assert_eq!((row.phases.blocked().count(), row.phases.connect().count()), (2, 2));
    assert!(row.phases.blocked().min() >= Some(Duration::from_millis(25)), "{:?}", row.phases.blocked().min());
}

#[tokio::test]
async fn waiting_for_a_connection_is_part_of_the_timeout_and_can_be_given_up() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let user = User::with::<Direct>(&server.url(), &HttpSettings::new().connections_per_host(1));
    let holds = user.http.get("/holds").send();
    let waits = async {
        until("the first", || server.received() == 1).await;
        let error = user.http.get("/waits").timeout(Duration::from_millis(20)).send().await.expect_err("no connection");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(user.sample(), "before there was a connection");
    };
    tokio::select! {
        _ = holds => panic!("answered"),
        () = waits => {}
    }
    // The place of what was given up is free again.
    tokio::select! {
        _ = user.http.get("/next").send() => panic!("answered"),
        () = until("the next", || server.received() == 2) => {}
    }
}

#[tokio::test]
async fn phases_tell_where_the_time_goes() {
    let server = EchoServer::spawn();
    let user = User::new::<Direct>(&format!("http://localhost:{}", server.addr().port()));
    let first = user.http.get("/drip/3/20").send().await.expect("an answer");
    let phases = first.phases();
    assert_eq!((phases.opened, phases.reused, phases.retried), (1, 0, 0));
    assert!(phases.dns > Duration::ZERO && phases.connect > Duration::ZERO && phases.tls.is_zero(), "{phases:?}");
    assert!(phases.download >= Duration::from_millis(30), "{phases:?}");
    let sum = phases.dns + phases.connect + phases.first_byte + phases.download;
    assert_eq!(sum, first.service_time(), "nothing is left out");

    let second = user.http.get("/delay/30").send().await.expect("an answer");
    let phases = second.phases();
    assert_eq!((phases.opened, phases.reused, phases.dns, phases.connect), (0, 1, Duration::ZERO, Duration::ZERO));
    assert!(phases.first_byte >= Duration::from_millis(30), "{phases:?}");
    assert_eq!((phases.first_byte, phases.download), (second.service_time(), Duration::ZERO), "it came at once");

    let redirected = user.http.get("/redirect/3").send().await.expect("an answer");
    assert_eq!((redirected.phases().reused, redirected.phases().opened), (4, 0));
    let row = stats(&user, "GET", "/drip/3/20");
    assert_eq!((row.connections_opened, row.phases.dns().count(), row.phases.download().count()), (1, 1, 1));
    let row = stats(&user, "GET", "/redirect/3");
    assert_eq!((row.connections_reused, row.phases.first_byte().count(), row.phases.connect().count()), (4, 1, 0));
}

#[tokio::test]
async fn a_handshake_is_a_phase() {
    let server = EchoServer::spawn_tls();
    let user = User::with::<Direct>(&server.url(), &HttpSettings::new().accept_invalid_certificates(true));
    let response = user.http.get("/").send().await.expect("an answer");
    assert!(response.phases().tls > Duration::ZERO, "{:?}", response.phases());
    assert_eq!(stats(&user, "GET", "/").phases.tls().count(), 1);
}

/// Reads to the end of a head; says whether there is one.
async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

/// A server that answers the first request of each connection, and ends the connection when it gets another: without a
/// byte of an answer, or after these.
async fn ends_on_the_second(partial: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            read_head(&mut stream).await;
            let _ = stream.write_all(partial).await;
        }
    });
    address
}

#[tokio::test]
async fn an_idempotent_request_is_repeated_once_and_counted() {
    let address = ends_on_the_second(b"").await;
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let user = User::new::<Direct>(&format!("http://{address}"));
        for _ in 0..2 {
            user.http.request(method, "/").send().await.expect(method);
        }
        let row = stats(&user, method, "/");
        assert_eq!((row.started, row.ok, row.failed, row.written), (2, 2, 0, 3), "{method}");
        assert_eq!((row.retries, row.connections_opened, row.connections_reused), (1, 2, 1), "{method}");
    }
}

#[tokio::test]
async fn nothing_else_is_repeated() {
    let address = ends_on_the_second(b"").await;
    for method in ["POST", "PATCH", "PROPFIND"] {
        let user = User::new::<Direct>(&format!("http://{address}"));
        user.http.request(method, "/").send().await.expect(method);
        let error = user.http.request(method, "/").send().await.expect_err(method);
        assert_eq!(error.kind(), ErrorKind::Closed, "{method}");
        let row = stats(&user, method, "/");
        assert_eq!((row.started, row.ok, row.failed, row.written, row.retries), (2, 1, 1, 2, 0), "{method}");
    }
    let address = ends_on_the_second(b"H").await;
    let user = User::new::<Direct>(&format!("http://{address}"));
    user.http.get("/").send().await.expect("an answer");
    user.http.get("/").send().await.expect_err("an answer had begun");
    assert_eq!(stats(&user, "GET", "/").retries, 0);
    // A new connection that ends is a failure: only one that was kept may have ended by chance.
    let server = Misbehaving::spawn(Behaviour::CloseInsteadOfAnswering);
    let user = User::new::<Direct>(&server.url());
    user.http.get("/").send().await.expect_err("closed");
    assert_eq!((server.received(), stats(&user, "GET", "/").retries), (1, 0));
}

/// The connection that is opened for the retry ends as well: that is a failure, and nothing is sent a third time.
#[tokio::test]
async fn a_retry_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let accepted = std::rc::Rc::new(std::cell::Cell::new(0));
    let server = async {
        while let Ok((mut stream, _)) = listener.accept().await {
            accepted.set(accepted.get() + 1);
            // The first connection answers once, later ones never.
            if accepted.get() == 1 && read_head(&mut stream).await {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
            read_head(&mut stream).await;
        }
    };
    let user = User::new::<Direct>(&format!("http://{address}"));
    let requests = async {
        user.http.get("/").send().await.expect("an answer");
        let error = user.http.get("/").send().await.expect_err("two connections that end");
        assert_eq!(error.kind(), ErrorKind::Closed);
    };
    tokio::select! {
        () = server => panic!("the server has no end"),
        () = requests => {}
    }
    assert_eq!(accepted.get(), 2);
    let row = stats(&user, "GET", "/");
    assert_eq!((row.started, row.ok, row.failed, row.retries, row.written), (2, 1, 1, 1, 3));
    assert_eq!((row.connections_opened, row.connections_reused), (2, 1));
}

/// Nobody gets through to the port: the time for connecting ends before that for the request.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stalled_connect_ends_with_the_time_for_connecting() {
    let port = testbed::misbehaving::StalledPort::spawn().expect("a full queue");
    for scheme in ["http", "https"] {
        let settings = HttpSettings::new().connect_timeout(Duration::from_millis(50));
        let user = User::with::<Direct>(&format!("{scheme}://{}", port.addr()), &settings);
        let start = Instant::now();
        let error = user.http.get("/").timeout(Duration::from_secs(30)).send().await.expect_err("no connection");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(user.failures(), ["connecting timed out after 50ms × 1"]);
        let row = stats(&user, "GET", "/");
        assert_eq!((row.written, row.connections_opened), (0, 0));
    }
}

#[tokio::test]
async fn a_request_overrides_the_timeout_of_the_settings() {
    let server = Misbehaving::spawn(Behaviour::Drip(Duration::from_millis(2)));
    let user = User::with::<Direct>(&server.url(), &HttpSettings::new().timeout(Duration::from_millis(30)));
    let error = user.http.get("/default").send().await.expect_err("a short time");
    assert_eq!((error.kind(), user.failures()), (ErrorKind::Timeout, vec!["timed out after 30ms × 1".to_owned()]));
    user.http.get("/own").timeout(Duration::from_secs(20)).send().await.expect("time enough");
    let error = user.http.get("/own").timeout(Duration::from_millis(20)).send().await.expect_err("a shorter time");
    assert_eq!(error.to_string(), "GET /own: timed out after 20ms");
    assert_eq!(user.books("GET", "/own"), (2, 1, 1, 0, 2));
}

#[tokio::test]
async fn a_stalled_handshake_ends_with_the_time_for_connecting() {
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let user = User::new::<Direct>(&server.url().replace("http:", "https:"));
    let start = Instant::now();
    let error = user.http.get("/").connect_timeout(Duration::from_millis(50)).send().await.expect_err("no handshake");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(user.failures(), ["connecting timed out after 50ms × 1"]);
    let row = stats(&user, "GET", "/");
    assert_eq!((row.written, row.connections_opened, row.phases.connect().count()), (0, 1, 1));
}

#[tokio::test]
async fn a_host_with_several_addresses_is_reached_by_any() {
    // `localhost` is ::1 and 127.0.0.1 on most machines; the server listens on the second.
    let server = EchoServer::spawn();
    let user = User::new::<Direct>(&format!("http://localhost:{}", server.addr().port()));
    user.http.get("/").send().await.expect("an answer");
}

#[tokio::test]
async fn connections_to_many_hosts_are_not_kept_without_end() {
    let servers: Vec<_> =
        (0..40).map(|_| scripted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Again)).collect();
    let user = User::new::<Direct>("http://127.0.0.1:1");
    for _ in 0..2 {
        for server in &servers {
            user.http.get(format!("http://{server}/")).name("/").send().await.expect("an answer");
        }
    }
    let row = stats(&user, "GET", "/");
    assert_eq!((row.ok, row.connections_opened), (80, 80), "forty hosts in turn are too many to be kept");
    for _ in 0..2 {
        for server in servers.iter().take(20) {
            user.http.get(format!("http://{server}/")).name("/few").send().await.expect("an answer");
        }
    }
    let row = stats(&user, "GET", "/few");
    assert_eq!((row.connections_opened, row.connections_reused), (20, 20));
}

#[tokio::test]
async fn what_cannot_be_read_costs_no_connection() {
    let server = EchoServer::spawn();
    let user = User::new::<Direct>(&server.url());
    user.http.get("/").send().await.expect("an answer");
    for _ in 0..5 {
        let error = user.http.put("/").body(loadtest_http::Body::file("/no/such/file")).send().await;
        assert_eq!(error.expect_err("no file").kind(), ErrorKind::Request);
    }
    user.http.get("/").send().await.expect("an answer");
    assert_eq!(server.counts().connections_accepted, 1);
}

#[tokio::test]
async fn a_connection_per_request_can_be_asked_for() {
    // This server says nothing of it: it is the client that closes.
    let address = scripted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Again);
    let settings = HttpSettings::new().default_header("connection", "close").expect("a header");
    let user = User::with::<Direct>(&format!("http://{address}"), &settings);
    for _ in 0..3 {
        user.http.get("/").send().await.expect("an answer");
    }
    user.http.get("/").header("connection", "keep-alive").name("kept").send().await.expect("an answer");
    user.http.get("/").name("kept").send().await.expect("an answer");
    let (closed, kept) = (stats(&user, "GET", "/"), stats(&user, "GET", "kept"));
    assert_eq!((closed.connections_opened, closed.connections_reused), (3, 0));
    assert_eq!((kept.connections_opened, kept.connections_reused), (1, 1));
}

#[tokio::test]
async fn a_batch_is_sent_at_once_and_answered_in_order() {
    let server = EchoServer::spawn();
    let user = User::new::<Direct>(&server.url());
    let paths = ["/delay/30", "/bytes/1", "/status/404", "http://["];
    let outcomes = user.http.batch(paths.map(|path| user.http.get(path))).await;
    let statuses: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().ok().map(|r| r.status().as_u16())).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(404), None]);
    assert_eq!(server.counts().connections_accepted, 3);
    assert!(user.http.batch(Vec::<loadtest_http::RequestBuilder>::new()).await.is_empty());
}
