//! What elements compute to, from the declarations that match them.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::*;
use crate::css::{ImageSource, StyleSheet};
use crate::html::Namespace;
use crate::style::cascade::MatchedBlock;
use crate::style::precedence::{Origin, Precedence};
use crate::style::registration::Registered;
use crate::style::selector::Specificity;

/// The declarations of a block, with what orders them.
struct Block {
    sheet: StyleSheet,
    origin: Origin,
    layer: u32,
    specificity: u32,
    proximity: Option<u32>,
}

/// Outside of all layers.
const UNLAYERED: u32 = 9;

fn rule(layer: u32, specificity: u32, text: &str) -> Block {
    Block {
        sheet: StyleSheet::parse_declarations(text),
        origin: Origin::Rule,
        layer,
        specificity,
        proximity: None,
    }
}

fn attribute(text: &str) -> Block {
    Block {
        origin: Origin::StyleAttribute,
        ..rule(UNLAYERED, 0, text)
    }
}

/// The style of an element that all blocks match, in their order.
fn style_of(name: &str, blocks: &[Block], parent: &ComputedStyle) -> ComputedStyle {
    let mut matched = Vec::new();
    for (order, block) in (0..).zip(blocks) {
        for rule in &block.sheet.style_rules {
            matched.push(MatchedBlock {
                declarations: &rule.declarations,
                precedence: Precedence {
                    origin: block.origin,
                    layer: block.layer,
                    specificity: Specificity::new(0, block.specificity, 0),
                    proximity: Reverse(block.proximity.unwrap_or(u32::MAX)),
                    order,
                },
                sheet: SheetId(order),
            });
        }
    }
    let user_agent = UserAgentStyle::of(Namespace::Html, name, |_| None, false);
    let cascaded = Cascaded::of(matched, None);
    ComputedStyle::of(
        &cascaded,
        &user_agent,
        parent,
        &Registered::default(),
        &Allowance::default(),
    )
}

/// The images, each as `url@sheet`.
fn images(style: &ComputedStyle) -> String {
    let mut urls = Vec::new();
    for (_, list) in style.images() {
        for image in list.references.iter() {
            let ImageSource::Url(url) = &image.source else {
                panic!("{image:?}");
            };
            urls.push(format!("{url}@{}", list.sheet.0));
        }
    }
    urls.join(" ")
}

fn families(style: &ComputedStyle) -> String {
    let name = |family: &Family| match family {
        Family::Named(name) => name.to_string(),
        Family::Generic(generic) => format!("<{generic:?}>"),
    };
    let names: Vec<String> = style.font.families.iter().map(name).collect();
    names.join(",")
}

#[test]
fn the_strongest_declaration_wins() {
    let bg = |url: &str| format!("background: url({url})");
    let important = |url: &str| format!("background: url({url}) !important");
    let table: &[(&[Block], &str)] = &[
        // Order and specificity.
        (&[rule(9, 1, &bg("a")), rule(9, 1, &bg("b"))], "b@1"),
        (&[rule(9, 2, &bg("a")), rule(9, 1, &bg("b"))], "a@0"),
        (
            &[rule(9, 1, "background: url(a); background-image: url(b)")],
            "b@0",
        ),
        (&[rule(9, 1, "background: url(a); background: none")], ""),
        // Layers before specificity.
        (&[rule(9, 1, &bg("a")), rule(1, 5, &bg("b"))], "a@0"),
        (&[rule(2, 1, &bg("a")), rule(1, 5, &bg("b"))], "a@0"),
        // Importance before all, with layers reversed.
        (&[rule(9, 1, &important("a")), rule(9, 5, &bg("b"))], "a@0"),
        (&[rule(1, 1, &important("a")), rule(9, 5, &bg("b"))], "a@0"),
        (
            &[rule(9, 5, &important("a")), rule(1, 1, &important("b"))],
            "b@1",
        ),
        (
            &[rule(2, 5, &important("a")), rule(1, 1, &important("b"))],
            "b@1",
        ),
        (
            &[rule(1, 1, &important("a")), rule(1, 5, &important("b"))],
            "b@1",
        ),
        (
            &[rule(
                9,
                1,
                "background: url(a) !important; background: url(b)",
            )],
            "a@0",
        ),
        // The style attribute.
        (&[attribute(&bg("a")), rule(9, 5, &bg("b"))], "a@0"),
        (&[attribute(&bg("a")), rule(1, 1, &important("b"))], "b@1"),
        (
            &[attribute(&important("a")), rule(1, 5, &important("b"))],
            "a@0",
        ),
        // Presentational hints.
        (
            &[
                Block {
                    origin: Origin::PresentationalHint,
                    ..rule(0, 0, &bg("a"))
                },
                rule(0, 0, "background: none"),
            ],
            "",
        ),
        // The nearer scope, after specificity.
        (
            &[
                Block {
                    proximity: Some(1),
                    ..rule(9, 1, &bg("a"))
                },
                Block {
                    proximity: Some(2),
                    ..rule(9, 1, &bg("b"))
                },
                rule(9, 1, &bg("c")),
            ],
            "a@0",
        ),
        (
            &[
                Block {
                    proximity: Some(1),
                    ..rule(9, 1, &bg("a"))
                },
                rule(9, 2, &bg("b")),
            ],
            "b@1",
        ),
        // Going back.
        (
            &[
                rule(1, 1, &bg("a")),
                rule(2, 1, &bg("b")),
                rule(2, 2, "background: revert-layer"),
            ],
            "a@0",
        ),
        (
            &[rule(9, 1, &bg("a")), attribute("background: revert-layer")],
            "a@0",
        ),
        (
            &[rule(9, 1, &bg("a")), rule(9, 2, "background: revert")],
            "",
        ),
        (&[rule(9, 1, &bg("a")), rule(9, 2, "all: unset")], ""),
        (&[rule(9, 1, &bg("a")), rule(9, 2, "all: revert-layer")], ""),
        (
            &[rule(9, 1, &bg("a")), rule(9, 2, "background: initial")],
            "",
        ),
    ];
    for (at, (blocks, expected)) in table.iter().enumerate() {
        let style = style_of("div", blocks, &ComputedStyle::initial());
        assert_eq!(images(&style), *expected, "row {at}");
    }
}

/// Each row is what Chromium 156 loads.
#[test]
fn custom_properties_are_replaced() {
    let root = style_of(
        "html",
        &[rule(9, 1, "--r: url(r); --empty: ; --font: bold 12px F")],
        &ComputedStyle::initial(),
    );
    for (text, expected) in [
        ("background: var(--r)", "r@0"),
        ("--A: url(a); background: VAR(--A)", "a@0"),
        ("background: url(base); background: var(--nope)", ""),
        ("background: url(a) var(--empty)", "a@0"),
        ("--r: initial; background: var(--r, url(f))", "f@0"),
        ("--r: unset; background: var(--r, url(f))", "r@0"),
        (
            "--a: var(--b); --b: var(--a); background: var(--a, url(f))",
            "f@0",
        ),
        (
            "--u: url(u); --a: var(--u, var(--a)); background: var(--a, url(f))",
            "u@0",
        ),
        ("background: url(a) env(safe-area-inset-top) 0", "a@0"),
        ("background: env(nope, url(f))", "f@0"),
        ("background: url(base); background: var(--r) foo", ""),
        ("background: var(--r); background-repeat: no-repeat", "r@0"),
        ("--i: inherit; background: var(--i, url(f))", "f@0"),
        ("background: var(--nope, inherit)", ""),
    ] {
        let style = style_of("div", &[rule(9, 1, text)], &root);
        assert_eq!(images(&style), expected, "{text}");
    }
    let style = style_of("div", &[rule(9, 1, "font: var(--font)")], &root);
    assert_eq!((families(&style).as_str(), style.font.weight), ("f", 700.0));
}

/// The fixture `css-custom-property-across-sheets`: the URL belongs to the sheet with the `var()`.
#[test]
fn a_url_is_relative_to_the_sheet_that_uses_the_custom_property() {
    let tokens = rule(9, 1, "--hero: url(hero.png)");
    let root = style_of("html", &[tokens], &ComputedStyle::initial());
    let rules = [
        rule(9, 1, "--other: 1"),
        rule(9, 1, "background-image: var(--hero)"),
    ];
    assert_eq!(images(&style_of("div", &rules, &root)), "hero.png@1");
}

#[test]
fn fonts_are_inherited_but_not_by_form_controls() {
    let body = style_of(
        "body",
        &[rule(
            9,
            1,
            "font: italic 300 16px Lato, sans-serif; font-stretch: 75%; text-transform: uppercase; list-style: url(m); \
             cursor: url(c), auto; background: url(b)",
        )],
        &ComputedStyle::initial(),
    );
    assert_eq!(images(&body), "b@0 m@0 c@0");
    let child = style_of("p", &[], &body);
    assert_eq!(families(&child), "lato,<SansSerif>");
    assert_eq!(
        (child.font.weight, child.font.slope, child.font.stretch),
        (300.0, Slope::ITALIC, 75.0)
    );
    assert_eq!(child.text_transform, TextTransform::Uppercase);
    assert_eq!(images(&child), "m@0 c@0");
    let input = style_of("input", &[], &body);
    assert_eq!(families(&input), "<SystemUi>");
    assert_eq!(
        (input.font.weight, input.font.slope, input.font.stretch),
        (400.0, Slope::NORMAL, 100.0)
    );
    assert_eq!(input.text_transform, TextTransform::None);
    let inherits = style_of("input", &[rule(9, 1, "font: inherit")], &body);
    assert_eq!(
        (families(&inherits).as_str(), inherits.font.weight),
        ("lato,<SansSerif>", 300.0)
    );
    let code = style_of("code", &[], &body);
    assert_eq!(
        (families(&code).as_str(), code.font.weight),
        ("<Monospace>", 300.0)
    );
    let heading = style_of("h1", &[], &body);
    assert_eq!(
        (heading.font.weight, heading.display),
        (700.0, Display::Block)
    );
    let strong = style_of("strong", &[], &body);
    assert_eq!(strong.font.weight, 400.0);
    let plain = style_of("em", &[rule(9, 1, "all: unset")], &body);
    assert_eq!(
        (families(&plain).as_str(), plain.font.slope),
        ("lato,<SansSerif>", Slope::ITALIC)
    );
    let reset = style_of("em", &[rule(9, 1, "all: initial")], &body);
    assert_eq!(
        (families(&reset).as_str(), reset.font.slope),
        ("<Serif>", Slope::NORMAL)
    );
    let shown = style_of("head", &[rule(9, 1, "display: block")], &body);
    assert_eq!(shown.display, Display::Block);
    assert_eq!(
        style_of("head", &[rule(9, 1, "display: revert")], &body).display,
        Display::None
    );
    assert_eq!(
        style_of("head", &[rule(9, 1, "display: unset")], &body).display,
        Display::Inline
    );
    assert_eq!(
        style_of("head", &[rule(9, 1, "display: var(--x)")], &body).display,
        Display::Inline
    );
}

/// Chromium 156's `getComputedStyle`.
#[test]
fn relative_weights_step() {
    for (inherited, bolder, lighter) in [
        (50.0, 400.0, 50.0),
        (100.0, 400.0, 100.0),
        (349.0, 400.0, 100.0),
        (350.0, 700.0, 100.0),
        (549.0, 700.0, 100.0),
        (550.0, 900.0, 400.0),
        (749.0, 900.0, 400.0),
        (750.0, 900.0, 700.0),
        (900.0, 900.0, 700.0),
        (1000.0, 1000.0, 700.0),
    ] {
        assert_eq!(
            relative_weight(Weight::Bolder, inherited),
            bolder,
            "{inherited}"
        );
        assert_eq!(
            relative_weight(Weight::Lighter, inherited),
            lighter,
            "{inherited}"
        );
    }
}

/// Each row is whether Chromium 156 loads the background of such a `::before`.
#[test]
fn a_pseudo_element_needs_a_content_declaration() {
    for (text, is_generated) in [
        ("", false),
        ("content: ''", true),
        ("content: none", true),
        ("content: normal", true),
        ("content: initial", true),
        ("content: unset", true),
        ("content: inherit", true),
        ("content: revert", true),
        ("content: var(--nope)", true),
        ("all: unset", false),
        ("content: ''; display: none", false),
    ] {
        let text = format!("{text}; background: url(bg)");
        let blocks = [rule(9, 1, &text)];
        let style = style_of("::before", &blocks, &ComputedStyle::initial());
        assert_eq!(style.is_generated(), is_generated, "{text}");
    }
}

#[test]
fn animations_run_if_they_take_time() {
    for (text, expected) in [
        ("animation: k 1s", &["k"][..]),
        ("animation: k", &[]),
        ("animation-name: k, l; animation-duration: 1s", &["k", "l"]),
        ("animation: k 1s; animation-name: none", &[]),
    ] {
        let style = style_of("div", &[rule(9, 1, text)], &ComputedStyle::initial());
        let courses = style
            .animations
            .iter()
            .flat_map(|animations| animations.courses());
        let running = courses.filter(|(_, course)| course.goes_on);
        let names: Vec<&str> = running.map(|(name, _)| &**name).collect();
        assert_eq!(names, expected, "{text}");
    }
}

/// Ten thousand elements that all use a bomb: the page's allowance ends it.
#[test]
fn a_page_of_bombs_ends() {
    let mut text = String::from("--n0: url(a);");
    for n in 1..40 {
        text.push_str(&format!("--n{n}: var(--n{0}) var(--n{0});", n - 1));
    }
    text.push_str("background: var(--n14), url(b)");
    let blocks = [rule(9, 1, &text)];
    let declarations = &blocks[0].sheet.style_rules[0].declarations;
    let allowance = Allowance::default();
    let user_agent = UserAgentStyle::default();
    let start = Instant::now();
    let mut style = ComputedStyle::initial();
    for _ in 0..10_000 {
        let block = MatchedBlock {
            declarations,
            precedence: Precedence::alone(),
            sheet: SheetId(0),
        };
        let cascaded = Cascaded::of(vec![block], None);
        style = ComputedStyle::of(
            &cascaded,
            &user_agent,
            &style,
            &Registered::default(),
            &allowance,
        );
    }
    assert!(allowance.is_exceeded());
    assert!(start.elapsed() < Duration::from_secs(60));
}
