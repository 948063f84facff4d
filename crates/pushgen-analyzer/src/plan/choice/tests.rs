//! Each way in which pushes and hints are known to hurt, and that none of them is chosen; and where they gain, that they
//! take what there is to gain.

use super::*;
use crate::model::{Asset, Discovery, Kind, captured, lower_bound};

const HTML: u32 = 8_000;

fn sheet(bytes: u32) -> Asset {
    Asset::new(bytes, Kind::Sheet, Discovery::Html(300))
}

fn import(bytes: u32, by: u16) -> Asset {
    Asset::new(bytes, Kind::Sheet, Discovery::Import(by))
}

fn script(bytes: u32) -> Asset {
    Asset::new(bytes, Kind::Script, Discovery::Html(400))
}

fn image(bytes: u32, discovery: Discovery) -> Asset {
    Asset::new(bytes, Kind::Image { is_largest: true }, discovery)
}

/// A page with a head of a kilobyte.
fn page(html: u32, assets: Vec<Asset>) -> Page {
    Page::new(html, 1_000, Content::Html(1_200), assets).expect("assets in order")
}

/// All assets as candidates: pushed and hinted if the rules have their way.
fn all(page: &Page) -> Vec<Choosable> {
    let entry = |(at, asset): (u16, &Asset)| {
        let class = match asset.kind {
            Kind::Sheet | Kind::Script => Class::RenderBlocking,
            Kind::Font { .. } => Class::Font,
            Kind::Image { .. } => Class::Lcp,
            _ => Class::Module,
        };
        Choosable {
            asset: at,
            class,
            in_closure: class == Class::RenderBlocking,
            may_push: class != Class::Lcp,
            may_hint: true,
            is_hint_proposed: true,
        }
    };
    (0..).zip(page.assets()).map(entry).collect()
}

/// The same where the preload scanner sees everything, so that no hints are proposed.
fn all_seen(page: &Page) -> Vec<Choosable> {
    let mut entries = all(page);
    for entry in &mut entries {
        entry.is_hint_proposed = false;
    }
    entries
}

fn choice(page: &Page) -> Choice {
    choose(page, &all(page), Time::ZERO)
}

/// The delivery to a client that takes pushes, and to one that takes hints.
fn loads(page: &Page, choice: &Choice, conditions: &Conditions) -> [Load; 3] {
    let entries = all(page);
    let push = assets(&entries, &choice.push);
    let hint = assets(&entries, &choice.hint);
    let head = match choice.is_interleaved {
        true => first_content(page),
        false => page.html_bytes(),
    };
    let rest: Vec<u16> = hint
        .iter()
        .copied()
        .filter(|asset| !push.contains(asset))
        .collect();
    let pushes = Delivery {
        push: &push,
        head,
        early_hints: &rest,
        ..Delivery::NONE
    };
    let hints = Delivery {
        early_hints: &hint,
        ..Delivery::NONE
    };
    [Delivery::NONE, pushes, hints].map(|delivery| load(page, &delivery, conditions))
}

/// Pages of many kinds, by what is said of them.
fn pages() -> Vec<(&'static str, Page)> {
    vec![
        (
            "a sheet and a script",
            page(HTML, vec![sheet(15_000), script(10_000)]),
        ),
        (
            "a document beyond the first window",
            page(90_000, vec![sheet(15_000), script(10_000)]),
        ),
        (
            "imports",
            page(12_000, vec![sheet(6_000), import(5_000, 0)]),
        ),
        (
            "a deep chain of imports",
            page(
                HTML,
                vec![
                    sheet(2_000),
                    import(2_000, 0),
                    import(2_000, 1),
                    import(2_000, 2),
                ],
            ),
        ),
        (
            "much more than the first windows",
            page(15_000, vec![sheet(60_000), script(120_000)]),
        ),
        (
            "a large image that a sheet hides",
            page(
                HTML,
                vec![sheet(15_000), image(200_000, Discovery::Style(0))],
            ),
        ),
        (
            "a large image in the document",
            page(
                HTML,
                vec![sheet(15_000), image(200_000, Discovery::Html(1_100))],
            ),
        ),
        (
            "a font that a sheet hides",
            page(
                HTML,
                vec![
                    sheet(9_000),
                    Asset::new(
                        20_000,
                        Kind::Font { blocks_text: true },
                        Discovery::Style(0),
                    ),
                ],
            ),
        ),
        (
            "a hundred tiny sheets",
            page(40_000, (0..100).map(|_| sheet(200)).collect()),
        ),
        (
            "modules",
            page(
                10_000,
                vec![
                    sheet(10_000),
                    Asset::new(5_000, Kind::Module, Discovery::Html(500)),
                    Asset::new(5_000, Kind::Module, Discovery::Import(1)),
                    Asset::new(5_000, Kind::Module, Discovery::Import(2)),
                ],
            ),
        ),
        (
            "nothing but the document",
            page(
                HTML,
                vec![Asset::new(
                    9_000,
                    Kind::Image { is_largest: false },
                    Discovery::Html(2_000),
                )],
            ),
        ),
    ]
}

/// Clients and paths beside those that the choice is made for.
fn others(network: Network) -> [(&'static str, Conditions); 3] {
    let cold = Conditions::new(network);
    let open = Conditions {
        handshakes: 0,
        ..cold
    };
    let mut deep = cold;
    deep.network.queue = Time::from_millis(2_000);
    [
        ("cold", cold),
        ("on an open connection", open),
        ("behind a deep queue", deep),
    ]
}

#[test]
fn no_load_is_slower_than_without() {
    for (name, page) in pages() {
        let choice = choice(&page);
        for class in NETWORK_CLASSES {
            let full = (
                "all in the cache",
                of_client(class.network, Cache::Full, Time::ZERO),
            );
            for (client, conditions) in others(class.network).into_iter().chain([full]) {
                let [none, push, hints] = loads(&page, &choice, &conditions);
                for with in [push, hints] {
                    let said = format!("{name}, {}, {client}: {none:?} {with:?}", class.name);
                    assert!(is_bearable(&none, &with, conditions.cache), "{said}");
                }
            }
        }
    }
}

#[test]
fn pushes_come_close_to_the_limit_where_the_closure_fits_the_first_window() {
    for (name, page) in pages().into_iter().take(4) {
        let choice = choice(&page);
        assert_eq!(choice.push, vec![true; page.assets().len()], "{name}");
        for class in NETWORK_CLASSES {
            let conditions = of_client(class.network, Cache::Empty, Time::ZERO);
            let [none, push, _] = loads(&page, &choice, &conditions);
            let limit = lower_bound(&page, &conditions).fcp;
            let captured = captured(none.fcp, push.fcp, limit).unwrap_or(1.0);
            assert!(captured > 0.5, "{name}, {}: {captured:.2}", class.name);
        }
    }
}

#[test]
fn a_document_beyond_the_first_window_is_interrupted() {
    let page = page(90_000, vec![sheet(15_000), script(10_000)]);
    assert!(choice(&page).is_interleaved);
}

#[test]
fn an_image_that_a_sheet_hides_is_hinted_behind_the_sheet() {
    let page = page(
        HTML,
        vec![sheet(15_000), image(200_000, Discovery::Style(0))],
    );
    let choice = choice(&page);
    assert_eq!(choice.hint, [true, true]);
    assert!(choice.hint_gain > 0.1, "{choice:?}");
}

#[test]
fn what_gains_less_than_a_hundredth_is_not_sent() {
    let page = page(
        HTML,
        vec![Asset::new(
            9_000,
            Kind::Image { is_largest: false },
            Discovery::Html(2_000),
        )],
    );
    let choice = choice(&page);
    assert!(
        !choice.push.contains(&true) && !choice.hint.contains(&true),
        "{choice:?}"
    );
}

#[test]
fn what_stands_late_in_the_document_is_hinted() {
    let late = Asset::new(12_000, Kind::Sheet, Discovery::Html(60_000));
    let late = Page::new(120_000, 61_000, Content::Html(61_200), vec![late]);
    let early = page(120_000, vec![sheet(12_000)]);
    for (page, expected) in [(late.expect("assets in order"), true), (early, false)] {
        let choice = choose(&page, &all_seen(&page), Time::ZERO);
        assert_eq!(choice.hint, [expected], "{choice:?}");
        let scanner = if expected {
            Scanner::Late
        } else {
            Scanner::Blind
        };
        assert_eq!(choice.scanner, scanner);
    }
}

#[test]
fn a_part_of_the_closure_is_pushed_only_where_it_gains_much() {
    // The first fits the budget, the second does not.
    let parts = [
        ("a small part of much", 8_000, 400_000, false),
        ("nearly all, by the last import", 30_000, 2_000, true),
    ];
    for (name, first, second, expected) in parts {
        let page = page(90_000, vec![sheet(first), import(second, 0)]);
        let mut entries = all_seen(&page);
        entries[1].may_push = false;
        let choice = choose(&page, &entries, Time::ZERO);
        assert_eq!(choice.push[0], expected, "{name}: {choice:?}");
        assert!(!choice.push[1]);
    }
}

#[test]
fn what_the_scanner_sees_is_hinted_while_the_server_thinks() {
    let page = page(HTML, vec![sheet(15_000), script(10_000)]);
    for (think, expected) in [(0, false), (300, true)] {
        let choice = choose(&page, &all_seen(&page), Time::from_millis(think));
        assert_eq!(choice.hint, [expected; 2], "{think}: {choice:?}");
        assert_eq!(choice.scanner == Scanner::Waiting, expected);
    }
}

#[test]
fn hints_that_delay_the_page_of_a_server_that_thinks_are_not_chosen() {
    let page = page(
        HTML,
        vec![sheet(15_000), image(200_000, Discovery::Style(0))],
    );
    for think in [0, 50, 100, 300, 1000].map(Time::from_millis) {
        let choice = choose(&page, &all(&page), think);
        for class in NETWORK_CLASSES {
            let conditions = of_client(class.network, Cache::Empty, think);
            let [none, _, hints] = loads(&page, &choice, &conditions);
            let said = format!("{think:?} {}: {none:?} {hints:?}", class.name);
            assert!(hints.fcp <= none.fcp, "{said}");
        }
    }
}
