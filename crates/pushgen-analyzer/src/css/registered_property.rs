//! `@property`: a custom property with a type.
//!
//! In: the descriptors of one rule. Out: whether the property is inherited, and its initial value. Follows CSS
//! Properties and Values 1 §2: a rule without a syntax, without `inherits`, or without the initial value that its syntax
//! asks for is invalid. Whether the initial value fits the syntax is not asked.

use std::sync::Arc;

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, Parser, ParserState, QualifiedRuleParser,
    RuleBodyItemParser, RuleBodyParser,
};

use super::Failure;
use super::context::Context;

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
        RuleBodyParser::new(input, &mut descriptors).for_each(drop);
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

impl<'i> DeclarationParser<'i> for Descriptors {
    type Declaration = ();
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _: &ParserState,
    ) -> Result<(), Failure> {
        match name.to_ascii_lowercase().as_str() {
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

impl AtRuleParser<'_> for Descriptors {
    type Prelude = ();
    type AtRule = ();
    type Error = ();
}

impl QualifiedRuleParser<'_> for Descriptors {
    type Prelude = ();
    type QualifiedRule = ();
    type Error = ();
}

impl RuleBodyItemParser<'_, (), ()> for Descriptors {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        false
    }
}
