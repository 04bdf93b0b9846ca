//! Lists of `key = value`: in `#[user(…)]`, `#[tasks(…)]` and `main!`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Path, Token};

use crate::errors::Errors;

/// One `key = value` as written; whether the key is known and the value fits is for `validate`.
pub(crate) struct Arg {
    pub(crate) key: Ident,
    /// `None` when nothing was written after the key.
    pub(crate) value: Option<Expr>,
}

/// A key that a macro knows, with an example for messages.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
}

/// A list of keys and how messages call its macro.
pub(crate) struct Keys {
    pub(crate) of: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Keys {
    pub(crate) fn get(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }

    /// One of them in full, for a message.
    fn example(&self) -> &'static str {
        self.keys.first().map_or("key = value", |key| key.example)
    }

    /// The names for a message: "`a`, `b`".
    pub(crate) fn listed(&self) -> String {
        self.names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

/// What `#[user(…)]` takes.
pub(crate) const USER_KEYS: Keys = Keys {
    of: "`#[user]`",
    keys: &[
        Key { name: "wait_time", example: "wait_time = constant(Duration::from_secs(1))" },
        Key { name: "weight", example: "weight = 3" },
        Key { name: "fixed_count", example: "fixed_count = 2" },
        Key { name: "host", example: "host = \"http://localhost:8080\"" },
        Key { name: "name", example: "name = \"Shopper\"" },
        Key { name: "crate", example: "crate = \"loadtest\"" },
    ],
};

/// What `#[tasks(…)]` takes.
pub(crate) const TASKS_KEYS: Keys = Keys {
    of: "`#[tasks]`",
    keys: &[
        Key { name: "wait_time", example: "wait_time = constant(Duration::from_secs(1))" },
        Key { name: "sequential", example: "sequential" },
        Key { name: "markov", example: "markov" },
        Key { name: "crate", example: "crate = \"loadtest\"" },
    ],
};

/// What `main!` takes after the user classes: the names are methods of `LoadTest`, and some of `Defaults`.
pub(crate) const MAIN_KEYS: Keys = Keys {
    of: "`main!`",
    keys: &[
        Key { name: "host", example: "host = \"http://localhost:8080\"" },
        Key { name: "users", example: "users = 5" },
        Key { name: "spawn_rate", example: "spawn_rate = 5.0" },
        Key { name: "run_time", example: "run_time = Duration::from_secs(10)" },
        Key { name: "iterations", example: "iterations = 10_000" },
        Key { name: "iterations_per_user", example: "iterations_per_user = 5" },
        Key { name: "stop_timeout", example: "stop_timeout = Duration::from_secs(5)" },
        Key { name: "on_stop_timeout", example: "on_stop_timeout = Duration::from_secs(30)" },
        Key { name: "stop_concurrency", example: "stop_concurrency = 100" },
        Key { name: "threads", example: "threads = 2" },
        Key { name: "seed", example: "seed = 42" },
        Key { name: "thresholds", example: "thresholds = [\"p95(GET /cart) < 200ms\", \"fail_ratio < 1%\"]" },
        Key { name: "reset_stats", example: "reset_stats = true" },
        Key { name: "insecure", example: "insecure = true" },
        Key { name: "options", example: "options = Options" },
        Key { name: "listener", example: "listener = MyListener::default()" },
        Key { name: "autostart", example: "autostart = true" },
        Key { name: "autoquit", example: "autoquit = 0" },
        Key { name: "headless", example: "headless = true" },
        Key { name: "crate", example: "crate = \"loadtest\"" },
    ],
};

/// Those of them that are no part of a `LoadTest`: what only a command line knows.
pub(crate) const COMMAND_LINE_KEYS: [&str; 4] = ["host", "autostart", "autoquit", "headless"];

/// A comma-separated list of `key = value`. What is none is an error, and the next one is looked at.
pub(crate) fn parse_list(tokens: TokenStream, keys: &Keys, errors: &mut Errors) -> Vec<Arg> {
    let mut args = Vec::new();
    let list = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match parse_arg(input, keys) {
                Ok(arg) => args.push(arg),
                Err(error) => errors.push(error),
            }
            skip_to_next(input)?;
        }
        Ok(())
    };
    let result = list.parse2(tokens);
    errors.take(result);
    args
}

/// One `key = value`; the value may be missing, which `validate` reports with an example.
pub(crate) fn parse_arg(input: ParseStream<'_>, keys: &Keys) -> syn::Result<Arg> {
    if !input.peek(syn::Ident::peek_any) {
        return Err(input.error(format!("{} takes `key = value`, as `{}`", keys.of, keys.example())));
    }
    let key = input.call(Ident::parse_any)?;
    let has_value = input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() && !input.peek(Token![,]);
    let value = if has_value { Some(input.parse()?) } else { None };
    if value.is_some() && !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error(format!("{} takes one value after `{key} =`; put a comma behind it", keys.of)));
    }
    Ok(Arg { key, value })
}

/// Past the next comma, over whatever could not be read before it.
pub(crate) fn skip_to_next(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Option<Token![,]>>()?;
    Ok(())
}

/// Where the expansion finds loadtest: `::loadtest`, or what `crate = "…"` says.
#[derive(Clone, Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    pub(crate) fn at(path: Path) -> Self {
        Self(Some(path))
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote!(::loadtest)),
        }
    }
}
