//! What webpack says of its chunks.
//!
//! In: the text and syntax tree of a script. Out: a [`Chunks`]: how the runtime makes a chunk's URL from its identifier,
//! and which chunks the script's modules ask for. The two may stand in different files of a page (`runtime.js`,
//! `main.js`), so that only the page can put them together.
//!
//! ```text
//! webpack 5   r.u=e=>"js/"+({741:"bee"}[e]||e)+"."+{407:"aa98",741:"1f8b"}[e]+".js", r.miniCssF=e=>…, r.p="/"
//! webpack 4   c.src=function(e){return o.p+"js/"+({0:"bee"}[e]||e)+"."+{0:"438c",2:"a672"}[e]+".js"}(e)
//! a module    ()=>Promise.all([n.e(775),n.e(741)]).then(n.bind(n,170))
//! ```
//!
//! The names of chunks are made of literals, of the identifier and of look-ups in literal objects; such expressions
//! are read into a [`Name`]. Left out: `output.publicPath` that is set while the page runs, CSS of webpack 4.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BinaryOperator, CallExpression, Expression,
    LogicalOperator, ObjectExpression, ObjectPropertyKind, Program, PropertyKey, Statement,
};

use crate::js::Position;
use crate::js::constant::{Body, Unary, argument, bare, key, string};
use crate::js::walk::{Places, each_node_around};

/// What a script says of chunks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunks {
    pub(crate) runtime: Option<Runtime>,
    /// The identifiers that the script asks for, each with the line of the first call.
    pub(crate) calls: BTreeMap<String, u32>,
}

/// How identifiers become URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Runtime {
    pub(crate) line: u32,
    pub(crate) public_path: PublicPath,
    scripts: Name,
    styles: Option<Name>,
}

/// What stands before every chunk's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicPath {
    /// A URL; relative to the document, since the runtime inserts elements there.
    Literal(String),
    /// The folder of the runtime (`publicPath: "auto"`).
    OfScript,
}

impl Runtime {
    /// The identifiers that the tables of the runtime hold.
    pub(crate) fn identifiers(&self) -> BTreeSet<&str> {
        let mut identifiers = BTreeSet::new();
        self.scripts.identifiers(&mut identifiers);
        if let Some(styles) = &self.styles {
            styles.identifiers(&mut identifiers);
        }
        identifiers
    }

    /// The names of a chunk's script and style sheet, to follow the public path.
    pub(crate) fn names(&self, identifier: &str) -> impl Iterator<Item = String> {
        let names = [Some(&self.scripts), self.styles.as_ref()];
        let names = names.map(|name| name.and_then(|it| it.value(identifier)));
        names.into_iter().flatten()
    }
}

/// Whether a script can say anything of chunks: runtimes and chunks name the array that chunks are pushed to.
pub(super) fn is_bundle(text: &str) -> bool {
    let marks = ["webpackChunk", "webpackJsonp"];
    text.contains("webpack") && marks.iter().any(|mark| text.contains(mark))
}

/// What the script says of chunks, if anything.
pub(super) fn chunks(text: &str, program: &Program<'_>) -> Option<Chunks> {
    let mut found = Found::default();
    let calls = text.match_indices(".e(").filter(|(at, call)| {
        let argument = text.get(at + call.len()..).unwrap_or_default();
        argument.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'' | '`' | '/'))
    });
    let calls = calls.filter_map(|(at, _)| u32::try_from(at).ok());
    let places = Places::new(text, &NEEDLES, calls);
    each_node_around(program, &places, |node| match node {
        AstKind::AssignmentExpression(it) => found.assignment(it),
        AstKind::CallExpression(it) => found.call(it),
        AstKind::Function(it) => found.function(Unary::of_function(it), it.span.start),
        AstKind::ArrowFunctionExpression(it) => found.function(Unary::of_arrow(it), it.span.start),
        _ => {}
    });
    found.chunks(text)
}

#[derive(Default)]
struct Found<'a> {
    /// The functions that name scripts: the variable that holds `require`, and where.
    scripts: Vec<(&'a str, u32, Name)>,
    styles: Vec<(&'a str, Name)>,
    public_paths: Vec<(&'a str, Option<&'a str>)>,
    calls: Vec<(u32, String)>,
}

impl<'a> Found<'a> {
    fn assignment(&mut self, assignment: &'a AssignmentExpression<'a>) {
        let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else {
            return;
        };
        let Expression::Identifier(require) = &target.object else {
            return;
        };
        let require = require.name.as_str();
        match target.property.name.as_str() {
            "u" => {
                let name = Unary::of(&assignment.right).and_then(|it| Name::of(&it));
                let at = assignment.span.start;
                self.scripts.extend(name.map(|name| (require, at, name)));
            }
            "miniCssF" => {
                let name = Unary::of(&assignment.right).and_then(|it| Name::of(&it));
                self.styles.extend(name.map(|name| (require, name)));
            }
            "p" => self.public_paths.push((require, string(&assignment.right))),
            _ => {}
        }
    }

    /// `n.e(775)`.
    fn call(&mut self, call: &CallExpression<'_>) {
        let is_ensure = matches!(&call.callee, Expression::StaticMemberExpression(it) if it.property.name == "e");
        if is_ensure && call.arguments.len() <= 2 && self.calls.len() < MAX_CALLS {
            let identifier = argument(&call.arguments, 0).and_then(key);
            self.calls
                .extend(identifier.map(|it| (call.span.start, it)));
        }
    }

    /// webpack 4: the one function that returns `r.p + …`.
    fn function(&mut self, function: Option<Unary<'a, 'a>>, at: u32) {
        let returned = function.as_ref().and_then(|it| match it.body {
            Body::Expression(it) => Some(it),
            Body::Statements([Statement::ReturnStatement(it)]) => it.argument.as_ref(),
            Body::Statements(_) => None,
        });
        let (Some(function), Some(returned)) = (function, returned) else {
            return;
        };
        let mut parts = parts(returned);
        let Some(Expression::StaticMemberExpression(first)) = parts.first() else {
            return;
        };
        let Expression::Identifier(require) = &first.object else {
            return;
        };
        if first.property.name != "p" || parts.len() < 3 {
            return;
        }
        parts.remove(0);
        let reader = Reader(function.parameter);
        let name: Option<Vec<Name>> = parts.into_iter().map(|it| reader.read(it, 0)).collect();
        let name = name.map(Name::Joined).filter(Name::depends);
        self.scripts
            .extend(name.map(|name| (require.name.as_str(), at, name)));
    }

    fn chunks(mut self, text: &str) -> Option<Chunks> {
        self.calls.sort_unstable();
        let mut position = Position::new(text);
        let mut calls = BTreeMap::new();
        for (at, identifier) in self.calls {
            let (line, _) = position.advance(at as usize);
            calls.entry(identifier).or_insert(line);
        }
        let runtime = self
            .scripts
            .into_iter()
            .next()
            .and_then(|(require, at, scripts)| {
                let mut paths = self.public_paths.iter().filter(|it| it.0 == require);
                let public_path = match paths.next() {
                    Some((_, Some(literal))) => PublicPath::Literal((*literal).to_owned()),
                    // webpack works it out from `document.currentScript` or `import.meta.url`.
                    _ if text.contains("Automatic publicPath") => PublicPath::OfScript,
                    _ => return None,
                };
                let (line, _) = Position::new(text).advance(at as usize);
                let styles = self.styles.into_iter().find(|it| it.0 == require);
                Some(Runtime {
                    line,
                    public_path,
                    scripts,
                    styles: styles.map(|it| it.1),
                })
            });
        (runtime.is_some() || !calls.is_empty()).then_some(Chunks { runtime, calls })
    }
}

/// The operands of `a + b + c`.
fn parts<'t, 'a>(expression: &'t Expression<'a>) -> Vec<&'t Expression<'a>> {
    let mut parts = Vec::new();
    let mut left = bare(expression);
    while let Expression::BinaryExpression(it) = left {
        if it.operator != BinaryOperator::Addition || parts.len() == MAX_PARTS {
            break;
        }
        parts.push(bare(&it.right));
        left = bare(&it.left);
    }
    parts.push(left);
    parts.reverse();
    parts
}

/// A string that depends on a chunk's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Text(String),
    Identifier,
    /// `{12:"a"}[id]`.
    Lookup(BTreeMap<String, String>),
    /// `a + b`.
    Joined(Vec<Self>),
    /// `a || b`.
    Or(Box<[Self; 2]>),
    /// `12 === id ? a : b`.
    Cases(Vec<(String, Self)>, Box<Self>),
}

impl Name {
    /// What a function returns, if that can be read and depends on the identifier.
    fn of(function: &Unary<'_, '_>) -> Option<Self> {
        let reader = Reader(function.parameter);
        let name = match function.body {
            Body::Expression(expression) => reader.read(expression, 0),
            Body::Statements(statements) => reader.returned(statements),
        };
        name.filter(Self::depends)
    }

    fn depends(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Identifier | Self::Lookup(_) => true,
            Self::Joined(parts) => parts.iter().any(Self::depends),
            Self::Or(parts) => parts.iter().any(Self::depends),
            Self::Cases(cases, _) => !cases.is_empty(),
        }
    }

    fn identifiers<'t>(&'t self, into: &mut BTreeSet<&'t str>) {
        match self {
            Self::Text(_) | Self::Identifier => {}
            Self::Lookup(table) => into.extend(table.keys().map(String::as_str)),
            Self::Joined(parts) => parts.iter().for_each(|it| it.identifiers(into)),
            Self::Or(parts) => parts.iter().for_each(|it| it.identifiers(into)),
            Self::Cases(cases, otherwise) => {
                for (identifier, name) in cases {
                    into.insert(identifier);
                    name.identifiers(into);
                }
                otherwise.identifiers(into);
            }
        }
    }

    /// The string; nothing where JavaScript would have `undefined`.
    fn value(&self, identifier: &str) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Identifier => Some(identifier.to_owned()),
            Self::Lookup(table) => table.get(identifier).cloned(),
            Self::Joined(parts) => parts.iter().map(|it| it.value(identifier)).collect(),
            Self::Or(parts) => parts.iter().find_map(|it| it.value(identifier)),
            Self::Cases(cases, otherwise) => {
                let case = cases.iter().find(|it| it.0 == identifier);
                case.map_or(&**otherwise, |it| &it.1).value(identifier)
            }
        }
    }
}

/// Reads names; holds the parameter that stands for the identifier.
struct Reader<'t>(&'t str);

impl Reader<'_> {
    /// `if (12 === id) return a; return b;`
    fn returned(&self, statements: &[Statement<'_>]) -> Option<Name> {
        let mut cases = Vec::new();
        for statement in statements {
            match statement {
                Statement::ReturnStatement(it) => {
                    let name = self.read(it.argument.as_ref()?, 0)?;
                    return Some(match cases.is_empty() {
                        true => name,
                        false => Name::Cases(cases, Box::new(name)),
                    });
                }
                Statement::IfStatement(it) if it.alternate.is_none() => {
                    let Statement::ReturnStatement(then) = &it.consequent else {
                        return None;
                    };
                    let name = self.read(then.argument.as_ref()?, 0)?;
                    cases.push((self.compared(&it.test)?, name));
                }
                _ => return None,
            }
        }
        None
    }

    fn read(&self, expression: &Expression<'_>, depth: usize) -> Option<Name> {
        if depth > MAX_NAME_DEPTH {
            return None;
        }
        let depth = depth + 1;
        match bare(expression) {
            Expression::Identifier(it) if it.name == self.0 => Some(Name::Identifier),
            Expression::BinaryExpression(it) if it.operator == BinaryOperator::Addition => {
                let parts = parts(expression).into_iter();
                let parts: Option<_> = parts.map(|it| self.read(it, depth)).collect();
                parts.map(Name::Joined)
            }
            Expression::LogicalExpression(it)
                if matches!(it.operator, LogicalOperator::Or | LogicalOperator::Coalesce) =>
            {
                let sides = [self.read(&it.left, depth)?, self.read(&it.right, depth)?];
                Some(Name::Or(Box::new(sides)))
            }
            Expression::ComputedMemberExpression(it) => {
                let is_ours =
                    matches!(bare(&it.expression), Expression::Identifier(it) if it.name == self.0);
                match bare(&it.object) {
                    Expression::ObjectExpression(table) if is_ours => lookup(table),
                    _ => None,
                }
            }
            Expression::ConditionalExpression(_) => self.cases(expression, depth),
            Expression::TemplateLiteral(it) if !it.expressions.is_empty() => {
                let mut parts = Vec::new();
                let mut expressions = it.expressions.iter();
                for quasi in &it.quasis {
                    parts.push(Name::Text(quasi.value.cooked?.to_string()));
                    if let Some(expression) = expressions.next() {
                        parts.push(self.read(expression, depth)?);
                    }
                }
                Some(Name::Joined(parts))
            }
            other => key(other).map(Name::Text),
        }
    }

    /// `12 === id ? a : 13 === id ? b : c`, of any length.
    fn cases(&self, expression: &Expression<'_>, depth: usize) -> Option<Name> {
        let mut cases = Vec::new();
        let mut rest = bare(expression);
        while let Expression::ConditionalExpression(it) = rest {
            cases.push((self.compared(&it.test)?, self.read(&it.consequent, depth)?));
            rest = bare(&it.alternate);
        }
        let otherwise = self.read(rest, depth)?;
        Some(Name::Cases(cases, Box::new(otherwise)))
    }

    /// The literal that the identifier is compared with.
    fn compared(&self, test: &Expression<'_>) -> Option<String> {
        let Expression::BinaryExpression(it) = bare(test) else {
            return None;
        };
        let equals = [BinaryOperator::StrictEquality, BinaryOperator::Equality];
        let is_ours = |side: &Expression<'_>| matches!(bare(side), Expression::Identifier(it) if it.name == self.0);
        match () {
            () if !equals.contains(&it.operator) => None,
            () if is_ours(&it.right) => key(bare(&it.left)),
            () if is_ours(&it.left) => key(bare(&it.right)),
            () => None,
        }
    }
}

/// An object literal of strings.
fn lookup(object: &ObjectExpression<'_>) -> Option<Name> {
    let entry = |property: &ObjectPropertyKind<'_>| {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            return None;
        };
        let name = match &property.key {
            PropertyKey::StaticIdentifier(it) if !property.computed => it.name.to_string(),
            it => it.as_expression().and_then(key)?,
        };
        Some((name, string(&property.value)?.to_owned()))
    };
    object
        .properties
        .iter()
        .map(entry)
        .collect::<Option<_>>()
        .map(Name::Lookup)
}

/// What the assignments of runtimes have in them.
const NEEDLES: [&str; 7] = [".u=", ".u =", ".miniCssF", ".p=", ".p =", ".p+", ".p +"];

/// Deeper expressions are no names of chunks.
const MAX_NAME_DEPTH: usize = 16;

/// Longer sums are no names of chunks.
const MAX_PARTS: usize = 64;

/// Calls of one script that are kept.
const MAX_CALLS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::Script;

    fn read(text: &str) -> Option<Chunks> {
        let script = Script::parse_classic(&format!("webpackChunk;\n{text}"));
        assert_eq!(script.problem, None, "{text}");
        script.chunks.map(|it| (*it).clone())
    }

    fn names(runtime: &Runtime, identifier: &str) -> Vec<String> {
        runtime.names(identifier).collect()
    }

    #[test]
    fn reads_how_runtimes_name_their_chunks() {
        // (the function, an identifier, the name)
        for (function, identifier, expected) in [
            (r#"e=>e+".js""#, "7", Some("7.js")),
            (r#"e=>""+e+".js""#, "src_a_js", Some("src_a_js.js")),
            (r#"e=>(741===e?"bee":e)+".js""#, "741", Some("bee.js")),
            (r#"e=>(741===e?"bee":e)+".js""#, "7", Some("7.js")),
            (
                r#"e=>"js/"+({741:"bee"}[e]||e)+"."+{407:"aa98",741:"1f8b"}[e]+".js""#,
                "741",
                Some("js/bee.1f8b.js"),
            ),
            (
                r#"e=>"js/"+({741:"bee"}[e]||e)+"."+{407:"aa98",741:"1f8b"}[e]+".js""#,
                "407",
                Some("js/407.aa98.js"),
            ),
            // JavaScript would say "undefined".
            (r#"e=>"js/"+{741:"bee"}[e]+".js""#, "7", None),
            (
                r#"function(e){return"c/"+e+".h.js"}"#,
                "535",
                Some("c/535.h.js"),
            ),
            (
                r#"function(e){if(e===1)return"one.js";return e+".js"}"#,
                "1",
                Some("one.js"),
            ),
            (
                r#"e=>1===e?"a.js":"two"==e?"b.js":3===e?"c.js":e+".js""#,
                "two",
                Some("b.js"),
            ),
            (r#"e=>`js/${{5:"h"}[e]}.js`"#, "5", Some("js/h.js")),
            (r#"(e)=>{ return ("" + e + ".js"); }"#, "x", Some("x.js")),
            (r#"e=>({"a-b":"c"}[e]??e)+".js""#, "a-b", Some("c.js")),
        ] {
            let chunks = read(&format!("r.u={function};r.p=\"/\"")).expect(function);
            let runtime = chunks.runtime.expect(function);
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(names(&runtime, identifier), expected, "{function}");
        }
    }

    #[test]
    fn leaves_alone_what_names_no_chunk() {
        for function in [
            "e=>f(e)",
            "e=>e+g",
            r#""a.js""#,
            r#"e=>"a.js""#,
            r#"(e,t)=>e+".js""#,
            r#"e=>"a-"+e"#,
            r#"(e=1)=>e+".js""#,
            r#"({e})=>e+".js""#,
            r#"e=>{f();return e+".js"}"#,
            r#"e=>({...a})[e]+".js""#,
            r#"e=>{}"#,
        ] {
            let chunks = read(&format!("r.u={function};r.p=\"/\""));
            let runtime = chunks.and_then(|it| it.runtime);
            match function {
                // A name without an ending is a name all the same.
                r#"e=>"a-"+e"# => assert!(runtime.is_some()),
                _ => assert_eq!(runtime, None, "{function}"),
            }
        }
    }

    #[test]
    fn reads_style_sheets_beside_scripts() {
        let text = r#"r.u=e=>"js/"+e+".js";r.miniCssF=e=>"css/"+{7:"h"}[e]+".css";r.p="/app/""#;
        let runtime = read(text).unwrap().runtime.unwrap();
        assert_eq!(names(&runtime, "7"), ["js/7.js", "css/h.css"]);
        assert_eq!(names(&runtime, "8"), ["js/8.js"]);
        assert_eq!(runtime.identifiers(), BTreeSet::from(["7"]));
        assert_eq!(runtime.public_path, PublicPath::Literal("/app/".to_owned()));
        assert_eq!(runtime.line, 2);
    }

    #[test]
    fn reads_the_runtime_of_webpack_4() {
        let text = r#"c.src=function(e){return o.p+"js/"+({0:"bee"}[e]||e)+"."+{0:"438c",2:"a672"}[e]+".js"}(e);o.p="/""#;
        let runtime = read(text).unwrap().runtime.unwrap();
        assert_eq!(names(&runtime, "0"), ["js/bee.438c.js"]);
        assert_eq!(names(&runtime, "2"), ["js/2.a672.js"]);
        let text = r#"function jsonpScriptSrc(chunkId) { return __webpack_require__.p + "" + chunkId + ".js" } __webpack_require__.p = "";"#;
        let runtime = read(text).unwrap().runtime.unwrap();
        assert_eq!(names(&runtime, "main"), ["main.js"]);
    }

    #[test]
    fn the_public_path_is_a_literal_or_the_script_s_own() {
        let of = |path: &str| {
            let chunks = read(&format!("r.u=e=>e+'.js';{path}"))?;
            chunks.runtime.map(|it| it.public_path)
        };
        let literal = |path: &str| Some(PublicPath::Literal(path.to_owned()));
        assert_eq!(of("r.p='/a/'"), literal("/a/"));
        assert_eq!(of("q.p='/b/';r.p='/a/'"), literal("/a/"));
        let auto =
            "if(!e)throw new Error('Automatic publicPath is not supported in this browser');r.p=e";
        assert_eq!(of(auto), Some(PublicPath::OfScript));
        assert_eq!(of("r.p=window.base"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn reads_the_chunks_that_modules_ask_for() {
        let text = "()=>Promise.all([n.e(775),n.e(741)]).then(n.bind(n,170));\nr.e('bee','high');n.e(775)\n\
            // n.e(1)\n'n.e(2)';n.e(x);n.e(1.5);n.e(-1);e(3);n.e();n.e(1,2,3)";
        let calls = read(text).unwrap().calls;
        let expected = [("741", 2), ("775", 2), ("bee", 3)];
        assert_eq!(
            calls,
            expected.map(|(id, line)| (id.to_owned(), line)).into()
        );
        assert_eq!(read("a.f(1)"), None);
    }

    #[test]
    fn only_bundles_of_webpack_are_read() {
        assert_eq!(Script::parse_classic("n.e(1)").chunks, None);
    }
}
