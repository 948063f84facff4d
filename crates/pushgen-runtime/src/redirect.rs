//! Where a redirect leads, if it stays on the origin.
//!
//! In: the request, and the response with its `Location`. Out: the target's path and query, to be
//! looked up in the policy. References are resolved as in RFC 3986, section 5.2, for what servers
//! write; where a browser might read something else (backslashes, controls, dots as `%2e`) the answer
//! is none. Left out: other origins, and normalisation of percent-encoding: a target that is spelt
//! otherwise than the policy's page is no page.

use http::{header, response};
use pushgen_policy::Origin;

use crate::request_facts::RequestFacts;

/// The target of a redirect within the origin: an absolute path and its query.
pub(crate) fn target(request: &RequestFacts, response: &response::Parts) -> Option<String> {
    if !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut locations = response.headers.get_all(header::LOCATION).iter();
    let location = locations.next()?.to_str().ok()?;
    if locations.next().is_some() {
        return None;
    }
    resolve(request, location)
}

fn resolve(request: &RequestFacts, location: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if !location.bytes().all(is_plain) {
        return None;
    }
    let reference = location.split('#').next().unwrap_or_default();
    let scheme_end = reference.find([':', '/', '?']);
    let scheme = scheme_end.and_then(|end| {
        let (scheme, rest) = reference.split_at(end);
        Some((scheme, rest.strip_prefix(':')?))
    });
    let own_scheme = if request.secure { "https" } else { "http" };
    let (scheme, rest) = scheme.unwrap_or((own_scheme, reference));
    if !scheme.eq_ignore_ascii_case(own_scheme) {
        return None;
    }
    let relative = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, relative) = rest.split_at(end);
            let origin = Origin::of_request(own_scheme, authority).ok()?;
            if request.origin.as_ref() != Some(&origin) {
                return None;
            }
            if relative.starts_with('/') {
                relative.to_owned()
            } else {
                format!("/{relative}")
            }
        }
        // `https:path`: browsers and the RFC read it differently.
        None if rest.len() != reference.len() => return None,
        None => merge(&request.target, rest)?,
    };
    (!has_encoded_dots(&relative)).then(|| without_dot_segments(&relative))
}

/// A reference without authority on its base.
fn merge(base: &str, reference: &str) -> Option<String> {
    let base = base.split('?').next().unwrap_or_default();
    match reference.bytes().next()? {
        b'/' => Some(reference.to_owned()),
        b'?' => Some(format!("{base}{reference}")),
        _ => {
            let directory = base
                .rfind('/')
                .map_or("/", |end| base.get(..=end).unwrap_or("/"));
            Some(format!("{directory}{reference}"))
        }
    }
}

/// Whether a segment is one of dots to browsers (URL Standard, "double-dot URL path segment") and not to RFC 3986.
fn has_encoded_dots(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| {
        let decoded = segment.replace("%2e", ".").replace("%2E", ".");
        decoded.len() < segment.len() && matches!(&*decoded, "." | "..")
    })
}

/// RFC 3986, section 5.2.4, for an absolute path; the query stays as it is.
fn without_dot_segments(target: &str) -> String {
    let (path, query) = match target.find('?') {
        Some(start) => target.split_at(start),
        None => (target, ""),
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_directory = false;
    for segment in path.split('/').skip(1) {
        ends_in_directory = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    if ends_in_directory {
        segments.push("");
    }
    format!("/{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(uri: &str) -> RequestFacts {
        let request = http::Request::get(uri).body(()).unwrap();
        RequestFacts::of(&request.into_parts().0, true)
    }

    fn resolved(location: &str) -> Option<String> {
        resolve(&request("https://example.com/a/b?c"), location)
    }

    #[test]
    fn resolves_what_stays_on_the_origin() {
        for (location, expected) in [
            ("/", "/"),
            ("/x/", "/x/"),
            ("/x?y=z", "/x?y=z"),
            ("/x#top", "/x"),
            ("c", "/a/c"),
            ("./", "/a/"),
            (".", "/a/"),
            ("../", "/"),
            ("../../../x", "/x"),
            ("b/", "/a/b/"),
            ("?q", "/a/b?q"),
            ("/x/./y/../z", "/x/z"),
            ("/x/..", "/"),
            ("/x?/../y", "/x?/../y"),
            ("/a:b", "/a:b"),
            ("./a:b", "/a/a:b"),
            ("https://example.com", "/"),
            ("https://example.com?x", "/?x"),
            ("HTTPS://EXAMPLE.com:443/x/", "/x/"),
            ("//example.com/x/", "/x/"),
            ("/x//y", "/x//y"),
        ] {
            assert_eq!(resolved(location).as_deref(), Some(expected), "{location}");
        }
    }

    #[test]
    fn leaves_what_goes_elsewhere() {
        for location in [
            "",
            "#top",
            "http://example.com/",
            "https://example.com:8443/",
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "https:\\\\evil.example/",
            "https:/x",
            "https:x",
            "https://user@example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "/a b",
            "/\u{e9}",
            "a:b",
            "/%2e",
            "/x/%2E./y",
            "x/%2e/../y",
            "../.%2e?x",
        ] {
            assert_eq!(resolved(location), None, "{location}");
        }
    }

    #[test]
    fn leaves_what_a_base_with_encoded_dots_would_make() {
        let from = request("https://example.com/a/%2e%2e/b");
        assert_eq!(resolve(&from, "c"), None);
        assert_eq!(resolve(&from, "/c?%2e").as_deref(), Some("/c?%2e"));
    }

    #[test]
    fn follows_only_redirects_with_one_location() {
        let with = |status: u16, locations: &[&str]| {
            let mut response = http::Response::builder().status(status);
            for location in locations {
                response = response.header("location", *location);
            }
            target(
                &request("https://example.com/a"),
                &response.body(()).unwrap().into_parts().0,
            )
        };
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(with(status, &["/b"]).as_deref(), Some("/b"));
        }
        for status in [200, 201, 300, 304, 305, 404] {
            assert_eq!(with(status, &["/b"]), None);
        }
        assert_eq!(with(302, &[]), None);
        assert_eq!(with(302, &["/b", "/c"]), None);
    }

    proptest! {
        #[test]
        fn always_gives_an_absolute_path(location in "[a-z/.:?#@%\\\\ ]{0,20}") {
            if let Some(target) = resolved(&location) {
                prop_assert!(target.starts_with('/'));
                let path = target.split('?').next().unwrap_or_default();
                prop_assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
            }
        }
    }
}
