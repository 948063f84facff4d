//! The prelude of `@import`.
//!
//! In: the tokens between `@import` and its semicolon. Out: an [`Import`]. Follows CSS Cascade 5 §2. Where an
//! `@import` is allowed is a matter of the rules around it, see `rules.rs`.

use cssparser::{Parser, Token};

use super::context::{Context, ContextCondition, Layer};
use super::media::{Applies, MediaQueryList};
use super::supports::{supports_condition, supports_declaration};
use super::truth::Truth;
use super::url::{UrlToken, fetched_url};
use super::{Failure, Position, Problem, ProblemKind};
use crate::viewport::Viewport;

/// Another sheet that this one brings in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Import {
    pub(crate) url: String,
    /// The layer that the sheet's rules go into.
    pub(crate) layer: Option<Layer>,
    pub(crate) supports: Option<ImportSupports>,
    pub(crate) media: MediaQueryList,
    /// Where the URL starts.
    pub(crate) position: Position,
}

/// The answer to `supports()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImportSupports {
    pub(crate) truth: Truth,
    /// Whether it is a condition, in parentheses or a function, rather than a bare declaration. Chromium fetches the
    /// sheet then even if the condition is false, against the specification, and does not use it.
    pub(crate) is_condition: bool,
}

impl Import {
    /// Whether the sheet's rules are in force, as far as the prelude says. The file of a sheet whose media do not match
    /// is fetched all the same.
    pub(crate) fn applies(&self, viewport: &Viewport) -> Applies {
        self.context(&Context::default()).applies(viewport)
    }

    /// The context of the sheet's rules, given that of the importing sheet.
    pub(crate) fn context(&self, outer: &Context) -> Context {
        let mut context = outer.clone();
        if let Some(supports) = self.supports {
            context = context.with(ContextCondition::Supports(supports.truth));
        }
        if !self.media.is_empty() {
            context = context.with(ContextCondition::Media(self.media.clone()));
        }
        if let Some(layer) = &self.layer {
            context = context.with(ContextCondition::Layer(layer.clone()));
        }
        context
    }
}

/// What the prelude turned out to be.
pub(super) enum ImportPrelude {
    Import(Import),
    /// Valid, but there is nothing to fetch.
    Nothing,
    Broken(Problem),
}

impl ImportPrelude {
    /// Reads to the end of `input`; `Err` if the rule is invalid and no reference is lost by that.
    pub(super) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        input.skip_whitespace();
        let position = Position::of(input);
        let start = input.state();
        let url = match input.next()? {
            Token::QuotedString(url) => url.to_string(),
            Token::BadString(_) => {
                while input.next().is_ok() {}
                let kind = ProblemKind::UnclosedString;
                return Ok(Self::Broken(Problem { kind, position }));
            }
            _ => {
                input.reset(&start);
                match UrlToken::read(input)? {
                    UrlToken::Url(url) => url,
                    UrlToken::Broken(problem) => {
                        while input.next().is_ok() {}
                        return Ok(Self::Broken(problem));
                    }
                    UrlToken::Other => return Err(Failure::unexpected_token()),
                }
            }
        };
        let layer = layer(input);
        let supports = supports(input);
        let media = MediaQueryList::from_tokens(input);
        Ok(match fetched_url(&url) {
            Some(url) => Self::Import(Import {
                url,
                layer,
                supports,
                media,
                position,
            }),
            None => Self::Nothing,
        })
    }
}

fn layer(input: &mut Parser<'_>) -> Option<Layer> {
    let named = input.try_parse(|input| {
        input.expect_function_matching("layer")?;
        input.parse_nested_block(layer_name)
    });
    if let Ok(name) = named {
        return Some(Layer::Named(name));
    }
    let anonymous = input.try_parse(|input| input.expect_ident_matching("layer"));
    anonymous.is_ok().then_some(Layer::Anonymous)
}

/// `a.b.c`, without white space between (CSS Cascade 5 §6.4.3).
pub(super) fn layer_name(input: &mut Parser<'_>) -> Result<String, Failure> {
    let mut name = input.expect_ident()?.to_string();
    loop {
        let before = input.state();
        match input.next_including_whitespace() {
            Ok(Token::Delim('.')) => match input.next_including_whitespace()? {
                Token::Ident(part) => {
                    name.push('.');
                    name.push_str(part);
                }
                _ => return Err(Failure::unexpected_token()),
            },
            _ => {
                input.reset(&before);
                return Ok(name);
            }
        }
    }
}

fn supports(input: &mut Parser<'_>) -> Option<ImportSupports> {
    input
        .try_parse(|input| input.expect_function_matching("supports"))
        .ok()?;
    let supports: Result<_, Failure> = input.parse_nested_block(|input| {
        let start = input.state();
        if let Ok(truth) = input.parse_entirely(supports_condition) {
            return Ok(ImportSupports {
                truth,
                is_condition: true,
            });
        }
        input.reset(&start);
        supports_declaration(input).map(|truth| ImportSupports {
            truth,
            is_condition: false,
        })
    });
    Some(supports.unwrap_or(ImportSupports {
        truth: Truth::False,
        is_condition: true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::StyleSheet;
    use crate::css::tests::check;

    #[test]
    fn imports_stand_before_other_rules() {
        check(&[
            ("@import url(a.css);", &["@import a.css"]),
            (
                "@import 'a.css'; @IMPORT \"b.css\";",
                &["@import a.css", "@import b.css"],
            ),
            ("@import url( 'a.css' )", &["@import a.css"]),
            ("@charset \"utf-8\"; @import 'a';", &["@import a"]),
            (
                "@import 'a'; @charset \"utf-8\"; @import 'b';",
                &["@import a", "@import b"],
            ),
            ("@layer x, y; @import 'a';", &["@import a"]),
            (
                "@layer x; @layer y; @import 'a'; @import 'b';",
                &["@import a", "@import b"],
            ),
            ("@import 'a'; @layer x; @import 'b';", &["@import a"]),
            ("@layer x {} @import 'a';", &[]),
            ("@layer {} @import 'a';", &[]),
            ("a {} @import 'a';", &[]),
            ("@media print {} @import 'a';", &[]),
            ("@supports (display: grid) {} @import 'a';", &[]),
            (
                "@namespace svg url(http://www.w3.org/2000/svg); @import 'a';",
                &[],
            ),
            ("@font-face {} @import 'a';", &[]),
            ("@page {} @import 'a';", &[]),
            (
                "@property --x { syntax: '*'; inherits: false } @import 'a';",
                &[],
            ),
            ("@keyframes x {} @import 'a';", &[]),
            ("@unknown x; @import 'a';", &["@import a"]),
            ("@unknown x { @import 'z'; } @import 'a';", &["@import a"]),
            ("@layer 1; @import 'a';", &["@import a"]),
            ("@layer x, y {} @import 'a';", &["@import a"]),
            ("{} @import 'a';", &["@import a"]),
            ("@import; @import 'a';", &["@import a"]),
            ("@import 'z' { } @import 'a';", &["@import a"]),
            ("@import ''; @import url(); @import 'a';", &["@import a"]),
            ("@import 'data:text/css,a{}'; @import 'a';", &["@import a"]),
            ("@import z.css; @import 'a';", &["@import a"]),
            ("@media screen { @import 'a'; }", &[]),
            ("<!-- @import 'a'; -->", &["@import a"]),
            ("/* @import 'z'; */ @import/**/'a';", &["@import a"]),
            ("@\\69mport 'a';", &["@import a"]),
            (
                "@import 'a' screen; @import 'b' print;",
                &["@import a", "@import b"],
            ),
            ("a { @import 'a'; } ", &[]),
        ]);
    }

    #[test]
    fn an_import_has_a_layer_a_condition_and_media() {
        type Expected = (Option<Layer>, Option<(Truth, bool)>, Applies);
        let table: &[(&str, Expected)] = &[
            ("", (None, None, Applies::Matches)),
            ("screen", (None, None, Applies::Matches)),
            ("print", (None, None, Applies::Never)),
            ("(min-width: 9999px)", (None, None, Applies::Elsewhere)),
            ("layer", (Some(Layer::Anonymous), None, Applies::Matches)),
            (
                "layer(a.b)",
                (Some(Layer::Named("a.b".into())), None, Applies::Matches),
            ),
            (
                "LAYER print",
                (Some(Layer::Anonymous), None, Applies::Never),
            ),
            ("layer(1)", (None, None, Applies::Never)),
            ("layer()", (None, None, Applies::Never)),
            (
                "supports(display: grid)",
                (None, Some((Truth::True, false)), Applies::Matches),
            ),
            (
                "supports(display: -ms-grid)",
                (None, Some((Truth::False, false)), Applies::Never),
            ),
            (
                "supports((display: -ms-grid))",
                (None, Some((Truth::False, true)), Applies::Never),
            ),
            (
                "supports(not (display: grid))",
                (None, Some((Truth::False, true)), Applies::Never),
            ),
            (
                "supports(selector(:has(a)))",
                (None, Some((Truth::True, true)), Applies::Matches),
            ),
            (
                "supports(unheard-of: 1)",
                (None, Some((Truth::False, false)), Applies::Never),
            ),
            (
                "layer(x) supports(display: grid) screen and (min-width: 1px)",
                (
                    Some(Layer::Named("x".into())),
                    Some((Truth::True, false)),
                    Applies::Matches,
                ),
            ),
            (
                "supports(display: grid) layer(x)",
                (None, Some((Truth::True, false)), Applies::Never),
            ),
        ];
        for (prelude, (layer, supports, applies)) in table {
            let sheet = StyleSheet::parse(&format!("@import url(a.css) {prelude};"));
            let [import] = sheet.imports.as_slice() else {
                panic!("{prelude:?}: {sheet:?}");
            };
            assert_eq!(import.layer, *layer, "{prelude:?}");
            let answer = import.supports.map(
                |ImportSupports {
                     truth,
                     is_condition,
                 }| (truth, is_condition),
            );
            assert_eq!(answer, *supports, "{prelude:?}");
            assert_eq!(import.applies(&Viewport::DESKTOP), *applies, "{prelude:?}");
        }
    }
}
