//! Findings for people, as rustc shows them, and for programs, as JSON Lines.
//!
//! In: sorted findings. For people the same finding in many places is one block with the places listed,
//! since a broken link in a template is one mistake. What comes from the site is made fit for a terminal;
//! JSON has it as it is.

use std::collections::HashMap;
use std::io::{BufWriter, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use pushgen_analyzer::{Code, Finding, Severity, Site};
use serde::Serialize;

use super::source_line::{SourceLine, source_lines};
use super::stdout;
use super::terminal::shown;
use crate::cli::Arguments;

/// Places that are listed of one finding, and findings that are shown, unless `-v` asks for all.
const PLACES: usize = 5;
const FINDINGS: usize = 50;

/// One line of a JSON report.
#[derive(Serialize)]
pub(crate) struct Line<T> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) data: T,
}

/// Prints every finding as a line of JSON on standard output.
pub(crate) fn json(findings: &[Finding]) -> anyhow::Result<()> {
    stdout::data(|out| {
        for finding in findings {
            let line = Line {
                kind: "finding",
                data: finding,
            };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

/// Prints findings for people on standard error; `-q` leaves the errors, `-qq` nothing.
pub(crate) fn human(
    findings: &[Finding],
    site: &Site,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let is_asked_for = |finding: &&Finding| match arguments.quiet {
        0 => true,
        1 => finding.severity == Severity::Error,
        _ => false,
    };
    let groups = group(findings.iter().filter(is_asked_for));
    let (most, places) = if arguments.verbose > 0 {
        (usize::MAX, usize::MAX)
    } else {
        (FINDINGS, PLACES)
    };
    let firsts: Vec<&Finding> = groups
        .iter()
        .take(most)
        .filter_map(|same| same.first().copied())
        .collect();
    let lines = source_lines(&firsts, site.root());
    let mut stderr = BufWriter::new(anstream::stderr().lock());
    for (same, line) in groups.iter().zip(&lines) {
        writeln!(stderr, "{}\n", render(same, line.as_ref(), places))?;
    }
    if let Some(more) = groups.len().checked_sub(most).filter(|more| *more > 0) {
        writeln!(
            stderr,
            "{} like these; -v shows all\n",
            super::count(more, "more finding")
        )?;
    }
    stderr.flush()?;
    Ok(())
}

/// Puts the same finding in several places together; errors first, then in the order of files.
fn group<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Vec<&'f Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known: HashMap<(Code, &str), usize> = HashMap::new();
    for finding in findings {
        let at = *known
            .entry((finding.code, finding.message.as_str()))
            .or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
        groups[at].push(finding);
    }
    groups.sort_by_key(|same| same.first().map(|finding| finding.severity));
    groups
}

fn render(same: &[&Finding], source: Option<&SourceLine>, places: usize) -> String {
    let Some(finding) = same.first() else {
        return String::new();
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let file = shown(&finding.file);
    let mut report = Group::with_title(
        level
            .primary_title(shown(&finding.message))
            .id(finding.code.as_str()),
    );
    let mut origin = Origin::path(&*file);
    if let Some(line) = finding.line {
        origin = origin.line(line as usize);
    }
    report = match source {
        None => report.element(origin),
        Some(source) => {
            let snippet = Snippet::source(&source.text)
                .line_start(finding.line.unwrap_or(1) as usize)
                .annotation(AnnotationKind::Primary.span(source.place.clone()));
            match source.is_cut {
                false => report.element(snippet.path(&*file)),
                // The column in the cut is not that in the file.
                true => report
                    .element(origin.char_column(source.column))
                    .element(snippet),
            }
        }
    };
    let others = same.get(1..).unwrap_or_default();
    let listed = others.len().min(places.saturating_sub(1));
    for other in others.iter().take(listed) {
        let location = other.location();
        report = report.element(Level::NOTE.message(format!("also {}", shown(&location))));
    }
    if let Some(more) = others.len().checked_sub(listed).filter(|more| *more > 0) {
        report = report
            .element(Level::NOTE.message(format!("and {}", super::count(more, "more place"))));
    }
    if let Some(help) = &finding.help {
        report = report.element(Level::HELP.message(shown(help)));
    }
    Renderer::styled().render(&[report])
}
