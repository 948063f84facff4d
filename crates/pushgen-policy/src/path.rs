//! Site-absolute request targets: the paths of pages and assets.
//!
//! In: text from a policy file or an analysis. Out: a `UrlPath` that can stand in `:path` and
//! between the brackets of a `Link` field without further thought. The form is origin-form (RFC
//! 9112, section 3.2.1: absolute-path, optional query) as a browser sends it, that is ASCII and
//! already percent-encoded.
//!
//! It is stricter than RFC 3986 where a lenient server behind it could be led astray: dot segments
//! are refused in every encoding, and so are controls and a second leading slash that only decoding
//! brings out. `[` and `]` are allowed, because browsers send them as they are. Left out:
//! normalisation; a path is either right or refused, since it is compared byte by byte and hashed.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;

/// A site-absolute path with an optional query, such as `/css/app.css?v=3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrlPath(Box<str>);

/// Why a text is no [`UrlPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing at all.
    #[error("the path is empty")]
    Empty,
    /// It does not begin with a slash.
    #[error("the path does not begin with `/`")]
    NotAbsolute,
    /// It begins with two slashes, so that a browser would read a host: `//host/`, `/%2Fhost`,
    /// `/%5Chost`.
    #[error("the path begins with two slashes")]
    Host,
    /// It is longer than [`UrlPath::MAX_LEN`].
    #[error("the path is longer than {} bytes", UrlPath::MAX_LEN)]
    TooLong,
    /// A byte that must be percent-encoded, or a fragment.
    #[error("the path has the byte {byte:#04x} at {offset}, which must be percent-encoded")]
    Forbidden {
        /// The byte.
        byte: u8,
        /// Its place, from 0.
        offset: usize,
    },
    /// A `%` that two hexadecimal digits do not follow.
    #[error("the path has a malformed percent escape at {offset}")]
    Escape {
        /// The place of the `%`, from 0.
        offset: usize,
    },
    /// `.` or `..` as a segment, in whatever encoding.
    #[error("the path has a dot segment")]
    DotSegment,
    /// An encoded control character, such as `%0D`, `%0A` or `%00`.
    #[error("the path has an encoded control character")]
    EncodedControl,
}

impl UrlPath {
    /// The longest path in bytes. 8 KiB is what common servers take for a request line or a field.
    pub const MAX_LEN: usize = 8 * 1024;

    /// Checks `target` and takes it.
    ///
    /// # Errors
    ///
    /// See [`PathError`].
    pub fn parse(target: impl Into<Box<str>>) -> Result<Self, PathError> {
        let target = target.into();
        check(&target)?;
        Ok(Self(target))
    }

    /// The whole request target.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split_once('?').map_or(&*self.0, |(path, _)| path)
    }

    /// The part after the first `?`, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.0.split_once('?').map(|(_, query)| query)
    }
}

impl FromStr for UrlPath {
    type Err = PathError;

    fn from_str(target: &str) -> Result<Self, PathError> {
        Self::parse(target)
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for UrlPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for UrlPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

fn check(target: &str) -> Result<(), PathError> {
    match target.as_bytes().first() {
        None => return Err(PathError::Empty),
        Some(b'/') => {}
        Some(_) => return Err(PathError::NotAbsolute),
    }
    if target.len() > UrlPath::MAX_LEN {
        return Err(PathError::TooLong);
    }
    if let Some((offset, byte)) = target
        .bytes()
        .enumerate()
        .find(|&(_, byte)| !may_stand(byte))
    {
        return Err(PathError::Forbidden { byte, offset });
    }
    check_escapes(target.as_bytes())?;

    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (decoded(path.as_bytes()), decoded(query.as_bytes()));
    if path.iter().chain(&*query).any(u8::is_ascii_control) {
        return Err(PathError::EncodedControl);
    }
    if matches!(*path, [_, b'/' | b'\\', ..]) {
        return Err(PathError::Host);
    }
    // Some servers cut parameters off a segment (`..;x`), so what follows a `;` does not count.
    let mut segments = path
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .filter_map(|segment| segment.split(|&byte| byte == b';').next());
    if segments.any(|segment| matches!(segment, b"." | b"..")) {
        return Err(PathError::DotSegment);
    }
    Ok(())
}

/// Visible ASCII without what URLs must encode, `#`, and the backslash that browsers turn into a
/// slash.
fn may_stand(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

fn check_escapes(target: &[u8]) -> Result<(), PathError> {
    for (offset, _) in target.iter().enumerate().filter(|&(_, &byte)| byte == b'%') {
        let digits = target.get(offset + 1..offset + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(PathError::Escape { offset });
        }
    }
    Ok(())
}

/// Percent-decodes as often as there is something to decode, so that `%252e` comes out as `.` too.
/// Every step shortens the result, hence linear time.
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        out.push(byte);
        while let [.., b'%', high, low] = *out
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            out.truncate(out.len() - 3);
            out.push(high << 4 | low);
        }
    }
    Cow::Owned(out)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_what_browsers_send() {
        let paths = [
            "/",
            "/index.html",
            "/css/app.css?v=3",
            "/a//b/",
            "/...",
            "/.well-known/x",
            "/a..b/.c",
            "/caf%C3%A9/%E6%97%A5.css",
            "/a'(b)!*,;=:@&+$~.js",
            "/_next/static/chunks/pages/[slug]-1f.js",
            "/a%20b%23c%3Fd",
            "/x?u=../y&v=//z?w",
            "/100%25",
            "/a%2Fb",
            "/a%5Cb",
        ];
        for path in paths {
            assert_eq!(
                UrlPath::parse(path).map(|p| p.to_string()),
                Ok(path.to_owned())
            );
        }
        let longest = format!("/{}", "a".repeat(UrlPath::MAX_LEN - 1));
        assert!(UrlPath::parse(longest).is_ok());
    }

    #[test]
    fn refuses_what_could_lead_astray() {
        use PathError::*;
        let cases = [
            ("", Empty),
            ("css/app.css", NotAbsolute),
            ("https://example.com/", NotAbsolute),
            ("?x", NotAbsolute),
            ("//host/x", Host),
            ("/%2fhost/x", Host),
            ("/%5Chost/x", Host),
            ("/%255chost/x", Host),
            (
                "/a b",
                Forbidden {
                    byte: b' ',
                    offset: 2,
                },
            ),
            (
                "/a#b",
                Forbidden {
                    byte: b'#',
                    offset: 2,
                },
            ),
            (
                "/a\\b",
                Forbidden {
                    byte: b'\\',
                    offset: 2,
                },
            ),
            (
                "/a\r\nX: y",
                Forbidden {
                    byte: b'\r',
                    offset: 2,
                },
            ),
            (
                "/a\n",
                Forbidden {
                    byte: b'\n',
                    offset: 2,
                },
            ),
            ("/\0", Forbidden { byte: 0, offset: 1 }),
            (
                "/\x7f",
                Forbidden {
                    byte: 0x7f,
                    offset: 1,
                },
            ),
            (
                "/é",
                Forbidden {
                    byte: 0xc3,
                    offset: 1,
                },
            ),
            (
                "/<",
                Forbidden {
                    byte: b'<',
                    offset: 1,
                },
            ),
            (
                "/>",
                Forbidden {
                    byte: b'>',
                    offset: 1,
                },
            ),
            (
                "/\"",
                Forbidden {
                    byte: b'"',
                    offset: 1,
                },
            ),
            (
                "/{",
                Forbidden {
                    byte: b'{',
                    offset: 1,
                },
            ),
            (
                "/}",
                Forbidden {
                    byte: b'}',
                    offset: 1,
                },
            ),
            (
                "/|",
                Forbidden {
                    byte: b'|',
                    offset: 1,
                },
            ),
            (
                "/^",
                Forbidden {
                    byte: b'^',
                    offset: 1,
                },
            ),
            (
                "/`",
                Forbidden {
                    byte: b'`',
                    offset: 1,
                },
            ),
            (
                "/x?a|b",
                Forbidden {
                    byte: b'|',
                    offset: 4,
                },
            ),
            ("/%", Escape { offset: 1 }),
            ("/%4", Escape { offset: 1 }),
            ("/a%zz", Escape { offset: 2 }),
            ("/x?%g0", Escape { offset: 3 }),
            ("/.", DotSegment),
            ("/..", DotSegment),
            ("/a/./b", DotSegment),
            ("/a/../b", DotSegment),
            ("/a/%2e%2E/b", DotSegment),
            ("/a/%2E./b", DotSegment),
            ("/a/.%2e", DotSegment),
            ("/a/%252e%252e/b", DotSegment),
            ("/a/%25252e./b", DotSegment),
            ("/a%2f..%2fb", DotSegment),
            ("/a%5c%2e%2e%5cb", DotSegment),
            ("/a/..;x=1/b", DotSegment),
            ("/..?x", DotSegment),
            ("/a%0d%0aSet-Cookie:x", EncodedControl),
            ("/a%00.css", EncodedControl),
            ("/a?x=%0A", EncodedControl),
            ("/a%250a", EncodedControl),
        ];
        for (path, error) in cases {
            assert_eq!(UrlPath::parse(path), Err(error), "{path:?}");
        }
        let too_long = format!("/{}", "a".repeat(UrlPath::MAX_LEN));
        assert_eq!(UrlPath::parse(too_long), Err(TooLong));
    }

    #[test]
    fn splits_at_the_first_question_mark() {
        let path = UrlPath::parse("/a/b?c?d").unwrap();
        assert_eq!((path.path(), path.query()), ("/a/b", Some("c?d")));
        let path = UrlPath::parse("/a/b").unwrap();
        assert_eq!((path.path(), path.query()), ("/a/b", None));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_keeps_a_dot_segment(target in "/[./%25eE2fF5cC;a?]{0,24}") {
            if let Ok(path) = UrlPath::parse(target.as_str()) {
                let mut plain = path.path().to_owned();
                for _ in 0..24 {
                    plain = plain.replace("%25", "%").replace("%2e", ".").replace("%2E", ".");
                    plain = plain.replace("%2f", "/").replace("%2F", "/").replace("%5c", "/").replace("%5C", "/");
                }
                prop_assert!(plain.split('/').all(|s| s != "." && s != ".."), "{}", path);
                prop_assert!(!plain.starts_with("//"), "{}", path);
            }
        }

        #[test]
        fn never_panics_on_any_text(target in any::<String>()) {
            let _ = UrlPath::parse(target);
        }
    }
}
