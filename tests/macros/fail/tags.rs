//! What is wrong with tags.

use loadtest::prelude::*;

#[derive(User)]
struct Shopper;

#[tasks]
impl Shopper {
    #[task(tags(read))]
    async fn unquoted(&mut self) {}

    #[task(tag("read"))]
    async fn misspelt(&mut self) {}

    #[task(tags())]
    async fn none(&mut self) {}

    #[task(tags("read slow"))]
    async fn two_words(&mut self) {}

    #[task(tags(""))]
    async fn empty(&mut self) {}

    #[task(tags("read"), tags("slow"))]
    async fn twice(&mut self) {}

    #[task(tags = "read")]
    async fn assigned(&mut self) {}

    #[task]
    #[tag("read")]
    async fn as_in_locust(&mut self) {}

    #[task(tags("read"), 3, 4)]
    async fn two_weights(&mut self) {}
}

fn main() {}
