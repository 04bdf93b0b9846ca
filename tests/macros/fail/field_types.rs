//! Types that do not fit the attribute of the field: the error stands at the type.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

struct NoClient;

struct NoDefault;

struct Accounts;

#[derive(User)]
struct Shopper {
    #[client]
    client: NoClient,
    #[context]
    context: Option<Context>,
    #[shared]
    shared: Arc<String>,
    #[init("ten")]
    init: u32,
    default: NoDefault,
    no_attribute: HttpSession,
    #[config]
    #[init(NoDefault)]
    config: NoDefault,
    #[options]
    options: String,
}

#[tasks]
impl Shopper {
    async fn setup() -> Result<Accounts, std::fmt::Error> {
        Ok(Accounts)
    }

    #[task]
    async fn look(&mut self) {}
}

fn main() {}
