//! The cascade: which of the declarations that match an element win.
//!
//! In: the declaration blocks that match an element or a pseudo-element, with what orders them. Out: for each longhand
//! the winner, and the custom properties that are set. Follows CSS Cascade 5 §6: importance, then [`Precedence`].
//! `revert-layer` goes on below its layer, `revert` leaves the browser's own style. Animations are not asked.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use super::custom_property::Needed;
use super::declaration::{CustomValue, Declaration, DeclarationBody};
use super::precedence::{Origin, Precedence};
use super::property::{Longhand, Property};
use super::substitution::Template;
use super::value::Value;
use super::wide_keyword::WideKeyword;
use crate::css::Position;

/// Whose relative URLs these are: a sheet, or the document, by whatever number the caller gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SheetId(pub(crate) u32);

/// The declarations of a rule, or an attribute, that match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatchedBlock<'s> {
    pub(crate) declarations: &'s [Declaration],
    pub(crate) precedence: Precedence,
    pub(crate) sheet: SheetId,
}

impl MatchedBlock<'_> {
    /// What `revert-layer` steps over.
    fn layer(&self) -> (Origin, u32) {
        (self.precedence.origin, self.precedence.layer)
    }
}

/// A declaration that won.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winner<'s> {
    pub(super) value: WinningValue<'s>,
    pub(super) sheet: SheetId,
    pub(super) position: Position,
    /// Whether it is `all` that sets the longhand.
    pub(super) by_all: bool,
}

/// What it says.
#[derive(Debug, Clone, Copy)]
pub(super) enum WinningValue<'s> {
    Value(&'s Value),
    Keyword(WideKeyword),
    Unresolved(Property, &'s Template),
}

#[derive(Debug, Clone, Copy)]
enum Slot<'s> {
    Open,
    /// After `revert-layer` in this layer.
    Below((Origin, u32)),
    Won(Winner<'s>),
}

/// The outcome of the cascade for one element.
#[derive(Debug)]
pub(crate) struct Cascaded<'s> {
    slots: [Slot<'s>; Longhand::ALL.len()],
    /// Each name once.
    pub(super) custom: Vec<(&'s Arc<str>, &'s CustomValue)>,
    /// Whether any length is in units of the element's font. That another declaration may win is not asked.
    pub(super) measures_font: bool,
}

impl Default for Cascaded<'_> {
    fn default() -> Self {
        Self {
            slots: [Slot::Open; Longhand::ALL.len()],
            custom: Vec::new(),
            measures_font: false,
        }
    }
}

impl<'s> Cascaded<'s> {
    /// Orders the blocks of one element. Custom properties that nobody needs are passed over.
    pub(crate) fn of(mut blocks: Vec<MatchedBlock<'s>>, needed: Option<&Needed>) -> Self {
        let mut cascade = Cascade {
            outcome: Self::default(),
            needed,
            custom: HashSet::new(),
            custom_below: HashSet::new(),
        };
        let has_important = |block: &MatchedBlock<'_>| {
            let mut declarations = block.declarations.iter();
            declarations.any(|declaration| declaration.is_important)
        };
        let mut important: Vec<_> = blocks.iter().copied().filter(has_important).collect();
        important.sort_by_key(|block| Reverse(block.precedence.important()));
        for block in &important {
            cascade.enter(block, true);
        }
        blocks.sort_by_key(|block| Reverse(block.precedence));
        for block in &blocks {
            cascade.enter(block, false);
        }
        cascade.outcome
    }

    pub(super) fn winner(&self, longhand: Longhand) -> Option<&Winner<'s>> {
        match self.slots.get(longhand as usize)? {
            Slot::Won(winner) => Some(winner),
            _ => None,
        }
    }
}

/// Goes from the strongest declaration to the weakest.
struct Cascade<'s, 'n> {
    outcome: Cascaded<'s>,
    needed: Option<&'n Needed>,
    custom: HashSet<&'s str>,
    custom_below: HashSet<(&'s str, (Origin, u32))>,
}

impl<'s> Cascade<'s, '_> {
    fn enter(&mut self, block: &MatchedBlock<'s>, important: bool) {
        let declarations = block.declarations.iter().rev();
        for declaration in declarations.filter(|found| found.is_important == important) {
            let winner = |value, by_all| Winner {
                value,
                sheet: block.sheet,
                position: declaration.position,
                by_all,
            };
            match &declaration.body {
                DeclarationBody::Values(values) => {
                    for (longhand, value) in values {
                        let winner = winner(WinningValue::Value(value), false);
                        self.set(*longhand, winner, block.layer());
                    }
                }
                DeclarationBody::Keyword(property, keyword) => {
                    for longhand in property.longhands() {
                        let by_all = *property == Property::All;
                        let winner = winner(WinningValue::Keyword(*keyword), by_all);
                        self.set(*longhand, winner, block.layer());
                    }
                }
                DeclarationBody::Unresolved(property, template) => {
                    for longhand in property.longhands() {
                        let by_all = *property == Property::All;
                        let winner = winner(WinningValue::Unresolved(*property, template), by_all);
                        self.set(*longhand, winner, block.layer());
                    }
                }
                DeclarationBody::FontLength => self.outcome.measures_font = true,
                DeclarationBody::Custom(name, value) => {
                    self.set_custom(name, value, block.layer());
                }
            }
        }
    }

    fn set(&mut self, longhand: Longhand, winner: Winner<'s>, layer: (Origin, u32)) {
        let Some(slot) = self.outcome.slots.get_mut(longhand as usize) else {
            return;
        };
        match slot {
            Slot::Won(_) => {}
            Slot::Below(left) if *left == layer => {}
            Slot::Open | Slot::Below(_) => {
                *slot = match winner.value {
                    WinningValue::Keyword(WideKeyword::RevertLayer) => Slot::Below(layer),
                    _ => Slot::Won(winner),
                };
            }
        }
    }

    fn set_custom(&mut self, name: &'s Arc<str>, value: &'s CustomValue, layer: (Origin, u32)) {
        let is_needed = self.needed.is_none_or(|needed| needed.contains(name));
        if !is_needed || self.custom.contains(&**name) {
            return;
        }
        if !self.custom_below.is_empty() && self.custom_below.contains(&(&**name, layer)) {
            return;
        }
        if *value == CustomValue::Keyword(WideKeyword::RevertLayer) {
            self.custom_below.insert((name, layer));
            return;
        }
        self.custom.insert(name);
        self.outcome.custom.push((name, value));
    }
}
