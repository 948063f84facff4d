//! What is sent with a page, for the model.
//!
//! In: a policy and the page's analysis. Out: the entries of its plan in send order, and whether its pushes interrupt the
//! document.

use pushgen_analyzer::{PageAnalysis, Sent};
use pushgen_policy::{Coding, Policy};

/// An asset that is sent with a page.
pub(super) struct Entry {
    path: String,
    push: bool,
    hint: bool,
}

impl Entry {
    pub(super) fn of(sent: Sent<'_>) -> Self {
        Self {
            path: sent.path.to_owned(),
            push: sent.push,
            hint: sent.hint,
        }
    }

    pub(super) fn sent(&self) -> Sent<'_> {
        Sent {
            path: &self.path,
            push: self.push,
            hint: self.hint,
        }
    }
}

/// What a policy sends with a page.
pub(super) fn sent_by(policy: &Policy, analysis: &PageAnalysis) -> (Vec<Entry>, bool) {
    let page = policy.page(&analysis.graph.page);
    let Some((page, plan)) = page.and_then(|page| Some((page, policy.plans().get(page.plan)?)))
    else {
        return (Vec::new(), false);
    };
    let entries = plan.entries.iter().filter_map(|entry| {
        let asset = policy.assets().get(entry.asset)?;
        Some(Entry {
            path: asset.path.to_string(),
            push: entry.push,
            hint: entry.hint,
        })
    });
    let head = page.head.bytes(Coding::Identity);
    let is_interleaved = head.is_none_or(|head| head <= analysis.first_paint_bytes);
    (entries.collect(), is_interleaved)
}
