//! A page as a row of the list: what is kept of every page of the site.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use pushgen_analyzer::model::{Conditions, Time};
use pushgen_analyzer::{Analyzer, FileId, Finding, PageAnalysis, PageGraph, Simulation};
use pushgen_policy::{Destination, Means};

use super::shared_lists::SharedLists;
use crate::page_plan::PagePlan;

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
    /// How many other pages have the same plan.
    pub(crate) same_plan: usize,
    /// What is sent with it, and how: what tells two plans apart.
    pub(super) plan: Arc<[SentBy]>,
    /// The files that it asks for, whose findings it shares with other pages.
    pub(super) files: Arc<[FileId]>,
}

/// A request target with the means that it may be sent by.
pub(super) type SentBy = (String, Vec<Means>);

/// What rows share.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    files: SharedLists<FileId>,
    plans: SharedLists<SentBy>,
}

impl PageRow {
    /// What is kept of a page.
    pub(crate) fn of(
        page: FileId,
        analysis: &PageAnalysis,
        plan: &PagePlan,
        conditions: &Conditions,
        lists: &Lists,
    ) -> Self {
        let sent = plan.sent();
        let simulation = analysis
            .modelled
            .as_ref()
            .map(|modelled| Simulation::of(modelled, &sent, plan.head, conditions));
        let files: BTreeSet<FileId> = files(&analysis.graph).collect();
        let sent_by = plan.entries.iter();
        let sent_by = sent_by.map(|entry| (entry.path.clone(), entry.means.clone()));
        Self {
            page,
            path: analysis.graph.page.to_string(),
            detail: None,
            pushed: sent.iter().filter(|sent| sent.push).count(),
            hinted: sent.iter().filter(|sent| sent.hint).count(),
            bytes: plan.entries.iter().map(|entry| entry.bytes).sum(),
            simulation,
            findings: analysis.findings.len(),
            same_plan: 0,
            plan: lists.plans.shared(sent_by.collect::<Vec<_>>()),
            files: lists.files.shared(files.into_iter().collect::<Vec<_>>()),
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
pub(crate) fn count_findings(
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

/// Counts the pages with the same plan.
pub(crate) fn count_plans(rows: &mut [PageRow]) {
    let mut counts: HashMap<Arc<[SentBy]>, usize> = HashMap::new();
    for row in rows.iter() {
        *counts.entry(Arc::clone(&row.plan)).or_default() += 1;
    }
    for row in rows {
        let pages = counts.get(&row.plan).copied().unwrap_or_default();
        row.same_plan = pages.saturating_sub(1);
    }
}
