//! The shop under load, as a part of its test suite: behind its server, and in process without one.

use axum_shop::{Login, Shop, router};
use loadtest::EndedBy;
use loadtest::prelude::*;

/// Somebody who looks around, fills a cart and now and then orders.
#[derive(User)]
#[user(wait_time = constant(Duration::from_millis(10)))]
struct Shopper {
    #[client]
    http: HttpSession,
    #[context]
    cx: Context,
}

#[tasks]
impl Shopper {
    async fn on_start(&mut self) -> TaskResult {
        let login = Login { user: format!("shopper-{}", self.cx.user_number()) };
        self.http.post("/login").json(&login).send().await?.error_for_status()?;
        Ok(())
    }

    #[task(3)]
    async fn browse(&mut self) -> TaskResult {
        let articles: Vec<String> = self.http.get("/articles").send().await?.json()?;
        for id in 0..articles.len() {
            self.http.get_path("/articles/{id}", id).send().await?;
        }
        Ok(())
    }

    #[task(2)]
    async fn fill_the_cart(&mut self) -> TaskResult {
        self.http.put_path("/cart/{id}", 1).send().await?;
        self.http.get("/cart").check(|cart| cart.text_lossy().contains("\"1\":")).send().await?;
        Ok(())
    }

    #[task]
    async fn order(&mut self) -> TaskResult {
        let order = self.http.post("/orders").catch_response().await?;
        if order.status() == 409 {
            order.success(); // an empty cart is nobody's fault
        }
        Ok(())
    }
}

/// The shop behind a server, which this test's runtime serves.
async fn spawn_shop() -> std::io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, router(Shop::default())).await });
    Ok(url)
}

#[tokio::test]
async fn the_shop_holds_100_users() {
    let report = LoadTest::new()
        .host(spawn_shop().await.expect("a server"))
        .user::<Shopper>()
        .users(100)
        .spawn_rate(200)
        .run_time(Duration::from_secs(2))
        .threshold("p95(GET /cart) < 500ms")
        .threshold("failed == 0")
        .threshold("rps > 50")
        .run()
        .await
        .expect("a report");
    report.assert_thresholds();
}

/// The same users without a server: no socket, no port.
#[tokio::test]
async fn the_router_holds_100_users() {
    let report = LoadTest::new()
        .app(router(Shop::default()))
        .user::<Shopper>()
        .users(100)
        .spawn_rate(200)
        .run_time(Duration::from_secs(1))
        .threshold("failed == 0")
        .threshold("count(POST /orders) > 0")
        .run()
        .await
        .expect("a report");
    report.assert_thresholds();
}

/// In a plain test, with so many tasks and no more.
#[test]
fn every_user_can_order() {
    let test = LoadTest::new().app(router(Shop::default())).user::<Shopper>().users(5).spawn_rate(f64::INFINITY);
    let report = test.iterations_per_user(20).run_blocking().expect("a report");
    assert_eq!(*report.ended_by(), EndedBy::NoUsersLeft);
    assert_eq!(report.request("POST", "/login").expect("logins").stats.ok, 5);
    assert!(report.failures().is_empty() && report.exceptions().is_empty(), "{report}");
}

/// Whatever the machine, and however fast it is: a seed says who does what, and nothing is in the text that time decides.
#[test]
fn what_five_shoppers_do() {
    let test = LoadTest::new().app(router(Shop::default())).user::<Shopper>().users(5).spawn_rate(f64::INFINITY);
    let test =
        test.iterations_per_user(20).seed(1).threshold("count(5xx) == 0").threshold("ratio(409 POST /orders) < 50%");
    let report = test.run_blocking().expect("a report");
    insta::assert_snapshot!(report.stable_text(), @"
    users: 5 (Shopper)
    ended: every user has stopped itself
    requests:
      GET /articles: 56 ok (200)
      GET /articles/{id}: 168 ok (200)
      GET /cart: 32 ok (200)
      PUT /cart/{id}: 32 ok (200)
      POST /login: 5 ok (200)
      POST /orders: 12 ok (201: 9, 409: 3)
    thresholds:
      count(5xx) == 0: met
      ratio(409 POST /orders) < 50%: met
    ");
}
