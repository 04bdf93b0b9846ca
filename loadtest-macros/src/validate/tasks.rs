//! The rules of `#[tasks]` and `#[task]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, Lit};

use super::hooks::{self, Hook, SetupArgs, TeardownArg};
use super::methods::{self, Output, Role};
use super::{crate_path, known_keys, literal};
use crate::args::{Arg, Krate, TASKS_KEYS, parse_list};
use crate::ast::{Item, Method, TasksBlock};
use crate::attr::{Helper, TaskArgs, TaskAttr};
use crate::errors::Errors;
use crate::text::text;

/// What `#[tasks]` implements, known to make sense.
#[derive(Default)]
pub(crate) struct Tasks {
    pub(crate) tasks: Vec<Task>,
    /// Several when each has its own `#[cfg]`; so with all hooks.
    pub(crate) on_start: Vec<Call>,
    pub(crate) on_stop: Vec<Call>,
    pub(crate) setup: Vec<(Call, SetupArgs)>,
    pub(crate) teardown: Vec<(Call, Vec<TeardownArg>)>,
}

/// A task and how often it is chosen.
pub(crate) struct Task {
    pub(crate) call: Call,
    pub(crate) weight: u32,
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

/// The arguments of `#[tasks(…)]`.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Krate {
    let mut args = parse_list(tokens, &TASKS_KEYS, errors);
    args.retain(|arg| match not_supported_yet(arg) {
        Some(error) => {
            errors.push(error);
            false
        }
        None => true,
    });
    let mut values = known_keys(args, &TASKS_KEYS, errors);
    crate_path(values.take("crate"), errors)
}

fn not_supported_yet(arg: &Arg) -> Option<Error> {
    let key = &arg.key;
    ["sequential", "markov", "wait_time"].iter().any(|later| key == later).then(|| {
        Error::new(
            key.span(),
            format!("`#[tasks({key})]` is not supported yet; `#[tasks]` takes {}", TASKS_KEYS.listed()),
        )
    })
}

/// The tasks and hooks of the block; every mistake goes to `errors`.
pub(crate) fn tasks(block: &TasksBlock, errors: &mut Errors) -> Tasks {
    errors.take(not_a_trait_impl(block));
    let mut found = Tasks::default();
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
    found
}

fn sort_method(method: &Method, found: &mut Tasks, errors: &mut Errors) {
    let sig = &method.sig;
    let call = Call::of(method);
    let Some(hook) = Hook::named(&sig.ident) else {
        if method.helpers.is_empty() {
            errors.take(hooks::not_a_near_miss(sig));
        } else if let Some(weight) = task(method, errors)
            && !found.tasks.iter().any(|task| task.call.repeats(&call))
        {
            found.tasks.push(Task { call, weight });
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
    let (Helper::Task(TaskAttr { original, .. })
    | Helper::TaskSet(original)
    | Helper::Tasks(original)
    | Helper::Conditional(original)) = helper;
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

/// The weight of a method that is meant as a task.
fn task(method: &Method, errors: &mut Errors) -> Option<u32> {
    if !method.helpers.iter().any(|helper| matches!(helper, Helper::TaskSet(_))) {
        methods::method(&method.sig, Role::Task, errors);
    }
    let mut weight = None;
    let mut first = true;
    for helper in &method.helpers {
        match helper {
            Helper::Task(attr) if first => {
                weight = errors.take(task_weight(attr));
                first = false;
            }
            Helper::Task(attr) => errors.push(task_twice(attr)),
            Helper::TaskSet(attr) => errors.push(no_task_sets_yet(attr)),
            Helper::Tasks(attr) => errors.push(tasks_on_a_method(attr)),
            Helper::Conditional(attr) => errors.push(conditional_task(attr)),
        }
    }
    weight
}

fn task_twice(attr: &TaskAttr) -> Error {
    Error::new_spanned(&attr.original.meta, "`#[task]` is there twice; keep one, with the weight: `#[task(3)]`")
}

fn no_task_sets_yet(attr: &Attribute) -> Error {
    Error::new_spanned(attr.path(), "`#[task_set]` is not supported yet; `#[tasks]` knows `#[task]` and `#[task(3)]`")
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

fn task_weight(attr: &TaskAttr) -> syn::Result<u32> {
    let list = match &attr.args {
        TaskArgs::None => return Ok(1),
        TaskArgs::Assigned => {
            return Err(weight_in_parentheses(&attr.original.meta));
        }
        TaskArgs::List(Ok(list)) => list,
        TaskArgs::List(Err(error)) => {
            return Err(Error::new(error.span(), format!("`#[task(…)]` takes a weight, {WEIGHT_FORM}")));
        }
    };
    match &list[..] {
        [] => Err(Error::new_spanned(&attr.original.meta, format!("`#[task()]` has no weight, {WEIGHT_FORM}"))),
        [weight] => weight_of(weight),
        [_, more @ ..] => Err(Error::new_spanned(
            quote!(#(#more)*),
            format!("`#[task(…)]` takes one weight, found also `{}`: write `#[task(3)]`", text(&quote!(#(#more),*))),
        )),
    }
}

const WEIGHT_FORM: &str = "a whole number of at least 1: write `#[task(3)]`, or `#[task]` for 1";

fn weight_of(value: &Expr) -> syn::Result<u32> {
    if let Expr::Assign(pair) = value {
        return Err(weight_in_parentheses(pair));
    }
    if let Some(Lit::Int(number)) = literal(value) {
        return match number.base10_parse::<u32>() {
            Ok(0) => Err(Error::new(
                number.span(),
                "a task of weight 0 never runs: write a whole number of at least 1, as `#[task(3)]`, \
                 or remove `#[task]`",
            )),
            Ok(weight) => Ok(weight),
            Err(_) => Err(Error::new(
                number.span(),
                format!("the weight of a task is at most {}, found `{number}`: write `#[task(3)]`", u32::MAX),
            )),
        };
    }
    Err(Error::new_spanned(value, format!("`#[task({})]` is no weight; it is {WEIGHT_FORM}", text(value))))
}

fn weight_in_parentheses(tokens: &impl ToTokens) -> Error {
    Error::new_spanned(
        tokens,
        format!("the weight stands alone in `#[task]`, found `{}`: write `#[task(3)]`", text(tokens)),
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
pub(crate) fn task_by_itself(attribute: proc_macro2::Span) -> Error {
    Error::new(attribute, "`#[task]` works inside an `impl` block with `#[tasks]`: put `#[tasks]` on the `impl` block")
}

/// `#[task]` where `#[tasks]` was meant.
pub(crate) fn task_on_an_impl(attribute: proc_macro2::Span) -> Error {
    Error::new(attribute, "`#[task]` goes on a method; the `impl` block takes `#[tasks]`, with an s")
}
