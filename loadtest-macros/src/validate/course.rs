//! The rules of the order in which tasks run: `#[tasks(sequential)]`, `#[tasks(markov)]` and `#[next(…)]`.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Expr, LitInt, Meta, Token};

use super::tasks::Task;
use super::{crate_path, known_keys};
use crate::args::{Arg, Krate, TASKS_KEYS, parse_list, skip_to_next};
use crate::ast::TasksBlock;
use crate::errors::Errors;
use crate::similar::closest;

/// In which order tasks run.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    #[default]
    Random,
    Sequential,
    Markov,
}

/// A way to another task.
pub(crate) struct Next {
    pub(crate) task: Ident,
    pub(crate) weight: u32,
}

/// What `#[tasks(…)]` says.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) krate: Krate,
    pub(crate) order: Order,
    pub(crate) wait_time: Option<Expr>,
}

/// The arguments of `#[tasks(…)]`.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut args = parse_list(tokens, &TASKS_KEYS, errors);
    let mut order = None;
    args.retain(|Arg { key, value }| {
        let this = match key.unraw().to_string().as_str() {
            "sequential" => Order::Sequential,
            "markov" => Order::Markov,
            _ => return true,
        };
        if let Some(value) = value {
            errors.push(Error::new_spanned(value, format!("`{key}` stands alone: write `#[tasks({key})]`")));
        } else if order.is_some() {
            errors.push(Error::new(key.span(), "tasks have one order: keep `sequential` or `markov`"));
        } else {
            order = Some(this);
        }
        false
    });
    let mut values = known_keys(args, &TASKS_KEYS, errors);
    let krate = crate_path(values.take("crate"), errors);
    Arguments { krate, order: order.unwrap_or_default(), wait_time: values.take("wait_time") }
}

const FORM: &str = "write `#[next(read = 3, leave = 1)]`, with the names of tasks";

/// The ways in `#[next(read = 3, leave)]`.
pub(crate) fn next(attr: &Attribute, order: Order, errors: &mut Errors) -> Vec<Next> {
    if order != Order::Markov {
        errors.push(Error::new_spanned(
            attr.path(),
            "`#[next]` is for tasks of a Markov chain: write `#[tasks(markov)]` on the `impl` block",
        ));
        return Vec::new();
    }
    let Meta::List(list) = &attr.meta else {
        errors.push(Error::new_spanned(&attr.meta, format!("`#[next]` names what may follow: {FORM}")));
        return Vec::new();
    };
    let mut ways: Vec<Next> = Vec::new();
    let whole = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Some(way) = errors.take(one_way(input)) {
                if ways.iter().any(|other| other.task == way.task) {
                    errors.push(Error::new(way.task.span(), format!("`{}` is named twice; keep one", way.task)));
                } else {
                    ways.push(way);
                }
            }
            skip_to_next(input)?;
        }
        Ok(())
    };
    let result = whole.parse2(list.tokens.clone());
    errors.take(result);
    if list.tokens.is_empty() {
        let message = format!("`#[next()]` names nothing: {FORM}; a task without `#[next]` ends the chain");
        errors.push(Error::new_spanned(&attr.meta, message));
    }
    ways
}

fn one_way(input: ParseStream<'_>) -> syn::Result<Next> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(format!("`#[next]` takes names of tasks: {FORM}")));
    }
    let task = input.call(Ident::parse_any)?;
    let weight = if input.parse::<Option<Token![=]>>()?.is_some() {
        let wrong = "a weight is a whole number of at least 1, as in `#[next(read = 3)]`";
        let number: LitInt = input.parse().map_err(|error| Error::new(error.span(), wrong))?;
        number.base10_parse().ok().filter(|weight| *weight > 0).ok_or_else(|| Error::new(number.span(), wrong))?
    } else {
        1
    };
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error(format!("`#[next]` takes names with commas between them: {FORM}")));
    }
    Ok(Next { task, weight })
}

pub(crate) fn next_twice(attr: &Attribute) -> Error {
    Error::new_spanned(attr.path(), format!("`#[next]` is there twice; keep one with all ways: {FORM}"))
}

pub(crate) fn next_without_task(attr: &Attribute) -> Error {
    Error::new_spanned(attr.path(), "`#[next]` says what follows a task: put `#[task]` on the method as well")
}

/// A chain in which nothing follows anything is none.
pub(crate) fn leads_somewhere(tasks: &[Task], block: &TasksBlock) -> syn::Result<()> {
    if tasks.iter().any(|task| !task.next.is_empty()) {
        return Ok(());
    }
    let message = format!("no task of this Markov chain has a `#[next(…)]`: {FORM} on each task but the last");
    Err(Error::new_spanned(&block.self_ty, message))
}

/// That every way leads to a task.
pub(crate) fn targets(tasks: &[Task], errors: &mut Errors) {
    let names: Vec<String> = tasks.iter().map(|task| task.call.name()).collect();
    for way in tasks.iter().flat_map(|task| &task.next) {
        let target = way.task.unraw().to_string();
        if names.contains(&target) {
            continue;
        }
        let proposal = closest(&target, names.iter().map(String::as_str))
            .map(|proposal| format!("; did you mean `{proposal}`?"))
            .unwrap_or_default();
        let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{target}` is no task of this chain{proposal} (there are {known})");
        errors.push(Error::new(way.task.span(), message));
    }
}

/// The tasks that cannot be reached from the first one. With a `#[cfg]` on any task nobody knows.
pub(crate) fn unreachable(tasks: &[Task]) -> Vec<Ident> {
    if tasks.iter().any(|task| !task.call.cfgs.is_empty()) {
        return Vec::new();
    }
    let mut reached = vec![false; tasks.len()];
    let mut left = vec![0];
    while let Some(number) = left.pop() {
        if !std::mem::replace(&mut reached[number], true) {
            let ways = tasks[number].next.iter().map(|way| way.task.unraw().to_string());
            left.extend(ways.filter_map(|name| tasks.iter().position(|task| task.call.name() == name)));
        }
    }
    tasks.iter().zip(reached).filter(|(_, reached)| !reached).map(|(task, _)| task.call.method.clone()).collect()
}
