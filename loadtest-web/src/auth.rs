//! Who may steer: a user with a password, or whoever has the one-time token; then a cookie for the rest of the day.
//!
//! What is compared is the MAC of what was given with that of what is wanted, under a key of this process: the time that
//! takes says nothing of either, not even of a length.

mod attempts;

use std::collections::VecDeque;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap};
use loadtest_core::{InputError, Secret};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use attempts::Attempts;

/// Browsers that are let in at the same time; one more, and the first has to ask again.
const MOST_SESSIONS: usize = 64;
/// How long a cookie is good for.
const SESSION: Duration = Duration::from_secs(24 * 3600);

/// What is asked of whoever comes.
#[derive(Debug)]
enum Wanted {
    /// Nothing: the server listens to this machine alone.
    Nothing,
    /// `user:password`.
    Password(hmac::Tag),
    /// The token that was shown last, which is good for one browser.
    Token(Mutex<hmac::Tag>),
}

/// What became of a request that is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may pass; with a cookie for next time, where there is reason for one.
    In(Option<String>),
    /// It came with the token: the cookie, and the next token.
    ByToken { cookie: String, next: String },
    /// It has to say who it is, by a password.
    AskPassword,
    /// It has to bring the token.
    AskToken,
    /// It was wrong too often; so many seconds.
    Wait(u64),
}

/// The door.
#[derive(Debug)]
pub(crate) struct Door {
    wanted: Wanted,
    key: hmac::Key,
    random: SystemRandom,
    /// Ports of one host share their cookies: so it has the port in its name.
    cookie: String,
    attributes: String,
    sessions: Mutex<VecDeque<(hmac::Tag, Instant)>>,
    attempts: Mutex<Attempts>,
}

/// Where the server is, as far as a cookie has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) port: u16,
    /// Without the slash at its end; empty at the root.
    pub(crate) base: &'a str,
    pub(crate) is_tls: bool,
}

impl Door {
    /// With what is wanted, and the first token if it is one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn new(
        auth: Option<&(String, Secret)>,
        is_loopback: bool,
        place: Place<'_>,
    ) -> Result<(Self, Option<String>), InputError> {
        let no_random = |_| InputError::new("the system gives no random numbers, so that nobody could be told apart");
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(no_random)?;
        let (wanted, token) = match auth {
            Some((user, password)) => {
                (Wanted::Password(hmac::sign(&key, format!("{user}:{}", password.reveal()).as_bytes())), None)
            }
            None if is_loopback => (Wanted::Nothing, None),
            None => {
                let token = word(&random).map_err(no_random)?;
                (Wanted::Token(Mutex::new(hmac::sign(&key, token.as_bytes()))), Some(token))
            }
        };
        let Place { port, base, is_tls } = place;
        let secure = if is_tls { "; Secure" } else { "" };
        let age = SESSION.as_secs();
        // Not `Strict`: whoever follows a link to the page, or clicks on the address with the token in a chat, would be sent
        // away. `Lax` goes along with links alone, and they change nothing.
        let attributes = format!("; Path={base}/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        let (sessions, attempts) = (Mutex::default(), Mutex::default());
        let cookie = format!("loadtest-{port}");
        Ok((Self { wanted, key, random, cookie, attributes, sessions, attempts }, token))
    }

    /// Looks at a request. `token` is that of its query; `is_page` says whether a person looks at the page with it, and so
    /// is better off with a cookie.
    pub(crate) fn look(&self, from: IpAddr, headers: &HeaderMap, token: Option<&str>, is_page: bool) -> Verdict {
        if matches!(self.wanted, Wanted::Nothing) || (token.is_none() && self.has_session(headers)) {
            return Verdict::In(None);
        }
        let given = match &self.wanted {
            Wanted::Password(_) => basic(headers),
            Wanted::Token(_) => token.map(|token| token.as_bytes().to_vec()),
            Wanted::Nothing => None,
        };
        let ask = if matches!(self.wanted, Wanted::Password(_)) { Verdict::AskPassword } else { Verdict::AskToken };
        let Some(given) = given else { return if self.has_session(headers) { Verdict::In(None) } else { ask } };
        let now = Instant::now();
        if let Some(seconds) = lock(&self.attempts).must_wait(from, now) {
            return if self.has_session(headers) { Verdict::In(None) } else { Verdict::Wait(seconds) };
        }
        match &self.wanted {
            Wanted::Password(tag) if hmac::verify(&self.key, &given, tag.as_ref()).is_ok() => {
                Verdict::In(if is_page { self.begin_session(now) } else { None })
            }
            Wanted::Token(tag) => {
                let mut tag = lock(tag);
                if hmac::verify(&self.key, &given, tag.as_ref()).is_ok()
                    && let (Some(cookie), Ok(next)) = (self.begin_session(now), word(&self.random))
                {
                    *tag = hmac::sign(&self.key, next.as_bytes());
                    return Verdict::ByToken { cookie, next };
                }
                drop(tag);
                // A page that is loaded again may have the used token in its address.
                if self.has_session(headers) {
                    return Verdict::In(None);
                }
                lock(&self.attempts).failed(from, now);
                ask
            }
            _ => {
                lock(&self.attempts).failed(from, now);
                ask
            }
        }
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut ours = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie);
        let mut sessions = lock(&self.sessions);
        sessions.retain(|(_, begun)| begun.elapsed() < SESSION);
        ours.any(|(_, word)| {
            sessions.iter().any(|(tag, _)| hmac::verify(&self.key, word.as_bytes(), tag.as_ref()).is_ok())
        })
    }

    /// The cookie of one more browser; `None` where the system gives no random numbers, and nobody new is let in.
    fn begin_session(&self, now: Instant) -> Option<String> {
        let word = word(&self.random).ok()?;
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back((hmac::sign(&self.key, word.as_bytes()), now));
        Some(format!("{}={word}{}", self.cookie, self.attributes))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 128 random bits, in letters that need no escape in an address.
fn word(random: &SystemRandom) -> Result<String, ring::error::Unspecified> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// What stands in `Authorization: Basic …`.
fn basic(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, code) = value.split_once(' ')?;
    // What cannot be read is a wrong password too.
    scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(code.trim()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { port: 8089, base: "/x", is_tls: true };
    const SOMEBODY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    fn with_password(password: &str) -> HeaderMap {
        headers("authorization", &format!("Basic {}", STANDARD.encode(password)))
    }

    fn door(auth: Option<(&str, &str)>) -> (Door, Option<String>) {
        let auth = auth.map(|(user, password)| (user.to_owned(), Secret::new(password)));
        Door::new(auth.as_ref(), false, PLACE).unwrap()
    }

    #[test]
    fn a_password_lets_in_and_pages_get_a_cookie() {
        let (door, token) = door(Some(("eve", "s3cret:x")));
        assert_eq!(token, None);
        let look = |headers: &HeaderMap, is_page| door.look(SOMEBODY, headers, None, is_page);
        assert_eq!(look(&HeaderMap::new(), true), Verdict::AskPassword);
        for wrong in ["eve:s3cret", "eve:s3cret:xx", "", "eve", ":"] {
            assert_eq!(look(&with_password(wrong), false), Verdict::AskPassword, "{wrong}");
        }
        assert_eq!(look(&headers("authorization", "Basic ???"), false), Verdict::AskPassword);
        assert_eq!(look(&headers("authorization", "Bearer eve"), false), Verdict::AskPassword);
        assert_eq!(look(&with_password("eve:s3cret:x"), false), Verdict::In(None));
        let Verdict::In(Some(cookie)) = look(&with_password("eve:s3cret:x"), true) else { panic!("no cookie") };
        for part in ["loadtest-8089=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/x/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap();
        assert_eq!(look(&headers("cookie", &format!("a=b; {cookie}")), true), Verdict::In(None));
        assert_eq!(look(&headers("cookie", &format!("{cookie}0")), true), Verdict::AskPassword);
    }

    #[test]
    fn a_token_is_good_once_and_the_next_is_another() {
        let (door, token) = door(None);
        let token = token.unwrap();
        let look = |headers: &HeaderMap, token: Option<&str>| door.look(SOMEBODY, headers, token, true);
        let nothing = HeaderMap::new();
        assert_eq!(look(&nothing, None), Verdict::AskToken);
        let Verdict::ByToken { cookie, next } = look(&nothing, Some(&token)) else { panic!("not let in") };
        assert_ne!(next, token);
        assert_eq!(look(&nothing, Some(&token)), Verdict::AskToken);
        let cookie = headers("cookie", cookie.split(';').next().unwrap());
        assert_eq!(look(&cookie, None), Verdict::In(None));
        assert_eq!(look(&cookie, Some(&token)), Verdict::In(None), "a page that is loaded again");
        assert!(matches!(look(&nothing, Some(&next)), Verdict::ByToken { .. }));
        while look(&nothing, Some("guess")) == Verdict::AskToken {}
        assert_eq!(look(&cookie, Some(&token)), Verdict::In(None), "also while others guess");
    }

    #[test]
    fn whoever_guesses_has_to_wait_and_others_do_not() {
        let (door, _) = door(Some(("a", "b")));
        let look = |from, headers: &HeaderMap| door.look(from, headers, None, false);
        while look(SOMEBODY, &with_password("guess")) == Verdict::AskPassword {}
        assert!(matches!(look(SOMEBODY, &with_password("a:b")), Verdict::Wait(1..=60)));
        assert_eq!(look(IpAddr::from([10, 0, 0, 2]), &with_password("a:b")), Verdict::In(None));
    }

    #[test]
    fn no_more_sessions_than_there_is_room_for() {
        let (door, _) = door(None);
        let first = door.begin_session(Instant::now()).unwrap();
        let cookie = headers("cookie", first.split(';').next().unwrap());
        assert!(door.has_session(&cookie));
        for _ in 0..MOST_SESSIONS {
            door.begin_session(Instant::now()).unwrap();
        }
        assert!(!door.has_session(&cookie));
        assert_eq!(lock(&door.sessions).len(), MOST_SESSIONS);
    }
}
