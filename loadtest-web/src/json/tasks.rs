//! How often each task runs: planned against actual.

use loadtest_core::console::{Ask, Offer, OfferedClass, OfferedTask};
use loadtest_core::stats::{Snapshot, TaskSnapshot};
use serde::Serialize;

/// A user class.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Class<'a> {
    class: &'a str,
    /// Of all users, from 0 to 1.
    planned: f64,
    /// Of all runs of tasks, from 0 to 1; classes that wait longer have less.
    actual: Option<f64>,
    /// Planned, of those that there are to be.
    users: u64,
    tasks: Vec<Task<'a>>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Task<'a> {
    name: &'a str,
    /// Of its class, from 0 to 1.
    planned: f64,
    actual: Option<f64>,
    count: u64,
    inside: Vec<Self>,
}

/// All classes that run, or would.
pub(crate) fn all<'a>(offer: &'a Offer, asked: &Ask, snapshot: &Snapshot) -> Vec<Class<'a>> {
    let classes = chosen(offer, asked);
    let users = if snapshot.target_users > 0 { snapshot.target_users } else { asked.users.unwrap_or_default() };
    let dealt = deal(&classes, asked, users);
    let all = users.max(1) as f64;
    let runs: u64 = snapshot.classes.iter().map(|class| class.stats.started).sum();
    classes
        .into_iter()
        .zip(dealt)
        .map(|(class, users)| {
            let recorded: Vec<_> = snapshot.tasks.iter().filter(|task| *task.key.class == *class.name).collect();
            let of_class = snapshot.class(&class.name).map_or(0, |stats| stats.started);
            let actual = (runs > 0).then(|| of_class as f64 / runs as f64);
            let tasks = class.tasks.iter().map(|task| one(task, 1.0, None, of_class, &recorded)).collect();
            Class { class: &class.name, planned: users / all, actual, users: users.round() as u64, tasks }
        })
        .collect()
}

fn chosen<'a>(offer: &'a Offer, asked: &Ask) -> Vec<&'a OfferedClass> {
    let only = asked.classes.as_ref();
    offer.classes.iter().filter(|class| only.is_none_or(|only| only.is_empty() || only.contains(&class.name))).collect()
}

/// How many users each class has: fixed numbers first, then shares of the rest by weight.
fn deal(classes: &[&OfferedClass], asked: &Ask, users: u64) -> Vec<f64> {
    let fixed = |class: &OfferedClass| asked.fixed_counts.get(&class.name).copied().unwrap_or(class.fixed_count);
    let weight = |class: &OfferedClass| asked.weights.get(&class.name).copied().unwrap_or(class.weight);
    let mut left = users;
    let of_fixed: Vec<Option<u64>> = classes
        .iter()
        .map(|class| {
            let taken = fixed(class).map(|count| count.min(left));
            left -= taken.unwrap_or_default();
            taken
        })
        .collect();
    let weighted = classes.iter().zip(&of_fixed).filter(|(_, fixed)| fixed.is_none());
    let sum: f64 = weighted.map(|(class, _)| weight(class)).sum();
    let share = |class: &OfferedClass| if sum > 0.0 { left as f64 * weight(class) / sum } else { 0.0 };
    classes
        .iter()
        .zip(&of_fixed)
        .map(|(class, fixed)| fixed.map_or_else(|| share(class), |count| count as f64))
        .collect()
}

/// A task with what is in it. What is in a set is recorded behind the name of the set.
fn one<'a>(
    task: &'a OfferedTask,
    around: f64,
    set: Option<&str>,
    of_class: u64,
    recorded: &[&TaskSnapshot],
) -> Task<'a> {
    let planned = around * task.share;
    let of_set = |inner| one(inner, planned, task.set.as_deref(), of_class, recorded);
    let inside: Vec<_> = task.inside.iter().map(of_set).collect();
    let count = if inside.is_empty() {
        let is_this = |name: &str| match name.rsplit_once("::") {
            Some((of, name)) => Some(of) == set && name == task.name,
            None => set.is_none() && name == task.name,
        };
        recorded.iter().filter(|recorded| is_this(&recorded.key.task)).map(|recorded| recorded.stats.started).sum()
    } else {
        inside.iter().map(|task| task.count).sum()
    };
    let actual = (of_class > 0).then(|| count as f64 / of_class as f64);
    Task { name: &task.name, planned, actual, count, inside }
}

/// The same as Locust writes it: ratios of the level, and of everything.
pub(crate) fn of_locust(offer: &Offer, asked: &Ask) -> serde_json::Value {
    let classes = chosen(offer, asked);
    let users = asked.users.unwrap_or(1).max(1);
    let dealt = deal(&classes, asked, users);
    let tree = |total: bool| -> serde_json::Map<String, serde_json::Value> {
        let of = |(class, dealt): (&&OfferedClass, &f64)| {
            let ratio = dealt / users as f64;
            let tasks = level(&class.tasks, total.then_some(ratio));
            (class.name.clone(), serde_json::json!({ "ratio": ratio, "tasks": tasks }))
        };
        classes.iter().zip(&dealt).map(of).collect()
    };
    serde_json::json!({ "per_class": tree(false), "total": tree(true) })
}

fn level(tasks: &[OfferedTask], around: Option<f64>) -> serde_json::Map<String, serde_json::Value> {
    let of = |task: &OfferedTask| {
        let ratio = around.unwrap_or(1.0) * task.share;
        let mut value = serde_json::json!({ "ratio": ratio });
        if !task.inside.is_empty() {
            value["tasks"] = level(&task.inside, around.map(|_| ratio)).into();
        }
        (task.name.clone(), value)
    };
    tasks.iter().map(of).collect()
}
