//! What the browser's main thread does during a load: the last row of its waterfall.
//!
//! In: a timeline, the page as the model knows it, and its graph. Out: [`Spell`]s, one after the other, and how long the
//! thread does what. Of a load with more than [`MAX_SPELLS`] the longest are kept.

use std::cmp::Reverse;
use std::fmt;

use pushgen_analyzer::PageGraph;
use pushgen_analyzer::model::{Kind, Modelled, Task, Time, Timeline, Work};

use super::MAX_SPELLS;
use super::foreign::name;
use super::waterfall::Colour;

/// A time that the thread is busy with one thing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spell<'a> {
    pub(super) what: What,
    /// The asset that it is about.
    pub(super) path: Option<&'a str>,
    pub(super) colour: Colour,
    pub(super) from: Time,
    pub(super) to: Time,
}

/// What the thread is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Commit,
    Html,
    Sheet,
    Decode,
    Script,
    Layout,
}

impl What {
    const ALL: [Self; 6] = [
        Self::Commit,
        Self::Html,
        Self::Sheet,
        Self::Decode,
        Self::Script,
        Self::Layout,
    ];

    fn of(task: Task, modelled: &Modelled) -> Self {
        match task {
            Task::Commit => Self::Commit,
            Task::Parse => Self::Html,
            Task::Layout => Self::Layout,
            Task::Run(_) => Self::Script,
            Task::Prepare(asset) => {
                let asset = modelled.page.assets().get(usize::from(asset));
                match asset.map(|asset| asset.kind) {
                    Some(Kind::Sheet | Kind::IdleSheet) => Self::Sheet,
                    _ => Self::Decode,
                }
            }
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Commit => "document set up",
            Self::Html => "HTML parsed",
            Self::Sheet => "style sheets parsed",
            Self::Decode => "fonts and images decoded",
            Self::Script => "scripts compiled and run",
            Self::Layout => "style and layout",
        }
    }

    /// Of one asset.
    const fn done(self) -> &'static str {
        match self {
            Self::Sheet => "parsed",
            Self::Decode => "decoded",
            Self::Script => "compiled and run",
            _ => self.words(),
        }
    }
}

impl fmt::Display for Spell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path {
            write!(f, "{} ", name(path))?;
        }
        write!(
            f,
            "{}, {} from {}",
            self.what.done(),
            Short(self.to - self.from),
            Short(self.from)
        )
    }
}

/// Milliseconds with a digit behind the point: most work is short.
struct Short(Time);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_nanos() {
            1..50_000 => f.write_str("under 0.1\u{a0}ms"),
            nanos => write!(f, "{:.1}\u{a0}ms", nanos as f64 / 1e6),
        }
    }
}

/// The row, and its sums.
#[derive(Debug, Default)]
pub(super) struct MainThread<'a> {
    /// In their order.
    pub(super) spells: Vec<Spell<'a>>,
    /// What is too short to be drawn beside so many others.
    pub(super) more: usize,
    sums: Vec<(What, Time)>,
}

impl<'a> MainThread<'a> {
    pub(super) fn of(timeline: &Timeline, modelled: &Modelled, graph: &'a PageGraph) -> Self {
        let spell = |work: &Work| {
            let about = |asset: u16| {
                let path = modelled.paths.get(usize::from(asset))?;
                let fetch = graph.fetches.iter().find(|fetch| fetch.path == *path)?;
                Some((&*fetch.path, Colour::of(fetch.class)))
            };
            let what = What::of(work.task, modelled);
            let about = match work.task {
                Task::Prepare(asset) | Task::Run(asset) => about(asset),
                _ => None,
            };
            let colour = match (what, about) {
                (What::Script, _) => Colour::Script,
                (_, Some((_, colour))) => colour,
                (What::Commit | What::Html, None) => Colour::Html,
                (_, None) => Colour::Other,
            };
            Spell {
                what,
                path: about.map(|(path, _)| path),
                colour,
                from: work.from,
                to: work.to,
            }
        };
        // Only what is drawn is looked up in the graph.
        let works = joined(&timeline.work);
        let mut longest: Vec<&Work> = works.iter().collect();
        longest.sort_by_key(|work| (Reverse(work.to - work.from), work.from));
        longest.truncate(MAX_SPELLS);
        longest.sort_by_key(|work| work.from);
        Self {
            more: works.len() - longest.len(),
            spells: longest.into_iter().map(spell).collect(),
            sums: sums(&timeline.work, modelled),
        }
    }

    /// How long the thread is busy.
    pub(super) fn busy(&self) -> Time {
        let times = self.sums.iter().map(|(_, time)| *time);
        times.fold(Time::ZERO, |all, time| all + time)
    }
}

/// The sums, for those who cannot see the row.
impl fmt::Display for MainThread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<p>The main thread is busy for {}", Short(self.busy()))?;
        for (at, (what, time)) in self.sums.iter().enumerate() {
            let before = if at == 0 { ": " } else { ", " };
            write!(f, "{before}{} {}", what.words(), Short(*time))?;
        }
        f.write_str(".</p>\n")?;
        let longest = self.spells.iter();
        let longest = longest.max_by_key(|spell| (spell.to - spell.from, Reverse(spell.from)));
        match longest {
            Some(spell) => writeln!(f, "<p>The longest task: {spell}.</p>"),
            None => Ok(()),
        }
    }
}

/// Work at one thing that goes on without a pause is one.
fn joined(works: &[Work]) -> Vec<Work> {
    let mut joined: Vec<Work> = Vec::with_capacity(works.len());
    for work in works {
        match joined.last_mut() {
            Some(last) if last.task == work.task && last.to == work.from => last.to = work.to,
            _ => joined.push(*work),
        }
    }
    joined
}

fn sums(works: &[Work], modelled: &Modelled) -> Vec<(What, Time)> {
    let sum = |wanted: What| {
        let works = works
            .iter()
            .filter(|work| What::of(work.task, modelled) == wanted);
        let times = works.map(|work| work.to - work.from);
        (wanted, times.fold(Time::ZERO, |all, time| all + time))
    };
    let sums = What::ALL.into_iter().map(sum);
    sums.filter(|(_, time)| *time > Time::ZERO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(task: Task, from: u64, to: u64) -> Work {
        let [from, to] = [from, to].map(Time::from_millis);
        Work { task, from, to }
    }

    #[test]
    fn work_at_one_thing_without_a_pause_is_one_spell() {
        let works = [
            work(Task::Parse, 0, 2),
            work(Task::Parse, 2, 3),
            work(Task::Parse, 4, 5),
            work(Task::Run(0), 5, 6),
            work(Task::Run(1), 6, 7),
        ];
        let expected = [
            work(Task::Parse, 0, 3),
            work(Task::Parse, 4, 5),
            work(Task::Run(0), 5, 6),
            work(Task::Run(1), 6, 7),
        ];
        assert_eq!(joined(&works), expected);
    }

    #[test]
    fn a_spell_says_what_is_done_to_which_file_for_how_long() {
        let spell = |what, path, from, to| {
            let [from, to] = [from, to].map(Time::from_micros);
            let colour = Colour::Other;
            Spell {
                what,
                path,
                colour,
                from,
                to,
            }
            .to_string()
        };
        for (found, expected) in [
            (
                spell(What::Html, None, 500_000, 501_250),
                "HTML parsed, 1.2\u{a0}ms from 500.0\u{a0}ms",
            ),
            (
                spell(What::Script, Some("/<b>.js"), 0, 40),
                "/&lt;b&gt;.js compiled and run, under 0.1\u{a0}ms from 0.0\u{a0}ms",
            ),
            (
                spell(What::Sheet, Some("/a.css"), 1_000, 3_000),
                "/a.css parsed, 2.0\u{a0}ms from 1.0\u{a0}ms",
            ),
        ] {
            assert_eq!(found, expected);
        }
    }
}
