//! Every route, in one list.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::shared::Shared;
use crate::{api, assets, locust};

type Routes = Vec<(&'static str, &'static [&'static str], MethodRouter<Arc<Shared>>)>;

const GET: &[&str] = &["get"];
const POST: &[&str] = &["post"];

/// Path, methods, and what answers.
fn routes() -> Routes {
    let mut all = of_locust();
    all.extend(ours());
    all
}

fn of_locust() -> Routes {
    vec![
        ("/swarm", POST, post(locust::swarm)),
        ("/stop", POST, post(locust::stop)),
        ("/stats/reset", POST, post(locust::reset)),
        ("/stats/requests", GET, get(locust::requests)),
        ("/stats/requests/csv", GET, get(locust::requests_csv)),
        ("/stats/failures/csv", GET, get(locust::failures_csv)),
        ("/stats/requests_full_history/csv", GET, get(locust::full_history)),
        ("/stats/report", GET, get(locust::report)),
        ("/exceptions", GET, get(locust::exceptions)),
        ("/exceptions/csv", GET, get(locust::exceptions_csv)),
        ("/tasks", GET, get(locust::ratio)),
        ("/logs", GET, get(locust::logs)),
        ("/worker-count", GET, get(locust::worker_count)),
    ]
}

fn ours() -> Routes {
    vec![
        ("/", GET, get(assets::page)),
        ("/assets/{file}", GET, get(assets::asset)),
        ("/healthz", GET, get(api::healthz)),
        ("/api/v1/openapi.json", GET, get(api::openapi)),
        ("/api/v1/events", GET, get(api::events)),
        ("/api/v1/offer", GET, get(api::offer)),
        ("/api/v1/state", GET, get(api::state)),
        ("/api/v1/stats", GET, get(api::stats)),
        ("/api/v1/history", GET, get(api::history)),
        ("/api/v1/rows/{id}", GET, get(api::row)),
        ("/api/v1/failures", GET, get(api::failures)),
        ("/api/v1/exceptions", GET, get(api::exceptions)),
        ("/api/v1/tasks", GET, get(api::ratio)),
        ("/api/v1/workers", GET, get(api::workers)),
        ("/api/v1/logs", GET, get(api::logs)),
        ("/api/v1/runs", &["get", "post"], get(api::runs).post(api::add_run)),
        ("/api/v1/runs/{run}", GET, get(api::run)),
        ("/api/v1/compare", GET, get(api::compare)),
        ("/api/v1/downloads", GET, get(api::downloads)),
        ("/api/v1/downloads/{file}", GET, get(api::download)),
        ("/api/v1/start", POST, post(api::start)),
        ("/api/v1/edit", POST, post(api::edit)),
        ("/api/v1/stop", POST, post(api::stop)),
        ("/api/v1/reset", POST, post(api::reset)),
        ("/api/v1/pause", POST, post(api::pause)),
        ("/api/v1/quit", POST, post(api::quit)),
    ]
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let all = routes().into_iter().fold(Router::new(), |router, (path, _, answers)| router.route(path, answers));
    all.with_state(shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_description_names_the_routes_that_there_are() {
        let described: Value = serde_json::from_slice(include_bytes!("openapi.json")).unwrap();
        assert_eq!(described["openapi"], "3.1.0");
        let methods =
            |path: &Value| path.as_object().unwrap().keys().filter(|key| *key != "parameters").cloned().collect();
        let described: BTreeSet<(String, BTreeSet<String>)> = described["paths"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, value)| (path.clone(), methods(value)))
            .collect();
        let known = routes()
            .into_iter()
            .map(|(path, methods, _)| (path.to_owned(), methods.iter().map(|method| (*method).to_owned()).collect()));
        assert_eq!(described, known.collect());
    }

    #[test]
    fn every_reference_in_the_description_leads_somewhere() {
        let described: Value = serde_json::from_slice(include_bytes!("openapi.json")).unwrap();
        let mut open = vec![&described];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(to)) = fields.get("$ref") {
                        assert!(described.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                    }
                    open.extend(fields.values());
                }
                Value::Array(values) => open.extend(values),
                _ => {}
            }
        }
    }
}
