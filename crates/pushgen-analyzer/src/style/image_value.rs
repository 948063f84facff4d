//! The values of the properties that take images or references to SVG files.
//!
//! In: the tokens of one value. Out: its references, or that the declaration is invalid and so has no effect. Follows
//! CSS Backgrounds 3 §2-5, Masking 1, Images 4, Lists 3 §3, UI 4 §6, Filter Effects 1 and Shapes 1, as Chromium 156
//! takes them: `cross-fade()` with the prefix only, `element()` and `-moz-` gradients not at all. The inside of
//! gradients, colours, shapes and calculations is not checked. `light-dark()` counts as its first image.

use cssparser::{Parser, Token};

use super::component::{color, content, function, is_one_of, keyword, length, quantity};
use super::value::ImageReference;
use crate::css::{
    FILTERS, Failure, GRADIENTS, ImageSource, Position, UrlToken, fetched_url, image_set,
};

/// Reads a list of `none` and images, as `background-image` and `mask-image` have.
pub(super) fn image_list(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    input.parse_comma_separated(|input| none_or_image(input, &mut found))?;
    Ok(found)
}

/// `none` or one image.
pub(super) fn single_image(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    none_or_image(input, &mut found)?;
    Ok(found)
}

fn none_or_image(input: &mut Parser<'_>, found: &mut Vec<ImageReference>) -> Result<(), Failure> {
    if keyword(input, &["none"]) {
        return Ok(());
    }
    image(input, found)
}

/// `<image>`; its references are added to `found`.
pub(super) fn image(
    input: &mut Parser<'_>,
    found: &mut Vec<ImageReference>,
) -> Result<(), Failure> {
    input.skip_whitespace();
    let start = input.state();
    let position = Position::of(input);
    let name = match input.next()? {
        Token::Function(name) => name.to_ascii_lowercase(),
        Token::UnquotedUrl(_) => String::from("url"),
        _ => return Err(Failure::unexpected_token()),
    };
    match name.as_str() {
        "url" => {
            input.reset(&start);
            url(input, found)
        }
        "image-set" | "-webkit-image-set" => {
            let candidates = input.parse_nested_block(|input| {
                let start = input.state();
                options(input)?;
                input.reset(&start);
                image_set(input).map_err(|_| Failure::unexpected_token())
            })?;
            if candidates.iter().any(|candidate| candidate.url.is_some()) {
                let source = ImageSource::Set(candidates);
                found.push(ImageReference { source, position });
            }
            Ok(())
        }
        "-webkit-cross-fade" => input.parse_nested_block(|input| {
            input.parse_comma_separated(|input| {
                if input.try_parse(Parser::expect_percentage).is_ok()
                    || input.try_parse(Parser::expect_number).is_ok()
                {
                    return Ok(());
                }
                none_or_image(input, found)
            })?;
            Ok(())
        }),
        "light-dark" => input.parse_nested_block(|input| {
            none_or_image(input, found)?;
            input.expect_comma()?;
            none_or_image(input, &mut Vec::new())
        }),
        "image" | "paint" => content(input),
        gradient if GRADIENTS.contains(&gradient) => content(input),
        _ => Err(Failure::unexpected_token()),
    }
}

/// Whether each option of an `image-set()` starts as an image may.
fn options(input: &mut Parser<'_>) -> Result<(), Failure> {
    input.parse_comma_separated(|input| {
        let is_image = matches!(
            input.next()?,
            Token::QuotedString(_) | Token::UnquotedUrl(_) | Token::Function(_)
        );
        while input.next().is_ok() {}
        if is_image {
            Ok(())
        } else {
            Err(Failure::unexpected_token())
        }
    })?;
    Ok(())
}

/// `url()`
fn url(input: &mut Parser<'_>, found: &mut Vec<ImageReference>) -> Result<(), Failure> {
    input.skip_whitespace();
    let position = Position::of(input);
    match UrlToken::read(input)? {
        UrlToken::Url(url) => {
            found.extend(fetched_url(&url).map(|url| ImageReference {
                source: ImageSource::Url(url),
                position,
            }));
            Ok(())
        }
        _ => Err(Failure::unexpected_token()),
    }
}

const SIDES: [&str; 5] = ["left", "right", "top", "bottom", "center"];
const REPEATS: [&str; 6] = [
    "repeat",
    "no-repeat",
    "repeat-x",
    "repeat-y",
    "space",
    "round",
];
const ATTACHMENTS: [&str; 3] = ["scroll", "fixed", "local"];
const BACKGROUND_BOXES: [&str; 5] = [
    "border-box",
    "padding-box",
    "content-box",
    "text",
    "border-area",
];
const MASK_BOXES: [&str; 7] = [
    "border-box",
    "padding-box",
    "content-box",
    "fill-box",
    "stroke-box",
    "view-box",
    "no-clip",
];

/// Which of the two shorthands with layers is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    Background,
    Mask,
}

impl Layers {
    /// Reads the shorthand.
    pub(super) fn read(self, input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
        let mut found = Vec::new();
        let mut colors = 0;
        input.parse_comma_separated(|input| {
            // A colour is for the last layer only.
            if colors > 0 {
                return Err(Failure::unexpected_token());
            }
            let layer = Layer::read(self, input, &mut found)?;
            colors += layer.colors;
            Ok(())
        })?;
        Ok(found)
    }
}

/// How often each component stands in a layer.
#[derive(Default)]
struct Layer {
    images: usize,
    colors: usize,
    attachments: usize,
    boxes: usize,
    repeats: usize,
    /// The components of the position, of which there is one group, and whether it is over.
    sides: usize,
    position_ended: bool,
    composites: usize,
    modes: usize,
}

impl Layer {
    fn read(
        layers: Layers,
        input: &mut Parser<'_>,
        found: &mut Vec<ImageReference>,
    ) -> Result<Self, Failure> {
        let mut layer = Self::default();
        let mut count = 0;
        while !input.is_exhausted() {
            layer.component(layers, input, found)?;
            count += 1;
        }
        let limits = [
            (layer.images, 1),
            (layer.colors, 1),
            (layer.attachments, 1),
            (layer.boxes, 2),
            (layer.repeats, 2),
            (layer.sides, 4),
            (layer.composites, 1),
            (layer.modes, 1),
        ];
        if count == 0 || limits.iter().any(|(count, limit)| count > limit) {
            return Err(Failure::unexpected_token());
        }
        Ok(layer)
    }

    fn component(
        &mut self,
        layers: Layers,
        input: &mut Parser<'_>,
        found: &mut Vec<ImageReference>,
    ) -> Result<(), Failure> {
        if keyword(input, &SIDES) || length(input) {
            if self.position_ended {
                return Err(Failure::unexpected_token());
            }
            self.sides += 1;
            if input.try_parse(|input| input.expect_delim('/')).is_ok() {
                self.position_ended = true;
                return size(input);
            }
            return Ok(());
        }
        if self.sides > 0 {
            self.position_ended = true;
        }
        let is_background = layers == Layers::Background;
        let boxes = if is_background {
            &BACKGROUND_BOXES[..]
        } else {
            &MASK_BOXES
        };
        if keyword(input, &REPEATS) {
            self.repeats += 1;
        } else if keyword(input, boxes) {
            self.boxes += 1;
        } else if is_background && keyword(input, &ATTACHMENTS) {
            self.attachments += 1;
        } else if !is_background && keyword(input, &["add", "subtract", "intersect", "exclude"]) {
            self.composites += 1;
        } else if !is_background && keyword(input, &["alpha", "luminance", "match-source"]) {
            self.modes += 1;
        } else {
            let before = found.len();
            let is_image = input
                .try_parse(|input| none_or_image(input, found))
                .inspect_err(|_| found.truncate(before))
                .is_ok();
            if is_image {
                self.images += 1;
            } else if is_background && color(input) {
                self.colors += 1;
            } else {
                return Err(Failure::unexpected_token());
            }
        }
        Ok(())
    }
}

/// What follows the slash of a position.
fn size(input: &mut Parser<'_>) -> Result<(), Failure> {
    if keyword(input, &["cover", "contain"]) {
        return Ok(());
    }
    let one = |input: &mut Parser<'_>| keyword(input, &["auto"]) || length(input);
    if !one(input) {
        return Err(Failure::unexpected_token());
    }
    one(input);
    Ok(())
}

/// `border-image`, and `-webkit-mask-box-image` like it.
pub(super) fn border_image(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    let (mut images, mut slices, mut slashes, mut repeats) = (0, 0, 0, 0);
    while !input.is_exhausted() {
        if keyword(input, &["stretch", "repeat", "round", "space"]) {
            repeats += 1;
        } else if quantity(input) || keyword(input, &["fill", "auto"]) {
            slices += 1;
        } else if input.try_parse(|input| input.expect_delim('/')).is_ok() {
            slashes += 1;
        } else {
            none_or_image(input, &mut found)?;
            images += 1;
        }
    }
    let count = images + slices + slashes + repeats;
    if count == 0 || images > 1 || slices > 13 || slashes > 2 || repeats > 2 {
        return Err(Failure::unexpected_token());
    }
    Ok(found)
}

/// `border`: whether it is valid, as it resets the border image.
pub(super) fn border(input: &mut Parser<'_>) -> Result<(), Failure> {
    let (mut widths, mut styles, mut colors) = (0, 0, 0);
    while !input.is_exhausted() {
        if length(input) || keyword(input, &["thin", "medium", "thick"]) {
            widths += 1;
        } else if keyword(
            input,
            &[
                "none", "hidden", "dotted", "dashed", "solid", "double", "groove", "ridge",
                "inset", "outset",
            ],
        ) {
            styles += 1;
        } else if color(input) {
            colors += 1;
        } else {
            return Err(Failure::unexpected_token());
        }
    }
    if widths + styles + colors == 0 || widths.max(styles).max(colors) > 1 {
        return Err(Failure::unexpected_token());
    }
    Ok(())
}

const CURSORS: [&str; 40] = [
    "auto",
    "default",
    "none",
    "context-menu",
    "help",
    "pointer",
    "progress",
    "wait",
    "cell",
    "crosshair",
    "text",
    "vertical-text",
    "alias",
    "copy",
    "move",
    "no-drop",
    "not-allowed",
    "grab",
    "grabbing",
    "-webkit-grab",
    "-webkit-grabbing",
    "e-resize",
    "n-resize",
    "ne-resize",
    "nw-resize",
    "s-resize",
    "se-resize",
    "sw-resize",
    "w-resize",
    "ew-resize",
    "ns-resize",
    "nesw-resize",
    "nwse-resize",
    "col-resize",
    "row-resize",
    "all-scroll",
    "zoom-in",
    "zoom-out",
    "-webkit-zoom-in",
    "-webkit-zoom-out",
];

/// `cursor`: images, each with a hot spot or without, then a keyword. The keyword is required.
pub(super) fn cursor(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    while !keyword(input, &CURSORS) {
        let before = input.state();
        let is_gradient = matches!(input.next()?, Token::Function(name)
            if is_one_of(name, GRADIENTS));
        if is_gradient {
            return Err(Failure::unexpected_token());
        }
        input.reset(&before);
        image(input, &mut found)?;
        if input.try_parse(Parser::expect_number).is_ok() {
            input.expect_number()?;
        }
        input.expect_comma()?;
    }
    Ok(found)
}

/// `shape-outside`: an image stands alone.
pub(super) fn shape_outside(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    let before = input.state();
    if image(input, &mut found).is_ok() {
        return Ok(found);
    }
    found.clear();
    input.reset(&before);
    shape(input)?;
    Ok(found)
}

/// `clip-path`: a reference stands alone.
pub(super) fn clip_path(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    if input.try_parse(|input| url(input, &mut found)).is_err() {
        shape(input)?;
    }
    Ok(found)
}

fn shape(input: &mut Parser<'_>) -> Result<(), Failure> {
    let mut count = 0;
    while !input.is_exhausted() {
        let known = keyword(
            input,
            &[
                "none",
                "border-box",
                "padding-box",
                "content-box",
                "margin-box",
                "fill-box",
                "stroke-box",
                "view-box",
            ],
        ) || function(
            input,
            &[
                "inset", "circle", "ellipse", "polygon", "path", "rect", "xywh", "shape",
            ],
        );
        if !known {
            return Err(Failure::unexpected_token());
        }
        count += 1;
    }
    if (1..=2).contains(&count) {
        Ok(())
    } else {
        Err(Failure::unexpected_token())
    }
}

/// `filter` and `backdrop-filter`
pub(super) fn filter(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    if keyword(input, &["none"]) {
        return Ok(found);
    }
    loop {
        if !function(input, FILTERS) {
            url(input, &mut found)?;
        }
        if input.is_exhausted() {
            return Ok(found);
        }
    }
}

/// `-webkit-box-reflect`: a direction, an offset, and after it an image as a mask.
pub(super) fn box_reflect(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    if keyword(input, &["none"]) {
        return Ok(found);
    }
    if !keyword(input, &["above", "below", "left", "right"]) {
        return Err(Failure::unexpected_token());
    }
    if input.is_exhausted() {
        return Ok(found);
    }
    if !length(input) {
        return Err(Failure::unexpected_token());
    }
    if !input.is_exhausted() {
        found = border_image(input)?;
    }
    Ok(found)
}

/// SVG's `fill`, `stroke` and `marker-*`: a reference and what takes its place, or none.
pub(super) fn paint(input: &mut Parser<'_>) -> Result<Vec<ImageReference>, Failure> {
    let mut found = Vec::new();
    let is_reference = input.try_parse(|input| url(input, &mut found)).is_ok();
    if is_reference && input.is_exhausted() {
        return Ok(found);
    }
    if keyword(input, &["none", "context-fill", "context-stroke"]) || color(input) {
        return Ok(found);
    }
    Err(Failure::unexpected_token())
}
