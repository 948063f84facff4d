//! Pass 4: where boxes lie on the page.
//!
//! In: boxes with their sizes and offsets, the root first. Out: rectangles on the page. Absolutely positioned boxes are placed
//! here (CSS 2 §10.6.4), and percentages of heights resolved that only now are known.

use super::{Flow, Placed, Rect};
use crate::layout::box_style::Positioned;
use crate::layout::vocabulary::Word;

impl Flow<'_> {
    /// Pass 4: places on the page.
    pub(super) fn place(mut self) -> Vec<Placed> {
        let screen = Rect {
            x: 0.0,
            y: 0.0,
            width: self.viewport.width as f32,
            height: self.viewport.height as f32,
        };
        let mut placed: Vec<Placed> = Vec::with_capacity(self.boxes.len());
        // The padding box that places what is absolutely positioned within, and how that is cut off.
        let mut containing: Vec<(Rect, Rect)> = Vec::with_capacity(self.boxes.len());
        for at in 0..self.boxes.len() {
            let found = &self.boxes[at];
            let parent = found.parent.filter(|parent| *parent < at);
            let around = parent.map_or((screen, Rect::ALL), |parent| containing[parent]);
            let Some(container) = self.states[at]
                .container
                .filter(|_| self.states[at].is_laid_out)
            else {
                let mut own = self.states[at]
                    .container
                    .map_or(Placed::default(), |at| placed[at]);
                own.text = Rect::default();
                if self.states[at].is_laid_out {
                    let state = &self.states[at];
                    own.rect = Rect {
                        x: 0.0,
                        y: 0.0,
                        width: state.border_width(),
                        height: state.height,
                    };
                    own.clip = Rect::ALL;
                    own.text = self.text_rect(at, own.rect);
                }
                placed.push(own);
                containing.push(around);
                continue;
            };
            let outer = placed[container];
            let [pad_top, _, pad_bottom, pad_left] = self.states[container].padding;
            let state = &self.states[at];
            let mut rect = Rect {
                x: outer.rect.x + pad_left + state.x,
                y: outer.rect.y + pad_top + state.y,
                width: state.border_width(),
                height: state.height,
            };
            let mut clip = outer.clip;
            if self.boxes[container].style.clips {
                clip = clip.intersect(outer.rect);
            }
            let style = &found.style;
            let mut late = self.states[at].is_late;
            let is_out = !self.is_in_flow(at);
            if is_out {
                let (of, of_clip) = if style.positioned == Positioned::Fixed {
                    (screen, Rect::ALL)
                } else {
                    around
                };
                clip = of_clip;
                let inset = |side: usize| {
                    let percent = if side.is_multiple_of(2) {
                        of.height
                    } else {
                        of.width
                    };
                    let length = style.inset.get(side).and_then(Option::as_ref);
                    self.resolve(at, length, Some(percent))
                };
                let [margin_top, margin_right, margin_bottom, margin_left] = state.margin;
                if let Some(length) = &style.height
                    && let Some(height) = self.resolve(at, Some(length), Some(of.height))
                {
                    let [top, _, bottom, _] = state.padding;
                    rect.height = if style.border_box {
                        height
                    } else {
                        height + top + bottom
                    };
                    late = true;
                } else if found.replaced.is_none()
                    && let Some((top, bottom)) = inset(0).zip(inset(2))
                {
                    rect.height = (of.height - top - bottom).max(0.0);
                    late = true;
                }
                if let Some(left) = inset(3) {
                    rect.x = of.x + left + margin_left;
                } else if let Some(right) = inset(1) {
                    rect.x = of.x + of.width - right - rect.width - margin_right;
                }
                if let Some(top) = inset(0) {
                    rect.y = of.y + top + margin_top;
                } else if let Some(bottom) = inset(2) {
                    rect.y = of.y + of.height - bottom - rect.height - margin_bottom;
                }
            } else if self.states[container].is_late
                && self.states[at]
                    .definite_height
                    .is_none_or(|_| found.replaced.is_some())
                && let Some(length) = &style.height
                && self.resolve(at, Some(length), None).is_none()
            {
                let inner = (outer.rect.height - pad_top - pad_bottom).max(0.0);
                if let Some(height) = self.resolve(at, Some(length), Some(inner)) {
                    rect.height = height;
                    late = true;
                }
            }
            if style.moved_away {
                rect.x -= 1e6;
            }
            self.states[at].is_late = late;
            self.states[at].height = rect.height;
            let text = self.text_rect(at, rect);
            placed.push(Placed { rect, clip, text });
            let own_clip = if style.clips {
                clip.intersect(rect)
            } else {
                clip
            };
            containing.push(if style.is_containing || is_out {
                (rect, own_clip)
            } else {
                around
            });
        }
        placed
    }

    pub(super) fn text_rect(&self, at: usize, rect: Rect) -> Rect {
        let state = &self.states[at];
        let style = &self.boxes[at].style;
        let [top, _, _, left] = state.padding;
        let longest = match style.white_space {
            Word::Pre | Word::PreWrap => state.text_width / state.text_lines.max(1.0),
            _ => state.text_width,
        };
        // The lines reach from the first one's letters to the last one's.
        let leading = (state.line - style.font_size * 1.15).max(0.0);
        Rect {
            x: rect.x + left,
            y: rect.y + top + leading / 2.0,
            width: if style.white_space == Word::Pre {
                longest
            } else {
                longest.min((state.width * 0.98).max(state.word))
            },
            height: (state.text_height - leading).max(0.0),
        }
    }
}
