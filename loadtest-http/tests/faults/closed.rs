//! Connections that end in the middle of an answer.

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{CUT, Look, Proper, RESET, fails, is_own, kept, look};

crate::over_both! {
    closed_before_the_answer,
    closed_inside_the_answer,
    reset_before_the_answer,
    reset_inside_the_answer,
    closed_inside_a_chunked_body,
    an_answer_that_came_whole_survives_the_reset,
}

const CLOSED: Look = look(ErrorKind::Closed, &[CUT]);
const WAS_RESET: Look = look(ErrorKind::Closed, &[RESET]);

async fn closed_before_the_answer<M: Make>() {
    fails::<M>(Behaviour::CloseInsteadOfAnswering, CLOSED).await;
}

async fn closed_inside_the_answer<M: Make>() {
    fails::<M>(Behaviour::HalfHead, CLOSED).await;
    fails::<M>(Behaviour::HalfBody, CLOSED.answered()).await;
}

async fn reset_before_the_answer<M: Make>() {
    fails::<M>(Behaviour::ResetInsteadOfAnswering, WAS_RESET).await;
}

async fn reset_inside_the_answer<M: Make>() {
    fails::<M>(Behaviour::ResetInHead, WAS_RESET).await;
    fails::<M>(Behaviour::ResetInBody, WAS_RESET.answered()).await;
    // A body without a length ends with the connection, but not like this.
    let endless = Behaviour::Says(b"HTTP/1.1 200 OK\r\n\r\nup to here", Then::Reset);
    fails::<M>(endless, WAS_RESET.answered()).await;
}

async fn closed_inside_a_chunked_body<M: Make>() {
    for part in ["", "5", "5\r", "5\r\n", "5\r\nab", "2\r\nab", "2\r\nab\r\n", "2\r\nab\r\n0\r\n", "0\r\nA: b\r\n"] {
        let answer = kept(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{part}"));
        fails::<M>(Behaviour::Says(answer, Then::Close), CLOSED.answered()).await;
    }
}

async fn an_answer_that_came_whole_survives_the_reset<M: Make>() {
    for behaviour in [Behaviour::CloseAfterResponse, Behaviour::ResetAfterResponse] {
        let server = Misbehaving::spawn(behaviour);
        let user = User::new::<M>(&server.url());
        for n in 0..5 {
            let target = format!("/x/{n}");
            let response = user.http.post(&target).name("/x").body("x").send().await.expect("an answer");
            is_own(&response, "POST", &target);
            // The end of the connection is there, and the runtime has been told.
            harness::until("closed", || server.misdeeds() == n + 1).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(user.books("POST", "/x"), (5, 5, 0, 0, 5), "{behaviour:?}");
        Proper { http: &user.http, sent: 0 }.is_answered(&server).await;
    }
}
