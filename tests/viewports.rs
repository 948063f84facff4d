//! What `pushgen graph` says of images that a phone asks for and a desktop does not: at which viewports, and in which
//! words a link can leave the choice to the browser.

use std::path::Path;

use crate::support::pushgen;

const PAGE: &str = r#"<!DOCTYPE html><title>Viewports</title><meta name=viewport content="width=device-width">
<link rel=stylesheet href=page.css>
<link rel=stylesheet href=wide.css media="only screen and (min-width:600px)">
<style media="(min-width: 600px)">.element { background: url(element.png) }</style>
<p class=base></p><p class=steps></p><p class=nested></p><p class=variable></p><p class=sheet></p><p class=import></p>
<p class=element></p><p class=set></p>
<picture>
  <source media="(max-width:599px)" srcset="narrow.png">
  <source media="print" srcset="print.png">
  <source media="(min-width:1200px)" srcset="wide.png, wide2.png 2x">
  <img src=else.png>
</picture>
<picture><source media="(max-width:599px)" srcset="first.png"><img src=fallback.png></picture>
<picture><source media="(max-width:599px), (foo: 'bar')" srcset="unsaid.png"><img src=opposite.png></picture>
<img srcset="small.png 400w, large.png 1600w" sizes="(max-width: 599px) 50vw, 100vw" src=small.png>
<img srcset="one.png 1x, https://elsewhere.example/two.png 2x">
<img src=everywhere.png>"#;

const SHEET: &str = "
.base { background: url(base.png) }
@media (max-width: 599px) { .base { background: url(over.png) } }
@media (min-width: 300px) { .steps { background: url(step1.png) } }
@media (min-width: 600px) { .steps { background: url(step2.png) } }
@media screen and (min-width: 600px) { @media (orientation: landscape), print { .nested { background: url(nested.png) } } }
:root { --image: url(phone.png) }
@media (min-width: 600px) { :root { --image: url(desktop.png) } }
.variable { background: var(--image) }
@media (min-width: 600px) { .set { background: image-set(url(set1.png) 1x, url(set2.png) 2x) } }";

const WIDE: &str = "@import url(import.css) (hover);
@media (color) { .sheet { background: url(sheet.png) } }";

const IMPORT: &str = ".import { background: url(import.png) }";

/// Path, viewport, and the words; sorted by path.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("/base.png", "desktop", ""),
    ("/desktop.png", "desktop", ""),
    ("/element.png", "desktop", ""),
    ("/fallback.png", "desktop", "not (max-width: 599px)"),
    ("/first.png", "phone", "(max-width: 599px)"),
    ("/import.png", "desktop", "(min-width: 600px) and (hover)"),
    (
        "/large.png",
        "desktop",
        "/small.png 400w, /large.png 1600w; (max-width: 599px) 50vw, 100vw",
    ),
    ("/narrow.png", "phone", "(max-width: 599px)"),
    (
        "/nested.png",
        "desktop",
        "(min-width: 600px) and (orientation: landscape)",
    ),
    ("/one.png", "desktop", ""),
    ("/opposite.png", "desktop", ""),
    ("/over.png", "phone", "(max-width: 599px)"),
    ("/phone.png", "phone", ""),
    ("/set1.png", "desktop", ""),
    ("/sheet.png", "desktop", "(min-width: 600px) and (color)"),
    (
        "/small.png",
        "phone",
        "/small.png 400w, /large.png 1600w; (max-width: 599px) 50vw, 100vw",
    ),
    ("/step1.png", "phone", ""),
    ("/step2.png", "desktop", "(min-width: 600px)"),
    ("/unsaid.png", "phone", ""),
    (
        "/wide.png",
        "desktop",
        "(not (max-width: 599px)) and (min-width: 1200px); /wide.png, /wide2.png 2x",
    ),
];

fn write(dist: &Path) {
    let sheets = [
        ("page.css", SHEET),
        ("wide.css", WIDE),
        ("import.css", IMPORT),
    ];
    for (name, text) in sheets.into_iter().chain([("index.html", PAGE)]) {
        std::fs::write(dist.join(name), text).expect("a file");
    }
    let images = EXPECTED.iter().map(|(path, ..)| *path);
    for image in images.chain(["/wide2.png", "/else.png", "/set2.png", "/everywhere.png"]) {
        let path = dist.join(image.trim_start_matches('/'));
        std::fs::write(path, image).expect("a file");
    }
}

#[test]
fn the_graph_says_who_asks_for_an_image_and_how_a_link_can_tell() {
    let dist = tempfile::tempdir().expect("a temporary folder");
    write(dist.path());
    let dist = dist.path().to_str().expect("a UTF-8 path");
    let pages = pushgen(&["graph", dist]).ok().json_lines();
    let page = pages.first().expect("a page");
    let mut found: Vec<(String, String, String)> = Vec::new();
    for fetch in page["fetches"].as_array().expect("fetches") {
        let words = ["media", "imagesrcset", "imagesizes"].map(|name| fetch[name].as_str());
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let viewports = fetch["viewports"].as_array().map_or("", |viewports| {
            assert_eq!(viewports.len(), 1, "{fetch}");
            match viewports[0].as_str() {
                Some("412x823@1.75") => "phone",
                _ => "desktop",
            }
        });
        let path = fetch["path"].as_str().expect("a path");
        if viewports.is_empty() {
            assert!(words.is_empty(), "{fetch}");
        } else {
            found.push((path.to_owned(), viewports.to_owned(), words.join("; ")));
        }
    }
    found.sort();
    let found: Vec<_> = found
        .iter()
        .map(|(path, at, words)| (&**path, &**at, &**words))
        .collect();
    assert_eq!(found, EXPECTED);
}
