//! Numbers and lengths, bare or calculated.
//!
//! In: a number, a dimension or a math function (CSS Values 4 §10: `calc()`, `min()`, `max()`, `clamp()`); other functions
//! are refused. Out: an expression, which is evaluated where it is known what its units come to: for a viewport alone
//! (`length`) or for an element (`layout`). That types fit together is not looked at here.

use cssparser::{Parser, Token};

use super::{Failure, MAX_CONDITION_DEPTH};

/// A number, a length, or arithmetic over both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Calculation<U> {
    Number(f32),
    /// A length or a percentage.
    Dimension(f32, U),
    Sum(Box<[Self]>),
    /// Factors; a divisor is marked `true`.
    Product(Box<[(Self, bool)]>),
    Negated(Box<Self>),
    Min(Box<[Self]>),
    Max(Box<[Self]>),
}

/// What lengths are counted in where a calculation stands.
pub(crate) trait LengthUnit: Sized {
    /// What percentages are counted in; without it they are refused.
    const PERCENT: Option<Self>;

    /// A CSS unit, in lower case, as so many of these.
    fn named(name: &str) -> Option<(f32, Self)>;
}

/// Whether a function is arithmetic; any other function in parentheses is a condition's.
pub(super) fn is_math_function(name: &str) -> bool {
    ["calc", "-webkit-calc", "min", "max", "clamp"]
        .iter()
        .any(|function| name.eq_ignore_ascii_case(function))
}

impl<U: LengthUnit> Calculation<U> {
    /// Reads one value.
    pub(crate) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        Self::value(input, false, 0)
    }

    fn value(input: &mut Parser<'_>, in_math: bool, depth: usize) -> Result<Self, Failure> {
        let function = match input.next()? {
            Token::Number { value, .. } => return Ok(Self::Number(*value)),
            Token::Percentage { unit_value, .. } => {
                let unit = U::PERCENT.ok_or_else(Failure::unexpected_token)?;
                return Ok(Self::Dimension(unit_value * 100.0, unit));
            }
            Token::Dimension { value, unit, .. } => {
                let (scale, unit) =
                    U::named(&unit.to_ascii_lowercase()).ok_or_else(Failure::unexpected_token)?;
                return Ok(Self::Dimension(value * scale, unit));
            }
            Token::ParenthesisBlock if in_math => String::from("calc"),
            Token::Function(name) if is_math_function(name) => name.to_ascii_lowercase(),
            _ => return Err(Failure::unexpected_token()),
        };
        if depth >= MAX_CONDITION_DEPTH {
            return Err(Failure::unexpected_token());
        }
        input.parse_nested_block(|input| match function.as_str() {
            "min" => Ok(Self::Min(Self::arguments(input, depth)?.into())),
            "max" => Ok(Self::Max(Self::arguments(input, depth)?.into())),
            "clamp" => {
                let [low, value, high] = <[Self; 3]>::try_from(Self::arguments(input, depth)?)
                    .map_err(|_| Failure::unexpected_token())?;
                let upper = Self::Min([value, high].into());
                Ok(Self::Max([low, upper].into()))
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
            Err(terms) => Self::Sum(terms.into()),
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
            Err(factors) => Self::Product(factors.into()),
        })
    }
}
