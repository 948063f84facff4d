//! Pseudo-classes other than the structural ones, which the library knows: their names and arguments.
//!
//! Those that cannot hold while a page loads (`:hover`, `:target`, `:visited`, …) are valid and never match.
//! What Chromium does not know makes a selector invalid.

use std::fmt::{self, Write};

use cssparser::{Parser, ToCss};

/// A pseudo-class that a document's static state decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PseudoClass {
    AnyLink,
    Checked,
    Default,
    Defined,
    Dir(Option<Direction>),
    Disabled,
    Enabled,
    /// `:focus` and `:focus-visible`
    Focus,
    FocusWithin,
    InRange,
    Indeterminate,
    Invalid,
    Lang(Box<str>),
    Open,
    Optional,
    OutOfRange,
    PlaceholderShown,
    ReadOnly,
    ReadWrite,
    Required,
    Valid,
    /// A state that cannot hold while a page loads.
    Never(State),
}

/// What kind of state never holds; the grammar treats them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    HoverOrActive,
    /// Another state that may stand behind a pseudo-element.
    OfPseudoElement,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("ltr") {
            Some(Self::LeftToRight)
        } else if name.eq_ignore_ascii_case("rtl") {
            Some(Self::RightToLeft)
        } else {
            None
        }
    }
}

impl PseudoClass {
    /// Of a name without its colon.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "any-link" | "link" | "-webkit-any-link" => Self::AnyLink,
            "checked" => Self::Checked,
            "default" => Self::Default,
            "defined" => Self::Defined,
            "disabled" => Self::Disabled,
            "enabled" => Self::Enabled,
            "in-range" => Self::InRange,
            "indeterminate" => Self::Indeterminate,
            "invalid" => Self::Invalid,
            "open" => Self::Open,
            "optional" => Self::Optional,
            "out-of-range" => Self::OutOfRange,
            "placeholder-shown" => Self::PlaceholderShown,
            "read-only" => Self::ReadOnly,
            "read-write" => Self::ReadWrite,
            "required" => Self::Required,
            "valid" => Self::Valid,
            "hover" | "active" => Self::Never(State::HoverOrActive),
            "focus" | "focus-visible" => Self::Focus,
            "focus-within" => Self::FocusWithin,
            "horizontal" | "vertical" | "decrement" | "increment" | "start" | "end"
            | "double-button" | "single-button" | "no-button" | "corner-present"
            | "window-inactive" | "target-current" | "target-before" | "target-after" => {
                Self::Never(State::OfPseudoElement)
            }
            "visited"
            | "target"
            | "modal"
            | "popover-open"
            | "fullscreen"
            | "picture-in-picture"
            | "autofill"
            | "user-valid"
            | "user-invalid"
            | "active-view-transition"
            | "current"
            | "past"
            | "future"
            | "xr-overlay"
            | "navigation-source"
            | "unbounded"
            | "granted"
            | "interest-source"
            | "interest-target"
            | "-webkit-autofill"
            | "-webkit-full-screen"
            | "-webkit-full-screen-ancestor"
            | "-webkit-full-page-media"
            | "-webkit-drag"
            | "-internal-autofill-previewed"
            | "-internal-autofill-selected" => Self::Never(State::Other),
            _ => return None,
        })
    }

    /// Of a name with arguments.
    pub(super) fn of_function(name: &str, arguments: &mut Parser<'_>) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "lang" => Self::Lang(arguments.expect_ident().ok()?.as_ref().into()),
            "dir" => Self::Dir(Direction::of(arguments.expect_ident().ok()?)),
            "state" => {
                arguments.expect_ident().ok()?;
                Self::Never(State::Other)
            }
            "active-view-transition-type" => {
                arguments
                    .parse_comma_separated(|input| -> Result<(), cssparser::ParseError<()>> {
                        input.expect_ident()?;
                        Ok(())
                    })
                    .ok()?;
                Self::Never(State::Other)
            }
            "host-context" => {
                arguments.next().ok()?;
                while arguments.next().is_ok() {}
                Self::Never(State::Other)
            }
            _ => return None,
        })
    }
}

impl selectors::parser::NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        *self == Self::Never(State::HoverOrActive)
    }

    /// Whether it may stand behind a pseudo-element.
    fn is_user_action_state(&self) -> bool {
        matches!(
            self,
            Self::Focus
                | Self::FocusWithin
                | Self::Never(State::HoverOrActive | State::OfPseudoElement)
        )
    }
}

impl ToCss for PseudoClass {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        write!(dest, ":{self:?}")
    }
}
