//! Who is answered, and who is not.

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use loadtest_core::Secret;
use loadtest_core::console::Console;
use loadtest_core::console::web::{Say, WebError, WebSettings, WebUi};
use loadtest_web::Web;

use crate::client::{Answer, Served};
use crate::load;

/// `user:password` of the door.
const BASIC: &str = "Basic dXNlcjpwYXNzd29yZA==";

fn with_password() -> Served {
    let auth = Some(("user".to_owned(), Secret::new("password")));
    Served::new(Console::new(load::test()), |settings| settings.auth = auth)
}

/// On all addresses, where a token is needed; with it what is said of the next one.
fn with_token() -> (Served, String, Receiver<String>) {
    let (say, said) = mpsc::channel();
    let served = Served::new(Console::new(load::test()), |settings| {
        settings.host = "0.0.0.0".to_owned();
        settings.say = Say::new(move |line| say.send(line.to_owned()).unwrap());
    });
    let token = served.ui.url().split_once("?token=").unwrap().1.to_owned();
    (served, token, said)
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn names_that_are_not_this_servers_are_refused_everywhere() {
    let served = Served::of(load::test());
    for path in ["/", "/healthz", "/api/v1/state", "/api/v1/events", "/stats/requests"] {
        assert_eq!(served.ask("GET", path).header("host", "evil.example").send().status, 421, "{path}");
        assert_eq!(served.ask("GET", path).header("host", "localhost").open().0.status, 200, "{path}");
    }
}

#[test]
fn pages_of_other_sites_can_neither_steer_nor_read() {
    let served = Served::of(load::test());
    for path in ["/swarm", "/stop", "/stats/reset", "/api/v1/start", "/api/v1/quit", "/api/v1/runs"] {
        let foreign = served.ask("POST", path).header("origin", "http://evil.example").send();
        assert_eq!(foreign.status, 403, "{path}");
    }
    let foreign = served.ask("GET", "/api/v1/events").header("origin", "http://evil.example").send();
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    assert_eq!(served.ask("GET", "/api/v1/events").header("sec-fetch-site", "cross-site").send().status, 403);
    let own = format!("http://127.0.0.1:{}", served.port());
    assert_eq!(served.ask("POST", "/stop").header("origin", &own).send().status, 200);
    assert_eq!(served.json("/api/v1/state")["quitting"], false);
}

#[test]
fn every_answer_tells_browsers_what_not_to_do() {
    let served = Served::of(load::test());
    for path in ["/", "/assets/app.js", "/nothing", "/api/v1/state", "/stop"] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(answer.header("cache-control").is_some());
    }
}

#[test]
fn a_password_is_asked_for_and_the_page_gets_a_cookie() {
    let served = with_password();
    for path in ["/", "/api/v1/state", "/api/v1/events", "/assets/app.js", "/nothing"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
    }
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(served.ask("POST", "/stop").header("authorization", "Basic dXNlcjpwYXNzd29yeA==").send().status, 401);
    assert_eq!(served.ask("POST", "/stop").header("authorization", BASIC).send().status, 200);
    let page = served.ask("GET", "/").header("authorization", BASIC).send();
    assert!(page.header("set-cookie").unwrap().contains("HttpOnly; SameSite=Lax"));
    assert_eq!(served.ask("GET", "/api/v1/state").header("cookie", &cookie(&page)).send().status, 200);
}

#[test]
fn guessing_is_slowed_down_and_a_cookie_still_works() {
    let served = with_password();
    let page = served.ask("GET", "/").header("authorization", BASIC).send();
    let guess = || served.ask("GET", "/api/v1/state").header("authorization", "Basic eDp5").send();
    let last = std::iter::repeat_with(guess).take(50).find(|answer| answer.status != 401).unwrap();
    assert_eq!(last.status, 429);
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
    assert_eq!(served.ask("GET", "/").header("authorization", BASIC).send().status, 429);
    assert_eq!(served.ask("GET", "/").header("cookie", &cookie(&page)).send().status, 200);
}

#[test]
fn a_token_lets_one_browser_in() {
    let (served, token, said) = with_token();
    assert_eq!(served.get("/").status, 401);
    assert_eq!(served.get("/?token=0123456789abcdef0123456789abcdef").status, 401);
    let answer = served.get(&format!("/?token={token}&tab=stats"));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/?tab=stats")));
    let cookie = cookie(&answer);
    assert_eq!(served.ask("GET", "/?tab=stats").header("cookie", &cookie).send().status, 200);
    assert_eq!(served.ask("POST", "/stop").header("cookie", &cookie).send().status, 200);
    assert_eq!(served.get(&format!("/?token={token}")).status, 401, "used already");
    let next = said.recv_timeout(Duration::from_secs(30)).unwrap();
    let next = next.rsplit_once("/?token=").unwrap().1;
    assert_eq!(served.get(&format!("/?token={next}")).status, 303);
}

#[test]
fn everything_is_below_the_base_path() {
    let served = Served::new(Console::new(load::test()), |settings| settings.base_path = "/load/test/".to_owned());
    assert!(served.ui.url().ends_with("/load/test/"), "{}", served.ui.url());
    assert_eq!(served.get("/load/test/").status, 200);
    assert_eq!(served.json("/load/test/api/v1/state")["run"], 0);
    for path in ["/", "/load/test"] {
        assert_eq!(served.get(path).header("location"), Some("/load/test/"), "{path}");
    }
    for path in ["/api/v1/state", "/load/testing/", "/load/"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_taken_port_and_wrong_settings_are_told() {
    let served = Served::of(load::test());
    let failing = |change: &dyn Fn(&mut WebSettings)| {
        let mut settings = WebSettings::default();
        settings.port = 0;
        change(&mut settings);
        Web.serve(settings, served.console.clone()).err().unwrap()
    };
    let port = served.port();
    let taken = failing(&|settings| settings.port = port);
    assert!(matches!(&taken, WebError::PortTaken(sentence) if sentence.contains("--web-port")), "{taken}");
    let unknown = failing(&|settings| settings.host = "no.such.host.invalid".to_owned());
    assert!(matches!(&unknown, WebError::Input(_)), "{unknown}");
    let path = failing(&|settings| settings.base_path = "a b".to_owned());
    assert!(path.to_string().contains("base path"), "{path}");
    let key = failing(&|settings| settings.tls_key = Some("key.pem".into()));
    assert!(key.to_string().contains("--tls-cert"), "{key}");
    let missing = failing(&|settings| {
        settings.tls_cert = Some("/nonexistent/cert.pem".into());
        settings.tls_key = Some("/nonexistent/key.pem".into());
    });
    assert!(missing.to_string().contains("/nonexistent/cert.pem cannot be read"), "{missing}");
}

#[test]
fn dropping_it_ends_it_at_once_and_frees_the_port() {
    let served = Served::of(load::test());
    let port = served.port();
    let mut events = served.events("/api/v1/events", None);
    events.next();
    let begun = Instant::now();
    drop(served.ui);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn nonsense_is_refused_and_hurts_nobody() {
    let served = Served::of(load::test());
    for nonsense in
        [&b"\x16\x03\x01\x02"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n"]
    {
        let mut stream = served.connect();
        stream.write_all(nonsense).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    let long = "x".repeat(64 * 1024);
    let mut stream = served.connect();
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: localhost\r\nlong: {long}\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(Answer::head(&mut BufReader::new(stream)).status, 431);
    assert_eq!(served.get("/healthz").status, 200);
}
