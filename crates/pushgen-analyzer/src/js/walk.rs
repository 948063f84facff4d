//! A walk over a syntax tree that is as deep as its parser was.
//!
//! In: a parsed program and a function. Out: the function has seen every node, parents first. What the parser reads in a
//! loop makes a tree that is deep on its left: `a + b + c`, `a.b.c`, `a()()()`. [`nesting`](super::nesting) does not
//! count that, so this walk goes down there in a loop too and recurses only where the parser did.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, Program};
use oxc_ast_visit::Visit;

/// Calls `on` with every node.
pub(super) fn each_node<'a>(program: &Program<'a>, on: impl FnMut(AstKind<'a>)) {
    Walk { on }.visit_program(program);
}

struct Walk<F> {
    on: F,
}

impl<'a, F: FnMut(AstKind<'a>)> Visit<'a> for Walk<F> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        (self.on)(kind);
    }

    fn visit_expression(&mut self, expression: &Expression<'a>) {
        let mut expression = expression;
        loop {
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
