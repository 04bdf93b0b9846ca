//! Attributes → typed, each with the original for its span. Nothing is judged here.

use proc_macro2::{Ident, TokenStream};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Path, Token};

/// An attribute that `#[tasks]` takes off a method.
pub(crate) enum Helper {
    Task(TaskAttr),
    TaskSet(TaskAttr),
    /// `#[next(…)]`: what may follow a task of a Markov chain.
    Next(Attribute),
    /// On a method it is a slip for `#[task]`.
    Tasks(Attribute),
    /// `#[tag(…)]` or `#[transition(…)]`, as in Locust: the name, and what to write instead.
    OfLocust(Attribute, &'static str, &'static str),
    /// `#[cfg_attr(…, task)]`: the macro sees it before the compiler decides about it.
    Conditional(Attribute),
}

/// `#[task]` or `#[task_set]` as written.
pub(crate) struct TaskAttr {
    pub(crate) original: Attribute,
    pub(crate) args: TaskArgs,
}

/// What follows the word in `#[task…]`.
pub(crate) enum TaskArgs {
    /// `#[task]`
    None,
    /// `#[task = 3]`
    Assigned,
    /// `#[task(…)]`
    List(syn::Result<Vec<Expr>>),
}

/// Decorators of Locust for which there is no attribute of that name, and what to write instead.
const OF_LOCUST: [(&str, &str); 4] =
    [("tag", TAGS_FORM), ("tags", TAGS_FORM), ("transition", TRANSITIONS_FORM), ("transitions", TRANSITIONS_FORM)];
const TAGS_FORM: &str =
    "tags stand in `#[task]`: write `#[task(tags(\"read\"))]` or `#[task(3, tags(\"read\", \"slow\"))]`";
const TRANSITIONS_FORM: &str =
    "what may follow a task of a Markov chain stands in `#[next]`: write `#[next(read = 3, leave = 1)]`";

impl TaskArgs {
    fn of(meta: &Meta) -> Self {
        match meta {
            Meta::Path(_) => Self::None,
            Meta::NameValue(_) => Self::Assigned,
            Meta::List(list) => Self::List(expressions(list.tokens.clone())),
        }
    }
}

impl Helper {
    /// The attribute, and how messages call it.
    pub(crate) fn original(&self) -> (&Attribute, &'static str) {
        match self {
            Self::Task(attr) => (&attr.original, "task"),
            Self::TaskSet(attr) => (&attr.original, "task_set"),
            Self::Next(attr) => (attr, "next"),
            Self::Tasks(attr) => (attr, "tasks"),
            Self::OfLocust(attr, name, _) => (attr, *name),
            Self::Conditional(attr) => (attr, "cfg_attr"),
        }
    }

    /// `None` for an attribute that is none of ours.
    pub(crate) fn from_attribute(attr: &Attribute) -> Option<Self> {
        let original = attr.clone();
        if is_ours(attr.path(), "task") {
            Some(Self::Task(TaskAttr { args: TaskArgs::of(&attr.meta), original }))
        } else if is_ours(attr.path(), "task_set") {
            Some(Self::TaskSet(TaskAttr { args: TaskArgs::of(&attr.meta), original }))
        } else if attr.path().is_ident("next") {
            Some(Self::Next(original))
        } else if is_ours(attr.path(), "tasks") {
            Some(Self::Tasks(original))
        } else if let Some((name, instead)) = OF_LOCUST.iter().find(|(name, _)| attr.path().is_ident(name)) {
            Some(Self::OfLocust(original, name, instead))
        } else if attr.path().is_ident("cfg_attr") && hides_a_task(attr) {
            Some(Self::Conditional(original))
        } else {
            None
        }
    }
}

/// `task` as well as `loadtest::task`, and `lt::task` where loadtest goes by another name.
fn is_ours(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

fn hides_a_task(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else { return false };
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone());
    metas.is_ok_and(|metas| {
        metas.iter().skip(1).any(|meta| is_ours(meta.path(), "task") || is_ours(meta.path(), "task_set"))
    })
}

fn expressions(tokens: TokenStream) -> syn::Result<Vec<Expr>> {
    let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens)?;
    Ok(list.into_iter().collect())
}

/// An attribute of `#[derive(User)]` on a field.
pub(crate) struct FieldAttr {
    pub(crate) original: Attribute,
    pub(crate) kind: FieldAttrKind,
}

/// The field attributes' names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldAttrKind {
    Client,
    Context,
    Shared,
    Options,
    Init,
    /// Beside another one: where the value may come from as well.
    Config,
    /// `#[user]`, which belongs on the struct.
    User,
}

impl FieldAttrKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Context => "context",
            Self::Shared => "shared",
            Self::Options => "options",
            Self::Init => "init",
            Self::Config => "config",
            Self::User => "user",
        }
    }

    fn of(attr: &Attribute) -> Option<Self> {
        [Self::Client, Self::Context, Self::Shared, Self::Options, Self::Init, Self::Config, Self::User]
            .into_iter()
            .find(|kind| attr.path().is_ident(kind.name()))
    }
}

impl FieldAttr {
    /// `None` for an attribute that is none of ours.
    pub(crate) fn from_attribute(attr: &Attribute) -> Option<Self> {
        Some(Self { kind: FieldAttrKind::of(attr)?, original: attr.clone() })
    }

    /// The name of the attribute as written.
    pub(crate) fn ident(&self) -> Option<&Ident> {
        self.original.path().get_ident()
    }
}
