//! The attributes `width` and `height`: what they say of an element's box (HTML §15.3.9, §15.4.3).

use crate::html::Node;
use crate::layout::{Length, Unit};

/// The width and height that the attributes of an element give it.
pub(super) fn attribute_sizes(element: Node<'_>) -> (Option<Length>, Option<Length>) {
    if !matches!(
        element.name(),
        "img"
            | "video"
            | "canvas"
            | "svg"
            | "iframe"
            | "object"
            | "embed"
            | "table"
            | "td"
            | "th"
            | "image"
    ) {
        return (None, None);
    }
    let size = |name: &str| element.attribute(name).and_then(dimension);
    (size("width"), size("height"))
}

/// HTML §2.3.4.4, rules for parsing dimension values.
fn dimension(text: &str) -> Option<Length> {
    let text = text.trim_ascii();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    let number: f32 = number.parse().ok()?;
    Some(if rest.starts_with('%') {
        Length::Dimension(number, Unit::Percent)
    } else {
        Length::pixels(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_pixels_or_percentages() {
        for (text, expected) in [
            ("48", Some(Length::pixels(48.0))),
            (" 1.5px", Some(Length::pixels(1.5))),
            ("50%", Some(Length::Dimension(50.0, Unit::Percent))),
            ("auto", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(dimension(text), expected, "{text}");
        }
    }
}
