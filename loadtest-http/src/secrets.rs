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

/// Parts of the names of headers that are secret, beside those of the standards. Not every key is: `x-cache-key`.
const PARTS: [&str; 13] = [
    "token",
    "secret",
    "passw",
    "credential",
    "session",
    "signature",
    "jwt",
    "apikey",
    "api-key",
    "auth-key",
    "access-key",
    "functions-key",
    "subscription-key",
];

/// Whether headers of this name hold a secret, in lower case: those of the standards, and what the others are called.
pub(crate) fn is_secret(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "set-cookie" | "x-auth")
        || PARTS.iter().any(|part| name.contains(part))
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
    let mut rest = text;
    let mut out = String::new();
    // In a loop: the text may come from a server, and be nothing but slashes.
    while let Some((before, after)) = rest.split_once("//") {
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | '\\') || c.is_whitespace()).unwrap_or(after.len());
        let (authority, after) = after.split_at(end);
        let (mask, host) = authority.rsplit_once('@').map_or(("", authority), |(_, host)| ("***@", host));
        for part in [before, "//", mask, host] {
            out.push_str(part);
        }
        rest = after;
    }
    if out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
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
            ("x-auth-key", "abc", "***"),
            ("ocp-apim-subscription-key", "abc", "***"),
        ] {
            assert!(is_secret(name), "{name}");
            assert_eq!(masked(name, value), shown, "{name}: {value}");
        }
        for name in ["host", "content-type", "etag", "location", "x-cache-key", "idempotency-key", "www-authenticate"] {
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
        let slashes = "/".repeat(1 << 18);
        assert_eq!(without_credentials(&slashes), slashes);
    }
}
