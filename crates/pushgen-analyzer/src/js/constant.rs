//! Expressions whose value stands in the text: strings, numbers, and arrays of them.
//!
//! In: an expression as a bundler writes it. Out: its value, or nothing. No names are looked up.

use oxc_ast::ast::{
    Argument, ArrayExpression, ArrayExpressionElement, ArrowFunctionBody, ArrowFunctionExpression,
    BindingPattern, Expression, FormalParameters, Function, Statement,
};

/// The value of a string literal or of a template without substitutions.
pub(super) fn string<'t>(expression: &'t Expression<'_>) -> Option<&'t str> {
    match expression {
        Expression::StringLiteral(it) if !it.lone_surrogates => Some(it.value.as_str()),
        Expression::TemplateLiteral(it) => it.single_quasi().map(|it| it.as_str()),
        _ => None,
    }
}

/// What an expression is as the key of a property: strings, and numbers as they are printed.
pub(super) fn key(expression: &Expression<'_>) -> Option<String> {
    match expression {
        Expression::NumericLiteral(it) => whole(it.value).map(|it| it.to_string()),
        _ => string(expression).map(str::to_owned),
    }
}

/// Each element of an array of strings with its offset; nothing if there is anything else in it.
pub(super) fn strings<'t>(array: &'t ArrayExpression<'_>) -> Option<Vec<(u32, &'t str)>> {
    let element = |element: &'t ArrayExpressionElement<'_>| {
        let expression = element.as_expression()?;
        Some((
            oxc_span::GetSpan::span(expression).start,
            string(expression)?,
        ))
    };
    array.elements.iter().map(element).collect()
}

/// The elements of an array of whole numbers.
pub(super) fn indices(array: &ArrayExpression<'_>) -> Option<Vec<usize>> {
    let element = |element: &ArrayExpressionElement<'_>| match element {
        ArrayExpressionElement::NumericLiteral(it) => whole(it.value).map(|it| it as usize),
        _ => None,
    };
    array.elements.iter().map(element).collect()
}

/// The argument at a place, unless it is spread.
pub(super) fn argument<'t, 'a>(
    arguments: &'t [Argument<'a>],
    at: usize,
) -> Option<&'t Expression<'a>> {
    arguments.get(at)?.as_expression()
}

/// An expression without the parentheses around it.
pub(super) fn bare<'t, 'a>(expression: &'t Expression<'a>) -> &'t Expression<'a> {
    let mut expression = expression;
    while let Expression::ParenthesizedExpression(it) = expression {
        expression = &it.expression;
    }
    expression
}

/// A function of one plain parameter: the parameter's name and the body.
pub(super) struct Unary<'t, 'a> {
    pub(super) parameter: &'t str,
    pub(super) body: Body<'t, 'a>,
}

/// What a function does.
#[derive(Clone, Copy)]
pub(super) enum Body<'t, 'a> {
    Expression(&'t Expression<'a>),
    Statements(&'t [Statement<'a>]),
}

impl<'t, 'a> Unary<'t, 'a> {
    /// The function that an expression makes.
    pub(super) fn of(expression: &'t Expression<'a>) -> Option<Self> {
        match bare(expression) {
            Expression::ArrowFunctionExpression(it) => Self::of_arrow(it),
            Expression::FunctionExpression(it) => Self::of_function(it),
            _ => None,
        }
    }

    pub(super) fn of_arrow(arrow: &'t ArrowFunctionExpression<'a>) -> Option<Self> {
        let body = match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => Body::Statements(&body.statements),
            body => Body::Expression(body.as_expression()?),
        };
        Some(Self {
            parameter: parameter(&arrow.params)?,
            body,
        })
    }

    pub(super) fn of_function(function: &'t Function<'a>) -> Option<Self> {
        Some(Self {
            parameter: parameter(&function.params)?,
            body: Body::Statements(&function.body.as_ref()?.statements),
        })
    }
}

fn parameter<'t>(parameters: &'t FormalParameters<'_>) -> Option<&'t str> {
    match parameters.items.as_slice() {
        [one] if parameters.rest.is_none() && one.initializer.is_none() => match &one.pattern {
            BindingPattern::BindingIdentifier(it) => Some(it.name.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// A number as an index or identifier of a chunk.
fn whole(value: f64) -> Option<u64> {
    // 2^53 and above are no indices.
    let is_whole = (0.0..9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
    is_whole.then_some(value as u64)
}
