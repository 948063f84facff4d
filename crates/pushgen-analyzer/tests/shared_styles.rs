//! Pages share the styles that they have in common: each gets the graph that it gets when it is the only one.

use std::fs;

use proptest::prelude::*;
use pushgen_analyzer::{Analyzer, Options, Site, SiteOptions};

/// Every rule asks for an image or a font of its own, so that no style can be taken for another one.
const SHEET: &str = "
    @property --own { syntax: '*'; inherits: false; initial-value: none }
    @font-face { font-family: Plain; src: url(plain.woff2) }
    @font-face { font-family: Bold; src: url(bold.woff2); font-weight: 700 }
    @font-face { font-family: Greek; src: url(greek.woff2); unicode-range: U+370-3FF }
    @layer base { p { background: url(layered.png) } }
    body { font-family: Plain; --image: url(inherited.png) }
    .bold { font-family: Bold; font-weight: bolder }
    .greek { font-family: Greek }
    .image > * { background-image: var(--image) }
    .other { --image: url(other.png); --own: url(own.png) }
    .own { background-image: var(--own) }
    .moving { animation: move 1s }
    .flying { animation: fly 1s 1s; font-family: none }
    .hidden { display: none }
    .before::before { content: url(before.png) '\\3b1' }
    @keyframes move { from { font-family: Greek } to { background: url(moved.png) } }
    @keyframes fly { from { font-family: Bold } to { list-style-image: url(flown.png) } }
    @media (max-width: 600px) { .image { background: url(narrow.png) } .bold { display: none } }
    @media (min-width: 601px) { .other { background: url(wide.png) } }
";

const FILES: [&str; 13] = [
    "plain.woff2",
    "bold.woff2",
    "greek.woff2",
    "layered.png",
    "inherited.png",
    "other.png",
    "own.png",
    "before.png",
    "moved.png",
    "flown.png",
    "narrow.png",
    "wide.png",
    "attribute.png",
];

/// The start tag of an element, and what stands in it before its children.
fn element() -> impl Strategy<Value = (String, &'static str)> {
    let name = prop::sample::select(vec!["p", "div", "b", "li", "q", "svg", "option"]);
    let classes = prop::collection::vec(
        prop::sample::select(vec![
            "bold", "greek", "image", "other", "own", "moving", "flying", "hidden", "before",
        ]),
        0..3,
    );
    let attribute = prop::sample::select(vec![
        "",
        "",
        "",
        " hidden",
        " type=a",
        " font-family=Greek",
        " style='background: url(attribute.png)'",
        " style='--image: url(attribute.png)'",
        " style='background: var(--image)'",
    ]);
    let text = prop::sample::select(vec!["", "", "text", "\u{3b1}"]);
    (name, classes, attribute, text).prop_map(|(name, classes, attribute, text)| {
        let classes = classes.join(" ");
        (format!("<{name} class='{classes}'{attribute}>"), text)
    })
}

fn page() -> impl Strategy<Value = String> {
    let doctype = prop::sample::select(vec!["<!doctype html>", "<!doctype html>", ""]);
    let style = prop::sample::select(vec!["", "", "<style>.own { --image: none }</style>"]);
    let elements = prop::collection::vec((element(), 0usize..3), 1..12);
    (doctype, style, elements).prop_map(|(doctype, style, elements)| {
        let mut page = format!("{doctype}<link rel=stylesheet href=site.css>{style}");
        let mut open: Vec<String> = Vec::new();
        for ((start, text), closed) in elements {
            page += &start;
            page += text;
            let name = start.trim_start_matches('<').split(' ').next();
            open.extend(name.map(str::to_owned));
            for name in open.drain(open.len().saturating_sub(closed)..).rev() {
                page += &format!("</{name}>");
            }
        }
        page
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_page_among_others_is_as_it_is_alone(pages in prop::collection::vec(page(), 2..6)) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, content: &str| {
            fs::write(folder.path().join(name), content).expect("a file");
        };
        write("site.css", SHEET);
        for file in FILES {
            write(file, "");
        }
        for (at, page) in pages.iter().enumerate() {
            write(&format!("{at}.html"), page);
        }
        let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
        let among_others = Analyzer::new(&site, Options::default());
        for page in site.pages() {
            let alone = Analyzer::new(&site, Options::default()).page(*page);
            let shared = among_others.page(*page);
            let shown = |graph| serde_json::to_string_pretty(graph).expect("JSON");
            prop_assert_eq!(shown(&shared.graph), shown(&alone.graph));
        }
    }
}
