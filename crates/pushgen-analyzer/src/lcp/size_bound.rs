//! How large an image can get, as far as its own rules tell.
//!
//! In: an image element, the declarations about boxes that hold for it, and its natural size. Out: the area that it does not
//! exceed, or nothing if that is for the layout to tell. Icons and logos are told by this without laying out the page:
//! their sizes are written in pixels.

use super::attribute_size::attribute_sizes;
use crate::html::Node;
use crate::layout::{Basis, BoxStyle, Element, Length, MatchedBoxes};
use crate::site::NaturalSize;
use crate::style::{Allowance, CustomProperties, Display};
use crate::viewport::Viewport;

/// The area that an image does not exceed, in CSS pixels.
pub(crate) fn size_bound(
    element: Node<'_>,
    rules: Vec<MatchedBoxes<'_>>,
    natural: Option<NaturalSize>,
    viewport: &Viewport,
) -> Option<f32> {
    // What custom properties stand for is not known here.
    let mut declarations = rules.iter().flat_map(|block| block.declarations);
    if declarations.any(|declaration| declaration.template().is_some()) {
        return None;
    }
    let (width, height) = attribute_sizes(element);
    let style = BoxStyle::of(
        rules,
        Element {
            name: "img",
            display: Display::Block,
            is_root: false,
            width: width.as_ref(),
            height: height.as_ref(),
            custom_properties: &CustomProperties::default(),
        },
        &BoxStyle::initial(),
        &Allowance::default(),
        viewport,
    );
    if style.min_width.is_some() || style.min_height.is_some() {
        return None;
    }
    let basis = Basis {
        font_size: style.font_size,
        root_font_size: style.root_font_size,
        percent: None,
        viewport,
    };
    let bound = |length: &Option<Length>, limit: &Option<Length>| {
        let resolve = |length: &Option<Length>| {
            let length = length.as_ref().filter(|length| length.is_absolute())?;
            length.resolve(&basis)
        };
        let known = [resolve(length), resolve(limit)];
        known.into_iter().flatten().reduce(f32::min)
    };
    let width = bound(&style.width, &style.max_width);
    let height = bound(&style.height, &style.max_height);
    let ratio = style.ratio.or(natural.and_then(|natural| natural.ratio));
    match (width, height, ratio) {
        (Some(width), Some(height), _) => Some(width * height),
        (Some(width), None, Some(ratio)) if style.height.is_none() => Some(width * width / ratio),
        (None, Some(height), Some(ratio)) if style.width.is_none() => Some(height * height * ratio),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::StyleSheet;
    use crate::html::parse;
    use crate::style::Precedence;

    #[test]
    fn icons_are_told_by_their_rules() {
        let natural = NaturalSize::of_bitmap(800.0, 400.0);
        for (attributes, text, expected) in [
            ("width=40 height=30", "", Some(1200.0)),
            ("width=40", "max-width: 20px", Some(200.0)),
            ("width=40 height=30", "width: 100%; height: auto", None),
            ("", "width: 48px; height: 48px", Some(2304.0)),
            ("", "max-width: 40px; max-height: 20px", Some(800.0)),
            ("", "width: 100%; max-width: 40px", Some(800.0)),
            ("", "height: 40px", Some(3200.0)),
            ("", "width: calc(10px + 10px); height: 30px", Some(600.0)),
            ("", "width: 40px; height: 100%", None),
            ("", "width: 3em", None),
            ("", "width: max(10px, 100px - 1em)", None),
            ("", "width: var(--x); height: 10px", None),
            ("", "width: 10px; min-width: 50%", None),
            ("", "max-width: 100%; height: auto", None),
            ("", "", None),
        ] {
            let sheet = StyleSheet::parse_declarations(text);
            let rules = sheet.style_rules.iter().map(|rule| MatchedBoxes {
                declarations: &rule.boxes,
                precedence: Precedence::alone(),
            });
            let (dom, _) = parse(&format!("<img {attributes}>"));
            let image = dom.elements().find(|element| element.is("img"));
            let image = image.expect("an image");
            let found = size_bound(image, rules.collect(), Some(natural), &Viewport::DESKTOP);
            assert_eq!(found, expected, "{attributes} {text}");
        }
    }
}
