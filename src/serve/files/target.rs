//! From the path of a request to the key that a file is looked up by.
//!
//! In: the path of a request target, without its query, and the base path that the site is mounted at. Out: the
//! path below the root as bytes, percent-decoded, `/` between folders, in one spelling; or why there can be no
//! such file. The reading is that of the analyzer (`pushgen-analyzer`, `site/urls.rs`), because what it writes
//! into a policy has to be what is served: one percent-decoding, a malformed escape stays as it is, repeated
//! slashes count as one.
//!
//! Stricter than the analyzer in two points. An encoded slash is refused, since it makes two spellings of one
//! file that proxies and browsers tell apart. So is a backslash in any spelling, since it separates folders on
//! some systems and none on others. Dot segments have been resolved by every client that follows the URL
//! standard; what still has one is an attack, and nothing is resolved here.

use std::borrow::Cow;

use http::StatusCode;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

/// The longest path in bytes, as in policies (`UrlPath::MAX_LEN`).
const MAX_LEN: usize = 8 * 1024;

/// URL standard, path percent-encode set, with `%` and `\`, as the analyzer writes file names.
const FILE_NAME: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%')
    .add(b'\\');

/// What a request's path means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// The path below the root: empty or with a final `/` for a folder, never with a leading one.
    Below(Cow<'a, [u8]>),
    /// The base path without its final slash.
    BaseWithoutSlash,
    /// No file can be meant.
    Refused(StatusCode),
}

/// Reads a request's path. `base_path` begins and ends with `/`.
pub(super) fn read<'a>(path: &'a str, base_path: &str) -> Target<'a> {
    if path.len() > MAX_LEN {
        return Target::Refused(StatusCode::URI_TOO_LONG);
    }
    if !path.starts_with('/') {
        return Target::Refused(StatusCode::BAD_REQUEST);
    }
    let Some(relative) = path.strip_prefix(base_path) else {
        return match base_path.strip_suffix('/') {
            Some(base) if base == path => Target::BaseWithoutSlash,
            _ => Target::Refused(StatusCode::NOT_FOUND),
        };
    };
    let decoded: Cow<'_, [u8]> = percent_decode_str(relative).into();
    let has_encoded_slash =
        matches!(decoded, Cow::Owned(_)) && slashes(&decoded) != slashes(relative.as_bytes());
    if has_encoded_slash || decoded.iter().any(|byte| is_refused(*byte)) {
        return Target::Refused(StatusCode::NOT_FOUND);
    }
    let merged = with_single_slashes(decoded);
    if merged
        .split(|byte| *byte == b'/')
        .any(|segment| matches!(segment, b"." | b".."))
    {
        return Target::Refused(StatusCode::NOT_FOUND);
    }
    Target::Below(merged)
}

/// The canonical URL path of what lies below the root.
pub(super) fn url_path(base_path: &str, relative: &[u8]) -> String {
    format!("{base_path}{}", percent_encode(relative, FILE_NAME))
}

/// NUL ends a name for the system, `\` separates folders on Windows, and `:` opens a stream of a file there.
fn is_refused(byte: u8) -> bool {
    matches!(byte, 0 | b'\\') || (cfg!(windows) && byte == b':')
}

fn slashes(path: &[u8]) -> usize {
    path.iter().filter(|byte| **byte == b'/').count()
}

fn with_single_slashes(path: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !path.starts_with(b"/") && !path.windows(2).any(|pair| pair == b"//") {
        return path;
    }
    let mut merged = path.into_owned();
    merged.dedup_by(|next, previous| *next == b'/' && *previous == b'/');
    if merged.starts_with(b"/") {
        merged.remove(0);
    }
    Cow::Owned(merged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn below(path: &str) -> Target<'_> {
        Target::Below(path.as_bytes().into())
    }

    #[test]
    fn paths_are_decoded_once_and_slashes_merged() {
        for (path, expected) in [
            ("/", ""),
            ("/a", "a"),
            ("/a/", "a/"),
            ("/a/b.css", "a/b.css"),
            ("/%C3%A4%20b/100%25.png", "ä b/100%.png"),
            ("/100%.png", "100%.png"),
            ("/%zz", "%zz"),
            ("/a%252e%252e", "a%2e%2e"),
            ("//a///b.css", "a/b.css"),
            ("//", ""),
            ("/a//", "a/"),
            ("/.well-known/x", ".well-known/x"),
            ("/.../a..b/..c", ".../a..b/..c"),
        ] {
            assert_eq!(read(path, "/"), below(expected), "{path}");
        }
    }

    #[test]
    fn what_no_file_can_be_meant_by_is_refused() {
        let long = format!("/{}", "a".repeat(MAX_LEN));
        for (path, status) in [
            ("", 400),
            ("*", 400),
            ("a.css", 400),
            ("/..", 404),
            ("/../etc/passwd", 404),
            ("/a/../b", 404),
            ("/a/./b", 404),
            ("/%2e%2e/secret", 404),
            ("/.%2E/secret", 404),
            ("//../secret", 404),
            ("/a%2Fb.css", 404),
            ("/a%2fb.css", 404),
            ("/..%2fsecret", 404),
            ("/%2Fetc/passwd", 404),
            ("/a\\b", 404),
            ("/..%5c..%5csecret", 404),
            ("/a%00.css", 404),
            (long.as_str(), 414),
        ] {
            let expected = Target::Refused(StatusCode::from_u16(status).expect("a status"));
            assert_eq!(read(path, "/"), expected, "{path}");
        }
    }

    #[test]
    fn the_base_path_is_taken_off() {
        let refused = || Target::Refused(StatusCode::NOT_FOUND);
        for (path, expected) in [
            ("/docs/a.css", below("a.css")),
            ("/docs/", below("")),
            ("/docs//a", below("a")),
            ("/docs", Target::BaseWithoutSlash),
            ("/doc", refused()),
            ("/docsx", refused()),
            ("/a.css", refused()),
            ("//docs/a.css", refused()),
        ] {
            assert_eq!(read(path, "/docs/"), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_key_never_climbs_and_has_one_spelling(path in "/[./%25eE2fF5cC\\\\a:]{0,24}") {
            if let Target::Below(key) = read(&path, "/") {
                prop_assert!(!key.starts_with(b"/"));
                let mut segments = key.split(|byte| *byte == b'/').peekable();
                while let Some(segment) = segments.next() {
                    prop_assert!(segment != b"." && segment != b"..");
                    prop_assert!(!segment.is_empty() || segments.peek().is_none());
                }
                let canonical = url_path("/", &key);
                prop_assert!(!canonical.starts_with("//"));
                prop_assert_eq!(read(&canonical, "/"), Target::Below(key));
            }
        }
    }
}
