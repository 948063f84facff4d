//! Container queries: the prelude of `@container`.
//!
//! In: tokens. Out: a list of queries that answers for the containers around an element. Follows CSS Conditional 5 §6,
//! as Chromium 156 has it: a query asks the nearest container that has its name and all the sizes it asks for, and
//! without one it does not hold; neither does one with something unknown in it. Custom properties are compared by
//! their text.
//!
//! There is no layout here: a container in the flow is taken to be between a quarter of the viewport and all of it
//! wide, another one to be no wider than the viewport. A query that gets the same answer over the whole range has it for
//! certain, and so has one about custom properties alone. Heights, scroll states and anchors are not known.

use std::sync::Arc;

use cssparser::{Parser, Token};

use super::Failure;
use super::condition::{Condition, Leaf, starts_condition};
use super::media_feature::{MediaFeature, Range};
use super::truth::Truth;
use crate::viewport::Viewport;

/// Features that a list of queries may ask for; a longer one is not answered.
const MAX_FEATURES: usize = 64;

/// Containers that are asked, from the nearest one outwards.
const MAX_CONTAINERS: usize = 32;

/// A comma-separated list of queries, of which one has to hold; none if there are too many.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ContainerQueryList(Option<Vec<ContainerQuery>>);

#[derive(Debug, Clone, PartialEq)]
struct ContainerQuery {
    name: Option<Arc<str>>,
    condition: Option<Condition<ContainerFeature>>,
    /// What the container has to be asked for.
    needs: ContainerType,
    /// Whether something in it is not understood.
    has_unknown: bool,
}

/// `container-type`: what may be asked of a container. Its style may always be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct ContainerType {
    pub(crate) inline_size: bool,
    pub(crate) block_size: bool,
    pub(crate) scroll_state: bool,
    pub(crate) anchored: bool,
}

/// Where a container's box stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerBox {
    /// `inline`, `contents`: there is no size.
    None,
    /// Its width comes from what is around it.
    InFlow,
    /// It floats, is positioned or stands in a line.
    Other,
}

/// An element that may be asked.
pub(crate) trait Container {
    fn is_named(&self, name: &str) -> bool;
    fn container_type(&self) -> ContainerType;
    fn container_box(&self) -> ContainerBox;
    /// The computed value of a custom property.
    fn custom_property(&self, name: &str) -> Option<&str>;
}

/// What a query is made of.
#[derive(Debug, Clone, PartialEq)]
enum ContainerFeature {
    Size {
        feature: MediaFeature,
        /// Whether its lengths depend on a font.
        is_font_relative: bool,
    },
    /// A width in units of the container around.
    Relative,
    Style(Condition<StyleFeature>),
    ScrollState,
    Anchored,
}

/// A question to a custom property.
#[derive(Debug, Clone, PartialEq)]
enum StyleFeature {
    /// `style(--a)`
    Present(Arc<str>),
    /// `style(--a: initial)`
    Absent(Arc<str>),
    /// `style(--a: b)`
    Equals(Arc<str>, Arc<str>),
    /// A comparison, or a value that has to be computed.
    Unanswered,
}

impl ContainerQueryList {
    /// Reads the prelude; of the wrong ones those that have no grammar fail.
    pub(super) fn from_tokens(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let queries = input.parse_comma_separated(ContainerQuery::parse)?;
        let list = Self(Some(queries));
        Ok(if list.features() <= MAX_FEATURES {
            list
        } else {
            Self(None)
        })
    }

    /// What an answer costs: the features that are asked for, and one for each query.
    pub(crate) fn features(&self) -> usize {
        let mut features = 0;
        for query in self.0.iter().flatten() {
            features += 1;
            let Some(condition) = &query.condition else {
                continue;
            };
            condition.for_each(&mut |feature: Option<&ContainerFeature>| {
                features += 1;
                if let Some(ContainerFeature::Style(query)) = feature {
                    query.for_each(&mut |_| features += 1);
                }
            });
        }
        features
    }

    /// Whether it holds for an element with these containers around it, the nearest first.
    pub(crate) fn evaluate<'c, C: Container + 'c>(
        &self,
        containers: impl Iterator<Item = C> + Clone,
        viewport: &Viewport,
    ) -> Truth {
        let Some(queries) = &self.0 else {
            return Truth::Unknown;
        };
        let containers = containers.take(MAX_CONTAINERS);
        let mut list = Truth::False;
        for query in queries {
            match query.evaluate(containers.clone(), viewport) {
                Truth::True => return Truth::True,
                Truth::Unknown => list = Truth::Unknown,
                Truth::False => {}
            }
        }
        list
    }

    /// The custom properties that it asks for.
    pub(crate) fn custom_properties(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let queries = self.0.iter().flatten();
        let conditions = queries.filter_map(|query| query.condition.as_ref());
        for condition in conditions {
            condition.for_each(&mut |feature| {
                let Some(ContainerFeature::Style(query)) = feature else {
                    return;
                };
                query.for_each(&mut |feature| match feature {
                    Some(
                        StyleFeature::Present(name)
                        | StyleFeature::Absent(name)
                        | StyleFeature::Equals(name, _),
                    ) => names.push(&**name),
                    Some(StyleFeature::Unanswered) | None => {}
                });
            });
        }
        names
    }
}

impl ContainerQuery {
    fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let name = input.try_parse(|input| match input.expect_ident() {
            Ok(name) if is_name(name) => Ok(Arc::from(&**name)),
            _ => Err(Failure::unexpected_token()),
        });
        let name: Option<Arc<str>> = name.ok();
        let condition = match input.is_exhausted() {
            true if name.is_none() => return Err(Failure::unexpected_token()),
            true => None,
            false => Some(Condition::parse(input, true, 0)?),
        };
        let mut query = Self {
            name,
            condition: None,
            needs: ContainerType::default(),
            has_unknown: false,
        };
        if let Some(condition) = &condition {
            condition.for_each(&mut |feature| query.take_needs(feature));
        }
        query.condition = condition;
        Ok(query)
    }

    fn take_needs(&mut self, feature: Option<&ContainerFeature>) {
        let needs = &mut self.needs;
        match feature {
            None => self.has_unknown = true,
            Some(ContainerFeature::Size { feature, .. }) => match feature.name() {
                "width" | "inline-size" => needs.inline_size = true,
                "height" | "block-size" => needs.block_size = true,
                _ => (needs.inline_size, needs.block_size) = (true, true),
            },
            Some(ContainerFeature::Relative) => needs.inline_size = true,
            Some(ContainerFeature::ScrollState) => needs.scroll_state = true,
            Some(ContainerFeature::Anchored) => needs.anchored = true,
            Some(ContainerFeature::Style(query)) => {
                query.for_each(&mut |feature| self.has_unknown |= feature.is_none());
            }
        }
    }

    fn evaluate<C: Container>(
        &self,
        mut containers: impl Iterator<Item = C>,
        viewport: &Viewport,
    ) -> Truth {
        let needs = self.needs;
        let asks_size = needs.inline_size || needs.block_size;
        let found = containers.find(|container| {
            self.name
                .as_ref()
                .is_none_or(|name| container.is_named(name))
                && container.container_type().has(needs)
        });
        let Some(container) = found else {
            return Truth::False;
        };
        if self.has_unknown || (asks_size && container.container_box() == ContainerBox::None) {
            return Truth::False;
        }
        match &self.condition {
            None => Truth::True,
            Some(condition) => condition.evaluate(Truth::False, &|feature: &ContainerFeature| {
                feature.evaluate(&container, viewport)
            }),
        }
    }
}

impl ContainerType {
    /// Whether all of `needs` may be asked.
    fn has(self, needs: Self) -> bool {
        (self.inline_size || !needs.inline_size)
            && (self.block_size || !needs.block_size)
            && (self.scroll_state || !needs.scroll_state)
            && (self.anchored || !needs.anchored)
    }

    /// Reads the value of `container-type`.
    pub(crate) fn parse(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let mut found = Self::default();
        let normal = input.try_parse(|input| input.expect_ident_matching("normal"));
        if normal.is_ok() {
            return Ok(found);
        }
        while found == Self::default() || !input.is_exhausted() {
            let before = found;
            match &*input.expect_ident()?.to_ascii_lowercase() {
                "inline-size" if !found.inline_size => found.inline_size = true,
                "size" if !found.inline_size => {
                    (found.inline_size, found.block_size) = (true, true);
                }
                "scroll-state" => found.scroll_state = true,
                "anchored" => found.anchored = true,
                _ => return Err(Failure::unexpected_token()),
            }
            if found == before {
                return Err(Failure::unexpected_token());
            }
        }
        Ok(found)
    }
}

impl ContainerFeature {
    fn evaluate(&self, container: &impl Container, viewport: &Viewport) -> Truth {
        match self {
            Self::Size {
                feature,
                is_font_relative,
            } => {
                let range = match feature.name() {
                    "width" | "inline-size" => width(container, *is_font_relative, viewport),
                    "height" | "block-size" => Range::ANY,
                    _ => return Truth::Unknown,
                };
                feature.holds_within(range, viewport)
            }
            Self::Style(query) => query.evaluate(Truth::Unknown, &|feature: &StyleFeature| {
                feature.evaluate(container)
            }),
            Self::Relative | Self::ScrollState | Self::Anchored => Truth::Unknown,
        }
    }
}

/// How wide a container may be, in pixels. Its font may be of 10 to 20 pixels, and lengths in its units are read as if it
/// were 16: that is made up for here.
fn width(container: &impl Container, is_font_relative: bool, viewport: &Viewport) -> Range {
    let all = viewport.width as f32;
    let least = match container.container_box() {
        ContainerBox::InFlow => all / 4.0,
        ContainerBox::None | ContainerBox::Other => 0.0,
    };
    if is_font_relative {
        Range {
            low: least * 16.0 / 20.0,
            high: all * 16.0 / 10.0,
        }
    } else {
        Range {
            low: least,
            high: all,
        }
    }
}

impl StyleFeature {
    fn evaluate(&self, container: &impl Container) -> Truth {
        let value = |name: &str| container.custom_property(name);
        match self {
            Self::Present(name) => value(name).is_some().into(),
            Self::Absent(name) => value(name).is_none().into(),
            Self::Equals(name, text) => value(name)
                .is_some_and(|own| own.trim_ascii() == &**text)
                .into(),
            Self::Unanswered => Truth::Unknown,
        }
    }
}

impl Leaf for ContainerFeature {
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let start = input.state();
        let position = input.position();
        while input.next().is_ok() {}
        let text = input.slice_from(position).to_ascii_lowercase();
        input.reset(&start);
        match input.parse_entirely(MediaFeature::in_parentheses) {
            Ok(feature) if is_size_feature(&feature) && !text.contains("cq") => Ok(Self::Size {
                feature,
                is_font_relative: has_font_unit(&text),
            }),
            Ok(feature) if is_size_feature(&feature) => Ok(Self::Relative),
            _ => Err(Failure::unexpected_token()),
        }
    }

    fn in_function(name: &str, input: &mut Parser<'_>) -> Result<Self, Failure> {
        match &*name.to_ascii_lowercase() {
            "style" if starts_condition(input) => Condition::parse(input, true, 0).map(Self::Style),
            "style" => StyleFeature::in_parentheses(input)
                .map(|feature| Self::Style(Condition::Leaf(feature))),
            "scroll-state" => {
                input.expect_no_error_token()?;
                Ok(Self::ScrollState)
            }
            "anchored" => {
                input.expect_no_error_token()?;
                Ok(Self::Anchored)
            }
            _ => Err(Failure::unexpected_token()),
        }
    }
}

impl Leaf for StyleFeature {
    fn in_parentheses(input: &mut Parser<'_>) -> Result<Self, Failure> {
        let Ok(name) = input.try_parse(Parser::expect_ident_cloned) else {
            // `2 < --a`
            input.next()?;
            input.expect_no_error_token()?;
            return Ok(Self::Unanswered);
        };
        if !name.starts_with("--") {
            return Err(Failure::unexpected_token());
        }
        let name: Arc<str> = Arc::from(&*name);
        if input.is_exhausted() {
            return Ok(Self::Present(name));
        }
        if input.try_parse(Parser::expect_colon).is_err() {
            return match input.next()? {
                Token::Delim('<' | '>' | '=') => {
                    input.expect_no_error_token()?;
                    Ok(Self::Unanswered)
                }
                _ => Err(Failure::unexpected_token()),
            };
        }
        input.skip_whitespace();
        let position = input.position();
        let mut has_reference = false;
        while let Ok(token) = input.next() {
            match token {
                Token::Function(_) => has_reference = true,
                token if token.is_parse_error() => return Err(Failure::unexpected_token()),
                _ => {}
            }
        }
        let text = input.slice_from(position).trim_ascii();
        let text = match text.rsplit_once('!') {
            Some((value, important))
                if important.trim_ascii().eq_ignore_ascii_case("important") =>
            {
                value.trim_ascii_end()
            }
            _ => text,
        };
        Ok(match text.to_ascii_lowercase().as_str() {
            "initial" => Self::Absent(name),
            "inherit" | "unset" | "revert" | "revert-layer" | "revert-rule" => Self::Unanswered,
            _ if has_reference => Self::Unanswered,
            _ => Self::Equals(name, Arc::from(text)),
        })
    }

    fn in_function(_: &str, _: &mut Parser<'_>) -> Result<Self, Failure> {
        Err(Failure::unexpected_token())
    }
}

/// Whether an identifier may name a container (CSS Conditional 5 §6.2).
pub(crate) fn is_name(name: &str) -> bool {
    ![
        "none",
        "and",
        "or",
        "not",
        "normal",
        "default",
        "inherit",
        "initial",
        "unset",
        "revert",
        "revert-layer",
    ]
    .iter()
    .any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// CSS Conditional 5 §7.1. Values that no such feature has make it unknown.
fn is_size_feature(feature: &MediaFeature) -> bool {
    let is_known = matches!(
        feature.name(),
        "width" | "height" | "inline-size" | "block-size" | "aspect-ratio" | "orientation"
    );
    is_known && feature.is_well_typed()
}

/// Whether a number with a unit of some font stands in a feature.
fn has_font_unit(text: &str) -> bool {
    let letters = |text: &str| text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let mut pieces = text.split_inclusive(|letter: char| letter.is_ascii_digit());
    // What follows a digit.
    pieces.next();
    pieces.any(|piece| {
        letters(piece)
            && [
                "em", "rem", "ex", "rex", "ch", "rch", "cap", "rcap", "ic", "ric", "lh", "rlh",
            ]
            .iter()
            .any(|unit| piece.starts_with(unit))
    })
}

#[cfg(test)]
mod tests;
