//! Any lines as `Set-Cookie`.

use allocation_counter::measure;
use http::HeaderMap;
use http::header::SET_COOKIE;

use super::*;
use crate::fuzz::{Parts, fuzz};
use crate::target::Base;

/// Where cookies are set and sent.
const URLS: [&str; 6] =
    ["/", "/a/b?c", "https://shop/a/", "http://www.shop/a/b/c", "http://127.0.0.1/", "http://other.test/a%20b"];
/// The memory of one cookie: its line, and as much again for its parts and for maps.
const OF_ONE: i64 = 4 * LONGEST_LINE as i64;

/// Domain, path, name and value of all cookies, in any order.
fn all(jar: &Jar) -> Vec<(String, String, String, String)> {
    let cookies = jar.0.iter().flat_map(|filled| filled.store.iter_any());
    let value = |cookie: &Cookie<'_>| cookie.value().to_owned();
    let mut all: Vec<_> = cookies
        .filter_map(|cookie| key(cookie).map(|(domain, path, name)| (domain, path, name, value(cookie))))
        .collect();
    all.sort();
    all
}

fn is_bounded(jar: &Jar) {
    let mut by_domain = HashMap::<String, usize>::new();
    for (domain, _, name, value) in all(jar) {
        assert!(name.len() + value.len() <= LONGEST);
        *by_domain.entry(domain).or_default() += 1;
    }
    assert!(by_domain.values().all(|count| *count <= MOST));
}

/// One line, which a server can read.
fn is_sound(header: &HeaderValue) {
    let text = std::str::from_utf8(header.as_bytes()).expect("text");
    assert!(!text.is_empty() && !text.contains(|c: char| c.is_control() && c != '\t'), "{text:?}");
}

/// Storing it again, without the short cut, gives the same cookies.
fn again_changes_nothing(jar: &mut Jar, head: &Head, target: &Target, now: Instant) {
    let before = all(jar);
    // Where the first ones had to go they are set anew, in the place of others.
    if before.len() + head.set_cookies().count() > MOST {
        return;
    }
    jar.store(head, target, now);
    assert_eq!(all(jar), before);
    jar.0.iter_mut().for_each(|filled| filled.changed());
    jar.store(head, target, now);
    assert_eq!(all(jar), before, "without the short cut");
}

#[test]
fn cookies() {
    let base = Base::parse(Some("http://shop")).expect("a host");
    let targets = URLS.map(|url| base.resolve(url).expect("a URL"));
    fuzz("cookies", |input| {
        let mut parts = Parts(input);
        let target = &targets[usize::from(parts.byte()) % URLS.len()];
        let (mut jar, now) = (Jar::default(), Instant::now());
        while let Some(answer) = parts.piece() {
            let lines = answer.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
            let head = Head::from(lines.map(|line| (SET_COOKIE, line)).collect::<HeaderMap>());
            let memory = measure(|| jar.store(&head, target, now)).bytes_current;
            let lines = head.set_cookies().map(<[u8]>::len).sum::<usize>() as i64;
            // The lines themselves are kept once, to know them again.
            let most = 4096 + lines + OF_ONE * head.set_cookies().count().min(MOST) as i64;
            assert!(memory <= most, "{memory} bytes, {most} at most");
            is_bounded(&jar);
            again_changes_nothing(&mut jar, &head, target, now);
        }
        for target in &targets {
            let header = jar.header(target, now);
            assert_eq!(header, jar.header(target, now), "from the cache the same as made");
            header.iter().for_each(|header| is_sound(header));
            let own = [("own".to_owned(), "1".to_owned())];
            is_sound(&with_own(header.as_deref(), &own).expect("a header"));
        }
        let text = String::from_utf8_lossy(input);
        let (name, value) = text.split_once('=').unwrap_or((&text, ""));
        jar.clear();
        if jar.set(&targets[0], name, value).is_ok() {
            assert_eq!(jar.get(&targets[0], name).as_deref(), Some(value));
            is_sound(&jar.header(&targets[0], now).expect("a cookie"));
            jar.remove(&targets[0], name);
            assert_eq!(jar.get(&targets[0], name), None);
        }
        for line in input.split(|byte| *byte == b'\n') {
            if let Some((name, value)) = pair(line) {
                assert!(name.trim() == name && value.trim() == value);
            }
        }
    });
}
