//! Why something is not pushed or not hinted, one word for each reason.
//!
//! In: nothing. Out: [`Refusal`], whose words stand in log lines and as metric labels and do not
//! change, and [`Refusals`], a counter for each. The reasons are those of RFC 9113, section 8.4
//! (server push), RFC 8297 (103) and of what servers with push learnt to leave alone. Left out: the
//! errors of a handler that pushes by itself, which are told to that handler.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! refusals {
    ($($(#[$meta:meta])* $variant:ident = $word:literal,)+) => {
        /// Why something is not sent ahead.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Refusal {
            $($(#[$meta])* $variant,)+
        }

        impl Refusal {
            /// Every reason, in the order in which they are looked for.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the reason, in kebab case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

refusals! {
    /// The policy has no plan for the request target.
    NoPlan = "no-plan",
    /// The plan has no entries; it says why.
    EmptyPlan = "empty-plan",
    /// The owner of the server has switched this means off.
    SwitchedOff = "switched-off",
    /// The request is itself a promised one.
    PromisedRequest = "promised-request",
    /// The method is not GET.
    Method = "method",
    /// The request has no authority that can be promised for, or the policy is not for it.
    Authority = "authority",
    /// The client does not ask for a document.
    NotANavigation = "not-a-navigation",
    /// The document is for a frame.
    NestedNavigation = "nested-navigation",
    /// The document is fetched in case the user comes to want it.
    Prefetch = "prefetch",
    /// A part of the document is asked for.
    Range = "range",
    /// The client has the document and asks whether it still holds.
    Conditional = "conditional",
    /// The request has credentials in `Authorization`.
    Authorization = "authorization",
    /// A proxy is in front: the connection is not the user's own.
    Proxy = "proxy",
    /// The user wants to save data.
    SaveData = "save-data",
    /// `Accept-Push-Policy` asks for no pushes, or only for their heads.
    AcceptPushPolicy = "accept-push-policy",
    /// The client waits for a 100 (Continue).
    Expect = "expect",
    /// Not HTTP/2.
    HttpVersion = "http-version",
    /// The response is complete or the stream is reset.
    StreamClosed = "stream-closed",
    /// This response had its 103 already.
    EarlyHintsSent = "early-hints-sent",
    /// The client's first SETTINGS frame has not come yet.
    SettingsUnseen = "settings-unseen",
    /// The client sent ENABLE_PUSH = 0.
    PushDisabled = "push-disabled",
    /// A GOAWAY frame went in either direction.
    Goaway = "goaway",
    /// The server is shutting down.
    ShuttingDown = "shutting-down",
    /// The client cancelled too many pushes on this connection.
    Cancels = "cancels",
    /// The plan has more pushes than one page may have.
    PageLimit = "page-limit",
    /// The connection had all the promises it may have.
    PromiseBudget = "promise-budget",
    /// The connection had all the pushed bytes it may have.
    ByteBudget = "byte-budget",
    /// The client does not take as many streams at once.
    Slots = "slots",
    /// This connection carried it already.
    Recorded = "recorded",
    /// The client's cache digest has it.
    CacheDigest = "cache-digest",
    /// The digest cookie has it.
    DigestCookie = "digest-cookie",
    /// The same file is pushed for another entry of the plan.
    SameTarget = "same-target",
    /// Another asset of the plan cannot be pushed, and a part alone gains nothing.
    Incomplete = "incomplete",
    /// The links before it take all the bytes that hints may take.
    HintBytes = "hint-bytes",
    /// The page's response is not a 200.
    PageStatus = "page-status",
    /// The redirect does not lead to a page of the policy.
    RedirectTarget = "redirect-target",
    /// The asset's response was not there in time.
    Unresolved = "unresolved",
    /// The asset's response is not a 200.
    AssetStatus = "asset-status",
    /// The asset's response sets a cookie.
    SetCookie = "set-cookie",
    /// The asset's response may not be stored.
    NoStore = "no-store",
    /// The asset's response is for one user.
    Private = "private",
    /// The asset's response must be validated before each use.
    NoCache = "no-cache",
    /// The asset's response has no freshness, or none left.
    NotFresh = "not-fresh",
    /// The asset's response varies by a field that a promise does not have.
    Vary = "vary",
    /// The asset's length is unknown or too large.
    Length = "length",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A counter for each reason. It may be shared by all connections.
#[derive(Debug)]
pub struct Refusals {
    counts: [AtomicU64; Refusal::ALL.len()],
}

impl Refusals {
    /// Counts one.
    pub fn add(&self, refusal: Refusal) {
        // There are as many counters as reasons. They depend on nothing else, so no order is asked
        // for.
        self.counts[refusal as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often the reason was met.
    #[must_use]
    pub fn get(&self, refusal: Refusal) -> u64 {
        self.counts[refusal as usize].load(Ordering::Relaxed)
    }

    /// Every reason with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        Refusal::ALL
            .iter()
            .map(|&refusal| (refusal, self.get(refusal)))
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kebab_case_and_differ() {
        let mut words: Vec<_> = Refusal::ALL.iter().map(|r| r.as_str()).collect();
        for word in &words {
            assert!(
                word.split('-')
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase())),
                "{word}"
            );
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Refusal::ALL.len());
    }

    #[test]
    fn every_reason_has_its_own_counter() {
        let refusals = Refusals::default();
        for (times, &refusal) in Refusal::ALL.iter().enumerate() {
            for _ in 0..times {
                refusals.add(refusal);
            }
        }
        let counts: Vec<_> = refusals.iter().map(|(_, count)| count).collect();
        assert_eq!(counts, (0..Refusal::ALL.len() as u64).collect::<Vec<_>>());
    }
}
