//! The computed styles of a page at one viewport, each worked out once.
//!
//! In: the page's sheets, which rules match, and for each element its parent's style. Out: the style of the element and
//! of its pseudo-elements. Elements with the same parent style, rules and defaults share theirs: a page has few.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::Hasher;

use html5ever::{LocalName, local_name};
use rustc_hash::{FxHashMap, FxHasher};

use super::cascade::{Cascaded, MatchedBlock, Origin, SheetId};
use super::computed::ComputedStyle;
use super::custom_property::{Allowance, Needed};
use super::declaration::Declaration;
use super::layer::{LayerId, LayerRanks, LayerTree, MentionId};
use super::matching::Match;
use super::page_rules::{AppliedSheet, MatchSetId, Matches};
use super::pseudo_element::PseudoElement;
use super::registration::Registered;
use super::selector::Specificity;
use super::user_agent::UserAgentStyle;
use crate::css::{Applies, Frame, Keyframes, StyleRule, Truth};
use crate::html::{Namespace, Node};
use crate::viewport::Viewport;

/// Whose URLs are relative to the document: its `style` attributes.
pub(crate) const DOCUMENT: SheetId = SheetId(u32::MAX);

/// Different styles that a page may have.
const MAX_STYLES: usize = 200_000;

/// What computing a style costs beside its declarations, and what a block costs, in declarations.
const STYLE: usize = 100;
const BLOCK: usize = 8;

/// A computed style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StyleId(u32);

impl StyleId {
    /// What the root inherits.
    pub(crate) const INITIAL: Self = Self(0);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The styles of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StylesId(u32);

/// What an element and its pseudo-elements compute to.
#[derive(Debug)]
pub(crate) struct ElementStyles {
    pub(crate) own: StyleId,
    pub(crate) pseudo_elements: Box<[(PseudoElement, StyleId)]>,
    /// The frames of its animations.
    pub(super) frames: Box<[FrameStyle]>,
    /// What its transitions start from: their images are loaded.
    pub(super) starting: Box<[StyleId]>,
}

/// What a style is for as long as a frame of an animation holds: the frame's fonts and images are loaded, too.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameStyle {
    /// The style that is animated.
    pub(super) of: StyleId,
    pub(super) style: StyleId,
    /// Whether it holds as the page loads.
    pub(super) is_first: bool,
}

/// Where styles come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'p> {
    pub(super) sheets: &'p [AppliedSheet<'p>],
    pub(super) layers: &'p LayerRanks,
    pub(super) matches: &'p Matches,
    pub(super) needed: &'p Needed<'p>,
    pub(super) viewport: &'p Viewport,
    /// Whether the container queries hold that only a layout can answer.
    pub(super) containers_hold: bool,
    pub(super) is_quirks: bool,
    pub(super) registered: &'p Registered,
    /// What the attributes of elements stand for, by element, in document order.
    pub(super) hints: &'p [(usize, Vec<Declaration>)],
}

/// Every style of a page so far.
pub(crate) struct Styles<'p> {
    source: Source<'p>,
    order: RuleOrder,
    /// For each sheet which of its rules hold at the viewport.
    hold: Vec<Box<[bool]>>,
    keyframes: HashMap<&'p str, (&'p Keyframes, SheetId)>,
    allowance: Allowance,
    styles: Vec<ComputedStyle>,
    of_elements: Vec<ElementStyles>,
    known: FxHashMap<(StyleId, DefaultId, MatchSetId), StylesId>,
    /// The first style of each hash. What has a block in it is mostly styled as the block around it.
    by_hash: FxHashMap<u64, StyleId>,
    defaults: Vec<UserAgentStyle>,
    defaults_by_name: FxHashMap<(LocalName, bool), DefaultId>,
    /// Whether there was a container query that only a layout can answer.
    asks_layout: Cell<bool>,
}

/// One of the browser's own styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DefaultId(u32);

/// The order that the rules of a page appear in: the number of each sheet's first one.
pub(super) struct RuleOrder(Vec<u32>);

impl RuleOrder {
    pub(super) fn of(sheets: &[AppliedSheet<'_>]) -> Self {
        let mut next: u32 = 0;
        let first_rules = sheets.iter().map(|applied| {
            let rules = u32::try_from(applied.sheet.style_rules.len()).unwrap_or(u32::MAX);
            let first = next;
            next = next.saturating_add(rules);
            first
        });
        Self(first_rules.collect())
    }

    pub(super) fn place(&self, found: &Match) -> u32 {
        let first = self.0.get(found.sheet as usize);
        first.map_or(u32::MAX, |first| first.saturating_add(found.rule.0))
    }
}

impl<'p> Styles<'p> {
    pub(crate) fn new(source: Source<'p>) -> Self {
        let holds = |rule: &StyleRule| rule.context.applies(source.viewport) == Applies::Matches;
        let rules =
            |applied: &AppliedSheet<'_>| applied.sheet.style_rules.iter().map(holds).collect();
        let mut root = ComputedStyle::initial();
        root.custom_properties = source.registered.of_root();
        Self {
            source,
            order: RuleOrder::of(source.sheets),
            hold: source.sheets.iter().map(rules).collect(),
            keyframes: keyframes(&source),
            allowance: Allowance::default(),
            styles: vec![root],
            of_elements: Vec::new(),
            known: FxHashMap::default(),
            by_hash: FxHashMap::default(),
            defaults: Vec::new(),
            defaults_by_name: FxHashMap::default(),
            asks_layout: Cell::new(false),
        }
    }

    pub(super) fn asks_layout(&self) -> bool {
        self.asks_layout.get()
    }

    pub(crate) fn style(&self, id: StyleId) -> &ComputedStyle {
        // Ids are made here and nothing is removed.
        &self.styles[id.index()]
    }

    pub(crate) fn of_element(&self, id: StylesId) -> &ElementStyles {
        &self.of_elements[id.0 as usize]
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = StyleId> {
        (0u32..).map(StyleId).take(self.styles.len())
    }

    /// What is left to spend on substitutions.
    pub(crate) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Whether the page has more styles, or longer values, than are worked out.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.allowance.is_exceeded() || self.styles.len() > MAX_STYLES
    }

    /// The styles of an element whose parent has this style.
    pub(crate) fn compute(
        &mut self,
        element: Node<'_>,
        parent: StyleId,
        attribute: Option<&'p [Declaration]>,
    ) -> StylesId {
        let default = self.default(element);
        let matched = self.source.matches.set_of(element);
        let key = (parent, default, matched);
        let hints = self.source.hints;
        let hint = hints.binary_search_by_key(&element.index(), |(at, _)| *at);
        let hint = hint
            .ok()
            .and_then(|at| hints.get(at))
            .map(|(_, hint)| hint.as_slice());
        let is_plain = attribute.is_none() && hint.is_none();
        if is_plain && let Some(known) = self.known.get(&key) {
            return *known;
        }
        let styles = self.cascade(element, parent, default, matched, [hint, attribute]);
        let id = StylesId(u32::try_from(self.of_elements.len()).unwrap_or(u32::MAX));
        self.of_elements.push(styles);
        if is_plain {
            self.known.insert(key, id);
        }
        id
    }

    /// The browser's own style; most elements need nothing but their name for it.
    fn default(&mut self, element: Node<'_>) -> DefaultId {
        let is_plain = !element.attributes().any(|(name, _)| {
            matches!(
                *name,
                local_name!("type")
                    | local_name!("hidden")
                    | local_name!("open")
                    | local_name!("controls")
            ) || &**name == "popover"
        });
        let key = || {
            let is_html = element.namespace() == Namespace::Html;
            (element.local_name().clone(), is_html)
        };
        if is_plain && let Some(known) = self.defaults_by_name.get(&key()) {
            return *known;
        }
        let style = UserAgentStyle::of(
            element.namespace(),
            element.name(),
            |name| element.attribute(name),
            self.source.is_quirks,
        );
        let at = self.defaults.iter().position(|known| *known == style);
        let at = at.unwrap_or_else(|| {
            self.defaults.push(style);
            self.defaults.len() - 1
        });
        let id = DefaultId(u32::try_from(at).unwrap_or(u32::MAX));
        if is_plain {
            self.defaults_by_name.insert(key(), id);
        }
        id
    }

    fn cascade(
        &mut self,
        element: Node<'_>,
        parent: StyleId,
        default: DefaultId,
        matched: MatchSetId,
        [hint, attribute]: [Option<&'p [Declaration]>; 2],
    ) -> ElementStyles {
        let matched = self.source.matches.set(matched);
        let mut blocks: Vec<_> = self.blocks(matched, None, parent);
        let own = [
            (Origin::PresentationalHint, hint),
            (Origin::StyleAttribute, attribute),
        ];
        blocks.extend(own.into_iter().filter_map(|(origin, declarations)| {
            Some(MatchedBlock {
                declarations: declarations?,
                origin,
                layer: self.source.layers.of(LayerTree::ROOT),
                specificity: Specificity::default(),
                proximity: None,
                order: u32::MAX,
                sheet: DOCUMENT,
            })
        }));
        let user_agent = self.defaults[default.0 as usize];
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
            .allowance
            .take_declarations(STYLE + declarations.sum::<usize>())
        {
            return parent;
        }
        let cascaded = Cascaded::of(blocks, Some(self.source.needed));
        let style = ComputedStyle::of(
            &cascaded,
            user_agent,
            self.style(parent),
            self.source.registered,
            &self.allowance,
        );
        self.intern(style)
    }

    /// The number of a style; equal ones share it.
    fn intern(&mut self, style: ComputedStyle) -> StyleId {
        let mut hasher = FxHasher::default();
        style.hash_roughly(&mut hasher);
        let hash = hasher.finish();
        let known = self.by_hash.get(&hash).copied();
        if let Some(known) = known.filter(|known| *self.style(*known) == style) {
            return known;
        }
        let id = StyleId(u32::try_from(self.styles.len()).unwrap_or(u32::MAX));
        self.styles.push(style);
        self.by_hash.entry(hash).or_insert(id);
        id
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
        let (at, number) = (found.sheet as usize, found.rule.0 as usize);
        let applied = self.source.sheets.get(at)?;
        let rule: &StyleRule = applied.sheet.style_rules.get(number)?;
        let holds = *self.hold.get(at)?.get(number)?
            && applied.rules.starting.contains(&found.rule) == starting
            && (!applied.rules.ask_containers.contains(&found.rule)
                || self.holds_in_containers(rule, around));
        holds.then(|| MatchedBlock {
            declarations: &rule.declarations,
            origin: if found.of_host {
                Origin::Host
            } else {
                Origin::Rule
            },
            layer: self.source.layers.of(layer(applied, rule.layer)),
            specificity: found.specificity,
            proximity: found.proximity,
            order: self.order.place(found),
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
            if !self.allowance.take_declarations(4 * query.features()) {
                return false;
            }
            match query.evaluate(containers.clone(), self.source.viewport) {
                Truth::True => true,
                Truth::False => false,
                Truth::Unknown => {
                    self.asks_layout.set(true);
                    self.source.containers_hold
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
            if !self.allowance.take_declarations(1) {
                return;
            }
            let is_first =
                |frame: &Frame| course.start.is_some_and(|at| frame.places.contains(&at));
            let first = keyframes.frames.iter().filter(|frame| is_first(frame));
            let mut blocks: Vec<_> = first
                .map(|frame| alone(&frame.declarations, sheet))
                .collect();
            for (order, block) in (0..).zip(&mut blocks) {
                block.order = order;
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
        origin: Origin::Rule,
        layer: 0,
        specificity: Specificity::default(),
        proximity: None,
        order: 0,
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
fn keyframes<'p>(source: &Source<'p>) -> HashMap<&'p str, (&'p Keyframes, SheetId)> {
    let mut strongest: HashMap<&str, (u32, &Keyframes, SheetId)> = HashMap::new();
    for (sheet, applied) in (0u32..).zip(source.sheets) {
        for keyframes in &applied.sheet.keyframes {
            if keyframes.context.applies(source.viewport) != Applies::Matches {
                continue;
            }
            let rank = source.layers.of(layer(applied, keyframes.layer));
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
