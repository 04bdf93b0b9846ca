//! Cookies by the thousand, and what is none.

use std::time::Instant;

use loadtest_core::ErrorKind;
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use crate::harness::{self, Make, User};
use crate::{AMPLE, HEAD_TOO_LARGE, fails, kept, look};

crate::over_both! { cookies_by_the_thousand, what_is_no_cookie_is_passed_over }

async fn cookies_by_the_thousand<M: Make>() {
    if !M::IS_DIRECT {
        // hyper takes a hundred headers.
        fails::<M>(Behaviour::Cookies(5000), look(ErrorKind::Protocol, &[HEAD_TOO_LARGE])).await;
        return;
    }
    let server = Misbehaving::spawn(Behaviour::Cookies(5000));
    let user = User::new::<M>(&server.url());
    let started = Instant::now();
    for _ in 0..3 {
        let response = user.http.get("/x").send().await.expect("an answer");
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 5000);
    }
    assert!(started.elapsed() < AMPLE, "{:?}", started.elapsed());
    assert_eq!(user.books("GET", "/x"), (3, 3, 0, 0, 3));
    assert_eq!(server.connections_accepted(), 1);
    // The last of them are kept, as many as browsers keep of a domain.
    let echo = testbed::echo::EchoServer::spawn();
    let response = user.http.get(format!("{}/cookies", echo.url())).send().await.expect("an answer");
    let wanted: Vec<String> = (4820..5000).map(|n| format!("c{n}={n}")).collect();
    assert_eq!(response.text_lossy(), wanted.join("; "));
}

async fn what_is_no_cookie_is_passed_over<M: Make>() {
    let lines = [
        &b""[..],
        b";",
        b"=",
        b"==",
        b"=v",
        b"no value",
        b"\xff=1",
        b"a=\xff",
        b"a b=1",
        b"domain=1; Domain=example.org",
        b"domain=2; Domain=com",
        b"path=1; Path=/elsewhere",
        b"secure=1; Secure",
        b"late=1; Max-Age=-1",
        b"late=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        b"odd=1; Expires=not a date; Max-Age=x; =; ;;; SameSite=Odd",
        b"good=1; Path=/",
        b"tab=a\tb",
        b"quoted=\"a b\"",
        b"__Host-x=1",
        b"x=y=z",
    ];
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    for line in lines {
        answer.extend_from_slice(b"Set-Cookie: ");
        answer.extend_from_slice(line);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"Content-Length: 2\r\n\r\nok");
    let server = Misbehaving::spawn(Behaviour::Says(kept(answer), Then::Again));
    let user = User::new::<M>(&server.url());
    for _ in 0..2 {
        assert_eq!(user.http.get("/x").send().await.expect("an answer").text_lossy(), "ok");
    }
    assert_eq!(user.books("GET", "/x"), (2, 2, 0, 0, 2));
    // Cookies are not kept apart by port (RFC 6265, 8.5).
    let echo = testbed::echo::EchoServer::spawn();
    let sent =
        user.http.get(format!("{}/cookies", echo.url())).send().await.expect("an answer").text_lossy().into_owned();
    let sent: Vec<&str> = sent.split("; ").collect();
    for kept in ["good=1", "odd=1", "x=y=z"] {
        assert!(sent.contains(&kept), "{kept}: {sent:?}");
    }
    for passed_over in ["domain", "path", "late"] {
        assert!(!sent.iter().any(|cookie| cookie.starts_with(passed_over)), "{passed_over}: {sent:?}");
    }
}
