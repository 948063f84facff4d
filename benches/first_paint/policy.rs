//! A policy that sends what the pages say.
//!
//! In: the site and its pages. Out: the policy as JSON. Bytes that go before pushes are those that the first paint
//! needs, as in the plans that the analyzer makes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pushgen_analyzer::{Analyzer, Options, Site, SiteOptions};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::pages::TestPage;

pub(crate) fn of(dist: &Path, pages: &[TestPage]) -> anyhow::Result<String> {
    let site = Site::load(dist, &SiteOptions::default())?;
    let analyzer = Analyzer::new(&site, Options::default());
    let mut assets: BTreeMap<String, Value> = BTreeMap::new();
    for page in pages {
        for (name, content) in page
            .files
            .iter()
            .filter(|(name, _)| page.ahead.contains(name))
        {
            let path = format!("/{}/{name}", page.name);
            assets.insert(path.clone(), asset(&path, content, page.name == "shell"));
        }
    }
    let order: Vec<&String> = assets.keys().collect();
    let (mut plans, mut planned) = (Vec::new(), serde_json::Map::new());
    for page in pages.iter().filter(|page| !page.ahead.is_empty()) {
        let path = format!("/{}/", page.name);
        let file = site
            .page(&path)
            .with_context(|| format!("no page {path}"))?;
        let analysis = analyzer.page(file);
        let mut entries = Vec::new();
        let mut bytes = 0;
        for name in &page.ahead {
            let path = format!("{path}{name}");
            let asset = order
                .iter()
                .position(|known| **known == path)
                .context("no such file")?;
            let fetches = &analysis.graph.fetches;
            let fetch = fetches.iter().find(|fetch| *fetch.path == *path);
            let fetch = fetch.with_context(|| format!("{path} is not asked for"))?;
            bytes += page
                .files
                .iter()
                .find(|(file, _)| file == name)
                .map_or(0, |file| file.1.len());
            entries.push(json!({
                "asset": asset, "class": fetch.class.as_str(), "depth": fetch.depth, "means": ["push", "hint"],
                "reason": "to be measured",
            }));
        }
        planned.insert(
            path,
            json!({"plan": plans.len(), "head": {"identity": analysis.first_paint_bytes}}),
        );
        // Plans that are equal would be one.
        let reason = format!("what is measured of {}", page.name);
        plans.push(json!({"reason": reason, "bytes": bytes, "entries": entries}));
    }
    let policy = json!({
        "$schema": "urn:pushgen:schema:policy:1", "version": 1, "generator": "pushgen 0.1.0",
        "assets": assets.values().collect::<Vec<_>>(), "plans": plans, "pages": planned,
    });
    Ok(policy.to_string())
}

fn asset(path: &str, content: &[u8], is_module: bool) -> Value {
    let (media_type, destination) = match path.rsplit('.').next() {
        Some("css") => ("text/css", "style"),
        Some("js") => ("text/javascript", "script"),
        Some("woff2") => ("font/woff2", "font"),
        _ => ("image/png", "image"),
    };
    let mut asset = json!({
        "path": path, "type": media_type, "destination": destination,
        "sizes": {"identity": content.len()},
        "content": URL_SAFE_NO_PAD.encode(Sha256::digest(content)),
    });
    if destination == "font" {
        asset["crossorigin"] = json!("anonymous");
    }
    if destination == "script" && is_module {
        asset["module"] = json!(true);
    }
    asset
}
