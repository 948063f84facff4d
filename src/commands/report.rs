//! `pushgen report`: a site's pages, plans and loads as one HTML file.
//!
//! Every page is analysed once for the list, those in detail once more, so that what is kept of a large site is small.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use pushgen_analyzer::model::Conditions;
use pushgen_analyzer::{Analyzer, FileId, Site};
use rayon::prelude::*;

use super::{find_page, first_visits, traces, use_threads};
use crate::cli::{Arguments, Report as Command};
use crate::output::{count, file, stdout};
use crate::progress::Progress;
use crate::report::{
    FileLists, MAX_DETAILS, MAX_LISTED, PageRow, PageView, Report, counted, ranked,
};

/// The class that Lighthouse judges pages by.
const USUAL: &str = "slow-4g";

pub(crate) fn run(command: &Command, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let to_stdout = command.output == Path::new("-");
    use_threads(command.site.jobs)?;
    let site = command.site.load()?;
    if !to_stdout {
        refuse_own_page(&site, &command.output)?;
    }
    let mut options = command.plan.complete(command.site.options());
    options.traces = traces::read(&command.traces)?;
    let settings = settings(command, &options);
    let analyzer = Analyzer::new(&site, options);
    let named = command.page.iter().map(|page| find_page(&site, page));
    let mut named: Vec<FileId> = named.collect::<Result<_, _>>()?;
    named.sort();
    named.dedup();
    let pages = match named.as_slice() {
        [] => site.pages(),
        named => named,
    };
    let networks = first_visits(&command.network, command.plan.think);
    let is_first = |(name, _): &&(String, Conditions)| command.network.is_empty() && name == USUAL;
    let Some((network, first)) = networks.iter().find(is_first).or(networks.first()) else {
        bail!("no network to load pages on");
    };

    let progress = Progress::new(pages.len(), arguments.quiet > 0);
    let lists = FileLists::default();
    let mut rows: Vec<PageRow> = pages
        .par_iter()
        .map(|page| {
            let row = PageRow::of(&analyzer, *page, first, &lists);
            progress.page_done();
            row
        })
        .collect();
    progress.finish();
    let mut shared_findings = analyzer.shared_findings();
    shared_findings.sort();
    shared_findings.dedup();
    let counts = counted(&analyzer, &rows, &shared_findings);
    for row in &mut rows {
        row.add_shared(&counts);
    }
    let pages_with_plan = rows.iter().filter(|row| row.has_plan()).count();

    let most = if named.is_empty() {
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
    let details: Vec<PageView> = detailed
        .par_iter()
        .filter_map(|at| rows.get(*at))
        .map(|row| PageView::of(&analyzer, row.page, first, &networks, &shared_findings))
        .collect();
    let report = Report {
        site: name(&command.site.dist),
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
fn settings(command: &Command, options: &pushgen_analyzer::Options) -> Vec<(&'static str, String)> {
    let viewports: Vec<String> = options.viewports.iter().map(ToString::to_string).collect();
    let mut settings = vec![
        ("Viewports", viewports.join(", ")),
        ("Budget", crate::output::bytes(options.budget)),
        (
            "Server thinks",
            format!("{} ms", command.plan.think.as_millis_f64()),
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
