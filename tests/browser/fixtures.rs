//! Every folder of `fixtures/` in the browser.
//!
//! What it asks for must be what `chromium.tsv` records, so that the record stays the browser's word, and the graph
//! must agree with it, but where `fetches.tsv` and the record do not (`fixtures/README.md`). Where the graph is not
//! what `fetches.tsv` says yet, `tests/fixtures.rs` says so. A page that differs is loaded once more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::StreamExt as _;

use crate::Viewport;
use crate::compare::{Scores, compare};
use crate::devtools::Browser;
use crate::graph::{Fetch, PageGraph, graphs};
use crate::load::{Load, load};
use crate::server::{Certificate, Server};

/// That of `fixtures/README.md`.
const VIEWPORT: Viewport = Viewport {
    width: 1350,
    height: 940,
    dpr: 1.0,
};

/// Loads the fixtures whose name has one of these words in it. Returns whether all is as recorded.
pub(crate) async fn run(program: &Path, filters: &[String], jobs: usize) -> anyhow::Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let fixture = Fixture { name };
        let is_wanted = filters.is_empty() || filters.iter().any(|it| fixture.name.contains(it));
        if is_wanted && fixture.dist().is_dir() {
            fixtures.push(fixture);
        }
    }
    if fixtures.is_empty() {
        return Ok(true);
    }
    fixtures.sort_by(|one, two| one.name.cmp(&two.name));
    let certificate = Arc::new(Certificate::new()?);
    let browser = Browser::start(program, &certificate.public_key_hash).await?;
    let judged = futures_util::stream::iter(&fixtures)
        .map(|fixture| fixture.judge(&browser, &certificate))
        .buffered(jobs);
    let judged: Vec<_> = judged.collect().await;
    let mut total = Judgement::default();
    let mut scores = Scores::default();
    for (fixture, judgement) in fixtures.iter().zip(judged) {
        let judgement = judgement.with_context(|| fixture.name.clone())?;
        for (graph, load) in &judgement.loads {
            compare(graph, load, &[], &mut scores);
        }
        total.add(judgement);
    }
    println!("{scores}");
    for flake in &total.flakes {
        println!("{flake}: loaded twice, the first load was not as recorded");
    }
    for difference in &total.differences {
        println!("{difference}");
    }
    println!(
        "{}: {} fixtures, {} pages, {} requests, {} differences",
        browser.product,
        fixtures.len(),
        total.loads.len(),
        total
            .loads
            .iter()
            .map(|(_, load)| load.asked.len())
            .sum::<usize>(),
        total.differences.len()
    );
    Ok(total.differences.is_empty())
}

#[derive(Debug)]
struct Fixture {
    name: String,
}

#[derive(Debug, Default)]
struct Judgement {
    loads: Vec<(PageGraph, Load)>,
    differences: Vec<String>,
    /// Pages that were as recorded only when they were loaded again.
    flakes: Vec<String>,
}

impl Judgement {
    fn add(&mut self, other: Self) {
        self.loads.extend(other.loads);
        self.differences.extend(other.differences);
        self.flakes.extend(other.flakes);
    }
}

/// The words of a page by path.
type Words = BTreeMap<String, String>;

impl Fixture {
    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(&self.name)
    }

    fn dist(&self) -> PathBuf {
        self.folder().join("dist")
    }

    /// The rows of a table by page and path, each row's other columns together.
    fn table(&self, file: &str) -> anyhow::Result<BTreeMap<String, Words>> {
        let text = fs::read_to_string(self.folder().join(file)).context(file.to_owned())?;
        let mut pages: BTreeMap<String, Words> = BTreeMap::new();
        for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
            let (page, rest) = line.split_once('\t').context(line.to_owned())?;
            let (path, rest) = rest.split_once('\t').context(line.to_owned())?;
            let words = pages.entry(page.to_owned()).or_default();
            words.insert(path.to_owned(), rest.to_owned());
        }
        Ok(pages)
    }

    async fn judge(
        &self,
        browser: &Browser,
        certificate: &Arc<Certificate>,
    ) -> anyhow::Result<Judgement> {
        let recorded = self.table("chromium.tsv")?;
        let expected = self.table("fetches.tsv")?;
        let (server, graphs) = tokio::task::spawn_blocking({
            let (dist, certificate) = (self.dist(), Arc::clone(certificate));
            let trace = self.folder().join("trace.har");
            move || {
                let server = Server::start(&dist, &certificate)?;
                anyhow::Ok((server, graphs(&dist, VIEWPORT, &[], Some(&trace))?))
            }
        })
        .await??;
        let mut judgement = Judgement::default();
        let none = Words::new();
        for graph in graphs {
            let page = graph.page.clone();
            let recorded = recorded.get(&page).unwrap_or(&none);
            let mut loaded = load(browser, &server.origin, &page, VIEWPORT, true).await;
            if !matches!(&loaded, Ok(load) if words(load, recorded) == *recorded) {
                loaded = load(browser, &server.origin, &page, VIEWPORT, true).await;
                if matches!(&loaded, Ok(load) if words(load, recorded) == *recorded) {
                    judgement.flakes.push(format!("{} {page}", self.name));
                }
            }
            let load = loaded.with_context(|| page.clone())?;
            let found = words(&load, recorded);
            let mut differ = |path: &str, says: String| {
                let line = format!("{} {page} {path}: {says}", self.name);
                judgement.differences.push(line);
            };
            for path in keys(recorded, &found) {
                let (was, is) = (recorded.get(path), found.get(path));
                if was != is {
                    let show =
                        |word: Option<&String>| word.map_or("nothing", |word| word).to_owned();
                    differ(path, format!("recorded {}, found {}", show(was), show(is)));
                }
            }
            let expected = expected.get(&page).unwrap_or(&none);
            let ours = graph.fetches.iter();
            let ours: Words = ours.map(|it| (it.path.clone(), row(it))).collect();
            let paths = keys(&found, &ours).into_iter();
            for path in paths.filter(|path| ours.get(*path) == expected.get(*path)) {
                let now = disagreement(found.get(path), ours.get(path));
                let known = disagreement(recorded.get(path), expected.get(path));
                if let Some(now) = now.filter(|now| Some(now) != known.as_ref()) {
                    differ(path, now);
                }
            }
            judgement.loads.push((graph, load));
        }
        Ok(judgement)
    }
}

fn keys<'a>(one: &'a Words, two: &'a Words) -> BTreeSet<&'a String> {
    one.keys().chain(two.keys()).collect()
}

/// What is recorded of a load. Where the browser has two words, the recorded one if it is one of them.
fn words(load: &Load, recorded: &Words) -> Words {
    let asked = load.asked.iter();
    // The browser asks for this one without being told to, or not.
    let asked = asked.filter(|(path, asked)| *path != "/favicon.ico" || asked.initiator != "other");
    asked
        .map(|(path, asked)| {
            let found = asked.words().map(|word| match word {
                Some(word) => format!("{word:?}"),
                None => "none".to_owned(),
            });
            let recorded = recorded.get(path).filter(|word| found.contains(word));
            (path.clone(), recorded.unwrap_or(&found[0]).clone())
        })
        .collect()
}

/// A fetch as `fetches.tsv` has it, without page and path.
fn row(fetch: &Fetch) -> String {
    [
        fetch.destination.as_str(),
        &fetch.class,
        &fetch.render_blocking.to_string(),
        &fetch.parser_blocking.to_string(),
        &fetch.when,
        &fetch.depth.to_string(),
        &fetch.missing.to_string(),
    ]
    .join("\t")
}

/// What the browser's word and a row of the graph say differently about one file.
fn disagreement(word: Option<&String>, row: Option<&String>) -> Option<String> {
    let Some(row) = row else {
        return Some("asked for, and not in the graph".to_owned());
    };
    let columns: Vec<&str> = row.split('\t').collect();
    let [_, _, render_blocking, parser_blocking, when, ..] = columns.as_slice() else {
        return Some(format!("columns are missing: {row}"));
    };
    let Some(word) = word else {
        return (*when == "load")
            .then(|| "the graph is sure of it, and it is not asked for".to_owned());
    };
    let ours = match (*render_blocking, *parser_blocking) {
        ("true", _) => "Blocking",
        (_, "true") => "InBodyParserBlocking",
        _ => "NonBlocking",
    };
    let says = match word.as_str() {
        // It has no opinion.
        "none" => return None,
        // A script that is async holds back nothing until it runs; one that a script adds never does.
        "PotentiallyBlocking" | "NonBlockingDynamic" => "NonBlocking",
        word => word,
    };
    (says != ours).then(|| format!("the browser says {word}, the graph {ours}"))
}
