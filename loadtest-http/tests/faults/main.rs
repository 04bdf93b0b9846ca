//! Servers that misbehave. Whatever one does, a request is one failed sample with a short text, or an answer where that
//! is right; nothing hangs; and the requests that follow get their own answers.

#[path = "../harness/mod.rs"]
mod harness;

mod bodies;
mod chunks;
mod closed;
mod cookies;
mod early;
mod framing;
mod heads;
mod idle;
mod redirects;
mod refused;
mod slow;
mod tls;

use std::time::{Duration, Instant};

use loadtest_core::{ErrorKind, RecordedError};
use loadtest_http::{HttpSession, HttpSettings, Response};
use testbed::misbehaving::{Behaviour, Misbehaving, Then};

use harness::{Make, User};

const CUT: &str = "connection closed before the answer was complete";
const RESET: &str = "connection reset";
const MALFORMED_BODY: &str = "not a valid HTTP answer: malformed body";
const HEAD_TOO_LARGE: &str = "not a valid HTTP answer: message head is too large";
const BAD_HEADER: &str = "not a valid HTTP answer: invalid HTTP header parsed";
const BAD_LENGTH: &str = "not a valid HTTP answer: invalid content-length parsed";
/// The time allowed for a request that is to end before.
const AMPLE: Duration = Duration::from_secs(20);

/// How a fault has to look in the statistics.
#[derive(Debug, Clone, Copy)]
struct Look {
    kind: ErrorKind,
    /// What it is grouped by: one of these.
    groups: &'static [&'static str],
    /// A head came: then reqwest too knows that the request was written.
    is_answered: bool,
    /// The connection was over before anything could be written, or after: nobody knows.
    is_race: bool,
    timeout: Duration,
}

const fn look(kind: ErrorKind, groups: &'static [&'static str]) -> Look {
    Look { kind, groups, is_answered: false, is_race: false, timeout: AMPLE }
}

impl Look {
    const fn answered(self) -> Self {
        Self { is_answered: true, ..self }
    }
}

/// A timeout of so many milliseconds, and its group.
fn timed_out(millis: u64) -> Look {
    let group: &str = Box::leak(format!("timed out after {:?}", Duration::from_millis(millis)).into());
    let groups: &[&str] = Box::leak(Box::new([group]));
    Look { timeout: Duration::from_millis(millis), ..look(ErrorKind::Timeout, groups) }
}

/// A request that fails like this, as `GET` on a new connection and as `POST`, which nobody repeats, on one that was used
/// before. Proper requests in between get their own answers.
async fn fails<M: Make>(behaviour: Behaviour, look: Look) {
    fails_with::<M>(behaviour, &HttpSettings::new(), look).await;
}

async fn fails_with<M: Make>(behaviour: Behaviour, settings: &HttpSettings, look: Look) {
    let server = Misbehaving::spawn(behaviour);
    let user = User::with::<M>(&server.url(), settings);
    fails_on::<M>(&server, &user, look, &named(behaviour)).await;
}

/// Cases that spend their time waiting.
async fn all_at_once<F: Future<Output = ()> + 'static>(cases: impl IntoIterator<Item = F>) {
    let set = tokio::task::LocalSet::new();
    let cases: Vec<_> = cases.into_iter().map(|case| set.spawn_local(case)).collect();
    set.run_until(async {
        for case in cases {
            case.await.expect("a case, whose panic is above");
        }
    })
    .await;
}

/// A behaviour in messages.
fn named(behaviour: Behaviour) -> String {
    let text = match behaviour {
        Behaviour::Says(answer, then) => format!("{:?}, then {then:?}", String::from_utf8_lossy(answer)),
        Behaviour::Endless(start, again, every) => {
            format!("{:?}, {:?} every {every:?}", String::from_utf8_lossy(start), String::from_utf8_lossy(again))
        }
        other => format!("{other:?}"),
    };
    text.chars().take(300).collect()
}

/// As [`fails`], with a user who trusts the server, say.
async fn fails_on<M: Make>(server: &Misbehaving, user: &User, look: Look, what: &str) {
    let mut proper = Proper { http: &user.http, sent: 0 };
    for (method, name, before) in [("GET", "/bad", 0), ("POST", "/worse", 2)] {
        for _ in 0..before {
            proper.is_answered(server).await;
        }
        let request = user.http.request(method, name).body(if before > 0 { "body" } else { "" }).timeout(look.timeout);
        let started = Instant::now();
        let error = request.send().await.err();
        let error = error.unwrap_or_else(|| panic!("{what}: an answer to {method}"));
        assert!(started.elapsed() < look.timeout + Duration::from_secs(3), "{what}: {:?}", started.elapsed());
        is_one_failure::<M>(user, (method, name), &error, look, what);
        proper.is_answered(server).await;
    }
}

/// Looks at a failure from all sides.
fn is_one_failure<M: Make>(user: &User, (method, name): (&str, &str), error: &RecordedError, look: Look, what: &str) {
    let text = error.to_string();
    let group = text.strip_prefix(&format!("{method} {name}: ")).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(look.groups.contains(&group), "{what}: {method}: {group:?} and not {:?}", look.groups);
    assert_eq!(error.kind(), look.kind, "{what}: {group}");
    for noise in ["127.0.0.1", "localhost", "://", "os error"] {
        assert!(!group.contains(noise), "{what}: {group}");
    }
    assert!(group.len() < 100, "{what}: {group}");
    let failures = user.shard.failures();
    let mine: Vec<_> =
        failures.iter().filter(|failure| *failure.key.name == *name && *failure.key.method == *method).collect();
    let [failure] = mine[..] else { panic!("{what}: not one failure of {method} {name}: {failures:?}") };
    assert_eq!((&*failure.error, failure.count), (group, 1), "{what}");
    assert!(!failure.sample.is_empty(), "{what}: {group}: no sample");
    assert!(!failure.sample.contains('\n') && failure.sample.len() < 1000, "{what}: {}", failure.sample);
    let (started, ok, failed, interrupted, written) = user.books(method, name);
    assert_eq!((started, ok, failed, interrupted), (1, 0, 1, 0), "{what}: {method}");
    let is_written = M::IS_DIRECT || look.is_answered;
    // reqwest may not have told of the head yet when the time is over.
    let is_race = look.is_race || (!M::IS_DIRECT && look.kind == ErrorKind::Timeout);
    assert!(is_race || written == u64::from(is_written), "{what}: {method}: written {written}");
}

/// Requests that are answered properly, each with the one answer that is its own.
struct Proper<'a> {
    http: &'a HttpSession,
    sent: u64,
}

impl Proper<'_> {
    async fn is_answered(&mut self, server: &Misbehaving) {
        self.sent += 1;
        let target = format!("/proper/{}", self.sent);
        let response = self.http.get(&target).name("/proper").timeout(AMPLE).send().await.expect("a proper answer");
        is_own(&response, "GET", &target);
        assert!(server.received() >= self.sent);
    }
}

/// The answer is the proper one to this request.
fn is_own(response: &Response, method: &str, target: &str) {
    let text = response.text_lossy();
    let own = text.split_once(' ').map(|(_, own)| own);
    assert_eq!(own, Some(&*format!("{method} {target}")), "{text}");
}

/// An answer that is right although it looks odd; the requests that follow get their own.
async fn answers<M: Make>(answer: &str, then: Then, method: &str, status: u16, body: &str) -> (Misbehaving, User) {
    let server = Misbehaving::spawn(Behaviour::Says(kept(answer), then));
    let user = User::new::<M>(&server.url());
    let mut proper = Proper { http: &user.http, sent: 0 };
    for (name, written) in [("/odd", 1), ("/odder", 1)] {
        let response = user.http.request(method, name).timeout(AMPLE).send().await;
        let response = response.unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        assert_eq!((response.status().as_u16(), &*response.text_lossy()), (status, body), "{answer:?}");
        let is_fine = status < 400;
        assert_eq!(user.books(method, name), (1, is_fine.into(), (!is_fine).into(), 0, written), "{answer:?}");
        proper.is_answered(&server).await;
        proper.is_answered(&server).await;
    }
    (server, user)
}

/// Bytes for a server that lives as long as it likes.
fn kept(bytes: impl Into<Vec<u8>>) -> &'static [u8] {
    Box::leak(bytes.into().into_boxed_slice())
}

/// Settings that trust a server.
fn trusting(server: &Misbehaving) -> HttpSettings {
    HttpSettings::new().root_certificate_der(server.ca_der().expect("an authority"))
}
