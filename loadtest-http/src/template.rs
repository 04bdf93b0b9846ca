//! URLs made from templates: `/users/{id}` and the values for its placeholders.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters (RFC 3986, 2.3): a value stays in its segment.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The template with its placeholders replaced, in their order.
pub(crate) fn fill(template: &str, values: impl IntoIterator<Item: Display>) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut values = values.into_iter();
    let (mut placeholders, mut missing) = (0, 0);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else {
            return Err(format!("the template {template} has a `{{` without a `}}`"));
        };
        filled.push_str(before);
        placeholders += 1;
        match values.next() {
            Some(value) => {
                let value = value.to_string();
                // RFC 3986, 5.2.4: such a segment is resolved away, even when it is encoded.
                if matches!(value.as_str(), "." | "..") && !filled.contains('?') {
                    return Err(format!(
                        "the value `{value}` for the template {template} cannot be a segment of a path"
                    ));
                }
                filled.extend(utf8_percent_encode(&value, ENCODED));
            }
            None => missing += 1,
        }
        rest = after;
    }
    filled.push_str(rest);
    let given = placeholders - missing + values.count();
    if given != placeholders {
        return Err(format!(
            "the template {template} needs as many values as placeholders: {placeholders}, not {given}"
        ));
    }
    Ok(filled)
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use std::fmt::Display;

    use super::*;

    #[test]
    fn placeholders_are_replaced_in_their_order() {
        assert_eq!(fill("/users/{id}", [17]).as_deref(), Ok("/users/17"));
        assert_eq!(fill("/{a}/x/{b}?q={c}", [&1 as &dyn Display, &"ü", &2.5]).as_deref(), Ok("/1/x/%C3%BC?q=2.5"));
        assert_eq!(fill("/plain", [0; 0]).as_deref(), Ok("/plain"));
        assert_eq!(fill("/{}", ["a/b?c#d%e&f"]).as_deref(), Ok("/a%2Fb%3Fc%23d%25e%26f"));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let error = |template, values: &[&str]| fill(template, values).expect_err(template);
        assert_eq!(error("/{id}", &[]), "the template /{id} needs as many values as placeholders: 1, not 0");
        assert_eq!(
            error("/{a}/{b}", &["1", "2", "3"]),
            "the template /{a}/{b} needs as many values as placeholders: 2, not 3"
        );
        assert_eq!(error("/{a}", &[".."]), "the value `..` for the template /{a} cannot be a segment of a path");
        assert_eq!(fill("/x?y={a}", [".."]).as_deref(), Ok("/x?y=.."));
        assert_eq!(error("/{a", &["1"]), "the template /{a has a `{` without a `}`");
    }
}
