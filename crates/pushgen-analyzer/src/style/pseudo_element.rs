//! Pseudo-elements: which there are, and what may follow them (CSS Pseudo-Elements 4, as Chromium reads it).

use std::fmt::{self, Write};

use cssparser::{Parser, ToCss};

/// What a selector styles instead of the element that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PseudoElement {
    Before,
    After,
    Marker,
    FirstLine,
    FirstLetter,
    Placeholder,
    Backdrop,
    Selection,
    FileSelectorButton,
    DetailsContent,
    /// A part of a form control, a scroll bar or the like: valid with any name that begins with `-webkit-`.
    Inner,
    /// One that is not there while a page loads, such as `::view-transition` and `::highlight(x)`.
    Absent,
}

impl PseudoElement {
    /// Of a name without its colons.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Some(match name.as_str() {
            "before" => Self::Before,
            "after" => Self::After,
            "marker" => Self::Marker,
            "first-line" => Self::FirstLine,
            "first-letter" => Self::FirstLetter,
            "placeholder" => Self::Placeholder,
            "backdrop" => Self::Backdrop,
            "selection" => Self::Selection,
            "file-selector-button" => Self::FileSelectorButton,
            "details-content" => Self::DetailsContent,
            "checkmark" | "picker-icon" | "interest-button" | "permission-icon" => Self::Inner,
            "cue"
            | "target-text"
            | "spelling-error"
            | "grammar-error"
            | "search-text"
            | "scroll-marker"
            | "scroll-marker-group"
            | "column"
            | "view-transition" => Self::Absent,
            "-webkit-input-placeholder" => Self::Placeholder,
            "-webkit-file-upload-button" => Self::FileSelectorButton,
            name if name.starts_with("-webkit-") => Self::Inner,
            _ => return None,
        })
    }

    /// Of a name with arguments, which are read to their end.
    pub(super) fn of_function(name: &str, arguments: &mut Parser<'_>) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = match name.as_str() {
            "highlight" | "picker" => arguments.expect_ident().is_ok(),
            "cue"
            | "scroll-button"
            | "view-transition-group"
            | "view-transition-image-pair"
            | "view-transition-old"
            | "view-transition-new"
            | "view-transition-group-children" => {
                let holds_something = arguments.next().is_ok();
                while arguments.next().is_ok() {}
                holds_something
            }
            _ => false,
        };
        known.then_some(Self::Absent)
    }
}

impl selectors::parser::PseudoElement for PseudoElement {
    fn accepts_state_pseudo_classes(&self) -> bool {
        matches!(
            self,
            Self::Inner
                | Self::FileSelectorButton
                | Self::DetailsContent
                | Self::Selection
                | Self::Absent
        )
    }

    fn valid_after_slotted(&self) -> bool {
        true
    }

    fn valid_after_before_or_after(&self) -> bool {
        *self == Self::Marker
    }

    fn parses_as_element_backed(&self) -> bool {
        *self == Self::DetailsContent
    }

    fn is_before_or_after(&self) -> bool {
        matches!(self, Self::Before | Self::After)
    }
}

impl ToCss for PseudoElement {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        write!(dest, "::{self:?}")
    }
}
