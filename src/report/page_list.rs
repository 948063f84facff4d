//! The list of pages. A script makes its headers buttons that sort; without it the list is by path.

use std::fmt;

use pushgen_analyzer::Simulation;
use pushgen_analyzer::model::{Load, Time};

use super::figures::{Percent, beyond, verdict, whole};
use super::foreign::name;
use super::{PageRow, Report};
use crate::output::{bytes, count};

/// Headers, and whether their cells are numbers.
const COLUMNS: [(&str, bool); 9] = [
    ("Page", false),
    ("Pushed", true),
    ("Hinted", true),
    ("Size", true),
    ("First paint, no plan", true),
    ("Hints", true),
    ("Push", true),
    ("Above limit", true),
    ("Findings", true),
];

/// The list, to be displayed.
pub(super) struct PageList<'a>(pub(super) &'a Report);

impl fmt::Display for PageList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            network,
            rows,
            pages,
            ..
        } = self.0;
        f.write_str("<section id=\"pages\" tabindex=\"-1\">\n<h2>Pages</h2>\n")?;
        writeln!(
            f,
            "<p>First paints of a first visit on {}, in milliseconds, by the model of a page load. \
             <em>Above limit</em> says how far the better of both is from what no delivery can beat. \
             The names of pages in detail lead there.</p>",
            name(network)
        )?;
        if rows.len() < *pages {
            writeln!(
                f,
                "<p class=\"note\">{} of {} are listed: one of each plan and template, and those with the greatest gains and with most \
                 findings. <code>--page</code> names others.</p>",
                rows.len(),
                count(*pages, "page")
            )?;
        }
        f.write_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"List of pages\">\
             <table class=\"sortable\">\n<thead><tr>",
        )?;
        for (at, (title, is_number)) in COLUMNS.into_iter().enumerate() {
            let class = if is_number { " class=\"n\"" } else { "" };
            let sorted = if at == 0 {
                " aria-sort=\"ascending\""
            } else {
                ""
            };
            write!(f, "<th scope=\"col\"{class}{sorted}>{title}</th>")?;
        }
        f.write_str("</tr></thead>\n<tbody>\n")?;
        for (at, row) in rows.iter().enumerate() {
            write_row(at, row, f)?;
        }
        f.write_str("</tbody></table></div>\n<p role=\"status\" id=\"sorted\"></p>\n</section>\n")
    }
}

fn write_row(at: usize, row: &PageRow, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Cells have what they are sorted by: the list comes by path.
    write!(f, "<tr><th scope=\"row\" data-v=\"{at}\">")?;
    match row.detail {
        Some(number) => write!(f, "<a href=\"#page-{number}\">{}</a>", name(&row.path))?,
        None => write!(f, "{}", name(&row.path))?,
    }
    f.write_str("</th>")?;
    number(row.pushed, f)?;
    number(row.hinted, f)?;
    let size = row.bytes;
    write!(f, "<td class=\"n\" data-v=\"{size}\">{}</td>", bytes(size))?;
    match &row.simulation {
        // Too many assets for the model.
        None => f.write_str(&"<td class=\"n\">–</td>".repeat(4))?,
        Some(simulation) => {
            let Simulation {
                none,
                hints,
                push,
                limit,
            } = simulation;
            let time = whole(none.fcp);
            write!(f, "<td class=\"n\" data-v=\"{time}\">{time}</td>")?;
            paint(none.fcp, hints, f)?;
            paint(none.fcp, push, f)?;
            let best = hints.fcp.min(push.fcp);
            let above = beyond(best, limit.fcp).unwrap_or_default();
            write!(
                f,
                "<td class=\"n\" data-v=\"{above:.2}\">{}</td>",
                Percent(above)
            )?;
        }
    }
    number(row.findings, f)?;
    f.write_str("</tr>\n")
}

fn number(number: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "<td class=\"n\" data-v=\"{number}\">{number}</td>")
}

/// A first paint beside that without a plan.
fn paint(none: Time, load: &Load, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let percent = beyond(load.fcp, none).unwrap_or_default();
    let time = whole(load.fcp);
    write!(
        f,
        "<td class=\"n\" data-v=\"{time}\">{time} <span class=\"{}\">{}</span></td>",
        verdict(percent),
        Percent(percent)
    )
}
