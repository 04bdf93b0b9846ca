//! The rules of the hooks, which are known by name: what they look like, and which names are near misses.

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericArgument, Ident, PatType, PathArguments, ReturnType, Signature, Type};

use super::methods::{Output, Role, function, method};
use crate::attr::Helper;
use crate::errors::Errors;
use crate::similar::slip;
use crate::text::text;

/// A function that the runner calls beside the tasks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    OnStart,
    OnStop,
    Setup,
    Teardown,
}

impl Hook {
    const ALL: [Self; 4] = [Self::OnStart, Self::OnStop, Self::Setup, Self::Teardown];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OnStart => "on_start",
            Self::OnStop => "on_stop",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }

    /// The right form in full.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Self::OnStart => "async fn on_start(&mut self) -> TaskResult",
            Self::OnStop => "async fn on_stop(&mut self) -> TaskResult",
            Self::Setup => "async fn setup(cx: &SetupContext) -> Result<T, E>",
            Self::Teardown => "async fn teardown(shared: &T, cx: &SetupContext)",
        }
    }

    pub(crate) fn named(ident: &Ident) -> Option<Self> {
        let name = ident.unraw();
        Self::ALL.into_iter().find(|hook| name == hook.name())
    }
}

/// What `setup` is called with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetupArgs {
    None,
    Context,
}

/// A parameter of `teardown`.
#[derive(Clone, Copy)]
pub(crate) enum TeardownArg {
    /// What `setup` returned, and where the user writes its type.
    Shared(Span),
    Context,
}

/// A method with a name almost like a hook's, and no attribute that says what else it is.
pub(crate) fn not_a_near_miss(sig: &Signature) -> syn::Result<()> {
    if sig.receiver().is_some() && sig.inputs.len() > 1 {
        // No hook has both `self` and parameters.
        return Ok(());
    }
    let written = sig.ident.unraw().to_string();
    let meant = match written.as_str() {
        // Locust's events with the same purpose.
        "on_test_start" | "test_start" => Some(Hook::Setup),
        "on_test_stop" | "test_stop" => Some(Hook::Teardown),
        "start_on" => Some(Hook::OnStart),
        "stop_on" => Some(Hook::OnStop),
        written => Hook::ALL
            .into_iter()
            .filter_map(|hook| Some((slip(written, hook.name())?, hook)))
            .min_by_key(|(slips, _)| *slips)
            .map(|(_, hook)| hook),
    };
    let Some(hook) = meant else { return Ok(()) };
    let message = format!(
        "`{written}` is no hook; did you mean `{}`: `{}`? A method that is meant to be no hook can stand in another \
         `impl` block, without `#[tasks]`",
        hook.name(),
        hook.form()
    );
    Err(Error::new_spanned(&sig.ident, message))
}

/// The attributes that a hook cannot have.
pub(crate) fn no_task_attribute(hook: Hook, helpers: &[Helper]) -> syn::Result<()> {
    let name = hook.name();
    let Some((attr, found)) = helpers.first().map(Helper::original) else { return Ok(()) };
    Err(Error::new_spanned(
        attr.meta.to_token_stream(),
        format!("`{name}` is a hook, which runs by its name: remove `#[{found}]`, or name the task otherwise"),
    ))
}

/// Everything that is wrong with the signature of `on_start` or `on_stop`.
pub(crate) fn user_hook(sig: &Signature, hook: Hook, errors: &mut Errors) {
    method(sig, Role::Hook(hook), errors);
}

/// Everything that is wrong with the signature of `setup`.
pub(crate) fn setup(sig: &Signature, errors: &mut Errors) -> SetupArgs {
    function(sig, Role::Hook(Hook::Setup), errors);
    errors.take(result_output(sig));
    if errors.take(no_receiver(sig, Hook::Setup)).is_none() {
        return SetupArgs::None;
    }
    let inputs = typed(sig);
    if inputs.len() > 1 {
        errors.push(too_many_parameters(&inputs[1..], Hook::Setup));
    }
    match inputs.first() {
        None => SetupArgs::None,
        Some(first) => {
            errors.take(by_reference(first, Hook::Setup));
            SetupArgs::Context
        }
    }
}

/// Everything that is wrong with the signature of `teardown`.
///
/// What it does not need it may leave out: `teardown()`, `teardown(shared)`, `teardown(cx)`.
pub(crate) fn teardown(sig: &Signature, errors: &mut Errors) -> Vec<TeardownArg> {
    function(sig, Role::Hook(Hook::Teardown), errors);
    if errors.take(no_receiver(sig, Hook::Teardown)).is_none() {
        return Vec::new();
    }
    let inputs = typed(sig);
    if inputs.len() > 2 {
        errors.push(too_many_parameters(&inputs[2..], Hook::Teardown));
    }
    let mut args = Vec::new();
    for (index, input) in inputs.iter().enumerate().take(2) {
        let Some(target) = errors.take(by_reference(input, Hook::Teardown)) else { continue };
        let is_context = is_setup_context(target);
        if is_context && index == 0 && inputs.len() > 1 {
            errors.push(context_comes_second(input));
        }
        // The second one is the context, whatever alias its type goes by.
        let arg = if is_context || index == 1 { TeardownArg::Context } else { TeardownArg::Shared(target.span()) };
        args.push(arg);
    }
    args
}

fn typed(sig: &Signature) -> Vec<&PatType> {
    sig.inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

fn no_receiver(sig: &Signature, hook: Hook) -> syn::Result<()> {
    let Some(receiver) = sig.receiver() else { return Ok(()) };
    let message = format!(
        "`{}` runs once per test run, before or after all users, and has no `self`, found `{}`: write `{}`",
        hook.name(),
        text(receiver),
        hook.form()
    );
    Err(Error::new_spanned(receiver, message))
}

fn too_many_parameters(extra: &[&PatType], hook: Hook) -> Error {
    let message =
        format!("`{}` is not called with `{}`: write `{}`", hook.name(), text(&quote!(#(#extra),*)), hook.form());
    Error::new_spanned(quote!(#(#extra)*), message)
}

fn by_reference(input: &PatType, hook: Hook) -> syn::Result<&Type> {
    match ungrouped(&input.ty) {
        Type::Reference(reference) if reference.mutability.is_none() && reference.lifetime.is_none() => {
            Ok(&reference.elem)
        }
        ty => {
            let message = format!(
                "`{}` is called with plain references, found `{}`: write `{}`",
                hook.name(),
                text(ty),
                hook.form()
            );
            Err(Error::new_spanned(ty, message))
        }
    }
}

fn context_comes_second(input: &PatType) -> Error {
    Error::new_spanned(
        input,
        format!("`teardown` is called with what `setup` returned first: write `{}`", Hook::Teardown.form()),
    )
}

fn is_setup_context(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "SetupContext"),
        _ => false,
    }
}

/// The type in the groups that `macro_rules` leaves.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        ty => ty,
    }
}

/// That what `setup` returns is nothing or a `Result`, as far as its name tells: the compiler knows better, but it would
/// report a wrong type in each place where the shared type is used.
fn result_output(sig: &Signature) -> syn::Result<()> {
    let ReturnType::Type(_, written) = &sig.output else { return Ok(()) };
    if matches!(Output::of(sig), Output::Type(ty) if is_result(&ty)) {
        return Ok(());
    }
    let found = text(written);
    let message = format!(
        "`setup` returns nothing or a `Result`, whose value the users share, found `{found}`: write `{}`",
        Hook::Setup.form()
    );
    Err(Error::new_spanned(written, message))
}

/// `()`, or a type by a name like `Result`, `TaskResult` or `io::Result`.
pub(crate) fn is_result(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => {
            path.qself.is_some()
                || path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Result"))
        }
        Type::Macro(_) => true,
        _ => false,
    }
}

/// `T` and `E` where `Result<T, E>` is written.
pub(crate) fn value_and_error(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(value)), Some(GenericArgument::Type(error)), None) => Some((value, error)),
        _ => None,
    }
}
