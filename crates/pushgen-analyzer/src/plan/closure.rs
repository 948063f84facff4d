//! The first-paint closure: whether it can be pushed, and the plan's reason.
//!
//! In: its candidates and the budget. Out: a [`Closure`], and in words why a plan is as it is.

use pushgen_policy::{Class, MAX_PUSHES, Means};

use super::PlanEntry;
use super::candidate::{Candidate, total};
use super::choice::{Choice, Scanner};
use super::reason::earlier;
use crate::graph::PageGraph;

/// What can be said of a page's first-paint closure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Closure {
    /// The document could not be read.
    Unread,
    Empty,
    Fits,
    TooLarge {
        bytes: u64,
    },
    TooMany {
        files: usize,
    },
    Incomplete {
        because: String,
    },
}

impl Closure {
    pub(super) fn judge(graph: &PageGraph, closure: &[Candidate<'_>], budget: u64) -> Self {
        if !graph.is_read {
            return Self::Unread;
        }
        if let Some(foreign) = &graph.foreign_blocker {
            return Self::Incomplete {
                because: format!("{foreign} blocks rendering too and is not served from here"),
            };
        }
        for Candidate { fetch, eligible } in closure {
            if let Err(obstacle) = eligible {
                return Self::Incomplete {
                    because: format!("{}: {obstacle}", fetch.path),
                };
            }
        }
        match total(closure) {
            _ if closure.is_empty() => Self::Empty,
            Some(bytes) if bytes > budget => Self::TooLarge { bytes },
            _ if closure.len() > MAX_PUSHES => Self::TooMany {
                files: closure.len(),
            },
            _ => Self::Fits,
        }
    }

    /// Why a candidate is neither pushed nor hinted; what is linked never comes here. `pushes` tells whether others are
    /// pushed.
    pub(super) fn left_out_reason(
        &self,
        entry: &PlanEntry,
        choice: Option<&Choice>,
        pushes: bool,
    ) -> &'static str {
        let is_declined = choice.is_some_and(|choice| choice.declines_hints);
        match self {
            _ if entry.class == Class::Lcp && entry.depth < 2 => {
                "the largest paint, and the preload scanner sees it"
            }
            _ if entry.depth >= 2 && is_declined => {
                "hints make no simulated load faster without making another one slower"
            }
            _ if entry.depth >= 2 => "neither the budget nor the header of hints has room for it",
            Self::Fits if !pushes => {
                "pushes make no simulated load faster without making another one slower"
            }
            Self::Fits | Self::Empty => {
                "it does not fit what is left of the budget, and the preload scanner sees it"
            }
            _ if pushes => "the budget has no room for it, and the preload scanner sees it",
            _ => "it is not pushed without the whole closure, and the preload scanner sees it",
        }
    }

    pub(super) fn reason(
        &self,
        entries: &[PlanEntry],
        budget: u64,
        choice: Option<&Choice>,
    ) -> String {
        let count = |means| {
            entries
                .iter()
                .filter(|entry| entry.means.contains(&means))
                .count()
        };
        let gain =
            |gain: fn(&Choice) -> f64| choice.map_or(String::new(), |choice| earlier(gain(choice)));
        let hint_gain = gain(|choice| choice.hint_gain);
        let hinted = match count(Means::Hint) {
            0 if choice.is_some_and(|choice| choice.declines_hints) => {
                "hints make no simulated load faster without making another one slower".to_owned()
            }
            0 => "the preload scanner sees everything early, so hints gain nothing".to_owned(),
            hints => {
                let scanner = choice.map_or(Scanner::Blind, |choice| choice.scanner);
                let files = if hints == 1 { "1 file is" } else { "files are" };
                let why = match (scanner, hints) {
                    (Scanner::Blind, 1) => "the preload scanner cannot see it",
                    (Scanner::Blind, _) => "the preload scanner cannot see all of them",
                    (Scanner::Late, 1) => "the preload scanner sees it late",
                    (Scanner::Late, _) => "the preload scanner sees them late",
                    (Scanner::Waiting, _) => "the server thinks before it sends the document",
                };
                let count = if hints > 1 {
                    format!("{hints} ")
                } else {
                    String::new()
                };
                format!("{count}{files} hinted, because {why}{hint_gain}")
            }
        };
        let hinted = match count(Means::Link) {
            0 => hinted,
            1 => format!("{hinted}; 1 image is linked for the viewports that ask for it"),
            links => {
                format!("{hinted}; {links} images are linked for the viewports that ask for them")
            }
        };
        match self {
            Self::Unread => "the document was not analysed".to_owned(),
            Self::Empty if entries.is_empty() => {
                "nothing but the document holds back the first paint".to_owned()
            }
            Self::Empty => format!("nothing but the document holds back the first paint; {hinted}"),
            Self::Fits if count(Means::Push) == 0 => format!(
                "the whole first-paint closure fits the budget of {budget} bytes, but pushes make no simulated load faster without making another one slower; {hinted}"
            ),
            Self::Fits => format!(
                "the whole first-paint closure fits the budget of {budget} bytes and is pushed{}; {hinted}",
                gain(|choice| choice.push_gain)
            ),
            Self::TooLarge { bytes } if count(Means::Push) > 0 => format!(
                "the first-paint closure of {bytes} bytes exceeds the budget of {budget}, and what fits is pushed{}; {hinted}",
                gain(|choice| choice.push_gain)
            ),
            Self::TooLarge { bytes } => {
                format!(
                    "the first-paint closure of {bytes} bytes exceeds the budget of {budget} and is not pushed; {hinted}"
                )
            }
            Self::TooMany { files } => {
                let pushed = match count(Means::Push) {
                    0 => "not pushed".to_owned(),
                    _ => {
                        let gain = gain(|choice| choice.push_gain);
                        format!("pushed as far as it goes{gain}")
                    }
                };
                format!(
                    "the first-paint closure has {files} files, more than the {MAX_PUSHES} that go with a page, and is {pushed}; {hinted}"
                )
            }
            Self::Incomplete { because } => {
                format!(
                    "the first-paint closure is not complete and is not pushed ({because}); {hinted}"
                )
            }
        }
    }
}
