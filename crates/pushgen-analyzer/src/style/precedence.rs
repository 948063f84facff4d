//! What orders the declaration blocks that match an element.
//!
//! In: where a block stands, and by which selector it matches. Out: a [`Precedence`]; of two the greater wins. Follows CSS
//! Cascade 5 §6, and CSS Cascade 6 §3.1 for the proximity of scopes: the `style` attribute, layers (reversed for
//! `!important`), specificity, proximity, order.

use std::cmp::Reverse;

use super::matching::Match;
use super::selector::Specificity;

/// Where a block of declarations stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// Attributes such as `background` and `face`: weaker than any rule.
    PresentationalHint,
    /// `:host` in the shadow tree of the element, which gives way to the tree that the element is in. That it wins with
    /// `!important` is left out.
    Host,
    Rule,
    StyleAttribute,
}

/// The strength of the normal declarations of a block. The order of the fields decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence {
    pub(crate) origin: Origin,
    /// [`LayerRanks`](super::layer::LayerRanks)
    pub(crate) layer: u32,
    /// Of the selector that matches.
    pub(crate) specificity: Specificity,
    /// Steps from the element to the root of its scope; `u32::MAX` if there is none.
    pub(crate) proximity: Reverse<u32>,
    /// The rule's place in the page.
    pub(crate) order: u32,
}

impl Precedence {
    /// That of a block which nothing competes with.
    pub(crate) fn alone() -> Self {
        Self {
            origin: Origin::Rule,
            layer: 0,
            specificity: Specificity::default(),
            proximity: Reverse(u32::MAX),
            order: 0,
        }
    }

    pub(super) fn of_rule(found: &Match, layer: u32, order: u32) -> Self {
        Self {
            origin: if found.of_host {
                Origin::Host
            } else {
                Origin::Rule
            },
            layer,
            specificity: found.specificity,
            proximity: Reverse(found.proximity.unwrap_or(u32::MAX)),
            order,
        }
    }

    /// Of a `style` attribute or a presentational hint; `layer` is the rank of what stands in no layer.
    pub(super) fn of_attribute(origin: Origin, layer: u32) -> Self {
        Self {
            origin,
            layer,
            order: u32::MAX,
            ..Self::alone()
        }
    }

    /// The strength of the important declarations: the first layer is the strongest.
    pub(crate) fn important(self) -> Self {
        Self {
            layer: u32::MAX - self.layer,
            ..self
        }
    }
}
