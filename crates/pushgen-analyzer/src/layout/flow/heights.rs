//! Pass 3: how high boxes are, and where they lie in their container.
//!
//! In: boxes with their widths, the leaves first. Out: heights and offsets. Follows CSS 2 §9.4-9.5 and §10.6, Flexbox 1 §9
//! and Grid 1 §8 coarsely, see [`super`].

use super::{Flow, clamp_option};
use crate::layout::box_style::{Inside, Kind, Positioned};
use crate::layout::length::Length;
use crate::layout::vocabulary::Word;

impl Flow<'_> {
    /// Pass 3: heights, and places in the container.
    pub(super) fn set_heights(&mut self) {
        for at in (0..self.boxes.len()).rev() {
            if !self.states[at].is_laid_out {
                continue;
            }
            let content = if self.boxes[at].replaced.is_some() {
                0.0
            } else {
                self.lay_out_content(at)
            };
            let style = &self.boxes[at].style;
            let state = &self.states[at];
            let [top, _, bottom, _] = state.padding;
            let above = top + bottom;
            let limit = |limit: &Option<Length>| {
                let around = state
                    .container
                    .and_then(|at| self.states[at].definite_height);
                self.content(at, limit.as_ref(), around, above)
            };
            let height = match (state.definite_height, &style.height) {
                // With a ratio the content may make it higher.
                (Some(height), None) if self.boxes[at].replaced.is_none() && !style.clips => {
                    height.max(content)
                }
                (Some(height), _) => height,
                (None, _) => clamp_option(
                    Some(content),
                    limit(&style.min_height),
                    limit(&style.max_height),
                )
                .unwrap_or(content),
            };
            self.states[at].height = height + above;
        }
    }

    /// Places what is in a box, and tells the height that it takes.
    pub(super) fn lay_out_content(&mut self, at: usize) -> f32 {
        let style = &self.boxes[at].style;
        let state = &self.states[at];
        let width = state.width.max(1.0);
        let lines = match style.white_space {
            Word::Pre => state.text_lines,
            Word::PreWrap => (state.text_width / width).ceil().max(state.text_lines),
            Word::NoWrap if state.text_width > 0.0 => 1.0,
            // A line ends with the last word that fits, half a word before its end.
            _ => (state.text_width / (width - state.line * 0.9).max(width * 0.6)).ceil(),
        };
        let line = state.line;
        self.states[at].text_height = lines * line;
        let gap = self.gap(at, style.gap.as_ref());
        let row_gap = self.gap(at, style.row_gap.as_ref());
        let text = lines * line;
        let children = self.children(at);
        match style.inside {
            Inside::FlexRow => {
                text.max(self.lay_out_row(&children, width, gap, row_gap, style.wraps))
            }
            Inside::Flow if style.kind == Kind::TableRow => {
                self.lay_out_row(&children, width, 0.0, 0.0, false)
            }
            Inside::Grid => text + self.lay_out_grid(at, gap, row_gap),
            Inside::FlexColumn => {
                let mut y = text;
                let mut is_first = true;
                for child in children {
                    if !self.is_in_flow(child) {
                        self.put(child, 0.0, y);
                        continue;
                    }
                    let [top, _, bottom, left] = self.states[child].margin;
                    y += top + if is_first { 0.0 } else { row_gap };
                    is_first = false;
                    self.put(child, left, y);
                    y += self.states[child].height + bottom;
                }
                y
            }
            Inside::Flow => {
                let last_line = if lines <= 1.0 {
                    self.states[at].text_width.min(width)
                } else {
                    width / 2.0
                };
                self.lay_out_flow(&children, width, text, last_line, line)
            }
        }
    }

    pub(super) fn put(&mut self, child: usize, x: f32, y: f32) {
        self.states[child].x = x;
        self.states[child].y = y;
    }

    pub(super) fn lay_out_flow(
        &mut self,
        children: &[usize],
        width: f32,
        text: f32,
        last_line: f32,
        line: f32,
    ) -> f32 {
        // The bottom of what is above, the open line's top, height and width, the margin that is to collapse.
        let mut y = (text - line).max(0.0);
        let mut row = if text > 0.0 { line } else { 0.0 };
        let mut x = if text > 0.0 { last_line } else { 0.0 };
        let mut margin = 0.0f32;
        let (mut float_x, mut float_y, mut float_bottom) = (0.0f32, f32::NEG_INFINITY, 0.0f32);
        for child in children.iter().copied() {
            let style = &self.boxes[child].style;
            let state = &self.states[child];
            let [top, right, bottom, left] = state.margin;
            let outer = state.outer_width();
            let height = state.height;
            match style.positioned {
                Positioned::Absolute | Positioned::Fixed => self.put(child, left, y + row),
                Positioned::Float => {
                    float_y = float_y.max(y + row + margin);
                    if float_x > 0.0 && float_x + outer > width + 0.5 {
                        float_x = 0.0;
                        float_y = float_bottom;
                    }
                    self.put(child, float_x + left, float_y + top);
                    float_x += outer;
                    float_bottom = float_bottom.max(float_y + top + height + bottom);
                }
                Positioned::InFlow if state.is_inline_level => {
                    y += margin;
                    margin = 0.0;
                    if x > 0.0 && x + outer > width + 0.5 {
                        y += row;
                        row = 0.0;
                        x = 0.0;
                    }
                    self.put(child, x + left, y + top);
                    x += outer;
                    row = row.max(height + top + bottom);
                }
                Positioned::InFlow => {
                    y += row;
                    row = 0.0;
                    x = 0.0;
                    y += margin.max(top) + margin.min(0.0) + top.min(0.0);
                    // What is as wide as the page goes below floats that fill it.
                    if float_x > width * 0.7 && float_bottom > y {
                        y = float_bottom;
                    }
                    if y >= float_bottom {
                        float_x = 0.0;
                    }
                    let auto = |side: usize| style.margin.get(side).is_none_or(Option::is_none);
                    let free = (width - outer).max(0.0);
                    let shift = match (auto(3), auto(1)) {
                        (true, true) => free / 2.0,
                        (true, false) => free,
                        _ => 0.0,
                    };
                    let _ = right;
                    self.put(child, left + shift, y);
                    y += height;
                    margin = bottom;
                }
            }
        }
        (y + row + margin.max(0.0)).max(float_bottom)
    }

    pub(super) fn lay_out_row(
        &mut self,
        children: &[usize],
        width: f32,
        gap: f32,
        row_gap: f32,
        wraps: bool,
    ) -> f32 {
        let (mut x, mut y) = (0.0f32, 0.0f32);
        let mut row: Vec<usize> = Vec::new();
        let mut height = 0.0f32;
        for child in children.iter().copied() {
            if !self.is_in_flow(child) {
                self.put(child, 0.0, y);
                continue;
            }
            let outer = self.states[child].outer_width();
            if wraps && !row.is_empty() && x + outer > width + 0.5 {
                self.stretch(&row, height);
                row.clear();
                y += height + row_gap;
                x = 0.0;
                height = 0.0;
            }
            let [top, _, bottom, left] = self.states[child].margin;
            self.put(child, x + left, y + top);
            x += outer + gap;
            height = height.max(self.states[child].height + top + bottom);
            row.push(child);
        }
        self.stretch(&row, height);
        y + height
    }

    /// Boxes without a height are as high as their row.
    pub(super) fn stretch(&mut self, row: &[usize], height: f32) {
        for child in row.iter().copied() {
            let can = self.boxes[child].replaced.is_none()
                && self.states[child].definite_height.is_none();
            if can {
                let [top, _, bottom, _] = self.states[child].margin;
                self.states[child].height = self.states[child].height.max(height - top - bottom);
                self.states[child].is_late = true;
            }
        }
    }

    pub(super) fn lay_out_grid(&mut self, at: usize, gap: f32, row_gap: f32) -> f32 {
        let columns = self.columns(at);
        let (mut y, mut height) = (0.0f32, 0.0f32);
        let mut row: Vec<usize> = Vec::new();
        let mut is_first = true;
        for (child, column, _, starts) in self.cells(at, columns.len()) {
            if starts {
                self.stretch(&row, height);
                row.clear();
                y += height + if is_first { 0.0 } else { row_gap };
                is_first = false;
                height = 0.0;
            }
            let x = columns.iter().take(column).sum::<f32>() + gap * column as f32;
            let [top, _, bottom, left] = self.states[child].margin;
            self.put(child, x + left, y + top);
            height = height.max(self.states[child].height + top + bottom);
            row.push(child);
        }
        self.stretch(&row, height);
        y + height
    }
}
