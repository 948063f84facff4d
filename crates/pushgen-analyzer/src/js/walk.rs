//! A walk over a syntax tree that is as deep as its parser was.
//!
//! In: a parsed program, a function, and perhaps the places in the text that are of interest. Out: the function has seen
//! every node, or every node with such a place in it, parents first.
//!
//! What the parser reads in a loop makes a tree that is deep on its left: `a + b + c`, `a.b.c`, `a()()()`.
//! [`nesting`](super::nesting) does not count that, so this walk goes down there in a loop too and recurses only where
//! the parser did.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, Program, Statement};
use oxc_ast_visit::Visit;
use oxc_span::{GetSpan, Span};

/// Calls `on` with every node.
pub(super) fn each_node<'a>(program: &Program<'a>, on: impl FnMut(AstKind<'a>)) {
    Walk { on, places: None }.visit_program(program);
}

/// Calls `on` with every node that has one of the places in it. A bundle is large and says little: this passes over nine
/// tenths of it.
pub(super) fn each_node_around<'a>(
    program: &Program<'a>,
    places: &Places,
    on: impl FnMut(AstKind<'a>),
) {
    let places = Some(places);
    Walk { on, places }.visit_program(program);
}

/// Byte offsets in a text.
#[derive(Debug, Default)]
pub(super) struct Places {
    ascending: Vec<u32>,
}

impl Places {
    /// Where any of the needles stands, and what else is of interest.
    pub(super) fn new(text: &str, needles: &[&str], others: impl Iterator<Item = u32>) -> Self {
        let found = needles
            .iter()
            .flat_map(|needle| text.match_indices(*needle));
        let found = found.filter_map(|(at, _)| u32::try_from(at).ok());
        let mut ascending: Vec<u32> = found.chain(others).collect();
        ascending.sort_unstable();
        Self { ascending }
    }

    fn any_in(&self, span: Span) -> bool {
        let next = self.ascending.partition_point(|it| *it < span.start);
        self.ascending.get(next).is_some_and(|it| *it < span.end)
    }
}

struct Walk<'p, F> {
    on: F,
    places: Option<&'p Places>,
}

impl<F> Walk<'_, F> {
    fn leads_anywhere(&self, span: Span) -> bool {
        self.places.is_none_or(|places| places.any_in(span))
    }
}

impl<'a, F: FnMut(AstKind<'a>)> Visit<'a> for Walk<'_, F> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        (self.on)(kind);
    }

    fn visit_statement(&mut self, statement: &Statement<'a>) {
        if self.leads_anywhere(statement.span()) {
            oxc_ast_visit::walk::walk_statement(self, statement);
        }
    }

    fn visit_expression(&mut self, expression: &Expression<'a>) {
        let mut expression = expression;
        while self.leads_anywhere(expression.span()) {
            expression = match expression {
                Expression::BinaryExpression(it) => {
                    self.enter_node(AstKind::BinaryExpression(self.alloc(it)));
                    self.visit_expression(&it.right);
                    &it.left
                }
                Expression::LogicalExpression(it) => {
                    self.enter_node(AstKind::LogicalExpression(self.alloc(it)));
                    self.visit_expression(&it.right);
                    &it.left
                }
                Expression::CallExpression(it) => {
                    self.enter_node(AstKind::CallExpression(self.alloc(it)));
                    self.visit_arguments(&it.arguments);
                    &it.callee
                }
                Expression::StaticMemberExpression(it) => &it.object,
                Expression::PrivateFieldExpression(it) => &it.object,
                Expression::ComputedMemberExpression(it) => {
                    self.visit_expression(&it.expression);
                    &it.object
                }
                Expression::TaggedTemplateExpression(it) => {
                    self.visit_template_literal(&it.quasi);
                    &it.tag
                }
                other => return oxc_ast_visit::walk::walk_expression(self, other),
            };
        }
    }
}
