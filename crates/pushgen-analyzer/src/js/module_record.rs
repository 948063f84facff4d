//! The module requests of one script.
//!
//! In: text that does not nest too deeply, and the goal symbol to parse it with. Out: a [`Script`].
//!
//! Static requests are the import and export declarations at the top of the syntax tree (ECMAScript section 16.2).
//! `import()` and `import.meta` come from the parser's module record, so no walk of the tree is needed; what surrounds
//! an `import.meta` decides whether it is the base of a `new URL`. That pattern is no part of any standard;
//! bundlers write it for files that belong to a module, always in the one form `new URL(<literal>, import.meta.url)`.
//!
//! What bundlers add is read from the same tree by [`bundler`].
//!
//! Left out: specifiers that are not one literal, and `import.source()`, `import.defer()`.

use std::collections::HashSet;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::ast::{Comment, Expression, Statement, WithClause, WithClauseKeyword};
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::{GetSpan, SourceType, Span};

use super::activity::Activity;
use super::bundler::{self, Bundled, ImportCall};
use super::{Goal, ModuleRequest, ModuleType, Position, Problem, RequestKind, Script};

pub(super) fn read(text: &str, goal: Goal) -> Script {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, text, goal);

    if let Some(problem) = first_problem(text, &parsed, goal) {
        return Script {
            problem: Some(problem),
            ..Script::default()
        };
    }
    let mut requests = static_requests(&parsed.program.body);
    let dynamic = dynamic_requests(text, &parsed);
    let calls: Vec<ImportCall<'_>> = dynamic.iter().map(Request::import_call).collect();
    let Bundled { listed, chunks } = bundler::read(text, &parsed.program, &calls);
    requests.extend(listed.into_iter().map(|it| Request {
        at: it.at,
        specifier: it.url,
        kind: RequestKind::Listed {
            in_use: it.in_use,
            module: it.module,
        },
    }));
    requests.extend(dynamic);
    requests.extend(new_urls(text, &parsed));
    requests.sort_by_key(|request| request.at);

    let mut position = Position::new(text);
    let mut seen = HashSet::new();
    let mut imports = Vec::new();
    for Request {
        at,
        specifier,
        kind,
    } in requests
    {
        if seen.insert((kind, specifier.clone())) {
            let (line, column) = position.advance(at as usize);
            imports.push(ModuleRequest {
                specifier,
                line,
                column,
                kind,
            });
        }
    }
    Script {
        imports,
        chunks: chunks.map(Arc::new),
        problem: None,
    }
}

/// What code of the script may ask for; nothing if it does not run.
pub(super) fn activity(text: &str, goal: Goal) -> Activity {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, text, goal);
    match first_problem(text, &parsed, goal) {
        Some(_) => Activity::default(),
        None => Activity::of(&parsed.program),
    }
}

fn parse<'a>(allocator: &'a Allocator, text: &'a str, goal: Goal) -> ParserReturn<'a> {
    let source_type = match goal {
        Goal::Classic => SourceType::script(),
        Goal::Module => SourceType::mjs(),
    };
    Parser::new(allocator, text, source_type)
        .with_options(options())
        .parse()
}

struct Request {
    /// Byte offset of the literal.
    at: u32,
    specifier: String,
    kind: RequestKind,
}

impl Request {
    fn import_call(&self) -> ImportCall<'_> {
        ImportCall {
            at: self.at,
            specifier: &self.specifier,
        }
    }
}

fn options() -> ParseOptions {
    ParseOptions {
        enable_ident_hashes: false,
        ..ParseOptions::default()
    }
}

/// The error that stands first in the text: the parser's, and what it leaves to later passes but engines do not.
fn first_problem(text: &str, parsed: &ParserReturn<'_>, goal: Goal) -> Option<Problem> {
    let body = &parsed.program.body;
    // Broken text can have an error per byte: only one becomes a message.
    let errors = parsed.diagnostics.errors().map(|error| {
        let label = error.labels.iter().next();
        (label.map_or(0, |it| it.offset()), error)
    });
    let first = errors.min_by_key(|&(at, _)| at);
    let by_parser = first.map(|(at, error)| (at, error.message.to_string()));
    let by_assertion = body.iter().find_map(old_assertion);
    let by_goal = body.iter().find(|it| it.is_module_declaration());
    let by_goal = by_goal.filter(|_| goal == Goal::Classic).map(|it| {
        let message = "import and export declarations belong in modules";
        (it.span().start, message.to_owned())
    });
    let problems = [by_parser, by_assertion, by_goal].into_iter().flatten();
    let (at, message) = problems.min_by_key(|&(at, _)| at)?;
    Some(Problem::new(text, at as usize, message))
}

/// `assert` instead of `with`: a syntax error for today's engines, not for the parser.
fn old_assertion(statement: &Statement<'_>) -> Option<(u32, String)> {
    let (_, _, attributes) = module_specifier(statement)?;
    let attributes = attributes.filter(|it| it.keyword == WithClauseKeyword::Assert)?;
    let message = "import assertions were removed from the language: write `with` for `assert`";
    Some((attributes.span.start, message.to_owned()))
}

/// The specifier of an import or re-export, the offset of its literal, and its attributes.
fn module_specifier<'t, 'a>(
    statement: &'t Statement<'a>,
) -> Option<(u32, &'t str, Option<&'t WithClause<'a>>)> {
    let (source, attributes) = match statement {
        Statement::ImportDeclaration(it) => (&it.source, &it.with_clause),
        Statement::ExportFromDeclaration(it) => (&it.source, &it.with_clause),
        Statement::ExportAllDeclaration(it) => (&it.source, &it.with_clause),
        _ => return None,
    };
    Some((
        source.span.start,
        source.value.as_str(),
        attributes.as_deref(),
    ))
}

fn static_requests(body: &[Statement<'_>]) -> Vec<Request> {
    body.iter()
        .filter_map(|statement| {
            let (at, specifier, attributes) = module_specifier(statement)?;
            // `import defer` and `import source` are not in every current browser.
            let phase = matches!(statement, Statement::ImportDeclaration(it) if it.phase.is_some());
            let module_type = if phase {
                ModuleType::Unknown
            } else {
                module_type(attributes)
            };
            Some(Request {
                at,
                specifier: specifier.to_owned(),
                kind: RequestKind::Static { module_type },
            })
        })
        .collect()
}

/// HTML section 8.1.5.1: the only attribute is `type`, and JavaScript has no name there.
fn module_type(attributes: Option<&WithClause<'_>>) -> ModuleType {
    let entries = attributes.map_or(&[][..], |it| it.with_entries.as_slice());
    match entries {
        [] => ModuleType::JavaScript,
        [entry] if entry.key.as_arena_str().as_str() == "type" => {
            match entry.value.value.as_str() {
                "json" => ModuleType::Json,
                "css" => ModuleType::Css,
                "text" => ModuleType::Text,
                _ => ModuleType::Unknown,
            }
        }
        _ => ModuleType::Unknown,
    }
}

fn dynamic_requests(text: &str, parsed: &ParserReturn<'_>) -> Vec<Request> {
    let requests = parsed.module_record.dynamic_imports.iter();
    requests
        .filter(|import| slice(text, import.span).is_some_and(is_plain_import_call))
        .filter_map(|import| {
            let argument = slice(text, import.module_request)?;
            Some(Request {
                at: import.module_request.start,
                specifier: literal(argument)?,
                kind: RequestKind::Dynamic,
            })
        })
        .collect()
}

/// Not `import.source(…)` or `import.defer(…)`. A comment may stand before the parenthesis.
fn is_plain_import_call(call: &str) -> bool {
    call.strip_prefix("import")
        .is_some_and(|rest| !rest.trim_start().starts_with('.'))
}

fn new_urls(text: &str, parsed: &ParserReturn<'_>) -> Vec<Request> {
    let comments = &parsed.program.comments;
    let metas = parsed.module_record.import_metas.iter();
    metas
        .filter_map(|&meta| {
            let argument = new_url_argument(text, comments, meta)?;
            Some(Request {
                at: argument.start,
                specifier: literal(slice(text, argument)?)?,
                kind: RequestKind::NewUrl,
            })
        })
        .collect()
}

/// The literal in `new URL(<literal>, import.meta.url)`, given the place of `import.meta`.
///
/// The text has been parsed, so `import.meta` is code. Forwards and backwards from there the tokens are unambiguous: a
/// comment's place is known, and a quotation mark before a comma ends a literal.
fn new_url_argument(text: &str, comments: &[Comment], meta: Span) -> Option<Span> {
    let surroundings = Surroundings { text, comments };
    let after = surroundings.eat(meta.end as usize, ".")?;
    let after = surroundings.eat(after, "url")?;
    let after = surroundings.eat(after, ",").unwrap_or(after);
    surroundings.eat(after, ")")?;

    let end = surroundings.eat_back(meta.start as usize, ",")?;
    let end = surroundings.trim_end(end);
    let start = literal_start(text.get(..end)?)?;
    let before = surroundings.eat_back(start, "(")?;
    let before = surroundings.eat_back(before, "URL")?;
    let before = surroundings.eat_back(before, "new")?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '.' | '\u{200c}');
    if text.get(..before)?.ends_with(is_word) {
        return None;
    }
    Some(Span::new(
        u32::try_from(start).ok()?,
        u32::try_from(end).ok()?,
    ))
}

/// Where the string or template begins that ends this text.
fn literal_start(text: &str) -> Option<usize> {
    let quote = text.chars().next_back()?;
    if !matches!(quote, '"' | '\'' | '`') {
        return None;
    }
    let mut end = text.len() - 1;
    let earliest = end.saturating_sub(MAX_LITERAL_BYTES);
    loop {
        end = text.get(..end)?.rfind(quote)?;
        if end < earliest {
            return None;
        }
        let before = text.get(..end)?.bytes().rev();
        // An odd number of backslashes escapes the mark. A run longer than any literal is no literal.
        let backslashes = before.take(MAX_LITERAL_BYTES).take_while(|&b| b == b'\\');
        if backslashes.count() % 2 == 0 {
            break;
        }
    }
    // Behind a substitution, the mark may be the end of a template within the template.
    let inside = text.get(end..)?;
    (quote != '`' || !inside.contains('}')).then_some(end)
}

/// The text around a token, as tokens see it: white space and comments count for nothing.
struct Surroundings<'t> {
    text: &'t str,
    comments: &'t [Comment],
}

impl Surroundings<'_> {
    /// Where the token ends that is next after `at`.
    fn eat(&self, at: usize, token: &str) -> Option<usize> {
        let mut at = at;
        loop {
            let rest = self.text.get(at..)?;
            at += rest.len() - rest.trim_start_matches(is_white_space).len();
            let next = self
                .comments
                .partition_point(|it| (it.span.start as usize) < at);
            match self.comments.get(next) {
                Some(comment) if comment.span.start as usize == at => {
                    at = comment.span.end as usize;
                }
                _ => break,
            }
        }
        self.text
            .get(at..)?
            .starts_with(token)
            .then_some(at + token.len())
    }

    /// Where the token begins that is last before `at`.
    fn eat_back(&self, at: usize, token: &str) -> Option<usize> {
        let end = self.trim_end(at);
        let start = end.checked_sub(token.len())?;
        (self.text.get(start..end) == Some(token)).then_some(start)
    }

    fn trim_end(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let text = self.text.get(..at).unwrap_or_default();
            at = text.trim_end_matches(is_white_space).len();
            let next = self
                .comments
                .partition_point(|it| (it.span.end as usize) < at);
            match self.comments.get(next) {
                Some(comment) if comment.span.end as usize == at => {
                    at = comment.span.start as usize;
                }
                _ => return at,
            }
        }
    }
}

/// ECMAScript sections 12.2 and 12.3.
fn is_white_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// The value of an expression that is one string literal or one template without substitutions.
fn literal(expression: &str) -> Option<String> {
    // `"a" + f("b" + f(…` is a string at first sight, at every level: no need to parse all of each.
    if !expression.starts_with(['"', '\'', '`']) || expression.len() > MAX_LITERAL_BYTES {
        return None;
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, expression, SourceType::script())
        .with_options(options())
        .parse_expression();
    match parsed.ok()? {
        Expression::StringLiteral(string) if !string.lone_surrogates => {
            Some(string.value.to_string())
        }
        Expression::TemplateLiteral(template) => Some(template.single_quasi()?.to_string()),
        _ => None,
    }
}

fn slice(text: &str, span: Span) -> Option<&str> {
    text.get(span.start as usize..span.end as usize)
}

/// A longer literal is data, no URL of a file.
const MAX_LITERAL_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const JS: RequestKind = RequestKind::Static {
        module_type: ModuleType::JavaScript,
    };
    const JSON: RequestKind = RequestKind::Static {
        module_type: ModuleType::Json,
    };
    const CSS: RequestKind = RequestKind::Static {
        module_type: ModuleType::Css,
    };
    const TEXT: RequestKind = RequestKind::Static {
        module_type: ModuleType::Text,
    };
    const UNKNOWN: RequestKind = RequestKind::Static {
        module_type: ModuleType::Unknown,
    };
    const DYNAMIC: RequestKind = RequestKind::Dynamic;
    const NEW_URL: RequestKind = RequestKind::NewUrl;

    #[track_caller]
    fn requests(text: &str, goal: Goal) -> Vec<(String, RequestKind)> {
        let script = read(text, goal);
        assert_eq!(script.problem, None, "{text}");
        let imports = script.imports.into_iter();
        imports.map(|it| (it.specifier, it.kind)).collect()
    }

    #[track_caller]
    fn assert_requests(rows: &[(&str, &[(&str, RequestKind)])]) {
        for (text, expected) in rows {
            let expected: Vec<_> = expected
                .iter()
                .map(|&(specifier, kind)| (specifier.to_owned(), kind))
                .collect();
            assert_eq!(requests(text, Goal::Module), expected, "{text}");
        }
    }

    #[test]
    fn reads_static_requests() {
        assert_requests(&[
            ("import './a.js'", &[("./a.js", JS)]),
            ("import a from 'a'", &[("a", JS)]),
            (
                "import*as a from'a';import{b}from\"b\"",
                &[("a", JS), ("b", JS)],
            ),
            (
                "import a, {b as c, default as d, 'e f' as g} from 'a'",
                &[("a", JS)],
            ),
            (
                "export * from 'a'; export * as b from 'b'",
                &[("a", JS), ("b", JS)],
            ),
            ("export {a, b as c} from 'a'", &[("a", JS)]),
            ("export {} from 'a'", &[("a", JS)]),
            ("export {}; export default 'a'; export const b = 'c'", &[]),
            ("import {from} from 'from'", &[("from", JS)]),
            ("import/*'x'*/a/**/from//\n'a'", &[("a", JS)]),
            (
                r"import '\u0061\x2fb\
c'",
                &[("a/bc", JS)],
            ),
            ("import ''", &[("", JS)]),
            (
                "import 'a'; import {b} from 'a'; export * from 'a'",
                &[("a", JS)],
            ),
            (
                "import 'b'; import 'a'; import 'b'",
                &[("b", JS), ("a", JS)],
            ),
            ("if (a) {}\nimport 'late'", &[("late", JS)]),
        ]);
    }

    #[test]
    fn reads_the_module_type() {
        assert_requests(&[
            ("import a from 'a' with {type: 'json'}", &[("a", JSON)]),
            ("import a from 'a' with {'type': \"css\",}", &[("a", CSS)]),
            ("export * from 'a' with {type: 'json'}", &[("a", JSON)]),
            (
                "export {default} from 'a' with {type: 'css'}",
                &[("a", CSS)],
            ),
            ("import 'a' with {}", &[("a", JS)]),
            ("import 'a' with {type: 'javascript'}", &[("a", UNKNOWN)]),
            ("import 'a' with {type: 'JSON'}", &[("a", UNKNOWN)]),
            ("import a from 'a' with {type: 'text'}", &[("a", TEXT)]),
            ("import 'a' with {type: 'bytes'}", &[("a", UNKNOWN)]),
            ("import 'a' with {lazy: 'json'}", &[("a", UNKNOWN)]),
            (
                "import 'a' with {type: 'json', lazy: ''}",
                &[("a", UNKNOWN)],
            ),
            (
                "import 'a'; import b from 'a' with {type: 'json'}",
                &[("a", JS), ("a", JSON)],
            ),
            ("import defer * as a from 'a'", &[("a", UNKNOWN)]),
            ("import source a from 'a'", &[("a", UNKNOWN)]),
            (
                "import defer from 'a'; import source from 'b'",
                &[("a", JS), ("b", JS)],
            ),
            ("import 'a'\nassert\n{}", &[("a", JS)]),
        ]);
    }

    #[test]
    fn reads_dynamic_requests() {
        assert_requests(&[
            ("import('a')", &[("a", DYNAMIC)]),
            (
                "import /**/ ( /* why */ \"a\" /**/ , {with: {type: 'json'}})",
                &[("a", DYNAMIC)],
            ),
            ("import(`a`)", &[("a", DYNAMIC)]),
            ("import('a',)", &[("a", DYNAMIC)]),
            (r"import('\x61')", &[("a", DYNAMIC)]),
            (
                "import(a); import('a' + b); import(`a${b}`); import(a`b`)",
                &[],
            ),
            ("import('a' , b); import(c ? 'd' : 'e')", &[("a", DYNAMIC)]),
            ("import(import('a'))", &[("a", DYNAMIC)]),
            (
                "const a = () => import('b'), c = (d = import('e')) => d;",
                &[("b", DYNAMIC), ("e", DYNAMIC)],
            ),
            (
                "(import('a')); async (b = import('c')) => 1",
                &[("a", DYNAMIC), ("c", DYNAMIC)],
            ),
            ("import.source('a'); import.defer('b')", &[]),
            (
                "a.import('b'); ({import() {}, import: 1}); class A { import(a) {} }",
                &[],
            ),
            (
                "'import(\"a\")'; `import('a')`; /import('a')/; // import('a')",
                &[],
            ),
            ("`${import('a')}`", &[("a", DYNAMIC)]),
            ("a = b / import('c') / d", &[("c", DYNAMIC)]),
            ("import('a'); import('a')", &[("a", DYNAMIC)]),
            ("import('a'); import 'a'", &[("a", DYNAMIC), ("a", JS)]),
            (r"import('\ud800')", &[]),
        ]);
    }

    #[test]
    fn reads_urls_relative_to_the_module() {
        assert_requests(&[
            ("new URL('a.png', import.meta.url)", &[("a.png", NEW_URL)]),
            (
                "new URL(\"a.png\",import.meta.url).href",
                &[("a.png", NEW_URL)],
            ),
            (
                "new Worker(new URL(`w.js`, import.meta.url), {type: 'module'})",
                &[("w.js", NEW_URL)],
            ),
            (
                "new/**/URL//\n(/* ( */'a'/* ' */,/**/import.meta/**/.\nurl/**/,/**/)",
                &[("a", NEW_URL)],
            ),
            (
                r#"new URL("a\"b\\", import.meta.url)"#,
                &[("a\"b\\", NEW_URL)],
            ),
            (r"new URL('\x61', import . meta . url)", &[("a", NEW_URL)]),
            ("''+new URL('a',import.meta.url)", &[("a", NEW_URL)]),
            (
                "new URL(''+new URL('a',import.meta.url).href,import.meta.url)",
                &[("a", NEW_URL)],
            ),
            (
                "new URL(a, import.meta.url); new URL('a' + b, import.meta.url)",
                &[],
            ),
            (
                "new URL(`${a}.png`, import.meta.url); new URL(`${`x`}.png`, import.meta.url)",
                &[],
            ),
            ("new URL(`${`new URL(`}x`, import.meta.url)", &[]),
            (
                "new URL('a', import.meta.url + b); new URL('a', import.meta.urls)",
                &[],
            ),
            (
                "new URL('a', import.meta.url, b); new URL('a', import.meta)",
                &[],
            ),
            (
                "new URL('a', (import.meta.url)); new URL(import.meta.url)",
                &[],
            ),
            (
                "URL('a', import.meta.url); new a.URL('b', import.meta.url)",
                &[],
            ),
            ("a.new; renew\nURL('a', import.meta.url)", &[]),
            (
                "\"new URL('a', import.meta.url)\"; // new URL('a', import.meta.url)",
                &[],
            ),
            (
                "f('a', import.meta.url); [new URL, 'a', import.meta.url]",
                &[],
            ),
            ("(new URL('a', import.meta.url), 1)", &[("a", NEW_URL)]),
            (
                "(a = new URL('b', import.meta.url)) => a",
                &[("b", NEW_URL)],
            ),
        ]);
    }

    #[test]
    fn classic_scripts_only_import_dynamically() {
        let text = "<!-- import('a')\nwith (a) import('b'); 'new URL(\"c\", import.meta.url)'";
        let expected = [("b".to_owned(), DYNAMIC)];
        assert_eq!(requests(text, Goal::Classic), expected);
    }

    #[test]
    fn names_the_place_of_the_literal() {
        let text = "/* é */ import a from 'a';\r\n  import('b');\n'\u{1f600}', \
                    new URL('c', import.meta.url)";
        let script = read(text, Goal::Module);
        let places: Vec<_> = script
            .imports
            .iter()
            .map(|it| (it.specifier.as_str(), it.line, it.column))
            .collect();
        assert_eq!(places, [("a", 1, 23), ("b", 2, 10), ("c", 3, 14)]);
    }

    #[test]
    fn a_very_long_literal_is_not_a_file() {
        let data = "a".repeat(MAX_LITERAL_BYTES);
        let text = format!("import('{data}'); new URL('{data}', import.meta.url)");
        assert_eq!(requests(&text, Goal::Module), []);
    }

    #[test]
    fn many_backslashes_take_linear_time() {
        let text = "new URL('\\'', import.meta.url);".replace("\\", &"\\".repeat(4001));
        let text = text.repeat(500);
        let _ = read(&text, Goal::Module);
    }
}
