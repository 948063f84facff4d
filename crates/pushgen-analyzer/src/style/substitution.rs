//! Values with `var()` and `env()`, kept as text until an element's custom properties are known.
//!
//! In: the tokens of a value. Out: a [`Template`], which [`Template::substitute`] turns into plain text. Follows CSS
//! Variables 1 §3 and CSS Environment Variables 1 §3. A fallback is looked at only where it is needed, as CSS Values 5
//! §7.7 and Chromium have it. The safe area is zero; other environment variables do not exist. `if()` and custom
//! functions are not substituted, which makes an ordinary declaration invalid; `attr()` outside of `content` likewise.

use std::sync::Arc;

use cssparser::{Parser, Token};

use super::allowance::Allowance;
use crate::css::Failure;

/// Bytes that one value may come to. Chromium allows 2 MiB.
const MAX_VALUE: usize = 256 << 10;

/// Functions and blocks one inside the other in a value with `var()`.
const MAX_NESTING: usize = 32;

/// A value with the references in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    /// Without any.
    Plain(Arc<str>),
    Pieces(Box<[Piece]>),
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(Box<str>),
    Var {
        /// With its two hyphens.
        name: Arc<str>,
        fallback: Option<Box<[Self]>>,
    },
    /// What an environment variable is, or what is given for the case that it does not exist.
    Given(Box<[Self]>),
}

impl Template {
    /// Reads to the end of `input`, which is the value without `!important`.
    pub(crate) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        input.skip_whitespace();
        let start = input.position();
        let before = input.state();
        while input.next().is_ok() {}
        let text = input.slice_from(start).trim_ascii_end();
        if !may_refer(text) {
            return Ok(Self::Plain(text.into()));
        }
        input.reset(&before);
        let mut pieces = Pieces::default();
        read(input, &mut pieces, 0)?;
        // So that a reference and a space is a single reference.
        pieces.text.truncate(pieces.text.trim_ascii_end().len());
        let pieces = pieces.finish();
        if let [Piece::Text(text)] = pieces.as_ref() {
            return Ok(Self::Plain((&**text).into()));
        }
        Ok(Self::Pieces(pieces))
    }

    /// The names of the custom properties that it refers to, in fallbacks too.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        let mut stack: Vec<std::slice::Iter<'_, Piece>> = match self {
            Self::Plain(_) => Vec::new(),
            Self::Pieces(pieces) => vec![pieces.iter()],
        };
        std::iter::from_fn(move || {
            loop {
                let Some(piece) = stack.last_mut()?.next() else {
                    stack.pop();
                    continue;
                };
                match piece {
                    Piece::Text(_) => {}
                    Piece::Given(fallback) => stack.push(fallback.iter()),
                    Piece::Var { name, fallback } => {
                        stack.extend(fallback.as_ref().map(|pieces| pieces.iter()));
                        return Some(name);
                    }
                }
            }
        })
    }

    /// The text with all references replaced; `value` gives the text of a custom property. `None` if one of them has
    /// neither value nor fallback, if the text gets too long, or if nothing is left of the allowance.
    pub(crate) fn substitute(
        &self,
        allowance: &Allowance,
        value: &mut dyn FnMut(&Arc<str>) -> Option<Arc<str>>,
    ) -> Option<Arc<str>> {
        match self {
            Self::Plain(text) => Some(Arc::clone(text)),
            Self::Pieces(pieces) => {
                if !allowance.take(0) {
                    return None;
                }
                // Most values are one reference and nothing else.
                if let [Piece::Var { name, .. }] = pieces.as_ref()
                    && let Some(text) = value(name)
                {
                    return Some(text);
                }
                let mut text = String::new();
                let outcome = append(pieces, allowance, value, &mut text);
                let is_paid = allowance.take(text.len());
                match outcome {
                    Ok(()) if is_paid => Some(text.trim_ascii().into()),
                    Err(Failed::TooLong) => {
                        allowance.exceed();
                        None
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Why there is no text.
enum Failed {
    NoValue,
    TooLong,
    NotPaid,
}

fn append(
    pieces: &[Piece],
    allowance: &Allowance,
    value: &mut dyn FnMut(&Arc<str>) -> Option<Arc<str>>,
    text: &mut String,
) -> Result<(), Failed> {
    for piece in pieces {
        match piece {
            Piece::Text(piece) => push(text, piece)?,
            Piece::Given(pieces) => append(pieces, allowance, value, text)?,
            Piece::Var { name, fallback } => {
                if !allowance.take(0) {
                    return Err(Failed::NotPaid);
                }
                match (value(name), fallback) {
                    (Some(value), _) => push(text, &value)?,
                    (None, Some(fallback)) => append(fallback, allowance, value, text)?,
                    (None, None) => return Err(Failed::NoValue),
                }
            }
        }
    }
    Ok(())
}

/// Appends without letting tokens grow together (CSS Syntax 3 §9).
fn push(text: &mut String, piece: &str) -> Result<(), Failed> {
    if text.len() + piece.len() > MAX_VALUE {
        return Err(Failed::TooLong);
    }
    let separates = |byte: Option<&u8>| byte.is_none_or(|byte| b" \n\t,;()[]{}".contains(byte));
    if !separates(text.as_bytes().last()) && !separates(piece.as_bytes().first()) {
        text.push_str("/**/");
    }
    text.push_str(piece);
    Ok(())
}

/// Whether the text could hold a reference; escapes in the functions' names are not looked for.
fn may_refer(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is = |at: usize, name: &[u8]| {
        at.checked_sub(3)
            .and_then(|start| bytes.get(start..at))
            .is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    let mut parentheses = (0..).zip(bytes).filter(|(_, byte)| **byte == b'(');
    parentheses.any(|(at, _)| is(at, b"var") || is(at, b"env"))
}

/// Reads to the end of `input` and appends what is there.
fn read(input: &mut Parser<'_>, pieces: &mut Pieces, depth: usize) -> Result<(), Failure> {
    if depth > MAX_NESTING {
        return Err(Failure::unexpected_token());
    }
    let mut start = input.position();
    loop {
        let before = input.position();
        let close = match input.next_including_whitespace_and_comments() {
            Err(_) => {
                pieces.text.push_str(input.slice(start..before));
                return Ok(());
            }
            Ok(Token::Function(name)) => {
                let is_var = name.eq_ignore_ascii_case("var");
                if is_var || name.eq_ignore_ascii_case("env") {
                    pieces.text.push_str(input.slice(start..before));
                    let reference = input.parse_nested_block(|input| {
                        if is_var {
                            variable(input, depth)
                        } else {
                            environment_variable(input, depth)
                        }
                    })?;
                    pieces.push(reference);
                    start = input.position();
                    continue;
                }
                ")"
            }
            Ok(Token::ParenthesisBlock) => ")",
            Ok(Token::SquareBracketBlock) => "]",
            Ok(Token::CurlyBracketBlock) => "}",
            Ok(_) => continue,
        };
        pieces.text.push_str(input.slice_from(start));
        input.parse_nested_block(|input| read(input, pieces, depth + 1))?;
        pieces.text.push_str(close);
        start = input.position();
    }
}

/// The pieces of a value that is being read.
#[derive(Default)]
struct Pieces {
    before: Vec<Piece>,
    /// What follows them up to here.
    text: String,
}

impl Pieces {
    fn push(&mut self, reference: Piece) {
        self.end_text();
        self.before.push(reference);
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.before.push(Piece::Text(text.into()));
        }
    }

    fn finish(mut self) -> Box<[Piece]> {
        self.end_text();
        self.before.into()
    }
}

fn variable(input: &mut Parser<'_>, depth: usize) -> Result<Piece, Failure> {
    let name = input.expect_ident_cloned()?;
    if !name.starts_with("--") {
        return Err(Failure::unexpected_token());
    }
    Ok(Piece::Var {
        name: (&*name).into(),
        fallback: fallback(input, depth)?,
    })
}

fn environment_variable(input: &mut Parser<'_>, depth: usize) -> Result<Piece, Failure> {
    let name = input.expect_ident_cloned()?;
    while input.try_parse(Parser::expect_integer).is_ok() {}
    let fallback = fallback(input, depth)?;
    if name.starts_with("safe-area-inset-") {
        return Ok(Piece::Given([Piece::Text("0px".into())].into()));
    }
    Ok(match fallback {
        Some(fallback) => Piece::Given(fallback),
        // Nothing has this name.
        None => Piece::Var {
            name: "".into(),
            fallback: None,
        },
    })
}

fn fallback(input: &mut Parser<'_>, depth: usize) -> Result<Option<Box<[Piece]>>, Failure> {
    if input.is_exhausted() {
        return Ok(None);
    }
    input.expect_comma()?;
    let mut pieces = Pieces::default();
    read(input, &mut pieces, depth + 1)?;
    Ok(Some(pieces.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substitute(value: &str) -> Option<String> {
        let template = Template::parse(&mut Parser::new(value)).ok()?;
        let text = template.substitute(&Allowance::default(), &mut |name| match &**name {
            "--a" => Some("red".into()),
            "--n" => Some("12".into()),
            "--empty" => Some("".into()),
            _ => None,
        })?;
        Some(text.to_string())
    }

    #[test]
    fn references_are_replaced() {
        let table: &[(&str, Option<&str>)] = &[
            (" red ", Some("red")),
            ("var(--a)", Some("red")),
            ("VAR( --a )", Some("red")),
            ("x var(--a) y", Some("x red y")),
            ("var(--n)px", Some("12/**/px")),
            ("var(--n)var(--n)", Some("12/**/12")),
            ("f(var(--a), [var(--n)])", Some("f(red, [12])")),
            ("var(--z)", None),
            ("x var(--z) y", None),
            ("var(--z, blue)", Some("blue")),
            ("var(--z,)", Some("")),
            ("var(--z, var(--a))", Some("red")),
            ("var(--z, var(--y, var(--n)))", Some("12")),
            ("var(--a, var(--z))", Some("red")),
            ("x var(--empty) y", Some("x  y")),
            ("var(--A)", None),
            ("env(safe-area-inset-top) x", Some("0px x")),
            ("env(nope)", None),
            ("env(nope, var(--a))", Some("red")),
            ("url(var(--a))", Some("url(var(--a))")),
            ("'var(--a)'", Some("'var(--a)'")),
            ("var(a)", None),
            ("var(--a blue)", None),
            ("var()", None),
        ];
        for (value, expected) in table {
            assert_eq!(substitute(value).as_deref(), *expected, "{value}");
        }
    }

    #[test]
    fn names_include_those_in_fallbacks() {
        let template = Template::parse(&mut Parser::new(
            "var(--a, f(var(--b, env(x, var(--c))))) var(--d)",
        ))
        .expect("a value");
        let names: Vec<_> = template.names().map(|name| &**name).collect();
        assert_eq!(names, ["--a", "--b", "--c", "--d"]);
    }

    #[test]
    fn a_hostile_depth_is_refused() {
        for open in ["var(--a,", "(", "f("] {
            let text = format!("var(--a) {}", open.repeat(100_000));
            assert!(Template::parse(&mut Parser::new(&text)).is_err(), "{open}");
        }
    }
}
