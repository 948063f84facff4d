//! The subcommands, one file each.

pub(crate) mod analyze;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod graph;
#[cfg(feature = "measure")]
pub(crate) mod measure;
pub(crate) mod report;
pub(crate) mod schema;
mod sent;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod simulate;
mod traces;

use anyhow::{Context, bail};
use pushgen_analyzer::{FileId, Site};

/// Sets the number of threads for the whole process.
fn use_threads(jobs: Option<u16>) -> anyhow::Result<()> {
    let threads = jobs.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("cannot start the threads")
}

/// The page that a person named.
fn find_page(site: &Site, named: &str) -> anyhow::Result<FileId> {
    if let Some(page) = site.page(named) {
        return Ok(page);
    }
    let mut urls: Vec<String> = site
        .pages()
        .iter()
        .map(|page| site.url_path(*page))
        .collect();
    urls.sort();
    let examples = &urls[..urls.len().min(3)];
    bail!(
        "no page {named} in the site; its pages are {}{}",
        examples.join(", "),
        if site.pages().len() > 3 { ", …" } else { "" }
    )
}
