//! A page's dependency tree, as a person would draw it.

use std::collections::HashMap;
use std::io::{self, Write};

use pushgen_analyzer::{Fetch, LeftOut, PageGraph, Plan, PlanEntry, RunningCode, When};

use super::terminal::shown;
use super::{BOLD, DIM, GREEN, RED, YELLOW, bytes, count, stdout};

/// A page with everything that was decided about it.
pub(crate) struct Explanation<'a> {
    pub(crate) graph: &'a PageGraph,
    pub(crate) plan: &'a Plan,
    pub(crate) left_out: &'a [LeftOut],
    pub(crate) running_code: &'a RunningCode,
    pub(crate) document_bytes: u64,
}

/// Prints the tree and the verdict.
pub(crate) fn print(explanation: &Explanation<'_>) -> anyhow::Result<()> {
    stdout::styled(|out| draw(explanation, out))
}

fn draw(explanation: &Explanation<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Explanation {
        graph,
        plan,
        left_out,
        running_code,
        document_bytes,
    } = explanation;
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}  {DIM}{}, about {} on the wire{DIM:#}",
        shown(&graph.page),
        shown(&graph.file),
        bytes(*document_bytes)
    )?;
    let mut children: HashMap<&str, Vec<&Fetch>> = HashMap::new();
    let mut fetches: Vec<&Fetch> = graph.fetches.iter().collect();
    fetches.sort_by_key(|fetch| fetch.order);
    for fetch in fetches {
        let above = match fetch.is_traced() {
            true => &graph.page,
            false => &fetch.initiator,
        };
        children.entry(above).or_default().push(fetch);
    }
    let entries: HashMap<&str, &PlanEntry> = plan
        .entries
        .iter()
        .map(|entry| (&*entry.asset.path, entry))
        .collect();
    let left_out: HashMap<&str, &str> = left_out
        .iter()
        .map(|left| (&*left.path, left.reason.as_str()))
        .collect();

    // Each file hangs below the one that names it; a file's initiator was found before it, so that
    // following initiators from the page reaches everything once.
    let roots = children.get(&*graph.page).cloned().unwrap_or_default();
    let mut stack: Vec<(&Fetch, String, bool)> = Vec::new();
    push(&mut stack, &roots, "");
    while let Some((fetch, indent, is_last)) = stack.pop() {
        let (branch, below) = if is_last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        writeln!(
            out,
            "{indent}{branch}{}",
            line(fetch, entries.get(&*fetch.path).copied())
        )?;
        let indent = format!("{indent}{below}");
        let own: Vec<&Fetch> = match fetch.path == graph.page {
            true => Vec::new(),
            false => children.get(&*fetch.path).cloned().unwrap_or_default(),
        };
        let rail = if own.is_empty() { "  " } else { "│ " };
        let reason = entries.get(&*fetch.path).map(|entry| entry.reason.as_str());
        let reason = reason
            .or_else(|| left_out.get(&*fetch.path).copied())
            .map(|reason| format!(": {reason}"));
        writeln!(
            out,
            "{indent}{rail}{DIM}{}{}{DIM:#}",
            shown(&fetch.location),
            shown(&reason.unwrap_or_default())
        )?;
        push(&mut stack, &own, &indent);
    }
    writeln!(out)?;
    for lcp in &graph.lcp {
        let at = match lcp.viewports.as_slice() {
            [] => String::new(),
            viewports => format!(" at {}", viewports.join(", ")),
        };
        writeln!(
            out,
            "{BOLD}largest paint{BOLD:#}{}: {} of {}, {:.0} % sure  {DIM}{}{DIM:#}",
            shown(&at),
            shown(&lcp.path),
            shown(&lcp.element),
            lcp.confidence * 100.0,
            shown(&lcp.reason)
        )?;
    }
    if !running_code.signs.is_empty() {
        writeln!(out, "{BOLD}scripts{BOLD:#}: {}", beyond(running_code))?;
    }
    writeln!(out, "{BOLD}plan{BOLD:#}: {}", shown(&plan.reason))?;
    for (number, entry) in (1..).zip(&plan.entries) {
        writeln!(
            out,
            "  {number}. {GREEN}{}{GREEN:#}  {}  {}",
            means(entry),
            shown(&entry.asset.path),
            bytes(entry.bytes),
        )?;
    }
    let planned: u64 = plan.entries.iter().map(|entry| entry.bytes).sum();
    if !plan.entries.is_empty() {
        writeln!(
            out,
            "  {}, {} on the wire",
            count(plan.entries.len(), "asset"),
            bytes(planned)
        )?;
    }
    Ok(())
}

/// What is not in the tree.
fn beyond(running_code: &RunningCode) -> String {
    let signs = running_code.signs.iter();
    let signs: Vec<String> = signs
        .map(|it| format!("{} \u{d7} {}", it.count, it.sign))
        .collect();
    format!(
        "what running code asks for is not known and may exist ({} in {}); --trace FILE.har adds what a load showed",
        signs.join(", "),
        count(running_code.scripts, "script")
    )
}

/// Pushes siblings so that they are popped in order.
fn push<'g>(stack: &mut Vec<(&'g Fetch, String, bool)>, siblings: &[&'g Fetch], indent: &str) {
    for (at, fetch) in siblings.iter().enumerate().rev() {
        stack.push((fetch, indent.to_owned(), at + 1 == siblings.len()));
    }
}

fn line(fetch: &Fetch, entry: Option<&PlanEntry>) -> String {
    let mut words = vec![
        format!("{BOLD}{}{BOLD:#}", shown(&fetch.path)),
        fetch.class.to_string(),
    ];
    if fetch.class.as_str() != fetch.destination.as_str() {
        words.push(fetch.destination.to_string());
    }
    match fetch.when {
        When::Load => {}
        When::Late => words.push(format!("{DIM}late{DIM:#}")),
        When::Conditional => {
            let user = fetch.condition.as_deref().unwrap_or("the style");
            words.push(format!("{DIM}if used by {}{DIM:#}", shown(user)));
        }
    }
    if !fetch.viewports.is_empty() {
        let viewports = fetch.viewports.join(", ");
        words.push(format!("{DIM}at {viewports} only{DIM:#}"));
    } else if fetch.is_traced() {
        words.push(format!("{DIM}in a trace{DIM:#}"));
    } else if fetch.when == When::Load && fetch.confidence < 1.0 {
        words.push(format!(
            "{DIM}{:.0} % sure{DIM:#}",
            fetch.confidence * 100.0
        ));
    }
    if let Some(user) = &fetch.used_by {
        words.push(format!("{DIM}{}{DIM:#}", shown(user)));
    }
    if fetch.missing {
        words.push(format!("{RED}missing{RED:#}"));
    }
    if let Some(entry) = entry {
        words.push(bytes(entry.bytes));
        words.push(format!("{YELLOW}{}{YELLOW:#}", means(entry)));
    }
    words.join("  ")
}

fn means(entry: &PlanEntry) -> String {
    let words: Vec<&str> = entry.means.iter().map(|means| means.as_str()).collect();
    words.join("+")
}
