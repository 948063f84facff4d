//! The tags of a text, without a tree.
//!
//! In: the text of a document. Out: its tags in their order, with their places. Follows the tokenizer's states (HTML
//! §13.2.5) for tags, comments and raw text. Left out: what the tree decides, such as CDATA sections and `plaintext`.

/// Elements whose content is text up to their own end tag.
const RAW_TEXT: [&str; 9] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript",
];

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    /// The place of its `<`.
    pub(super) start: usize,
    /// As it is written, with the `/` of an end tag.
    pub(super) name: &'t [u8],
    /// The place behind its `>`.
    pub(super) end: usize,
    pub(super) attributes: usize,
}

/// The tags of a text.
pub(super) struct Tags<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Tags<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
        }
    }
}

impl<'t> Iterator for Tags<'t> {
    type Item = Tag<'t>;

    fn next(&mut self) -> Option<Tag<'t>> {
        let bytes = self.bytes;
        while let Some(open) = find_byte(bytes, self.at, b'<') {
            let rest = &bytes[open..];
            match rest.get(1) {
                Some(b'!') if rest.starts_with(b"<!--") => {
                    self.at = end_of(bytes, open + 4, b"-->");
                }
                Some(b'!' | b'?') => self.at = end_of(bytes, open, b">"),
                Some(byte) if byte.is_ascii_alphabetic() || *byte == b'/' => {
                    let tag = Tag::read(bytes, open);
                    let is_raw = |raw: &&&str| tag.name.eq_ignore_ascii_case(raw.as_bytes());
                    self.at = match RAW_TEXT.iter().find(is_raw) {
                        Some(raw) => end_of_raw_text(bytes, tag.end, raw.as_bytes()),
                        None => tag.end,
                    };
                    return Some(tag);
                }
                _ => self.at = open + 1,
            }
        }
        None
    }
}

impl<'t> Tag<'t> {
    /// Reads the tag whose `<` is here.
    fn read(bytes: &'t [u8], start: usize) -> Self {
        let separates = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
        // The first is a letter, or the `/` of an end tag.
        let mut at = start + 2;
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
            start,
            name: bytes.get(start + 1..name_end).unwrap_or_default(),
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
