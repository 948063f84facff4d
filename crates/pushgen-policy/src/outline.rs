//! The outline of a JSON text: its objects, arrays and member names, without its values.
//!
//! In: a text (RFC 8259). Out: what a parser into structs cannot tell: names that occur twice, the
//! version before anything else is read, the JSON pointer of a byte offset, members that the format
//! does not know. One pass without recursion, no copies but of names with escapes, time linear but
//! for sorting the names of each object.
//!
//! Left out: syntax. On a text that is not JSON the outline ends early or is meaningless; the
//! parser has the say.

use std::borrow::Cow;

use crate::error::PolicyError;
use crate::path::UrlPath;
use crate::pointer::Pointer;
use crate::version::{self, MAX_DEPTH, MAX_MEMBERS};

/// Reads the outline of a text event by event.
struct Outline<'a> {
    text: &'a str,
    offset: usize,
    /// The arrays and objects that are open here, outermost first.
    frames: Vec<Frame<'a>>,
}

/// An open array or object, with the element or member that is being read.
enum Frame<'a> {
    Array {
        index: usize,
    },
    Object {
        key: Option<Cow<'a, str>>,
        members: usize,
    },
}

enum Event {
    /// An array or object begins.
    Open,
    /// The next element of the innermost array begins.
    Element,
    /// A member of the innermost object begins; its name has been read.
    Member,
    /// An array or object ends.
    Close,
}

impl<'a> Outline<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            frames: Vec::new(),
        }
    }

    /// Where the reader is.
    fn pointer(&self) -> Pointer {
        self.frames
            .iter()
            .fold(Pointer::root(), |pointer, frame| match frame {
                Frame::Array { index } => pointer.index(*index),
                Frame::Object { key: Some(key), .. } => pointer.key(key),
                Frame::Object { key: None, .. } => pointer,
            })
    }

    fn next_event(&mut self) -> Option<Event> {
        loop {
            let byte = *self.text.as_bytes().get(self.offset)?;
            self.offset += 1;
            match byte {
                b'{' => {
                    self.frames.push(Frame::Object {
                        key: None,
                        members: 0,
                    });
                    return Some(Event::Open);
                }
                b'[' => {
                    self.frames.push(Frame::Array { index: 0 });
                    return Some(Event::Open);
                }
                b'}' | b']' => {
                    self.frames.pop()?;
                    return Some(Event::Close);
                }
                b',' => match self.frames.last_mut()? {
                    Frame::Array { index } => {
                        *index += 1;
                        return Some(Event::Element);
                    }
                    Frame::Object { key, .. } => *key = None,
                },
                b'"' => {
                    let string = self.string()?;
                    if let Some(Frame::Object {
                        key: key @ None,
                        members,
                    }) = self.frames.last_mut()
                    {
                        *key = Some(unescaped(string));
                        *members += 1;
                        return Some(Event::Member);
                    }
                }
                _ => {}
            }
        }
    }

    /// The rest of a string whose opening quote has been read, with both quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.offset - 1;
        let rest = self.text.as_bytes().get(self.offset..)?;
        let mut bytes = rest.iter().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.offset += index + 1;
                    return self.text.get(start..self.offset);
                }
                b'\\' => {
                    bytes.next();
                }
                _ => {}
            }
        }
        self.offset = self.text.len();
        None
    }

    /// The text of the scalar after a member's name.
    fn scalar(&self) -> &'a str {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let value = rest
            .trim_start()
            .strip_prefix(':')
            .unwrap_or_default()
            .trim_start();
        let end = value
            .find([',', '}', ']', ' ', '\t', '\r', '\n'])
            .unwrap_or(value.len());
        value.get(..end).unwrap_or_default()
    }
}

/// A quoted name as text. One that is no valid string stays as it is; the parser refuses it or does
/// not look at it.
fn unescaped(quoted: &str) -> Cow<'_, str> {
    let raw = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if raw.contains('\\')
        && let Ok(text) = serde_json::from_str(quoted)
    {
        return Cow::Owned(text);
    }
    Cow::Borrowed(raw)
}

/// Refuses what a parser into structs lets pass (names that occur twice, wherever), what would take
/// too much of it (depth, members), and other versions.
pub(crate) fn check(text: &str) -> Result<(), PolicyError> {
    let mut outline = Outline::new(text);
    // The names of all open objects, and for each frame where its own names begin.
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    while let Some(event) = outline.next_event() {
        match event {
            Event::Open => {
                if outline.frames.len() > MAX_DEPTH {
                    outline.frames.pop();
                    return Err(PolicyError::TooDeep {
                        at: outline.pointer(),
                    });
                }
                starts.push(names.len());
            }
            Event::Element => {
                if matches!(outline.frames.last(), Some(Frame::Array { index }) if *index >= MAX_MEMBERS)
                {
                    outline.frames.pop();
                    return Err(PolicyError::TooMany {
                        at: outline.pointer(),
                    });
                }
            }
            Event::Member => {
                let Some(Frame::Object {
                    key: Some(key),
                    members,
                }) = outline.frames.last()
                else {
                    continue;
                };
                if *members > MAX_MEMBERS {
                    outline.frames.pop();
                    return Err(PolicyError::TooMany {
                        at: outline.pointer(),
                    });
                }
                if outline.frames.len() == 1 && key == "version" {
                    version::check_text(outline.scalar())?;
                }
                names.push(key.clone());
            }
            Event::Close => {
                let start = starts.pop().unwrap_or_default();
                let own = names.get_mut(start..).unwrap_or_default();
                own.sort_unstable();
                if let Some([name, _]) = own.array_windows().find(|[a, b]| a == b) {
                    return Err(PolicyError::DuplicateKey {
                        at: outline.pointer().key(name),
                    });
                }
                names.truncate(start);
            }
        }
    }
    Ok(())
}

/// The pointer of the value that the first `offset` bytes of `text` end in, or right after.
pub(crate) fn locate(text: &str, offset: usize) -> Pointer {
    let end = text.floor_char_boundary(offset);
    let mut outline = Outline::new(text.get(..end).unwrap_or_default());
    while outline.next_event().is_some() {}
    outline.pointer()
}

/// More unknown members are not listed: a document can have millions of them below one long name.
const MAX_UNKNOWN: usize = 10_000;

/// The pointers of the members that version 1 does not know, without those inside them.
pub(crate) fn unknown_fields(text: &str) -> Vec<String> {
    let mut outline = Outline::new(text);
    let mut unknown = Vec::new();
    while unknown.len() < MAX_UNKNOWN
        && let Some(event) = outline.next_event()
    {
        let (Event::Member, [outer @ .., Frame::Object { key: Some(key), .. }]) =
            (event, &*outline.frames)
        else {
            continue;
        };
        if known_fields(outer).is_some_and(|fields| !fields.contains(&&**key)) {
            unknown.push(outline.pointer().as_str().to_owned());
        }
    }
    unknown
}

/// The members of the object that stands at this place; `None` where the format has no object with
/// fixed members.
fn known_fields(outer: &[Frame<'_>]) -> Option<&'static [&'static str]> {
    // `None` stands for any element of an array.
    let step = |index: usize| match outer.get(index) {
        Some(Frame::Object { key: Some(key), .. }) => Some(&**key),
        _ => None,
    };
    match (outer.len(), step(0), step(1), step(2)) {
        (0, ..) => Some(&[
            "$schema",
            "version",
            "generator",
            "origin",
            "analysis",
            "assets",
            "plans",
            "pages",
        ]),
        (1, Some("analysis"), ..) => Some(&[
            "viewports",
            "color_scheme",
            "budget",
            "base_path",
            "clean_urls",
            "include",
            "exclude",
            "etags",
            "think_us",
        ]),
        (2, Some("assets"), None, _) => Some(&[
            "path",
            "type",
            "destination",
            "module",
            "crossorigin",
            "integrity",
            "sizes",
            "precompressed",
            "content",
            "etag",
            "fingerprints",
        ]),
        (3, Some("assets"), None, Some("fingerprints")) => Some(&["url", "url_etag"]),
        (2, Some("plans"), None, _) => Some(&["reason", "bytes", "entries"]),
        (4, Some("plans"), None, Some("entries")) => Some(&[
            "asset",
            "class",
            "depth",
            "means",
            "media",
            "imagesrcset",
            "imagesizes",
            "reason",
        ]),
        (2, Some("pages"), Some(page), _) if page.len() <= UrlPath::MAX_LEN => {
            Some(&["plan", "head"])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn duplicate(text: &str) -> Option<String> {
        match check(text) {
            Ok(()) => None,
            Err(PolicyError::DuplicateKey { at }) => Some(at.as_str().to_owned()),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn finds_names_that_occur_twice() {
        let cases = [
            (r#"{"a":1,"a":2}"#, Some("/a")),
            (r#"{"a":1,"b":{"a":1}}"#, None),
            (r#"[{"a":1},{"a":1}]"#, None),
            (r#"{"a":{"b":[0,{"c":1,"d":2,"c":{}}]}}"#, Some("/a/b/1/c")),
            (r#"{"a/b":1,"\u0061\/b":2}"#, Some("/a~1b")),
            (r#"{"":1,"":2}"#, Some("/")),
            (r#"{"a":"a","b":"a"}"#, None),
            (r#"{"a":"\",\"a\":","b":"\\"}"#, None),
            ("\u{feff}{}", None),
            ("", None),
        ];
        for (text, pointer) in cases {
            assert_eq!(duplicate(text).as_deref(), pointer, "{text}");
        }
    }

    #[test]
    fn locates_offsets() {
        let text = r#"{"a": [1, {"b/c": true}], "d": {}, "e": "xé"}"#;
        let cases = [
            ("{", ""),
            (r#"{"a": [1"#, "/a/0"),
            (r#"{"a": [1, {"b/c": true"#, "/a/1/b~1c"),
            (r#"{"a": [1, {"b/c": true}"#, "/a/1"),
            (r#"{"a": [1, {"b/c": true}]"#, "/a"),
            (r#"{"a": [1, {"b/c": true}], "d": "#, "/d"),
            (r#"{"a": [1, {"b/c": true}], "d": {}, "e": "xé""#, "/e"),
        ];
        for (start, pointer) in cases {
            assert!(text.starts_with(start));
            assert_eq!(locate(text, start.len()).as_str(), pointer, "{start}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\",:\\\\a1 é]{0,40}", offset in 0..50usize) {
            let _ = check(&text);
            let _ = locate(&text, offset);
            let _ = unknown_fields(&text);
        }
    }
}
