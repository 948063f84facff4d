//! Any policy survives being written and read, and its text is always the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use pushgen_policy::{
    Class, Coding, ColorScheme, CrossOrigin, Destination, Head, Means, Origin, Policy, Sha256,
    UrlPath, Viewport, url_key, wire,
};

fn path() -> impl Strategy<Value = String> {
    "/([a-c]{1,3}|%C3%A9|[!~'()*,;=@\\[\\]]|\\.x)(/[a-c0-9]{0,2})?(\\?[a-z=&/?]{0,4})?"
}

fn analysis() -> impl Strategy<Value = wire::Analysis> {
    (
        1..=u16::MAX,
        1..=u16::MAX,
        0.1..=16.0f32,
        any::<u64>(),
        any::<[bool; 3]>(),
        prop::collection::vec(".{0,6}", 0..3),
    )
        .prop_map(
            |(width, height, thousandths, budget, [dark, clean_urls, etags], globs)| {
                wire::Analysis {
                    viewports: vec![
                        Viewport::new(width, height, thousandths),
                        Viewport::new(412, 823, 1.75),
                    ],
                    color_scheme: if dark {
                        ColorScheme::Dark
                    } else {
                        ColorScheme::Light
                    },
                    budget,
                    base_path: "/base/".to_owned(),
                    clean_urls,
                    include: globs.clone(),
                    exclude: globs,
                    etags,
                    // Left out where it is nothing.
                    think_us: if etags { budget } else { 0 },
                }
            },
        )
}

fn asset(origin: Option<Origin>) -> impl Strategy<Value = wire::Asset> {
    let role = (
        path(),
        select(Destination::ALL),
        any::<bool>(),
        prop::option::of(select(CrossOrigin::ALL)),
    );
    let sizes = (
        0..=u64::MAX >> 8,
        prop::collection::btree_map(select(Coding::ALL), 0..=u64::MAX >> 8, 0..4),
    );
    let tag = prop::option::of("(W/)?\"[!#-~]{0,5}\"");
    (
        role,
        sizes,
        subsequence(Coding::ALL, 0..4),
        tag,
        any::<[bool; 2]>(),
    )
        .prop_map(
            move |(
                (path, destination, module, crossorigin),
                (identity, mut sizes),
                files,
                etag,
                [integrity, tagged],
            )| {
                sizes.insert(Coding::Identity, identity);
                let parsed = UrlPath::parse(path.as_str()).expect("the strategy makes valid paths");
                let fingerprints = origin.as_ref().map(|origin| wire::Fingerprints {
                    url: url_key(origin, &parsed, None),
                    url_etag: etag
                        .as_deref()
                        .filter(|_| tagged)
                        .map(|etag| url_key(origin, &parsed, Some(etag))),
                });
                wire::Asset {
                    media_type: "text/css; charset=utf-8".to_owned(),
                    destination,
                    module: module && destination == Destination::Script,
                    crossorigin,
                    integrity: integrity
                        .then(|| "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=".to_owned()),
                    precompressed: files
                        .into_iter()
                        .filter(|c| *c != Coding::Identity && sizes.contains_key(c))
                        .collect(),
                    sizes,
                    content: Sha256::of(path.as_bytes()),
                    etag,
                    fingerprints,
                    path,
                }
            },
        )
}

/// What a plan sends: assets by lot, with what else an entry says.
type Lots = Vec<(
    prop::sample::Index,
    (Class, u32, Option<[bool; 2]>, Responsive, String),
)>;

/// What an entry that is linked says of viewports.
type Responsive = [Option<String>; 3];

fn plan(assets: &[wire::Asset], reason: String, lots: Lots) -> wire::Plan {
    let mut chosen = BTreeMap::new();
    for (lot, entry) in lots {
        if !assets.is_empty() {
            chosen.insert(lot.index(assets.len()), entry);
        }
    }
    let mut bytes = 0;
    let entries = chosen
        .into_iter()
        .rev()
        .map(|(index, (class, depth, sent, responsive, reason))| {
            let asset = &assets[index];
            bytes += asset.sizes.values().min().unwrap();
            let is_hintable = asset.destination.hint_as().is_some();
            let is_image = asset.destination == Destination::Image;
            let means = match sent {
                None if is_hintable => vec![Means::Link],
                Some([true, true]) if is_hintable => vec![Means::Push, Means::Hint],
                Some([false, _]) if is_hintable => vec![Means::Hint],
                _ => vec![Means::Push],
            };
            let is_linked = means == [Means::Link];
            let [media, imagesrcset, imagesizes] = responsive;
            let imagesrcset = imagesrcset.filter(|_| is_linked && is_image);
            let asset = u32::try_from(index).unwrap();
            wire::Entry {
                asset,
                class,
                depth,
                means,
                media: media.filter(|_| is_linked),
                imagesizes: imagesizes.filter(|_| imagesrcset.is_some()),
                imagesrcset,
                reason,
            }
        })
        .collect();
    wire::Plan {
        reason,
        bytes,
        entries,
    }
}

fn head() -> impl Strategy<Value = BTreeMap<Coding, u64>> {
    prop::collection::btree_map(select(Coding::ALL), 1..=Head::MAX, 0..4)
}

fn pushes(plan: &wire::Plan) -> bool {
    let mut means = plan.entries.iter().flat_map(|entry| &entry.means);
    means.any(|means| *means == Means::Push)
}

fn policy() -> impl Strategy<Value = wire::Policy> {
    let origin = prop::option::of(select(&["https://example.com", "http://[::1]:8080"][..]));
    origin.prop_flat_map(|origin| {
        let parsed = origin.map(|origin| Origin::parse(origin).unwrap());
        let entry = (
            select(Class::ALL),
            any::<u32>(),
            any::<Option<[bool; 2]>>(),
            prop::array::uniform3(prop::option::of("[ !#-\\[\\]-~]{1,9}")),
            ".{0,8}",
        );
        let lots = prop::collection::vec((any::<prop::sample::Index>(), entry), 0..6);
        (
            Just(origin),
            ".{0,12}",
            prop::option::of(analysis()),
            prop::collection::vec(asset(parsed), 0..8),
            prop::collection::vec((".{0,12}", lots), 0..5),
            prop::collection::vec((path(), any::<prop::sample::Index>(), head()), 0..6),
        )
            .prop_map(|(origin, generator, analysis, mut assets, plans, pages)| {
                assets.sort_by(|a, b| key(a).cmp(&key(b)));
                assets.dedup_by(|a, b| key(a) == key(b));
                let mut distinct = Vec::new();
                for (reason, lots) in plans {
                    let plan = plan(&assets, reason, lots);
                    if !distinct.contains(&plan) {
                        distinct.push(plan);
                    }
                }
                let mut policy = wire::Policy {
                    generator,
                    origin: origin.map(str::to_owned),
                    analysis,
                    assets,
                    ..wire::Policy::default()
                };
                // Every plan gets a page of its own, further pages share.
                let page = |plan: usize, head| wire::Page {
                    plan: u32::try_from(plan).unwrap(),
                    head: if pushes(&distinct[plan]) {
                        head
                    } else {
                        BTreeMap::new()
                    },
                };
                for plan in 0..distinct.len() {
                    let page = page(plan, BTreeMap::new());
                    policy.pages.insert(format!("/{plan}/"), page);
                }
                for (path, lot, head) in pages {
                    if !distinct.is_empty() && !path.contains('?') {
                        let page = page(lot.index(distinct.len()), head);
                        policy.pages.insert(path, page);
                    }
                }
                policy.plans = distinct;
                policy
            })
    })
}

fn key(asset: &wire::Asset) -> (&str, Destination, bool, Option<CrossOrigin>) {
    (
        &asset.path,
        asset.destination,
        asset.module,
        asset.crossorigin,
    )
}

proptest! {
    #[test]
    fn policies_survive_their_text(wire in policy()) {
        let policy = Policy::try_from(wire.clone()).unwrap();
        prop_assert_eq!(&wire::Policy::from(&policy), &wire);
        let json = policy.to_json();
        prop_assert_eq!(json.lines().last(), Some("}"));
        let read = Policy::from_json(json.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&policy));
        prop_assert_eq!(&policy.to_json(), &json);
        for (path, page) in &wire.pages {
            prop_assert!(policy.plan_for(path).is_some());
            let found = policy.page(path).map(wire::Page::from);
            prop_assert_eq!(found.as_ref(), Some(page));
        }
        // The text is also what serde would have written, spaces apart.
        prop_assert_eq!(serde_json::from_str::<wire::Policy>(&json).unwrap(), wire);
    }

    #[test]
    fn damaged_texts_never_panic(wire in policy(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut json = Policy::try_from(wire).unwrap().to_json().into_bytes();
        // Without the newline at the end the text would still be whole.
        let place = cut.index(json.len() - 1);
        json[place] = byte;
        let _ = Policy::from_json(&json);
        let _ = Policy::unknown_fields(&json);
        json.truncate(place);
        prop_assert!(Policy::from_json(&json).is_err());
    }
}
