//! Components of values of which only the fact that they stand there is of use.
//!
//! In: the tokens of a value. Out: whether such a component comes next, which then is passed over; the inside of
//! functions is not checked. Follows CSS Values 4 and CSS Color 4 and 5, as Chromium 156 takes them.

use cssparser::color::{parse_hash_color, parse_named_color};
use cssparser::{Parser, Token};

use crate::css::{COLOR_FUNCTIONS, Failure};

/// Passes over the content of the function that was just opened.
pub(super) fn content(input: &mut Parser<'_>) -> Result<(), Failure> {
    input.parse_nested_block(|input| Ok(input.expect_no_error_token()?))
}

/// Whether it is one of some names, which are in lower case.
pub(super) fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// One of some identifiers.
pub(super) fn keyword(input: &mut Parser<'_>, keywords: &[&str]) -> bool {
    let found: Result<(), Failure> = input.try_parse(|input| {
        let name = input.expect_ident()?;
        if is_one_of(name, keywords) {
            Ok(())
        } else {
            Err(Failure::unexpected_token())
        }
    });
    found.is_ok()
}

const MATH: [&str; 7] = ["calc", "min", "max", "clamp", "round", "mod", "rem"];

/// A length or a percentage; of numbers only zero.
pub(super) fn length(input: &mut Parser<'_>) -> bool {
    let found: Result<(), Failure> = input.try_parse(|input| {
        let is_length = match input.next()? {
            Token::Dimension { .. } | Token::Percentage { .. } => true,
            Token::Number { value, .. } => *value == 0.0,
            Token::Function(name) if is_one_of(name, &MATH) => {
                return content(input);
            }
            _ => false,
        };
        if is_length {
            Ok(())
        } else {
            Err(Failure::unexpected_token())
        }
    });
    found.is_ok()
}

/// A number, a length or a percentage.
pub(super) fn quantity(input: &mut Parser<'_>) -> bool {
    input.try_parse(Parser::expect_number).is_ok() || length(input)
}

const SYSTEM_COLORS: [&str; 27] = [
    "currentcolor",
    "transparent",
    "accentcolor",
    "accentcolortext",
    "activetext",
    "buttonborder",
    "buttonface",
    "buttontext",
    "canvas",
    "canvastext",
    "field",
    "fieldtext",
    "graytext",
    "highlight",
    "highlighttext",
    "linktext",
    "mark",
    "marktext",
    "selecteditem",
    "selecteditemtext",
    "visitedtext",
    "background",
    "window",
    "windowtext",
    "menu",
    "-webkit-link",
    "-webkit-text",
];

/// `<color>`
pub(super) fn color(input: &mut Parser<'_>) -> bool {
    let found: Result<(), Failure> = input.try_parse(|input| {
        let is_color = match input.next()? {
            Token::Hash(value) | Token::IDHash(value) => parse_hash_color(value.as_bytes()).is_ok(),
            Token::Ident(name) => {
                parse_named_color(name).is_ok() || is_one_of(name, &SYSTEM_COLORS)
            }
            Token::Function(name) if is_one_of(name, COLOR_FUNCTIONS) => {
                return content(input);
            }
            _ => false,
        };
        if is_color {
            Ok(())
        } else {
            Err(Failure::unexpected_token())
        }
    });
    found.is_ok()
}

/// Passes over one of some functions.
pub(super) fn function(input: &mut Parser<'_>, names: &[&str]) -> bool {
    let found: Result<(), Failure> = input.try_parse(|input| {
        let name = input.expect_function()?;
        if is_one_of(name, names) {
            content(input)
        } else {
            Err(Failure::unexpected_token())
        }
    });
    found.is_ok()
}
