//! The careless policies: what a server would push that does not ask what it costs.
//!
//! In: a fixture's site and its rows of [`CARELESS`]. Out: a policy in the format that servers read, recorded as the
//! fixture's `careless.json`, so that the same harm can be measured in a browser: `pushgen measure DIST --policy`.
//! `PUSHGEN_BLESS=1` records anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pushgen_analyzer::{Analyzer, Fetch, FileId, Options, Site, When};
use pushgen_policy::{Coding, Means, Policy, wire};

use crate::page::{folder, site};

/// What is pushed with a page.
enum Pushes {
    /// All that it asks for while it loads, in the order of its document.
    Everything,
    /// What lies in this folder, in that order.
    Folder(&'static str),
    /// These files, in this order.
    These(&'static [&'static str]),
}

/// How much of the document goes before the pushes.
#[derive(Clone, Copy)]
enum Head {
    /// Next to nothing.
    Nothing,
    /// What the first paint needs of it.
    FirstPaint,
    /// All of it.
    Everything,
}

/// In which mode the promised requests are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// In that of the page's own requests.
    Asked,
    /// In that of a plain link or script, whoever asks.
    Plain,
}

/// What a careless server does with one page of a fixture, and the excuse that it has.
struct Row {
    fixture: &'static str,
    page: &'static str,
    pushes: Pushes,
    head: Head,
    mode: Mode,
    excuse: &'static str,
}

const fn row(
    fixture: &'static str,
    page: &'static str,
    pushes: Pushes,
    head: Head,
    excuse: &'static str,
) -> Row {
    Row {
        fixture,
        page,
        pushes,
        head,
        mode: Mode::Asked,
        excuse,
    }
}

use Head::FirstPaint;
use Pushes::{Everything, Folder, These};

static CARELESS: [Row; 15] = [
    row(
        "push-hurts-after-document",
        "/",
        These(&["/style.css", "/app.js"]),
        Head::Everything,
        "all that the first paint waits for, behind the whole document",
    ),
    row(
        "push-hurts-unimportant-first",
        "/",
        These(&["/analytics.js", "/banner.png", "/map.png", "/style.css"]),
        FirstPaint,
        "all files of the page, sorted by name",
    ),
    row(
        "push-hurts-incomplete-closure",
        "/",
        These(&["/base.css"]),
        FirstPaint,
        "the sheet that the document names",
    ),
    row(
        "push-hurts-incomplete-closure",
        "/foreign/",
        These(&["/app.js"]),
        FirstPaint,
        "the script, since the sheet is served elsewhere",
    ),
    row(
        "push-hurts-incomplete-closure",
        "/last/",
        These(&["/app.js"]),
        FirstPaint,
        "the largest file that the first paint waits for",
    ),
    row(
        "push-hurts-incomplete-closure",
        "/missing/",
        These(&["/app.js"]),
        FirstPaint,
        "the script, since there is no such sheet",
    ),
    row(
        "push-hurts-cached",
        "/",
        Everything,
        Head::Nothing,
        "everything, at once, whatever the client has",
    ),
    Row {
        fixture: "push-hurts-request-mode",
        page: "/",
        pushes: Everything,
        head: FirstPaint,
        mode: Mode::Plain,
        excuse: "everything, as plain links would ask for it",
    },
    Row {
        fixture: "push-hurts-request-mode",
        page: "/unused/",
        pushes: Everything,
        head: FirstPaint,
        mode: Mode::Plain,
        excuse: "everything, as plain links would ask for it",
    },
    row(
        "push-hurts-beyond-idle",
        "/",
        These(&[
            "/style.css",
            "/vendor.js",
            "/ridge.png",
            "/valley.png",
            "/lake.png",
            "/hut.png",
            "/summit.png",
        ]),
        FirstPaint,
        "everything, the head's with all that it leads to, then the body's",
    ),
    row(
        "push-hurts-image-first",
        "/",
        These(&["/coast.png", "/style.css"]),
        FirstPaint,
        "the largest paint before all else",
    ),
    row(
        "push-hurts-repeat-navigation",
        "/",
        Everything,
        FirstPaint,
        "everything, with each page",
    ),
    row(
        "push-hurts-repeat-navigation",
        "/map/",
        Everything,
        FirstPaint,
        "everything, with each page",
    ),
    row(
        "push-hurts-full-queue",
        "/",
        These(&["/one.png", "/two.png", "/three.png"]),
        FirstPaint,
        "the images, since they take longest",
    ),
    row(
        "push-hurts-tiny-files",
        "/",
        Folder("/icons/"),
        FirstPaint,
        "the icons, since each is next to nothing",
    ),
];

/// The careless policy of a fixture, as it is recorded.
pub(crate) fn recorded(fixture: &str) -> Policy {
    let file = folder(fixture).join("careless.json");
    let json = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Policy::from_json(&json).expect("a valid policy")
}

/// The careless policy of a fixture, made from its site as it is now.
fn made(fixture: &str) -> Policy {
    let site = site(fixture);
    let analyzer = Analyzer::new(&site, Options::default());
    let sensible = analyzer.analyze(&|| ()).expect("a policy").policy;
    let mut policy = wire::Policy {
        generator: "careless".to_owned(),
        analysis: wire::Policy::from(&sensible).analysis,
        ..wire::Policy::default()
    };
    let rows = CARELESS.iter().filter(|row| row.fixture == fixture);
    let pushes: Vec<(&Row, Vec<Push>)> = rows
        .map(|row| (row, row.chosen(&site, &analyzer)))
        .collect();
    let assets = pushes.iter().flat_map(|(_, pushes)| pushes);
    let assets: BTreeMap<Key, &wire::Asset> =
        assets.map(|push| (key(&push.asset), &push.asset)).collect();
    for (row, pushes) in &pushes {
        let entry = |push: &Push| wire::Entry {
            asset: u32::try_from(assets.range(..key(&push.asset)).count()).expect("few assets"),
            ..push.entry.clone()
        };
        let plan = u32::try_from(policy.plans.len()).expect("few plans");
        let head = row.head_of(&site);
        policy
            .pages
            .insert(row.page.to_owned(), wire::Page { plan, head });
        policy.plans.push(wire::Plan {
            reason: row.excuse.to_owned(),
            bytes: pushes.iter().map(|push| push.bytes).sum(),
            entries: pushes.iter().map(entry).collect(),
        });
    }
    policy.assets = assets.into_values().cloned().collect();
    Policy::try_from(policy).expect("a valid policy")
}

/// A file that is pushed.
struct Push {
    asset: wire::Asset,
    entry: wire::Entry,
    bytes: u64,
}

/// What tells two assets of a policy apart, in their order.
type Key = (
    String,
    pushgen_policy::Destination,
    bool,
    Option<pushgen_policy::CrossOrigin>,
);

fn key(asset: &wire::Asset) -> Key {
    let path = asset.path.clone();
    (path, asset.destination, asset.module, asset.crossorigin)
}

impl Row {
    fn file(&self, site: &Site) -> FileId {
        site.page(self.page).expect("a page of the site")
    }

    fn chosen(&self, site: &Site, analyzer: &Analyzer<'_>) -> Vec<Push> {
        let graph = analyzer.page(self.file(site)).graph;
        let mut fetches: Vec<&Fetch> = graph.fetches.iter().collect();
        fetches.retain(|fetch| fetch.when == When::Load && fetch.file.is_some());
        fetches.sort_by_key(|fetch| fetch.order);
        let chosen: Vec<&Fetch> = match self.pushes {
            Everything => fetches,
            Folder(folder) => {
                fetches.retain(|fetch| fetch.path.starts_with(folder));
                fetches
            }
            These(paths) => {
                let fetch = |path: &&str| {
                    let mut fetches = fetches.iter().filter(|fetch| *fetch.path == **path);
                    *fetches.next().expect("the page asks for it")
                };
                paths.iter().map(fetch).collect()
            }
        };
        let push = |fetch: &Fetch| self.push(site, analyzer, fetch);
        chosen.into_iter().map(push).collect()
    }

    fn push(&self, site: &Site, analyzer: &Analyzer<'_>, fetch: &Fetch) -> Push {
        let file = fetch.file.expect("it is a file of the site");
        let weight = analyzer.weight(file).expect("a file that can be read");
        let is_plain = self.mode == Mode::Plain;
        let means = match self.mode {
            Mode::Asked => vec![Means::Push],
            // Whoever takes no pushes asks for it twice.
            Mode::Plain => vec![Means::Push, Means::Hint],
        };
        Push {
            bytes: weight.wire(),
            asset: wire::Asset {
                path: fetch.path.to_string(),
                media_type: site.media_type(file),
                destination: fetch.destination,
                module: fetch.module && !is_plain,
                crossorigin: fetch.crossorigin.filter(|_| !is_plain),
                integrity: None,
                sizes: weight.sizes.clone(),
                precompressed: weight.precompressed.clone(),
                content: weight.content,
                etag: None,
                fingerprints: None,
            },
            entry: wire::Entry {
                asset: 0,
                class: fetch.class,
                depth: fetch.depth,
                means,
                media: None,
                imagesrcset: None,
                imagesizes: None,
                reason: self.excuse.to_owned(),
            },
        }
    }

    fn head_of(&self, site: &Site) -> BTreeMap<Coding, u64> {
        let file = self.file(site);
        let analyzer = Analyzer::new(site, Options::default());
        let bytes = |whole: u64| match self.head {
            Head::Nothing => 1,
            FirstPaint => analyzer.page(file).first_paint_bytes,
            Head::Everything => whole,
        };
        let mut head = BTreeMap::from([(Coding::Identity, bytes(site.size(file)))]);
        let mut coded = site.location(file).into_os_string();
        coded.push(".gz");
        // Where the first paint has what it needs, only decoding tells.
        if !matches!(self.head, FirstPaint)
            && let Ok(coded) = fs::metadata(coded)
        {
            head.insert(Coding::Gzip, bytes(coded.len()));
        }
        head
    }
}

#[test]
fn careless_policies_are_what_was_recorded() {
    let bless = std::env::var_os("PUSHGEN_BLESS").is_some();
    let fixtures: BTreeSet<&str> = CARELESS.iter().map(|row| row.fixture).collect();
    assert_eq!(fixtures.len(), 10);
    for fixture in fixtures {
        let made = made(fixture);
        if bless {
            let file = folder(fixture).join("careless.json");
            fs::write(file, made.to_json()).expect("the record is written");
        }
        assert!(
            made == recorded(fixture),
            "{fixture}: PUSHGEN_BLESS=1 records anew"
        );
    }
}
