//! A page of a fixture, loaded in the model: as it is, as its plan has it, and as a careless server does.
//!
//! In: a folder of `fixtures/`. Out: its pages, with their loads. The careless server's pushes are those of
//! `careless.json`, the same bytes that a browser would be measured with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pushgen_analyzer::model::{
    Cache, Conditions, Delivery, Load, NETWORK_CLASSES, Network, Server, Time, load,
};
use pushgen_analyzer::{
    Analyzer, LeftOut, Options, PageAnalysis, Plan, Simulation, Site, SiteOptions, When,
};
use pushgen_policy::{Coding, Means, Policy};

use crate::careless;

pub(crate) fn folder(fixture: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures").join(fixture)
}

pub(crate) fn site(fixture: &str) -> Site {
    let dist = folder(fixture).join("dist");
    Site::load(&dist, &SiteOptions::default()).expect("a site")
}

/// A page with its plan and what a careless server sends with it.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) analysis: PageAnalysis,
    pub(crate) plan: Plan,
    pub(crate) left_out: Vec<LeftOut>,
    careless: Careless,
}

/// The pushes of a careless server, as the model has them.
struct Careless {
    push: Vec<u16>,
    head: u32,
    /// Bytes that are promised in a mode in which the page asks for nothing.
    in_vain: u64,
}

/// The pages of a fixture by their paths.
pub(crate) fn pages(fixture: &str) -> BTreeMap<String, Page> {
    let site = site(fixture);
    let analyzer = Analyzer::new(&site, Options::default());
    let careless = careless::recorded(fixture);
    let pages = site.pages().iter().map(|page| {
        let analysis = analyzer.page(*page);
        let (plan, left_out) = analyzer.plan(&analysis);
        let path = analysis.graph.page.to_string();
        let careless = Careless::of(&careless, &analysis, site.size(*page));
        let page = Page {
            path: path.clone(),
            analysis,
            plan,
            left_out,
            careless,
        };
        (path, page)
    });
    pages.collect()
}

/// The only page of a fixture.
pub(crate) fn page(fixture: &str) -> Page {
    let mut pages = pages(fixture);
    assert_eq!(pages.len(), 1, "{fixture}");
    pages.remove("/").expect("the site has a front page")
}

impl Careless {
    fn of(policy: &Policy, analysis: &PageAnalysis, document: u64) -> Self {
        let path = &analysis.graph.page;
        let page = policy.page(path).expect("a careless plan");
        let modelled = analysis.modelled.as_ref().expect("a page of few assets");
        let place = |entry: &pushgen_policy::Entry| {
            let path = policy.assets()[entry.asset].path.to_string();
            let place = modelled.paths.iter().position(|known| **known == *path);
            u16::try_from(place.expect("an asset of the page")).expect("few assets")
        };
        let entries = &policy.plans()[page.plan].entries;
        let assets = entries.iter().map(|entry| &policy.assets()[entry.asset]);
        let in_vain = assets.filter(|asset| {
            let fetches = analysis.graph.fetches.iter();
            let mut of_path = fetches.filter(|fetch| *fetch.path == *asset.path.as_str());
            !of_path.any(|fetch| {
                (fetch.module, fetch.crossorigin) == (asset.module, asset.cross_origin)
            })
        });
        let head = page.head.bytes(Coding::Identity).expect("a head");
        let head = head * u64::from(modelled.page.html_bytes()) / document;
        Self {
            push: entries.iter().map(place).collect(),
            head: u32::try_from(head).expect("a small document"),
            in_vain: in_vain.map(pushgen_policy::Asset::smallest_size).sum(),
        }
    }
}

impl Page {
    /// The load without anything that goes ahead.
    pub(crate) fn none(&self, conditions: &Conditions) -> Load {
        self.load(&Delivery::NONE, conditions)
    }

    /// The load with the pushes of a careless server.
    pub(crate) fn careless(&self, conditions: &Conditions) -> Load {
        let delivery = Delivery {
            push: &self.careless.push,
            head: self.careless.head,
            ..Delivery::NONE
        };
        self.load(&delivery, conditions)
    }

    fn load(&self, delivery: &Delivery<'_>, conditions: &Conditions) -> Load {
        let modelled = self.analysis.modelled.as_ref();
        load(
            &modelled.expect("a page of few assets").page,
            delivery,
            conditions,
        )
    }

    /// The loads as the plan has them.
    pub(crate) fn planned(&self, conditions: &Conditions) -> Simulation {
        let modelled = self.analysis.modelled.as_ref();
        let sent: Vec<_> = self.plan.sent().collect();
        let head = self.plan.head(self.analysis.first_paint_bytes);
        let modelled = modelled.expect("a page of few assets");
        Simulation::of(modelled, &sent, head, conditions)
    }

    /// Bytes of the document on the wire.
    pub(crate) fn html_bytes(&self) -> u32 {
        let modelled = self.analysis.modelled.as_ref();
        modelled.expect("a page of few assets").page.html_bytes()
    }

    /// Bytes that a careless server promises in a mode in which the page asks for nothing.
    pub(crate) fn careless_bytes_in_vain(&self) -> u64 {
        self.careless.in_vain
    }

    /// What the plan pushes.
    pub(crate) fn pushed(&self) -> Vec<&str> {
        let sent = self.plan.sent().filter(|sent| sent.push);
        sent.map(|sent| sent.path).collect()
    }

    /// Bytes that the plan pushes.
    pub(crate) fn pushed_bytes(&self) -> u64 {
        let entries = self.plan.entries.iter();
        let pushed = entries.filter(|entry| entry.means.contains(&Means::Push));
        pushed.map(|entry| entry.bytes).sum()
    }

    /// With the plan no load is slower than without, and nothing is pushed that the page does not ask for.
    #[track_caller]
    pub(crate) fn takes_no_harm_from_its_plan(&self) {
        for entry in &self.plan.entries {
            let asset = &entry.asset;
            let is_asked = self.analysis.graph.fetches.iter().any(|fetch| {
                (
                    &fetch.path,
                    fetch.destination,
                    fetch.module,
                    fetch.crossorigin,
                ) == (
                    &asset.path,
                    asset.destination,
                    asset.module,
                    asset.crossorigin,
                ) && fetch.when == When::Load
                    && fetch.confidence >= 0.95
            });
            let is_pushed = entry.means.contains(&Means::Push);
            assert!(is_asked || !is_pushed, "{}: {}", self.path, asset.path);
        }
        for class in NETWORK_CLASSES {
            for (client, conditions) in clients(class.network) {
                let Simulation {
                    none, hints, push, ..
                } = self.planned(&conditions);
                // The first paint, and the largest: the bounds within which plans are made.
                let bounds = match conditions.cache {
                    Cache::Empty => (0, 1),
                    Cache::Full => (3, 3),
                };
                for with in [hints, push] {
                    let said =
                        format!("{}, {}, {client}: {none:?} {with:?}", self.path, class.name);
                    for (with, none, bound) in [
                        (with.fcp, none.fcp, bounds.0),
                        (with.lcp, none.lcp, bounds.1),
                    ] {
                        let bound = none.as_nanos() / 100 * (100 + bound) + ROUNDING;
                        assert!(with.as_nanos() <= bound, "{said}");
                    }
                    assert!(
                        conditions.cache == Cache::Full || with.wasted == 0,
                        "{said}"
                    );
                }
            }
        }
    }
}

/// Plans are made for pages of about one size: a tenth of a millisecond.
const ROUNDING: u64 = 100_000;

/// Those who load a page, by what is said of them. One that has all from the same connection is promised nothing
/// (`wire`), which the model does not know.
fn clients(network: Network) -> [(&'static str, Conditions); 4] {
    let first = Conditions::new(network);
    [
        ("first visit", first),
        ("all in the cache", cached(first)),
        ("on an open connection", open(first)),
        ("full queues", full_queues(first)),
    ]
}

/// A first visit over a network class.
pub(crate) fn first_visit(network: &str) -> Conditions {
    Conditions::new(network.parse().expect("a network class"))
}

/// By a client that has all but the document.
pub(crate) fn cached(conditions: Conditions) -> Conditions {
    Conditions {
        cache: Cache::Full,
        ..conditions
    }
}

/// On a connection that is there.
pub(crate) fn open(conditions: Conditions) -> Conditions {
    Conditions {
        handshakes: 0,
        ..conditions
    }
}

/// Over a bottleneck with two seconds of queue, by a server whose system takes 400 kB that it cannot send yet.
pub(crate) fn full_queues(conditions: Conditions) -> Conditions {
    let network = Network {
        queue: Time::from_millis(2_000),
        ..conditions.network
    };
    let server = Server {
        unsent: 400_000,
        ..conditions.server
    };
    Conditions {
        network,
        server,
        ..conditions
    }
}

/// By how many hundredths a time is later than another one.
pub(crate) fn later(with: Time, without: Time) -> f64 {
    (with.as_nanos() as f64 / without.as_nanos() as f64 - 1.0) * 100.0
}
