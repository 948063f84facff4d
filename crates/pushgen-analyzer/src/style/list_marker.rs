//! The characters that the markers of a counter style are made of (CSS Counter Styles 3 §6-7).

use super::value::ListStyleType;

/// The characters of all markers of a style; none if there is no marker. A style that is not known counts as decimal:
/// `@counter-style` is not read.
pub(super) fn marker_text(style: &ListStyleType) -> Option<&str> {
    let name = match style {
        ListStyleType::None => return None,
        ListStyleType::Text(text) => return Some(text),
        ListStyleType::Counter(name) => name,
    };
    Some(match &*name.to_ascii_lowercase() {
        "none" => return None,
        // These are drawn, and only take room in the font.
        "disc" => " ",
        "circle" => " ",
        "square" => " ",
        "disclosure-open" => "\u{25be} ",
        "disclosure-closed" => "\u{25b8} ",
        "lower-alpha" | "lower-latin" => "abcdefghijklmnopqrstuvwxyz. ",
        "upper-alpha" | "upper-latin" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ. ",
        "lower-roman" => "ivxlcdm. ",
        "upper-roman" => "IVXLCDM. ",
        "lower-greek" => "αβγδεζηθικλμνξοπρστυφχψω. ",
        _ => "0123456789. ",
    })
}
