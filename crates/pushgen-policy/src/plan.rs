//! Plans: what to send with a page, in order, by which means, and why.
//!
//! In: `wire::Plan` and the asset table. Out: `Plan`, whose entries refer to assets that exist.
//! Left out: that plans differ and are used, which `policy` checks.

use crate::asset::Asset;
use crate::class::Class;
use crate::error::PolicyError;
use crate::link::Link;
use crate::pointer::Pointer;
use crate::responsive::Responsive;

/// The most pushes that go with a page: what an analysis plans, and what a server makes unless told otherwise. Each is a
/// promise in front of the document, while the congestion window is smallest.
pub const MAX_PUSHES: usize = 16;
use crate::vocabulary::vocabulary;
use crate::wire;

vocabulary! {
    /// A means of delivery; the order is that of a plan's entries.
    pub enum Means: "means" {
        /// HTTP/2 server push (RFC 9113, section 8.4).
        Push = "push",
        /// A `Link` field in a 103 (RFC 8297) or in the response.
        Hint = "hint",
        /// A `Link` field in the response only, where it may depend on the viewport.
        Link = "link",
    }
}

/// What to send with a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Plan {
    /// Why the plan is as it is.
    pub reason: String,
    /// Bytes on the wire of all entries.
    pub bytes: u64,
    /// What to send, in this order.
    pub entries: Vec<Entry>,
}

/// One asset of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Entry {
    /// Index into [`Policy::assets`](crate::Policy::assets).
    pub asset: usize,
    /// What the asset is to the page.
    pub class: Class,
    /// Discovery depth: 1 what the document names, one more for what only a fetched file reveals.
    pub depth: u32,
    /// Whether it may be pushed.
    pub push: bool,
    /// Whether it may be hinted.
    pub hint: bool,
    /// Whether it may be linked in the final response, and not in a 103. Then it is neither pushed nor hinted.
    pub link: bool,
    /// Which viewports ask for it; `None` if all do. Only what is linked has it.
    pub responsive: Option<Responsive>,
    /// Why it is in the plan.
    pub reason: String,
}

impl Entry {
    /// The link that says what the entry's asset is to the page; `None` where browsers take no such
    /// hint. `asset` is the one that the entry names.
    #[must_use]
    pub fn link_to<'a>(&'a self, asset: &'a Asset) -> Option<Link<'a>> {
        Some(asset.link()?.with(self.responsive.as_ref()))
    }
}

/// Checks plans one after the other. It remembers which plan last had an asset, so that finding
/// repetitions needs neither a set nor quadratic time.
pub(crate) struct PlanChecker<'a> {
    assets: &'a [Asset],
    last_plan: Vec<usize>,
}

impl<'a> PlanChecker<'a> {
    pub(crate) fn new(assets: &'a [Asset]) -> Self {
        Self {
            assets,
            last_plan: vec![usize::MAX; assets.len()],
        }
    }

    /// Checks the plan at `index`, which must not be checked twice.
    pub(crate) fn check(&mut self, plan: wire::Plan, index: usize) -> Result<Plan, PolicyError> {
        let at = || Pointer::root().key("plans").index(index);
        if plan.entries.len() > crate::MAX_MEMBERS {
            return Err(PolicyError::TooMany {
                at: at().key("entries"),
            });
        }
        let mut entries = Vec::with_capacity(plan.entries.len());
        let (mut least, mut most) = (0, 0);
        for (number, entry) in plan.entries.into_iter().enumerate() {
            let at = |key| at().key("entries").index(number).key(key);
            let position = entry.asset as usize;
            let (Some(asset), Some(last_plan)) =
                (self.assets.get(position), self.last_plan.get_mut(position))
            else {
                return Err(PolicyError::NoSuchAsset {
                    at: at("asset"),
                    index: entry.asset,
                    assets: self.assets.len(),
                });
            };
            if std::mem::replace(last_plan, index) == index {
                return Err(PolicyError::RepeatedAsset {
                    at: at("asset"),
                    index: entry.asset,
                });
            }
            let (push, hint, link) = match entry.means[..] {
                [Means::Push] => (true, false, false),
                [Means::Hint] => (false, true, false),
                [Means::Push, Means::Hint] => (true, true, false),
                [Means::Link] => (false, false, true),
                _ => return Err(PolicyError::Means { at: at("means") }),
            };
            if (hint || link) && asset.link().is_none() {
                return Err(PolicyError::NotHintable { at: at("means") });
            }
            let responsive = Responsive {
                media: entry.media,
                imagesrcset: entry.imagesrcset,
                imagesizes: entry.imagesizes,
            };
            responsive.check(asset, link, at)?;
            least += u128::from(asset.smallest_size());
            most += u128::from(asset.largest_size());
            entries.push(Entry {
                asset: position,
                class: entry.class,
                depth: entry.depth,
                push,
                hint,
                link,
                responsive: Some(responsive).filter(|responsive| !responsive.is_empty()),
                reason: entry.reason,
            });
        }
        // Which coding a plan counts with is the analysis' choice; that it is one of them is
        // checked.
        if !(least..=most).contains(&plan.bytes.into()) {
            return Err(PolicyError::Bytes {
                at: at().key("bytes"),
                found: plan.bytes,
                least,
                most,
            });
        }
        Ok(Plan {
            reason: plan.reason,
            bytes: plan.bytes,
            entries,
        })
    }
}

impl From<&Plan> for wire::Plan {
    fn from(plan: &Plan) -> Self {
        Self {
            reason: plan.reason.clone(),
            bytes: plan.bytes,
            entries: plan.entries.iter().map(wire::Entry::from).collect(),
        }
    }
}

impl From<&Entry> for wire::Entry {
    fn from(entry: &Entry) -> Self {
        let means = [
            entry.push.then_some(Means::Push),
            entry.hint.then_some(Means::Hint),
            entry.link.then_some(Means::Link),
        ];
        let responsive = entry.responsive.clone().unwrap_or_default();
        Self {
            // A checked entry's asset came from a `u32`; a larger one cannot name an asset either
            // way.
            asset: u32::try_from(entry.asset).unwrap_or(u32::MAX),
            class: entry.class,
            depth: entry.depth,
            means: means.into_iter().flatten().collect(),
            media: responsive.media,
            imagesrcset: responsive.imagesrcset,
            imagesizes: responsive.imagesizes,
            reason: entry.reason.clone(),
        }
    }
}
