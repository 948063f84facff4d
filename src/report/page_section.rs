//! A page in detail.
//!
//! In: a [`PageView`]. Out: HTML that opens and closes: what it gains on each network, its waterfalls, what is sent
//! and why, the dependency graph, the findings.

use std::fmt::{self, Display};

use pushgen_analyzer::model::{Load, Modelled, Time, Timeline, captured};
use pushgen_analyzer::{PageGraph, Sent, Severity, Simulation, Timelines};

use super::dependency_graph::{DependencyGraph, means};
use super::figures::{Milliseconds, Percent, beyond, verdict, whole};
use super::foreign::{name, prose};
use super::main_thread::MainThread;
use super::page_view::Loads;
use super::waterfall::{Bar, Colour, Scale, Waterfall};
use super::{MAX_BARS, MAX_ENTRIES, MAX_FINDINGS, PageView};
use crate::output::{bytes, count};
use crate::page_plan::Entry;

/// One page, to be displayed.
pub(super) struct PageSection<'a> {
    pub(super) view: &'a PageView,
    /// Its place among the pages in detail, from 1.
    pub(super) number: usize,
    pub(super) is_open: bool,
    /// The network of the waterfalls.
    pub(super) network: &'a str,
}

impl Display for PageSection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.view;
        let number = self.number;
        let open = if self.is_open { " open" } else { "" };
        write!(
            f,
            "<details class=\"page\"{open}><summary><h3>{}</h3> <span class=\"aside\">{}</span></summary>\n\
             <div id=\"page-{number}\" tabindex=\"-1\">\n<p>{}, about {} on the wire. <strong>Plan:</strong> {}.{}</p>\n",
            name(&view.graph.page),
            self.in_short(),
            name(&view.graph.file),
            bytes(view.document_bytes),
            prose(view.plan.reason.trim_end_matches('.')),
            match (view.same_plan, view.plan.entries.is_empty()) {
                (0, _) => String::new(),
                (others, false) => {
                    format!(" The same is sent with {}.", count(others, "other page"))
                }
                (others, true) => {
                    format!(
                        " Nothing is sent with {} either.",
                        count(others, "other page")
                    )
                }
            },
        )?;
        match &view.loads {
            Some(loads) => {
                gains(loads, f)?;
                waterfalls(self, loads, f)?;
            }
            None => f.write_str("<p>The page has too many assets to be simulated.</p>\n")?,
        }
        self.sent(f)?;
        f.write_str("<h4>Dependency graph</h4>\n")?;
        DependencyGraph::new(&view.graph, &view.plan).fmt(f)?;
        self.beyond_the_graph(f)?;
        f.write_str("<h4>Findings</h4>\n")?;
        findings(&view.findings, f)?;
        f.write_str("</div></details>\n")
    }
}

impl PageSection<'_> {
    fn in_short(&self) -> String {
        let sent = self.view.plan.sent();
        let pushed = sent.iter().filter(|sent| sent.push).count();
        let hinted = sent.iter().filter(|sent| sent.hint).count();
        match (pushed, hinted) {
            (0, 0) => "nothing sent ahead".to_owned(),
            _ => format!("{pushed} pushed, {hinted} hinted{}", self.gain_in_short()),
        }
    }

    fn gain_in_short(&self) -> String {
        self.view.loads.as_ref().map_or_else(String::new, |loads| {
            let Simulation {
                none, hints, push, ..
            } = loads.first;
            let best = push.fcp.min(hints.fcp);
            format!(
                "; first paint {} instead of {}",
                Milliseconds(best),
                whole(none.fcp)
            )
        })
    }

    fn sent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = &self.view.plan.entries;
        f.write_str("<h4>What is sent, in this order</h4>\n")?;
        if entries.is_empty() {
            f.write_str("<p>Nothing: the reason is that of the plan, above.</p>\n")?;
        } else {
            f.write_str(
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What is sent\"><table>\n<thead><tr>\
                 <th scope=\"col\">Asset</th><th scope=\"col\">Means</th><th scope=\"col\">Class</th>\
                 <th scope=\"col\" class=\"n\">Size</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
            )?;
            for entry in entries.iter().take(MAX_ENTRIES) {
                writeln!(
                    f,
                    "<tr><th scope=\"row\" class=\"{}\"><i class=\"dot\"></i>{}</th><td>{}</td><td>{}</td>\
                     <td class=\"n\">{}</td><td>{}</td></tr>",
                    Colour::of(entry.class).class(),
                    name(&entry.path),
                    means(entry),
                    entry.class,
                    bytes(entry.bytes),
                    prose(&entry.reason)
                )?;
            }
            f.write_str("</tbody></table></div>\n")?;
            left(entries.len().saturating_sub(MAX_ENTRIES), "more asset", f)?;
            let size: fn(&Entry) -> u64 = |entry| entry.bytes;
            writeln!(
                f,
                "<p>{}, {} on the wire.</p>",
                count(entries.len(), "asset"),
                bytes(entries.iter().map(size).sum())
            )?;
        }
        let left_out = &self.view.plan.left_out;
        if left_out.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "<details class=\"figures\"><summary>{} left out, with the reasons</summary><ul>",
            count(left_out.len(), "asset")
        )?;
        for asset in left_out.iter().take(MAX_ENTRIES) {
            writeln!(
                f,
                "<li><code>{}</code>: {}</li>",
                name(&asset.path),
                prose(&asset.reason)
            )?;
        }
        f.write_str("</ul>\n")?;
        left(left_out.len().saturating_sub(MAX_ENTRIES), "more asset", f)?;
        f.write_str("</details>\n")
    }

    /// The largest paint, and what only running the scripts tells.
    fn beyond_the_graph(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lcp in &self.view.graph.lcp {
            write!(f, "<p><strong>Largest paint")?;
            if !lcp.viewports.is_empty() {
                write!(f, " at {}", name(&lcp.viewports.join(", ")))?;
            }
            writeln!(
                f,
                ":</strong> <code>{}</code> of <code>{}</code>, {:.0}\u{a0}% sure; {}.</p>",
                name(&lcp.path),
                name(&lcp.element),
                lcp.confidence * 100.0,
                prose(&lcp.reason)
            )?;
        }
        let code = &self.view.running_code;
        if !code.signs.is_empty() {
            let signs = code.signs.iter();
            let signs: Vec<String> = signs
                .map(|it| format!("{} × {}", it.count, it.sign))
                .collect();
            writeln!(
                f,
                "<p><strong>Scripts:</strong> what running code asks for is not known and may exist ({} in {}); \
                 <code>--trace FILE.har</code> adds what a load showed.</p>",
                prose(&signs.join(", ")),
                count(code.scripts, "script")
            )?;
        }
        Ok(())
    }
}

/// What is sent ahead is worth, on each network.
fn gains(loads: &Loads, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("<h4>Distance to the limit</h4>\n")?;
    f.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Paints on each network\"><table>\n\
         <thead><tr><th scope=\"col\">Network</th><th scope=\"col\">Paint</th><th scope=\"col\" class=\"n\">No plan, ms</th>\
         <th scope=\"col\" class=\"n\">Hints, ms</th><th scope=\"col\" class=\"n\">Push, ms</th>\
         <th scope=\"col\" class=\"n\">Limit, ms</th><th scope=\"col\" class=\"n\">Push above limit</th>\
         <th scope=\"col\" class=\"n\">Gain captured</th></tr></thead>\n<tbody>\n",
    )?;
    for (network, simulation) in &loads.networks {
        let Simulation {
            none,
            hints,
            push,
            limit,
        } = simulation;
        write!(
            f,
            "<tr><th scope=\"row\">{}</th><td>first</td>",
            name(network)
        )?;
        paints(none, hints, push, |load| load.fcp, f)?;
        let above = beyond(push.fcp, limit.fcp).unwrap_or_default();
        write!(
            f,
            "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">",
            whole(limit.fcp),
            Percent(above)
        )?;
        match captured(none.fcp, push.fcp, limit.fcp) {
            Some(part) => write!(f, "{:.0}\u{a0}%", part * 100.0)?,
            None => f.write_str("–")?,
        }
        f.write_str("</td></tr>\n")?;
        if none.lcp != none.fcp {
            write!(
                f,
                "<tr><th scope=\"row\">{}</th><td>largest</td>",
                name(network)
            )?;
            paints(none, hints, push, |load| load.lcp, f)?;
            f.write_str(
                "<td class=\"n\">–</td><td class=\"n\">–</td><td class=\"n\">–</td></tr>\n",
            )?;
        }
    }
    f.write_str("</tbody></table></div>\n")
}

fn paints(
    none: &Load,
    hints: &Load,
    push: &Load,
    paint: fn(&Load) -> Time,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "<td class=\"n\">{}</td>", whole(paint(none)))?;
    for load in [hints, push] {
        let percent = beyond(paint(load), paint(none)).unwrap_or_default();
        write!(
            f,
            "<td class=\"n\">{} <span class=\"{}\">{}</span></td>",
            whole(paint(load)),
            verdict(percent),
            Percent(percent)
        )?;
    }
    Ok(())
}

fn waterfalls(section: &PageSection<'_>, loads: &Loads, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let view = section.view;
    writeln!(
        f,
        "<h4>Waterfalls on {}</h4>\n<p class=\"legend\" aria-hidden=\"true\">",
        name(section.network)
    )?;
    for colour in Colour::ALL {
        writeln!(
            f,
            "<span class=\"{}\"><i class=\"dot\"></i>{}</span>",
            colour.class(),
            colour.words()
        )?;
    }
    f.write_str("</p>\n<div class=\"waterfalls\">\n")?;
    let Timelines { none, hints, push } = &loads.timelines;
    let sent = view.plan.sent();
    let sends = |is_sent: fn(&Sent<'_>) -> bool| sent.iter().any(is_sent);
    let mut shown: Vec<(&str, &Timeline)> = vec![("without a plan", none)];
    if sends(|sent| sent.hint) {
        shown.push(("with hints", hints));
    }
    if sends(|sent| sent.push) {
        shown.push(("with pushes", push));
    }
    // The same rows in all, in the order in which they are asked for without a plan.
    let mut order: Vec<usize> = (0..none.assets.len()).collect();
    order.sort_by_key(|at| none.assets.get(*at).map(|transfer| (transfer.asked, *at)));
    let scale = Scale::to(shown.iter().map(|(_, timeline)| timeline.end()));
    for (title, timeline) in shown {
        let bars = bars(&view.graph, &loads.modelled, timeline, &order);
        Waterfall {
            title,
            page: &view.graph.page,
            bars: &bars,
            more: (order.len() + 1).saturating_sub(bars.len()),
            thread: &MainThread::of(timeline, &loads.modelled, &view.graph),
            load: timeline.load,
            limit: loads.first.limit.fcp,
            scale,
        }
        .fmt(f)?;
    }
    f.write_str("</div>\n")
}

/// The document and the first of its assets.
fn bars<'a>(
    graph: &'a PageGraph,
    modelled: &Modelled,
    timeline: &Timeline,
    order: &[usize],
) -> Vec<Bar<'a>> {
    let document = Bar {
        path: &graph.page,
        class: "html",
        colour: Colour::Html,
        bytes: modelled.page.html_bytes().into(),
        transfer: timeline.document,
    };
    let assets = order.iter().filter_map(|at| {
        let path = modelled.paths.get(*at)?;
        let fetch = graph.fetches.iter().find(|fetch| fetch.path == *path)?;
        Some(Bar {
            path: &fetch.path,
            class: fetch.class.as_str(),
            colour: Colour::of(fetch.class),
            bytes: modelled.page.assets().get(*at)?.bytes.into(),
            transfer: *timeline.assets.get(*at)?,
        })
    });
    std::iter::once(document)
        .chain(assets)
        .take(MAX_BARS)
        .collect()
}

/// Findings as a list.
pub(super) fn findings(
    findings: &[pushgen_analyzer::Finding],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if findings.is_empty() {
        return f.write_str("<p>None.</p>\n");
    }
    f.write_str("<ul class=\"findings\">\n")?;
    for finding in findings.iter().take(MAX_FINDINGS) {
        let (class, word) = match finding.severity {
            Severity::Error => ("worse", "error"),
            Severity::Warning => ("warning", "warning"),
        };
        write!(
            f,
            "<li><strong class=\"{class}\">{word}</strong> <code>{}</code> {}<br><small>{}",
            finding.code.as_str(),
            prose(&finding.message),
            name(&finding.file)
        )?;
        if let Some(line) = finding.line {
            write!(f, ":{line}")?;
        }
        if let Some(help) = &finding.help {
            write!(f, " – {}", prose(help))?;
        }
        f.write_str("</small></li>\n")?;
    }
    f.write_str("</ul>\n")?;
    left(
        findings.len().saturating_sub(MAX_FINDINGS),
        "more finding",
        f,
    )
}

/// Says how much is left out.
fn left(more: usize, noun: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if more == 0 {
        return Ok(());
    }
    writeln!(
        f,
        "<p class=\"note\">{}; <code>pushgen explain</code> shows all.</p>",
        count(more, noun)
    )
}
