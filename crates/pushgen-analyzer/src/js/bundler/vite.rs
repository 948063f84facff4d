//! What Vite says that an `import()` brings along.
//!
//! In: the syntax tree of a built chunk and the `import()` calls in it. Out: the files of its preload lists, as URLs
//! relative to the chunk. Vite wraps each `import()` in a call that first adds `<link rel=modulepreload>` and
//! `<link rel=stylesheet>` for what the imported chunk needs:
//!
//! ```text
//! since 5.2   const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/a.js","assets/a.css"])))=>i.map(i=>d[i]);
//!             preload(()=>import("./a.js"),__vite__mapDeps([0,1]))
//! 5.0, 5.1    function __vite__mapDeps(indexes) { … __vite__mapDeps.viteFileDeps = ["assets/a.js"] … }
//! 2 to 4      preload(()=>import("./a.js"),["assets/a.js","assets/a.css"])
//! ```
//!
//! Entries are relative to the site's base, which another chunk may hold; with `base: "./"` they are relative to the
//! chunk and begin with `./` or `../`. The base need not be found: a list begins with the imported chunk itself, whose
//! URL the `import()` has too, and both together tell how the base is reached from here. A chunk without any such pair
//! has imports of nothing but style sheets; their base is not known.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpression, AssignmentExpression, AssignmentTarget, BindingPattern, CallExpression,
    Expression, Program,
};
use oxc_span::{GetSpan, Span};

use super::{ImportCall, Listed};
use crate::js::constant::{argument, indices, strings};
use crate::js::walk::{Places, each_node_around};

/// The name that Vite writes after the minifier ran.
const MAP_DEPS: &str = "__vite__mapDeps";

/// The files of all lists. `imports` are in the order of the text.
pub(super) fn lists(text: &str, program: &Program<'_>, imports: &[ImportCall<'_>]) -> Vec<Listed> {
    let mut needles = Vec::new();
    let has_table = text.contains(MAP_DEPS);
    if has_table {
        needles.extend([MAP_DEPS, ".f=[", ".viteFileDeps"]);
    } else {
        // Lists are written as JSON.
        let has_arrays = || {
            [".js\",\"", ".css\",\"", ".css\"]"]
                .iter()
                .any(|it| text.contains(it))
        };
        if imports.is_empty() || !has_arrays() {
            return Vec::new();
        }
    }
    let places = Places::new(text, &needles, imports.iter().map(|it| it.at));
    let mut found = Found::default();
    each_node_around(program, &places, |node| match node {
        AstKind::VariableDeclarator(it) if matches!(&it.id, BindingPattern::BindingIdentifier(id) if id.name == MAP_DEPS) =>
        {
            found.function = Some(it.span);
        }
        AstKind::Function(it) if it.id.as_ref().is_some_and(|id| id.name == MAP_DEPS) => {
            found.function = Some(it.span);
        }
        AstKind::AssignmentExpression(it) => found.tables.extend(table(it)),
        AstKind::CallExpression(it) => {
            found.used.extend(map_deps(it).into_iter().flatten());
            found.preloads.extend(Preload::of(it, imports));
        }
        _ => {}
    });
    found.listed()
}

#[derive(Default)]
struct Found<'a> {
    /// Where the function with the table is.
    function: Option<Span>,
    /// Arrays that become a property of the name that Vite uses.
    tables: Vec<(Span, &'a ArrayExpression<'a>)>,
    /// Places in the table that some call asks for.
    used: HashSet<usize>,
    preloads: Vec<Preload<'a>>,
}

/// A call that preloads for an `import()`.
struct Preload<'a> {
    specifier: String,
    list: List<'a>,
}

enum List<'a> {
    /// Places in the table; the first is the imported chunk.
    Places(usize),
    Array(&'a ArrayExpression<'a>),
}

/// `m.f = […]` or `__vite__mapDeps.viteFileDeps = […]`.
fn table<'a>(assignment: &'a AssignmentExpression<'a>) -> Option<(Span, &'a ArrayExpression<'a>)> {
    let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else {
        return None;
    };
    let is_ours = matches!(target.property.name.as_str(), "f" | "viteFileDeps");
    match &assignment.right {
        Expression::ArrayExpression(array) if is_ours => Some((assignment.span, array)),
        _ => None,
    }
}

/// The places that `__vite__mapDeps([0,1])` asks for.
fn map_deps(call: &CallExpression<'_>) -> Option<Vec<usize>> {
    match (&call.callee, argument(&call.arguments, 0)?) {
        (Expression::Identifier(name), Expression::ArrayExpression(array))
            if name.name == MAP_DEPS =>
        {
            indices(array)
        }
        _ => None,
    }
}

impl<'a> Preload<'a> {
    fn of(call: &'a CallExpression<'a>, imports: &[ImportCall<'_>]) -> Option<Self> {
        let thunk = argument(&call.arguments, 0)?;
        let list = match argument(&call.arguments, 1)? {
            Expression::ArrayExpression(array) => List::Array(array),
            Expression::CallExpression(call) => List::Places(*map_deps(call)?.first()?),
            _ => return None,
        };
        let is_function = matches!(
            thunk,
            Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
        );
        if !is_function || call.arguments.len() > 3 {
            return None;
        }
        let Span { start, end, .. } = thunk.span();
        let first = imports.partition_point(|it| it.at < start);
        let import = imports.get(first).filter(|it| it.at < end)?;
        Some(Self {
            specifier: import.specifier.to_owned(),
            list,
        })
    }
}

impl Found<'_> {
    fn listed(self) -> Vec<Listed> {
        let in_function = |span: Span| {
            let function = self.function;
            function.is_some_and(|it| it.start <= span.start && span.end <= it.end)
        };
        let mut tables = self.tables.iter().filter(|(span, _)| in_function(*span));
        let table = tables.find_map(|(_, array)| strings(array));
        let table = table.unwrap_or_default();

        let mut base: Option<String> = None;
        let mut listed = Vec::new();
        for Preload { specifier, list } in &self.preloads {
            match list {
                List::Places(first) if base.is_none() => {
                    base = table
                        .get(*first)
                        .and_then(|(_, it)| way_to_base(specifier, it));
                }
                List::Places(_) => {}
                List::Array(array) => {
                    let entries = strings(array).unwrap_or_default();
                    let first = entries.first().map(|(_, entry)| *entry);
                    let Some(way) = first.and_then(|entry| way_to_base(specifier, entry)) else {
                        continue;
                    };
                    listed.extend(entries.iter().map(|(at, entry)| Listed {
                        at: *at,
                        url: format!("{way}{entry}"),
                        in_use: true,
                        module: true,
                    }));
                }
            }
        }
        for (place, (at, entry)) in table.into_iter().enumerate() {
            let way = match &base {
                Some(base) => base.as_str(),
                None if entry.starts_with("./") || entry.starts_with("../") => "",
                None => continue,
            };
            listed.push(Listed {
                at,
                url: format!("{way}{entry}"),
                in_use: self.used.contains(&place),
                module: true,
            });
        }
        listed
    }
}

/// What has to stand before an entry to make it a URL relative to the chunk, given the `import()` of the same file.
fn way_to_base(specifier: &str, entry: &str) -> Option<String> {
    let specifier = specifier.strip_prefix("./").unwrap_or(specifier);
    let entry = entry.strip_prefix("./").unwrap_or(entry);
    let mut from_here: Vec<&str> = specifier.split('/').collect();
    let mut from_base: Vec<&str> = entry.split('/').collect();
    if from_here.last() != from_base.last() {
        return None;
    }
    while !from_base.is_empty() && from_here.last() == from_base.last() {
        from_here.pop();
        from_base.pop();
    }
    if from_base.contains(&"..") {
        return None;
    }
    // What is left of the entry are folders that the chunk lies in: `./a.js` is `assets/a.js`, so up from `assets`.
    let is_way_up = from_here.iter().all(|it| *it == "..");
    if !from_base.is_empty() && !is_way_up {
        return None;
    }
    let mut way: String = from_here.iter().map(|it| format!("{it}/")).collect();
    way.push_str(&"../".repeat(from_base.len()));
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::{RequestKind, Script};

    /// The listed URLs of a module, those that only the list names in parentheses.
    fn listed(text: &str) -> Vec<String> {
        let script = Script::parse_module(text);
        assert_eq!(script.problem, None, "{text}");
        let listed = script.imports.into_iter().filter_map(|it| match it.kind {
            RequestKind::Listed { in_use: true, .. } => Some(it.specifier),
            RequestKind::Listed { in_use: false, .. } => Some(format!("({})", it.specifier)),
            _ => None,
        });
        listed.collect()
    }

    const TABLE: &str = r#"const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/a.js","assets/s.js","assets/a.css","assets/b.css"])))=>i.map(i=>d[i]);"#;

    #[test]
    fn reads_the_table_of_every_version() {
        for (text, expected) in [
            // Vite 8: template literals, minified names.
            (
                format!("{TABLE}x(()=>import(`./a.js`),__vite__mapDeps([0,1,2]))"),
                &["../assets/a.js", "../assets/s.js", "../assets/a.css", "(../assets/b.css)"][..],
            ),
            // 5.2 to 7.
            (
                format!(r#"{TABLE}x(async()=>{{const{{default:t}}=await import("./a.js").then(e=>e.t);return{{default:t}}}},__vite__mapDeps([0]))"#),
                &["../assets/a.js", "(../assets/s.js)", "(../assets/a.css)", "(../assets/b.css)"],
            ),
            // 5.0 and 5.1.
            (
                r#"l(()=>import("./a.js"),__vite__mapDeps([0,1]));
                function __vite__mapDeps(indexes) {
                  if (!__vite__mapDeps.viteFileDeps) {
                    __vite__mapDeps.viteFileDeps = ["assets/a.js","assets/a.css"]
                  }
                  return indexes.map((i) => __vite__mapDeps.viteFileDeps[i])
                }"#
                .to_owned(),
                &["../assets/a.js", "../assets/a.css"],
            ),
            // 2 to 4.
            (
                r#"u(()=>import("./a.js"),["assets/a.js","assets/a.css"])"#.to_owned(),
                &["../assets/a.js", "../assets/a.css"],
            ),
            // `base: "./"`.
            (
                r#"u(()=>import("./a.js"),["./a.js","../css/a.css"],import.meta.url)"#.to_owned(),
                &["./a.js", "../css/a.css"],
            ),
            (
                r#"const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["./a.js","./a.css"])))=>i.map(i=>d[i]);K(()=>import(`./a.js`),__vite__mapDeps([0,1]),import.meta.url)"#.to_owned(),
                &["./a.js", "./a.css"],
            ),
            // No list, or one that is not Vite's.
            (r#"u(()=>import("./a.js"),[])"#.to_owned(), &[]),
            (r#"u(()=>import("./a.js"),["x.js","y.css"])"#.to_owned(), &[]),
            (r#"u(()=>import("./a.js"),["assets/a.js",b,"c.css"])"#.to_owned(), &[]),
            (r#"u(import("./a.js"),["assets/a.js","c.css"])"#.to_owned(), &[]),
            (r#"u(()=>f(),["assets/a.js","c.css"]);import("./a.js")"#.to_owned(), &[]),
            (r#"// u(()=>import("./a.js"),["assets/a.js","a.css"])"#.to_owned(), &[]),
            // The base is not to be told: only style sheets are imported.
            (
                format!("{TABLE}x(()=>Promise.resolve({{}}),__vite__mapDeps([3]))"),
                &[],
            ),
            (
                "const __vite__mapDeps=(i,m=1,d=f.f=['./b.css'])=>d;".to_owned(),
                &["(./b.css)"],
            ),
            ("o.f=['./b.css'];const a='__vite__mapDeps'".to_owned(), &[]),
        ] {
            assert_eq!(listed(&text), expected, "{text}");
        }
    }

    #[test]
    fn tells_the_way_to_the_base_from_one_file_named_twice() {
        for (specifier, entry, expected) in [
            ("./a.js", "assets/a.js", Some("../")),
            ("./a.js", "a.js", Some("")),
            ("./js/a.js", "js/a.js", Some("")),
            ("../js/a.js", "js/a.js", Some("../")),
            ("../a.js", "x/a.js", Some("../../")),
            ("./a.js", "_app/immutable/a.js", Some("../../")),
            ("./a.js", "./a.js", Some("")),
            ("../b/a.js", "../b/a.js", Some("")),
            ("/sub/assets/a.js", "assets/a.js", Some("/sub/")),
            (
                "https://cdn.example/a.js",
                "a.js",
                Some("https://cdn.example/"),
            ),
            ("./a.js", "assets/b.js", None),
            ("./x/a.js", "assets/a.js", None),
            ("a", "../../a", None),
            ("", "", Some("")),
        ] {
            assert_eq!(
                way_to_base(specifier, entry).as_deref(),
                expected,
                "{specifier} {entry}"
            );
        }
    }

    #[test]
    fn a_table_of_all_routes_is_left_out() {
        let entries = |count: usize| {
            let entries: Vec<String> = (0..count).map(|it| format!("\"./{it}.js\"")).collect();
            let entries = entries.join(",");
            format!("const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=[{entries}])))=>i")
        };
        assert_eq!(listed(&entries(crate::js::bundler::MAX_LISTED)).len(), 1024);
        assert_eq!(
            listed(&entries(crate::js::bundler::MAX_LISTED + 1)),
            [""; 0]
        );
    }
}
