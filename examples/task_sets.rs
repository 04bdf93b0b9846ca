//! Task sets: a shop whose customers go into a department, look around there, and sometimes walk through the checkout.
//!
//! `cargo run --release --example task_sets` runs it against a small server of its own. Try also
//! `-- --show-task-ratio`, `-- --tags checkout` and `-- --exclude-tags slow`.

use loadtest::prelude::*;
use testbed::echo::EchoServer;

#[derive(User)]
#[user(wait_time = between(Duration::from_millis(20), Duration::from_millis(60)))]
struct Customer {
    #[client]
    http: HttpSession,
    basket: u32,
}

#[tasks]
impl Customer {
    #[task(2, tags("browse"))]
    async fn front_page(&mut self) -> TaskResult {
        self.http.get("/").send().await?;
        Ok(())
    }

    /// The set lends the whole customer for as long as it is in the department.
    #[task_set(3, tags("browse"))]
    fn department(&mut self, articles: Arc<Vec<u32>>) -> Department<'_> {
        Department { customer: self, articles }
    }

    #[task_set(tags("checkout"))]
    fn checkout(&mut self) -> Checkout<'_> {
        Checkout { http: &self.http, articles: std::mem::take(&mut self.basket) }
    }
}

struct Department<'a> {
    customer: &'a mut Customer,
    articles: Arc<Vec<u32>>,
}

/// In any order, until somebody wants to leave.
#[tasks]
impl Department<'_> {
    /// Once per test run, for all customers; it reaches them as the method's second parameter.
    async fn setup() -> Result<Vec<u32>, Exit> {
        Ok((1..=20).collect())
    }

    #[task(5)]
    async fn look(&mut self) -> TaskResult {
        let article = self.articles[self.customer.basket as usize % self.articles.len()];
        self.customer.http.get_path("/articles/{id}", [article]).send().await?;
        Ok(())
    }

    #[task(2, tags("slow"))]
    async fn put_into_basket(&mut self) -> TaskResult {
        self.customer.http.post("/basket").send().await?;
        self.customer.basket += 1;
        Ok(())
    }

    #[task]
    async fn leave(&mut self) -> TaskResult {
        interrupt()
    }
}

struct Checkout<'a> {
    http: &'a HttpSession,
    articles: u32,
}

/// A Markov chain: from the address to the payment, which fails once in five times and is tried again.
#[tasks(markov, wait_time = constant(Duration::from_millis(10)))]
impl Checkout<'_> {
    #[task]
    #[next(pay)]
    async fn address(&mut self) -> TaskResult {
        self.http.post("/checkout/address").query(&[("articles", self.articles)]).send().await?;
        Ok(())
    }

    #[task]
    #[next(pay = 1, thank_you = 4)]
    async fn pay(&mut self) -> TaskResult {
        self.http.post("/checkout/payment").send().await?;
        Ok(())
    }

    /// Nothing follows: the customer leaves the checkout.
    #[task]
    async fn thank_you(&mut self) -> TaskResult {
        self.http.get("/checkout/done").send().await?;
        Ok(())
    }
}

/// Where the load goes when no `--host` is given. The server has threads of its own, but it shares the machine.
fn embedded_server() -> String {
    EchoServer::spawn().leak()
}

loadtest::main!(
    Customer,
    host = embedded_server,
    users = 10,
    spawn_rate = 10.0,
    run_time = Duration::from_secs(10),
    autostart = true,
    autoquit = 0,
);
