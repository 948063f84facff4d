//! Style sheets: text in, what they refer to out.
//!
//! [`StyleSheet::parse`] reads a sheet or the text of a `style` element, [`StyleSheet::parse_declarations`] a `style`
//! attribute. Both return the imports, font faces and images with the conditions they stand under; neither fetches,
//! resolves URLs, matches selectors or decides the cascade. Text arrives decoded. Lines and columns count from 1,
//! columns in UTF-16 code units, as editors and source maps do.
//!
//! Why cssparser 0.38 and not lightningcss 1.0.0-alpha.72, measured on the 424 sheets (4.4 MB) of 15 built sites:
//! both read every sheet, lightningcss 30 of them only with its error recovery on; cssparser with these rules reads
//! 113 MB/s (the bare tokeniser 160), lightningcss with a visitor 30; cssparser brings 5 packages and builds in 2 s,
//! lightningcss 52 packages and 100 s. cssparser's positions are exact, custom properties need no special case, and the
//! `selectors` crate, which selector matching will stand on, is written over it.
//!
//! Files: `rules` walks the sheet; `import`, `font_face`, `registered_property` (both over `descriptors`) and `image`
//! read what it finds, with `url`; `context` keeps the conditions, `media` (`media_feature`, `length` with
//! `calculation`) and `supports` answer them over `condition` and `truth`, `container` asks the containers around an
//! element, `property_grammar` knows the properties of Chromium, `function_names` some of the functions in them;
//! `sizes` is HTML's attribute, which is written in media conditions and lengths.

mod calculation;
mod condition;
mod container;
mod context;
mod descriptors;
mod font_face;
mod function_names;
mod image;
mod import;
mod length;
mod media;
mod media_feature;
mod media_text;
mod property_grammar;
mod registered_property;
mod rules;
mod sizes;
mod style_rule;
mod supports;
mod truth;
mod url;

#[cfg(test)]
mod tests;

use crate::style::Namespaces;
use cssparser::{ParseError, Parser, ParserState, SourceLocation};

use crate::style::LayerMention;

pub(crate) use calculation::{Calculation, LengthUnit};
pub(crate) use container::{
    Container, ContainerBox, ContainerQueryList, ContainerType, is_name as is_container_name,
};
pub(crate) use context::{Context, Layer};
pub(crate) use font_face::{FontFace, FontFaceStyle, FontSource};
pub(crate) use function_names::{COLOR_FUNCTIONS, FILTERS, GRADIENTS};
pub(crate) use image::{ImageCandidate, ImageSource, StyleImage, image_set};
pub(crate) use import::Import;
pub(crate) use length::ViewportUnit;
pub(crate) use media::{Applies, MediaQueryList};
pub(crate) use media_text::MediaText;
pub(crate) use registered_property::RegisteredProperty;
pub(crate) use sizes::source_size;
pub(crate) use style_rule::{Frame, Keyframes, Nesting, NestingStep, StyleRule};
pub(crate) use truth::Truth;
pub(crate) use url::{UrlToken, fetched_url};

/// Blocks, functions and parentheses that are entered one inside the other; what is deeper is skipped. The native
/// stack is used for them, and the worker threads have 2 MiB of it.
const MAX_DEPTH: usize = 128;

/// Parentheses within one condition, and within one calculation.
const MAX_CONDITION_DEPTH: usize = 32;

/// Why something does not parse. Only the fact is of use: the caller recovers as the grammar says.
pub(crate) type Failure = ParseError<()>;

/// What a style sheet refers to, in the order of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StyleSheet {
    pub(crate) imports: Vec<Import>,
    pub(crate) font_faces: Vec<FontFace>,
    pub(crate) images: Vec<StyleImage>,
    /// The rules that decide what is fetched.
    pub(crate) style_rules: Vec<StyleRule>,
    pub(crate) keyframes: Vec<Keyframes>,
    pub(crate) registered_properties: Vec<RegisteredProperty>,
    pub(crate) namespaces: Namespaces,
    /// Every `@layer`, for the order of the page's layers.
    pub(crate) layers: Vec<LayerMention>,
    /// What was lost by errors in the sheet.
    pub(crate) problems: Vec<Problem>,
}

impl StyleSheet {
    /// Reads an external sheet or the text of a `style` element.
    pub(crate) fn parse(text: &str) -> Self {
        let mut sheet = Self::default();
        rules::RuleReader::new(&mut sheet).read_sheet(text);
        sheet
    }

    /// Reads the declarations of a `style` attribute.
    pub(crate) fn parse_declarations(text: &str) -> Self {
        let mut sheet = Self::default();
        rules::RuleReader::new(&mut sheet).read_declarations(text);
        sheet
    }
}

/// An error that costs references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    pub(crate) position: Position,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// A string runs over the end of its line.
    UnclosedString,
    /// A `url()` with a character in it that has to be quoted or escaped.
    BadUrl,
    /// A closing bracket without its opening one, in a declaration that refers to something.
    StrayBracket,
    /// Blocks or functions are nested too deeply; what is inside is not read.
    TooDeep,
    /// The sheet refers to more images than are listed.
    TooMany,
}

impl std::fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnclosedString => f.write_str("a string is not closed on its line"),
            Self::BadUrl => f.write_str("a URL holds characters that need quotes"),
            Self::StrayBracket => f.write_str("a closing bracket has no opening one"),
            Self::TooDeep => write!(f, "blocks are nested more than {MAX_DEPTH} deep"),
            Self::TooMany => {
                f.write_str("the sheet has too many images; the others are not listed")
            }
        }
    }
}

/// A place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in UTF-16 code units.
    pub(crate) column: u32,
}

impl Position {
    /// Where `input` stands, which is before white space unless that was skipped.
    pub(crate) fn of(input: &Parser<'_>) -> Self {
        input.current_source_location().into()
    }

    fn at(state: &ParserState) -> Self {
        state.source_location().into()
    }
}

impl From<SourceLocation> for Position {
    fn from(location: SourceLocation) -> Self {
        Self {
            line: location.line.saturating_add(1),
            column: location.column,
        }
    }
}
