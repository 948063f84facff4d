use cssparser::Parser;

use super::*;

fn supports(declaration: &str) -> bool {
    let mut input = Parser::new(declaration);
    let name = input.expect_ident_cloned().unwrap_or_default();
    input.expect_colon().is_ok() && is_supported(&name, &mut input)
}

/// As `CSS.supports()` answers in Chromium 156.
#[test]
fn knows_the_values_of_chromium() {
    for (declaration, expected) in [
        ("display: grid", true),
        ("display: inline flex", true),
        ("display: grid-lanes", false),
        ("display: block none", false),
        ("DISPLAY: GRID", true),
        ("grid-template-rows: subgrid", true),
        ("grid-template-columns: [a] 1fr [b] minmax(10px, 1fr)", true),
        ("aspect-ratio: 16 / 9", true),
        ("aspect-ratio: 16 /", false),
        ("object-view-box: inset(1px)", true),
        ("margin-trim: block", true),
        ("font-palette: dark", true),
        ("font-display: swap", false),
        ("clip-path: path(\"M0 0L1 1\")", true),
        ("clip-path: path()", false),
        (
            "background-image: -webkit-cross-fade(url(a), url(b), 50%)",
            true,
        ),
        ("background-image: cross-fade(url(a), url(b), 50%)", false),
        ("background: url(a) 0 0 / cover no-repeat fixed", true),
        ("z-index: sibling-index()", true),
        ("z-index: 1.5", false),
        ("width: calc(1px * sibling-index())", true),
        ("width: sin(1)", false),
        ("width: -1px", false),
        ("width: 1foo", false),
        ("width: 100dvh", true),
        ("width: -moz-available", false),
        ("padding: -1px", false),
        ("margin: -1px auto", true),
        ("color: #fff", true),
        ("color: #ggg", false),
        ("color: oklch(0.5 0.1 20)", true),
        ("color: red green", false),
        ("color: var(--x)", true),
        ("color: var(x)", false),
        ("unknown: var(--x)", false),
        ("color: inherit", true),
        ("color: red !important", true),
        ("color: red !foo", false),
        ("filter: blur(1px) url(a)", true),
        ("transform: translateX(1px) rotate(1deg)", true),
        ("transform: foo(1px)", false),
        ("transition: opacity 1s allow-discrete", true),
        ("animation-timeline: scroll()", true),
        ("scroll-snap-type: x mandatory", true),
        ("-webkit-mask-composite: xor", true),
        ("-webkit-backdrop-filter: none", false),
        ("-moz-appearance: none", false),
        ("-webkit-appearance: none", true),
        ("--x:", true),
        ("--x: {}", true),
        ("color: {}", false),
    ] {
        assert_eq!(supports(declaration), expected, "{declaration}");
    }
}

#[test]
fn nesting_and_length_have_no_cost() {
    let deep = format!("width: {}1px", "calc(".repeat(100_000));
    assert!(supports(&deep));
    let wide = format!("will-change: {}a", "a, ".repeat(100_000));
    assert!(supports(&wide));
}
