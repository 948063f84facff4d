//! What sheets refer to, rule by rule.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::viewport::Viewport;

/// The references of a sheet on one line each: `@import u`, `@font u`, `property u`, `property set(u 2x, …)`.
fn references(sheet: &StyleSheet) -> Vec<String> {
    let mut lines = Vec::new();
    for import in &sheet.imports {
        lines.push(format!("@import {}", import.url));
    }
    for face in &sheet.font_faces {
        if let Some(FontSource::File { url: Some(url), .. }) = face.fetched_source() {
            lines.push(format!("@font {url}"));
        }
    }
    for image in &sheet.images {
        let source = match &image.source {
            ImageSource::Url(url) => url.clone(),
            ImageSource::Set(candidates) => {
                let mut set = String::new();
                for ImageCandidate {
                    url, resolution, ..
                } in candidates
                {
                    let url = url.as_deref().unwrap_or("-");
                    write!(set, " {url} {resolution}x").expect("strings take everything");
                }
                format!("set({})", set.trim_start())
            }
        };
        lines.push(format!("{} {source}", image.property));
    }
    lines
}

/// Reads each text and compares what it refers to.
pub(super) fn check(table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        assert_eq!(references(&StyleSheet::parse(text)), *expected, "{text:?}");
    }
}

#[test]
fn rules_nest() {
    check(&[
        (
            "a { b { background: url(a) } &:hover { background: url(b) } background: url(c) }",
            &["background a", "background b", "background c"],
        ),
        (
            "a { b:hover { background: url(a) } color: red; b:is(x) c{background:url(b)}}",
            &["background a", "background b"],
        ),
        (
            "a { @media print { background: url(a); b { background: url(b) } } }",
            &["background a", "background b"],
        ),
        (
            "@media print { @supports (x: y) { @layer l { @container (width > 1px) { @scope (a) { @starting-style { b { background: url(a) } } } } } } }",
            &["background a"],
        ),
        (
            "@scope (a) to (b) { background: url(a); b { background: url(b) } }",
            &["background a", "background b"],
        ),
        (
            "@keyframes k { from { background: url(a) } 50% { background: url(b) } }",
            &["background a", "background b"],
        ),
        (
            "@-webkit-keyframes 'k' { to { background: url(a) } }",
            &["background a"],
        ),
        ("@media print { background: url(a) }", &[]),
        ("background: url(a); b { background: url(b) }", &[]),
        (
            "@page { background: url(a) } @property --x { initial-value: url(b) } @counter-style c { symbols: url(c) }",
            &[],
        ),
        (
            "@-moz-document url(http://x) { a { background: url(a) } } b { background: url(b) }",
            &["background b"],
        ),
        (
            "a { @font-face { font-family: f; src: url(f) } @page { x: url(p) } background: url(a) }",
            &["background a"],
        ),
        (
            "a { @layer x; @media { background: url(a) } }",
            &["background a"],
        ),
    ]);
}

#[test]
fn tokens_follow_css_syntax() {
    check(&[
        ("a { background: u\\72l(a.png) }", &["background a.png"]),
        (
            "a { background: url(a\\20 b\\).png) }",
            &["background a b).png"],
        ),
        (
            "a { background: url('a\\\nb.png') }",
            &["background ab.png"],
        ),
        (
            "a { background: url(\"a\\\"b\\26 c\") }",
            &["background a\"b&c"],
        ),
        ("a { b\\61 ckground: url(a) }", &["background a"]),
        ("a { background: url /**/ (a.png) }", &[]),
        (
            "a { background: url(/**/a.png) }",
            &["background /**/a.png"],
        ),
        (
            "a { background: /* url(z.png) */ url(a.png) }",
            &["background a.png"],
        ),
        (
            "a { background: url(a;b{c}.png); color: red }",
            &["background a;b{c}.png"],
        ),
        ("a { content: 'url(z.png)' }", &[]),
        ("a { background: url(\n a.png\t) }", &["background a.png"]),
        ("a { background: url(ä/ß.png) }", &["background ä/ß.png"]),
        ("a { background: url(a.png", &["background a.png"]),
        ("a { background: url('a.png", &["background a.png"]),
        ("/* open { background: url(a) }", &[]),
        (
            "\u{0}a { background: url(a\u{0}b) }",
            &["background a\u{fffd}b"],
        ),
    ]);
}

#[test]
fn errors_end_where_the_grammar_says() {
    check(&[
        (
            "a { background: url(a b.png); cursor: url(c) }",
            &["cursor c"],
        ),
        (
            "a { background: url(a.png)); cursor: url(c) }",
            &["cursor c"],
        ),
        (
            "a { background: url(a.png) ] ; cursor: url(c) }",
            &["cursor c"],
        ),
        ("a { *background: url(a); cursor: url(c) }", &["cursor c"]),
        ("a { background url(a); cursor: url(c) }", &["cursor c"]),
        (
            "a { ; ; background: url(a);; cursor: url(c) }",
            &["background a", "cursor c"],
        ),
        ("a { background: { url(z) } cursor: url(c) }", &["cursor c"]),
        ("a { background: url(z) {} cursor: url(c) }", &["cursor c"]),
        (
            "a { background: url('z\n); } b { cursor: url(c) }",
            &["cursor c"],
        ),
        (
            "a['x\n] { background: url(z) } b { cursor: url(c) }",
            &["cursor c"],
        ),
        (
            "a ) b { background: url(z) } b { cursor: url(c) }",
            &["cursor c"],
        ),
        ("} b { cursor: url(z) } c { cursor: url(c) }", &["cursor c"]),
        (
            "@supports nonsense { a { background: url(z) } } b { cursor: url(c) }",
            &["cursor c"],
        ),
        (
            "@media &nonsense { a { background: url(a) } }",
            &["background a"],
        ),
        (
            "@font-face x { font-family: f; src: url(f) } b { cursor: url(c) }",
            &["cursor c"],
        ),
    ]);
}

#[test]
fn only_what_costs_references_is_a_problem() {
    type Expected = (ProblemKind, u32, u32);
    let table: &[(&str, &[Expected])] = &[
        (
            "a { background: url(a b.png) }",
            &[(ProblemKind::BadUrl, 1, 17)],
        ),
        (
            "a {\n  background: url('a b.png\n) }",
            &[(ProblemKind::UnclosedString, 2, 15)],
        ),
        (
            "a { background: url(a), 'x\n }",
            &[(ProblemKind::UnclosedString, 1, 25)],
        ),
        ("@import 'a.css\n;", &[(ProblemKind::UnclosedString, 1, 9)]),
        ("@import url(a b);", &[(ProblemKind::BadUrl, 1, 9)]),
        (
            "@font-face { font-family: f; src: url(a b), url(c) }",
            &[(ProblemKind::BadUrl, 1, 35)],
        ),
        (
            "a[b='c\n] { x: url(y) }",
            &[(ProblemKind::UnclosedString, 1, 5)],
        ),
        (
            "a { background: image-set(url(a b) 1x) }",
            &[(ProblemKind::BadUrl, 1, 27)],
        ),
        (
            "a { background: url(a.png)) }",
            &[(ProblemKind::StrayBracket, 1, 27)],
        ),
        ("a { content: 'x\n; color: red }", &[]),
        (
            "a { colour: rde; *zoom: 1; filter: progid:X(a='b') } @unknown;",
            &[],
        ),
        ("} ) ] a { background: url() }", &[]),
    ];
    for (text, expected) in table {
        let problems: Vec<_> = StyleSheet::parse(text)
            .problems
            .iter()
            .map(|problem| (problem.kind, problem.position.line, problem.position.column))
            .collect();
        assert_eq!(problems, *expected, "{text:?}");
    }
}

#[test]
fn style_attributes_are_declarations_only() {
    let table: &[(&str, &[&str])] = &[
        (
            "background: url(a.png); --x: url('b.png')",
            &["background a.png", "--x b.png"],
        ),
        (
            "background: url(&quot;a.png&quot;)",
            &["background &quot;a.png&quot;"],
        ),
        ("a { background: url(z) } background: url(a)", &[]),
        (
            "@media print { background: url(z) } background: url(a)",
            &["background a"],
        ),
        ("@import 'z'; background: url(a)", &["background a"]),
        ("", &[]),
    ];
    for (text, expected) in table {
        let sheet = StyleSheet::parse_declarations(text);
        assert_eq!(references(&sheet), *expected, "{text:?}");
    }
}

#[test]
fn nesting_is_bounded_and_told_once() {
    for open in [
        "a{",
        "@media all{",
        "a{b:c(",
        "a{--x:{",
        "a{--x:[",
        "a{b:image-set((",
        "@supports (",
        "(",
    ] {
        let mut text = open.repeat(50_000);
        text.push_str("a{background:url(z)}");
        let sheet = StyleSheet::parse(&text);
        assert!(sheet.images.is_empty(), "{open:?}");
        assert!(sheet.problems.len() <= 1, "{open:?}: {:?}", sheet.problems);
    }
    let deep = format!(
        "{}b{{c:url(d)}}{}e{{f:url(g)}}",
        "a{".repeat(1000),
        "}".repeat(1000)
    );
    let sheet = StyleSheet::parse(&deep);
    assert_eq!(references(&sheet), ["f g"]);
    assert_eq!(sheet.problems[0].kind, ProblemKind::TooDeep);
    let allowed = format!(
        "{}c:url(d){}",
        "a{".repeat(MAX_DEPTH),
        "}".repeat(MAX_DEPTH)
    );
    assert_eq!(references(&StyleSheet::parse(&allowed)), ["c d"]);
}

/// Text made of what the grammar gives a meaning to, so that its paths are met.
fn css_like() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        ";",
        ",",
        "\"",
        "'",
        "\\",
        "\n",
        "/*",
        "*/",
        "url(",
        "--x",
        "@import ",
        "@media ",
        "@supports ",
        "@layer ",
        "@font-face",
        "src:",
        "font-family:f",
        "image-set(",
        " and ",
        "not ",
        "calc(",
        "1px",
        "2x",
        " + ",
        "<",
        "=",
        "width",
        "U+4??",
        "format(",
        "<!--",
        "é",
        "\u{1F600}",
        "!",
        "@keyframes k",
        " ",
        "#",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..80)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_to_its_end(text in prop_oneof![any::<String>(), css_like()]) {
        let sheet = StyleSheet::parse(&text);
        prop_assert!(sheet.imports.len() + sheet.images.len() <= text.len());
        StyleSheet::parse_declarations(&text);
        MediaQueryList::parse(&text).evaluate(&Viewport::DESKTOP);
        let size = source_size(&text, false, &Viewport::DESKTOP);
        prop_assert!(size.is_some());
    }
}
