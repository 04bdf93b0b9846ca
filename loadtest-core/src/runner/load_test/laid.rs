//! What the console needs of a test: to know what it has, and to lay something else over it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::LoadTest;
use crate::error::InputError;
use crate::plan::{Tasked, UserClass};
use crate::runner::classes;
use crate::task::graph;

impl LoadTest {
    /// The classes as they are configured; what cannot be used is left out, and said when the run starts.
    pub(crate) fn configured_classes(&self) -> Vec<Arc<dyn UserClass>> {
        let mut found: Vec<_> = self.classes.iter().flatten().cloned().collect();
        for (name, config) in &self.configs {
            if let Some(class) = found.iter_mut().find(|class| class.name() == name)
                && let Ok(configured) = class.configured(config)
            {
                *class = configured;
            }
        }
        found
    }

    /// The names of the classes that run, as far as they were chosen by name.
    pub(crate) fn chosen_classes(&self) -> Vec<String> {
        let chosen = |name: &str| self.only.as_ref().is_none_or(|only| only.iter().any(|one| one == name));
        self.class_names().into_iter().filter(|name| chosen(name)).map(str::to_owned).collect()
    }

    /// Every tag of every task.
    pub(crate) fn known_tags(&self) -> BTreeSet<&'static str> {
        graph::tags(self.classes.iter().flatten().map(|class| class.set()))
    }

    pub(crate) fn asked_tags(&self) -> &[String] {
        &self.filter.tags
    }

    pub(crate) fn asked_exclude_tags(&self) -> &[String] {
        &self.filter.exclude
    }

    pub(crate) fn asked_host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The thresholds that can be read.
    pub(crate) fn asked_thresholds(&self) -> Vec<String> {
        self.thresholds.iter().flatten().map(ToString::to_string).collect()
    }

    pub(crate) fn until_stopped(mut self) -> Self {
        self.run_time = None;
        self
    }

    pub(crate) fn without_warm_up(mut self) -> Self {
        self.warm_up = None;
        self
    }

    pub(crate) fn without_thresholds(mut self) -> Self {
        self.thresholds.clear();
        self
    }

    /// # Errors
    /// When the run would have no users.
    pub(crate) fn check_classes(&self) -> Result<(), InputError> {
        self.classes_of_the_run().map(drop)
    }

    /// # Errors
    /// When there is no such tag, or nothing is left to do.
    pub(crate) fn check_tags(&self) -> Result<(), InputError> {
        Tasked::new(self.classes_of_the_run()?, &self.filter).map(drop)
    }

    fn classes_of_the_run(&self) -> Result<Vec<Arc<dyn UserClass>>, InputError> {
        let classes = self.classes.iter().cloned().collect::<Result<Vec<_>, _>>()?;
        // What there is to say of them is said when the run starts.
        let silent = tracing::subscriber::NoSubscriber::default();
        tracing::subscriber::with_default(silent, || {
            classes::of_the_run(classes, &self.configs, self.only.as_deref(), self.is_single_user)
        })
    }
}
