//! Style: which fonts and images of its sheets a page uses.
//!
//! In: a document and its sheets in the order of the cascade. Out: a [`Usage`]. The state is that of a page right after
//! loading: nothing is hovered, visited or targeted, the focus is where `autofocus` puts it, and form controls are as the
//! markup leaves them.
//!
//! Files, in the way data goes: `declaration` (`property`, `value`, `font_value`, `image_value`, `list_value`,
//! `content_value`, `component`, `substitution`) reads what a rule says; `selector` (`pseudo_class`, `pseudo_element`,
//! `names`, `scope`) what it is for; `sheet_rules` and `rule_index` make a sheet ready for any page; `page_rules` and
//! `matching` tell which rules match which elements (`tree`, `element`, `state`, `form`, `focus` answer the library's
//! questions); `layer`, `precedence` and `cascade` tell which declarations win, `computed` (`custom_property`, `containers`,
//! `animation`, `user_agent`) what comes of them, `allowance` bounds that, `styles` and `style_table` share it between
//! equals; `walk` with `boxes` visits the page, `face_search` and `font_matching` (`installed_font`) choose the faces
//! for its text; `usage` is what they found.
//!
//! Left out: `::slotted` and `::part`, which never match, custom states, and pseudo-elements of pseudo-elements (`::before::marker`).

mod allowance;
mod animation;
mod box_rules;
mod boxes;
mod cascade;
mod characters;
mod component;
mod computed;
mod containers;
mod content_value;
mod control_text;
mod custom_property;
mod declaration;
mod element;
mod face_search;
mod focus;
mod font_matching;
mod font_value;
mod form;
mod image_value;
mod installed_font;
mod layer;
mod list_marker;
mod list_value;
mod matching;
mod names;
mod page_rules;
mod precedence;
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
mod style_table;
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

pub(crate) use allowance::Allowance;
pub(crate) use box_rules::BoxRules;
pub(crate) use boxes::{BoxKind, ContentIs, ElementBox};
pub(crate) use cascade::SheetId;
pub(crate) use computed::ComputedStyle;
pub(crate) use custom_property::CustomProperties;
pub(crate) use declaration::Declaration;
pub(crate) use layer::{LayerId, LayerMention, LayerRanks, LayerTree, MentionId};
pub(crate) use names::{NamespaceUrl, Namespaces};
pub(crate) use page_rules::{AppliedSheet, Matches, PageMatches, PageStyle};
pub(crate) use precedence::Precedence;
pub(crate) use presentational_hint::PresentationalHints;
pub(crate) use property::Longhand;
pub(crate) use pseudo_element::PseudoElement;
pub(crate) use selector::is_supported as is_supported_selector;
pub(crate) use shadow_root::is_shadow_root;
pub(crate) use sheet_rules::SheetRules;
pub(crate) use style_table::{DOCUMENT, StyleId, StyleTable};
pub(crate) use styles::Styles;
pub(crate) use substitution::Template;
pub(crate) use usage::{Certainty, ImageUse, Usage};
pub(crate) use value::{Display, Family, Generic, Visibility};
pub(crate) use wide_keyword::WideKeyword;
