//! Sessions and their cookies.
//!
//! Faithful to what was measured: which cookies there are, with which attributes and
//! when; a session is found by two cookies together; one response can carry both a real
//! `oc_sessionPassphrase` (path `/`) and a deleted one without path, which a correct jar
//! files under another path and a jar keyed by name alone takes for a deletion.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::random::Random;

const PASSPHRASE: &str = "oc_sessionPassphrase";
const COOKIE_TEST: &str = "cookie_test";
const PASSPHRASE_LIFE: Duration = Duration::from_secs(1200);
const COOKIE_TEST_LIFE: Duration = Duration::from_secs(3600);

const LOWER_ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ID: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What each logout sends: attributes apart from name, they all expire in 1970.
const DELETING_SET: [&str; 4] = [
    "oc_username=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=strict",
    "oc_token=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=strict",
    "oc_remember_login=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=strict",
    "oc_sessionPassphrase=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; SameSite=None",
];

/// How many sessions without a login are kept: clients that keep no cookies leave one
/// behind with each request.
const ANONYMOUS: usize = 100_000;

/// All sessions of the installation.
#[derive(Debug)]
pub(super) struct Sessions {
    /// The installation's own id, which is also the name of its session cookie.
    instance: String,
    stored: HashMap<String, Session>,
    /// The ids of the sessions without a login, the oldest first; some of them may be gone.
    anonymous: VecDeque<String>,
    random: Random,
}

/// What the server remembers between requests.
#[derive(Debug, Default)]
struct Session {
    /// As it stands in the cookie.
    passphrase: String,
    login: Option<Login>,
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) uid: String,
    /// When, on the server's clock, a password was last checked for this session. A
    /// login leaves it empty.
    pub(super) checked_at: Option<Duration>,
}

/// One request's way through its session, and the cookies it will answer with.
#[derive(Debug)]
pub(super) struct Visit {
    id: String,
    id_changed: bool,
    passphrase: String,
    has_cookie_test: bool,
    logged_in: bool,
    deletions: usize,
}

impl Sessions {
    pub(super) fn new() -> Self {
        let mut random = Random::new();
        let instance = format!("oc{}", random.text(LOWER_ALPHANUMERIC, 10));
        Self { instance, stored: HashMap::new(), anonymous: VecDeque::new(), random }
    }

    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    /// Finds the request's session or starts one. A session is found only if both its
    /// id and its passphrase are there; an id without the passphrase costs the session.
    pub(super) fn open(&mut self, headers: &HeaderMap) -> Visit {
        let id = cookie(headers, &self.instance);
        let passphrase = cookie(headers, PASSPHRASE);
        let found =
            id.filter(|&id| self.stored.get(id).is_some_and(|session| Some(&*session.passphrase) == passphrase));
        if let (Some(id), None) = (id, found) {
            self.stored.remove(id);
        }
        let passphrase = passphrase.map_or_else(|| self.new_passphrase(), str::to_owned);
        let mut visit = Visit {
            id: found.unwrap_or_default().to_owned(),
            id_changed: false,
            passphrase,
            has_cookie_test: cookie(headers, COOKIE_TEST).is_some(),
            logged_in: false,
            deletions: 0,
        };
        if found.is_none() {
            self.renew(&mut visit, None);
        }
        visit
    }

    /// Who is logged in.
    pub(super) fn login(&self, visit: &Visit) -> Option<Login> {
        self.stored.get(&visit.id)?.login.clone()
    }

    /// Remembers that a password was checked.
    pub(super) fn checked(&mut self, visit: &Visit, now: Duration) {
        if let Some(login) = self.stored.get_mut(&visit.id).and_then(|s| s.login.as_mut()) {
            login.checked_at = Some(now);
        }
    }

    /// A login with a password.
    pub(super) fn log_in(&mut self, visit: &mut Visit, uid: &str) {
        let login = Login { uid: uid.to_owned(), checked_at: None };
        self.renew(visit, Some(login));
        visit.logged_in = true;
        // A login after a logout in one request sends the deleting set once more.
        visit.deletions *= 2;
    }

    /// A login with a wrong password.
    pub(super) fn failed_login(&mut self, visit: &mut Visit) {
        self.renew(visit, None);
    }

    pub(super) fn log_out(&mut self, visit: &mut Visit) {
        self.renew(visit, None);
        visit.deletions = visit.deletions.max(1);
    }

    /// Gives the session a new id.
    fn renew(&mut self, visit: &mut Visit, login: Option<Login>) {
        self.stored.remove(&visit.id);
        visit.id = self.random.text(ID, 26);
        visit.id_changed = true;
        if login.is_none() {
            self.forget_the_oldest();
            self.anonymous.push_back(visit.id.clone());
        }
        let session = Session { passphrase: visit.passphrase.clone(), login };
        self.stored.insert(visit.id.clone(), session);
    }

    /// Makes room for one more session without a login.
    fn forget_the_oldest(&mut self) {
        if self.anonymous.len() >= ANONYMOUS
            && let Some(oldest) = self.anonymous.pop_front()
        {
            self.stored.remove(&oldest);
        }
    }

    fn new_passphrase(&mut self) -> String {
        let text = self.random.text(BASE64, 128);
        utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
    }

    /// Adds the cookies of this visit to its response.
    pub(super) fn set_cookies(&self, visit: &Visit, now: SystemTime, headers: &mut HeaderMap) {
        let mut set = |cookie: String| {
            // A passphrase that the client made up may not fit into a header.
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                headers.append(SET_COOKIE, value);
            }
        };
        let life = |of: Duration| {
            let expires = httpdate::fmt_http_date(now + of);
            format!("expires={expires}; Max-Age={}", of.as_secs())
        };
        set(format!("{PASSPHRASE}={}; {}; path=/; HttpOnly; SameSite=Strict", visit.passphrase, life(PASSPHRASE_LIFE)));
        if visit.id_changed {
            set(format!("{}={}; path=/; HttpOnly", self.instance, visit.id));
        }
        if visit.logged_in && !visit.has_cookie_test {
            set(format!("{COOKIE_TEST}=test; {}", life(COOKIE_TEST_LIFE)));
        }
        for _ in 0..visit.deletions {
            for cookie in DELETING_SET {
                set(cookie.to_owned());
            }
        }
    }
}

/// A cookie's value; the first if a jar sends several of one name, as PHP has it.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{ANONYMOUS, Sessions};

    #[test]
    fn the_oldest_sessions_without_a_login_are_forgotten() {
        let mut sessions = Sessions::new();
        let mut user = sessions.open(&HeaderMap::new());
        sessions.log_in(&mut user, "bob");
        let first = sessions.open(&HeaderMap::new());
        let mut open = || sessions.open(&HeaderMap::new());
        let last = std::iter::repeat_with(&mut open).take(ANONYMOUS + 10).last().expect("a session");
        assert_eq!(sessions.stored.len(), ANONYMOUS + 1);
        assert!(!sessions.stored.contains_key(&first.id));
        assert!(sessions.stored.contains_key(&last.id));
        assert!(sessions.login(&user).is_some());
    }
}
