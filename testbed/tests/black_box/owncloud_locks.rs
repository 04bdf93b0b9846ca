//! What happens to requests that come at the same time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use testbed::owncloud::{ADMIN, OwncloudBuilder, OwncloudServer, route};

use crate::client::{Connection, PATIENCE, Request, Response, eventually};

const BOB: (&str, &str) = ("bob", "secret");

fn with_bob(builder: OwncloudBuilder) -> OwncloudServer {
    let server = builder.spawn();
    let created = Request::new("POST", "/ocs/v2.php/cloud/users")
        .auth(ADMIN)
        .form("userid=bob&password=secret")
        .send(server.addr());
    assert_eq!(created.status, 200);
    server
}

fn request(method: &str, path: &str) -> Request {
    Request::new(method, &format!("/remote.php/dav/files/bob/{path}")).auth(BOB)
}

fn put(path: &str, addr: SocketAddr) -> Response {
    request("PUT", path).body("other").send(addr)
}

fn assert_locked(response: &Response, name: &str) {
    let text = response.text();
    assert_eq!(response.status, 423, "{text}");
    assert!(text.contains("OCA\\DAV\\Connector\\Sabre\\Exception\\FileLocked"), "{text}");
    assert!(text.contains(&format!("<s:message>\"{name}\" is locked</s:message>")), "{text}");
}

/// Starts an upload and leaves it half done.
fn half_an_upload(server: &OwncloudServer, path: &str) -> Connection {
    let head = request("PUT", path).header("Expect", "100-continue").header("Content-Length", "4").bytes(None);
    let mut connection = Connection::open(server.addr());
    connection.write(&head);
    assert_eq!(connection.read(false).expect("an answer").status, 100);
    connection.write(b"ab");
    eventually("the file is locked", || request("GET", path).send(server.addr()).status == 423);
    connection
}

#[test]
fn a_file_that_is_being_written_is_locked_and_other_files_are_not() {
    let server = with_bob(OwncloudServer::builder().manual_size(100));
    assert_eq!(put("dir-less", server.addr()).status, 201);
    let mut upload = half_an_upload(&server, "ownCloud%20Manual.pdf");
    let manual = "ownCloud%20Manual.pdf";
    assert_locked(&put(manual, server.addr()), "ownCloud Manual.pdf");
    assert_locked(&request("GET", manual).send(server.addr()), "ownCloud Manual.pdf");
    assert_locked(&request("DELETE", manual).send(server.addr()), "ownCloud Manual.pdf");
    assert_eq!(put("dir-less", server.addr()).status, 204);
    upload.write(b"cd");
    assert_eq!(upload.read(false).unwrap().status, 204);
    assert_eq!(request("GET", manual).send(server.addr()).text(), "abcd");
}

#[test]
fn an_upload_that_is_given_up_releases_the_file_and_changes_nothing() {
    let server = with_bob(OwncloudServer::builder().manual_size(100));
    drop(half_an_upload(&server, "ownCloud%20Manual.pdf"));
    let read = || request("GET", "ownCloud%20Manual.pdf").send(server.addr());
    eventually("the lock is gone", || read().status == 200);
    assert_eq!(read().body.len(), 100);
}

#[test]
fn eight_clients_on_one_file_get_423_and_on_their_own_files_none() {
    let server = with_bob(OwncloudServer::builder().manual_size(100).write_time(Duration::from_millis(5)));
    let addr = server.addr();
    let statuses = |path: fn(usize) -> String| {
        let mut statuses: Vec<u16> = Vec::new();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    scope.spawn(move || {
                        let put = || put(&path(client), addr).status;
                        std::iter::repeat_with(put).take(6).collect::<Vec<_>>()
                    })
                })
                .collect();
            for client in clients {
                statuses.extend(client.join().expect("a client"));
            }
        });
        statuses
    };
    let one = statuses(|_| "one".to_owned());
    assert_eq!(one.len(), 48);
    assert!(one.contains(&423), "{one:?}");
    assert!(one.iter().all(|status| [201, 204, 423].contains(status)), "{one:?}");
    assert_eq!(one.iter().filter(|status| **status == 201).count(), 1);
    let own = statuses(|client| format!("file-{client}"));
    assert!(own.iter().all(|status| [201, 204].contains(status)), "{own:?}");
}

#[test]
fn a_slow_download_keeps_writers_out_but_not_readers() {
    // Longer than any test: the download is given up, not waited for.
    let server = with_bob(OwncloudServer::builder().manual_size(1 << 20).download_duration(10 * PATIENCE));
    let manual = "ownCloud%20Manual.pdf";
    let mut download = Connection::open(server.addr());
    download.write(&request("GET", manual).bytes(None));
    eventually("the download has begun", || server.counts().answered("GET", route::FILES, 200) == 1);
    assert_locked(&put(manual, server.addr()), "ownCloud Manual.pdf");
    let mut second = Connection::open(server.addr());
    second.write(&request("GET", manual).bytes(None));
    eventually("a second reader", || server.counts().answered("GET", route::FILES, 200) == 2);
    let copy = request("COPY", manual).header("Destination", "/remote.php/dav/files/bob/copy");
    assert_eq!(copy.send(server.addr()).status, 201);
    let onto = request("COPY", "copy").header("Destination", &format!("/remote.php/dav/files/bob/{manual}"));
    assert_locked(&onto.send(server.addr()), "ownCloud Manual.pdf");
    let away = request("MOVE", manual).header("Destination", "/remote.php/dav/files/bob/away");
    assert_locked(&away.send(server.addr()), "ownCloud Manual.pdf");
    drop((download, second));
    eventually("the readers are gone", || put(manual, server.addr()).status == 204);
}

#[test]
fn a_download_takes_as_long_as_it_was_told_to_and_is_complete() {
    let duration = Duration::from_millis(120);
    let server = with_bob(OwncloudServer::builder().manual_size(100_001).download_duration(duration));
    let started = Instant::now();
    let file = request("GET", "ownCloud%20Manual.pdf").send(server.addr());
    assert_eq!(file.body.len(), 100_001);
    assert!(started.elapsed() >= duration, "{:?}", started.elapsed());
}

#[test]
fn a_password_check_costs_until_the_session_is_trusted() {
    let cost = Duration::from_millis(60);
    let server = with_bob(OwncloudServer::builder().manual_size(100).password_check(cost));
    let mut jar = crate::client::Jar::default();
    for _ in 0..2 {
        let started = Instant::now();
        let get = request("GET", "ownCloud%20Manual.pdf").send_with(server.addr(), &mut jar);
        assert_eq!(get.status, 200);
        assert!(started.elapsed() >= cost, "{:?}", started.elapsed());
    }
    // Not checked any more: many requests take less time than that many checks.
    let started = Instant::now();
    for _ in 0..50 {
        request("GET", "ownCloud%20Manual.pdf").send_with(server.addr(), &mut jar);
    }
    assert!(started.elapsed() < 50 * cost, "{:?}", started.elapsed());
}

#[test]
fn parallel_first_requests_of_an_account_see_its_first_files_being_copied() {
    // Longer than any test: the first request is given up, not waited for.
    let server = with_bob(OwncloudServer::builder().manual_size(100).skeleton_time(10 * PATIENCE));
    let get = request("GET", "ownCloud%20Manual.pdf");
    let mut first = Connection::open(server.addr());
    first.write(&get.bytes(None));
    eventually("the first is there", || server.counts().received("GET", route::FILES) == 1);
    let second = get.clone().send(server.addr());
    let text = second.text();
    assert_eq!(second.status, 503, "{text}");
    assert!(text.contains("LockedException"), "{text}");
    assert!(text.contains("<s:message>\"Photos\" is locked</s:message>"), "{text}");
    drop(first);
}

#[test]
fn the_first_request_of_an_account_brings_its_first_files() {
    let time = Duration::from_millis(60);
    let server = with_bob(OwncloudServer::builder().manual_size(100).skeleton_time(time));
    let get = || request("GET", "ownCloud%20Manual.pdf").send(server.addr()).status;
    let started = Instant::now();
    assert_eq!(get(), 200);
    assert!(started.elapsed() >= time, "{:?}", started.elapsed());
    assert_eq!(get(), 200);
}
