//! The pages whose loads were measured, and the measurements: `pages.txt` and `measured.txt`.

use crate::model::{Asset, Content, Delivery, Discovery, Kind, Page};
use crate::plan::choice::first_content;

/// A page with its names.
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    pub(crate) page: Page,
    /// What is pushed or hinted.
    pub(crate) ahead: Vec<u16>,
}

/// The median of several loads of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) browser: &'static str,
    pub(crate) network: &'static str,
    pub(crate) page: &'static str,
    pub(crate) delivery: &'static str,
    /// Milliseconds.
    pub(crate) fcp: f64,
    pub(crate) lcp: f64,
}

impl Fixture {
    pub(crate) fn delivery(&self, name: &str) -> Delivery<'_> {
        match name {
            "none" => Delivery::NONE,
            "push" => Delivery {
                push: &self.ahead,
                head: first_content(&self.page),
                ..Delivery::NONE
            },
            "hint" => Delivery {
                early_hints: &self.ahead,
                ..Delivery::NONE
            },
            _ => panic!("no delivery: {name}"),
        }
    }
}

/// Reads `page NAME html=BYTES plain=BYTES body=OFFSET content=WHERE [push=NAME,...]` and, for each of its assets,
/// `asset NAME KIND BYTES PLAIN WHO`.
pub(crate) fn pages(text: &'static str) -> Vec<Fixture> {
    let blocks = text.split("page ").skip(1);
    blocks.map(page).collect()
}

fn page(block: &'static str) -> Fixture {
    let mut lines = block.lines();
    let mut head = lines.next().unwrap().split(' ');
    let name = head.next().unwrap();
    let fields: Vec<(&str, &str)> = head.map(|field| field.split_once('=').unwrap()).collect();
    let field = |wanted| {
        fields
            .iter()
            .find(|(key, _)| *key == wanted)
            .map(|(_, value)| *value)
    };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(' ').collect()).collect();
    let index = |name: &str| -> u16 {
        let index = rows.iter().position(|row| row[1] == name);
        index.unwrap_or_else(|| panic!("no asset: {name}")) as u16
    };
    let assets = rows.iter().map(|row| {
        let kind = match row[2] {
            "sheet" => Kind::Sheet,
            "sync" => Kind::Script,
            "async" => Kind::AsyncScript,
            "defer" => Kind::DeferScript,
            "module" => Kind::Module,
            "font" => Kind::Font { blocks_text: true },
            "image" => Kind::Image { is_largest: false },
            "lcp" => Kind::Image { is_largest: true },
            other => panic!("no kind: {other}"),
        };
        let discovery = match row[5].split_once(':').unwrap() {
            ("html", at) => Discovery::Html(at.parse().unwrap()),
            ("file", by) => Discovery::Import(index(by)),
            ("style", by) => Discovery::Style(index(by)),
            ("script", by) => Discovery::Run(index(by)),
            other => panic!("no discovery: {other:?}"),
        };
        let mut asset = Asset::new(row[3].parse().unwrap(), kind, discovery);
        asset.plain = row[4].parse().unwrap();
        asset
    });
    let content = match field("content").unwrap().split_once(':').unwrap() {
        ("html", at) => Content::Html(at.parse().unwrap()),
        ("run", script) => Content::Run(index(script)),
        other => panic!("no content: {other:?}"),
    };
    let number = |name| field(name).unwrap().parse().unwrap();
    let page = Page::new(number("html"), number("body"), content, assets.collect()).unwrap();
    Fixture {
        name,
        page: page.with_plain_html(number("plain")),
        ahead: field("push").map_or(Vec::new(), |names| names.split(',').map(index).collect()),
    }
}

/// Reads `BROWSER NETWORK PAGE DELIVERY FCP LCP`.
pub(crate) fn measured(text: &'static str) -> Vec<Measured> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let row: Vec<&str> = line.split(' ').collect();
            Measured {
                browser: row[0],
                network: row[1],
                page: row[2],
                delivery: row[3],
                fcp: row[4].parse().unwrap(),
                lcp: row[5].parse().unwrap(),
            }
        })
        .collect()
}
