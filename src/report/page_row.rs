//! A page as a row of the list: what is kept of every page of the site.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use pushgen_analyzer::model::{Conditions, Time};
use pushgen_analyzer::{Analyzer, FileId, Finding, PageGraph, Sent, Simulation};
use pushgen_policy::Destination;

/// One page.
#[derive(Debug, Clone)]
pub(crate) struct PageRow {
    pub(crate) page: FileId,
    /// Its request target.
    pub(crate) path: String,
    /// Its place among the pages in detail, from 1.
    pub(crate) detail: Option<usize>,
    pub(crate) pushed: usize,
    pub(crate) hinted: usize,
    /// Wire bytes of what is pushed or hinted.
    pub(crate) bytes: u64,
    /// Nothing if the page is too large for the model.
    pub(crate) simulation: Option<Simulation>,
    /// How much was noticed in the document and in the files that it asks for.
    pub(crate) findings: usize,
    /// The files that it asks for, whose findings it shares with other pages.
    files: Arc<[FileId]>,
}

/// Lists of files, each kept once: pages from one template ask for the same.
#[derive(Debug, Default)]
pub(crate) struct FileLists(Mutex<HashSet<Arc<[FileId]>>>);

impl PageRow {
    /// Analyses a page.
    pub(crate) fn of(
        analyzer: &Analyzer<'_>,
        page: FileId,
        conditions: &Conditions,
        lists: &FileLists,
    ) -> Self {
        let analysis = analyzer.page(page);
        let (plan, _) = analyzer.plan(&analysis);
        let sent: Vec<Sent<'_>> = plan.sent().collect();
        let simulation = analysis
            .modelled
            .as_ref()
            .map(|modelled| Simulation::of(modelled, &sent, plan.is_interleaved, conditions));
        let files: BTreeSet<FileId> = files(&analysis.graph).collect();
        Self {
            page,
            path: analysis.graph.page.to_string(),
            detail: None,
            pushed: sent.iter().filter(|sent| sent.push).count(),
            hinted: sent.iter().filter(|sent| sent.hint).count(),
            bytes: plan.entries.iter().map(|entry| entry.bytes).sum(),
            simulation,
            findings: analysis.findings.len(),
            files: lists.shared(files.into_iter().collect()),
        }
    }

    /// Counts what was noticed in the files that the page asks for.
    pub(crate) fn add_shared(&mut self, findings: &HashMap<FileId, usize>) {
        let shared = self.files.iter().filter_map(|file| findings.get(file));
        self.findings += shared.sum::<usize>();
    }

    /// Whether anything is sent with it.
    pub(crate) fn has_plan(&self) -> bool {
        self.pushed + self.hinted > 0
    }

    /// How much earlier the first paint is, pushed or hinted, whichever gains more.
    pub(crate) fn gain(&self) -> Time {
        self.simulation.map_or(Time::ZERO, |simulation| {
            let Simulation {
                none, hints, push, ..
            } = simulation;
            none.fcp - push.fcp.min(hints.fcp)
        })
    }
}

impl FileLists {
    fn shared(&self, list: Arc<[FileId]>) -> Arc<[FileId]> {
        // Nothing can panic under the lock, so a poisoned one is whole.
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lists.get(&list) {
            return Arc::clone(known);
        }
        lists.insert(Arc::clone(&list));
        list
    }
}

/// The files of a graph whose contents are read, and may be found wrong.
fn files(graph: &PageGraph) -> impl Iterator<Item = FileId> {
    let read = graph.fetches.iter().filter(|fetch| {
        matches!(
            fetch.destination,
            Destination::Style | Destination::Script | Destination::Worker
        )
    });
    read.filter_map(|fetch| fetch.file)
}

/// How much was noticed in each file of these graphs.
pub(crate) fn counted(
    analyzer: &Analyzer<'_>,
    rows: &[PageRow],
    shared: &[Finding],
) -> HashMap<FileId, usize> {
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for finding in shared {
        *by_name.entry(&finding.file).or_default() += 1;
    }
    let files: BTreeSet<FileId> = rows
        .iter()
        .flat_map(|row| row.files.iter().copied())
        .collect();
    let counts = files.into_iter().filter_map(|file| {
        let count = by_name.get(analyzer.site().name(file).as_str())?;
        Some((file, *count))
    });
    counts.collect()
}
