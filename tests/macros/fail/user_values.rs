//! The values in `#[user(…)]`.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{User, tasks};

macro_rules! wrong_user {
    ($name:ident, $($args:tt)*) => {
        #[derive(User)]
        #[user($($args)*)]
        struct $name;

        #[tasks]
        impl $name {
            #[task]
            async fn look(&mut self) {}
        }
    };
}

wrong_user!(FixedCountNegative, fixed_count = -2);
wrong_user!(FixedCountFraction, fixed_count = 2.5);
wrong_user!(FixedCountString, fixed_count = "2");
wrong_user!(FixedCountTooLarge, fixed_count = 99999999999999999999);
wrong_user!(WeightNegative, weight = -2);
wrong_user!(WeightString, weight = "3");
wrong_user!(WeightInfinite, weight = 1e999);
wrong_user!(NameEmpty, name = "");
wrong_user!(NameNumber, name = 5);
wrong_user!(NameBool, name = true);
wrong_user!(WaitNumber, wait_time = 5);
wrong_user!(WaitRange, wait_time = Duration::from_secs(1)..Duration::from_secs(5));
wrong_user!(WaitTuple, wait_time = (1, 5));
wrong_user!(HostEmpty, host = "");
wrong_user!(HostNumber, host = 8080);
wrong_user!(CratePath, crate = loadtest);
wrong_user!(CrateSpace, crate = "load test");

fn main() {}
