//! The model against Chromium: first paints of `pages.txt`, measured over simulated networks.
//!
//! `measured.txt` has medians of cold loads: Chromium 103 with and without pushes, Chromium 156 with and without a 103. The
//! older one gives no priorities (RFC 9218). Both files are written by `cargo bench --bench first_paint -- --browser PATH
//! --record`.

use super::fixture::{Fixture, Measured, measured, pages};
use super::*;

struct Cell {
    measured: Measured,
    predicted: Load,
}

impl Cell {
    fn fcp(&self) -> f64 {
        millis(self.predicted.fcp)
    }
}

fn cells() -> Vec<Cell> {
    let pages = pages(include_str!("pages.txt"));
    let measured = measured(include_str!("measured.txt"));
    measured
        .iter()
        .map(|measured| cell(&pages, *measured))
        .collect()
}

fn cell(pages: &[Fixture], measured: Measured) -> Cell {
    let fixture = pages
        .iter()
        .find(|fixture| fixture.name == measured.page)
        .unwrap();
    let mut conditions = Conditions::new(measured.network.parse().unwrap());
    if measured.browser == "chromium-103" {
        conditions.server.priorities = false;
        conditions.machine = Machine::CHROMIUM_103;
    }
    let predicted = load(
        &fixture.page,
        &fixture.delivery(measured.delivery),
        &conditions,
    );
    Cell {
        measured,
        predicted,
    }
}

/// Spearman's rank correlation.
fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let below = |value: f64| values.iter().filter(|other| **other < value).count() as f64;
        let equal = |value: f64| values.iter().filter(|other| **other == value).count() as f64;
        values
            .iter()
            .map(|value| below(*value) + (equal(*value) - 1.0) / 2.0)
            .collect()
    };
    let one = ranks(pairs.iter().map(|pair| pair.0).collect());
    let other = ranks(pairs.iter().map(|pair| pair.1).collect());
    let count = pairs.len() as f64;
    let square = |(one, other): (&f64, &f64)| (one - other).powi(2);
    let squares: f64 = one.iter().zip(&other).map(square).sum();
    1.0 - 6.0 * squares / (count * (count * count - 1.0))
}

fn mean_error(cells: &[&Cell]) -> f64 {
    let errors = cells
        .iter()
        .map(|cell| (cell.fcp() / cell.measured.fcp - 1.0).abs());
    errors.sum::<f64>() / cells.len() as f64
}

/// The effects of deliveries larger than 3 % as measured and as predicted.
fn effects<'c>(cells: &[&'c Cell]) -> Vec<(&'c Cell, f64, f64)> {
    let effect = |cell: &&'c Cell| {
        let none = cells.iter().find(|none| {
            none.measured.delivery == "none"
                && none.measured.network == cell.measured.network
                && none.measured.page == cell.measured.page
        })?;
        let measured = cell.measured.fcp / none.measured.fcp - 1.0;
        let predicted = cell.fcp() / none.fcp() - 1.0;
        (measured.abs() > 0.03).then_some((*cell, measured, predicted))
    };
    // The plain page has no assets: its loads differ by noise alone.
    let delivered = cells
        .iter()
        .filter(|cell| cell.measured.delivery != "none" && cell.measured.page != "plain");
    delivered.filter_map(effect).collect()
}

#[test]
fn predicts_first_paints_of_chromium() {
    let all = cells();
    for cell in &all {
        let Measured {
            browser,
            network,
            page,
            delivery,
            fcp,
            ..
        } = cell.measured;
        let error = (cell.fcp() / fcp - 1.0) * 100.0;
        println!(
            "{browser:12} {network:8} {page:16} {delivery:5} {fcp:6.0} {:6.0} {error:+5.1} %",
            cell.fcp()
        );
    }
    // Of hints two effects of about ten milliseconds are wrong, on the fastest network.
    for (browser, sign_min) in [("chromium-103", 0.95), ("chromium-156", 0.90)] {
        let cells: Vec<&Cell> = all
            .iter()
            .filter(|cell| cell.measured.browser == browser)
            .collect();
        let pairs: Vec<(f64, f64)> = cells
            .iter()
            .map(|cell| (cell.measured.fcp, cell.fcp()))
            .collect();
        let correlation = rank_correlation(&pairs);
        let error = mean_error(&cells);
        let effects = effects(&cells);
        let wrong: Vec<_> = effects
            .iter()
            .filter(|(_, one, other)| one * other <= 0.0)
            .collect();
        let right = 1.0 - wrong.len() as f64 / effects.len() as f64;
        println!(
            "{browser}: {} cells, rank correlation {correlation:.3}, mean error {:.1} %, {} effects, {:.1} % of signs right",
            cells.len(),
            error * 100.0,
            effects.len(),
            right * 100.0
        );
        for (cell, measured, predicted) in wrong {
            println!(
                "  wrong: {:?} {measured:+.3} {predicted:+.3}",
                cell.measured
            );
        }
        assert!(correlation >= 0.95, "{browser}: {correlation:.3}");
        assert!(error <= 0.10, "{browser}: {error:.3}");
        assert!(right >= sign_min, "{browser}: {right:.3}");
    }
}

#[test]
fn predicts_largest_paints_that_are_images() {
    let cells = cells();
    let heroes: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.measured.page.starts_with("hero"))
        .collect();
    let errors = heroes.iter().map(|cell| {
        let error = millis(cell.predicted.lcp) / cell.measured.lcp - 1.0;
        println!(
            "{:?} {:.0} {:+.1} %",
            cell.measured,
            millis(cell.predicted.lcp),
            error * 100.0
        );
        error.abs()
    });
    let mean = errors.sum::<f64>() / heroes.len() as f64;
    println!("mean error of {} LCPs: {:.1} %", heroes.len(), mean * 100.0);
    assert!(mean <= 0.12, "{mean:.3}");
}
