//! `@scope`: which elements its rules are for (CSS Cascade 6 §2.5).

use std::sync::Arc;

use cssparser::{ParseError, Parser};
use selectors::matching::{MatchingContext, matches_selector_list};

use super::names::Namespaces;
use super::selector::{Around, Grammar, SelectorError, SelectorList};
use super::tree::Element;

/// What asking for a root costs beside the selectors.
const STEPS: usize = 4;

/// An `@scope` rule.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The roots; `None` for `@scope` without them, whose root is the parent of the `style` element.
    start: Option<SelectorList>,
    /// Where the scope ends.
    end: Option<SelectorList>,
    /// The `@scope` around it.
    outer: Option<Arc<Self>>,
}

/// The root of a scope that an element is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScopeRoot<'t> {
    pub(super) element: Element<'t>,
    /// Steps from the element up to the root.
    pub(super) proximity: u32,
}

impl Scope {
    /// Parses a prelude, `(.card) to (.content)`, that stands in other rules. What is inside is parsed in
    /// [`Around::Scope`].
    pub(crate) fn parse(
        prelude: &str,
        around: Around<'_>,
        outer: Option<Arc<Self>>,
        namespaces: &Namespaces,
    ) -> Result<Self, SelectorError> {
        let (start, end) = Parser::new(prelude)
            .parse_entirely(|input| {
                let start = input.try_parse(parenthesised).ok();
                let end = if input.is_exhausted() {
                    None
                } else {
                    input.expect_ident_matching("to")?;
                    Some(parenthesised(input)?)
                };
                Ok::<_, ParseError<()>>((start, end))
            })
            .map_err(|_| SelectorError::Invalid)?;
        let list = |text: Option<&str>, around| {
            text.map(|text| SelectorList::parse_in(text, around, namespaces))
                .transpose()
        };
        Ok(Self {
            start: list(start, around)?,
            end: list(end, Around::Scope)?,
            outer,
        })
    }

    /// The roots of all scopes that an element is in, the nearest first. `owner` is the parent of the `style` element.
    pub(super) fn roots<'t>(
        &self,
        element: Element<'t>,
        owner: Option<Element<'t>>,
        context: &mut MatchingContext<'_, Grammar>,
    ) -> Vec<ScopeRoot<'t>> {
        let mut roots = Vec::new();
        let inclusive = std::iter::successors(Some(element), |element| element.parent());
        for (proximity, root) in (0u32..).zip(inclusive) {
            root.tree.take(STEPS);
            if self.begins_at(root, owner, context) && !self.ends_between(element, root, context) {
                roots.push(ScopeRoot {
                    element: root,
                    proximity,
                });
            }
        }
        roots
    }

    fn begins_at(
        &self,
        root: Element<'_>,
        owner: Option<Element<'_>>,
        context: &mut MatchingContext<'_, Grammar>,
    ) -> bool {
        let Some(start) = &self.start else {
            return match owner {
                Some(owner) => owner == root,
                // A sheet that no element owns has no scope of its own.
                None => false,
            };
        };
        match &self.outer {
            None => matches(start, root, None, context),
            Some(outer) => outer
                .roots(root, owner, context)
                .iter()
                .any(|around| matches(start, root, Some(around.element), context)),
        }
    }

    fn ends_between(
        &self,
        element: Element<'_>,
        root: Element<'_>,
        context: &mut MatchingContext<'_, Grammar>,
    ) -> bool {
        let Some(end) = &self.end else {
            return false;
        };
        let mut limit = Some(element);
        while let Some(inner) = limit {
            if matches(end, inner, Some(root), context) {
                return true;
            }
            limit = if inner == root { None } else { inner.parent() };
        }
        false
    }
}

fn matches(
    list: &SelectorList,
    element: Element<'_>,
    scope: Option<Element<'_>>,
    context: &mut MatchingContext<'_, Grammar>,
) -> bool {
    context.nest_for_scope_condition(scope.map(Element::identity), |context| {
        matches_selector_list(list.as_library(), element, context)
    })
}

fn parenthesised<'i>(input: &mut Parser<'i>) -> Result<&'i str, ParseError<()>> {
    input.expect_parenthesis_block()?;
    input.parse_nested_block(|input| {
        let start = input.position();
        while input.next().is_ok() {}
        Ok(input.slice_from(start))
    })
}
