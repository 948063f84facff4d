mod walk;

use std::path::Path;

use super::*;
use crate::site::{Site, SiteOptions};
use walk::Walk;

/// What is predicted for pages: `PUSHGEN_SITE=dist PUSHGEN_PAGES=list.txt PUSHGEN_MOBILE= cargo test -p pushgen-analyzer
/// lcp::tests::predictions -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn predictions() {
    let root = std::env::var("PUSHGEN_SITE").expect("PUSHGEN_SITE");
    let list = std::env::var("PUSHGEN_PAGES").ok();
    let viewport = match std::env::var("PUSHGEN_MOBILE") {
        Ok(_) => Viewport {
            width: 412,
            height: 823,
            dpr: 1.75,
            ..Viewport::DESKTOP
        },
        Err(_) => Viewport::DESKTOP,
    };
    let site = Site::load(Path::new(&root), &SiteOptions::default()).expect("a site");
    let named = list.map(|list| std::fs::read_to_string(list).expect("a list"));
    let pages: Vec<_> = match &named {
        Some(named) => named
            .lines()
            .filter_map(|page| Some((page.to_owned(), site.page(page)?)))
            .collect(),
        None => site
            .pages()
            .iter()
            .map(|page| (site.url_path(*page), *page))
            .collect(),
    };
    let mut walk = Walk::new(&site, viewport);
    let mut time = std::time::Duration::ZERO;
    let mut count = 0;
    for (name, page) in pages {
        let (dom, boxes) = walk.boxes(page);
        let start = std::time::Instant::now();
        let found = largest(&boxes, &viewport);
        time += start.elapsed();
        count += boxes.len();
        if std::env::var("PUSHGEN_BOXES").is_ok() {
            let layout: Vec<LayoutBox> = boxes.iter().map(|found| found.layout.clone()).collect();
            for (place, found) in lay_out(&layout, ASSUMPTIONS[0].0, &viewport)
                .iter()
                .zip(&boxes)
            {
                let element = dom.element(found.element).expect("an element");
                let Rect {
                    x,
                    y,
                    width,
                    height,
                } = place.rect;
                let text = place.text;
                println!(
                    "  {:30} {x:6.0} {y:6.0} {width:6.0}x{height:6.0}  text {:5.0}x{:5.0} {:?}",
                    short_name(element),
                    text.width,
                    text.height,
                    found.image.as_ref().map(|it| &it.path)
                );
                if y > 1200.0 {
                    break;
                }
            }
        }
        match found {
            Some(found) => println!(
                "@{name}\t{}\t{}\t{}\t{}",
                found.path,
                found.confidence,
                short_name(dom.element(found.element).expect("an element")),
                found.reason
            ),
            None => println!("@{name}\t-\t0\t-\t"),
        }
    }
    println!("{count} boxes, {time:?}");
}

/// A site of one page with its files.
fn site(page: &str, images: &[(&str, u16, u16)]) -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.path().join(name), content).expect("a file");
    };
    write("index.html", page.as_bytes());
    for (name, width, height) in images {
        // A head, and enough bytes that the image is not taken for a plain one.
        let mut file = b"GIF89a".to_vec();
        file.extend(width.to_le_bytes());
        file.extend(height.to_le_bytes());
        file.resize(40_000, 0);
        write(name, &file);
    }
    let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
    (folder, site)
}

const IMAGES: [(&str, u16, u16); 4] = [
    ("hero.gif", 1600, 900),
    ("mid.gif", 800, 500),
    ("logo.gif", 90, 40),
    ("tile.gif", 64, 64),
];

const MOBILE: Viewport = Viewport {
    width: 412,
    height: 823,
    dpr: 1.75,
    ..Viewport::DESKTOP
};

/// The planned image on a desktop and on a phone.
fn planned(page: &str) -> [Option<String>; 2] {
    let (_folder, site) = site(page, &IMAGES);
    [Viewport::DESKTOP, MOBILE].map(|viewport| {
        let page = *site.pages().first().expect("a page");
        let (dom, boxes) = Walk::new(&site, viewport).boxes(page);
        let found = largest(&boxes, &viewport).filter(|found| found.confidence >= PLANNED)?;
        let element = dom.element(found.element).expect("an element");
        Some(format!("{} {}", short_name(element), found.path))
    })
}

#[test]
fn the_largest_image_of_the_first_screen_is_planned() {
    let text = "lorem ipsum dolor sit amet ".repeat(40);
    for (body, expected) in [
        (
            "<header class='top masthead' style='background:url(hero.gif) center/cover;padding:10rem 0'>Hello</header>",
            ["header.top.masthead /hero.gif"; 2],
        ),
        (
            "<style>.h{position:relative;height:400px}.h::before{content:'';position:absolute;inset:0;background:url(hero.gif) 0/cover}</style><div class=h></div>",
            ["div.h /hero.gif"; 2],
        ),
        (
            "<style>:root{--i:url(hero.gif);--h:60vh}#h{height:var(--h);background:var(--i) 0/cover}</style><div id=h></div>",
            ["div#h /hero.gif"; 2],
        ),
        (
            "<img src=logo.gif><img src=mid.gif style='width:100%'>",
            ["img /mid.gif"; 2],
        ),
        (
            "<video poster=hero.gif style='width:100%;height:400px'></video>",
            ["video /hero.gif"; 2],
        ),
        (
            "<svg width=400 height=400><image href=hero.gif width=400 height=400 /></svg>",
            ["image /hero.gif"; 2],
        ),
        (
            "<style>@media(max-width:600px){img{display:none}}</style><img src=mid.gif><p>x</p>",
            ["img /mid.gif", ""],
        ),
        // Text is larger.
        (
            &format!("<p>{text}</p><img src=mid.gif style='width:200px'>"),
            [""; 2],
        ),
        // It fills the screen, or is none of the content, or not to be seen.
        (
            "<div style='height:100vh;background:url(hero.gif) 0/cover'></div>",
            [""; 2],
        ),
        (
            "<style>body{background:url(hero.gif)}html{background:url(mid.gif)}</style><p>x</p>",
            [""; 2],
        ),
        ("<img src=mid.gif style='opacity:0'>", [""; 2]),
        ("<img src=mid.gif style='visibility:hidden'>", [""; 2]),
        ("<img src=mid.gif hidden>", [""; 2]),
        (
            "<div style='height:1000px'></div><img src=mid.gif>",
            [""; 2],
        ),
        (
            "<div style='position:absolute;left:-9999px'><img src=mid.gif></div>",
            [""; 2],
        ),
        (
            "<div style='height:0;overflow:hidden'><img src=mid.gif></div>",
            [""; 2],
        ),
        // A small image stays small, however far it is stretched or repeated.
        (
            "<img src=tile.gif style='width:600px;height:400px'>",
            [""; 2],
        ),
        (
            "<div style='height:400px;background:url(tile.gif)'></div>",
            [""; 2],
        ),
        (
            "<div style='height:400px;background:url(hero.gif) no-repeat 0/40px'></div>",
            [""; 2],
        ),
    ] {
        let page = format!("<!doctype html><html><body style='margin:0'>{body}");
        let found = planned(&page).map(|found| found.unwrap_or_default());
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn deep_and_wide_pages_end() {
    let deep = "<div>".repeat(20_000);
    let wide = "<b style='display:inline-block'>x</b>".repeat(20_000);
    let rows = format!("<div style='display:flex'>{}", "<i>x</i>".repeat(20_000));
    for page in [deep, wide, rows] {
        let page = format!("<img src=mid.gif>{page}");
        planned(&page);
    }
}

/// What the sizes of boxes cost beside the rest: `PUSHGEN_SITE=dist cargo test --release -p pushgen-analyzer
/// lcp::tests::cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn cost() {
    let root = std::env::var("PUSHGEN_SITE").expect("PUSHGEN_SITE");
    let site = Site::load(Path::new(&root), &SiteOptions::default()).expect("a site");
    let mut walk = Walk::new(&site, Viewport::DESKTOP);
    let mut boxes = 0;
    for page in site.pages().iter().step_by(site.pages().len().div_ceil(60)) {
        let (_, found) = walk.boxes(*page);
        let start = std::time::Instant::now();
        largest(&found, &Viewport::DESKTOP);
        walk.costs.largest += start.elapsed();
        boxes += found.len();
    }
    println!("{boxes} boxes: {:?}", walk.costs);
}
