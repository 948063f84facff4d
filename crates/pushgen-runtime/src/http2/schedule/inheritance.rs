//! What pages and pushes inherit: the urgency that counts.
//!
//! In: pages and their pushes, each with the urgency of its request or policy. Out: the urgency of each
//! push among all responses of the connection, and of each page's head.
//!
//! What goes before inherits the urgency of what waits for it: an earlier push of a plan that of a later
//! one, the page's head that of its most urgent push. An urgency of 3 or better, as the assets of a plan
//! have, puts a push before the rest of its page, whatever urgency the client gave the page; one of 4 or
//! worse puts it after. Of a page that the client ranks below 3 no push ranks better than the page. An
//! urgency that the client itself gives a push (RFC 9218, section 7.1) holds as it is.

use std::cmp::Reverse;

use super::{DEFAULT_URGENCY, Entry, Kind, LOWEST_URGENCY, Schedule};

impl Schedule {
    /// Works out what pages and pushes inherit from the pushes that wait for them.
    pub(super) fn regroup(&mut self) {
        if !std::mem::take(&mut self.groups_are_stale) {
            return;
        }
        self.best = None;
        let mut pushes: Vec<(u32, Reverse<u32>, usize)> = Vec::with_capacity(self.pushes);
        for (index, entry) in self.entries.iter_mut().enumerate() {
            match entry.as_mut().map(|entry| &mut entry.kind) {
                Some(Kind::Main { best_push, .. }) => *best_push = None,
                Some(Kind::Pushed {
                    parent,
                    order,
                    is_cancelled: false,
                    ..
                }) => pushes.push((*parent, Reverse(*order), index)),
                _ => {}
            }
        }
        pushes.sort_unstable();
        for group in pushes.chunk_by(|one, other| one.0 == other.0) {
            let Some((page, ..)) = group.first() else {
                continue;
            };
            let page = self.entries.iter().position(|entry| {
                entry.as_ref().is_some_and(|entry| {
                    entry.stream == *page && matches!(entry.kind, Kind::Main { .. })
                })
            });
            let known = page.and_then(|index| self.entries.get(index)?.as_ref());
            let known = known.map(|page| page.urgency);
            let mut best = LOWEST_URGENCY;
            let mut needed = LOWEST_URGENCY;
            for (.., index) in group {
                let Some(Some(Entry {
                    urgency,
                    kind:
                        Kind::Pushed {
                            page_urgency,
                            inherited,
                            by_client,
                            ..
                        },
                    ..
                })) = self.entries.get_mut(*index)
                else {
                    continue;
                };
                *page_urgency = known.unwrap_or(*page_urgency);
                *inherited = if *by_client {
                    *urgency
                } else {
                    needed = needed.min(urgency_of_push(*urgency, *page_urgency));
                    needed
                };
                best = best.min(*inherited);
            }
            if let Some(Some(Entry {
                kind: Kind::Main { best_push, .. },
                ..
            })) = page.and_then(|index| self.entries.get_mut(index))
            {
                *best_push = Some(best);
            }
        }
    }
}

/// The urgency of a push among the responses of its connection. Policies give urgencies for a page of
/// the default one.
fn urgency_of_push(urgency: u8, page: u8) -> u8 {
    if page > DEFAULT_URGENCY {
        urgency.max(page)
    } else if urgency > DEFAULT_URGENCY {
        urgency
    } else {
        urgency.min(page)
    }
}
