//! Heads of messages from text: a first line, then `name: value` on each.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, request, response};

/// A request from `GET https://example.com/` and its fields. What makes no request line is that line.
pub(super) fn request(text: &[u8]) -> request::Parts {
    let (line, fields) = divided(text, b'\n');
    let (method, uri) = divided(line, b' ');
    let request = Request::builder().method(method).uri(uri).body(());
    let request = request.unwrap_or_else(|_| {
        let plain = Request::get("https://example.com/").body(());
        plain.expect("a request")
    });
    let (mut head, ()) = request.into_parts();
    head.headers = headers(fields);
    head
}

/// A response from its status and its fields; 200 if that is none.
pub(super) fn response(text: &[u8]) -> response::Parts {
    let (status, fields) = divided(text, b'\n');
    let (mut head, ()) = Response::new(()).into_parts();
    if let Ok(status) = http::StatusCode::from_bytes(status) {
        head.status = status;
    }
    head.headers = headers(fields);
    head
}

/// The lines that are fields.
fn headers(text: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in text.split(|&byte| byte == b'\n') {
        let (name, value) = divided(line, b':');
        if let Ok(name) = HeaderName::from_bytes(name)
            && let Ok(value) = HeaderValue::from_bytes(value.trim_ascii())
        {
            // What has no room is left out.
            let _ = headers.try_append(name, value);
        }
    }
    headers
}

fn divided(text: &[u8], by: u8) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| byte == by);
    let (before, rest) = text.split_at(end.unwrap_or(text.len()));
    (before, rest.get(1..).unwrap_or_default())
}
