//! Every attribute of a field, and structs of every shape.

#![deny(warnings)]

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, InputError, Tasks};

struct Http;

impl Client for Http {
    fn check(settings: &ClientSettings<'_>) -> Result<(), InputError> {
        assert_eq!(settings.class, "Named");
        Ok(())
    }

    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

struct Options {
    tenant: String,
}

#[derive(User)]
struct Generic<T: std::str::FromStr<Err: std::fmt::Display> + Default> {
    #[config]
    value: T,
}

#[tasks]
impl<T: std::str::FromStr<Err: std::fmt::Display> + Default> Generic<T> {
    #[task]
    async fn look(&mut self) {
        let _ = &self.value;
    }
}

struct Accounts {
    count: usize,
}

#[derive(User)]
struct Named {
    #[client]
    http: Http,
    #[client]
    second: Http,
    #[context]
    cx: Context,
    #[context]
    also_cx: Context,
    #[shared]
    accounts: Arc<Accounts>,
    #[init(Vec::with_capacity(10))]
    seen: Vec<u32>,
    #[init(if cfg!(unix) { 'u' } else { 'o' })]
    system: char,
    /// A documented field.
    name: Option<String>,
    r#type: u8,
    #[config]
    #[init(20)]
    page_size: usize,
    #[config]
    r#loop: bool,
    #[options]
    options: Arc<Options>,
    #[cfg(any())]
    #[client]
    absent: NoSuchType,
    #[cfg(any())]
    #[config]
    absent_too: NoSuchType,
    #[cfg(all())]
    #[config]
    present: u8,
}

#[tasks]
impl Named {
    async fn setup() -> Result<Accounts, std::fmt::Error> {
        Ok(Accounts { count: 1 })
    }

    #[task]
    async fn all(&mut self) {
        let Self { http: Http, second: Http, cx, also_cx, accounts, seen, system, name, r#type, page_size, r#loop, options, present } = self;
        assert_eq!(cx.user_number(), also_cx.user_number());
        let _ = (accounts.count, seen, system, name, r#type, page_size, r#loop, &options.tenant, present);
    }
}

#[derive(User)]
struct Unit;

#[derive(User)]
struct Empty {}

#[derive(User)]
struct EmptyTuple();

#[derive(User)]
struct Tuple(#[client] Http, #[context] Context, #[shared] Arc<()>, #[init(3)] u32, String);

macro_rules! with_a_task {
    ($($name:ident)*) => {
        $(
            #[tasks]
            impl $name {
                #[task]
                async fn look(&mut self) {}
            }
        )*
    };
}

with_a_task!(Unit Empty EmptyTuple);

#[tasks]
impl Tuple {
    #[task]
    async fn all(&mut self) {
        let Self(Http, cx, shared, number, text) = self;
        let _ = (cx, shared, number, text);
    }
}

fn main() {
    let configurable: Vec<_> = <Named as loadtest::User>::CONFIG_FIELDS.iter().map(|field| field.name()).collect();
    assert_eq!(configurable, ["page_size", "loop", "present"]);
    assert_eq!(<Generic<u8> as loadtest::User>::CONFIG_FIELDS[0].name(), "value");
    assert_eq!([Named::TASKS, Unit::TASKS, Empty::TASKS, EmptyTuple::TASKS, Tuple::TASKS].concat().len(), 5);
}
