//! The model's description of a page, made from its graph.
//!
//! In: a [`PageGraph`], what its files weigh, and a [`Layout`]: what the graph does not know of the
//! document, with offsets in the document's own bytes. Out: a [`Page`], with the place in the graph of
//! each of its assets. Offsets become offsets on the wire in proportion, as if content-coding shortened
//! all parts of a document alike. Left out: what happens after `load`, files that are missing, and files
//! that are named by another origin's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pushgen_policy::{Class, Destination};

use super::bound::needed;
use super::page::{Asset, Content, Discovery, Kind, Page, PageError};
use crate::graph::{Fetch, PageGraph, Rank};
use crate::reference::When;

/// Where the document names an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The offset after the element's start tag, or after the inline style that names it.
    pub offset: u64,
    /// Whether the element has `async`.
    pub is_async: bool,
    /// Whether it is a `link`, which runs nothing.
    pub is_link: bool,
}

/// What of the document is no part of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of the document.
    pub bytes: u64,
    /// The same on the wire.
    pub wire_bytes: u64,
    /// The offset after the start tag of the body, or of what implies it.
    pub body_at: u64,
    /// The offset after the first content: text that is not white space, or an image; `None` if the body
    /// has none, so that scripts draw it.
    pub content_at: Option<u64>,
}

/// A page with the request targets of its assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modelled {
    /// The page.
    pub page: Page,
    /// For each asset, its request target. Places in the graph would change when a trace adds to it.
    pub paths: Vec<Arc<str>>,
}

impl Modelled {
    /// The request targets of what the first paint cannot do without.
    #[must_use]
    pub fn needed(&self) -> HashSet<&str> {
        let paths = self.paths.iter().zip(needed(&self.page));
        let paths = paths.filter(|(_, is_needed)| *is_needed);
        paths.map(|(path, _)| &**path).collect()
    }
}

/// Describes a page. `bytes` weighs a fetch, on the wire and decoded, `mark` tells where the document names it.
pub fn of_graph(
    graph: &PageGraph,
    layout: &Layout,
    bytes: impl Fn(&Fetch) -> Option<(u64, u64)>,
    mark: impl Fn(&Fetch) -> Option<Mark>,
) -> Result<Modelled, PageError> {
    let mut order: Vec<(&Fetch, (u64, u64))> = graph
        .fetches
        .iter()
        .filter(|fetch| fetch.when == When::Load && fetch.file.is_some())
        .filter_map(|fetch| Some((fetch, bytes(fetch)?)))
        .collect();
    // Who names a file lies one step less deep.
    order.sort_by_key(|(fetch, _)| (fetch.depth, fetch.order));
    let mut assets: Vec<Asset> = Vec::with_capacity(order.len());
    let mut paths = Vec::with_capacity(order.len());
    let mut places: HashMap<&str, u16> = HashMap::with_capacity(order.len());
    let mut script = None;
    let mut parts = Vec::new();
    for (fetch, (bytes, plain)) in order {
        let place = u16::try_from(assets.len()).map_err(|_| PageError::TooManyAssets)?;
        let mark = mark(fetch);
        let kind = kind(fetch, mark);
        let by = places.get(&*fetch.initiator).copied();
        let by = by.and_then(|by| Some((by, assets.get(usize::from(by))?.kind)));
        let discovery = match (fetch.depth, mark, by) {
            (0 | 1, Some(mark), _) => Discovery::Html(layout.on_wire(mark.offset)),
            // A style attribute or element of the document.
            (0 | 1, None, _) => Discovery::HtmlStyle,
            (_, _, Some((by, named_by))) => discovery(kind, by, named_by),
            // Its initiator is not followed.
            (_, _, None) => continue,
        };
        if let (Kind::Module | Kind::AsyncModule, Some(mark)) = (kind, mark)
            && fetch.depth <= 1
        {
            match mark.is_link {
                true => parts.push(place),
                false => script = script.or(Some(place)),
            }
        }
        let mut asset = Asset::new(saturate(bytes), kind, discovery);
        asset.plain = saturate(plain);
        if kind == Kind::Other && fetch.destination == Destination::Script {
            // As urgent as if it were used.
            asset.urgency = 1;
        }
        asset.blocks_rendering = fetch.render_blocking && matches!(discovery, Discovery::Html(_));
        assets.push(asset);
        paths.push(Arc::clone(&fetch.path));
        places.insert(&fetch.path, place);
    }
    // Which module imports them the graph does not keep; most pages have one. Without one an inline script does.
    for part in parts {
        assets[usize::from(part)].part_of = script;
    }
    let content = layout.content_at.map_or_else(
        || drawn_by(&assets).map_or(Content::Html(u32::MAX), Content::Run),
        |at| Content::Html(layout.on_wire(at)),
    );
    let page = Page::new(
        saturate(layout.wire_bytes),
        layout.on_wire(layout.body_at),
        content,
        assets,
    )?;
    let page = page.with_plain_html(saturate(layout.bytes));
    Ok(Modelled { page, paths })
}

impl Layout {
    fn on_wire(&self, offset: u64) -> u32 {
        let offset = u128::from(offset.min(self.bytes)) * u128::from(self.wire_bytes);
        saturate(u64::try_from(offset / u128::from(self.bytes.max(1))).unwrap_or(u64::MAX))
    }
}

fn saturate(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn kind(fetch: &Fetch, mark: Option<Mark>) -> Kind {
    let is_async = mark.is_some_and(|mark| mark.is_async);
    match fetch.destination {
        Destination::Style if fetch.render_blocking || fetch.parser_blocking => Kind::Sheet,
        Destination::Style => Kind::IdleSheet,
        // Preloaded, and nobody asks for it.
        Destination::Script if fetch.rank == Rank::Preload => Kind::Other,
        Destination::Script if fetch.module && is_async => Kind::AsyncModule,
        Destination::Script if fetch.module => Kind::Module,
        Destination::Script if fetch.parser_blocking => Kind::Script,
        Destination::Script if is_async || fetch.depth > 1 => Kind::AsyncScript,
        Destination::Script => Kind::DeferScript,
        Destination::Font => Kind::Font {
            blocks_text: fetch.class == Class::Font,
        },
        Destination::Image => Kind::Image {
            is_largest: fetch.class == Class::Lcp,
        },
        _ => Kind::Other,
    }
}

fn discovery(kind: Kind, by: u16, named_by: Kind) -> Discovery {
    match (kind, named_by) {
        (Kind::Sheet | Kind::IdleSheet, Kind::Sheet | Kind::IdleSheet)
        | (Kind::Module | Kind::AsyncModule, Kind::Module | Kind::AsyncModule) => {
            Discovery::Import(by)
        }
        (_, Kind::Sheet | Kind::IdleSheet) => Discovery::Style(by),
        _ => Discovery::Run(by),
    }
}

/// The last script of the document that runs of its own: it is taken to draw a page that has no content. Those that run
/// whenever they are there measure or advertise more often than they draw.
fn drawn_by(assets: &[Asset]) -> Option<u16> {
    let last = |runs: fn(Kind) -> bool| {
        let is_script = |asset: &Asset| {
            matches!(asset.discovery, Discovery::Html(_))
                && asset.part_of.is_none()
                && runs(asset.kind)
        };
        assets.iter().rposition(is_script)
    };
    let in_order = |kind| matches!(kind, Kind::Script | Kind::DeferScript | Kind::Module);
    let at_once = |kind| matches!(kind, Kind::AsyncScript | Kind::AsyncModule);
    let drawing = last(in_order).or_else(|| last(at_once))?;
    u16::try_from(drawing).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::site::FileId;

    fn fetch(
        path: &str,
        initiator: &str,
        destination: Destination,
        depth: u32,
        order: u32,
    ) -> Fetch {
        Fetch {
            path: Arc::from(path),
            destination,
            depth,
            class: Class::Other,
            render_blocking: false,
            parser_blocking: false,
            when: When::Load,
            confidence: 1.0,
            initiator: Arc::from(initiator),
            location: Arc::from(""),
            condition: None,
            missing: false,
            file: Some(FileId::for_tests(order)),
            crossorigin: None,
            integrity: None,
            corrupt: false,
            module: false,
            order,
            rank: Rank::Used,
            is_preloaded: false,
            element: None,
            responsive: None,
            used_by: None,
            viewports: Vec::new(),
        }
    }

    #[test]
    fn follows_initiators_and_scales_offsets() {
        let blocking = |mut fetch: Fetch| {
            fetch.render_blocking = true;
            fetch
        };
        let module = |mut fetch: Fetch| {
            fetch.module = true;
            fetch
        };
        let font = |mut fetch: Fetch| {
            fetch.class = Class::Font;
            fetch
        };
        let late = |mut fetch: Fetch| {
            fetch.when = When::Late;
            fetch
        };
        let graph = PageGraph {
            page: Arc::from("/"),
            file: Arc::from("index.html"),
            fetches: vec![
                blocking(fetch("/a.css", "/", Destination::Style, 1, 0)),
                module(fetch("/m.js", "/", Destination::Script, 1, 3)),
                fetch("/hero.png", "/", Destination::Image, 1, 5),
                late(fetch("/icon.png", "/", Destination::Image, 1, 6)),
                blocking(fetch("/b.css", "/a.css", Destination::Style, 2, 1)),
                font(fetch("/f.woff2", "/a.css", Destination::Font, 2, 2)),
                module(fetch("/n.js", "/m.js", Destination::Script, 2, 4)),
                fetch("/x.png", "/icon.png", Destination::Image, 2, 7),
            ],
            lcp: Vec::new(),
            foreign_blocker: None,
            foreign_stopper: None,
            is_read: true,
        };
        let layout = Layout {
            bytes: 10_000,
            wire_bytes: 2_000,
            body_at: 1_000,
            content_at: None,
        };
        let marks = [("/a.css", 100, false), ("/m.js", 200, true)];
        let mark = |fetch: &Fetch| {
            let found = marks.iter().find(|(path, ..)| *path == &*fetch.path);
            found.map(|(_, offset, is_async)| Mark {
                offset: *offset,
                is_async: *is_async,
                is_link: false,
            })
        };
        let modelled = of_graph(&graph, &layout, |_| Some((50, 200)), mark).unwrap();
        let asset = |kind, discovery| Asset {
            plain: 200,
            ..Asset::new(50, kind, discovery)
        };
        let mut first = asset(Kind::Sheet, Discovery::Html(20));
        first.blocks_rendering = true;
        let expected = vec![
            first,
            asset(Kind::AsyncModule, Discovery::Html(40)),
            asset(Kind::Image { is_largest: false }, Discovery::HtmlStyle),
            asset(Kind::Sheet, Discovery::Import(0)),
            asset(Kind::Font { blocks_text: true }, Discovery::Style(0)),
            asset(Kind::Module, Discovery::Import(1)),
        ];
        let page = Page::new(2_000, 200, Content::Run(1), expected).unwrap();
        let page = page.with_plain_html(10_000);
        assert_eq!(modelled.page, page);
        let place = |path: &Arc<str>| graph.fetches.iter().position(|fetch| fetch.path == *path);
        let places: Vec<usize> = modelled.paths.iter().filter_map(place).collect();
        assert_eq!(places, [0, 1, 2, 4, 5, 6]);
    }
}
