//! The website: who may see what, and how one gets in.

use std::net::SocketAddr;

use testbed::slides::{PASSWORD, SlidesSite};

use crate::client::{Jar, Request, Response};

fn log_in(addr: SocketAddr, name: &str, jar: &mut Jar) -> Response {
    let form = format!("username={name}&password={PASSWORD}");
    Request::new("POST", "/login").form(&form).send_with(addr, jar)
}

fn leads_to(response: &Response) -> (u16, &str) {
    (response.status, response.header("location").unwrap_or_default())
}

#[test]
fn some_pages_are_for_everybody() {
    let site = SlidesSite::spawn();
    for (path, title) in [("/", "Welcome"), ("/about", "About"), ("/login", "Login")] {
        let response = Request::new("GET", path).send(site.addr());
        assert_eq!((response.status, response.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(response.text().contains(&format!("<h1>{title}</h1>")), "{path}: {}", response.text());
    }
    assert_eq!(Request::new("GET", "/nowhere").send(site.addr()).status, 404);
    assert_eq!(site.counts().received("GET", "/about"), 1);
}

#[test]
fn the_others_are_for_those_who_have_logged_in() {
    let site = SlidesSite::spawn();
    for path in ["/profile", "/forum", "/forum/7"] {
        assert_eq!(leads_to(&Request::new("GET", path).send(site.addr())), (302, "/login"), "{path}");
    }
    assert_eq!(Request::new("POST", "/forum/7").form("text=hello").send(site.addr()).status, 401);
    let mut jar = Jar::default();
    let response = log_in(site.addr(), "ada", &mut jar);
    assert_eq!(leads_to(&response), (302, "/"));
    let cookie = response.header("set-cookie").unwrap();
    assert!(cookie.starts_with("session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    for path in ["/profile", "/forum", "/forum/7"] {
        assert_eq!(Request::new("GET", path).send_with(site.addr(), &mut jar).status, 200, "{path}");
    }
    assert!(Request::new("GET", "/profile").send_with(site.addr(), &mut jar).text().contains("You are ada."));
    assert_eq!(site.sessions(), 1);
}

#[test]
fn a_wrong_password_opens_nothing() {
    let site = SlidesSite::spawn();
    let mut jar = Jar::default();
    for form in ["username=ada&password=wrong", "username=ada", "password=secret", "username=&password=secret", ""] {
        let response = Request::new("POST", "/login").form(form).send_with(site.addr(), &mut jar);
        assert_eq!((response.status, response.header("set-cookie")), (401, None), "{form}");
        assert!(response.text().contains("Name or password is wrong."), "{form}");
    }
    // What is no form has no fields.
    let json = Request::new("POST", "/login").header("Content-Type", "application/json");
    assert_eq!(json.body(r#"{"username":"ada","password":"secret"}"#).send(site.addr()).status, 401);
    let forged = Request::new("GET", "/profile").header("Cookie", "session=0123456789").send(site.addr());
    assert_eq!(leads_to(&forged), (302, "/login"));
    assert_eq!(site.sessions(), 0);
}

#[test]
fn a_logout_ends_the_session_for_every_copy_of_its_cookie() {
    let site = SlidesSite::spawn();
    let (mut jar, mut other) = (Jar::default(), Jar::default());
    log_in(site.addr(), "ada", &mut jar);
    log_in(site.addr(), "ada", &mut other);
    let mut copy = jar.clone();
    assert_eq!(leads_to(&Request::new("POST", "/logout").send_with(site.addr(), &mut jar)), (302, "/"));
    assert_eq!(jar.value(|name| name == "session"), None, "the cookie is deleted");
    for (jar, status) in [(&mut jar, 302), (&mut copy, 302), (&mut other, 200)] {
        assert_eq!(Request::new("GET", "/profile").send_with(site.addr(), jar).status, status);
    }
    assert_eq!(site.sessions(), 1);
}

#[test]
fn what_is_posted_is_shown_and_cannot_be_a_tag() {
    let site = SlidesSite::spawn();
    let mut jar = Jar::default();
    log_in(site.addr(), "a%3Cb%3E", &mut jar);
    let mut send = |method: &str, path: &str, form: &str| {
        let request = Request::new(method, path);
        let request = if form.is_empty() { request } else { request.form(form) };
        request.send_with(site.addr(), &mut jar)
    };
    assert_eq!(leads_to(&send("POST", "/forum/3", "text=%3Cscript%3E+%26+more")), (302, "/forum/3"));
    let thread = send("GET", "/forum/3", "").text();
    assert!(thread.contains("<li>a&lt;b&gt;: &lt;script&gt; &amp; more</li>"), "{thread}");
    assert!(send("GET", "/forum", "").text().contains("Thread 3</a>, 1 posts"));
    assert_eq!(send("POST", "/forum/3", "text=").status, 400);
    for missing in ["/forum/0", "/forum/21", "/forum/x", "/forum/"] {
        assert_eq!(send("GET", missing, "").status, 404, "{missing}");
    }
    // Old posts make room.
    for number in 0..30 {
        send("POST", "/forum/4", &format!("text=number-{number}-"));
    }
    let thread = send("GET", "/forum/4", "").text();
    assert!(
        !thread.contains("number-9-") && thread.contains("number-10-") && thread.contains("number-29-"),
        "{thread}"
    );
    assert_eq!(site.counts().received("POST", "/forum/{thread}"), 32);
}

#[test]
fn other_methods_are_refused_with_those_that_there_are() {
    let site = SlidesSite::spawn();
    let mut jar = Jar::default();
    log_in(site.addr(), "ada", &mut jar);
    for (method, path, allowed) in [
        ("POST", "/", "GET"),
        ("DELETE", "/login", "GET, POST"),
        ("GET", "/logout", "POST"),
        ("POST", "/forum", "GET"),
        ("PUT", "/forum/1", "GET, POST"),
    ] {
        let response = Request::new(method, path).send_with(site.addr(), &mut jar);
        assert_eq!((response.status, response.header("allow")), (405, Some(allowed)), "{method} {path}");
    }
}
