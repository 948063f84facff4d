//! The delivery decision: for each entry of a page's plan push, 103, `Link` or nothing, and why not
//! the better one.
//!
//! In: what is known when a page is asked for, a [`Situation`]. Out: a [`Decision`]. It is a pure
//! function: no I/O, no clock, the same answer for the same question. Follows RFC 9113, section 8.4
//! (push), RFC 8297 (103) and RFC 8288 (`Link`):
//!
//! - Push goes first. It is all or nothing: a part of what the first paint waits for saves no round
//!   trip. What the client has counts as delivered.
//! - What may be hinted, is not pushed and is not known to be cached goes into one 103, over HTTP/2
//!   and for navigations only, and again into the final response. Where no 103 goes there is only
//!   the `Link` of the final response.
//! - What only some viewports ask for is neither pushed nor in a 103, where browsers drop what they
//!   would have to choose: it goes into the final response, after what has a place in the 103.
//! - Whatever is refused has a reason, [`Refusal`].
//!
//! A decision is made before the assets' responses are known. What they turn out to be is told to
//! it: [`Decision::fall_back`], [`Decision::withhold`]. Left out: sending, and when a 103 is worth
//! its bytes because the response takes its time.
//!
//! ```text
//! decide -> resolve the pushes -> is_pushable? -> recheck -> promise -> Record::mark_pushed
//!                                      | not all     | no
//!                                      v             v
//!                                  fall_back     fall_back
//! ```

use std::sync::Arc;

use http::{HeaderValue, Method, Version, response};
use pushgen_policy::{Coding, Head, Page, Plan};

use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::known::{Held, Known};
use crate::loaded_policy::LoadedPolicy;
use crate::record::Record;
use crate::redirect;
use crate::refusal::{Refusal, Refusals};
use crate::request_facts::{Navigation, RequestFacts};
use crate::rules::Rules;

/// All that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The page's request.
    pub request: &'a RequestFacts,
    /// The stream it came on.
    pub stream: StreamFacts,
    /// The connection, now.
    pub connection: ConnectionFacts,
    /// What the connection carried; its policy is the one that is delivered.
    pub record: &'a Record,
    /// What the owner of the server allows.
    pub rules: &'a Rules,
}

/// How an asset is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Promised, before anything that names it.
    Push,
    /// In a 103, and in the final response again.
    EarlyHint,
    /// In the final response's `Link`.
    Link,
    /// Not at all; the client asks for it when it finds it.
    Nothing,
}

/// What is decided about one entry of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The asset's place in the policy's table.
    pub asset: usize,
    /// How it is delivered.
    pub delivery: Delivery,
    /// Why it is not pushed, if the plan would have it pushed.
    pub not_pushed: Option<Refusal>,
    /// Why it is neither pushed nor hinted, or hinted only in the final response, if the plan would
    /// have it hinted; or why it is not in the final response, if the plan would have it only there.
    pub not_hinted: Option<Refusal>,
    /// What the plan, the client and the asset's response say.
    terms: Terms,
}

/// What an entry's delivery is derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    may_push: bool,
    may_hint: bool,
    /// In the final response only.
    may_link: bool,
    held: Held,
    /// Whether it is one of the pushes, if there are pushes.
    is_candidate: bool,
    /// Why the asset's own response cannot be pushed.
    push_failed: Option<Refusal>,
    /// Why the asset's own response cannot be hinted.
    withheld: Option<Refusal>,
    /// Whether it went out in a 103.
    was_hinted: bool,
}

/// What is delivered with a page, and why not more.
#[derive(Debug, Clone)]
pub struct Decision {
    policy: Arc<LoadedPolicy>,
    plan: Option<usize>,
    head: Head,
    refusal: Option<Refusal>,
    verdicts: Vec<Verdict>,
    push: Result<(), Refusal>,
    early_hint: Result<(), Refusal>,
    link: Result<(), Refusal>,
    max_hint_bytes: usize,
}

/// Decides about the plan for the request's target.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decision {
    let policy = situation.record.policy();
    match policy.page(&situation.request.target, situation.rules) {
        Some(page) => decide_plan(situation, page, link(situation)),
        None => Decision::nothing(policy, Refusal::NoPlan),
    }
}

/// Decides about the plan of the page that a redirect leads to. Its pushes and its 103 come before
/// the redirect; a `Link` in a redirect is not heard.
#[must_use]
pub fn decide_redirect(situation: &Situation<'_>, response: &response::Parts) -> Decision {
    let policy = situation.record.policy();
    if !situation.rules.redirects {
        return Decision::nothing(policy, Refusal::SwitchedOff);
    }
    let target = redirect::target(situation.request, response);
    let page = target.and_then(|target| policy.page(&target, situation.rules));
    match page {
        // What it says of the document is not true of the redirect.
        Some(page) => Decision {
            head: Head::default(),
            ..decide_plan(situation, page, Err(Refusal::RedirectTarget))
        },
        None => Decision::nothing(policy, Refusal::RedirectTarget),
    }
}

fn decide_plan(situation: &Situation<'_>, page: Page<'_>, link: Result<(), Refusal>) -> Decision {
    let policy = situation.record.policy();
    let index = page.plan;
    let Some(plan) = policy.policy().plans().get(index) else {
        return Decision::nothing(policy, Refusal::NoPlan);
    };
    if plan.entries.is_empty() {
        return Decision {
            plan: Some(index),
            ..Decision::nothing(policy, Refusal::EmptyPlan)
        };
    }
    if let Err(refusal) = anything(situation) {
        return Decision {
            plan: Some(index),
            ..Decision::nothing(policy, refusal)
        };
    }
    let known = Known::of(policy, situation.request, situation.rules);
    let verdict = |entry: &pushgen_policy::Entry| Verdict {
        asset: entry.asset,
        delivery: Delivery::Nothing,
        not_pushed: None,
        not_hinted: None,
        terms: Terms {
            may_push: entry.push,
            may_hint: entry.hint,
            may_link: entry.link,
            // A proxy's connection carries the requests of many.
            held: if !situation.request.proxied && situation.record.has(entry.asset) {
                Held::Fresh(Refusal::Recorded)
            } else {
                known.of_asset(entry.asset)
            },
            is_candidate: false,
            push_failed: None,
            withheld: None,
            was_hinted: false,
        },
    };
    let mut decision = Decision {
        policy: Arc::clone(policy),
        plan: Some(index),
        head: page.head,
        refusal: None,
        verdicts: plan.entries.iter().map(verdict).collect(),
        push: push(situation),
        early_hint: early_hint(situation),
        link,
        max_hint_bytes: situation.rules.max_hint_bytes,
    };
    decision.choose_candidates(situation.rules.max_pushes_per_page);
    if decision.push.is_ok() {
        decision.push = decision.has_room(&situation.connection, situation.rules);
    }
    decision.assign();
    decision
}

/// Whether there is anything to deliver to such a request.
fn anything(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Situation {
        request,
        stream,
        record,
        rules,
        ..
    } = situation;
    let policy_is_for_it = || {
        let origin = request.origin.as_ref();
        rules.any_authority || origin.is_some_and(|origin| record.policy().is_for(origin))
    };
    refuse_if(&[
        (stream.promised, Refusal::PromisedRequest),
        (
            request.method != Method::GET && request.method != Method::HEAD,
            Refusal::Method,
        ),
        (!policy_is_for_it(), Refusal::Authority),
        (
            request.navigation == Navigation::No,
            Refusal::NotANavigation,
        ),
        (request.range, Refusal::Range),
    ])
}

fn push(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Situation {
        request,
        stream,
        connection,
        rules,
        ..
    } = situation;
    refuse_if(&[
        (!rules.push, Refusal::SwitchedOff),
        (request.method != Method::GET, Refusal::Method),
        // There must be one to promise for.
        (request.origin.is_none(), Refusal::Authority),
        (
            request.navigation != Navigation::TopLevel,
            Refusal::NestedNavigation,
        ),
        (request.prefetch, Refusal::Prefetch),
        (request.conditional, Refusal::Conditional),
        (
            request.authorization && !rules.push_authorized,
            Refusal::Authorization,
        ),
        (request.proxied && !rules.trust_proxies, Refusal::Proxy),
        (request.save_data, Refusal::SaveData),
        (request.declines_pushes, Refusal::AcceptPushPolicy),
        (stream.closed, Refusal::StreamClosed),
    ])?;
    connection.takes_pushes(rules)
}

fn early_hint(situation: &Situation<'_>) -> Result<(), Refusal> {
    let Situation {
        request,
        stream,
        connection,
        rules,
        ..
    } = situation;
    refuse_if(&[
        (!rules.early_hints, Refusal::SwitchedOff),
        (request.method != Method::GET, Refusal::Method),
        (
            request.navigation != Navigation::TopLevel,
            Refusal::NestedNavigation,
        ),
        (request.prefetch, Refusal::Prefetch),
        (request.expects, Refusal::Expect),
        (connection.version != Version::HTTP_2, Refusal::HttpVersion),
        (stream.closed, Refusal::StreamClosed),
        (stream.early_hints_sent, Refusal::EarlyHintsSent),
    ])
}

fn link(situation: &Situation<'_>) -> Result<(), Refusal> {
    refuse_if(&[
        (!situation.rules.links, Refusal::SwitchedOff),
        (situation.stream.closed, Refusal::StreamClosed),
    ])
}

/// The first reason that holds.
fn refuse_if(reasons: &[(bool, Refusal)]) -> Result<(), Refusal> {
    match reasons.iter().find(|(holds, _)| *holds) {
        Some((_, refusal)) => Err(*refusal),
        None => Ok(()),
    }
}

impl Decision {
    fn nothing(policy: &Arc<LoadedPolicy>, refusal: Refusal) -> Self {
        Self {
            policy: Arc::clone(policy),
            plan: None,
            head: Head::default(),
            refusal: Some(refusal),
            verdicts: Vec::new(),
            push: Err(refusal),
            early_hint: Err(refusal),
            link: Err(refusal),
            max_hint_bytes: 0,
        }
    }

    /// The policy whose assets it speaks of.
    #[must_use]
    pub fn policy(&self) -> &Arc<LoadedPolicy> {
        &self.policy
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.policy.policy().plans().get(self.plan?)
    }

    /// How many bytes of the document, in this content-coding, the policy puts before the pushes.
    #[must_use]
    pub fn head_bytes(&self, coding: Coding) -> Option<u64> {
        self.head.bytes(coding)
    }

    /// Why nothing is delivered with such a request; then there are no verdicts.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// One verdict for each entry of the plan, in its order.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// The assets to push, in order. No two have one target.
    pub fn pushes(&self) -> impl Iterator<Item = usize> + '_ {
        self.by(|delivery| delivery == Delivery::Push)
    }

    /// The assets to hint in a 103 or the final response, in order.
    pub fn hints(&self) -> impl Iterator<Item = usize> + '_ {
        self.by(|delivery| matches!(delivery, Delivery::EarlyHint | Delivery::Link))
    }

    /// The `Link` values of the 103, in order; without any there is no 103.
    pub fn early_hints(&self) -> impl Iterator<Item = &HeaderValue> {
        let assets = self.early_hinted();
        assets.filter_map(|asset| self.policy.link(asset))
    }

    /// The assets to hint in a 103, in order.
    pub(crate) fn early_hinted(&self) -> impl Iterator<Item = usize> + '_ {
        self.by(|delivery| delivery == Delivery::EarlyHint)
    }

    /// The `Link` values of the final response, in order. Those of the 103 are among them.
    pub fn links(&self) -> impl Iterator<Item = &HeaderValue> {
        let assets = self.hints().filter(|_| self.link.is_ok());
        assets.filter_map(|asset| self.final_link(asset))
    }

    fn final_link(&self, asset: usize) -> Option<&HeaderValue> {
        self.policy.final_link(self.plan?, asset)
    }

    fn by(&self, is_wanted: impl Fn(Delivery) -> bool) -> impl Iterator<Item = usize> {
        self.verdicts
            .iter()
            .filter(move |verdict| is_wanted(verdict.delivery))
            .map(|verdict| verdict.asset)
    }

    /// Whether the pushes can still be made; to be asked when they are about to be promised.
    ///
    /// # Errors
    ///
    /// The first reason against it, for [`Decision::fall_back`].
    pub fn recheck(
        &self,
        stream: StreamFacts,
        connection: &ConnectionFacts,
        rules: &Rules,
    ) -> Result<(), Refusal> {
        self.push?;
        if stream.closed {
            return Err(Refusal::StreamClosed);
        }
        connection.takes_pushes(rules)?;
        self.has_room(connection, rules)
    }

    /// Gives up the pushes; what may be hinted is hinted instead. The reason is that of one asset's
    /// response, or of all. If the 103 is sent, what is hinted now is hinted in the final response.
    pub fn fall_back(&mut self, asset: Option<usize>, refusal: Refusal, early_hints_sent: bool) {
        if self.push.is_err() {
            return;
        }
        self.push = Err(if asset.is_some() {
            Refusal::Incomplete
        } else {
            refusal
        });
        for verdict in &mut self.verdicts {
            if Some(verdict.asset) == asset {
                verdict.terms.push_failed = Some(refusal);
            }
            verdict.terms.was_hinted = early_hints_sent && verdict.delivery == Delivery::EarlyHint;
        }
        if early_hints_sent && self.early_hint.is_ok() {
            self.early_hint = Err(Refusal::EarlyHintsSent);
        }
        self.assign();
    }

    /// Takes back the hint of an asset whose response would not be used; to be called before the
    /// 103 is sent. Its push, if it is pushed, stays.
    pub fn withhold(&mut self, asset: usize, refusal: Refusal) {
        for verdict in &mut self.verdicts {
            if verdict.asset == asset {
                verdict.terms.withheld = Some(refusal);
            }
        }
        self.assign();
    }

    /// Counts every reason that it has: one for the request if nothing is delivered at all, else
    /// those of each entry.
    pub fn count(&self, refusals: &Refusals) {
        if let Some(refusal) = self.refusal {
            refusals.add(refusal);
        }
        for verdict in &self.verdicts {
            if let Some(refusal) = verdict.not_pushed {
                refusals.add(refusal);
            }
            if let Some(refusal) = verdict.not_hinted
                && verdict.not_hinted != verdict.not_pushed
            {
                refusals.add(refusal);
            }
        }
    }

    /// What is to be pushed and not had, each target once. One more than a page may have is enough
    /// to know that there are too many.
    fn choose_candidates(&mut self, max_pushes: usize) {
        let mut targets = Vec::new();
        for verdict in &mut self.verdicts {
            if targets.len() > max_pushes {
                break;
            }
            let target = self.policy.asset(verdict.asset).map(|asset| &asset.path);
            let terms = &mut verdict.terms;
            if terms.may_push && terms.held == Held::Nothing && !targets.contains(&target) {
                terms.is_candidate = true;
                targets.push(target);
            }
        }
    }

    fn has_room(&self, connection: &ConnectionFacts, rules: &Rules) -> Result<(), Refusal> {
        let candidates = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.terms.is_candidate);
        let assets = candidates.filter_map(|verdict| self.policy.asset(verdict.asset));
        let (mut pushes, mut bytes) = (0, 0_u64);
        for asset in assets {
            pushes += 1;
            // Which coding is sent is not known yet.
            bytes = bytes.saturating_add(asset.largest_size());
        }
        connection.has_room(pushes, bytes, rules)
    }

    /// Derives every delivery from the terms.
    fn assign(&mut self) {
        let policy = &self.policy;
        let target = |asset| policy.asset(asset).map(|asset| &asset.path);
        let pushed: Vec<_> = self
            .verdicts
            .iter()
            .filter(|verdict| self.push.is_ok() && verdict.terms.is_candidate)
            .map(|verdict| target(verdict.asset))
            .collect();
        // As many as a page may have pushes.
        let is_pushed = |asset| pushed.contains(&target(asset));
        let (hint, instead) = match (self.early_hint, self.link) {
            (Ok(()), _) => (Ok(Delivery::EarlyHint), None),
            (Err(early), Ok(())) => (Ok(Delivery::Link), Some(early)),
            (Err(early), Err(_)) => (Err(early), None),
        };
        let plan = self.plan;
        let link = |asset| policy.final_link(plan?, asset);
        let bytes = |asset| link(asset).map_or(0, HeaderValue::len);
        // What went out is repeated in any case.
        let was_hinted = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.terms.was_hinted);
        let repeated = was_hinted.map(|verdict| bytes(verdict.asset)).sum();
        let mut room = self.max_hint_bytes.saturating_sub(repeated);
        let mut is_full = false;
        for verdict in &mut self.verdicts {
            let terms = &verdict.terms;
            if terms.is_candidate && self.push.is_ok() {
                verdict.delivery = Delivery::Push;
                verdict.not_pushed = None;
                verdict.not_hinted = None;
                continue;
            }
            let twice = is_pushed(verdict.asset).then_some(Refusal::SameTarget);
            verdict.not_pushed = terms.may_push.then(|| match terms.held {
                Held::Fresh(by) | Held::Stale(by) => by,
                Held::Nothing => terms
                    .push_failed
                    .or(twice)
                    .or(self.push.err())
                    .unwrap_or(Refusal::SameTarget),
            });
            let refused = match terms.held {
                // Asking early is worth it for what is stale.
                Held::Fresh(by) => Some(by),
                Held::Nothing | Held::Stale(_) => twice.or(terms.withheld),
            };
            let hinted = if terms.may_link {
                refused.map_or(self.link.map(|()| Delivery::Link), Err)
            } else if !terms.may_hint {
                Ok(Delivery::Nothing)
            } else if terms.was_hinted {
                Ok(Delivery::EarlyHint)
            } else if let Some(refusal) = refused {
                Err(refusal)
            } else {
                hint
            };
            let sends = matches!(hinted, Ok(Delivery::EarlyHint | Delivery::Link));
            let hinted = if sends && !terms.was_hinted {
                // A later link must not overtake one that found no room, unless that was not for all.
                let has_room = bytes(verdict.asset) <= room && !is_full;
                is_full |= !has_room && terms.may_hint;
                if !has_room {
                    Err(Refusal::HintBytes)
                } else {
                    room -= bytes(verdict.asset);
                    hinted
                }
            } else {
                hinted
            };
            (verdict.delivery, verdict.not_hinted) = match hinted {
                Ok(delivery) => {
                    let only_link = delivery == Delivery::Link && !terms.may_link;
                    (delivery, instead.filter(|_| only_link))
                }
                Err(refusal) => (Delivery::Nothing, Some(refusal)),
            };
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
#[cfg(test)]
mod tests;
