//! `media` attributes: what a media query list says of a viewport (Media Queries 4).

use crate::css::{Applies, MediaQueryList, MediaText};
use crate::reference::confidence;
use crate::viewport::Viewport;

/// Whether a list matches, and how sure that is for other viewports.
#[derive(Debug, Clone)]
pub(super) struct Media {
    pub(super) applies: bool,
    pub(super) confidence: f64,
    /// On which screens it does.
    pub(super) text: MediaText,
}

impl Media {
    /// No attribute, or an empty one.
    pub(super) const ALL: Self = Self {
        applies: true,
        confidence: confidence::CERTAIN,
        text: MediaText::Everywhere,
    };

    pub(super) fn of(list: &str, viewport: &Viewport) -> Self {
        if list.trim_ascii().is_empty() {
            return Self::ALL;
        }
        let list = MediaQueryList::parse(list);
        let applies = list.evaluate(viewport) == Applies::Matches;
        let confidence = if list.depends_on_viewport() {
            confidence::VIEWPORT
        } else {
            confidence::CERTAIN
        };
        Self {
            applies,
            confidence,
            text: list.text(),
        }
    }

    /// How sure the loading of a sheet is. One that does not apply is fetched all the same; of one that
    /// applies another viewport may say otherwise.
    pub(super) fn sheet_confidence(&self) -> f64 {
        if self.applies {
            self.confidence
        } else {
            confidence::CERTAIN
        }
    }
}
