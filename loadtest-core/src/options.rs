//! A test's own options, with their type hidden.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::error::InputError;

/// The options of a run: a struct of the test's own.
#[derive(Clone)]
pub(crate) struct RunOptions {
    value: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
    /// Names and values as they may be shown; empty where nobody knows them.
    pub(crate) shown: Shown,
}

/// Names and values as people may see them.
pub(crate) type Shown = Vec<(String, String)>;

impl RunOptions {
    pub(crate) fn new<T: Send + Sync + 'static>(options: T, shown: Shown) -> Self {
        Self { value: Arc::new(options), type_name: std::any::type_name::<T>(), shown }
    }

    /// `None` for options of another type.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.value).downcast().ok()
    }
}

impl fmt::Debug for RunOptions {
    /// Without the values: there may be secrets among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunOptions").field(&self.type_name).finish()
    }
}

/// The options for a field of this type.
///
/// # Errors
/// When the run has none, or others.
pub(crate) fn get<T: Send + Sync + 'static>(options: Option<&RunOptions>, class: &str) -> Result<Arc<T>, InputError> {
    let wanted = std::any::type_name::<T>();
    match options {
        None => Err(InputError::new(format!(
            "user class {class} needs options of type {wanted}: give them with `options = …` in `loadtest::main!`, or \
             with `LoadTest::options`"
        ))),
        Some(options) => options.get().ok_or_else(|| {
            let there = options.type_name;
            InputError::new(format!(
                "user class {class} needs options of type {wanted}, and those of this run are {there}"
            ))
        }),
    }
}
