//! How near the model comes to what was measured.
//!
//! In: the report of `pushgen measure`. Out: a line for each page, network and delivery, and sums: Spearman's rank
//! correlation, the mean of the relative errors, and how many effects of more than 3 % have the sign that was predicted.

use anyhow::Context;
use serde_json::Value;

/// An effect below this is noise.
const EFFECT: f64 = 0.03;

/// One page on one network with one delivery.
pub(crate) struct Cell {
    pub(crate) page: String,
    pub(crate) network: String,
    pub(crate) delivery: &'static str,
    /// Milliseconds: measured, and by the model.
    pub(crate) fcp: f64,
    pub(crate) lcp: f64,
    pub(crate) predicted: f64,
}

impl Cell {
    /// The cells of a report, each without and with what is sent.
    pub(crate) fn all(report: &Value, means: &'static str) -> anyhow::Result<Vec<Self>> {
        let mut cells = Vec::new();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for page in list(&report["pages"]) {
            for cell in list(&page["networks"]) {
                for (delivery, side, predicted) in [
                    ("none", "without", "fcp_without"),
                    (means, "with", "fcp_with"),
                ] {
                    let number = |value: &Value| value.as_f64().context("a figure is missing");
                    cells.push(Self {
                        page: page["page"]
                            .as_str()
                            .unwrap_or_default()
                            .trim_matches('/')
                            .to_owned(),
                        network: cell["network"].as_str().unwrap_or_default().to_owned(),
                        delivery,
                        fcp: number(&cell["fcp"][side])?,
                        lcp: number(&cell["lcp"][side])?,
                        predicted: number(&cell["predicted"][predicted])?,
                    });
                }
            }
        }
        Ok(cells)
    }
}

/// Prints all cells and the sums.
pub(crate) fn print(cells: &[Cell]) {
    println!(
        "| page | network | delivery | FCP ms | model ms | error |\n| --- | --- | --- | ---: | ---: | ---: |"
    );
    for Cell {
        page,
        network,
        delivery,
        fcp,
        predicted,
        ..
    } in cells
    {
        let error = (predicted / fcp - 1.0) * 100.0;
        println!("| {page} | {network} | {delivery} | {fcp:.0} | {predicted:.0} | {error:+.1} % |");
    }
    let errors = cells
        .iter()
        .map(|cell| (cell.predicted / cell.fcp - 1.0).abs());
    let mean = errors.sum::<f64>() / cells.len().max(1) as f64;
    let effects: Vec<(f64, f64)> = cells.chunks(2).filter_map(effect).collect();
    let right = effects
        .iter()
        .filter(|(measured, predicted)| measured * predicted > 0.0)
        .count();
    println!(
        "\n{} cells: rank correlation {:.3}, mean error {:.1} %, signs right {right} of {}",
        cells.len(),
        rank_correlation(cells),
        mean * 100.0,
        effects.len(),
    );
}

/// What is sent does this to the first paint, as measured and as predicted, if it is more than noise.
fn effect(cells: &[Cell]) -> Option<(f64, f64)> {
    let [none, with] = cells else { return None };
    let measured = with.fcp / none.fcp - 1.0;
    let predicted = with.predicted / none.predicted - 1.0;
    // The plain page is sent alone both times.
    (measured.abs() > EFFECT && none.page != "plain").then_some((measured, predicted))
}

fn rank_correlation(cells: &[Cell]) -> f64 {
    let ranks = |of: &dyn Fn(&Cell) -> f64| -> Vec<f64> {
        let rank = |cell: &Cell| {
            let below = cells.iter().filter(|other| of(other) < of(cell)).count();
            let equal = cells.iter().filter(|other| of(other) == of(cell)).count();
            below as f64 + (equal as f64 - 1.0) / 2.0
        };
        cells.iter().map(rank).collect()
    };
    let (one, other) = (ranks(&|cell| cell.fcp), ranks(&|cell| cell.predicted));
    let squares: f64 = one
        .iter()
        .zip(other)
        .map(|(one, other)| (one - other).powi(2))
        .sum();
    let count = cells.len() as f64;
    1.0 - 6.0 * squares / (count * (count * count - 1.0))
}
