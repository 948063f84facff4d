//! Findings for people, as rustc shows them, and for programs, as JSON Lines.
//!
//! In: sorted findings. For people the same finding in many places is one block with the places listed,
//! since a broken link in a template is one mistake. The line of the file is read again to be shown.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use pushgen_analyzer::{Code, Finding, Severity, Site};
use serde::Serialize;

use crate::cli::Arguments;

/// Places that are listed of one finding, and findings that are shown, unless `-v` asks for all.
const PLACES: usize = 5;
const FINDINGS: usize = 50;

/// Lines longer than this are cut around the place: minified pages have one line.
const LINE: usize = 140;

/// One line of a JSON report.
#[derive(Serialize)]
pub(crate) struct Line<T> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) data: T,
}

/// Prints every finding as a line of JSON on standard output.
pub(crate) fn json(findings: &[Finding]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    for finding in findings {
        serde_json::to_writer(
            &mut stdout,
            &Line {
                kind: "finding",
                data: finding,
            },
        )?;
        stdout.write_all(b"\n")?;
    }
    Ok(())
}

/// Prints findings for people on standard error; `-q` leaves the errors, `-qq` nothing.
pub(crate) fn human(
    findings: &[Finding],
    site: &Site,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let shown = |finding: &&Finding| match arguments.quiet {
        0 => true,
        1 => finding.severity == Severity::Error,
        _ => false,
    };
    let groups = group(findings.iter().filter(shown));
    let (most, places) = if arguments.verbose > 0 {
        (usize::MAX, usize::MAX)
    } else {
        (FINDINGS, PLACES)
    };
    let mut stderr = anstream::stderr().lock();
    for same in groups.iter().take(most) {
        writeln!(stderr, "{}\n", render(same, site, places))?;
    }
    if let Some(more) = groups.len().checked_sub(most).filter(|more| *more > 0) {
        writeln!(
            stderr,
            "{} like these; -v shows all\n",
            super::count(more, "more finding")
        )?;
    }
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

fn render(same: &[&Finding], site: &Site, places: usize) -> String {
    let Some(finding) = same.first() else {
        return String::new();
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let source = source_line(finding, site);
    let mut report = Group::with_title(
        level
            .primary_title(&finding.message)
            .id(finding.code.as_str()),
    );
    let mut origin = Origin::path(&finding.file);
    if let Some(line) = finding.line {
        origin = origin.line(line as usize);
    }
    report = match &source {
        None => report.element(origin),
        Some(source) => {
            let snippet = Snippet::source(&source.text)
                .line_start(finding.line.unwrap_or(1) as usize)
                .annotation(AnnotationKind::Primary.span(source.place.clone()));
            match source.is_cut {
                false => report.element(snippet.path(&finding.file)),
                // The column in the cut is not that in the file.
                true => report
                    .element(origin.char_column(source.column))
                    .element(snippet),
            }
        }
    };
    let others: Vec<String> = same.iter().skip(1).map(|other| other.location()).collect();
    for other in others.iter().take(places.saturating_sub(1)) {
        report = report.element(Level::NOTE.message(format!("also {other}")));
    }
    if let Some(more) = others
        .len()
        .checked_sub(places.saturating_sub(1))
        .filter(|more| *more > 0)
    {
        report = report
            .element(Level::NOTE.message(format!("and {}", super::count(more, "more place"))));
    }
    if let Some(help) = &finding.help {
        report = report.element(Level::HELP.message(help));
    }
    Renderer::styled().render(&[report])
}

/// A line of a file, or a cut of it, and the place in it.
struct SourceLine {
    text: String,
    place: std::ops::Range<usize>,
    /// Where the place starts in the whole line, in characters from 1.
    column: usize,
    is_cut: bool,
}

fn source_line(finding: &Finding, site: &Site) -> Option<SourceLine> {
    let line = finding.line? as usize;
    let file = File::open(site.root().join(&finding.file)).ok()?;
    let bytes = BufReader::new(file).split(b'\n').nth(line - 1)?.ok()?;
    let text = String::from_utf8(bytes)
        .ok()?
        .trim_end_matches('\r')
        .replace('\t', " ");
    let place = match (&finding.text, finding.column) {
        (Some(part), _) => {
            let start = text.find(part.as_str())?;
            start..start + part.len()
        }
        (None, Some(column)) => {
            let start = text
                .char_indices()
                .nth(column as usize - 1)
                .map_or(text.len(), |(at, _)| at);
            let end = text[start..]
                .chars()
                .next()
                .map_or(start, |c| start + c.len_utf8());
            start..end
        }
        (None, None) => 0..text.trim_end().len(),
    };
    Some(cut(&text, place))
}

/// Cuts a long line around the place.
fn cut(text: &str, place: std::ops::Range<usize>) -> SourceLine {
    let column = text[..place.start].chars().count() + 1;
    if text.len() <= LINE {
        return SourceLine {
            text: text.to_owned(),
            place,
            column,
            is_cut: false,
        };
    }
    let from = text.floor_char_boundary(place.start.saturating_sub(LINE / 4));
    let to = text.floor_char_boundary((from + LINE).min(text.len()));
    let place_end = place.end.clamp(from, to);
    let place_start = place.start.clamp(from, place_end);
    SourceLine {
        text: text[from..to].to_owned(),
        place: place_start - from..place_end - from,
        column,
        is_cut: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}needle{}", "é".repeat(500), "x".repeat(500));
        let start = text.find("needle").expect("it is there");
        let line = cut(&text, start..start + 6);
        assert!(line.text.len() <= LINE);
        assert_eq!(&line.text[line.place], "needle");
        assert_eq!(line.column, 501);
    }
}
