//! What selectors ask of a document beyond what its arena tells: siblings, first children, classes.
//!
//! In: a [`Dom`]. Out: a table beside it, made in one pass when a page is matched and dropped after. It counts the steps
//! of all that is asked of it: once the budget is spent every question is answered with no, so that a match in progress
//! comes to its end at once.
//!
//! A declared shadow root is a tree of its own: what is directly in it has no parent, and the template that declares it
//! is no element of any tree.

use std::cell::{Cell, OnceCell};

use super::names::folded_hash;
use super::shadow_root;
use crate::html::{Dom, Namespace, Node};

/// The document or a shadow tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreeId(u32);

/// The place of an element that is not there.
const NOWHERE: u32 = u32::MAX;

/// A document as selectors see it.
pub(crate) struct Tree<'d> {
    pub(super) dom: &'d Dom,
    places: Vec<Place>,
    classes: Vec<Class<'d>>,
    steps: Cell<u64>,
    budget: u64,
    identities: Cell<u32>,
    /// Once it was asked for: the element with the focus, and those around it.
    pub(super) focus: OnceCell<Vec<u32>>,
}

#[derive(Debug)]
struct Place {
    previous: u32,
    next: u32,
    first_child: u32,
    /// Where the element's classes begin in the list of all; they end where those of the next element begin.
    classes: u32,
    /// The template of the shadow root that it is in.
    root: u32,
    /// The template of the shadow root that it has.
    shadow: u32,
    is_outside: bool,
    /// Whether it is the template of a shadow root that is there.
    declares: bool,
}

/// One class of one element.
#[derive(Debug)]
pub(super) struct Class<'d> {
    pub(super) hash: u32,
    pub(super) name: &'d str,
}

impl<'d> Tree<'d> {
    /// The tree of a document that may be asked for so many steps.
    pub(crate) fn new(dom: &'d Dom, budget: u64) -> Self {
        let mut tree = Self {
            dom,
            places: Vec::new(),
            classes: Vec::new(),
            steps: Cell::new(0),
            budget,
            identities: Cell::new(0),
            focus: OnceCell::new(),
        };
        let mut last_children = Vec::new();
        let mut last_root = NOWHERE;
        for (index, element) in (0u32..).zip(dom.elements()) {
            let classes = u32::try_from(tree.classes.len()).unwrap_or(u32::MAX);
            let mut place = Place {
                previous: NOWHERE,
                next: NOWHERE,
                first_child: NOWHERE,
                classes,
                root: NOWHERE,
                shadow: NOWHERE,
                is_outside: false,
                declares: false,
            };
            let parent = element.parent().map(Node::index);
            if let Some(parent) = parent.and_then(|parent| tree.places.get_mut(parent)) {
                let declares = shadow_root::is_shadow_root(element);
                let is_first = declares && parent.shadow == NOWHERE;
                // What is in the root counts, unlike the template, and what is in a second root.
                place.root = parent.root;
                place.is_outside = declares || (parent.is_outside && !parent.declares);
                if is_first {
                    parent.shadow = index;
                    place.root = index;
                    place.declares = true;
                }
                if parent.first_child == NOWHERE && !place.is_outside {
                    parent.first_child = index;
                }
            }
            if !place.is_outside {
                let last = match parent {
                    Some(parent) => last_children.get_mut(parent).unwrap_or(&mut last_root),
                    None => &mut last_root,
                };
                place.previous = std::mem::replace(last, index);
                if let Some(previous) = tree.places.get_mut(place.previous as usize) {
                    previous.next = index;
                }
                let names = element.attribute("class").unwrap_or_default();
                tree.classes
                    .extend(names.split_ascii_whitespace().map(|name| Class {
                        hash: folded_hash(name),
                        name,
                    }));
            }
            tree.places.push(place);
            last_children.push(NOWHERE);
        }
        tree
    }

    fn at(&self, index: u32) -> Option<Element<'_>> {
        ((index as usize) < self.places.len()).then_some(Element { tree: self, index })
    }

    /// The element of a node of the same document.
    pub(super) fn of_node(&self, node: Node<'_>) -> Option<Element<'_>> {
        self.at(u32::try_from(node.index()).ok()?)
    }

    /// The tree that a sheet is for whose element has this parent.
    pub(super) fn of_owner(&self, owner: Option<Node<'_>>) -> TreeId {
        let place = owner.and_then(|owner| self.places.get(owner.index()));
        TreeId(place.map_or(NOWHERE, |place| place.root))
    }

    fn host(&self, root: u32) -> Option<Element<'_>> {
        let template = self.dom.element(root as usize)?;
        self.of_node(template.parent()?)
    }

    /// Every element that selectors can match, in document order.
    pub(super) fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.elements_from(0)
    }

    fn elements_from(&self, index: u32) -> impl Iterator<Item = Element<'_>> {
        (index..)
            .map_while(|index| self.at(index))
            .filter(|element| !element.place().is_outside)
    }

    /// Takes steps from the budget. Returns whether there were any left.
    pub(super) fn take(&self, steps: usize) -> bool {
        let sum = self.steps.get().saturating_add(steps as u64);
        self.steps.set(sum);
        sum <= self.budget
    }

    /// The steps that were taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.steps.get() > self.budget
    }

    /// How often an element was identified for a cache since the last reset.
    pub(super) fn identities(&self) -> u32 {
        self.identities.get()
    }

    pub(super) fn reset_identities(&self) {
        self.identities.set(0);
    }
}

/// An element of a [`Tree`].
#[derive(Clone, Copy)]
pub(super) struct Element<'t> {
    pub(super) tree: &'t Tree<'t>,
    index: u32,
}

impl<'t> Element<'t> {
    fn place(self) -> &'t Place {
        &self.tree.places[self.index as usize]
    }

    /// Counts as often as an element is looked up in a cache.
    pub(super) fn identity(self) -> selectors::OpaqueElement {
        let identities = &self.tree.identities;
        identities.set(identities.get().saturating_add(1));
        self.tree.take(1);
        selectors::OpaqueElement::new(self.place())
    }

    pub(super) fn node(self) -> Node<'t> {
        // A place is made for every element of the document, and for nothing else.
        self.tree
            .dom
            .element(self.index as usize)
            .expect("an element of the document")
    }

    /// The element's place in document order.
    pub(super) fn index(self) -> u32 {
        self.index
    }

    /// Takes a step, and an element with it unless the budget is spent.
    fn step(self, index: u32) -> Option<Self> {
        if index != NOWHERE && self.tree.take(1) {
            self.tree.at(index)
        } else {
            None
        }
    }

    pub(super) fn parent(self) -> Option<Self> {
        let parent = self.node().parent()?;
        let declares = |place: &Place| place.declares;
        if self.tree.places.get(parent.index()).is_some_and(declares) {
            return None;
        }
        self.step(u32::try_from(parent.index()).unwrap_or(NOWHERE))
    }

    /// Whether it is directly in a shadow root.
    pub(super) fn is_in_root(self) -> bool {
        let parent = self.node().parent();
        let place = parent.and_then(|parent| self.tree.places.get(parent.index()));
        place.is_some_and(|place| place.declares)
    }

    /// The host of the shadow tree that it is in.
    pub(super) fn host(self) -> Option<Self> {
        self.tree.host(self.place().root)
    }

    /// Which tree it is in.
    pub(super) fn root(self) -> TreeId {
        TreeId(self.place().root)
    }

    /// The shadow tree that it is the host of.
    pub(super) fn shadow(self) -> Option<TreeId> {
        let shadow = self.place().shadow;
        (shadow != NOWHERE).then_some(TreeId(shadow))
    }

    pub(super) fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |element| element.parent())
    }

    pub(super) fn previous(self) -> Option<Self> {
        self.step(self.place().previous)
    }

    pub(super) fn next(self) -> Option<Self> {
        self.step(self.place().next)
    }

    pub(super) fn first_child(self) -> Option<Self> {
        self.step(self.place().first_child)
    }

    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.first_child(), |element| element.next())
    }

    /// The elements inside this one, in document order.
    pub(super) fn descendants(self) -> impl Iterator<Item = Self> {
        // They follow it in the arena, up to the next element that is not inside.
        let end = std::iter::successors(Some(self), |element| element.parent())
            .find_map(|element| element.next())
            .map_or(NOWHERE, |element| element.index);
        self.following()
            .take_while(move |element| element.index < end)
    }

    /// The elements behind this one in document order.
    pub(super) fn following(self) -> impl Iterator<Item = Self> {
        self.tree
            .elements_from(self.index.saturating_add(1))
            .take_while(|element| element.tree.take(1))
    }

    /// All elements of the document, at a step each.
    pub(super) fn document(self) -> impl Iterator<Item = Self> {
        self.tree
            .elements()
            .take_while(|element| element.tree.take(1))
    }

    pub(super) fn classes(self) -> &'t [Class<'t>] {
        let start = self.place().classes as usize;
        let next = self.tree.places.get(self.index as usize + 1);
        let end = next.map_or(self.tree.classes.len(), |next| next.classes as usize);
        self.tree.classes.get(start..end).unwrap_or_default()
    }

    pub(super) fn is_html(self) -> bool {
        self.node().namespace() == Namespace::Html
    }

    /// Whether this is the HTML element of that name.
    pub(super) fn is(self, name: &str) -> bool {
        self.node().is(name)
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'t str> {
        self.node().attribute(name)
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.node().has(name)
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.tree, other.tree)
    }
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.node().name(), self.index)
    }
}
