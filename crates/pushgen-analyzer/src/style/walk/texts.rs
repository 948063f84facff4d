//! The text that elements show, and the lines it stands in.
//!
//! In: an element in its box. Out: the characters that are shown in its style, and in those of its pseudo-elements. What
//! makes a line high counts as a space: CSS Inline 3 §4.1.

use std::sync::Arc;

use super::super::boxes::{BoxKind, ContentIs};
use super::super::control_text::ControlText;
use super::super::list_marker::marker_text;
use super::super::property::Longhand;
use super::super::pseudo_element::PseudoElement;
use super::super::style_table::StyleId;
use super::super::value::{Content, ContentText, Display, ListStyleType, WhiteSpaceCollapse};
use super::{Around, FIRST_LINE, Walk};
use crate::html::{Namespace, Node};
use crate::style::usage::Certainty;

impl<'p> Walk<'p> {
    /// The element's own text.
    pub(super) fn text(&mut self, element: Node<'p>, around: Around) {
        if around.kind == BoxKind::Replaced {
            self.control_text(element, around);
            return;
        }
        if element.is("option") || element.is("optgroup") {
            if let Some(label) = element.attribute("label").filter(|label| !label.is_empty()) {
                self.add_text(around.style, label, around.is_uncertain);
                self.texts(around).add_space();
            }
        } else if element.is("select")
            || is_editable(element)
            || (element.namespace() == Namespace::MathMl
                && matches!(element.name(), "msqrt" | "mroot"))
        {
            self.texts(around).add_space();
        }
        if element.is("details") && !self.has_summary(element) {
            self.add_text(around.style, "Details", around.is_uncertain);
        }
        let mut text = element.text();
        if around.content == ContentIs::Slotted
            && self.slots.takes_text(element)
            && let Some(host) = around.host.and_then(|host| self.page.dom.element(host))
        {
            text = host.text();
        } else if around.content != ContentIs::Rendered || self.slots.is_host(element) {
            return;
        }
        let is_shown = match element.namespace() {
            Namespace::Html if !text.trim_ascii().is_empty() => true,
            Namespace::Html => match self.styles.style(around.style).white_space {
                WhiteSpaceCollapse::Collapse => false,
                // Chromium makes a line for `pre-line` even where there is no break.
                WhiteSpaceCollapse::PreserveBreaks | WhiteSpaceCollapse::Preserve => {
                    !text.is_empty()
                }
            },
            Namespace::Svg => !text.trim_ascii().is_empty() && around.kind != BoxKind::Container,
            Namespace::MathMl => !text.trim_ascii().is_empty(),
        };
        if is_shown {
            self.add_text(around.style, text, around.is_uncertain);
            self.texts(around).add_space();
            self.add_line(
                element
                    .parent()
                    .filter(|_| around.kind == BoxKind::Contents),
                around.is_uncertain,
            );
            self.first_text(element, text);
        }
    }

    pub(super) fn has_summary(&self, element: Node<'_>) -> bool {
        self.has_summary
            .get(element.index())
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn control_text(&mut self, element: Node<'p>, around: Around) {
        let part = |part: PseudoElement, walk: &Self| {
            let styles = walk.styles.of_element(around.styles);
            let mut parts = styles.pseudo_elements.iter();
            let found = parts.find(|(known, _)| *known == part);
            found.map_or(around.style, |(_, style)| *style)
        };
        match ControlText::of(element) {
            None => return,
            Some(ControlText::Value(text)) => {
                self.add_text(around.style, text, around.is_uncertain);
            }
            Some(ControlText::Placeholder(text)) => {
                let style = part(PseudoElement::Placeholder, self);
                self.add_text(style, text, around.is_uncertain);
            }
            Some(ControlText::FileSelector { button, words }) => {
                let style = part(PseudoElement::FileSelectorButton, self);
                // Without a style of its own the button has the font of the user interface.
                if style != around.style {
                    self.add_text(style, button, around.is_uncertain);
                }
                self.add_text(around.style, words, around.is_uncertain);
            }
        }
        self.texts(around).add_space();
    }

    /// A `select` is as wide as its widest option, so that all of them are measured in its own font.
    pub(super) fn option(&mut self, option: Node<'p>, around: Around) {
        let select = around.select.and_then(|select| self.around.get(select));
        let select = select.copied().flatten();
        if let Some(select) = select.filter(|select| select.is_laid_out) {
            let text = option.attribute("label").unwrap_or_else(|| option.text());
            self.add_text(select.style, text, around.is_uncertain);
        }
    }

    /// The text of `::before` or `::after`.
    pub(super) fn generated_text(&mut self, element: Node<'p>, around: Around, id: StyleId) {
        let style = self.styles.style(id);
        let Content::List { texts, .. } = &style.content else {
            return;
        };
        if style.display == Display::None {
            return;
        }
        let is_inline_level = matches!(
            style.display,
            Display::Inline
                | Display::InlineBlock
                | Display::InlineFlexOrGrid
                | Display::InlineTable
                | Display::Ruby
        ) && !(style.floats || style.is_absolute)
            && around.kind != BoxKind::Container;
        let text = generated(texts, element);
        self.add_text(id, &text, around.is_uncertain);
        self.texts_of(id, around.is_uncertain).add_space();
        if is_inline_level {
            self.add_line(Some(element), around.is_uncertain);
        }
        if !text.trim_ascii().is_empty() {
            self.first_text(element, &text);
        }
    }

    /// The marker of a list item, or the triangle of a `summary`.
    pub(super) fn add_marker(&mut self, element: Node<'p>, around: Around) {
        let styles = self.styles.of_element(around.styles);
        let mut pseudo_elements = styles.pseudo_elements.iter();
        let marker = pseudo_elements.find(|(known, _)| *known == PseudoElement::Marker);
        let id = marker.map_or(around.style, |(_, style)| *style);
        let own = self.styles.style(around.style);
        let content = match marker {
            Some(_) => &self.styles.style(id).content,
            None => &Content::Normal,
        };
        let text = match content {
            Content::None => return,
            Content::List { texts, .. } => generated(texts, element),
            Content::Normal => {
                let has_image = own
                    .images()
                    .any(|(longhand, _)| longhand == Longhand::ListStyleImage);
                match marker_text(&own.list_style_type) {
                    Some(text) => text.to_owned(),
                    None if has_image => String::new(),
                    None => return,
                }
            }
        };
        self.add_text(id, &text, around.is_uncertain);
        self.texts_of(id, around.is_uncertain).add_space();
        // It stands in, or beside, a line of the item.
        self.texts(around).add_space();
    }

    /// The first text in an element is in the first line, and has the first letter, of the blocks around it.
    pub(super) fn first_text(&mut self, element: Node<'p>, text: &str) {
        if !self.has_first_text {
            return;
        }
        let text = text.trim_ascii_start();
        let mut next = Some(element);
        while let Some(element) = next {
            let Some(Some(around)) = self.around.get_mut(element.index()) else {
                return;
            };
            let is_first = !std::mem::replace(&mut around.has_text, true);
            if !is_first || matches!(around.kind, BoxKind::Container | BoxKind::Replaced) {
                return;
            }
            if std::mem::take(&mut around.awaits_text) {
                let around = *around;
                let certainty = if around.is_uncertain {
                    Certainty::Layout
                } else {
                    Certainty::Certain
                };
                let styles = self.styles.of_element(around.styles);
                let pseudo_elements = styles.pseudo_elements.clone();
                for (pseudo_element, id) in pseudo_elements {
                    let length = match pseudo_element {
                        PseudoElement::FirstLetter => 1,
                        PseudoElement::FirstLine => FIRST_LINE,
                        _ => continue,
                    };
                    let first: String = text.chars().take(length).collect();
                    self.add_text(id, &first, around.is_uncertain);
                    self.texts_of(id, around.is_uncertain).add_space();
                    self.tell_images(id, element, certainty);
                }
            }
            next = element.parent();
        }
    }
}

/// Whether the element itself can be written in, which gives it a line even if it is empty.
fn is_editable(element: Node<'_>) -> bool {
    let value = element.attribute("contenteditable");
    value.is_some_and(|value| {
        ["", "true", "plaintext-only"]
            .iter()
            .any(|known| value.eq_ignore_ascii_case(known))
    })
}

/// The text of a `content` property.
fn generated(texts: &[ContentText], element: Node<'_>) -> String {
    let mut generated = String::new();
    let mut shown: Vec<&str> = Vec::new();
    for text in texts {
        match text {
            ContentText::Text(text) => generated.push_str(text),
            // Shown again it has the same characters, and may be long.
            ContentText::Attribute(name) if shown.contains(&&**name) => {}
            ContentText::Attribute(name) => {
                shown.push(name);
                generated.push_str(element.attribute(name).unwrap_or_default());
            }
            ContentText::Counter { separator, style } => {
                let style = ListStyleType::Counter(Arc::clone(style));
                generated.push_str(marker_text(&style).unwrap_or_default());
                generated.push_str(separator);
            }
            ContentText::OpenQuote => generated.push_str("\u{201c}\u{2018}"),
            ContentText::CloseQuote => generated.push_str("\u{201d}\u{2019}"),
        }
    }
    generated
}
