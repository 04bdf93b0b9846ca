//! `If-Match` and `If-None-Match`.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, Method};

use super::failure::Failure;
use crate::owncloud::tree::Node;

/// Whether the request may go on, given what is there now.
pub(super) fn check(method: &Method, headers: &HeaderMap, there: Option<&Node>) -> Result<(), Failure> {
    if matches(headers, &IF_MATCH, there) == Some(false) {
        return Err(Failure::precondition(
            "An If-Match header was specified, but none of the specified ETags matched.",
        ));
    }
    if matches(headers, &IF_NONE_MATCH, there) == Some(true) {
        return Err(match there {
            Some(node) if [Method::GET, Method::HEAD].contains(method) => Failure::not_modified(node),
            _ => Failure::precondition(
                "An If-None-Match header was specified, but the ETag matched (or * was specified).",
            ),
        });
    }
    Ok(())
}

/// Whether the header's list names what is there; `None` without such a header.
fn matches(headers: &HeaderMap, name: &HeaderName, there: Option<&Node>) -> Option<bool> {
    let list = headers.get(name)?.to_str().unwrap_or_default();
    let Some(node) = there else {
        return Some(false);
    };
    let etag = node.etag();
    let mut items = list.split(',').map(str::trim);
    Some(items.any(|item| item == "*" || item.trim_start_matches("W/") == etag))
}
