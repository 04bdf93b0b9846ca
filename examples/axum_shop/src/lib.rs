//! A small shop on axum: articles, a cart for each session, orders.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// What the shop sells.
const ARTICLES: [&str; 3] = ["chair", "lamp", "desk"];

/// Articles by number, and how many of each.
type Cart = BTreeMap<usize, u32>;

/// The carts of all sessions.
#[derive(Debug, Clone, Default)]
pub struct Shop(Arc<Mutex<HashMap<String, Cart>>>);

/// Who wants to shop.
#[derive(Debug, Deserialize, Serialize)]
pub struct Login {
    /// The name, which is all that this shop asks for.
    pub user: String,
}

/// The shop as a service: for a server, and for tests.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/login", post(log_in))
        .route("/articles", get(async || Json(ARTICLES)))
        .route("/articles/{id}", get(article))
        .route("/cart", get(cart))
        .route("/cart/{id}", put(add))
        .route("/orders", post(order))
        .with_state(shop)
}

async fn log_in(State(shop): State<Shop>, Json(login): Json<Login>) -> impl IntoResponse {
    shop.carts(|carts| carts.entry(login.user.clone()).or_default().clear());
    [(SET_COOKIE, format!("session={}; Path=/; HttpOnly", login.user))]
}

async fn article(Path(id): Path<usize>) -> Result<Json<&'static str>, StatusCode> {
    ARTICLES.get(id).map(|article| Json(*article)).ok_or(StatusCode::NOT_FOUND)
}

async fn cart(State(shop): State<Shop>, headers: HeaderMap) -> Result<Json<Cart>, StatusCode> {
    shop.of_session(&headers, |cart| cart.clone()).map(Json)
}

async fn add(State(shop): State<Shop>, Path(id): Path<usize>, headers: HeaderMap) -> Result<Json<Cart>, StatusCode> {
    if id >= ARTICLES.len() {
        return Err(StatusCode::NOT_FOUND);
    }
    let cart = shop.of_session(&headers, |cart| {
        *cart.entry(id).or_default() += 1;
        cart.clone()
    });
    cart.map(Json)
}

async fn order(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    match shop.of_session(&headers, std::mem::take) {
        Ok(cart) if cart.is_empty() => (StatusCode::CONFLICT, "the cart is empty").into_response(),
        Ok(cart) => (StatusCode::CREATED, Json(cart)).into_response(),
        Err(status) => status.into_response(),
    }
}

impl Shop {
    fn carts<T>(&self, work: impl FnOnce(&mut HashMap<String, Cart>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cart of whoever has a session.
    fn of_session<T>(&self, headers: &HeaderMap, work: impl FnOnce(&mut Cart) -> T) -> Result<T, StatusCode> {
        let cookies = headers.get(COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
        let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="));
        let session = session.ok_or(StatusCode::UNAUTHORIZED)?;
        self.carts(|carts| carts.get_mut(session).map(work)).ok_or(StatusCode::UNAUTHORIZED)
    }
}
