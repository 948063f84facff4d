//! The plan: what to send with a page, in which order and by which means.
//!
//! In: a page's graph, the weights of its assets and a budget in wire bytes. Out: a [`Plan`] with a
//! reason for itself and for each entry, and what was left out and why.
//!
//! Candidates, in send order: the render-blocking closure in evaluation order (document order, each
//! sheet followed by its imports), preloaded fonts, and module graphs that hide something from the
//! preload scanner. Then:
//!
//! - *Push* is all or nothing: a strict subset of the closure saves no round trip over hints. The
//!   closure is pushed if it is complete (every file is this site's, exists and is certain) and fits
//!   the budget; modules and fonts follow if they fit what is left of it.
//! - *Hint* what a browser cannot see early (depth 2 and deeper), together with everything before it:
//!   a hint for a late file alone would overtake what the first paint waits for. Where the preload
//!   scanner sees every candidate in the document, hints gain nothing and are left out.
//!
//! Left out for now: the simulation that proves a plan per network, and the images and fonts that only
//! the page's style can tell.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, Destination, Means, UrlPath};

use crate::graph::{Fetch, PageGraph};
use crate::reference::When;
use crate::site::FileId;

/// The budget unless told otherwise: three initial windows of TCP (RFC 6928, 14,600 bytes each), the
/// most that is safe without knowing the network.
pub const DEFAULT_BUDGET: u64 = 43_800;

/// What is less certain than this is not planned.
const MIN_CONFIDENCE: f64 = 0.95;

/// The most bytes of `Link` fields that one 103 may carry: they travel before the document.
const MAX_HINT_BYTES: u64 = 4096;

/// What to send with a page. Pages with equal plans share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plan {
    /// In send order.
    pub entries: Vec<PlanEntry>,
    /// Why the plan is as it is.
    pub reason: String,
}

/// One asset of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanEntry {
    /// The asset.
    pub asset: PlannedAsset,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Why the page needs it.
    pub class: Class,
    /// Discovery depth.
    pub depth: u32,
    /// How it may be delivered.
    pub means: Vec<Means>,
    /// Why it is here.
    pub reason: String,
}

/// An asset as a page asks for it: the same file in another mode is another asset to a browser.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlannedAsset {
    /// The request target.
    pub path: Arc<str>,
    /// The request destination.
    pub destination: Destination,
    /// Whether it is a module script.
    pub module: bool,
    /// The CORS mode that the element asks for.
    pub crossorigin: Option<CrossOrigin>,
    /// The integrity that the element asks for.
    pub integrity: Option<Arc<str>>,
    /// The file that answers.
    pub file: FileId,
}

/// A candidate that is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The request target.
    pub path: Arc<str>,
    /// Why it is left out.
    pub reason: String,
}

/// Plans a page. `wire_bytes` weighs an asset, `None` if it cannot be read; `hint_bytes` gives the
/// length of its `Link` value, `None` if it cannot be hinted.
pub(crate) fn plan(
    graph: &PageGraph,
    budget: u64,
    wire_bytes: impl Fn(FileId) -> Option<u64>,
    hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>,
) -> (Plan, Vec<LeftOut>) {
    let mut fetches: Vec<&Fetch> = graph
        .fetches
        .iter()
        .filter(|fetch| fetch.when == When::Load)
        .collect();
    fetches.sort_by_key(|fetch| fetch.order);
    let candidates = |wanted: &dyn Fn(&Fetch) -> bool| -> Vec<Candidate<'_>> {
        let chosen = fetches.iter().filter(|fetch| wanted(fetch));
        chosen
            .map(|fetch| Candidate {
                fetch,
                eligible: eligible(fetch, &wire_bytes),
            })
            .collect()
    };
    let closure = candidates(&|fetch| fetch.render_blocking);
    let fonts = candidates(&|fetch| fetch.class == Class::Font);
    let modules = module_graphs(candidates(&|fetch| fetch.class == Class::Module));

    let verdict = Closure::judge(graph, &closure, budget);
    let mut planner = Planner {
        left: budget,
        entries: Vec::new(),
        left_out: Vec::new(),
    };
    planner.add(&closure, verdict == Closure::Fits);
    // Behind a closure that is not pushed, other pushes would only compete with it.
    let may_push = matches!(verdict, Closure::Fits | Closure::Empty);
    for group in fonts.chunks(1).chain(modules.iter().map(Vec::as_slice)) {
        let fits = total(group).is_some_and(|bytes| bytes <= planner.left);
        planner.add(group, may_push && fits);
    }
    planner.hint(hint_bytes);
    let Planner {
        entries,
        mut left_out,
        ..
    } = planner;
    let (entries, idle): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| !entry.means.is_empty());
    left_out.extend(idle.into_iter().map(|entry| LeftOut {
        reason: verdict.left_out_reason(&entry).to_owned(),
        path: entry.asset.path,
    }));
    let reason = verdict.reason(&entries, budget);
    (Plan { entries, reason }, left_out)
}

/// A fetch that may be planned, with its file and wire bytes, or what stands against it.
struct Candidate<'g> {
    fetch: &'g Fetch,
    eligible: Result<(FileId, u64), &'static str>,
}

fn eligible(
    fetch: &Fetch,
    wire_bytes: impl Fn(FileId) -> Option<u64>,
) -> Result<(FileId, u64), &'static str> {
    let file = fetch.file.ok_or("there is no such file in the site")?;
    if fetch.corrupt {
        return Err("its content is not what `integrity` says, so browsers throw it away");
    }
    if fetch.class == Class::Font && fetch.crossorigin != Some(CrossOrigin::Anonymous) {
        return Err("it is not preloaded in the mode that fonts are fetched in");
    }
    if fetch.confidence < MIN_CONFIDENCE {
        return Err("another viewport may not ask for it");
    }
    if UrlPath::parse(&*fetch.path).is_err() {
        return Err("servers may read its path in another way");
    }
    Ok((
        file,
        wire_bytes(file).ok_or("it cannot be read, or is too large")?,
    ))
}

/// The module graphs that hide something from the preload scanner, each behind the module that the
/// document names, in the order of the document.
fn module_graphs(modules: Vec<Candidate<'_>>) -> Vec<Vec<Candidate<'_>>> {
    let initiators: HashMap<Arc<str>, Arc<str>> = modules
        .iter()
        .filter(|module| module.fetch.depth >= 2)
        .map(|module| {
            (
                Arc::clone(&module.fetch.path),
                Arc::clone(&module.fetch.initiator),
            )
        })
        .collect();
    let mut graphs: Vec<(Arc<str>, Vec<Candidate<'_>>)> = Vec::new();
    for module in modules {
        let mut root = &module.fetch.path;
        // A module lies deeper than the one that names it, so this ends; the bound is for the reader.
        for _ in 0..module.fetch.depth {
            root = initiators.get(root).unwrap_or(root);
        }
        match graphs.iter_mut().find(|(known, _)| known == root) {
            Some((_, graph)) => graph.push(module),
            None => graphs.push((Arc::clone(root), vec![module])),
        }
    }
    let graphs = graphs.into_iter().map(|(_, graph)| graph);
    graphs
        .filter(|graph| graph.iter().any(|module| module.fetch.depth >= 2))
        .collect()
}

/// The bytes of all, if all are eligible.
fn total(candidates: &[Candidate<'_>]) -> Option<u64> {
    candidates
        .iter()
        .map(|candidate| candidate.eligible.ok().map(|(_, bytes)| bytes))
        .sum()
}

struct Planner {
    /// What is left of the budget.
    left: u64,
    entries: Vec<PlanEntry>,
    left_out: Vec<LeftOut>,
}

impl Planner {
    fn add(&mut self, candidates: &[Candidate<'_>], push: bool) {
        for Candidate { fetch, eligible } in candidates {
            let (file, bytes) = match eligible {
                Ok(eligible) => *eligible,
                Err(obstacle) => {
                    self.left_out.push(LeftOut {
                        path: Arc::clone(&fetch.path),
                        reason: (*obstacle).to_owned(),
                    });
                    continue;
                }
            };
            if push {
                self.left = self.left.saturating_sub(bytes);
            }
            self.entries.push(PlanEntry {
                asset: PlannedAsset {
                    path: Arc::clone(&fetch.path),
                    destination: fetch.destination,
                    module: fetch.module,
                    crossorigin: fetch.crossorigin,
                    integrity: fetch.integrity.clone(),
                    file,
                },
                bytes,
                class: fetch.class,
                depth: fetch.depth,
                means: if push { vec![Means::Push] } else { Vec::new() },
                reason: entry_reason(fetch),
            });
        }
    }

    /// Hints everything up to the last file that is hidden from the preload scanner and for which the
    /// header has room. Hints that stop short of every hidden file would gain nothing.
    fn hint(&mut self, hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>) {
        let mut spent = 0;
        let mut end = 0;
        for (at, entry) in self.entries.iter().enumerate() {
            spent += hint_bytes(&entry.asset).unwrap_or(0);
            if spent > MAX_HINT_BYTES {
                break;
            }
            if entry.depth >= 2 {
                end = at + 1;
            }
        }
        for entry in &mut self.entries[..end] {
            if hint_bytes(&entry.asset).is_some() {
                entry.means.push(Means::Hint);
            }
        }
    }
}

fn entry_reason(fetch: &Fetch) -> String {
    let needed = match (fetch.class, fetch.destination) {
        (Class::RenderBlocking, Destination::Style) => "nothing is painted before it",
        (Class::RenderBlocking, _) if fetch.parser_blocking => {
            "the parser and the first paint wait for it"
        }
        (Class::RenderBlocking, _) => "the first paint waits for it",
        (Class::Font, _) => "the page preloads it for its text",
        _ if fetch.depth >= 2 => "part of a module graph",
        _ => "leads to modules that the preload scanner cannot see",
    };
    match fetch.depth {
        0 | 1 => needed.to_owned(),
        _ => format!(
            "{needed}; {} hides it from the preload scanner",
            fetch.initiator
        ),
    }
}

/// What can be said of a page's render-blocking closure.
#[derive(Debug, PartialEq, Eq)]
enum Closure {
    /// The document could not be read.
    Unread,
    Empty,
    Fits,
    TooLarge {
        bytes: u64,
    },
    Incomplete {
        because: String,
    },
}

impl Closure {
    fn judge(graph: &PageGraph, closure: &[Candidate<'_>], budget: u64) -> Self {
        if !graph.is_read {
            return Self::Unread;
        }
        if let Some(foreign) = &graph.foreign_blocker {
            return Self::Incomplete {
                because: format!("{foreign} blocks rendering too and is not served from here"),
            };
        }
        for Candidate { fetch, eligible } in closure {
            if let Err(obstacle) = eligible {
                return Self::Incomplete {
                    because: format!("{}: {obstacle}", fetch.path),
                };
            }
        }
        match total(closure) {
            _ if closure.is_empty() => Self::Empty,
            Some(bytes) if bytes > budget => Self::TooLarge { bytes },
            _ => Self::Fits,
        }
    }

    /// Why a candidate is neither pushed nor hinted.
    fn left_out_reason(&self, entry: &PlanEntry) -> &'static str {
        match self {
            _ if entry.depth >= 2 => "neither the budget nor the header of hints has room for it",
            Self::Fits | Self::Empty => {
                "it does not fit what is left of the budget, and the preload scanner sees it"
            }
            _ => "it is not pushed without the whole closure, and the preload scanner sees it",
        }
    }

    fn reason(&self, entries: &[PlanEntry], budget: u64) -> String {
        let hints = entries
            .iter()
            .filter(|entry| entry.means.contains(&Means::Hint))
            .count();
        let hinted = match hints {
            0 => "the preload scanner sees everything early, so hints gain nothing".to_owned(),
            1 => "1 file is hinted, because the preload scanner cannot see it".to_owned(),
            _ => format!(
                "{hints} files are hinted, because the preload scanner cannot see all of them"
            ),
        };
        match self {
            Self::Unread => "the document was not analysed".to_owned(),
            Self::Empty if entries.is_empty() => {
                "nothing but the document holds back the first paint".to_owned()
            }
            Self::Empty => format!("nothing but the document holds back the first paint; {hinted}"),
            Self::Fits => format!(
                "the whole render-blocking closure fits the budget of {budget} bytes and is pushed; {hinted}"
            ),
            Self::TooLarge { bytes } => {
                format!(
                    "the render-blocking closure of {bytes} bytes exceeds the budget of {budget} and is not pushed; {hinted}"
                )
            }
            Self::Incomplete { because } => {
                format!(
                    "the render-blocking closure is not complete and is not pushed ({because}); {hinted}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Rank;

    /// A little page graph in evaluation order, written as `(path, class, depth)`; every file weighs 1000
    /// bytes and stands in for itself.
    struct Page {
        fetches: Vec<Fetch>,
        foreign: Option<String>,
    }

    impl Page {
        fn new(fetches: &[(&str, Class, u32)]) -> Self {
            let fetch = |(order, (path, class, depth)): (u32, &(&str, Class, u32))| Fetch {
                path: (*path).into(),
                destination: match class {
                    Class::Font => Destination::Font,
                    Class::Image => Destination::Image,
                    _ if path.ends_with(".js") => Destination::Script,
                    _ => Destination::Style,
                },
                depth: *depth,
                class: *class,
                render_blocking: *class == Class::RenderBlocking,
                parser_blocking: false,
                when: When::Load,
                confidence: 1.0,
                initiator: if *depth == 1 { "/" } else { "/m.js" }.into(),
                location: "index.html:1".into(),
                condition: None,
                missing: false,
                file: Some(FileId::for_tests(order)),
                crossorigin: (*class == Class::Font).then_some(CrossOrigin::Anonymous),
                integrity: None,
                corrupt: false,
                rank: Rank::Used,
                module: *class == Class::Module,
                order,
            };
            Self {
                fetches: (0u32..).zip(fetches).map(fetch).collect(),
                foreign: None,
            }
        }

        fn with(mut self, path: &str, change: impl Fn(&mut Fetch)) -> Self {
            self.fetches
                .iter_mut()
                .filter(|fetch| &*fetch.path == path)
                .for_each(change);
            self
        }

        /// The plan as `path means`, and what was left out.
        fn planned(self, budget: u64) -> (Vec<String>, Vec<String>, String) {
            let graph = PageGraph {
                page: "/".into(),
                file: "index.html".into(),
                fetches: self.fetches,
                foreign_blocker: self.foreign,
                is_read: true,
            };
            let (plan, left_out) = plan(&graph, budget, |_| Some(1000), crate::emit::hint_bytes);
            let entry = |entry: &PlanEntry| {
                let means: Vec<&str> = entry.means.iter().map(|means| means.as_str()).collect();
                format!("{} {}", entry.asset.path, means.join("+"))
            };
            let left_out = left_out.iter().map(|left| left.path.to_string()).collect();
            (
                plan.entries.iter().map(entry).collect(),
                left_out,
                plan.reason,
            )
        }
    }

    const SHEET: (&str, Class, u32) = ("/a.css", Class::RenderBlocking, 1);
    const IMPORT: (&str, Class, u32) = ("/b.css", Class::RenderBlocking, 2);
    const SCRIPT: (&str, Class, u32) = ("/c.js", Class::RenderBlocking, 1);
    const FONT: (&str, Class, u32) = ("/f.woff2", Class::Font, 1);
    const MODULE: (&str, Class, u32) = ("/m.js", Class::Module, 1);
    const DEEP_MODULE: (&str, Class, u32) = ("/n.js", Class::Module, 2);
    const IMAGE: (&str, Class, u32) = ("/i.png", Class::Image, 1);

    #[test]
    fn the_closure_is_pushed_whole_or_not_at_all() {
        for (fetches, budget, expected) in [
            // Fits, and the preload scanner sees it: no hints.
            (
                [SHEET, SCRIPT].as_slice(),
                2000,
                ["/a.css push", "/c.js push"].as_slice(),
            ),
            // One byte too few: nothing, for the scanner sees it.
            (&[SHEET, SCRIPT], 1999, &[]),
            // A hidden import: hinted with everything before it, in evaluation order.
            (
                &[SHEET, IMPORT, SCRIPT],
                3000,
                &["/a.css push+hint", "/b.css push+hint", "/c.js push"],
            ),
            (
                &[SHEET, IMPORT, SCRIPT],
                2999,
                &["/a.css hint", "/b.css hint"],
            ),
            (
                &[SCRIPT, SHEET, IMPORT],
                0,
                &["/c.js hint", "/a.css hint", "/b.css hint"],
            ),
            // Images are never sent.
            (&[IMAGE], 9000, &[]),
            (&[], 9000, &[]),
        ] {
            let (found, _, reason) = Page::new(fetches).planned(budget);
            assert_eq!(found, expected, "{fetches:?} within {budget}: {reason}");
        }
    }

    #[test]
    fn fonts_and_module_graphs_follow_if_they_fit_what_is_left() {
        for (fetches, budget, expected) in [
            (
                [SHEET, FONT].as_slice(),
                2000,
                ["/a.css push", "/f.woff2 push"].as_slice(),
            ),
            (&[SHEET, FONT], 1500, &["/a.css push"]),
            // A module graph goes as a whole.
            (
                &[SHEET, MODULE, DEEP_MODULE],
                3000,
                &["/a.css push+hint", "/m.js push+hint", "/n.js push+hint"],
            ),
            (
                &[SHEET, MODULE, DEEP_MODULE],
                2999,
                &["/a.css push+hint", "/m.js hint", "/n.js hint"],
            ),
            (
                &[MODULE, DEEP_MODULE],
                2000,
                &["/m.js push+hint", "/n.js push+hint"],
            ),
            // One module alone hides nothing.
            (&[SHEET, MODULE], 9000, &["/a.css push"]),
            // Behind a closure that is not pushed nothing is pushed.
            (&[SHEET, SCRIPT, FONT], 1000, &[]),
        ] {
            let (found, _, reason) = Page::new(fetches).planned(budget);
            assert_eq!(found, expected, "{fetches:?} within {budget}: {reason}");
        }
    }

    #[test]
    fn an_incomplete_closure_is_not_pushed_and_the_reason_names_the_gap() {
        let page = || Page::new(&[SHEET, IMPORT, SCRIPT]);
        let missing = page().with("/c.js", |fetch| (fetch.missing, fetch.file) = (true, None));
        let unsure = page().with("/c.js", |fetch| fetch.confidence = 0.9);
        let mut foreign = page();
        foreign.foreign = Some("https://cdn.example/x.css".to_owned());
        for (page, gap, left_out) in [
            (missing, "/c.js: there is no such file", vec!["/c.js"]),
            (unsure, "/c.js: another viewport", vec!["/c.js"]),
            (
                foreign,
                "https://cdn.example/x.css blocks rendering too",
                vec!["/c.js"],
            ),
        ] {
            let (found, left, reason) = page.planned(9000);
            assert_eq!(found, ["/a.css hint", "/b.css hint"], "{gap}");
            assert_eq!(left, left_out);
            assert!(reason.contains(gap), "{reason}");
        }
    }

    #[test]
    fn hints_stay_within_their_header_budget() {
        let paths: Vec<String> = (0..200)
            .map(|n| format!("/modules/with/a/long/name/{n:03}.js"))
            .collect();
        let fetches: Vec<(&str, Class, u32)> = paths
            .iter()
            .map(|path| (path.as_str(), Class::Module, 2))
            .collect();
        let (found, left_out, _) = Page::new(&fetches).planned(0);
        let bytes: usize = found
            .iter()
            .map(|entry| entry.len() - " hint".len() + "<>; rel=modulepreload; crossorigin".len())
            .sum();
        assert!(bytes as u64 <= MAX_HINT_BYTES && bytes > 4000, "{bytes}");
        assert_eq!(found.len() + left_out.len(), 200);
    }

    #[test]
    fn hints_that_would_not_reach_a_hidden_file_are_not_sent() {
        let paths: Vec<String> = (0..200)
            .map(|n| format!("/sheets/with/a/long/name/{n:03}.css"))
            .collect();
        let mut fetches: Vec<(&str, Class, u32)> = paths
            .iter()
            .map(|path| (path.as_str(), Class::RenderBlocking, 1))
            .collect();
        fetches.push(("/hidden.css", Class::RenderBlocking, 2));
        assert_eq!(Page::new(&fetches).planned(0).0, Vec::<String>::new());
    }

    #[test]
    fn each_module_graph_is_judged_by_itself() {
        let page = Page::new(&[("/lone.js", Class::Module, 1), MODULE, DEEP_MODULE]);
        assert_eq!(page.planned(9000).0, ["/m.js push+hint", "/n.js push+hint"]);
    }

    #[test]
    fn what_a_browser_would_throw_away_is_not_sent() {
        let corrupt = Page::new(&[SHEET]).with("/a.css", |fetch| fetch.corrupt = true);
        assert_eq!(corrupt.planned(9000).0, Vec::<String>::new());
        let plain_font =
            Page::new(&[SHEET, FONT]).with("/f.woff2", |fetch| fetch.crossorigin = None);
        assert_eq!(plain_font.planned(9000).0, ["/a.css push"]);
    }

    #[test]
    fn late_and_conditional_fetches_are_not_planned() {
        let page =
            Page::new(&[SHEET, FONT]).with("/f.woff2", |fetch| fetch.when = When::Conditional);
        assert_eq!(page.planned(9000).0, ["/a.css push"]);
    }
}
