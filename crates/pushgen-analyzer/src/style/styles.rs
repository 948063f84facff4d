//! The computed styles of a page at one viewport, each worked out once.
//!
//! In: the page's sheets, which rules match, and for each element its parent's style. Out: the style of the element and
//! of its pseudo-elements. Elements with the same parent style, rules and defaults share theirs: a page has few.

use std::cell::Cell;
use std::collections::HashMap;

use super::allowance::Allowance;
use super::cascade::{Cascaded, MatchedBlock, SheetId};
use super::computed::ComputedStyle;
use super::declaration::Declaration;
use super::layer::{LayerId, LayerTree, MentionId};
use super::matching::Match;
use super::page_rules::AppliedSheet;
use super::page_rules::PageStyle;
use super::precedence::{Origin, Precedence};
use super::presentational_hint::PresentationalHints;
use super::pseudo_element::PseudoElement;
use super::style_table::{
    DOCUMENT, DefaultId, ElementStyles, FrameStyle, RuleSetId, StyleId, StyleTable, StylesId,
};
use super::user_agent::UserAgentStyle;
use crate::css::{Applies, Frame, Keyframes, StyleRule, Truth};
use crate::html::Node;

/// What computing a style costs beside its declarations, and what a block costs, in declarations.
const STYLE: usize = 100;
const BLOCK: usize = 8;

/// The styles of a page.
pub(crate) struct Styles<'p> {
    page: PageStyle<'p>,
    hints: &'p PresentationalHints,
    table: StyleTable,
    /// By the sets of rules that match on this page.
    rule_sets: Vec<RuleSetId>,
    keyframes: HashMap<&'p str, (&'p Keyframes, SheetId)>,
    /// Whether the container queries hold that only a layout can answer.
    containers_hold: bool,
    /// Whether there was such a container query.
    asks_layout: Cell<bool>,
}

impl<'p> Styles<'p> {
    /// Those of a page, going on with a table that was made for its sheets and its viewport. Container queries that only
    /// a layout can answer are taken to hold.
    pub(crate) fn new(
        page: PageStyle<'p>,
        hints: &'p PresentationalHints,
        mut table: StyleTable,
    ) -> Self {
        Self {
            page,
            hints,
            rule_sets: table.rule_sets(page.matches),
            keyframes: keyframes(&page),
            table,
            containers_hold: true,
            asks_layout: Cell::new(false),
        }
    }

    /// The same with such container queries taken not to hold.
    pub(super) fn without_containers(self) -> Self {
        Self {
            containers_hold: false,
            ..self
        }
    }

    /// What other pages may go on with.
    pub(super) fn into_table(self) -> StyleTable {
        self.table
    }

    pub(super) fn asks_layout(&self) -> bool {
        self.asks_layout.get()
    }

    pub(crate) fn style(&self, id: StyleId) -> &ComputedStyle {
        self.table.style(id)
    }

    pub(crate) fn of_element(&self, id: StylesId) -> &ElementStyles {
        self.table.of_element(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = StyleId> {
        self.table.ids()
    }

    /// What is left to spend on substitutions.
    pub(crate) fn allowance(&self) -> &Allowance {
        &self.table.allowance
    }

    /// Whether the page has more styles, or longer values, than are worked out.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.table.is_exceeded()
    }

    /// The styles of an element whose parent has this style.
    pub(crate) fn compute(
        &mut self,
        element: Node<'_>,
        parent: StyleId,
        attribute: Option<&'p [Declaration]>,
    ) -> StylesId {
        let default = self.table.default(element, self.page.dom.is_quirks());
        let hint = self.hints.of_element(element);
        let matched = self.page.matches.set_of(element);
        let rules = self.rule_sets.get(matched.index());
        let is_plain = attribute.is_none() && hint.is_none();
        let key = rules
            .filter(|_| is_plain)
            .map(|rules| (parent, default, *rules));
        if let Some(known) = key.and_then(|key| self.table.known(key)) {
            return known;
        }
        let matched = self.page.matches.set(matched);
        let styles = self.cascade(element, parent, default, matched, [hint, attribute]);
        self.table.add(styles, key)
    }

    fn cascade(
        &mut self,
        element: Node<'_>,
        parent: StyleId,
        default: DefaultId,
        matched: &[Match],
        [hint, attribute]: [Option<&'p [Declaration]>; 2],
    ) -> ElementStyles {
        let mut blocks: Vec<_> = self.blocks(matched, None, parent);
        let own = [
            (Origin::PresentationalHint, hint),
            (Origin::StyleAttribute, attribute),
        ];
        let layer = self.page.layers.of(LayerTree::ROOT);
        blocks.extend(own.into_iter().filter_map(|(origin, declarations)| {
            Some(MatchedBlock {
                declarations: declarations?,
                precedence: Precedence::of_attribute(origin, layer),
                sheet: DOCUMENT,
            })
        }));
        let user_agent = self.table.of_default(default);
        let own = self.add(blocks, &user_agent, parent);
        let mut pseudo_elements: Vec<PseudoElement> = matched
            .iter()
            .filter_map(|found| found.pseudo_element)
            .collect();
        if element.is("q") {
            pseudo_elements.extend([PseudoElement::Before, PseudoElement::After]);
        }
        pseudo_elements.sort_unstable();
        pseudo_elements.dedup();
        let pseudo_elements: Box<[(PseudoElement, StyleId)]> = pseudo_elements
            .into_iter()
            .map(|pseudo_element| {
                let blocks = self.blocks(matched, Some(pseudo_element), own);
                let user_agent = match pseudo_element {
                    PseudoElement::Before | PseudoElement::After if element.is("q") => {
                        UserAgentStyle::of_quotation_mark(pseudo_element == PseudoElement::Before)
                    }
                    _ => UserAgentStyle::default(),
                };
                (pseudo_element, self.add(blocks, &user_agent, own))
            })
            .collect();
        let mut frames = Vec::new();
        self.add_frames(own, &mut frames);
        for (_, style) in &pseudo_elements {
            self.add_frames(*style, &mut frames);
        }
        ElementStyles {
            own,
            pseudo_elements,
            frames: frames.into(),
            starting: self.starting(matched, own, parent),
        }
    }

    fn add(
        &mut self,
        blocks: Vec<MatchedBlock<'p>>,
        user_agent: &UserAgentStyle,
        parent: StyleId,
    ) -> StyleId {
        let declarations = blocks.iter().map(|block| block.declarations.len() + BLOCK);
        if !self
            .table
            .allowance
            .take_declarations(STYLE + declarations.sum::<usize>())
        {
            return parent;
        }
        let cascaded = Cascaded::of(blocks, Some(&self.table.needed));
        let style = ComputedStyle::of(
            &cascaded,
            user_agent,
            self.style(parent),
            &self.table.registered,
            &self.table.allowance,
        );
        self.table.intern(style)
    }

    /// The declarations of the rules that hold for an element or one of its pseudo-elements.
    fn blocks(
        &self,
        matched: &[Match],
        pseudo_element: Option<PseudoElement>,
        around: StyleId,
    ) -> Vec<MatchedBlock<'p>> {
        let of_this = matched
            .iter()
            .filter(|found| found.pseudo_element == pseudo_element);
        of_this
            .filter_map(|found| self.block(found, false, around))
            .collect()
    }

    fn block(&self, found: &Match, starting: bool, around: StyleId) -> Option<MatchedBlock<'p>> {
        let applied = self.page.sheets.get(found.sheet as usize)?;
        let rule: &StyleRule = applied.sheet.style_rules.get(found.rule.0 as usize)?;
        let holds = self.table.holds(found)
            && applied.rules.starting.contains(&found.rule) == starting
            && (!applied.rules.ask_containers.contains(&found.rule)
                || self.holds_in_containers(rule, around));
        holds.then(|| MatchedBlock {
            declarations: &rule.declarations,
            precedence: Precedence::of_rule(
                found,
                self.page.layers.of(layer(applied, rule.layer)),
                self.table.order.place(found),
            ),
            sheet: SheetId(found.sheet),
        })
    }

    /// Whether the container queries around a rule hold for what is in an element of the style `around`.
    fn holds_in_containers(&self, rule: &StyleRule, around: StyleId) -> bool {
        // The root is in nothing that could be asked.
        if around == StyleId::INITIAL {
            return false;
        }
        let style = self.style(around);
        let containers = style.containers.asked(&style.custom_properties);
        rule.context.container_queries().all(|query| {
            if !self.table.allowance.take_declarations(4 * query.features()) {
                return false;
            }
            match query.evaluate(containers.clone(), self.page.viewport) {
                Truth::True => true,
                Truth::False => false,
                Truth::Unknown => {
                    self.asks_layout.set(true);
                    self.containers_hold
                }
            }
        })
    }

    /// The frames of all animations, those that hold from the start in one.
    fn add_frames(&mut self, own: StyleId, frames: &mut Vec<FrameStyle>) {
        let Some(animations) = self.style(own).animations.clone() else {
            return;
        };
        for (name, course) in animations.courses() {
            let Some((keyframes, sheet)) = self.keyframes.get(&**name).copied() else {
                continue;
            };
            if !self.table.allowance.take_declarations(1) {
                return;
            }
            let is_first =
                |frame: &Frame| course.start.is_some_and(|at| frame.places.contains(&at));
            let first = keyframes.frames.iter().filter(|frame| is_first(frame));
            let mut blocks: Vec<_> = first
                .map(|frame| alone(&frame.declarations, sheet))
                .collect();
            for (order, block) in (0..).zip(&mut blocks) {
                block.precedence.order = order;
            }
            if !blocks.is_empty() {
                let style = self.add(blocks, &UserAgentStyle::default(), own);
                frames.push(FrameStyle {
                    of: own,
                    style,
                    is_first: true,
                });
            }
            let later = keyframes.frames.iter().filter(|frame| !is_first(frame));
            for frame in later.filter(|_| course.goes_on) {
                if self.is_exceeded() {
                    return;
                }
                let block = alone(&frame.declarations, sheet);
                let style = self.add(vec![block], &UserAgentStyle::default(), own);
                frames.push(FrameStyle {
                    of: own,
                    style,
                    is_first: false,
                });
            }
        }
    }

    fn starting(&mut self, matched: &[Match], own: StyleId, around: StyleId) -> Box<[StyleId]> {
        let mut starting = Vec::new();
        for found in matched
            .iter()
            .filter(|found| found.pseudo_element.is_none())
        {
            if let Some(block) = self.block(found, true, around) {
                starting.push(self.add(vec![block], &UserAgentStyle::default(), own));
            }
        }
        starting.into()
    }
}

/// A block that nothing competes with.
fn alone(declarations: &[Declaration], sheet: SheetId) -> MatchedBlock<'_> {
    MatchedBlock {
        declarations,
        precedence: Precedence::alone(),
        sheet,
    }
}

pub(super) fn layer(applied: &AppliedSheet<'_>, mention: Option<MentionId>) -> LayerId {
    mention
        .and_then(|MentionId(at)| applied.layers.get(at as usize))
        .copied()
        .unwrap_or(applied.layer)
}

/// The `@keyframes` of each name that win: those of the strongest layer, and of them the last (CSS Animations 1 §3).
fn keyframes<'p>(page: &PageStyle<'p>) -> HashMap<&'p str, (&'p Keyframes, SheetId)> {
    let mut strongest: HashMap<&str, (u32, &Keyframes, SheetId)> = HashMap::new();
    for (sheet, applied) in (0u32..).zip(page.sheets) {
        for keyframes in &applied.sheet.keyframes {
            if keyframes.context.applies(page.viewport) != Applies::Matches {
                continue;
            }
            let rank = page.layers.of(layer(applied, keyframes.layer));
            let weaker = strongest
                .get(&*keyframes.name)
                .is_none_or(|(known, ..)| *known <= rank);
            if weaker {
                strongest.insert(&keyframes.name, (rank, keyframes, SheetId(sheet)));
            }
        }
    }
    let bare = |(name, (_, keyframes, sheet))| (name, (keyframes, sheet));
    strongest.into_iter().map(bare).collect()
}
