//! `pushgen graph`: what a browser fetches for each page, as JSON Lines on standard output.
//!
//! One object a page; its fields are those of [`pushgen_analyzer::PageGraph`]. Pages come in the order of
//! their paths, or in the order that `--page` names them in. Findings are not what is asked for here, but a
//! page that could not be read has an empty graph, so that errors are told on standard error.

use std::process::ExitCode;

use pushgen_analyzer::{Analyzer, Finding, PageAnalysis, Severity};
use rayon::prelude::*;

use super::{pages, traces, use_threads};
use crate::cli::{Arguments, Graph};
use crate::output::{findings, stdout};
use crate::progress::Progress;

/// Pages that are worked out before they are printed.
const CHUNK: usize = 256;

pub(crate) fn run(command: &Graph, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.site.jobs)?;
    let site = command.site.load()?;
    let pages = pages(&site, &command.page)?;
    let mut options = command.site.options();
    options.traces = traces::read(&command.traces)?;
    let analyzer = Analyzer::new(&site, options);
    let progress = Progress::new(pages.len(), arguments.quiet > 0);
    let mut errors: Vec<Finding> = Vec::new();
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    stdout::data(|out| {
        for chunk in pages.chunks(CHUNK) {
            let analyses: Vec<PageAnalysis> = chunk
                .par_iter()
                .map(|page| {
                    let analysis = analyzer.page(*page);
                    progress.page_done();
                    analysis
                })
                .collect();
            for PageAnalysis {
                graph, findings, ..
            } in analyses
            {
                serde_json::to_writer(&mut *out, &graph)?;
                out.write_all(b"\n")?;
                errors.extend(findings.into_iter().filter(is_error));
            }
        }
        Ok(())
    })?;
    progress.finish();
    errors.extend(analyzer.shared_findings().into_iter().filter(is_error));
    errors.sort();
    errors.dedup();
    findings::human(&errors, &site, arguments)?;
    Ok(ExitCode::SUCCESS)
}
