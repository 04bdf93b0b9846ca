//! The shop behind a server: `cargo run -p axum_shop`.

use axum_shop::{Shop, router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, router(Shop::default())).await
}
