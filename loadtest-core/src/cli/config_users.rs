//! What `--config-users` says: JSON with Locust's keys, as text or in a file.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::class_config::ClassConfig;
use crate::error::InputError;
use crate::wait::{Wait, between, constant, constant_pacing, constant_throughput, poisson};

/// The names of user classes and what is said of them, in the order written.
///
/// # Errors
/// When it is neither JSON nor a file of it, or says something that no class can be told.
pub(super) fn read(given: &str) -> Result<Vec<(String, ClassConfig)>, InputError> {
    let text = given.trim();
    if text.starts_with(['{', '[']) {
        return parse(text).map_err(|error| InputError::new(format!("--config-users: {error}")));
    }
    if !text.to_ascii_lowercase().ends_with(".json") {
        return Err(InputError::new(format!(
            "--config-users: `{text}` is neither JSON nor the path of a .json file; \
             write '{{\"user_class_name\": \"Shopper\", \"weight\": 2}}'"
        )));
    }
    let content = std::fs::read_to_string(text).map_err(|error| {
        InputError::new(format!("--config-users: {text} cannot be read: {error}; give a .json file that there is"))
    })?;
    parse(&content).map_err(|error| InputError::new(format!("--config-users: {text}: {error}")))
}

fn parse(text: &str) -> Result<Vec<(String, ClassConfig)>, String> {
    let Objects(objects) = serde_json::from_str(text).map_err(|error| error.to_string())?;
    objects.into_iter().enumerate().map(|(index, Object(pairs))| class(index, pairs)).collect()
}

fn class(index: usize, pairs: Vec<(String, Value)>) -> Result<(String, ClassConfig), String> {
    let name = match pairs.iter().find(|(key, _)| key == "user_class_name") {
        Some((_, Value::String(name))) => name.clone(),
        Some((_, other)) => return Err(format!("user_class_name: {other} is no name; give it in quotes")),
        None => return Err(format!("object {} has no user_class_name", index + 1)),
    };
    let mut config = ClassConfig::new();
    for (key, value) in pairs.into_iter().filter(|(key, _)| key != "user_class_name") {
        config = set(config, &key, &value).map_err(|error| format!("{name}: {key}: {error}"))?;
    }
    Ok((name, config))
}

fn set(config: ClassConfig, key: &str, value: &Value) -> Result<ClassConfig, String> {
    Ok(match key {
        "weight" => config.weight(value.as_f64().ok_or_else(|| format!("{value} is no number; write 2 or 0.5"))?),
        "fixed_count" => {
            let count = value.as_u64().ok_or_else(|| format!("{value} is no whole number of users; write 2"))?;
            config.fixed_count(count)
        }
        "host" => match value {
            Value::String(host) => config.host(host),
            _ => return Err(format!("{value} is no host; write \"http://localhost:8080\"")),
        },
        "wait_time" => config.wait_time(wait(value)?),
        // Whether the class has such a field is checked with the class.
        field => match value {
            Value::String(text) => config.field(field, text),
            Value::Number(_) | Value::Bool(_) => config.field(field, value),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(format!("{value} is no single value; give a text, a number, true or false"));
            }
        },
    })
}

type ReadWait = fn(&Value) -> Result<Wait, String>;

/// How a wait is written: `{"between": [1, 5]}`, and what it takes. Another kind is a line here.
const WAITS: [(&str, ReadWait); 5] = [
    ("constant", |value| Ok(constant(seconds(value)?))),
    ("between", |value| {
        let (shortest, longest) = two(value)?;
        Ok(between(shortest, longest))
    }),
    ("constant_pacing", |value| Ok(constant_pacing(seconds(value)?).into())),
    ("constant_throughput", |value| Ok(constant_throughput(per_second(value)?).into())),
    ("poisson", |value| Ok(poisson(per_second(value)?).into())),
];

/// A number of seconds, or an object with the kind of wait.
fn wait(value: &Value) -> Result<Wait, String> {
    match value {
        Value::Number(_) => seconds(value).map(constant),
        Value::Object(object) => wait_of_kind(object),
        _ => Err(not_a_wait(value)),
    }
}

fn wait_of_kind(object: &Map<String, Value>) -> Result<Wait, String> {
    let mut pairs = object.iter();
    let (Some((kind, value)), None) = (pairs.next(), pairs.next()) else {
        return Err(not_a_wait(&Value::Object(object.clone())));
    };
    match WAITS.iter().find(|(known, _)| known == kind) {
        Some((_, read)) => read(value).map_err(|error| format!("{kind}: {error}")),
        None => {
            let known = WAITS.map(|(known, _)| known).join(", ");
            Err(format!("there is no wait `{kind}`; there are: {known}"))
        }
    }
}

fn not_a_wait(value: &Value) -> String {
    format!("{value} is no wait; write a number of seconds, {{\"constant\": 1}} or {{\"between\": [1, 5]}}")
}

fn two(value: &Value) -> Result<(Duration, Duration), String> {
    match value.as_array().map(Vec::as_slice) {
        Some([shortest, longest]) => Ok((seconds(shortest)?, seconds(longest)?)),
        _ => Err(format!("{value} is no range; write two numbers of seconds, as [1, 5]")),
    }
}

/// A rate; whether it is one is checked with those of the code.
fn per_second(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{value} is no number of starts per second; write 2 or 0.5"))
}

fn seconds(value: &Value) -> Result<Duration, String> {
    let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("{value} is no number of seconds; write 2 or 0.5"))
}

/// One object, or a list of them.
struct Objects(Vec<Object>);

/// An object in which no key is there twice: the one that lost would be lost in silence.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Objects;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object for a user class, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Objects, A::Error> {
                Ok(Objects(vec![OneObject.visit_map(map)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Objects, A::Error> {
                let mut objects = Vec::new();
                while let Some(object) = list.next_element()? {
                    objects.push(object);
                }
                Ok(Objects(objects))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

struct OneObject;

impl<'de> Visitor<'de> for OneObject {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for a user class")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if pairs.iter().any(|(before, _)| *before == key) {
                return Err(A::Error::custom(format_args!("`{key}` is there twice; keep one")));
            }
            let value = map.next_value()?;
            pairs.push((key, value));
        }
        Ok(Object(pairs))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneObject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        format!("{:?}", read(text).unwrap())
    }

    #[test]
    fn an_object_or_a_list_says_what_code_could() {
        let one = r#" {"user_class_name": "Shopper", "weight": 0.5, "fixed_count": 2, "host": "http://shop",
                       "wait_time": {"between": [1, 5.5]}, "page_size": 20, "eager": true, "name": "Ann"}"#;
        let expected = ClassConfig::new()
            .weight(0.5)
            .fixed_count(2)
            .host("http://shop")
            .wait_time(between(Duration::from_secs(1), Duration::from_millis(5500)))
            .field("page_size", "20")
            .field("eager", "true")
            .field("name", "Ann");
        assert_eq!(shown(one), format!("{:?}", [("Shopper", &expected)]));
        let list =
            r#"[{"user_class_name": "A", "wait_time": 0.25}, {"user_class_name": "B", "wait_time": {"constant": 2}}]"#;
        let a = ClassConfig::new().wait_time(constant(Duration::from_millis(250)));
        let b = ClassConfig::new().wait_time(constant(Duration::from_secs(2)));
        for (text, wait) in [
            (r#"{"constant_pacing": 0.5}"#, constant_pacing(Duration::from_millis(500))),
            (r#"{"constant_throughput": 4}"#, constant_throughput(4)),
            (r#"{"poisson": 0}"#, poisson(0)),
        ] {
            let read = read(&format!(r#"{{"user_class_name": "A", "wait_time": {text}}}"#)).unwrap();
            assert_eq!(read[0].1.wait_time, Some(wait.into()), "{text}");
        }
        assert_eq!(shown(list), format!("{:?}", [("A", a), ("B", b)]));
        assert_eq!(shown("[]"), "[]");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, expected) in [
            ("Shopper", "is neither JSON nor the path of a .json file"),
            ("/no/such/users.json", "/no/such/users.json cannot be read"),
            ("{", "at line 1 column 1"),
            (r#"{"user_class_name": "A",}"#, "trailing comma at line 1 column 25"),
            (r#"{"user_class_name": "A"} {}"#, "trailing characters at line 1 column 26"),
            ("[1]", "expected an object for a user class at line 1 column 2"),
            (r#"{"user_class_name": "A", "weight": 1, "weight": 2}"#, "`weight` is there twice; keep one at line 1"),
            (r#"{"weight": 2}"#, "object 1 has no user_class_name"),
            (r#"[{"user_class_name": "A"}, {}]"#, "object 2 has no user_class_name"),
            (r#"{"user_class_name": 5}"#, "user_class_name: 5 is no name"),
            (r#"{"user_class_name": "A", "weight": "2"}"#, "A: weight: \"2\" is no number"),
            (r#"{"user_class_name": "A", "fixed_count": 2.5}"#, "A: fixed_count: 2.5 is no whole number"),
            (r#"{"user_class_name": "A", "fixed_count": -1}"#, "A: fixed_count: -1 is no whole number"),
            (r#"{"user_class_name": "A", "host": 80}"#, "A: host: 80 is no host"),
            (r#"{"user_class_name": "A", "wait_time": -1}"#, "A: wait_time: -1 is no number of seconds"),
            (r#"{"user_class_name": "A", "wait_time": 1e300}"#, "is no number of seconds"),
            (
                r#"{"user_class_name": "A", "wait_time": "1s"}"#,
                "A: wait_time: \"1s\" is no wait; write a number of seconds",
            ),
            (r#"{"user_class_name": "A", "wait_time": {}}"#, "A: wait_time: {} is no wait"),
            (
                r#"{"user_class_name": "A", "wait_time": {"betwen": [1, 2]}}"#,
                "no wait `betwen`; there are: constant, between",
            ),
            (r#"{"user_class_name": "A", "wait_time": {"between": [1]}}"#, "between: [1] is no range"),
            (r#"{"user_class_name": "A", "wait_time": {"poisson": "2"}}"#, "poisson: \"2\" is no number of starts per"),
            (
                r#"{"user_class_name": "A", "wait_time": {"between": [1, "x"]}}"#,
                "between: \"x\" is no number of seconds",
            ),
            (r#"{"user_class_name": "A", "tags": ["x"]}"#, "A: tags: [\"x\"] is no single value"),
            (r#"{"user_class_name": "A", "tags": null}"#, "A: tags: null is no single value"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.starts_with("--config-users: ") && error.contains(expected), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
