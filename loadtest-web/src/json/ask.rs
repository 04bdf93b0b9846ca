//! What a start asks for, read from JSON and written as such.

use std::collections::BTreeMap;
use std::time::Duration;

use loadtest_core::console::{self, Edit};
use loadtest_core::units::parse_duration;
use serde::Serialize;
use serde_json::{Map, Value};

/// What is wrong with a field, as the form shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Wrong {
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), message: message.into() }
    }
}

impl From<console::Refused> for Wrong {
    fn from(refused: console::Refused) -> Self {
        Self { field: refused.field, message: refused.message }
    }
}

/// As it is sent. A rate without a bound is `null`, as JSON has no infinity.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Ask {
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spawn_rate: Option<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_time: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    weights: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fixed_counts: BTreeMap<String, Option<u64>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hosts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    options: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_up: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_stats: Option<bool>,
}

impl Ask {
    pub(crate) fn of(ask: &console::Ask) -> Self {
        let ask = ask.clone();
        let spans = |span: Option<Option<Duration>>| span.map(|span| span.map(span_text));
        Self {
            users: ask.users,
            spawn_rate: ask.spawn_rate.map(|rate| rate.is_finite().then_some(rate)),
            run_time: spans(ask.run_time),
            host: ask.host,
            classes: ask.classes,
            weights: ask.weights,
            fixed_counts: ask.fixed_counts,
            hosts: ask.hosts,
            tags: ask.tags,
            exclude_tags: ask.exclude_tags,
            options: ask.options,
            thresholds: ask.thresholds,
            warm_up: spans(ask.warm_up),
            stop_timeout: ask.stop_timeout.map(span_text),
            reset_stats: ask.reset_stats,
        }
    }
}

/// Exact, and such that it can be read again: `1h20m`, `1500ms`.
pub(crate) fn span_text(span: Duration) -> String {
    if span.subsec_millis() > 0 {
        return format!("{}ms", span.as_millis());
    }
    let seconds = span.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let text: String = parts.iter().filter(|(many, _)| *many > 0).map(|(many, unit)| format!("{many}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

type Read<T> = Result<T, Wrong>;

/// Reads the body of a start. All that is wrong is told at once, by field.
pub(crate) fn read(body: &[u8]) -> Result<console::Ask, Vec<Wrong>> {
    let mut fields = Fields::of(body)?;
    let mut ask = console::Ask::default();
    for (name, value) in std::mem::take(&mut fields.given) {
        let result = read_field(&mut ask, &name, value);
        fields.wrong.extend(result.err());
    }
    if fields.wrong.is_empty() { Ok(ask) } else { Err(fields.wrong) }
}

fn read_field(ask: &mut console::Ask, name: &str, value: Value) -> Read<()> {
    match name {
        "users" => ask.users = Some(whole(name, &value)?),
        "spawn_rate" => ask.spawn_rate = Some(rate(name, &value)?),
        "run_time" => ask.run_time = Some(perhaps_span(name, &value)?),
        "host" => ask.host = Some(string(name, value)?),
        "classes" => ask.classes = Some(strings(name, value)?),
        "weights" => ask.weights = map(name, value, |name, value| number(name, &value))?,
        "fixed_counts" => {
            let of = |name: &str, value: Value| if value.is_null() { Ok(None) } else { whole(name, &value).map(Some) };
            ask.fixed_counts = map(name, value, of)?;
        }
        "hosts" => ask.hosts = map(name, value, string)?,
        "tags" => ask.tags = Some(strings(name, value)?),
        "exclude_tags" => ask.exclude_tags = Some(strings(name, value)?),
        "options" => ask.options = map(name, value, option)?,
        "thresholds" => ask.thresholds = Some(strings(name, value)?),
        "warm_up" => ask.warm_up = Some(perhaps_span(name, &value)?),
        "stop_timeout" => {
            let wrong = || Wrong::new(name, "write a time such as 30s");
            ask.stop_timeout = Some(perhaps_span(name, &value)?.ok_or_else(wrong)?);
        }
        "reset_stats" => {
            ask.reset_stats = Some(value.as_bool().ok_or_else(|| Wrong::new(name, "this is true or false"))?);
        }
        _ => return Err(Wrong::new(name, format!("there is no field `{name}`"))),
    }
    Ok(())
}

/// Reads the body of an edit.
pub(crate) fn read_edit(body: &[u8]) -> Result<Edit, Vec<Wrong>> {
    let mut fields = Fields::of(body)?;
    let mut edit = Edit::default();
    for (name, value) in std::mem::take(&mut fields.given) {
        let result = match name.as_str() {
            "users" => whole(&name, &value).map(|users| edit.users = Some(users)),
            "spawn_rate" => rate(&name, &value).map(|rate| edit.spawn_rate = Some(rate)),
            _ => Err(Wrong::new(
                &name,
                format!("`{name}` cannot be changed while a run goes on, only users and spawn_rate"),
            )),
        };
        fields.wrong.extend(result.err());
    }
    if fields.wrong.is_empty() { Ok(edit) } else { Err(fields.wrong) }
}

/// Reads `{"paused": true}`.
pub(crate) fn read_pause(body: &[u8]) -> Result<bool, Vec<Wrong>> {
    let fields = Fields::of(body)?;
    let paused = fields.given.get("paused").and_then(Value::as_bool);
    paused.ok_or_else(|| vec![Wrong::new("paused", "this is true or false")])
}

struct Fields {
    given: Map<String, Value>,
    wrong: Vec<Wrong>,
}

impl Fields {
    /// An empty body asks for nothing.
    fn of(body: &[u8]) -> Result<Self, Vec<Wrong>> {
        let wrong = |message: String| vec![Wrong { field: None, message }];
        if body.trim_ascii().is_empty() {
            return Ok(Self { given: Map::new(), wrong: Vec::new() });
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(given)) => Ok(Self { given, wrong: Vec::new() }),
            Ok(_) => Err(wrong("the body is no JSON object".to_owned())),
            Err(error) => Err(wrong(format!("the body is no JSON: {error}"))),
        }
    }
}

fn whole(name: &str, value: &Value) -> Read<u64> {
    value.as_u64().ok_or_else(|| Wrong::new(name, format!("{value} is no whole number; write for example 20")))
}

fn number(name: &str, value: &Value) -> Read<f64> {
    value.as_f64().ok_or_else(|| Wrong::new(name, format!("{value} is no number; write for example 2.5")))
}

/// `null` is all at once.
fn rate(name: &str, value: &Value) -> Read<f64> {
    if value.is_null() { Ok(f64::INFINITY) } else { number(name, value) }
}

/// `null` and an empty text are none.
fn perhaps_span(name: &str, value: &Value) -> Read<Option<Duration>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => parse_duration(text).map(Some).map_err(|message| Wrong::new(name, message)),
        Value::Number(number) => {
            parse_duration(&number.to_string()).map(Some).map_err(|message| Wrong::new(name, message))
        }
        _ => Err(Wrong::new(name, "write a time such as 1h20m, or null for none")),
    }
}

fn string(name: &str, value: Value) -> Read<String> {
    match value {
        Value::String(text) => Ok(text),
        value => Err(Wrong::new(name, format!("{value} is no text"))),
    }
}

fn strings(name: &str, value: Value) -> Read<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(|value| string(name, value)).collect(),
        _ => Err(Wrong::new(name, "this is a list of texts")),
    }
}

fn map<T>(name: &str, value: Value, of: impl Fn(&str, Value) -> Read<T>) -> Read<BTreeMap<String, T>> {
    let Value::Object(values) = value else { return Err(Wrong::new(name, "this is an object")) };
    values.into_iter().map(|(key, value)| Ok((key.clone(), of(&format!("{name}.{key}"), value)?))).collect()
}

/// A text, several, or a switch.
fn option(name: &str, value: Value) -> Read<Vec<String>> {
    match value {
        Value::Bool(on) => Ok(on.then(|| "true".to_owned()).into_iter().collect()),
        Value::String(text) => Ok(vec![text]),
        Value::Number(number) => Ok(vec![number.to_string()]),
        Value::Null => Ok(Vec::new()),
        value @ Value::Array(_) => strings(name, value),
        Value::Object(_) => Err(Wrong::new(name, "this is a text, a list of texts, or true or false")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_field_is_read_and_written_alike() {
        let body = br#"{"users": 20, "spawn_rate": null, "run_time": "1h20m", "host": "http://x", "classes": ["A"],
            "weights": {"A": 2.5}, "fixed_counts": {"A": 3, "B": null}, "hosts": {"A": "http://a"}, "tags": [],
            "exclude_tags": ["x"], "options": {"tenant": "a", "many": ["b", "c"], "on": true, "off": false},
            "thresholds": ["fail_ratio < 1%"], "warm_up": null, "stop_timeout": "1500ms", "reset_stats": true}"#;
        let ask = read(body).unwrap();
        assert_eq!(ask.spawn_rate, Some(f64::INFINITY));
        assert_eq!(ask.run_time, Some(Some(Duration::from_secs(4800))));
        assert_eq!((ask.options["on"].as_slice(), ask.options["off"].len()), (&["true".to_owned()][..], 0));
        let written = serde_json::to_vec(&Ask::of(&ask)).unwrap();
        assert_eq!(read(&written).unwrap(), ask);
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_field() {
        let wrong =
            read(br#"{"users": -1, "run_time": "5x", "weights": {"A": "b"}, "user": 1, "tags": "a"}"#).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_deref().unwrap()).collect();
        assert_eq!(fields, ["run_time", "tags", "user", "users", "weights.A"]);
        assert_eq!(read(b"[]").unwrap_err()[0].field, None);
        assert_eq!(read(b"").unwrap(), console::Ask::default());
        assert!(read_edit(br#"{"host": "http://x"}"#).unwrap_err()[0].message.contains("while a run goes on"));
        assert!(read_pause(b"{}").is_err());
    }

    proptest! {
        #[test]
        fn spans_are_read_as_they_were_written(millis in 0u64..1_000_000_000) {
            let span = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&span_text(span)), Ok(span));
        }

        #[test]
        fn nothing_that_is_sent_makes_it_panic(body in "[\\[\\]{}\":,a-z0-9. -]{0,60}") {
            let _ = (read(body.as_bytes()), read_edit(body.as_bytes()), read_pause(body.as_bytes()));
        }
    }
}
