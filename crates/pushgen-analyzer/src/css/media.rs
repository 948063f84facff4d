//! Media query lists: `@media`, `@import … <media>`, `media=""`, and the conditions in `sizes=""`.
//!
//! In: text or tokens. Out: a list that answers, for a viewport, whether it applies. Follows Media Queries 4 §2-3:
//! a query that breaks the grammar becomes `not all` and its neighbours stand; what is not understood is neither true
//! nor false and counts as false in the end. The medium is always a screen, so `print` and other media types never
//! match. Contradictions such as `(width > 9px) and (width < 5px)` are not looked for.

use cssparser::{Delimiter, Parser, Token};

use super::Failure;
use super::condition::Condition;
use super::media_feature::MediaFeature;
use super::media_text::MediaText;
use super::truth::{Logic, Truth};
use crate::viewport::Viewport;

/// Whether something conditional is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Applies {
    /// On the viewport that was asked about.
    Matches,
    /// Not there, or not provably there, but on some other screen.
    Elsewhere,
    /// On no screen at all: `print`, `not all`, a query with an error, a feature no browser has.
    Never,
}

/// A comma-separated list of media queries, of which one has to match. The empty list matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct MediaQueryList(Vec<MediaQuery>);

#[derive(Debug, Clone, PartialEq)]
struct MediaQuery {
    negated: bool,
    /// Whether the media type includes screens; `all` does, and so does a query without a type.
    on_screen: bool,
    condition: Option<Condition<MediaFeature>>,
}

impl MediaQueryList {
    /// Reads an attribute's text. Never fails: what is wrong becomes `not all`.
    pub(crate) fn parse(text: &str) -> Self {
        Self::from_tokens(&mut Parser::new(text))
    }

    /// Reads to the end of `input`.
    pub(super) fn from_tokens(input: &mut Parser<'_>) -> Self {
        let mut queries = Vec::new();
        if input.is_exhausted() {
            return Self(queries);
        }
        loop {
            let query = input.parse_until_before(Delimiter::Comma, MediaQuery::parse);
            queries.push(query.unwrap_or(MediaQuery::NOT_ALL));
            if input.next().is_err() {
                return Self(queries);
            }
        }
    }

    /// Whether the list says nothing, and so holds everywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether another screen may get another answer.
    pub(crate) fn depends_on_viewport(&self) -> bool {
        let holds_on_every_screen =
            |query: &MediaQuery| query.on_screen && !query.negated && query.condition.is_none();
        !self.is_empty() && !self.0.iter().any(holds_on_every_screen)
    }

    /// On which screens the list holds, in words.
    pub(crate) fn text(&self) -> MediaText {
        if self.is_empty() {
            return MediaText::Everywhere;
        }
        let mut list = MediaText::Nowhere;
        for query in &self.0 {
            list = list.or(query.text());
            if matches!(list, MediaText::Everywhere | MediaText::Untold) {
                break;
            }
        }
        list
    }

    /// The best that one of the queries can say.
    pub(crate) fn evaluate(&self, viewport: &Viewport) -> Applies {
        self.0
            .iter()
            .map(|query| query.evaluate(viewport))
            .min()
            .unwrap_or(Applies::Matches)
    }
}

impl MediaQuery {
    const NOT_ALL: Self = Self {
        negated: true,
        on_screen: true,
        condition: None,
    };

    fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let start = input.state();
        let mut negated = false;
        let mut media_type = match input.next()? {
            Token::Ident(name) => name.clone(),
            _ => return Self::without_type(input, &start),
        };
        if ["not", "only"]
            .iter()
            .any(|prefix| media_type.eq_ignore_ascii_case(prefix))
        {
            negated = media_type.eq_ignore_ascii_case("not");
            media_type = match input.next()? {
                Token::Ident(name) => name.clone(),
                _ => return Self::without_type(input, &start),
            };
        }
        if ["not", "only", "and", "or", "layer"]
            .iter()
            .any(|reserved| media_type.eq_ignore_ascii_case(reserved))
        {
            return Err(Failure::unexpected_token());
        }
        let condition = if input.is_exhausted() {
            None
        } else {
            input.expect_ident_matching("and")?;
            Some(Condition::parse(input, false, 0)?)
        };
        Ok(Self {
            negated,
            on_screen: ["all", "screen"]
                .iter()
                .any(|name| media_type.eq_ignore_ascii_case(name)),
            condition,
        })
    }

    /// The query is a condition; `only (…)` fails here, as it should.
    fn without_type(
        input: &mut Parser<'_>,
        start: &cssparser::ParserState,
    ) -> Result<Self, Failure> {
        input.reset(start);
        Ok(Self {
            negated: false,
            on_screen: true,
            condition: Some(Condition::parse(input, true, 0)?),
        })
    }

    fn text(&self) -> MediaText {
        let condition = match &self.condition {
            _ if !self.on_screen => MediaText::Nowhere,
            Some(condition) => MediaText::of_condition(condition),
            None => MediaText::Everywhere,
        };
        match self.negated {
            true => condition.negate(),
            false => condition,
        }
    }

    fn evaluate(&self, viewport: &Viewport) -> Applies {
        let condition = match &self.condition {
            Some(condition) => Outlook::of(condition, viewport),
            None => Outlook::constant(true),
        };
        let query = Outlook::constant(self.on_screen).and(condition);
        let query = if self.negated { query.negate() } else { query };
        if query.here == Truth::True {
            Applies::Matches
        } else if query.can_be_true {
            Applies::Elsewhere
        } else {
            Applies::Never
        }
    }
}

/// A media condition by itself, as in `sizes`.
pub(super) struct MediaCondition(Condition<MediaFeature>);

impl MediaCondition {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Condition::parse(&mut Parser::new(text), true, 0)
            .ok()
            .map(Self)
    }

    pub(super) fn holds(&self, viewport: &Viewport) -> bool {
        Outlook::of(&self.0, viewport).here == Truth::True
    }
}

/// What a condition says of one viewport, and what it could say of others.
#[derive(Clone, Copy)]
struct Outlook {
    here: Truth,
    can_be_true: bool,
    can_be_false: bool,
}

impl Outlook {
    const UNKNOWN: Self = Self {
        here: Truth::Unknown,
        can_be_true: false,
        can_be_false: false,
    };

    fn constant(value: bool) -> Self {
        Self {
            here: value.into(),
            can_be_true: value,
            can_be_false: !value,
        }
    }

    fn of(condition: &Condition<MediaFeature>, viewport: &Viewport) -> Self {
        condition.evaluate(
            Self::UNKNOWN,
            &|feature: &MediaFeature| match feature.evaluate(viewport) {
                Truth::Unknown => Self::UNKNOWN,
                here => Self {
                    here,
                    can_be_true: true,
                    can_be_false: true,
                },
            },
        )
    }
}

impl Logic for Outlook {
    fn negate(self) -> Self {
        Self {
            here: self.here.negate(),
            can_be_true: self.can_be_false,
            can_be_false: self.can_be_true,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            here: self.here.and(other.here),
            can_be_true: self.can_be_true && other.can_be_true,
            can_be_false: self.can_be_false || other.can_be_false,
        }
    }

    fn or(self, other: Self) -> Self {
        self.negate().and(other.negate()).negate()
    }
}

#[cfg(test)]
mod tests {
    use super::Applies::{Elsewhere, Matches, Never};
    use super::*;
    use crate::viewport::ColorScheme;

    const VIEWPORT: Viewport = Viewport {
        width: 1000,
        height: 800,
        screen: None,
        dpr: 2.0,
        color_scheme: ColorScheme::Light,
    };

    fn check(table: &[(&str, Applies)]) {
        for (list, expected) in table {
            assert_eq!(
                MediaQueryList::parse(list).evaluate(&VIEWPORT),
                *expected,
                "{list:?}"
            );
        }
    }

    #[test]
    fn media_types() {
        check(&[
            ("", Matches),
            ("  ", Matches),
            ("all", Matches),
            ("screen", Matches),
            ("SCREEN", Matches),
            ("only screen", Matches),
            ("print", Never),
            ("speech", Never),
            ("tty", Never),
            ("not all", Never),
            ("not screen", Never),
            ("not print", Matches),
            ("print, screen", Matches),
            ("print, (min-width: 9999px)", Elsewhere),
            ("s\\63reen", Matches),
        ]);
    }

    #[test]
    fn a_malformed_query_is_not_all_and_its_neighbours_stand() {
        check(&[
            ("screen,", Matches),
            (",", Never),
            ("&test, screen", Matches),
            ("&test", Never),
            ("or", Never),
            ("not or", Never),
            ("layer", Never),
            ("only (min-width: 1px)", Never),
            ("screen and(min-width: 1px)", Never),
            ("screen (min-width: 1px)", Never),
            ("screen and (min-width: 1px) or (color)", Never),
            ("(min-width: 1px) and (color) or (hover)", Never),
            ("(min-width: 1px", Matches),
            ("(min-width: 1px) screen", Never),
            ("((min-width: 1px) x), print", Never),
            ("screen and (min-width: 1px), )", Matches),
            ("(max-weight: 3km), (color)", Matches),
            ("not (unknown)", Never),
            ("(unknown) or (color)", Matches),
            ("(unknown) and (color)", Never),
            ("unknown(1, 2) or (max-width: 1px)", Elsewhere),
        ]);
    }

    #[test]
    fn conditions() {
        check(&[
            ("(color) and (hover)", Matches),
            ("(color) and (max-width: 1px)", Elsewhere),
            ("(max-width: 1px) or (color)", Matches),
            ("not (max-width: 1px)", Matches),
            ("not (color)", Elsewhere),
            ("not screen and (max-width: 1px)", Matches),
            ("not screen and (min-width: 1px)", Elsewhere),
            ("not print and (min-width: 1px)", Matches),
            ("print and (min-width: 1px)", Never),
            ("screen and (not (max-width: 1px))", Matches),
            ("screen and not (max-width: 1px)", Matches),
            ("((color) or (grid)) and (not (monochrome))", Matches),
            ("screen and ((min-width: 5000px) or (color))", Matches),
        ]);
    }

    #[test]
    fn ranges() {
        check(&[
            ("(min-width: 1000px)", Matches),
            ("(min-width: 1001px)", Elsewhere),
            ("(max-width: 999.98px)", Elsewhere),
            ("(max-width: 62.5em)", Matches),
            ("(min-width: 63rem)", Elsewhere),
            ("(width: 1000px)", Matches),
            ("(width)", Matches),
            ("(min-width: 0)", Matches),
            ("(min-width: 10)", Never),
            ("(min-width: -1px)", Matches),
            ("(min-width)", Never),
            ("(width >= 1000px)", Matches),
            ("(width > 1000px)", Elsewhere),
            ("(width = 1000px)", Matches),
            ("(width > = 1000px)", Never),
            ("(1000px <= width)", Matches),
            ("(400px <= width < 1000px)", Elsewhere),
            ("(400px <= width <= 1000px)", Matches),
            ("(1200px > width >= 400px)", Matches),
            ("(400px <= width > 200px)", Never),
            ("(min-width <= 400px)", Never),
            ("(calc(10px * 2) < width)", Matches),
            ("(min-width: calc(40em + 1px))", Matches),
            ("(min-width: min(90vw, 10px))", Matches),
            ("(height < 600px)", Elsewhere),
            ("(min-device-width: 800px)", Matches),
            ("(max-device-height: 800px)", Matches),
            ("(min-aspect-ratio: 5/4)", Matches),
            ("(aspect-ratio > 5/4)", Elsewhere),
            ("(aspect-ratio: 1.25)", Matches),
            ("(max-device-aspect-ratio: 1/1)", Elsewhere),
        ]);
    }

    #[test]
    fn resolutions() {
        check(&[
            ("(resolution: 2dppx)", Matches),
            ("(min-resolution: 192dpi)", Matches),
            ("(min-resolution: 2x)", Matches),
            ("(min-resolution: 100dpcm)", Elsewhere),
            ("(max-resolution: 1.5dppx)", Elsewhere),
            ("(1x < resolution <= 3x)", Matches),
            ("(-webkit-min-device-pixel-ratio: 1.5)", Matches),
            ("(-webkit-max-device-pixel-ratio: 1)", Elsewhere),
            ("(-webkit-device-pixel-ratio: 2)", Matches),
            ("(min--moz-device-pixel-ratio: 1.5)", Never),
            ("(-o-min-device-pixel-ratio: 3/2)", Never),
            ("(min-resolution: 2px)", Never),
        ]);
    }

    #[test]
    fn devices_and_preferences() {
        check(&[
            ("(orientation: landscape)", Matches),
            ("(orientation: portrait)", Elsewhere),
            ("(orientation: sideways)", Never),
            ("(orientation)", Matches),
            ("(prefers-color-scheme: light)", Matches),
            ("(prefers-color-scheme: dark)", Elsewhere),
            ("(prefers-color-scheme: no-preference)", Never),
            ("(prefers-reduced-motion)", Elsewhere),
            ("(prefers-reduced-motion: no-preference)", Matches),
            ("(prefers-contrast: more)", Elsewhere),
            ("(hover: hover) and (pointer: fine)", Matches),
            ("(hover: none)", Elsewhere),
            ("(any-hover: hover)", Matches),
            ("(any-pointer: coarse)", Elsewhere),
            ("(color)", Matches),
            ("(min-color: 8)", Matches),
            ("(color-index)", Elsewhere),
            ("(monochrome: 0)", Matches),
            ("(grid: 0)", Matches),
            ("(display-mode: browser)", Matches),
            ("(display-mode: standalone)", Elsewhere),
            ("(scripting: enabled)", Matches),
            ("(scripting: none)", Elsewhere),
            ("(update: fast)", Matches),
            ("(forced-colors: none)", Matches),
            ("(forced-colors)", Elsewhere),
            ("(dynamic-range: high)", Elsewhere),
            ("(color-gamut: srgb)", Matches),
            ("(color-gamut: p3)", Elsewhere),
            ("(-webkit-transform-3d)", Matches),
            ("(-ms-high-contrast: none)", Never),
            ("all and (transform-3d)", Never),
            ("(max-orientation: landscape)", Never),
        ]);
    }

    #[test]
    fn a_hostile_depth_is_not_understood() {
        let deep = "(".repeat(100_000);
        assert_eq!(MediaQueryList::parse(&deep).evaluate(&VIEWPORT), Never);
        let list = format!("not {deep}{}, screen", ")".repeat(100_000));
        assert_eq!(MediaQueryList::parse(&list).evaluate(&VIEWPORT), Matches);
    }

    #[test]
    fn answers_as_chromium_was_seen_to() {
        let lines = include_str!("media/chromium.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let mut columns = line.splitn(3, ' ');
            let mut next = || columns.next().expect("three columns");
            let expected = [next(), next()].map(|column| column == "1");
            let query = MediaQueryList::parse(next());
            let viewports = [Viewport::DESKTOP, Viewport::PHONE];
            let answers = viewports.map(|viewport| query.evaluate(&viewport) == Matches);
            assert_eq!(answers, expected, "{line}");
        }
    }
}
