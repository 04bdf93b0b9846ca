//! An exit that is made and not returned does nothing: a warning, which can be made an error like any other.

#![deny(unused_must_use)]

use loadtest::prelude::*;

struct Forum;

#[tasks]
impl Forum {
    #[task]
    async fn leave(&mut self) -> TaskResult {
        interrupt();
        Ok(())
    }

    #[task]
    async fn stop(&mut self) {
        stop_user();
    }
}

fn main() {}
