//! JavaScript: what a script makes the browser fetch.
//!
//! In: the decoded text of a classic script or a module, from a file or from a `script` element. Out: a [`Script`]:
//! the module requests that stand in the text as literals, in source order, and the first reason why the
//! browser would not run it. Nothing is executed and nothing is guessed: what a computed specifier or
//! `fetch()` asks for is left out.
//!
//! - [`module_record`] reads the requests from the parsed text (ECMAScript sections 13.3.10 and 16.2).
//! - [`bundler`] reads what bundlers write down about fetches to come: Vite, Turbopack, webpack.
//! - [`activity`] counts what may ask for more, for those who want to know.
//! - [`nesting`] refuses what would exhaust the parser's stack, as engines do.
//! - [`import_map`] turns specifiers into URLs (HTML section 8.1.6).
//!
//! Specifiers stay as written, escapes decoded. Early errors beyond the grammar are not looked for: a name declared
//! twice, an export of nothing, `with` or octal literals in strict code, a pattern that is no regular expression.

pub(crate) mod activity;
pub(crate) mod bundler;
mod constant;
pub(crate) mod import_map;
mod module_record;
mod nesting;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use activity::Activity;
use bundler::webpack::Chunks;

/// A classic script or module, as far as loading is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// In source order; each specifier once per kind, where it stands first. Empty if there is a problem.
    pub(crate) imports: Vec<ModuleRequest>,
    /// What webpack says of its chunks.
    pub(crate) chunks: Option<Arc<Chunks>>,
    /// Why the browser runs nothing of this script and fetches none of its imports.
    pub(crate) problem: Option<Problem>,
}

/// One request for another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModuleRequest {
    /// The literal's value: not yet resolved, and for [`RequestKind::NewUrl`] and [`RequestKind::Listed`] no module
    /// specifier but a URL.
    pub(crate) specifier: String,
    /// Line of the literal, from 1.
    pub(crate) line: u32,
    /// Column of the literal, from 1, in characters (Unicode scalar values).
    pub(crate) column: u32,
    pub(crate) kind: RequestKind,
}

/// How a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RequestKind {
    /// `import … from "x"` and `export … from "x"`: fetched before the module runs.
    Static { module_type: ModuleType },
    /// `import("x")`: fetched when that expression is evaluated.
    Dynamic,
    /// `new URL("x", import.meta.url)`: a URL relative to the module, that something may fetch later.
    NewUrl,
    /// A bundler lists it as what code of the script loads: a URL relative to the script, fetched when that code runs.
    /// `in_use` tells whether the code was seen, or only the list; `module` how its scripts are loaded.
    Listed { in_use: bool, module: bool },
}

/// What a static request says the file must be (HTML section 8.1.5.1, module type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ModuleType {
    JavaScript,
    Json,
    Css,
    /// A string, as Chromium has it.
    Text,
    /// Attributes that not every current browser takes: the importing module fails to load, with it
    /// all its imports.
    Unknown,
}

/// Why a script does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters.
    pub(crate) column: u32,
    pub(crate) message: String,
}

impl Script {
    /// Parses the text of a `<script type=module>` or of a file that a module imports.
    pub(crate) fn parse_module(text: &str) -> Self {
        Self::parse(text, Goal::Module)
    }

    /// Parses the text of a classic script: sloppy mode, HTML-like comments, `import()` as the only request.
    pub(crate) fn parse_classic(text: &str) -> Self {
        Self::parse(text, Goal::Classic)
    }

    /// What code of a classic script or module may ask for that only running it tells.
    pub(crate) fn activity(text: &str, is_module: bool) -> Activity {
        let goal = if is_module {
            Goal::Module
        } else {
            Goal::Classic
        };
        parsed(text, goal, module_record::activity).unwrap_or_default()
    }

    /// The first static request that makes the whole module fail before anything of it is fetched.
    pub(crate) fn unknown_module_type(&self) -> Option<&ModuleRequest> {
        let unknown = RequestKind::Static {
            module_type: ModuleType::Unknown,
        };
        self.imports.iter().find(|request| request.kind == unknown)
    }

    fn parse(text: &str, goal: Goal) -> Self {
        parsed(text, goal, module_record::read)
            .unwrap_or_else(|(at, message)| Self::refused(text, at, message))
    }

    fn refused(text: &str, at: usize, message: &str) -> Self {
        Self {
            problem: Some(Problem::new(text, at, message.to_owned())),
            ..Self::default()
        }
    }
}

/// What `read` makes of a text, on a stack that is large enough; or the place and reason why it is not read.
fn parsed<T: Send>(
    text: &str,
    goal: Goal,
    read: fn(&str, Goal) -> T,
) -> Result<T, (usize, &'static str)> {
    if u32::try_from(text.len()).is_err() {
        return Err((0, "the script is larger than 4 GiB"));
    }
    // A defect of the parser costs the one script, not the whole analysis.
    let read = || {
        catch_unwind(AssertUnwindSafe(|| read(text, goal)))
            .map_err(|_| (0, "the parser failed on the script"))
    };
    match nesting::depth(text, goal == Goal::Classic) {
        Err(at) => Err((at, "the script is nested too deeply")),
        Ok(depth) if depth <= SHALLOW => read(),
        Ok(_) => thread::scope(|scope| {
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, read)
                .ok()
                .and_then(|parser| parser.join().ok())
                .unwrap_or(Err((0, "no stack to parse the script with")))
        }),
    }
}

impl Problem {
    fn new(text: &str, at: usize, message: String) -> Self {
        let (line, column) = Position::new(text).advance(at);
        Self {
            line,
            column,
            message,
        }
    }
}

/// The goal symbol of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Classic,
    Module,
}

/// Whether a classic script can hold an `import()`: `import`, then perhaps white space or a comment, then a parenthesis.
///
/// A keyword cannot be written with escapes, so the bytes are always there. This search is 15 times as fast as
/// parsing, and of the classic scripts of 15 built sites one in 270 (8 % of the bytes) passes it.
fn may_import(text: &str) -> bool {
    text.match_indices("import").any(|(at, keyword)| {
        let rest = text.get(at + keyword.len()..).unwrap_or_default();
        // ECMAScript counts the byte order mark as white space.
        let is_white_space = |c: char| c.is_whitespace() || c == '\u{feff}';
        // The last two begin HTML-like comments.
        rest.trim_start_matches(is_white_space)
            .starts_with(['(', '/', '<', '-'])
    })
}

/// Whether a classic script can hold a request of any kind.
pub(crate) fn may_request(text: &str) -> bool {
    may_import(text) || bundler::may_bundle(text)
}

/// Line and column of ascending byte offsets, in one pass over the text.
struct Position<'t> {
    rest: &'t str,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'t> Position<'t> {
    const fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    /// Moves to an offset not before the last one; one beyond the end or within a character stops there.
    fn advance(&mut self, to: usize) -> (u32, u32) {
        let wanted = to.saturating_sub(self.offset);
        let mut after_carriage_return = false;
        let mut passed = 0;
        for (index, character) in self.rest.char_indices() {
            if index + character.len_utf8() > wanted {
                break;
            }
            // LF, CR and CR LF end a line, as in editors.
            match character {
                '\n' if after_carriage_return => {}
                '\n' | '\r' => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                _ => self.column = self.column.saturating_add(1),
            }
            after_carriage_return = character == '\r';
            passed = index + character.len_utf8();
        }
        self.rest = self.rest.get(passed..).unwrap_or_default();
        self.offset += passed;
        (self.line, self.column)
    }
}

/// Up to this depth the current stack is enough: measured, a level takes up to 3.5 KiB in a debug build, and a thread
/// that Rust starts has 2 MiB.
const SHALLOW: u32 = 64;

/// Reserved, not used, for deeper scripts: several times what [`nesting::MAX_DEPTH`] levels take.
const STACK_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(script: &Script) -> Option<(u32, u32)> {
        assert!(script.problem.is_none() || script.imports.is_empty());
        script.problem.as_ref().map(|it| (it.line, it.column))
    }

    #[test]
    fn each_goal_has_its_syntax() {
        // (text, place of the problem as a module, as a classic script)
        for (text, module, classic) in [
            ("", None, None),
            ("a();", None, None),
            ("#!/usr/bin/env node\na();", None, None),
            ("import 'a';", None, Some((1, 1))),
            ("export const a = 1;", None, Some((1, 1))),
            ("import.meta.url;", None, Some((1, 1))),
            ("await a;", None, Some((1, 1))),
            ("var await = 1;", Some((1, 5)), None),
            ("<!-- a\nb()\n--> c", Some((1, 1)), None),
            ("function f() {\n  return 1;\n", Some((3, 1)), Some((3, 1))),
            ("let é = 1;\nlet é é", Some((2, 6)), Some((2, 6))),
            ("<div>a</div>", Some((1, 1)), Some((1, 1))),
            ("let a: number = 1;", Some((1, 6)), Some((1, 6))),
            ("<?php echo 1 ?>", Some((1, 1)), Some((1, 1))),
            (
                "import a from 'a' assert {type: 'json'};",
                Some((1, 26)),
                Some((1, 1)),
            ),
        ] {
            assert_eq!(
                problem(&Script::parse_module(text)),
                module,
                "module {text:?}"
            );
            assert_eq!(
                problem(&Script::parse_classic(text)),
                classic,
                "classic {text:?}"
            );
        }
    }

    #[test]
    fn a_syntax_error_takes_all_requests_with_it() {
        let script = Script::parse_module("import 'a';\nimport('b');\nlet = = 1;");
        assert_eq!(script.imports, []);
        assert!(script.problem.is_some());
    }

    #[test]
    fn refuses_what_nests_too_deeply() {
        let deep = 100_000;
        for text in [
            "(".repeat(deep),
            "[".repeat(deep) + &"]".repeat(deep),
            "{".repeat(deep) + &"}".repeat(deep),
            "!".repeat(deep) + "a",
            "a=".repeat(deep) + "a",
            "a=>".repeat(deep) + "a",
            "a?b:".repeat(deep) + "c",
            "if(a)b;else ".repeat(deep) + "c",
            "`${".repeat(deep) + &"}`".repeat(deep),
            "class A{a(){".repeat(deep),
        ] {
            for script in [Script::parse_module(&text), Script::parse_classic(&text)] {
                let problem = script.problem.unwrap();
                assert_eq!(problem.message, "the script is nested too deeply");
            }
        }
    }

    #[test]
    fn parses_whatever_passes_the_limit() {
        // One unit per kind of recursion: (before, after) its innermost content, and the levels it counts for.
        for (before, after, levels) in [
            ("(", ")", 1),
            ("[", "]", 1),
            ("!", "", 1),
            ("a=", "", 1),
            ("a=>", "", 1),
            ("a?b:", "", 1),
            ("a?(b)=>(", "):1", 3),
            ("async(a=", ")=>1", 3),
            ("(class{a(){", "}})", 4),
            ("a||b&&c|d^e&f==g<h<<i+j*(", ")", 1),
            ("a(function(){return ", "})", 2),
            ("`${", "}`", 1),
            ("({a:", "})", 2),
        ] {
            for limit in [SHALLOW, nesting::MAX_DEPTH] {
                let count = (limit as usize - 4) / levels;
                let text = before.repeat(count) + "x" + &after.repeat(count);
                let script = Script::parse_classic(&(text.clone() + ";fetch();'webpackChunk'"));
                assert_eq!(script.problem, None, "{before}");
                // The syntax tree is walked on the same stack.
                let is_walked = Script::activity(&(text + ";fetch()"), false)
                    .signs()
                    .count()
                    == 1;
                assert!(is_walked, "{before}");
            }
        }
    }

    #[test]
    fn long_rows_are_not_deep() {
        for unit in [
            "a+",
            "a,",
            "a.b.",
            "a&&",
            "a==b||",
            "a().b[0].",
            "a``.b",
            "a?.b.",
            "a??",
        ] {
            let text = unit.repeat(200_000) + "a;fetch();'webpackChunk'";
            assert_eq!(Script::parse_classic(&text).problem, None, "{unit}");
            let activity = Script::activity(&text, false);
            assert_eq!(activity.signs().count(), 1, "{unit}");
        }
    }

    #[test]
    fn only_an_import_call_may_import() {
        for (text, expected) in [
            ("import('a')", true),
            ("x=import /* a */ ('a')", true),
            ("import\n// a\n('a')", true),
            ("import <!-- a\n('a')", true),
            ("important; i.imports; 'import a'", false),
            ("import.meta", false),
            ("", false),
        ] {
            assert_eq!(may_import(text), expected, "{text}");
        }
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let text = "aé\n\u{1f600}b\r\nc\rd\u{2028}e";
        let at = |needle: &str| Position::new(text).advance(text.find(needle).unwrap());
        assert_eq!(at("é"), (1, 2));
        assert_eq!(at("\n"), (1, 3));
        assert_eq!(at("b"), (2, 2));
        assert_eq!(at("c"), (3, 1));
        assert_eq!(at("d"), (4, 1));
        assert_eq!(at("e"), (4, 3));
        assert_eq!(Position::new(text).advance(999), (4, 4));
        let mut position = Position::new(text);
        assert_eq!(position.advance(1), (1, 2));
        assert_eq!(position.advance(text.find('c').unwrap()), (3, 1));
    }

    proptest::proptest! {
        #[test]
        fn reads_any_text(text in r#"(import|export|from|new URL|\(|\)|,|import\.meta\.url|"[a-z]?|'|`|\$\{|[{}= \n\\é]|//|/\*|\*/){0,30}"#) {
            for script in [Script::parse_module(&text), Script::parse_classic(&text)] {
                problem(&script);
            }
        }

        #[test]
        fn reads_any_bundle(text in r#"(__vite__mapDeps|const __vite__mapDeps=|m\.f=|import\("\./a\.js"\)|\(\)=>|f\(|\[|\]|"(assets/)?a\.(js|css)"|webpackChunk|TURBOPACK|r\.(u|p|e|miniCssF)|=|e=>|e|\+|"/?"|\{1:"a"\}|\|\||1===e\?|:|\(|\)|,|;|[01]){0,30}"#) {
            for script in [Script::parse_module(&text), Script::parse_classic(&text)] {
                problem(&script);
                if let Some(runtime) = script.chunks.as_ref().and_then(|it| it.runtime.as_ref()) {
                    runtime.names("1").count();
                }
            }
            Script::activity(&text, true);
        }
    }
}
