//! The proposal: what rules say of a page, before its loads are simulated.
//!
//! In: a page's graph, weights, a budget. Out: a [`Proposal`]: entries in send order with the means that rules propose, what
//! of them can be chosen, and, with a choice, the plan.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, Destination, MAX_PUSHES, Means};

use super::candidate::{Candidate, eligible, first_part, module_graphs, planned_asset, total};
use super::choice::{Choice, Choosable};
use super::closure::Closure;
use super::reason::entry_reason;
use super::{LeftOut, Plan, PlanEntry, PlannedAsset, responsive};
use crate::graph::{Fetch, LcpImage, PageGraph};
use crate::lcp::PLANNED;
use crate::model::Modelled;
use crate::reference::{When, confidence};
use crate::site::FileId;

/// The most bytes of `Link` fields that one 103 may carry: they travel before the document.
pub(super) const MAX_HINT_BYTES: u64 = 4096;

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
    planner.add(&closure, true, verdict == Closure::Fits);
    let in_closure = planner.entries.len();
    // Behind a closure that is not pushed, other pushes would only compete with it.
    let may_push = matches!(verdict, Closure::Fits | Closure::Empty);
    for group in fonts.chunks(1).chain(modules.iter().map(Vec::as_slice)) {
        let fits = total(group).is_some_and(|bytes| bytes <= planner.left);
        let fits = fits && group.len() <= planner.pushes_left;
        planner.add(group, false, may_push && fits);
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
    // What is linked has its room; hints that are chosen beside those proposed have the rest.
    let linked_bytes = planner.link(images, hinted_bytes, &wire_bytes, &hint_bytes);
    let mut spent = linked_bytes;
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
        let is_pushed = |entry: &PlanEntry| entry.means.contains(&Means::Push);
        let pushes = entries.iter().any(is_pushed);
        let mut left_out = self.left_out;
        left_out.extend(idle.into_iter().map(|entry| {
            LeftOut {
                reason: self
                    .closure
                    .left_out_reason(&entry, choice, pushes)
                    .to_owned(),
                path: entry.asset.path,
            }
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
    fn add(&mut self, candidates: &[Candidate<'_>], in_closure: bool, push: bool) {
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
                reason: entry_reason(fetch, in_closure),
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
        self.add(&[Candidate { fetch, eligible }], false, false);
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

    /// Links images that only some viewports ask for, in what the header has left. Returns what they take of it.
    fn link<'g>(
        &mut self,
        images: impl Iterator<Item = &'g Fetch>,
        hinted: u64,
        wire_bytes: impl Fn(FileId) -> Option<u64>,
        hint_bytes: impl Fn(&PlannedAsset) -> Option<u64>,
    ) -> u64 {
        let mut spent = hinted;
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
        spent - hinted
    }
}
