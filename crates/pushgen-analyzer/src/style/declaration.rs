//! The declarations that decide what is fetched.
//!
//! In: the name and the tokens of one declaration. Out: a [`Declaration`] with the values of its longhands, or with the
//! text of its value where that holds `var()`; nothing for other properties and for invalid values. Follows CSS Syntax 3
//! §5.4.6, CSS Cascade 5 §3 and CSS Variables 1 §3. Of a value only what the properties of [`super::property`] need is
//! checked.

use std::sync::Arc;

use cssparser::{Delimiter, Parser, parse_important};

use super::animation;
use super::component::keyword;
use super::content_value::content;
use super::font_value;
use super::image_value::{self, Layers};
use super::list_value::{list_style, list_style_type};
use super::property::{Longhand, Property};
use super::substitution::Template;
use super::value::{
    Content, ContentVisibility, Display, ImageReference, TextTransform, Value, Visibility,
    WhiteSpaceCollapse,
};
use super::wide_keyword::WideKeyword;
use crate::css::{ContainerType, Failure, Position, is_container_name};

/// A declaration that is valid, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) body: DeclarationBody,
    pub(crate) is_important: bool,
    /// Where the value starts.
    pub(crate) position: Position,
}

/// What is declared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeclarationBody {
    /// Each longhand once.
    Values(Box<[(Longhand, Value)]>),
    /// `inherit` and its like for all longhands of a property.
    Keyword(Property, WideKeyword),
    /// What it sets shows when the references are replaced.
    Unresolved(Property, Template),
    /// Another property, with a length in units of the element's own font.
    FontLength,
    /// A custom property, with its two hyphens.
    Custom(Arc<str>, CustomValue),
}

/// The value of a custom property.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CustomValue {
    Keyword(WideKeyword),
    Template(Template),
}

impl Declaration {
    /// Reads the value of `name` to the end of `input`, which stands behind the colon.
    pub(crate) fn parse(name: &str, input: &mut Parser<'_>) -> Option<Self> {
        let custom = name.starts_with("--");
        let property = if custom {
            None
        } else {
            let name = name.to_ascii_lowercase();
            match Property::named(&name) {
                Some(property) => Some(property),
                None => return font_length(&name, input),
            }
        };
        input.skip_whitespace();
        let position = Position::of(input);
        let body: Result<_, Failure> =
            input.parse_until_before(Delimiter::Bang, |input| match property {
                Some(property) => ordinary(property, input),
                None => custom_property(name, input),
            });
        let is_important = !input.is_exhausted();
        if is_important && (parse_important(input).is_err() || !input.is_exhausted()) {
            return None;
        }
        Some(Self {
            body: body.ok()?,
            is_important,
            position,
        })
    }

    /// Whether its rule has to be kept for it. A border takes a border image away, which matters only beside others.
    pub(crate) fn matters(&self) -> bool {
        match &self.body {
            DeclarationBody::Values(values) => {
                !matches!(values.as_ref(), [(Longhand::BorderImage, Value::Images(images))] if images.is_empty())
            }
            DeclarationBody::Unresolved(property, _) => *property != Property::Border,
            DeclarationBody::Keyword(..)
            | DeclarationBody::Custom(..)
            | DeclarationBody::FontLength => true,
        }
    }
}

/// Of all other properties only lengths are of interest that a font has to be loaded for.
fn font_length(name: &str, input: &mut Parser<'_>) -> Option<Declaration> {
    // The size of a font is measured in the font around it.
    if name == "font-size"
        || ["-moz-", "-ms-", "-o-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    {
        return None;
    }
    let start = input.position();
    let position = Position::of(input);
    while input.next().is_ok() {}
    has_font_unit(input.slice_from(start)).then_some(Declaration {
        body: DeclarationBody::FontLength,
        is_important: false,
        position,
    })
}

/// Whether a number with a unit of the element's own font stands in a value (CSS Values 4 §6.1.1).
fn has_font_unit(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
    };
    (1..bytes.len())
        .filter(|at| is_digit(at - 1) && !is_digit(*at))
        .any(|at| {
            let rest = bytes.get(at..).unwrap_or_default();
            // One more than the longest of them, so that a text of digits and letters is gone through once.
            let length = rest
                .iter()
                .take(4)
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
                .count();
            let unit = rest.get(..length).unwrap_or_default();
            [&b"ch"[..], b"ex", b"lh", b"ic", b"cap"]
                .iter()
                .any(|known| unit.eq_ignore_ascii_case(known))
        })
}

fn ordinary(property: Property, input: &mut Parser<'_>) -> Result<DeclarationBody, Failure> {
    if let Some(keyword) = WideKeyword::alone(input) {
        return Ok(DeclarationBody::Keyword(property, keyword));
    }
    let start = input.state();
    match input.parse_entirely(|input| values(property, input)) {
        // A reference is nowhere part of a valid value, except within functions that are not looked into.
        Ok(values) => {
            input.reset(&start);
            match Template::parse(input)? {
                Template::Plain(_) => Ok(DeclarationBody::Values(values.into())),
                template => Ok(DeclarationBody::Unresolved(property, template)),
            }
        }
        Err(failure) => {
            input.reset(&start);
            match Template::parse(input)? {
                Template::Plain(_) => Err(failure),
                template => Ok(DeclarationBody::Unresolved(property, template)),
            }
        }
    }
}

fn custom_property(name: &str, input: &mut Parser<'_>) -> Result<DeclarationBody, Failure> {
    let value = match WideKeyword::alone(input) {
        Some(keyword) => CustomValue::Keyword(keyword),
        None => CustomValue::Template(Template::parse(input)?),
    };
    Ok(DeclarationBody::Custom(name.into(), value))
}

/// The outcome of a substitution.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Substituted {
    Value(Value),
    Keyword(WideKeyword),
}

/// What `longhand` gets from a value of `property` in which the references are replaced; nothing if it is invalid.
pub(super) fn substituted(
    property: Property,
    longhand: Longhand,
    text: &str,
    position: Position,
) -> Option<Substituted> {
    let mut input = Parser::new(text);
    if let Some(keyword) = WideKeyword::alone(&mut input) {
        return Some(Substituted::Keyword(keyword));
    }
    let values = input.parse_entirely(|input| values(property, input)).ok()?;
    let (_, mut value) = values.into_iter().find(|(found, _)| *found == longhand)?;
    let moved = |images: &[ImageReference]| -> Arc<[ImageReference]> {
        let images = images.iter().cloned();
        let moved = images.map(|image| ImageReference { position, ..image });
        moved.collect()
    };
    match &mut value {
        Value::Images(images) | Value::Content(Content::List { images, .. }) => {
            *images = moved(images);
        }
        _ => {}
    }
    Some(Substituted::Value(value))
}

/// Reads a value without references.
fn values(property: Property, input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    use Longhand as L;
    let images =
        |longhand, images: Vec<ImageReference>| vec![(longhand, Value::Images(images.into()))];
    Ok(match property {
        Property::Longhand(longhand) => vec![(longhand, value(longhand, input)?)],
        Property::Font => font_value::shorthand(input)?,
        Property::Background => images(L::BackgroundImage, Layers::Background.read(input)?),
        Property::Mask => images(L::MaskImage, Layers::Mask.read(input)?),
        Property::MaskBoxImage => images(L::MaskBoxImage, image_value::border_image(input)?),
        Property::BorderImage => images(L::BorderImage, image_value::border_image(input)?),
        Property::Border => {
            image_value::border(input)?;
            images(L::BorderImage, Vec::new())
        }
        Property::ListStyle => list_style(input)?,
        Property::WhiteSpace => white_space(input)?,
        Property::Animation => animation::shorthand(input)?,
        Property::Container => container(input)?,
        Property::Marker => {
            let reference: Arc<[_]> = image_value::paint(input)?.into();
            let value = Value::Images(reference);
            vec![
                (L::MarkerStart, value.clone()),
                (L::MarkerMid, value.clone()),
                (L::MarkerEnd, value),
            ]
        }
        // Nothing but the keywords for all properties.
        Property::All => return Err(Failure::unexpected_token()),
    })
}

fn value(longhand: Longhand, input: &mut Parser<'_>) -> Result<Value, Failure> {
    use Longhand as L;
    let images = match longhand {
        L::FontFamily => return Ok(Value::Families(font_value::families(input)?)),
        L::FontWeight => return Ok(Value::Weight(font_value::weight(input)?)),
        L::FontStyle => return Ok(Value::Style(font_value::style(input)?)),
        L::FontStretch => return Ok(Value::Stretch(font_value::stretch(input)?)),
        L::Display => return Ok(Value::Display(display(input)?)),
        L::Float | L::Position | L::Visibility | L::ContentVisibility | L::TextTransform => {
            let name = input.expect_ident()?.to_ascii_lowercase();
            return single_keyword(longhand, &name).ok_or_else(Failure::unexpected_token);
        }
        L::WhiteSpaceCollapse => {
            let name = input.expect_ident()?.to_ascii_lowercase();
            let collapse = white_space_collapse(&name).ok_or_else(Failure::unexpected_token)?;
            return Ok(Value::WhiteSpaceCollapse(collapse));
        }
        L::ListStyleType => return Ok(Value::ListStyleType(list_style_type(input)?)),
        L::AnimationName
        | L::AnimationDuration
        | L::AnimationDelay
        | L::AnimationFillMode
        | L::AnimationDirection
        | L::AnimationTimingFunction
        | L::AnimationTimeline => return Ok(Value::Animation(animation::value(longhand, input)?)),
        L::ContainerType => return Ok(Value::ContainerType(ContainerType::parse(input)?)),
        L::ContainerName => return Ok(Value::ContainerNames(container_names(input)?)),
        L::Content => return Ok(Value::Content(content(input)?)),
        L::BackgroundImage | L::MaskImage => image_value::image_list(input)?,
        L::MaskBoxImage | L::BorderImage | L::ListStyleImage => image_value::single_image(input)?,
        L::Cursor => image_value::cursor(input)?,
        L::ShapeOutside => image_value::shape_outside(input)?,
        L::Filter | L::BackdropFilter => image_value::filter(input)?,
        L::ClipPath => image_value::clip_path(input)?,
        L::BoxReflect => image_value::box_reflect(input)?,
        L::Fill | L::Stroke | L::MarkerStart | L::MarkerMid | L::MarkerEnd => {
            image_value::paint(input)?
        }
    };
    Ok(Value::Images(images.into()))
}

fn single_keyword(longhand: Longhand, name: &str) -> Option<Value> {
    Some(match (longhand, name) {
        (Longhand::Visibility, "visible") => Value::Visibility(Visibility::Visible),
        (Longhand::Visibility, "hidden") => Value::Visibility(Visibility::Hidden),
        (Longhand::Visibility, "collapse") => Value::Visibility(Visibility::Collapse),
        (Longhand::ContentVisibility, name) => Value::ContentVisibility(match name {
            "visible" => ContentVisibility::Visible,
            "auto" => ContentVisibility::Auto,
            "hidden" => ContentVisibility::Hidden,
            _ => return None,
        }),
        (Longhand::Float, name) => Value::Floats(match name {
            "left" | "right" | "inline-start" | "inline-end" => true,
            "none" => false,
            _ => return None,
        }),
        (Longhand::Position, name) => Value::IsAbsolute(match name {
            "absolute" | "fixed" => true,
            "static" | "relative" | "sticky" | "-webkit-sticky" => false,
            _ => return None,
        }),
        (Longhand::TextTransform, name) => Value::TextTransform(match name {
            "none" => TextTransform::None,
            "capitalize" => TextTransform::Capitalize,
            "uppercase" => TextTransform::Uppercase,
            "lowercase" => TextTransform::Lowercase,
            "full-width" => TextTransform::FullWidth,
            "full-size-kana" => TextTransform::FullSizeKana,
            "math-auto" => TextTransform::MathAuto,
            _ => return None,
        }),
        _ => return None,
    })
}

fn white_space_collapse(name: &str) -> Option<WhiteSpaceCollapse> {
    Some(match name {
        "collapse" => WhiteSpaceCollapse::Collapse,
        "preserve" | "break-spaces" => WhiteSpaceCollapse::Preserve,
        "preserve-breaks" => WhiteSpaceCollapse::PreserveBreaks,
        _ => return None,
    })
}

/// CSS Text 4 §3: the old keywords, or those of `white-space-collapse` and `text-wrap-mode`.
fn white_space(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    let mut collapse = None;
    while let Ok(name) = input.try_parse(Parser::expect_ident_cloned) {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "normal" => collapse = Some(WhiteSpaceCollapse::Collapse),
            "pre" | "pre-wrap" => collapse = Some(WhiteSpaceCollapse::Preserve),
            "pre-line" => collapse = Some(WhiteSpaceCollapse::PreserveBreaks),
            "nowrap" | "wrap" => {
                collapse.get_or_insert(WhiteSpaceCollapse::Collapse);
            }
            name => {
                let found = white_space_collapse(name).ok_or_else(Failure::unexpected_token)?;
                collapse = Some(found);
            }
        }
    }
    let collapse = collapse.ok_or_else(Failure::unexpected_token)?;
    Ok(vec![(
        Longhand::WhiteSpaceCollapse,
        Value::WhiteSpaceCollapse(collapse),
    )])
}

/// CSS Display 3 §2, with the prefixed values.
fn display(input: &mut Parser<'_>) -> Result<Display, Failure> {
    let first = input.expect_ident()?.to_ascii_lowercase();
    let mut outer = None;
    let mut inner = None;
    let mut is_list_item = false;
    let single = match first.as_str() {
        "none" => Display::None,
        "contents" => Display::Contents,
        "inline-block" => Display::InlineBlock,
        "-webkit-box" | "-webkit-flex" => Display::FlexOrGrid,
        "inline-flex" | "inline-grid" | "-webkit-inline-box" | "-webkit-inline-flex" => {
            Display::InlineFlexOrGrid
        }
        "inline-table" => Display::InlineTable,
        "table-row-group" | "table-header-group" | "table-footer-group" | "table-row"
        | "table-column-group" | "table-column" => Display::Table,
        "table-cell" | "table-caption" => Display::TableCell,
        "ruby-text" => Display::Ruby,
        _ => {
            let mut name = first;
            loop {
                match name.as_str() {
                    "block" | "inline" if outer.is_none() => outer = Some(name),
                    "flow" | "flow-root" | "flex" | "grid" | "table" | "ruby" | "math"
                        if inner.is_none() =>
                    {
                        inner = Some(name);
                    }
                    "list-item" if !is_list_item => is_list_item = true,
                    _ => return Err(Failure::unexpected_token()),
                }
                match input.try_parse(Parser::expect_ident_cloned) {
                    Ok(next) => name = next.to_ascii_lowercase(),
                    Err(_) => break,
                }
            }
            let is_inline = outer.as_deref() == Some("inline");
            return match inner.as_deref() {
                Some("flex" | "grid" | "table" | "ruby" | "math") if is_list_item => {
                    Err(Failure::unexpected_token())
                }
                Some("flex" | "grid") if is_inline => Ok(Display::InlineFlexOrGrid),
                Some("flex" | "grid") => Ok(Display::FlexOrGrid),
                Some("table") if is_inline => Ok(Display::InlineTable),
                Some("table") => Ok(Display::Table),
                Some("ruby") => Ok(Display::Ruby),
                Some("math") => Ok(Display::Math),
                _ if is_list_item => Ok(Display::ListItem),
                Some("flow-root") if is_inline => Ok(Display::InlineBlock),
                Some("flow") if outer.is_none() => Ok(Display::Inline),
                _ if is_inline => Ok(Display::Inline),
                _ => Ok(Display::Block),
            };
        }
    };
    Ok(single)
}

/// `container-name`: `none`, or names.
fn container_names(input: &mut Parser<'_>) -> Result<Arc<[Arc<str>]>, Failure> {
    if keyword(input, &["none"]) {
        return Ok([].into());
    }
    let mut names = Vec::new();
    while let Ok(name) = input.try_parse(Parser::expect_ident_cloned) {
        if !is_container_name(&name) {
            return Err(Failure::unexpected_token());
        }
        names.push(Arc::from(&*name));
    }
    if names.is_empty() {
        return Err(Failure::unexpected_token());
    }
    Ok(names.into())
}

/// `container`: names, and behind a slash the type.
fn container(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    let names = container_names(input)?;
    let container_type = match input.try_parse(|input| input.expect_delim('/')) {
        Ok(()) => ContainerType::parse(input)?,
        Err(_) => ContainerType::default(),
    };
    Ok(vec![
        (Longhand::ContainerName, Value::ContainerNames(names)),
        (
            Longhand::ContainerType,
            Value::ContainerType(container_type),
        ),
    ])
}

#[cfg(test)]
mod tests;
