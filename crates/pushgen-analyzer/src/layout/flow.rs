//! Where boxes lie, about.
//!
//! In: the boxes of a page in document order with their styles, texts and natural sizes. Out: their rectangles. Four passes,
//! each linear: widest content (leaves first), widths (root first), heights and places within the parent (leaves first),
//! places on the page (root first). Follows CSS 2 §9-10, Flexbox 1 and Grid 1 coarsely: text is counted in characters
//! of an average width and comes before the boxes among it, margins collapse between siblings only, an inline box
//! is a part of its block, grid boxes go into the next free columns, lines of flex boxes start at the left.

use super::box_style::{BoxStyle, Inside, Kind, Positioned};
use super::declaration::{Track, Word};
use super::length::{Basis, Length};
use crate::viewport::Viewport;

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rect {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Rect {
    /// What both have in common.
    pub(crate) fn intersect(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = (self.x + self.width).min(other.x + other.width);
        let bottom = (self.y + self.height).min(other.y + other.height);
        Self {
            x,
            y,
            width: (right - x).max(0.0),
            height: (bottom - y).max(0.0),
        }
    }

    pub(crate) fn area(self) -> f32 {
        self.width * self.height
    }

    /// Everything.
    pub(crate) const ALL: Self = Self {
        x: -1e9,
        y: -1e9,
        width: 2e9,
        height: 2e9,
    };
}

/// The text that stands in an element itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Text {
    /// White space collapsed.
    pub(crate) characters: u32,
    /// Lines, as it is written.
    pub(crate) lines: u32,
    /// Characters of the longest of them.
    pub(crate) longest: u32,
    /// Characters of the longest word.
    pub(crate) word: u32,
}

impl Text {
    /// Measures a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut was_space = true;
        let (mut line, mut word) = (0u32, 0u32);
        let (mut lines, mut longest) = (1u32, 0u32);
        for c in text.chars() {
            let is_space = c.is_ascii_whitespace();
            // Ideographs take a whole em.
            let units = if ('\u{2e80}'..='\u{ffef}').contains(&c) {
                2
            } else {
                1
            };
            if !is_space || !was_space {
                found.characters = found.characters.saturating_add(units);
            }
            was_space = is_space;
            // Ideographs are words by themselves.
            word = if is_space || units > 1 {
                0
            } else {
                word.saturating_add(1)
            };
            found.word = found.word.max(word);
            if c == '\n' {
                lines = lines.saturating_add(1);
                line = 0;
            } else {
                line = line.saturating_add(units);
                longest = longest.max(line);
            }
        }
        if was_space {
            found.characters = found.characters.saturating_sub(1);
        }
        if found.characters > 0 {
            let last_is_empty = text.ends_with('\n');
            found.lines = lines - u32::from(last_is_empty);
            found.longest = longest;
        }
        found
    }
}

/// The natural size of what fills a box, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Replaced {
    pub(crate) width: Option<f32>,
    pub(crate) height: Option<f32>,
    pub(crate) ratio: Option<f32>,
}

/// A box with what is in it.
#[derive(Debug, Clone)]
pub(crate) struct LayoutBox {
    /// An earlier box.
    pub(crate) parent: Option<usize>,
    pub(crate) style: BoxStyle,
    pub(crate) text: Text,
    /// Whether its font is a monospaced one, which is wider than others.
    pub(crate) is_monospace: bool,
    pub(crate) replaced: Option<Replaced>,
}

/// What is assumed of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TextMetrics {
    /// The width of a character, in em.
    pub(crate) advance: f32,
    /// By what the height of text is multiplied.
    pub(crate) stretch: f32,
}

/// Where a box lies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Placed {
    /// The border box.
    pub(crate) rect: Rect,
    /// What is not cut off by the boxes around it.
    pub(crate) clip: Rect,
    /// The lines of text directly in it, those of inline boxes included.
    pub(crate) text: Rect,
}

/// Lays out boxes.
pub(crate) fn lay_out(
    boxes: &[LayoutBox],
    metrics: TextMetrics,
    viewport: &Viewport,
) -> Vec<Placed> {
    let mut flow = Flow::new(boxes, metrics, viewport);
    flow.measure_content();
    flow.set_widths();
    flow.set_heights();
    flow.place()
}

/// A box on its way.
#[derive(Debug, Clone, Default)]
struct State {
    /// The box that lays this one out.
    container: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    next: Option<usize>,
    /// Whether it is laid out at all: inline boxes and those without a box of their own are part of their block.
    is_laid_out: bool,
    is_inline_level: bool,
    text_width: f32,
    text_lines: f32,
    /// The longest word.
    word: f32,
    line: f32,
    /// The widest that its border box gets by itself, and what its content comes to so far.
    widest: f32,
    inline_sum: f32,
    block_max: f32,
    /// The content box.
    width: f32,
    is_width_set: bool,
    definite_height: Option<f32>,
    /// Top, right, bottom, left.
    padding: [f32; 4],
    margin: [f32; 4],
    /// The border box's height.
    height: f32,
    /// The border box's place in the content box of the container.
    x: f32,
    y: f32,
    text_height: f32,
    is_late: bool,
}

impl State {
    fn border_width(&self) -> f32 {
        let [_, right, _, left] = self.padding;
        self.width + left + right
    }

    fn outer_width(&self) -> f32 {
        let [_, right, _, left] = self.margin;
        self.border_width() + left + right
    }
}

struct Flow<'b> {
    boxes: &'b [LayoutBox],
    states: Vec<State>,
    viewport: &'b Viewport,
}

impl<'b> Flow<'b> {
    fn new(boxes: &'b [LayoutBox], metrics: TextMetrics, viewport: &'b Viewport) -> Self {
        let mut states: Vec<State> = vec![State::default(); boxes.len()];
        for (at, found) in boxes.iter().enumerate() {
            let parent = found.parent.filter(|parent| *parent < at);
            // The nearest box around that lays out others.
            let container = parent.and_then(|parent| {
                if states[parent].is_laid_out {
                    Some(parent)
                } else {
                    states[parent].container
                }
            });
            let in_row = container.is_some_and(|container| {
                boxes[container].style.inside != Inside::Flow
                    && parent.is_none_or(|parent| {
                        parent == container || boxes[parent].style.kind == Kind::Contents
                    })
            });
            let kind = found.style.kind;
            let is_inline = kind == Kind::Inline && !in_row && found.replaced.is_none();
            let state = &mut states[at];
            state.container = container;
            state.is_laid_out = container.is_none() || !(is_inline || kind == Kind::Contents);
            state.is_inline_level =
                !in_row && matches!(kind, Kind::Inline | Kind::InlineBlock) && state.is_laid_out;
            let font = found.style.font_size;
            let (width, lines) = match found.style.white_space {
                Word::Pre | Word::PreWrap => (
                    found.text.longest as f32 * found.text.lines as f32,
                    found.text.lines as f32,
                ),
                _ => (found.text.characters as f32, 0.0),
            };
            // Monospaced letters are 0.6 em wide in nearly all fonts.
            let advance = if found.is_monospace {
                0.6
            } else {
                metrics.advance
            } * font;
            let width = width * advance;
            let line = found.style.line() * metrics.stretch;
            let is_laid_out = state.is_laid_out;
            let holder = if is_laid_out { Some(at) } else { container };
            if let Some(holder) = holder {
                let state = &mut states[holder];
                state.text_width += width;
                state.text_lines += lines;
                state.word = state.word.max(found.text.word as f32 * advance);
                if found.text.characters > 0 || holder == at {
                    state.line = state.line.max(line);
                }
            }
            if is_laid_out && let Some(container) = container {
                match states[container].last.replace(at) {
                    Some(last) => states[last].next = Some(at),
                    None => states[container].first = Some(at),
                }
            }
        }
        Self {
            boxes,
            states,
            viewport,
        }
    }

    fn children(&self, of: usize) -> Vec<usize> {
        std::iter::successors(self.states[of].first, |child| self.states[*child].next).collect()
    }

    fn resolve(&self, at: usize, length: Option<&Length>, percent: Option<f32>) -> Option<f32> {
        let style = &self.boxes[at].style;
        length?.resolve(&Basis {
            font_size: style.font_size,
            root_font_size: style.root_font_size,
            percent,
            viewport: self.viewport,
        })
    }

    /// A width or height as that of the content box.
    fn content(
        &self,
        at: usize,
        length: Option<&Length>,
        percent: Option<f32>,
        padding: f32,
    ) -> Option<f32> {
        let given = self.resolve(at, length, percent)?;
        let is_border_box = self.boxes[at].style.border_box;
        Some(
            if is_border_box {
                given - padding
            } else {
                given
            }
            .max(0.0),
        )
    }

    /// Pass 1: the width of the content on one line.
    fn measure_content(&mut self) {
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
    fn set_widths(&mut self) {
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

    fn set_width(&mut self, at: usize, containing: Option<usize>) {
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
    fn gap(&self, at: usize, length: Option<&Length>) -> f32 {
        self.resolve(at, length, Some(self.states[at].width))
            .unwrap_or(0.0)
            .max(0.0)
    }

    fn is_in_flow(&self, at: usize) -> bool {
        !matches!(
            self.boxes[at].style.positioned,
            Positioned::Absolute | Positioned::Fixed
        )
    }

    /// Padding and margins to the left and right.
    fn beside(&self, at: usize, available: f32) -> (f32, f32) {
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
    fn share_row(&mut self, at: usize, is_table: bool) {
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

    fn end_line(&mut self, line: &[(usize, f32, f32, f32)], free: f32, is_table: bool) {
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

    fn assign(&mut self, child: usize, border_width: f32) {
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
    fn columns(&self, at: usize) -> Vec<f32> {
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
    fn cells(&self, at: usize, columns: usize) -> Vec<(usize, usize, usize, bool)> {
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

    fn share_columns(&mut self, at: usize) {
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

    /// Pass 3: heights, and places in the container.
    fn set_heights(&mut self) {
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
    fn lay_out_content(&mut self, at: usize) -> f32 {
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

    fn put(&mut self, child: usize, x: f32, y: f32) {
        self.states[child].x = x;
        self.states[child].y = y;
    }

    fn lay_out_flow(
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

    fn lay_out_row(
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
    fn stretch(&mut self, row: &[usize], height: f32) {
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

    fn lay_out_grid(&mut self, at: usize, gap: f32, row_gap: f32) -> f32 {
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

    /// Pass 4: places on the page.
    fn place(mut self) -> Vec<Placed> {
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
                    let percent = if side % 2 == 0 { of.height } else { of.width };
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

    fn text_rect(&self, at: usize, rect: Rect) -> Rect {
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

fn clamp_option(value: Option<f32>, min: Option<f32>, max: Option<f32>) -> Option<f32> {
    value.map(|value| {
        value
            .min(max.unwrap_or(f32::INFINITY))
            .max(min.unwrap_or(0.0))
    })
}
