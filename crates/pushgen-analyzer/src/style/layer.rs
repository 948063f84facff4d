//! The order of a page's cascade layers.
//!
//! In: the layers that its sheets mention, in the order of the page. Out: a rank for each, of which the higher wins.
//! Follows CSS Cascade 5 §6.4: layers are ordered by their first appearance, nested layers come before what stands
//! directly in their parent, and what stands in no layer is last. A layer under a condition that does not hold is not
//! there.

use std::collections::HashMap;
use std::sync::Arc;

use crate::css::{Applies, Context, Layer};
use crate::viewport::Viewport;

/// A `@layer` of a sheet, as a place in [`StyleSheet::layers`](crate::css::StyleSheet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MentionId(pub(crate) u32);

/// One `@layer` of a sheet: a block, or a name in a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerMention {
    /// The block around it.
    pub(crate) outer: Option<MentionId>,
    pub(crate) layer: Layer,
    /// The conditions around it.
    pub(crate) context: Context,
    /// Whether an `@import` may still follow, so that the layers of the imports come after it.
    pub(crate) is_before_imports: bool,
}

/// A layer of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerId(u32);

/// The layers of a page so far.
#[derive(Debug)]
pub(crate) struct LayerTree {
    /// For each layer its children in order; the first one is the page itself.
    children: Vec<Vec<LayerId>>,
    named: HashMap<(u32, Box<str>), LayerId>,
}

impl Default for LayerTree {
    fn default() -> Self {
        Self {
            children: vec![Vec::new()],
            named: HashMap::new(),
        }
    }
}

impl LayerTree {
    /// What holds the rules that are in no layer.
    pub(crate) const ROOT: LayerId = LayerId(0);

    /// The layer within another one, new if it has no name or was not mentioned before.
    pub(crate) fn enter(&mut self, outer: LayerId, layer: &Layer) -> LayerId {
        match layer {
            Layer::Anonymous => self.add(outer),
            Layer::Named(name) => name.split('.').fold(outer, |outer, part| {
                let key = (outer.0, part.into());
                if let Some(known) = self.named.get(&key) {
                    return *known;
                }
                let new = self.add(outer);
                self.named.insert(key, new);
                new
            }),
        }
    }

    fn add(&mut self, outer: LayerId) -> LayerId {
        let new = LayerId(u32::try_from(self.children.len()).unwrap_or(u32::MAX));
        self.children.push(Vec::new());
        if let Some(children) = self.children.get_mut(outer.0 as usize) {
            children.push(new);
        }
        new
    }

    /// Enters the mentions of a sheet whose rules go into `outer`, those before its imports or those after, and tells
    /// for each the layer it stands for.
    pub(crate) fn enter_all(
        &mut self,
        outer: LayerId,
        mentions: &[LayerMention],
        is_before_imports: bool,
        viewport: &Viewport,
        entered: &mut Vec<LayerId>,
    ) {
        for mention in mentions {
            if mention.is_before_imports != is_before_imports {
                continue;
            }
            let outer = mention
                .outer
                .and_then(|MentionId(at)| entered.get(at as usize))
                .map_or(outer, |id| *id);
            entered.push(if mention.context.applies(viewport) == Applies::Matches {
                self.enter(outer, &mention.layer)
            } else {
                outer
            });
        }
    }

    /// The rank of each layer by its number.
    pub(crate) fn ranks(&self) -> LayerRanks {
        let mut ranks = vec![0; self.children.len()];
        let mut next = 0;
        let mut stack = vec![(Self::ROOT, 0)];
        while let Some((layer, child)) = stack.last_mut() {
            let children = self.children.get(layer.0 as usize);
            if let Some(inner) = children.and_then(|children| children.get(*child)) {
                *child += 1;
                stack.push((*inner, 0));
                continue;
            }
            if let Some(rank) = ranks.get_mut(layer.0 as usize) {
                *rank = next;
            }
            next += 1;
            stack.pop();
        }
        LayerRanks(ranks.into())
    }
}

/// Which layer comes after which.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerRanks(Arc<[u32]>);

impl LayerRanks {
    pub(crate) fn of(&self, layer: LayerId) -> u32 {
        self.0.get(layer.0 as usize).copied().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::css::StyleSheet;

    /// The rules' selectors from the weakest layer to the strongest.
    fn order(text: &str) -> String {
        let sheet = StyleSheet::parse(text);
        let mut tree = LayerTree::default();
        let mut entered = Vec::new();
        for before in [true, false] {
            let outer = LayerTree::ROOT;
            tree.enter_all(
                outer,
                &sheet.layers,
                before,
                &Viewport::DESKTOP,
                &mut entered,
            );
        }
        let ranks = tree.ranks();
        let mut rules: Vec<(u32, String)> = sheet
            .style_rules
            .iter()
            .map(|rule| {
                let layer = rule
                    .layer
                    .map_or(LayerTree::ROOT, |id| entered[id.0 as usize]);
                (
                    ranks.of(layer),
                    rule.selectors.as_ref().expect("one").to_string(),
                )
            })
            .collect();
        rules.sort_by_key(|(rank, _)| *rank);
        let names: Vec<String> = rules.into_iter().map(|(_, name)| name).collect();
        names.join(" ")
    }

    #[test]
    fn layers_are_ordered_by_first_appearance() {
        let rule = |name: &str| format!("{name} {{ display: block }}");
        let [a, b, c, d] = ["a", "b", "c", "d"].map(rule);
        let table = [
            (format!("{a} @layer x {{ {b} }}"), "b a"),
            (
                format!("@layer y, x; @layer x {{ {a} }} @layer y {{ {b} }}"),
                "b a",
            ),
            (
                format!("@layer x {{ {a} @layer y {{ {b} }} }} {c}"),
                "b a c",
            ),
            (
                format!("@layer x.y {{ {a} }} @layer x {{ {b} }} @layer z {{ {c} }}"),
                "a b c",
            ),
            (
                format!("@layer x {{ {a} }} @layer z {{ {c} }} @layer x.y {{ {b} }}"),
                "b a c",
            ),
            (format!("@layer {{ {a} }} @layer {{ {b} }} {c}"), "a b c"),
            (
                format!("@layer x {{ @layer {{ {a} }} @layer {{ {b} }} {c} }} {d}"),
                "a b c d",
            ),
            (
                format!("@media print {{ @layer y; }} @layer x {{ {a} }} @layer y {{ {b} }}"),
                "a b",
            ),
            (
                format!("@media screen {{ @layer y; }} @layer x {{ {a} }} @layer y {{ {b} }}"),
                "b a",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(order(&text), expected, "{text}");
        }
    }
}
