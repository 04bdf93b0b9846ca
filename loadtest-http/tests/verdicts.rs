//! Who decides whether an answer is fine: the status, checks, the task itself. And that it is counted once.

mod harness;

use std::panic::AssertUnwindSafe;

use harness::{Make, Then, User, scripted};
use loadtest_core::ErrorKind;
use serde::Deserialize;

over_both! {
    checks_decide_after_the_status,
    a_check_may_give_any_error,
    a_check_may_borrow_from_the_task,
    the_texts_of_bodies_are_grouped_without_the_body,
    a_panic_in_a_check_is_a_failed_request,
    an_error_for_a_failed_check,
    a_caught_answer_is_counted_once,
    a_caught_answer_that_is_dropped_is_counted_by_its_status,
    a_panic_beside_a_caught_answer_is_a_failure,
    a_request_without_an_answer_cannot_be_caught,
    bodies_that_are_not_what_was_wanted_say_so,
}

#[derive(Debug, Deserialize)]
struct Cart {
    total: u64,
}

fn shop<M: Make>(status: &str, body: &str) -> User {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nX-Shop: 1\r\n\r\n{body}");
    User::new::<M>(&format!("http://{}", scripted(answer, Then::Again)))
}

async fn checks_decide_after_the_status<M: Make>() {
    let user = shop::<M>("200 OK", r#"{"total":3}"#);
    let get = || user.http.get("/cart");
    get().check(|response| response.header("x-shop") == Some("1")).send().await.expect("an answer");
    assert_eq!(user.books("GET", "/cart"), (1, 1, 0, 0, 1));
    get().check(|_| true).check(|_| false).check(|_| Err::<(), _>("not reached")).send().await.expect("an answer");
    get().check(|_| Err::<(), _>("the cart is empty")).check(|_| false).send().await.expect("an answer");
    get()
        .check(|response| match response.json::<Cart>() {
            Ok(Cart { total: 3 }) => Err("three are too few".to_owned()),
            other => other.map(drop).map_err(|error| error.to_string()),
        })
        .send()
        .await
        .expect("an answer");
    assert_eq!(user.failures(), ["check failed × 1", "the cart is empty × 1", "three are too few × 1"]);
    assert_eq!(user.books("GET", "/cart"), (4, 1, 3, 0, 4));
    assert_eq!(user.sample(), r#"{"total":3}"#);

    let user = shop::<M>("404 Not Found", "no");
    let never = |_: &loadtest_http::Response| -> bool { panic!("made in spite of the status") };
    user.http.get("/").check(never).send().await.expect("an answer");
    user.http
        .get("/")
        .expect_status(404)
        .check(|response| response.text_lossy() == "no")
        .send()
        .await
        .expect("an answer");
    assert_eq!(user.failures(), ["404 Not Found × 1"]);
    assert_eq!(user.books("GET", "/"), (2, 1, 1, 0, 2));
}

async fn a_check_may_give_any_error<M: Make>() {
    let user = shop::<M>("201 Created", "x");
    let boxed = |_: &loadtest_http::Response| -> Result<(), Box<dyn std::error::Error>> { Err("boxed".into()) };
    user.http.get("/").check(boxed).send().await.expect("an answer");
    user.http.get("/").check(|response| response.text().map(drop)).send().await.expect("an answer");
    user.http.get("/").expect_status(loadtest_http::StatusCode::CREATED).send().await.expect("an answer");
    assert_eq!(user.failures(), ["boxed × 1"]);
    let discarded = user.http.get("/").discard_body().send().await.expect("an answer");
    assert_eq!(discarded.json::<Cart>().expect_err("nothing there").summary(), "the body was discarded");
    assert!(discarded.text().is_err() && discarded.bytes().is_empty());
}

async fn a_check_may_borrow_from_the_task<M: Make>() {
    let user = shop::<M>("200 OK", "three");
    let (wanted, mut seen) = (String::from("three"), Vec::new());
    user.http
        .get("/")
        .check(|response| {
            seen.push(response.status().as_u16());
            response.text_lossy() == wanted
        })
        .send()
        .await
        .expect("an answer");
    assert_eq!((seen, user.books("GET", "/").1), (vec![200], 1));
}

async fn the_texts_of_bodies_are_grouped_without_the_body<M: Make>() {
    let user = shop::<M>("200 OK", r#"{"sum":17}"#);
    user.http.get("/").check(|response| response.json::<Cart>()).send().await.expect("an answer");
    user.http.get("/").check(|response| response.json::<Cart>()).send().await.expect("an answer");
    let html = shop::<M>("200 OK", "<html>");
    html.http.get("/").check(|response| response.json::<Cart>()).send().await.expect("an answer");
    let cut = shop::<M>("200 OK", r#"{"total":"#);
    cut.http.get("/").check(|response| response.json::<Cart>()).send().await.expect("an answer");
    assert_eq!(user.failures(), ["the body is other JSON than wanted × 2"]);
    assert_eq!(html.failures(), ["the body is no JSON × 1"]);
    assert_eq!(cut.failures(), ["the body is JSON that ends too early × 1"]);
}

async fn a_panic_in_a_check_is_a_failed_request<M: Make>() {
    let user = shop::<M>("200 OK", "");
    let request = user.http.get("/").check(|_| -> bool { panic!("in the check") }).send();
    let panicked = AssertUnwindSafe(request);
    assert!(
        tokio::task::LocalSet::new().run_until(async { tokio::task::spawn_local(panicked.0).await }).await.is_err()
    );
    assert_eq!(user.failures(), ["panicked before the verdict × 1"]);
    assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 1));
}

async fn an_error_for_a_failed_check<M: Make>() {
    let user = shop::<M>("200 OK", "");
    let response =
        user.http.get("/17").name("/[id]").check(|_| Err::<(), _>("no cart")).send().await.expect("an answer");
    let error = response.error_for_status().expect_err("it failed");
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Response, "GET /[id]: no cart"));
    assert!(user.http.get("/").check(|_| true).send().await.expect("an answer").error_for_status().is_ok());
}

async fn a_caught_answer_is_counted_once<M: Make>() {
    let user = shop::<M>("500 Internal Server Error", "x");
    let caught = user.http.get("/").catch_response().await.expect("an answer");
    assert_eq!(user.books("GET", "/"), (1, 0, 0, 0, 0), "not yet");
    assert_eq!(caught.success().error_for_status().expect("it counts as fine").status(), 500);
    assert_eq!(user.books("GET", "/"), (1, 1, 0, 0, 1));

    let caught = user.http.get("/").expect_status(500).catch_response().await.expect("an answer");
    let error = caught.failure(format!("broken by {}", "design"));
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Response, "GET /: broken by design"));
    assert_eq!(user.failures(), ["broken by design × 1"]);
    assert_eq!(user.books("GET", "/"), (2, 1, 1, 0, 2));
}

async fn a_caught_answer_that_is_dropped_is_counted_by_its_status<M: Make>() {
    let user = shop::<M>("404 Not Found", "x");
    drop(user.http.get("/").catch_response().await.expect("an answer"));
    drop(user.http.get("/").expect_status(404).catch_response().await.expect("an answer"));
    drop(user.http.get("/").expect_status(404).check(|_| false).catch_response().await.expect("an answer"));
    let leaves_early = async || -> Result<(), loadtest_http::BodyError> {
        let caught = user.http.get("/").catch_response().await.expect("an answer");
        caught.json::<Cart>()?;
        caught.success();
        Ok(())
    };
    leaves_early().await.expect_err("no JSON");
    assert_eq!(user.failures(), ["404 Not Found × 2", "check failed × 1"]);
    assert_eq!(user.books("GET", "/"), (4, 1, 3, 0, 4));
}

async fn a_panic_beside_a_caught_answer_is_a_failure<M: Make>() {
    let user = shop::<M>("200 OK", "x");
    let caught = user.http.get("/").catch_response().await.expect("an answer");
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let caught = caught;
        assert_eq!(caught.status(), 201, "in the task");
        caught.success();
    }));
    assert!(panicked.is_err());
    assert_eq!(user.failures(), ["panicked before the verdict × 1"]);
    assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 1));
}

async fn a_request_without_an_answer_cannot_be_caught<M: Make>() {
    let user =
        User::new::<M>(&format!("http://{}", scripted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Then::Close)));
    let error = user.http.get("/").catch_response().await.expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(user.books("GET", "/"), (1, 0, 1, 0, 1));
}

async fn bodies_that_are_not_what_was_wanted_say_so<M: Make>() {
    let user = shop::<M>("200 OK", "<html>no cart</html>");
    let response = user.http.get("/users/17").name("/users/[id]").send().await.expect("an answer");
    let error = response.json::<Cart>().expect_err("HTML").to_string();
    assert!(error.starts_with("GET /users/[id]: the body is no JSON: "), "{error}");
    assert!(error.ends_with("it begins: <html>no cart</html>"), "{error}");
    assert_eq!(response.text().expect("text"), "<html>no cart</html>");

    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n".to_vec();
    answer.extend_from_slice(b"a\xffb");
    let user = User::new::<M>(&format!("http://{}", scripted(answer, Then::Again)));
    let response = user.http.get("/").send().await.expect("an answer");
    let error = response.text().expect_err("no UTF-8");
    assert_eq!(error.summary(), "the body is no UTF-8 text");
    assert!(error.to_string().starts_with("GET /: the body is no UTF-8 text: "), "{error}");
    assert_eq!(response.text_lossy(), "a\u{fffd}b");
    assert_eq!(user.books("GET", "/").1, 1, "the request stays fine");
}
