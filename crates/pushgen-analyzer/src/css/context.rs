//! The conditions that a reference stands under: `@media`, `@supports`, `@layer` and their like, and those of the
//! `@import` that brought its sheet.
//!
//! A context is a chain from the innermost condition outwards. It is shared by all that stands under it, so that a
//! sheet with many references stays small.

use std::sync::{Arc, Mutex};

use super::container::ContainerQueryList;
use super::media::{Applies, MediaQueryList};
use super::media_text::MediaText;
use super::truth::Truth;
use crate::viewport::Viewport;

/// What has to hold for a rule to be in force; nothing for a rule on the top level.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Context(Option<Arc<Link>>);

#[derive(Debug)]
struct Link {
    condition: ContextCondition,
    outer: Context,
    /// Whether the whole chain holds on no screen, stands in a container query, is for the start of a transition.
    never_holds: bool,
    asks_containers: bool,
    is_starting_style: bool,
    /// The last answer about the whole chain. Every rule below asks, and lists of queries may be long.
    answer: Mutex<Option<(Viewport, Applies)>>,
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        (&self.condition, &self.outer) == (&other.condition, &other.outer)
    }
}

/// One enclosing at-rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ContextCondition {
    /// `@media`
    Media(MediaQueryList),
    /// `@supports`, already answered.
    Supports(Truth),
    /// `@layer`: it orders the cascade and is always in force.
    Layer(Layer),
    /// `@container`: the containers around an element decide, and often their layout.
    Container(Arc<ContainerQueryList>),
    /// `@scope`: the document tree decides.
    Scope,
    /// `@starting-style`: fetched by Chromium even where nothing is animated.
    StartingStyle,
    /// `@keyframes`: fetched when an element uses the animation of that name.
    Keyframes(String),
}

/// The name of a cascade layer (CSS Cascade 5 §6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `@layer { … }` and `@import … layer`
    Anonymous,
    /// The dotted name as written.
    Named(String),
}

impl Context {
    /// The same context with one more condition inside.
    pub(crate) fn with(&self, condition: ContextCondition) -> Self {
        let never_holds = match &condition {
            ContextCondition::Media(list) => list.evaluate(&Viewport::DESKTOP) == Applies::Never,
            ContextCondition::Supports(truth) => *truth != Truth::True,
            _ => false,
        };
        Self(Some(Arc::new(Link {
            never_holds: never_holds || self.never_holds(),
            asks_containers: matches!(condition, ContextCondition::Container(_))
                || self.asks_containers(),
            is_starting_style: condition == ContextCondition::StartingStyle
                || self.is_starting_style(),
            answer: Mutex::default(),
            condition,
            outer: self.clone(),
        })))
    }

    /// The conditions from the innermost outwards.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &ContextCondition> {
        let mut here = self;
        std::iter::from_fn(move || {
            let link = here.0.as_deref()?;
            here = &link.outer;
            Some(&link.condition)
        })
    }

    /// Whether the media and feature queries hold. A feature query without an answer is [`Applies::Elsewhere`]: it
    /// cannot be promised for this viewport. The conditions that need a layout or a tree are not looked at.
    pub(crate) fn applies(&self, viewport: &Viewport) -> Applies {
        // From the innermost chain that is not known outwards, so that nothing recurses.
        let mut applies = Applies::Matches;
        let mut open = Vec::new();
        let mut here = self;
        while let Some(link) = here.0.as_deref() {
            if let Some(known) = link.known(viewport) {
                applies = known;
                break;
            }
            open.push(link);
            here = &link.outer;
        }
        while let Some(link) = open.pop() {
            applies = applies.max(match &link.condition {
                ContextCondition::Media(list) => list.evaluate(viewport),
                ContextCondition::Supports(Truth::False) => Applies::Never,
                ContextCondition::Supports(Truth::Unknown) => Applies::Elsewhere,
                _ => Applies::Matches,
            });
            link.keep(*viewport, applies);
        }
        applies
    }

    /// On which screens the media queries hold, in words. The other conditions are not looked at.
    pub(crate) fn media(&self) -> MediaText {
        let lists = self.conditions().filter_map(|condition| match condition {
            ContextCondition::Media(list) => Some(list),
            _ => None,
        });
        lists.fold(MediaText::Everywhere, |inner, outer| {
            outer.text().and(inner)
        })
    }

    /// Whether it holds at no screen: `@media print`, `@supports (unheard-of: 1)`.
    pub(crate) fn never_holds(&self) -> bool {
        self.0.as_ref().is_some_and(|link| link.never_holds)
    }

    /// Whether it is for the style that a transition starts from.
    pub(crate) fn is_starting_style(&self) -> bool {
        self.0.as_ref().is_some_and(|link| link.is_starting_style)
    }

    /// The container queries that stand around it, all of which have to hold.
    pub(crate) fn container_queries(&self) -> impl Iterator<Item = &ContainerQueryList> {
        self.conditions().filter_map(|condition| match condition {
            ContextCondition::Container(query) => Some(&**query),
            _ => None,
        })
    }

    /// Whether a container query stands around it.
    pub(crate) fn asks_containers(&self) -> bool {
        self.0.as_ref().is_some_and(|link| link.asks_containers)
    }
}

impl Link {
    fn known(&self, viewport: &Viewport) -> Option<Applies> {
        let answer = self.answer.lock().ok()?;
        answer.and_then(|(of, applies)| (of == *viewport).then_some(applies))
    }

    fn keep(&self, viewport: Viewport, applies: Applies) {
        if let Ok(mut answer) = self.answer.lock() {
            *answer = Some((viewport, applies));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::{Position, StyleSheet};

    #[test]
    fn a_reference_knows_its_place_selector_and_conditions() {
        let sheet = StyleSheet::parse(
            "@media (min-width: 5000px) {\n  @layer base {\n    .a > b,\n    .c { color: red;\n      background: red url(a.png) } } }\n\
             .d { &:hover { cursor: url(b.cur) } }\n\
             @keyframes k { to { background: url(c.png) } }\n\
             @container (width > 1px) { .e { mask: url(d.svg) } }",
        );
        let found: Vec<_> = sheet
            .images
            .iter()
            .map(|image| {
                let Position { line, column } = image.position;
                let context = &image.context;
                (
                    line,
                    column,
                    image.selector.as_deref(),
                    context.applies(&Viewport::DESKTOP),
                    context.asks_containers(),
                    context.conditions().count(),
                )
            })
            .collect();
        let expected = [
            (5, 23, Some(".a > b,\n    .c"), Applies::Elsewhere, false, 2),
            (6, 24, Some("&:hover"), Applies::Matches, false, 0),
            (7, 33, None, Applies::Matches, false, 1),
            (8, 39, Some(".e"), Applies::Matches, true, 1),
        ];
        assert_eq!(found, expected);
        let keyframes = sheet.images[2].context.conditions().next();
        assert_eq!(keyframes, Some(&ContextCondition::Keyframes("k".into())));
    }

    #[test]
    fn a_context_holds_when_all_its_conditions_do() {
        let table: &[(&str, Applies)] = &[
            (
                "@media screen { @media (min-width: 1px) {",
                Applies::Matches,
            ),
            ("@media screen { @media print {", Applies::Never),
            (
                "@media (min-width: 5000px) { @media print {",
                Applies::Never,
            ),
            (
                "@media (min-width: 5000px) { @media screen {",
                Applies::Elsewhere,
            ),
            ("@supports (display: grid) { @layer a.b {", Applies::Matches),
            ("@supports (display: -ms-grid) { @layer {", Applies::Never),
            ("@supports (unheard-of: 1) { @layer {", Applies::Never),
            (
                "@supports not (display: grid) { @media (min-width: 5000px) {",
                Applies::Never,
            ),
        ];
        for (groups, expected) in table {
            let sheet = StyleSheet::parse(&format!("{groups} a {{ background: url(a)"));
            let applies = sheet.images[0].context.applies(&Viewport::DESKTOP);
            assert_eq!(applies, *expected, "{groups:?}");
        }
    }
}
