//! Through which every request goes, before any route is looked for.

use std::net::IpAddr;

use axum::body::Body;
use http::header::{self, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode};
use loadtest_core::console::web::Say;
use url::form_urlencoded;

use crate::auth::{Door, Verdict};
use crate::safety::Names;

/// Names, passwords and the base path.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) names: Names,
    pub(crate) door: Door,
    /// Without the slash at its end; empty at the root.
    pub(crate) base: String,
    /// Of the page, without a token.
    pub(crate) url: String,
    /// Where the next token is told.
    pub(crate) say: Say,
}

type Passed = (Request<Body>, Option<String>);

impl Gate {
    /// The request with its path below the base, and a cookie for the answer; or the answer at once.
    pub(crate) fn pass(&self, from: IpAddr, mut request: Request<Body>) -> Result<Passed, Box<Response<Body>>> {
        self.names.check(request.method(), request.headers()).map_err(|(status, message)| plain(status, &message))?;
        let path = request.uri().path();
        let Some(below) = self.below_base(path) else {
            return Err(if !self.base.is_empty() && (path == self.base || path == "/") {
                redirect(&format!("{}/", self.base))
            } else {
                plain(StatusCode::NOT_FOUND, &format!("what there is stands below {}/", self.base))
            });
        };
        // Whether a process lives is no secret, and what asks for it has no password.
        let cookie = if below == "/healthz" { None } else { self.look(from, &request, below)? };
        let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
        let Ok(below) = format!("{below}{query}").parse::<PathAndQuery>() else {
            return Err(plain(StatusCode::BAD_REQUEST, "this is no path"));
        };
        *request.uri_mut() = Uri::from(below);
        Ok((request, cookie))
    }

    fn below_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.base.as_str()).filter(|rest| rest.starts_with('/'))
    }

    /// Whether whoever asks is known; a cookie for the answer.
    fn look(&self, from: IpAddr, request: &Request<Body>, below: &str) -> Result<Option<String>, Box<Response<Body>>> {
        let is_page = below == "/" && request.method() == Method::GET;
        let query = request.uri().query().unwrap_or_default();
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let token = pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        match self.door.look(from, request.headers(), token.as_deref(), is_page) {
            Verdict::In(cookie) => Ok(cookie),
            Verdict::ByToken { cookie, next } => {
                let how = format!("{}?token={next}", self.url);
                self.say.line(&format!("web UI: a browser was let in; another one may come in by {how}"));
                let rest: Vec<_> = pairs().filter(|(name, _)| name != "token").collect();
                let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
                let query = if rest.is_empty() { rest } else { format!("?{rest}") };
                let mut response = redirect(&format!("{}{below}{query}", self.base));
                if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                Err(response)
            }
            Verdict::AskPassword => {
                let mut response = plain(StatusCode::UNAUTHORIZED, "this needs the user and password of --web-auth");
                let ask = HeaderValue::from_static("Basic realm=\"loadtest\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
                Err(response)
            }
            Verdict::AskToken => {
                let message = "this needs the address with ?token=…, which the load test printed when it began, and \
                               prints anew after each use; a token is good for one browser";
                Err(plain(StatusCode::UNAUTHORIZED, message))
            }
            Verdict::Wait(seconds) => {
                let message = format!("too many wrong words from your address: wait {seconds} seconds");
                let mut response = plain(StatusCode::TOO_MANY_REQUESTS, &message);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                Err(response)
            }
        }
    }

    /// For those who speak HTTP where TLS is spoken.
    pub(crate) fn hint(&self) -> String {
        let text = format!("this port speaks https: open {}\n", self.url);
        let length = text.len();
        format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{text}"
        )
    }
}

/// A sentence for people.
pub(crate) fn plain(status: StatusCode, message: &str) -> Box<Response<Body>> {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Box::new(response)
}

fn redirect(to: &str) -> Box<Response<Body>> {
    // Below this server, whatever the path began with: two slashes would be another host.
    let to = format!("/{}", to.trim_start_matches('/'));
    let mut response = plain(StatusCode::SEE_OTHER, &to);
    if let Ok(to) = HeaderValue::from_str(&to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}
