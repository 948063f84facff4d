//! What the figures say of a page's plan, and a policy that does as they say.
//!
//! In: paired times of loads with the plan and without. Out: medians, the difference with its interval, whether the
//! plan is better, worse, or neither; and for `--accept` the policy in which pages that measured worse have no plan.
//! Worse is a page whose first or largest paint is later on one of the networks: the 95 % interval of the difference
//! is above zero, and its median above 1 % of the time without. The load event does not count: a plan puts first what
//! is seen first.

use std::collections::{BTreeMap, HashMap};

use pushgen_policy::{Policy, PolicyError, wire};
use serde::Serialize;

use super::statistics::{interval, median};

/// The share of the time without a plan that a loss must exceed.
const NEGLIGIBLE: f64 = 0.01;

/// One metric with a plan and without, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// The median without the plan.
    pub(crate) without: f64,
    /// The median with it.
    pub(crate) with: f64,
    /// The median of the paired differences: negative is faster.
    pub(crate) difference: f64,
    /// The 95 % confidence interval of the difference; none of fewer than six pairs.
    pub(crate) interval: Option<(f64, f64)>,
    /// How many pairs there are.
    pub(crate) pairs: usize,
}

/// What a plan does to a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effect {
    Better,
    /// Not to be told from chance, or at most 1 %.
    Same,
    Worse,
}

impl Comparison {
    /// Compares pairs of (with, without). None of no pairs.
    pub(crate) fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let column = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).collect::<Vec<_>>();
        let differences = column(|(with, without)| with - without);
        Some(Self {
            without: median(&column(|(_, without)| *without))?,
            with: median(&column(|(with, _)| *with))?,
            difference: median(&differences)?,
            interval: interval(&differences),
            pairs: pairs.len(),
        })
    }

    /// The difference as a share of the time without the plan.
    pub(crate) fn share(&self) -> f64 {
        if self.without > 0.0 {
            self.difference / self.without
        } else {
            0.0
        }
    }

    pub(crate) fn effect(&self) -> Effect {
        match self.interval {
            Some((low, _)) if low > 0.0 && self.share() > NEGLIGIBLE => Effect::Worse,
            Some((_, high)) if high < 0.0 && self.share() < -NEGLIGIBLE => Effect::Better,
            _ => Effect::Same,
        }
    }
}

/// Takes the plans of these pages away, for the reason that stands with each. All others stay as they are; what no
/// plan names any more goes.
pub(crate) fn without_plans(
    policy: &Policy,
    losses: &BTreeMap<String, String>,
) -> Result<Policy, PolicyError> {
    let mut policy = wire::Policy::from(policy);
    let mut plans: Vec<wire::Plan> = Vec::new();
    let mut numbers: HashMap<wire::Plan, u32> = HashMap::new();
    // In the order of the first page that has each, as an analysis writes them.
    for (path, page) in &mut policy.pages {
        let plan = match losses.get(path) {
            Some(reason) => Some(wire::Plan {
                reason: reason.clone(),
                bytes: 0,
                entries: Vec::new(),
            }),
            None => policy.plans.get(page.plan as usize).cloned(),
        };
        // A checked policy has every plan that its pages name.
        let Some(plan) = plan else { continue };
        page.plan = *numbers.entry(plan.clone()).or_insert_with(|| {
            plans.push(plan);
            u32::try_from(plans.len() - 1).unwrap_or(u32::MAX)
        });
    }
    let mut is_used = vec![false; policy.assets.len()];
    let entries = || plans.iter().flat_map(|plan| &plan.entries);
    for entry in entries() {
        if let Some(used) = is_used.get_mut(entry.asset as usize) {
            *used = true;
        }
    }
    let places: Vec<u32> = is_used
        .iter()
        .scan(0, |next, used| {
            let place = *next;
            *next += u32::from(*used);
            Some(place)
        })
        .collect();
    let mut used = is_used.iter();
    policy.assets.retain(|_| used.next() == Some(&true));
    for entry in plans.iter_mut().flat_map(|plan| &mut plan.entries) {
        if let Some(place) = places.get(entry.asset as usize) {
            entry.asset = *place;
        }
    }
    policy.plans = plans;
    Policy::try_from(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fifteen pairs around 1000 ms, with a difference and some noise.
    fn pairs(difference: f64, noise: f64) -> Vec<(f64, f64)> {
        (0..15_i32)
            .map(|at| {
                let without = 1000.0 + f64::from(at);
                (
                    without + difference + noise * f64::from(at % 5 - 2),
                    without,
                )
            })
            .collect()
    }

    #[test]
    fn an_effect_is_sure_and_more_than_a_hundredth() {
        for (difference, noise, expected) in [
            (50.0, 5.0, Effect::Worse),
            (-50.0, 5.0, Effect::Better),
            (0.0, 5.0, Effect::Same),
            // Sure, but little.
            (8.0, 1.0, Effect::Same),
            (-8.0, 1.0, Effect::Same),
            // Much, but unsure.
            (50.0, 60.0, Effect::Same),
        ] {
            let comparison = Comparison::of(&pairs(difference, noise)).expect("pairs");
            assert_eq!(comparison.effect(), expected, "{comparison:?}");
        }
        let few = Comparison::of(&[(2000.0, 1000.0); 5]).expect("pairs");
        assert_eq!((few.interval, few.effect()), (None, Effect::Same));
        assert_eq!(few.difference, 1000.0);
        assert_eq!(Comparison::of(&[]), None);
    }

    const POLICY: &str = r#"{
        "$schema": "SCHEMA", "version": 1, "generator": "test",
        "assets": [
            {"path": "/a.css", "type": "text/css", "destination": "style", "sizes": {"identity": 10},
             "content": "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"},
            {"path": "/b.css", "type": "text/css", "destination": "style", "sizes": {"identity": 10},
             "content": "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}],
        "plans": [
            {"reason": "both", "bytes": 20, "entries": [
                {"asset": 0, "class": "render-blocking", "depth": 1, "means": ["hint"], "reason": "r"},
                {"asset": 1, "class": "render-blocking", "depth": 1, "means": ["hint"], "reason": "r"}]},
            {"reason": "one", "bytes": 10, "entries": [
                {"asset": 1, "class": "render-blocking", "depth": 1, "means": ["hint"], "reason": "r"}]}],
        "pages": {"/": {"plan": 0}, "/b/": {"plan": 1}, "/c/": {"plan": 1}}}"#;

    fn policy() -> Policy {
        let json = POLICY.replace("SCHEMA", pushgen_policy::SCHEMA);
        Policy::from_json(json.as_bytes()).expect("a policy")
    }

    fn accepted(pages: &[&str]) -> Policy {
        let losses = pages
            .iter()
            .map(|page| ((*page).to_owned(), "slower".to_owned()));
        without_plans(&policy(), &losses.collect()).expect("a policy")
    }

    #[test]
    fn a_page_that_loses_has_an_empty_plan_with_the_reason() {
        let accepted = accepted(&["/"]);
        let plan = accepted.plan_for("/").expect("a plan");
        assert_eq!((plan.reason.as_str(), plan.entries.len()), ("slower", 0));
        // What only its plan named is gone; the others send what they did.
        assert_eq!(accepted.assets().len(), 1);
        for page in ["/b/", "/c/"] {
            let plan = accepted.plan_for(page).expect("a plan");
            assert_eq!(plan.reason, "one");
            let sent = plan
                .entries
                .iter()
                .map(|entry| accepted.assets()[entry.asset].path.as_str());
            assert_eq!(sent.collect::<Vec<_>>(), ["/b.css"]);
        }
    }

    #[test]
    fn a_plan_that_other_pages_share_stays_theirs() {
        let accepted = accepted(&["/b/"]);
        assert_eq!(accepted.plan_for("/b/").expect("a plan").reason, "slower");
        assert_eq!(accepted.plan_for("/c/").expect("a plan").reason, "one");
        assert_eq!(accepted.plan_for("/").expect("a plan").entries.len(), 2);
    }

    #[test]
    fn without_losses_the_policy_stays_the_same() {
        assert_eq!(accepted(&[]), policy());
        assert_eq!(accepted(&["/", "/b/", "/c/"]).assets().len(), 0);
    }
}
