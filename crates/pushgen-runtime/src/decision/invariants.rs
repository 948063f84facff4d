//! What holds for every decision, in whatever situation, and after whatever was told to it since.
//!
//! In: a decision, and the connection and rules that it was made under. Out: nothing; what does not hold is a panic.
//! For the tests and the fuzz target.

use pushgen_policy::Asset;

use super::*;

/// Panics if the decision is one that must not be.
pub(crate) fn check(decision: &Decision, connection: &ConnectionFacts, rules: &Rules) {
    let policy = decision.policy();
    let pushes: Vec<_> = decision.pushes().collect();
    let target = |asset: &usize| policy.asset(*asset).map(|asset| &asset.path);
    let mut targets: Vec<_> = pushes.iter().map(target).collect();
    for hint in decision.hints() {
        assert!(!targets.contains(&target(&hint)), "pushed and hinted");
    }
    targets.sort_unstable();
    targets.dedup();
    assert_eq!(targets.len(), pushes.len(), "promised twice");
    limits(decision, &pushes, connection, rules);
    links(decision, rules);
    for verdict in decision.verdicts() {
        check_verdict(verdict, connection, rules);
        // All or nothing: with any push, what is not pushed is had or the same file.
        if !pushes.is_empty()
            && let Some(refusal) = verdict.not_pushed
        {
            assert!(
                matches!(
                    refusal,
                    Refusal::Recorded
                        | Refusal::CacheDigest
                        | Refusal::DigestCookie
                        | Refusal::SameTarget
                ),
                "{refusal}"
            );
        }
    }
    assert!(decision.refusal().is_none() || decision.verdicts().is_empty());
}

fn limits(decision: &Decision, pushes: &[usize], connection: &ConnectionFacts, rules: &Rules) {
    if pushes.is_empty() {
        return;
    }
    assert!(rules.push);
    assert_eq!(connection.takes_pushes(rules), Ok(()));
    assert!(pushes.len() <= connection.free_slots);
    assert!(pushes.len() <= rules.max_pushes_per_page);
    assert!(pushes.len() <= rules.max_promises.saturating_sub(connection.promises) as usize);
    let assets = pushes
        .iter()
        .filter_map(|&asset| decision.policy().asset(asset));
    let bytes: u64 = assets.map(Asset::largest_size).sum();
    assert!(
        bytes
            <= rules
                .max_pushed_bytes
                .saturating_sub(connection.pushed_bytes)
    );
}

fn links(decision: &Decision, rules: &Rules) {
    let early: Vec<_> = decision.early_hints().collect();
    let finally: Vec<_> = decision.links().collect();
    for links in [&early, &finally] {
        let bytes: usize = links.iter().map(|link| link.len()).sum();
        assert!(bytes <= rules.max_hint_bytes, "{bytes} bytes of hints");
    }
    assert!(rules.early_hints || early.is_empty());
    assert!(rules.links || finally.is_empty());
    if !finally.is_empty() {
        let is_repeated = |link| finally.contains(link);
        assert!(early.iter().all(is_repeated), "hinted, then forgotten");
    }
}

fn check_verdict(verdict: &Verdict, connection: &ConnectionFacts, rules: &Rules) {
    let Verdict {
        delivery,
        not_pushed,
        not_hinted,
        terms,
        ..
    } = verdict;
    let is_pushed = *delivery == Delivery::Push;
    let is_hinted = matches!(delivery, Delivery::EarlyHint | Delivery::Link);
    assert!(!is_pushed || terms.may_push);
    assert!(!is_pushed || terms.held == Held::Nothing, "had and pushed");
    assert!(!is_hinted || terms.may_hint || terms.may_link);
    assert!(!terms.may_link || !terms.may_hint && !terms.may_push);
    assert!(!terms.may_link || matches!(delivery, Delivery::Link | Delivery::Nothing));
    assert!(
        !is_hinted || terms.was_hinted || !matches!(terms.held, Held::Fresh(_)),
        "had and hinted"
    );
    let takes_103 = rules.early_hints && connection.version == Version::HTTP_2;
    assert!(*delivery != Delivery::EarlyHint || takes_103);
    // Every refusal has its reason, and nothing else has one.
    assert_eq!(not_pushed.is_some(), terms.may_push && !is_pushed);
    assert_eq!(
        not_hinted.is_some(),
        terms.may_hint && matches!(delivery, Delivery::Link | Delivery::Nothing)
            || terms.may_link && *delivery == Delivery::Nothing
    );
}
