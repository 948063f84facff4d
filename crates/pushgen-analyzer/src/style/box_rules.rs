//! What the rules of a page say of the boxes of its elements.
//!
//! In: the style of a page and which of its rules about boxes match. Out: for an element or its pseudo-element the
//! declarations in force, with what orders them. They are told apart from what decides about fetching because there are
//! several times as many, and few pages ask for them.

use super::layer::LayerTree;
use super::page_rules::Matches;
use super::page_rules::PageStyle;
use super::precedence::{Origin, Precedence};
use super::pseudo_element::PseudoElement;
use super::style_table::RuleOrder;
use super::styles::layer;
use crate::css::Applies;
use crate::html::Node;
use crate::layout::{BoxDeclaration, MatchedBoxes};

/// The rules about boxes of one page.
pub(crate) struct BoxRules<'p> {
    page: PageStyle<'p>,
    matches: &'p Matches,
    order: RuleOrder,
}

impl<'p> BoxRules<'p> {
    /// `matches` are those of the rules about boxes.
    pub(crate) fn new(page: PageStyle<'p>, matches: &'p Matches) -> Self {
        Self {
            page,
            matches,
            order: RuleOrder::of(page.sheets),
        }
    }

    /// What holds for an element, its `style` attribute included, or for a pseudo-element of it.
    pub(crate) fn of(
        &self,
        element: Node<'_>,
        pseudo_element: Option<PseudoElement>,
        attribute: Option<&'p [BoxDeclaration]>,
    ) -> Vec<MatchedBoxes<'p>> {
        let matched = self.matches.set(self.matches.set_of(element)).iter();
        let of_this = matched.filter(|found| found.pseudo_element == pseudo_element);
        let rules = of_this.filter_map(|found| {
            let applied = self.page.sheets.get(found.sheet as usize)?;
            let rule = applied.sheet.style_rules.get(found.rule.0 as usize)?;
            (rule.context.applies(self.page.viewport) == Applies::Matches).then(|| MatchedBoxes {
                declarations: &rule.boxes,
                precedence: Precedence::of_rule(
                    found,
                    self.page.layers.of(layer(applied, rule.layer)),
                    self.order.place(found),
                ),
            })
        });
        let attribute = attribute.map(|declarations| MatchedBoxes {
            declarations,
            precedence: Precedence::of_attribute(
                Origin::StyleAttribute,
                self.page.layers.of(LayerTree::ROOT),
            ),
        });
        rules.chain(attribute).collect()
    }
}
