//! What a request says that decides about its delivery, read once.
//!
//! In: the head of a request and whether it came over TLS. Out: [`RequestFacts`]. Follows RFC 9110
//! (method, conditions, ranges, `Via`), Fetch Metadata (`Sec-Fetch-*`), the Save-Data draft, HTML
//! (`Sec-Purpose`), RFC 7239 (`Forwarded`), draft-ruellan-http-accept-push-policy and RFC 9218
//! (`Priority`). What is malformed counts as the answer with which less is sent. Left out: the
//! body, and fields that no rule asks for.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Uri, request};
use pushgen_policy::Origin;
use pushgen_policy::cache_digest::{CacheDigest, GolombSet};

use crate::digest_cookie;
use crate::field_list::{members, split};

const ACCEPT_PUSH_POLICY: HeaderName = HeaderName::from_static("accept-push-policy");
const CACHE_DIGEST: HeaderName = HeaderName::from_static("cache-digest");
const FORWARDED: [HeaderName; 3] = [
    header::VIA,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
];
const PRIORITY: HeaderName = HeaderName::from_static("priority");
const PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];
const SAVE_DATA: HeaderName = HeaderName::from_static("save-data");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const CONDITIONS: [HeaderName; 4] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// What a request says that decides about its delivery.
///
/// Making them costs some work, of which the client decides how much up to a limit. Make them only
/// for requests whose target has a plan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestFacts {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The origin that is asked; `None` if there is no usable authority or there are two.
    pub origin: Option<Origin>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Whether a document is asked for.
    pub navigation: Navigation,
    /// Whether the document is fetched ahead of the user's wish, also to be prerendered.
    pub prefetch: bool,
    /// Whether it has a condition that a cache would send.
    pub conditional: bool,
    /// Whether it asks for a part.
    pub range: bool,
    /// Whether it has `Authorization`.
    pub authorization: bool,
    /// Whether `Save-Data` is on.
    pub save_data: bool,
    /// Whether a proxy passed it on.
    pub proxied: bool,
    /// Whether `Accept-Push-Policy` asks for no pushed bodies.
    pub declines_pushes: bool,
    /// Whether it has `Expect`.
    pub expects: bool,
    /// `Priority`.
    pub priority: Priority,
    /// The digests in `Cache-Digest`. They tell what the user has visited: not for logs.
    pub cache_digest: CacheDigest,
    /// The set in the digest cookie. Not for logs either.
    pub digest_cookie: Option<GolombSet>,
}

/// Whether a request asks for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Navigation {
    /// For a window or tab. A client that does not say so, but takes HTML, counts as well: programs
    /// such as nghttp or curl, and browsers before Fetch Metadata.
    TopLevel,
    /// For a frame.
    Nested,
    /// No document.
    No,
}

/// A priority (RFC 9218, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Priority {
    /// 0, the most urgent, to 7; `None` if it is not given, which means 3.
    pub urgency: Option<u8>,
    /// Whether the client can use a part of the response.
    pub incremental: bool,
}

impl RequestFacts {
    /// Reads the head of a request. `secure` says whether it came over TLS; what the request says
    /// about its scheme does not count.
    #[must_use]
    pub fn of(request: &request::Parts, secure: bool) -> Self {
        let headers = &request.headers;
        let has = |names: &[HeaderName]| names.iter().any(|name| headers.contains_key(name));
        let digests = headers.get_all(CACHE_DIGEST);
        Self {
            method: request.method.clone(),
            target: request
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str())
                .to_owned(),
            origin: origin(&request.uri, headers, secure),
            secure,
            navigation: Navigation::of(headers),
            prefetch: is_prefetch(headers),
            conditional: has(&CONDITIONS),
            range: has(&[header::RANGE]),
            authorization: has(&[header::AUTHORIZATION]),
            save_data: members(headers, &SAVE_DATA)
                .any(|value| is_token(without_parameters(value), "on")),
            proxied: is_proxied(headers),
            declines_pushes: members(headers, &ACCEPT_PUSH_POLICY)
                .map(without_parameters)
                .any(|policy| is_token(policy, "none") || is_token(policy, "head")),
            expects: has(&[header::EXPECT]),
            priority: Priority::of(headers),
            cache_digest: CacheDigest::from_fields(digests.iter().map(HeaderValue::as_bytes)),
            digest_cookie: digest_cookie::read(headers, secure),
        }
    }
}

/// Whether the response is fetched ahead of the user's wish.
pub(crate) fn is_prefetch(headers: &HeaderMap) -> bool {
    PURPOSES.iter().any(|name| {
        members(headers, name).any(|purpose| is_token(without_parameters(purpose), "prefetch"))
    })
}

/// Whether a proxy passed the request on.
pub(crate) fn is_proxied(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(name))
}

impl Navigation {
    fn of(headers: &HeaderMap) -> Self {
        let nested = match only(headers, &SEC_FETCH_MODE) {
            Some(b"navigate") => false,
            // Chromium 76 to 79.
            Some(b"nested-navigate") => true,
            Some(_) => return Self::No,
            None => false,
        };
        match only(headers, &SEC_FETCH_DEST) {
            Some(b"document") if !nested => Self::TopLevel,
            Some(b"document" | b"embed" | b"fencedframe" | b"frame" | b"iframe" | b"object") => {
                Self::Nested
            }
            Some(_) => Self::No,
            None if nested => Self::Nested,
            None if headers.contains_key(SEC_FETCH_MODE) || takes_html(headers) => Self::TopLevel,
            None => Self::No,
        }
    }
}

impl Priority {
    /// What a request without the field has.
    pub const DEFAULT: Self = Self {
        urgency: None,
        incremental: false,
    };

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::of_members(members(headers, &PRIORITY))
    }

    /// That of a PRIORITY_UPDATE frame.
    pub(crate) fn of_value(value: &[u8]) -> Self {
        Self::of_members(split(value, b','))
    }

    fn of_members<'a>(members: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut priority = Self::DEFAULT;
        for member in members {
            match without_parameters(member) {
                [b'u', b'=', digit @ b'0'..=b'7'] => priority.urgency = Some(digit - b'0'),
                b"i" | b"i=?1" => priority.incremental = true,
                b"i=?0" => priority.incremental = false,
                _ => {}
            }
        }
        priority
    }
}

/// The value of a field that may occur once; empty, which no such field may be, if it occurs twice.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    Some(match values.next() {
        None => value.as_bytes().trim_ascii(),
        Some(_) => b"",
    })
}

fn without_parameters(member: &[u8]) -> &[u8] {
    split(member, b';').next().unwrap_or_default()
}

fn is_token(text: &[u8], token: &str) -> bool {
    text.eq_ignore_ascii_case(token.as_bytes())
}

/// Whether `Accept` takes HTML. Without the field everything is taken (RFC 9110, section 12.5.1).
fn takes_html(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::ACCEPT)
        || members(headers, &header::ACCEPT).any(|range| {
            let mut parts = split(range, b';');
            let media_type = parts.next().unwrap_or_default();
            let html = ["text/html", "application/xhtml+xml", "text/*", "*/*"]
                .iter()
                .any(|html| is_token(media_type, html));
            html && !parts.any(is_zero_weight)
        })
}

/// `q=0`, `q=0.`, `q=0.000` (RFC 9110, section 12.4.2).
fn is_zero_weight(parameter: &[u8]) -> bool {
    let [b'q' | b'Q', b'=', b'0', rest @ ..] = parameter else {
        return false;
    };
    rest.iter().all(|byte| matches!(byte, b'.' | b'0'))
}

/// The origin that is asked. `Host` may repeat `:authority` but not contradict it (RFC 9113,
/// section 8.3.1).
fn origin(uri: &Uri, headers: &HeaderMap, secure: bool) -> Option<Origin> {
    let scheme = if secure { "https" } else { "http" };
    let of = |authority: &str| Origin::of_request(scheme, authority).ok();
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(host), None) => Some(of(host.to_str().ok()?)?),
        (Some(_), Some(_)) => return None,
    };
    match (uri.authority(), host) {
        (None, host) => host,
        (Some(authority), None) => of(authority.as_str()),
        (Some(authority), Some(host)) => of(authority.as_str()).filter(|origin| *origin == host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(uri: &str, fields: &[(&str, &str)]) -> RequestFacts {
        let mut request = http::Request::get(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        RequestFacts::of(&request.body(()).unwrap().into_parts().0, true)
    }

    fn with(fields: &[(&str, &str)]) -> RequestFacts {
        facts("https://example.com/", fields)
    }

    #[test]
    fn knows_navigations() {
        use Navigation::{Nested, No, TopLevel};
        let mode = |value| ("sec-fetch-mode", value);
        let dest = |value| ("sec-fetch-dest", value);
        let accept = |value| ("accept", value);
        let cases: [(&[(&str, &str)], Navigation); 22] = [
            (&[mode("navigate"), dest("document")], TopLevel),
            (&[mode("navigate")], TopLevel),
            (&[dest("document")], TopLevel),
            (&[mode("navigate"), dest("iframe")], Nested),
            (&[mode("navigate"), dest("object")], Nested),
            (&[mode("nested-navigate")], Nested),
            (&[mode("nested-navigate"), dest("document")], Nested),
            (&[mode("cors"), dest("empty"), accept("text/html")], No),
            (&[mode("no-cors"), dest("style")], No),
            (&[mode("navigate"), dest("empty")], No),
            (&[mode("navigate"), mode("navigate")], No),
            (&[mode(""), accept("text/html")], No),
            // Programs and old browsers.
            (&[], TopLevel),
            (&[accept("*/*")], TopLevel),
            (
                &[accept("text/html,application/xhtml+xml,*/*;q=0.8")],
                TopLevel,
            ),
            (
                &[accept("image/png"), accept("TEXT/HTML;level=1")],
                TopLevel,
            ),
            (&[accept("application/json")], No),
            (&[accept("text/css")], No),
            (&[accept("text/html;q=0")], No),
            (&[accept("text/html; Q=0.00, image/*")], No),
            (&[accept("text/html;q=0.01")], TopLevel),
            (&[accept("")], No),
        ];
        for (fields, expected) in cases {
            assert_eq!(with(fields).navigation, expected, "{fields:?}");
        }
    }

    #[test]
    fn reads_flags() {
        type Flag = fn(&RequestFacts) -> bool;
        type Fields = &'static [(&'static str, &'static str)];
        let cases: [(Flag, Fields, Fields); 8] = [
            (
                |facts| facts.prefetch,
                &[
                    ("sec-purpose", "prefetch"),
                    ("sec-purpose", "prefetch;prerender"),
                    ("purpose", "Prefetch"),
                    ("x-moz", "prefetch"),
                ],
                &[("sec-purpose", "other"), ("sec-purpose", "prefetched")],
            ),
            (
                |facts| facts.conditional,
                &[
                    ("if-none-match", "\"a\""),
                    ("if-modified-since", "x"),
                    ("if-match", "*"),
                    ("if-unmodified-since", ""),
                ],
                &[("if-range", "\"a\""), ("cache-control", "no-cache")],
            ),
            (|facts| facts.range, &[("range", "bytes=0-")], &[]),
            (
                |facts| facts.authorization,
                &[("authorization", "Basic x")],
                &[("cookie", "a=b")],
            ),
            (
                |facts| facts.save_data,
                &[("save-data", "on"), ("save-data", "ON; a=b")],
                &[("save-data", "off"), ("save-data", "")],
            ),
            (
                |facts| facts.proxied,
                &[
                    ("x-forwarded-for", "::1"),
                    ("via", "1.1 a"),
                    ("forwarded", "for=_a"),
                ],
                &[("x-forwarded", "a")],
            ),
            (
                |facts| facts.declines_pushes,
                &[
                    ("accept-push-policy", "none"),
                    ("accept-push-policy", "HEAD;a"),
                ],
                &[
                    ("accept-push-policy", "default"),
                    ("accept-push-policy", "fast-load"),
                ],
            ),
            (|facts| facts.expects, &[("expect", "100-continue")], &[]),
        ];
        for (flag, set, unset) in cases {
            assert!(!flag(&with(&[])));
            for field in set {
                assert!(flag(&with(&[*field])), "{field:?}");
            }
            for field in unset {
                assert!(!flag(&with(&[*field])), "{field:?}");
            }
        }
    }

    #[test]
    fn reads_priorities() {
        let cases = [
            ("", None, false),
            ("u=0", Some(0), false),
            ("u=5, i", Some(5), true),
            ("i=?1;x, u=7;y", Some(7), true),
            ("i, i=?0", None, false),
            ("u=8", None, false),
            ("u=-1, u=33, i=1", None, false),
        ];
        for (value, urgency, incremental) in cases {
            let expected = Priority {
                urgency,
                incremental,
            };
            assert_eq!(with(&[("priority", value)]).priority, expected, "{value:?}");
        }
    }

    #[test]
    fn takes_the_origin_from_one_authority() {
        let cases: [(&str, &[&str], Option<&str>); 9] = [
            (
                "https://Example.com:443/a",
                &[],
                Some("https://example.com"),
            ),
            (
                "https://example.com:8443/a",
                &[],
                Some("https://example.com:8443"),
            ),
            // The scheme is the connection's.
            ("http://example.com/a", &[], Some("https://example.com")),
            ("/a", &["example.com"], Some("https://example.com")),
            (
                "https://example.com/a",
                &["EXAMPLE.com"],
                Some("https://example.com"),
            ),
            ("https://example.com/a", &["evil.example"], None),
            ("/a", &["example.com", "example.com"], None),
            ("https://user@example.com/a", &[], None),
            ("/a", &[], None),
        ];
        for (uri, hosts, expected) in cases {
            let fields: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            let origin = facts(uri, &fields).origin;
            assert_eq!(
                origin.as_ref().map(Origin::as_str),
                expected,
                "{uri} {hosts:?}"
            );
        }
    }

    #[test]
    fn keeps_path_and_query_as_they_are() {
        for (uri, target) in [
            ("https://example.com", "/"),
            ("https://example.com/a%20b/?c=d", "/a%20b/?c=d"),
            ("/a/../b", "/a/../b"),
        ] {
            assert_eq!(facts(uri, &[]).target, target);
        }
    }
}
