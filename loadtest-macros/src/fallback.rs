//! What stands in for the expansion after a mistake: the errors, the user's item, and implementations that do nothing.
//!
//! Without them one mistake would give twenty errors: each use of the type would complain that it is no user.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{DeriveInput, Error, Generics};

use crate::args::Krate;
use crate::ast::{TasksBlock, UserItem};
use crate::expand::{generated, shared_types, tasks_impl};
use crate::validate::tasks::Tasks;

/// `#[derive(User)]` with a mistake.
pub(crate) fn user(krate: &Krate, item: &UserItem, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let UserItem { ident, generics, allowed, .. } = item;
    let generated = generated(allowed);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #errors
        #generated
        impl #impl_generics #krate::__private::User for #ident #type_generics #where_clause {
            const NAME: &'static str = "";
            fn create(
                _: &#krate::__private::UserInit<'_, Self::Shared>,
            ) -> ::core::result::Result<Self, #krate::__private::Exit> {
                ::core::unreachable!()
            }
        }
    }
}

/// `#[tasks]` with a mistake in a block that could be read.
pub(crate) fn tasks(krate: &Krate, block: &TasksBlock, found: &Tasks, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let shared = shared_types(krate, found);
    let stub = tasks_impl(krate, block, &stub_items(krate, &shared));
    quote!(#errors #block #stub)
}

/// `#[tasks]` on something that is no `impl` block.
pub(crate) fn no_impl(krate: &Krate, item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let stub = syn::parse2::<DeriveInput>(item.clone()).ok().map(|ty| {
        let items = stub_items(
            krate,
            &quote!(
                type Shared = ();
            ),
        );
        let generated = generated(&[]);
        let DeriveInput { ident, generics, .. } = ty;
        let (impl_generics, type_generics, where_clause) = Generics::split_for_impl(&generics);
        quote! {
            #generated
            impl #impl_generics #krate::__private::Tasks for #ident #type_generics #where_clause { #items }
        }
    });
    quote!(#errors #item #stub)
}

/// `#[tasks]` on what could not be read at all: the item as it is, without our attributes.
pub(crate) fn unreadable(item: TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let item: TokenStream = item
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut stripped = Group::new(Delimiter::Brace, without_helpers(group.stream()));
                stripped.set_span(group.span());
                stripped.into()
            }
            token => token,
        })
        .collect();
    quote!(#errors #item)
}

/// `main!` with a mistake.
pub(crate) fn entry(error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote! {
        #errors
        fn main() {}
    }
}

/// The attribute that was in the wrong place, taken away.
pub(crate) fn attribute(item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#errors #item)
}

fn stub_items(krate: &Krate, shared: &impl ToTokens) -> TokenStream {
    quote! {
        const TASKS: &'static [#krate::__private::TaskInfo] = &[];
        #shared
        async fn run_task(&mut self, _: usize, _: &#krate::__private::Scope<'_>) -> #krate::__private::TaskResult {
            ::core::unreachable!()
        }
        async fn setup(
            _: &#krate::__private::SetupContext,
        ) -> ::core::result::Result<Self::Shared, #krate::__private::Exit> {
            ::core::unreachable!()
        }
    }
}

fn without_helpers(tokens: TokenStream) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_pound = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_pound && tokens.peek().is_some_and(is_helper) {
            tokens.next();
        } else {
            kept.extend([token]);
        }
    }
    kept
}

fn is_helper(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let path = group.stream().into_iter().take_while(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == ':',
        token => matches!(token, TokenTree::Ident(_)),
    });
    let Some(TokenTree::Ident(name)) = path.last() else { return false };
    group.delimiter() == Delimiter::Bracket
        && ["task", "tasks", "task_set", "next", "tag", "tags", "transition", "transitions"]
            .iter()
            .any(|helper| name == helper)
}
