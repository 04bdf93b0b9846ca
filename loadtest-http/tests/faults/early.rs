//! Answers before the request is there as a whole (RFC 9112, 9.3).

use std::time::Duration;

use loadtest_core::ErrorKind;
use loadtest_http::{Bytes, StatusCode};
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{Proper, RESET};

crate::over_both! {
    an_early_answer_to_a_small_request,
    an_early_answer_and_silence,
    an_early_answer_and_the_end,
    an_early_answer_and_the_body_is_read_all_the_same,
}

/// More than the sockets hold.
fn large() -> Bytes {
    vec![0; 50_000_000].into()
}

async fn an_early_answer_to_a_small_request<M: Make>() {
    for then in [Then::Close, Then::Hold] {
        let server = Misbehaving::spawn(Behaviour::AnswerEarly(then));
        let user = User::new::<M>(&server.url());
        let response = user.http.post("/x").body("small").send().await.expect("an answer");
        assert_eq!((response.status(), &*response.text_lossy()), (StatusCode::PAYLOAD_TOO_LARGE, "413"));
        assert_eq!(user.books("POST", "/x"), (1, 0, 1, 0, 1));
        assert_eq!(user.failures(), ["413 Payload Too Large × 1"]);
        server.heal();
        harness::until("done", || server.misdeeds() == 1).await;
        // The server does not read on. A client that took up the connection would wait for ever, or fail.
        if then == Then::Close {
            Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
        }
    }
}

async fn an_early_answer_and_silence<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::AnswerEarly(Then::Hold));
    let user = User::new::<M>(&server.url());
    let response = user.http.put("/x").body(large()).timeout(Duration::from_secs(15)).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(user.books("PUT", "/x").2, 1);
    Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
}

/// The server closes with the body unread, so its kernel resets the connection: the answer before may be lost. Where it
/// is not, it counts.
async fn an_early_answer_and_the_end<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::AnswerEarly(Then::Close));
    let user = User::new::<M>(&server.url());
    let mut answers = 0;
    for _ in 0..20 {
        match user.http.put("/x").body(large()).timeout(Duration::from_secs(15)).send().await {
            Ok(response) => {
                answers += 1;
                assert_eq!((response.status(), &*response.text_lossy()), (StatusCode::PAYLOAD_TOO_LARGE, "413"));
            }
            Err(error) => {
                assert_eq!((error.kind(), error.to_string()), (ErrorKind::Closed, format!("PUT /x: {RESET}")));
            }
        }
    }
    let (started, ok, failed, interrupted, written) = user.books("PUT", "/x");
    assert_eq!((started, ok, failed, interrupted), (20, 0, 20, 0));
    assert!(answers > 0, "no answer was read");
    if M::IS_DIRECT {
        assert_eq!((answers, written), (20, 0), "{:?}", user.failures());
    }
    Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
}

/// And then the server answers once more, which nobody may hear.
async fn an_early_answer_and_the_body_is_read_all_the_same<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::AnswerEarly(Then::Again));
    let user = User::new::<M>(&server.url());
    let mut proper = Proper { http: &user.http, sent: 0 };
    for _ in 0..5 {
        let response = user.http.put("/x").body(large()).timeout(Duration::from_secs(15)).send().await;
        assert_eq!(response.expect("an answer").status(), StatusCode::PAYLOAD_TOO_LARGE);
        proper.is_answered(&server).await;
    }
}
