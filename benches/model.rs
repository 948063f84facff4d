//! The time of one simulated load.
//!
//! In: nothing. Out: microseconds a load, for a small, a typical (30 assets, 500 kB) and a large page on
//! each network class, with and without pushes: medians of rounds of many loads.

use std::hint::black_box;
use std::time::Instant;

use pushgen_analyzer::model::{
    Asset, Conditions, Content, Delivery, Discovery, Kind, NETWORK_CLASSES, Page, load,
};

const ROUNDS: usize = 15;
const LOADS: u32 = 200;

fn main() -> anyhow::Result<()> {
    println!(
        "{:8} {:>6} {:>8} {:10} {:>9} {:>9}",
        "page", "assets", "kB", "network", "none µs", "push µs"
    );
    for (name, count, bytes) in [
        ("small", 3, 40_000),
        ("typical", 30, 500_000),
        ("large", 120, 5_000_000),
    ] {
        let page = page(count, bytes)?;
        for class in NETWORK_CLASSES {
            let conditions = Conditions::new(class.network);
            let push = Delivery {
                push: &[0, 1],
                head: 4096,
                ..Delivery::NONE
            };
            let none = micros(|| load(black_box(&page), &Delivery::NONE, &conditions));
            let pushed = micros(|| load(black_box(&page), &push, &conditions));
            println!(
                "{name:8} {count:6} {:8} {:10} {none:9.1} {pushed:9.1}",
                bytes / 1000,
                class.name
            );
        }
    }
    Ok(())
}

/// Two sheets, the first of which imports a third, scripts, fonts and images; a tenth is the document.
fn page(count: u16, bytes: u32) -> anyhow::Result<Page> {
    let each = bytes / 10 * 9 / u32::from(count);
    let html = bytes / 10;
    let assets = (0..count).map(|index| {
        let at = Discovery::Html(400 + u32::from(index) * html / 2 / u32::from(count));
        let (kind, discovery) = match index {
            0 => (Kind::Sheet, Discovery::Html(200)),
            1 => (Kind::Sheet, Discovery::Html(250)),
            2 => (Kind::Sheet, Discovery::Import(0)),
            3 | 4 => (Kind::Font { blocks_text: true }, Discovery::Style(1)),
            5 => (Kind::Script, Discovery::Html(300)),
            6..=9 => (Kind::DeferScript, at),
            10 => (Kind::Image { is_largest: true }, at),
            _ => (Kind::Image { is_largest: false }, at),
        };
        Asset::new(each, kind, discovery)
    });
    Ok(Page::new(html, 400, Content::Html(500), assets.collect())?)
}

/// The median over rounds of the mean of a round.
fn micros<T>(run: impl Fn() -> T) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..LOADS {
                black_box(run());
            }
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(LOADS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().unwrap_or_default()
}
