//! The characters of a text, as far as fonts are chosen by them.

use std::collections::BTreeSet;

use super::value::TextTransform;

/// A set of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Characters {
    ascii: u128,
    others: BTreeSet<char>,
}

impl Characters {
    /// Adds the characters of a text that is written with this `text-transform`. White space counts as a space.
    pub(super) fn add(&mut self, text: &str, transform: TextTransform) {
        let mut is_in_word = false;
        for character in text.chars() {
            match transform {
                TextTransform::Uppercase => {
                    character
                        .to_uppercase()
                        .for_each(|upper| self.insert(upper));
                }
                TextTransform::Lowercase => {
                    character
                        .to_lowercase()
                        .for_each(|lower| self.insert(lower));
                }
                TextTransform::Capitalize => {
                    if is_in_word {
                        self.insert(character);
                    } else {
                        character
                            .to_uppercase()
                            .for_each(|upper| self.insert(upper));
                    }
                    is_in_word = character.is_alphanumeric() || character == '\'';
                }
                TextTransform::FullWidth => self.insert(full_width(character)),
                TextTransform::FullSizeKana | TextTransform::MathAuto | TextTransform::None => {
                    self.insert(character);
                }
            }
        }
    }

    /// Adds what a line of text takes its height from.
    pub(super) fn add_space(&mut self) {
        self.insert(' ');
    }

    fn insert(&mut self, character: char) {
        match u32::from(character) {
            // Tabs and line feeds are shown as spaces, or as nothing.
            code @ 0..32 => self.ascii |= if code == 0 { 0 } else { 1 << 32 },
            code @ 32..127 => self.ascii |= 1 << code,
            127 => {}
            _ => {
                self.others.insert(character);
            }
        }
    }

    /// Adds all of another set.
    pub(super) fn extend(&mut self, other: &Self) {
        self.ascii |= other.ascii;
        self.others.extend(&other.others);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ascii == 0 && self.others.is_empty()
    }

    /// In the order of their codes.
    pub(super) fn iter(&self) -> impl Iterator<Item = char> {
        let ascii = (0u8..128).filter(|code| self.ascii >> code & 1 == 1);
        ascii.map(char::from).chain(self.others.iter().copied())
    }
}

/// CSS Text 4 §2.1.1
fn full_width(character: char) -> char {
    match character {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_transformed_before_their_characters_count() {
        let table = [
            ("abca", TextTransform::None, "abc"),
            ("a\n\tb", TextTransform::None, " ab"),
            ("aß", TextTransform::Uppercase, "AS"),
            ("ÄB", TextTransform::Lowercase, "bä"),
            ("ab ba", TextTransform::Capitalize, " ABab"),
            ("a ", TextTransform::FullWidth, "\u{3000}ａ"),
            ("", TextTransform::None, ""),
        ];
        for (text, transform, expected) in table {
            let mut characters = Characters::default();
            characters.add(text, transform);
            assert_eq!(characters.iter().collect::<String>(), expected, "{text:?}");
            assert_eq!(characters.is_empty(), expected.is_empty());
        }
    }
}
