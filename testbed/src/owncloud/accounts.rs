//! Who may log in, and what is in the accounts.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::ADMIN;
use super::tree::{Content, Node, Tree};

const MANUAL: &str = "ownCloud Manual.pdf";
const FOLDERS: [&str; 2] = ["Documents", "Photos"];

/// All accounts, the administrator's included.
#[derive(Debug)]
pub(super) struct Accounts {
    /// By name in lower case: names are compared without case.
    by_key: BTreeMap<String, Account>,
    manual: Content,
    next_id: u64,
}

#[derive(Debug)]
struct Account {
    uid: String,
    password: String,
    tree: Tree,
    skeleton: Skeleton,
}

/// Whether the first files are in the account; the first login copies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skeleton {
    Missing,
    BeingCopied,
    Copied,
}

impl Accounts {
    /// The administrator alone.
    pub(super) fn new(manual_size: usize, now: u64) -> Self {
        let mut accounts = Self { by_key: BTreeMap::new(), manual: Content::new(manual(manual_size)), next_id: 1 };
        let (uid, password) = ADMIN;
        accounts.create(uid, password, now);
        accounts.copy_skeleton(uid, now);
        accounts
    }

    /// Adds an account, without its first files.
    pub(super) fn create(&mut self, uid: &str, password: &str, now: u64) {
        let account = Account {
            uid: uid.to_owned(),
            password: password.to_owned(),
            tree: Tree::new(self.new_id(), now),
            skeleton: Skeleton::Missing,
        };
        self.by_key.insert(uid.to_lowercase(), account);
    }

    /// Copies the first files into an account.
    pub(super) fn copy_skeleton(&mut self, uid: &str, now: u64) {
        let manual = Node::file(self.new_id(), now, self.manual.clone());
        let folders = FOLDERS.map(|name| (name, Node::folder(self.new_id(), now)));
        if let Some(account) = self.by_key.get_mut(&uid.to_lowercase()) {
            account.tree.insert(MANUAL, manual);
            for (name, folder) in folders {
                account.tree.insert(name, folder);
            }
            account.skeleton = Skeleton::Copied;
        }
    }

    /// How far the first files are; when they are missing the caller has to copy them,
    /// and everyone else sees them being copied.
    pub(super) fn claim_skeleton(&mut self, uid: &str) -> Skeleton {
        let Some(account) = self.by_key.get_mut(&uid.to_lowercase()) else {
            return Skeleton::Copied;
        };
        let before = account.skeleton;
        if before == Skeleton::Missing {
            account.skeleton = Skeleton::BeingCopied;
        }
        before
    }

    /// Removes an account and its files; false when there is none.
    pub(super) fn delete(&mut self, uid: &str) -> bool {
        self.by_key.remove(&uid.to_lowercase()).is_some()
    }

    /// The name as it was created, if there is such an account.
    pub(super) fn find(&self, uid: &str) -> Option<&str> {
        self.by_key.get(&uid.to_lowercase()).map(|account| account.uid.as_str())
    }

    /// The name of the account that these credentials open.
    pub(super) fn log_in(&self, uid: &str, password: &str) -> Option<&str> {
        let account = self.by_key.get(&uid.to_lowercase())?;
        (account.password == password).then_some(account.uid.as_str())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.by_key.values().map(|account| account.uid.clone()).collect()
    }

    pub(super) fn tree(&self, uid: &str) -> Option<&Tree> {
        self.by_key.get(&uid.to_lowercase()).map(|account| &account.tree)
    }

    pub(super) fn tree_mut(&mut self, uid: &str) -> Option<&mut Tree> {
        self.by_key.get_mut(&uid.to_lowercase()).map(|account| &mut account.tree)
    }

    /// An id for a new file.
    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// As many bytes that look enough like a PDF.
fn manual(size: usize) -> Bytes {
    let page = b"%PDF-1.4\n% ownCloud Manual, as far as a load test reads it\n";
    let mut bytes = page.repeat(size.div_ceil(page.len()));
    bytes.truncate(size);
    bytes.into()
}
