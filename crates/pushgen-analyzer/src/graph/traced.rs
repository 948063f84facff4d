//! What traces say of each page of the site.
//!
//! In: the traces, the site, and its origin if that is known. Out: for a page, the files of the site that real loads of it
//! asked for. A load belongs to the page that its document's path leads to, whatever host it came from: a trace may be
//! of a local server. Loads from the site's own origin are preferred where there are any, and loads that asked for
//! anything of the site at all.
//!
//! A file is as sure as the share of the loads that asked for it, and never as sure as what the markup says: the next
//! visit may differ.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pushgen_policy::{CrossOrigin, Destination};
use url::Url;

use super::fetch::{Fetch, PageGraph, Request};
use crate::finding::{Code, Finding, shown};
use crate::reference::{Content, Reference, When, confidence};
use crate::site::{FileId, Lookup, Site};
use crate::trace::{Load, Seen, Trace};

/// The initiator of what a trace tells. No request target looks like this: they begin with a slash.
pub(crate) const TRACE: &str = "trace";

/// The traces of a site, by page.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    by_page: HashMap<FileId, Vec<Traced>>,
    findings: Vec<Finding>,
}

/// A file that loads of a page asked for.
#[derive(Debug)]
pub(super) struct Traced {
    /// As if the document named it; where it is found is for the page to say, which knows what asked for it.
    pub(super) request: Request,
    /// The request target of what asked for it.
    pub(super) asked_by: Option<String>,
}

impl Traces {
    pub(crate) fn new(site: &Site, origin: Option<&str>, traces: &[Trace]) -> Self {
        let origin = origin
            .and_then(|it| Url::parse(it).ok())
            .map(|it| it.origin());
        let mut loads: HashMap<FileId, Vec<(&Trace, &Load)>> = HashMap::new();
        let mut findings = Vec::new();
        let is_page = |file: &FileId| site.pages().binary_search(file).is_ok();
        for trace in traces {
            let mut is_of_use = false;
            for load in &trace.loads {
                let found = site.lookup(load.document.path());
                if let Lookup::File(page) = found
                    && is_page(&page)
                {
                    loads.entry(page).or_default().push((trace, load));
                    is_of_use = true;
                }
            }
            if !is_of_use {
                findings.push(of_no_page(trace));
            }
        }
        let by_page = loads.into_iter().map(|(page, mut loads)| {
            let is_own = |load: &Load| origin.as_ref() == Some(&load.origin());
            if loads.iter().any(|(_, load)| is_own(load)) {
                loads.retain(|(_, load)| is_own(load));
            }
            // Every site has a `/`. A load that asked for no file of this one is another's.
            let asks = |load: &Load| {
                let mut paths = load.own_requests().map(|it| it.url.path());
                paths.any(|path| matches!(site.lookup(path), Lookup::File(file) if file != page))
            };
            if loads.iter().any(|(_, load)| asks(load)) {
                loads.retain(|(_, load)| asks(load));
            }
            (page, of_page(site, page, &loads))
        });
        Self {
            by_page: by_page.collect(),
            findings,
        }
    }

    /// Traces that are of no use.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Adds what loads of a page show beyond what is known of it, at whatever viewport: it blocks nothing, and takes
    /// nothing from what the page says itself.
    pub(crate) fn add_to(&self, page: FileId, graph: &mut PageGraph) {
        let Some(traced) = self.by_page.get(&page) else {
            return;
        };
        let mut by_path: HashMap<Arc<str>, usize> = HashMap::new();
        for (at, fetch) in graph.fetches.iter().enumerate() {
            by_path.insert(Arc::clone(&fetch.path), at);
        }
        for Traced { request, asked_by } in traced {
            let asked_by = asked_by.as_deref().unwrap_or_default();
            let depth = match by_path.get(asked_by).and_then(|at| graph.fetches.get(*at)) {
                Some(asking) => asking.depth + 1,
                None if asked_by == &*graph.page => 1,
                // By what the graph does not know, which is no markup.
                None => 2,
            };
            let request = Request {
                depth,
                ..request.clone()
            };
            let known = by_path.get(&request.path).copied();
            match known.and_then(|at| graph.fetches.get_mut(at)) {
                Some(fetch) => fetch.observe(request),
                None => {
                    let at = graph.fetches.len();
                    by_path.insert(Arc::clone(&request.path), at);
                    let order = u32::try_from(at).unwrap_or(u32::MAX);
                    graph.fetches.push(Fetch::new(request, &graph.page, order));
                }
            }
        }
        graph
            .fetches
            .sort_by_key(|fetch| (fetch.depth, fetch.order));
    }
}

fn of_no_page(trace: &Trace) -> Finding {
    let message = match trace.loads.first() {
        None => "the trace holds no load of a page".to_owned(),
        Some(load) => {
            let path = shown(load.document.path());
            format!("the trace is of no page of the site; its first load is of {path}")
        }
    };
    Finding::new(Code::TraceOfNoPage, &*trace.name, message)
        .help("record the load of a page; if the site is served below a path, give --base-path")
}

/// A file as all loads of a page saw it.
struct Sighting<'t> {
    trace: &'t Trace,
    /// The first request for it.
    seen: &'t Seen,
    file: FileId,
    path: String,
    asked_by: Option<String>,
    /// The loads that asked for it at all, and before the load event.
    loads: HashSet<usize>,
    early: HashSet<usize>,
}

/// What all loads of a page say together, in the order in which files were asked for first.
fn of_page(site: &Site, page: FileId, loads: &[(&Trace, &Load)]) -> Vec<Traced> {
    let mut sightings: Vec<Sighting<'_>> = Vec::new();
    let mut by_path: HashMap<String, usize> = HashMap::new();
    for (at, (trace, load)) in loads.iter().enumerate() {
        let own = load.origin();
        for seen in load.own_requests() {
            let file = match site.lookup(seen.url.path()) {
                Lookup::File(file) if file != page => file,
                _ => continue,
            };
            let path = target(&seen.url);
            let known = *by_path.entry(path.clone()).or_insert(sightings.len());
            if known == sightings.len() {
                let asked_by = seen.initiator.as_ref().filter(|it| it.origin() == own);
                sightings.push(Sighting {
                    trace,
                    seen,
                    file,
                    path,
                    asked_by: asked_by.map(target),
                    loads: HashSet::new(),
                    early: HashSet::new(),
                });
            }
            if let Some(sighting) = sightings.get_mut(known) {
                sighting.loads.insert(at);
                if seen.before_load {
                    sighting.early.insert(at);
                }
            }
        }
    }
    let traced = sightings.into_iter().map(|it| it.traced(loads.len()));
    traced.collect()
}

impl Sighting<'_> {
    fn traced(self, of: usize) -> Traced {
        let destination = self.seen.destination;
        let reference = Reference::new("", destination, 0);
        let reference = match destination {
            Destination::Script => reference.content(Content::Script),
            _ => reference,
        };
        let when = if self.early.is_empty() {
            When::Late
        } else {
            When::Load
        };
        let count = match when {
            When::Load => self.early.len(),
            _ => self.loads.len(),
        };
        let share = confidence::TRACED * count as f64 / of.max(1) as f64;
        let location = format!("{}, entry {}", self.trace.name, self.seen.entry).into();
        let request = Request::of(&reference, self.path.into(), Some(self.file), location);
        Traced {
            request: Request {
                when,
                confidence: (share * 100.0).round() / 100.0,
                // Fonts are fetched in no other mode (CSS Fonts §4.8.1).
                crossorigin: (destination == Destination::Font).then_some(CrossOrigin::Anonymous),
                initiator: Some(TRACE.into()),
                ..request
            },
            asked_by: self.asked_by,
        }
    }
}

/// Path and query as a browser sends them.
fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
