//! Foreign text on a terminal.
//!
//! In: file names, targets of links, messages that quote them, lines of files. Out: the same on one line, with
//! every character replaced that a terminal obeys instead of showing it. JSON needs none of this: it escapes.

use std::borrow::Cow;

/// What stands for a character that is not shown.
const REPLACEMENT: char = '\u{fffd}';

/// The text without control characters, which could set colours, move the cursor or forge a line, and without
/// those that turn the direction of what follows.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.contains(is_obeyed) {
        Cow::Owned(text.replace(is_obeyed, REPLACEMENT.encode_utf8(&mut [0; 4])))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        // Unicode Standard Annex #9, "Explicit Directional Embeddings", "Overrides" and "Isolates".
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced_and_all_else_stays() {
        for (text, expected) in [
            ("a/b c.html", "a/b c.html"),
            ("bücher-北.html", "bücher-北.html"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("a\nerror: b", "a\u{fffd}error: b"),
            ("a\r\tb\u{7f}", "a\u{fffd}\u{fffd}b\u{fffd}"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\u{202e}lmth", "a\u{fffd}lmth"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
