//! What a script may ask for that only running it tells.
//!
//! In: a syntax tree. Out: an [`Activity`]: how often the script does what leads to requests whose URLs are not read.
//! Counted in the tree, so that strings and comments count for nothing. These are signs, not requests: the code may
//! never run, and there are ways to ask that show no sign (`image.src = …`, a library's own `get`).

use std::collections::BTreeMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, Program};

use super::constant::{argument, string};
use super::walk::each_node;

/// How often each sign was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    counts: BTreeMap<Sign, u32>,
}

/// One way to ask for something, in the order of telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    Fetch,
    XmlHttpRequest,
    ComputedImport,
    ScriptElement,
    LinkElement,
    DocumentWrite,
    Image,
    Worker,
    ImportScripts,
}

impl Sign {
    /// As it is written in scripts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch(…)",
            Self::XmlHttpRequest => "new XMLHttpRequest",
            Self::ComputedImport => "import(…) of a computed name",
            Self::ScriptElement => "createElement(\"script\")",
            Self::LinkElement => "createElement(\"link\")",
            Self::DocumentWrite => "document.write(…)",
            Self::Image => "new Image",
            Self::Worker => "new Worker",
            Self::ImportScripts => "importScripts(…)",
        }
    }
}

impl Activity {
    pub(super) fn of(program: &Program<'_>) -> Self {
        let mut activity = Self::default();
        each_node(program, |node| {
            let sign = match node {
                AstKind::CallExpression(it) => of_call(it),
                AstKind::NewExpression(it) => match global(&it.callee) {
                    Some("XMLHttpRequest") => Some(Sign::XmlHttpRequest),
                    Some("Image") => Some(Sign::Image),
                    Some("Worker" | "SharedWorker") => Some(Sign::Worker),
                    _ => None,
                },
                AstKind::ImportExpression(it) if string(&it.source).is_none() => {
                    Some(Sign::ComputedImport)
                }
                _ => None,
            };
            if let Some(sign) = sign {
                *activity.counts.entry(sign).or_default() += 1;
            }
        });
        activity
    }

    /// Adds what another script does.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sign, more) in &other.counts {
            *self.counts.entry(*sign).or_default() += more;
        }
    }

    /// What was seen at all, with its count.
    pub(crate) fn signs(&self) -> impl Iterator<Item = (Sign, u32)> {
        self.counts.iter().map(|(sign, count)| (*sign, *count))
    }
}

fn of_call(call: &CallExpression<'_>) -> Option<Sign> {
    if let Expression::StaticMemberExpression(member) = &call.callee {
        let element = || argument(&call.arguments, 0).and_then(string);
        match member.property.name.as_str() {
            "createElement" => {
                return match element()?.to_ascii_lowercase().as_str() {
                    "script" => Some(Sign::ScriptElement),
                    "link" => Some(Sign::LinkElement),
                    _ => None,
                };
            }
            "write" | "writeln" if is_named(&member.object, "document") => {
                return Some(Sign::DocumentWrite);
            }
            _ => {}
        }
    }
    match global(&call.callee)? {
        "fetch" => Some(Sign::Fetch),
        "importScripts" => Some(Sign::ImportScripts),
        _ => None,
    }
}

/// The name of a global: `fetch`, `window.fetch`, `self.fetch`, `globalThis.fetch`.
fn global<'t>(callee: &'t Expression<'_>) -> Option<&'t str> {
    match callee {
        Expression::Identifier(it) => Some(it.name.as_str()),
        Expression::StaticMemberExpression(it) => {
            let objects = ["window", "self", "globalThis"];
            let is_global = objects.iter().any(|name| is_named(&it.object, name));
            is_global.then(|| it.property.name.as_str())
        }
        _ => None,
    }
}

/// `document`, or `window.document`.
fn is_named(expression: &Expression<'_>, name: &str) -> bool {
    match expression {
        Expression::Identifier(it) => it.name == name,
        Expression::StaticMemberExpression(it) => {
            it.property.name == name
                && matches!(&it.object, Expression::Identifier(it) if it.name == "window")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::js::Script;

    #[test]
    fn counts_what_may_ask_for_more() {
        for (text, expected) in [
            ("fetch('a'); window.fetch(b)", &["2 fetch(…)"][..]),
            ("self.fetch(a), globalThis.fetch(a)", &["2 fetch(…)"]),
            (
                "new XMLHttpRequest; new window.XMLHttpRequest()",
                &["2 new XMLHttpRequest"],
            ),
            (
                "import(a); import('b'); import(`c`)",
                &["1 import(…) of a computed name"],
            ),
            (
                "document.createElement('script'); d.createElement(\"LINK\"); d.createElement('p')",
                &["1 createElement(\"script\")", "1 createElement(\"link\")"],
            ),
            (
                "document.write('<p>'); window.document.writeln(a); process.stdout.write(b)",
                &["2 document.write(…)"],
            ),
            (
                "new Image().src = a; new Worker('w.js')",
                &["1 new Image", "1 new Worker"],
            ),
            ("importScripts('a.js')", &["1 importScripts(…)"]),
            // Words, not code; names of one's own.
            ("// fetch(a)\n'fetch(a)'; `fetch(a)`; /fetch(a)/", &[]),
            ("o.fetch(a); fetch; function f(fetch) {} new o.Image", &[]),
            ("`${fetch(a)}`; a?.b(fetch(c)).d", &["2 fetch(…)"]),
            // What does not parse does not run.
            ("fetch(a); let = = 1", &[]),
        ] {
            let activity = Script::activity(text, false);
            let found: Vec<String> = activity
                .signs()
                .map(|(sign, count)| format!("{count} {}", sign.as_str()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(Script::activity("await fetch(a)", true).signs().count(), 1);
    }
}
