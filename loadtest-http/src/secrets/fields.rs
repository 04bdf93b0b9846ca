//! Secrets in what has names and values: queries, forms, JSON.

use percent_encoding::percent_decode_str;

use super::{Known, MASK};

/// Parts of the names of fields that are secret.
const PARTS: [&str; 13] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "apikey",
    "credential",
    "session",
    "signature",
    "jwt",
    "privatekey",
    "accesskey",
    "authorization",
    "cookie",
];
/// Whole names of others.
const NAMES: [&str; 8] = ["pwd", "pass", "pin", "otp", "auth", "sig", "sid", "key"];

/// Whether a field of this name holds a secret, however it writes its words: `api_key`, `apiKey`, `API-Key`.
fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.contains(&&*name) || PARTS.iter().any(|part| name.contains(part))
}

/// A URL in the query of another, and so on, is looked at to this depth; what is deeper is not shown. A server can send
/// any text.
const DEEPEST: u32 = 8;

/// A form, or a query, without the values of secret fields: `user=ann&password=***`.
pub(crate) fn of_form(text: &str, known: &mut Known) -> String {
    form_in(text, known, DEEPEST)
}

fn form_in(text: &str, known: &mut Known, depth: u32) -> String {
    let pairs: Vec<String> = text.split('&').map(|pair| of_pair(pair, known, depth)).collect();
    pairs.join("&")
}

fn of_pair(pair: &str, known: &mut Known, depth: u32) -> String {
    let Some((name, value)) = pair.split_once('=') else { return pair.to_owned() };
    if is_secret(&percent_decode_str(name).decode_utf8_lossy()) {
        known.add(value);
        return format!("{name}={MASK}");
    }
    match depth.checked_sub(1) {
        Some(depth) => format!("{name}={}", urls_in(value, known, depth)),
        None if value.contains('=') => format!("{name}={MASK}"),
        None => pair.to_owned(),
    }
}

/// A text in which the queries and fragments of URLs have no secrets.
pub(crate) fn of_urls(text: &str, known: &mut Known) -> String {
    urls_in(text, known, DEEPEST)
}

fn urls_in(text: &str, known: &mut Known, depth: u32) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['?', '#']) {
        let (before, fields) = rest.split_at(at + 1);
        out.push_str(before);
        let end =
            fields.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '#')).unwrap_or(fields.len());
        out.push_str(&form_in(&fields[..end], known, depth));
        rest = &fields[end..];
    }
    out + rest
}

/// JSON without the values of secret members. It may be cut anywhere, and be no JSON at all.
pub(crate) fn json(text: &str, known: &mut Known) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (name, after) = rest[start..].split_at(string_length(&rest[start..]));
        out.push_str(&rest[..start]);
        out.push_str(name);
        rest = after;
        let Some(value) = after.trim_start().strip_prefix(':').map(str::trim_start) else { continue };
        if !is_secret(&unquoted(name)) {
            continue;
        }
        out.push_str(&after[..after.len() - value.len()]);
        let (value, after) = value.split_at(value_length(value));
        rest = after;
        if matches!(value, "" | "\"\"" | "null" | "true" | "false") {
            out.push_str(value);
        } else {
            known.add(&unquoted(value));
            if let Ok(value) = serde_json::from_str(value) {
                add_strings(&value, known);
            }
            out.push_str("\"***\"");
        }
    }
    out + rest
}

/// The strings in a list or an object.
fn add_strings(value: &serde_json::Value, known: &mut Known) {
    match value {
        serde_json::Value::String(text) => known.add(text),
        serde_json::Value::Array(values) => values.iter().for_each(|value| add_strings(value, known)),
        serde_json::Value::Object(members) => members.values().for_each(|value| add_strings(value, known)),
        _ => {}
    }
}

/// A string's text; of anything else what stands there.
fn unquoted(value: &str) -> String {
    serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned())
}

/// The length of a string with its quotes, which may have been cut.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of any value.
fn value_length(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => at += string_length(&text[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    text.len()
}

/// A form of parts without the contents of secret ones. The boundary is its first line.
pub(crate) fn multipart(text: &str, known: &mut Known) -> String {
    let boundary = text.lines().next().unwrap_or_default().trim_end();
    if !boundary.starts_with("--") || boundary.len() < 3 {
        return text.to_owned();
    }
    let parts = text.split(boundary).map(|part| {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { return part.to_owned() };
        let lower = head.to_ascii_lowercase();
        let name = lower.find(" name=\"").and_then(|at| head[at + 7..].split('"').next()).unwrap_or_default();
        if !is_secret(name) {
            return part.to_owned();
        }
        known.add(content.strip_suffix("\r\n").unwrap_or(content));
        format!("{head}\r\n\r\n{MASK}\r\n")
    });
    parts.collect::<Vec<_>>().join(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_secret_by_their_names() {
        for name in ["password", "user[password]", "apiKey", "API-Key", "access_token", "X-Amz-Signature", "sid", "Key"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["user", "q", "keyword", "page", "author", "pinned", "signal", ""] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn queries_and_forms_keep_their_names() {
        for (text, shown) in [
            ("GET /a?q=1&token=abc&x HTTP/1.1", "GET /a?q=1&token=***&x HTTP/1.1"),
            ("GET /a?pass%77ord=a?b&c=d HTTP/1.1", "GET /a?pass%77ord=***&c=d HTTP/1.1"),
            ("</x?sid=1>; rel=\"next\", </y#access_token=2>", "</x?sid=***>; rel=\"next\", </y#access_token=***>"),
            ("/a?to=/b?token=1&q=2", "/a?to=/b?token=***&q=2"),
            ("?", "?"),
        ] {
            assert_eq!(of_urls(text, &mut Known::default()), shown);
        }
        let nested = of_urls(&format!("/{}token=abc", "a?b=".repeat(1 << 16)), &mut Known::default());
        assert!(nested.starts_with("/a?b=a?b=") && nested.ends_with("a?b=***") && nested.len() < 100, "{nested}");
    }

    #[test]
    fn json_keeps_its_form() {
        for (text, shown) in [
            (r#"{"user": "ann", "password" : "a\"b", "n": 1}"#, r#"{"user": "ann", "password" : "***", "n": 1}"#),
            (r#"{"a":[{"token":12},{"token":null}]}"#, r#"{"a":[{"token":"***"},{"token":null}]}"#),
            (r#"{"tokens":{"a":"x}","b":["y"]},"c":1}"#, r#"{"tokens":"***","c":1}"#),
            (r#"{"pass\u0077ord":"abc"}"#, r#"{"pass\u0077ord":"***"}"#),
            (r#"{"password":"ab"#, r#"{"password":"***""#),
            (r#"{"password":"ab\"#, r#"{"password":"***""#),
            (r#"{"tokens":{"a":["#, r#"{"tokens":"***""#),
            (r#"{"password":"#, r#"{"password":"#),
            (r#"{"passwor"#, r#"{"passwor"#),
            ("no JSON: \"", "no JSON: \""),
        ] {
            assert_eq!(json(text, &mut Known::default()), shown);
        }
    }

    #[test]
    fn parts_of_a_form_lose_their_content() {
        let text = "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nann\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"password\"; filename=\"x\"\r\n\r\ns3cret\r\n--b--\r\n";
        assert_eq!(multipart(text, &mut Known::default()), text.replace("s3cret", "***"));
        let cut = text.split_once("cret").expect("there").0;
        assert_eq!(multipart(cut, &mut Known::default()), format!("{}***\r\n", cut.trim_end_matches("s3")));
    }
}
