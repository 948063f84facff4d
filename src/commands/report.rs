//! `pushgen report`: a site's pages, plans and loads as one HTML file.
//!
//! Every page is analysed once. Which are told of in detail is known when all are; the analyses of a small site are kept
//! until then, and of a large one the few that it takes are made once more.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::bail;
use pushgen_analyzer::model::Conditions;
use pushgen_analyzer::{Analyzer, FileId, PageAnalysis, Site};
use rayon::prelude::*;

use super::named_paths::Subject;
use super::{first_visits, pages, traces, use_threads};
use crate::cli::{Arguments, Report as Command};
use crate::output::{count, file, stdout};
use crate::page_plan::PagePlan;
use crate::policy_file::PolicyFile;
use crate::progress::Progress;
use crate::report::{
    Lists, MAX_DETAILS, MAX_LISTED, PageRow, PageView, Report, count_findings, count_plans, ranked,
};

/// The class that Lighthouse judges pages by.
const USUAL: &str = "slow-4g";

/// Of a site with more pages no analysis is kept: what is made once more then is a tenth of the work at most.
const MAX_KEPT: usize = 10 * MAX_DETAILS;
/// Fetches of all analyses that are kept.
const MAX_KEPT_FETCHES: usize = 100_000;

pub(crate) fn run(command: &Command, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let to_stdout = command.output == Path::new("-");
    use_threads(command.subject.site.jobs)?;
    let told = &command.subject;
    let Subject {
        site,
        policy,
        mut options,
    } = Subject::of("report", told, arguments.quiet > 0)?;
    let dist = site.dist.clone();
    let site = site.load()?;
    if !to_stdout {
        refuse_own_page(&site, &command.output)?;
    }
    options.traces = traces::read(&told.traces)?;
    let settings = settings(&options, policy.as_ref());
    let policy = policy.as_ref().map(|file| &file.policy);
    let analyzer = Analyzer::new(&site, options);
    let mut pages = pages(&site, &told.page)?;
    if !told.page.is_empty() {
        pages.sort();
        pages.dedup();
    }
    let pages = pages.as_slice();
    let networks = first_visits(&command.network, analyzer.options().think);
    let is_first = |(name, _): &&(String, Conditions)| command.network.is_empty() && name == USUAL;
    let Some((network, first)) = networks.iter().find(is_first).or(networks.first()) else {
        bail!("no network to load pages on");
    };

    let progress = Progress::new(pages.len(), arguments.quiet > 0);
    let lists = Lists::default();
    let room = Room::of(pages.len());
    let analyse = |page: FileId| {
        let analysis = analyzer.page(page);
        let plan = PagePlan::of(policy, &analyzer, &analysis);
        (analysis, plan)
    };
    let (mut rows, mut kept): (Vec<PageRow>, Vec<Option<Analysed>>) = pages
        .par_iter()
        .map(|page| {
            let analysed = analyse(*page);
            let (analysis, plan) = &analysed;
            let row = PageRow::of(*page, analysis, plan, first, &lists);
            progress.page_done();
            let is_kept = room.takes(analysis);
            (row, is_kept.then_some(analysed))
        })
        .unzip();
    progress.finish();
    let mut shared_findings = analyzer.shared_findings();
    shared_findings.sort();
    shared_findings.dedup();
    count_plans(&mut rows);
    let counts = count_findings(&analyzer, &rows, &shared_findings);
    for row in &mut rows {
        row.add_shared(&counts);
    }
    let pages_with_plan = rows.iter().filter(|row| row.has_plan()).count();

    let most = if told.page.is_empty() {
        MAX_DETAILS
    } else {
        rows.len()
    };
    let order = ranked(&rows);
    let by_path = |count: usize| {
        let mut places: Vec<usize> = order.iter().copied().take(count).collect();
        places.sort_by_key(|at| rows.get(*at).map(|row| &row.path));
        places
    };
    let (detailed, listed) = (by_path(most), by_path(most.max(MAX_LISTED)));
    for (number, at) in (1..).zip(&detailed) {
        if let Some(row) = rows.get_mut(*at) {
            row.detail = Some(number);
        }
    }
    let detailed: Vec<(&PageRow, Option<Analysed>)> = detailed
        .into_iter()
        .filter_map(|at| Some((rows.get(at)?, kept.get_mut(at).and_then(Option::take))))
        .collect();
    drop(kept);
    let details: Vec<PageView> = detailed
        .into_par_iter()
        .map(|(row, kept)| {
            let analysed = kept.unwrap_or_else(|| analyse(row.page));
            PageView::of(&analyzer, row, analysed, first, &networks, &shared_findings)
        })
        .collect();
    let report = Report {
        site: name(&dist),
        settings,
        network: network.clone(),
        pages: pages.len(),
        pages_with_plan,
        rows: listed
            .iter()
            .filter_map(|at| rows.get(*at))
            .cloned()
            .collect(),
        details,
        shared_findings,
    };
    let html = report.to_html();
    if to_stdout {
        stdout::data(|out| out.write_all(html.as_bytes()))?;
        return Ok(ExitCode::SUCCESS);
    }
    file::write(&command.output, html.as_bytes())?;
    if arguments.quiet == 0 {
        crate::output::note(&format!(
            "{}, {} in detail: report written to {}",
            count(report.pages, "page"),
            report.details.len(),
            command.output.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// A page's analysis and its plan.
type Analysed = (PageAnalysis, PagePlan);

/// How many fetches the analyses that are kept may still have. Which ones are kept depends on the threads; what is told
/// of a page does not.
struct Room(AtomicUsize);

impl Room {
    fn of(pages: usize) -> Self {
        let fetches = if pages > MAX_KEPT {
            0
        } else {
            MAX_KEPT_FETCHES
        };
        Self(AtomicUsize::new(fetches))
    }

    fn takes(&self, analysis: &PageAnalysis) -> bool {
        // The page itself takes room, too.
        let needs = analysis.graph.fetches.len() + 1;
        let left = |room: usize| room.checked_sub(needs);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            .is_ok()
    }
}

/// A report within the site would be one of its pages the next time.
fn refuse_own_page(site: &Site, output: &Path) -> anyhow::Result<()> {
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // What cannot be resolved cannot be written to either, which is told then.
    let (Ok(folder), Ok(root)) = (folder.canonicalize(), site.root().canonicalize()) else {
        return Ok(());
    };
    if folder.starts_with(root) {
        bail!(
            "{} would be a page of the site; give a file outside of its folder with -o",
            output.display()
        );
    }
    Ok(())
}

/// What the report says of how it was made.
fn settings(
    options: &pushgen_analyzer::Options,
    policy: Option<&PolicyFile>,
) -> Vec<(&'static str, String)> {
    let viewports: Vec<String> = options.viewports.iter().map(ToString::to_string).collect();
    let mut settings = vec![
        ("Viewports", viewports.join(", ")),
        match policy {
            None => ("Budget", crate::output::bytes(options.budget)),
            Some(file) => ("Plans of", name(Path::new(&file.name))),
        },
        (
            "Server thinks",
            format!("{} ms", options.think.as_millis_f64()),
        ),
    ];
    if let Some(origin) = &options.origin {
        settings.push(("Origin", origin.to_string()));
    }
    if !options.traces.is_empty() {
        settings.push(("Traces", options.traces.len().to_string()));
    }
    settings
}

/// The ends of the path that was given: many folders are called `dist`, and where they lie is nobody's business.
fn name(dist: &Path) -> String {
    let names: Vec<_> = dist.iter().collect();
    let last = names
        .get(names.len().saturating_sub(2)..)
        .unwrap_or_default();
    let name: PathBuf = last.iter().collect();
    name.display().to_string()
}
