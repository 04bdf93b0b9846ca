//! What `main!` takes: user classes, then `key = value`.

#![allow(unused)]

use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task]
    async fn look(&mut self) {}
}

mod no_class {
    loadtest::main!();
}

mod no_class_but_keys {
    loadtest::main!(users = 5, spawn_rate = 5.0);
}

mod unknown_keys {
    use super::Shopper;
    loadtest::main!(Shopper, user = 5, rate = 5.0, colour = "red");
}

mod repeated_key {
    use super::Shopper;
    loadtest::main!(Shopper, users = 5, users = 6);
}

mod class_after_keys {
    use super::Shopper;
    loadtest::main!(Shopper, users = 5, Vec<Shopper>);
}

mod no_value {
    use super::Shopper;
    loadtest::main!(Shopper, users, spawn_rate =, autostart);
}

mod no_classes {
    loadtest::main!(5, "Shopper", users = 5);
}

mod no_commas {
    use super::Shopper;
    loadtest::main!(Shopper Shopper, users = 5 spawn_rate = 5.0);
}

mod wrong_crate {
    use super::Shopper;
    loadtest::main!(Shopper, crate = loadtest);
}

mod no_type {
    use super::Shopper;
    loadtest::main!(Shopper, options = "Options");
}

mod several_mistakes {
    use super::Shopper;
    loadtest::main!(Shopper, user = 5, headles = true, crate = 5);
}

fn main() {}
