//! `pushgen explain`: a page's dependency tree with the reason for every decision.

use std::process::ExitCode;

use pushgen_analyzer::{Analyzer, Fetch, Finding, LcpImage, RunningCode};
use serde::Serialize;

use super::{find_page, traces, use_threads};
use crate::cli::{Arguments, Explain, Format};
use crate::output::{findings, stdout, tree};

pub(crate) fn run(command: &Explain, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.site.jobs)?;
    let site = command.site.load()?;
    let page = find_page(&site, &command.page)?;
    let mut options = command.plan.complete(command.site.options());
    options.traces = traces::read(&command.traces)?;
    let analyzer = Analyzer::new(&site, options);
    let analysis = analyzer.page(page);
    let running_code = analyzer.running_code(page, &analysis.graph);
    let (plan, left_out) = analyzer.plan(&analysis);
    let mut noticed = analysis.findings.clone();
    noticed.extend(analyzer.shared_findings());
    noticed.sort();
    let document_bytes = site.document_wire_bytes(page);
    match command.format {
        Format::Human => {
            findings::human(&noticed, &site, arguments)?;
            tree::print(&tree::Explanation {
                graph: &analysis.graph,
                plan: &plan,
                left_out: &left_out,
                running_code: &running_code,
                document_bytes,
            })?;
        }
        Format::Json => {
            let explanation = Explanation {
                page: &analysis.graph.page,
                file: &analysis.graph.file,
                document_bytes,
                fetches: &analysis.graph.fetches,
                lcp: &analysis.graph.lcp,
                plan: PlanView {
                    reason: &plan.reason,
                    entries: plan
                        .entries
                        .iter()
                        .map(|entry| EntryView {
                            path: &entry.asset.path,
                            class: entry.class.as_str(),
                            depth: entry.depth,
                            bytes: entry.bytes,
                            means: entry.means.iter().map(|means| means.as_str()).collect(),
                            reason: &entry.reason,
                        })
                        .collect(),
                    left_out: left_out
                        .iter()
                        .map(|left| LeftOutView {
                            path: &left.path,
                            reason: &left.reason,
                        })
                        .collect(),
                },
                running_code: &running_code,
                findings: &noticed,
            };
            stdout::data(|out| {
                serde_json::to_writer_pretty(&mut *out, &explanation)?;
                out.write_all(b"\n")
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The explanation as JSON. Its `fetches` and `lcp` are those of `pushgen graph`.
#[derive(Serialize)]
struct Explanation<'a> {
    page: &'a str,
    file: &'a str,
    document_bytes: u64,
    fetches: &'a [Fetch],
    lcp: &'a [LcpImage],
    plan: PlanView<'a>,
    /// What only running the page's scripts tells: a sign says that more may be asked for.
    running_code: &'a RunningCode,
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct PlanView<'a> {
    reason: &'a str,
    entries: Vec<EntryView<'a>>,
    left_out: Vec<LeftOutView<'a>>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    path: &'a str,
    class: &'a str,
    depth: u32,
    bytes: u64,
    means: Vec<&'a str>,
    reason: &'a str,
}

#[derive(Serialize)]
struct LeftOutView<'a> {
    path: &'a str,
    reason: &'a str,
}
