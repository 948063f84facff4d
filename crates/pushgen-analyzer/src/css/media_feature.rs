//! A single media feature: `(hover)`, `(min-width: 40em)`, `(400px <= width < 700px)`.
//!
//! In: the tokens between parentheses. Out: a test that a viewport passes, fails or does not know. Follows Media
//! Queries 4 §2.4 and §4-9, Media Queries 5 §5-12, and the Compatibility Standard §4 for `-webkit-` names. The device
//! is a colour screen with JavaScript, and a mouse unless it is a phone; a desktop's window fills the screen.

use cssparser::{Parser, Token};

use super::Failure;
use super::calculation::is_math_function;
use super::condition::Leaf;
use super::length::{Length, Quantity};
use super::media_text::plain;
use super::truth::{Logic, Truth};
use crate::viewport::{ColorScheme, Viewport};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct MediaFeature {
    /// Lower case, without `min-` and `max-`.
    name: String,
    test: Test,
    /// The whole in its plain spelling, if it has one.
    text: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// `(hover)`
    Boolean,
    /// `(hover: none)`
    Keyword(String),
    /// `(width: 5px)`, `(min-width: 5px)`, `(2px < width <= 5px)`: what has to hold of the feature's value.
    Range(Vec<(Comparison, Value)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Calculation(Length),
    Ratio(f32, f32),
    /// Device pixels per CSS pixel.
    Resolution(f32),
}

/// What a length may be, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Range {
    pub(super) const ANY: Self = Self {
        low: 0.0,
        high: f32::INFINITY,
    };

    /// Whether all of it, or nothing, stands so to `value`.
    fn compare(self, comparison: Comparison, value: f32) -> Truth {
        let holds = |measure: f32| match comparison {
            Comparison::Less => measure < value,
            Comparison::LessOrEqual => measure <= value,
            Comparison::Equal => measure == value,
            Comparison::GreaterOrEqual => measure >= value,
            Comparison::Greater => measure > value,
        };
        let is_inside = self.low <= value && value <= self.high;
        match (holds(self.low), holds(self.high)) {
            (false, false) if comparison == Comparison::Equal && is_inside => Truth::Unknown,
            (low, high) if low == high => low.into(),
            _ => Truth::Unknown,
        }
    }
}

/// What a viewport has to say of a range feature.
enum Measure {
    Pixels(f32),
    Ratio(f32, f32),
    Resolution(f32),
    Number(f32),
}

impl Leaf for MediaFeature {
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let start = input.position();
        let (name, test) = match input.try_parse(Parser::expect_ident_cloned) {
            Ok(name) => name_first(name.to_ascii_lowercase(), input)?,
            Err(_) => value_first(input)?,
        };
        let text = plain(input.slice_from(start));
        Ok(Self { name, test, text })
    }

    fn in_function(_: &str, _: &mut Parser<'_>) -> Result<Self, Failure> {
        Err(Failure::unexpected_token())
    }
}

/// `hover`, `hover: none` and `width < 9px`.
fn name_first(name: String, input: &mut Parser<'_>) -> Result<(String, Test), Failure> {
    if input.is_exhausted() {
        return Ok((name, Test::Boolean));
    }
    if input.try_parse(Parser::expect_colon).is_err() {
        let bound = (Comparison::parse(input)?, Value::parse(input)?);
        return Ok((name, Test::Range(vec![bound])));
    }
    if let Ok(keyword) = input.try_parse(Parser::expect_ident_cloned) {
        return Ok((name, Test::Keyword(keyword.to_ascii_lowercase())));
    }
    let (comparison, name) = without_prefix(name);
    let test = Test::Range(vec![(comparison, Value::parse(input)?)]);
    Ok((name, test))
}

/// `5px <= width` and `5px <= width < 9px`.
fn value_first(input: &mut Parser<'_>) -> Result<(String, Test), Failure> {
    let low = Value::parse(input)?;
    let first = Comparison::parse(input)?;
    let name = input.expect_ident()?.to_ascii_lowercase();
    let mut bounds = vec![(first.mirrored(), low)];
    if !input.is_exhausted() {
        let second = Comparison::parse(input)?;
        if !first.continues_with(second) {
            return Err(Failure::unexpected_token());
        }
        bounds.push((second, Value::parse(input)?));
    }
    Ok((name, Test::Range(bounds)))
}

impl MediaFeature {
    /// What stands between the parentheses, in its plain spelling.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// In lower case, without `min-` and `max-`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it asks for a length where it has one, for a ratio where it has that, and so on: for a size feature of
    /// containers.
    pub(super) fn is_well_typed(&self) -> bool {
        let as_media = match self.name.as_str() {
            "inline-size" => "width",
            "block-size" => "height",
            name => name,
        };
        let as_media = Self {
            name: as_media.to_owned(),
            test: self.test.clone(),
            text: None,
        };
        as_media.evaluate(&Viewport::DESKTOP) != Truth::Unknown
    }

    /// Whether a length holds that is somewhere in `range`, where it does not depend on where.
    pub(super) fn holds_within(&self, range: Range, viewport: &Viewport) -> Truth {
        match &self.test {
            Test::Boolean => range.compare(Comparison::Greater, 0.0),
            Test::Keyword(_) => Truth::Unknown,
            Test::Range(bounds) => bounds
                .iter()
                .map(|(comparison, value)| match value {
                    Value::Calculation(length) => match length.pixels(viewport) {
                        Some(pixels) => range.compare(*comparison, pixels),
                        None => Truth::Unknown,
                    },
                    Value::Ratio(..) | Value::Resolution(_) => Truth::Unknown,
                })
                .fold(Truth::True, Truth::and),
        }
    }

    /// Whether the viewport has the feature; unknown for names and values that browsers do not know.
    pub(super) fn evaluate(&self, viewport: &Viewport) -> Truth {
        if let Some(measure) = measure(&self.name, viewport) {
            return match &self.test {
                Test::Boolean => measure.is_not_zero().into(),
                Test::Keyword(_) => Truth::Unknown,
                Test::Range(bounds) => {
                    let mut all = Truth::True;
                    for (comparison, value) in bounds {
                        match measure.compare(*comparison, value, viewport) {
                            Some(true) => {}
                            Some(false) => all = Truth::False,
                            None => return Truth::Unknown,
                        }
                    }
                    all
                }
            };
        }
        match (&self.test, self.name.as_str()) {
            (Test::Boolean, "grid") => Truth::False,
            (Test::Boolean, "-webkit-transform-3d") => Truth::True,
            (Test::Range(bounds), "grid" | "-webkit-transform-3d") => {
                let on = self.name != "grid";
                match bounds.as_slice() {
                    [(Comparison::Equal, Value::Calculation(Length::Number(number)))] => {
                        (*number == f32::from(on)).into()
                    }
                    _ => Truth::Unknown,
                }
            }
            (Test::Range(_), _) => Truth::Unknown,
            (test, name) => match discrete(name, viewport) {
                Some((_, actual)) if *test == Test::Boolean => {
                    (!["none", "no-preference"].contains(&actual)).into()
                }
                Some((keywords, actual)) => match test {
                    Test::Keyword(keyword) if keywords.contains(&keyword.as_str()) => {
                        (keyword == actual).into()
                    }
                    _ => Truth::Unknown,
                },
                None => Truth::Unknown,
            },
        }
    }
}

/// `min-` and `max-` as comparisons; the Compatibility Standard puts them behind `-webkit-`.
fn without_prefix(name: String) -> (Comparison, String) {
    let (vendor, bare) = match name.strip_prefix("-webkit-") {
        Some(bare) => ("-webkit-", bare),
        None => ("", name.as_str()),
    };
    // These have no order, and `-webkit-` comes first.
    let has_range =
        |feature: &str| !feature.starts_with('-') && !feature.ends_with("-viewport-segments");
    let stripped = |prefix| {
        bare.strip_prefix(prefix)
            .filter(|feature| has_range(feature))
    };
    if let Some(feature) = stripped("min-") {
        (Comparison::GreaterOrEqual, format!("{vendor}{feature}"))
    } else if let Some(feature) = stripped("max-") {
        (Comparison::LessOrEqual, format!("{vendor}{feature}"))
    } else {
        (Comparison::Equal, name)
    }
}

fn measure(name: &str, viewport: &Viewport) -> Option<Measure> {
    let (width, height) = (viewport.width as f32, viewport.height as f32);
    let (screen_width, screen_height) = viewport.screen();
    let (screen_width, screen_height) = (screen_width as f32, screen_height as f32);
    Some(match name {
        "width" => Measure::Pixels(width),
        "height" => Measure::Pixels(height),
        "aspect-ratio" => Measure::Ratio(width, height),
        "device-width" => Measure::Pixels(screen_width),
        "device-height" => Measure::Pixels(screen_height),
        "device-aspect-ratio" => Measure::Ratio(screen_width, screen_height),
        "resolution" => Measure::Resolution(viewport.dpr),
        "-webkit-device-pixel-ratio" => Measure::Number(viewport.dpr),
        "color" => Measure::Number(8.0),
        "monochrome" | "color-index" => Measure::Number(0.0),
        "horizontal-viewport-segments" | "vertical-viewport-segments" => Measure::Number(1.0),
        _ => return None,
    })
}

/// The keywords of a discrete feature, and the one in force.
fn discrete(name: &str, viewport: &Viewport) -> Option<(&'static [&'static str], &'static str)> {
    let found: (&[&str], &str) = match name {
        "orientation" if viewport.height >= viewport.width => {
            (&["portrait", "landscape"], "portrait")
        }
        "orientation" => (&["portrait", "landscape"], "landscape"),
        "prefers-color-scheme" => match viewport.color_scheme {
            ColorScheme::Light => (&["light", "dark"], "light"),
            ColorScheme::Dark => (&["light", "dark"], "dark"),
        },
        "prefers-reduced-motion" | "prefers-reduced-transparency" => {
            (&["no-preference", "reduce"], "no-preference")
        }
        "prefers-contrast" => (
            &["no-preference", "more", "less", "custom"],
            "no-preference",
        ),
        "hover" | "any-hover" if viewport.is_phone() => (&["none", "hover"], "none"),
        "hover" | "any-hover" => (&["none", "hover"], "hover"),
        "pointer" | "any-pointer" if viewport.is_phone() => (&["none", "coarse", "fine"], "coarse"),
        "pointer" | "any-pointer" => (&["none", "coarse", "fine"], "fine"),
        "scripting" => (&["none", "initial-only", "enabled"], "enabled"),
        "update" => (&["none", "slow", "fast"], "fast"),
        "device-posture" => (&["continuous", "folded"], "continuous"),
        "forced-colors" => (&["none", "active"], "none"),
        "dynamic-range" => (&["standard", "high"], "standard"),
        "color-gamut" => (&["srgb", "p3", "rec2020"], "srgb"),
        "overflow-block" => (&["none", "scroll", "paged"], "scroll"),
        "overflow-inline" => (&["none", "scroll"], "scroll"),
        "display-mode" => (
            &[
                "fullscreen",
                "standalone",
                "minimal-ui",
                "browser",
                "picture-in-picture",
                "window-controls-overlay",
            ],
            "browser",
        ),
        _ => return None,
    };
    Some(found)
}

impl Measure {
    fn is_not_zero(&self) -> bool {
        match self {
            Self::Pixels(value) | Self::Resolution(value) | Self::Number(value) => *value != 0.0,
            Self::Ratio(width, height) => *width != 0.0 && *height != 0.0,
        }
    }

    /// Whether the measure stands so to `value`; `None` if they are of different kinds.
    fn compare(&self, comparison: Comparison, value: &Value, viewport: &Viewport) -> Option<bool> {
        let (left, right) = match (self, value) {
            (Self::Pixels(pixels), Value::Calculation(length)) => {
                (*pixels, length.pixels(viewport)?)
            }
            (Self::Resolution(dppx), Value::Resolution(other)) => (*dppx, *other),
            (Self::Number(number), Value::Calculation(other)) => match other.evaluate(viewport)? {
                Quantity::Number(other) => (*number, other),
                Quantity::Pixels(_) => return None,
            },
            (Self::Ratio(..), Value::Ratio(0.0, 0.0)) => return Some(false),
            // Multiplied out, so that neither a zero divisor nor rounding gets in the way.
            (Self::Ratio(width, height), Value::Ratio(over, under)) => {
                (width * under, over * height)
            }
            (Self::Ratio(width, height), Value::Calculation(other)) => {
                match other.evaluate(viewport)? {
                    Quantity::Number(ratio) => (*width, ratio * height),
                    Quantity::Pixels(_) => return None,
                }
            }
            _ => return None,
        };
        Some(match comparison {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Equal => left == right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Greater => left > right,
        })
    }
}

impl Comparison {
    fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let sign = match input.next()? {
            Token::Delim(sign @ ('<' | '>' | '=')) => *sign,
            _ => return Err(Failure::unexpected_token()),
        };
        let before = input.state();
        let or_equal = sign != '='
            && matches!(
                input.next_including_whitespace_and_comments(),
                Ok(Token::Delim('='))
            );
        if !or_equal {
            input.reset(&before);
        }
        Ok(match (sign, or_equal) {
            ('<', false) => Self::Less,
            ('<', true) => Self::LessOrEqual,
            ('>', false) => Self::Greater,
            ('>', true) => Self::GreaterOrEqual,
            _ => Self::Equal,
        })
    }

    fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Equal => Self::Equal,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Greater => Self::Less,
        }
    }

    /// Both signs of `a < x < b` point the same way.
    fn continues_with(self, other: Self) -> bool {
        let down = |comparison| matches!(comparison, Self::Less | Self::LessOrEqual);
        let up = |comparison| matches!(comparison, Self::Greater | Self::GreaterOrEqual);
        (down(self) && down(other)) || (up(self) && up(other))
    }
}

impl Value {
    fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let start = input.state();
        match input.next()? {
            Token::Number { value, .. } => {
                let over = *value;
                if input.try_parse(|input| input.expect_delim('/')).is_ok() {
                    return Ok(Self::Ratio(over, input.expect_number()?));
                }
                return Ok(Self::Calculation(Length::Number(over)));
            }
            Token::Dimension { value, unit, .. } => {
                if let Some(scale) = resolution_unit(unit) {
                    return Ok(Self::Resolution(value * scale));
                }
            }
            Token::Function(name) if is_math_function(name) => {}
            _ => return Err(Failure::unexpected_token()),
        }
        input.reset(&start);
        Length::parse(input).map(Self::Calculation)
    }
}

/// A resolution unit in dots per CSS pixel (CSS Values 4 §7.4).
pub(super) fn resolution_unit(name: &str) -> Option<f32> {
    match name.to_ascii_lowercase().as_str() {
        "x" | "dppx" => Some(1.0),
        "dpi" => Some(1.0 / 96.0),
        "dpcm" => Some(2.54 / 96.0),
        _ => None,
    }
}
