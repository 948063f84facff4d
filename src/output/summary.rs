//! The last lines of `analyze`: what was read, what is sent, where it went.

use std::io::Write;
use std::path::Path;

use pushgen_analyzer::{Analysis, Severity};
use serde::Serialize;

use super::terminal::shown;
use super::{BOLD, DIM, bytes, count, stdout};

/// What the analysis itself does not know.
pub(crate) struct Run<'a> {
    pub(crate) seconds: f64,
    pub(crate) output: &'a Path,
}

/// The summary as data: the `data` of a `{"type":"summary"}` line.
#[derive(Serialize)]
struct Summary {
    pages: usize,
    pages_with_plan: usize,
    files: usize,
    planned_assets: usize,
    planned_bytes: u64,
    plans: usize,
    errors: usize,
    warnings: usize,
    seconds: f64,
    output: String,
}

fn summarise(analysis: &Analysis, run: &Run<'_>) -> Summary {
    let of = |severity| {
        analysis
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let totals = analysis.totals;
    Summary {
        pages: totals.pages,
        pages_with_plan: totals.pages_with_plan,
        files: totals.files,
        planned_assets: totals.planned_assets,
        planned_bytes: totals.planned_bytes,
        plans: totals.plans,
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        seconds: (run.seconds * 1000.0).round() / 1000.0,
        output: run.output.display().to_string(),
    }
}

pub(crate) fn human(analysis: &Analysis, run: &Run<'_>) -> anyhow::Result<()> {
    let summary = summarise(analysis, run);
    let mut stderr = anstream::stderr().lock();
    writeln!(
        stderr,
        "{BOLD}{}{BOLD:#}, {}, {} and {} in {:.2} s",
        count(summary.pages, "page"),
        count(summary.files, "file"),
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
        run.seconds,
    )?;
    writeln!(
        stderr,
        "{} of these pages with something to send: {}, {}, {} on the wire",
        summary.pages_with_plan,
        count(summary.plans, "different plan"),
        count(summary.planned_assets, "asset"),
        bytes(summary.planned_bytes),
    )?;
    if run.output == Path::new("-") {
        return Ok(());
    }
    writeln!(
        stderr,
        "policy written to {BOLD}{}{BOLD:#}",
        shown(&run.output.display().to_string())
    )?;
    writeln!(
        stderr,
        "{DIM}next: pushgen explain DIST PAGE shows the reasons for one page{DIM:#}"
    )?;
    Ok(())
}

pub(crate) fn json(analysis: &Analysis, run: &Run<'_>) -> anyhow::Result<()> {
    let line = super::findings::Line {
        kind: "summary",
        data: summarise(analysis, run),
    };
    stdout::data(|out| {
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    })
}
