//! The grammar that `<media-condition>`, `<supports-condition>` and `<container-condition>` share: parentheses, `not`, `and`, `or`.
//!
//! In: tokens. Out: a tree whose leaves are media features, supports features or container features. Follows Media Queries 4 §3 and CSS
//! Conditional 3 §6: `and` and `or` do not mix on one level, `not` stands alone, and what has the shape of a
//! condition without being one (`<general-enclosed>`) is kept as [`Condition::Unknown`].

use cssparser::{Parser, Token};

use super::calculation::is_math_function;
use super::truth::Logic;
use super::{Failure, MAX_CONDITION_DEPTH};

/// A condition over leaves of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition<L> {
    Leaf(L),
    /// `<general-enclosed>`: well-formed, but not understood.
    Unknown,
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// What a condition is made of.
pub(super) trait Leaf: Sized {
    /// The content of `( … )` that is not a condition itself.
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure>;
    /// The content of `name( … )`.
    fn in_function(name: &str, input: &mut Parser<'_>) -> Result<Self, Failure>;
}

impl<L: Leaf> Condition<L> {
    /// Reads a condition to the end of `input`; without `or` on its first level where the grammar forbids it.
    pub(super) fn parse(
        input: &mut Parser<'_>,
        or_allowed: bool,
        depth: usize,
    ) -> Result<Self, Failure> {
        if input
            .try_parse(|input| input.expect_ident_matching("not"))
            .is_ok()
        {
            let operand = Self::in_parens(input, depth)?;
            input.expect_exhausted()?;
            return Ok(Self::Not(Box::new(operand)));
        }
        let first = Self::in_parens(input, depth)?;
        if input.is_exhausted() {
            return Ok(first);
        }
        let is_and = match input.next()? {
            Token::Ident(name) if name.eq_ignore_ascii_case("and") => true,
            Token::Ident(name) if or_allowed && name.eq_ignore_ascii_case("or") => false,
            _ => return Err(Failure::unexpected_token()),
        };
        let connective = if is_and { "and" } else { "or" };
        let mut operands = vec![first, Self::in_parens(input, depth)?];
        while !input.is_exhausted() {
            input.expect_ident_matching(connective)?;
            operands.push(Self::in_parens(input, depth)?);
        }
        Ok(if is_and {
            Self::All(operands)
        } else {
            Self::Any(operands)
        })
    }

    fn in_parens(input: &mut Parser<'_>, depth: usize) -> Result<Self, Failure> {
        let function = match input.next()? {
            Token::ParenthesisBlock => None,
            Token::Function(name) => Some(name.clone()),
            _ => return Err(Failure::unexpected_token()),
        };
        if depth >= MAX_CONDITION_DEPTH {
            return Ok(Self::Unknown);
        }
        let content = input.parse_nested_block(|input| match function {
            Some(name) => L::in_function(&name, input).map(Self::Leaf),
            None if starts_condition(input) => Self::parse(input, true, depth + 1),
            None => L::in_parentheses(input).map(Self::Leaf),
        });
        Ok(content.unwrap_or(Self::Unknown))
    }

    /// Calls `each` for every leaf, and with nothing for what was not understood.
    pub(super) fn for_each<'c>(&'c self, each: &mut impl FnMut(Option<&'c L>)) {
        match self {
            Self::Leaf(content) => each(Some(content)),
            Self::Unknown => each(None),
            Self::Not(operand) => operand.for_each(each),
            Self::All(operands) | Self::Any(operands) => {
                for operand in operands {
                    operand.for_each(each);
                }
            }
        }
    }

    /// The value of the condition, given those of its leaves and of what was not understood.
    pub(super) fn evaluate<T: Logic>(&self, unknown: T, leaf: &impl Fn(&L) -> T) -> T {
        match self {
            Self::Leaf(content) => leaf(content),
            Self::Unknown => unknown,
            Self::Not(operand) => operand.evaluate(unknown, leaf).negate(),
            Self::All(operands) => operands
                .iter()
                .map(|operand| operand.evaluate(unknown, leaf))
                .reduce(T::and)
                .unwrap_or(unknown),
            Self::Any(operands) => operands
                .iter()
                .map(|operand| operand.evaluate(unknown, leaf))
                .reduce(T::or)
                .unwrap_or(unknown),
        }
    }
}

/// Whether the content of a parenthesis is a condition rather than a leaf; consumes nothing.
pub(super) fn starts_condition(input: &mut Parser<'_>) -> bool {
    let start = input.state();
    let nested = match input.next() {
        Ok(Token::ParenthesisBlock) => true,
        Ok(Token::Function(name)) => !is_math_function(name),
        Ok(Token::Ident(name)) if name.eq_ignore_ascii_case("not") => {
            matches!(
                input.next(),
                Ok(Token::ParenthesisBlock | Token::Function(_))
            )
        }
        _ => false,
    };
    input.reset(&start);
    nested
}
