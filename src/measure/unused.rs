//! What was sent ahead for nothing.
//!
//! In: what the server sent during a load, and what the page asked for. Out: the files that went ahead with it, and
//! those of them that were not used: pushed and never asked for, sent twice, or hinted and, as the browser tells a few
//! seconds after the load event, not used.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::load::Load;
use super::server::Answer;

/// Why bytes were wasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Waste {
    /// It was pushed, and nothing asked for it.
    PushedUnasked,
    /// It went ahead, and once more.
    SentTwice,
    /// It was fetched because of a hint, and not used.
    HintedUnused,
}

/// What went ahead in one load.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    pub(crate) pushed: BTreeMap<String, u64>,
    /// Of what was hinted, what was fetched: for another viewport much is hinted that is not.
    pub(crate) hinted: BTreeMap<String, u64>,
    pub(crate) wasted: BTreeMap<(String, Waste), u64>,
}

impl Ahead {
    pub(crate) fn of(answers: &[Answer], load: &Load) -> Self {
        let hinted: HashSet<&str> = answers
            .iter()
            .flat_map(|answer| &answer.hinted)
            .map(String::as_str)
            .collect();
        let mut ahead = Self::default();
        let mut first: HashSet<&str> = HashSet::new();
        for answer in answers {
            let target = answer.target.as_str();
            let is_hinted = hinted.contains(target);
            let is_first = first.insert(target);
            if answer.is_pushed {
                ahead.pushed.insert(target.to_owned(), answer.bytes);
            } else if is_hinted && is_first {
                ahead.hinted.insert(target.to_owned(), answer.bytes);
            }
            let waste = if answer.is_pushed && !load.asked.contains(target) {
                Waste::PushedUnasked
            } else if !is_first && (is_hinted || ahead.pushed.contains_key(target)) {
                Waste::SentTwice
            } else if is_hinted && load.unused.contains(target) {
                Waste::HintedUnused
            } else {
                continue;
            };
            let bytes = ahead.wasted.entry((target.to_owned(), waste)).or_default();
            *bytes += answer.bytes;
        }
        ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::load::Times;

    fn answer(target: &str, bytes: u64, is_pushed: bool) -> Answer {
        Answer {
            target: target.to_owned(),
            bytes,
            is_pushed,
            hinted: Vec::new(),
        }
    }

    #[test]
    fn tells_apart_the_ways_to_waste() {
        let times = Times {
            fcp: None,
            lcp: None,
            load: None,
        };
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let load = Load {
            times,
            asked: set(&["/", "/pushed.css", "/late.css", "/hinted.css", "/found.css"]),
            unused: set(&["/unused.css", "/found.css"]),
        };
        let mut page = answer("/", 1000, false);
        page.hinted = ["/hinted.css", "/unused.css", "/for-phones.png"]
            .map(str::to_owned)
            .to_vec();
        let answers = [
            answer("/pushed.css", 1, true),
            answer("/unasked.css", 2, true),
            answer("/late.css", 4, true),
            answer("/late.css", 4, false),
            answer("/hinted.css", 8, false),
            answer("/unused.css", 16, false),
            // The page preloads it itself.
            answer("/found.css", 32, false),
            page,
        ];
        let ahead = Ahead::of(&answers, &load);
        let wasted: Vec<_> = ahead
            .wasted
            .iter()
            .map(|((path, waste), bytes)| (path.as_str(), *waste, *bytes))
            .collect();
        assert_eq!(
            wasted,
            [
                ("/late.css", Waste::SentTwice, 4),
                ("/unasked.css", Waste::PushedUnasked, 2),
                ("/unused.css", Waste::HintedUnused, 16),
            ]
        );
        assert_eq!(ahead.pushed.values().sum::<u64>(), 7);
        assert_eq!(ahead.hinted.values().sum::<u64>(), 24);
    }
}
