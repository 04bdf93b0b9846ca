//! The attributes of a user's fields.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{Client, User, tasks};

struct Http;

impl Client for Http {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

#[derive(User)]
struct Shopper {
    #[client]
    #[client]
    twice: Http,
    #[client]
    #[context]
    both: Http,
    #[shared]
    #[init(Arc::new(()))]
    shared_and_init: Arc<()>,
    #[client()]
    client_empty: Http,
    #[client = "http"]
    client_assigned: Http,
    #[client(Http Http)]
    client_two: Http,
    #[context()]
    context_arguments: Context,
    #[shared = "accounts"]
    shared_arguments: Arc<()>,
    #[init]
    init_without: u32,
    #[init()]
    init_empty: u32,
    #[init = 10]
    init_assigned: u32,
    #[init(10 20)]
    init_two: u32,
    #[user(name = "a")]
    misplaced: u32,
    #[config]
    #[config]
    config_twice: u32,
    #[config(5)]
    config_arguments: u32,
    #[client]
    #[config]
    config_of_a_client: Http,
    #[config]
    weight: u32,
    #[options(5)]
    options_arguments: Arc<()>,
}

#[derive(User)]
struct Unnamed(#[config] u32);

#[tasks]
impl Unnamed {
    #[task]
    async fn look(&mut self) {}
}

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

fn main() {}
