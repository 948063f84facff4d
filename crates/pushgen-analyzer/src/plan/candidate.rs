//! What may be planned: a fetch with its file and wire bytes, or what stands against it.
//!
//! In: a fetch, the weight of its file. Out: a [`Candidate`], and what candidates weigh together. Left out: what a budget
//! has room for.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, MAX_PUSHES, UrlPath};

use super::PlannedAsset;
use crate::graph::Fetch;
use crate::reference::confidence;
use crate::site::FileId;

/// What is less certain than this is not planned.
const MIN_CONFIDENCE: f64 = 0.95;

/// A fetch that may be planned, with its file and wire bytes, or what stands against it.
pub(super) struct Candidate<'g> {
    pub(super) fetch: &'g Fetch,
    pub(super) eligible: Result<(FileId, u64), &'static str>,
}

pub(super) fn eligible(
    fetch: &Fetch,
    wire_bytes: impl Fn(FileId) -> Option<u64>,
) -> Result<(FileId, u64), &'static str> {
    let file = fetch.file.ok_or("there is no such file in the site")?;
    if fetch.corrupt {
        return Err("its content is not what `integrity` says, so browsers throw it away");
    }
    if fetch.class == Class::Font && fetch.crossorigin != Some(CrossOrigin::Anonymous) {
        return Err("it is not preloaded in the mode that fonts are fetched in");
    }
    if !fetch.viewports.is_empty() {
        return Err("not all viewports ask for it");
    }
    if fetch.class == Class::Font && fetch.confidence == confidence::MACHINE {
        return Err("machines that have a font of an earlier name in the list do without it");
    }
    if fetch.confidence <= confidence::LAYOUT {
        return Err("only a layout can tell whether it is fetched at once");
    }
    if fetch.confidence < MIN_CONFIDENCE {
        return Err("another viewport may not ask for it");
    }
    if UrlPath::parse(&*fetch.path).is_err() {
        return Err("servers may read its path in another way");
    }
    Ok((
        file,
        wire_bytes(file).ok_or("it cannot be read, or is too large")?,
    ))
}

/// The module graphs that hide something from the preload scanner, each behind the module that the
/// document names, in the order of the document.
pub(super) fn module_graphs(modules: Vec<Candidate<'_>>) -> Vec<Vec<Candidate<'_>>> {
    let initiators: HashMap<Arc<str>, Arc<str>> = modules
        .iter()
        .filter(|module| module.fetch.depth >= 2)
        .map(|module| {
            (
                Arc::clone(&module.fetch.path),
                Arc::clone(&module.fetch.initiator),
            )
        })
        .collect();
    let mut graphs: Vec<(Arc<str>, Vec<Candidate<'_>>)> = Vec::new();
    for module in modules {
        let mut root = &module.fetch.path;
        // A module lies deeper than the one that names it, so this ends; the bound is for the reader.
        for _ in 0..module.fetch.depth {
            root = initiators.get(root).unwrap_or(root);
        }
        match graphs.iter_mut().find(|(known, _)| known == root) {
            Some((_, graph)) => graph.push(module),
            None => graphs.push((Arc::clone(root), vec![module])),
        }
    }
    let graphs = graphs.into_iter().map(|(_, graph)| graph);
    graphs
        .filter(|graph| graph.iter().any(|module| module.fetch.depth >= 2))
        .collect()
}

/// How many of the first fit the budget.
pub(super) fn first_part(closure: &[Candidate<'_>], budget: u64) -> usize {
    let mut left = budget;
    let fits = |candidate: &&Candidate<'_>| {
        let bytes = candidate.eligible.map_or(u64::MAX, |(_, bytes)| bytes);
        let rest = left.checked_sub(bytes);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let first = closure.iter().take(MAX_PUSHES);
    first.take_while(fits).count()
}

/// The bytes of all, if all are eligible.
pub(super) fn total(candidates: &[Candidate<'_>]) -> Option<u64> {
    candidates
        .iter()
        .map(|candidate| candidate.eligible.ok().map(|(_, bytes)| bytes))
        .sum()
}

pub(super) fn planned_asset(fetch: &Fetch, file: FileId) -> PlannedAsset {
    PlannedAsset {
        path: Arc::clone(&fetch.path),
        destination: fetch.destination,
        module: fetch.module,
        crossorigin: fetch.crossorigin,
        integrity: fetch.integrity.clone(),
        file,
    }
}
