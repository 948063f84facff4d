//! What the model claims to do, one claim a test.

use super::*;

fn fcp(page: &Page, delivery: &Delivery<'_>, conditions: &Conditions) -> f64 {
    millis(load(page, delivery, conditions).fcp)
}

const SLOW: (u64, u64) = (150, 1_600);

fn slow() -> Conditions {
    ideal(network(SLOW.0, SLOW.1))
}

/// A chain of sheets in which each imports the next.
fn imports(length: u16) -> Page {
    let by = |index: u16| {
        index
            .checked_sub(1)
            .map_or(Discovery::Html(300), Discovery::Import)
    };
    let assets = (0..length).map(|index| sheet(2_000, by(index))).collect();
    Page::new(5_000, 500, Content::Html(600), assets).unwrap()
}

#[test]
fn every_level_of_imports_costs_a_round_trip_that_hints_save() {
    for length in 1..=4 {
        let page = imports(length);
        let all: Vec<u16> = (0..length).collect();
        let none = fcp(&page, &Delivery::NONE, &slow());
        let hinted = fcp(
            &page,
            &Delivery {
                early_hints: &all,
                ..Delivery::NONE
            },
            &slow(),
        );
        let saved = (none - hinted) / SLOW.0 as f64;
        let expected = f64::from(length - 1);
        assert!(
            (saved - expected).abs() < 0.2,
            "{length} sheets: {saved:.2} round trips"
        );
    }
}

#[test]
fn a_push_saves_the_round_trip_that_hints_leave() {
    let page = flat(3_000, 3_000, 3_000);
    let none = fcp(&page, &Delivery::NONE, &slow());
    let push = fcp(
        &page,
        &Delivery {
            push: &[0, 1],
            head: 1_000,
            ..Delivery::NONE
        },
        &slow(),
    );
    let saved = (none - push) / SLOW.0 as f64;
    assert!((0.9..1.1).contains(&saved), "{saved:.2} round trips");
}

#[test]
fn a_103_pays_while_the_server_thinks() {
    let page = flat(3_000, 500, 500);
    for (think, round_trips) in [(0, 0.0), (75, 0.5), (150, 1.0), (600, 1.0)] {
        let conditions = Conditions {
            server: Server {
                think: Time::from_millis(think),
                ..slow().server
            },
            ..slow()
        };
        let none = fcp(&page, &Delivery::NONE, &conditions);
        let hinted = fcp(
            &page,
            &Delivery {
                early_hints: &[0, 1],
                ..Delivery::NONE
            },
            &conditions,
        );
        let saved = (none - hinted) / SLOW.0 as f64;
        assert!(
            (saved - round_trips).abs() < 0.15,
            "{think} ms: {saved:.2} round trips"
        );
    }
}

#[test]
fn link_fields_help_with_what_the_scanner_cannot_see() {
    let page = imports(3);
    let none = fcp(&page, &Delivery::NONE, &slow());
    let linked = fcp(
        &page,
        &Delivery {
            link: &[0, 1, 2],
            ..Delivery::NONE
        },
        &slow(),
    );
    assert!((1.8..2.2).contains(&((none - linked) / SLOW.0 as f64)));
}

#[test]
fn what_was_promised_is_not_asked_for() {
    let page = flat(3_000, 20_000, 30_000);
    let none = load(&page, &Delivery::NONE, &slow());
    let push = load(
        &page,
        &Delivery {
            push: &[0, 1],
            head: 1_000,
            ..Delivery::NONE
        },
        &slow(),
    );
    assert!(
        push.bytes < none.bytes + 400,
        "{} for {}",
        push.bytes,
        none.bytes
    );
    assert_eq!(push.wasted, 0);
}

#[test]
fn what_the_page_never_needs_is_wasted() {
    let mut assets = vec![sheet(2_000, Discovery::Html(300))];
    // A script that never runs would find it.
    assets.push(Asset::new(700, Kind::Other, Discovery::Html(310)));
    assets.push(Asset::new(900, Kind::AsyncScript, Discovery::Run(1)));
    let page = Page::new(3_000, 500, Content::Html(600), assets).unwrap();
    for (ahead, wasted) in [
        (&[0, 1][..], 0),
        (&[0, 2], 900),
        (&[2, 9_999, u16::MAX], 900),
    ] {
        let push = Delivery {
            push: ahead,
            head: 1_000,
            ..Delivery::NONE
        };
        let hints = Delivery {
            early_hints: ahead,
            ..Delivery::NONE
        };
        assert_eq!(load(&page, &push, &slow()).wasted, wasted, "{ahead:?}");
        assert_eq!(load(&page, &hints, &slow()).wasted, wasted, "{ahead:?}");
    }
}

#[test]
fn odd_servers_and_pages_come_to_an_end() {
    let empty = Page::new(0, 0, Content::Html(0), Vec::new()).unwrap();
    let pages = [empty, flat(1, 0, 0), flat(100_000, 1, 1)];
    let odd = [
        (0, 0, 0),
        (u32::MAX, u32::MAX, 0),
        (1, 1, u32::MAX),
        (16_384, 0, 1),
    ];
    for page in &pages {
        for (record, unsent, fields) in odd {
            for network in [
                network(0, 1),
                network(60_000, 1_000_000_000),
                Network::new(Time::ZERO, 0, 0),
            ] {
                let server = Server {
                    record,
                    unsent,
                    fields,
                    ..Server::PUSHGEN
                };
                let conditions = Conditions {
                    server,
                    network,
                    ..Conditions::new(network)
                };
                assert!(load(page, &Delivery::NONE, &conditions).fcp < Time::NEVER);
            }
        }
    }
}

#[test]
fn a_client_that_has_everything_pays_for_pushes_for_one_round_trip() {
    let page = flat(20_000, 30_000, 300_000);
    let cached = Conditions {
        cache: Cache::Full,
        ..slow()
    };
    let none = load(&page, &Delivery::NONE, &cached);
    assert_eq!(none.wasted, 0);
    let push = load(
        &page,
        &Delivery {
            push: &[0, 1],
            head: 1_000,
            ..Delivery::NONE
        },
        &cached,
    );
    assert!(push.wasted > 0 && push.wasted < 70_000, "{}", push.wasted);
    assert!(
        push.fcp - none.fcp < Time::from_millis(2),
        "the head goes first"
    );
    assert!(load(&page, &Delivery::NONE, &slow()).fcp > none.fcp);
}

#[test]
fn a_large_image_before_the_sheet_hurts() {
    let mut assets = vec![sheet(10_000, Discovery::Html(300))];
    assets.push(Asset::new(
        200_000,
        Kind::Image { is_largest: true },
        Discovery::Html(700),
    ));
    let page = Page::new(8_000, 500, Content::Html(600), assets).unwrap();
    let push = |order: &[u16]| {
        fcp(
            &page,
            &Delivery {
                push: order,
                head: 1_000,
                ..Delivery::NONE
            },
            &slow(),
        )
    };
    assert!(push(&[1, 0]) > fcp(&page, &Delivery::NONE, &slow()) * 1.5);
    assert!(push(&[0, 1]) < fcp(&page, &Delivery::NONE, &slow()));
}

#[test]
fn a_record_larger_than_the_first_window_costs_a_round_trip() {
    let page = flat(20_000, 1_000, 1_000);
    let with = |record| {
        let conditions = Conditions {
            server: Server {
                segment: record,
                record,
                unsent: 65_536,
                ..slow().server
            },
            ..slow()
        };
        millis(load(&page, &Delivery::NONE, &conditions).first_byte)
    };
    let saved = (with(16 * 1024) - with(4 * 1024)) / SLOW.0 as f64;
    assert!((0.9..1.5).contains(&saved), "{saved:.2} round trips");
}

#[test]
fn nothing_overtakes_the_kernels_buffer() {
    // The image is asked for first; the sheet, which is more urgent, is found later.
    let mut assets = vec![Asset::new(
        150_000,
        Kind::Image { is_largest: false },
        Discovery::Html(200),
    )];
    assets.push(sheet(5_000, Discovery::Html(30_000)));
    let page = Page::new(40_000, 100, Content::Html(30_500), assets).unwrap();
    let with = |unsent| {
        let conditions = Conditions {
            server: Server {
                unsent,
                ..slow().server
            },
            ..slow()
        };
        fcp(&page, &Delivery::NONE, &conditions)
    };
    assert!(
        with(400_000) > with(4_096) + 200.0,
        "{} {}",
        with(400_000),
        with(4_096)
    );
}

#[test]
fn scripts_wait_for_sheets_before_them_and_deferred_ones_for_the_parser() {
    let finished = |kind| {
        let assets = vec![
            sheet(500, Discovery::Html(300)),
            sheet(500, Discovery::Import(0)),
            Asset::new(500, kind, Discovery::Html(400)),
            sheet(500, Discovery::Run(2)),
        ];
        let page = Page::new(3_000, 500, Content::Html(600), assets).unwrap();
        millis(load(&page, &Delivery::NONE, &slow()).load)
    };
    // The sheet that the script inserts is asked for a round trip later if the script waits for the import.
    let asynchronous = finished(Kind::AsyncScript);
    assert!(finished(Kind::Script) > asynchronous + 140.0);
    assert!(finished(Kind::DeferScript) > asynchronous + 140.0);
}

#[test]
fn a_module_graph_runs_when_all_of_it_is_there() {
    let module = |discovery| Asset::new(3_000, Kind::Module, discovery);
    let assets = vec![
        module(Discovery::Html(300)),
        module(Discovery::Import(0)),
        module(Discovery::Import(1)),
    ];
    let page = Page::new(600, 500, Content::Run(0), assets).unwrap();
    let none = fcp(&page, &Delivery::NONE, &slow());
    // TCP, TLS, the document and three levels.
    assert!((none / SLOW.0 as f64 - 6.0).abs() < 0.5, "{none}");
}

#[test]
fn text_waits_for_its_font_no_longer_than_the_block_period() {
    let font = |bytes| {
        let assets = vec![
            sheet(1_000, Discovery::Html(300)),
            Asset::new(bytes, Kind::Font { blocks_text: true }, Discovery::Style(0)),
        ];
        let page = Page::new(2_000, 500, Content::Html(600), assets).unwrap();
        let load = load(&page, &Delivery::NONE, &slow());
        millis(load.lcp) - millis(load.fcp)
    };
    assert!((150.0..400.0).contains(&font(20_000)), "{}", font(20_000));
    assert!(
        (2_990.0..3_010.0).contains(&font(2_000_000)),
        "{}",
        font(2_000_000)
    );
}

#[test]
fn what_is_not_urgent_waits_for_the_body() {
    let mut assets: Vec<Asset> = (0..6)
        .map(|_| Asset::new(30_000, Kind::AsyncScript, Discovery::Html(200)))
        .collect();
    assets.push(sheet(5_000, Discovery::Html(300)));
    let page = Page::new(3_000, 500, Content::Html(600), assets).unwrap();
    let unordered = Conditions {
        server: Server {
            priorities: false,
            ..slow().server
        },
        ..slow()
    };
    let (with, without) = (
        fcp(&page, &Delivery::NONE, &slow()),
        fcp(&page, &Delivery::NONE, &unordered),
    );
    assert!(
        without > with + 100.0,
        "two scripts go first where nothing is urgent: {with} {without}"
    );
    assert!(without < with + 450.0, "but not all six: {with} {without}");
}

#[test]
fn no_delivery_beats_the_lower_bound() {
    let fixtures = fixture::pages(include_str!("pages.txt"));
    for fixture in &fixtures {
        for class in NETWORK_CLASSES {
            for conditions in [Conditions::new(class.network), ideal(class.network)] {
                for cache in [Cache::Empty, Cache::Full] {
                    let conditions = Conditions {
                        cache,
                        ..conditions
                    };
                    let bound = lower_bound(&fixture.page, &conditions).fcp;
                    for delivery in ["none", "push", "hint"] {
                        let fcp = load(&fixture.page, &fixture.delivery(delivery), &conditions).fcp;
                        assert!(
                            bound <= fcp,
                            "{} {} {delivery}: {bound:?} {fcp:?}",
                            fixture.name,
                            class.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_load() {
    let fixtures = fixture::pages(include_str!("pages.txt"));
    for fixture in &fixtures {
        let conditions = Conditions::new(NETWORK_CLASSES[3].network);
        let delivery = fixture.delivery("push");
        let first = load(&fixture.page, &delivery, &conditions);
        assert_eq!(
            first,
            load(&fixture.page, &delivery, &conditions),
            "{}",
            fixture.name
        );
    }
}

#[test]
fn the_captured_part_lies_between_none_and_the_bound() {
    let at = Time::from_millis;
    for (none, delivered, bound, expected) in [
        (800, 800, 600, Some(0.0)),
        (800, 600, 600, Some(1.0)),
        (800, 700, 600, Some(0.5)),
        (800, 1000, 600, Some(-1.0)),
        (600, 600, 600, None),
    ] {
        assert_eq!(captured(at(none), at(delivered), at(bound)), expected);
    }
}

#[test]
fn a_hostile_page_takes_bounded_time() {
    let mut assets: Vec<Asset> = (0..2_000)
        .map(|at| script(10, Discovery::Html(at)))
        .collect();
    assets.extend((0..2_000).map(|by| Asset::new(u32::MAX, Kind::Sheet, Discovery::Import(by))));
    let page = Page::new(u32::MAX, u32::MAX, Content::Html(u32::MAX), assets).unwrap();
    let _ = lower_bound(&page, &slow());
    // What cannot be simulated in reasonable time is not: the load ends at the limit.
    let outcome = load(&page, &Delivery::NONE, &slow());
    assert!(outcome.fcp <= Time::NEVER);
}
