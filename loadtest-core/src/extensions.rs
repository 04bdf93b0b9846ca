//! What other crates leave in a run for their clients, one value of a type.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The values, by their types.
#[derive(Clone, Default)]
pub(crate) struct Extensions(BTreeMap<TypeId, Extension>);

#[derive(Clone)]
struct Extension {
    value: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Extensions {
    /// In place of a value of the same type.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        let extension = Extension { value: Arc::new(value), type_name: type_name::<T>() };
        self.0.insert(TypeId::of::<T>(), extension);
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.0.get(&TypeId::of::<T>())?.value).downcast().ok()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values().map(|extension| extension.type_name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_a_type_and_it_is_the_last() {
        let mut extensions = Extensions::default();
        assert!(extensions.get::<u8>().is_none());
        extensions.insert(1_u8);
        extensions.insert("text");
        extensions.insert(2_u8);
        assert_eq!(extensions.get::<u8>().as_deref(), Some(&2));
        assert_eq!(extensions.get::<&str>().as_deref(), Some(&"text"));
        assert!(format!("{extensions:?}").contains("\"u8\""), "{extensions:?}");
    }
}
