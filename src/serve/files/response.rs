//! The responses of a file server (RFC 9110).
//!
//! In: a request's fields, a resource and the content of its chosen representation. Out: the head of the response,
//! and which of the bytes follow. This is where conditions, ranges and the fields of each status come together:
//! 200, 206, 304, 412 and 416 for a file, and the short answers without one. A page that was compressed here says
//! where it is divided, for who puts pushes there.

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION, RANGE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, request};
use pushgen_policy::Coding;
use pushgen_runtime::DocumentHead;

use super::body::FileBody;
use super::conditions::{self, Outcome};
use super::content::Content;
use super::ranges::{self, Requested};
use super::resource::{Representation, Resource};

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// In which role a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is what was asked for.
    Asked,
    /// It answers for pages that the site draws by script; what it varies by besides.
    Fallback { varies_by_accept: bool },
    /// It says that there is no such file.
    NotFound { varies_by_accept: bool },
}

/// The bytes that belong to a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    pub(super) len: u64,
}

/// A response for a representation, and the part of it that follows the head; none for HEAD and 304.
pub(super) fn for_content(
    request: &request::Parts,
    resource: &Resource,
    representation: &Representation,
    content: &Content,
    role: Role,
) -> (Response<FileBody>, Option<Part>) {
    let len = content.len;
    let (status, part) = match role {
        Role::NotFound { .. } => (StatusCode::NOT_FOUND, Part { first: 0, len }),
        Role::Asked | Role::Fallback { .. } => {
            let validators = content.validators(resource.has_variants());
            match conditions::evaluate(&request.headers, &validators) {
                Outcome::NotModified => {
                    return (not_modified(resource, content, role), None);
                }
                Outcome::PreconditionFailed => {
                    let text = "the file is another one by now\n";
                    return (plain(request, StatusCode::PRECONDITION_FAILED, text), None);
                }
                Outcome::Send { with_range } => match requested(request, with_range, len) {
                    Requested::Whole => (StatusCode::OK, Part { first: 0, len }),
                    Requested::Part(range) => {
                        let (first, last) = range.into_inner();
                        let len = last - first + 1;
                        (StatusCode::PARTIAL_CONTENT, Part { first, len })
                    }
                    Requested::Unsatisfiable => return (unsatisfiable(request, content), None),
                },
            }
        }
    };
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.reserve(10);
    headers.insert(CONTENT_TYPE, resource.content_type.clone());
    headers.insert(CONTENT_LENGTH, part.len.into());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if let Some(coding) = content_encoding(representation.coding) {
        headers.insert(CONTENT_ENCODING, coding);
    }
    insert_vary(headers, resource, role);
    if let Role::NotFound { .. } = role {
        headers.insert(CACHE_CONTROL, NO_CACHE);
    } else {
        headers.insert(CACHE_CONTROL, resource.cache_control.clone());
        headers.insert(ETAG, content.etag.clone());
        if let Some(date) = &content.last_modified {
            headers.insert(LAST_MODIFIED, date.clone());
        }
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let last = part.first + part.len.saturating_sub(1);
        insert_text(
            headers,
            CONTENT_RANGE,
            format!("bytes {}-{last}/{len}", part.first),
        );
    }
    if status == StatusCode::OK
        && let Some(head) = content.head
    {
        response.extensions_mut().insert(DocumentHead(head));
    }
    let part = (request.method != Method::HEAD).then_some(part);
    (response, part)
}

/// A range is defined for GET only (section 14.2).
fn requested(request: &request::Parts, with_range: bool, len: u64) -> Requested {
    let mut fields = request.headers.get_all(RANGE).iter();
    match (fields.next(), fields.next()) {
        (Some(field), None) if with_range && request.method == Method::GET => {
            ranges::requested(field.as_bytes(), len)
        }
        _ => Requested::Whole,
    }
}

/// The fields that section 15.4.5 asks for. `Last-Modified` is not among them where there is an entity-tag.
fn not_modified(resource: &Resource, content: &Content, role: Role) -> Response<FileBody> {
    let mut response = empty(StatusCode::NOT_MODIFIED);
    let headers = response.headers_mut();
    headers.insert(ETAG, content.etag.clone());
    headers.insert(CACHE_CONTROL, resource.cache_control.clone());
    insert_vary(headers, resource, role);
    response
}

fn unsatisfiable(request: &request::Parts, content: &Content) -> Response<FileBody> {
    let text = "the file has no such bytes\n";
    let mut response = plain(request, StatusCode::RANGE_NOT_SATISFIABLE, text);
    let range = format!("bytes */{}", content.len);
    insert_text(response.headers_mut(), CONTENT_RANGE, range);
    response
}

fn insert_vary(headers: &mut HeaderMap, resource: &Resource, role: Role) {
    let by_accept = match role {
        Role::Asked => false,
        Role::Fallback { varies_by_accept } | Role::NotFound { varies_by_accept } => {
            varies_by_accept
        }
    };
    let fields = match (resource.has_variants(), by_accept) {
        (true, true) => "accept-encoding, accept",
        (true, false) => "accept-encoding",
        (false, true) => "accept",
        (false, false) => return,
    };
    headers.insert(VARY, HeaderValue::from_static(fields));
}

fn content_encoding(coding: Coding) -> Option<HeaderValue> {
    (coding != Coding::Identity).then(|| HeaderValue::from_static(coding.as_str()))
}

/// No acceptable coding (section 12.5.3).
pub(super) fn not_acceptable(request: &request::Parts) -> Response<FileBody> {
    let text = "the file is not there in any of the accepted codings\n";
    let mut response = plain(request, StatusCode::NOT_ACCEPTABLE, text);
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().insert(VARY, vary);
    response
}

/// 405 with the methods that there are, and 204 with them for OPTIONS.
pub(super) fn for_other_method(request: &request::Parts) -> Response<FileBody> {
    let mut response = match request.method {
        Method::OPTIONS => empty(StatusCode::NO_CONTENT),
        _ => plain(
            request,
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD are served here\n",
        ),
    };
    response.headers_mut().insert(ALLOW, METHODS);
    response
}

/// To the canonical path of a folder, which begins with one slash and so names no host. The query stays.
///
/// Not to be kept: 301 and 308 are kept for ever by default, and the folder may be a file tomorrow.
pub(super) fn redirect(request: &request::Parts, path: &str) -> Response<FileBody> {
    let location = match request.uri.query() {
        Some(query) => HeaderValue::try_from(format!("{path}?{query}")),
        None => HeaderValue::try_from(path),
    };
    // A percent-encoded path can always stand in a field; the query came in one.
    let Ok(location) = location else {
        return plain(request, StatusCode::BAD_REQUEST, "bad query\n");
    };
    let mut response = plain(request, StatusCode::PERMANENT_REDIRECT, "");
    response.headers_mut().insert(LOCATION, location);
    response
}

/// A line of text.
pub(super) fn plain(
    request: &request::Parts,
    status: StatusCode,
    text: &'static str,
) -> Response<FileBody> {
    let mut response = empty(status);
    let headers = response.headers_mut();
    if !text.is_empty() {
        headers.insert(CONTENT_TYPE, PLAIN_TEXT);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    }
    headers.insert(CONTENT_LENGTH, text.len().into());
    headers.insert(CACHE_CONTROL, NO_CACHE);
    if request.method != Method::HEAD {
        *response.body_mut() = FileBody::of_bytes(Bytes::from_static(text.as_bytes()));
    }
    response
}

fn empty(status: StatusCode) -> Response<FileBody> {
    let mut response = Response::new(FileBody::empty());
    *response.status_mut() = status;
    response
}

fn insert_text(headers: &mut HeaderMap, name: http::HeaderName, text: String) {
    // Digits and ASCII punctuation.
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(name, value);
    }
}
