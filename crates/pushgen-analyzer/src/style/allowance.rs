//! What a page may spend on computing its styles, and what became of that.
//!
//! In: costs, as they arise: texts that substitution makes, images in them, declarations that are looked at. Out: whether
//! they may be spent. References to custom properties can double a text with every step, and a page may be hostile; once
//! the allowance is gone, substitution gives nothing, and the page is said to have been given up on. What values of
//! ordinary declarations came to is kept here as well, so that a text that many elements share is parsed and paid for once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::declaration::{Substituted, substituted};
use super::property::{Longhand, Property};
use crate::css::Position;

/// What a page may spend on substitutions, in bytes of text or memory.
const MAX_PAGE: usize = 32 << 20;

/// What a page may spend on computing styles, in declarations that are looked at.
const MAX_DECLARATIONS: usize = 40_000_000;

/// What an image costs that a substitution makes.
const IMAGE: usize = 256;

/// What is left of a page's allowance. Once it is spent, substitution gives nothing.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// What custom properties came to that are the whole value of an ordinary declaration.
    known: RefCell<HashMap<SharedText, Option<Substituted>>>,
    bytes: Cell<usize>,
    declarations: Cell<usize>,
    is_exceeded: Cell<bool>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            known: RefCell::default(),
            bytes: Cell::new(MAX_PAGE),
            declarations: Cell::new(MAX_DECLARATIONS),
            is_exceeded: Cell::new(false),
        }
    }
}

/// A text that a custom property has, as the value of a longhand.
#[derive(Debug)]
struct SharedText {
    text: Arc<str>,
    property: Property,
    longhand: Longhand,
    position: Position,
}

impl SharedText {
    fn key(&self) -> (*const str, Property, Longhand, Position) {
        let text = Arc::as_ptr(&self.text);
        (text, self.property, self.longhand, self.position)
    }
}

/// By the place of the text: comparing long ones is work, too.
impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for SharedText {}

impl Hash for SharedText {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key().hash(hasher);
    }
}

impl Allowance {
    /// What `longhand` gets from a value of `property` in which the references are replaced.
    pub(super) fn substituted(
        &self,
        property: Property,
        longhand: Longhand,
        text: &Arc<str>,
        position: Position,
    ) -> Option<Substituted> {
        // What no custom property holds was made for this element, and does not come again.
        let is_shared = Arc::strong_count(text) > 1;
        let key = SharedText {
            text: Arc::clone(text),
            property,
            longhand,
            position,
        };
        if is_shared && let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        if !self.take(text.len()) {
            return None;
        }
        let outcome = substituted(property, longhand, text, position);
        if let Some(Substituted::Value(value)) = &outcome
            && !self.take(value.images().len().saturating_mul(IMAGE))
        {
            return None;
        }
        if is_shared {
            self.known.borrow_mut().insert(key, outcome.clone());
        }
        outcome
    }

    /// Whether something was given up, so that references may be lost.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    pub(super) fn exceed(&self) {
        self.is_exceeded.set(true);
    }

    /// Takes the cost of looking at declarations.
    pub(super) fn take_declarations(&self, count: usize) -> bool {
        self.spend(&self.declarations, count)
    }

    /// Takes the cost of a text, plus something for the work itself.
    pub(super) fn take(&self, text: usize) -> bool {
        self.spend(&self.bytes, text + 16)
    }

    fn spend(&self, left: &Cell<usize>, cost: usize) -> bool {
        let rest = left.get().checked_sub(cost);
        left.set(rest.unwrap_or(0));
        if rest.is_none() {
            self.exceed();
        }
        rest.is_some()
    }
}
