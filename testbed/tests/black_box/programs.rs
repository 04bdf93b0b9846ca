//! The servers as processes of their own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use testbed::owncloud::ADMIN;

use crate::client::{Connection, Request};
use crate::tls::tls;

/// Starts a program that would go on for ever, and reads its URL.
fn start(program: &str, flags: &[&str]) -> (Child, SocketAddr) {
    start_reading(program, &[flags, &["--until-stdin-closes"]].concat())
}

/// Starts a program that ends with its input, and reads its URL.
fn start_reading(program: &str, flags: &[&str]) -> (Child, SocketAddr) {
    let mut child =
        Command::new(program).args(flags).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.as_mut().expect("its output"));
    output.read_line(&mut line).expect("a line");
    let (_, addr) = line.trim().split_once("://").expect("a URL");
    let addr = addr.parse().expect("an address");
    (child, addr)
}

/// Closes the program's input and returns what else it has printed.
fn finish(mut child: Child) -> String {
    drop(child.stdin.take());
    let mut rest = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut rest).expect("text");
    assert!(child.wait().expect("an end").success());
    rest
}

#[test]
fn fixed_server() {
    let flags = ["--body", "77", "--set-cookie", "a=b"];
    let (child, addr) = start(env!("CARGO_BIN_EXE_fixed_server"), &flags);
    let response = Request::new("GET", "/").send(addr);
    assert_eq!((response.body.len(), response.header("set-cookie")), (77, Some("a=b")));
    let mut open = Connection::open(addr);
    assert_eq!(finish(child), "");
    assert_eq!(open.rest(), b"");
}

#[test]
fn fixed_server_with_tls() {
    let file = std::env::temp_dir().join(format!("fixed-server-{}.pem", std::process::id()));
    let path = file.to_str().expect("a path");
    // Larger than what TLS writes at once.
    let (child, addr) = start(env!("CARGO_BIN_EXE_fixed_server"), &["--tls", "--ca-out", path, "--body", "200000"]);
    let ca = CertificateDer::from_pem_file(&file).expect("the authority, written before the URL");
    std::fs::remove_file(&file).expect("a file of ours");
    for name in ["127.0.0.1", "localhost"] {
        let mut connection = Connection::over(tls(addr, name, &ca));
        for _ in 0..2 {
            assert_eq!(connection.send(&Request::new("GET", "/"), None).body.len(), 200_000);
        }
    }
    finish(child);
}

#[test]
fn owncloud_server() {
    let flags = ["--manual-size", "123", "--threads", "2", "--password-check-ms", "1"];
    let (child, addr) = start(env!("CARGO_BIN_EXE_owncloud_server"), &flags);
    let manual = "/remote.php/dav/files/admin/ownCloud%20Manual.pdf";
    assert_eq!(Request::new("GET", manual).auth(ADMIN).send(addr).body.len(), 123);
    assert_eq!(finish(child), "");
}

#[test]
fn truth_server() {
    let file = std::env::temp_dir().join(format!("truth-server-{}.csv", std::process::id()));
    let path = file.to_str().expect("a path");
    let (child, addr) = start_reading(env!("CARGO_BIN_EXE_truth_server"), &["--delays", "bimodal", "--log", path]);
    let mut open = Connection::open(addr);
    for _ in 0..3 {
        assert_eq!(open.send(&Request::new("GET", "/"), None).status, 200);
    }
    let told = finish(child);
    let lines = std::fs::read_to_string(&file).expect("a log");
    std::fs::remove_file(&file).expect("a file of ours");
    assert!(told.starts_with("received 3\nanswered 3\naway "), "{told}");
    assert!(
        told.contains("\ntook_min ") && told.contains("\ndelay_p50 5000.0\n") && told.contains("\nlateness_p99.9 "),
        "{told}"
    );
    assert_eq!((lines.lines().count(), lines.lines().next()), (4, Some("arrived_us,delay_us,took_us")));

    let wrong =
        Command::new(env!("CARGO_BIN_EXE_truth_server")).args(["--delays", "gamma"]).output().expect("a process");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("there are constant, uniform"), "{wrong:?}");
}

#[test]
fn a_port_that_is_taken_is_said_and_fails() {
    let (child, addr) = start(env!("CARGO_BIN_EXE_fixed_server"), &[]);
    let second = Command::new(env!("CARGO_BIN_EXE_fixed_server"))
        .args(["--port", &addr.port().to_string()])
        .output()
        .expect("a process");
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"), "{second:?}");
    finish(child);
}
