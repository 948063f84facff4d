//! The references in a declaration's value: `url()` and `image-set()`, of any property.
//!
//! In: the tokens of one value. Out: a [`StyleImage`] for each reference. Follows CSS Syntax 3 §5.4.6 for what a
//! value may contain and CSS Images 4 §2.4 for `image-set()`. Whether the property takes an image, and whether the
//! declaration wins the cascade, is not decided here; custom properties are read like all others, as tokens, and the
//! base of their URLs is that of the sheet where they are used by `var()`. `src()` and `image()` are in no browser.

use std::fmt;
use std::sync::Arc;

use cssparser::{Delimiter, Parser, Token};

use super::context::Context;
use super::media_feature::resolution_unit;
use super::url::{UrlToken, fetched_url};
use super::{Failure, MAX_DEPTH, Position, Problem, ProblemKind};

/// A reference that a declaration makes: an image, or an SVG file with a filter, mask or clip path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StyleImage {
    pub(crate) source: ImageSource,
    /// Lower case, except that custom properties keep their case.
    pub(crate) property: Arc<str>,
    /// The prelude of the nearest style rule as written; none in `style=""` and in `@keyframes`.
    pub(crate) selector: Option<Arc<str>>,
    /// The conditions around the rule.
    pub(crate) context: Context,
    /// Where the reference starts.
    pub(crate) position: Position,
}

/// What is referred to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ImageSource {
    /// `url()`
    Url(String),
    /// `image-set()`, of which the browser takes one: [`ImageCandidate::choose`]. At least one has a URL.
    Set(Vec<ImageCandidate>),
}

/// One option of `image-set()`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageCandidate {
    /// `None` where nothing is fetched: a gradient, a `data:` URL.
    pub(crate) url: Option<String>,
    /// Device pixels per CSS pixel; 1 unless said.
    pub(crate) resolution: f32,
    /// The argument of `type()`.
    pub(crate) mime_type: Option<String>,
    pub(crate) position: Position,
}

impl ImageCandidate {
    /// The candidate for a device pixel ratio: of the supported types the smallest resolution that is enough, else
    /// the largest; the first of equals.
    pub(crate) fn choose(
        candidates: &[Self],
        dpr: f32,
        is_supported: impl Fn(&str) -> bool,
    ) -> Option<&Self> {
        let mut best: Option<&Self> = None;
        for candidate in candidates {
            if !candidate.mime_type.as_deref().is_none_or(&is_supported) {
                continue;
            }
            let better = best.is_none_or(|best| {
                if best.resolution < dpr {
                    candidate.resolution > best.resolution
                } else {
                    (dpr..best.resolution).contains(&candidate.resolution)
                }
            });
            if better {
                best = Some(candidate);
            }
        }
        best
    }
}

/// Where the reference stands: `background-image of .hero`.
impl fmt::Display for StyleImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.property)?;
        if let Some(selector) = &self.selector {
            f.write_str(" of ")?;
            // A selector list can be as long as the sheet, and a rule can hold as many images.
            let mut before = ' ';
            let mut characters = selector
                .trim_ascii()
                .chars()
                .map(|character| match character {
                    '\t' | '\n' | '\r' | '\u{c}' => ' ',
                    other => other,
                })
                .filter(|character| {
                    let is_repeated = *character == ' ' && before == ' ';
                    before = *character;
                    !is_repeated
                });
            for character in characters.by_ref().take(80) {
                write!(f, "{character}")?;
            }
            if characters.next().is_some() {
                f.write_str("…")?;
            }
        }
        if self.context.asks_containers() {
            f.write_str(" in a container query")?;
        }
        Ok(())
    }
}

/// Why a value yields nothing.
pub(crate) enum Refusal {
    /// A `{}` block in an ordinary property: what looked like a declaration is a nested rule.
    NotADeclaration,
    /// A token that no value may contain, and no reference is lost by it.
    Invalid,
    /// References are lost.
    Lost(Problem),
}

/// Reads the value of one declaration.
pub(super) struct ValueReader<'s> {
    pub(super) images: &'s mut Vec<StyleImage>,
    pub(super) property: Arc<str>,
    pub(super) selector: Option<Arc<str>>,
    pub(super) context: &'s Context,
}

impl ValueReader<'_> {
    /// Reads to the end of `input`, `depth` blocks into the sheet. On refusal nothing of the value is kept.
    pub(super) fn read(mut self, input: &mut Parser<'_>, depth: usize) -> Result<(), Refusal> {
        let before = self.images.len();
        let braces_allowed = self.property.starts_with("--");
        let outcome = self.tokens(input, braces_allowed, depth);
        if outcome.is_err() {
            self.images.truncate(before);
        }
        outcome
    }

    fn tokens(
        &mut self,
        input: &mut Parser<'_>,
        braces_allowed: bool,
        depth: usize,
    ) -> Result<(), Refusal> {
        let before = self.images.len();
        loop {
            input.skip_whitespace();
            let position = Position::of(input);
            let Ok(token) = input.next() else {
                return Ok(());
            };
            let function = match token {
                Token::UnquotedUrl(url) => {
                    let url = fetched_url(url);
                    self.found(url.map(ImageSource::Url), position);
                    continue;
                }
                Token::BadUrl(_) => {
                    let kind = ProblemKind::BadUrl;
                    return Err(Refusal::Lost(Problem { kind, position }));
                }
                // By itself an error harms nobody; what it takes down with it may.
                token if token.is_parse_error() => {
                    let kind = match token {
                        Token::BadString(_) => ProblemKind::UnclosedString,
                        _ => ProblemKind::StrayBracket,
                    };
                    return Err(if self.images.len() > before {
                        Refusal::Lost(Problem { kind, position })
                    } else {
                        Refusal::Invalid
                    });
                }
                Token::CurlyBracketBlock if !braces_allowed => {
                    return Err(Refusal::NotADeclaration);
                }
                Token::Function(name) => name.to_ascii_lowercase(),
                Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock => {
                    String::new()
                }
                _ => continue,
            };
            match function.as_str() {
                "url" => match UrlToken::quoted(input, position) {
                    UrlToken::Url(url) => {
                        self.found(fetched_url(&url).map(ImageSource::Url), position);
                    }
                    UrlToken::Broken(problem) => return Err(Refusal::Lost(problem)),
                    UrlToken::Other => {}
                },
                "image-set" | "-webkit-image-set" => {
                    let candidates = nested(input, image_set)?;
                    let fetches = candidates.iter().any(|candidate| candidate.url.is_some());
                    self.found(fetches.then_some(ImageSource::Set(candidates)), position);
                }
                _ if depth >= MAX_DEPTH => {
                    let kind = ProblemKind::TooDeep;
                    return Err(Refusal::Lost(Problem { kind, position }));
                }
                _ => nested(input, |input| self.tokens(input, true, depth + 1))?,
            }
        }
    }

    fn found(&mut self, source: Option<ImageSource>, position: Position) {
        self.images.extend(source.map(|source| StyleImage {
            source,
            property: Arc::clone(&self.property),
            selector: self.selector.clone(),
            context: self.context.clone(),
            position,
        }));
    }
}

/// Enters the block that was just opened; `read` goes to its end or refuses.
fn nested<T>(
    input: &mut Parser<'_>,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let outcome: Result<_, Failure> = input.parse_nested_block(|input| {
        let outcome = read(input);
        while input.next().is_ok() {}
        Ok(outcome)
    });
    outcome.unwrap_or(Err(Refusal::Invalid))
}

/// The options of `image-set()`. What is no URL, resolution or type is passed over, so that `var()` and gradients
/// keep their place among the candidates.
pub(crate) fn image_set(input: &mut Parser<'_>) -> Result<Vec<ImageCandidate>, Refusal> {
    let mut candidates = Vec::new();
    loop {
        input.skip_whitespace();
        let mut candidate = ImageCandidate {
            url: None,
            resolution: 1.0,
            mime_type: None,
            position: Position::of(input),
        };
        let option: Result<_, Failure> = input.parse_until_before(Delimiter::Comma, |input| {
            let outcome = candidate.read(input);
            while input.next().is_ok() {}
            Ok(outcome)
        });
        option.unwrap_or(Err(Refusal::Invalid))?;
        candidates.push(candidate);
        if input.next().is_err() {
            return Ok(candidates);
        }
    }
}

impl ImageCandidate {
    fn read(&mut self, input: &mut Parser<'_>) -> Result<(), Refusal> {
        loop {
            input.skip_whitespace();
            let start = input.state();
            let position = Position::of(input);
            match input.next() {
                Err(_) => return Ok(()),
                Ok(Token::QuotedString(url)) => self.url = fetched_url(url),
                Ok(Token::Dimension { value, unit, .. }) => {
                    if let Some(scale) = resolution_unit(unit) {
                        // CSS Values 4, section 7.4: a negative resolution is invalid.
                        if *value < 0.0 {
                            return Err(Refusal::Invalid);
                        }
                        self.resolution = value * scale;
                    }
                }
                Ok(Token::Function(name)) if name.eq_ignore_ascii_case("type") => {
                    let mime_type: Result<_, Failure> = input.parse_nested_block(|input| {
                        Ok(input.expect_string()?.to_ascii_lowercase())
                    });
                    self.mime_type = mime_type.ok();
                }
                Ok(Token::BadString(_)) => {
                    let kind = ProblemKind::UnclosedString;
                    return Err(Refusal::Lost(Problem { kind, position }));
                }
                Ok(_) => {
                    input.reset(&start);
                    match UrlToken::read(input) {
                        Ok(UrlToken::Url(url)) => self.url = fetched_url(&url),
                        Ok(UrlToken::Broken(problem)) => return Err(Refusal::Lost(problem)),
                        _ => {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::StyleSheet;
    use crate::css::tests::check;

    #[test]
    fn every_property_refers() {
        check(&[
            ("a { background: url(a.png) }", &["background a.png"]),
            (
                "a { BACKGROUND-IMAGE: URL(\"a.png\"), url('b.png') }",
                &["background-image a.png", "background-image b.png"],
            ),
            (
                "a { background: linear-gradient(red, blue), url( a.png ) no-repeat !important; }",
                &["background a.png"],
            ),
            (
                "a { cursor: url(c.cur) 2 2, pointer; filter: url(f.svg#f) }",
                &["cursor c.cur", "filter f.svg#f"],
            ),
            ("a { content: '' url(a.png) / 'alt' }", &["content a.png"]),
            (
                "a { background: cross-fade(url(a.png), url(b.png), 50%) }",
                &["background a.png", "background b.png"],
            ),
            (
                "a { background: var(--x, url(a.png)) }",
                &["background a.png"],
            ),
            (
                "a { background: url('a.png' cross-origin(anonymous)) }",
                &["background a.png"],
            ),
            (
                "a { filter: url(#f); background: url(), url(''), url(data:x), url( ' DATA:x' ) }",
                &[],
            ),
            ("a { background: src('a.png'), image('b.png') }", &[]),
            ("a { background: 'a.png' }", &[]),
        ]);
    }

    #[test]
    fn custom_properties_are_read_as_tokens() {
        check(&[
            (":root { --Hero: url(a.png) }", &["--Hero a.png"]),
            (
                ":root { --x: { background: url(a.png); } url(b.png) }",
                &["--x a.png", "--x b.png"],
            ),
            (
                ":root { --x: [ ( url('a.png') ) ] ; --y:url(b.png)}",
                &["--x a.png", "--y b.png"],
            ),
            (
                ":root { --x: image-set(url(a.png) 2x) }",
                &["--x set(a.png 2x)"],
            ),
            (
                ":root { --x:hover { background: url(a.png) } }",
                &["--x a.png"],
            ),
            (":root { --x: url(a b); --y: url(b.png) }", &["--y b.png"]),
        ]);
    }

    #[test]
    fn image_sets_keep_their_candidates() {
        check(&[
            (
                "a { background: image-set(url(a.png) 1x, url('b.png') 2x) }",
                &["background set(a.png 1x b.png 2x)"],
            ),
            (
                "a { background: -webkit-image-set('a.png' 1x, \"b.png\" 192dpi) }",
                &["background set(a.png 1x b.png 2x)"],
            ),
            (
                "a { background: image-set('a.avif' type('image/avif'), 'a.png') }",
                &["background set(a.avif 1x a.png 1x)"],
            ),
            (
                "a { background: image-set(linear-gradient(red, blue) 1x, 'b.png' 2x) }",
                &["background set(- 1x b.png 2x)"],
            ),
            (
                "a { background: image-set(url(data:x) 1x, var(--y) 2x) }",
                &[],
            ),
            (
                "a { background: url(z.png); background: image-set('a\n' 1x) }",
                &["background z.png"],
            ),
        ]);
        let table: &[(&str, f32, Option<&str>)] = &[
            ("'a' 1x, 'b' 2x", 1.0, Some("a")),
            ("'a' 1x, 'b' 2x", 1.5, Some("b")),
            ("'a' 1x, 'b' 2x", 3.0, Some("b")),
            ("'b' 2x, 'a' 1x", 1.0, Some("a")),
            ("'b' 3x, 'a' 2x", 1.0, Some("a")),
            ("'a' 1x, 'b' 1x", 1.0, Some("a")),
            ("'a' type('image/x-none'), 'b'", 1.0, Some("b")),
            ("url(data:x) 1x, 'b' 2x", 1.0, None),
        ];
        for (set, dpr, expected) in table {
            let sheet = StyleSheet::parse(&format!("a {{ background: image-set({set}) }}"));
            let [
                StyleImage {
                    source: ImageSource::Set(candidates),
                    ..
                },
            ] = sheet.images.as_slice()
            else {
                panic!("{set:?}: {sheet:?}");
            };
            let chosen = ImageCandidate::choose(candidates, *dpr, |mime| mime != "image/x-none");
            let url = chosen.and_then(|candidate| candidate.url.as_deref());
            assert_eq!(url, *expected, "{set:?} at {dpr}");
        }
    }
}
