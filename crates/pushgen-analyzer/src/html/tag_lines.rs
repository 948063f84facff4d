//! The line that a start tag begins on.
//!
//! The tokenizer tells the line that a tag *ends* on. A tag that spans lines begins on the nearest line
//! before it that holds `<name`. In: the document's text and the names that will be asked for. Out: a
//! line for each name and end. One pass over the text; comments and raw text are not told from tags.

use std::collections::{HashMap, HashSet};

use html5ever::LocalName;

/// The lines that hold `<name`, in ascending order, for each name that is asked for.
pub(super) struct TagLines(HashMap<String, Vec<u32>>);

impl TagLines {
    /// A start tag longer than this many lines is reported at its end.
    const LONGEST_TAG: u32 = 1000;

    /// Reads the text up to line `last`, the furthest that will be asked about.
    pub(super) fn new(text: &str, names: &HashSet<LocalName>, last: u32) -> Self {
        let mut lines: HashMap<String, Vec<u32>> = names
            .iter()
            .map(|name| ((**name).to_ascii_lowercase(), Vec::new()))
            .collect();
        let longest = lines.keys().map(String::len).max();
        let longest = longest.map_or(0, |length| length.max("image".len()));
        // Most tags of a page refer to nothing: their first letter tells, before anything is looked up.
        let initial = |name: &str| name.bytes().next().map_or(0, letter);
        let initials = lines.keys().fold(0, |set, name| set | initial(name));
        let has_cr = text.contains('\r');
        let mut line = 1u32;
        let mut counted = 0;
        let mut lower = String::new();
        for (at, _) in text.match_indices('<') {
            let rest = text.get(at + 1..).unwrap_or_default();
            if initial(rest) & initials == 0 {
                continue;
            }
            let breaks = line_breaks(&text.as_bytes()[counted..at], has_cr);
            line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
            counted = at;
            if line > last {
                break;
            }
            let length = rest
                .bytes()
                .take(longest + 1)
                .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
                .unwrap_or(longest + 1);
            lower.clear();
            lower.push_str(rest.get(..length).unwrap_or_default());
            lower.make_ascii_lowercase();
            // The parser makes an `img` of it.
            let name = if lower == "image" && !lines.contains_key("image") {
                "img"
            } else {
                lower.as_str()
            };
            if let Some(found) = lines.get_mut(name)
                && found.last() != Some(&line)
            {
                found.push(line);
            }
        }
        Self(lines)
    }

    /// The line that the tag of this name begins on which ends on line `end`.
    pub(super) fn start_of(&self, name: &str, end: u32) -> u32 {
        let name = name.to_ascii_lowercase();
        let lines = self.0.get(&name).map_or(&[][..], Vec::as_slice);
        let before = lines.partition_point(|line| *line <= end);
        before
            .checked_sub(1)
            .and_then(|last| lines.get(last))
            .copied()
            .filter(|line| end - line < Self::LONGEST_TAG)
            .unwrap_or(end)
    }
}

/// A set of one letter, upper and lower case alike; empty for anything else.
fn letter(byte: u8) -> u32 {
    if byte.is_ascii_alphabetic() {
        1 << (byte.to_ascii_lowercase() - b'a')
    } else {
        0
    }
}

/// The line breaks in a piece of text that does not end within a CR LF. The tokenizer takes CR LF and CR
/// for LF.
fn line_breaks(piece: &[u8], has_cr: bool) -> usize {
    let feeds = piece.iter().filter(|byte| **byte == b'\n').count();
    if !has_cr {
        return feeds;
    }
    let pairs = piece.windows(2).filter(|pair| pair == b"\r\n").count();
    let returns = piece.iter().filter(|byte| **byte == b'\r').count();
    feeds + returns - pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_begins_on_the_nearest_line_that_holds_its_name() {
        let text = "<a>\n<IMG\nsrc=a><a\r\nhref>\r<image\rsrc=b\n>";
        let names = ["a", "img", "b"].map(LocalName::from).into();
        let lines = TagLines::new(text, &names, u32::MAX);
        for (name, end, expected) in [
            ("a", 1, 1),
            ("img", 3, 2),
            ("a", 4, 3),
            ("img", 7, 5),
            ("b", 7, 7),
            ("p", 2, 2),
        ] {
            assert_eq!(lines.start_of(name, end), expected, "{name} {end}");
        }
    }
}
