//! Any site in the browser: how well the graph predicts it, and where not.
//!
//! In: a folder, which of its pages, and viewports. Out, on standard output: precision and recall by class for each
//! viewport, and the differences, each with the pages that show it.
//!
//! A page that asks for more than the graph says is loaded a second time without scripts: what is asked for only with
//! them is what running code caused, though the browser may name a style sheet as the initiator, and does not count.
//! A page whose blocking differs is loaded again a few times, and the strongest word counts: a file that is wanted
//! both ways is reported the way that came first, which is a matter of luck.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures_util::StreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::Viewport;
use crate::compare::{Difference, Kind, Scores, compare};
use crate::devtools::Browser;
use crate::graph::{PageGraph, graphs, plan};
use crate::load::{Load, load};
use crate::server::{Certificate, Server};

/// How often a page is loaded again for the strongest word on blocking.
const RELOADS: usize = 4;

/// What to compare, and how to show it.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) dist: PathBuf,
    /// By URL or by file; a sample if there are none.
    pub(crate) pages: Vec<String>,
    pub(crate) sample: usize,
    pub(crate) seed: u64,
    pub(crate) viewports: Vec<Viewport>,
    pub(crate) jobs: usize,
    /// Where to write each load as a line of JSON.
    pub(crate) record: Option<PathBuf>,
    /// Name every page of a difference.
    pub(crate) names_all_pages: bool,
}

/// A page with both words on it.
struct Judged {
    graph: PageGraph,
    load: Load,
    plan: Vec<String>,
}

#[derive(Serialize)]
struct Record<'a> {
    viewport: String,
    page: &'a str,
    #[serde(flatten)]
    load: &'a Load,
}

/// Loads the pages and prints what was found. Returns whether every page could be loaded.
pub(crate) async fn run(program: &Path, options: &Options) -> anyhow::Result<bool> {
    let mut pages = options.pages.clone();
    if pages.is_empty() {
        pages = sample(&options.dist, options.sample, options.seed)?;
    }
    if pages.is_empty() {
        bail!("there is no page in {}", options.dist.display());
    }
    let mut record = match &options.record {
        Some(path) => Some(BufWriter::new(File::create(path)?)),
        None => None,
    };
    let certificate = Certificate::new()?;
    let mut server = Server::start(&options.dist, &certificate)?;
    let browser = Browser::start(program, &certificate.public_key_hash).await?;
    println!("{}", browser.product);
    let mut is_complete = true;
    for viewport in &options.viewports {
        let graphs = graphs(&options.dist, *viewport, &pages, None)?;
        let judged = futures_util::stream::iter(graphs)
            .map(|graph| judge(&browser, &server.origin, &options.dist, *viewport, graph))
            .buffered(options.jobs);
        let judged: Vec<_> = judged.collect().await;
        server.is_still_there()?;
        let mut scores = Scores::default();
        let mut differences: BTreeMap<Difference, Vec<String>> = BTreeMap::new();
        let (mut compared, mut not_compared) = (0, Vec::new());
        for judged in judged {
            let Judged { graph, load, plan } = match judged {
                Ok(judged) => judged,
                Err(error) => {
                    is_complete = false;
                    not_compared.push(format!("{error:#}"));
                    continue;
                }
            };
            if let Some(record) = &mut record {
                let line = Record {
                    viewport: viewport.to_string(),
                    page: &graph.page,
                    load: &load,
                };
                serde_json::to_writer(&mut *record, &line)?;
                writeln!(record)?;
            }
            if let Some(url) = &load.left_for {
                not_compared.push(format!("{}: it goes to {url} by itself", graph.page));
                continue;
            }
            if !load.is_complete {
                not_compared.push(format!("{}: it does not become quiet", graph.page));
                continue;
            }
            compared += 1;
            for difference in compare(&graph, &load, &plan, &mut scores) {
                differences
                    .entry(difference)
                    .or_default()
                    .push(graph.page.clone());
            }
        }
        println!("\n{compared} pages at {viewport}\n{scores}");
        show(&differences, options.names_all_pages);
        if !not_compared.is_empty() {
            println!("\nnot compared\n  {}", not_compared.join("\n  "));
        }
    }
    if let Some(mut record) = record {
        record.flush()?;
    }
    Ok(is_complete)
}

async fn judge(
    browser: &Browser,
    origin: &str,
    dist: &Path,
    viewport: Viewport,
    graph: PageGraph,
) -> anyhow::Result<Judged> {
    let page = Arc::new(graph.page.clone());
    let planned = tokio::task::spawn_blocking({
        let (dist, page) = (dist.to_owned(), Arc::clone(&page));
        move || plan(&dist, viewport, &page)
    });
    let mut loaded = load(browser, origin, &page, viewport, true).await;
    if !matches!(&loaded, Ok(load) if load.is_complete) {
        loaded = load(browser, origin, &page, viewport, true).await;
    }
    let mut loaded = loaded.with_context(|| page.to_string())?;
    let plan = planned.await?.with_context(|| page.to_string())?;
    let find = |loaded: &Load| compare(&graph, loaded, &plan, &mut Scores::default());
    let mut differences = find(&loaded);
    for _ in 0..RELOADS {
        if differences.iter().all(|it| it.kind != Kind::Blocking) {
            break;
        }
        let again = load(browser, origin, &page, viewport, true).await?;
        for (path, asked) in &mut loaded.asked {
            if let Some(again) = again.asked.get(path) {
                asked.strengthen(again);
            }
        }
        differences = find(&loaded);
    }
    let is_missed = |path: &str| {
        let mut missed = differences.iter().filter(|it| it.kind == Kind::Missed);
        missed.any(|it| it.path == path)
    };
    if loaded.left_for.is_none() && differences.iter().any(|it| it.kind == Kind::Missed) {
        let plain = load(browser, origin, &page, viewport, false).await?;
        for (path, asked) in &mut loaded.asked {
            // Without scripts no script is asked for.
            if asked.kind != "Script" && is_missed(path) && !plain.asked.contains_key(path) {
                asked.by_script = true;
            }
        }
    }
    Ok(Judged {
        graph,
        load: loaded,
        plan,
    })
}

/// Pages by file: those that come first when the seed has shuffled them. Every page of a small site.
fn sample(dist: &Path, count: usize, seed: u64) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(dist) {
        let entry = entry?;
        let path = entry.path();
        let is_page = path
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("html") || it.eq_ignore_ascii_case("htm"));
        if is_page && entry.file_type().is_file() {
            let path = path.strip_prefix(dist)?.to_str();
            files.push(
                path.context("a file name that is not UTF-8")?
                    .replace('\\', "/"),
            );
        }
    }
    files.sort_by_cached_key(|file| Sha256::digest(format!("{seed} {file}")));
    files.truncate(count);
    files.sort();
    Ok(files)
}

/// Pages from a file, one on each line.
pub(crate) fn listed(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

fn show(differences: &BTreeMap<Difference, Vec<String>>, names_all_pages: bool) {
    let mut last = None;
    for (difference, pages) in differences {
        if last != Some(difference.kind) {
            let same = differences
                .iter()
                .filter(|(it, _)| it.kind == difference.kind);
            let count: usize = same.map(|(_, pages)| pages.len()).sum();
            println!("\n{}: {count}", difference.kind);
            last = Some(difference.kind);
        }
        println!("  {}\n    {}", difference.path, difference.says);
        match pages.as_slice() {
            [page, _, ..] if !names_all_pages => {
                println!("    on {page} and {} more", pages.len() - 1);
            }
            _ => println!("    on {}", pages.join(" ")),
        }
    }
}
