//! What the stand-in says it received is what it received.

use std::net::Shutdown;
use std::time::Duration;

use testbed::owncloud::{ADMIN, OwncloudServer, route};

use crate::client::{Connection, PATIENCE, Request, eventually};

const USERS: &str = "/ocs/v2.php/cloud/users";

fn create(uid: &str) -> Request {
    Request::new("POST", USERS).auth(ADMIN).form(&format!("userid={uid}&password=x"))
}

#[test]
fn requests_are_counted_by_method_route_and_status() {
    let server = OwncloudServer::builder().manual_size(100).spawn();
    let mut connection = Connection::open(server.addr());
    for request in [
        create("bob"),
        create("bob"),
        Request::new("GET", "/remote.php/dav/files/bob/ownCloud%20Manual.pdf").auth(("bob", "x")),
        Request::new("PUT", "/remote.php/dav/files/bob/new").auth(("bob", "x")).body("x"),
        Request::new("PUT", "/remote.php/dav/files/bob/new").body("no one"),
        Request::new("DELETE", "/ocs/v1.php/cloud/users/bob").auth(ADMIN),
        Request::new("GET", "/index.php"),
    ] {
        connection.send(&request, None);
    }
    let counts = server.counts();
    assert_eq!(counts.received("POST", route::USERS), 2);
    assert_eq!(counts.answered("POST", route::USERS, 200), 1);
    assert_eq!(counts.answered("POST", route::USERS, 400), 1);
    assert_eq!(counts.answered("GET", route::FILES, 200), 1);
    assert_eq!(counts.received("PUT", route::FILES), 2);
    assert_eq!(counts.answered("PUT", route::FILES, 201), 1);
    assert_eq!(counts.answered("PUT", route::FILES, 401), 1);
    assert_eq!(counts.answered("DELETE", route::USER, 200), 1);
    assert_eq!(counts.answered("GET", route::OTHER, 404), 1);
    assert_eq!((counts.received_total(), counts.answered_total()), (7, 7));
    assert_eq!((counts.connections_accepted, counts.connections_open), (1, 1));
    drop(connection);
    eventually("the connection is closed", || server.counts().connections_open == 0);
}

#[test]
fn a_request_counts_and_is_carried_out_when_its_client_does_not_wait() {
    let server = OwncloudServer::builder().manual_size(100).password_check(Duration::from_secs(1)).spawn();
    let mut connection = Connection::open(server.addr());
    connection.write(&create("bob").bytes(None));
    drop(connection);
    eventually("received", || server.counts().received("POST", route::USERS) == 1);
    eventually("disconnected", || server.counts().connections_open == 0);
    // Not on a machine that stalls until the check is over; then there may be an answer.
    let gone_in_time = server.accounts().is_empty();
    eventually("created", || server.accounts() == ["bob"]);
    let answered = server.counts().answered_total();
    assert!(answered == 0 || !gone_in_time, "nobody was there to take the answer");
}

#[test]
fn a_client_that_does_not_wait_is_gone_before_its_request_is_carried_out() {
    // Longer than any test: the end of the password check is not waited for.
    let server = OwncloudServer::builder().manual_size(100).password_check(10 * PATIENCE).spawn();
    let mut connection = Connection::open(server.addr());
    connection.write(&create("bob").bytes(None));
    drop(connection);
    eventually("received", || server.counts().received("POST", route::USERS) == 1);
    eventually("disconnected", || server.counts().connections_open == 0);
    assert_eq!(server.accounts(), [""; 0], "the password is still being checked");
}

#[test]
fn every_request_of_many_impatient_clients_counts() {
    let server = OwncloudServer::builder().manual_size(100).spawn();
    let addr = server.addr();
    std::thread::scope(|scope| {
        for client in 0..8 {
            scope.spawn(move || {
                for user in 0..25 {
                    let mut connection = Connection::open(addr);
                    connection.write(&create(&format!("user-{client}-{user}")).bytes(None));
                    // Gone with the last byte sent, in the orderly way.
                    connection.socket().shutdown(Shutdown::Write).expect("shut down");
                }
            });
        }
    });
    eventually("all are received", || server.counts().received_total() == 200);
    eventually("all are carried out", || server.accounts().len() == 200);
    assert_eq!(server.counts().connections_accepted, 200);
}

#[test]
fn half_a_request_does_not_count() {
    let server = OwncloudServer::builder().manual_size(100).spawn();
    for part in [10, 60, create("bob").bytes(None).len() - 1] {
        let mut connection = Connection::open(server.addr());
        connection.write(&create("bob").bytes(None)[..part]);
        drop(connection);
    }
    eventually("all are gone", || {
        let counts = server.counts();
        counts.connections_accepted == 3 && counts.connections_open == 0
    });
    assert_eq!(server.counts().received_total(), 0);
    assert_eq!(server.accounts(), [""; 0]);
}

#[test]
fn the_books_stay_open_after_a_kill() {
    let server = OwncloudServer::builder().manual_size(100).password_check(10 * PATIENCE).spawn();
    let mut connection = Connection::open(server.addr());
    connection.write(&create("bob").bytes(None));
    eventually("received", || server.counts().received_total() == 1);
    server.kill();
    assert_eq!(connection.rest(), b"", "closed without an answer");
    let counts = server.counts();
    assert_eq!((counts.received_total(), counts.answered_total()), (1, 0));
    assert_eq!(counts.connections_open, 0);
}
