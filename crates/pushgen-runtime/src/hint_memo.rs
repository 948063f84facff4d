//! Whether the assets of a policy may be hinted, for a while.
//!
//! In: what an asset's response was when it was last looked at. Out: the same answer for the next pages,
//! so that a 103 need not wait for the responses of all that it names. An asset's own response decides
//! because a browser fetches twice what it was hinted and may not keep. Left out: asking.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::refusal::Refusal;

/// How long an answer holds.
const LIFETIME: Duration = Duration::from_secs(10);

/// Whether the assets of a policy may be hinted.
#[derive(Debug)]
pub(crate) struct HintMemo(Mutex<Box<[Option<Verdict>]>>);

#[derive(Debug, Clone, Copy)]
struct Verdict {
    until: Instant,
    may_hint: Result<(), Refusal>,
}

impl HintMemo {
    /// For so many assets, of which nothing is known.
    pub(crate) fn new(assets: usize) -> Self {
        Self(Mutex::new(vec![None; assets].into()))
    }

    /// Whether the asset may be hinted, if that is known at `now`.
    pub(crate) fn get(&self, asset: usize, now: Instant) -> Option<Result<(), Refusal>> {
        let verdict = (*self.lock().get(asset)?)?;
        (now < verdict.until).then_some(verdict.may_hint)
    }

    /// Notes at `now` whether the asset may be hinted.
    pub(crate) fn set(&self, asset: usize, may_hint: Result<(), Refusal>, now: Instant) {
        if let Some(place) = self.lock().get_mut(asset) {
            let until = now + LIFETIME;
            *place = Some(Verdict { until, may_hint });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Box<[Option<Verdict>]>> {
        // A panic cannot leave an answer half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_a_while() {
        let memo = HintMemo::new(2);
        let now = Instant::now();
        memo.set(1, Err(Refusal::NoStore), now);
        memo.set(2, Ok(()), now);
        let later = now + LIFETIME;
        for (asset, at, expected) in [
            (0, now, None),
            (1, now, Some(Err(Refusal::NoStore))),
            (
                1,
                later - Duration::from_millis(1),
                Some(Err(Refusal::NoStore)),
            ),
            (1, later, None),
            (2, now, None),
        ] {
            assert_eq!(memo.get(asset, at), expected);
        }
    }
}
