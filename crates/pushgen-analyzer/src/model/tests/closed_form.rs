//! The packet model beside the closed form of `bound`, where that applies: an idle path, one transfer.

use super::*;

#[test]
fn one_transfer_takes_as_long_as_the_closed_form_says() {
    let mut worst = 0.0_f64;
    for class in NETWORK_CLASSES {
        for kilobytes in [1, 5, 10, 14, 20, 30, 43, 60, 90, 150, 300, 600] {
            let network = Network {
                up: 1_000_000_000_000,
                ..class.network
            };
            let page = Page::new(kilobytes * 1000, 0, Content::Html(u32::MAX), Vec::new()).unwrap();
            let load = load(&page, &Delivery::NONE, &ideal(network));
            let bound = delivery_bound(load.bytes, &network, 2, Time::ZERO);
            let error = millis(load.fcp) / millis(bound) - 1.0;
            assert!(
                (-0.001..0.03).contains(&error),
                "{} {kilobytes} kB: {error:+.3}",
                class.name
            );
            worst = worst.max(error);
        }
    }
    assert!(worst > 0.0, "the closed form leaves rounding out");
}

#[test]
fn what_is_pushed_behind_the_head_comes_close_to_the_lower_bound() {
    for (page, rtt, rate) in [
        (flat(8_000, 15_000, 10_000), 150, 1_600),
        (flat(8_000, 15_000, 10_000), 70, 9_000),
        (flat(8_000, 15_000, 10_000), 200, 20_000),
        (flat(90_000, 15_000, 10_000), 150, 1_600),
        (flat(90_000, 15_000, 10_000), 28, 20_000),
        (flat(15_000, 60_000, 120_000), 150, 1_600),
    ] {
        let conditions = ideal(network(rtt, rate));
        let delivery = Delivery {
            push: &[0, 1],
            head: 600,
            ..Delivery::NONE
        };
        let pushed = load(&page, &delivery, &conditions);
        let bound = lower_bound(&page, &conditions);
        let ratio = millis(pushed.fcp) / millis(bound.fcp);
        assert!(
            (1.0..1.03).contains(&ratio),
            "{rtt} ms, {rate} kbit/s: {ratio:.3}"
        );
    }
}

/// A page, its network, the times of three deliveries, and what these deliver.
type Row<'a> = (&'static str, Page, u64, u64, [f64; 3], &'a [u16]);

/// Times of an independent packet model (slow start, strict order, no computing), in milliseconds.
#[test]
fn agrees_with_an_independent_packet_model() {
    let chain = |imports: u16, kind: Kind| -> Vec<Asset> {
        (0..imports)
            .map(|by| Asset::new(5_000, kind, Discovery::Import(by)))
            .collect()
    };
    let imports = {
        let mut assets = vec![sheet(6_000, Discovery::Html(300))];
        assets.extend(chain(1, Kind::Sheet));
        Page::new(12_000, 500, Content::Html(600), assets).unwrap()
    };
    let none: &[u16] = &[];
    let rows: [Row<'_>; 4] = [
        (
            "flat",
            flat(8_000, 15_000, 10_000),
            150,
            1_600,
            [778.0, 771.0, 674.0],
            &[0, 1],
        ),
        (
            "flat",
            flat(8_000, 15_000, 10_000),
            70,
            9_000,
            [355.0, 354.0, 293.0],
            &[0, 1],
        ),
        (
            "long",
            flat(90_000, 15_000, 10_000),
            150,
            1_600,
            [1121.0, 1121.0, 681.0],
            &[0, 1],
        ),
        (
            "imports",
            imports,
            150,
            1_600,
            [848.0, 655.0, 520.0],
            &[0, 1],
        ),
    ];
    for (name, page, rtt, rate, expected, ahead) in rows {
        let conditions = ideal(network(rtt, rate));
        let deliveries = [
            Delivery {
                push: none,
                ..Delivery::NONE
            },
            Delivery {
                early_hints: ahead,
                ..Delivery::NONE
            },
            Delivery {
                push: ahead,
                head: 1_000,
                ..Delivery::NONE
            },
        ];
        for (delivery, expected) in deliveries.iter().zip(expected) {
            let fcp = millis(load(&page, delivery, &conditions).fcp);
            let error = fcp / expected - 1.0;
            assert!(
                error.abs() < 0.05,
                "{name} {rtt} ms {rate} kbit/s: {fcp:.0} for {expected}"
            );
        }
    }
}
