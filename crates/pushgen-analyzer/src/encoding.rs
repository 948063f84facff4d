//! From the bytes of a file to its text, by the encoding a browser would take.
//!
//! In: the bytes of a document, style sheet or script, without a `charset` from a server, which a file does not have.
//! Out: [`Decoded`]. Byte order mark first, then what the file declares:
//!
//! - documents: HTML section 13.2.3 (prescan a byte stream to determine its encoding), then UTF-8, which the server is
//!   to declare and which nearly every built site is;
//! - style sheets: CSS Syntax 3 section 3.2 (`@charset`, then the referrer's encoding);
//! - module scripts: UTF-8, whatever is declared.
//!
//! Left out: guessing from content and locale. Valid UTF-8 is not copied.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// A file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Without byte order mark.
    pub(crate) text: String,
    pub(crate) encoding: &'static Encoding,
    /// Whether bytes that the encoding does not have were replaced by U+FFFD.
    pub(crate) malformed: bool,
}

/// Decodes an HTML document.
pub(crate) fn decode_html(bytes: Vec<u8>) -> Decoded {
    let start = bytes.get(..PRESCAN_BYTES).unwrap_or(&bytes);
    let declared = declared_in_html(start).unwrap_or(UTF_8);
    decode(bytes, declared)
}

/// Decodes a style sheet. `environment` is the encoding of the document or style sheet that refers to it.
pub(crate) fn decode_css(bytes: Vec<u8>, environment: &'static Encoding) -> Decoded {
    let declared = declared_in_css(&bytes).unwrap_or(environment);
    decode(bytes, declared)
}

/// Decodes a module script, and whatever else is UTF-8 by definition.
pub(crate) fn decode_utf8(mut bytes: Vec<u8>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes)
        && encoding == UTF_8
    {
        bytes.drain(..mark);
    }
    decode_without_mark(bytes, UTF_8)
}

/// Whether this is no text in any encoding known here: an image or archive with the wrong name.
///
/// The first KiB decides. UTF-16 by its byte order mark (or the XML declaration that stands for one) is text. Otherwise
/// one NUL is enough, or more than one in 16 of the bytes that MIME Sniffing section 3.1 calls binary data
/// bytes: control characters other than tab, line feed, form feed, carriage return and escape. Scripts hold single
/// ones in their strings.
pub(crate) fn looks_binary(bytes: &[u8]) -> bool {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let is_utf_16 = marked.is_some_and(|it| it != UTF_8) || declared_utf_16(bytes).is_some();
    let start = bytes.get(..PRESCAN_BYTES).unwrap_or(bytes);
    let is_binary = |byte: &&u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let too_many = start.iter().filter(is_binary).count() > start.len() / 16;
    !is_utf_16 && (start.contains(&0) || too_many)
}

/// Encoding section 6, decode: a byte order mark beats what is declared.
fn decode(mut bytes: Vec<u8>, declared: &'static Encoding) -> Decoded {
    let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or((declared, 0));
    bytes.drain(..mark);
    decode_without_mark(bytes, encoding)
}

fn decode_without_mark(bytes: Vec<u8>, encoding: &'static Encoding) -> Decoded {
    let (text, malformed) = if encoding == UTF_8 {
        match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        }
    } else {
        let (text, malformed) = encoding.decode_without_bom_handling(&bytes);
        (text.into_owned(), malformed)
    };
    Decoded {
        text,
        encoding,
        malformed,
    }
}

/// CSS Syntax 3 section 3.2: exactly `@charset "…";` at the very start.
fn declared_in_css(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..PRESCAN_BYTES).unwrap_or(bytes);
    let rest = start.strip_prefix(b"@charset \"")?;
    let end = rest.iter().position(|&b| b == b'"')?;
    let (label, rest) = rest.split_at(end);
    rest.starts_with(b"\";").then_some(())?;
    Encoding::for_label(label).map(ascii_compatible)
}

/// A declaration that can be read as ASCII does not stand in UTF-16.
fn ascii_compatible(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else {
        encoding
    }
}

fn declared_in_html(bytes: &[u8]) -> Option<&'static Encoding> {
    if let Some(encoding) = declared_utf_16(bytes) {
        return Some(encoding);
    }
    Prescan { bytes, at: 0 }
        .declared()
        .or_else(|| declared_in_xml(bytes))
}

/// `<?x` in UTF-16.
fn declared_utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.starts_with(b"<\0?\0x\0") {
        Some(UTF_16LE)
    } else if bytes.starts_with(b"\0<\0?\0x") {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// HTML section 13.2.3.2, get an XML encoding.
fn declared_in_xml(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..declaration.iter().position(|&b| b == b'>')?)?;
    let name = b"encoding";
    let at = declaration.windows(name.len()).position(|it| it == name)?;
    let rest = skip_while(declaration.get(at + name.len()..)?, |b| b <= b' ');
    let rest = skip_while(rest.strip_prefix(b"=")?, |b| b <= b' ');
    let (&quote, rest) = rest.split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let label = rest.get(..rest.iter().position(|&b| b == quote)?)?;
    // The standard wants the label bare, where other labels may have white space around them.
    if label.iter().any(|&b| b <= b' ') {
        return None;
    }
    Encoding::for_label(label).map(ascii_compatible)
}

/// HTML section 13.2.3.2, prescan a byte stream to determine its encoding. The end of the bytes ends it anywhere.
struct Prescan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Prescan<'_> {
    fn declared(&mut self) -> Option<&'static Encoding> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            if rest.starts_with(b"<!--") {
                // The two hyphens may be those that opened the comment.
                let end = rest.get(2..)?.windows(3).position(|it| it == b"-->")?;
                self.at += end + 5;
            } else if is_meta(rest) {
                self.at += 5;
                if let Some(encoding) = self.meta()? {
                    return Some(encoding);
                }
                self.at += 1;
            } else if is_tag(rest) {
                self.skip_until(|b| is_white_space(b) || b == b'>')?;
                while self.attribute()?.is_some() {}
                self.at += 1;
            } else if [&b"<!"[..], b"</", b"<?"]
                .iter()
                .any(|it| rest.starts_with(it))
            {
                self.skip_until(|b| b == b'>')?;
                self.at += 1;
            } else {
                self.at += 1;
            }
        }
    }

    /// The attributes of a `meta` element; `Some(None)` if they declare nothing.
    fn meta(&mut self) -> Option<Option<&'static Encoding>> {
        // Of equal attributes, the first counts.
        let is_first = |seen: &mut bool| !std::mem::replace(seen, true);
        let (mut seen_pragma, mut seen_content, mut seen_charset) = (false, false, false);
        let mut got_pragma = false;
        let mut need_pragma = None;
        let mut charset = None;
        while let Some((name, value)) = self.attribute()? {
            match name.as_slice() {
                b"http-equiv" if is_first(&mut seen_pragma) => {
                    got_pragma |= value == b"content-type"
                }
                b"content" if is_first(&mut seen_content) => {
                    if charset.is_none()
                        && let Some(encoding) = charset_in_content(&value)
                    {
                        charset = Some(Some(encoding));
                        need_pragma = Some(true);
                    }
                }
                b"charset" if is_first(&mut seen_charset) => {
                    charset = Some(Encoding::for_label(&value));
                    need_pragma = Some(false);
                }
                _ => {}
            }
        }
        let counts = need_pragma.is_some_and(|needed| got_pragma || !needed);
        let encoding = charset.flatten().filter(|_| counts);
        Some(encoding.map(|it| {
            if it == X_USER_DEFINED {
                WINDOWS_1252
            } else {
                ascii_compatible(it)
            }
        }))
    }

    /// Get an attribute: name and value in lower case, or `Some(None)` at the end of the tag.
    fn attribute(&mut self) -> Option<Option<(Vec<u8>, Vec<u8>)>> {
        self.skip_until(|b| !is_white_space(b) && b != b'/')?;
        if self.byte()? == b'>' {
            return Some(None);
        }
        let mut name = Vec::new();
        loop {
            match self.byte()? {
                b'=' if !name.is_empty() => break,
                b'/' | b'>' => return Some(Some((name, Vec::new()))),
                b if is_white_space(b) => {
                    self.skip_until(|b| !is_white_space(b))?;
                    if self.byte()? == b'=' {
                        break;
                    }
                    return Some(Some((name, Vec::new())));
                }
                b => name.push(b.to_ascii_lowercase()),
            }
            self.at += 1;
        }
        self.at += 1;
        self.skip_until(|b| !is_white_space(b))?;
        let start = self.at;
        let value = match self.byte()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                self.skip_until(|b| b == quote)?;
                self.at += 1;
                self.bytes.get(start + 1..self.at - 1)?
            }
            _ => {
                self.skip_until(|b| is_white_space(b) || b == b'>')?;
                self.bytes.get(start..self.at)?
            }
        };
        Some(Some((name, value.to_ascii_lowercase())))
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_until(&mut self, stop: impl Fn(u8) -> bool) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        self.at += rest.iter().position(|&b| stop(b))?;
        Some(())
    }
}

fn is_meta(bytes: &[u8]) -> bool {
    let name = bytes.get(..5).unwrap_or_default();
    let after = bytes.get(5).copied();
    name.eq_ignore_ascii_case(b"<meta") && after.is_some_and(|b| is_white_space(b) || b == b'/')
}

fn is_tag(bytes: &[u8]) -> bool {
    let name = bytes.strip_prefix(b"<").unwrap_or_default();
    let name = name.strip_prefix(b"/").unwrap_or(name);
    name.first().is_some_and(u8::is_ascii_alphabetic)
}

/// HTML section 2.5.4, extract a character encoding from a meta element. The text is in lower case.
fn charset_in_content(text: &[u8]) -> Option<&'static Encoding> {
    let name = b"charset";
    let mut rest = text;
    let value = loop {
        let at = rest.windows(name.len()).position(|it| it == name)?;
        rest = skip_while(rest.get(at + name.len()..)?, is_white_space);
        if let Some(value) = rest.strip_prefix(b"=") {
            break skip_while(value, is_white_space);
        }
    };
    let label = match value.split_first()? {
        (quote @ (b'"' | b'\''), value) => value.get(..value.iter().position(|b| b == quote)?)?,
        _ => value
            .split(|&b| is_white_space(b) || b == b';')
            .next()
            .unwrap_or_default(),
    };
    Encoding::for_label(label)
}

fn skip_while(bytes: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    let start = bytes.iter().position(|&b| !skipped(b));
    start.and_then(|it| bytes.get(it..)).unwrap_or_default()
}

/// ASCII whitespace, Infra section 4.6.
fn is_white_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// How far a declaration counts, in documents and style sheets.
const PRESCAN_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(decoded: &Decoded) -> &'static str {
        decoded.encoding.name()
    }

    #[test]
    fn documents_declare_their_encoding() {
        for (start, expected) in [
            ("", "UTF-8"),
            ("<p>charset=koi8-r", "UTF-8"),
            ("<meta charset=koi8-r>", "KOI8-R"),
            ("<META CHARSET = ' KOI8-R ' />", "KOI8-R"),
            ("<meta/charset=\"koi8-r\">", "KOI8-R"),
            ("<meta\ncharset\n=\n\"koi8-r\"\n>", "KOI8-R"),
            ("<meta name=a charset=koi8-r/>", "UTF-8"),
            ("<meta charset=koi8-r /><meta charset=big5>", "KOI8-R"),
            ("<meta charset=latin1>", "windows-1252"),
            ("<meta charset=utf-16>", "UTF-8"),
            ("<meta charset=utf-16be>", "UTF-8"),
            ("<meta charset=x-user-defined>", "windows-1252"),
            ("<meta charset=unknown><meta charset=big5>", "Big5"),
            ("<meta charset><meta charset=><meta charset=big5>", "Big5"),
            ("<meta charset=koi8-r charset=big5>", "KOI8-R"),
            ("<metacharset=koi8-r>", "UTF-8"),
            ("<metadata charset=koi8-r>", "UTF-8"),
            ("<meta charset=koi8-r", "UTF-8"),
            ("<meta charset=\"koi8-r>", "UTF-8"),
            (
                "<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>",
                "KOI8-R",
            ),
            (
                "<meta content='text/html; charset=koi8-r' http-equiv=content-type>",
                "KOI8-R",
            ),
            ("<meta content='text/html; charset=koi8-r'>", "UTF-8"),
            (
                "<meta http-equiv=refresh content='charset=koi8-r'>",
                "UTF-8",
            ),
            ("<meta http-equiv=content-type charset=koi8-r>", "KOI8-R"),
            (
                "<meta http-equiv=content-type content='charset=big5' charset=koi8-r>",
                "KOI8-R",
            ),
            ("<meta charset=koi8-r content='charset=big5'>", "KOI8-R"),
            (
                "<meta charset=unknown http-equiv=content-type content='charset=big5'>",
                "UTF-8",
            ),
            (
                "<meta http-equiv=content-type content='charset \t= \"koi8-r\" x'>",
                "KOI8-R",
            ),
            (
                "<meta http-equiv=content-type content='charset charset=koi8-r;x'>",
                "KOI8-R",
            ),
            (
                "<meta http-equiv=content-type content='xcharset=koi8-r'>",
                "KOI8-R",
            ),
            (
                "<meta http-equiv=content-type content='charset=\"koi8-r'>",
                "UTF-8",
            ),
            ("<meta http-equiv=content-type content='charset='>", "UTF-8"),
            ("<!-- <meta charset=koi8-r> -->", "UTF-8"),
            ("<!--><meta charset=koi8-r>-->", "KOI8-R"),
            ("<!-- > --><meta charset=koi8-r>", "KOI8-R"),
            ("<!-- <meta charset=koi8-r>", "UTF-8"),
            ("<!doctype a <b><meta charset=koi8-r>", "KOI8-R"),
            ("<?x <?></ ><meta charset=koi8-r>", "KOI8-R"),
            ("<a b='<meta charset=koi8-r>'>", "UTF-8"),
            ("<a b=<meta charset=koi8-r>", "UTF-8"),
            ("</a b='><meta charset=koi8-r>", "UTF-8"),
            ("<script>a<b; '<meta charset=koi8-r>'", "UTF-8"),
            ("<script>'<meta charset=koi8-r>'", "KOI8-R"),
            ("< a='<meta charset=koi8-r>'", "KOI8-R"),
            ("<?xml version='1.0' encoding='koi8-r'?><p>", "KOI8-R"),
            ("<?xml encoding\n=\n\"utf-16\"?>", "UTF-8"),
            ("<?xml encoding=' koi8-r'?>", "UTF-8"),
            ("<?xml encoding='koi8-r'?><meta charset=big5>", "Big5"),
            (" <?xml encoding='koi8-r'?>", "UTF-8"),
        ] {
            let decoded = decode_html(start.as_bytes().to_vec());
            assert_eq!(name(&decoded), expected, "{start}");
            assert_eq!(decoded.text, start);
            assert!(!decoded.malformed);
        }
    }

    #[test]
    fn a_declaration_counts_within_the_first_kib() {
        let meta = "<meta charset=koi8-r>";
        for (spaces, expected) in [(1024 - meta.len(), "KOI8-R"), (1025 - meta.len(), "UTF-8")] {
            let text = " ".repeat(spaces) + meta;
            assert_eq!(name(&decode_html(text.into_bytes())), expected);
        }
    }

    #[test]
    fn style_sheets_declare_their_encoding_exactly() {
        for (start, expected) in [
            ("", "windows-1251"),
            ("a {}", "windows-1251"),
            ("@charset \"koi8-r\";", "KOI8-R"),
            ("@charset \" KOI8-R \";a {}", "KOI8-R"),
            ("@charset \"utf-16\";", "UTF-8"),
            ("@charset \"utf-8\";", "UTF-8"),
            ("@charset \"x-user-defined\";", "x-user-defined"),
            ("@charset \"unknown\";", "windows-1251"),
            ("@charset 'koi8-r';", "windows-1251"),
            ("@charset  \"koi8-r\";", "windows-1251"),
            ("@CHARSET \"koi8-r\";", "windows-1251"),
            ("@charset \"koi8-r\" ;", "windows-1251"),
            (" @charset \"koi8-r\";", "windows-1251"),
            ("@charset \"koi8-r", "windows-1251"),
        ] {
            let decoded = decode_css(start.as_bytes().to_vec(), encoding_rs::WINDOWS_1251);
            assert_eq!(name(&decoded), expected, "{start}");
            assert_eq!(decoded.text, start);
        }
    }

    #[test]
    fn bytes_become_text() {
        // (bytes, as document, as style sheet in a KOI8-R document, as module script)
        let koi8 = "KOI8-R";
        for (bytes, html, css, module) in [
            (&b"a"[..], ("a", "UTF-8"), ("a", koi8), "a"),
            (b"\xef\xbb\xbfa", ("a", "UTF-8"), ("a", "UTF-8"), "a"),
            (b"\xef\xbb\xbf", ("", "UTF-8"), ("", "UTF-8"), ""),
            (
                b"\xef\xbb\xbf\xef\xbb\xbfa",
                ("\u{feff}a", "UTF-8"),
                ("\u{feff}a", "UTF-8"),
                "\u{feff}a",
            ),
            ("é".as_bytes(), ("é", "UTF-8"), ("ц╘", koi8), "é"),
            (
                b"\xff\xfea\0",
                ("a", "UTF-16LE"),
                ("a", "UTF-16LE"),
                "\u{fffd}\u{fffd}a\0",
            ),
            (
                b"\xfe\xff\0a",
                ("a", "UTF-16BE"),
                ("a", "UTF-16BE"),
                "\u{fffd}\u{fffd}\0a",
            ),
            (
                b"\xef\xbb\xbf<meta charset=big5>",
                ("<meta charset=big5>", "UTF-8"),
                ("<meta charset=big5>", "UTF-8"),
                "<meta charset=big5>",
            ),
            (
                b"\xef\xbb\xbf@charset \"big5\";",
                ("@charset \"big5\";", "UTF-8"),
                ("@charset \"big5\";", "UTF-8"),
                "@charset \"big5\";",
            ),
            (
                b"<meta charset=koi8-r>\xc1",
                ("<meta charset=koi8-r>а", koi8),
                ("<meta charset=koi8-r>а", koi8),
                "<meta charset=koi8-r>\u{fffd}",
            ),
            (
                b"<\0?\0x\0",
                ("<?x", "UTF-16LE"),
                ("<\0?\0x\0", koi8),
                "<\0?\0x\0",
            ),
            (
                b"\0<\0?\0x",
                ("<?x", "UTF-16BE"),
                ("\0<\0?\0x", koi8),
                "\0<\0?\0x",
            ),
        ] {
            let decoded = decode_html(bytes.to_vec());
            assert_eq!((&*decoded.text, name(&decoded)), html, "{bytes:?}");
            let decoded = decode_css(bytes.to_vec(), encoding_rs::KOI8_R);
            assert_eq!((&*decoded.text, name(&decoded)), css, "{bytes:?}");
            let decoded = decode_utf8(bytes.to_vec());
            assert_eq!(
                (&*decoded.text, name(&decoded)),
                (module, "UTF-8"),
                "{bytes:?}"
            );
            assert_eq!(decoded.malformed, module.contains('\u{fffd}'));
        }
    }

    #[test]
    fn says_when_bytes_were_replaced() {
        for (bytes, expected, malformed) in [
            (&b"a\xffb"[..], "a\u{fffd}b", true),
            (b"\xf0\x9f\x98", "\u{fffd}", true),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}", true),
            (b"\xff\xfea\0b", "a\u{fffd}", true),
            (b"\xff\xfe\0\xd8", "\u{fffd}", true),
            ("\u{fffd}".as_bytes(), "\u{fffd}", false),
            (
                b"<meta charset=big5>\xff",
                "<meta charset=big5>\u{fffd}",
                true,
            ),
            (
                b"<meta charset=latin1>\xff",
                "<meta charset=latin1>ÿ",
                false,
            ),
            (b"<meta charset=iso-2022-kr>", "\u{fffd}", true),
        ] {
            let decoded = decode_html(bytes.to_vec());
            assert_eq!(decoded.text, expected, "{bytes:?}");
            assert_eq!(decoded.malformed, malformed, "{bytes:?}");
        }
    }

    #[test]
    fn valid_utf_8_is_not_copied() {
        let bytes = "é".repeat(1000).into_bytes();
        let place = bytes.as_ptr();
        assert_eq!(decode_html(bytes).text.as_ptr(), place);
    }

    #[test]
    fn tells_binary_from_text() {
        let controls = |count: usize| [vec![1; count], vec![b'a'; 1024 - count]].concat();
        for (bytes, expected) in [
            (Vec::new(), false),
            (b"<!doctype html>".to_vec(), false),
            (b"\x1b[0m\t\r\n\x0c".to_vec(), false),
            ("\u{feff}é\u{80}\u{1f600}".into(), false),
            (b"\xc0\xc1\xc2\xff".to_vec(), false),
            (b"\xff\xfea\0".to_vec(), false),
            (b"\xfe\xff\0a".to_vec(), false),
            (b"<\0?\0x\0m\0".to_vec(), false),
            (b"\xef\xbb\xbfa\0".to_vec(), true),
            (b"a\0".to_vec(), true),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), true),
            (b"\x1f\x8b\x08\x08abc".to_vec(), true),
            (b"wOF2\0\x01\0\0".to_vec(), true),
            (b"\x01".to_vec(), true),
            (controls(64), false),
            (controls(65), true),
            ([vec![b'a'; 1024], vec![0]].concat(), false),
        ] {
            assert_eq!(looks_binary(&bytes), expected, "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_any_bytes(
            start in "(<meta |charset|content|http-equiv|['\"<>/=; ]|<!--|-->|koi8-r|<\\?xml |encoding|@charset \"){0,20}",
            rest in proptest::collection::vec(proptest::num::u8::ANY, 0..8),
        ) {
            let bytes = [start.as_bytes(), &rest].concat();
            let sheet = decode_css(bytes.clone(), UTF_16LE);
            for decoded in [decode_html(bytes.clone()), sheet, decode_utf8(bytes.clone())] {
                let replaced = decoded.text.contains('\u{fffd}');
                proptest::prop_assert!(!decoded.malformed || replaced);
            }
            looks_binary(&bytes);
        }
    }
}
