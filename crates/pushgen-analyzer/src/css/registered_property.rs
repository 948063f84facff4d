//! `@property`: a custom property with a type.
//!
//! In: the descriptors of one rule. Out: whether the property is inherited, and its initial value. Follows CSS
//! Properties and Values 1 §2: a rule without a syntax, without `inherits`, or without the initial value that its syntax
//! asks for is invalid. Whether the initial value fits the syntax is not asked.

use std::sync::Arc;

use cssparser::Parser;

use super::Failure;
use super::context::Context;
use super::descriptors::read_descriptors;

/// A rule that is valid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RegisteredProperty {
    /// With its two hyphens.
    pub(crate) name: Arc<str>,
    pub(crate) inherits: bool,
    pub(crate) initial: Option<Arc<str>>,
    pub(crate) context: Context,
}

impl RegisteredProperty {
    /// Reads the block of the rule to the end of `input`.
    pub(super) fn parse(name: Arc<str>, input: &mut Parser<'_>, context: Context) -> Option<Self> {
        let mut descriptors = Descriptors::default();
        read_descriptors(input, |name, input| descriptors.read(name, input));
        let Descriptors {
            syntax,
            inherits,
            initial,
        } = descriptors;
        let is_universal = syntax?.trim_ascii() == "*";
        let is_valid = is_universal || initial.as_ref().is_some_and(|value| !value.is_empty());
        is_valid.then_some(Self {
            name,
            inherits: inherits?,
            initial,
            context,
        })
    }
}

#[derive(Default)]
struct Descriptors {
    syntax: Option<String>,
    inherits: Option<bool>,
    initial: Option<Arc<str>>,
}

impl Descriptors {
    fn read(&mut self, name: &str, input: &mut Parser<'_>) -> Result<(), Failure> {
        match name {
            "syntax" => self.syntax = Some(input.expect_string()?.to_string()),
            "inherits" => {
                let value = input.expect_ident()?;
                self.inherits = if value.eq_ignore_ascii_case("true") {
                    Some(true)
                } else if value.eq_ignore_ascii_case("false") {
                    Some(false)
                } else {
                    return Err(Failure::unexpected_token());
                };
            }
            "initial-value" => {
                input.skip_whitespace();
                let start = input.position();
                while input.next().is_ok() {}
                self.initial = Some(input.slice_from(start).trim_ascii().into());
            }
            _ => return Err(Failure::unexpected_token()),
        }
        Ok(())
    }
}
