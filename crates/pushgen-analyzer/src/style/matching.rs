//! Which rules match which elements of a page.
//!
//! In: a document and the indexes of its sheets. Out: for every element in document order the rules that match it, in
//! the order of sheets and rules. Ancestors are asked for in a Bloom filter first. The work is bounded by a budget of
//! steps, a step being about one simple selector tried or one element visited: a page that takes more is left where it
//! was, and the caller is told.

use std::cmp::Reverse;

use selectors::bloom::BloomFilter;
use selectors::matching::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode,
    SelectorCaches, matches_selector,
};

use super::pseudo_element::PseudoElement;
use super::rule_index::{ElementKeys, Entry, RuleId, RuleIndex};
use super::scope::ScopeRoot;
use super::selector::{Grammar, Specificity};
use super::tree::{Element, Tree, TreeId};
use crate::html::{Dom, Node};

/// How often elements may be looked up in the library's caches before these are emptied: a lookup may leave a filter of
/// four kilobytes behind.
const MAX_CACHED: u32 = 16_384;

/// A sheet of a page.
#[derive(Clone, Copy)]
pub(crate) struct PageSheet<'p> {
    pub(crate) rules: &'p RuleIndex,
    /// The parent of the `style` or `link` element, for an `@scope` that names no root.
    pub(crate) owner: Option<Node<'p>>,
}

/// A rule that matches an element, by its most specific selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Match {
    /// Which of the sheets.
    pub(crate) sheet: u32,
    pub(crate) rule: RuleId,
    /// What of the element is styled.
    pub(crate) pseudo_element: Option<PseudoElement>,
    pub(crate) specificity: Specificity,
    /// Whether it is a `:host` rule of the shadow tree that the element has.
    pub(crate) of_host: bool,
    /// Within `@scope`, how many steps up its root is.
    pub(crate) proximity: Option<u32>,
}

/// How matching ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All elements were told.
    Complete { steps: u64 },
    /// The budget ran out; the elements from this one on ([`Node::index`]) were not told.
    Stopped { at: usize },
}

/// Matches a page once. `each` is called for every element that a rule matches, in document order.
pub(crate) fn match_page<'d>(
    dom: &'d Dom,
    sheets: &[PageSheet<'d>],
    budget: u64,
    mut each: impl FnMut(Node<'d>, &[Match]),
) -> Outcome {
    let tree = Tree::new(dom, budget);
    let mut page = PageMatcher::new(&tree, dom, sheets);
    let mut path: Vec<Element<'_>> = Vec::new();
    let mut keys = ElementKeys::default();
    for element in tree.elements() {
        let parent = element.node().parent().map(Node::index);
        // The filter holds the ancestors: those that have ended are taken out, the parent is put in.
        while let Some(last) = path.pop_if(|last| Some(last.index() as usize) != parent) {
            last.for_each_hash(|hash| page.filter.remove_hash(hash));
        }
        // Behind a shadow tree, or in one.
        if path.is_empty() {
            path.extend(element.ancestors());
            path.reverse();
            for ancestor in &path {
                ancestor.for_each_hash(|hash| page.filter.insert_hash(hash));
            }
        }
        keys.fill(element);
        page.match_element(element, &keys);
        if tree.is_spent() {
            return Outcome::Stopped {
                at: element.index() as usize,
            };
        }
        if !page.matches.is_empty()
            && let Some(node) = dom.element(element.index() as usize)
        {
            each(node, &page.matches);
        }
        element.for_each_hash(|hash| page.filter.insert_hash(hash));
        path.push(element);
    }
    Outcome::Complete {
        steps: tree.steps(),
    }
}

/// Matches only these elements. `each` is called for those that a rule matches.
pub(crate) fn match_elements<'d>(
    dom: &'d Dom,
    sheets: &[PageSheet<'d>],
    budget: u64,
    elements: &[Node<'d>],
    mut each: impl FnMut(Node<'d>, &[Match]),
) -> Outcome {
    let tree = Tree::new(dom, budget);
    let mut page = PageMatcher::new(&tree, dom, sheets);
    let mut keys = ElementKeys::default();
    for node in elements {
        let Some(element) = tree.of_node(*node) else {
            continue;
        };
        page.filter = BloomFilter::new();
        for ancestor in element.ancestors() {
            ancestor.for_each_hash(|hash| page.filter.insert_hash(hash));
        }
        keys.fill(element);
        page.match_element(element, &keys);
        if tree.is_spent() {
            return Outcome::Stopped { at: node.index() };
        }
        if !page.matches.is_empty() {
            each(*node, &page.matches);
        }
    }
    Outcome::Complete {
        steps: tree.steps(),
    }
}

struct PageMatcher<'p> {
    sheets: &'p [PageSheet<'p>],
    /// Which tree each of the sheets is for.
    trees: Vec<TreeId>,
    quirks: QuirksMode,
    caches: SelectorCaches,
    filter: BloomFilter,
    candidates: Vec<(u32, &'p Entry)>,
    matches: Vec<Match>,
}

impl<'p> PageMatcher<'p> {
    fn new(tree: &Tree<'_>, dom: &Dom, sheets: &'p [PageSheet<'p>]) -> Self {
        let trees = sheets.iter().map(|sheet| tree.of_owner(sheet.owner));
        Self {
            sheets,
            trees: trees.collect(),
            quirks: if dom.is_quirks() {
                QuirksMode::Quirks
            } else {
                QuirksMode::NoQuirks
            },
            caches: SelectorCaches::default(),
            filter: BloomFilter::new(),
            candidates: Vec::new(),
            matches: Vec::new(),
        }
    }

    fn match_element(&mut self, element: Element<'_>, keys: &ElementKeys) {
        self.matches.clear();
        self.candidates.clear();
        let (root, shadow) = (element.root(), element.shadow());
        for ((at, sheet), tree) in (0u32..).zip(self.sheets).zip(&self.trees) {
            if *tree != root && Some(*tree) != shadow {
                continue;
            }
            if !element.tree.take(keys.len()) {
                return;
            }
            for entry in sheet.rules.candidates(keys) {
                if !element.tree.take(1) {
                    return;
                }
                self.candidates
                    .extend(sheet.rules.entry(entry).map(|entry| (at, entry)));
            }
        }
        for mode in [
            MatchingMode::Normal,
            MatchingMode::ForStatelessPseudoElement,
        ] {
            let for_pseudo_element = mode == MatchingMode::ForStatelessPseudoElement;
            let mut context = MatchingContext::new(
                mode,
                Some(&self.filter),
                &mut self.caches,
                self.quirks,
                NeedsSelectorFlags::No,
                MatchingForInvalidation::No,
            );
            for (sheet, entry) in &self.candidates {
                if entry.pseudo_element.is_some() != for_pseudo_element {
                    continue;
                }
                if element.tree.is_spent() {
                    return;
                }
                let owner = self
                    .sheets
                    .get(*sheet as usize)
                    .and_then(|sheet| sheet.owner);
                let tree = self.trees.get(*sheet as usize).copied();
                let of_host = tree != Some(element.root());
                let host = if of_host {
                    Some(element)
                } else {
                    element.host()
                };
                let found = match host {
                    Some(host) => context.with_shadow_host(Some(host), |context| {
                        matches_in_scope(entry, element, owner, context)
                    }),
                    None => matches_in_scope(entry, element, owner, &mut context),
                };
                if let Some(proximity) = found {
                    self.matches.push(Match {
                        sheet: *sheet,
                        rule: entry.rule,
                        pseudo_element: entry.pseudo_element,
                        specificity: entry.specificity,
                        of_host,
                        proximity,
                    });
                }
                if element.tree.identities() > MAX_CACHED {
                    *context.selector_caches = SelectorCaches::default();
                    element.tree.reset_identities();
                }
            }
        }
        let target = |found: &Match| (found.sheet, found.rule, found.pseudo_element);
        // The most specific selector of a rule first, and of equals that with the nearest root.
        self.matches.sort_unstable_by_key(|found| {
            let proximity = found.proximity.unwrap_or(u32::MAX);
            (target(found), Reverse(found.specificity), proximity)
        });
        self.matches.dedup_by_key(|found| target(found));
    }
}

/// Whether an entry matches, and how near the root of its scope is if it has one.
fn matches_in_scope(
    entry: &Entry,
    element: Element<'_>,
    owner: Option<Node<'_>>,
    context: &mut MatchingContext<'_, Grammar>,
) -> Option<Option<u32>> {
    let hashes = Some(&entry.ancestors);
    let Some(scope) = &entry.scope else {
        return matches_selector(&entry.selector, 0, hashes, element, context).then_some(None);
    };
    let owner = owner.and_then(|owner| element.tree.of_node(owner));
    let roots = scope.roots(element, owner, context);
    roots
        .into_iter()
        .find(|ScopeRoot { element: root, .. }| {
            context.nest_for_scope(Some(root.identity()), |context| {
                matches_selector(&entry.selector, 0, hashes, element, context)
            })
        })
        .map(|root| Some(root.proximity))
}
