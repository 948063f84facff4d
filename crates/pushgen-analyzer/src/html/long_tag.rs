//! Finds a start tag with an absurd number of attributes.
//!
//! A parser compares every attribute of a tag with those before it (HTML §13.2.5.33), which is
//! quadratic. The parser asks here once per document, and only if a document holds a tag or comment
//! of several kilobytes. In: the text. Out: where such a tag starts. The scan follows the tokenizer's
//! states for tags, comments and raw text as far as counting attributes needs them.

/// How many attributes a tag may have. No real one comes near, and a megabyte of tags this long takes
/// a fraction of a second.
const MAX_ATTRIBUTES: usize = 2_000;

/// Elements whose content is text up to their own end tag.
const RAW_TEXT: [&str; 9] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript",
];

/// The offset of the first tag with too many attributes.
pub(super) fn find(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(open) = find_byte(bytes, at, b'<') {
        let rest = &bytes[open..];
        at = match rest.get(1) {
            Some(b'!') if rest.starts_with(b"<!--") => end_of(bytes, open + 4, b"-->"),
            Some(b'!' | b'?') => end_of(bytes, open, b">"),
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'/' => {
                let tag = Tag::read(bytes, open + 1);
                if tag.attributes > MAX_ATTRIBUTES {
                    return Some(open);
                }
                let name = bytes.get(open + 1..tag.name_end).unwrap_or_default();
                match RAW_TEXT
                    .iter()
                    .find(|raw| name.eq_ignore_ascii_case(raw.as_bytes()))
                {
                    Some(raw) => end_of_raw_text(bytes, tag.end, raw.as_bytes()),
                    None => tag.end,
                }
            }
            _ => open + 1,
        };
    }
    None
}

struct Tag {
    name_end: usize,
    end: usize,
    attributes: usize,
}

impl Tag {
    /// Reads a tag from behind its `<` to behind its `>`.
    fn read(bytes: &[u8], start: usize) -> Self {
        let separates = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
        let mut at = start;
        while at < bytes.len() && !separates(bytes[at]) && bytes[at] != b'>' {
            at += 1;
        }
        let name_end = at;
        let mut attributes = 0;
        while at < bytes.len() && bytes[at] != b'>' {
            if separates(bytes[at]) {
                at += 1;
                continue;
            }
            attributes += 1;
            // The name may begin with `=`.
            at += 1;
            while at < bytes.len() && !separates(bytes[at]) && !matches!(bytes[at], b'>' | b'=') {
                at += 1;
            }
            let mut equals = at;
            while equals < bytes.len() && bytes[equals].is_ascii_whitespace() {
                equals += 1;
            }
            if bytes.get(equals) == Some(&b'=') {
                at = Self::value_end(bytes, equals + 1);
            }
        }
        Self {
            name_end,
            end: (at + 1).min(bytes.len()),
            attributes,
        }
    }

    fn value_end(bytes: &[u8], mut at: usize) -> usize {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                find_byte(bytes, at + 1, *quote).map_or(bytes.len(), |end| end + 1)
            }
            _ => {
                while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'>' {
                    at += 1;
                }
                at
            }
        }
    }
}

fn find_byte(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    bytes
        .get(from..)?
        .iter()
        .position(|byte| *byte == wanted)
        .map(|at| from + at)
}

fn end_of(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(mark.len())
        .position(|w| w == mark)
        .map_or(bytes.len(), |at| from + at + mark.len())
}

fn end_of_raw_text(bytes: &[u8], from: usize, name: &[u8]) -> usize {
    let mut at = from;
    while let Some(open) = find_byte(bytes, at, b'<') {
        let rest = &bytes[open..];
        if rest.get(1) == Some(&b'/')
            && rest
                .get(2..2 + name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return open;
        }
        at = open + 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tag_with_too_many_attributes_is_found() {
        let many = |each: &str| each.repeat(MAX_ATTRIBUTES + 10);
        for (text, expected) in [
            (format!("<p><a {}>", many("b=1 ")), Some(3)),
            (format!("<p><a {}", many("b ")), Some(3)),
            (format!("<a {}>", many("b/")), Some(0)),
            (format!("<a {}>", many("b='x' ")), Some(0)),
            (format!("<a title='{}'>", many("b=1 ")), None),
            (format!("<a title = \"{}\">", many("b=1 ")), None),
            (format!("<!-- <a {} -->", many("b=1 ")), None),
            (format!("<script>i<n; {}</script>", many("b=1 ")), None),
            (format!("1 < 2 {}", many("b=1 ")), None),
            (
                format!("<SCRIPT>x<y {}</script><a {}>", many("b "), "c "),
                None,
            ),
            ("<a b=1".to_owned(), None),
            ("<".to_owned(), None),
        ] {
            assert_eq!(find(&text), expected, "{}", &text[..text.len().min(30)]);
        }
    }
}
