//! The rules of `#[task_set]`: a method that makes the set which its task enters.

use quote::{ToTokens, quote};
use syn::{Error, FnArg, PatType, ReturnType, Signature, Type};

use super::hooks::is_result;
use super::methods::{self, Output, Role};
use crate::errors::Errors;
use crate::text::text;

/// The set that a method makes.
pub(crate) struct EnteredSet {
    pub(crate) ty: Type,
    /// The type of the parameter that takes what the set's `setup` returned.
    pub(crate) shared: Option<Type>,
}

/// Everything that is wrong with the signature of a method that makes a set; `None` when it names no type.
pub(crate) fn entered(sig: &Signature, errors: &mut Errors) -> Option<EnteredSet> {
    errors.take(not_async(sig));
    methods::plain_method(sig, Role::TaskSet, errors);
    let parameters: Vec<&PatType> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        })
        .collect();
    if parameters.len() > 1 {
        errors.push(too_many_parameters(&parameters[1..], sig));
    }
    let ty = errors.take(set_type(sig))?;
    let shared = parameters.first().map(|parameter| (*parameter.ty).clone());
    Some(EnteredSet { ty, shared })
}

fn not_async(sig: &Signature) -> syn::Result<()> {
    let Some(asyncness) = &sig.asyncness else { return Ok(()) };
    Err(Error::new_spanned(
        asyncness,
        format!(
            "a method with `#[task_set]` makes the set and returns it at once: remove `async`, and do what takes time in \
             the set's `on_start`: `fn {}(&mut self) -> …`",
            sig.ident
        ),
    ))
}

fn too_many_parameters(extra: &[&PatType], sig: &Signature) -> Error {
    let message = format!(
        "a method with `#[task_set]` takes `self`, and at most what the set's `setup` returned, found also `{}`: write \
         `fn {}(&mut self, shared: Arc<T>) -> …`",
        text(&quote!(#(#extra),*)),
        sig.ident
    );
    Error::new_spanned(quote!(#(#extra)*), message)
}

fn set_type(sig: &Signature) -> syn::Result<Type> {
    let name = &sig.ident;
    match &sig.output {
        ReturnType::Default => Err(Error::new_spanned(
            name,
            format!("`{name}` makes no set: write `fn {name}(&mut self) -> Forum`, where `Forum` has tasks of its own"),
        )),
        ReturnType::Type(_, ty) => match Output::of(sig) {
            Output::Type(ty) if !is_result(&ty) => Ok(*ty),
            _ => Err(Error::new_spanned(
                ty,
                format!(
                    "a method with `#[task_set]` returns the set itself, by the name of its type, found `{}`: write \
                     `fn {name}(&mut self) -> Forum`",
                    text(&ty.to_token_stream())
                ),
            )),
        },
    }
}
