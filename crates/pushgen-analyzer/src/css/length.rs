//! Lengths, bare or calculated, in CSS pixels.
//!
//! In: a [`Calculation`] and a viewport. Out: its value. Media queries and `sizes` know no element, so font-relative
//! units take the initial font: 16 px, with `ex` and `ch` half of it; there is no container, so that `cqw` is `vw`. The
//! dynamic viewport units are those of a window without collapsing bars. Percentages, `lh`, `cap` and `ic` are refused.

use super::calculation::{Calculation, LengthUnit};
use crate::viewport::Viewport;

/// The initial font size, in CSS pixels.
const FONT_SIZE: f32 = 16.0;

/// A length that a viewport decides about.
pub(super) type Length = Calculation<ViewportUnit>;

/// What a length is counted in that depends on the viewport at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewportUnit {
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

impl LengthUnit for ViewportUnit {
    const PERCENT: Option<Self> = None;

    fn named(name: &str) -> Option<(f32, Self)> {
        match name {
            "em" | "rem" => Some((FONT_SIZE, Self::Pixels)),
            "ex" | "ch" | "rex" | "rch" => Some((FONT_SIZE / 2.0, Self::Pixels)),
            _ => Self::of(name),
        }
    }
}

impl Length {
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
            Self::Dimension(value, unit) => Some(Quantity::Pixels(value * unit.pixels(viewport))),
            Self::Sum(terms) => fold(terms, |left, right| left + right),
            Self::Min(operands) => fold(operands, f32::min),
            Self::Max(operands) => fold(operands, f32::max),
            Self::Negated(operand) => operand.evaluate(viewport).map(|value| value.scaled(-1.0)),
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

impl ViewportUnit {
    /// A CSS unit that depends on no font and no box, in lower case.
    pub(crate) fn of(name: &str) -> Option<(f32, Self)> {
        Some(match name {
            "px" => (1.0, Self::Pixels),
            "in" => (96.0, Self::Pixels),
            "cm" => (96.0 / 2.54, Self::Pixels),
            "mm" => (96.0 / 25.4, Self::Pixels),
            "q" => (96.0 / 101.6, Self::Pixels),
            "pt" => (96.0 / 72.0, Self::Pixels),
            "pc" => (16.0, Self::Pixels),
            "vw" | "svw" | "lvw" | "dvw" | "vi" | "svi" | "lvi" | "dvi" | "cqw" | "cqi" => {
                (1.0, Self::Width)
            }
            "vh" | "svh" | "lvh" | "dvh" | "vb" | "svb" | "lvb" | "dvb" | "cqh" | "cqb" => {
                (1.0, Self::Height)
            }
            "vmin" | "svmin" | "lvmin" | "dvmin" | "cqmin" => (1.0, Self::Smaller),
            "vmax" | "svmax" | "lvmax" | "dvmax" | "cqmax" => (1.0, Self::Larger),
            _ => return None,
        })
    }

    pub(crate) fn pixels(self, viewport: &Viewport) -> f32 {
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
