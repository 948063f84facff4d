//! The computed styles that were worked out so far for pages with the same sheets at the same viewport.
//!
//! In: what the sheets say that does not depend on a page, and each style as it is worked out. Out: numbers for styles,
//! equal ones sharing theirs. A site has many pages of few kinds: most of a page's styles are here from the page before.
//! A table that pages share gives each of them what a new one would: its numbers mean nothing beyond it, and one that
//! has spent the allowance of a page is not used again.

use std::hash::Hasher;

use html5ever::{LocalName, local_name};
use rustc_hash::{FxHashMap, FxHasher};

use super::allowance::Allowance;
use super::cascade::SheetId;
use super::computed::ComputedStyle;
use super::custom_property::Needed;
use super::declaration::{CustomValue, DeclarationBody};
use super::matching::Match;
use super::page_rules::PageStyle;
use super::page_rules::{AppliedSheet, Matches};
use super::pseudo_element::PseudoElement;
use super::registration::Registered;
use super::substitution::Template;
use super::user_agent::UserAgentStyle;
use crate::css::{Applies, StyleRule};
use crate::html::{Namespace, Node};
use crate::layout::BoxDeclaration;

/// Whose URLs are relative to the document: its `style` attributes.
pub(crate) const DOCUMENT: SheetId = SheetId(u32::MAX);

/// Different styles that a page may have.
const MAX_STYLES: usize = 200_000;

/// Entries of a table that is kept for other pages. With more the pages have little in common.
const MAX_KEPT: usize = 8192;

/// Rules in the sets of a page whose table is kept.
const MAX_KEPT_RULES: usize = 1 << 16;

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

/// One of the browser's own styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DefaultId(u32);

/// A set of rules that match an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RuleSetId(u32);

/// What the styles of an element depend on: its parent's style, the browser's own and the rules that match.
pub(super) type StyleKey = (StyleId, DefaultId, RuleSetId);

/// The order that the rules of a page appear in: the number of each sheet's first one.
#[derive(Debug)]
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

/// Styles, and what they are worked out from.
#[derive(Debug)]
pub(crate) struct StyleTable {
    pub(super) needed: Needed,
    pub(super) registered: Registered,
    pub(super) order: RuleOrder,
    /// For each sheet which of its rules hold at the viewport.
    hold: Vec<Box<[bool]>>,
    pub(super) allowance: Allowance,
    styles: Vec<ComputedStyle>,
    of_elements: Vec<ElementStyles>,
    known: FxHashMap<StyleKey, StylesId>,
    /// Of all pages; of a page that has the table to itself, its own numbers serve.
    rule_sets: Option<FxHashMap<Box<[Match]>, RuleSetId>>,
    /// The first style of each hash. What has a block in it is mostly styled as the block around it.
    by_hash: FxHashMap<u64, StyleId>,
    defaults: Vec<UserAgentStyle>,
    defaults_by_name: FxHashMap<(LocalName, bool), DefaultId>,
}

impl StyleTable {
    /// A table without styles. `of_boxes` tells whether declarations about boxes are asked for as well.
    pub(crate) fn of(page: &PageStyle<'_>, of_boxes: bool) -> Self {
        let needed = needed(page, of_boxes);
        let rules = page
            .sheets
            .iter()
            .flat_map(|applied| &applied.sheet.registered_properties);
        let in_force = rules.filter(|rule| rule.context.applies(page.viewport) == Applies::Matches);
        let registered = Registered::of(in_force, &needed);
        let mut root = ComputedStyle::initial();
        root.custom_properties = registered.of_root();
        let holds = |rule: &StyleRule| rule.context.applies(page.viewport) == Applies::Matches;
        let hold =
            |applied: &AppliedSheet<'_>| applied.sheet.style_rules.iter().map(holds).collect();
        Self {
            needed,
            registered,
            order: RuleOrder::of(page.sheets),
            hold: page.sheets.iter().map(hold).collect(),
            allowance: Allowance::default(),
            styles: vec![root],
            of_elements: Vec::new(),
            known: FxHashMap::default(),
            rule_sets: Self::suits_others(page).then(FxHashMap::default),
            by_hash: FxHashMap::default(),
            defaults: Vec::new(),
            defaults_by_name: FxHashMap::default(),
        }
    }

    /// Whether what the styles of a page come to depends on its sheets alone and on nothing of the page itself.
    pub(super) fn suits_others(page: &PageStyle<'_>) -> bool {
        let mut sheets = page.sheets.iter();
        in_attributes(page).next().is_none()
            && sheets.all(|applied| applied.rules.ask_containers.is_empty())
            && page.matches.kept() <= MAX_KEPT_RULES
    }

    /// Whether other pages should go on with it.
    pub(super) fn is_worth_keeping(&self) -> bool {
        let Some(rule_sets) = &self.rule_sets else {
            return false;
        };
        let entries = self.styles.len() + self.of_elements.len() + rule_sets.len();
        !self.is_exceeded() && entries <= MAX_KEPT
    }

    pub(super) fn style(&self, id: StyleId) -> &ComputedStyle {
        // Ids are made here and nothing is removed.
        &self.styles[id.index()]
    }

    pub(super) fn of_element(&self, id: StylesId) -> &ElementStyles {
        &self.of_elements[id.0 as usize]
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = StyleId> {
        (0u32..).map(StyleId).take(self.styles.len())
    }

    /// Whether a rule holds at the viewport, container queries aside.
    pub(super) fn holds(&self, found: &Match) -> bool {
        let rules = self.hold.get(found.sheet as usize);
        rules.is_some_and(|rules| rules.get(found.rule.0 as usize) == Some(&true))
    }

    /// Whether a page has more styles, or longer values, than are worked out.
    pub(super) fn is_exceeded(&self) -> bool {
        self.allowance.is_exceeded() || self.styles.len() > MAX_STYLES
    }

    pub(super) fn known(&self, key: StyleKey) -> Option<StylesId> {
        self.known.get(&key).copied()
    }

    /// Keeps the styles of an element; with a key, for others, too.
    pub(super) fn add(&mut self, styles: ElementStyles, key: Option<StyleKey>) -> StylesId {
        let id = StylesId(u32::try_from(self.of_elements.len()).unwrap_or(u32::MAX));
        self.of_elements.push(styles);
        if let Some(key) = key {
            self.known.insert(key, id);
        }
        id
    }

    /// The number of a style; equal ones share it.
    pub(super) fn intern(&mut self, style: ComputedStyle) -> StyleId {
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

    /// The numbers of the sets of rules that match on a page.
    pub(super) fn rule_sets(&mut self, matches: &Matches) -> Vec<RuleSetId> {
        let Some(known) = &mut self.rule_sets else {
            return matches
                .sets()
                .zip(0..)
                .map(|(_, at)| RuleSetId(at))
                .collect();
        };
        let number = |rules: &[Match]| {
            if let Some(known) = known.get(rules) {
                return *known;
            }
            let id = RuleSetId(u32::try_from(known.len()).unwrap_or(u32::MAX));
            known.insert(rules.into(), id);
            id
        };
        matches.sets().map(number).collect()
    }

    /// The browser's own style of an element; most need nothing but their name for it.
    pub(super) fn default(&mut self, element: Node<'_>, is_quirks: bool) -> DefaultId {
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
            is_quirks,
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

    pub(super) fn of_default(&self, id: DefaultId) -> UserAgentStyle {
        // As with styles.
        self.defaults[id.0 as usize]
    }
}

/// The custom properties that a page needs.
fn needed(page: &PageStyle<'_>, of_boxes: bool) -> Needed {
    let rules = || page.sheets.iter().map(|applied| applied.rules);
    let boxes = page.sheets.iter().filter(|_| of_boxes);
    let boxes = boxes.flat_map(|applied| &applied.rules.boxes(applied.sheet).referred);
    let attributes = page.attributes.iter().filter(|_| of_boxes);
    let attributes = attributes.flat_map(|(_, rule)| &rule.boxes);
    Needed::of(
        rules().flat_map(|rules| &rules.asked),
        rules()
            .flat_map(|rules| &rules.referred)
            .chain(in_attributes(page))
            .chain(boxes)
            .chain(attributes.filter_map(BoxDeclaration::template)),
        rules().flat_map(|rules| rules.referring.iter().map(|(name, value)| (name, value))),
    )
}

/// What the `style` attributes refer to.
fn in_attributes<'p>(page: &PageStyle<'p>) -> impl Iterator<Item = &'p Template> {
    let declarations = page
        .attributes
        .iter()
        .flat_map(|(_, rule)| &rule.declarations);
    declarations.filter_map(|declaration| match &declaration.body {
        DeclarationBody::Unresolved(_, template)
        | DeclarationBody::Custom(_, CustomValue::Template(template)) => Some(template),
        _ => None,
    })
}
