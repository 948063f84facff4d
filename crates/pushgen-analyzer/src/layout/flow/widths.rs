//! Passes 1 and 2: how wide boxes are.
//!
//! In: boxes linked to their containers. Out: their content widths, paddings, margins, and the heights that are given. Follows
//! CSS 2 §10.3, Flexbox 1 §9.7 and Grid 1 §12; percentages of unknown heights are `auto`, tables share their width out evenly.

use super::{Flow, clamp_option};
use crate::layout::box_style::{Inside, Kind, Positioned};
use crate::layout::grid_columns::Track;
use crate::layout::length::Length;
use crate::layout::vocabulary::Word;

impl Flow<'_> {
    /// Pass 1: the width of the content on one line.
    pub(super) fn measure_content(&mut self) {
        for at in (0..self.boxes.len()).rev() {
            if !self.states[at].is_laid_out {
                continue;
            }
            let found = &self.boxes[at];
            let style = &found.style;
            let sides = |lengths: &[Option<Length>; 4]| {
                let side = |side: usize| {
                    self.resolve(at, lengths.get(side).and_then(Option::as_ref), Some(0.0))
                        .unwrap_or(0.0)
                };
                side(1) + side(3)
            };
            let (padding, margin) = (sides(&style.padding), sides(&style.margin));
            let state = &self.states[at];
            let longest = match style.white_space {
                Word::Pre | Word::PreWrap => state.text_width / state.text_lines.max(1.0),
                _ => state.text_width,
            };
            let mut widest = match found.replaced {
                Some(replaced) => {
                    // A percentage does not count towards the width of what is around it.
                    match &style.width {
                        Some(width) => self.resolve(at, Some(width), None).unwrap_or(0.0),
                        None => replaced.width.unwrap_or(300.0),
                    }
                }
                None => {
                    let width = self.content(at, style.width.as_ref(), None, padding);
                    width.unwrap_or_else(|| (longest + state.inline_sum).max(state.block_max))
                }
            };
            if let Some(limit) = self.content(at, style.max_width.as_ref(), None, padding) {
                widest = widest.min(limit);
            }
            if let Some(limit) = self.content(at, style.min_width.as_ref(), None, padding) {
                widest = widest.max(limit);
            }
            let state = &mut self.states[at];
            state.widest = widest + padding;
            let outer = widest + padding + margin;
            let sums = state.is_inline_level || style.positioned == Positioned::Float;
            let is_out = matches!(style.positioned, Positioned::Absolute | Positioned::Fixed);
            let Some(container) = state.container.filter(|_| !is_out) else {
                continue;
            };
            let around = &self.boxes[container].style;
            let in_row = matches!(around.inside, Inside::FlexRow | Inside::Grid)
                || around.kind == Kind::TableRow;
            let container = &mut self.states[container];
            if sums || in_row {
                container.inline_sum += outer;
            } else {
                container.block_max = container.block_max.max(outer);
            }
        }
    }

    /// Pass 2: widths, and the heights that are given.
    pub(super) fn set_widths(&mut self) {
        // For each box the one that places what is absolutely positioned within.
        let mut containing: Vec<Option<usize>> = vec![None; self.boxes.len()];
        for at in 0..self.boxes.len() {
            let parent = self.boxes[at].parent.filter(|parent| *parent < at);
            containing[at] = parent.and_then(|parent| {
                if self.boxes[parent].style.is_containing {
                    Some(parent)
                } else {
                    containing[parent]
                }
            });
            if !self.states[at].is_laid_out {
                continue;
            }
            self.set_width(at, containing[at]);
            let style = &self.boxes[at].style;
            if style.kind == Kind::TableRow {
                self.share_row(at, true);
            } else if style.inside == Inside::FlexRow {
                self.share_row(at, false);
            } else if style.inside == Inside::Grid {
                self.share_columns(at);
            }
        }
    }

    pub(super) fn set_width(&mut self, at: usize, containing: Option<usize>) {
        let found = &self.boxes[at];
        let style = &found.style;
        let state = &self.states[at];
        let screen = (self.viewport.width as f32, self.viewport.height as f32);
        let (available, around_height) = match (style.positioned, state.container) {
            (Positioned::Fixed, _) => (screen.0, Some(screen.1)),
            (Positioned::Absolute, _) => match containing {
                Some(containing) => {
                    let around = &self.states[containing];
                    let [top, _, bottom, _] = around.padding;
                    let height = around.definite_height.map(|height| height + top + bottom);
                    (around.border_width(), height)
                }
                None => (screen.0, Some(screen.1)),
            },
            (_, Some(container)) => {
                let around = &self.states[container];
                (around.width, around.definite_height)
            }
            (_, None) => (screen.0, None),
        };
        let sides = |lengths: &[Option<Length>; 4]| {
            let mut sides = [0.0; 4];
            for (side, length) in sides.iter_mut().zip(lengths) {
                *side = self
                    .resolve(at, length.as_ref(), Some(available))
                    .unwrap_or(0.0);
            }
            sides
        };
        let (padding, margin) = (sides(&style.padding), sides(&style.margin));
        let [top, right, bottom, left] = padding;
        let (beside, above) = (left + right, top + bottom);
        let inner = (available - beside - margin[1] - margin[3]).max(0.0);
        let inset = |side: usize, of: f32| {
            let length = style.inset.get(side).and_then(Option::as_ref);
            self.resolve(at, length, Some(of))
        };
        let is_out = matches!(style.positioned, Positioned::Absolute | Positioned::Fixed);
        let offset = |side: usize| inset(side, available).filter(|_| is_out).unwrap_or(0.0);
        let inner = (inner - offset(1) - offset(3)).max(0.0);
        let width_limit =
            |limit: &Option<Length>| self.content(at, limit.as_ref(), Some(available), beside);
        let height_limit =
            |limit: &Option<Length>| self.content(at, limit.as_ref(), around_height, above);
        let (min_width, max_width) = (width_limit(&style.min_width), width_limit(&style.max_width));
        let (min_height, max_height) = (
            height_limit(&style.min_height),
            height_limit(&style.max_height),
        );
        let clamp = |value: f32, min: Option<f32>, max: Option<f32>| {
            value
                .min(max.unwrap_or(f32::INFINITY))
                .max(min.unwrap_or(0.0))
        };
        let mut width = if state.is_width_set {
            Some(state.width)
        } else {
            self.content(at, style.width.as_ref(), Some(available), beside)
        };
        let mut height = self.content(at, style.height.as_ref(), around_height, above);
        if is_out {
            if style.height.is_none()
                && found.replaced.is_none()
                && let Some((top, bottom)) =
                    around_height.and_then(|of| inset(0, of).zip(inset(2, of)))
            {
                height = around_height.map(|of| (of - top - bottom - above).max(0.0));
            }
            if width.is_none()
                && found.replaced.is_none()
                && let Some((left, right)) = inset(3, available).zip(inset(1, available))
            {
                width = Some((available - left - right - beside).max(0.0));
            }
        }
        let (width, height) = match found.replaced {
            Some(replaced) => {
                let ratio = style.ratio.or(replaced.ratio);
                let of = |side: Option<f32>, other: Option<f32>, by: Option<f32>| {
                    side.map(|side| other.unwrap_or_else(|| by.map_or(side, |by| side * by)))
                };
                let by_height = clamp_option(height, min_height, max_height);
                let mut used_width = width
                    .or_else(|| of(by_height, None, ratio))
                    .or(replaced.width)
                    .or_else(|| of(replaced.height, None, ratio))
                    .unwrap_or(if ratio.is_some() { inner } else { 300.0 });
                used_width = clamp(used_width, min_width, max_width);
                let inverse = ratio.map(f32::recip);
                let natural_height = if width.is_none() && replaced.width == Some(used_width) {
                    replaced.height
                } else {
                    None
                };
                let mut used_height = by_height
                    .or(natural_height)
                    .or_else(|| inverse.map(|by| used_width * by))
                    .or(replaced.height)
                    .unwrap_or(150.0);
                let before = used_height;
                used_height = clamp(used_height, min_height, max_height);
                if used_height < before
                    && width.is_none()
                    && let Some(ratio) = ratio
                {
                    used_width = clamp(used_height * ratio, min_width, max_width);
                }
                (used_width, Some(used_height))
            }
            None => {
                let shrinks = style.shrinks
                    || is_out
                    || style.positioned == Positioned::Float
                    || state.is_inline_level
                    || style.kind == Kind::TableCell;
                let by_ratio = style
                    .ratio
                    .zip(height)
                    .map(|(ratio, height)| ratio * height);
                let own = width
                    .or(by_ratio.filter(|_| shrinks))
                    .unwrap_or(if shrinks {
                        (state.widest - beside).min(inner)
                    } else {
                        inner
                    });
                let own = if state.is_width_set {
                    own
                } else {
                    clamp(own, min_width, max_width)
                };
                let height = height.or_else(|| style.ratio.map(|ratio| own / ratio));
                (own, clamp_option(height, min_height, max_height))
            }
        };
        let state = &mut self.states[at];
        state.width = width.max(0.0);
        state.definite_height = height;
        state.padding = padding;
        state.margin = margin;
        state.is_width_set = true;
    }

    /// The gap between columns, or rows.
    pub(super) fn gap(&self, at: usize, length: Option<&Length>) -> f32 {
        self.resolve(at, length, Some(self.states[at].width))
            .unwrap_or(0.0)
            .max(0.0)
    }

    pub(super) fn is_in_flow(&self, at: usize) -> bool {
        !matches!(
            self.boxes[at].style.positioned,
            Positioned::Absolute | Positioned::Fixed
        )
    }

    /// Padding and margins to the left and right.
    pub(super) fn beside(&self, at: usize, available: f32) -> (f32, f32) {
        let style = &self.boxes[at].style;
        let sum = |lengths: &[Option<Length>; 4]| {
            let side = |side: usize| {
                let length = lengths.get(side).and_then(Option::as_ref);
                self.resolve(at, length, Some(available)).unwrap_or(0.0)
            };
            side(1) + side(3)
        };
        (sum(&style.padding), sum(&style.margin))
    }

    /// The widths in a flex line, or a row of a table.
    pub(super) fn share_row(&mut self, at: usize, is_table: bool) {
        let available = self.states[at].width;
        let wraps = self.boxes[at].style.wraps;
        let gap = self.gap(at, self.boxes[at].style.gap.as_ref());
        let children: Vec<usize> = self
            .children(at)
            .into_iter()
            .filter(|child| self.is_in_flow(*child))
            .collect();
        // (box, border box, margins, what it must keep)
        let mut line: Vec<(usize, f32, f32, f32)> = Vec::new();
        let mut used = 0.0;
        for child in children {
            let style = &self.boxes[child].style;
            let (padding, margin) = self.beside(child, available);
            let given = style.basis.as_ref().or(style.width.as_ref());
            let given = self.content(child, given, Some(available), padding);
            let limit = |limit: &Option<Length>| {
                self.content(child, limit.as_ref(), Some(available), padding)
            };
            let mut base = given.map_or(self.states[child].widest, |given| given + padding);
            if let Some(limit) = limit(&style.max_width) {
                base = base.min(limit + padding);
            }
            let least = limit(&style.min_width).map_or(0.0, |limit| limit + padding);
            base = base.max(least);
            let keeps = match (&self.boxes[child].replaced, given) {
                _ if style.flex_shrink == 0.0 => base,
                (Some(_), None) => base,
                (Some(_), _) if self.resolve(child, style.width.as_ref(), None).is_some() => base,
                _ => least,
            };
            let before = if line.is_empty() { 0.0 } else { gap };
            if wraps && !line.is_empty() && used + before + base + margin > available + 0.5 {
                self.end_line(&line, available - used, is_table);
                line.clear();
                used = 0.0;
            }
            used += base + margin + if line.is_empty() { 0.0 } else { gap };
            line.push((child, base, margin, keeps));
        }
        self.end_line(&line, available - used, is_table);
    }

    pub(super) fn end_line(&mut self, line: &[(usize, f32, f32, f32)], free: f32, is_table: bool) {
        let grow: f32 = line
            .iter()
            .map(|(child, ..)| {
                if is_table {
                    1.0
                } else {
                    self.boxes[*child].style.grow
                }
            })
            .sum();
        let shrinkable: f32 = line.iter().map(|(_, base, _, keeps)| base - keeps).sum();
        for (child, base, _, keeps) in line {
            let share = if free >= 0.0 {
                let own = if is_table {
                    1.0
                } else {
                    self.boxes[*child].style.grow
                };
                if grow > 0.0 {
                    free * own / grow.max(1.0)
                } else {
                    0.0
                }
            } else if shrinkable > 0.0 {
                (free * (base - keeps) / shrinkable).max(keeps - base)
            } else {
                0.0
            };
            self.assign(*child, base + share);
        }
    }

    pub(super) fn assign(&mut self, child: usize, border_width: f32) {
        // An image keeps its own width where nothing stretches it.
        if self.boxes[child].replaced.is_some() && self.boxes[child].style.grow == 0.0 {
            let style = &self.boxes[child].style;
            let is_given = style.width.is_some() || style.max_width.is_some();
            if is_given || border_width >= self.states[child].widest {
                return;
            }
        }
        let available = self.states[child]
            .container
            .map_or(0.0, |at| self.states[at].width);
        let (padding, _) = self.beside(child, available);
        let state = &mut self.states[child];
        state.width = (border_width - padding).max(0.0);
        state.is_width_set = true;
    }

    /// The columns of a grid and their widths.
    pub(super) fn columns(&self, at: usize) -> Vec<f32> {
        let style = &self.boxes[at].style;
        let width = self.states[at].width;
        let gap = self.gap(at, style.gap.as_ref());
        let mut columns: Vec<Option<f32>> = Vec::new();
        let mut shares = Vec::new();
        for track in &style.columns {
            match track {
                Track::Fixed(length) => {
                    columns.push(Some(
                        self.resolve(at, Some(length), Some(width)).unwrap_or(0.0),
                    ));
                    shares.push(0.0);
                }
                Track::Share(share) => {
                    columns.push(None);
                    shares.push(*share);
                }
                Track::Auto => {
                    columns.push(None);
                    shares.push(1.0);
                }
                Track::Repeated(length) => {
                    let least = self
                        .resolve(at, Some(length), Some(width))
                        .unwrap_or(width)
                        .max(1.0);
                    let count = ((width + gap) / (least + gap)).floor().clamp(1.0, 64.0);
                    for _ in 0..count as usize {
                        columns.push(None);
                        shares.push(1.0);
                    }
                }
            }
        }
        if columns.is_empty() {
            return vec![width];
        }
        let gaps = gap * (columns.len() - 1) as f32;
        let fixed: f32 = columns.iter().flatten().sum();
        let total: f32 = shares.iter().sum();
        let free = (width - fixed - gaps).max(0.0);
        columns
            .into_iter()
            .zip(shares)
            .map(|(column, share)| column.unwrap_or(free * share / total.max(0.01)))
            .collect()
    }

    /// The columns that the boxes of a grid take: (box, first column, number, whether it starts a row).
    pub(super) fn cells(&self, at: usize, columns: usize) -> Vec<(usize, usize, usize, bool)> {
        let mut cells = Vec::new();
        let mut column = columns;
        for child in self.children(at) {
            if !self.is_in_flow(child) {
                continue;
            }
            let span = (self.boxes[child].style.span.min(columns as f32) as usize).max(1);
            let starts = column + span > columns;
            if starts {
                column = 0;
            }
            cells.push((child, column, span, starts));
            column += span;
        }
        cells
    }

    pub(super) fn share_columns(&mut self, at: usize) {
        let columns = self.columns(at);
        let gap = self.gap(at, self.boxes[at].style.gap.as_ref());
        for (child, column, span, _) in self.cells(at, columns.len()) {
            let tracks = columns.iter().skip(column).take(span);
            let width = tracks.sum::<f32>() + gap * (span - 1) as f32;
            let style = &self.boxes[child].style;
            let (padding, margin) = self.beside(child, width);
            let given = self.content(child, style.width.as_ref(), Some(width), padding);
            let most = self.content(child, style.max_width.as_ref(), Some(width), padding);
            let own = given.map_or(width - margin, |given| given + padding);
            let own = most.map_or(own, |most| own.min(most + padding));
            if self.boxes[child].replaced.is_none() || given.is_some() {
                self.states[child].width = (own - padding).max(0.0);
                self.states[child].is_width_set = true;
            }
        }
    }
}
