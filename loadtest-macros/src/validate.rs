//! Every rule about what may be written, one function each; what passes is what `expand` takes.
//!
//! The rules that need types are not here: the expansion puts trait bounds at the user's own types, and the
//! traits carry the messages.

pub(crate) mod course;
pub(crate) mod entry;
pub(crate) mod hooks;
pub(crate) mod methods;
pub(crate) mod sets;
pub(crate) mod task_args;
pub(crate) mod tasks;
pub(crate) mod user;

use std::collections::HashMap;

use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Lit, Path};

use crate::args::{Arg, Keys, Krate};
use crate::errors::Errors;
use crate::similar::closest;

/// The values of a list of `key = value` in which every key is known, has a value and is there once.
pub(crate) struct Values(HashMap<&'static str, (Ident, Expr)>);

impl Values {
    pub(crate) fn take(&mut self, key: &str) -> Option<Expr> {
        self.0.remove(key).map(|(_, value)| value)
    }
}

/// The known keys with their values, each once; everything else is an error.
pub(crate) fn known_keys(args: Vec<Arg>, keys: &Keys, errors: &mut Errors) -> Values {
    let mut values = HashMap::new();
    for Arg { key, value } in args {
        let written = key.unraw().to_string();
        let Some(known) = keys.get(&written) else {
            errors.push(unknown_key(&key, keys));
            continue;
        };
        if values.contains_key(known.name) {
            errors.push(repeated_key(&key, keys));
        } else if let Some(value) = value {
            values.insert(known.name, (key, value));
        } else {
            errors.push(missing_value(&key, known.example));
        }
    }
    Values(values)
}

/// What Locust calls a wait; too far from `wait_time` to be a slip.
const WAITS_OF_LOCUST: [&str; 3] = ["min_wait", "max_wait", "wait_function"];

fn unknown_key(key: &Ident, keys: &Keys) -> Error {
    let written = key.unraw().to_string();
    let written = if WAITS_OF_LOCUST.contains(&written.as_str()) { "wait_time" } else { &written };
    let proposal =
        closest(written, keys.names()).map(|proposal| format!("; did you mean `{proposal}`?")).unwrap_or_default();
    Error::new(key.span(), format!("{} knows no `{key}`{proposal} (it knows {})", keys.of, keys.listed()))
}

fn repeated_key(key: &Ident, keys: &Keys) -> Error {
    Error::new(key.span(), format!("{} has `{key}` twice; keep one", keys.of))
}

fn missing_value(key: &Ident, example: &str) -> Error {
    Error::new(key.span(), format!("`{key}` needs a value: write `{example}`"))
}

/// The path in `crate = "…"`.
pub(crate) fn crate_path(value: Option<Expr>, errors: &mut Errors) -> Krate {
    let Some(value) = value else { return Krate::default() };
    let parsed = match string(&value) {
        Some(literal) => literal.parse_with(Path::parse_mod_style),
        None => Err(not_a_path(&value)),
    };
    errors.take(parsed.map_err(|_| not_a_path(&value))).map(Krate::at).unwrap_or_default()
}

fn not_a_path(value: &Expr) -> Error {
    Error::new_spanned(
        value,
        "`crate` takes the path of the loadtest crate in quotes: write `crate = \"loadtest\"` or `crate = \"crate::load\"`",
    )
}

/// The string literal that the expression is.
fn string(value: &Expr) -> Option<&syn::LitStr> {
    match literal(value)? {
        Lit::Str(literal) => Some(literal),
        _ => None,
    }
}

/// The literal that the expression is, through the groups that `macro_rules` leaves.
fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(literal) => Some(&literal.lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The expression behind a minus.
fn negated(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => Some(&unary.expr),
        Expr::Group(group) => negated(&group.expr),
        _ => None,
    }
}
