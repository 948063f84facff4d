//! Text of the site in HTML.
//!
//! In: file names, request targets, reasons and findings that quote them. Out: the same as text or as the value of a
//! quoted attribute (HTML, section 13.1.2.3 and 13.1.4), on one line, cut in its middle if it is long. Control
//! characters and those that turn the direction of what follows become U+FFFD, as on a terminal.

use std::fmt::{self, Write};

use crate::output::terminal::shown;

/// Foreign text, to be displayed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreign<'a> {
    text: &'a str,
    most: usize,
}

/// A name or a path.
pub(super) fn name(text: &str) -> Foreign<'_> {
    Foreign { text, most: 160 }
}

/// A name where there is little room.
pub(super) fn label(text: &str) -> Foreign<'_> {
    Foreign { text, most: 52 }
}

/// A sentence.
pub(super) fn prose(text: &str) -> Foreign<'_> {
    Foreign { text, most: 600 }
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match cut(self.text, self.most) {
            None => escape(self.text, f),
            Some((start, end)) => {
                escape(start, f)?;
                f.write_char('…')?;
                escape(end, f)
            }
        }
    }
}

/// The start and the end of a text that has more characters than this.
fn cut(text: &str, most: usize) -> Option<(&str, &str)> {
    // A character is at least a byte.
    if text.len() <= most || text.chars().nth(most).is_none() {
        return None;
    }
    let kept = most.saturating_sub(1);
    let (start, _) = text.char_indices().nth(kept - kept / 2)?;
    let (end, _) = text.char_indices().rev().nth((kept / 2).checked_sub(1)?)?;
    Some((text.get(..start)?, text.get(end..)?))
}

fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for c in shown(text).chars() {
        match c {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            '\'' => f.write_str("&#39;")?,
            _ => f.write_char(c)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_is_markup() {
        for (text, expected) in [
            ("/a b/ü.html", "/a b/ü.html"),
            (
                "<script>alert(1)</script>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
            ("&lt;", "&amp;lt;"),
            ("a\0b\nc\u{1b}[31m", "a\u{fffd}b\u{fffd}c\u{fffd}[31m"),
            ("a\u{202e}lmth", "a\u{fffd}lmth"),
        ] {
            assert_eq!(name(text).to_string(), expected);
        }
    }

    #[test]
    fn what_is_long_keeps_its_start_and_its_end() {
        let foreign = |text, most| Foreign { text, most }.to_string();
        for (text, most, expected) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abc…fg"),
            ("äöüßéèê", 6, "äöü…èê"),
            ("äöüßéè", 6, "äöüßéè"),
            ("<<<<<<<", 5, "&lt;&lt;…&lt;&lt;"),
        ] {
            assert_eq!(foreign(text, most), expected);
        }
    }
}
