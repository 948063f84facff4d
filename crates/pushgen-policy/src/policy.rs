//! The checked policy.
//!
//! In: JSON text or `wire::Policy`. Out: `Policy`, in which every path can be sent, every index
//! exists and every fingerprint is right, so that nobody who holds one has to check again. Looking
//! up a page or an asset takes O(log n). Left out: files; whoever has one reads it and hands over
//! its bytes.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::analysis;
use crate::asset::Asset;
use crate::error::PolicyError;
use crate::head::Head;
use crate::origin::Origin;
use crate::outline;
use crate::path::UrlPath;
use crate::plan::{Plan, PlanChecker};
use crate::pointer::Pointer;
use crate::print;
use crate::version::{self, MAX_DOCUMENT_BYTES, MAX_MEMBERS, SCHEMA, VERSION};
use crate::wire;

/// A push policy that has been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    generator: String,
    origin: Option<Origin>,
    analysis: Option<wire::Analysis>,
    /// Sorted by `Asset::key`.
    assets: Vec<Asset>,
    plans: Vec<Plan>,
    /// Sorted by path.
    pages: Vec<Row>,
}

/// A page as it is kept. There may be 100,000 of them.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    path: UrlPath,
    /// An index into the plans.
    plan: u32,
    head: Head,
}

/// A page of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<'a> {
    /// Its path, without a query.
    pub path: &'a UrlPath,
    /// Index into [`Policy::plans`].
    pub plan: usize,
    /// How much of the document goes before the plan's pushes.
    pub head: Head,
}

impl Policy {
    /// Reads a policy from its JSON form. Unknown members are ignored, anything else that is not as
    /// it should be is refused.
    ///
    /// # Errors
    ///
    /// The first thing found wrong, with its place.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        let text = decode(json)?;
        outline::check(text)?;
        let policy: wire::Policy =
            serde_json::from_str(text).map_err(|error| at_its_place(text, &error))?;
        Self::try_from(policy)
    }

    /// The JSON form: stable, one line per asset, page and entry of a plan, a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        print::policy(self)
    }

    /// JSON pointers to the members that this version does not know and [`Policy::from_json`]
    /// ignores; the first 10,000 of them.
    ///
    /// # Errors
    ///
    /// If the document is not JSON, is too large or of another version, or has a name twice.
    pub fn unknown_fields(json: &[u8]) -> Result<Vec<String>, PolicyError> {
        let text = decode(json)?;
        outline::check(text)?;
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| at_its_place(text, &error))?;
        Ok(outline::unknown_fields(text))
    }

    /// The program that made the policy, with its version.
    #[must_use]
    pub fn generator(&self) -> &str {
        &self.generator
    }

    /// The origin that fingerprints were made for.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// What the analysis was told.
    #[must_use]
    pub fn analysis(&self) -> Option<&wire::Analysis> {
        self.analysis.as_ref()
    }

    /// The asset table, sorted by path, destination, module and cross-origin mode.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// The places in the table of the assets with exactly this path and query: one for each role
    /// that the file is requested in, none if the policy does not have it.
    #[must_use]
    pub fn assets_at(&self, target: &str) -> Range<usize> {
        let start = self
            .assets
            .partition_point(|asset| asset.path.as_str() < target);
        let rest = self.assets.get(start..).unwrap_or_default();
        start..start + rest.partition_point(|asset| asset.path.as_str() == target)
    }

    /// The plans. Each belongs to at least one page, no two are equal.
    #[must_use]
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The pages, sorted by path.
    pub fn pages(&self) -> impl ExactSizeIterator<Item = Page<'_>> {
        self.pages.iter().map(Row::page)
    }

    /// The page for a request target, with the index of its plan and its head; the query does not
    /// count.
    #[must_use]
    pub fn page(&self, target: &str) -> Option<Page<'_>> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let place = self
            .pages
            .binary_search_by(|row| row.path.as_str().cmp(path))
            .ok()?;
        self.pages.get(place).map(Row::page)
    }

    /// The index of the plan for a request target; its query does not count.
    #[must_use]
    pub fn plan_index(&self, target: &str) -> Option<usize> {
        self.page(target).map(|page| page.plan)
    }

    /// The plan for a request target; its query does not count.
    #[must_use]
    pub fn plan_for(&self, target: &str) -> Option<&Plan> {
        self.plans.get(self.plan_index(target)?)
    }
}

impl TryFrom<wire::Policy> for Policy {
    type Error = PolicyError;

    fn try_from(policy: wire::Policy) -> Result<Self, PolicyError> {
        let at = |key| Pointer::root().key(key);
        version::check(policy.version)?;
        if policy.schema != SCHEMA {
            return Err(PolicyError::Schema { at: at("$schema") });
        }
        for (key, members) in [
            ("assets", policy.assets.len()),
            ("plans", policy.plans.len()),
            ("pages", policy.pages.len()),
        ] {
            if members > MAX_MEMBERS {
                return Err(PolicyError::TooMany { at: at(key) });
            }
        }
        let origin = policy
            .origin
            .map(|origin| {
                Origin::parse(&origin).map_err(|reason| PolicyError::Origin {
                    at: at("origin"),
                    reason,
                })
            })
            .transpose()?;
        if let Some(analysis) = &policy.analysis {
            analysis::check(analysis)?;
        }
        let assets = check_assets(policy.assets, origin.as_ref())?;
        let mut checker = PlanChecker::new(&assets);
        let plans = policy
            .plans
            .into_iter()
            .enumerate()
            .map(|(index, plan)| checker.check(plan, index))
            .collect::<Result<Vec<_>, _>>()?;
        let pages = check_pages(policy.pages, &plans)?;
        check_sharing(&plans, &pages)?;

        Ok(Self {
            generator: policy.generator,
            origin,
            analysis: policy.analysis,
            assets,
            plans,
            pages,
        })
    }
}

impl From<&Policy> for wire::Policy {
    fn from(policy: &Policy) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            generator: policy.generator.clone(),
            origin: policy.origin.as_ref().map(ToString::to_string),
            analysis: policy.analysis.clone(),
            assets: policy.assets.iter().map(wire::Asset::from).collect(),
            plans: policy.plans.iter().map(wire::Plan::from).collect(),
            pages: policy
                .pages()
                .map(|page| (page.path.to_string(), wire::Page::from(page)))
                .collect(),
        }
    }
}

impl From<Page<'_>> for wire::Page {
    fn from(page: Page<'_>) -> Self {
        Self {
            // A policy has at most `MAX_MEMBERS` plans.
            plan: u32::try_from(page.plan).unwrap_or(u32::MAX),
            head: page.head.into(),
        }
    }
}

impl Row {
    fn page(&self) -> Page<'_> {
        Page {
            path: &self.path,
            plan: self.plan as usize,
            head: self.head,
        }
    }
}

fn check_assets(
    assets: Vec<wire::Asset>,
    origin: Option<&Origin>,
) -> Result<Vec<Asset>, PolicyError> {
    let at = |index| Pointer::root().key("assets").index(index);
    let mut checked: Vec<Asset> = Vec::with_capacity(assets.len());
    for (index, asset) in assets.into_iter().enumerate() {
        let asset = Asset::check(asset, index, origin)?;
        if let Some(previous) = checked.last() {
            match previous.key().cmp(&asset.key()) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    return Err(PolicyError::DuplicateAsset { at: at(index) });
                }
                std::cmp::Ordering::Greater => {
                    return Err(PolicyError::UnsortedAssets { at: at(index) });
                }
            }
            if previous.path == asset.path && previous.content != asset.content {
                return Err(PolicyError::ContentConflict {
                    at: at(index).key("content"),
                });
            }
        }
        checked.push(asset);
    }
    Ok(checked)
}

fn check_pages(
    pages: BTreeMap<String, wire::Page>,
    plans: &[Plan],
) -> Result<Vec<Row>, PolicyError> {
    let at = |path: &str| Pointer::root().key("pages").key(path);
    let pushes = |plan: &Plan| plan.entries.iter().any(|entry| entry.push);
    let pushes: Vec<bool> = plans.iter().map(pushes).collect();
    pages
        .into_iter()
        .map(|(path, page)| {
            let Some(&pushes) = pushes.get(page.plan as usize) else {
                return Err(PolicyError::NoSuchPlan {
                    at: at(&path).key("plan"),
                    index: page.plan,
                    plans: plans.len(),
                });
            };
            if path.contains('?') {
                return Err(PolicyError::PageQuery { at: at(&path) });
            }
            let head = Head::check(&page.head, || at(&path).key("head"))?;
            if !head.is_empty() && !pushes {
                return Err(PolicyError::HeadWithoutPush {
                    at: at(&path).key("head"),
                });
            }
            match UrlPath::parse(path.as_str()) {
                Ok(path) => Ok(Row {
                    path,
                    plan: page.plan,
                    head,
                }),
                Err(reason) => Err(PolicyError::Path {
                    at: at(&path),
                    reason,
                }),
            }
        })
        .collect()
}

/// Equal plans are shared, and none is left over.
fn check_sharing(plans: &[Plan], pages: &[Row]) -> Result<(), PolicyError> {
    let at = |index| Pointer::root().key("plans").index(index);
    let mut used = vec![false; plans.len()];
    for page in pages {
        if let Some(used) = used.get_mut(page.plan as usize) {
            *used = true;
        }
    }
    let mut first_with = HashMap::with_capacity(plans.len());
    for (index, (plan, used)) in plans.iter().zip(used).enumerate() {
        if let Some(first) = first_with.insert(plan, index) {
            return Err(PolicyError::DuplicatePlan {
                at: at(index),
                first,
            });
        }
        if !used {
            return Err(PolicyError::UnusedPlan { at: at(index) });
        }
    }
    Ok(())
}

/// Size and encoding. The whole text must be UTF-8, also where the parser would not look.
fn decode(json: &[u8]) -> Result<&str, PolicyError> {
    if json.len() > MAX_DOCUMENT_BYTES {
        return Err(PolicyError::TooLarge {
            at: Pointer::root(),
            bytes: json.len(),
        });
    }
    std::str::from_utf8(json).map_err(|error| {
        let (valid, _) = json
            .split_at_checked(error.valid_up_to())
            .unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        let line_start = valid.rfind('\n').map_or(0, |newline| newline + 1);
        PolicyError::Syntax {
            at: outline::locate(&valid, valid.len()),
            line: valid.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: valid.len() - line_start + 1,
            message: "not UTF-8".to_owned(),
        }
    })
}

/// The parser knows line and column (in bytes, the last one it read); the outline knows what stands
/// there.
fn at_its_place(text: &str, error: &serde_json::Error) -> PolicyError {
    let (line, column) = (error.line(), error.column());
    let line_start = match line.checked_sub(2) {
        None => 0,
        Some(newlines) => text
            .match_indices('\n')
            .nth(newlines)
            .map_or(text.len(), |(newline, _)| newline + 1),
    };
    let offset = line_start.saturating_add(column);
    let full = error.to_string();
    // The message may quote a string of any length.
    let message = full
        .rsplit_once(" at line ")
        .map_or(&*full, |(message, _)| message);
    let message = message.chars().take(200).collect();
    if error.is_data() {
        PolicyError::Shape {
            at: outline::locate(text, offset),
            line,
            column,
            message,
        }
    } else {
        PolicyError::Syntax {
            // The byte that is wrong does not belong to the outline.
            at: outline::locate(text, offset.saturating_sub(1)),
            line,
            column,
            message,
        }
    }
}
