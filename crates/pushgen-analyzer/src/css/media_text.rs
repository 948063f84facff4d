//! Media queries in words again, for those who are to ask them elsewhere: the `media` of a link.
//!
//! In: a media query list as it was read. Out: one media condition (Media Queries 4 §3) that holds on the same screens,
//! and what `and` and `not` make of several. It is printable ASCII without quotes and backslashes, so that it can stand
//! in an attribute or a `Link` field, and no longer than [`Responsive::MAX_MEDIA`]. What cannot be said so is
//! [`MediaText::Untold`]. What is neither true nor false is so in its text, too, and counts as false wherever the text
//! is asked: a text never holds where it should not.

use pushgen_policy::Responsive;

use super::condition::Condition;
use super::media_feature::MediaFeature;

/// On which screens something holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum MediaText {
    /// On all.
    #[default]
    Everywhere,
    /// On none.
    Nowhere,
    /// Where this holds.
    Where(Phrase),
    /// On some; there are no words for them.
    Untold,
}

/// A media condition and how it is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    text: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In parentheses.
    Enclosed,
    Not,
    And,
    Or,
}

impl MediaText {
    /// What holds where both do.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nowhere, _) | (_, Self::Nowhere) => Self::Nowhere,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            (Self::Everywhere, one) | (one, Self::Everywhere) => one,
            (Self::Where(one), Self::Where(other)) if one == other => Self::Where(one),
            (Self::Where(one), Self::Where(other)) => joined(&one, Form::And, &other),
        }
    }

    /// What holds where one of them does.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Everywhere) => Self::Everywhere,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            (Self::Nowhere, one) | (one, Self::Nowhere) => one,
            (Self::Where(one), Self::Where(other)) if one == other => Self::Where(one),
            (Self::Where(one), Self::Where(other)) => joined(&one, Form::Or, &other),
        }
    }

    /// What holds where this does not.
    pub(crate) fn negate(self) -> Self {
        match self {
            Self::Everywhere => Self::Nowhere,
            Self::Nowhere => Self::Everywhere,
            Self::Untold => Self::Untold,
            Self::Where(phrase) => bounded(format!("not {}", phrase.within(Form::Not)), Form::Not),
        }
    }

    /// The condition, if it is one that can be asked.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Where(phrase) => Some(&phrase.text),
            _ => None,
        }
    }

    pub(super) fn of_condition(condition: &Condition<MediaFeature>) -> Self {
        match condition {
            Condition::Leaf(feature) => match feature.text() {
                Some(text) => bounded(format!("({text})"), Form::Enclosed),
                None => Self::Untold,
            },
            Condition::Unknown => Self::Untold,
            Condition::Not(operand) => Self::of_condition(operand).negate(),
            Condition::All(operands) => fold(operands, Self::Everywhere, Self::and),
            Condition::Any(operands) => fold(operands, Self::Nowhere, Self::or),
        }
    }
}

impl Phrase {
    /// The phrase as an operand of `form`.
    fn within(&self, form: Form) -> String {
        let is_enclosed = self.form == Form::Enclosed;
        let goes_on = self.form == form && form != Form::Not;
        match is_enclosed || goes_on {
            true => self.text.clone(),
            false => format!("({})", self.text),
        }
    }
}

fn joined(one: &Phrase, form: Form, other: &Phrase) -> MediaText {
    let word = if form == Form::And { "and" } else { "or" };
    bounded(
        format!("{} {word} {}", one.within(form), other.within(form)),
        form,
    )
}

fn bounded(text: String, form: Form) -> MediaText {
    match text.len() <= Responsive::MAX_MEDIA {
        true => MediaText::Where(Phrase { text, form }),
        false => MediaText::Untold,
    }
}

/// Joins the texts of operands; the rest of them is not looked at once there are no words for the whole.
fn fold(
    operands: &[Condition<MediaFeature>],
    first: MediaText,
    join: impl Fn(MediaText, MediaText) -> MediaText,
) -> MediaText {
    let mut whole = first;
    for operand in operands {
        whole = join(whole, MediaText::of_condition(operand));
        if whole == MediaText::Untold {
            break;
        }
    }
    whole
}

/// The content of a parenthesis in its plain spelling: lower case, white space as little as the words need. Nothing if
/// it has comments, escapes, strings or blocks that do not end.
pub(super) fn plain(content: &str) -> Option<Box<str>> {
    if content.len() > Responsive::MAX_MEDIA
        || !Responsive::can_say(&content.replace(['\t', '\n', '\r', '\x0c'], " "))
        || content.contains("/*")
        || content.contains(['{', '}', '[', ']', '\''])
    {
        return None;
    }
    let mut open = 0_usize;
    for byte in content.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.checked_sub(1)?,
            _ => {}
        }
    }
    if open > 0 {
        return None;
    }
    let words: Vec<&str> = content.split_ascii_whitespace().collect();
    let text = words.join(" ").to_ascii_lowercase();
    // A colon stands between a name and a value, and nowhere else in a feature.
    let text = match text.split_once(':') {
        Some((name, value)) => format!("{}: {}", name.trim_end(), value.trim_start()),
        None => text,
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::MediaQueryList;

    fn text(list: &str) -> String {
        match MediaQueryList::parse(list).text() {
            MediaText::Everywhere => "everywhere".to_owned(),
            MediaText::Nowhere => "nowhere".to_owned(),
            MediaText::Untold => "untold".to_owned(),
            MediaText::Where(phrase) => phrase.text,
        }
    }

    #[test]
    fn a_list_is_said_as_one_condition() {
        let long = format!("(min-width: {}px)", "1".repeat(300));
        let many = vec!["(min-width: 1px)"; 100_000].join(" and ");
        let different: Vec<String> = (0..100_000).map(|n| format!("(width: {n}px)")).collect();
        let different = different.join(",");
        let table: &[(&str, &str)] = &[
            ("", "everywhere"),
            ("all", "everywhere"),
            ("screen", "everywhere"),
            ("print", "nowhere"),
            ("not all", "nowhere"),
            ("not print", "everywhere"),
            ("(min-width: 600px)", "(min-width: 600px)"),
            (" ( MIN-width:\t600PX )\n", "(min-width: 600px)"),
            ("only screen and (min-width:40em)", "(min-width: 40em)"),
            ("not screen and (min-width:40em)", "not (min-width: 40em)"),
            ("print, (color)", "(color)"),
            ("&, (color)", "(color)"),
            ("(color), (hover)", "(color) or (hover)"),
            ("(color) and (hover)", "(color) and (hover)"),
            (
                "(color), (hover) and (width > 5px)",
                "(color) or ((hover) and (width > 5px))",
            ),
            (
                "(color) and ((hover) or (grid))",
                "(color) and ((hover) or (grid))",
            ),
            (
                "(color) and ((hover) and (grid))",
                "(color) and (hover) and (grid)",
            ),
            ("not (color)", "not (color)"),
            ("not (not (color))", "not (not (color))"),
            ("not ((color) and (hover))", "not ((color) and (hover))"),
            ("(color) and (not (hover))", "(color) and (not (hover))"),
            ("(400px <= width < 700px)", "(400px <= width < 700px)"),
            ("(aspect-ratio: 16 / 9)", "(aspect-ratio: 16 / 9)"),
            (
                "(min-width: calc(1px + 2em))",
                "(min-width: calc(1px + 2em))",
            ),
            ("(min-width: 1px", "(min-width: 1px)"),
            ("(min-width: calc(1px", "untold"),
            ("(min-width: /* a */ 1px)", "untold"),
            ("(m\\69n-width: 1px)", "untold"),
            ("(foo: 'x')", "untold"),
            ("(ünheard)", "untold"),
            ("((x) y)", "untold"),
            ("unheard(1)", "untold"),
            ("(color), unheard(1)", "untold"),
            (&long, "untold"),
            (&many, "(min-width: 1px)"),
            (&different, "untold"),
        ];
        for (list, expected) in table {
            let shown: String = list.chars().take(80).collect();
            assert_eq!(text(list), *expected, "{shown:?}");
        }
    }

    #[test]
    fn a_text_holds_where_its_list_does() {
        use crate::viewport::Viewport;
        let lists = [
            "(min-width: 600px)",
            "not screen and (min-width: 600px)",
            "print, (max-width: 500px), (min-width: 1300px) and (hover)",
            "not ((max-width: 500px) or (min-width: 1400px))",
            "(400px <= width < 700px)",
            "(unheard-of), (width > 0px)",
        ];
        for list in lists {
            let list = MediaQueryList::parse(list);
            let text = list.text();
            let text = MediaQueryList::parse(text.text().expect("words"));
            let opposite = list.text().negate();
            let opposite = MediaQueryList::parse(opposite.text().expect("words"));
            for viewport in [Viewport::PHONE, Viewport::DESKTOP] {
                assert_eq!(
                    text.evaluate(&viewport),
                    list.evaluate(&viewport),
                    "{list:?}"
                );
                assert_ne!(
                    opposite.evaluate(&viewport),
                    list.evaluate(&viewport),
                    "{list:?}"
                );
            }
        }
    }
}
