//! The head of a final response, as it leaves the server.
//!
//! In: the head that a service made. Out: the same with the `Link` values of the page's plan
//! (RFC 8288; RFC 8297, section 2 has those of a 103 repeated), with the digest cookie, and, for
//! HTTP/2, in the form that RFC 9113, section 8.2.2 and RFC 9110, sections 6.4.1, 6.6.1 and 8.6 ask
//! for. No I/O. Left out: HTTP/1's form, which hyper sees to.

use std::time::SystemTime;

use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, DATE, EXPIRES, HeaderName, LINK, SET_COOKIE, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, response};

use crate::date::date;
use crate::decision::Decision;
use crate::digest_cookie;
use crate::field_list::members;
use crate::record::Record;
use crate::request_facts::RequestFacts;
use crate::rules::Rules;

/// Fields that speak of a connection, which HTTP/2 has other means for.
const CONNECTION_FIELDS: [HeaderName; 6] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    // Of requests only.
    TE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Adds the decision's `Link` values to a 200, except for targets that the response names by itself.
/// Returns how many were added.
pub(crate) fn add_links(head: &mut response::Parts, decision: &Decision) -> usize {
    if head.status != StatusCode::OK {
        return 0;
    }
    let own: Vec<HeaderValue> = head.headers.get_all(LINK).iter().cloned().collect();
    let is_new = |link: &&HeaderValue| !own.iter().any(|own| names(own, target(link)));
    let mut added = 0;
    for link in decision.links().filter(is_new) {
        // It fails only when there is no room for any more fields.
        added += usize::from(head.headers.try_append(LINK, link.clone()).is_ok());
    }
    added
}

/// A link's target with its brackets.
fn target(link: &HeaderValue) -> &[u8] {
    let link = link.as_bytes();
    let end = link.iter().position(|&byte| byte == b'>');
    end.and_then(|end| link.get(..=end)).unwrap_or(link)
}

/// Whether a field value has this target, wherever in its list.
fn names(value: &HeaderValue, target: &[u8]) -> bool {
    let value = value.as_bytes();
    value
        .windows(target.len().max(1))
        .any(|window| window == target)
}

/// Adds the digest cookie to a 200 if the record has what the request's cookie has not.
///
/// The cookie says what one user has. A cache that answers others with it would keep from them what
/// they lack, and tell them what the first one fetched. [`digest_cookie::set_cookie`] refuses
/// requests that such a cache says it passed on; here a response is refused that a cache might give
/// to others without asking: one that is `public`, or fresh and not `private`.
pub(crate) fn add_digest_cookie(
    head: &mut response::Parts,
    facts: &RequestFacts,
    record: &Record,
    rules: &Rules,
) {
    if head.status != StatusCode::OK || is_shared(&head.headers) {
        return;
    }
    if let Some(cookie) = digest_cookie::set_cookie(facts, record, rules) {
        // Without room for any more fields the cookie is what can be missed.
        let _ = head.headers.try_append(SET_COOKIE, cookie);
    }
}

/// Whether a shared cache might answer others with this response unasked (RFC 9111, sections 3 and
/// 4.2). One that says nothing of freshness is not counted: caches that guess it leave those with
/// cookies alone.
fn is_shared(headers: &HeaderMap) -> bool {
    let is_zero = |seconds: &[u8]| {
        seconds
            .iter()
            .all(|byte| matches!(byte, b'0' | b' ' | b'"'))
    };
    let (mut fresh, mut held_back) = (false, false);
    for directive in members(headers, &CACHE_CONTROL) {
        let mut parts = directive.splitn(2, |&byte| byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("public") {
            return true;
        }
        let argument = parts.next();
        // With field names as its argument, a directive is for those fields alone.
        held_back |= argument.is_none() && (is("private") || is("no-store") || is("no-cache"));
        fresh |= (is("max-age") || is("s-maxage")) && !argument.is_none_or(is_zero);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        let expires = headers.get(EXPIRES).and_then(|value| value.to_str().ok());
        let expires = expires.and_then(|value| httpdate::parse_http_date(value).ok());
        fresh = expires.is_some_and(|expires| expires > SystemTime::now());
    }
    fresh && !held_back
}

/// Brings a head into the form that HTTP/2 asks for. Returns whether the response ends with it.
///
/// A body that is empty and has trailers does not end with the head, whatever its length.
pub(crate) fn prepare(
    head: &mut response::Parts,
    request_method: &Method,
    body: &impl http_body::Body,
) -> bool {
    if head.status.is_informational() {
        // A service answers once and for all; what it says here cannot be that.
        head.status = StatusCode::INTERNAL_SERVER_ERROR;
        head.headers.clear();
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
        head.headers.insert(DATE, date());
        return true;
    }
    strip_connection_fields(&mut head.headers);
    head.headers.entry(DATE).or_insert_with(date);
    let is_head = *request_method == Method::HEAD;
    match head.status {
        StatusCode::NO_CONTENT => {
            head.headers.remove(CONTENT_LENGTH);
            return true;
        }
        // The length would be that of the 200, which only the service knows.
        StatusCode::NOT_MODIFIED => return true,
        _ => {}
    }
    // A body left out for HEAD says nothing of the one that GET has.
    if let Some(length) = body.size_hint().exact()
        && !(is_head && length == 0)
    {
        let length = || HeaderValue::from(length);
        head.headers.entry(CONTENT_LENGTH).or_insert_with(length);
    }
    is_head || body.is_end_stream()
}

/// Takes out the fields of a connection, and those that `Connection` names.
pub(crate) fn strip_connection_fields(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| CONNECTION_FIELDS.contains(name)) {
        return;
    }
    let named: Vec<HeaderName> = members(headers, &CONNECTION)
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect();
    for name in named.iter().chain(&CONNECTION_FIELDS) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
