//! The rules of what stands in `#[task(…)]` and `#[task_set(…)]`: a weight, and tags.

use quote::{ToTokens, quote};
use syn::{Error, Expr, Lit, LitStr};

use super::course::Order;
use super::literal;
use crate::attr::{TaskArgs, TaskAttr};
use crate::errors::Errors;
use crate::text::text;

/// How a task is chosen.
pub(crate) struct Choice {
    pub(crate) weight: u32,
    pub(crate) tags: Vec<LitStr>,
}

/// The weight and the tags.
pub(crate) fn choice(attr: &TaskAttr, order: Order, errors: &mut Errors) -> Option<Choice> {
    let list = match &attr.args {
        TaskArgs::None => return Some(Choice { weight: 1, tags: Vec::new() }),
        TaskArgs::Assigned => {
            errors.push(weight_in_parentheses(&attr.original.meta));
            return None;
        }
        TaskArgs::List(Ok(list)) => list,
        TaskArgs::List(Err(error)) => {
            errors.push(Error::new(error.span(), format!("`#[task(…)]` takes a weight, {WEIGHT_FORM}")));
            return None;
        }
    };
    let (tag_lists, rest): (Vec<&Expr>, Vec<&Expr>) = list.iter().partition(|value| is_call(value));
    let mut tags = Vec::new();
    for (index, list) in tag_lists.iter().enumerate() {
        if index > 0 {
            errors.push(Error::new_spanned(list, "one list of tags is enough: `tags(\"read\", \"slow\")`"));
        } else if let Some(found) = errors.take(tags_of(list)) {
            tags = found;
        }
        if order == Order::Markov {
            errors.push(tags_in_a_chain(list));
        }
    }
    if rest.is_empty() && !tag_lists.is_empty() {
        return Some(Choice { weight: 1, tags });
    }
    let weight = errors.take(task_weight(attr, &rest))?;
    if order == Order::Markov {
        errors.push(weight_in_a_chain(rest[0]));
    }
    Some(Choice { weight, tags })
}

fn is_call(value: &Expr) -> bool {
    match value {
        Expr::Call(_) => true,
        Expr::Group(group) => is_call(&group.expr),
        _ => false,
    }
}

const TAGS_FORM: &str = "write `#[task(tags(\"read\"))]` or `#[task(3, tags(\"read\", \"slow\"))]`";

/// The texts in `tags("read", "slow")`.
fn tags_of(value: &Expr) -> syn::Result<Vec<LitStr>> {
    let call = match value {
        Expr::Call(call) => call,
        Expr::Group(group) => return tags_of(&group.expr),
        other => return Err(Error::new_spanned(other, TAGS_FORM)),
    };
    let named_tags = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("tags"));
    if !named_tags {
        let message = format!("`#[task(…)]` knows no `{}`: {TAGS_FORM}", text(&call.func));
        return Err(Error::new_spanned(&call.func, message));
    }
    if call.args.is_empty() {
        return Err(Error::new_spanned(call, format!("`tags()` names no tag: {TAGS_FORM}")));
    }
    call.args
        .iter()
        .map(|tag| match literal(tag) {
            Some(Lit::Str(tag)) if tag.value().trim().is_empty() => {
                Err(Error::new_spanned(tag, format!("a tag has a name: {TAGS_FORM}")))
            }
            Some(Lit::Str(tag)) if tag.value().contains([' ', ',']) => Err(Error::new_spanned(
                tag,
                "a tag is one word, because `--tags` takes several: write `tags(\"read\", \"slow\")`",
            )),
            Some(Lit::Str(tag)) => Ok(tag.clone()),
            _ => Err(Error::new_spanned(tag, format!("a tag is a text in quotes, found `{}`: {TAGS_FORM}", text(tag)))),
        })
        .collect()
}

fn tags_in_a_chain(tags: &Expr) -> Error {
    Error::new_spanned(
        tags,
        "a task of a Markov chain has no tags: without it the chain would lead nowhere; put them on the `#[task_set]` \
         that enters the whole chain",
    )
}

fn weight_in_a_chain(weight: &Expr) -> Error {
    Error::new_spanned(
        weight,
        "a task of a Markov chain has no weight of its own; weigh the ways to it: `#[next(read = 3, leave = 1)]`",
    )
}

fn task_weight(attr: &TaskAttr, list: &[&Expr]) -> syn::Result<u32> {
    match list {
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
