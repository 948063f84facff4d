//! The style sheets of a page in their order, and which of their rules match which element.
//!
//! In: a document and the sheets that are in force. Out: [`Matches`]: for every element the set of rules that match it.
//! Elements share their sets, of which a page has few. Media are not asked, so that the outcome serves all viewports
//! whose sheets are the same.

use rustc_hash::FxHashMap;

use super::layer::{LayerId, LayerRanks};
use super::matching::{Match, Outcome, PageSheet, match_elements, match_page};
use super::rule_index::RuleIndex;
use super::sheet_rules::SheetRules;
use crate::css::{StyleRule, StyleSheet};
use crate::html::{Dom, Node};
use crate::viewport::Viewport;

/// What a page may spend on matching, in steps of 5 to 10 ns.
const MAX_STEPS: u64 = 40_000_000;

/// What it may spend on the rules about boxes: only the first of a page's elements are asked for.
const MAX_BOX_STEPS: u64 = 8_000_000;

/// Rules in the sets of a page, each set counted once.
const MAX_KEPT: usize = 4 << 20;

/// A sheet in force on a page, in the order of the cascade.
#[derive(Clone)]
pub(crate) struct AppliedSheet<'p> {
    pub(crate) sheet: &'p StyleSheet,
    pub(crate) rules: &'p SheetRules,
    /// The parent of the `style` or `link` element.
    pub(crate) owner: Option<Node<'p>>,
    /// What its rules go into, and what each of its `@layer` stands for.
    pub(crate) layer: LayerId,
    pub(crate) layers: Vec<LayerId>,
}

/// What the style of a page consists of.
#[derive(Clone, Copy)]
pub(crate) struct PageStyle<'p> {
    pub(crate) dom: &'p Dom,
    /// In the order of the cascade.
    pub(crate) sheets: &'p [AppliedSheet<'p>],
    pub(crate) layers: &'p LayerRanks,
    pub(crate) matches: &'p Matches,
    /// What `style` attributes declare, by element in document order.
    pub(crate) attributes: &'p [(usize, &'p StyleRule)],
    pub(crate) viewport: &'p Viewport,
}

/// Rules that match one element, and possibly others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MatchSetId(u32);

impl MatchSetId {
    /// No rule matches.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What was matched of a page so far; its viewports share it where their sheets are the same.
#[derive(Debug, Default)]
pub(crate) struct PageMatches {
    fetching: Option<Matches>,
    boxes: Option<Matches>,
    boxes_of_some: Option<(Vec<usize>, Matches)>,
}

impl PageMatches {
    /// The rules that decide what is fetched.
    pub(crate) fn fetching(&mut self, dom: &Dom, sheets: &[AppliedSheet<'_>]) -> &Matches {
        Matches::known_or(&mut self.fetching, sheets, || Matches::new(dom, sheets))
    }

    /// The rules about boxes, for these elements only.
    pub(crate) fn boxes_of<'p>(
        &mut self,
        dom: &'p Dom,
        sheets: &[AppliedSheet<'p>],
        elements: &[Node<'p>],
    ) -> &Matches {
        let places: Vec<usize> = elements.iter().map(|element| element.index()).collect();
        let known = self.boxes_of_some.take();
        let known = known.filter(|(of, known)| *of == places && known.is_of(sheets));
        let matches = known.map(|(_, known)| known).unwrap_or_else(|| {
            let page_sheets = page_sheets(sheets, box_rules);
            Matches::of(dom, sheets, |each| {
                match_elements(dom, &page_sheets, MAX_BOX_STEPS, elements, each)
            })
        });
        let (_, matches) = self.boxes_of_some.insert((places, matches));
        matches
    }

    /// Both those and the rules about boxes.
    pub(crate) fn with_boxes(
        &mut self,
        dom: &Dom,
        sheets: &[AppliedSheet<'_>],
    ) -> (&Matches, &Matches) {
        let fetching = Matches::known_or(&mut self.fetching, sheets, || Matches::new(dom, sheets));
        let boxes = Matches::known_or(&mut self.boxes, sheets, || Matches::of_boxes(dom, sheets));
        (fetching, boxes)
    }
}

/// Which rules match which elements.
#[derive(Debug)]
pub(crate) struct Matches {
    /// What it was made of, by address.
    sheets: Vec<(*const SheetRules, Option<usize>)>,
    sets: Vec<Box<[Match]>>,
    /// By element.
    of_element: Vec<MatchSetId>,
    kept: usize,
    /// Whether the work was more than is done for a page.
    pub(crate) is_stopped: bool,
}

impl Matches {
    /// Matches the rules that decide what is fetched.
    pub(crate) fn new(dom: &Dom, sheets: &[AppliedSheet<'_>]) -> Self {
        let page_sheets = page_sheets(sheets, |applied| &applied.rules.index);
        Self::of(dom, sheets, |each| {
            match_page(dom, &page_sheets, MAX_STEPS, each)
        })
    }

    /// Matches the rules about boxes.
    fn of_boxes(dom: &Dom, sheets: &[AppliedSheet<'_>]) -> Self {
        let page_sheets = page_sheets(sheets, box_rules);
        Self::of(dom, sheets, |each| {
            match_page(dom, &page_sheets, MAX_BOX_STEPS, each)
        })
    }

    fn known_or<'m>(
        known: &'m mut Option<Self>,
        sheets: &[AppliedSheet<'_>],
        make: impl FnOnce() -> Self,
    ) -> &'m Self {
        let known_here = known.take().filter(|known| known.is_of(sheets));
        known.insert(known_here.unwrap_or_else(make))
    }

    /// Keeps what `run` finds.
    fn of<'p>(
        dom: &'p Dom,
        sheets: &[AppliedSheet<'p>],
        run: impl FnOnce(&mut dyn FnMut(Node<'p>, &[Match])) -> Outcome,
    ) -> Self {
        let mut sets: Vec<Box<[Match]>> = vec![Box::default()];
        let mut known: FxHashMap<Box<[Match]>, MatchSetId> = FxHashMap::default();
        let mut of_element = vec![MatchSetId::NONE; dom.len()];
        let mut kept = 0;
        let outcome = run(&mut |node, matches| {
            let id = match known.get(matches) {
                Some(id) => *id,
                None if kept + matches.len() > MAX_KEPT => {
                    kept = usize::MAX / 2;
                    MatchSetId::NONE
                }
                None => {
                    kept += matches.len();
                    let id = MatchSetId(u32::try_from(sets.len()).unwrap_or(u32::MAX));
                    sets.push(matches.into());
                    known.insert(matches.into(), id);
                    id
                }
            };
            if let Some(slot) = of_element.get_mut(node.index()) {
                *slot = id;
            }
        });
        Self {
            sheets: identity(sheets),
            sets,
            of_element,
            kept,
            is_stopped: kept > MAX_KEPT || matches!(outcome, Outcome::Stopped { .. }),
        }
    }

    /// Whether it was made of these sheets.
    pub(crate) fn is_of(&self, sheets: &[AppliedSheet<'_>]) -> bool {
        self.sheets == identity(sheets)
    }

    pub(super) fn set_of(&self, element: Node<'_>) -> MatchSetId {
        let id = self.of_element.get(element.index());
        id.copied().unwrap_or(MatchSetId::NONE)
    }

    /// How many rules are in its sets.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// By [`MatchSetId`].
    pub(super) fn sets(&self) -> impl Iterator<Item = &[Match]> {
        self.sets.iter().map(|set| &**set)
    }

    pub(super) fn set(&self, id: MatchSetId) -> &[Match] {
        self.sets.get(id.0 as usize).map_or(&[], |set| set)
    }
}

fn identity(sheets: &[AppliedSheet<'_>]) -> Vec<(*const SheetRules, Option<usize>)> {
    let of = |applied: &AppliedSheet<'_>| {
        (
            std::ptr::from_ref(applied.rules),
            applied.owner.map(Node::index),
        )
    };
    sheets.iter().map(of).collect()
}

fn page_sheets<'p>(
    sheets: &[AppliedSheet<'p>],
    rules: impl Fn(&AppliedSheet<'p>) -> &'p RuleIndex,
) -> Vec<PageSheet<'p>> {
    let of = |applied: &AppliedSheet<'p>| PageSheet {
        rules: rules(applied),
        owner: applied.owner,
    };
    sheets.iter().map(of).collect()
}

fn box_rules<'p>(applied: &AppliedSheet<'p>) -> &'p RuleIndex {
    &applied.rules.boxes(applied.sheet).index
}
