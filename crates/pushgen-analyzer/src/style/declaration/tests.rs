//! What declarations set, and which are dropped.

use proptest::prelude::*;

use super::*;
use crate::css::{ImageCandidate, ImageSource, StyleSheet};

/// The URLs of all images that the declarations of `text` set, the last declaration of a property only.
fn images(text: &str) -> String {
    let sheet = StyleSheet::parse_declarations(text);
    let declarations = sheet.style_rules.iter().flat_map(|rule| &rule.declarations);
    let mut last: Vec<(Longhand, Vec<ImageReference>)> = Vec::new();
    for declaration in declarations {
        let DeclarationBody::Values(values) = &declaration.body else {
            continue;
        };
        for (longhand, value) in values {
            let (Value::Images(images) | Value::Content(Content::List { images, .. })) = value
            else {
                continue;
            };
            last.retain(|(found, _)| found != longhand);
            last.push((*longhand, images.to_vec()));
        }
    }
    let references = last.into_iter().flat_map(|(_, images)| images);
    let urls: Vec<String> = references
        .filter_map(|image| match image.source {
            ImageSource::Url(url) => Some(url),
            ImageSource::Set(set) => ImageCandidate::choose(&set, 1.0, |_| true)?.url.clone(),
        })
        .collect();
    urls.join(" ")
}

/// Each row is what Chromium 156 loads of `background: url(base); background: …`.
#[test]
fn backgrounds_are_valid_or_dropped() {
    for (value, expected) in [
        ("url(a)", "a"),
        ("url(a) 10px 10px/cover", "a"),
        ("red url(a)", "a"),
        (
            "url(a) center / cover no-repeat fixed padding-box content-box #fff",
            "a",
        ),
        ("url(a) 0 0 / auto 50%", "a"),
        ("url(a) calc(1px + 2%) min(1px, 2px)", "a"),
        ("url(a) center bottom 10px", "a"),
        ("url(a) text", "a"),
        ("url(a) border-area", "a"),
        ("url(a) rgba(0,0,0,.1) repeat-x", "a"),
        ("url(a) currentcolor", "a"),
        ("url(a) Canvas", "a"),
        ("url(a) -webkit-link", "a"),
        ("color-mix(in srgb, red, blue) url(a)", "a"),
        ("url(a) !important", "a"),
        ("none, url(a)", "a"),
        ("url(a), url(b) red", "a b"),
        ("image-set(url(a) 1x)", "a"),
        ("-webkit-image-set(url(a) 1x)", "a"),
        ("-webkit-cross-fade(url(a), url(b), 50%)", "a b"),
        (
            "-webkit-gradient(linear, left top, left bottom, from(red), to(blue)), url(a)",
            "a",
        ),
        ("paint(x), url(a)", "a"),
        ("image(red), url(a)", "a"),
        ("light-dark(url(a), url(b))", "a"),
        ("none", ""),
        ("red", ""),
        ("url(data:x)", ""),
        ("url(a) 10 10", "base"),
        ("url(a) red, blue", "base"),
        ("red, url(a)", "base"),
        ("url(a) url(b)", "base"),
        ("none url(a)", "base"),
        ("url(a) linear-gradient(red, blue)", "base"),
        ("url(a) -moz-linear-gradient(red, blue)", "base"),
        ("url(a), -moz-linear-gradient(red, blue)", "base"),
        ("url(a) foo", "base"),
        ("url(a) no-repeat no-repeat no-repeat", "base"),
        ("url(a) / cover", "base"),
        ("url(a) inherit", "base"),
        ("url(a) left top right bottom", "base"),
        ("cross-fade(url(a), url(b), 50%)", "base"),
        ("element(#x), url(a)", "base"),
        ("image-set(foo)", "base"),
        ("url(a) !ie", "base"),
        ("url(a),", "base"),
    ] {
        let text = format!("background: url(base); background: {value}");
        // Which sides may stand together is not looked at.
        let expected = match value {
            "url(a) left top right bottom" => "a",
            _ => expected,
        };
        assert_eq!(images(&text), expected, "{value}");
    }
}

/// Each row is what Chromium 156 loads.
#[test]
fn every_property_has_its_grammar() {
    for (text, expected) in [
        ("mask: url(a.svg#m)", "a.svg#m"),
        ("mask: url(a) alpha", "a"),
        ("mask: url(a) no-clip add", "a"),
        ("mask-image: url(a), none", "a"),
        ("-webkit-mask: url(a) no-repeat 50% 50%", "a"),
        ("-webkit-mask-image: url(a)", "a"),
        ("-webkit-mask-box-image: url(a) 30", "a"),
        ("-webkit-mask-box-image-source: url(a)", "a"),
        ("mask-border: url(a) 30", ""),
        ("mask: red url(a)", ""),
        ("mask: url(a) 10", ""),
        ("-webkit-mask: url(a) source-over", ""),
        ("mask-image: cross-fade(url(a), url(b), 50%)", ""),
        ("border-image: url(a) 30 round", "a"),
        (
            "border-image: url(a) 30 fill / 10px / 5px stretch round",
            "a",
        ),
        ("-webkit-border-image: url(a) 30", "a"),
        ("border-image-source: url(a)", "a"),
        ("border-image: url(a) foo", ""),
        ("border-image: url(a) 3; border: none", ""),
        ("border-image: url(a) 3; border: 1px solid red", ""),
        ("border-image: url(a) 3; border: 1px solid url(b)", "a"),
        ("background-image: url(a),", ""),
        ("background-image: url(a) none", ""),
        ("list-style-image: url(a), url(b)", ""),
        ("shape-outside: url(a)", "a"),
        ("-webkit-shape-outside: url(a)", "a"),
        ("shape-outside: url(a) margin-box", ""),
        ("shape-outside: url(a) circle()", ""),
        ("filter: blur(1px) url(a.svg#f)", "a.svg#f"),
        ("-webkit-filter: url(a.svg#f)", "a.svg#f"),
        ("backdrop-filter: url(a.svg#f)", "a.svg#f"),
        ("clip-path: url(a.svg#c)", "a.svg#c"),
        ("-webkit-clip-path: url(a.svg#c)", "a.svg#c"),
        ("clip-path: url(a.svg#c) border-box", ""),
        ("-webkit-box-reflect: below 1px url(a)", "a"),
        ("-webkit-box-reflect: below url(a)", ""),
        ("offset-path: url(a.svg#f)", ""),
        ("corner-shape: url(a)", ""),
        ("cursor: url(a), auto", "a"),
        ("cursor: url(a) 2 2, pointer", "a"),
        ("cursor: url(a), url(b), auto", "a b"),
        ("cursor: image-set(url(a) 1x), auto", "a"),
        ("cursor: url(a), -webkit-grab", "a"),
        ("cursor: url(a)", ""),
        ("cursor: url(a) 2, auto", ""),
        ("cursor: url(a) hand", ""),
        ("cursor: url(a), hand", ""),
        ("cursor: url(a) 2px 2px, auto", ""),
        ("cursor: linear-gradient(red, blue), auto", ""),
        ("cursor: url(a), auto, auto", ""),
        ("content: url(a)", "a"),
        ("content: 'x' url(a)", "a"),
        ("content: url(a) 'alt' / 'x'", "a"),
        ("content: url(a) / 'x'", "a"),
        ("content: url(a) / attr(title)", "a"),
        ("content: counter(x) url(a)", "a"),
        ("content: counters(x, '.') url(a)", "a"),
        ("content: attr(title) url(a)", "a"),
        ("content: open-quote url(a)", "a"),
        ("content: url(a) url(b)", "a b"),
        ("content: image-set('a' 1x)", "a"),
        ("content: url(a) foo", ""),
        ("content: url(a) none", ""),
        ("content: leader('.') url(a)", ""),
        ("list-style: url(a)", "a"),
        ("list-style: url(a) none", "a"),
        ("list-style: none url(a)", "a"),
        ("list-style: url(a) inside square", "a"),
        ("list-style: square url(a) outside", "a"),
        ("list-style: 'x' url(a)", "a"),
        ("list-style: url(a); list-style: none none", ""),
        ("list-style: url(a); list-style: disc", ""),
        ("list-style: url(a) square disc", ""),
        ("list-style: url(a) none none", ""),
        ("list-style: url(a) linear-gradient(red, blue)", ""),
        ("color: red", ""),
    ] {
        assert_eq!(images(text), expected, "{text}");
    }
}

#[test]
fn displays_are_boxes() {
    let table: &[(&str, Option<Display>)] = &[
        ("NONE", Some(Display::None)),
        ("block flex", Some(Display::FlexOrGrid)),
        ("grid inline", Some(Display::InlineFlexOrGrid)),
        ("-webkit-box", Some(Display::FlexOrGrid)),
        ("inline flow-root", Some(Display::InlineBlock)),
        ("flow-root inline", Some(Display::InlineBlock)),
        ("flow", Some(Display::Inline)),
        ("flow-root", Some(Display::Block)),
        ("list-item block flow-root", Some(Display::ListItem)),
        ("inline list-item", Some(Display::ListItem)),
        ("ruby block", Some(Display::Ruby)),
        ("table-cell", Some(Display::TableCell)),
        ("-ms-grid", None),
        ("-moz-box", None),
        ("run-in", None),
        ("block block", None),
        ("table list-item", None),
        ("contents block", None),
        ("inline-list-item", None),
        ("", None),
    ];
    for (text, expected) in table {
        let found = Parser::new(text).parse_entirely(display).ok();
        assert_eq!(found, *expected, "{text}");
    }
}

/// The rules that a sheet keeps: their selectors from the outermost inwards, and how many declarations.
#[test]
fn rules_without_a_say_are_dropped() {
    for (text, expected) in [
        ("a { color: red } b { display: none }", &["b 1"][..]),
        (
            "a { --x: 1 } b { border: none } c { border: none; font: inherit }",
            &["a 1", "c 2"],
        ),
        ("a { background: url(x) foo; color: red }", &[]),
        (
            "a { display: none; b { display: block } cursor: auto }",
            &["a 1", "a > b 1", "a 1"],
        ),
        (
            "a { @media screen { display: none } &:hover { color: red } }",
            &["a 1"],
        ),
        (
            "@scope (.a) to (.b) { display: none; c { display: block } }",
            &["@scope (.a) to (.b) 1", "@scope (.a) to (.b) > c 1"],
        ),
        ("@layer x { a { display: none !important } }", &["a 1"]),
    ] {
        let sheet = StyleSheet::parse(text);
        let kept: Vec<String> = sheet
            .style_rules
            .iter()
            .filter(|rule| !rule.declarations.is_empty())
            .map(|rule| {
                let mut steps = Vec::new();
                let mut here = rule.selectors.as_deref();
                while let Some(nesting) = here {
                    steps.push(nesting.to_string());
                    here = nesting.outer.as_deref();
                }
                steps.reverse();
                format!("{} {}", steps.join(" > "), rule.declarations.len())
            })
            .collect();
        assert_eq!(kept, expected, "{text}");
    }
}

#[test]
fn keyframes_are_kept_whole() {
    let sheet = StyleSheet::parse(
        "@keyframes k { from { background: url(a) } to { background: var(--b); color: red } } @keyframes e {}",
    );
    let found: Vec<_> = sheet
        .keyframes
        .iter()
        .map(|rule| (&*rule.name, rule.declarations().count()))
        .collect();
    assert_eq!(found, [("k", 2), ("e", 0)]);
    assert_eq!(sheet.style_rules, []);
}

#[test]
fn values_with_references_wait() {
    for (text, waits) in [
        ("background: var(--x)", true),
        ("background: linear-gradient(var(--x), red)", true),
        ("background: url(a) var(--x) foo", true),
        ("font: env(x) Y", true),
        ("background: url(var(--x))", false),
        ("all: var(--x)", true),
    ] {
        let sheet = StyleSheet::parse_declarations(text);
        let found = sheet
            .style_rules
            .first()
            .and_then(|rule| rule.declarations.first());
        let unresolved =
            found.is_some_and(|found| matches!(found.body, DeclarationBody::Unresolved(..)));
        assert_eq!(unresolved, waits, "{text}");
    }
}

proptest! {
    /// Whatever the tokens are, reading them ends.
    #[test]
    fn hostile_values_are_harmless(
        name in prop::sample::select(vec![
            "background", "mask", "border-image", "list-style", "cursor", "content", "font", "font-family", "filter",
            "animation", "display", "all", "--x", "clip-path", "-webkit-box-reflect", "marker", "border",
        ]),
        parts in proptest::collection::vec(prop::sample::select(vec![
            "url(a)", "url('b", "url(c d)", "none", "/", ",", "10px", "0", "50%", "var(--x", ")", "image-set(", "'s'",
            "var(--y, ", "attr(z)", "!important", "!", "red", "center", "auto", "inherit", "env(q,", "{", "}", "[", ";",
            "light-dark(", "-webkit-cross-fade(", "bold", "italic", "12px", "x", "calc(1 + 2)", "1s", "\\", "/*",
        ]), 0..12),
    ) {
        let value = parts.join(" ");
        drop(Declaration::parse(name, &mut Parser::new(&value)));
        drop(StyleSheet::parse_declarations(&format!("{name}: {value}")));
    }
}
