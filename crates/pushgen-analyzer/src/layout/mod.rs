//! A coarse layout: about where the boxes of a page lie in its first screen, and how large they are.
//!
//! It knows no fonts, no tables' columns and no exact line breaking. Its user takes the answer at several assumptions about the text
//! and believes only what holds under all of them.
//!
//! Files: `declaration` reads what sheets say of boxes in the words of `vocabulary`, `length` the lengths in it and
//! `grid_columns` those of grids; `box_cascade` finds what wins, `box_style` is what an element computes to, `flow` lays out.

mod box_cascade;
mod box_style;
mod declaration;
mod flow;
mod grid_columns;
mod length;
mod vocabulary;

pub(crate) use box_cascade::MatchedBoxes;
pub(crate) use box_style::{BackgroundSize, BoxStyle, Element};
pub(crate) use declaration::BoxDeclaration;
pub(crate) use flow::{LayoutBox, Placed, Rect, Replaced, Text, TextMetrics, lay_out};
pub(crate) use length::{Basis, Length, Unit};
