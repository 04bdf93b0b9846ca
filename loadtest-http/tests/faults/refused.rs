//! No connection, or one that is over as soon as it is there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving};

use crate::harness::{self, Make, User};
use crate::{CUT, Look, RESET, is_one_failure, is_own, look};

crate::over_both! {
    a_closed_port_refuses,
    a_missing_host_is_not_found,
    a_connection_that_is_over_at_once,
    a_server_that_came_back_is_found,
}

const REFUSED_LATE: Look = Look { is_race: true, ..look(ErrorKind::Connect, &[RESET]) };

/// One request, which gets no connection.
async fn fails_to_connect<M: Make>(host: &str, look: Look) {
    let user = User::new::<M>(host);
    for method in ["GET", "POST"] {
        let error = user.http.request(method, "/x").timeout(look.timeout).send().await.expect_err("no server");
        let (.., written) = user.books(method, "/x");
        assert_eq!(written, 0);
        is_one_failure::<M>(&user, (method, "/x"), &error, Look { is_race: true, ..look }, host);
    }
}

fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

async fn a_closed_port_refuses<M: Make>() {
    let refused = look(ErrorKind::Connect, &["connection refused"]);
    for host in ["http://127.0.0.1", "http://localhost", "https://localhost", "http://[::1]"] {
        fails_to_connect::<M>(&format!("{host}:{}", closed_port()), refused).await;
    }
}

async fn a_missing_host_is_not_found<M: Make>() {
    let missing = look(ErrorKind::Dns, &["host name not found"]);
    for host in ["http://no-such-host.invalid", "https://no-such-host.invalid:8443"] {
        fails_to_connect::<M>(host, missing).await;
    }
}

async fn a_connection_that_is_over_at_once<M: Make>() {
    for behaviour in [Behaviour::CloseOnAccept, Behaviour::ResetOnAccept] {
        let server = Misbehaving::spawn(behaviour);
        let user = User::new::<M>(&server.url());
        // Closed before it is read, the request makes the kernel of the server reset the connection.
        let over = Look { is_race: true, ..look(ErrorKind::Closed, &[CUT, RESET]) };
        for method in ["GET", "POST"] {
            let error = user.http.request(method, "/x").send().await.expect_err("no answer");
            // The reset can come before the connection is known to be open.
            let look = if error.kind() == ErrorKind::Connect { REFUSED_LATE } else { over };
            is_one_failure::<M>(&user, (method, "/x"), &error, look, &format!("{behaviour:?}"));
        }
        assert_eq!(server.connections_accepted(), 2, "nothing is repeated: {behaviour:?}");
        server.heal();
        is_own(&user.http.get("/x/3").send().await.expect("an answer"), "GET", "/x/3");
    }
}

async fn a_server_that_came_back_is_found<M: Make>() {
    let port = closed_port();
    let user = User::new::<M>(&format!("http://127.0.0.1:{port}"));
    assert!(user.http.get("/x").send().await.is_err());
    // Somebody else may have taken the port; then there is nothing to see.
    if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            std::io::Read::read(&mut stream, &mut [0; 4096])?;
            std::io::Write::write_all(&mut stream, answer.as_bytes())
        });
        user.http.get("/x").send().await.expect("an answer");
        assert!(served.join().is_ok_and(|served| served.is_ok()));
        assert_eq!(user.books("GET", "/x"), (2, 1, 1, 0, 1));
    }
}

#[cfg(target_os = "linux")]
mod stalled {
    use testbed::misbehaving::StalledPort;

    use super::*;

    crate::over_both! { a_stalled_connect_ends_with_the_time_allowed }

    async fn a_stalled_connect_ends_with_the_time_allowed<M: Make>() {
        let port = StalledPort::spawn().expect("a full queue");
        let started = Instant::now();
        fails_to_connect::<M>(&format!("http://{}", port.addr()), crate::timed_out(300)).await;
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
}
