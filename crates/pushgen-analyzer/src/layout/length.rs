//! Lengths that depend on an element: with font-relative units and percentages.
//!
//! In: a `<length-percentage>` or a math function over them (CSS Values 4 §6, §10). Out: an expression that is evaluated
//! once the fonts, the viewport and what percentages are of are known. `ex` and `ch` are half an em, a line is 1.2 em,
//! and the units of the dynamic viewport are those of a window without collapsing bars. Container units count as those
//! of the viewport. Functions other than `calc()`, `min()`, `max()` and `clamp()` are refused.

use cssparser::{Parser, Token};

use crate::css::Failure;
use crate::viewport::Viewport;

/// Parentheses one inside the other.
const MAX_DEPTH: usize = 16;

/// A length, or arithmetic over lengths and numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Length {
    Number(f32),
    Unit(f32, Unit),
    Sum(Box<[Self]>),
    /// Factors; a divisor is marked `true`.
    Product(Box<[(Self, bool)]>),
    Negated(Box<Self>),
    Min(Box<[Self]>),
    Max(Box<[Self]>),
}

/// What a length is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Pixels,
    Em,
    Rem,
    Percent,
    Width,
    Height,
    Smaller,
    Larger,
}

/// What lengths are relative to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basis<'v> {
    pub(crate) font_size: f32,
    pub(crate) root_font_size: f32,
    /// What 100 % is, if that is known.
    pub(crate) percent: Option<f32>,
    pub(crate) viewport: &'v Viewport,
}

impl Length {
    pub(crate) fn pixels(value: f32) -> Self {
        Self::Unit(value, Unit::Pixels)
    }

    /// Reads one value.
    pub(super) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        Self::value(input, false, 0)
    }

    fn value(input: &mut Parser<'_>, in_math: bool, depth: usize) -> Result<Self, Failure> {
        let function = match input.next()? {
            Token::Number { value, .. } => return Ok(Self::Number(*value)),
            Token::Percentage { unit_value, .. } => {
                return Ok(Self::Unit(unit_value * 100.0, Unit::Percent));
            }
            Token::Dimension { value, unit, .. } => {
                let (scale, unit) = unit_named(unit).ok_or_else(unexpected)?;
                return Ok(Self::Unit(value * scale, unit));
            }
            Token::ParenthesisBlock if in_math => "calc".to_owned(),
            Token::Function(name) => name.to_ascii_lowercase(),
            _ => return Err(unexpected()),
        };
        if depth >= MAX_DEPTH {
            return Err(unexpected());
        }
        input.parse_nested_block(|input| {
            let arguments = |input: &mut Parser<'_>| {
                input.parse_comma_separated(|input| Self::sum(input, depth + 1))
            };
            match function.as_str() {
                "calc" | "-webkit-calc" => Self::sum(input, depth + 1),
                "min" => Ok(Self::Min(arguments(input)?.into())),
                "max" => Ok(Self::Max(arguments(input)?.into())),
                "clamp" => {
                    let [low, value, high] =
                        <[Self; 3]>::try_from(arguments(input)?).map_err(|_| unexpected())?;
                    let upper = Self::Min([value, high].into());
                    Ok(Self::Max([low, upper].into()))
                }
                _ => Err(unexpected()),
            }
        })
    }

    fn sum(input: &mut Parser<'_>, depth: usize) -> Result<Self, Failure> {
        let first = Self::product(input, depth)?;
        if input.is_exhausted() {
            return Ok(first);
        }
        let mut terms = vec![first];
        while !input.is_exhausted() {
            input.skip_whitespace();
            let negated = match input.next()? {
                Token::Delim('+') => false,
                Token::Delim('-') => true,
                _ => return Err(unexpected()),
            };
            let term = Self::product(input, depth)?;
            terms.push(if negated {
                Self::Negated(Box::new(term))
            } else {
                term
            });
        }
        Ok(Self::Sum(terms.into()))
    }

    fn product(input: &mut Parser<'_>, depth: usize) -> Result<Self, Failure> {
        let first = Self::value(input, true, depth)?;
        let mut factors = vec![(first, false)];
        loop {
            let before = input.state();
            let divides = match input.next() {
                Ok(Token::Delim('*')) => false,
                Ok(Token::Delim('/')) => true,
                _ => {
                    input.reset(&before);
                    break;
                }
            };
            factors.push((Self::value(input, true, depth)?, divides));
        }
        Ok(match <[(Self, bool); 1]>::try_from(factors) {
            Ok([(factor, _)]) => factor,
            Err(factors) => Self::Product(factors.into()),
        })
    }

    /// Whether neither a font nor the box around decides about it.
    pub(crate) fn is_absolute(&self) -> bool {
        let all = |operands: &[Self]| operands.iter().all(Self::is_absolute);
        match self {
            Self::Number(_) => true,
            Self::Unit(_, unit) => !matches!(unit, Unit::Em | Unit::Rem | Unit::Percent),
            Self::Sum(operands) | Self::Min(operands) | Self::Max(operands) => all(operands),
            Self::Product(factors) => factors.iter().all(|(factor, _)| factor.is_absolute()),
            Self::Negated(operand) => operand.is_absolute(),
        }
    }

    /// CSS pixels; `None` if it depends on a percentage of something unknown. A number stands for itself.
    pub(crate) fn resolve(&self, basis: &Basis<'_>) -> Option<f32> {
        let all = |operands: &[Self], join: fn(f32, f32) -> f32| {
            operands
                .iter()
                .map(|operand| operand.resolve(basis))
                .reduce(|left, right| Some(join(left?, right?)))
                .flatten()
        };
        let value = match self {
            Self::Number(number) => *number,
            Self::Unit(value, unit) => value * unit.pixels(basis)?,
            Self::Sum(terms) => all(terms, |left, right| left + right)?,
            Self::Min(operands) => all(operands, f32::min)?,
            Self::Max(operands) => all(operands, f32::max)?,
            Self::Negated(operand) => -operand.resolve(basis)?,
            Self::Product(factors) => {
                factors.iter().try_fold(1.0, |product, (factor, divides)| {
                    let factor = factor.resolve(basis)?;
                    Some(if *divides {
                        product / factor
                    } else {
                        product * factor
                    })
                })?
            }
        };
        value.is_finite().then_some(value)
    }
}

impl Unit {
    fn pixels(self, basis: &Basis<'_>) -> Option<f32> {
        let (width, height) = (basis.viewport.width as f32, basis.viewport.height as f32);
        Some(match self {
            Self::Pixels => 1.0,
            Self::Em => basis.font_size,
            Self::Rem => basis.root_font_size,
            Self::Percent => basis.percent? / 100.0,
            Self::Width => width / 100.0,
            Self::Height => height / 100.0,
            Self::Smaller => width.min(height) / 100.0,
            Self::Larger => width.max(height) / 100.0,
        })
    }
}

pub(super) fn unexpected() -> Failure {
    Failure::unexpected_token()
}

fn unit_named(name: &str) -> Option<(f32, Unit)> {
    let name = name.to_ascii_lowercase();
    let viewport = name
        .strip_prefix(['s', 'l', 'd'])
        .filter(|rest| rest.starts_with('v'))
        .unwrap_or(&name);
    Some(match viewport {
        "px" => (1.0, Unit::Pixels),
        "em" => (1.0, Unit::Em),
        "ex" | "ch" => (0.5, Unit::Em),
        "lh" => (1.2, Unit::Em),
        "rem" => (1.0, Unit::Rem),
        "rlh" => (1.2, Unit::Rem),
        "in" => (96.0, Unit::Pixels),
        "cm" => (96.0 / 2.54, Unit::Pixels),
        "mm" => (96.0 / 25.4, Unit::Pixels),
        "q" => (96.0 / 101.6, Unit::Pixels),
        "pt" => (96.0 / 72.0, Unit::Pixels),
        "pc" => (16.0, Unit::Pixels),
        "vw" | "vi" | "cqw" | "cqi" => (1.0, Unit::Width),
        "vh" | "vb" | "cqh" | "cqb" => (1.0, Unit::Height),
        "vmin" | "cqmin" => (1.0, Unit::Smaller),
        "vmax" | "cqmax" => (1.0, Unit::Larger),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_resolved_for_an_element() {
        let basis = Basis {
            font_size: 20.0,
            root_font_size: 10.0,
            percent: Some(400.0),
            viewport: &Viewport::DESKTOP,
        };
        for (text, expected) in [
            ("12px", Some(12.0)),
            ("1.5em", Some(30.0)),
            ("2rem", Some(20.0)),
            ("25%", Some(100.0)),
            ("10vw", Some(135.0)),
            ("50dvh", Some(470.0)),
            ("calc(100% - 2rem)", Some(380.0)),
            ("calc(100%/3*2)", Some(400.0 / 3.0 * 2.0)),
            ("calc((100% - 10px) / 2)", Some(195.0)),
            ("min(100%, 300px)", Some(300.0)),
            ("clamp(1rem, 50vw, 5rem)", Some(50.0)),
            ("calc(1px / 0)", None),
            ("env(x)", None),
            ("auto", None),
        ] {
            let mut input = Parser::new(text);
            let length = input.parse_entirely(Length::parse).ok();
            let found = length.and_then(|length| length.resolve(&basis));
            let rounded = |value: Option<f32>| value.map(|value| (value * 100.0).round());
            assert_eq!(rounded(found), rounded(expected), "{text}");
        }
        let unknown = Basis {
            percent: None,
            ..basis
        };
        let half = Length::Unit(50.0, Unit::Percent);
        assert_eq!(half.resolve(&unknown), None);
    }
}
