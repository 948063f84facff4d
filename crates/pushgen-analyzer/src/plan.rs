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
//! - *Push* the closure if it is complete (every file is this site's, exists and is certain), fits the budget and has no
//!   more than [`MAX_PUSHES`](pushgen_policy::MAX_PUSHES) files: a strict subset saves no round trip over hints. Modules and
//!   fonts follow if they fit what is left.
//! - Of a closure that is complete but over the budget, the first files that fit may be pushed. That only fills the line
//!   until the first request arrives, so that [`choice`] asks more of it.
//! - *Hint* what a browser cannot see early (depth 2 and deeper), together with everything before it:
//!   a hint for a late file alone would overtake what the first paint waits for. Where the preload
//!   scanner sees every candidate in the document, hints gain nothing and are left out, unless the closure ends so late in
//!   the document that [`choice`] finds a gain, or the server thinks before it sends the document.
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

use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, Destination, Means, Responsive};

pub(crate) use self::proposal::propose;
use crate::graph::Fetch;
use crate::simulation::Sent;
use crate::site::FileId;

/// The budget unless told otherwise: three initial windows of TCP (RFC 6928, 14,600 bytes each), the
/// most that is safe without knowing the network.
pub const DEFAULT_BUDGET: u64 = 43_800;

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

mod candidate;
pub(crate) mod choice;
mod closure;
mod proposal;
mod reason;
mod responsive;
#[cfg(test)]
mod tests;
