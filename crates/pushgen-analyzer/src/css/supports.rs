//! Feature queries: `@supports` and `@import … supports()`.
//!
//! In: tokens. Out: whether a current Chromium says yes. Follows CSS Conditional 3 §6, 4 §3 (`selector()`) and 5 §3
//! (`font-tech()`, `font-format()`, `at-rule()`, `named-feature()`). Declarations are asked of the list of Chromium's
//! properties, selectors of the grammar of style rules, without the forgiveness of `:is()`. What has no meaning
//! (`<general-enclosed>`) is false, as the module demands.

use cssparser::{Parser, Token};

use super::Failure;
use super::condition::{Condition, Leaf};
use super::font_face::{is_supported_font_format, is_supported_font_tech};
use super::property_grammar;
use super::truth::Truth;
use crate::style;

/// Reads the condition of an `@supports` rule to the end of `input`.
pub(super) fn supports_condition(input: &mut Parser<'_>) -> Result<Truth, Failure> {
    Ok(Condition::parse(input, true, 0)?.evaluate(Truth::False, &|leaf: &Truth| *leaf))
}

/// A declaration to the end of `input`, as in `(display: grid)` and `supports(display: grid)`.
pub(super) fn supports_declaration(input: &mut Parser<'_>) -> Result<Truth, Failure> {
    let name = input.expect_ident_cloned()?;
    input.expect_colon()?;
    let is_supported = property_grammar::is_supported(&name, input);
    while input.next().is_ok() {}
    Ok(is_supported.into())
}

impl Leaf for Truth {
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure> {
        supports_declaration(input)
    }

    fn in_function(name: &str, input: &mut Parser<'_>) -> Result<Self, Failure> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "selector" => {
                input.skip_whitespace();
                let start = input.position();
                while input.next().is_ok() {}
                style::is_supported_selector(input.slice_from(start)).into()
            }
            "font-format" => is_supported_font_format(input.expect_ident()?).into(),
            "font-tech" => is_supported_font_tech(input.expect_ident()?).into(),
            "at-rule" => match input.next()? {
                Token::AtKeyword(name) => lists(AT_RULES, &name.to_ascii_lowercase()).into(),
                _ => return Err(Failure::unexpected_token()),
            },
            "named-feature" => {
                lists(NAMED_FEATURES, &input.expect_ident()?.to_ascii_lowercase()).into()
            }
            _ => return Err(Failure::unexpected_token()),
        })
    }
}

fn lists(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

/// The rules within `@page` and `@font-feature-values` count as well; `@charset` does not.
const AT_RULES: &str = "\
    -webkit-keyframes annotation bottom-center bottom-left bottom-left-corner bottom-right
    bottom-right-corner character-variant container counter-style font-face font-feature-values
    font-palette-values function import keyframes layer left-bottom left-middle left-top media
    namespace ornaments page position-try property right-bottom right-middle right-top scope
    starting-style styleset stylistic supports swash top-center top-left top-left-corner top-right
    top-right-corner view-transition";

const NAMED_FEATURES: &str = "anchor-position-follows-transforms single-axis-scroll-container";

#[cfg(test)]
mod tests {
    use super::Truth::{False, True};
    use super::*;

    #[test]
    fn answers_for_chromium() {
        let table: &[(&str, Option<Truth>)] = &[
            ("(display: grid)", Some(True)),
            ("(DISPLAY: Grid)", Some(True)),
            ("(display:-ms-grid)", Some(False)),
            ("(display: grid-lanes)", Some(False)),
            ("(display:)", Some(False)),
            ("not (display: grid)", Some(False)),
            ("(position: sticky)", Some(True)),
            ("(position: -webkit-sticky)", Some(False)),
            (
                "(position: -webkit-sticky) or (position: sticky)",
                Some(True),
            ),
            ("(--css: variables)", Some(True)),
            ("(-moz-appearance: none)", Some(False)),
            ("(-webkit-touch-callout: none)", Some(False)),
            ("(font: -apple-system-body)", Some(False)),
            ("(width: -moz-available)", Some(False)),
            ("(color: color-mix(in lab, red, red))", Some(True)),
            (
                "(backdrop-filter: blur(1px)) and (display: grid)",
                Some(True),
            ),
            ("(grid-template-rows: masonry)", Some(False)),
            ("(margin-trim: block)", Some(True)),
            ("(margin-trim: trim)", Some(False)),
            ("(yet-unheard-of: 1)", Some(False)),
            ("(yet-unheard-of: 1) or (display: grid)", Some(True)),
            ("(yet-unheard-of: 1) and (display: -ms-grid)", Some(False)),
            ("not (yet-unheard-of: 1)", Some(True)),
            ("(((display: grid)))", Some(True)),
            ("(not (display: grid)) or (not (color: red))", Some(False)),
            ("selector(:has(a))", Some(True)),
            ("selector(a > b)", Some(True)),
            ("selector(:-moz-any(a))", Some(False)),
            ("selector(:unheard-of)", Some(False)),
            ("not selector(:focus-visible)", Some(False)),
            ("font-format(woff2)", Some(True)),
            ("font-format(svg)", Some(False)),
            ("font-tech(color-COLRv1)", Some(True)),
            ("font-tech(features-graphite)", Some(False)),
            ("at-rule(@media)", Some(True)),
            ("at-rule(@charset)", Some(False)),
            ("at-rule(media)", Some(False)),
            ("named-feature(single-axis-scroll-container)", Some(True)),
            ("env(safe-area-inset-top)", Some(False)),
            ("selector(:is(a, :unheard-of))", Some(False)),
            ("selector(:not(:unheard-of))", Some(False)),
            ("selector(::-webkit-unheard-of)", Some(False)),
            ("selector(a, b)", Some(False)),
            ("(nothing here)", Some(False)),
            ("not (nothing here)", Some(True)),
            ("display: grid", None),
            ("", None),
            ("(display: grid) and (color: red) or (top: 0)", None),
            ("not (display: grid) and (color: red)", None),
        ];
        for (condition, expected) in table {
            let verdict = supports_condition(&mut Parser::new(condition)).ok();
            assert_eq!(verdict, *expected, "{condition:?}");
        }
    }

    #[test]
    fn answers_as_chromium_was_seen_to() {
        let lines = include_str!("supports/chromium.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (expected, condition) = line.split_once(' ').expect("two columns");
            let verdict = supports_condition(&mut Parser::new(condition)).unwrap_or(False);
            assert_eq!(verdict == True, expected == "1", "{condition}");
        }
    }
}
