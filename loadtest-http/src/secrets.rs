//! What is not shown, unless somebody asks for it.

mod fields;
mod known;

use std::borrow::Cow;

pub(crate) use self::fields::{json, multipart, of_form, of_urls};
pub(crate) use self::known::{Known, head};

/// In place of a secret.
pub(crate) const MASK: &str = "***";

/// The ways to authenticate that say nothing of the secret by themselves.
const SCHEMES: [&str; 4] = ["Basic", "Bearer", "Digest", "Negotiate"];

/// Whether headers of this name hold a secret, in lower case: those of the standards, and what the others are called.
pub(crate) fn is_secret(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "set-cookie")
        || ["token", "secret", "password", "api-key", "apikey", "credential", "session", "signature"]
            .iter()
            .any(|part| name.contains(part))
}

/// The value of such a header as it is shown: with what helps, and without what is secret.
pub(crate) fn masked(name: &str, value: &str) -> String {
    match name {
        "authorization" | "proxy-authorization" => {
            let scheme = value.split(' ').next().unwrap_or_default();
            match SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(scheme)) {
                Some(scheme) => format!("{scheme} {MASK}"),
                None => MASK.to_owned(),
            }
        }
        "cookie" => value.split(';').map(|pair| cookie(pair.trim())).collect::<Vec<_>>().join("; "),
        "set-cookie" => match value.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", cookie(pair)),
            None => cookie(value),
        },
        _ => MASK.to_owned(),
    }
}

/// The name of a cookie. Without a name, it is all value.
fn cookie(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

/// A text in which URLs show no credentials.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some((before, rest)) = text.split_once("//") else { return Cow::Borrowed(text) };
    let end = rest.find(|c: char| matches!(c, '/' | '?' | '#' | '\\') || c.is_whitespace()).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let (mask, host) = authority.rsplit_once('@').map_or(("", authority), |(_, host)| ("***@", host));
    Cow::Owned(format!("{before}//{mask}{host}{}", without_credentials(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_is_shown_and_what_is_secret_is_not() {
        for (name, value, shown) in [
            ("authorization", "Basic YW5uOnBhc3M=", "Basic ***"),
            ("authorization", "bearer abc", "Bearer ***"),
            ("authorization", "abc", "***"),
            ("authorization", "My abc", "***"),
            ("proxy-authorization", "Basic abc", "Basic ***"),
            ("cookie", "a=1; session=2;b", "a=***; session=***; ***"),
            ("set-cookie", "session=abc; Path=/; HttpOnly", "session=***; Path=/; HttpOnly"),
            ("set-cookie", "abc", "***"),
            ("x-auth-token", "abc", "***"),
            ("x-api-key", "abc", "***"),
        ] {
            assert!(is_secret(name), "{name}");
            assert_eq!(masked(name, value), shown, "{name}: {value}");
        }
        for name in ["host", "content-type", "etag", "location", "x-cache-key"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn urls_lose_their_credentials() {
        for (text, shown) in [
            ("http://u:p@shop/x@y?a@b", "http://***@shop/x@y?a@b"),
            ("/cart", "/cart"),
            ("//u@cdn/x", "//***@cdn/x"),
            ("http://shop", "http://shop"),
            ("see http://a:b@c d e@f and https://g:h@@i", "see http://***@c d e@f and https://***@i"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
