//! What one connection carried: exact, a bit for each asset of the policy.
//!
//! In: what was pushed, what the client asked for, how it was answered. Out: whether the client has
//! an asset, and which ones it can be expected to keep. It is what push diaries are for, but with a
//! policy no filter is needed. When the policy changes, what is unchanged in it stays known. Left
//! out: files that are no asset of the policy; nothing is ever decided about them.
//!
//! A record is for one authority. A connection that carries requests for several needs one for
//! each.

use std::sync::Arc;
use std::time::SystemTime;

use http::response;
use pushgen_policy::{Sha256, UrlPath};

use crate::asset_set::AssetSet;
use crate::freshness;
use crate::loaded_policy::LoadedPolicy;

/// What one connection carried.
#[derive(Debug, Clone)]
pub struct Record {
    policy: Arc<LoadedPolicy>,
    /// Assets that were pushed or asked for.
    carried: AssetSet,
    /// Those of them that the client may keep and use again.
    kept: AssetSet,
}

impl Record {
    /// The record of a connection that carried nothing yet. It allocates nothing.
    #[must_use]
    pub fn new(policy: Arc<LoadedPolicy>) -> Self {
        Self {
            policy,
            carried: AssetSet::default(),
            kept: AssetSet::default(),
        }
    }

    /// The policy whose assets are recorded.
    #[must_use]
    pub fn policy(&self) -> &Arc<LoadedPolicy> {
        &self.policy
    }

    /// Goes over to another policy. What has the same path and content in both stays recorded.
    pub fn follow(&mut self, policy: &Arc<LoadedPolicy>) {
        if Arc::ptr_eq(&self.policy, policy) {
            return;
        }
        let before = std::mem::replace(self, Self::new(Arc::clone(policy)));
        for (bits, carried) in [(&before.carried, true), (&before.kept, false)] {
            for asset in bits.iter() {
                if let Some(asset) = before.policy.asset(asset) {
                    let places = places(policy, &asset.path, asset.content);
                    let bits = if carried {
                        &mut self.carried
                    } else {
                        &mut self.kept
                    };
                    places.for_each(|place| bits.set(place));
                }
            }
        }
    }

    /// Records that an asset of `policy` is promised, which may be the policy of an earlier moment.
    /// What is promised may be kept, or it would not have been.
    pub fn mark_pushed(&mut self, policy: &LoadedPolicy, asset: usize) {
        if let Some(asset) = policy.asset(asset) {
            for place in places(&self.policy, &asset.path, asset.content) {
                self.carried.set(place);
                self.kept.set(place);
            }
        }
    }

    /// Records that the client asked for a target with GET.
    pub fn mark_requested(&mut self, target: &str) {
        for place in self.policy.policy().assets_at(target) {
            self.carried.set(place);
        }
    }

    /// Records how a target was answered that the client asked for with GET. If the response may be
    /// kept, or was kept and still holds, the client need not be sent it on another connection
    /// either.
    pub fn mark_answered(&mut self, target: &str, response: &response::Parts, now: SystemTime) {
        let places = self.policy.policy().assets_at(target);
        if !places.is_empty() && freshness::is_kept(response, now) {
            for place in places {
                self.kept.set(place);
            }
        }
    }

    /// Whether the asset was pushed or asked for.
    #[must_use]
    pub fn has(&self, asset: usize) -> bool {
        self.carried.has(asset)
    }

    /// The assets that the client may keep, in the order of the table.
    pub fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        self.kept.iter()
    }
}

/// Where a path stands in the policy's table, if with this content. All roles of a file have one
/// content.
fn places(policy: &LoadedPolicy, path: &UrlPath, content: Sha256) -> impl Iterator<Item = usize> {
    let places = policy.policy().assets_at(path.as_str());
    let same = policy
        .asset(places.start)
        .is_some_and(|asset| asset.content == content);
    places.filter(move |_| same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loaded_policy::example;

    fn has(record: &Record) -> Vec<usize> {
        let assets = record.policy().policy().assets().len();
        (0..assets).filter(|&asset| record.has(asset)).collect()
    }

    fn answer(status: u16, fields: &[(&str, &str)]) -> response::Parts {
        let mut response = http::Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    #[test]
    fn has_what_was_pushed_and_what_was_asked_for() {
        let policy = example::policy(&[("/a", "a"), ("/b?x=1", "b"), ("/c", "c")], &[]);
        let mut record = Record::new(Arc::clone(&policy));
        assert!(has(&record).is_empty());
        record.mark_pushed(&policy, 0);
        record.mark_requested("/b");
        record.mark_requested("/b?x=2");
        record.mark_requested("/unknown");
        record.mark_pushed(&policy, 3);
        assert_eq!(has(&record), [0]);
        record.mark_requested("/b?x=1");
        assert_eq!(has(&record), [0, 1]);
        assert_eq!(record.kept().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn has_a_file_in_all_its_roles() {
        let policy = example::policy(&[("/a", "a"), ("/a", "a"), ("/b", "b")], &[]);
        let mut record = Record::new(Arc::clone(&policy));
        record.mark_pushed(&policy, 1);
        assert_eq!(has(&record), [0, 1]);
    }

    #[test]
    fn expects_to_be_kept_what_may_be_kept() {
        let policy = example::policy(&[("/a", "a")], &[]);
        let cases = [
            (answer(200, &[("cache-control", "max-age=60")]), true),
            (answer(304, &[("cache-control", "max-age=60")]), true),
            (answer(304, &[]), true),
            (answer(200, &[]), false),
            (answer(200, &[("cache-control", "no-store")]), false),
            (answer(304, &[("cache-control", "no-store")]), false),
            (answer(404, &[("cache-control", "max-age=60")]), false),
        ];
        for (answer, expected) in cases {
            let mut record = Record::new(Arc::clone(&policy));
            record.mark_requested("/a");
            record.mark_answered("/a", &answer, SystemTime::now());
            assert_eq!(record.kept().count() == 1, expected, "{answer:?}");
            assert!(record.has(0));
        }
    }

    #[test]
    fn keeps_what_a_new_policy_has_unchanged() {
        let old = example::policy(&[("/a", "a"), ("/b", "b"), ("/c", "c"), ("/e", "e")], &[]);
        let new = example::policy(
            &[
                ("/0", "0"),
                ("/a", "a"),
                ("/b", "changed"),
                ("/d", "d"),
                ("/e", "e"),
            ],
            &[],
        );
        let mut record = Record::new(Arc::clone(&old));
        for asset in 0..3 {
            record.mark_pushed(&old, asset);
        }
        record.mark_requested("/e");
        record.follow(&new);
        assert_eq!(has(&record), [1, 4]);
        assert_eq!(record.kept().collect::<Vec<_>>(), [1]);
        assert!(Arc::ptr_eq(record.policy(), &new));
        // A page that was decided under the old policy.
        record.mark_pushed(&old, 1);
        record.mark_pushed(&old, 3);
        assert_eq!(has(&record), [1, 4]);
    }
}
