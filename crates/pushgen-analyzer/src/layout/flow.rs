//! Where boxes lie, about.
//!
//! In: the boxes of a page in document order with their styles, texts and natural sizes. Out: their rectangles. Four passes,
//! each linear: widest content (leaves first), widths (root first), heights and places within the parent (leaves first),
//! places on the page (root first). Follows CSS 2 §9-10, Flexbox 1 and Grid 1 coarsely: text is counted in characters
//! of an average width and comes before the boxes among it, margins collapse between siblings only, an inline box
//! is a part of its block, grid boxes go into the next free columns, lines of flex boxes start at the left.

mod heights;
mod places;
mod text;
mod widths;

use super::box_style::{BoxStyle, Inside, Kind};
use super::length::{Basis, Length};
use super::vocabulary::Word;
use crate::viewport::Viewport;

pub(crate) use text::Text;

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
}

fn clamp_option(value: Option<f32>, min: Option<f32>, max: Option<f32>) -> Option<f32> {
    value.map(|value| {
        value
            .min(max.unwrap_or(f32::INFINITY))
            .max(min.unwrap_or(0.0))
    })
}
