//! Waits of users and sets.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::located_at;
use crate::args::Krate;

/// As a `Wait`; the complaint about what is none stands at the value.
pub(super) fn into_wait(krate: &Krate, wait: &Expr) -> TokenStream {
    quote_spanned!(located_at(wait)=> #krate::__private::IntoWait::into_wait(#wait))
}

/// The check of a wait that is the same for all users of a class, before any of them starts.
pub(super) fn check(krate: &Krate, wait: &Expr) -> Option<TokenStream> {
    if names_self(wait.to_token_stream()) {
        return None;
    }
    // The same call as in `wait_time`: the compiler then reports what is no wait once.
    let wait = into_wait(krate, wait);
    Some(quote!(#krate::__private::check_wait(__loadtest_settings.class, &#wait)?;))
}

/// Whether a value depends on the user: only one that is written with `self` can.
fn names_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "self",
        TokenTree::Group(group) => names_self(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
