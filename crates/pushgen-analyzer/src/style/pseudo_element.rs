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
            "checkmark" | "picker-icon" | "interest-button" | "permission-icon"
            | "select-listbox" => Self::Inner,
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
            "highlight" => arguments.expect_ident().is_ok(),
            "picker" => arguments.expect_ident_matching("select").is_ok(),
            "scroll-button" => is_direction(arguments),
            "cue"
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

/// `*`, or one of the sides that `::scroll-button()` takes.
fn is_direction(arguments: &mut Parser<'_>) -> bool {
    arguments.try_parse(|input| input.expect_delim('*')).is_ok()
        || arguments.expect_ident().is_ok_and(|side| {
            [
                "left",
                "right",
                "up",
                "down",
                "block-start",
                "block-end",
                "inline-start",
                "inline-end",
                "prev",
                "next",
            ]
            .iter()
            .any(|known| side.eq_ignore_ascii_case(known))
        })
}

/// Whether Chromium has a part of this name. In a style rule any name will do that begins with `-webkit-`, but a
/// feature query wants a known one.
pub(super) fn is_known_part(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("-webkit-") {
        Some(part) => KNOWN_PARTS
            .split_ascii_whitespace()
            .any(|known| known == part),
        None => true,
    }
}

/// Without `-webkit-`.
const KNOWN_PARTS: &str = "\
    calendar-picker-indicator color-swatch color-swatch-wrapper date-and-time-value
    datetime-edit datetime-edit-ampm-field datetime-edit-day-field
    datetime-edit-fields-wrapper datetime-edit-hour-field datetime-edit-millisecond-field
    datetime-edit-minute-field datetime-edit-month-field datetime-edit-second-field
    datetime-edit-text datetime-edit-week-field datetime-edit-year-field file-upload-button
    inner-spin-button input-placeholder media-controls media-controls-current-time-display
    media-controls-enclosure media-controls-fullscreen-button media-controls-mute-button
    media-controls-overlay-enclosure media-controls-overlay-play-button media-controls-panel
    media-controls-play-button media-controls-time-remaining-display media-controls-timeline
    media-controls-toggle-closed-captions-button media-controls-volume-slider
    media-slider-container media-slider-thumb media-text-track-container
    media-text-track-display media-text-track-region meter-bar meter-even-less-good-value
    meter-inner-element meter-optimum-value meter-suboptimum-value progress-bar
    progress-inner-element progress-value resizer scrollbar scrollbar-button
    scrollbar-corner scrollbar-thumb scrollbar-track scrollbar-track-piece
    search-cancel-button slider-container slider-runnable-track slider-thumb
    textfield-decoration-container";

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
