//! The users service: what it stores, and what it refuses.

use testbed::users_service::UsersService;

use crate::client::{Connection, Request, Response};

fn post(service: &UsersService, body: &str) -> Response {
    Request::new("POST", "/users").header("Content-Type", "application/json").body(body).send(service.addr())
}

fn list(service: &UsersService) -> String {
    let response = Request::new("GET", "/users").send(service.addr());
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    response.text()
}

#[test]
fn a_new_user_is_answered_listed_and_found() {
    let service = UsersService::spawn();
    assert_eq!(list(&service), "[]");
    let created = post(&service, r#"{"name":"Ada \"L\"","email":"ada@example.org"}"#);
    let ada = r#"{"id":1,"name":"Ada \"L\"","email":"ada@example.org"}"#;
    assert_eq!((created.status, created.text().as_str()), (201, ada));
    assert_eq!(created.header("location"), Some("/users/1"));
    post(&service, r#"{"email":"bob@example.org","name":"Bob","more":"is not read"}"#);
    assert_eq!(list(&service), format!(r#"[{ada},{{"id":2,"name":"Bob","email":"bob@example.org"}}]"#));
    let found = Request::new("GET", "/users/1").send(service.addr());
    assert_eq!((found.status, found.text().as_str()), (200, ada));
    assert_eq!(service.users(), 2);
    assert_eq!(service.counts().answered("POST", "/users", 201), 2);
}

#[test]
fn only_json_is_taken() {
    let service = UsersService::spawn();
    let ada = r#"{"name":"Ada","email":"ada@example.org"}"#;
    let without = Request::new("POST", "/users").body(ada).send(service.addr());
    let form = Request::new("POST", "/users").form("name=Ada&email=ada@example.org").send(service.addr());
    assert_eq!((without.status, form.status), (415, 415));
    assert!(form.text().contains("has to be `application/json`"), "{}", form.text());
    let with_charset = Request::new("POST", "/users").header("Content-Type", "Application/JSON; charset=utf-8");
    assert_eq!(with_charset.body(ada).send(service.addr()).status, 201);
}

#[test]
fn what_is_no_user_is_refused() {
    let service = UsersService::spawn();
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("name", 400),
        ("{}", 422),
        ("[]", 422),
        (r#"{"name":"Ada"}"#, 422),
        (r#"{"email":"ada@example.org"}"#, 422),
        (r#"{"name":1,"email":"ada@example.org"}"#, 422),
        (r#"{"name":" ","email":"ada@example.org"}"#, 422),
        (r#"{"name":"Ada","email":"example.org"}"#, 422),
        (r#"{"name":"Ada","email":"@example.org"}"#, 422),
        (r#"{"name":"Ada","email":"ada@"}"#, 422),
    ] {
        let response = post(&service, body);
        assert_eq!(response.status, status, "{body}: {}", response.text());
        assert!(response.text().starts_with(r#"{"error":""#), "{}", response.text());
    }
    assert_eq!(service.users(), 0);
}

#[test]
fn an_address_has_one_user() {
    let service = UsersService::spawn();
    assert_eq!(post(&service, r#"{"name":"Ada","email":"ada@example.org"}"#).status, 201);
    let second = post(&service, r#"{"name":"Eve","email":"ADA@example.org"}"#);
    assert_eq!(
        (second.status, second.text().as_str()),
        (409, r#"{"error":"ADA@example.org is somebody else's address"}"#)
    );
    assert_eq!(service.users(), 1);
}

#[test]
fn of_posts_at_once_none_is_lost_and_one_gets_the_address() {
    let service = UsersService::spawn();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let post = |thread: usize| {
            let mut connection = Connection::open(service.addr());
            let mut send = |body: String| {
                let request = Request::new("POST", "/users").header("Content-Type", "application/json").body(body);
                connection.send(&request, None).status
            };
            for number in 0..50 {
                assert_eq!(send(format!(r#"{{"name":"N","email":"{thread}.{number}@example.org"}}"#)), 201);
            }
            send(r#"{"name":"N","email":"one@example.org"}"#.to_owned())
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || post(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    assert_eq!(service.users(), 8 * 50 + 1);
}

#[test]
fn what_there_is_not() {
    let service = UsersService::spawn();
    for path in ["/", "/users/", "/users/1", "/users/x", "/usersx"] {
        assert_eq!(Request::new("GET", path).send(service.addr()).status, 404, "{path}");
    }
    for (method, path, allowed) in [("PUT", "/users", "GET, POST"), ("DELETE", "/users/1", "GET")] {
        let response = Request::new(method, path).send(service.addr());
        assert_eq!((response.status, response.header("allow")), (405, Some(allowed)));
    }
}
