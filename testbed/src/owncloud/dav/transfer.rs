//! MOVE and COPY within an account.

use http::StatusCode;
use http::request::Parts;

use super::failure::Failure;
use super::{Answer, FILES, Target, empty, set_etag, set_file_id};
use crate::owncloud::site::Site;

pub(super) fn transfer(site: &Site, request: &Parts, source: &Target) -> Answer {
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    let destination = header("destination")
        .and_then(|url| url.find(FILES).map(|start| &url[start..]))
        .ok_or_else(|| Failure::bad_request("The destination header was not supplied"))?;
    let destination = Target::of(destination, &source.uid)?;
    let inside = destination.path.strip_prefix(&source.path);
    if inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Err(Failure::forbidden("The destination may not be part of the same subtree as the source path."));
    }
    let mut accounts = site.accounts();
    let tree = accounts.tree(&source.uid).ok_or_else(|| source.missing())?;
    let nodes = tree.subtree(&source.path);
    if nodes.is_empty() {
        return Err(source.missing());
    }
    if !tree.has_parent(&destination.path) {
        return Err(Failure::conflict("The destination node is not found"));
    }
    let replaces = tree.get(&destination.path).is_some();
    if replaces && header("overwrite") == Some("F") {
        return Err(Failure::precondition(
            "The destination node already exists, and the overwrite header is set to false",
        ));
    }
    let moves = request.method.as_str() == "MOVE";
    let (uid, path) = (&source.uid, &source.path);
    let taken = if moves { site.locks.write(uid, path) } else { site.locks.read(uid, path) };
    let _source = taken.ok_or_else(|| Failure::locked(source))?;
    let taken = site.locks.write(&destination.uid, &destination.path);
    let _destination = taken.ok_or_else(|| Failure::locked(&destination))?;

    let ids: Vec<u64> = nodes.iter().map(|_| accounts.new_id()).collect();
    let tree = accounts.tree_mut(&source.uid).ok_or_else(|| source.missing())?;
    if moves {
        tree.remove(&source.path);
    }
    tree.remove(&destination.path);
    for ((path, mut node), id) in nodes.into_iter().zip(ids) {
        if !moves {
            node.id = id;
        }
        tree.insert(&format!("{}{path}", destination.path), node);
    }
    let moved = tree.get(&destination.path).map(|node| (node.id, node.etag()));
    drop(accounts);

    let status = if replaces { StatusCode::NO_CONTENT } else { StatusCode::CREATED };
    let mut response = empty(status);
    if let Some((id, etag)) = moved {
        set_etag(response.headers_mut(), &etag);
        set_file_id(response.headers_mut(), id, site);
    }
    Ok(response)
}
