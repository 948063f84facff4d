//! The subcommands, one file each.

pub(crate) mod analyze;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod graph;
#[cfg(feature = "measure")]
pub(crate) mod measure;
mod named_paths;
pub(crate) mod report;
pub(crate) mod schema;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod simulate;
mod site_of_policy;
mod traces;

use anyhow::{Context, bail};
use pushgen_analyzer::model::{Conditions, NETWORK_CLASSES, Time};
use pushgen_analyzer::{FileId, Site};

use crate::cli::NamedNetwork;

/// Sets the number of threads for the whole process.
fn use_threads(jobs: Option<u16>) -> anyhow::Result<()> {
    let threads = jobs.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("cannot start the threads")
}

/// The pages that a person named, or all.
fn pages(site: &Site, named: &[String]) -> anyhow::Result<Vec<FileId>> {
    match named {
        [] => Ok(site.pages().to_vec()),
        named => named.iter().map(|page| find_page(site, page)).collect(),
    }
}

/// The networks that a person named, or all classes, as a first visit to a server finds them that thinks for so long.
fn first_visits(named: &[NamedNetwork], think: Time) -> Vec<(String, Conditions)> {
    let classes = NETWORK_CLASSES.map(|class| NamedNetwork {
        name: class.name.to_owned(),
        network: class.network,
    });
    let networks = if named.is_empty() { &classes } else { named };
    let conditions = |network: &NamedNetwork| {
        let mut conditions = Conditions::new(network.network);
        conditions.server.think = think;
        (network.name.clone(), conditions)
    };
    networks.iter().map(conditions).collect()
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
