//! Style rules whose declarations decide what is fetched.
//!
//! In: what [`rules`](super::rules) finds. Out: the selectors with those around them, the conditions, the layer and the
//! declarations of each rule. Follows CSS Nesting 1 §4 for the order: declarations behind a nested rule are a rule of
//! their own, with the selectors of the first part.

use std::fmt;
use std::sync::Arc;

use super::Position;
use super::context::Context;
use crate::layout::BoxDeclaration;
use crate::style::{Declaration, MentionId};

/// A style rule, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StyleRule {
    /// None in a `style` attribute.
    pub(crate) selectors: Option<Arc<Nesting>>,
    /// The conditions around the rule, those in the rule included.
    pub(crate) context: Context,
    /// The innermost `@layer` around it.
    pub(crate) layer: Option<MentionId>,
    /// Empty in a rule that only says how large boxes are.
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) boxes: Vec<BoxDeclaration>,
}

/// A selector list, or a scope, with what it is nested in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nesting {
    pub(crate) step: NestingStep,
    /// Where its prelude starts.
    pub(crate) position: Position,
    pub(crate) outer: Option<Arc<Self>>,
}

/// One level of nesting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NestingStep {
    /// The prelude of a style rule.
    Selectors(Arc<str>),
    /// The prelude of `@scope`. Declarations directly within are those of `:where(:scope)`.
    Scope(Arc<str>),
}

/// The frames of `@keyframes`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keyframes {
    pub(crate) name: Arc<str>,
    /// The conditions around it; the innermost is the rule itself.
    pub(crate) context: Context,
    pub(crate) layer: Option<MentionId>,
    /// In the order of the text; none without declarations.
    pub(crate) frames: Vec<Frame>,
}

/// One block of `@keyframes`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// Where on the way from 0 to 1 it stands.
    pub(crate) places: Box<[f32]>,
    pub(crate) declarations: Vec<Declaration>,
}

impl Keyframes {
    pub(crate) fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.frames.iter().flat_map(|frame| &frame.declarations)
    }
}

impl fmt::Display for Nesting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            NestingStep::Selectors(prelude) => f.write_str(prelude),
            NestingStep::Scope(prelude) => write!(f, "@scope {prelude}"),
        }
    }
}
