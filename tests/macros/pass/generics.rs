//! Type parameters, lifetimes, constants and where-clauses.

#![deny(warnings)]

use std::fmt::Debug;

use loadtest::prelude::*;
use loadtest::{Client, Tasks, User};

#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(N)))]
struct Generic<'a, C: Client, T = String, const N: u64 = 5>
where
    T: Default + Debug + 'a,
{
    #[client]
    client: C,
    last: Option<&'a T>,
    own: T,
}

#[tasks]
impl<'a, C: Client, T, const N: u64> Generic<'a, C, T, N>
where
    T: Default + Debug + 'a,
{
    const PAGES: u64 = N;

    async fn on_start(&mut self) -> TaskResult {
        self.last = None;
        Ok(())
    }

    #[task(7)]
    async fn look(&mut self) -> Result<(), std::fmt::Error> {
        let _ = (&self.client, &self.own, Self::PAGES);
        Ok(())
    }
}

struct Http;

impl Client for Http {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

#[derive(Default, User)]
struct OfOneKind<T: Default + 'static>(T);

#[tasks]
impl<T: Default + 'static> OfOneKind<T>
where
    Self: Sized,
{
    #[task]
    async fn look(&self) {}
}

#[derive(User)]
struct Borrowing<'a>(Option<&'a str>);

#[tasks]
impl Borrowing<'_> {
    #[task]
    async fn look(&mut self) -> TaskResult {
        self.0 = Some("seen");
        Ok(())
    }
}

fn main() {
    type Short<'a> = Generic<'a, Http>;
    let user = Short { client: Http, last: None, own: "own".into() };
    assert_eq!(user.wait_time(), constant(Duration::from_millis(5)));
    assert_eq!(Generic::<Http, u8, 1>::TASKS[0].weight, 7);
    assert_eq!(Generic::<Http, u8, 1>::NAME, "Generic");
    assert_eq!(OfOneKind::<u8>::TASKS.len(), 1);
    assert_eq!(Borrowing::TASKS[0].name, "look");
}
