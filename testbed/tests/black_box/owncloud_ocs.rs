//! The stand-in's provisioning API, row by row of the table of cases.

use std::net::SocketAddr;

use testbed::owncloud::{ADMIN, OwncloudServer};

use crate::client::{Request, Response};

const V1: &str = "/ocs/v1.php/cloud/users";
const V2: &str = "/ocs/v2.php/cloud/users";
const BOB: (&str, &str) = ("bob", "secret");

fn server() -> OwncloudServer {
    OwncloudServer::builder().manual_size(100).spawn()
}

fn create(addr: SocketAddr, base: &str, form: &str) -> Response {
    Request::new("POST", base).auth(ADMIN).form(form).send(addr)
}

fn server_with_bob() -> OwncloudServer {
    let server = server();
    let created = create(server.addr(), V2, "userid=bob&password=secret");
    assert_eq!(created.status, 200, "{}", created.text());
    server
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// HTTP status, code and message of a document.
fn outcome(response: &Response) -> (u16, u16, String) {
    let text = response.text();
    let code = between(&text, "<statuscode>", "<").expect("a code").parse().expect("a number");
    let message = match between(&text, "<message>", "</message>") {
        Some(message) => message.to_owned(),
        None => {
            assert!(text.contains("<message/>"), "{text}");
            String::new()
        }
    };
    let ok = [100, 200].contains(&code);
    let status = if ok { "ok" } else { "failure" };
    assert_eq!(between(&text, "<status>", "<"), Some(status), "{text}");
    (response.status, code, message)
}

fn expect(response: &Response, status: u16, code: u16, message: &str) {
    assert_eq!(outcome(response), (status, code, message.to_owned()));
}

#[test]
fn a_created_account_answers_with_this_document_and_these_headers() {
    let server = server();
    let created = create(server.addr(), V2, "userid=bob&password=secret");
    assert_eq!(
        created.text(),
        "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>ok</status>\n  \
         <statuscode>200</statuscode>\n  <message/>\n </meta>\n <data/>\n</ocs>\n"
    );
    assert_eq!(created.status_line, "HTTP/1.1 200 OK");
    for (name, value) in [
        ("Content-Type", "text/xml; charset=UTF-8"),
        ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
        ("Cache-Control", "no-store, no-cache, must-revalidate"),
        ("Pragma", "no-cache"),
        ("Transfer-Encoding", "chunked"),
    ] {
        assert_eq!(created.header(name), Some(value), "{name}");
    }
    assert!(created.header("Content-Security-Policy").is_some_and(|policy| policy.len() > 100));
    assert_eq!(server.accounts(), ["bob"]);
}

#[test]
fn json_on_request() {
    let server = server_with_bob();
    let target = format!("{V2}/bob?format=json");
    let deleted = Request::new("DELETE", &target).auth(ADMIN).send(server.addr());
    assert_eq!(deleted.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(deleted.text(), r#"{"ocs":{"meta":{"status":"ok","statuscode":200,"message":null},"data":[]}}"#);
    let again = Request::new("DELETE", &target).auth(ADMIN).send(server.addr());
    assert_eq!(again.text(), r#"{"ocs":{"meta":{"status":"failure","statuscode":400,"message":null},"data":[]}}"#);
    let list = Request::new("GET", &format!("{V2}?format=json")).auth(ADMIN).send(server.addr());
    assert!(list.text().ends_with(r#""data":{"users":["admin"]}}}"#), "{}", list.text());
    let denied = Request::new("GET", &target).send(server.addr());
    assert!(denied.text().contains(r#""statuscode":997,"message":"Unauthorised""#), "{}", denied.text());
}

#[test]
fn version_2_says_in_the_status_what_was_wrong_with_a_new_account() {
    let server = server_with_bob();
    let characters = "Only the following characters are allowed in a username: \
        &quot;a-z&quot;, &quot;A-Z&quot;, &quot;0-9&quot;, and &quot;+_.@-'&quot;";
    for (form, message) in [
        ("userid=bob&password=x", "User already exists"),
        ("userid=BoB&password=x", "User already exists"),
        ("password=x", "A valid username must be provided"),
        ("", "A valid username must be provided"),
        ("userid=carol", "A valid password must be provided"),
        ("userid=carol&password=", "A valid password must be provided"),
        ("userid=ab&password=x", "The username must be at least 3 characters long"),
        ("userid=a%20b%20c&password=x", characters),
        ("userid=caf%C3%A9&password=x", characters),
    ] {
        let refused = create(server.addr(), V2, form);
        expect(&refused, 400, 400, message);
        // PHP-FPM sends no reason phrase with a 400.
        assert_eq!(refused.status_line.trim_end(), "HTTP/1.1 400", "{form}");
    }
    assert_eq!(server.accounts(), ["bob"]);
    let allowed = create(server.addr(), V2, "userid=aZ9%2B_.%40-%27&password=x");
    expect(&allowed, 200, 200, "");
    assert_eq!(server.accounts(), ["aZ9+_.@-'", "bob"]);
}

#[test]
fn version_1_is_200_and_says_it_in_the_code() {
    let server = server();
    let addr = server.addr();
    let on = |method, path: &str| Request::new(method, &format!("{V1}{path}")).auth(ADMIN).send(addr);
    expect(&create(addr, V1, "userid=bob&password=x"), 200, 100, "");
    expect(&create(addr, V1, "userid=Bob&password=x"), 200, 102, "User already exists");
    expect(&create(addr, V1, ""), 200, 101, "A valid username must be provided");
    expect(&on("GET", "/nobody"), 200, 998, "The requested user could not be found");
    expect(&on("DELETE", "/bob"), 200, 100, "");
    expect(&on("DELETE", "/bob"), 200, 101, "");
    let denied = Request::new("GET", V1).send(addr);
    expect(&denied, 401, 997, "Unauthorised");
}

#[test]
fn only_form_bodies_are_read() {
    let server = server();
    let missing = "A valid username must be provided";
    let json = Request::new("POST", V2)
        .auth(ADMIN)
        .header("Content-Type", "application/json")
        .body(r#"{"userid":"bob","password":"x"}"#)
        .send(server.addr());
    expect(&json, 400, 400, missing);
    let query = create(server.addr(), &format!("{V2}?userid=bob&password=x"), "");
    expect(&query, 400, 400, missing);
    let multipart = Request::new("POST", V2)
        .auth(ADMIN)
        .header("Content-Type", "multipart/form-data; boundary=cut")
        .body(
            "--cut\r\nContent-Disposition: form-data; name=\"userid\"\r\n\r\nbob\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--cut--\r\n",
        )
        .send(server.addr());
    expect(&multipart, 200, 200, "");
    assert_eq!(server.accounts(), ["bob"]);
}

#[test]
fn accounts_are_listed_shown_and_deleted_without_regard_to_case() {
    let server = server_with_bob();
    let addr = server.addr();
    let list = Request::new("GET", V2).auth(ADMIN).send(addr).text();
    assert!(
        list.contains(
            " <data>\n  <users>\n   <element>admin</element>\n   <element>bob</element>\n  \
             </users>\n </data>"
        ),
        "{list}"
    );
    let record = Request::new("GET", &format!("{V2}/BOB")).auth(ADMIN).send(addr);
    expect(&record, 200, 200, "");
    assert!(record.text().contains("<displayname>bob</displayname>"));
    let own = Request::new("GET", &format!("{V2}/bob")).auth(BOB).send(addr);
    expect(&own, 200, 200, "");
    expect(&Request::new("DELETE", &format!("{V2}/Bob")).auth(ADMIN).send(addr), 200, 200, "");
    assert_eq!(server.accounts(), [""; 0]);
}

#[test]
fn what_there_is_not_cannot_be_deleted_or_shown() {
    let server = server();
    let on = |method, path: &str| Request::new(method, &format!("{V2}{path}")).auth(ADMIN).send(server.addr());
    expect(&on("DELETE", "/nobody"), 400, 400, "");
    expect(&on("DELETE", "/admin"), 400, 400, "");
    expect(&on("GET", "/nobody"), 404, 404, "The requested user could not be found");
}

#[test]
fn whoever_is_not_the_administrator_gets_401_and_never_403() {
    let server = server_with_bob();
    let addr = server.addr();
    let carol = "userid=carol&password=x";
    for request in [
        Request::new("GET", V2),
        Request::new("POST", V2).form(carol),
        Request::new("DELETE", &format!("{V2}/bob")),
        Request::new("GET", &format!("{V2}/admin")),
    ] {
        for credentials in [None, Some(BOB), Some(("admin", "wrong")), Some(("nobody", "x"))] {
            let request = match credentials {
                Some(credentials) => request.clone().auth(credentials),
                None => request.clone(),
            };
            let denied = request.clone().send(addr);
            expect(&denied, 401, 997, "Unauthorised");
            assert_eq!(denied.header("www-authenticate"), Some(r#"Basic realm="Authorisation Required""#));
            let by_script = request.header("X-Requested-With", "XMLHttpRequest").send(addr);
            assert_eq!(by_script.header("www-authenticate"), Some(r#"DummyBasic realm="Authorisation Required""#));
        }
    }
    assert_eq!(server.accounts(), ["bob"]);
}

#[test]
fn an_unknown_path_is_a_500_and_an_unknown_verb_an_empty_405() {
    let server = server();
    let unknown = Request::new("GET", "/ocs/v2.php/cloud/nothing").auth(ADMIN).send(server.addr());
    let (status, code, message) = outcome(&unknown);
    assert_eq!((status, code), (500, 500));
    assert!(message.starts_with("Invalid query, please check the syntax. "), "{message}");
    let patch = Request::new("PATCH", &format!("{V2}/bob")).auth(ADMIN).send(server.addr());
    assert_eq!(patch.status_line.trim_end(), "HTTP/1.1 405");
    assert_eq!(patch.text(), "");
}

#[test]
fn an_untrusted_host_is_refused_with_a_page() {
    let server = server();
    let refused = Request::new("GET", V2).auth(ADMIN).header("Host", "evil.example");
    let refused = refused.send(server.addr());
    assert_eq!(refused.status, 400);
    assert!(refused.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let host = format!("localhost:{}", server.addr().port());
    let trusted = Request::new("GET", V2).auth(ADMIN).header("Host", &host).send(server.addr());
    assert_eq!(trusted.status, 200);
}

#[test]
fn eight_at_a_time_create_accounts_without_errors() {
    let server = server();
    let addr = server.addr();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for user in 0..10 {
                    let form = format!("userid=user-{thread}-{user}&password=x");
                    expect(&create(addr, V2, &form), 200, 200, "");
                }
            });
        }
    });
    assert_eq!(server.accounts().len(), 80);
}
