//! The slots of shadow trees: what stands where (DOM §4.2.2.3).
//!
//! In: a document, and its slots as the walk comes by them. Out: for an element in a host the slot that it stands in. A
//! slot is known once it was passed, so that a shadow root has to be declared before what stands in its slots.

use std::collections::{HashMap, HashSet};

use super::shadow_root::is_shadow_root;
use crate::html::{Dom, Node};

/// The hosts of a document with their slots.
#[derive(Debug, Default)]
pub(super) struct Slots<'d> {
    /// The template of each host, both by index.
    roots: HashMap<usize, usize>,
    /// Names that elements or text in a host ask for.
    wanted: HashSet<(usize, &'d str)>,
    /// The first slot of each name.
    slots: HashMap<(usize, &'d str), usize>,
}

impl<'d> Slots<'d> {
    pub(super) fn of(dom: &'d Dom) -> Self {
        let mut slots = Self::default();
        for element in dom.elements().filter(|element| is_shadow_root(*element)) {
            if let Some(host) = element.parent() {
                let root = slots.roots.entry(host.index());
                root.or_insert(element.index());
                if host.has_text() {
                    slots.wanted.insert((host.index(), ""));
                }
            }
        }
        if slots.roots.is_empty() {
            return slots;
        }
        for element in dom.elements().filter(|element| !is_shadow_root(*element)) {
            let host = element.parent().filter(|host| slots.is_host(*host));
            if let Some(host) = host {
                slots
                    .wanted
                    .insert((host.index(), name_in(element, "slot")));
            }
        }
        slots
    }

    pub(super) fn is_host(&self, element: Node<'_>) -> bool {
        self.roots.contains_key(&element.index())
    }

    /// Whether the template is the shadow root of its parent.
    pub(super) fn is_root(&self, template: Node<'_>) -> bool {
        let host = template.parent().map_or(usize::MAX, Node::index);
        self.roots.get(&host) == Some(&template.index())
    }

    /// Keeps a slot in the shadow tree of this host. Returns whether anything stands in it.
    pub(super) fn enter(&mut self, slot: Node<'d>, host: usize) -> bool {
        let key = (host, name_in(slot, "name"));
        let first = *self.slots.entry(key).or_insert(slot.index());
        first == slot.index() && self.wanted.contains(&key)
    }

    /// Whether text stands in the slot.
    pub(super) fn takes_text(&self, slot: Node<'d>) -> bool {
        name_in(slot, "name").is_empty()
    }

    /// The slot for an element in a host.
    pub(super) fn slot_of(&self, element: Node<'d>, host: Node<'d>) -> Option<usize> {
        let key = (host.index(), name_in(element, "slot"));
        self.slots.get(&key).copied()
    }
}

fn name_in<'d>(element: Node<'d>, attribute: &str) -> &'d str {
    element.attribute(attribute).unwrap_or_default()
}
