//! The columns of a grid (CSS Grid 1 §7.2).
//!
//! In: the value of `grid-template-columns`. Out: its tracks; names of lines are passed over, of `minmax()` the upper bound counts,
//! and of `repeat(auto-fill, …)` the least width.

use cssparser::{Delimiter, Parser, Token};

use super::declaration::{BoxValue, skip};
use super::length::{Length, unexpected};
use crate::css::Failure;

/// A column of a grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Track {
    Fixed(Length),
    /// `fr`
    Share(f32),
    Auto,
    /// `repeat(auto-fill, …)`: columns at least so wide, as many as fit.
    Repeated(Length),
}

/// Columns that one `repeat()` may stand for.
const MAX_TRACKS: usize = 64;

pub(super) fn columns(input: &mut Parser<'_>) -> Result<BoxValue, Failure> {
    let mut tracks = Vec::new();
    track_list(input, &mut tracks)?;
    Ok(if tracks.is_empty() {
        BoxValue::Auto
    } else {
        BoxValue::Tracks(tracks.into())
    })
}

fn track_list(input: &mut Parser<'_>, tracks: &mut Vec<Track>) -> Result<(), Failure> {
    while !input.is_exhausted() && tracks.len() < MAX_TRACKS {
        if let Ok(length) = input.try_parse(Length::parse) {
            tracks.push(Track::Fixed(length));
            continue;
        }
        match input.next()?.clone() {
            Token::Dimension { value, unit, .. } if unit.eq_ignore_ascii_case("fr") => {
                tracks.push(Track::Share(value));
            }
            Token::Ident(name) if name.eq_ignore_ascii_case("none") => {}
            Token::Ident(_) => tracks.push(Track::Auto),
            Token::SquareBracketBlock => {}
            Token::Function(name) if name.eq_ignore_ascii_case("repeat") => {
                input.parse_nested_block(|input| repeat(input, tracks))?;
            }
            Token::Function(name) if name.eq_ignore_ascii_case("minmax") => {
                tracks.push(input.parse_nested_block(min_max)?);
            }
            Token::Function(_) => tracks.push(Track::Auto),
            _ => return Err(unexpected()),
        }
    }
    skip(input);
    Ok(())
}

fn min_max(input: &mut Parser<'_>) -> Result<Track, Failure> {
    let mut tracks = Vec::new();
    input.parse_until_before(Delimiter::Comma, |input| track_list(input, &mut tracks))?;
    input.expect_comma()?;
    track_list(input, &mut tracks)?;
    tracks.pop().ok_or_else(unexpected)
}

fn repeat(input: &mut Parser<'_>, tracks: &mut Vec<Track>) -> Result<(), Failure> {
    let count = match input.next()? {
        Token::Number {
            int_value: Some(count),
            ..
        } => usize::try_from(*count).ok(),
        Token::Ident(_) => None,
        _ => return Err(unexpected()),
    };
    input.expect_comma()?;
    match count {
        Some(count) => {
            let mut inner = Vec::new();
            track_list(input, &mut inner)?;
            for _ in 0..count {
                if tracks.len() + inner.len() > MAX_TRACKS {
                    break;
                }
                tracks.extend(inner.iter().cloned());
            }
        }
        None => {
            // `minmax(200px, 1fr)`: the first length is what must fit.
            let is_min_max = input
                .try_parse(|input| input.expect_function_matching("minmax"))
                .is_ok();
            let length = if is_min_max {
                input.parse_nested_block(|input| {
                    let length = Length::parse(input)?;
                    skip(input);
                    Ok::<_, Failure>(length)
                })?
            } else {
                Length::parse(input)?
            };
            skip(input);
            tracks.push(Track::Repeated(length));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted() {
        for (text, expected) in [
            ("none", Some(0)),
            ("1fr 2fr", Some(2)),
            ("[a] 200px [b] minmax(0, 1fr) auto", Some(3)),
            ("repeat(3, 1fr 10%)", Some(6)),
            ("repeat(auto-fill, minmax(200px, 1fr))", Some(1)),
            ("repeat(2000000000, 1px)", Some(MAX_TRACKS)),
            ("1fr {}", None),
        ] {
            let found = Parser::new(text).parse_entirely(columns).ok();
            let count = found.map(|value| match value {
                BoxValue::Tracks(tracks) => tracks.len(),
                _ => 0,
            });
            assert_eq!(count, expected, "{text}");
        }
    }
}
