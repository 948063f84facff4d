//! The `sizes` attribute: how wide an image will be laid out, before there is a layout.
//!
//! In: the attribute's text. Out: the source size in CSS pixels. Follows HTML §4.8.4.3.10, "parse a sizes attribute".

use cssparser::{Delimiter, Parser, ParserState, Token};

use super::Failure;
use super::length::Length;
use super::media::MediaCondition;
use crate::viewport::Viewport;

/// The first size whose media condition holds, in CSS pixels, or 100vw when there is none.
///
/// `auto` stands for the width that layout gives the image: `None`. It counts only on an image that allows it
/// (`loading=lazy`), which the caller tells by `allows_auto`, and only when the attribute starts with it.
pub(crate) fn source_size(sizes: &str, allows_auto: bool, viewport: &Viewport) -> Option<f32> {
    let mut input = Parser::new(sizes);
    let allows_auto = allows_auto && starts_with_auto(sizes);
    loop {
        let entry: Result<SourceSize, Failure> =
            input.parse_until_before(Delimiter::Comma, |input| SourceSize::parse(input, viewport));
        match entry {
            Ok(SourceSize::Auto) if allows_auto => return None,
            Ok(SourceSize::Pixels(pixels)) => return Some(pixels),
            _ => {}
        }
        if input.next().is_err() {
            return Some(viewport.width as f32);
        }
    }
}

/// An entry of the list whose condition holds.
enum SourceSize {
    Auto,
    Pixels(f32),
}

impl SourceSize {
    fn parse(input: &mut Parser<'_>, viewport: &Viewport) -> Result<Self, Failure> {
        let start = input.position();
        let last = last_component(input).ok_or_else(Failure::unexpected_token)?;
        let condition = input.slice(start..last.position());
        input.reset(&last);
        let size = if input
            .try_parse(|input| input.expect_ident_matching("auto"))
            .is_ok()
        {
            Self::Auto
        } else {
            let is_calculated = !matches!(
                input.next()?,
                Token::Number { .. } | Token::Dimension { .. }
            );
            input.reset(&last);
            let pixels = Length::parse(input)?
                .pixels(viewport)
                .ok_or_else(Failure::unexpected_token)?;
            // A bare negative length is invalid, a calculated one is clamped to the allowed range.
            if pixels < 0.0 && !is_calculated {
                return Err(Failure::unexpected_token());
            }
            Self::Pixels(pixels.max(0.0))
        };
        if Parser::new(condition).is_exhausted()
            || MediaCondition::parse(condition).is_some_and(|condition| condition.holds(viewport))
        {
            Ok(size)
        } else {
            Err(Failure::unexpected_token())
        }
    }
}

/// Where the last component value of `input` starts.
fn last_component(input: &mut Parser<'_>) -> Option<ParserState> {
    let mut last = None;
    loop {
        input.skip_whitespace();
        let here = input.state();
        if input.next().is_err() {
            return last;
        }
        last = Some(here);
    }
}

fn starts_with_auto(sizes: &str) -> bool {
    let first = sizes.split(',').next().unwrap_or_default();
    first.trim_ascii().eq_ignore_ascii_case("auto")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1000 by 800 CSS pixels.
    const VIEWPORT: Viewport = Viewport {
        width: 1000,
        height: 800,
        ..Viewport::DESKTOP
    };

    #[test]
    fn takes_the_first_size_whose_condition_holds() {
        let table: &[(&str, f32)] = &[
            ("", 1000.0),
            ("   ", 1000.0),
            ("100vw", 1000.0),
            ("50vw", 500.0),
            ("320px", 320.0),
            ("20em", 320.0),
            ("20rem", 320.0),
            ("10vh", 80.0),
            ("10vmin", 80.0),
            ("10vmax", 100.0),
            ("50dvw", 500.0),
            ("1in", 96.0),
            ("72pt", 96.0),
            ("6pc", 96.0),
            ("2.54cm", 96.0),
            ("25.4mm", 96.0),
            ("0", 0.0),
            ("100", 1000.0),
            ("50%", 1000.0),
            ("-5px", 1000.0),
            ("calc(-5px)", 0.0),
            ("calc(100vw - 40px)", 960.0),
            ("calc((100vw - 40px) / 3)", 320.0),
            ("calc(2 * (10px + 1em))", 52.0),
            ("calc(100vw -40px)", 1000.0),
            ("calc(1px * 1px)", 1000.0),
            ("calc(10px + 5)", 1000.0),
            ("min(100vw, 640px)", 640.0),
            ("max(10vw, 240px)", 240.0),
            ("clamp(200px, 50vw, 400px)", 400.0),
            ("min(calc(100vw - 2rem), 60rem)", 960.0),
            ("(max-width: 600px) 480px, 800px", 800.0),
            ("(max-width: 1200px) 480px, 800px", 480.0),
            ("(min-width: 1200px) 1px, (min-width: 900px) 2px, 3px", 2.0),
            ("(min-width: 500px) and (max-width: 900px) 1px, 2px", 2.0),
            ("not (min-width: 2000px) 7px, 2px", 7.0),
            ("(width >= 900px) 9px", 9.0),
            ("(min-width: 2000px) 9px", 1000.0),
            ("screen and (min-width: 1px) 9px, 4px", 4.0),
            ("(unknown: 1) 9px, 4px", 4.0),
            ("(min-width: 1px), 4px", 4.0),
            ("nonsense, 4px", 4.0),
            ("  (min-width:1px)9px  ,4px", 9.0),
            ("/* why */ 9px /* not */", 9.0),
            ("1px 9px", 1000.0),
            (",,9px", 9.0),
            ("auto, 9px", 9.0),
            ("round(9.4px, 1px), 4px", 4.0),
        ];
        for (sizes, expected) in table {
            let size = source_size(sizes, false, &VIEWPORT).expect("auto is not allowed here");
            assert!((size - expected).abs() < 0.01, "{sizes:?}: {size}");
        }
    }

    #[test]
    fn auto_on_a_lazy_image_is_left_to_layout() {
        assert_eq!(source_size("auto", true, &VIEWPORT), None);
        assert_eq!(source_size(" AUTO , 9px", true, &VIEWPORT), None);
        assert_eq!(source_size("auto", false, &VIEWPORT), Some(1000.0));
        assert_eq!(source_size("9px, auto", true, &VIEWPORT), Some(9.0));
        assert_eq!(
            source_size("(min-width: 5000px) 9px, auto", true, &VIEWPORT),
            Some(1000.0)
        );
    }
}
