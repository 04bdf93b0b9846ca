//! The rules of `#[derive(User)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Error, Expr, Generics, Ident, Lit, Member, Meta, Type, parse_quote};

use super::{Values, crate_path, known_keys, literal, negated, string};
use crate::args::{Krate, USER_KEYS, parse_list};
use crate::ast::{UserBody, UserField, UserItem};
use crate::attr::{FieldAttr, FieldAttrKind};
use crate::errors::Errors;
use crate::text::text;

/// A user whose every attribute makes sense.
pub(crate) struct User {
    pub(crate) krate: Krate,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) allowed: Vec<Attribute>,
    pub(crate) name: Expr,
    pub(crate) weight: Option<Weight>,
    pub(crate) fixed_count: Option<Expr>,
    pub(crate) host: Option<Expr>,
    pub(crate) wait_time: Option<Expr>,
    pub(crate) fields: Vec<Field>,
}

/// The share of a class among the users.
pub(crate) enum Weight {
    /// A literal, whole or not.
    Number(f64),
    /// Of whatever number type.
    Expression(Expr),
}

/// A field and what it starts as.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) kept: Vec<Attribute>,
    pub(crate) source: Source,
    /// The name under which it can be configured from outside.
    pub(crate) config: Option<String>,
}

/// Where the value of a field comes from.
pub(crate) enum Source {
    /// Made with its settings, if it has any.
    Client(Option<Expr>),
    Context,
    Shared,
    Options,
    Init(Expr),
    Default,
}

/// The crate path for the fallback, and the user or all its errors.
pub(crate) fn user(item: &UserItem) -> (Krate, syn::Result<User>) {
    let mut errors = Errors::default();
    let mut args = Vec::new();
    for attr in &item.user_attrs {
        match &attr.meta {
            Meta::List(list) => args.extend(parse_list(list.tokens.clone(), &USER_KEYS, &mut errors)),
            Meta::Path(_) | Meta::NameValue(_) => errors.push(user_attr_without_list(attr)),
        }
    }
    let mut values = known_keys(args, &USER_KEYS, &mut errors);
    let krate = crate_path(values.take("crate"), &mut errors);
    let user = checked_user(item, krate.clone(), values, errors);
    (krate, user)
}

fn checked_user(item: &UserItem, krate: Krate, mut values: Values, mut errors: Errors) -> syn::Result<User> {
    for attr in &item.misplaced {
        errors.push(field_attr_on_the_struct(attr));
    }
    let name = values.take("name").and_then(|value| errors.take(class_name(value)));
    let weight = values.take("weight").and_then(|value| errors.take(class_weight(value)));
    let fixed_count = values.take("fixed_count").and_then(|value| errors.take(fixed_count(value)));
    let wait_time = values.take("wait_time").and_then(|value| errors.take(wait_time(value)));
    let host = values.take("host").and_then(|value| errors.take(host(value)));
    let mut fields = Vec::new();
    match &item.body {
        UserBody::Struct(written) => fields.extend(written.iter().map(|written| field(written, &mut errors))),
        UserBody::Enum(token) => errors.push(not_a_struct(token, "an enum", &item.ident)),
        UserBody::Union(token) => errors.push(not_a_struct(token, "a union", &item.ident)),
    }
    errors.finish()?;
    let ident = item.ident.clone();
    let name = name.unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        parse_quote!(#name)
    });
    let (generics, allowed) = (item.generics.clone(), item.allowed.clone());
    Ok(User { krate, ident, generics, allowed, name, weight, fixed_count, host, wait_time, fields })
}

fn not_a_struct(token: &impl ToTokens, found: &str, ident: &Ident) -> Error {
    Error::new_spanned(
        token,
        format!("`#[derive(User)]` needs a struct, found {found}: write `#[derive(User)] struct {ident} {{ … }}`"),
    )
}

fn user_attr_without_list(attr: &Attribute) -> Error {
    Error::new_spanned(
        &attr.meta,
        "`#[user]` takes `key = value` in parentheses: write `#[user(wait_time = constant(Duration::from_secs(1)))]`",
    )
}

fn field_attr_on_the_struct(attr: &FieldAttr) -> Error {
    let name = attr.kind.name();
    Error::new_spanned(&attr.original.meta, format!("`#[{name}]` belongs on a field of the struct, not on the struct"))
}

/// What is no name at a glance; the compiler checks that the rest is a constant text.
fn class_name(value: Expr) -> syn::Result<Expr> {
    match (string(&value).map(syn::LitStr::value), literal(&value)) {
        (Some(name), _) if name.trim().is_empty() => {
            Err(Error::new_spanned(&value, "`name` is empty: write `name = \"Shopper\"`"))
        }
        (None, Some(_)) => Err(Error::new_spanned(
            &value,
            format!("`name` takes a string, found `{}`: write `name = \"Shopper\"`", text(&value)),
        )),
        _ => Ok(value),
    }
}

fn class_weight(value: Expr) -> syn::Result<Weight> {
    if negated(&value).and_then(literal).is_some() {
        return Err(bad_class_weight(&value));
    }
    let number = match literal(&value) {
        None => return Ok(Weight::Expression(value)),
        Some(Lit::Int(number)) => number.base10_parse::<f64>(),
        Some(Lit::Float(number)) => number.base10_parse::<f64>(),
        Some(_) => Err(bad_class_weight(&value)),
    };
    match number {
        Ok(number) if number.is_finite() => Ok(Weight::Number(number)),
        _ => Err(bad_class_weight(&value)),
    }
}

fn bad_class_weight(value: &Expr) -> Error {
    Error::new_spanned(
        value,
        format!(
            "`weight` takes a number of at least 0, found `{}`: write `weight = 3` or `weight = 0.5`; \
             with 0 the class has no users until it is given some from outside",
            text(value)
        ),
    )
}

/// What is no count at a glance; the compiler checks the rest.
fn fixed_count(value: Expr) -> syn::Result<Expr> {
    let is_count = match (negated(&value), literal(&value)) {
        (None, None) => return Ok(value),
        (None, Some(Lit::Int(number))) => number.base10_parse::<u64>().is_ok(),
        (Some(_), _) | (None, Some(_)) => false,
    };
    if is_count {
        return Ok(value);
    }
    Err(Error::new_spanned(
        &value,
        format!(
            "`fixed_count` takes a whole number of users, found `{}`: write `fixed_count = 2`; \
             with 0 the class has its share by weight",
            text(&value)
        ),
    ))
}

/// What is no wait at a glance; the compiler checks the rest.
fn wait_time(value: Expr) -> syn::Result<Expr> {
    if literal(&value).is_none() && !matches!(value, Expr::Range(_) | Expr::Tuple(_)) {
        return Ok(value);
    }
    Err(Error::new_spanned(
        &value,
        format!(
            "`wait_time` takes a wait, found `{}`: write `constant(Duration::from_secs(1))`, \
             `between(Duration::from_secs(1), Duration::from_secs(5))`, `constant_throughput(2)` or `self.my_wait()`",
            text(&value)
        ),
    ))
}

/// What is no host at a glance; the compiler checks the rest.
fn host(value: Expr) -> syn::Result<Expr> {
    let found = match literal(&value) {
        None => return Ok(value),
        Some(Lit::Str(host)) if !host.value().trim().is_empty() => return Ok(value),
        Some(literal) => text(literal),
    };
    Err(Error::new_spanned(
        &value,
        format!("`host` takes an address, found `{found}`: write `host = \"http://localhost:8080\"`"),
    ))
}

fn field(written: &UserField, errors: &mut Errors) -> Field {
    let mut source = Source::Default;
    let mut first: Option<&FieldAttr> = None;
    let mut configurable: Option<&FieldAttr> = None;
    for attr in &written.ours {
        if attr.kind == FieldAttrKind::User {
            errors.push(user_attr_on_a_field(attr));
        } else if attr.kind == FieldAttrKind::Config {
            if configurable.is_some() {
                errors.push(second_attr(attr, attr));
            }
            errors.take(no_arguments(&attr.original, attr.kind));
            configurable = Some(attr);
        } else if let Some(first) = first {
            errors.push(second_attr(first, attr));
        } else {
            first = Some(attr);
            if let Some(found) = errors.take(field_source(attr)) {
                source = found;
            }
        }
    }
    let config = configurable.and_then(|attr| errors.take(config_name(attr, &written.member, first)));
    Field { member: written.member.clone(), ty: written.ty.clone(), kept: written.kept.clone(), source, config }
}

/// What every class can be told from outside, so that no field can have these names there.
const CONFIG_KEYS: [&str; 5] = ["user_class_name", "weight", "fixed_count", "host", "wait_time"];

fn config_name(attr: &FieldAttr, member: &Member, first: Option<&FieldAttr>) -> syn::Result<String> {
    if let Some(first) = first.filter(|first| first.kind != FieldAttrKind::Init) {
        return Err(Error::new_spanned(
            attr.ident(),
            format!(
                "a field with `#[{}]` cannot be configured; `#[config]` stands alone or beside `#[init(…)]`",
                first.kind.name()
            ),
        ));
    }
    let Member::Named(name) = member else {
        return Err(Error::new_spanned(
            attr.ident(),
            "`#[config]` needs a field with a name: it is configured by that name",
        ));
    };
    let name = name.unraw().to_string();
    if CONFIG_KEYS.contains(&name.as_str()) {
        return Err(Error::new_spanned(
            member,
            format!("`{name}` can be configured for every class; call the field something else"),
        ));
    }
    Ok(name)
}

fn user_attr_on_a_field(attr: &FieldAttr) -> Error {
    Error::new_spanned(
        attr.ident(),
        "`#[user]` belongs on the struct; a field takes `#[client]`, `#[context]`, `#[shared]`, \
         `#[options]`, `#[init(…)]` or `#[config]`",
    )
}

fn second_attr(first: &FieldAttr, second: &FieldAttr) -> Error {
    let (first, name) = (first.kind.name(), second.kind.name());
    let message = if first == name {
        format!("`#[{name}]` is there twice; keep one")
    } else {
        format!("a field starts as one thing, found `#[{first}]` and `#[{name}]`; keep one of them")
    };
    Error::new_spanned(second.ident(), message)
}

fn field_source(attr: &FieldAttr) -> syn::Result<Source> {
    match attr.kind {
        FieldAttrKind::Init => return initial_value(&attr.original).map(Source::Init),
        FieldAttrKind::Client => return client_settings(&attr.original).map(Source::Client),
        kind => no_arguments(&attr.original, kind)?,
    }
    Ok(match attr.kind {
        FieldAttrKind::Context => Source::Context,
        FieldAttrKind::Shared => Source::Shared,
        FieldAttrKind::Options => Source::Options,
        FieldAttrKind::Client | FieldAttrKind::Init | FieldAttrKind::Config | FieldAttrKind::User => Source::Default,
    })
}

fn client_settings(attr: &Attribute) -> syn::Result<Option<Expr>> {
    match &attr.meta {
        Meta::Path(_) => Ok(None),
        Meta::List(list) if list.tokens.is_empty() => Err(Error::new_spanned(
            list,
            "`#[client(…)]` needs the client's settings: write `#[client(HttpSettings::new())]`, or `#[client]` alone",
        )),
        Meta::List(list) => list.parse_args().map(Some).map_err(|error| {
            let message = format!("`#[client]` takes one expression, as `#[client(HttpSettings::new())]`: {error}");
            Error::new(error.span(), message)
        }),
        Meta::NameValue(pair) => Err(Error::new_spanned(
            pair,
            format!("`#[client]` takes its settings in parentheses: write `#[client({})]`", text(&pair.value)),
        )),
    }
}

fn no_arguments(attr: &Attribute, kind: FieldAttrKind) -> syn::Result<()> {
    let name = kind.name();
    let (tokens, found): (TokenStream, _) = match &attr.meta {
        Meta::Path(_) => return Ok(()),
        Meta::List(list) if list.tokens.is_empty() => (list.to_token_stream(), "()".to_owned()),
        Meta::List(list) => (list.tokens.clone(), format!("({})", text(&list.tokens))),
        Meta::NameValue(pair) => (pair.value.to_token_stream(), format!("= {}", text(&pair.value))),
    };
    Err(Error::new_spanned(tokens, format!("`#[{name}]` takes no arguments, found `{found}`: write `#[{name}]`")))
}

fn initial_value(attr: &Attribute) -> syn::Result<Expr> {
    match &attr.meta {
        Meta::List(list) if list.tokens.is_empty() => Err(init_without_value(list)),
        Meta::List(list) => list.parse_args().map_err(|error| init_of_another_form(&error)),
        Meta::Path(path) => Err(init_without_value(path)),
        Meta::NameValue(pair) => Err(Error::new_spanned(
            pair,
            format!("`#[init]` takes its expression in parentheses: write `#[init({})]`", text(&pair.value)),
        )),
    }
}

fn init_of_another_form(error: &Error) -> Error {
    Error::new(error.span(), format!("`#[init]` takes one expression, as `#[init(10)]`: {error}"))
}

fn init_without_value(tokens: &impl ToTokens) -> Error {
    Error::new_spanned(
        tokens,
        "`#[init]` needs the value that the field starts with: write `#[init(10)]`; \
         without the attribute it starts as its `Default`",
    )
}
