//! What the site shows.

use std::collections::VecDeque;

use crate::escape::xml;

/// How many threads there are.
const THREADS: usize = 20;
/// How many posts of a thread are kept and shown, so that a long test ends as it began.
const POSTS: usize = 20;

/// The threads.
#[derive(Debug)]
pub(super) struct Forum(Vec<Thread>);

/// What was posted last to one of them.
#[derive(Debug)]
pub(super) struct Thread {
    number: usize,
    posts: VecDeque<(String, String)>,
    posted: u64,
}

impl Default for Forum {
    fn default() -> Self {
        Self((1..=THREADS).map(|number| Thread { number, posts: VecDeque::new(), posted: 0 }).collect())
    }
}

impl Forum {
    /// The thread with this number, as it stands in the path.
    pub(super) fn thread(&mut self, number: &str) -> Option<&mut Thread> {
        let number: usize = number.parse().ok()?;
        self.0.get_mut(number.checked_sub(1)?)
    }

    /// The page with all threads.
    pub(super) fn threads(&self) -> String {
        let threads = self.0.iter().map(|thread| {
            let Thread { number, posted, .. } = thread;
            format!("<li><a href=\"/forum/{number}\">Thread {number}</a>, {posted} posts</li>\n")
        });
        html("Forum", &format!("<ul>\n{}</ul>", threads.collect::<String>()))
    }
}

impl Thread {
    pub(super) fn post(&mut self, name: &str, text: &str) {
        self.posted += 1;
        self.posts.push_back((name.to_owned(), text.to_owned()));
        if self.posts.len() > POSTS {
            self.posts.pop_front();
        }
    }

    /// The page of this thread.
    pub(super) fn page(&self) -> String {
        let posts = self.posts.iter().map(|(name, text)| format!("<li>{}: {}</li>\n", xml(name), xml(text)));
        let form = "<form method=\"post\"><textarea name=\"text\"></textarea><button>Post</button></form>";
        html(&format!("Thread {}", self.number), &format!("<ul>\n{}</ul>\n{form}", posts.collect::<String>()))
    }
}

pub(super) fn welcome() -> String {
    html("Welcome", "<p><a href=\"/about\">About</a>, <a href=\"/forum\">forum</a>, <a href=\"/login\">login</a></p>")
}

pub(super) fn about() -> String {
    html("About", "<p>A site to put load on.</p>")
}

pub(super) fn login(complaint: &str) -> String {
    let form = "<form method=\"post\" action=\"/login\"><input name=\"username\">\
        <input name=\"password\" type=\"password\"><button>Log in</button></form>";
    html("Login", &format!("<p>{complaint}</p>\n{form}"))
}

pub(super) fn profile(name: &str) -> String {
    html("Profile", &format!("<p>You are {}.</p>", xml(name)))
}

pub(super) fn no_text() -> String {
    html("Nothing posted", "<p>There was no text.</p>")
}

pub(super) fn missing() -> String {
    html("Nothing here", "<p>There is no such page.</p>")
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1>\n{body}</body></html>\n"
    )
}
