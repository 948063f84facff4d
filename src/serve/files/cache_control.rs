//! How long a file may be kept (RFC 9111, section 5.2; `immutable`: RFC 8246).
//!
//! In: the name of a file and its media type. Out: one of three classes and the `Cache-Control` field that belongs
//! to it. Documents are asked for anew each time, and answered with 304; a file whose name carries a hash of its
//! content is kept for a year; everything else is kept for ten minutes. That last class must not be `no-cache`:
//! browsers take a pushed or hinted response without freshness, and then fetch it a second time.

use http::HeaderValue;

use super::hashed_name::has_content_hash;

/// How a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Under the same name at any time, and it decides what else is loaded.
    Document,
    /// Never: a changed content has another name.
    Immutable,
    /// Under the same name, now and then.
    Asset,
}

impl Lifetime {
    /// The class of a file. `key` is its path below the root, `essence` its media type without parameters.
    pub(super) fn of(key: &[u8], essence: &str) -> Self {
        if matches!(essence, "text/html" | "application/xhtml+xml") {
            return Self::Document;
        }
        match std::str::from_utf8(key) {
            Ok(path) if has_content_hash(path) => Self::Immutable,
            _ => Self::Asset,
        }
    }

    /// The field.
    pub(super) fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Document => "no-cache",
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Asset => "public, max-age=600",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_as_long_as_their_names_allow() {
        for (key, essence, expected) in [
            ("index.html", "text/html", "no-cache"),
            ("page.3f2a1c9d.html", "text/html", "no-cache"),
            ("_next/static/x.html", "text/html", "no-cache"),
            ("a.xhtml", "application/xhtml+xml", "no-cache"),
            (
                "main.3f2a1c9d.css",
                "text/css",
                "public, max-age=31536000, immutable",
            ),
            ("main.css", "text/css", "public, max-age=600"),
            ("feed.xml", "text/xml", "public, max-age=600"),
        ] {
            let field = Lifetime::of(key.as_bytes(), essence).cache_control();
            assert_eq!(field, expected, "{key}");
        }
        assert_eq!(
            Lifetime::of(b"\xff.3f2a1c9d.css", "text/css"),
            Lifetime::Asset
        );
    }
}
