//! What the form shows.

use loadtest_core::console::{self, OfferedClass, OfferedOption, OfferedTask};
use serde::Serialize;

use super::ask::Ask;

#[derive(Debug, Serialize)]
pub(crate) struct Offer<'a> {
    name: &'a str,
    version: &'a str,
    classes: Vec<Class<'a>>,
    tags: &'a [String],
    options: Vec<Choice<'a>>,
    defaults: Ask,
    host_required: bool,
    threads: usize,
}

#[derive(Debug, Serialize)]
struct Class<'a> {
    name: &'a str,
    weight: f64,
    fixed_count: Option<u64>,
    host: Option<&'a str>,
    tasks: Vec<Task<'a>>,
}

#[derive(Debug, Serialize)]
struct Task<'a> {
    name: &'a str,
    share: f64,
    tags: &'a [String],
    inside: Vec<Self>,
}

#[derive(Debug, Serialize)]
struct Choice<'a> {
    name: &'a str,
    help: &'a str,
    default: &'a [String],
    secret: bool,
    required: bool,
    multiple: bool,
    is_switch: bool,
    choices: &'a [String],
}

impl<'a> Offer<'a> {
    pub(crate) fn of(offer: &'a console::Offer) -> Self {
        let mut defaults = offer.defaults.clone();
        // The console leaves them out already; that no secret is sent is worth saying twice.
        offer.options.iter().filter(|option| option.secret).for_each(|secret| {
            defaults.options.remove(&secret.name);
        });
        Self {
            name: &offer.name,
            version: &offer.version,
            classes: offer.classes.iter().map(Class::of).collect(),
            tags: &offer.tags,
            options: offer.options.iter().map(Choice::of).collect(),
            defaults: Ask::of(&defaults),
            host_required: offer.host_required,
            threads: offer.threads,
        }
    }
}

impl<'a> Class<'a> {
    fn of(class: &'a OfferedClass) -> Self {
        let tasks = class.tasks.iter().map(Task::of).collect();
        let host = class.host.as_deref();
        Self { name: &class.name, weight: class.weight, fixed_count: class.fixed_count, host, tasks }
    }
}

impl<'a> Task<'a> {
    fn of(task: &'a OfferedTask) -> Self {
        let inside = task.inside.iter().map(Self::of).collect();
        Self { name: &task.name, share: task.share, tags: &task.tags, inside }
    }
}

impl<'a> Choice<'a> {
    fn of(option: &'a OfferedOption) -> Self {
        Self {
            name: &option.name,
            help: &option.help,
            default: if option.secret { &[] } else { &option.default },
            secret: option.secret,
            required: option.required,
            multiple: option.multiple,
            is_switch: option.is_switch,
            choices: &option.choices,
        }
    }
}
