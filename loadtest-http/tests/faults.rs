//! Servers that misbehave: each request is one failed sample with a short text, or an answer, and nothing hangs.

mod harness;

use std::net::TcpListener;
use std::time::Duration;

use harness::{Make, Then, User, scripted};
use loadtest_core::ErrorKind;
use loadtest_http::StatusCode;
use testbed::misbehaving::{Behaviour, Misbehaving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

over_both! {
    a_closed_port_refuses,
    a_missing_host_is_not_found,
    a_connection_closed_too_early_is_a_failure,
    what_is_not_http_is_a_failure,
    unusual_answers_are_answers,
    malformed_answers_are_failures,
    a_connection_closed_while_idle_is_replaced,
    a_slow_answer_is_measured_to_its_end,
    an_answer_before_the_body_is_sent,
    a_head_that_never_ends_is_refused,
}

/// One request; its kind of failure and group.
async fn failure<M: Make>(host: &str) -> (ErrorKind, String) {
    let user = User::new::<M>(host);
    let error = user.http.get("/x").timeout(Duration::from_secs(10)).send().await.expect_err("no answer");
    let failures = user.failures();
    let (started, ok, failed, interrupted, _) = user.books("GET", "/x");
    assert_eq!((started, ok, failed, interrupted, failures.len()), (1, 0, 1, 0, 1));
    let group = failures[0].trim_end_matches(" × 1").to_owned();
    assert_eq!(error.to_string(), format!("GET /x: {group}"));
    assert!(!user.sample().is_empty());
    (error.kind(), group)
}

async fn a_closed_port_refuses<M: Make>() {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let refused = (ErrorKind::Connect, "connection refused".to_owned());
    assert_eq!(failure::<M>(&format!("http://{address}")).await, refused);
    assert_eq!(failure::<M>(&format!("http://localhost:{}", address.port())).await, refused);
}

async fn a_missing_host_is_not_found<M: Make>() {
    let group = "host name not found: no-such-host.invalid".to_owned();
    assert_eq!(failure::<M>("http://no-such-host.invalid").await, (ErrorKind::Dns, group));
}

async fn a_connection_closed_too_early_is_a_failure<M: Make>() {
    let cut = (ErrorKind::Closed, "connection closed before the answer was complete".to_owned());
    for behaviour in [Behaviour::CloseInsteadOfAnswering, Behaviour::HalfBody] {
        let server = Misbehaving::spawn(behaviour);
        assert_eq!(failure::<M>(&server.url()).await, cut, "{behaviour:?}");
        assert_eq!(server.received(), 1, "nothing is repeated");
    }
    // Closed before it is read, the request makes the kernel of the server reset the connection.
    let server = Misbehaving::spawn(Behaviour::CloseOnAccept);
    let (kind, group) = failure::<M>(&server.url()).await;
    assert_eq!(kind, ErrorKind::Closed);
    assert!([cut.1.as_str(), "connection reset"].contains(&group.as_str()), "{group}");
    for half in ["HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"] {
        let address = scripted(half, Then::Close);
        assert_eq!(failure::<M>(&format!("http://{address}")).await, cut, "{half}");
    }
}

async fn what_is_not_http_is_a_failure<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::Garbage);
    let (kind, group) = failure::<M>(&server.url()).await;
    assert_eq!(kind, ErrorKind::Protocol);
    assert!(group.starts_with("not a valid HTTP answer: "), "{group}");
}

async fn unusual_answers_are_answers<M: Make>() {
    let table: &[(&str, u16, &str)] = &[
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, ""),
        ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\n\r\n",
            200,
            "abc",
        ),
        ("HTTP/1.1 200 OK\r\nX-Odd: \u{fc}\u{e9}\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 302, ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than that", 200, "ok"),
    ];
    for (answer, status, body) in table {
        let address = scripted(*answer, Then::Close);
        let user = User::new::<M>(&format!("http://{address}"));
        let response = user.http.get("/").send().await.expect(answer);
        assert_eq!((response.status().as_u16(), response.text_lossy().as_ref()), (*status, *body), "{answer}");
        assert_eq!(user.books("GET", "/"), (1, 1, 0, 0, 1));
    }
}

async fn malformed_answers_are_failures<M: Make>() {
    for answer in [
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n0\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "\0\0\0\0",
    ] {
        let address = scripted(answer, Then::Close);
        let (kind, group) = failure::<M>(&format!("http://{address}")).await;
        assert_eq!(kind, ErrorKind::Protocol, "{answer}: {group}");
        assert!(group.starts_with("not a valid HTTP answer: "), "{group}");
        assert!(!group.contains("127.0.0.1"), "{group}");
    }
}

async fn a_connection_closed_while_idle_is_replaced<M: Make>() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (closed, mut closing) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let read = stream.read(&mut [0; 1024]).await.expect("a request");
            assert!(read > 0, "a connection for nothing");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("a client");
            drop(stream);
            closed.send(()).await.expect("a test");
        }
    });
    let user = User::new::<M>(&format!("http://{address}"));
    for _ in 0..20 {
        user.http.post("/").body("x").send().await.expect("an answer");
        closing.recv().await.expect("closed by the server");
        // Continues after the sockets have been looked at.
        tokio::task::yield_now().await;
    }
    assert_eq!(user.books("POST", "/"), (20, 20, 0, 0, 20));
}

async fn a_slow_answer_is_measured_to_its_end<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::Drip(Duration::from_millis(1)));
    let user = User::new::<M>(&server.url());
    let response = user.http.get("/").send().await.expect("an answer");
    assert_eq!(response.text_lossy(), "1 GET /");
    assert!(response.service_time() >= Duration::from_millis(40), "{:?}", response.service_time());
}

async fn an_answer_before_the_body_is_sent<M: Make>() {
    let address = scripted("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", Then::Hold);
    let user = User::new::<M>(&format!("http://{address}"));
    // More than the sockets hold, and never read.
    let response = user.http.put("/").body(vec![0; 50_000_000]).timeout(Duration::from_secs(3)).send().await;
    match response {
        Ok(response) => assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE),
        // reqwest goes on writing.
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Timeout);
            assert!(!std::any::type_name::<M>().ends_with("Direct"), "{error}");
        }
    }
    assert_eq!(user.books("PUT", "/").2, 1);
}

async fn a_head_that_never_ends_is_refused<M: Make>() {
    let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(10_000_000));
    let address = scripted(head, Then::Hold);
    let (kind, group) = failure::<M>(&format!("http://{address}")).await;
    assert_eq!(kind, ErrorKind::Protocol);
    assert_eq!(group, "not a valid HTTP answer: message head is too large");
}
