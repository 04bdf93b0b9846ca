//! Settings of clients: those of the user class in `#[client(…)]`, and what the run says about TLS.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, Configure, InputError, RunError, TlsOptions};

/// A client that says with what it was made.
struct Line {
    greeting: &'static str,
    insecure: bool,
}

struct Greeting(&'static str);

impl Client for Line {
    fn create(cx: &Context) -> Result<Self, Exit> {
        Self::create_with(cx, &Greeting("nothing"))
    }
}

impl Configure<Greeting> for Line {
    fn check_with(settings: &ClientSettings<'_>, own: &Greeting) -> Result<(), InputError> {
        if settings.tls.root_certificates.iter().any(|pem| pem == b"malformed") {
            return Err(InputError::new("a root certificate is no PEM"));
        }
        if own.0.is_empty() { Err(InputError::new("the greeting is empty")) } else { Ok(()) }
    }

    fn create_with(cx: &Context, own: &Greeting) -> Result<Self, Exit> {
        Ok(Self { greeting: own.0, insecure: cx.tls().accept_invalid_certificates })
    }
}

static MADE: AtomicUsize = AtomicUsize::new(0);
static SEEN: Mutex<Vec<(&str, &str, bool)>> = Mutex::new(Vec::new());

fn counted(greeting: &'static str) -> Result<Greeting, InputError> {
    MADE.fetch_add(1, Ordering::Relaxed);
    Ok(Greeting(greeting))
}

macro_rules! caller {
    ($name:ident, $first:expr, $second:expr) => {
        #[derive(User)]
        struct $name {
            #[client($first)]
            first: Line,
            #[client($second)]
            second: Line,
        }

        #[tasks]
        impl $name {
            #[task]
            async fn call(&mut self) -> TaskResult {
                let insecure = self.first.insecure && self.second.insecure;
                SEEN.lock().unwrap().push((self.first.greeting, self.second.greeting, insecure));
                stop_user()
            }
        }
    };
}

caller!(Ann, counted("hello")?, counted("hi")?);
caller!(Bob, counted("servus")?, counted("moin")?);
caller!(Silent, Greeting(""), Greeting("hello"));
caller!(Broken, Err(InputError::new("no greeting was found"))?, Greeting("hello"));
caller!(Fileless, std::fs::read("no/such.pem").map(|_| Greeting("hello"))?, Greeting("hello"));
caller!(Caused, "five".parse::<u8>().map(|_| Greeting("hello")).map_err(Outer)?, Greeting("hello"));

/// An error with a cause.
#[derive(Debug)]
struct Outer(std::num::ParseIntError);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the greeting has no number")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn input_error(result: Result<Report, RunError>) -> String {
    match result {
        Err(RunError::Input(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_class_and_field_has_its_own_settings_made_once_per_thread() {
    let report = LoadTest::new()
        .user::<Ann>()
        .user::<Bob>()
        .tls(TlsOptions::new().root_certificate("a root"))
        .insecure(true)
        .users(40)
        .spawn_rate(f64::INFINITY)
        .threads(3)
        .run()
        .await
        .unwrap();
    assert!(report.exceptions().is_empty(), "{report}");
    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    let count = |wanted| seen.iter().filter(|seen| **seen == wanted).count();
    assert_eq!((count(("hello", "hi", true)), count(("servus", "moin", true))), (20, 20), "{seen:?}");
    // Two classes with two fields each: once for the check, and once on each of three threads.
    assert_eq!(MADE.load(Ordering::Relaxed), 2 * 2 * 4);
}

#[tokio::test]
async fn what_is_wrong_with_settings_is_said_before_any_load() {
    assert_eq!(input_error(LoadTest::new().user::<Silent>().run().await), "the greeting is empty");
    let broken = input_error(LoadTest::new().user::<Broken>().run().await);
    assert_eq!(broken, "user class Broken: no greeting was found");
    let file = input_error(LoadTest::new().user::<Fileless>().run().await);
    assert!(file.starts_with("user class Fileless: ") && file.len() > "user class Fileless: ".len(), "{file}");
    let caused = input_error(LoadTest::new().user::<Caused>().run().await);
    assert_eq!(caused, "user class Caused: the greeting has no number: invalid digit found in string");
    let tls = TlsOptions::new().root_certificate("malformed");
    assert_eq!(input_error(LoadTest::new().user::<Silent>().tls(tls).run().await), "a root certificate is no PEM");
}
