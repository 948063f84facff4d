//! What the tests of the model read: the pages as the analyzer describes them, and the medians.
//!
//! In: the site and the cells. Out: `pages.txt` and `measured.txt` beside those tests, the lines of other browsers kept.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use pushgen_analyzer::model::{Content, Discovery, Kind, Modelled};
use pushgen_analyzer::{Analyzer, Options, Site, SiteOptions};

use super::accuracy::Cell;
use super::pages::TestPage;

const TESTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/crates/pushgen-analyzer/src/model/tests"
);

pub(crate) fn record(
    dist: &Path,
    pages: &[TestPage],
    cells: &[Cell],
    takes_pushes: bool,
) -> anyhow::Result<()> {
    let tests = Path::new(TESTS);
    let site = Site::load(dist, &SiteOptions::default())?;
    let analyzer = Analyzer::new(&site, Options::default());
    let mut text = String::new();
    for page in pages {
        let path = format!("/{}/", page.name);
        let analysis = analyzer.page(site.page(&path).context("a page is missing")?);
        let modelled = analysis
            .modelled
            .as_ref()
            .context("a page has too many files")?;
        describe(&mut text, page, modelled)?;
    }
    std::fs::write(tests.join("pages.txt"), text)?;
    let browser = if takes_pushes {
        "chromium-103"
    } else {
        "chromium-156"
    };
    let measured = tests.join("measured.txt");
    let known = std::fs::read_to_string(&measured)?;
    let others = known
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with(browser));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    for Cell {
        page,
        network,
        delivery,
        fcp,
        lcp,
        ..
    } in cells
    {
        lines.push(format!(
            "{browser} {network} {page} {delivery} {fcp:.0} {lcp:.0}"
        ));
    }
    lines.sort();
    let head = "# browser network page delivery FCP LCP: medians of cold loads, in milliseconds; `cargo bench --bench first_paint`";
    std::fs::write(measured, format!("{head}\n{}\n", lines.join("\n")))?;
    Ok(())
}

/// `page NAME html=BYTES plain=BYTES body=OFFSET content=WHERE push=NAME,...` and, for each asset,
/// `asset NAME KIND BYTES PLAIN WHO`.
fn describe(text: &mut String, test: &TestPage, modelled: &Modelled) -> anyhow::Result<()> {
    let page = &modelled.page;
    let name = |asset: u16| {
        let path = modelled
            .paths
            .get(usize::from(asset))
            .map_or("", |path| &**path);
        path.rsplit('/').next().unwrap_or_default()
    };
    let content = match page.content() {
        Content::Html(at) => format!("html:{at}"),
        Content::Run(script) => format!("run:{}", name(script)),
    };
    write!(
        text,
        "page {} html={} plain={} body={} content={content}",
        test.name,
        page.html_bytes(),
        page.html_plain(),
        page.body_at(),
    )?;
    if !test.ahead.is_empty() {
        write!(text, " push={}", test.ahead.join(","))?;
    }
    text.push('\n');
    for (asset, index) in page.assets().iter().zip(0..) {
        let kind = match asset.kind {
            Kind::Sheet => "sheet",
            Kind::Script => "sync",
            Kind::AsyncScript => "async",
            Kind::DeferScript => "defer",
            Kind::Module => "module",
            Kind::Font { .. } => "font",
            Kind::Image { is_largest: true } => "lcp",
            Kind::Image { is_largest: false } => "image",
            other => anyhow::bail!("no test page has a {other:?}"),
        };
        let who = match asset.discovery {
            Discovery::Html(at) => format!("html:{at}"),
            Discovery::Import(by) => format!("file:{}", name(by)),
            Discovery::Style(by) => format!("style:{}", name(by)),
            Discovery::Run(by) => format!("script:{}", name(by)),
            Discovery::HtmlStyle => anyhow::bail!("no test page has such a style"),
        };
        writeln!(
            text,
            "asset {} {kind} {} {} {who}",
            name(index),
            asset.bytes,
            asset.plain
        )?;
    }
    Ok(())
}
