//! The lower bound holds for any page, delivery, network and machine, and is close where it can be reached.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// An asset named by the document at this place, or by an earlier asset, as far as its kind can be.
fn assets(drawn: Vec<(Kind, u32, u32, u16)>, html: u32) -> Vec<Asset> {
    let mut assets: Vec<Asset> = Vec::new();
    for (kind, bytes, at, by) in drawn {
        let by = by.checked_rem(assets.len() as u16).unwrap_or(0);
        let named_by = assets.get(usize::from(by)).map(|asset| asset.kind);
        let is_named = at % 3 == 0;
        let discovery = match (kind, named_by) {
            (Kind::Sheet, Some(Kind::Sheet))
            | (Kind::Module | Kind::AsyncModule, Some(Kind::Module | Kind::AsyncModule))
                if is_named =>
            {
                Discovery::Import(by)
            }
            (Kind::Font { .. } | Kind::Image { .. }, Some(Kind::Sheet)) if is_named => {
                Discovery::Style(by)
            }
            (Kind::AsyncScript, Some(Kind::Script | Kind::AsyncScript)) if is_named => {
                Discovery::Run(by)
            }
            _ => Discovery::Html(at % html),
        };
        let mut asset = Asset::new(bytes, kind, discovery);
        asset.plain = bytes.saturating_mul(1 + at % 5);
        assets.push(asset);
    }
    assets
}

fn any_page() -> impl Strategy<Value = Page> {
    let kind = select(vec![
        Kind::Sheet,
        Kind::Sheet,
        Kind::Script,
        Kind::AsyncScript,
        Kind::DeferScript,
        Kind::Module,
        Kind::AsyncModule,
        Kind::Font { blocks_text: true },
        Kind::Image { is_largest: true },
    ]);
    let asset = (kind, 0_u32..120_000, 0_u32..200_000, 0_u16..12);
    let document = (200_u32..200_000, 0_u32..100, 0_u32..100, 1_u32..6);
    (document, prop::collection::vec(asset, 0..12)).prop_map(
        |((html, body, content, times), drawn)| {
            let body = html / 100 * body;
            let assets = assets(drawn, html);
            let runs = assets.iter().rposition(|asset| {
                !matches!(asset.discovery, Discovery::Import(_))
                    && matches!(
                        asset.kind,
                        Kind::Script | Kind::AsyncScript | Kind::DeferScript | Kind::Module
                    )
            });
            let content = match runs.filter(|_| content < 30) {
                Some(script) => Content::Run(script as u16),
                None => Content::Html(body + (html - body) / 100 * content),
            };
            let page = Page::new(html, body, content, assets).expect("assets in order");
            page.with_plain_html(html.saturating_mul(times))
        },
    )
}

proptest! {
    #[test]
    fn no_delivery_of_any_page_beats_the_bound(
        page in any_page(),
        sent in prop::collection::vec(0_u16..12, 0..8),
        network in select(NETWORK_CLASSES.to_vec()),
        (head, think, is_pushed, is_ideal) in (0_u32..200_000, 0_u64..400, any::<bool>(), any::<bool>()),
    ) {
        let count = page.assets().len() as u16;
        // Some of them twice.
        let sent: Vec<u16> = sent.into_iter().filter(|asset| *asset < count).collect();
        let delivery = match is_pushed {
            true => Delivery { push: &sent, head, ..Delivery::NONE },
            false => Delivery { early_hints: &sent, ..Delivery::NONE },
        };
        for machine in [Machine::CHROMIUM_156, Machine::CHROMIUM_103] {
            let mut conditions = match is_ideal {
                true => ideal(network.network),
                false => Conditions { machine, ..Conditions::new(network.network) },
            };
            conditions.server.think = Time::from_millis(think);
            let bound = lower_bound(&page, &conditions).fcp;
            let fcp = load(&page, &delivery, &conditions).fcp;
            prop_assert!(bound <= fcp, "{}: {bound:?} {fcp:?}", network.name);
        }
    }
}

#[test]
fn a_chain_of_names_costs_the_machine_time_that_no_delivery_saves() {
    let chain = |length: u16| {
        let import = |by| sheet(500, Discovery::Import(by));
        let assets = std::iter::once(sheet(500, Discovery::Html(300)));
        let assets = assets.chain((0..length).map(import)).collect();
        Page::new(4_000, 500, Content::Html(600), assets).unwrap()
    };
    let conditions = Conditions::new(NETWORK_CLASSES[5].network);
    let bound = |length| millis(lower_bound(&chain(length), &conditions).fcp);
    let machine = Machine::REFERENCE;
    let step = millis(machine.request + machine.receive);
    let (one, four) = (bound(1), bound(4));
    assert!((four - one - 3.0 * step).abs() < 0.5, "{one} {four} {step}");
}

#[test]
fn a_script_that_draws_the_page_needs_all_that_runs_before_it() {
    let assets = vec![
        Asset::new(10_000, Kind::DeferScript, Discovery::Html(100)),
        Asset::new(20_000, Kind::Module, Discovery::Html(200)),
        Asset::new(30_000, Kind::Module, Discovery::Import(1)),
        Asset {
            part_of: Some(1),
            ..Asset::new(40_000, Kind::Module, Discovery::Html(300))
        },
        Asset::new(50_000, Kind::AsyncScript, Discovery::Html(400)),
    ];
    let conditions = Conditions::new(NETWORK_CLASSES[5].network);
    let fields = u64::from(server::OVERHEAD + conditions.server.fields);
    for (drawing, files, expected) in [(0, 1, 14_000), (1, 4, 104_000), (4, 1, 50_400)] {
        let page = Page::new(4_000, 500, Content::Run(drawing), assets.clone()).unwrap();
        let bytes = lower_bound(&page, &conditions).bytes;
        assert_eq!(bytes, expected + (1 + files) * fields, "{drawing}");
    }
}
