//! The rules of `main!`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprPath, Ident, Token, Type};

use super::{crate_path, known_keys};
use crate::args::{Arg, Krate, MAIN_KEYS, parse_arg, skip_to_next};
use crate::errors::Errors;
use crate::text::text;

/// What `main!` was called with, known to make sense.
pub(crate) struct Entry {
    pub(crate) krate: Krate,
    pub(crate) classes: Vec<Type>,
    /// In the order written.
    pub(crate) defaults: Vec<(Ident, Expr)>,
    /// The type of the test's own options.
    pub(crate) options: Option<ExprPath>,
}

/// The call of `main!`, or all its errors.
pub(crate) fn entry(tokens: &TokenStream) -> syn::Result<Entry> {
    let mut errors = Errors::default();
    let mut classes = Vec::new();
    let mut args = Vec::new();
    let mut all_read = true;
    let whole = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let result = parse_item(input, &mut classes, &mut args);
            all_read &= errors.take(result).is_some();
            skip_to_next(input)?;
        }
        Ok(())
    };
    let result = whole.parse2(tokens.clone());
    errors.take(result);
    let order: Vec<_> = args.iter().map(|arg: &Arg| arg.key.clone()).collect();
    let mut values = known_keys(args, &MAIN_KEYS, &mut errors);
    let krate = crate_path(values.take("crate"), &mut errors);
    let options = values.take("options").and_then(|value| errors.take(options_type(value)));
    let defaults =
        order.into_iter().filter_map(|key| values.take(&key.unraw().to_string()).map(|value| (key, value))).collect();
    if all_read && classes.is_empty() {
        errors.push(no_class(tokens));
    }
    errors.finish()?;
    Ok(Entry { krate, classes, defaults, options })
}

fn options_type(value: Expr) -> syn::Result<ExprPath> {
    match value {
        Expr::Path(path) => Ok(path),
        Expr::Group(group) => options_type(*group.expr),
        other => Err(Error::new_spanned(
            &other,
            format!(
                "`options` takes a type with `#[derive(clap::Args)]`, found `{}`: write `options = Options`",
                text(&other)
            ),
        )),
    }
}

fn parse_item(input: ParseStream<'_>, classes: &mut Vec<Type>, args: &mut Vec<Arg>) -> syn::Result<()> {
    if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
        args.push(parse_arg(input, &MAIN_KEYS)?);
        return Ok(());
    }
    if let Some(key) = lone_key(input) {
        // A key that lost its value: `known_keys` has the message.
        args.push(Arg { key, value: None });
        input.call(Ident::parse_any)?;
        return Ok(());
    }
    let class = input.parse::<Type>().map_err(|error| not_a_class(&error))?;
    if !args.is_empty() {
        return Err(class_after_defaults(&class));
    }
    classes.push(class);
    if input.is_empty() || input.peek(Token![,]) {
        Ok(())
    } else {
        Err(input
            .error("`main!` takes user classes with commas between them: write `loadtest::main!(Shopper, Admin);`"))
    }
}

/// A known key before a comma or the end.
fn lone_key(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let key = ahead.call(Ident::parse_any).ok()?;
    let alone = ahead.is_empty() || ahead.peek(Token![,]);
    (alone && MAIN_KEYS.get(&key.unraw().to_string()).is_some()).then_some(key)
}

fn not_a_class(error: &Error) -> Error {
    Error::new(
        error.span(),
        "`main!` takes user classes and then `key = value`: write `loadtest::main!(Shopper, users = 5);`",
    )
}

fn class_after_defaults(class: &Type) -> Error {
    Error::new_spanned(class, "user classes come first in `main!`: write `loadtest::main!(Shopper, Admin, users = 5);`")
}

fn no_class(tokens: &TokenStream) -> Error {
    // Without any token the span is the call itself, which is what is wrong then.
    Error::new_spanned(tokens, "`main!` needs a user class: write `loadtest::main!(Shopper);`")
}
