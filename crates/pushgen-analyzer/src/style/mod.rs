//! Style: which rules of a page's sheets hold for which of its elements.
//!
//! [`SelectorList`] parses the selectors of a rule, a [`RuleIndex`] holds those of a sheet, [`match_page`] tells for every
//! element of a document which rules match it. The state is that of a page right after loading: nothing is hovered,
//! focused, visited or targeted, and form controls are as the markup leaves them.
//!
//! Files: `selector` is the grammar and what it bounds, with `pseudo_class`, `pseudo_element` and `names`; `tree` is the
//! document as selectors see it, `element` answers the library's questions, `state` and `form` those of the
//! pseudo-classes; `rule_index`, `scope` and `matching` do the matching.
//!
//! Left out: `::slotted` and `::part`, which never match, custom states, and pseudo-elements of pseudo-elements (`::before::marker`).

mod box_rules;
mod boxes;
mod cascade;
mod characters;
mod computed;
mod control_text;
mod custom_property;
mod declaration;
mod element;
mod face_search;
mod font_matching;
mod font_value;
mod form;
mod image_value;
mod layer;
mod list_marker;
mod matching;
mod names;
mod page_rules;
mod presentational_hint;
mod property;
mod pseudo_class;
mod pseudo_element;
mod registration;
mod rule_index;
mod scope;
mod selector;
mod shadow_root;
mod sheet_rules;
mod slots;
mod state;
mod styles;
mod substitution;
mod tree;
mod usage;
mod user_agent;
mod value;
mod walk;
mod wide_keyword;

#[cfg(test)]
mod tests;

pub(crate) use box_rules::BoxRules;
pub(crate) use boxes::{BoxKind, ContentIs, ElementBox};
pub(crate) use cascade::{Origin, SheetId};
pub(crate) use computed::ComputedStyle;
pub(crate) use custom_property::{Allowance, CustomProperties};
pub(crate) use declaration::Declaration;
pub(crate) use layer::{LayerId, LayerMention, LayerRanks, LayerTree, MentionId};
pub(crate) use names::{NamespaceUrl, Namespaces};
pub(crate) use page_rules::{AppliedSheet, Matches, PageMatches};
pub(crate) use property::Longhand;
pub(crate) use pseudo_element::PseudoElement;
pub(crate) use selector::Specificity;
pub(crate) use shadow_root::is_shadow_root;
pub(crate) use sheet_rules::SheetRules;
pub(crate) use styles::{DOCUMENT, StyleId, Styles};
pub(crate) use substitution::Template;
pub(crate) use usage::{Certainty, ImageUse, PageStyle, StyleBasis, Usage};
pub(crate) use value::{Display, Family, Generic, Visibility};
pub(crate) use wide_keyword::WideKeyword;
