//! The values of the font properties, and the `font` shorthand.
//!
//! In: the tokens of one value. Out: what [`super::value`] holds of it. Follows CSS Fonts 4 §2, in the subset that
//! Chromium takes. Weights and widths that are calculated with units (`sign()`, `em`) are left out: `calc()` of plain
//! numbers and percentages is read.

use std::sync::Arc;

use cssparser::{Parser, Token};

use super::property::Longhand;
use super::value::{Family, Generic, Slope, Value, Weight};
use super::wide_keyword::WideKeyword;
use crate::css::Failure;

/// Families of one list that are searched. Those behind them are taken for fonts that nothing is shown in.
const MAX_FAMILIES: usize = 128;

/// `font-family`
pub(super) fn families(input: &mut Parser<'_>) -> Result<Arc<[Family]>, Failure> {
    let mut families = input.parse_comma_separated(family)?;
    families.truncate(MAX_FAMILIES);
    Ok(families.into())
}

fn family(input: &mut Parser<'_>) -> Result<Family, Failure> {
    let first = match input.next()? {
        Token::QuotedString(name) => return Ok(Family::Named(name.to_lowercase().into())),
        Token::Ident(name) => name.to_string(),
        _ => return Err(Failure::unexpected_token()),
    };
    let mut name = first;
    let mut is_single = true;
    while let Ok(next) = input.try_parse(Parser::expect_ident_cloned) {
        is_single = false;
        name.push(' ');
        name.push_str(&next);
    }
    if is_single {
        if WideKeyword::named(&name).is_some() || name.eq_ignore_ascii_case("default") {
            return Err(Failure::unexpected_token());
        }
        if let Some(generic) = generic(&name) {
            return Ok(Family::Generic(generic));
        }
    }
    Ok(Family::Named(name.to_lowercase().into()))
}

fn generic(name: &str) -> Option<Generic> {
    Some(match name.to_ascii_lowercase().as_str() {
        "serif" | "-webkit-body" => Generic::Serif,
        "sans-serif" => Generic::SansSerif,
        "monospace" => Generic::Monospace,
        "cursive" => Generic::Cursive,
        "fantasy" => Generic::Fantasy,
        "system-ui" => Generic::SystemUi,
        "math" => Generic::Math,
        _ => return None,
    })
}

/// `font-weight`
pub(super) fn weight(input: &mut Parser<'_>) -> Result<Weight, Failure> {
    match input.next()? {
        Token::Number { value, .. } if (1.0..=1000.0).contains(value) => Ok(Weight::Number(*value)),
        Token::Ident(name) => Ok(match name.to_ascii_lowercase().as_str() {
            "normal" => Weight::Number(400.0),
            "bold" => Weight::Number(700.0),
            "bolder" => Weight::Bolder,
            "lighter" => Weight::Lighter,
            _ => return Err(Failure::unexpected_token()),
        }),
        Token::Function(name) if name.eq_ignore_ascii_case("calc") => {
            let number = sum(input, &|token| match token {
                Token::Number { value, .. } => Some(*value),
                _ => None,
            })?;
            Ok(Weight::Number(number.clamp(1.0, 1000.0)))
        }
        _ => Err(Failure::unexpected_token()),
    }
}

/// `font-style`
pub(super) fn style(input: &mut Parser<'_>) -> Result<Slope, Failure> {
    Ok(match input.expect_ident()?.to_ascii_lowercase().as_str() {
        "normal" => Slope::NORMAL,
        "italic" => Slope::ITALIC,
        "oblique" => input.try_parse(angle).unwrap_or(Slope::ITALIC),
        _ => return Err(Failure::unexpected_token()),
    })
}

fn angle(input: &mut Parser<'_>) -> Result<Slope, Failure> {
    let degrees = match input.next()? {
        Token::Dimension { value, unit, .. } => {
            value
                * match unit.to_ascii_lowercase().as_str() {
                    "deg" => 1.0,
                    "grad" => 0.9,
                    "rad" => 1f32.to_degrees(),
                    "turn" => 360.0,
                    _ => return Err(Failure::unexpected_token()),
                }
        }
        _ => return Err(Failure::unexpected_token()),
    };
    if (-90.0..=90.0).contains(&degrees) {
        Ok(Slope(degrees))
    } else {
        Err(Failure::unexpected_token())
    }
}

/// `font-stretch`
pub(super) fn stretch(input: &mut Parser<'_>) -> Result<f32, Failure> {
    let percent = |token: &Token<'_>| match token {
        Token::Percentage { unit_value, .. } => Some(unit_value * 100.0),
        _ => None,
    };
    match input.next()? {
        Token::Percentage { unit_value, .. } if *unit_value >= 0.0 => Ok(unit_value * 100.0),
        Token::Ident(name) => stretch_keyword(name).ok_or_else(Failure::unexpected_token),
        Token::Function(name) if name.eq_ignore_ascii_case("calc") => {
            Ok(sum(input, &percent)?.max(0.0))
        }
        _ => Err(Failure::unexpected_token()),
    }
}

fn stretch_keyword(name: &str) -> Option<f32> {
    Some(match name.to_ascii_lowercase().as_str() {
        "ultra-condensed" => 50.0,
        "extra-condensed" => 62.5,
        "condensed" => 75.0,
        "semi-condensed" => 87.5,
        "normal" => 100.0,
        "semi-expanded" => 112.5,
        "expanded" => 125.0,
        "extra-expanded" => 150.0,
        "ultra-expanded" => 200.0,
        _ => return None,
    })
}

/// `a + b - c` within a `calc(` that was just opened.
fn sum(input: &mut Parser<'_>, term: &dyn Fn(&Token<'_>) -> Option<f32>) -> Result<f32, Failure> {
    input.parse_nested_block(|input| {
        let mut total = term(input.next()?).ok_or_else(Failure::unexpected_token)?;
        while !input.is_exhausted() {
            let sign = match input.next()? {
                Token::Delim('+') => 1.0,
                Token::Delim('-') => -1.0,
                _ => return Err(Failure::unexpected_token()),
            };
            total += sign * term(input.next()?).ok_or_else(Failure::unexpected_token)?;
        }
        Ok(total)
    })
}

/// The `font` shorthand: every longhand of interest is set, if only to its initial value.
pub(super) fn shorthand(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    if let Ok(system) = input.try_parse(system_font) {
        return Ok(system);
    }
    let mut components = Components::default();
    let mut normals = 0;
    // Four components at most stand before the size.
    for _ in 0..4 {
        let outcome = input.try_parse(|input| {
            if input
                .try_parse(|input| input.expect_ident_matching("normal"))
                .is_ok()
            {
                normals += 1;
                return Ok(());
            }
            components.read(input)
        });
        if outcome.is_err() {
            break;
        }
    }
    if normals + components.count() > 4 {
        return Err(Failure::unexpected_token());
    }
    size(input)?;
    if input.try_parse(|input| input.expect_delim('/')).is_ok() {
        line_height(input)?;
    }
    let families = families(input)?;
    Ok(longhands(
        families,
        components.weight.unwrap_or(Weight::Number(400.0)),
        components.style.unwrap_or(Slope::NORMAL),
        components.stretch.unwrap_or(100.0),
    ))
}

fn longhands(
    families: Arc<[Family]>,
    weight: Weight,
    style: Slope,
    stretch: f32,
) -> Vec<(Longhand, Value)> {
    vec![
        (Longhand::FontFamily, Value::Families(families)),
        (Longhand::FontWeight, Value::Weight(weight)),
        (Longhand::FontStyle, Value::Style(style)),
        (Longhand::FontStretch, Value::Stretch(stretch)),
    ]
}

/// What may stand before the size, in any order.
#[derive(Default)]
struct Components {
    style: Option<Slope>,
    small_caps: bool,
    weight: Option<Weight>,
    stretch: Option<f32>,
}

impl Components {
    fn count(&self) -> usize {
        usize::from(self.style.is_some())
            + usize::from(self.small_caps)
            + usize::from(self.weight.is_some())
            + usize::from(self.stretch.is_some())
    }

    fn read(&mut self, input: &mut Parser<'_>) -> Result<(), Failure> {
        if self.style.is_none()
            && let Ok(style) = input.try_parse(style)
        {
            self.style = Some(style);
            return Ok(());
        }
        if self.weight.is_none()
            && let Ok(weight) = input.try_parse(weight)
        {
            self.weight = Some(weight);
            return Ok(());
        }
        let name = input.expect_ident()?;
        if !self.small_caps && name.eq_ignore_ascii_case("small-caps") {
            self.small_caps = true;
            return Ok(());
        }
        match stretch_keyword(name) {
            Some(stretch) if self.stretch.is_none() => {
                self.stretch = Some(stretch);
                Ok(())
            }
            _ => Err(Failure::unexpected_token()),
        }
    }
}

fn size(input: &mut Parser<'_>) -> Result<(), Failure> {
    let is_size = match input.next()? {
        Token::Dimension { value, .. } => *value >= 0.0,
        Token::Percentage { unit_value, .. } => *unit_value >= 0.0,
        Token::Number { value, .. } => *value == 0.0,
        Token::Function(_) => return nested(input),
        Token::Ident(name) => [
            "xx-small",
            "x-small",
            "small",
            "medium",
            "large",
            "x-large",
            "xx-large",
            "xxx-large",
            "larger",
            "smaller",
            "-webkit-xxx-large",
            "math",
        ]
        .iter()
        .any(|size| name.eq_ignore_ascii_case(size)),
        _ => false,
    };
    if is_size {
        Ok(())
    } else {
        Err(Failure::unexpected_token())
    }
}

fn line_height(input: &mut Parser<'_>) -> Result<(), Failure> {
    let is_height = match input.next()? {
        Token::Dimension { value, .. } | Token::Number { value, .. } => *value >= 0.0,
        Token::Percentage { unit_value, .. } => *unit_value >= 0.0,
        Token::Function(_) => return nested(input),
        Token::Ident(name) => name.eq_ignore_ascii_case("normal"),
        _ => false,
    };
    if is_height {
        Ok(())
    } else {
        Err(Failure::unexpected_token())
    }
}

/// Passes over the function that was just opened.
fn nested(input: &mut Parser<'_>) -> Result<(), Failure> {
    input.parse_nested_block(|input| Ok(input.expect_no_error_token()?))
}

/// `font: caption` and its like: the user interface's font.
fn system_font(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    let name = input.expect_ident()?;
    let is_system = [
        "caption",
        "icon",
        "menu",
        "message-box",
        "small-caption",
        "status-bar",
        "-webkit-mini-control",
        "-webkit-small-control",
        "-webkit-control",
    ]
    .iter()
    .any(|system| name.eq_ignore_ascii_case(system));
    if !is_system || !input.is_exhausted() {
        return Err(Failure::unexpected_token());
    }
    Ok(longhands(
        Arc::new([Family::Generic(Generic::SystemUi)]),
        Weight::Number(400.0),
        Slope::NORMAL,
        100.0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let mut input = Parser::new(text);
        let values = input.parse_entirely(shorthand).ok()?;
        let parts: Vec<String> = values
            .into_iter()
            .map(|(_, value)| match value {
                Value::Families(families) => families
                    .iter()
                    .map(|family| match family {
                        Family::Named(name) => name.to_string(),
                        Family::Generic(generic) => format!("<{generic:?}>"),
                    })
                    .collect::<Vec<_>>()
                    .join(","),
                Value::Weight(Weight::Number(weight)) => weight.to_string(),
                Value::Weight(relative) => format!("{relative:?}"),
                Value::Style(Slope(angle)) => angle.to_string(),
                Value::Stretch(percent) => percent.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        Some(parts.join(" "))
    }

    /// Chromium 156 says the same of each with `CSS.supports`.
    #[test]
    fn the_shorthand_sets_every_longhand() {
        let table: &[(&str, Option<&str>)] = &[
            ("16px x", Some("x 400 0 100")),
            ("16px a b", Some("a b 400 0 100")),
            ("16px 'X' , Y", Some("x,y 400 0 100")),
            ("16px Serif, 'serif'", Some("<Serif>,serif 400 0 100")),
            ("16px/1.5 x", Some("x 400 0 100")),
            ("16px / normal x", Some("x 400 0 100")),
            ("0 x", Some("x 400 0 100")),
            ("1e1px x", Some("x 400 0 100")),
            ("larger x", Some("x 400 0 100")),
            ("xxx-large x", Some("x 400 0 100")),
            ("calc(1px + 1em) x", Some("x 400 0 100")),
            ("450 16px x", Some("x 450 0 100")),
            ("1 16px x", Some("x 1 0 100")),
            ("lighter 16px x", Some("x Lighter 0 100")),
            ("BOLD italic 16px x", Some("x 700 14 100")),
            ("small-caps bold italic 16px x", Some("x 700 14 100")),
            ("oblique 10deg 16px x", Some("x 400 10 100")),
            ("oblique 16px x", Some("x 400 14 100")),
            ("ultra-condensed italic 16px x", Some("x 400 14 50")),
            ("normal normal normal normal 16px x", Some("x 400 0 100")),
            ("normal bold 16px x", Some("x 700 0 100")),
            ("caption", Some("<SystemUi> 400 0 100")),
            ("bold", None),
            ("16px", None),
            ("16 x", None),
            ("-16px x", None),
            ("thick x", None),
            ("75% 16px x", None),
            ("16px/-1 x", None),
            ("1001 16px x", None),
            ("bold 400 16px x", None),
            ("italic oblique 16px x", None),
            ("italic 20deg 16px x", None),
            ("normal normal normal normal normal 16px x", None),
            ("16px inherit", None),
            ("16px default", None),
            ("16px x,", None),
            ("caption x", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text).as_deref(), *expected, "{text}");
        }
    }

    #[test]
    fn longhands_take_what_chromium_takes() {
        let weight = |text| Parser::new(text).parse_entirely(weight).ok();
        let number = |value| Some(Weight::Number(value));
        assert_eq!(weight("1"), number(1.0));
        assert_eq!(weight("BOLD"), number(700.0));
        assert_eq!(weight("calc(300 + 100)"), number(400.0));
        for wrong in ["0.5", "1001", "auto", "bold bold", "400px", ""] {
            assert_eq!(weight(wrong), None, "{wrong}");
        }
        let style = |text| Parser::new(text).parse_entirely(style).ok();
        assert_eq!(style("oblique 90deg"), Some(Slope(90.0)));
        assert_eq!(style("oblique 0.25turn"), Some(Slope(90.0)));
        assert_eq!(style("oblique 10grad"), Some(Slope(9.0)));
        for wrong in [
            "oblique 10",
            "oblique 0",
            "oblique -91deg",
            "left",
            "italic 10deg",
        ] {
            assert_eq!(style(wrong), None, "{wrong}");
        }
        let stretch = |text| Parser::new(text).parse_entirely(stretch).ok();
        assert_eq!(stretch("75%"), Some(75.0));
        assert_eq!(stretch("calc(50% + 25%)"), Some(75.0));
        assert_eq!(stretch("-1%"), None);
        let families = |text| Parser::new(text).parse_entirely(families).ok();
        for right in ["inherit x", "x inherit", "-a", "a b  c", "x, ui-serif"] {
            assert!(families(right).is_some(), "{right}");
        }
        for wrong in [
            "'a' b",
            "1a",
            "a,",
            "default",
            "revert-layer, x",
            "generic(kai)",
            "",
        ] {
            assert_eq!(families(wrong), None, "{wrong}");
        }
    }
}
