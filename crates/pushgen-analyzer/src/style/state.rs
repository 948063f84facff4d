//! Which states hold for an element as its page is loaded (HTML §4.16.3), form controls and the focus apart.
//!
//! Only markup is looked at: scripts may open, check and fill in what they like. Custom elements count as not defined,
//! since that takes a script. `dir=auto` is read from the text if the parser kept it, else it counts as left to right.

use super::pseudo_class::{Direction, PseudoClass};
use super::tree::Element;

impl<'t> Element<'t> {
    /// Whether a pseudo-class matches.
    pub(super) fn is_in_state(self, class: &PseudoClass) -> bool {
        match class {
            PseudoClass::AnyLink => self.is_hyperlink(),
            PseudoClass::Checked => self.is_checked(),
            PseudoClass::Default => self.is_default(),
            PseudoClass::Defined => !self.is_custom(),
            PseudoClass::Dir(direction) => {
                direction.is_some_and(|direction| self.direction() == direction)
            }
            PseudoClass::Disabled => self.is_disableable() && self.is_disabled(),
            PseudoClass::Enabled => self.is_disableable() && !self.is_disabled(),
            PseudoClass::Focus => self.has_focus(),
            PseudoClass::FocusWithin => self.contains_focus(),
            PseudoClass::InRange => self.is_in_range() == Some(true),
            PseudoClass::Indeterminate => self.is_indeterminate(),
            PseudoClass::Invalid => self.is_valid() == Some(false),
            PseudoClass::Lang(range) => self.language().is_some_and(|own| speaks(own, range)),
            PseudoClass::Open => (self.is("details") || self.is("dialog")) && self.has("open"),
            PseudoClass::Optional => self.is_required() == Some(false),
            PseudoClass::OutOfRange => self.is_in_range() == Some(false),
            PseudoClass::PlaceholderShown => self.shows_placeholder(),
            PseudoClass::ReadOnly => !self.is_mutable(),
            PseudoClass::ReadWrite => self.is_mutable(),
            PseudoClass::Required => self.is_required() == Some(true),
            PseudoClass::Valid => self.is_valid() == Some(true),
            PseudoClass::Never(_) => false,
        }
    }

    pub(super) fn is_hyperlink(self) -> bool {
        match self.node().name() {
            "a" if self.is_html() => self.has("href"),
            "a" => self.has("href") || self.has("xlink:href"),
            "area" => self.is_html() && self.has("href"),
            _ => false,
        }
    }

    /// A custom element, or one that `is` asks to be customised.
    fn is_custom(self) -> bool {
        const NOT_CUSTOM: [&str; 8] = [
            "annotation-xml",
            "color-profile",
            "font-face",
            "font-face-format",
            "font-face-name",
            "font-face-src",
            "font-face-uri",
            "missing-glyph",
        ];
        let name = self.node().name();
        self.is_html() && (self.has("is") || (name.contains('-') && !NOT_CUSTOM.contains(&name)))
    }

    /// The content language (HTML §3.2.6.2), of the markup alone.
    fn language(self) -> Option<&'t str> {
        let own = |element: Self| {
            element
                .attribute("xml:lang")
                .filter(|_| !element.is_html())
                .or_else(|| element.attribute("lang"))
        };
        std::iter::successors(Some(self), |element| element.parent())
            .find_map(own)
            .or_else(|| self.default_language())
    }

    /// What `<meta http-equiv=content-language>` says.
    fn default_language(self) -> Option<&'t str> {
        self.document()
            .take_while(|element| !element.is("body"))
            .filter(|element| element.is("meta"))
            .filter(|meta| {
                meta.attribute("http-equiv")
                    .is_some_and(|name| name.eq_ignore_ascii_case("content-language"))
            })
            .find_map(|meta| meta.attribute("content"))
            .map(str::trim_ascii)
            .filter(|language| !language.contains([',', ' ']))
    }

    /// The directionality (HTML §3.2.6.4).
    fn direction(self) -> Direction {
        std::iter::successors(Some(self), |element| element.parent())
            .find_map(|element| element.own_direction())
            .unwrap_or(Direction::LeftToRight)
    }

    fn own_direction(self) -> Option<Direction> {
        if !self.is_html() {
            return None;
        }
        let attribute = self.attribute("dir");
        let is_auto = match attribute {
            Some(value) => value.eq_ignore_ascii_case("auto"),
            None => self.is("bdi"),
        };
        if is_auto {
            return Some(self.text_direction().unwrap_or(Direction::LeftToRight));
        }
        let is_telephone = || {
            self.is("input")
                && self
                    .attribute("type")
                    .is_some_and(|type_| type_.eq_ignore_ascii_case("tel"))
        };
        attribute
            .and_then(Direction::of)
            .or_else(|| is_telephone().then_some(Direction::LeftToRight))
    }

    /// The direction of the first letter that has one.
    fn text_direction(self) -> Option<Direction> {
        if let Some(value) = self.attribute("value").filter(|_| self.is("input")) {
            return strong_direction(value);
        }
        let own = self.tree.take(self.node().text().len() / 16);
        let text = if own { self.node().text() } else { "" };
        strong_direction(text).or_else(|| {
            self.descendants()
                .filter(|inner| !(inner.has("dir") || inner.is("bdi") || inner.is("script")))
                .find_map(|inner| strong_direction(inner.node().text()))
        })
    }
}

/// By blocks of Unicode, which is enough to tell right-to-left scripts from others.
fn strong_direction(text: &str) -> Option<Direction> {
    text.chars().find_map(|letter| match letter {
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => {
            letter.is_alphabetic().then_some(Direction::RightToLeft)
        }
        '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}' => Some(Direction::RightToLeft),
        _ => letter.is_alphabetic().then_some(Direction::LeftToRight),
    })
}

/// Whether a language is in a range of languages: equal, or more special. Chromium knows no wildcards.
fn speaks(language: &str, range: &str) -> bool {
    if language.is_empty() || range.is_empty() {
        return false;
    }
    let (language, range) = (language.as_bytes(), range.as_bytes());
    language
        .get(..range.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(range))
        && matches!(language.get(range.len()), None | Some(b'-'))
}
