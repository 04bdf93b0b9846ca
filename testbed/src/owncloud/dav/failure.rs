//! What WebDAV answers when it does not do what it was asked.

use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Target, VERBS, empty, set_etag};
use crate::escape;
use crate::owncloud::tree::{Node, name};
use crate::payload::Payload;

/// A refusal, ready to be sent.
#[derive(Debug)]
pub(super) struct Failure(Box<Response<Payload>>);

impl Failure {
    /// A document with the name of the exception and its message.
    fn new(status: StatusCode, exception: &str, message: &str) -> Self {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\">\n  \
             <s:exception>{}</s:exception>\n  <s:message>{}</s:message>\n</d:error>\n",
            escape::xml_text(exception),
            escape::xml_text(message),
        );
        let mut response = Response::new(Payload::whole(text));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/xml; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        Self::page(response)
    }

    fn with(mut self, header: HeaderName, value: &'static str) -> Self {
        self.0.headers_mut().insert(header, HeaderValue::from_static(value));
        self
    }

    /// A page for people instead of a document.
    pub(super) fn page(response: Response<Payload>) -> Self {
        Self(Box::new(response))
    }

    pub(super) fn into_response(self) -> Response<Payload> {
        *self.0
    }

    /// 304: the client has this version already.
    pub(super) fn not_modified(node: &Node) -> Self {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        set_etag(response.headers_mut(), &node.etag());
        Self::page(response)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Sabre\\DAV\\Exception\\BadRequest", message)
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Sabre\\DAV\\Exception\\NotAuthenticated",
            "Username or password was incorrect",
        )
        .with(WWW_AUTHENTICATE, r#"Basic realm="ownCloud", charset="UTF-8""#)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Sabre\\DAV\\Exception\\Forbidden", message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Sabre\\DAV\\Exception\\NotFound", message)
    }

    /// 405 for a MKCOL of what is there.
    pub(super) fn exists() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Sabre\\DAV\\Exception\\MethodNotAllowed",
            "The resource you tried to create already exists",
        )
        .with(ALLOW, VERBS)
    }

    pub(super) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "Sabre\\DAV\\Exception\\Conflict", message)
    }

    pub(super) fn precondition(message: &str) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "Sabre\\DAV\\Exception\\PreconditionFailed", message)
    }

    pub(super) fn range() -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "Sabre\\DAV\\Exception\\RequestedRangeNotSatisfiable",
            "The start offset exceeded the size of the entity",
        )
    }

    /// 423: someone is reading or writing the file.
    pub(super) fn locked(target: &Target) -> Self {
        Self::new(
            StatusCode::LOCKED,
            "OCA\\DAV\\Connector\\Sabre\\Exception\\FileLocked",
            &format!("\"{}\" is locked", name(&target.path)),
        )
    }

    /// 503: another request is copying the account's first files.
    pub(super) fn skeleton_locked(folder: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "OCP\\Lock\\LockedException", &format!("\"{folder}\" is locked"))
    }

    pub(super) fn not_implemented(verb: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "Sabre\\DAV\\Exception\\NotImplemented",
            &format!("There was no handler found for this \"{verb}\" method on this url"),
        )
    }
}
