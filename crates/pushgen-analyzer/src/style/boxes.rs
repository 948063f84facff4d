//! Which box an element makes, as far as fonts and images depend on it.
//!
//! In: an element, its computed style, and the box around it. Out: a [`BoxKind`] and what becomes of the element's
//! content. Follows CSS Display 3 §2 and HTML §15.3-15.5; what it was held against is Chromium 156.

use super::computed::ComputedStyle;
use super::value::{ContentVisibility, Display};
use crate::html::{Namespace, Node, shows_own_resource};

/// What kind of box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxKind {
    /// None, but its content has: `display: contents`.
    Contents,
    /// Part of a line.
    Inline,
    /// It has lines of its own.
    Block,
    /// A flex or grid container or a table: what is directly in it is made a block.
    Container,
    /// Its content is not of the page: images, frames, form controls.
    Replaced,
}

/// What becomes of the elements in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentIs {
    Rendered,
    /// It has style and no boxes.
    Styled,
    Absent,
    /// What stands in the slot, instead of what is in the element.
    Slotted,
    /// Absent, but for the first `summary`.
    Summary,
}

/// A box of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ElementBox {
    pub(crate) kind: BoxKind,
    /// Whether it stands in a line of the box around it.
    pub(crate) is_inline_level: bool,
    pub(crate) content: ContentIs,
}

impl ElementBox {
    /// The box of an element in a box of the kind `around`; none for `display: none`.
    pub(crate) fn of(element: Node<'_>, style: &ComputedStyle, around: BoxKind) -> Option<Self> {
        // An SVG group has no box of its own to take away.
        let is_group = element.namespace() == Namespace::Svg && element.name() == "g";
        if style.display == Display::None && !is_group {
            return None;
        }
        if element.namespace() == Namespace::Svg && element.name() != "svg" {
            return Some(Self::of_svg(element, around));
        }
        let is_block_level = style.floats || style.is_absolute || around == BoxKind::Container;
        let (kind, is_inline_level) = match style.display {
            Display::None | Display::Contents => (BoxKind::Contents, false),
            Display::Inline | Display::Ruby if is_block_level => (BoxKind::Block, false),
            Display::Inline | Display::Ruby => (BoxKind::Inline, true),
            Display::InlineBlock => (BoxKind::Block, !is_block_level),
            Display::Block | Display::ListItem | Display::TableCell => (BoxKind::Block, false),
            Display::InlineFlexOrGrid | Display::InlineTable | Display::Math => {
                (BoxKind::Container, !is_block_level)
            }
            Display::FlexOrGrid | Display::Table => (BoxKind::Container, false),
        };
        let replaced =
            replaced(element).or_else(|| style.is_replaced().then_some(ContentIs::Absent));
        // CSS Display 3 §2.5: what is no box of its own cannot be taken away around its content.
        if style.display == Display::Contents && replaced.is_some() {
            return None;
        }
        let hides = style.content_visibility == ContentVisibility::Hidden
            && !matches!(style.display, Display::Inline | Display::Contents);
        Some(Self {
            kind: match (kind, replaced) {
                (BoxKind::Contents, _) | (_, None) => kind,
                (_, Some(_)) => BoxKind::Replaced,
            },
            is_inline_level,
            content: match replaced {
                Some(content) => content,
                None if hides => ContentIs::Absent,
                None if element.is("details") && !element.has("open") => ContentIs::Summary,
                None if is_hidden_until_found(element) => ContentIs::Absent,
                None => ContentIs::Rendered,
            },
        })
    }

    /// In an SVG only `text` has lines, and what stands in a `foreignObject`.
    fn of_svg(element: Node<'_>, around: BoxKind) -> Self {
        let kind = match element.name() {
            "text" | "foreignObject" => BoxKind::Block,
            "tspan" | "textPath" | "a" if matches!(around, BoxKind::Block | BoxKind::Inline) => {
                BoxKind::Inline
            }
            _ => BoxKind::Container,
        };
        let content = match element.name() {
            "title" | "desc" | "metadata" | "style" | "script" => ContentIs::Absent,
            _ => ContentIs::Rendered,
        };
        Self {
            kind,
            is_inline_level: kind == BoxKind::Inline,
            content,
        }
    }
}

/// What becomes of the content of a replaced element; none for all others.
fn replaced(element: Node<'_>) -> Option<ContentIs> {
    match (element.namespace(), element.name()) {
        (Namespace::Html, name) => Some(match name {
            "img" | "embed" | "iframe" | "frame" | "input" | "textarea" | "br" | "video"
            | "audio" | "meter" | "progress" => ContentIs::Absent,
            "canvas" => ContentIs::Styled,
            "select" if !is_list_box(element) => ContentIs::Styled,
            "object" if shows_own_resource(element) => ContentIs::Absent,
            _ => return None,
        }),
        // Its children have boxes, but no lines.
        (Namespace::Svg, "svg") => Some(ContentIs::Rendered),
        _ => None,
    }
}

/// Whether a `select` shows its options as a list (HTML §15.5.16).
fn is_list_box(select: Node<'_>) -> bool {
    let size = select.attribute("size").unwrap_or_default();
    select.has("multiple") || size.trim_ascii().parse().is_ok_and(|size: u32| size > 1)
}

fn is_hidden_until_found(element: Node<'_>) -> bool {
    let value = element.attribute("hidden");
    value.is_some_and(|value| value.eq_ignore_ascii_case("until-found"))
}
