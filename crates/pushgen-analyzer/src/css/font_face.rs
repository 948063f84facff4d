//! `@font-face`: the faces a sheet offers and where their files are.
//!
//! In: the descriptors of one rule. Out: a [`FontFace`], if it has a family and a source. Follows CSS Fonts 4 §4: the
//! last valid descriptor of a name wins, and `src` is read item by item, the broken ones left out. Which face an
//! element uses is not decided here. `local()` is kept, but what is installed on a machine is not knowable.

use std::fmt;
use std::ops::RangeInclusive;

use cssparser::{Delimiter, Parser, Token, UnicodeRange};

use super::context::Context;
use super::descriptors::read_descriptors;
use super::url::{UrlToken, fetched_url};
use super::{Failure, Position, Problem};

/// A font face that can be fetched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FontFace {
    /// The family as written: quotes and escapes resolved, case kept.
    pub(crate) family: String,
    /// Weights from lightest to boldest; 400 unless said.
    pub(crate) weight: RangeInclusive<f32>,
    pub(crate) style: FontFaceStyle,
    /// Widths in percent; 100 unless said.
    pub(crate) stretch: RangeInclusive<f32>,
    /// The characters it is for; all of Unicode unless said.
    pub(crate) unicode_range: Vec<RangeInclusive<u32>>,
    pub(crate) display: FontDisplay,
    /// In the order of preference.
    pub(crate) sources: Vec<FontSource>,
    /// The conditions around the rule.
    pub(crate) context: Context,
    /// Where the rule starts.
    pub(crate) position: Position,
}

/// `font-style` of a face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FontFaceStyle {
    Normal,
    Italic,
    /// A range of angles in degrees.
    Oblique(RangeInclusive<f32>),
}

/// `font-display`: what is shown until the file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FontDisplay {
    Auto,
    Block,
    Swap,
    Fallback,
    Optional,
}

/// One item of `src`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FontSource {
    /// `local()`: a font installed on the machine.
    Local(String),
    /// `url()`
    File {
        /// `None` where nothing is fetched: `data:`, an empty URL, a bare fragment.
        url: Option<String>,
        /// The argument of `format()`, in lower case.
        format: Option<String>,
        /// The arguments of `tech()`, in lower case.
        tech: Vec<String>,
        position: Position,
    },
}

impl FontSource {
    /// Whether a browser tries it. `local()` counts as missing: which fonts are installed is not knowable.
    pub(crate) fn is_supported(&self) -> bool {
        match self {
            Self::Local(_) => false,
            Self::File { format, tech, .. } => {
                format.as_deref().is_none_or(is_supported_font_format)
                    && tech.iter().all(|tech| is_supported_font_tech(tech))
            }
        }
    }
}

/// What text it is for: `"Lato" 400 italic U+0-FF`; a weight or style that is normal is left out.
impl fmt::Display for FontFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.family)?;
        match (self.weight.start(), self.weight.end()) {
            (start, end) if start == end => write!(f, " {start}")?,
            (start, end) => write!(f, " {start}-{end}")?,
        }
        match &self.style {
            FontFaceStyle::Normal => {}
            FontFaceStyle::Italic => f.write_str(" italic")?,
            FontFaceStyle::Oblique(_) => f.write_str(" oblique")?,
        }
        if self.stretch != (100.0..=100.0) {
            write!(f, " {}-{} % wide", self.stretch.start(), self.stretch.end())?;
        }
        if self.unicode_range != [0..=0x0010_FFFF] {
            for range in self.unicode_range.iter().take(3) {
                write!(f, " U+{:X}-{:X}", range.start(), range.end())?;
            }
        }
        match self.display {
            FontDisplay::Auto | FontDisplay::Block => Ok(()),
            FontDisplay::Swap | FontDisplay::Fallback => {
                f.write_str(", shown in another font meanwhile")
            }
            FontDisplay::Optional => f.write_str(", only if it comes at once"),
        }
    }
}

impl FontFace {
    /// The source that a browser takes first, if taking it means a request.
    pub(crate) fn fetched_source(&self) -> Option<&FontSource> {
        let first = self.sources.iter().find(|source| source.is_supported())?;
        matches!(first, FontSource::File { url: Some(_), .. }).then_some(first)
    }

    /// Reads the block of the rule to the end of `input`; `None` if the face can never be used.
    pub(super) fn parse(
        input: &mut Parser<'_>,
        context: Context,
        position: Position,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let mut descriptors = Descriptors {
            family: None,
            face: Self {
                family: String::new(),
                weight: 400.0..=400.0,
                style: FontFaceStyle::Normal,
                stretch: 100.0..=100.0,
                unicode_range: vec![0..=0x0010_FFFF],
                display: FontDisplay::Auto,
                sources: Vec::new(),
                context,
                position,
            },
            problems,
        };
        // What is wrong is skipped, descriptor by descriptor.
        read_descriptors(input, |name, input| descriptors.read(name, input));
        let Descriptors { family, face, .. } = descriptors;
        let family = family.filter(|_| !face.sources.is_empty())?;
        Some(Self { family, ..face })
    }
}

/// Formats of `format()`, with the older names that carry their technology (CSS Fonts 4 §11.1).
pub(super) fn is_supported_font_format(format: &str) -> bool {
    [
        "woff2",
        "woff",
        "truetype",
        "opentype",
        "collection",
        "woff2-variations",
        "woff-variations",
        "truetype-variations",
        "opentype-variations",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(format))
}

/// Technologies that Chromium has.
pub(super) fn is_supported_font_tech(tech: &str) -> bool {
    [
        "variations",
        "palettes",
        "features-opentype",
        "features-aat",
        "color-colrv0",
        "color-colrv1",
        "color-sbix",
        "color-cbdt",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(tech))
}

struct Descriptors<'p> {
    family: Option<String>,
    face: FontFace,
    problems: &'p mut Vec<Problem>,
}

impl Descriptors<'_> {
    fn read(&mut self, name: &str, input: &mut Parser<'_>) -> Result<(), Failure> {
        match name {
            "font-family" => self.family = Some(input.parse_entirely(family_name)?),
            "src" => {
                let sources = self.sources(input);
                let is_valid = sources
                    .iter()
                    .any(|source| matches!(source, FontSource::Local(_)) || source.is_supported());
                if !is_valid {
                    return Err(Failure::unexpected_token());
                }
                self.face.sources = sources;
            }
            "font-weight" => self.face.weight = input.parse_entirely(|i| range(i, weight))?,
            "font-stretch" | "font-width" => {
                self.face.stretch = input.parse_entirely(|i| range(i, stretch))?;
            }
            "font-style" => self.face.style = input.parse_entirely(style)?,
            "font-display" => self.face.display = input.parse_entirely(display)?,
            "unicode-range" => {
                self.face.unicode_range = input.parse_comma_separated(|input| {
                    let range = UnicodeRange::parse(input)?;
                    Ok::<_, Failure>(range.start..=range.end)
                })?;
            }
            _ => return Err(Failure::unexpected_token()),
        }
        Ok(())
    }

    fn sources(&mut self, input: &mut Parser<'_>) -> Vec<FontSource> {
        let mut sources = Vec::new();
        loop {
            let source = input.parse_until_before(Delimiter::Comma, |input| self.source(input));
            sources.extend(source);
            if input.next().is_err() {
                return sources;
            }
        }
    }

    fn source(&mut self, input: &mut Parser<'_>) -> Result<FontSource, Failure> {
        input.skip_whitespace();
        let start = input.state();
        if let Token::Function(name) = input.next()?
            && name.eq_ignore_ascii_case("local")
        {
            return input.parse_nested_block(|input| family_name(input).map(FontSource::Local));
        }
        input.reset(&start);
        let position = Position::of(input);
        let url = match UrlToken::read(input)? {
            UrlToken::Url(url) => fetched_url(&url),
            UrlToken::Broken(problem) => {
                self.problems.push(problem);
                return Err(Failure::unexpected_token());
            }
            UrlToken::Other => return Err(Failure::unexpected_token()),
        };
        let mut format = None;
        let mut tech = Vec::new();
        while !input.is_exhausted() {
            let name = input.expect_function()?.to_ascii_lowercase();
            match name.as_str() {
                "format" if format.is_none() && tech.is_empty() => {
                    let name = input.parse_nested_block(|input| {
                        Ok::<_, Failure>(input.expect_ident_or_string()?.to_ascii_lowercase())
                    })?;
                    format = Some(name);
                }
                "tech" if tech.is_empty() => {
                    tech = input.parse_nested_block(|input| {
                        input.parse_comma_separated(|input| {
                            Ok::<_, Failure>(input.expect_ident()?.to_ascii_lowercase())
                        })
                    })?;
                }
                _ => return Err(Failure::unexpected_token()),
            }
        }
        Ok(FontSource::File {
            url,
            format,
            tech,
            position,
        })
    }
}

/// A string, or identifiers joined by single spaces.
fn family_name(input: &mut Parser<'_>) -> Result<String, Failure> {
    let mut name = match input.next()? {
        Token::QuotedString(name) => return Ok(name.to_string()),
        Token::Ident(name) => name.to_string(),
        _ => return Err(Failure::unexpected_token()),
    };
    while !input.is_exhausted() {
        name.push(' ');
        name.push_str(input.expect_ident()?);
    }
    Ok(name)
}

/// One value or two; in either order, as the specification swaps them.
fn range(
    input: &mut Parser<'_>,
    value: fn(&mut Parser<'_>) -> Result<f32, Failure>,
) -> Result<RangeInclusive<f32>, Failure> {
    let first = value(input)?;
    let second = if input.is_exhausted() {
        first
    } else {
        value(input)?
    };
    Ok(first.min(second)..=first.max(second))
}

fn weight(input: &mut Parser<'_>) -> Result<f32, Failure> {
    match input.next()? {
        Token::Number { value, .. } if (1.0..=1000.0).contains(value) => Ok(*value),
        Token::Ident(name) => match name.to_ascii_lowercase().as_str() {
            "normal" | "auto" => Ok(400.0),
            "bold" => Ok(700.0),
            _ => Err(Failure::unexpected_token()),
        },
        _ => Err(Failure::unexpected_token()),
    }
}

fn stretch(input: &mut Parser<'_>) -> Result<f32, Failure> {
    match input.next()? {
        Token::Percentage { unit_value, .. } if *unit_value >= 0.0 => Ok(unit_value * 100.0),
        Token::Ident(name) => Ok(match name.to_ascii_lowercase().as_str() {
            "ultra-condensed" => 50.0,
            "extra-condensed" => 62.5,
            "condensed" => 75.0,
            "semi-condensed" => 87.5,
            "normal" | "auto" => 100.0,
            "semi-expanded" => 112.5,
            "expanded" => 125.0,
            "extra-expanded" => 150.0,
            "ultra-expanded" => 200.0,
            _ => return Err(Failure::unexpected_token()),
        }),
        _ => Err(Failure::unexpected_token()),
    }
}

fn style(input: &mut Parser<'_>) -> Result<FontFaceStyle, Failure> {
    match input.expect_ident()?.to_ascii_lowercase().as_str() {
        "normal" | "auto" => Ok(FontFaceStyle::Normal),
        "italic" => Ok(FontFaceStyle::Italic),
        // CSS Fonts 4 §4.4: oblique without an angle leans by 14 degrees.
        "oblique" if input.is_exhausted() => Ok(FontFaceStyle::Oblique(14.0..=14.0)),
        "oblique" => range(input, angle).map(FontFaceStyle::Oblique),
        _ => Err(Failure::unexpected_token()),
    }
}

fn angle(input: &mut Parser<'_>) -> Result<f32, Failure> {
    match input.next()? {
        Token::Number { value: 0.0, .. } => Ok(0.0),
        Token::Dimension { value, unit, .. } => match unit.to_ascii_lowercase().as_str() {
            "deg" => Ok(*value),
            "grad" => Ok(value * 0.9),
            "rad" => Ok(value.to_degrees()),
            "turn" => Ok(value * 360.0),
            _ => Err(Failure::unexpected_token()),
        },
        _ => Err(Failure::unexpected_token()),
    }
}

fn display(input: &mut Parser<'_>) -> Result<FontDisplay, Failure> {
    match input.expect_ident()?.to_ascii_lowercase().as_str() {
        "auto" => Ok(FontDisplay::Auto),
        "block" => Ok(FontDisplay::Block),
        "swap" => Ok(FontDisplay::Swap),
        "fallback" => Ok(FontDisplay::Fallback),
        "optional" => Ok(FontDisplay::Optional),
        _ => Err(Failure::unexpected_token()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::StyleSheet;
    use crate::css::tests::check;

    #[test]
    fn a_face_takes_its_last_valid_src_and_its_first_supported_source() {
        check(&[
            (
                "@font-face { font-family: f; src: url(f.woff2) format('woff2'), url(f.woff) }",
                &["@font f.woff2"],
            ),
            (
                "@font-face { font-family: f; src: url(f.eot); src: url('f.eot?#iefix') format('embedded-opentype'), url(f.woff) format(woff) }",
                &["@font f.woff"],
            ),
            (
                "@font-face { font-family: f; src: url(a); src: ; }",
                &["@font a"],
            ),
            (
                "@font-face { font-family: f; src: url(a); src: nonsense, 1px }",
                &["@font a"],
            ),
            (
                "@font-face { font-family: f; src: nonsense, url(b) }",
                &["@font b"],
            ),
            (
                "@font-face { font-family: f; src: local(F), url(f.ttf) }",
                &["@font f.ttf"],
            ),
            (
                "@font-face { font-family: f; src: url(f.svg#f) format('svg'), url(f.otf) format(\"OpenType\") }",
                &["@font f.otf"],
            ),
            (
                "@font-face { font-family: f; src: url(a) format('unheard-of'), url(b) format('truetype') }",
                &["@font b"],
            ),
            (
                "@font-face { font-family: f; src: url(a) format(woff2) tech(features-graphite), url(b) tech(variations, color-COLRv1) }",
                &["@font b"],
            ),
            (
                "@font-face { font-family: f; src: url(a) format('woff2-variations') }",
                &["@font a"],
            ),
            (
                "@font-face { font-family: f; src: url(a) format(woff2, woff), url(b) }",
                &["@font b"],
            ),
            (
                "@font-face { font-family: f; src: url(data:font/woff2;base64,AA==), url(b) }",
                &[],
            ),
            ("@font-face { font-family: f; src: local('F') }", &[]),
            ("@font-face { font-family: f }", &[]),
            ("@font-face { src: url(a) }", &[]),
            (
                "@media print { @layer x { @font-face { font-family: f; src: url(a) } } }",
                &["@font a"],
            ),
            (
                "@font-face { font-family: f; src: url(a b), url(c) }",
                &["@font c"],
            ),
        ]);
    }

    #[test]
    fn a_face_knows_what_it_is_for() {
        let sheet = StyleSheet::parse(
            "/*é*/ @font-face { font-family: Open   Sans; font-weight: 900 100; font-style: oblique 5deg 20deg;\n\
             font-stretch: condensed 150%; unicode-range: U+0-FF, u+4??, U+20AC; font-display: SWAP;\n\
             font-weight: heavy; unicode-range: nonsense; src: local(A B), url(f.woff2) format('WOFF2') tech(variations); }",
        );
        let expected = FontFace {
            family: "Open Sans".into(),
            weight: 100.0..=900.0,
            style: FontFaceStyle::Oblique(5.0..=20.0),
            stretch: 75.0..=150.0,
            unicode_range: vec![0..=0xFF, 0x400..=0x4FF, 0x20AC..=0x20AC],
            display: FontDisplay::Swap,
            sources: vec![
                FontSource::Local("A B".into()),
                FontSource::File {
                    url: Some("f.woff2".into()),
                    format: Some("woff2".into()),
                    tech: vec!["variations".into()],
                    position: Position {
                        line: 3,
                        column: 63,
                    },
                },
            ],
            context: Context::default(),
            position: Position { line: 1, column: 7 },
        };
        assert_eq!(sheet.font_faces, [expected]);

        let sheet = StyleSheet::parse("@font-face { src: url(f); font-family: 'Q \\'x' }");
        let face = &sheet.font_faces[0];
        assert_eq!(face.family, "Q 'x");
        assert_eq!(face.weight, 400.0..=400.0);
        assert_eq!(face.style, FontFaceStyle::Normal);
        assert_eq!(face.stretch, 100.0..=100.0);
        assert_eq!(face.unicode_range, [0..=0x10FFFF]);
        assert_eq!(face.display, FontDisplay::Auto);
    }
}
