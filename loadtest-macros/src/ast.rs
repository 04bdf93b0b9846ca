//! What the macros are put on, as written: signatures are parsed, bodies stay tokens.
//!
//! A body that does not parse yet, because somebody is typing it, must not take the expansion away.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Field, Fields, Generics, Ident, ImplItem, LitStr, Member, Signature, Token, Type, Visibility, braced,
    token,
};

use crate::attr::{FieldAttr, Helper};

/// The `impl` block under `#[tasks]`.
pub(crate) struct TasksBlock {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    /// `Trait for`, which is refused.
    pub(crate) of_trait: Option<TokenStream>,
    pub(crate) self_ty: Type,
    pub(crate) brace: token::Brace,
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) items: Vec<Item>,
}

/// What stands in the block.
pub(crate) enum Item {
    Method(Box<Method>),
    Macro(syn::ImplItemMacro),
    /// A constant or a type.
    Other {
        helpers: Vec<Helper>,
        attrs: Vec<Attribute>,
        item: Box<ImplItem>,
    },
}

/// A function of the block.
pub(crate) struct Method {
    /// Ours, taken off the method.
    pub(crate) helpers: Vec<Helper>,
    /// Everything else, which stays.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for TasksBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        let defaultness = input.parse()?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = if has_generics(input) { input.parse()? } else { Generics::default() };
        let negation: Option<Token![!]> = input.parse()?;
        let mut self_ty: Type = input.parse()?;
        let mut of_trait = None;
        if input.peek(Token![for]) {
            let for_token: Token![for] = input.parse()?;
            of_trait = Some(quote::quote!(#negation #self_ty #for_token));
            self_ty = input.parse()?;
        }
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        let inner_attrs = Attribute::parse_inner(&content)?;
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self { attrs, defaultness, unsafety, impl_token, generics, of_trait, self_ty, brace, inner_attrs, items })
    }
}

/// `impl<T> …` as against `impl <T as Trait>::Type {}`.
fn has_generics(input: ParseStream<'_>) -> bool {
    input.peek(Token![<])
        && (input.peek2(Token![>])
            || input.peek2(Token![#])
            || input.peek2(Token![const])
            || ((input.peek2(Ident) || input.peek2(syn::Lifetime))
                && (input.peek3(Token![:])
                    || input.peek3(Token![,])
                    || input.peek3(Token![>])
                    || input.peek3(Token![=]))))
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut helpers = Vec::new();
        let mut attrs = Vec::new();
        for attr in Attribute::parse_outer(input)? {
            match Helper::from_attribute(&attr) {
                Some(helper) => helpers.push(helper),
                None => attrs.push(attr),
            }
        }
        if !is_function(input)? {
            return Ok(match input.parse()? {
                ImplItem::Macro(mut item) => {
                    item.attrs = attrs;
                    Self::Macro(item)
                }
                item => Self::Other { helpers, attrs, item: Box::new(item) },
            });
        }
        let vis = input.parse()?;
        let defaultness = input.parse()?;
        let sig = input.parse()?;
        let body = if input.peek(token::Brace) {
            input.parse::<Group>()?.into_token_stream()
        } else {
            input.parse::<Token![;]>()?.into_token_stream()
        };
        Ok(Self::Method(Box::new(Method { helpers, attrs, vis, defaultness, sig, body })))
    }
}

fn is_function(input: ParseStream<'_>) -> syn::Result<bool> {
    let ahead = input.fork();
    ahead.parse::<Visibility>()?;
    ahead.parse::<Option<Token![default]>>()?;
    loop {
        if ahead.peek(Token![extern]) {
            ahead.parse::<Token![extern]>()?;
            ahead.parse::<Option<LitStr>>()?;
        } else if ahead.peek(Token![const]) || ahead.peek(Token![async]) || ahead.peek(Token![unsafe]) {
            ahead.parse::<proc_macro2::TokenTree>()?;
        } else {
            return Ok(ahead.peek(Token![fn]));
        }
    }
}

impl TasksBlock {
    /// The lints that the user's tokens need not answer for where the expansion repeats them.
    pub(crate) fn allowed(&self) -> Vec<Attribute> {
        let methods = self.items.iter().filter_map(|item| match item {
            Item::Method(method) => Some(&method.attrs),
            Item::Macro(_) | Item::Other { .. } => None,
        });
        allowed(&self.attrs, methods.flatten())
    }
}

/// The lints that an item allows, and `deprecated` where it or one of its members is: the expansion uses all of them.
fn allowed<'a>(item: &'a [Attribute], members: impl Iterator<Item = &'a Attribute>) -> Vec<Attribute> {
    let mut allowed: Vec<_> = item.iter().filter(|attr| attr.path().is_ident("allow")).cloned().collect();
    if item.iter().chain(members).any(|attr| attr.path().is_ident("deprecated")) {
        allowed.push(syn::parse_quote!(#[allow(deprecated)]));
    }
    allowed
}

impl ToTokens for TasksBlock {
    /// The user's block without our attributes.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.defaultness.to_tokens(tokens);
        self.unsafety.to_tokens(tokens);
        self.impl_token.to_tokens(tokens);
        self.generics.to_tokens(tokens);
        self.of_trait.to_tokens(tokens);
        self.self_ty.to_tokens(tokens);
        self.generics.where_clause.to_tokens(tokens);
        self.brace.surround(tokens, |tokens| {
            tokens.append_all(&self.inner_attrs);
            tokens.append_all(&self.items);
        });
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => {
                tokens.append_all(&method.attrs);
                method.vis.to_tokens(tokens);
                method.defaultness.to_tokens(tokens);
                method.sig.to_tokens(tokens);
                method.body.to_tokens(tokens);
            }
            Self::Macro(item) => item.to_tokens(tokens),
            Self::Other { attrs, item, .. } => {
                tokens.append_all(attrs);
                item.to_tokens(tokens);
            }
        }
    }
}

/// The item under `#[derive(User)]`.
pub(crate) struct UserItem {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// `#[allow(…)]` for the expansion.
    pub(crate) allowed: Vec<Attribute>,
    /// `#[user(…)]`, each as written.
    pub(crate) user_attrs: Vec<Attribute>,
    /// Attributes of fields that stand on the item itself.
    pub(crate) misplaced: Vec<FieldAttr>,
    pub(crate) body: UserBody,
}

/// What the item is.
pub(crate) enum UserBody {
    Struct(Vec<UserField>),
    Enum(Token![enum]),
    Union(Token![union]),
}

/// A field of a user.
pub(crate) struct UserField {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) ours: Vec<FieldAttr>,
    /// `#[cfg]` and `#[allow]`, which hold for what is generated for the field as well.
    pub(crate) kept: Vec<Attribute>,
}

impl From<syn::DeriveInput> for UserItem {
    fn from(input: syn::DeriveInput) -> Self {
        let mut user_attrs = Vec::new();
        let mut misplaced = Vec::new();
        for attr in &input.attrs {
            if attr.path().is_ident("user") {
                user_attrs.push(attr.clone());
            } else {
                misplaced.extend(FieldAttr::from_attribute(attr));
            }
        }
        let members = match &input.data {
            syn::Data::Struct(data) => data.fields.iter().flat_map(|field| &field.attrs).collect(),
            syn::Data::Enum(_) | syn::Data::Union(_) => Vec::new(),
        };
        let allowed = allowed(&input.attrs, members.into_iter());
        let body = match input.data {
            syn::Data::Struct(data) => UserBody::Struct(fields(data.fields)),
            syn::Data::Enum(data) => UserBody::Enum(data.enum_token),
            syn::Data::Union(data) => UserBody::Union(data.union_token),
        };
        Self { ident: input.ident, generics: input.generics, allowed, user_attrs, misplaced, body }
    }
}

fn fields(fields: Fields) -> Vec<UserField> {
    let number = |index| Member::Unnamed(syn::Index { index, span: Span::call_site() });
    (0..)
        .zip(fields)
        .map(|(index, Field { attrs, ident, ty, .. })| UserField {
            member: ident.map_or_else(|| number(index), Member::Named),
            ty,
            ours: attrs.iter().filter_map(FieldAttr::from_attribute).collect(),
            kept: attrs
                .into_iter()
                .filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("allow"))
                .collect(),
        })
        .collect()
}
