//! The user classes of a run: configured from outside, chosen, checked.

use std::sync::Arc;

use crate::class_config::ClassConfig;
use crate::error::InputError;
use crate::plan::UserClass;

type Classes = Vec<Arc<dyn UserClass>>;

/// The classes that a run takes, from those that were added to it. A run of one user `alone` takes it from a class that has
/// none in other runs, too.
///
/// # Errors
/// When two are called the same, a setting fits no class, or no class has users.
pub(super) fn of_the_run(
    mut classes: Classes,
    configs: &[(String, ClassConfig)],
    only: Option<&[String]>,
    alone: bool,
) -> Result<Classes, InputError> {
    if classes.is_empty() {
        return Err(InputError::new("there is no user class to run: add one with .user::<MyUser>()"));
    }
    for (index, class) in classes.iter().enumerate() {
        if classes[..index].iter().any(|before| before.name() == class.name()) {
            let name = class.name();
            let hint = "give one of them another name with #[user(name = \"…\")], or #[user(name = T::NAME)] if they are generic";
            return Err(InputError::new(format!("two user classes are called {name}: {hint}")));
        }
    }
    for (name, config) in configs {
        let Some(class) = classes.iter_mut().find(|class| class.name() == name) else {
            return Err(unknown(name, classes.iter().map(|class| class.name())));
        };
        *class = class.configured(config)?;
    }
    if let Some(only) = only {
        classes.retain(|class| only.iter().any(|name| name == class.name()));
    }
    if alone { Ok(classes) } else { with_users(classes) }
}

/// What to say of a name that no class has.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> InputError {
    let known = known.collect::<Vec<_>>().join(", ");
    InputError::new(format!("there is no user class `{name}`; there are: {known}"))
}

/// The classes without those that never have a user.
fn with_users(classes: Classes) -> Result<Classes, InputError> {
    let (none, some): (Classes, Classes) = classes.into_iter().partition(|class| class.share().is_none());
    for class in &none {
        tracing::info!("user class {} is left out: its weight is 0, and it has no fixed count", class.name());
    }
    match (some.is_empty(), none.first()) {
        (true, Some(first)) => Err(InputError::new(format!(
            "no user class has a weight above 0 or a fixed count; give one to {}, say",
            first.name()
        ))),
        _ => Ok(some),
    }
}
