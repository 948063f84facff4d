//! The descriptors of an at-rule, such as `@font-face` and `@property`.
//!
//! In: the content of its block. Out: each descriptor by its name in lower case, to be read by the caller. Nested rules
//! are skipped, and so is what the caller refuses (CSS Syntax 3 §5.5.4).

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, Parser, ParserState, QualifiedRuleParser,
    RuleBodyItemParser, RuleBodyParser,
};

use super::Failure;

/// Calls `read` for every descriptor up to the end of `input`.
pub(super) fn read_descriptors<'i>(
    input: &mut Parser<'i>,
    read: impl FnMut(&str, &mut Parser<'i>) -> Result<(), Failure>,
) {
    RuleBodyParser::new(input, &mut Descriptors(read)).for_each(drop);
}

struct Descriptors<F>(F);

impl<'i, F> DeclarationParser<'i> for Descriptors<F>
where
    F: FnMut(&str, &mut Parser<'i>) -> Result<(), Failure>,
{
    type Declaration = ();
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _: &ParserState,
    ) -> Result<(), Failure> {
        (self.0)(&name.to_ascii_lowercase(), input)
    }
}

impl<F> AtRuleParser<'_> for Descriptors<F> {
    type Prelude = ();
    type AtRule = ();
    type Error = ();
}

impl<F> QualifiedRuleParser<'_> for Descriptors<F> {
    type Prelude = ();
    type QualifiedRule = ();
    type Error = ();
}

impl<'i, F> RuleBodyItemParser<'i, (), ()> for Descriptors<F>
where
    F: FnMut(&str, &mut Parser<'i>) -> Result<(), Failure>,
{
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        false
    }
}
