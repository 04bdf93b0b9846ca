//! The files of one account.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sha1::{Digest, Sha1};

/// Files and folders by path; the root folder has the empty path, others neither begin
/// nor end with a slash.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
}

/// A file or a folder.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Stays the same when the file is written again or moved.
    pub(super) id: u64,
    /// Unix seconds; a client may choose it with `X-OC-Mtime`.
    pub(super) modified: u64,
    /// Unix seconds of the last write by the server's clock.
    pub(super) written: u64,
    /// `None` for a folder.
    pub(super) file: Option<Content>,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) data: Bytes,
    pub(super) sha1: Arc<str>,
}

impl Content {
    pub(super) fn new(data: Bytes) -> Self {
        let sha1 = hex(&Sha1::digest(&data)).into();
        Self { data, sha1 }
    }
}

impl Node {
    pub(super) fn folder(id: u64, now: u64) -> Self {
        Self { id, modified: now, written: now, file: None }
    }

    pub(super) fn file(id: u64, now: u64, content: Content) -> Self {
        Self { id, modified: now, written: now, file: Some(content) }
    }

    /// The entity tag with its quotes. It is made of the time of writing in seconds, so
    /// that two writes within one second keep one tag.
    pub(super) fn etag(&self) -> String {
        let digest = Sha1::digest(format!("{} {}", self.id, self.written));
        format!("\"{}\"", hex(&digest[..16]))
    }
}

impl Tree {
    /// An account's empty root folder.
    pub(super) fn new(id: u64, now: u64) -> Self {
        Self { nodes: BTreeMap::from([(String::new(), Node::folder(id, now))]) }
    }

    pub(super) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Puts a file or folder in place of what was there.
    pub(super) fn insert(&mut self, path: &str, node: Node) {
        self.nodes.insert(path.to_owned(), node);
    }

    /// Whether there is a folder for this path to be in.
    pub(super) fn has_parent(&self, path: &str) -> bool {
        self.get(parent(path)).is_some_and(|node| node.file.is_none())
    }

    /// What is directly in a folder.
    pub(super) fn children<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.below(folder).filter(move |(path, _)| parent(path) == folder).map(|(path, node)| (path.as_str(), node))
    }

    /// A copy of what is at a path and below it, with paths relative to it: empty for
    /// the thing itself, otherwise with a slash in front.
    pub(super) fn subtree(&self, path: &str) -> Vec<(String, Node)> {
        self.get(path)
            .map(|node| (String::new(), node.clone()))
            .into_iter()
            .chain(self.below(path).map(|(p, node)| (p[path.len()..].to_owned(), node.clone())))
            .collect()
    }

    /// Removes what is at a path and below it.
    pub(super) fn remove(&mut self, path: &str) {
        let below: Vec<String> = self.below(path).map(|(path, _)| path.clone()).collect();
        self.nodes.remove(path);
        for path in below {
            self.nodes.remove(&path);
        }
    }

    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a String, &'a Node)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.nodes
            .range(prefix.clone()..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .filter(|(path, _)| !path.is_empty())
    }
}

/// The path of the folder that holds this path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{Node, Tree};

    #[test]
    fn a_folder_does_not_own_names_that_only_begin_like_it() {
        let mut tree = Tree::new(0, 0);
        for path in ["a", "a b", "a/x", "a/x/y", "ab"] {
            tree.insert(path, Node::folder(1, 0));
        }
        assert_eq!(tree.children("a").map(|(path, _)| path).collect::<Vec<_>>(), ["a/x"]);
        let mut in_root: Vec<_> = tree.children("").map(|(path, _)| path).collect();
        in_root.sort_unstable();
        assert_eq!(in_root, ["a", "a b", "ab"]);
        let relative: Vec<_> = tree.subtree("a").into_iter().map(|(path, _)| path).collect();
        assert_eq!(relative, ["", "/x", "/x/y"]);
        tree.remove("a");
        assert!(tree.get("a/x/y").is_none());
        assert!(tree.get("a b").is_some() && tree.get("ab").is_some());
    }
}
