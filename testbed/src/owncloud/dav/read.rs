//! GET and HEAD: files, whole or a range of them.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_TYPE, RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use percent_encoding::utf8_percent_encode;

use super::failure::Failure;
use super::{Answer, RAW, Target, condition, set, set_etag};
use crate::owncloud::site::Site;
use crate::owncloud::tree::{Content, Node, name};
use crate::payload::Payload;

const FOLDER_PAGE: &str = "This is the WebDAV interface. It can only be accessed by WebDAV \
    clients such as the ownCloud desktop sync client.";

pub(super) fn get(site: &Site, request: &Parts, target: &Target) -> Answer {
    let node = site.accounts().tree(&target.uid).and_then(|tree| tree.get(&target.path)).cloned();
    let node = node.ok_or_else(|| target.missing())?;
    let Some(content) = &node.file else {
        let mut response = Response::new(Payload::whole(FOLDER_PAGE));
        let kind = HeaderValue::from_static("text/html; charset=UTF-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        return Ok(response);
    };
    condition::check(&request.method, &request.headers, Some(&node))?;
    if request.method == Method::HEAD {
        // The length counts, hyper leaves out the bytes.
        let mut response = Response::new(Payload::whole(content.data.clone()));
        describe(response.headers_mut(), target, &node, content);
        // Measured: HEAD names the checksum twice.
        if let Some(checksum) = response.headers().get("oc-checksum").cloned() {
            response.headers_mut().append(HeaderName::from_static("oc-checksum"), checksum);
        }
        return Ok(response);
    }
    let lock = site.locks.read(&target.uid, &target.path);
    let lock = lock.ok_or_else(|| Failure::locked(target))?;
    let (status, range) = match requested_range(&request.headers, content.data.len())? {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range),
        None => (StatusCode::OK, 0..content.data.len()),
    };
    let bytes: Bytes = content.data.slice(range.clone());
    let body = Payload::spread(bytes, site.config.download_duration).holding(lock);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    describe(response.headers_mut(), target, &node, content);
    if status == StatusCode::PARTIAL_CONTENT {
        let size = content.data.len();
        let shown = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        set(response.headers_mut(), "content-range", &shown);
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, target: &Target, node: &Node, content: &Content) {
    let name = name(&target.path);
    let encoded = utf8_percent_encode(name, RAW);
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(node.modified);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    set(headers, "last-modified", &httpdate::fmt_http_date(modified));
    set(headers, "oc-checksum", &format!("SHA1:{}", content.sha1));
    set(headers, "content-disposition", &format!("attachment; filename*=UTF-8''{encoded}; filename=\"{encoded}\""));
    set_etag(headers, &node.etag());
}

pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("pdf") => "application/pdf",
        Some("txt") => "text/plain;charset=UTF-8",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// The one range that was asked for; several are answered with the whole file.
fn requested_range(headers: &HeaderMap, size: usize) -> Result<Option<Range<usize>>, Failure> {
    let header = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = header.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.start >= size {
        return Err(Failure::range());
    }
    Ok(Some(range))
}

#[cfg(test)]
mod tests {
    use super::requested_range;
    use http::HeaderMap;
    use http::header::RANGE;

    #[test]
    fn ranges() {
        let cases = [
            ("bytes=0-0", Some(Some(0..1))),
            ("bytes=2-", Some(Some(2..10))),
            ("bytes=-3", Some(Some(7..10))),
            ("bytes=-30", Some(Some(0..10))),
            ("bytes=8-99", Some(Some(8..10))),
            ("bytes=10-", None),
            ("bytes=-0", None),
            ("bytes=5-4", Some(None)),
            ("bytes=0-1,4-5", Some(None)),
            ("lines=0-1", Some(None)),
        ];
        for (header, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, header.parse().unwrap());
            assert_eq!(requested_range(&headers, 10).ok(), expected, "{header}");
        }
    }
}
