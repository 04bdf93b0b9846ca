//! What can be said of a user class from outside of its code.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use std::str::FromStr;

use crate::error::InputError;
use crate::secret::{MASK, Secret};
use crate::units::format_duration;
use crate::wait::Wait;

/// Settings of one user class that win over those in its code: for [`LoadTest::configure`](crate::LoadTest::configure),
/// and what `--config-users` reads.
///
/// What is not set stays as the class has it.
///
/// ```
/// use std::time::Duration;
/// use loadtest_core::{ClassConfig, LoadTest, constant};
///
/// let test = LoadTest::new().configure(
///     "Shopper",
///     ClassConfig::new()
///         .weight(2.0)
///         .host("http://shop.test")
///         .wait_time(constant(Duration::from_secs(1)))
///         .field("page_size", 20),
/// );
/// # let _ = test;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ClassConfig {
    pub(crate) weight: Option<f64>,
    pub(crate) fixed_count: Option<u64>,
    pub(crate) host: Option<String>,
    pub(crate) wait_time: Option<Wait>,
    fields: BTreeMap<String, String>,
}

/// What every class can be told; `user_class_name` says which one.
pub(crate) const KEYS: [&str; 4] = ["weight", "fixed_count", "host", "wait_time"];

impl ClassConfig {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The share of the class among all users. With 0, and without a fixed count, it is left out of the run.
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Exactly so many users of the class; 0 for a share by weight.
    pub fn fixed_count(mut self, users: u64) -> Self {
        self.fixed_count = Some(users);
        self
    }

    /// The host that users of this class test. It is the most specific that can be said, so it wins over the host of
    /// the run, too.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// The wait after each task, in place of [`User::wait_time`](crate::User::wait_time). Task sets with a wait of
    /// their own keep it.
    pub fn wait_time(mut self, wait: impl Into<Wait>) -> Self {
        self.wait_time = Some(wait.into());
        self
    }

    /// What the field of this name starts as, as text; the field is marked `#[config]`. A [`Secret`] is given with its
    /// [`reveal`](Secret::reveal): its own text is a mask.
    #[expect(clippy::needless_pass_by_value, reason = "20 and \"blue\" are written without a sign")]
    pub fn field(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.fields.insert(name.into(), value.to_string());
        self
    }

    /// With what the other one sets in place of what this one does.
    pub(crate) fn overridden_by(&self, other: &Self) -> Self {
        let mut fields = self.fields.clone();
        fields.extend(other.fields.clone());
        Self {
            weight: other.weight.or(self.weight),
            fixed_count: other.fixed_count.or(self.fixed_count),
            host: other.host.clone().or_else(|| self.host.clone()),
            wait_time: other.wait_time.clone().or_else(|| self.wait_time.clone()),
            fields,
        }
    }

    /// Whether the class has all the fields, and their values can be read.
    ///
    /// # Errors
    /// When not, with the fields that there are, or the value and what is wrong with it.
    pub(crate) fn check_fields(&self, class: &str, known: &[ConfigField]) -> Result<(), InputError> {
        for (name, value) in &self.fields {
            let Some(field) = known.iter().find(|field| field.name == name) else {
                let known: Vec<_> = KEYS.into_iter().chain(known.iter().map(|field| field.name)).collect();
                let known = known.join(", ");
                return Err(InputError::new(format!(
                    "user class {class}: `{name}` cannot be configured; there are: {known} \
                     (#[config] makes a field configurable)"
                )));
            };
            if field.is_secret() && value == MASK {
                // A `Secret` turned into text.
                return Err(InputError::new(format!(
                    "user class {class}: field {name} would become `{MASK}`: give the text itself, with `reveal()`"
                )));
            }
            (field.check)(value).map_err(|error| {
                let value = if field.is_secret() { MASK } else { value };
                InputError::new(format!("user class {class}: field {name} cannot be `{value}`: {error}"))
            })?;
        }
        Ok(())
    }

    /// The field's value, if it is configured.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// What is set, for people, or nothing.
    pub(crate) fn shown(&self, known: &[ConfigField]) -> Option<String> {
        let mut line = String::new();
        let mut add = |name: &str, value: &dyn Display| {
            let comma = if line.is_empty() { "" } else { ", " };
            let _ = write!(line, "{comma}{name} = {value}");
        };
        if let Some(weight) = self.weight {
            add("weight", &weight);
        }
        if let Some(fixed_count) = self.fixed_count {
            add("fixed_count", &fixed_count);
        }
        if let Some(host) = &self.host {
            add("host", &crate::units::without_credentials(host));
        }
        if let Some(wait) = &self.wait_time {
            add("wait_time", &ShownWait(wait));
        }
        for (name, value) in &self.fields {
            let secret = known.iter().any(|field| field.name == name && field.is_secret());
            add(name, &if secret { MASK } else { value });
        }
        (!line.is_empty()).then_some(line)
    }
}

struct ShownWait<'a>(&'a Wait);

impl fmt::Display for ShownWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Wait::None => f.write_str("none"),
            Wait::Constant(wait) => write!(f, "{}", format_duration(*wait)),
            Wait::Between(range) => {
                write!(f, "{} to {}", format_duration(*range.start()), format_duration(*range.end()))
            }
            Wait::Scheduled(schedule) => write!(f, "{schedule}"),
        }
    }
}

/// A field that can be configured: what `#[config]` declares.
#[derive(Debug, Clone, Copy)]
pub struct ConfigField {
    name: &'static str,
    check: fn(&str) -> Result<(), String>,
    /// Not the type's id: that would ask for `'static`, which users need not be.
    type_name: fn() -> &'static str,
}

impl ConfigField {
    /// A field of this type.
    #[must_use]
    pub const fn new<T: ConfigValue>(name: &'static str) -> Self {
        T::FIELD.named(name)
    }

    /// The same under this name.
    #[doc(hidden)]
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The name of the field.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn is_secret(&self) -> bool {
        (self.type_name)() == std::any::type_name::<Secret>()
    }
}

/// The types of configurable fields: those that are read from text by their `FromStr`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be configured",
    label = "marked `#[config]`",
    note = "it is read from text: implement `std::str::FromStr` for `{Self}`, with an error that can be shown; around a \
            type that is not yours put one that is"
)]
pub trait ConfigValue: Sized {
    /// A field of this type, still without its name.
    #[doc(hidden)]
    const FIELD: ConfigField;

    /// The value, which was checked before the run.
    #[doc(hidden)]
    fn read(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T> ConfigValue for T
where
    T: FromStr,
    T::Err: Display,
{
    const FIELD: ConfigField = ConfigField {
        name: "",
        check: |text| text.parse::<T>().map(drop).map_err(|error| error.to_string()),
        type_name: std::any::type_name::<T>,
    };

    fn read(text: &str) -> Option<T> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FIELDS: &[ConfigField] =
        &[ConfigField::new::<usize>("page_size"), ConfigField::new::<bool>("eager"), ConfigField::new::<Secret>("key")];

    #[test]
    fn what_is_said_later_wins_key_by_key() {
        let first = ClassConfig::new().weight(2.0).fixed_count(1).field("a", 1).field("b", true);
        let second = ClassConfig::new().weight(3.0).host("http://h").field("b", "no");
        let expected = ClassConfig::new().weight(3.0).fixed_count(1).host("http://h").field("a", "1").field("b", "no");
        let text = |config: &ClassConfig| format!("{config:?}");
        assert_eq!(text(&first.overridden_by(&second)), text(&expected));
        assert_eq!(text(&first.overridden_by(&ClassConfig::new())), text(&first));
    }

    #[test]
    fn fields_are_checked_before_they_are_used() {
        let wrong = |config: ClassConfig| config.check_fields("Shopper", FIELDS).unwrap_err().to_string();
        let error = wrong(ClassConfig::new().field("page_sise", 20));
        assert!(error.contains("`page_sise` cannot be configured; there are: weight, fixed_count"), "{error}");
        assert!(error.contains("page_size, eager, key"), "{error}");
        let error = wrong(ClassConfig::new().field("page_size", "many"));
        assert!(error.starts_with("user class Shopper: field page_size cannot be `many`: invalid digit"), "{error}");
        let error = wrong(ClassConfig::new().field("key", Secret::new("hunter2")));
        assert!(error.contains("with `reveal()`"), "{error}");
        let right = ClassConfig::new().field("page_size", 20).field("eager", true);
        right.check_fields("Shopper", FIELDS).unwrap();
        assert_eq!(
            [right.value("page_size"), right.value("eager"), right.value("other")],
            [Some("20"), Some("true"), None]
        );
    }

    #[test]
    fn what_is_set_is_shown_without_secrets() {
        assert_eq!(ClassConfig::new().shown(FIELDS), None);
        let config = ClassConfig::new()
            .weight(0.5)
            .fixed_count(2)
            .host("http://ann:secret@shop")
            .wait_time(crate::between(Duration::from_secs(1), Duration::from_secs(5)))
            .field("key", "hunter2")
            .field("page_size", 20);
        assert_eq!(
            config.shown(FIELDS).unwrap(),
            "weight = 0.5, fixed_count = 2, host = http://shop, wait_time = 1s to 5s, key = ***, page_size = 20"
        );
    }
}
