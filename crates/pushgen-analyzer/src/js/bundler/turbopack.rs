//! What Turbopack, the bundler of Next.js, says that an `import()` loads.
//!
//! In: the syntax tree of a chunk. Out: the files of its lists, as URLs relative to the chunk. Each `import()` becomes
//! `Promise.all(["static/chunks/a.js","static/chunks/b.css"].map(t=>e.l(t)))`. The entries are relative to a base that
//! another chunk holds (`/_next/`), but all chunks lie in the folder that the entries begin with, this one too.

use std::iter;

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, Program};

use super::Listed;
use crate::js::constant::{Body, Unary, argument, bare, strings};
use crate::js::walk::{Places, each_node_around};

/// Where Next.js puts chunks, below its base.
const FOLDER: &str = "static/chunks/";

/// How a list begins; it is written as JSON.
const LIST: &str = "[\"static/chunks/";

/// Whether a script is a chunk with such lists.
pub(super) fn is_bundle(text: &str) -> bool {
    text.contains("TURBOPACK") && text.contains(LIST)
}

/// The files of all lists.
pub(super) fn lists(text: &str, program: &Program<'_>) -> Vec<Listed> {
    let mut listed = Vec::new();
    let places = Places::new(text, &[LIST], iter::empty());
    each_node_around(program, &places, |node| {
        if let AstKind::CallExpression(call) = node {
            listed.extend(list(call).into_iter().flatten());
        }
    });
    listed
}

/// `[…].map(t=>e.l(t))`.
fn list(call: &CallExpression<'_>) -> Option<Vec<Listed>> {
    let Expression::StaticMemberExpression(map) = &call.callee else {
        return None;
    };
    let Expression::ArrayExpression(array) = &map.object else {
        return None;
    };
    if map.property.name != "map" || !is_load(argument(&call.arguments, 0)?) {
        return None;
    }
    let entries = strings(array)?.into_iter();
    let listed = entries.filter_map(|(at, entry)| {
        Some(Listed {
            at,
            url: format!("./{}", entry.strip_prefix(FOLDER)?),
            in_use: true,
            module: false,
        })
    });
    Some(listed.collect())
}

/// `t=>e.l(t)`.
fn is_load(function: &Expression<'_>) -> bool {
    let Some(Body::Expression(body)) = Unary::of(function).map(|it| it.body) else {
        return false;
    };
    match bare(body) {
        Expression::CallExpression(call) => {
            matches!(&call.callee, Expression::StaticMemberExpression(it) if it.property.name == "l")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::js::{RequestKind, Script};

    #[test]
    fn reads_the_files_of_an_import() {
        for (text, expected) in [
            (
                r#"(globalThis.TURBOPACK||=[]).push([8662,e=>{e.v(t=>Promise.all(["static/chunks/0b.js","static/chunks/1c.css"].map(t=>e.l(t))).then(()=>t(89759)))}])"#,
                &["./0b.js", "./1c.css"][..],
            ),
            (r#"TURBOPACK;["static/chunks/0b.js"].map(t=>e.m(t))"#, &[]),
            (
                r#"TURBOPACK;["static/chunks/0b.js"].filter(t=>e.l(t))"#,
                &[],
            ),
            (r#"["static/chunks/0b.js"].map(t=>e.l(t))"#, &[]),
        ] {
            let script = Script::parse_classic(text);
            let listed: Vec<_> = script
                .imports
                .iter()
                .map(|it| it.specifier.as_str())
                .collect();
            assert_eq!(listed, expected, "{text}");
            let kind = RequestKind::Listed {
                in_use: true,
                module: false,
            };
            assert!(script.imports.iter().all(|it| it.kind == kind));
        }
    }
}
