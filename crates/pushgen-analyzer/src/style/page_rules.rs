//! The style sheets of a page in their order, and which of their rules match which element.
//!
//! In: a document and the sheets that are in force. Out: [`Matches`]: for every element the set of rules that match it.
//! Elements share their sets, of which a page has few. Media are not asked, so that the outcome serves all viewports
//! whose sheets are the same.

use rustc_hash::FxHashMap;

use super::layer::LayerId;
use super::matching::{Match, Outcome, PageSheet, match_page};
use super::sheet_rules::SheetRules;
use crate::css::StyleSheet;
use crate::html::{Dom, Node};

/// What a page may spend on matching, in steps of 5 to 10 ns.
const MAX_STEPS: u64 = 40_000_000;

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

/// Rules that match one element, and possibly others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct MatchSetId(u32);

impl MatchSetId {
    /// No rule matches.
    pub(super) const NONE: Self = Self(0);
}

/// Which rules match which elements.
#[derive(Debug)]
pub(crate) struct Matches {
    /// What it was made of, by address.
    sheets: Vec<(*const SheetRules, Option<usize>)>,
    sets: Vec<Box<[Match]>>,
    /// By element.
    of_element: Vec<MatchSetId>,
    /// Whether the work was more than is done for a page.
    pub(crate) is_stopped: bool,
}

impl Matches {
    /// Matches a page once.
    pub(crate) fn new(dom: &Dom, sheets: &[AppliedSheet<'_>]) -> Self {
        let page_sheets: Vec<PageSheet<'_>> = sheets
            .iter()
            .map(|applied| PageSheet {
                rules: &applied.rules.index,
                owner: applied.owner,
            })
            .collect();
        let mut sets: Vec<Box<[Match]>> = vec![Box::default()];
        let mut known: FxHashMap<Box<[Match]>, MatchSetId> = FxHashMap::default();
        let mut of_element = vec![MatchSetId::NONE; dom.len()];
        let mut kept = 0;
        let outcome = match_page(dom, &page_sheets, MAX_STEPS, |node, matches| {
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
            is_stopped: kept > MAX_KEPT || matches!(outcome, Outcome::Stopped { .. }),
        }
    }

    /// Whether it was made of these sheets.
    pub(crate) fn is_of(&self, sheets: &[AppliedSheet<'_>]) -> bool {
        self.sheets == identity(sheets)
    }

    pub(super) fn of(&self, element: Node<'_>) -> MatchSetId {
        let id = self.of_element.get(element.index());
        id.copied().unwrap_or(MatchSetId::NONE)
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
