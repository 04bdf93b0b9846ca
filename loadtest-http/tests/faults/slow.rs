//! Servers that take their time: what comes within the time allowed is an answer, and the rest one failure.

use std::time::Duration;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{Look, all_at_once, fails, is_own, kept, timed_out};

crate::over_both! {
    a_slow_answer_is_measured_to_its_end,
    a_too_slow_answer_is_not_waited_for,
    silence,
    silence_inside_an_answer,
    a_head_that_never_ends_slowly,
    a_body_that_never_ends_slowly,
    interim_answers_that_never_end_slowly,
    a_timeout_says_what_was_waited_for,
}

const NOW_AND_THEN: Duration = Duration::from_millis(5);

fn late() -> Look {
    timed_out(300)
}

async fn a_slow_answer_is_measured_to_its_end<M: Make>() {
    let server = Misbehaving::spawn(Behaviour::Drip(Duration::from_millis(1)));
    let user = User::new::<M>(&server.url());
    for n in 0..3 {
        let target = format!("/x/{n}");
        let response = user.http.get(&target).name("/x").send().await.expect("an answer");
        is_own(&response, "GET", &target);
        assert!(response.service_time() >= Duration::from_millis(40), "{:?}", response.service_time());
    }
    assert_eq!(server.connections_accepted(), 1);
    assert_eq!(user.books("GET", "/x"), (3, 3, 0, 0, 3));
}

async fn a_too_slow_answer_is_not_waited_for<M: Make>() {
    // Some 50 bytes: the head is not there in time, or only the body is not.
    let drips = [20, 8].map(|millis| Behaviour::Drip(Duration::from_millis(millis)));
    all_at_once(drips.map(|drip| fails::<M>(drip, Look { is_race: true, ..late() }))).await;
}

async fn silence<M: Make>() {
    fails::<M>(Behaviour::NeverAnswer, late()).await;
}

async fn silence_inside_an_answer<M: Make>() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nX-", false),
        ("HTTP/1.1 100 Continue\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", true),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", true),
    ];
    all_at_once(cases.map(|(answer, is_answered)| {
        fails::<M>(Behaviour::Says(kept(answer), Then::Hold), Look { is_answered, ..late() })
    }))
    .await;
}

async fn a_head_that_never_ends_slowly<M: Make>() {
    fails::<M>(Behaviour::endless_head(NOW_AND_THEN), late()).await;
    fails::<M>(Behaviour::endless_header(NOW_AND_THEN), late()).await;
}

async fn a_body_that_never_ends_slowly<M: Make>() {
    let cases = [
        Behaviour::endless_body(NOW_AND_THEN),
        Behaviour::endless_chunks(NOW_AND_THEN),
        // A few digits, and slowly.
        Behaviour::endless_size(Duration::from_millis(60)),
        Behaviour::endless_space(Duration::from_millis(60)),
        Behaviour::endless_extension(NOW_AND_THEN),
        Behaviour::endless_trailers(NOW_AND_THEN),
    ];
    all_at_once(cases.map(|behaviour| fails::<M>(behaviour, late().answered()))).await;
}

async fn interim_answers_that_never_end_slowly<M: Make>() {
    fails::<M>(Behaviour::endless_interim(NOW_AND_THEN), late()).await;
}

async fn a_timeout_says_what_was_waited_for<M: Make>() {
    for (behaviour, how_far) in [
        (Behaviour::NeverAnswer, ["sent, but the answer was not complete", "before there was a connection"]),
        (
            Behaviour::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Then::Hold),
            [
                "after 2 bytes of body, those of redirects included",
                "after 2 bytes of body, those of redirects included",
            ],
        ),
    ] {
        let server = Misbehaving::spawn(behaviour);
        let user = User::new::<M>(&server.url());
        // What is made for the first request alone takes its time.
        user.http.get("/proper").send().await.expect("an answer");
        let error = user.http.get("/x").timeout(Duration::from_millis(100)).send().await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        // reqwest does not say whether it has a connection, nor what it wrote.
        assert_eq!(user.sample(), how_far[usize::from(!M::IS_DIRECT)]);
    }
}
