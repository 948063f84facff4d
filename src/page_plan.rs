//! What is sent with a page: the plan that is made for it, or the one that a policy has.
//!
//! In: the page's analysis, and an analyzer or a policy. Out: the entries in send order with their reasons, in one form
//! for the model and for the report. Of what a policy leaves out nothing is known.

use pushgen_analyzer::{Analyzer, LeftOut, PageAnalysis, Sent};
use pushgen_policy::{Class, Coding, Means, Policy, UNTOLD_HEAD};

/// What is sent with a page.
#[derive(Debug)]
pub(crate) struct PagePlan {
    /// In send order.
    pub(crate) entries: Vec<Entry>,
    /// Why the plan is as it is.
    pub(crate) reason: String,
    /// How many bytes of the document go before its pushes.
    pub(crate) head: u64,
    pub(crate) left_out: Vec<LeftOut>,
}

/// An asset that is sent with a page.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The request target.
    pub(crate) path: String,
    pub(crate) class: Class,
    pub(crate) means: Vec<Means>,
    /// On the wire.
    pub(crate) bytes: u64,
    pub(crate) reason: String,
}

impl PagePlan {
    /// The plan that `analyze` would write, or that of the policy if there is one.
    pub(crate) fn of(
        policy: Option<&Policy>,
        analyzer: &Analyzer<'_>,
        analysis: &PageAnalysis,
    ) -> Self {
        match policy {
            Some(policy) => Self::of_policy(policy, analysis),
            None => Self::made(analyzer, analysis),
        }
    }

    fn made(analyzer: &Analyzer<'_>, analysis: &PageAnalysis) -> Self {
        let (plan, left_out) = analyzer.plan(analysis);
        let head = plan.head(analysis.first_paint_bytes);
        let entries = plan.entries.into_iter().map(|entry| Entry {
            path: entry.asset.path.to_string(),
            class: entry.class,
            means: entry.means,
            bytes: entry.bytes,
            reason: entry.reason,
        });
        Self {
            entries: entries.collect(),
            reason: plan.reason,
            head,
            left_out,
        }
    }

    /// What a policy sends with a page.
    pub(crate) fn of_policy(policy: &Policy, analysis: &PageAnalysis) -> Self {
        let page = policy.page(&analysis.graph.page);
        let Some((page, plan)) = page.and_then(|page| Some((page, policy.plans().get(page.plan)?)))
        else {
            return Self {
                entries: Vec::new(),
                reason: "the policy does not know the page".to_owned(),
                head: 0,
                left_out: Vec::new(),
            };
        };
        let entries = plan.entries.iter().filter_map(|entry| {
            let asset = policy.assets().get(entry.asset)?;
            let means = [
                (entry.push, Means::Push),
                (entry.hint, Means::Hint),
                (entry.link, Means::Link),
            ];
            let means = means.into_iter().filter(|(is_allowed, _)| *is_allowed);
            Some(Entry {
                path: asset.path.to_string(),
                class: entry.class,
                means: means.map(|(_, means)| means).collect(),
                bytes: asset.smallest_size(),
                reason: entry.reason.clone(),
            })
        });
        let head = page.head.bytes(Coding::Identity);
        Self {
            entries: entries.collect(),
            reason: plan.reason.clone(),
            head: head.unwrap_or_else(|| untold_head(analysis)),
            left_out: Vec::new(),
        }
    }

    /// What is pushed and hinted, in send order, for the model.
    pub(crate) fn sent(&self) -> Vec<Sent<'_>> {
        self.entries.iter().map(Entry::sent).collect()
    }
}

/// What a server takes as a page's head of its own accord, decoded.
fn untold_head(analysis: &PageAnalysis) -> u64 {
    let page = analysis.modelled.as_ref().map(|modelled| &modelled.page);
    let decoded = page.and_then(|page| {
        let plain = UNTOLD_HEAD * u64::from(page.html_plain());
        plain.checked_div(page.html_bytes().into())
    });
    decoded.unwrap_or(UNTOLD_HEAD)
}

impl Entry {
    fn sent(&self) -> Sent<'_> {
        Sent {
            path: &self.path,
            push: self.means.contains(&Means::Push),
            hint: self.means.contains(&Means::Hint),
        }
    }
}
