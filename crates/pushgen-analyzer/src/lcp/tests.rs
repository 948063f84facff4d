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
        Ok(_) => Viewport { width: 412, height: 823, dpr: 1.75, ..Viewport::DESKTOP },
        Err(_) => Viewport::DESKTOP,
    };
    let site = Site::load(Path::new(&root), &SiteOptions::default()).expect("a site");
    let named = list.map(|list| std::fs::read_to_string(list).expect("a list"));
    let pages: Vec<_> = match &named {
        Some(named) => named.lines().filter_map(|page| Some((page.to_owned(), site.page(page)?))).collect(),
        None => site.pages().iter().map(|page| (site.url_path(*page), *page)).collect(),
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
            for (place, found) in lay_out(&layout, ASSUMPTIONS[0].0, &viewport).iter().zip(&boxes) {
                let element = dom.element(found.element).expect("an element");
                let Rect { x, y, width, height } = place.rect;
                let text = place.text;
                println!("  {:30} {x:6.0} {y:6.0} {width:6.0}x{height:6.0}  text {:5.0}x{:5.0} {:?}", short_name(element), text.width, text.height, found.image.as_ref().map(|it| &it.path));
                if y > 1200.0 { break; }
            }
        }
        match found {
            Some(found) => println!("@{name}\t{}\t{}\t{}\t{}", found.path, found.confidence, short_name(dom.element(found.element).expect("an element")), found.reason),
            None => println!("@{name}\t-\t0\t-\t"),
        }
    }
    println!("{count} boxes, {time:?}");
}
