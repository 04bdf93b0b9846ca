//! The rules that tasks and hooks share: what kind of function it is.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, FnArg, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type};

use super::hooks::Hook;
use crate::errors::Errors;
use crate::text::text;

/// What a method is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Task,
    TaskSet,
    Hook(Hook),
}

impl Role {
    /// How messages call it.
    fn name(self) -> String {
        match self {
            Self::Task => "`#[task]`".to_owned(),
            Self::TaskSet => "`#[task_set]`".to_owned(),
            Self::Hook(hook) => format!("`{}`", hook.name()),
        }
    }

    /// What to write instead.
    fn form(self, sig: &Signature) -> String {
        match self {
            Self::Task => format!("`async fn {}(&mut self) -> TaskResult`", sig.ident),
            Self::TaskSet => format!("`fn {}(&mut self) -> Forum`", sig.ident),
            Self::Hook(hook) => format!("`{}`", hook.form()),
        }
    }
}

/// Everything that is wrong with the signature of a task, `on_start` or `on_stop`.
pub(crate) fn method(sig: &Signature, role: Role, errors: &mut Errors) {
    function(sig, role, errors);
    errors.take(is_method(sig, role));
    errors.take(no_parameters(sig, role));
}

/// What also holds for a method that is not `async`.
pub(crate) fn plain_method(sig: &Signature, role: Role, errors: &mut Errors) {
    errors.take(no_qualifiers(sig, role));
    errors.take(no_generics(sig, role));
    errors.take(is_method(sig, role));
}

/// What also holds for `setup` and `teardown`.
pub(crate) fn function(sig: &Signature, role: Role, errors: &mut Errors) {
    errors.take(is_async(sig, role));
    errors.take(no_qualifiers(sig, role));
    errors.take(no_generics(sig, role));
}

fn is_async(sig: &Signature, role: Role) -> syn::Result<()> {
    if sig.asyncness.is_some() {
        return Ok(());
    }
    let message = format!("{} needs `async fn`; add `async`: {}", role.name(), role.form(sig));
    Err(Error::new_spanned(sig.fn_token, message))
}

fn no_qualifiers(sig: &Signature, role: Role) -> syn::Result<()> {
    let (tokens, found) = match sig {
        Signature { safety: Safety::Unsafe(token), .. } => (token.to_token_stream(), "unsafe fn"),
        Signature { constness: Some(token), .. } => (token.to_token_stream(), "const fn"),
        Signature { abi: Some(abi), .. } => (abi.to_token_stream(), "extern fn"),
        _ => return Ok(()),
    };
    let message = format!("{} cannot be `{found}`, because loadtest calls it: write {}", role.name(), role.form(sig));
    Err(Error::new_spanned(tokens, message))
}

fn no_generics(sig: &Signature, role: Role) -> syn::Result<()> {
    let generics = &sig.generics;
    let tokens = if !generics.params.is_empty() {
        generics.params.to_token_stream()
    } else if let Some(clause) = &generics.where_clause {
        clause.to_token_stream()
    } else {
        return Ok(());
    };
    let message = format!(
        "{} has no generics of its own, found `{}`: put them on the `impl` block, or write {}",
        role.name(),
        text(&tokens),
        role.form(sig)
    );
    Err(Error::new_spanned(tokens, message))
}

fn is_method(sig: &Signature, role: Role) -> syn::Result<()> {
    let (tokens, found) = match sig.receiver() {
        Some(Receiver { kind: ReceiverKind::Reference(_, None, _), .. }) => return Ok(()),
        Some(receiver) => (receiver.to_token_stream(), format!("`{}`", text(receiver))),
        None => (no_receiver(sig), "no `self`".to_owned()),
    };
    let message = format!("{} takes `&mut self` or `&self`, found {found}: write {}", role.name(), role.form(sig));
    Err(Error::new_spanned(tokens, message))
}

/// Where the receiver is missing.
fn no_receiver(sig: &Signature) -> TokenStream {
    let mut parameters = TokenStream::new();
    sig.paren_token.surround(&mut parameters, |tokens| sig.inputs.to_tokens(tokens));
    parameters
}

fn no_parameters(sig: &Signature, role: Role) -> syn::Result<()> {
    let extra: Vec<&FnArg> = sig.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).collect();
    if extra.is_empty() || sig.receiver().is_none() {
        return Ok(());
    }
    let message = format!(
        "{} takes nothing but `self`, found `{}`: keep what it needs in a field of the struct",
        role.name(),
        text(&quote!(#(#extra),*))
    );
    Err(Error::new_spanned(quote!(#(#extra)*), message))
}

/// What a method returns, as far as the expansion must know.
pub(crate) enum Output {
    /// Nothing is written.
    Nothing,
    /// `-> !`: there is no value to convert.
    Never,
    /// `-> impl Trait`: the type cannot be named again.
    Opaque(TokenStream),
    Type(Box<Type>),
}

impl Output {
    pub(crate) fn of(sig: &Signature) -> Self {
        match &sig.output {
            ReturnType::Default => Self::Nothing,
            ReturnType::Type(_, ty) => match &**ty {
                Type::Never(_) => Self::Never,
                ty if has_impl(ty.to_token_stream()) => Self::Opaque(ty.to_token_stream()),
                ty => Self::Type(Box::new(ty.clone())),
            },
        }
    }
}

fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == "impl",
        proc_macro2::TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}
