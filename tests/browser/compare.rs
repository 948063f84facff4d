//! A page's graph beside what the browser asked for.
//!
//! In: a [`PageGraph`], a [`Load`], the paths of the plan. Out: [`Scores`] by class, and the [`Difference`]s.
//!
//! What the browser asked for counts if it was before the load event and no running script was the cause; what the
//! graph lists counts if it is sure of it (`when` is `load`). Icons, manifests and prefetches belong to no page load.
//! What the graph is sure of and the browser asked for at all agrees: an API call or a late start is nobody's error.

use std::collections::BTreeMap;
use std::fmt;

use crate::graph::{Fetch, PageGraph};
use crate::load::Load;
use crate::requests::{Asked, RenderBlockingBehavior};

/// What precision and recall are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// All same-site fetches before `load`.
    All,
    /// Those that no style of an element decides about.
    Named,
    RenderBlocking,
    ParserBlocking,
    Style,
    Script,
    Font,
    Image,
    Document,
    Other,
    /// What the plan sends ahead or hints; there is no recall.
    Planned,
}

const CLASSES: [(Class, &str); 11] = [
    (Class::All, "all before load"),
    (Class::Named, "  but fonts and images of CSS"),
    (Class::RenderBlocking, "render-blocking"),
    (Class::ParserBlocking, "parser-blocking"),
    (Class::Style, "style sheets"),
    (Class::Script, "scripts"),
    (Class::Font, "fonts"),
    (Class::Image, "images"),
    (Class::Document, "documents"),
    (Class::Other, "others"),
    (Class::Planned, "planned"),
];

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    both: usize,
    only_graph: usize,
    only_browser: usize,
}

/// How often graph and browser agree.
#[derive(Debug, Default)]
pub(crate) struct Scores(BTreeMap<Class, Score>);

impl Scores {
    fn count(&mut self, class: Class, graph: bool, browser: bool) {
        let score = self.0.entry(class).or_default();
        match (graph, browser) {
            (true, true) => score.both += 1,
            (true, false) => score.only_graph += 1,
            (false, true) => score.only_browser += 1,
            (false, false) => {}
        }
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:30} {:>9} {:>9} {:>7} {:>11} {:>13}",
            "", "precision", "recall", "both", "graph only", "browser only"
        )?;
        for (class, name) in CLASSES {
            let score = self.0.get(&class).copied().unwrap_or_default();
            let precision = share(score.both, score.only_graph);
            let recall = match class {
                Class::Planned => String::new(),
                _ => share(score.both, score.only_browser),
            };
            write!(
                f,
                "\n{name:30} {precision:>9} {recall:>9} {:>7} {:>11} {:>13}",
                score.both, score.only_graph, score.only_browser
            )?;
        }
        Ok(())
    }
}

/// Rounded down, so that 100 % is all.
fn share(right: usize, wrong: usize) -> String {
    match (right * 10_000).checked_div(right + wrong) {
        Some(share) => format!("{}.{:02} %", share / 100, share % 100),
        None => "-".to_owned(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Missed,
    Unneeded,
    Blocking,
    PlannedInVain,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missed => "asked for, and the graph is not sure of it",
            Self::Unneeded => "the graph is sure of it, and it is not asked for",
            Self::Blocking => "blocking",
            Self::PlannedInVain => "planned, and not asked for",
        })
    }
}

/// One thing that graph and browser see differently.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    /// What each says, and where the file is named.
    pub(crate) says: String,
}

/// Counts what agrees, and returns what does not.
pub(crate) fn compare(
    graph: &PageGraph,
    load: &Load,
    plan: &[String],
    scores: &mut Scores,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |kind, path: &str, says| {
        differences.push(Difference {
            kind,
            path: path.to_owned(),
            says,
        });
    };
    for fetch in &graph.fetches {
        let asked = load.asked.get(&fetch.path);
        if fetch.is_certain() {
            for class in classes(Some(fetch), asked) {
                scores.count(class, true, asked.is_some());
            }
            if asked.is_none() {
                differ(Kind::Unneeded, &fetch.path, in_the_graph(Some(fetch)));
            }
        }
        if asked.is_none() {
            scores.count(Class::RenderBlocking, fetch.render_blocking, false);
            let is_parser_blocking = fetch.parser_blocking && !fetch.render_blocking;
            scores.count(Class::ParserBlocking, is_parser_blocking, false);
        }
    }
    for (path, asked) in &load.asked {
        let fetch = graph.fetch(path);
        let is_certain = fetch.is_some_and(Fetch::is_certain);
        if !is_certain && counts(asked, fetch) {
            for class in classes(fetch, Some(asked)) {
                scores.count(class, false, true);
            }
            let says = format!("{}; {}", in_the_browser(asked), in_the_graph(fetch));
            differ(Kind::Missed, path, says);
        }
        if let Some(says) = blocking(fetch, asked, scores) {
            differ(Kind::Blocking, path, says);
        }
    }
    for path in plan {
        let is_asked = load.asked.contains_key(path);
        scores.count(Class::Planned, true, is_asked);
        if !is_asked {
            differ(Kind::PlannedInVain, path, in_the_graph(graph.fetch(path)));
        }
    }
    differences
}

/// Whether a page load needs it.
fn counts(asked: &Asked, fetch: Option<&Fetch>) -> bool {
    let is_the_browsers_own = asked.kind == "Manifest"
        || asked.kind == "Prefetch"
        || (asked.kind == "Other" && fetch.is_none_or(|fetch| fetch.when == "late"));
    asked.before_load && !asked.by_script && !is_the_browsers_own
}

/// What each says of blocking, if that differs.
fn blocking(fetch: Option<&Fetch>, asked: &Asked, scores: &mut Scores) -> Option<String> {
    // Where the browser has no opinion there is nothing to compare, and what a script asks for is its own affair.
    let word = asked.final_word().filter(|_| !asked.by_script)?;
    let render = fetch.is_some_and(|fetch| fetch.render_blocking);
    let parser = fetch.is_some_and(|fetch| fetch.parser_blocking && !fetch.render_blocking);
    let is_render = word == RenderBlockingBehavior::Blocking;
    let is_parser = word == RenderBlockingBehavior::InBodyParserBlocking;
    scores.count(Class::RenderBlocking, render, is_render);
    scores.count(Class::ParserBlocking, parser, is_parser);
    (render != is_render || parser != is_parser).then(|| {
        let ours = match (render, parser) {
            (true, _) => "render-blocking",
            (_, true) => "parser-blocking",
            _ => "neither",
        };
        format!(
            "the browser says {word:?}, by {}; the graph says {ours}: {}",
            initiator(asked),
            in_the_graph(fetch)
        )
    })
}

/// The classes that a file counts in; the browser knows best what it is.
fn classes(fetch: Option<&Fetch>, asked: Option<&Asked>) -> Vec<Class> {
    let kind = asked.map(|asked| asked.kind.as_str());
    let destination = fetch.map(|fetch| fetch.destination.as_str());
    let class = match (kind, destination) {
        (Some("Stylesheet"), _) | (None, Some("style")) => Class::Style,
        (Some("Script"), _) | (None, Some("script")) => Class::Script,
        (Some("Font"), _) | (None, Some("font")) => Class::Font,
        (Some("Image"), _) | (None, Some("image")) => Class::Image,
        (Some("Document"), _) | (None, Some("document" | "iframe" | "frame")) => Class::Document,
        _ => Class::Other,
    };
    let is_of_css = class == Class::Font
        || fetch.is_some_and(|fetch| fetch.when == "conditional")
        || (class == Class::Image && asked.is_some_and(is_named_by_a_sheet));
    let mut classes = vec![Class::All, class];
    if !is_of_css || fetch.is_some_and(|fetch| fetch.is_certain() && fetch.depth == 1) {
        classes.push(Class::Named);
    }
    classes
}

fn is_named_by_a_sheet(asked: &Asked) -> bool {
    let named_by = asked.named_by.as_deref().unwrap_or_default();
    let path = named_by.split(['?', ':']).next().unwrap_or_default();
    path.ends_with(".css")
}

fn in_the_browser(asked: &Asked) -> String {
    format!("{} by {}", asked.kind, initiator(asked))
}

fn initiator(asked: &Asked) -> String {
    match &asked.named_by {
        Some(place) => format!("{} at {place}", asked.initiator),
        None => asked.initiator.clone(),
    }
}

fn in_the_graph(fetch: Option<&Fetch>) -> String {
    let Some(fetch) = fetch else {
        return "not in the graph".to_owned();
    };
    let missing = if fetch.missing { ", no such file" } else { "" };
    let place = fetch.location.as_deref().unwrap_or("?");
    format!(
        "{} ({}), {} at {place}{missing}",
        fetch.when, fetch.class, fetch.destination
    )
}
