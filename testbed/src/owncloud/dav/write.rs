//! PUT, DELETE and MKCOL.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};

use super::failure::Failure;
use super::{Answer, Target, condition, empty, set, set_etag, set_file_id};
use crate::owncloud::locks::Lock;
use crate::owncloud::site::Site;
use crate::owncloud::tree::{Content, Node, Tree, name};
use crate::payload::Payload;

/// An upload whose body is still coming. The file is locked meanwhile.
#[derive(Debug)]
pub(super) struct Upload {
    site: Arc<Site>,
    target: Target,
    headers: HeaderMap,
    lock: Lock,
}

impl Upload {
    /// Checks all that can be checked before the body and locks the file.
    pub(super) fn begin(site: &Arc<Site>, request: &Parts, target: Target) -> Result<Self, Failure> {
        if name(&target.path).contains('\\') || name(&target.path) == ".htaccess" {
            return Err(Failure::forbidden("File name is not allowed"));
        }
        let lock = site.locks.write(&target.uid, &target.path);
        let lock = lock.ok_or_else(|| Failure::locked(&target))?;
        let headers = request.headers.clone();
        let upload = Self { site: Arc::clone(site), target, headers, lock };
        upload.check()?;
        Ok(upload)
    }

    /// Whether the file may be written, as things stand now.
    fn check(&self) -> Result<(), Failure> {
        let accounts = self.site.accounts();
        let path = &self.target.path;
        let tree = accounts.tree(&self.target.uid).ok_or_else(|| self.target.missing())?;
        let there = tree.get(path);
        if there.is_some_and(|node| node.file.is_none()) {
            return Err(Failure::conflict("PUT is not allowed on non-files."));
        }
        if !tree.has_parent(path) {
            return Err(Failure::conflict("Parent node does not exist"));
        }
        condition::check(&Method::PUT, &self.headers, there)
    }

    /// Stores the body.
    pub(super) async fn finish(self, body: Bytes) -> Answer {
        let content = Content::new(body);
        if !checksum_fits(&self.headers, &content) {
            return Err(Failure::bad_request("The computed checksum does not match the one received from the client."));
        }
        if !self.site.config.write_time.is_zero() {
            tokio::time::sleep(self.site.config.write_time).await;
        }
        // Much can have happened since the upload began: the folder or even the account
        // may be gone.
        self.check()?;
        let response = self.store(content)?;
        drop(self.lock);
        Ok(response)
    }

    fn store(&self, content: Content) -> Answer {
        let now = self.site.clock.unix_seconds();
        let chosen = self.headers.get("x-oc-mtime").and_then(|value| {
            let seconds = value.to_str().ok()?.split('.').next()?;
            seconds.parse().ok()
        });
        let mut accounts = self.site.accounts();
        let new_id = accounts.new_id();
        let tree = accounts.tree_mut(&self.target.uid).ok_or_else(|| self.target.missing())?;
        let old_id = tree.get(&self.target.path).map(|node| node.id);
        let mut node = Node::file(old_id.unwrap_or(new_id), now, content);
        node.modified = chosen.unwrap_or(now);
        let etag = node.etag();
        let id = node.id;
        tree.insert(&self.target.path, node);
        drop(accounts);

        let mut response = match old_id {
            None => empty(StatusCode::CREATED),
            Some(_) => empty(StatusCode::NO_CONTENT),
        };
        set_etag(response.headers_mut(), &etag);
        set_file_id(response.headers_mut(), id, &self.site);
        if chosen.is_some() {
            set(response.headers_mut(), "x-oc-mtime", "accepted");
        }
        Ok(response)
    }
}

/// Whether the body is what the client says it is, as far as it says so with SHA1.
fn checksum_fits(headers: &HeaderMap, content: &Content) -> bool {
    let claimed = headers.get("oc-checksum").and_then(|value| value.to_str().ok());
    match claimed.and_then(|claimed| claimed.split_once(':')) {
        Some((kind, sum)) if kind.eq_ignore_ascii_case("sha1") => sum.eq_ignore_ascii_case(&content.sha1),
        _ => true,
    }
}

pub(super) fn delete(site: &Site, request: &Parts, target: &Target) -> Answer {
    if target.path.is_empty() {
        return Err(Failure::forbidden("The root folder cannot be deleted"));
    }
    let mut accounts = site.accounts();
    let tree = accounts.tree_mut(&target.uid).ok_or_else(|| target.missing())?;
    let node = tree.get(&target.path).ok_or_else(|| target.missing())?;
    condition::check(&request.method, &request.headers, Some(node))?;
    let lock = site.locks.write(&target.uid, &target.path);
    let _lock = lock.ok_or_else(|| Failure::locked(target))?;
    tree.remove(&target.path);
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn make_folder(site: &Site, target: &Target) -> Answer {
    let now = site.clock.unix_seconds();
    let mut accounts = site.accounts();
    let id = accounts.new_id();
    let tree = accounts.tree_mut(&target.uid).ok_or_else(|| target.missing())?;
    insert_folder(tree, &target.path, Node::folder(id, now))?;
    drop(accounts);
    let mut response: Response<Payload> = empty(StatusCode::CREATED);
    set_file_id(response.headers_mut(), id, site);
    Ok(response)
}

fn insert_folder(tree: &mut Tree, path: &str, folder: Node) -> Result<(), Failure> {
    if tree.get(path).is_some() {
        return Err(Failure::exists());
    }
    if !tree.has_parent(path) {
        return Err(Failure::conflict("Parent node does not exist"));
    }
    tree.insert(path, folder);
    Ok(())
}
