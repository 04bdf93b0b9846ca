//! URLs made from templates: `/users/{id}` and the values for its placeholders.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters (RFC 3986, 2.3): a value stays in its segment.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The values for the placeholders of a template: one, a tuple of several of any types, an array or a list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no values for the placeholders of a URL",
    label = "no values for a template",
    note = "give one number or text, `17`, several of any types as a tuple, `(17, \"name\")`, or an array, a slice or a `Vec`"
)]
pub trait PathValues {
    /// As text, in the order of the placeholders.
    #[doc(hidden)]
    fn texts(self) -> Vec<String>;
}

macro_rules! of_one {
    ($($one:ty),+) => { $(impl PathValues for $one {
        fn texts(self) -> Vec<String> {
            vec![self.to_string()]
        }
    })+ };
}

of_one!(&str, String, &String, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char);

macro_rules! of_several {
    ($($name:ident),+) => { impl<$($name: Display),+> PathValues for ($($name,)+) {
        #[expect(non_snake_case, reason = "types and values share their names")]
        fn texts(self) -> Vec<String> {
            let ($($name,)+) = self;
            vec![$($name.to_string()),+]
        }
    } };
}

of_several!(A);
of_several!(A, B);
of_several!(A, B, C);
of_several!(A, B, C, D);
of_several!(A, B, C, D, E);
of_several!(A, B, C, D, E, F);

impl<T: Display, const N: usize> PathValues for [T; N] {
    fn texts(self) -> Vec<String> {
        self.iter().map(T::to_string).collect()
    }
}

impl<T: Display> PathValues for &[T] {
    fn texts(self) -> Vec<String> {
        self.iter().map(T::to_string).collect()
    }
}

impl<T: Display> PathValues for Vec<T> {
    fn texts(self) -> Vec<String> {
        self.as_slice().texts()
    }
}

/// The template with its placeholders replaced, in their order.
pub(crate) fn fill(template: &str, values: impl PathValues) -> Result<String, String> {
    let values = values.texts();
    let mut filled = String::with_capacity(template.len() + 16);
    let mut placeholders = 0;
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else {
            return Err(format!("the template {template} has a `{{` without a `}}`"));
        };
        filled.push_str(before);
        if let Some(value) = values.get(placeholders) {
            if value.is_empty() && !filled.contains('?') {
                return Err(format!("a value for the template {template} is empty: another URL would come of it"));
            }
            filled.extend(utf8_percent_encode(value, ENCODED));
        }
        placeholders += 1;
        rest = after;
    }
    filled.push_str(rest);
    if values.len() != placeholders {
        let given = values.len();
        return Err(format!(
            "the template {template} needs as many values as placeholders: {placeholders}, not {given}"
        ));
    }
    let path = filled.split(['?', '#']).next().unwrap_or_default();
    if placeholders > 0 && path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(format!("{filled}, made from the template {template}, has a segment that a URL would drop"));
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
        assert_eq!(fill("/{a}/x/{b}?q={c}", [&1 as &dyn Display, &"\u{fc}", &2.5]).as_deref(), Ok("/1/x/%C3%BC?q=2.5"));
        assert_eq!(fill("/plain", [0; 0]).as_deref(), Ok("/plain"));
        assert_eq!(fill("/{}", ["a/b?c#d%e&f"]).as_deref(), Ok("/a%2Fb%3Fc%23d%25e%26f"));
        assert_eq!(fill("/f/file{x}", ".").as_deref(), Ok("/f/file."));
        assert_eq!(fill("/x?y={a}&z={b}", ("..", "")).as_deref(), Ok("/x?y=..&z="));
    }

    #[test]
    fn values_come_as_they_are_at_hand() {
        let (owned, several) = (String::from("b"), vec![1, 2]);
        assert_eq!(fill("/{}", 17).as_deref(), Ok("/17"));
        assert_eq!(fill("/{}", "a").as_deref(), Ok("/a"));
        assert_eq!(fill("/{}", &owned).as_deref(), Ok("/b"));
        assert_eq!(fill("/{}/{}/{}", (17, "a", &owned)).as_deref(), Ok("/17/a/b"));
        assert_eq!(fill("/{}/{}", &several[..]).as_deref(), Ok("/1/2"));
        assert_eq!(fill("/{}/{}", several).as_deref(), Ok("/1/2"));
        assert_eq!(fill("/{}", owned).as_deref(), Ok("/b"));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let error = |template, values: &[&str]| fill(template, values).expect_err(template);
        assert_eq!(error("/{id}", &[]), "the template /{id} needs as many values as placeholders: 1, not 0");
        assert_eq!(
            error("/{a}/{b}", &["1", "2", "3"]),
            "the template /{a}/{b} needs as many values as placeholders: 2, not 3"
        );
        let dropped = "/x/.., made from the template /x/{a}, has a segment that a URL would drop";
        assert_eq!(error("/x/{a}", &[".."]), dropped);
        assert!(error("/{a}.{b}", &["", ""]).contains("is empty"));
        assert_eq!(error("/{a", &["1"]), "the template /{a has a `{` without a `}`");
    }
}
