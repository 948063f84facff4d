//! Lengths, bare or calculated, in CSS pixels.
//!
//! In: a `<length>` or a math function of lengths (CSS Values 4 §6, §10: `calc()`, `min()`, `max()`, `clamp()`).
//! Out: an expression that is evaluated for a viewport. Media queries and `sizes` know no element, so font-relative
//! units take the initial font: 16 px, with `ex` and `ch` half of it; there is no container, so that `cqw` is `vw`. The dynamic viewport units are those of a
//! window without collapsing bars. Percentages, `lh`, `cap`, `ic` and the stepped and trigonometric functions are refused.

use cssparser::{Parser, Token};

use super::{Failure, MAX_CONDITION_DEPTH};
use crate::viewport::Viewport;

/// The initial font size, in CSS pixels.
const FONT_SIZE: f32 = 16.0;

/// A number, a length, or arithmetic over both.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Calculation {
    Number(f32),
    Length(f32, Unit),
    Sum(Vec<Self>),
    /// Factors; a divisor is marked `true`.
    Product(Vec<(Self, bool)>),
    Negated(Box<Self>),
    Min(Vec<Self>),
    Max(Vec<Self>),
    Clamp(Box<[Self; 3]>),
}

/// What a length is counted in, once absolute and font-relative units are pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Pixels,
    Width,
    Height,
    Smaller,
    Larger,
}

/// The value of a calculation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    Number(f32),
    Pixels(f32),
}

/// Whether a function is arithmetic; any other function in parentheses is a condition's.
pub(super) fn is_math_function(name: &str) -> bool {
    ["calc", "-webkit-calc", "min", "max", "clamp"]
        .iter()
        .any(|function| name.eq_ignore_ascii_case(function))
}

impl Calculation {
    /// Reads one value: a number, a dimension or a math function.
    pub(super) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        Self::value(input, false, 0)
    }

    fn value(input: &mut Parser<'_>, in_math: bool, depth: usize) -> Result<Self, Failure> {
        let function = match input.next()? {
            Token::Number { value, .. } => return Ok(Self::Number(*value)),
            Token::Dimension { value, unit, .. } => {
                let (scale, unit) = length_unit(unit).ok_or_else(Failure::unexpected_token)?;
                return Ok(Self::Length(value * scale, unit));
            }
            Token::ParenthesisBlock if in_math => None,
            Token::Function(name) if is_math_function(name) => Some(name.clone()),
            _ => return Err(Failure::unexpected_token()),
        };
        if depth >= MAX_CONDITION_DEPTH {
            return Err(Failure::unexpected_token());
        }
        input.parse_nested_block(|input| match function.as_deref() {
            Some(name) if name.eq_ignore_ascii_case("min") => {
                Self::arguments(input, depth).map(Self::Min)
            }
            Some(name) if name.eq_ignore_ascii_case("max") => {
                Self::arguments(input, depth).map(Self::Max)
            }
            Some(name) if name.eq_ignore_ascii_case("clamp") => {
                let bounds = <[Self; 3]>::try_from(Self::arguments(input, depth)?)
                    .map_err(|_| Failure::unexpected_token())?;
                Ok(Self::Clamp(Box::new(bounds)))
            }
            _ => Self::sum(input, depth + 1),
        })
    }

    fn arguments(input: &mut Parser<'_>, depth: usize) -> Result<Vec<Self>, Failure> {
        input.parse_comma_separated(|input| Self::sum(input, depth + 1))
    }

    fn sum(input: &mut Parser<'_>, depth: usize) -> Result<Self, Failure> {
        let mut terms = vec![Self::product(input, depth)?];
        while !input.is_exhausted() {
            // White space on both sides tells the operator from a sign (CSS Values 4 §10.9).
            input.expect_whitespace()?;
            let negated = match input.next()? {
                Token::Delim('+') => false,
                Token::Delim('-') => true,
                _ => return Err(Failure::unexpected_token()),
            };
            input.expect_whitespace()?;
            let term = Self::product(input, depth)?;
            terms.push(if negated {
                Self::Negated(Box::new(term))
            } else {
                term
            });
        }
        Ok(match <[Self; 1]>::try_from(terms) {
            Ok([term]) => term,
            Err(terms) => Self::Sum(terms),
        })
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
            Err(factors) => Self::Product(factors),
        })
    }

    /// The length in CSS pixels; a bare zero is one. `None` for other numbers and for sums of numbers and lengths.
    pub(super) fn pixels(&self, viewport: &Viewport) -> Option<f32> {
        match (self, self.evaluate(viewport)?) {
            (Self::Number(0.0), _) => Some(0.0),
            (_, Quantity::Pixels(pixels)) => Some(pixels),
            _ => None,
        }
    }

    /// The value, if its types fit together (CSS Values 4 §10.2).
    pub(super) fn evaluate(&self, viewport: &Viewport) -> Option<Quantity> {
        let fold = |operands: &[Self], join: fn(f32, f32) -> f32| {
            operands
                .iter()
                .map(|operand| operand.evaluate(viewport))
                .reduce(|left, right| left?.join(right?, join))
                .flatten()
        };
        match self {
            Self::Number(number) => Some(Quantity::Number(*number)),
            Self::Length(value, unit) => Some(Quantity::Pixels(value * unit.pixels(viewport))),
            Self::Sum(terms) => fold(terms, |left, right| left + right),
            Self::Min(operands) => fold(operands, f32::min),
            Self::Max(operands) => fold(operands, f32::max),
            Self::Negated(operand) => operand.evaluate(viewport).map(|value| value.scaled(-1.0)),
            Self::Clamp(bounds) => {
                let [low, value, high] = bounds.as_ref();
                let value = value
                    .evaluate(viewport)?
                    .join(high.evaluate(viewport)?, f32::min)?;
                low.evaluate(viewport)?.join(value, f32::max)
            }
            Self::Product(factors) => {
                factors
                    .iter()
                    .try_fold(Quantity::Number(1.0), |product, (factor, divides)| {
                        match (product, factor.evaluate(viewport)?, divides) {
                            (product, Quantity::Number(factor), false) => {
                                Some(product.scaled(factor))
                            }
                            (product, Quantity::Number(divisor), true) => {
                                Some(product.scaled(divisor.recip()))
                            }
                            (Quantity::Number(number), length, false) => {
                                Some(length.scaled(number))
                            }
                            _ => None,
                        }
                    })
            }
        }
    }
}

impl Quantity {
    fn scaled(self, factor: f32) -> Self {
        match self {
            Self::Number(number) => Self::Number(number * factor),
            Self::Pixels(pixels) => Self::Pixels(pixels * factor),
        }
    }

    fn join(self, other: Self, join: fn(f32, f32) -> f32) -> Option<Self> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => Some(Self::Number(join(left, right))),
            (Self::Pixels(left), Self::Pixels(right)) => Some(Self::Pixels(join(left, right))),
            _ => None,
        }
    }
}

impl Unit {
    fn pixels(self, viewport: &Viewport) -> f32 {
        let (width, height) = (viewport.width as f32, viewport.height as f32);
        match self {
            Self::Pixels => 1.0,
            Self::Width => width / 100.0,
            Self::Height => height / 100.0,
            Self::Smaller => width.min(height) / 100.0,
            Self::Larger => width.max(height) / 100.0,
        }
    }
}

/// A CSS unit as so many of ours.
fn length_unit(name: &str) -> Option<(f32, Unit)> {
    let unit = match name.to_ascii_lowercase().as_str() {
        "px" => (1.0, Unit::Pixels),
        "em" | "rem" => (FONT_SIZE, Unit::Pixels),
        "ex" | "ch" | "rex" | "rch" => (FONT_SIZE / 2.0, Unit::Pixels),
        "in" => (96.0, Unit::Pixels),
        "cm" => (96.0 / 2.54, Unit::Pixels),
        "mm" => (96.0 / 25.4, Unit::Pixels),
        "q" => (96.0 / 101.6, Unit::Pixels),
        "pt" => (96.0 / 72.0, Unit::Pixels),
        "pc" => (16.0, Unit::Pixels),
        "vw" | "svw" | "lvw" | "dvw" | "vi" | "svi" | "lvi" | "dvi" | "cqw" | "cqi" => {
            (1.0, Unit::Width)
        }
        "vh" | "svh" | "lvh" | "dvh" | "vb" | "svb" | "lvb" | "dvb" | "cqh" | "cqb" => {
            (1.0, Unit::Height)
        }
        "vmin" | "svmin" | "lvmin" | "dvmin" | "cqmin" => (1.0, Unit::Smaller),
        "vmax" | "svmax" | "lvmax" | "dvmax" | "cqmax" => (1.0, Unit::Larger),
        _ => return None,
    };
    Some(unit)
}
