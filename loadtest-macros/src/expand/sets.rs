//! What the macros write for task sets, tags and the order of tasks.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::ext::IdentExt;

use super::located_at;
use crate::args::Krate;
use crate::validate::course::{Next, Order};
use crate::validate::sets::EnteredSet;
use crate::validate::tasks::{Call, Task, Tasks};

/// What is known of a task before any user exists.
pub(super) fn task_info(krate: &Krate, Task { call, choice, next, set }: &Task) -> TokenStream {
    let (cfgs, name, weight) = (&call.cfgs, call.name(), choice.weight);
    let info = match set {
        None => quote!(#krate::__private::TaskInfo::new(#name, #weight)),
        Some(EnteredSet { ty, .. }) => {
            // Its lifetimes do not matter here, and the ones of the method have no meaning here.
            let ty = with_static_lifetimes(ty.to_token_stream());
            quote!(#krate::__private::TaskInfo::set::<#ty>(#name, #weight))
        }
    };
    let tags = (!choice.tags.is_empty()).then(|| {
        let tags = &choice.tags;
        quote!(.tags(&[#(#tags),*]))
    });
    let next = (!next.is_empty()).then(|| {
        let ways = next.iter().map(|Next { task, weight }| {
            let task = task.unraw().to_string();
            quote!((#task, #weight))
        });
        quote!(.next(&[#(#ways),*]))
    });
    quote!(#(#cfgs)* #info #tags #next,)
}

/// The same type with `'static` for every lifetime that is written in it.
fn with_static_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let span = tokens.next().map_or_else(Span::call_site, |name| name.span());
                replaced.extend(syn::Lifetime::new("'static", span).into_token_stream());
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), with_static_lifetimes(group.stream()));
                inside.set_span(group.span());
                replaced.extend([TokenTree::Group(inside)]);
            }
            token => replaced.extend([token]),
        }
    }
    replaced
}

pub(super) fn order(krate: &Krate, order: Order) -> Option<TokenStream> {
    let order = match order {
        Order::Random => return None,
        Order::Sequential => quote!(Sequential),
        Order::Markov => quote!(Markov),
    };
    Some(quote!(const ORDER: #krate::__private::Order = #krate::__private::Order::#order;))
}

pub(super) fn own_wait_time(krate: &Krate, wait: &Expr) -> TokenStream {
    let wait = super::waits::into_wait(krate, wait);
    quote! {
        fn own_wait_time(&self) -> ::core::option::Option<#krate::__private::Wait> {
            ::core::option::Option::Some(#wait)
        }
    }
}

/// A warning of the compiler at each task to which no way leads: there is no other way to one from a macro than to use
/// something deprecated.
pub(crate) fn warnings(tasks: &Tasks) -> TokenStream {
    tasks
        .unreachable
        .iter()
        .map(|task| {
            let note = format!("no `#[next(…)]` leads to the task `{task}` from the first one: it never runs");
            let warning = Ident::new("unreachable_task", task.span());
            quote! {
                const _: () = {
                    #[deprecated(note = #note)]
                    const fn #warning() {}
                    #warning()
                };
            }
        })
        .collect()
}

/// Makes the set, and stays in it. Where its type has no tasks, or another `Shared`, the compiler says so at the types.
pub(super) fn enter_set(call: &Call, EnteredSet { ty, shared }: &EnteredSet) -> TokenStream {
    let method = &call.method;
    match shared {
        Some(shared) => quote_spanned! {located_at(shared)=>
            __loadtest_scope.enter_with(__loadtest_task, |__loadtest_shared| Self::#method(self, __loadtest_shared)).await
        },
        None => quote_spanned!(located_at(ty)=> __loadtest_scope.enter(__loadtest_task, Self::#method(self)).await),
    }
}
