//! PROPFIND: a folder and what is directly in it.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::read::media_type;
use super::{Answer, CAPABILITIES, Target, set};
use crate::escape;
use crate::owncloud::site::Site;
use crate::owncloud::tree::{Node, name};
use crate::payload::Payload;

pub(super) fn propfind(site: &Site, request: &Parts, target: &Target) -> Answer {
    let accounts = site.accounts();
    let tree = accounts.tree(&target.uid).ok_or_else(|| target.missing())?;
    let node = tree.get(&target.path).ok_or_else(|| target.missing())?;
    let mut document = String::from(
        "<?xml version=\"1.0\"?>\n<d:multistatus xmlns:d=\"DAV:\" \
         xmlns:s=\"http://sabredav.org/ns\" xmlns:oc=\"http://owncloud.org/ns\">",
    );
    describe(&mut document, &target.uid, &target.path, node);
    let only_itself = request.headers.get("depth").is_some_and(|depth| depth == "0");
    if !only_itself && node.file.is_none() {
        for (path, node) in tree.children(&target.path) {
            describe(&mut document, &target.uid, path, node);
        }
    }
    document.push_str("</d:multistatus>\n");

    let mut response = Response::new(Payload::whole(document));
    *response.status_mut() = StatusCode::MULTI_STATUS;
    let kind = HeaderValue::from_static("application/xml; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    set(response.headers_mut(), "dav", CAPABILITIES);
    Ok(response)
}

fn describe(document: &mut String, uid: &str, path: &str, node: &Node) {
    let slash = if node.file.is_none() && !path.is_empty() { "/" } else { "" };
    let href = Target::href(uid, path);
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(node.modified);
    let modified = httpdate::fmt_http_date(modified);
    let kind = match &node.file {
        None => "<d:resourcetype><d:collection/></d:resourcetype>".to_owned(),
        Some(content) => format!(
            "<d:resourcetype/><d:getcontentlength>{}</d:getcontentlength>\
             <d:getcontenttype>{}</d:getcontenttype>",
            content.data.len(),
            media_type(name(path)),
        ),
    };
    let _ = write!(
        document,
        "<d:response><d:href>{href}{slash}</d:href><d:propstat><d:prop>\
         <d:getlastmodified>{modified}</d:getlastmodified>{kind}\
         <d:getetag>{}</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status>\
         </d:propstat></d:response>",
        escape::xml(&node.etag()),
    );
}
