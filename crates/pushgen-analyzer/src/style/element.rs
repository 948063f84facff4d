//! The elements of a [`Tree`](super::tree::Tree) as the `selectors` library asks for them.

use precomputed_hash::PrecomputedHash;
use selectors::OpaqueElement;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::{BLOOM_HASH_MASK, BloomFilter};
use selectors::matching::{ElementSelectorFlags, MatchingContext};

use super::names::{AttributeValue, Identifier, LocalName, NamespaceUrl, folded_hash};
use super::pseudo_class::PseudoClass;
use super::pseudo_element::PseudoElement;
use super::selector::Grammar;
use super::tree::Element;

/// Bytes of a class list or an attribute that are compared in a step.
const BYTES_PER_STEP: usize = 64;

impl selectors::Element for Element<'_> {
    type Impl = Grammar;

    fn opaque(&self) -> OpaqueElement {
        self.identity()
    }

    fn parent_element(&self) -> Option<Self> {
        self.parent()
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        self.tree.take(1) && self.is_in_root()
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        self.tree.take(1).then(|| self.host()).flatten()
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.previous()
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.next()
    }

    fn first_element_child(&self) -> Option<Self> {
        self.first_child()
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.is_html()
    }

    fn has_local_name(&self, name: &LocalName) -> bool {
        self.tree.take(1) && is_named(self.node().local_name(), &name.0, self.is_html())
    }

    fn has_namespace(&self, url: &NamespaceUrl) -> bool {
        self.tree.take(1) && NamespaceUrl::from(self.node().namespace()) == *url
    }

    fn is_same_type(&self, other: &Self) -> bool {
        let (this, other) = (self.node(), other.node());
        self.tree.take(1)
            && this.local_name() == other.local_name()
            && this.namespace() == other.namespace()
    }

    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&NamespaceUrl>,
        local_name: &LocalName,
        operation: &AttrSelectorOperation<&AttributeValue>,
    ) -> bool {
        self.node().attributes().any(|(name, value)| {
            if !self.tree.take(1) {
                return false;
            }
            let (url, local) = match (self.is_html(), name.split_once(':')) {
                (false, Some((prefix, local))) => match NamespaceUrl::of_prefix(prefix) {
                    Some(url) => (url, local),
                    None => (NamespaceUrl::None, &**name),
                },
                (false, None) if &**name == "xmlns" => (NamespaceUrl::XmlNs, "xmlns"),
                _ => (NamespaceUrl::None, &**name),
            };
            let is_named = if url == NamespaceUrl::None {
                is_named(name, &local_name.0, self.is_html())
            } else {
                local.eq_ignore_ascii_case(&local_name.0)
            };
            let is_in_namespace = match namespace {
                NamespaceConstraint::Any => true,
                NamespaceConstraint::Specific(wanted) => **wanted == url,
            };
            is_named
                && is_in_namespace
                && self.tree.take(value.len() / BYTES_PER_STEP)
                && operation.eval_str(value)
        })
    }

    fn match_non_ts_pseudo_class(
        &self,
        class: &PseudoClass,
        _: &mut MatchingContext<'_, Grammar>,
    ) -> bool {
        self.tree.take(1) && self.is_in_state(class)
    }

    /// The pseudo-element of a selector is told with its match; it never stands for an element.
    fn match_pseudo_element(
        &self,
        _: &PseudoElement,
        _: &mut MatchingContext<'_, Grammar>,
    ) -> bool {
        self.tree.take(1);
        false
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        self.is_hyperlink()
    }

    fn is_html_slot_element(&self) -> bool {
        self.tree.take(1) && self.is("slot")
    }

    fn has_id(&self, id: &Identifier, case: CaseSensitivity) -> bool {
        self.tree.take(1)
            && self
                .attribute("id")
                .is_some_and(|own| case.eq(own.as_bytes(), id.as_str().as_bytes()))
    }

    fn has_class(&self, class: &Identifier, case: CaseSensitivity) -> bool {
        let classes = self.classes();
        self.tree.take(1 + classes.len() / 8)
            && classes.iter().any(|own| {
                own.hash == class.hash() && case.eq(own.name.as_bytes(), class.as_str().as_bytes())
            })
    }

    fn has_custom_state(&self, _: &Identifier) -> bool {
        false
    }

    fn imported_part(&self, _: &Identifier) -> Option<Identifier> {
        None
    }

    fn is_part(&self, _: &Identifier) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        self.tree.take(1) && !self.node().has_text() && self.first_child().is_none()
    }

    fn is_root(&self) -> bool {
        self.tree.take(1) && self.node().parent().is_none()
    }

    fn ignores_nth_child_selectors(&self) -> bool {
        !self.tree.take(1)
    }

    fn add_element_unique_hashes(&self, filter: &mut BloomFilter) -> bool {
        self.for_each_hash(|hash| filter.insert_hash(hash));
        true
    }
}

/// Chromium compares the names of foreign elements and attributes without case; those of HTML arrive in lower case.
fn is_named(own: &html5ever::LocalName, name: &html5ever::LocalName, is_html: bool) -> bool {
    own == name || (!is_html && own.eq_ignore_ascii_case(name))
}

impl Element<'_> {
    /// The hashes by which selectors may ask for this element among ancestors.
    pub(super) fn for_each_hash(self, mut each: impl FnMut(u32)) {
        let node = self.node();
        let classes = self.classes();
        self.tree.take(1 + classes.len() / 8);
        each(node.local_name().precomputed_hash() & BLOOM_HASH_MASK);
        if node.name().bytes().any(|byte| byte.is_ascii_uppercase()) {
            let lower = html5ever::LocalName::from(node.name().to_ascii_lowercase());
            each(lower.precomputed_hash() & BLOOM_HASH_MASK);
        }
        each(NamespaceUrl::from(node.namespace()).precomputed_hash() & BLOOM_HASH_MASK);
        if let Some(id) = node.attribute("id") {
            each(folded_hash(id) & BLOOM_HASH_MASK);
        }
        for class in classes {
            each(class.hash & BLOOM_HASH_MASK);
        }
    }
}
