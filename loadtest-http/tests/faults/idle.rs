//! What happens to a connection between two requests.

use std::time::Duration;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Certificate, Misbehaving};

use crate::harness::{self, Make, User, until};
use crate::{CUT, Proper, RESET, is_own, trusting};

crate::over_both! {
    closed_while_idle,
    reset_while_idle,
    closed_while_idle_over_tls,
    closed_just_when_it_is_used_again,
    one_that_is_not_idempotent_is_not_repeated,
    an_answer_that_nobody_asked_for_reaches_nobody,
    an_answer_that_nobody_asked_for_and_that_comes_late_reaches_nobody,
    bytes_behind_an_answer_reach_nobody,
}

async fn closed_while_idle<M: Make>() {
    replaced::<M>(&Misbehaving::spawn(Behaviour::CloseAfterResponse), None).await;
}

async fn reset_while_idle<M: Make>() {
    replaced::<M>(&Misbehaving::spawn(Behaviour::ResetAfterResponse), None).await;
}

async fn closed_while_idle_over_tls<M: Make>() {
    let server = Misbehaving::spawn_tls(Behaviour::CloseAfterResponse, Certificate::Good);
    replaced::<M>(&server, Some(trusting(&server))).await;
}

/// Nothing is written to a connection of which is known that it is over, so that `POST` works as well.
async fn replaced<M: Make>(server: &Misbehaving, settings: Option<loadtest_http::HttpSettings>) {
    let user = User::with::<M>(&server.url(), &settings.unwrap_or_default());
    for n in 1..=20 {
        let target = format!("/x/{n}");
        is_own(&user.http.post(&target).name("/x").body("x").send().await.expect("an answer"), "POST", &target);
        until("closed", || server.misdeeds() == n).await;
        // Goes on after the sockets have been looked at.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(user.books("POST", "/x"), (20, 20, 0, 0, 20));
    assert_eq!((server.received(), server.connections_accepted()), (20, 20));
}

/// A user who computes between two requests gives the runtime no chance to hear of the close.
#[tokio::test]
async fn closed_while_the_thread_computes() {
    for behaviour in [Behaviour::CloseAfterResponse, Behaviour::ResetAfterResponse] {
        for server in plain_and_tls(behaviour) {
            computes_between_requests(&server, 20).await;
        }
    }
}

fn plain_and_tls(behaviour: Behaviour) -> [Misbehaving; 2] {
    [Misbehaving::spawn(behaviour), Misbehaving::spawn_tls(behaviour, Certificate::Good)]
}

/// Requests that nobody repeats; says how many connections were needed.
async fn computes_between_requests(server: &Misbehaving, requests: u64) -> u64 {
    let settings = loadtest_http::HttpSettings::new().accept_invalid_certificates(true);
    let user = User::with::<harness::Direct>(&server.url(), &settings);
    for n in 1..=requests {
        let target = format!("/x/{n}");
        let response = user.http.post(&target).name("/x").body("x").send().await;
        let what = format!("{}, the {n}th", server.url());
        is_own(&response.unwrap_or_else(|error| panic!("{what}: {error}")), "POST", &target);
        while server.misdeeds() < n {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    assert_eq!(user.books("POST", "/x"), (requests, requests, 0, 0, requests));
    server.connections_accepted()
}

/// An unasked answer that came while the thread computed is not the answer to the next request.
#[tokio::test]
async fn an_unasked_answer_while_the_thread_computes() {
    for server in plain_and_tls(Behaviour::AnswerTwiceLater(Duration::from_millis(2))) {
        assert_eq!(computes_between_requests(&server, 20).await, 20);
    }
}

/// A connection that is only idle is kept.
#[tokio::test]
async fn a_thread_that_computes_keeps_its_connection() {
    // A misdeed, so that the test can wait for it: it answers properly.
    for server in plain_and_tls(Behaviour::BytesBehind(b"")) {
        assert_eq!(computes_between_requests(&server, 10).await, 1);
    }
}

/// The server gives a connection up when the next request is on its way: as long as nothing is repeated that is one
/// failure, and it ends there.
async fn closed_just_when_it_is_used_again<M: Make>() {
    for (behaviour, group) in [(Behaviour::CloseOnReuse, CUT), (Behaviour::ResetOnReuse, RESET)] {
        let server = Misbehaving::spawn(behaviour);
        let user = User::new::<M>(&server.url());
        is_own(&user.http.get("/x/1").send().await.expect("an answer"), "GET", "/x/1");
        match user.http.get("/x/2").send().await {
            Ok(response) => is_own(&response, "GET", "/x/2"),
            Err(error) => {
                assert_eq!((error.kind(), error.to_string()), (ErrorKind::Closed, format!("GET /x/2: {group}")));
            }
        }
        is_own(&user.http.clone().fresh().get("/x/3").send().await.expect("an answer"), "GET", "/x/3");
        let (started, ok, failed, interrupted, _) = user.books("GET", "/x/2");
        assert_eq!((started, ok + failed, interrupted), (1, 1, 0));
    }
}

/// RFC 9110, 9.2.2. `written` counts both attempts. reqwest is told to repeat nothing.
#[tokio::test]
async fn an_idempotent_request_is_repeated_once() {
    for behaviour in [Behaviour::CloseOnReuse, Behaviour::ResetOnReuse] {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
            let server = Misbehaving::spawn(behaviour);
            let user = User::new::<harness::Direct>(&server.url());
            is_own(&user.http.get("/x/1").send().await.expect("an answer"), "GET", "/x/1");
            let response = user.http.request(method, "/x/2").body(if method == "PUT" { "x" } else { "" }).send().await;
            let response = response.unwrap_or_else(|error| panic!("{behaviour:?}: {error}"));
            assert!(response.text_lossy().ends_with(&format!("{method} /x/2")) || method == "HEAD");
            assert_eq!(user.books(method, "/x/2"), (1, 1, 0, 0, 2));
            assert_eq!((server.received(), server.connections_accepted()), (3, 2), "{method}");
        }
    }
}

async fn one_that_is_not_idempotent_is_not_repeated<M: Make>() {
    for (behaviour, group) in [(Behaviour::CloseOnReuse, CUT), (Behaviour::ResetOnReuse, RESET)] {
        for method in ["POST", "PATCH", "PROPFIND", "LOCK"] {
            let server = Misbehaving::spawn(behaviour);
            let user = User::new::<M>(&server.url());
            is_own(&user.http.get("/x/1").send().await.expect("an answer"), "GET", "/x/1");
            let error = user.http.request(method, "/x/2").body("x").send().await.expect_err("no answer");
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::Closed, format!("{method} /x/2: {group}")));
            assert_eq!(user.books(method, "/x/2"), (1, 0, 1, 0, M::IS_DIRECT.into()));
            assert_eq!((server.received(), server.connections_accepted()), (2, 1), "{method}");
            is_own(&user.http.get("/x/3").send().await.expect("an answer"), "GET", "/x/3");
        }
    }
}

async fn an_answer_that_nobody_asked_for_reaches_nobody<M: Make>() {
    reaches_nobody::<M>(Behaviour::AnswerTwice, Duration::ZERO).await;
}

async fn an_answer_that_nobody_asked_for_and_that_comes_late_reaches_nobody<M: Make>() {
    let later = Duration::from_millis(1);
    reaches_nobody::<M>(Behaviour::AnswerTwiceLater(later), later).await;
}

async fn bytes_behind_an_answer_reach_nobody<M: Make>() {
    for behind in [&b"x"[..], b"\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"] {
        reaches_nobody::<M>(Behaviour::BytesBehind(behind), Duration::ZERO).await;
    }
}

/// Many requests, as fast as can be, or each when the server has said everything.
async fn reaches_nobody<M: Make>(behaviour: Behaviour, pause: Duration) {
    let server = Misbehaving::spawn(behaviour);
    let user = User::new::<M>(&server.url());
    for n in 1..=50 {
        let target = format!("/x/{n}");
        is_own(&user.http.get(&target).name("/x").send().await.expect("an answer"), "GET", &target);
        if !pause.is_zero() {
            until("said", || server.misdeeds() == n).await;
            tokio::time::sleep(pause).await;
        }
    }
    assert_eq!(user.books("GET", "/x"), (50, 50, 0, 0, 50), "{behaviour:?}");
    assert_eq!((server.received(), server.connections_accepted()), (50, 50), "each spoils its connection");
    Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
}
