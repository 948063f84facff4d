//! What is told of one page in detail.
//!
//! In: a page's analysis and its plan. Out: a [`PageView`]: its graph, its plan with the reasons, its loads.

use std::collections::HashSet;

use pushgen_analyzer::model::{Conditions, Modelled};
use pushgen_analyzer::{
    Analyzer, Finding, PageAnalysis, PageGraph, RunningCode, Simulation, Timelines,
};

use super::PageRow;
use crate::page_plan::PagePlan;

/// A page with everything that was decided about it.
#[derive(Debug)]
pub(crate) struct PageView {
    pub(crate) graph: PageGraph,
    /// Bytes of the document on the wire.
    pub(crate) document_bytes: u64,
    pub(crate) plan: PagePlan,
    /// How many other pages have the same plan.
    pub(crate) same_plan: usize,
    pub(crate) running_code: RunningCode,
    /// What was noticed in the document and in the files that it asks for.
    pub(crate) findings: Vec<Finding>,
    /// Nothing if the page is too large for the model.
    pub(crate) loads: Option<Loads>,
}

/// A page's loads.
#[derive(Debug)]
pub(crate) struct Loads {
    pub(crate) modelled: Modelled,
    /// On each network, by its name.
    pub(crate) networks: Vec<(String, Simulation)>,
    /// On the network of the list, with when each response came.
    pub(crate) timelines: Timelines,
    /// On the network of the list.
    pub(crate) first: Simulation,
}

impl PageView {
    /// Loads a page on these networks, and with its timelines under the conditions of the list.
    pub(crate) fn of(
        analyzer: &Analyzer<'_>,
        row: &PageRow,
        (analysis, plan): (PageAnalysis, PagePlan),
        first: &Conditions,
        networks: &[(String, Conditions)],
        shared: &[Finding],
    ) -> Self {
        let running_code = analyzer.running_code(row.page, &analysis.graph);
        let sent = plan.sent();
        let graph = &analysis.graph;
        let loads = analysis.modelled.map(|modelled| {
            let simulate =
                |conditions: &Conditions| Simulation::of(&modelled, &sent, plan.head, conditions);
            Loads {
                networks: networks
                    .iter()
                    .map(|(name, conditions)| (name.clone(), simulate(conditions)))
                    .collect(),
                timelines: Timelines::of(&modelled, &sent, plan.head, first),
                first: simulate(first),
                modelled,
            }
        });
        let mut findings = analysis.findings;
        let files = graph.fetches.iter().filter_map(|fetch| fetch.file);
        let names: HashSet<String> = files.map(|file| analyzer.site().name(file)).collect();
        let of_files = shared
            .iter()
            .filter(|finding| names.contains(&finding.file));
        findings.extend(of_files.cloned());
        findings.sort_by(|a, b| (a.severity, a).cmp(&(b.severity, b)));
        findings.dedup();
        Self {
            document_bytes: analyzer.site().document_wire_bytes(row.page),
            graph: analysis.graph,
            plan,
            same_plan: row.same_plan,
            running_code,
            findings,
            loads,
        }
    }
}
