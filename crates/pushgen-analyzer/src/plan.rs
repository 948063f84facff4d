//! The plan: what to send with a page, in which order and by which means.
//!
//! In: a page's graph, the weights of its assets and a budget in wire bytes. Out: a [`Plan`] with a
//! reason for itself and for each entry, and what was left out and why.
//!
//! Candidates, in send order: the first-paint closure in evaluation order (what blocks rendering in document order, each
//! sheet followed by its imports, then what else the first content waits for: scripts that stop the parser before it, or
//! that draw it), fonts, module graphs that hide something from the preload scanner, and the image of the largest paint.
//! Then:
//!
//! - *Push* is all or nothing: a strict subset of the closure saves no round trip over hints. The
//!   closure is pushed if it is complete (every file is this site's, exists and is certain) and fits
//!   the budget; modules and fonts follow if they fit what is left of it.
//! - Of a closure that is complete but over the budget, the first files that fit may be pushed. That only fills the line
//!   until the first request arrives, so that [`choice`] asks more of it.
//! - *Hint* what a browser cannot see early (depth 2 and deeper), together with everything before it:
//!   a hint for a late file alone would overtake what the first paint waits for. Where the preload
//!   scanner sees every candidate in the document, hints gain nothing and are left out, unless the closure ends so late in
//!   the document that [`choice`] finds a gain.
//! - *The largest paint* is hinted if it is one image at all viewports, nearly for sure. An image that
//!   a sheet names is hinted behind that sheet or not at all: alone it would compete with what the
//!   first paint waits for. An image that the preload scanner sees is hinted only where hints are sent
//!   anyway. Images are never pushed: they would delay the rest of the document.
//! - *Link*, in the final response only, the images that some viewports ask for and that are worth it: the largest one,
//!   and what the page preloads by itself; with the attributes that leave the choice to the browser ([`responsive`]).
//!
//! So much for the rules. Of what they propose, [`choice`] takes what makes simulated loads of the page faster.
//!
//! What only a trace shows is never planned, and the plan is made as if it were not there: a trace says what one load
//! asked for, and a push that the next load has no use for costs more than it gains.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, Destination, MAX_PUSHES, Means, Responsive, UrlPath};

use self::choice::{Choice, Choosable, Scanner};
use crate::graph::{Fetch, LcpImage, PageGraph};
use crate::lcp::PLANNED;
use crate::model::Modelled;
use crate::reference::{When, confidence};
use crate::simulation::Sent;
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
    /// Whether its pushes go before what of the document the first paint can do without, and not after all of it.
    pub is_interleaved: bool,
}

impl Plan {
    /// What is pushed and hinted, in send order.
    pub fn sent(&self) -> impl Iterator<Item = Sent<'_>> {
        self.entries.iter().map(|entry| Sent {
            path: &entry.asset.path,
            push: entry.means.contains(&Means::Push),
            hint: entry.means.contains(&Means::Hint),
        })
    }

    /// How many bytes of a document go before its pushes, if its first paint needs so many.
    #[must_use]
    pub fn head(&self, first_paint_bytes: u64) -> u64 {
        match self.is_interleaved {
            true => first_paint_bytes,
            false => u64::MAX,
        }
    }

    /// Whether anything is pushed.
    #[must_use]
    pub fn pushes(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.means.contains(&Means::Push))
    }
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
    /// Which viewports ask for it, if not all do.
    pub responsive: Option<Arc<Responsive>>,
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

impl LeftOut {
    fn of_trace(fetch: &Fetch) -> Self {
        Self {
            path: Arc::clone(&fetch.path),
            reason: "only a trace shows it, and another load may not ask for it".to_owned(),
        }
    }
}

/// What may be sent with a page, and by which means it should be, as far as rules tell.
pub(crate) struct Proposal {
    /// In send order; those without means are to be left out.
    entries: Vec<PlanEntry>,
    left_out: Vec<LeftOut>,
    closure: Closure,
    budget: u64,
    /// By entry: whether it can be hinted at all, and the header has room.
    may_hint: Vec<bool>,
    /// How many entries are the closure's, and how many of them fit the budget when not all do.
    in_closure: usize,
    part: usize,
}

/// Proposes what to send with a page. `holds_paint` tells of what does not block rendering whether the first paint waits for
/// it all the same; `wire_bytes` weighs an asset, `None` if it cannot be read; `hint_bytes` gives the length of its `Link`
/// value, `None` if it cannot be hinted.
pub(crate) fn propose(
    graph: &PageGraph,
    budget: u64,
    holds_paint: impl Fn(&str) -> bool,
    wire_bytes: impl Fn(FileId) -> Option<u64>,
    hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>,
) -> Proposal {
    let mut fetches: Vec<&Fetch> = graph
        .fetches
        .iter()
        .filter(|fetch| fetch.when == When::Load)
        .collect();
    fetches.sort_by_key(|fetch| fetch.order);
    let (traced, fetches): (Vec<_>, Vec<_>) =
        fetches.into_iter().partition(|fetch| fetch.is_traced());
    let candidates = |wanted: &dyn Fn(&Fetch) -> bool| -> Vec<Candidate<'_>> {
        let chosen = fetches.iter().filter(|fetch| wanted(fetch));
        chosen
            .map(|fetch| Candidate {
                fetch,
                eligible: eligible(fetch, &wire_bytes),
            })
            .collect()
    };
    let holds_paint = |fetch: &Fetch| {
        !fetch.render_blocking
            && matches!(fetch.destination, Destination::Script | Destination::Style)
            && holds_paint(&fetch.path)
    };
    let mut closure = candidates(&|fetch| fetch.render_blocking);
    closure.extend(candidates(&holds_paint));
    let fonts = candidates(&|fetch| fetch.class == Class::Font);
    let is_module = |fetch: &Fetch| fetch.class == Class::Module && !holds_paint(fetch);
    let modules = module_graphs(candidates(&is_module));

    let verdict = Closure::judge(graph, &closure, budget);
    let mut planner = Planner {
        left: budget,
        pushes_left: MAX_PUSHES,
        entries: Vec::new(),
        left_out: traced.into_iter().map(LeftOut::of_trace).collect(),
        ends_hidden: false,
    };
    planner.add(&closure, verdict == Closure::Fits);
    let in_closure = planner.entries.len();
    // Behind a closure that is not pushed, other pushes would only compete with it.
    let may_push = matches!(verdict, Closure::Fits | Closure::Empty);
    for group in fonts.chunks(1).chain(modules.iter().map(Vec::as_slice)) {
        let fits = total(group).is_some_and(|bytes| bytes <= planner.left);
        let fits = fits && group.len() <= planner.pushes_left;
        planner.add(group, may_push && fits);
    }
    for lcp in &graph.lcp {
        planner.add_lcp(lcp, &fetches, &wire_bytes);
    }
    let hinted_bytes = planner.hint(&hint_bytes);
    // A link to any other image only overtakes what the page needs first.
    let images = fetches.iter().copied().filter(|fetch| {
        fetch.destination == Destination::Image
            && !fetch.viewports.is_empty()
            && (fetch.class == Class::Lcp || fetch.is_preloaded)
    });
    planner.link(images, hinted_bytes, &wire_bytes, &hint_bytes);
    let mut spent = 0;
    let may_hint = |entry: &PlanEntry| {
        let bytes = hint_bytes(&entry.asset).filter(|_| !entry.means.contains(&Means::Link));
        spent += bytes.unwrap_or(0);
        bytes.is_some() && spent <= MAX_HINT_BYTES
    };
    Proposal {
        may_hint: planner.entries.iter().map(may_hint).collect(),
        entries: planner.entries,
        left_out: planner.left_out,
        in_closure,
        part: match verdict {
            Closure::TooLarge { .. } | Closure::TooMany { .. } => first_part(&closure, budget),
            _ => 0,
        },
        closure: verdict,
        budget,
    }
}

impl Proposal {
    /// What there is to choose from; nothing if some of it is not in the model.
    pub(crate) fn choosable(&self, modelled: &Modelled) -> Option<Vec<Choosable>> {
        let assets: HashMap<&Arc<str>, u16> = modelled.paths.iter().zip(0..).collect();
        let linked = |entry: &PlanEntry| entry.means.contains(&Means::Link);
        let entries = self.entries.iter().zip(&self.may_hint).enumerate();
        let choosable =
            entries
                .filter(|(_, (entry, _))| !linked(entry))
                .map(|(at, (entry, may_hint))| {
                    Some(Choosable {
                        asset: *assets.get(&entry.asset.path)?,
                        class: entry.class,
                        in_closure: at < self.in_closure,
                        may_push: at < self.part || entry.means.contains(&Means::Push),
                        may_hint: *may_hint,
                        is_hint_proposed: entry.means.contains(&Means::Hint),
                    })
                });
        choosable.collect()
    }

    /// The plan, and what is not in it. Without a choice it is what the rules say.
    pub(crate) fn settle(mut self, choice: Option<&Choice>) -> (Plan, Vec<LeftOut>) {
        if let Some(choice) = choice {
            let linked = |entry: &&mut PlanEntry| !entry.means.contains(&Means::Link);
            let chosen = choice.push.iter().zip(&choice.hint);
            for (entry, (push, hint)) in self.entries.iter_mut().filter(linked).zip(chosen) {
                let means = [push.then_some(Means::Push), hint.then_some(Means::Hint)];
                entry.means = means.into_iter().flatten().collect();
            }
        }
        let (entries, idle): (Vec<_>, Vec<_>) = self
            .entries
            .into_iter()
            .partition(|entry| !entry.means.is_empty());
        let mut left_out = self.left_out;
        left_out.extend(idle.into_iter().map(|entry| LeftOut {
            reason: self.closure.left_out_reason(&entry).to_owned(),
            path: entry.asset.path,
        }));
        let reason = self.closure.reason(&entries, self.budget, choice);
        let plan = Plan {
            entries,
            reason,
            is_interleaved: choice.is_none_or(|choice| choice.is_interleaved),
        };
        (plan, left_out)
    }
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
    if !fetch.viewports.is_empty() {
        return Err("not all viewports ask for it");
    }
    if fetch.class == Class::Font && fetch.confidence == confidence::MACHINE {
        return Err("machines that have a font of an earlier name in the list do without it");
    }
    if fetch.confidence <= confidence::LAYOUT {
        return Err("only a layout can tell whether it is fetched at once");
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

/// How many of the first fit the budget.
fn first_part(closure: &[Candidate<'_>], budget: u64) -> usize {
    let mut left = budget;
    let fits = |candidate: &&Candidate<'_>| {
        let bytes = candidate.eligible.map_or(u64::MAX, |(_, bytes)| bytes);
        let rest = left.checked_sub(bytes);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let first = closure.iter().take(MAX_PUSHES);
    first.take_while(fits).count()
}

/// The bytes of all, if all are eligible.
fn total(candidates: &[Candidate<'_>]) -> Option<u64> {
    candidates
        .iter()
        .map(|candidate| candidate.eligible.ok().map(|(_, bytes)| bytes))
        .sum()
}

struct Planner {
    /// What is left of the budget, and of the pushes that a server makes with a page.
    left: u64,
    pushes_left: usize,
    entries: Vec<PlanEntry>,
    left_out: Vec<LeftOut>,
    /// Whether the last entry is an image of the largest paint that nobody sees before the sheets have arrived.
    ends_hidden: bool,
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
                self.pushes_left = self.pushes_left.saturating_sub(1);
            }
            self.entries.push(PlanEntry {
                asset: planned_asset(fetch, file),
                bytes,
                class: fetch.class,
                depth: fetch.depth,
                means: if push { vec![Means::Push] } else { Vec::new() },
                responsive: None,
                reason: entry_reason(fetch),
            });
        }
    }

    /// Adds the image of the largest paint, or says why not.
    fn add_lcp(
        &mut self,
        lcp: &LcpImage,
        fetches: &[&Fetch],
        wire_bytes: impl Fn(FileId) -> Option<u64>,
    ) {
        let fetch = fetches.iter().find(|fetch| fetch.path == lcp.path);
        if fetch.is_some_and(|fetch| fetch.class == Class::Lcp && !fetch.viewports.is_empty()) {
            // Whether it is linked is told with the other images that only some viewports ask for.
            return;
        }
        let mut leave_out = |reason: String| {
            self.left_out.push(LeftOut {
                path: Arc::clone(&lcp.path),
                reason,
            });
        };
        if !lcp.viewports.is_empty() {
            let viewports = lcp.viewports.join(", ");
            return leave_out(format!("the largest paint only at {viewports}"));
        }
        if lcp.confidence < PLANNED {
            let confidence = lcp.confidence;
            return leave_out(format!(
                "not sure enough to be the largest paint: {confidence:.2}"
            ));
        }
        let Some(fetch) = fetch else {
            return leave_out("the largest paint, but it is lazy".to_owned());
        };
        let is_in_style = fetch.used_by.is_some();
        let is_planned =
            |path: &Arc<str>| self.entries.iter().any(|entry| entry.asset.path == *path);
        if is_in_style && fetch.depth >= 2 && !is_planned(&fetch.initiator) {
            return leave_out(format!(
                "the largest paint, but not without {}, which names it",
                fetch.initiator
            ));
        }
        let waits_for_sheets = is_in_style && !self.entries.is_empty();
        let before = self.entries.len();
        let eligible = eligible(fetch, wire_bytes);
        self.add(&[Candidate { fetch, eligible }], false);
        self.ends_hidden = waits_for_sheets && self.entries.len() > before;
    }

    /// Hints everything up to the last file that is hidden from the preload scanner and for which the
    /// header has room. Hints that stop short of every hidden file would gain nothing; where some are
    /// sent, the image of the largest paint is among them. Returns what they take of the header.
    fn hint(&mut self, hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>) -> u64 {
        let mut spent = 0;
        let mut end = 0;
        for (at, entry) in self.entries.iter().enumerate() {
            spent += hint_bytes(&entry.asset).unwrap_or(0);
            if spent > MAX_HINT_BYTES {
                break;
            }
            let is_last = at + 1 == self.entries.len();
            let is_hidden = entry.depth >= 2 || (is_last && self.ends_hidden);
            if is_hidden || (entry.class == Class::Lcp && end > 0) {
                end = at + 1;
            }
        }
        let mut hinted = 0;
        for entry in &mut self.entries[..end] {
            if let Some(bytes) = hint_bytes(&entry.asset) {
                entry.means.push(Means::Hint);
                hinted += bytes;
            }
        }
        hinted
    }

    /// Links images that only some viewports ask for, in what the header has left.
    fn link<'g>(
        &mut self,
        images: impl Iterator<Item = &'g Fetch>,
        mut spent: u64,
        wire_bytes: impl Fn(FileId) -> Option<u64>,
        hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>,
    ) {
        let mut choices = responsive::Choices::default();
        for fetch in images {
            let everywhere = Fetch {
                viewports: Vec::new(),
                confidence: confidence::CERTAIN,
                ..fetch.clone()
            };
            let eligible = eligible(&everywhere, &wire_bytes).map_err(str::to_owned);
            let planned = eligible.and_then(|(file, bytes)| {
                let asset = planned_asset(fetch, file);
                let responsive = choices.attributes(fetch)?;
                let link = hint_bytes(&asset).map(|link| link + responsive::bytes(responsive));
                match link.filter(|link| spent + link <= MAX_HINT_BYTES) {
                    Some(link) => spent += link,
                    None => return Err("the header of links has no room for it".to_owned()),
                }
                choices.add_link(fetch, responsive);
                Ok(PlanEntry {
                    asset,
                    bytes,
                    class: fetch.class,
                    depth: fetch.depth,
                    means: vec![Means::Link],
                    responsive: Some(Arc::clone(responsive)),
                    reason: responsive::reason(fetch),
                })
            });
            match planned {
                Ok(entry) => self.entries.push(entry),
                Err(reason) => self.left_out.push(LeftOut {
                    path: Arc::clone(&fetch.path),
                    reason,
                }),
            }
        }
    }
}

fn planned_asset(fetch: &Fetch, file: FileId) -> PlannedAsset {
    PlannedAsset {
        path: Arc::clone(&fetch.path),
        destination: fetch.destination,
        module: fetch.module,
        crossorigin: fetch.crossorigin,
        integrity: fetch.integrity.clone(),
        file,
    }
}

fn entry_reason(fetch: &Fetch) -> String {
    let needed = match (fetch.class, fetch.destination) {
        (Class::RenderBlocking, Destination::Style) => "nothing is painted before it",
        (Class::RenderBlocking, _) if fetch.parser_blocking => {
            "the parser and the first paint wait for it"
        }
        (Class::RenderBlocking, _) => "the first paint waits for it",
        (Class::ParserBlocking, _) => "the parser waits for it before there is anything to show",
        (Class::Font, _) => "text of the page is set in it",
        (Class::Lcp, _) => "the largest paint",
        _ if fetch.depth >= 2 => "part of a module graph",
        _ => "leads to modules that the preload scanner cannot see",
    };
    match fetch.depth {
        0 | 1 if fetch.class == Class::Lcp && fetch.used_by.is_some() => {
            format!("{needed}; it is asked for when the sheets have arrived")
        }
        0 | 1 => needed.to_owned(),
        _ => format!(
            "{needed}; {} hides it from the preload scanner",
            fetch.initiator
        ),
    }
}

/// What a gain means, in steps that keep equal plans equal.
fn earlier(gain: f64) -> String {
    let percent = (gain * 20.0).floor() * 5.0;
    match percent >= 5.0 {
        true => format!(", so that the first or the largest paint comes up to {percent} % earlier"),
        false => String::new(),
    }
}

/// What can be said of a page's first-paint closure.
#[derive(Debug, PartialEq, Eq)]
enum Closure {
    /// The document could not be read.
    Unread,
    Empty,
    Fits,
    TooLarge {
        bytes: u64,
    },
    TooMany {
        files: usize,
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
            _ if closure.len() > MAX_PUSHES => Self::TooMany {
                files: closure.len(),
            },
            _ => Self::Fits,
        }
    }

    /// Why a candidate is neither pushed nor hinted; what is linked never comes here.
    fn left_out_reason(&self, entry: &PlanEntry) -> &'static str {
        match self {
            _ if entry.class == Class::Lcp && entry.depth < 2 => {
                "the largest paint, and the preload scanner sees it"
            }
            _ if entry.depth >= 2 => "neither the budget nor the header of hints has room for it",
            Self::Fits | Self::Empty => {
                "it does not fit what is left of the budget, and the preload scanner sees it"
            }
            _ => "it is not pushed without the whole closure, and the preload scanner sees it",
        }
    }

    fn reason(&self, entries: &[PlanEntry], budget: u64, choice: Option<&Choice>) -> String {
        let count = |means| {
            entries
                .iter()
                .filter(|entry| entry.means.contains(&means))
                .count()
        };
        let gain =
            |gain: fn(&Choice) -> f64| choice.map_or(String::new(), |choice| earlier(gain(choice)));
        let hint_gain = gain(|choice| choice.hint_gain);
        let hinted = match count(Means::Hint) {
            0 if choice.is_some_and(|choice| choice.declines_hints) => {
                "hints make no simulated load faster without making another one slower".to_owned()
            }
            0 => "the preload scanner sees everything early, so hints gain nothing".to_owned(),
            hints => {
                let scanner = choice.map_or(Scanner::Blind, |choice| choice.scanner);
                let files = if hints == 1 { "1 file is" } else { "files are" };
                let why = match (scanner, hints) {
                    (Scanner::Blind, 1) => "the preload scanner cannot see it",
                    (Scanner::Blind, _) => "the preload scanner cannot see all of them",
                    (Scanner::Late, 1) => "the preload scanner sees it late",
                    (Scanner::Late, _) => "the preload scanner sees them late",
                    (Scanner::Waiting, _) => "the server thinks before it sends the document",
                };
                let count = if hints > 1 {
                    format!("{hints} ")
                } else {
                    String::new()
                };
                format!("{count}{files} hinted, because {why}{hint_gain}")
            }
        };
        let hinted = match count(Means::Link) {
            0 => hinted,
            1 => format!("{hinted}; 1 image is linked for the viewports that ask for it"),
            links => {
                format!("{hinted}; {links} images are linked for the viewports that ask for them")
            }
        };
        match self {
            Self::Unread => "the document was not analysed".to_owned(),
            Self::Empty if entries.is_empty() => {
                "nothing but the document holds back the first paint".to_owned()
            }
            Self::Empty => format!("nothing but the document holds back the first paint; {hinted}"),
            Self::Fits if count(Means::Push) == 0 => format!(
                "the whole first-paint closure fits the budget of {budget} bytes, but pushes make no simulated load faster without making another one slower; {hinted}"
            ),
            Self::Fits => format!(
                "the whole first-paint closure fits the budget of {budget} bytes and is pushed{}; {hinted}",
                gain(|choice| choice.push_gain)
            ),
            Self::TooLarge { bytes } if count(Means::Push) > 0 => format!(
                "the first-paint closure of {bytes} bytes exceeds the budget of {budget}, and what fits is pushed{}; {hinted}",
                gain(|choice| choice.push_gain)
            ),
            Self::TooLarge { bytes } => {
                format!(
                    "the first-paint closure of {bytes} bytes exceeds the budget of {budget} and is not pushed; {hinted}"
                )
            }
            Self::TooMany { files } => {
                let pushed = match count(Means::Push) {
                    0 => "not pushed".to_owned(),
                    _ => {
                        let gain = gain(|choice| choice.push_gain);
                        format!("pushed as far as it goes{gain}")
                    }
                };
                format!(
                    "the first-paint closure has {files} files, more than the {MAX_PUSHES} that go with a page, and is {pushed}; {hinted}"
                )
            }
            Self::Incomplete { because } => {
                format!(
                    "the first-paint closure is not complete and is not pushed ({because}); {hinted}"
                )
            }
        }
    }
}

pub(crate) mod choice;
mod responsive;
#[cfg(test)]
mod tests;
