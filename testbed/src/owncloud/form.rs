//! The fields of a form body, urlencoded or multipart, as PHP reads them into `$_POST`.
//! Any other kind of body has no fields.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Names and values in the order sent.
pub(super) fn fields(headers: &HeaderMap, body: &[u8]) -> Vec<(String, String)> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    match kind.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => serde_urlencoded::from_bytes(body).unwrap_or_default(),
        "multipart/form-data" => match parameter(parameters, "boundary") {
            Some(boundary) => multipart(&String::from_utf8_lossy(body), &boundary),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn multipart(body: &str, boundary: &str) -> Vec<(String, String)> {
    body.split(&format!("--{boundary}"))
        .skip(1)
        .take_while(|part| !part.starts_with("--"))
        .filter_map(|part| {
            let part = part.strip_prefix("\r\n")?.strip_suffix("\r\n")?;
            let (head, value) = part.split_once("\r\n\r\n")?;
            let disposition = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-disposition").then_some(value)
            })?;
            Some((parameter(disposition, "name")?, value.to_owned()))
        })
        .collect()
}

/// A `name=value` or `name="value"` among parameters with semicolons between them.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::fields;
    use http::HeaderMap;
    use http::header::CONTENT_TYPE;

    fn read(kind: &'static str, body: &str) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        fields(&headers, body.as_bytes())
    }

    fn expected() -> Vec<(String, String)> {
        vec![("userid".into(), "a+b@c".into()), ("password".into(), "p&w = ä".into())]
    }

    #[test]
    fn urlencoded() {
        let body = "userid=a%2Bb%40c&password=p%26w+%3D+%C3%A4";
        assert_eq!(read("application/x-www-form-urlencoded; charset=utf-8", body), expected());
    }

    #[test]
    fn multipart() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"userid\"\r\n\r\na+b@c\r\n\
            --XX\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=password\
            \r\n\r\np&w = ä\r\n--XX--\r\n";
        assert_eq!(read("multipart/form-data; boundary=XX", body), expected());
        assert_eq!(read("Multipart/Form-Data; boundary=\"XX\"", body), expected());
    }

    #[test]
    fn anything_else_has_no_fields() {
        assert_eq!(read("application/json", r#"{"userid":"a"}"#), []);
        assert_eq!(read("multipart/form-data", "--XX"), []);
    }
}
