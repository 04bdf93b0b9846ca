//! TweetCheck: its list, its constraints, and how it slows down.

use std::time::{Duration, Instant};

use testbed::tweetcheck::{TweetCheck, route};

use crate::client::{Connection, Request, Response};

fn get(service: &TweetCheck, target: &str) -> Response {
    Request::new("GET", target).send(service.addr())
}

fn post(body: &str) -> Request {
    Request::new("POST", "/api/tweets").header("Content-Type", "application/json").body(body)
}

#[test]
fn a_tweet_is_pending_and_listed() {
    let service = TweetCheck::spawn();
    let root = get(&service, "/api/");
    assert_eq!((root.status, root.text().as_str()), (200, r#"{"tweets":"/api/tweets"}"#));
    assert_eq!(get(&service, "/api/tweets?status=pending").text(), "[]");
    let posted = post(r#"{"handle": 1, "body": "Hello, world"}"#).send(service.addr());
    let tweet = r#"{"id":1,"handle":1,"body":"Hello, world","status":"pending"}"#;
    assert_eq!((posted.status, posted.text().as_str()), (201, tweet));
    for target in ["/api/tweets?status=pending", "/api/tweets", "/api/tweets?page=1"] {
        let list = get(&service, target);
        assert_eq!((list.status, list.text()), (200, format!("[{tweet}]")), "{target}");
        assert_eq!(list.header("content-type"), Some("application/json"));
    }
    assert_eq!(get(&service, "/api/tweets?status=approved").text(), "[]");
    assert_eq!(service.counts().received("GET", route::TWEETS), 5);
}

#[test]
fn the_constraints_of_the_tables_are_answers_for_people() {
    let service = TweetCheck::spawn();
    let (longest, too_long) = ("ä".repeat(280), "ä".repeat(281));
    let with = |text: &str| format!(r#"{{"handle":1,"body":"{text}"}}"#);
    for (body, status, reason) in [
        (r#"{"handle":7,"body":"Hello"}"#, 400, "there is no handle 7"),
        (with("").as_str(), 400, "from 1 to 280"),
        (with(&too_long).as_str(), 400, "from 1 to 280"),
        ("Hello", 400, "expected value"),
        (r#"{"handle":1}"#, 422, "missing field `body`"),
        (r#"{"handle":"one","body":"Hello"}"#, 422, "invalid type"),
    ] {
        let response = post(body).send(service.addr());
        assert_eq!(response.status, status, "{body}: {}", response.text());
        assert!(response.text().contains(reason), "{body}: {}", response.text());
    }
    assert_eq!(Request::new("POST", "/api/tweets").form("handle=1&body=Hello").send(service.addr()).status, 415);
    assert_eq!(service.tweets(), 0);
    assert_eq!(post(&with(&longest)).send(service.addr()).status, 201);
    let status = get(&service, "/api/tweets?status=new");
    assert_eq!(status.status, 400);
    assert!(status.text().contains("there are pending, approved, rejected"), "{}", status.text());
}

#[test]
fn no_post_of_many_at_once_is_lost() {
    let service = TweetCheck::spawn();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = Connection::open(service.addr());
                for _ in 0..50 {
                    assert_eq!(connection.send(&post(r#"{"handle":1,"body":"Hello"}"#), None).status, 201);
                }
            });
        }
    });
    assert_eq!(service.tweets(), 400);
    assert_eq!(get(&service, "/api/tweets?status=pending").text().matches("\"id\":").count(), 400);
}

#[test]
fn a_longer_list_takes_longer() {
    let service = TweetCheck::spawn();
    let mut connection = Connection::open(service.addr());
    // The quickest of some, so that a busy machine does not count.
    let mut quickest = || {
        let request = Request::new("GET", "/api/tweets?status=pending");
        let ask = |connection: &mut Connection| {
            let started = Instant::now();
            let length = connection.send(&request, None).body.len();
            (started.elapsed(), length)
        };
        (0..5).map(|_| ask(&mut connection)).min().expect("five")
    };
    let (short, nothing) = quickest();
    service.post_many(20_000);
    service.post_many(0);
    let (long, much) = quickest();
    assert_eq!(service.tweets(), 20_000);
    assert!(nothing == 2 && much > 20_000 * 60, "{nothing} and {much} bytes");
    assert!(long > short * 2 && long > Duration::from_millis(1), "{short:?} and {long:?}");
}

#[test]
fn what_there_is_not() {
    let service = TweetCheck::spawn();
    for path in ["/", "/api", "/api/tweets/1"] {
        assert_eq!(get(&service, path).status, 404, "{path}");
    }
    for (method, path, allowed) in [("POST", "/api/", "GET"), ("DELETE", "/api/tweets", "GET, POST")] {
        let response = Request::new(method, path).send(service.addr());
        assert_eq!((response.status, response.header("allow")), (405, Some(allowed)));
    }
}
