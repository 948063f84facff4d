//! The report as a table for people.
//!
//! In: a [`Report`]. Out: lines of at most about a hundred columns.

use std::io::{self, Write};

use super::report::{Cell, Report, UnusedFile};
use super::statistics::FEWEST;
use super::unused::Waste;
use super::verdict::{Comparison, Effect};
use crate::output::terminal::shown;
use crate::output::{BOLD, DIM, GREEN, RED, YELLOW, bytes, count};

/// Writes the table.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{DIM}{}, {}, medians of {} each way; {} of the difference{DIM:#}",
        shown(&report.browser),
        report.viewport,
        count(usize::from(report.runs), "cold load"),
        if report.runs < FEWEST {
            "too few for a 95 % interval"
        } else {
            "95 % interval"
        },
    )?;
    let names = report.pages.iter().flat_map(|page| &page.networks);
    let names = names.map(|cell| cell.network.chars().count());
    let width = names.max().unwrap_or(0).max(12);
    for page in &report.pages {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", shown(&page.page))?;
        let mut ahead = None;
        for cell in &page.networks {
            let line = sent_ahead(cell);
            if ahead.as_ref() != Some(&line) {
                writeln!(out, "  {line}")?;
                ahead = Some(line);
            }
            for file in &cell.unused.files {
                writeln!(out, "    {YELLOW}{}{YELLOW:#}", unused(file))?;
            }
            let mut name = shown(&cell.network);
            for (metric, comparison) in [("FCP", cell.fcp), ("LCP", cell.lcp), ("load", cell.load)]
            {
                let Some(comparison) = comparison else {
                    continue;
                };
                let predicted = cell.predicted.filter(|_| metric == "FCP");
                let predicted = predicted.map(|it| {
                    format!(
                        "  {DIM}model {:.0} -> {:.0} ms, limit {:.0}{DIM:#}",
                        it.fcp_without, it.fcp_with, it.limit
                    )
                });
                let figures = figures(&comparison, metric != "load");
                let line = format!(
                    "  {name:<width$} {metric:<4}  {figures}{}",
                    predicted.unwrap_or_default()
                );
                writeln!(out, "{}", line.trim_end())?;
                name = "".into();
            }
        }
    }
    Ok(())
}

fn sent_ahead(cell: &Cell) -> String {
    let ways = [("pushed", &cell.pushed), ("hinted", &cell.hinted)];
    let ways: Vec<String> = ways
        .into_iter()
        .filter(|(_, files)| files.files > 0)
        .map(|(way, files)| {
            format!(
                "{way} {}, {}",
                count(files.files, "file"),
                bytes(files.bytes)
            )
        })
        .collect();
    if ways.is_empty() {
        return "nothing was sent ahead".to_owned();
    }
    format!("{}; {} not used", ways.join("; "), bytes(cell.unused.bytes))
}

fn unused(file: &UnusedFile) -> String {
    let how = match file.how {
        Waste::PushedUnasked => "was pushed and never asked for",
        Waste::SentTwice => "was sent twice",
        Waste::HintedUnused => "was hinted and not used",
    };
    format!(
        "{} {how} ({}, {})",
        shown(&file.path),
        bytes(file.bytes),
        count(file.loads, "load")
    )
}

fn figures(comparison: &Comparison, has_effect: bool) -> String {
    let Comparison {
        without,
        with,
        difference,
        interval,
        ..
    } = comparison;
    let interval = interval.map(|(low, high)| format!("  ({low:+.0} to {high:+.0})"));
    let effect = match comparison.effect() {
        Effect::Better if has_effect => format!("{GREEN}better{GREEN:#}"),
        Effect::Worse if has_effect => format!("{RED}worse{RED:#}"),
        _ => String::new(),
    };
    format!(
        "{without:>6.0} -> {with:>6.0} ms  {difference:>+6.0} ms {:>+6.1} %{:<18} {effect}",
        comparison.share() * 100.0,
        interval.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_columns() {
        let comparison = |interval| Comparison {
            without: 1204.4,
            with: 880.2,
            difference: -324.6,
            interval,
            pairs: 15,
        };
        let plain = |interval| {
            anstream::adapter::strip_str(&figures(&comparison(interval), true)).to_string()
        };
        assert_eq!(
            plain(Some((-340.0, -310.0))),
            "  1204 ->    880 ms    -325 ms  -27.0 %  (-340 to -310)   better"
        );
        assert_eq!(
            plain(None).trim_end(),
            "  1204 ->    880 ms    -325 ms  -27.0 %"
        );
    }
}
