//! Lengths that depend on an element: with font-relative units and percentages.
//!
//! In: a [`Calculation`] over `<length-percentage>` (CSS Values 4 §6), and a [`Basis`]: the fonts, the viewport and what
//! percentages are of. Out: its value in CSS pixels. `ex` and `ch` are half an em, and a line is 1.2 em. What depends on
//! no element is counted as in media queries.

use crate::css::{Calculation, Failure, LengthUnit, ViewportUnit};
use crate::viewport::Viewport;

/// A length, or arithmetic over lengths and numbers.
pub(crate) type Length = Calculation<Unit>;

/// What a length is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Em,
    Rem,
    Percent,
    Viewport(ViewportUnit),
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
        Self::Dimension(value, Unit::Viewport(ViewportUnit::Pixels))
    }

    /// Whether neither a font nor the box around decides about it.
    pub(crate) fn is_absolute(&self) -> bool {
        let all = |operands: &[Self]| operands.iter().all(Self::is_absolute);
        match self {
            Self::Number(_) => true,
            Self::Dimension(_, unit) => matches!(unit, Unit::Viewport(_)),
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
            Self::Dimension(value, unit) => value * unit.pixels(basis)?,
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
        Some(match self {
            Self::Em => basis.font_size,
            Self::Rem => basis.root_font_size,
            Self::Percent => basis.percent? / 100.0,
            Self::Viewport(unit) => unit.pixels(basis.viewport),
        })
    }
}

impl LengthUnit for Unit {
    const PERCENT: Option<Self> = Some(Self::Percent);

    fn named(name: &str) -> Option<(f32, Self)> {
        Some(match name {
            "em" => (1.0, Self::Em),
            "ex" | "ch" => (0.5, Self::Em),
            "lh" => (1.2, Self::Em),
            "rem" => (1.0, Self::Rem),
            "rlh" => (1.2, Self::Rem),
            name => {
                let (scale, unit) = ViewportUnit::of(name)?;
                (scale, Self::Viewport(unit))
            }
        })
    }
}

pub(super) fn unexpected() -> Failure {
    Failure::unexpected_token()
}

#[cfg(test)]
mod tests {
    use cssparser::Parser;

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
            ("calc((1px)+(2px))", None),
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
        let half = Length::Dimension(50.0, Unit::Percent);
        assert_eq!(half.resolve(&unknown), None);
    }
}
