//! The expansion needs no prelude, and is not led astray by names of the user's.

#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

use ::loadtest::{Tasks as _, User as _};

struct Option;
struct Result;
struct String;
struct Vec;
struct Default;
struct Ok;
struct Wait;
trait User {}
trait Tasks {}
mod core {}
mod std {}
mod loadtest {}

#[derive(::loadtest::User)]
#[user(host = "http://localhost", weight = 2, wait_time = ::loadtest::Wait::None)]
struct Shopper {
    number: u32,
}

#[::loadtest::tasks]
impl Shopper {
    async fn setup() -> ::core::result::Result<u8, ::core::fmt::Error> {
        ::core::result::Result::Ok(1)
    }
    async fn on_start(&mut self) {}
    #[task]
    async fn self_task(&mut self) {}
    #[cfg(all())]
    #[task]
    async fn task(&mut self) {}
    #[task]
    async fn scope(&mut self) {}
    async fn on_stop(&mut self) {}
    async fn teardown(_: &u8) {}
}

/// Written by a macro, which gives names a colour of their own.
macro_rules! user {
    ($name:ident { $($field:ident: $ty:ty = $value:expr),* } waits $wait:ident $(task $task:ident $weight:literal)*) => {
        #[derive(::loadtest::User)]
        #[user(wait_time = ::loadtest::constant(self.$wait), weight = 0.5)]
        struct $name {
            $(#[init($value)] $field: $ty,)*
        }

        #[::loadtest::tasks]
        impl $name {
            async fn setup(cx: &::loadtest::SetupContext) -> ::core::result::Result<u8, ::core::fmt::Error> {
                let _ = cx;
                ::core::result::Result::Ok(1)
            }
            $(
                #[task($weight)]
                async fn $task(&mut self) -> ::loadtest::TaskResult { ::core::result::Result::Ok(()) }
            )*
            async fn teardown(shared: &u8, cx: &::loadtest::SetupContext) {
                let _ = (shared, cx);
            }
        }
    };
}

user!(Guest { pause: ::core::time::Duration = ::core::time::Duration::ZERO } waits pause task look 3 task buy 1);

fn main() {
    ::core::assert_eq!(Shopper::TASKS.len(), 3);
    ::core::assert_eq!(Guest::TASKS[0].weight, 3);
    let guest = Guest { pause: ::core::time::Duration::from_secs(1) };
    ::core::assert_eq!(guest.wait_time(), ::loadtest::constant(guest.pause));
}
