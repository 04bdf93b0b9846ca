//! The rules of `#[tasks]`: what stands in its block.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident};

use super::course::{self, Next, Order};
use super::hooks::{self, Hook, SetupArgs, TeardownArg};
use super::methods::{self, Output, Role};
use super::sets::{self, EnteredSet};
use super::task_args::{self, Choice};
use crate::ast::{Item, Method, TasksBlock};
use crate::attr::{Helper, TaskAttr};
use crate::errors::Errors;
use crate::text::text;

/// What `#[tasks]` implements, known to make sense.
#[derive(Default)]
pub(crate) struct Tasks {
    pub(crate) tasks: Vec<Task>,
    pub(crate) order: Order,
    pub(crate) wait_time: Option<Expr>,
    /// Tasks of a Markov chain to which no way leads.
    pub(crate) unreachable: Vec<Ident>,
    /// Several when each has its own `#[cfg]`; so with all hooks.
    pub(crate) on_start: Vec<Call>,
    pub(crate) on_stop: Vec<Call>,
    pub(crate) setup: Vec<(Call, SetupArgs)>,
    pub(crate) teardown: Vec<(Call, Vec<TeardownArg>)>,
}

/// A task, how it is chosen, and what may follow it.
pub(crate) struct Task {
    pub(crate) call: Call,
    pub(crate) choice: Choice,
    /// In a Markov chain.
    pub(crate) next: Vec<Next>,
    /// Where `#[task_set]` says so.
    pub(crate) set: Option<EnteredSet>,
}

/// What is needed to call a method of the user.
pub(crate) struct Call {
    pub(crate) method: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) output: Output,
}

impl Call {
    fn of(method: &Method) -> Self {
        let cfgs = method.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect();
        Self { method: method.sig.ident.clone(), cfgs, output: Output::of(&method.sig) }
    }

    pub(crate) fn name(&self) -> String {
        self.method.unraw().to_string()
    }

    /// Whether this is one method written twice: the compiler reports that, once.
    fn repeats(&self, other: &Self) -> bool {
        let cfgs = |call: &Self| call.cfgs.iter().map(|cfg| cfg.to_token_stream().to_string()).collect::<Vec<_>>();
        self.method == other.method && cfgs(self) == cfgs(other)
    }
}

/// The tasks and hooks of the block; every mistake goes to `errors`.
pub(crate) fn tasks(block: &TasksBlock, order: Order, wait_time: Option<Expr>, errors: &mut Errors) -> Tasks {
    errors.take(not_a_trait_impl(block));
    let mut found = Tasks { order, wait_time, ..Tasks::default() };
    let mut has_task = false;
    for item in &block.items {
        match item {
            Item::Method(method) => {
                has_task |= !method.helpers.is_empty();
                sort_method(method, &mut found, errors);
            }
            Item::Macro(item) => errors.push(macro_in_the_block(item)),
            Item::Other { helpers, item, .. } => {
                for helper in helpers {
                    errors.push(task_on_no_method(helper, item));
                }
            }
        }
    }
    if !has_task && block.of_trait.is_none() {
        errors.push(no_task(block));
    }
    if order == Order::Markov && !found.tasks.is_empty() {
        errors.take(course::leads_somewhere(&found.tasks, block));
        course::targets(&found.tasks, errors);
        found.unreachable = course::unreachable(&found.tasks);
    }
    found
}

fn sort_method(method: &Method, found: &mut Tasks, errors: &mut Errors) {
    let sig = &method.sig;
    let call = Call::of(method);
    let Some(hook) = Hook::named(&sig.ident) else {
        if method.helpers.is_empty() {
            errors.take(hooks::not_a_near_miss(sig));
        } else if let Some((choice, next, set)) = task(method, found.order, errors)
            && !found.tasks.iter().any(|task| task.call.repeats(&call))
        {
            found.tasks.push(Task { call, choice, next, set });
        }
        return;
    };
    errors.take(hooks::no_task_attribute(hook, &method.helpers));
    match hook {
        Hook::OnStart | Hook::OnStop => {
            hooks::user_hook(sig, hook, errors);
            let calls = if hook == Hook::OnStart { &mut found.on_start } else { &mut found.on_stop };
            if !calls.iter().any(|other| other.repeats(&call)) {
                calls.push(call);
            }
        }
        Hook::Setup => {
            let args = hooks::setup(sig, errors);
            if !found.setup.iter().any(|(other, _)| other.repeats(&call)) {
                found.setup.push((call, args));
            }
        }
        Hook::Teardown => {
            let args = hooks::teardown(sig, errors);
            if !found.teardown.iter().any(|(other, _)| other.repeats(&call)) {
                found.teardown.push((call, args));
            }
        }
    }
}

fn not_a_trait_impl(block: &TasksBlock) -> syn::Result<()> {
    let Some(of_trait) = &block.of_trait else { return Ok(()) };
    let ty = &block.self_ty;
    let message = format!(
        "`#[tasks]` goes on an `impl` block of the type itself, found a trait: write `impl {} {{ … }}`",
        text(ty)
    );
    Err(Error::new_spanned(of_trait, message))
}

fn macro_in_the_block(item: &syn::ImplItemMacro) -> Error {
    let path = &item.mac.path;
    let message = format!(
        "`#[tasks]` cannot see what `{}!` expands to: put it into another `impl` block, without `#[tasks]`",
        text(path)
    );
    Error::new_spanned(path, message)
}

fn task_on_no_method(helper: &Helper, item: &syn::ImplItem) -> Error {
    let (original, _) = helper.original();
    let found = match item {
        syn::ImplItem::Const(_) => "a constant",
        syn::ImplItem::Type(_) => "a type",
        _ => "something else",
    };
    let message =
        format!("`#[task]` goes on a method, found {found}: write `#[task] async fn name(&mut self) -> TaskResult`");
    Error::new_spanned(&original.meta, message)
}

fn no_task(block: &TasksBlock) -> Error {
    let ty = &block.self_ty;
    let message = format!(
        "`#[tasks]` found no task for `{}`: put `#[task]` on a method, `#[task] async fn name(&mut self) -> TaskResult`",
        text(ty)
    );
    Error::new_spanned(ty, message)
}

/// How a method that is meant as a task is chosen, what may follow it, and the set that it enters.
fn task(method: &Method, order: Order, errors: &mut Errors) -> Option<(Choice, Vec<Next>, Option<EnteredSet>)> {
    let enters = method.helpers.iter().any(|helper| matches!(helper, Helper::TaskSet(_)));
    let set = if enters {
        // Without a type that can be named there is nothing to enter.
        Some(sets::entered(&method.sig, errors)?)
    } else {
        methods::method(&method.sig, Role::Task, errors);
        None
    };
    let mut choice = None;
    let mut next = None;
    let mut first = true;
    for helper in &method.helpers {
        match helper {
            Helper::Task(attr) | Helper::TaskSet(attr) if first => {
                choice = task_args::choice(attr, order, errors);
                first = false;
            }
            Helper::Task(attr) | Helper::TaskSet(attr) => errors.push(task_twice(attr, enters)),
            Helper::Next(attr) if next.is_none() => next = Some(course::next(attr, order, errors)),
            Helper::Next(attr) => errors.push(course::next_twice(attr)),
            Helper::Tasks(attr) => errors.push(tasks_on_a_method(attr)),
            Helper::OfLocust(attr, _, instead) => errors.push(Error::new_spanned(attr.path(), instead)),
            Helper::Conditional(attr) => errors.push(conditional_task(attr)),
        }
    }
    if first && let Some(Helper::Next(attr)) = method.helpers.first() {
        errors.push(course::next_without_task(attr));
    }
    Some((choice?, next.unwrap_or_default(), set))
}

fn task_twice(attr: &TaskAttr, enters: bool) -> Error {
    let message = if enters {
        "a method is one task: keep `#[task_set]`, with the weight: `#[task_set(3)]`"
    } else {
        "`#[task]` is there twice; keep one, with the weight: `#[task(3)]`"
    };
    Error::new_spanned(&attr.original.meta, message)
}

fn tasks_on_a_method(attr: &Attribute) -> Error {
    Error::new_spanned(attr.path(), "`#[tasks]` goes on the `impl` block; a method takes `#[task]` or `#[task(3)]`")
}

fn conditional_task(attr: &Attribute) -> Error {
    Error::new_spanned(
        &attr.meta,
        "`#[tasks]` cannot see into `cfg_attr`: write `#[cfg(…)]` and `#[task]` on the method",
    )
}

/// `#[tasks]` on something that is no `impl` block.
pub(crate) fn not_an_impl(item: &syn::Item) -> Error {
    let (span, found) = match item {
        syn::Item::Struct(item) => (item.struct_token.span, "a struct"),
        syn::Item::Enum(item) => (item.enum_token.span, "an enum"),
        syn::Item::Union(item) => (item.union_token.span, "a union"),
        syn::Item::Fn(item) => (item.sig.fn_token.span, "a function"),
        syn::Item::Mod(item) => (item.mod_token.span, "a module"),
        syn::Item::Trait(item) => (item.trait_token.span, "a trait"),
        item => (item.span(), "something else"),
    };
    let name = match item {
        syn::Item::Struct(item) => item.ident.to_string(),
        syn::Item::Enum(item) => item.ident.to_string(),
        syn::Item::Union(item) => item.ident.to_string(),
        _ => "Shopper".to_owned(),
    };
    let message = format!("`#[tasks]` goes on an `impl` block, found {found}: write `#[tasks] impl {name} {{ … }}`");
    Error::new(span, message)
}

/// `#[task]` that no `#[tasks]` took off; the attribute itself is what is in the wrong place.
pub(crate) fn task_by_itself(attribute: proc_macro2::Span, name: &str) -> Error {
    let message =
        format!("`#[{name}]` works inside an `impl` block with `#[tasks]`: put `#[tasks]` on the `impl` block");
    Error::new(attribute, message)
}

/// `#[task]` where `#[tasks]` was meant.
pub(crate) fn task_on_an_impl(attribute: proc_macro2::Span) -> Error {
    Error::new(attribute, "`#[task]` goes on a method; the `impl` block takes `#[tasks]`, with an s")
}
