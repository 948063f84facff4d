//! Which declarations about boxes win for an element.
//!
//! In: the blocks that match it. Out: for each property what won. Follows the order of CSS Cascade 5 §6 as
//! [`cascade`](crate::style) does; `revert` and `revert-layer` count as `unset`.

use super::declaration::{BoxBody, BoxDeclaration, BoxValue, Substituted, substituted};
use super::length::{Length, Unit};
use super::vocabulary::{BoxLonghand, BoxProperty, Word};
use crate::style::{Allowance, CustomProperties, Precedence, Template, WideKeyword};

/// The box declarations of a rule, or an attribute, that match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatchedBoxes<'s> {
    pub(crate) declarations: &'s [BoxDeclaration],
    pub(crate) precedence: Precedence,
}

/// The values that won so far; the weakest declarations come first.
pub(super) struct Slots([Slot; BoxLonghand::COUNT]);

/// What is known of one property.
#[derive(Clone)]
pub(super) enum Slot {
    /// Nobody says anything.
    Open,
    Value(BoxValue),
    Inherit,
}

impl Slots {
    /// What wins among the blocks that match.
    pub(super) fn of(
        mut blocks: Vec<MatchedBoxes<'_>>,
        properties: &CustomProperties,
        allowance: &Allowance,
    ) -> Self {
        let mut slots = Self([const { Slot::Open }; BoxLonghand::COUNT]);
        blocks.sort_by_key(|block| block.precedence);
        for block in &blocks {
            slots.enter(block, false, properties, allowance);
        }
        let has_important =
            |block: &MatchedBoxes<'_>| block.declarations.iter().any(|found| found.is_important);
        if blocks.iter().any(has_important) {
            blocks.sort_by_key(|block| block.precedence.important());
            for block in &blocks {
                slots.enter(block, true, properties, allowance);
            }
        }
        slots
    }

    fn enter(
        &mut self,
        block: &MatchedBoxes<'_>,
        important: bool,
        properties: &CustomProperties,
        allowance: &Allowance,
    ) {
        let declarations = block.declarations.iter();
        for declaration in declarations.filter(|found| found.is_important == important) {
            match &declaration.body {
                BoxBody::Values(values) => {
                    for (longhand, value) in values {
                        self.set(*longhand, Slot::Value(value.clone()));
                    }
                }
                BoxBody::Keyword(keyword) => self.keyword(declaration.property, *keyword),
                BoxBody::Unresolved(template) => {
                    self.unresolved(declaration.property, template, properties, allowance);
                }
            }
        }
    }

    fn unresolved(
        &mut self,
        property: BoxProperty,
        template: &Template,
        properties: &CustomProperties,
        allowance: &Allowance,
    ) {
        let text = template.substitute(allowance, &mut |name| properties.get(name).cloned());
        match text.and_then(|text| substituted(property, &text)) {
            Some(Substituted::Values(values)) => {
                for (longhand, value) in values {
                    self.set(longhand, Slot::Value(value));
                }
            }
            Some(Substituted::Keyword(keyword)) => self.keyword(property, keyword),
            None => self.keyword(property, WideKeyword::Unset),
        }
    }

    fn keyword(&mut self, property: BoxProperty, keyword: WideKeyword) {
        for longhand in property.longhands() {
            let is_inherited = matches!(
                longhand,
                BoxLonghand::FontSize | BoxLonghand::LineHeight | BoxLonghand::WhiteSpace
            );
            let slot = match keyword {
                WideKeyword::Inherit => Slot::Inherit,
                WideKeyword::Unset if is_inherited => Slot::Inherit,
                WideKeyword::Revert | WideKeyword::RevertLayer => Slot::Open,
                WideKeyword::Initial | WideKeyword::Unset => Slot::Value(BoxValue::Auto),
            };
            self.set(*longhand, slot);
        }
    }

    fn set(&mut self, longhand: BoxLonghand, slot: Slot) {
        if let Some(place) = self.0.get_mut(longhand as usize) {
            *place = slot;
        }
    }

    pub(super) fn get(&self, longhand: BoxLonghand) -> &Slot {
        self.0.get(longhand as usize).unwrap_or(&Slot::Open)
    }

    pub(super) fn word(&self, longhand: BoxLonghand) -> Option<Word> {
        match self.get(longhand) {
            Slot::Value(BoxValue::Word(word)) => Some(*word),
            _ => None,
        }
    }

    /// The length given, the default where nothing is said, nothing for `auto`.
    pub(super) fn length(
        &self,
        longhand: BoxLonghand,
        default: Option<Length>,
        inherited: Option<&Length>,
    ) -> Option<Length> {
        match self.get(longhand) {
            Slot::Open => default,
            Slot::Inherit => inherited.cloned(),
            Slot::Value(BoxValue::Length(length)) => Some(length.clone()),
            Slot::Value(_) => None,
        }
    }

    pub(super) fn number(&self, longhand: BoxLonghand) -> Option<f32> {
        match self.get(longhand) {
            Slot::Value(BoxValue::Length(Length::Number(number))) => Some(*number),
            Slot::Value(BoxValue::Length(Length::Dimension(percent, Unit::Percent))) => {
                Some(percent / 100.0)
            }
            _ => None,
        }
    }
}
