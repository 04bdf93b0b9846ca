//! Cookies, and whose request it is when cookie and `Authorization` header disagree.

use std::net::SocketAddr;
use std::time::Duration;

use testbed::owncloud::{ADMIN, OwncloudServer};

use crate::client::{Jar, Request, Response, is_session_id};

const USERS: &str = "/ocs/v2.php/cloud/users";
const BOB: (&str, &str) = ("bob", "secret");
const CAROL: (&str, &str) = ("carol", "secret");
const MINUTE: Duration = Duration::from_secs(60);

/// A server with two accounts, and what a jar sees of it.
struct World {
    server: OwncloudServer,
    jar: Jar,
}

fn manual(uid: &str) -> String {
    format!("/remote.php/dav/files/{uid}/ownCloud%20Manual.pdf")
}

fn create(addr: SocketAddr, jar: &mut Jar, (uid, password): (&str, &str)) -> Response {
    Request::new("POST", USERS).auth(ADMIN).form(&format!("userid={uid}&password={password}")).send_with(addr, jar)
}

impl World {
    fn new() -> Self {
        let server = OwncloudServer::builder().manual_size(100).spawn();
        for user in [BOB, CAROL] {
            assert_eq!(create(server.addr(), &mut Jar::default(), user).status, 200);
        }
        Self { server, jar: Jar::default() }
    }

    /// A world whose jar has been used for this many WebDAV requests as bob.
    fn after_dav(requests: usize) -> Self {
        let mut world = Self::new();
        for _ in 0..requests {
            assert_eq!(world.get(&manual("bob"), Some(BOB)).status, 200);
        }
        world
    }

    fn send(&mut self, request: Request) -> Response {
        request.send_with(self.server.addr(), &mut self.jar)
    }

    fn get(&mut self, target: &str, auth: Option<(&str, &str)>) -> Response {
        let request = Request::new("GET", target);
        self.send(match auth {
            Some(auth) => request.auth(auth),
            None => request,
        })
    }

    fn delete_bob(&mut self) -> Response {
        self.send(Request::new("DELETE", &format!("{USERS}/bob")).auth(ADMIN))
    }

    fn delete_from_an_empty_jar(&mut self) -> Response {
        let request = Request::new("DELETE", &format!("{USERS}/bob")).auth(ADMIN);
        request.send_with(self.server.addr(), &mut Jar::default())
    }
}

fn assert_trapped(response: &Response) {
    assert_eq!(response.status, 401);
    assert!(response.text().contains("<statuscode>997</statuscode>"), "{}", response.text());
}

fn cookie<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let lines = response.all("set-cookie").into_iter();
    lines.filter(|line| line.split('=').next() == Some(name)).collect()
}

// --- whose request: OCS as the administrator with a user's jar ------------------------

#[test]
fn ocs_as_admin_works_with_an_empty_jar_and_after_any_number_of_ocs_calls() {
    let mut world = World::new();
    for _ in 0..3 {
        assert_eq!(world.get(USERS, Some(ADMIN)).status, 200);
    }
    let addr = world.server.addr();
    assert_eq!(create(addr, &mut world.jar, ("dave", "x")).status, 200);
    assert_eq!(world.delete_bob().status, 200);
}

#[test]
fn ocs_as_admin_works_after_one_dav_request_as_the_user() {
    let mut world = World::after_dav(1);
    assert_eq!(world.delete_bob().status, 200);
    let mut world = World::new();
    let put = Request::new("PUT", "/remote.php/dav/files/bob/a.txt").auth(BOB).body("a");
    assert_eq!(world.send(put).status, 201);
    assert_eq!(world.delete_bob().status, 200);
}

#[test]
fn ocs_as_admin_is_refused_after_two_dav_requests_as_the_user() {
    for requests in [2, 3, 7] {
        let mut world = World::after_dav(requests);
        assert_trapped(&world.delete_bob());
        assert_trapped(&world.get(USERS, Some(ADMIN)));
        let addr = world.server.addr();
        assert_trapped(&create(addr, &mut world.jar, ("dave", "x")));
        assert_trapped(&world.delete_bob());
        assert_eq!(world.server.accounts(), ["bob", "carol"]);
        assert_eq!(world.delete_from_an_empty_jar().status, 200);
    }
}

#[test]
fn ocs_apirequest_acts_as_the_user_of_the_session() {
    let mut world = World::after_dav(2);
    let mut call = |method, path: &str| {
        let request = Request::new(method, &format!("{USERS}{path}"));
        world.send(request.auth(ADMIN).header("OCS-APIREQUEST", "true")).status
    };
    assert_eq!(call("DELETE", "/bob"), 401);
    assert_eq!(call("GET", ""), 401);
    assert_eq!(call("GET", "/carol"), 401);
    assert_eq!(call("GET", "/bob"), 200);
}

#[test]
fn the_trap_opens_five_minutes_after_the_password_was_checked() {
    let mut world = World::after_dav(2);
    world.server.advance_clock(Duration::from_secs(290));
    assert_trapped(&world.delete_bob());
    world.server.advance_clock(Duration::from_secs(15));
    assert_eq!(world.delete_bob().status, 200);
}

#[test]
fn a_dav_request_after_the_five_minutes_arms_the_trap_again() {
    let mut world = World::after_dav(2);
    world.server.advance_clock(6 * MINUTE);
    assert_eq!(world.get(&manual("bob"), Some(BOB)).status, 200);
    assert_trapped(&world.delete_bob());
}

#[test]
fn a_dav_request_within_the_five_minutes_does_not_prolong_them() {
    let mut world = World::after_dav(2);
    world.server.advance_clock(4 * MINUTE);
    assert_eq!(world.get(&manual("bob"), Some(BOB)).status, 200);
    world.server.advance_clock(2 * MINUTE);
    assert_eq!(world.delete_bob().status, 200);
}

#[test]
fn creating_the_account_in_the_same_jar_leaves_nothing_behind() {
    let erin = ("erin", "secret");
    for (requests, expected) in [(1, 200), (2, 401)] {
        let mut world = World::new();
        let addr = world.server.addr();
        assert_eq!(create(addr, &mut world.jar, erin).status, 200);
        for _ in 0..requests {
            assert_eq!(world.get(&manual("erin"), Some(erin)).status, 200);
        }
        let delete = Request::new("DELETE", &format!("{USERS}/erin")).auth(ADMIN);
        assert_eq!(world.send(delete.clone()).status, expected, "after {requests}");
        if expected == 401 {
            assert_eq!(delete.send(addr).status, 200, "from an empty jar");
        }
    }
}

#[test]
fn a_wrong_admin_password_with_the_users_jar_is_refused() {
    let mut world = World::after_dav(2);
    assert_trapped(&world.get(USERS, Some(("admin", "wrong"))));
    let mut world = World::after_dav(1);
    assert_trapped(&world.get(USERS, Some(("admin", "wrong"))));
}

// --- whose request: WebDAV with the user's jar -----------------------------------------

#[test]
fn dav_without_a_header_acts_as_the_user_of_the_session() {
    for requests in [1, 2] {
        let mut world = World::after_dav(requests);
        assert_eq!(world.get(&manual("bob"), None).status, 200);
        let put = Request::new("PUT", &manual("bob")).body("new");
        assert_eq!(world.send(put).status, 204);
        let post = Request::new("POST", "/remote.php/dav/files/bob/").body("");
        assert_eq!(world.send(post).status, 501);
    }
}

#[test]
fn dav_does_not_look_at_the_password_from_the_third_request_on() {
    let wrong = Some((BOB.0, "wrong"));
    assert_eq!(World::after_dav(1).get(&manual("bob"), wrong).status, 401);
    assert_eq!(World::after_dav(2).get(&manual("bob"), wrong).status, 200);
}

#[test]
fn dav_as_someone_else_changes_the_user_only_after_one_request() {
    for other in [ADMIN, CAROL] {
        let mut world = World::after_dav(1);
        let changed = world.get(&manual(other.0), Some(other));
        assert_eq!(changed.status, 200);
        assert!(changed.sets_session_id(), "a new id");
        assert_eq!(world.get(&manual(other.0), None).status, 200, "the session is theirs now");

        let mut world = World::after_dav(2);
        assert_eq!(world.get(&manual(other.0), Some(other)).status, 404, "still bob");
        assert_eq!(world.get(&manual("bob"), None).status, 200);
    }
}

#[test]
fn ocs_without_apirequest_refuses_even_the_users_own_record() {
    for requests in [1, 2] {
        let mut world = World::after_dav(requests);
        let own = format!("{USERS}/bob");
        assert_trapped(&world.get(&own, Some(BOB)));
        let api = Request::new("GET", &own).header("OCS-APIREQUEST", "true");
        assert_eq!(world.send(api).status, 200, "the session is unchanged");
        assert_eq!(world.get(&manual("bob"), None).status, 200);
    }
}

#[test]
fn a_session_whose_account_was_deleted_is_no_login() {
    for requests in [1, 2] {
        let mut world = World::after_dav(requests);
        assert_eq!(world.delete_from_an_empty_jar().status, 200);
        let mut old = World { jar: world.jar.clone(), ..world };
        let broken = old.get(&manual("bob"), None);
        assert_eq!(broken.status, 500);
        assert!(broken.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        assert_eq!(old.get(&manual("bob"), Some(BOB)).status, 401);
        old.jar = Jar::default();
        assert_eq!(old.get(&manual("bob"), Some(BOB)).status, 401);
    }
}

// --- cookies ---------------------------------------------------------------------------

#[test]
fn every_response_carries_a_passphrase_and_the_same_one_when_it_came_with_one() {
    let mut world = World::new();
    let first = world.get("/nowhere", None);
    let [line] = cookie(&first, "oc_sessionPassphrase")[..] else {
        panic!("one passphrase in {:?}", first.headers);
    };
    let (value, attributes) = line.split_once("; ").unwrap();
    assert!(attributes.starts_with("expires="), "{attributes}");
    assert!(attributes.ends_with(" GMT; Max-Age=1200; path=/; HttpOnly; SameSite=Strict"), "{attributes}");
    let decoded = value["oc_sessionPassphrase=".len()..].replace("%2B", "+").replace("%2F", "/");
    assert_eq!(decoded.len(), 128);
    assert!(decoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b)));
    for target in ["/nowhere", USERS, &manual("bob")] {
        let again = world.get(target, None);
        let [line] = cookie(&again, "oc_sessionPassphrase")[..] else {
            panic!("one passphrase in {:?}", again.headers);
        };
        assert!(line.starts_with(value), "{line}");
    }
}

#[test]
fn a_session_id_is_set_when_the_session_starts_and_when_it_changes() {
    let mut world = World::new();
    let first = world.get("/nowhere", None);
    let mut lines = first.all("set-cookie").into_iter();
    let line = lines.find(|line| is_session_id(line.split('=').next().unwrap())).unwrap();
    let (pair, attributes) = line.split_once("; ").unwrap();
    assert_eq!(attributes, "path=/; HttpOnly");
    let (_, id) = pair.split_once('=').unwrap();
    assert_eq!(id.len(), 26);
    assert!(id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'v').contains(&b)), "{id}");

    assert!(!world.get("/nowhere", None).sets_session_id(), "the session goes on");
    assert!(!world.get(&manual("bob"), None).sets_session_id(), "401, but no password tried");
    assert!(world.get(&manual("bob"), Some(("bob", "wrong"))).sets_session_id(), "failed login");
    assert!(world.get(&manual("bob"), Some(BOB)).sets_session_id(), "login");
    assert!(!world.get(&manual("bob"), Some(BOB)).sets_session_id(), "second request");
    assert!(!world.get(&manual("bob"), Some(BOB)).sets_session_id(), "third request");
}

#[test]
fn cookie_test_comes_with_a_password_login_and_has_no_path() {
    let mut world = World::new();
    assert_eq!(cookie(&world.get(&manual("bob"), None), "cookie_test").len(), 0);
    let login = world.get(&manual("bob"), Some(BOB));
    let [line] = cookie(&login, "cookie_test")[..] else {
        panic!("one cookie_test in {:?}", login.headers);
    };
    assert!(line.starts_with("cookie_test=test; expires="), "{line}");
    assert!(line.ends_with(" GMT; Max-Age=3600"), "{line}");
    // Another folder, another cookie: a login there sets it again.
    let other = world.get(USERS, Some(ADMIN));
    assert_eq!(cookie(&other, "cookie_test").len(), 1);
    let again = world.get(USERS, Some(ADMIN));
    assert_eq!(cookie(&again, "cookie_test").len(), 0, "the request had one");
}

#[test]
fn a_logout_deletes_four_cookies_and_one_of_them_without_a_path() {
    let mut world = World::new();
    let epoch = "expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0";
    let ocs = world.get(USERS, Some(ADMIN));
    for name in ["oc_username", "oc_token", "oc_remember_login"] {
        let expected = format!("{name}=deleted; {epoch}; path=/; HttpOnly; SameSite=strict");
        assert_eq!(cookie(&ocs, name), [expected.as_str()]);
    }
    let [real, deleted] = cookie(&ocs, "oc_sessionPassphrase")[..] else {
        panic!("two passphrases in {:?}", ocs.headers);
    };
    assert!(real.contains("path=/"), "{real}");
    assert_eq!(deleted, format!("oc_sessionPassphrase=deleted; {epoch}; SameSite=None"));
    let passphrase = world.jar.value(|name| name == "oc_sessionPassphrase");
    assert!(passphrase.is_some_and(|value| value.len() >= 128), "a correct jar keeps the first");
}

#[test]
fn a_logout_and_a_login_in_one_request_send_the_deleting_set_twice() {
    let mut world = World::after_dav(1);
    assert_eq!(cookie(&world.get(USERS, Some(ADMIN)), "oc_token").len(), 2);
    let mut world = World::after_dav(1);
    assert_eq!(cookie(&world.get(&manual("carol"), Some(CAROL)), "oc_token").len(), 2);
    let mut world = World::after_dav(1);
    let failed = world.get(&manual("bob"), Some(("bob", "wrong")));
    assert_eq!(cookie(&failed, "oc_token").len(), 1, "a logout alone");
}

#[test]
fn a_session_is_found_by_both_cookies_only() {
    let mut world = World::after_dav(1);
    let whole = world.jar.clone();
    world.jar.remove(is_session_id);
    assert_eq!(world.get(&manual("bob"), None).status, 401, "the passphrase alone");
    world.jar = whole.clone();
    assert_eq!(world.get(&manual("bob"), None).status, 200, "the session was not harmed");

    world.jar = whole.clone();
    world.jar.remove(|name| name != "cookie_test");
    assert_eq!(world.get(&manual("bob"), None).status, 401, "cookie_test alone");
    world.jar = whole.clone();
    assert_eq!(world.get(&manual("bob"), None).status, 200, "the session was not harmed");

    world.jar.remove(|name| name == "oc_sessionPassphrase");
    assert_eq!(world.get(&manual("bob"), None).status, 401, "the id alone");
    world.jar = whole;
    assert_eq!(world.get(&manual("bob"), None).status, 401, "and that wiped the session");
}

#[test]
fn a_jar_by_name_alone_loses_the_passphrase_and_with_it_the_session() {
    let mut world = World::new();
    world.get(USERS, Some(ADMIN));
    world.jar.remove(|name| name == "oc_sessionPassphrase");
    for _ in 0..2 {
        let response = world.get(&manual("bob"), Some(BOB));
        assert_eq!(response.status, 200);
        world.jar.remove(|name| name == "oc_sessionPassphrase");
        assert!(response.sets_session_id(), "a session of its own each time");
    }
    assert_eq!(world.delete_bob().status, 200, "such a jar never gets into the trap");
}
