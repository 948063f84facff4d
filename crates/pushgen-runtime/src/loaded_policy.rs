//! A policy made ready for delivery.
//!
//! In: a policy, and the origins that the server answers for. Out: [`LoadedPolicy`], which has at
//! hand what a delivery needs of each asset: its `Link` value, the hashes that cache digests know
//! it by, the key in the digest cookie, whether it is the largest paint of a page. All of it is computed here, off the way of requests. Left
//! out: reading the file and putting a new policy in the place of an old one.

use std::collections::HashMap;

use http::HeaderValue;
use pushgen_policy::wire::Fingerprints;
use pushgen_policy::{Asset, Class, Origin, Page, Policy, url_key};

use crate::asset_set::AssetSet;
use crate::digest_cookie::CookieKeys;
use crate::hint_memo::HintMemo;
use crate::rules::Rules;

/// The most origins that key hashes are kept for, the policy's own among them. An origin is as
/// large as the asset table, and what a client names as its authority must not make another.
pub const MAX_ORIGINS: usize = 16;

/// A policy with what its delivery needs.
#[derive(Debug)]
pub struct LoadedPolicy {
    policy: Policy,
    /// One for each asset; none where browsers take no hint.
    links: Box<[Option<HeaderValue>]>,
    /// Of a plan and an asset of it that only some viewports ask for.
    responsive_links: HashMap<(usize, usize), HeaderValue>,
    /// For each origin the key hashes of every asset.
    url_keys: Vec<(Origin, Box<[Fingerprints]>)>,
    /// The images that are the largest paint of a page.
    largest_paints: AssetSet,
    cookie_keys: CookieKeys,
    hint_memo: HintMemo,
}

impl LoadedPolicy {
    /// Makes `policy` ready for a server that answers for `origins` and for the policy's own.
    /// Beyond [`MAX_ORIGINS`] the last are left out: for them cache digests say nothing.
    #[must_use]
    pub fn new(policy: Policy, origins: impl IntoIterator<Item = Origin>) -> Self {
        let mut url_keys: Vec<(Origin, Box<[Fingerprints]>)> = Vec::new();
        for origin in policy.origin().cloned().into_iter().chain(origins) {
            if url_keys.len() == MAX_ORIGINS {
                break;
            }
            if url_keys.iter().all(|(known, _)| *known != origin) {
                let keys = fingerprints(&policy, &origin);
                url_keys.push((origin, keys));
            }
        }
        let link = |asset: &Asset| {
            let link = asset.link()?.to_string();
            HeaderValue::from_str(&link).ok()
        };
        let mut responsive_links = HashMap::new();
        let mut largest_paints = AssetSet::default();
        for (index, plan) in policy.plans().iter().enumerate() {
            for entry in plan.entries.iter().filter(|it| it.class == Class::Lcp) {
                largest_paints.set(entry.asset);
            }
            for entry in plan.entries.iter().filter(|it| it.responsive.is_some()) {
                let asset = policy.assets().get(entry.asset);
                let link = asset.and_then(|asset| entry.link_to(asset));
                let link = link.and_then(|link| HeaderValue::from_str(&link.to_string()).ok());
                responsive_links.extend(link.map(|link| ((index, entry.asset), link)));
            }
        }
        Self {
            links: policy.assets().iter().map(link).collect(),
            responsive_links,
            url_keys,
            largest_paints,
            cookie_keys: CookieKeys::of(&policy),
            hint_memo: HintMemo::new(policy.assets().len()),
            policy,
        }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The asset at this place of the policy's table.
    #[must_use]
    pub fn asset(&self, asset: usize) -> Option<&Asset> {
        self.policy.assets().get(asset)
    }

    /// The `Link` value that hints the asset.
    #[must_use]
    pub fn link(&self, asset: usize) -> Option<&HeaderValue> {
        self.links.get(asset)?.as_ref()
    }

    /// The `Link` value for the asset in the final response of a page with this plan.
    pub(crate) fn final_link(&self, plan: usize, asset: usize) -> Option<&HeaderValue> {
        let responsive = self.responsive_links.get(&(plan, asset));
        responsive.or_else(|| self.link(asset))
    }

    /// Which page's plan goes with a request target.
    pub(crate) fn page(&self, target: &str, rules: &Rules) -> Option<Page<'_>> {
        let policy = &self.policy;
        policy.page(target).or_else(|| {
            let fallback = rules.fallback_page.as_deref()?;
            let path = target.split('?').next().unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default();
            let looks_like_a_page = !name.contains('.') && policy.assets_at(target).is_empty();
            looks_like_a_page.then(|| policy.page(fallback)).flatten()
        })
    }

    /// Whether the policy is loaded for this origin.
    #[must_use]
    pub fn is_for(&self, origin: &Origin) -> bool {
        self.url_keys(origin).is_some()
    }

    /// The key hashes of every asset at this origin.
    pub(crate) fn url_keys(&self, origin: &Origin) -> Option<&[Fingerprints]> {
        self.url_keys
            .iter()
            .find_map(|(known, keys)| (known == origin).then_some(&**keys))
    }

    /// Whether the asset is the image of a page's largest contentful paint.
    pub(crate) fn is_largest_paint(&self, asset: usize) -> bool {
        self.largest_paints.has(asset)
    }

    /// What is known of the assets' responses.
    pub(crate) fn hint_memo(&self) -> &HintMemo {
        &self.hint_memo
    }

    /// The keys in the digest cookie.
    pub(crate) fn cookie_keys(&self) -> &CookieKeys {
        &self.cookie_keys
    }
}

fn fingerprints(policy: &Policy, origin: &Origin) -> Box<[Fingerprints]> {
    let stored = |asset: &Asset| {
        let fingerprints = asset.fingerprints?;
        // A policy may have them without that of the entity-tag.
        let complete = fingerprints.url_etag.is_some() || asset.etag.is_none();
        (complete && policy.origin() == Some(origin)).then_some(fingerprints)
    };
    let computed = |asset: &Asset| Fingerprints {
        url: url_key(origin, &asset.path, None),
        url_etag: asset
            .etag
            .as_deref()
            .map(|etag| url_key(origin, &asset.path, Some(etag))),
    };
    policy
        .assets()
        .iter()
        .map(|asset| stored(asset).unwrap_or_else(|| computed(asset)))
        .collect()
}

#[cfg(any(test, fuzzing))]
pub(crate) mod example {
    //! Policies for tests: each asset a path and its content, each plan what its entries may be
    //! sent by.

    use std::sync::Arc;

    use pushgen_policy::Sha256;

    use super::*;

    pub(crate) const ORIGIN: &str = "https://example.com";

    /// An entry: the place of its asset, and `push`, `hint`, `both`, or `link` for wide screens.
    pub(crate) type Entry = (usize, &'static str);

    /// A policy of style sheets with the pages given. Assets must be sorted by path.
    pub(crate) fn policy(assets: &[(&str, &str)], pages: &[(&str, &[Entry])]) -> Arc<LoadedPolicy> {
        load(assets, pages, [])
    }

    pub(crate) fn load(
        assets: &[(&str, &str)],
        pages: &[(&str, &[Entry])],
        origins: impl IntoIterator<Item = Origin>,
    ) -> Arc<LoadedPolicy> {
        let assets: Vec<String> = assets
            .iter()
            .enumerate()
            .map(|(index, &(path, content))| {
                // The first of two with one path is the same file as a script.
                let twice = assets.get(index + 1).is_some_and(|(next, _)| *next == path);
                let destination = if twice { "script" } else { "style" };
                format!(
                    r#"{{"path": "{path}", "type": "text/css", "destination": "{destination}", "sizes": {{"identity": 1000}}, "content": "{}"}}"#,
                    Sha256::of(content.as_bytes())
                )
            })
            .collect();
        let mut plans: Vec<String> = Vec::new();
        let mut indices = Vec::new();
        for (_, entries) in pages {
            let written: Vec<String> = entries
                .iter()
                .map(|(asset, means)| {
                    let means = match *means {
                        "both" => r#""push", "hint""#.to_owned(),
                        one => format!("\"{one}\""),
                    };
                    let media = match means.contains("link") {
                        true => r#""media": "(min-width: 600px)", "#,
                        false => "",
                    };
                    format!(r#"{{"asset": {asset}, "class": "style", "depth": 1, "means": [{means}], {media}"reason": "test"}}"#)
                })
                .collect();
            let plan = format!(
                r#"{{"reason": "test", "bytes": {}, "entries": [{}]}}"#,
                entries.len() * 1000,
                written.join(",")
            );
            let index = plans
                .iter()
                .position(|other| *other == plan)
                .unwrap_or_else(|| {
                    plans.push(plan);
                    plans.len() - 1
                });
            indices.push(index);
        }
        let pages: Vec<String> = pages
            .iter()
            .zip(indices)
            .map(|((path, _), plan)| format!(r#""{path}": {{"plan": {plan}}}"#))
            .collect();
        let json = format!(
            r#"{{"$schema": "{}", "version": 1, "generator": "test", "origin": "{ORIGIN}", "assets": [{}], "plans": [{}], "pages": {{{}}}}}"#,
            pushgen_policy::SCHEMA,
            assets.join(","),
            plans.join(","),
            pages.join(",")
        );
        let policy = Policy::from_json(json.as_bytes()).unwrap();
        Arc::new(LoadedPolicy::new(policy, origins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Policy {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../pushgen-policy/schema/example.json"
        );
        Policy::from_json(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn key_hashes_are_the_stored_ones_for_the_policys_origin() {
        let policy = committed();
        let origin = policy.origin().unwrap().clone();
        let stored: Vec<_> = policy
            .assets()
            .iter()
            .map(|a| a.fingerprints.unwrap())
            .collect();
        let loaded = LoadedPolicy::new(policy, []);
        assert_eq!(loaded.url_keys(&origin).unwrap(), stored);
    }

    #[test]
    fn key_hashes_are_computed_for_other_origins() {
        let origin = Origin::parse("http://localhost:8080").unwrap();
        let loaded = LoadedPolicy::new(committed(), [origin.clone()]);
        let keys = loaded.url_keys(&origin).unwrap();
        for (asset, keys) in loaded.policy().assets().iter().zip(keys) {
            assert_eq!(keys.url, url_key(&origin, &asset.path, None));
            let etag = asset.etag.as_deref();
            assert_eq!(
                keys.url_etag,
                etag.map(|etag| url_key(&origin, &asset.path, Some(etag)))
            );
        }
        let foreign = Origin::parse("http://localhost:8081").unwrap();
        assert!(!loaded.is_for(&foreign));
    }

    #[test]
    fn keeps_key_hashes_for_a_bounded_number_of_origins() {
        let origins =
            (1..100).map(|port| Origin::of_request("http", &format!("localhost:{port}")).unwrap());
        let loaded = LoadedPolicy::new(committed(), origins);
        assert_eq!(loaded.url_keys.len(), MAX_ORIGINS);
    }

    #[test]
    fn writes_links_once() {
        let loaded = LoadedPolicy::new(committed(), []);
        assert_eq!(
            loaded.link(0).unwrap(),
            "</css/app.css>; rel=preload; as=style"
        );
        assert_eq!(loaded.link(9), None);
    }
}
