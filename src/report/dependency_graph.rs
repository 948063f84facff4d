//! A page's dependency graph as nested lists: each file below the one that names it.
//!
//! In: a graph with what is sent of it. Out: HTML. What nests deeper than [`MAX_NESTING`] is listed at that depth.

use std::collections::HashMap;
use std::fmt;

use pushgen_analyzer::{Fetch, PageGraph, When};

use super::MAX_FILES;
use super::foreign::{name, prose};
use super::waterfall::Colour;
use crate::output::{bytes, count};
use crate::page_plan::{Entry, PagePlan};

/// Lists in each other.
const MAX_NESTING: usize = 16;

/// A graph, to be displayed.
pub(super) struct DependencyGraph<'a> {
    graph: &'a PageGraph,
    entries: HashMap<&'a str, &'a Entry>,
    left_out: HashMap<&'a str, &'a str>,
}

enum Step<'a> {
    File(&'a Fetch, usize),
    End(&'static str),
}

impl<'a> DependencyGraph<'a> {
    pub(super) fn new(graph: &'a PageGraph, plan: &'a PagePlan) -> Self {
        let entries = plan.entries.iter();
        let left_out = plan.left_out.iter();
        Self {
            graph,
            entries: entries.map(|entry| (entry.path.as_str(), entry)).collect(),
            left_out: left_out
                .map(|left| (&*left.path, left.reason.as_str()))
                .collect(),
        }
    }
}

impl fmt::Display for DependencyGraph<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = &*self.graph.page;
        let mut fetches: Vec<&Fetch> = self.graph.fetches.iter().collect();
        if fetches.is_empty() {
            return f.write_str("<p>The page asks for no file of the site.</p>\n");
        }
        fetches.sort_by_key(|fetch| fetch.order);
        let mut children: HashMap<&str, Vec<&Fetch>> = HashMap::new();
        for fetch in fetches {
            let above = match fetch.is_traced() {
                true => page,
                false => &*fetch.initiator,
            };
            children.entry(above).or_default().push(fetch);
        }
        let mut steps = vec![Step::End("</ul>\n")];
        let roots = children.remove(page).unwrap_or_default();
        steps.extend(roots.into_iter().rev().map(|fetch| Step::File(fetch, 1)));
        f.write_str("<ul class=\"tree\">\n")?;
        let (mut shown, mut more) = (0, 0);
        while let Some(step) = steps.pop() {
            let (fetch, depth) = match step {
                Step::End(tag) => {
                    f.write_str(tag)?;
                    continue;
                }
                Step::File(fetch, depth) => (fetch, depth),
            };
            // Taken out, so that no cycle is followed.
            let below = children.remove(&*fetch.path).unwrap_or_default();
            if shown == MAX_FILES {
                more += 1;
                let below = below.into_iter().rev();
                steps.extend(below.map(|fetch| Step::File(fetch, depth)));
                continue;
            }
            shown += 1;
            self.file(fetch, f)?;
            let nests = depth < MAX_NESTING && !below.is_empty() && shown < MAX_FILES;
            if nests {
                f.write_str("\n<ul>\n")?;
                steps.push(Step::End("</ul></li>\n"));
            } else {
                f.write_str("</li>\n")?;
            }
            let depth = depth + usize::from(nests);
            let below = below.into_iter().rev();
            steps.extend(below.map(|fetch| Step::File(fetch, depth)));
        }
        if more > 0 {
            let more = count(more, "more file");
            writeln!(
                f,
                "<p class=\"note\">{more}; <code>pushgen explain</code> shows all.</p>"
            )?;
        }
        Ok(())
    }
}

impl DependencyGraph<'_> {
    fn file(&self, fetch: &Fetch, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<li><span class=\"{}\"><i class=\"dot\"></i><code>{}</code></span> <span class=\"aside\">{}",
            Colour::of(fetch.class).class(),
            name(&fetch.path),
            fetch.class
        )?;
        if fetch.class.as_str() != fetch.destination.as_str() {
            write!(f, ", {}", fetch.destination)?;
        }
        match fetch.when {
            When::Load => {}
            When::Late => f.write_str(", late")?,
            When::Conditional => {
                let user = fetch.condition.as_deref().unwrap_or("the style");
                write!(f, ", if used by {}", name(user))?;
            }
        }
        if !fetch.viewports.is_empty() {
            write!(f, ", at {} only", name(&fetch.viewports.join(", ")))?;
        } else if fetch.is_traced() {
            f.write_str(", in a trace")?;
        } else if fetch.when == When::Load && fetch.confidence < 1.0 {
            write!(f, ", {:.0}\u{a0}% sure", fetch.confidence * 100.0)?;
        }
        if let Some(user) = &fetch.used_by {
            write!(f, ", used by {}", name(user))?;
        }
        f.write_str("</span>")?;
        if fetch.missing {
            f.write_str(" <strong class=\"worse\">missing</strong>")?;
        }
        let entry = self.entries.get(&*fetch.path);
        if let Some(entry) = entry {
            write!(
                f,
                " <b class=\"means\">{}</b> {}",
                means(entry),
                bytes(entry.bytes)
            )?;
        }
        write!(f, "<br><small>{}", name(&fetch.location))?;
        let reason = entry.map(|entry| entry.reason.as_str());
        if let Some(reason) = reason.or_else(|| self.left_out.get(&*fetch.path).copied()) {
            write!(f, ": {}", prose(reason))?;
        }
        f.write_str("</small>")
    }
}

/// By which means an asset may be sent, in words.
pub(super) fn means(entry: &Entry) -> String {
    let words: Vec<&str> = entry.means.iter().map(|means| means.as_str()).collect();
    words.join(" or ")
}
