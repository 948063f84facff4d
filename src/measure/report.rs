//! What was measured, for people and machines.
//!
//! In: the loads of each page over each network. Out: a [`Report`]; its JSON form is a stable interface. Times are in
//! milliseconds since the navigation began.

use std::collections::BTreeMap;

use pushgen_analyzer::model::Time;
use serde::Serialize;

use super::load::{Load, Times};
use super::server::Answer;
use super::statistics::median;
use super::unused::{Ahead, Waste};
use super::verdict::{Comparison, Effect};
use crate::cli::NamedNetwork;

/// What the page-load model says of a page on a network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    pub(crate) fcp_without: Time,
    pub(crate) fcp_with: Time,
    /// What no delivery can beat.
    pub(crate) limit: Time,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Such as `HeadlessChrome/156.0.8078.79`.
    pub(crate) browser: String,
    /// CSS pixels and their ratio: `1350x940@1`.
    pub(crate) viewport: String,
    pub(crate) runs: u16,
    pub(crate) pages: Vec<Page>,
}

/// A page over all networks.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    pub(crate) page: String,
    pub(crate) networks: Vec<Cell>,
}

/// A page over one network.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) network: String,
    pub(crate) rtt_ms: f64,
    pub(crate) down_bits_per_second: u64,
    pub(crate) up_bits_per_second: u64,
    /// First contentful paint; none of an empty page.
    pub(crate) fcp: Option<Comparison>,
    /// Largest contentful paint.
    pub(crate) lcp: Option<Comparison>,
    /// The load event.
    pub(crate) load: Option<Comparison>,
    pub(crate) verdict: Effect,
    /// What the last load with the plan was sent ahead.
    pub(crate) pushed: Files,
    pub(crate) hinted: Files,
    pub(crate) unused: Unused,
    /// First contentful paint by the page-load model, if it knows the page.
    pub(crate) predicted: Option<Predicted>,
    /// Which part of the time between the first paint without and the limit is saved: 1 is all of it, less than 0 a loss.
    pub(crate) captured: Option<f64>,
    /// What each round gave, in their order.
    pub(crate) samples: Vec<Sample>,
}

/// A load in each way.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Sample {
    pub(crate) with: Times,
    pub(crate) without: Times,
}

/// Files and their bytes.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Files {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// What went ahead for nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Unused {
    /// The median of the loads.
    pub(crate) bytes: u64,
    pub(crate) files: Vec<UnusedFile>,
}

/// A file that went ahead for nothing at least once.
#[derive(Debug, Serialize)]
pub(crate) struct UnusedFile {
    pub(crate) path: String,
    pub(crate) how: Waste,
    pub(crate) bytes: u64,
    /// In how many loads. What was hinted and not used is looked for in the last one only.
    pub(crate) loads: usize,
}

/// A prediction, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Predicted {
    pub(crate) fcp_without: f64,
    pub(crate) fcp_with: f64,
    /// What no delivery can beat.
    pub(crate) limit: f64,
}

/// The loads of a page over one network.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    samples: Vec<Sample>,
    ahead: Vec<Ahead>,
}

impl Loads {
    /// Adds what one round gave.
    pub(crate) fn add(&mut self, with: &Load, answers: &[Answer], without: &Load) {
        self.samples.push(Sample {
            with: with.times,
            without: without.times,
        });
        self.ahead.push(Ahead::of(answers, with));
    }

    /// The figures.
    pub(crate) fn cell(&self, network: &NamedNetwork, predicted: Option<Prediction>) -> Cell {
        let compare = |of: fn(&Times) -> Option<f64>| {
            let pairs = self.samples.iter();
            let pairs = pairs.filter_map(|it| Some((of(&it.with)?, of(&it.without)?)));
            Comparison::of(&pairs.collect::<Vec<_>>())
        };
        let [fcp, lcp] = [compare(|times| times.fcp), compare(|times| times.lcp)];
        let last = self.ahead.last();
        let files = |of: fn(&Ahead) -> &BTreeMap<String, u64>| {
            last.map(of).map_or_else(Files::default, |map| Files {
                files: map.len(),
                bytes: map.values().sum(),
            })
        };
        Cell {
            network: network.name.clone(),
            rtt_ms: network.network.rtt.as_millis_f64(),
            down_bits_per_second: network.network.down,
            up_bits_per_second: network.network.up,
            verdict: verdict([fcp, lcp]),
            fcp,
            lcp,
            load: compare(|times| times.load),
            pushed: files(|ahead| &ahead.pushed),
            hinted: files(|ahead| &ahead.hinted),
            unused: self.unused(),
            predicted: predicted.map(|it| Predicted {
                fcp_without: it.fcp_without.as_millis_f64(),
                fcp_with: it.fcp_with.as_millis_f64(),
                limit: it.limit.as_millis_f64(),
            }),
            captured: predicted.and_then(|it| captured(&fcp?, it.limit.as_millis_f64())),
            samples: self.samples.clone(),
        }
    }

    fn unused(&self) -> Unused {
        let mut files: BTreeMap<&(String, Waste), (u64, usize)> = BTreeMap::new();
        let mut told = 0;
        let mut each = Vec::new();
        for ahead in &self.ahead {
            let mut seen = 0;
            for (file, bytes) in &ahead.wasted {
                let (most, loads) = files.entry(file).or_default();
                *most = (*most).max(*bytes);
                *loads += 1;
                match file.1 {
                    Waste::HintedUnused => told += bytes,
                    Waste::PushedUnasked | Waste::SentTwice => seen += bytes,
                }
            }
            each.push(seen as f64);
        }
        let files = files
            .into_iter()
            .map(|((path, how), (bytes, loads))| UnusedFile {
                path: path.clone(),
                how: *how,
                bytes,
                loads,
            });
        Unused {
            bytes: median(&each).unwrap_or(0.0).round() as u64 + told,
            files: files.collect(),
        }
    }
}

/// None if there is nothing to save.
fn captured(fcp: &Comparison, limit: f64) -> Option<f64> {
    let possible = fcp.without - limit;
    (possible > 0.0).then(|| ((fcp.without - fcp.with) / possible * 1000.0).round() / 1000.0)
}

/// Worse if one of the paints is later; better if one is earlier and none is later.
fn verdict(paints: [Option<Comparison>; 2]) -> Effect {
    let effects = paints.map(|paint| paint.map_or(Effect::Same, |paint| paint.effect()));
    match effects {
        _ if effects.contains(&Effect::Worse) => Effect::Worse,
        _ if effects.contains(&Effect::Better) => Effect::Better,
        _ => Effect::Same,
    }
}

impl Page {
    /// Why the page's plan is taken away, if it lost: the figures of the paint that lost most.
    pub(crate) fn loss(&self, report: &Report) -> Option<String> {
        let paints = self.networks.iter().flat_map(|cell| {
            // Of equal losses the last one is told.
            let paints = [("largest", cell.lcp), ("first", cell.fcp)];
            paints.map(|(which, paint)| (cell, which, paint))
        });
        let losses = paints.filter_map(|(cell, which, paint)| {
            let paint = paint.filter(|paint| paint.effect() == Effect::Worse)?;
            Some((cell, which, paint))
        });
        let (cell, which, paint) =
            losses.max_by(|(.., one), (.., other)| one.share().total_cmp(&other.share()))?;
        let (low, high) = paint.interval?;
        Some(format!(
            "measured worse with its plan: {which} contentful paint at {:.0} ms instead of {:.0} ms ({:+.0} ms, 95 % \
             interval {low:+.0} to {high:+.0} ms) on {}, {} runs in {}",
            paint.with, paint.without, paint.difference, cell.network, report.runs, report.browser,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(with: f64, without: f64) -> Loads {
        let times = |fcp: f64, lcp: f64| Times {
            fcp: Some(fcp),
            lcp: Some(lcp),
            load: None,
        };
        let sample = |at: u32| Sample {
            with: times(with + f64::from(at), with),
            without: times(without + f64::from(at), without),
        };
        Loads {
            samples: (0..7).map(sample).collect(),
            ahead: Vec::new(),
        }
    }

    fn report(loads: &Loads) -> Report {
        let network = NamedNetwork {
            name: "4g".to_owned(),
            network: "4g".parse().expect("a network"),
        };
        Report {
            browser: "Browser/1".to_owned(),
            viewport: String::new(),
            runs: 7,
            pages: vec![Page {
                page: "/".to_owned(),
                networks: vec![loads.cell(&network, None)],
            }],
        }
    }

    #[test]
    fn the_captured_part_lies_between_what_was_measured_without_and_the_limit() {
        let fcp = |with, without| Comparison::of(&[(with, without)]).expect("a pair");
        for (with, without, limit, expected) in [
            (800.0, 1000.0, 600.0, Some(0.5)),
            (1100.0, 1000.0, 600.0, Some(-0.25)),
            (900.0, 1000.0, 1000.0, None),
        ] {
            assert_eq!(captured(&fcp(with, without), limit), expected);
        }
    }

    #[test]
    fn a_loss_is_told_with_its_figures() {
        let worse = report(&loads(1200.0, 1000.0));
        assert_eq!(worse.pages[0].networks[0].verdict, Effect::Worse);
        assert_eq!(
            worse.pages[0].loss(&worse).as_deref(),
            Some(
                "measured worse with its plan: largest contentful paint at 1200 ms instead of 1000 ms (+200 ms, 95 % \
                 interval +200 to +200 ms) on 4g, 7 runs in Browser/1"
            )
        );
        let better = report(&loads(800.0, 1000.0));
        assert_eq!(better.pages[0].networks[0].verdict, Effect::Better);
        assert_eq!(better.pages[0].loss(&better), None);
    }
}
