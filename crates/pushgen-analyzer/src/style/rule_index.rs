//! Rules by what their rightmost compound asks for, so that an element meets few of those that cannot match it.
//!
//! In: the selectors of the rules of a sheet, with ids of the caller's. Out: an index that knows no page and can be used
//! for all of them. A selector lies under its id, else a class, else its type, else an attribute, and under `:root`;
//! one whose `:is()` has several such alternatives lies under each of them, any other one under "all". Selectors that
//! never match while a page loads are left out.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use selectors::matching::QuirksMode;
use selectors::parser::{AncestorHashes, Combinator, Component, Selector};

use super::names::folded_hash;
use super::pseudo_element::PseudoElement;
use super::scope::Scope;
use super::selector::{Grammar, SelectorList, Specificity};
use super::tree::Element;

/// How many keys a selector may lie under before it is put under "all".
const MAX_KEYS: usize = 32;

/// `:is()` in `:is()`, as nested rules make them.
const MAX_KEY_DEPTH: u32 = 8;

/// A rule of the caller's; a rule with a greater id comes later in the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleId(pub(crate) u32);

/// The selectors of one rule.
#[derive(Debug, Clone)]
pub(crate) struct IndexedRule<'l> {
    pub(crate) id: RuleId,
    pub(crate) selectors: &'l SelectorList,
    /// The innermost `@scope` around it.
    pub(crate) scope: Option<Arc<Scope>>,
}

/// One selector of a rule.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) rule: RuleId,
    pub(super) selector: Selector<Grammar>,
    pub(super) ancestors: AncestorHashes,
    pub(super) specificity: Specificity,
    pub(super) pseudo_element: Option<PseudoElement>,
    pub(super) scope: Option<Arc<Scope>>,
}

/// The rules of a sheet, ready to be matched.
#[derive(Debug, Default)]
pub(crate) struct RuleIndex {
    entries: Vec<Entry>,
    buckets: HashMap<Key, Vec<u32>, BuildHasherDefault<KeyHasher>>,
}

/// What a compound asks for. The hash of a name stands for it: the library compares the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key(u64);

impl Key {
    const ALL: Self = Self(0);
    const ROOT: Self = Self(1);

    fn id(hash: u32) -> Self {
        Self(1 << 32 | u64::from(hash))
    }

    fn class(hash: u32) -> Self {
        Self(2 << 32 | u64::from(hash))
    }

    fn name(name: &str) -> Self {
        Self(3 << 32 | u64::from(folded_hash(name)))
    }

    fn attribute(name: &str) -> Self {
        Self(4 << 32 | u64::from(folded_hash(name)))
    }

    /// How few elements have it, as a rank.
    fn rank(self) -> u64 {
        match self.0 {
            0 => u64::MAX,
            1 => 0,
            key => key >> 32,
        }
    }
}

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// The keys are hashes already; this brings their bits to where the table looks.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}

impl RuleIndex {
    /// The index of the rules of a sheet.
    pub(crate) fn new<'l>(rules: impl IntoIterator<Item = IndexedRule<'l>>) -> Self {
        let mut index = Self::default();
        for rule in rules {
            for selector in rule.selectors.selectors() {
                if selector.never_matches() {
                    continue;
                }
                let at = u32::try_from(index.entries.len()).unwrap_or(u32::MAX);
                let mut keys = Vec::new();
                keys_of(selector.library, &mut keys, 0);
                keys.sort_unstable_by_key(|key| key.0);
                keys.dedup();
                if keys.len() > MAX_KEYS || keys.contains(&Key::ALL) {
                    keys = vec![Key::ALL];
                }
                for key in keys {
                    index.buckets.entry(key).or_default().push(at);
                }
                index.entries.push(Entry {
                    rule: rule.id,
                    selector: selector.library.clone(),
                    // The hashes ignore case, so that they serve in quirks mode too.
                    ancestors: AncestorHashes::new(selector.library, QuirksMode::NoQuirks),
                    specificity: selector.specificity(),
                    pseudo_element: selector.pseudo_element(),
                    scope: rule.scope.clone(),
                });
            }
        }
        index
    }

    /// How many selectors can match.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, at: u32) -> Option<&Entry> {
        self.entries.get(at as usize)
    }

    /// The selectors that may match an element with these keys; one may come several times.
    pub(super) fn candidates<'i>(
        &'i self,
        keys: &'i ElementKeys,
    ) -> impl Iterator<Item = u32> + 'i {
        keys.0
            .iter()
            .filter_map(|key| self.buckets.get(key))
            .flatten()
            .copied()
    }
}

/// The keys under which selectors for an element lie.
#[derive(Debug, Default)]
pub(super) struct ElementKeys(Vec<Key>);

impl ElementKeys {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn fill(&mut self, element: Element<'_>) {
        let node = element.node();
        self.0.clear();
        self.0.push(Key::ALL);
        if node.parent().is_none() {
            self.0.push(Key::ROOT);
        }
        self.0.push(Key::name(node.name()));
        self.0
            .extend(element.classes().iter().map(|class| Key::class(class.hash)));
        for (name, value) in node.attributes() {
            if &**name == "id" {
                self.0.push(Key::id(folded_hash(value)));
            }
            self.0.push(Key::attribute(name));
        }
        element.tree.take(self.0.len() / 4);
        // A class that is named again and again is one.
        self.0.sort_unstable_by_key(|key| key.0);
        self.0.dedup();
    }
}

/// The keys of a selector's rightmost compound, one of which every element that matches it has.
fn keys_of(selector: &Selector<Grammar>, keys: &mut Vec<Key>, depth: u32) {
    let mut compound = selector.iter();
    let mut best = Key::ALL;
    let mut alternatives: Option<Vec<Key>> = None;
    loop {
        for component in compound.by_ref() {
            let key = match component {
                Component::ID(id) => Key::id(id.hash()),
                Component::Class(class) => Key::class(class.hash()),
                Component::LocalName(name) => Key::name(&name.lower_name.0),
                Component::AttributeInNoNamespaceExists {
                    local_name_lower, ..
                } => Key::attribute(&local_name_lower.0),
                Component::AttributeInNoNamespace { local_name, .. } => {
                    Key::attribute(&local_name.0)
                }
                Component::AttributeOther(attribute) if attribute.namespace.is_none() => {
                    Key::attribute(&attribute.local_name_lower.0)
                }
                Component::Root => Key::ROOT,
                Component::Is(list) | Component::Where(list)
                    if depth < MAX_KEY_DEPTH && alternatives.is_none() =>
                {
                    let mut each = Vec::new();
                    for selector in list.slice() {
                        keys_of(selector, &mut each, depth + 1);
                        if each.len() > MAX_KEYS || each.contains(&Key::ALL) {
                            each = vec![Key::ALL];
                            break;
                        }
                    }
                    alternatives = Some(each);
                    continue;
                }
                _ => continue,
            };
            if key.rank() < best.rank() {
                best = key;
            }
        }
        // What stands before a pseudo-element is the element that has it.
        if compound.next_sequence() != Some(Combinator::PseudoElement) {
            break;
        }
    }
    match alternatives {
        Some(each) if best == Key::ALL => keys.extend(each),
        _ => keys.push(best),
    }
}
