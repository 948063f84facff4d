use std::path::Path;

use super::*;
use crate::analyzer::{Analyzer, Options};
use crate::graph::LcpImage;
use crate::site::{FileId, Site, SiteOptions};

/// What is likely the largest paint of a page.
fn lcp(analyzer: &Analyzer<'_>, page: FileId) -> Option<LcpImage> {
    analyzer.page(page).graph.lcp.into_iter().next()
}

fn analyzer(site: &Site, viewport: Viewport) -> Analyzer<'_> {
    let options = Options {
        viewports: vec![viewport],
        ..Options::default()
    };
    Analyzer::new(site, options)
}

/// What is predicted for pages: `PUSHGEN_SITE=dist PUSHGEN_PAGES=list.txt PUSHGEN_MOBILE= cargo test -p pushgen-analyzer
/// lcp::tests::predictions -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn predictions() {
    let root = std::env::var("PUSHGEN_SITE").expect("PUSHGEN_SITE");
    let list = std::env::var("PUSHGEN_PAGES").ok();
    let viewport = match std::env::var("PUSHGEN_MOBILE") {
        Ok(_) => Viewport::PHONE,
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
    let analyzer = analyzer(&site, viewport);
    for (name, page) in pages {
        match lcp(&analyzer, page) {
            Some(LcpImage {
                path,
                confidence,
                element,
                reason,
                ..
            }) => println!("@{name}\t{path}\t{confidence}\t{element}\t{reason}"),
            None => println!("@{name}\t-\t0\t-\t"),
        }
    }
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

/// The planned image on a desktop and on a phone.
fn planned(page: &str) -> [Option<String>; 2] {
    let page = format!("<!doctype html><meta name=viewport content=width=device-width>{page}");
    let (_folder, site) = site(&page, &IMAGES);
    [Viewport::DESKTOP, Viewport::PHONE].map(|viewport| {
        let page = *site.pages().first().expect("a page");
        let found = lcp(&analyzer(&site, viewport), page);
        let found = found.filter(|found| found.confidence >= PLANNED)?;
        Some(format!("{} {}", found.element, found.path))
    })
}

#[test]
fn the_largest_image_of_the_first_screen_is_planned() {
    let text = "lorem ipsum dolor sit amet ".repeat(40);
    for (body, expected) in [
        (
            "<header class='top masthead' style='background:url(hero.gif) center/cover;padding:10rem 0'>Hello</header>",
            ["header.top /hero.gif"; 2],
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
        // Images of others compete: of known size, and of one that nobody knows.
        (
            "<img src=https://cdn.example/x.jpg width=1200 height=700><img src=mid.gif width=300 height=200>",
            [""; 2],
        ),
        (
            "<img src=https://cdn.example/x.jpg width=20 height=20><img src=mid.gif>",
            ["img /mid.gif"; 2],
        ),
        (
            "<img src=https://cdn.example/x.jpg style='width:90%'><img src=mid.gif width=300>",
            [""; 2],
        ),
        (
            "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' width=900 height=600><img src=mid.gif>",
            ["img /mid.gif"; 2],
        ),
        // What a transition starts from is not to be seen.
        (
            "<style>img{@starting-style{opacity:0}}</style><img src=mid.gif>",
            ["img /mid.gif"; 2],
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
        let page = format!("<body style='margin:0'>{body}");
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
