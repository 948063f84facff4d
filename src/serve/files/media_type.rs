//! The `Content-Type` of a file.
//!
//! In: a file's name and the start of its content. Out: the media type that the analyzer counts on
//! (`Site::media_type`, the table of `mime_guess`), with `charset=utf-8` where that is certain.
//!
//! A `charset` from a server outranks what a document says of itself (HTML, "determining the character encoding";
//! CSS Syntax 3, section 3.2), so a wrong one breaks pages that are in another encoding. It is worth having
//! nonetheless: a document without any declaration is read as windows-1252 by browsers, but as UTF-8 by the
//! analyzer and by whoever wrote it. So the parameter is sent if the content is well-formed UTF-8 and declares no
//! other encoding; a document that is not UTF-8, or that says so, is left to speak for itself. XML (SVG, XHTML)
//! and JSON never get it: they have rules of their own, and UTF-8 as the default.

use http::HeaderValue;

/// How much of a file is looked at.
pub(super) const SAMPLE: u64 = 1 << 20;

/// Where browsers look for a document's declaration (HTML, "prescan a byte stream").
const PRESCAN: usize = 1024;

/// The media type for a file's name, without parameters.
pub(super) fn essence(key: &[u8]) -> String {
    mime_guess::from_ext(&String::from_utf8_lossy(extension(key)))
        .first_or_octet_stream()
        .essence_str()
        .to_owned()
}

/// Whether the content has a say in the field.
pub(super) fn depends_on_content(essence: &str) -> bool {
    essence.starts_with("text/") && essence != "text/xml"
}

/// The field for a media type and the first [`SAMPLE`] bytes of the content.
pub(super) fn content_type(essence: &str, start: &[u8]) -> HeaderValue {
    let field = if depends_on_content(essence) && is_surely_utf8(essence, start) {
        format!("{essence}; charset=utf-8")
    } else {
        essence.to_owned()
    };
    HeaderValue::try_from(field).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn is_surely_utf8(essence: &str, start: &[u8]) -> bool {
    /// UTF-16 without a mark has NULs, ISO-2022-JP has ESC: both pass for UTF-8 otherwise.
    const FOREIGN: [u8; 2] = [0, 0x1b];
    let is_well_formed = match std::str::from_utf8(start) {
        Ok(_) => true,
        // The sample may end within a character.
        Err(error) => error.error_len().is_none() && start.len() as u64 >= SAMPLE,
    };
    is_well_formed
        && !start.iter().any(|byte| FOREIGN.contains(byte))
        && match essence {
            "text/html" => !declares_another(start.get(..PRESCAN).unwrap_or(start)),
            "text/css" => start
                .strip_prefix(b"@charset \"")
                .is_none_or(begins_with_utf8_label),
            _ => true,
        }
}

/// Whether `charset` is followed by anything but UTF-8. Not a parser: what a comment says counts too, and then
/// the browser decides.
fn declares_another(start: &[u8]) -> bool {
    const WORD: &[u8] = b"charset";
    start
        .windows(WORD.len())
        .enumerate()
        .filter(|(_, window)| window.eq_ignore_ascii_case(WORD))
        .any(|(at, _)| {
            let rest = start.get(at + WORD.len()..).unwrap_or_default();
            match rest.trim_ascii_start() {
                [b'=', value @ ..] => {
                    let value = value.trim_ascii_start();
                    let unquoted = match value {
                        [b'"' | b'\'', unquoted @ ..] => unquoted,
                        unquoted => unquoted,
                    };
                    !begins_with_utf8_label(unquoted)
                }
                // The word in a text.
                _ => false,
            }
        })
}

fn begins_with_utf8_label(text: &[u8]) -> bool {
    [b"utf-8".as_slice(), b"utf8"].iter().any(|label| {
        text.split_at_checked(label.len())
            .is_some_and(|(start, rest)| {
                start.eq_ignore_ascii_case(label)
                    && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
            })
    })
}

/// What follows the last dot of the file name; empty if there is none or it comes first.
pub(super) fn extension(key: &[u8]) -> &[u8] {
    let name = key.rsplit(|byte| *byte == b'/').next().unwrap_or(key);
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => name.get(dot + 1..).unwrap_or_default(),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_give_the_media_types_of_the_analyzer() {
        for (name, expected) in [
            ("index.html", "text/html"),
            ("a.HTM", "text/html"),
            ("a.xhtml", "application/xhtml+xml"),
            ("a/b.css", "text/css"),
            ("a.js", "text/javascript"),
            ("a.mjs", "application/javascript"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.woff2", "font/woff2"),
            ("a.wasm", "application/wasm"),
            ("a.avif", "image/avif"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.unknown", "application/octet-stream"),
            ("noextension", "application/octet-stream"),
            (".htaccess", "application/octet-stream"),
            ("a.b/c", "application/octet-stream"),
        ] {
            assert_eq!(essence(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn utf8_is_declared_where_it_is_certain() {
        let late = format!("{}<meta charset=koi8-r>", " ".repeat(PRESCAN));
        for (essence, content, expected) in [
            ("text/html", &b"<p>plain"[..], true),
            ("text/html", "<p>\u{e4}".as_bytes(), true),
            ("text/html", b"<meta charset=utf-8>", true),
            ("text/html", b"<META CHARSET = 'UTF8'>", true),
            (
                "text/html",
                b"<meta content='text/html; charset=UTF-8'>",
                true,
            ),
            ("text/html", b"<p>the charset of a page", true),
            ("text/html", late.as_bytes(), true),
            ("text/html", b"<meta charset=koi8-r>", false),
            (
                "text/html",
                b"<meta charset=\"windows-1252\"><p>ascii",
                false,
            ),
            ("text/html", b"<meta charset=utf-16>", false),
            ("text/html", b"<meta charset=>", false),
            ("text/html", b"<p>\xe4", false),
            ("text/html", b"<p>\xc3", false),
            ("text/html", b"\xff\xfe<\0p\0>\0", false),
            ("text/html", b"<\0?\0x\0", false),
            ("text/html", b"\x1b$B%F\x1b(B", false),
            ("text/css", b"a { color: red }", true),
            ("text/css", b"@charset \"utf-8\"; a {}", true),
            ("text/css", b"@charset \"koi8-r\"; a {}", false),
            ("text/css", b"a { content: '\xe4' }", false),
            ("text/javascript", "'\u{e4}'".as_bytes(), true),
            ("text/javascript", b"'\xe4'", false),
            ("text/plain", b"", true),
            ("text/xml", b"<a/>", false),
            ("image/svg+xml", b"<svg/>", false),
            ("application/json", b"{}", false),
        ] {
            let field = content_type(essence, content);
            let expected = match expected {
                true => format!("{essence}; charset=utf-8"),
                false => essence.to_owned(),
            };
            assert_eq!(field, expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn a_sample_may_end_within_a_character() {
        let mut sample = "\u{e4}".repeat(SAMPLE as usize / 2).into_bytes();
        sample.insert(0, b' ');
        sample.truncate(SAMPLE as usize);
        assert_eq!(
            content_type("text/plain", &sample),
            "text/plain; charset=utf-8"
        );
    }

    proptest! {
        #[test]
        fn any_content_is_looked_at_without_a_panic(
            content in "[a-z='\" ]{0,8}(charset|CHARSET)[= '\"utf8k-]{0,10}"
        ) {
            content_type("text/html", content.as_bytes());
        }
    }
}
