//! How much text there is.
//!
//! In: the text of an element. Out: what its lines are estimated from, in characters; an ideograph counts twice.

/// The text that stands in an element itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Text {
    /// White space collapsed.
    pub(crate) characters: u32,
    /// Lines, as it is written.
    pub(crate) lines: u32,
    /// Characters of the longest of them.
    pub(crate) longest: u32,
    /// Characters of the longest word.
    pub(crate) word: u32,
}

impl Text {
    /// Measures a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut was_space = true;
        let (mut line, mut word) = (0u32, 0u32);
        let (mut lines, mut longest) = (1u32, 0u32);
        for c in text.chars() {
            let is_space = c.is_ascii_whitespace();
            // Ideographs take a whole em.
            let units = if ('\u{2e80}'..='\u{ffef}').contains(&c) {
                2
            } else {
                1
            };
            if !is_space || !was_space {
                found.characters = found.characters.saturating_add(units);
            }
            was_space = is_space;
            // Ideographs are words by themselves.
            word = if is_space || units > 1 {
                0
            } else {
                word.saturating_add(1)
            };
            found.word = found.word.max(word);
            if c == '\n' {
                lines = lines.saturating_add(1);
                line = 0;
            } else {
                line = line.saturating_add(units);
                longest = longest.max(line);
            }
        }
        if was_space {
            found.characters = found.characters.saturating_sub(1);
        }
        if found.characters > 0 {
            let last_is_empty = text.ends_with('\n');
            found.lines = lines - u32::from(last_is_empty);
            found.longest = longest;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_in_characters() {
        let text = |characters, lines, longest, word| Text {
            characters,
            lines,
            longest,
            word,
        };
        for (input, expected) in [
            ("", Text::default()),
            (" \n\t ", Text::default()),
            ("one  two", text(7, 1, 8, 3)),
            ("a\nlonger\n", text(8, 2, 6, 6)),
            ("\u{4e2d}\u{6587}", text(4, 1, 4, 0)),
        ] {
            assert_eq!(Text::of(input), expected, "{input:?}");
        }
    }
}
