//! The declarations that decide how large boxes are and where they lie.
//!
//! In: the name and the tokens of a declaration that decides nothing about fetching. Out: a [`BoxDeclaration`] with what a
//! coarse layout uses of it. They are a kind of their own, beside [`Declaration`](crate::style::Declaration): there are
//! several times as many of them, and only pages on which an image may be the largest paint ask for them. Follows CSS Sizing 3
//! and 4, CSS 2 §8-10, Flexbox 1, Grid 1, Backgrounds 3 §3.9, with physical sides for logical ones (left to right).

use cssparser::{Delimiter, Parser, Token, parse_important};

use super::grid_columns::{Track, columns};
use super::length::{Length, unexpected};
use super::vocabulary::{BoxLonghand, BoxProperty, Word};
use crate::css::Failure;
use crate::style::{Template, WideKeyword};

/// A value, as far as it is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BoxValue {
    /// `auto`, `none`, `normal` and what is not understood.
    Auto,
    Length(Length),
    Word(Word),
    /// The columns of a grid.
    Tracks(Box<[Track]>),
    /// The two sizes of a background.
    Pair(Option<Length>, Option<Length>),
}

/// What is declared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BoxBody {
    Values(Box<[(BoxLonghand, BoxValue)]>),
    Keyword(WideKeyword),
    /// What it sets shows when the references are replaced.
    Unresolved(Template),
}

/// A declaration about a box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoxDeclaration {
    pub(crate) property: BoxProperty,
    pub(crate) body: BoxBody,
    pub(crate) is_important: bool,
}

impl BoxDeclaration {
    /// Reads the value of `name` to the end of `input`, which stands behind the colon.
    pub(crate) fn parse(name: &str, input: &mut Parser<'_>) -> Option<Self> {
        let property = BoxProperty::named(&name.to_ascii_lowercase())?;
        let body: Result<BoxBody, Failure> = input.parse_until_before(Delimiter::Bang, |input| {
            input.skip_whitespace();
            if let Some(keyword) = WideKeyword::alone(input) {
                return Ok(BoxBody::Keyword(keyword));
            }
            let start = input.state();
            let template = Template::parse(input)?;
            if !matches!(template, Template::Plain(_)) {
                return Ok(BoxBody::Unresolved(template));
            }
            input.reset(&start);
            let values = values(property, input)?;
            input.expect_exhausted()?;
            Ok(BoxBody::Values(values.into()))
        });
        let is_important = !input.is_exhausted();
        if is_important && (parse_important(input).is_err() || !input.is_exhausted()) {
            return None;
        }
        Some(Self {
            property,
            body: body.ok()?,
            is_important,
        })
    }
}

impl BoxDeclaration {
    /// What it refers to, if it does.
    pub(crate) fn template(&self) -> Option<&Template> {
        match &self.body {
            BoxBody::Unresolved(template) => Some(template),
            _ => None,
        }
    }
}

/// Reads a value without references; `None` if it is invalid.
pub(super) fn substituted(property: BoxProperty, text: &str) -> Option<Substituted> {
    let mut input = Parser::new(text);
    if let Some(keyword) = WideKeyword::alone(&mut input) {
        return Some(Substituted::Keyword(keyword));
    }
    let values = input.parse_entirely(|input| values(property, input)).ok()?;
    Some(Substituted::Values(values))
}

/// The outcome of a substitution.
pub(super) enum Substituted {
    Keyword(WideKeyword),
    Values(Vec<(BoxLonghand, BoxValue)>),
}

type Values = Vec<(BoxLonghand, BoxValue)>;

fn values(property: BoxProperty, input: &mut Parser<'_>) -> Result<Values, Failure> {
    use BoxLonghand as L;
    let longhands = property.longhands();
    Ok(match property {
        BoxProperty::Longhand(L::AspectRatio) => vec![(L::AspectRatio, aspect_ratio(input)?)],
        BoxProperty::Longhand(L::BackgroundSize) => {
            let size = background_size(input)?;
            skip(input);
            vec![(L::BackgroundSize, size)]
        }
        BoxProperty::Longhand(L::Columns) => vec![(L::Columns, columns(input)?)],
        BoxProperty::Longhand(L::Span) => vec![(L::Span, span(input))],
        BoxProperty::Longhand(L::Translate) => vec![(L::Translate, translation(input))],
        BoxProperty::Longhand(longhand) => {
            let value = single(input)?;
            // Two-valued keywords, such as those of `overflow` and `display`, are judged by their first word.
            if matches!(
                longhand,
                L::Overflow | L::Inside | L::BackgroundRepeat | L::Position | L::WhiteSpace
            ) {
                skip(input);
            }
            vec![(longhand, value)]
        }
        BoxProperty::Flex => flex(input)?,
        BoxProperty::FlexFlow => {
            let mut values = vec![
                (L::FlexDirection, BoxValue::Auto),
                (L::FlexWrap, BoxValue::Auto),
            ];
            while let Ok(value) = input.try_parse(single) {
                match value {
                    BoxValue::Word(Word::Row | Word::Column) => {
                        values.push((L::FlexDirection, value))
                    }
                    value => values.push((L::FlexWrap, value)),
                }
            }
            values
        }
        BoxProperty::Font => font(input),
        BoxProperty::Background => background(input),
        _ => sides(longhands, input)?,
    })
}

pub(super) fn skip(input: &mut Parser<'_>) {
    while input.next().is_ok() {}
}

/// A length, a number, or a keyword.
fn single(input: &mut Parser<'_>) -> Result<BoxValue, Failure> {
    if let Ok(length) = input.try_parse(Length::parse) {
        return Ok(BoxValue::Length(length));
    }
    match input.next()?.clone() {
        Token::Ident(name) => {
            let name = name.to_ascii_lowercase();
            Ok(match Word::named(&name) {
                Some(word) => BoxValue::Word(word),
                None => BoxValue::Auto,
            })
        }
        Token::Function(_) => {
            input.parse_nested_block(|input| {
                skip(input);
                Ok(())
            })?;
            Ok(BoxValue::Auto)
        }
        _ => Err(unexpected()),
    }
}

/// One to four values for as many sides.
fn sides(longhands: &[BoxLonghand], input: &mut Parser<'_>) -> Result<Values, Failure> {
    let mut found = vec![single(input)?];
    while found.len() < longhands.len() && !input.is_exhausted() {
        found.push(single(input)?);
    }
    let at = |side: usize| match (side, found.len()) {
        (_, 1) => 0,
        (side, 2) => side % 2,
        (3, 3) => 1,
        _ => side,
    };
    Ok(longhands
        .iter()
        .enumerate()
        .map(|(side, longhand)| {
            let value = found.get(at(side)).cloned().unwrap_or(BoxValue::Auto);
            (*longhand, value)
        })
        .collect())
}

fn aspect_ratio(input: &mut Parser<'_>) -> Result<BoxValue, Failure> {
    let is_auto =
        |input: &mut Parser<'_>| input.expect_ident_matching("auto").map_err(Failure::from);
    let auto = input.try_parse(is_auto).is_ok();
    let Ok(width) = input.try_parse(|input| input.expect_number()) else {
        return if auto {
            Ok(BoxValue::Auto)
        } else {
            Err(unexpected())
        };
    };
    let height = input
        .try_parse(|input| {
            input.expect_delim('/')?;
            input.expect_number()
        })
        .unwrap_or(1.0);
    let _ = input.try_parse(is_auto);
    Ok(if width > 0.0 && height > 0.0 {
        BoxValue::Length(Length::Number(width / height))
    } else {
        BoxValue::Auto
    })
}

fn background_size(input: &mut Parser<'_>) -> Result<BoxValue, Failure> {
    let length = |value| match value {
        BoxValue::Length(length) => Some(length),
        _ => None,
    };
    Ok(match single(input)? {
        word @ BoxValue::Word(_) => word,
        first => {
            let second = input.try_parse(single).ok().and_then(length);
            BoxValue::Pair(length(first), second)
        }
    })
}

/// The size and repetition in the first layer of `background`.
fn background(input: &mut Parser<'_>) -> Values {
    let (mut size, mut repeat) = (BoxValue::Auto, BoxValue::Auto);
    let mut is_first = true;
    loop {
        match input.next().cloned() {
            Err(_) => break,
            Ok(Token::Comma) => is_first = false,
            Ok(Token::Delim('/')) if is_first => {
                size = background_size(input).unwrap_or(BoxValue::Auto);
            }
            Ok(Token::Ident(name)) if is_first && name.eq_ignore_ascii_case("no-repeat") => {
                repeat = BoxValue::Word(Word::NoRepeat);
            }
            Ok(_) => {}
        }
    }
    vec![
        (BoxLonghand::BackgroundSize, size),
        (BoxLonghand::BackgroundRepeat, repeat),
    ]
}

/// The size and line height in `font`.
fn font(input: &mut Parser<'_>) -> Values {
    let (mut size, mut line) = (BoxValue::Auto, BoxValue::Auto);
    loop {
        let before = input.state();
        // A number by itself is a weight.
        if let Ok(length) = input.try_parse(Length::parse) {
            if !matches!(length, Length::Number(_)) {
                size = BoxValue::Length(length);
                break;
            }
            continue;
        }
        input.reset(&before);
        match input.next() {
            Err(_) => break,
            Ok(Token::Ident(name)) => {
                let word = Word::named(&name.to_ascii_lowercase());
                if let Some(
                    word @ (Word::XxSmall
                    | Word::XSmall
                    | Word::Small
                    | Word::Medium
                    | Word::Large
                    | Word::XLarge
                    | Word::XxLarge
                    | Word::Smaller
                    | Word::Larger),
                ) = word
                {
                    size = BoxValue::Word(word);
                    break;
                }
            }
            Ok(_) => {}
        }
    }
    let _ = input.try_parse(|input| {
        input.expect_delim('/')?;
        line = single(input)?;
        Ok::<_, Failure>(())
    });
    skip(input);
    vec![
        (BoxLonghand::FontSize, size),
        (BoxLonghand::LineHeight, line),
    ]
}

/// Flexbox 1 §7.1.1
fn flex(input: &mut Parser<'_>) -> Result<Values, Failure> {
    let number = |value| BoxValue::Length(Length::Number(value));
    let (mut grow, mut shrink, mut basis) = (None, 1.0, None);
    let mut numbers = 0;
    while !input.is_exhausted() {
        match single(input)? {
            BoxValue::Length(Length::Number(value)) if numbers < 2 => {
                if numbers == 0 {
                    grow = Some(value);
                } else {
                    shrink = value;
                }
                numbers += 1;
            }
            value @ BoxValue::Length(_) => basis = Some(value),
            // `none` and `auto`; `initial` is a keyword of all properties.
            value => basis = Some(value),
        }
    }
    let basis_given = basis.is_some();
    let grow = grow.unwrap_or(if basis_given && numbers == 0 {
        match &basis {
            Some(BoxValue::Length(_)) => 1.0,
            _ => 0.0,
        }
    } else {
        1.0
    });
    let basis = basis.unwrap_or(BoxValue::Length(Length::pixels(0.0)));
    Ok(vec![
        (BoxLonghand::FlexGrow, number(grow)),
        (BoxLonghand::FlexShrink, number(shrink)),
        (BoxLonghand::FlexBasis, basis),
    ])
}

/// `span n` and `a / b`; a column that is named is one.
fn span(input: &mut Parser<'_>) -> BoxValue {
    let mut numbers = Vec::new();
    let (mut spans, mut slash) = (false, false);
    while let Ok(token) = input.next() {
        match token {
            Token::Number { value, .. } => numbers.push(*value),
            Token::Ident(name) if name.eq_ignore_ascii_case("span") => spans = true,
            Token::Delim('/') => slash = true,
            _ => {}
        }
    }
    let count = match *numbers {
        [.., count] if spans => count,
        [_, end] if slash && end < 0.0 => f32::INFINITY,
        [start, end] if slash => end - start,
        _ => 1.0,
    };
    BoxValue::Length(Length::Number(count.max(1.0)))
}

/// Only whether it moves by more than a whole box: then it is not in sight.
fn translation(input: &mut Parser<'_>) -> BoxValue {
    let mut value = BoxValue::Auto;
    while let Ok(token) = input.next().cloned() {
        let Token::Function(name) = token else {
            continue;
        };
        let is_horizontal = ["translatex", "translate", "translate3d"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let _ = input.parse_nested_block(|input| {
            if is_horizontal && let Ok(length) = Length::parse(input) {
                value = BoxValue::Length(length);
            }
            skip(input);
            Ok::<_, Failure>(())
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(name: &str, text: &str) -> Option<Vec<(BoxLonghand, BoxValue)>> {
        match BoxDeclaration::parse(name, &mut Parser::new(text))?.body {
            BoxBody::Values(values) => Some(values.into()),
            _ => None,
        }
    }

    #[test]
    fn shorthands_set_their_sides() {
        use BoxLonghand as L;
        let px = |value| BoxValue::Length(Length::pixels(value));
        let number = |value| BoxValue::Length(Length::Number(value));
        for (name, text, expected) in [
            ("width", "12px", vec![(L::Width, px(12.0))]),
            ("WIDTH", "auto !important", vec![(L::Width, BoxValue::Auto)]),
            (
                "padding",
                "1px 2px 3px",
                vec![
                    (L::PaddingTop, px(1.0)),
                    (L::PaddingRight, px(2.0)),
                    (L::PaddingBottom, px(3.0)),
                    (L::PaddingLeft, px(2.0)),
                ],
            ),
            (
                "margin-inline",
                "auto 4px",
                vec![(L::MarginLeft, BoxValue::Auto), (L::MarginRight, px(4.0))],
            ),
            (
                "flex",
                "1",
                vec![
                    (L::FlexGrow, number(1.0)),
                    (L::FlexShrink, number(1.0)),
                    (L::FlexBasis, px(0.0)),
                ],
            ),
            (
                "flex",
                "0 0 auto",
                vec![
                    (L::FlexGrow, number(0.0)),
                    (L::FlexShrink, number(0.0)),
                    (L::FlexBasis, BoxValue::Auto),
                ],
            ),
            (
                "background",
                "url(a) center / cover no-repeat, url(b)",
                vec![
                    (L::BackgroundSize, BoxValue::Word(Word::Cover)),
                    (L::BackgroundRepeat, BoxValue::Word(Word::NoRepeat)),
                ],
            ),
            (
                "font",
                "italic 700 14px/1.5 Georgia, serif",
                vec![(L::FontSize, px(14.0)), (L::LineHeight, number(1.5))],
            ),
            (
                "aspect-ratio",
                "auto 16 / 8",
                vec![(L::AspectRatio, number(2.0))],
            ),
            ("grid-column", "1 / span 2", vec![(L::Span, number(2.0))]),
        ] {
            assert_eq!(values(name, text), Some(expected), "{name}: {text}");
        }
    }

    #[test]
    fn what_says_nothing_of_boxes_is_left_out() {
        for (name, text) in [
            ("color", "red"),
            ("width", "1px 2px"),
            ("height", "1foo"),
            ("width", ""),
        ] {
            assert_eq!(values(name, text), None, "{name}: {text}");
        }
    }
}
