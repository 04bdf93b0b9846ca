//! Servers begin and end when they are told to.

use std::net::{SocketAddr, TcpStream};

use testbed::echo::EchoServer;
use testbed::fixed::FixedServer;
use testbed::misbehaving::{Behaviour, Misbehaving};
use testbed::owncloud::OwncloudServer;
use testbed::slides::SlidesSite;

use crate::client::{Connection, Request};

/// Keeps a connection open, ends the server, and looks at what is left of it.
fn assert_ends<S>(server: S, addr: SocketAddr, end: impl FnOnce(S)) {
    let mut open = Connection::open(addr);
    end(server);
    assert_eq!(open.rest(), b"", "the open connection is closed");
    assert!(TcpStream::connect(addr).is_err(), "the port is closed");
}

#[test]
fn a_dropped_server_is_gone_with_all_of_its_connections() {
    let server = OwncloudServer::spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = OwncloudServer::builder().threads(2).spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = FixedServer::spawn(1);
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = EchoServer::spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = EchoServer::spawn_tls();
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = Misbehaving::spawn(Behaviour::NeverAnswer);
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = SlidesSite::spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_dropped_service_is_gone_too() {
    use testbed::{tweetcheck::TweetCheck, users_service::UsersService};

    let server = TweetCheck::spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
    let server = UsersService::spawn();
    let addr = server.addr();
    assert_ends(server, addr, drop);
}

#[test]
fn a_killed_server_can_be_killed_and_dropped_again() {
    let server = OwncloudServer::spawn();
    let addr = server.addr();
    assert_ends(&server, addr, OwncloudServer::kill);
    server.kill();
}

#[test]
fn a_leaked_server_goes_on() {
    let server = OwncloudServer::spawn();
    let addr = server.addr();
    let url = server.leak();
    assert_eq!(url, format!("http://{addr}"));
    assert_eq!(Request::new("GET", "/").send(addr).status, 404);
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let server = OwncloudServer::spawn();
    assert!(OwncloudServer::builder().bind(server.addr()).try_spawn().is_err());
    assert!(FixedServer::builder().bind(server.addr()).spawn().is_err());
}

#[test]
fn a_server_can_be_started_and_dropped_within_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = OwncloudServer::spawn();
        assert_eq!(Request::new("GET", "/").send(server.addr()).status, 404);
    });
}
