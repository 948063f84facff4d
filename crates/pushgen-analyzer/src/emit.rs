//! The last step: plans become a policy.
//!
//! In: the plan of every page. Out: the asset table, the plans without repetition in the order of the
//! first page that has them, and the pages by path: sorted, so that equal sites give equal bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use pushgen_policy::{Coding, Policy, PolicyError, UrlPath, url_key, wire};

use crate::analyzer::{Analysis, Analyzer, Totals};
use crate::finding::{Code, Finding, shown};
use crate::plan::{Plan, PlannedAsset};
use crate::viewport::{ColorScheme, Viewport};

/// Name and version of what writes the policy.
const GENERATOR: &str = concat!("pushgen ", env!("CARGO_PKG_VERSION"));

/// What is sent with a page.
#[derive(Debug)]
pub(crate) struct PlannedPage {
    /// Its request target.
    pub(crate) path: String,
    pub(crate) plan: Arc<Plan>,
    /// Bytes of the document that go before the pushes.
    pub(crate) head: BTreeMap<Coding, u64>,
}

/// Assembles the policy of a site.
pub(crate) fn emit(
    analyzer: &Analyzer<'_>,
    mut pages: Vec<PlannedPage>,
    mut findings: Vec<Finding>,
) -> Result<Analysis, PolicyError> {
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages.retain(|PlannedPage { path, .. }| {
        let servable = UrlPath::parse(path.as_str());
        if let Err(error) = &servable {
            let message = format!(
                "the policy cannot name this page's path {}: {error}",
                shown(path)
            );
            let file = shown(path.trim_start_matches('/'));
            findings.push(
                Finding::new(Code::UnplannablePage, file, message)
                    .help("rename the file; nothing is sent with it"),
            );
        }
        servable.is_ok()
    });

    // Plans are shared: each is read once, however many pages have it.
    let mut seen = HashSet::new();
    let distinct = pages
        .iter()
        .filter(|page| seen.insert(Arc::as_ptr(&page.plan)));
    let assets = Assets::of(
        distinct
            .flat_map(|page| &page.plan.entries)
            .map(|entry| &entry.asset),
    );
    let mut plans: Vec<wire::Plan> = Vec::new();
    let mut numbers: HashMap<wire::Plan, u32> = HashMap::new();
    let mut index: HashMap<*const Plan, u32> = HashMap::new();
    let mut entries: BTreeMap<String, wire::Page> = BTreeMap::new();
    let mut pages_with_plan = 0;
    for PlannedPage { path, plan, head } in &pages {
        pages_with_plan += usize::from(!plan.entries.is_empty());
        let plan = *index.entry(Arc::as_ptr(plan)).or_insert_with(|| {
            // Plans that differ in what the policy does not tell apart become one here.
            let plan = assets.plan(plan);
            *numbers.entry(plan.clone()).or_insert_with(|| {
                plans.push(plan);
                u32::try_from(plans.len() - 1).unwrap_or(u32::MAX)
            })
        });
        let head = head.clone();
        entries.insert(path.clone(), wire::Page { plan, head });
    }
    let assets: Vec<wire::Asset> = assets
        .rows
        .iter()
        .filter_map(|asset| row(analyzer, asset))
        .collect();
    let totals = Totals {
        pages: analyzer.site().pages().len(),
        pages_with_plan,
        files: analyzer.site().file_count(),
        planned_assets: assets.len(),
        plans: plans.len(),
        planned_bytes: assets
            .iter()
            .filter_map(|asset| asset.sizes.values().min())
            .sum(),
    };
    findings.sort();
    let policy = wire::Policy {
        generator: GENERATOR.to_owned(),
        origin: analyzer.options().origin.as_ref().map(ToString::to_string),
        analysis: Some(told(analyzer)),
        assets,
        plans,
        pages: entries,
        ..wire::Policy::default()
    };
    Ok(Analysis {
        policy: Policy::try_from(policy)?,
        findings,
        totals,
    })
}

/// The asset table while it is made.
struct Assets {
    rows: Vec<PlannedAsset>,
    index: HashMap<Identity, u32>,
}

/// What tells two rows of the table apart.
type Identity = (
    Arc<str>,
    pushgen_policy::Destination,
    bool,
    Option<pushgen_policy::CrossOrigin>,
);

fn identity(asset: &PlannedAsset) -> Identity {
    (
        Arc::clone(&asset.path),
        asset.destination,
        asset.module,
        asset.crossorigin,
    )
}

impl Assets {
    fn of<'p>(used: impl Iterator<Item = &'p PlannedAsset>) -> Self {
        let mut rows: Vec<PlannedAsset> = Vec::new();
        let used: BTreeSet<&PlannedAsset> = used.collect();
        for asset in used {
            match rows.last_mut() {
                // Pages that ask for different integrity share a row without any.
                Some(last) if identity(last) == identity(asset) => last.integrity = None,
                _ => rows.push(asset.clone()),
            }
        }
        let index = (0u32..)
            .zip(&rows)
            .map(|(at, asset)| (identity(asset), at))
            .collect();
        Self { rows, index }
    }

    fn plan(&self, plan: &Plan) -> wire::Plan {
        let entries = plan.entries.iter().map(|entry| {
            let responsive = entry.responsive.as_deref().cloned().unwrap_or_default();
            wire::Entry {
                asset: self.index[&identity(&entry.asset)],
                class: entry.class,
                depth: entry.depth,
                means: entry.means.clone(),
                media: responsive.media,
                imagesrcset: responsive.imagesrcset,
                imagesizes: responsive.imagesizes,
                reason: entry.reason.clone(),
            }
        });
        wire::Plan {
            reason: plan.reason.clone(),
            bytes: plan.entries.iter().map(|entry| entry.bytes).sum(),
            entries: entries.collect(),
        }
    }
}

/// One row of the asset table.
fn row(analyzer: &Analyzer<'_>, asset: &PlannedAsset) -> Option<wire::Asset> {
    // Only what could be weighed was planned, so there is a weight.
    let weight = analyzer.weight(asset.file)?.clone();
    let etag = analyzer.options().etags.then(|| weight.etag());
    let fingerprints = analyzer
        .options()
        .origin
        .as_ref()
        .zip(UrlPath::parse(&*asset.path).ok())
        .map(|(origin, path)| wire::Fingerprints {
            url: url_key(origin, &path, None),
            url_etag: etag
                .as_deref()
                .map(|etag| url_key(origin, &path, Some(etag))),
        });
    Some(wire::Asset {
        path: asset.path.to_string(),
        media_type: analyzer.site().media_type(asset.file),
        destination: asset.destination,
        module: asset.module,
        crossorigin: asset.crossorigin,
        integrity: asset.integrity.as_deref().map(str::to_owned),
        sizes: weight.sizes,
        precompressed: weight.precompressed,
        content: weight.content,
        etag,
        fingerprints,
    })
}

/// What the analysis was told, for `check` to repeat it.
fn told(analyzer: &Analyzer<'_>) -> wire::Analysis {
    let options = analyzer.options();
    let site = analyzer.site().options();
    let pixels = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    let viewport = |viewport: &Viewport| {
        let (width, height) = (pixels(viewport.width), pixels(viewport.height));
        pushgen_policy::Viewport::new(width, height, viewport.dpr)
    };
    wire::Analysis {
        viewports: options.viewports.iter().map(viewport).collect(),
        color_scheme: match options.viewports.first().map(|first| first.color_scheme) {
            Some(ColorScheme::Dark) => pushgen_policy::ColorScheme::Dark,
            _ => pushgen_policy::ColorScheme::Light,
        },
        budget: options.budget,
        base_path: site.base_path.clone(),
        clean_urls: site.clean_urls,
        include: site.include.clone(),
        exclude: site.exclude.clone(),
        etags: options.etags,
        think_us: options.think.as_nanos() / 1000,
    }
}

/// The length of the `Link` value of an asset, give or take its `crossorigin`; `None` if browsers take
/// no hint for it.
pub(crate) fn hint_bytes(asset: &PlannedAsset) -> Option<u64> {
    const ATTRIBUTES: usize = "<>; rel=modulepreload; crossorigin".len();
    if !asset.module {
        asset.destination.hint_as()?;
    }
    let integrity = asset
        .integrity
        .as_ref()
        .map_or(0, |value| value.len() + "; integrity=\"\"".len());
    Some((asset.path.len() + ATTRIBUTES + integrity) as u64)
}
