//! `url()` as a value, and which URLs are worth a request at all.
//!
//! In: tokens. Out: the URL as written, quotes and escapes resolved, or what broke it. Follows CSS Values 4 §4.5 and
//! CSS Syntax 3 §4.3.6: an unquoted URL is one token, a quoted one is a function whose modifiers do not change what is
//! fetched. `src()` is not read: browsers do not have it yet. Resolving against a base is the caller's work.

use cssparser::{Parser, Token};

use super::{Failure, Position, Problem, ProblemKind};

/// What a component value is, as far as URLs go.
pub(crate) enum UrlToken {
    Url(String),
    /// It was meant as a URL, and is lost.
    Broken(Problem),
    Other,
}

impl UrlToken {
    /// Reads one component value. `Err` at the end of `input` only.
    pub(crate) fn read(input: &mut Parser<'_>) -> Result<Self, Failure> {
        input.skip_whitespace();
        let position = Position::of(input);
        match input.next()? {
            Token::UnquotedUrl(url) => Ok(Self::Url(url.to_string())),
            Token::BadUrl(_) => Ok(Self::Broken(Problem {
                kind: ProblemKind::BadUrl,
                position,
            })),
            Token::Function(name) if name.eq_ignore_ascii_case("url") => {
                Ok(Self::quoted(input, position))
            }
            _ => Ok(Self::Other),
        }
    }

    /// The content of a `url(` function that was just consumed.
    pub(crate) fn quoted(input: &mut Parser<'_>, position: Position) -> Self {
        let content: Result<Self, Failure> = input.parse_nested_block(|input| {
            let url = match input.next()? {
                Token::QuotedString(url) => Self::Url(url.to_string()),
                Token::BadString(_) => Self::Broken(Problem {
                    kind: ProblemKind::UnclosedString,
                    position,
                }),
                _ => Self::Other,
            };
            while let Ok(token) = input.next() {
                if !matches!(token, Token::Ident(_) | Token::Function(_)) {
                    if matches!(url, Self::Broken(_)) {
                        continue;
                    }
                    return Ok(Self::Broken(Problem {
                        kind: ProblemKind::BadUrl,
                        position,
                    }));
                }
            }
            Ok(url)
        });
        content.unwrap_or(Self::Broken(Problem {
            kind: ProblemKind::BadUrl,
            position,
        }))
    }
}

/// The URL, unless using it needs no request: it is empty, only a fragment, or carries its data.
pub(crate) fn fetched_url(url: &str) -> Option<String> {
    let trimmed = url.trim_matches(|c: char| c <= ' ');
    let carries_data = trimmed
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let is_fetched = !trimmed.is_empty() && !trimmed.starts_with('#') && !carries_data;
    is_fetched.then(|| url.to_owned())
}
