//! Under which name requests are counted: templates, and scopes that rename.

mod harness;

use harness::{Echo, Make, User};
use loadtest_core::ErrorKind;
use testbed::echo::EchoServer;

over_both! {
    a_template_groups_and_fills_its_placeholders,
    a_template_that_does_not_fit_is_a_failed_request,
    a_scope_renames_what_has_no_name,
}

async fn a_template_groups_and_fills_its_placeholders<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let http = &user.http;
    let target = async |request: loadtest_http::RequestBuilder| {
        request.send().await.expect("an answer").json::<Echo>().expect("JSON").target
    };
    for id in 1..4 {
        assert_eq!(target(http.get_path("/users/{id}", [id])).await, format!("/users/{id}"));
    }
    assert_eq!(
        target(http.put_path("/users/{id}/files/{name}", (17, "a/b ü?"))).await,
        "/users/17/files/a%2Fb%20%C3%BC%3F"
    );
    assert_eq!(target(http.delete_path("/search?q={words}", "a&b")).await, "/search?q=a%26b");
    assert_eq!(target(http.post_path("/users/{id}", [5]).query(&[("x", "y")])).await, "/users/5?x=y");
    assert_eq!(target(http.patch_path(String::from("/users/{id}"), [5]).name("changed")).await, "/users/5");
    assert_eq!(target(http.request_path("PROPFIND", "/{x}", ["y"])).await, "/y");
    let names = [
        "DELETE /search?q={words}",
        "GET /users/{id}",
        "PATCH changed",
        "POST /users/{id}",
        "PROPFIND /{x}",
        "PUT /users/{id}/files/{name}",
    ];
    assert_eq!(user.names(), names);
    assert_eq!(user.books("GET", "/users/{id}"), (3, 3, 0, 0, 3));
}

async fn a_template_that_does_not_fit_is_a_failed_request<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let error = user.http.get_path("/users/{id}/{file}", [1]).send().await.expect_err("one is missing");
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(user.books("GET", "/users/{id}/{file}"), (1, 0, 1, 0, 0));
    assert!(user.sample().contains("as many values as placeholders: 2, not 1"), "{}", user.sample());
    assert_eq!(server.counts().received_total(), 0);
}

async fn a_scope_renames_what_has_no_name<M: Make>() {
    let server = EchoServer::spawn();
    let user = User::new::<M>(&server.url());
    let get = async |url: &str| drop(user.http.get(url).send().await.expect("an answer"));
    {
        let _outer = user.http.rename("outer");
        get("/1").await;
        let inner = user.http.rename("inner".to_owned());
        get("/2").await;
        user.http.clone().get("/3").name("own").send().await.expect("an answer");
        user.http.get_path("/{id}", [4]).send().await.expect("an answer");
        user.http.fresh().get("/5").send().await.expect("an answer");
        drop(inner);
        get("/6").await;
        user.http.get("http://[").send().await.expect_err("no URL");
    }
    get("/7").await;
    // Dropped in another order than nested ones are.
    let (first, second) = (user.http.rename("first"), user.http.rename("second"));
    drop(first);
    get("/8").await;
    drop(second);
    get("/9").await;
    assert_eq!(
        user.names(),
        ["GET /5", "GET /7", "GET /9", "GET /{id}", "GET inner", "GET outer", "GET own", "GET second"]
    );
    assert_eq!(user.books("GET", "outer"), (3, 2, 1, 0, 2));
}
