//! The choice among deliveries, by simulated page loads.
//!
//! In: the model of a page, and what its plan may send. Out: what to push and what to hint. Every candidate is loaded on
//! every network class, by clients that have nothing and by clients that have all in their caches. A candidate that makes
//! the first paint later in any of these loads, or the largest more than a hundredth, is out; of the others the one whose least gain is greatest
//! is taken. Clients that take pushes and clients that take hints are different ones, so that hints are chosen first, by
//! themselves, and then the pushes, with the hints that remain.
//!
//! Of a closure that is over the budget a first part may be pushed. It saves no round trip that hints do not save, and only
//! fills the line while the first requests are on their way, so that it has to gain more than other candidates do.

use pushgen_policy::Class;

use crate::model::{
    Cache, Conditions, Content, Delivery, Discovery, INITIAL_WINDOW, Load, NETWORK_CLASSES,
    Network, Page, Time, load,
};

/// A gain below this, as a part of the time, is none: a plan for it is not worth its bytes.
const WORTHWHILE: f64 = 0.01;

/// A part of the closure is worth its pushes from this gain on.
const PART_WORTHWHILE: f64 = 0.05;

/// Parts of a closure that are tried.
const PARTS: usize = 6;

/// How many hundredths later a page may be shown that is all in the cache: as much as the fields of a 103 or the promises
/// take on a slow line. Only clients without the cookie or digest that says what they have are sent them at all.
const HEADERS: u64 = 3;

/// How many hundredths later the largest paint of a first visit may be: what goes before the document's rest delays the
/// images in it by as many bytes, and the first paint gains much more.
const LARGEST: u64 = 1;

/// Bytes of a packet: so little of a document needs no pushes before it.
const SEGMENT: u32 = 1_370;

/// Below this gain of the first paint a choice for pages of one size may be wrong for one of them.
const MARGIN: f64 = 0.15;

/// By how much a candidate has to be better than a simpler one.
const BETTER: f64 = 0.002;

/// One entry of a plan that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Choosable {
    /// Which of the model's assets it is.
    pub(crate) asset: u16,
    pub(crate) class: Class,
    /// Whether the first paint waits for it.
    pub(crate) in_closure: bool,
    /// Whether it may be pushed.
    pub(crate) may_push: bool,
    /// Whether there is a hint for it that the header has room for, and whether one is likely to gain something.
    pub(crate) may_hint: bool,
    pub(crate) is_hint_proposed: bool,
}

/// What to send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// By entry.
    pub(crate) push: Vec<bool>,
    pub(crate) hint: Vec<bool>,
    /// Whether the pushes go before the rest of the document, and not after it.
    pub(crate) is_interleaved: bool,
    /// The greatest gain over the network classes of the first or the largest paint, from 0 to 1, by hints and by pushes.
    pub(crate) hint_gain: f64,
    pub(crate) push_gain: f64,
    /// The least gain of the first paint, by each.
    hint_margin: f64,
    push_margin: f64,
    /// Whether hints were tried and none is taken.
    pub(crate) declines_hints: bool,
    /// Why the preload scanner alone would be late.
    pub(crate) scanner: Scanner,
}

/// What keeps the preload scanner from asking in time for what is hinted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanner {
    /// It cannot see all of it.
    Blind,
    /// Some of it stands late in the document.
    Late,
    /// The server thinks before it sends a document.
    Waiting,
}

/// How a candidate compares with no delivery at all, cold.
#[derive(Debug, Clone, Copy)]
struct Gain {
    least: f64,
    mean: f64,
    most: f64,
    /// The least of the first paint.
    margin: f64,
}

impl Gain {
    /// Whether it is the better one, or, with nothing to compare, worth its bytes.
    fn exceeds(&self, other: Option<&Self>, worthwhile: f64) -> bool {
        if self.most < worthwhile {
            return false;
        }
        let Some(other) = other else {
            return true;
        };
        let least = self.least - other.least;
        least > BETTER || (least > -BETTER && self.mean - other.mean > BETTER)
    }
}

/// Chooses what to send of `entries` by a server that thinks for so long about a page.
pub(crate) fn choose(page: &Page, entries: &[Choosable], think: Time) -> Choice {
    let loads = Loads::of(page, think, &[Cache::Empty, Cache::Full]);
    let none = || vec![false; entries.len()];
    let candidates = hint_candidates(page, entries, think);
    let has_hints = !candidates.is_empty();
    let (hint, by_hints) = loads.best(candidates, WORTHWHILE, |hint| loads.by_hints(entries, hint));
    let declines_hints = has_hints && hint.is_none();
    let hint = hint.unwrap_or_else(none);
    let first = first_content(page);
    let heads = [(true, first), (false, page.html_bytes())];
    // What follows the first content may be next to nothing.
    let heads = match page.html_bytes() - first {
        ..SEGMENT => &heads[1..],
        _ => &heads[..],
    };
    let (candidates, worthwhile) = push_candidates(entries);
    let candidates = candidates
        .into_iter()
        .flat_map(|push| heads.iter().map(move |head| (push.clone(), *head)));
    let (push, by_pushes) = loads.best(candidates.collect(), worthwhile, |(push, (_, head))| {
        loads.by_pushes(entries, (push, *head), &hint)
    });
    let (push, (is_interleaved, _)) = push.unwrap_or_else(|| (none(), (false, 0)));
    let mut hinted = entries.iter().zip(&hint).filter(|(_, hint)| **hint);
    let is_unproposed = hinted.any(|(entry, _)| !entry.is_hint_proposed);
    Choice {
        scanner: match is_unproposed {
            false => Scanner::Blind,
            true if think > Time::ZERO => Scanner::Waiting,
            true => Scanner::Late,
        },
        push,
        hint,
        is_interleaved,
        hint_gain: by_hints.map_or(0.0, |gain| gain.most),
        push_gain: by_pushes.map_or(0.0, |gain| gain.most),
        hint_margin: by_hints.map_or(0.0, |gain| gain.margin),
        push_margin: by_pushes.map_or(0.0, |gain| gain.margin),
        declines_hints,
    }
}

impl Choice {
    fn doubts_hints(&self) -> bool {
        self.hint.contains(&true) && self.hint_margin < MARGIN
    }

    fn doubts_pushes(&self) -> bool {
        self.push.contains(&true) && self.push_margin < MARGIN
    }

    /// Whether so little is gained that pages of nearly the same size may differ.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubts_hints() || self.doubts_pushes()
    }

    /// What is left of a choice that was made for a page like this one: what gains little there is tried on this page,
    /// where a packet more may make all the difference.
    pub(crate) fn tried_on(&self, page: &Page, entries: &[Choosable], think: Time) -> Self {
        let mut choice = self.clone();
        let loads = Loads::of(page, think, &[Cache::Empty]);
        let none = || vec![false; entries.len()];
        if self.doubts_hints() && loads.by_hints(entries, &self.hint).is_none() {
            (choice.hint, choice.declines_hints) = (none(), true);
        }
        let head = match self.is_interleaved {
            true => first_content(page),
            false => page.html_bytes(),
        };
        let by_pushes = || loads.by_pushes(entries, (&self.push, head), &choice.hint);
        // Pushes were chosen beside the hints.
        let is_changed = choice.hint != self.hint && self.push.contains(&true);
        if (is_changed || self.doubts_pushes()) && by_pushes().is_none() {
            choice.push = none();
        }
        choice
    }
}

/// How many bytes of the document the first paint needs.
pub(crate) fn first_content(page: &Page) -> u32 {
    match page.content() {
        Content::Html(at) => at.min(page.html_bytes()),
        Content::Run(_) => page.body_at().min(page.html_bytes()),
    }
}

fn assets(entries: &[Choosable], chosen: &[bool]) -> Vec<u16> {
    let chosen = entries.iter().zip(chosen).filter(|(_, chosen)| **chosen);
    chosen.map(|(entry, _)| entry.asset).collect()
}

/// Whether the preload scanner sees an entry only when the first window has arrived.
fn is_late(page: &Page, entry: &Choosable) -> bool {
    let asset = page.assets().get(usize::from(entry.asset));
    asset.is_some_and(|asset| matches!(asset.discovery, Discovery::Html(at) if at > INITIAL_WINDOW))
}

/// Sets of hints, the simplest first. What the preload scanner sees by itself and at once is hinted only in front of
/// something else: what the model gains by it is less than the model is wrong by. While a server thinks, it sees nothing.
fn hint_candidates(page: &Page, entries: &[Choosable], think: Time) -> Vec<Vec<bool>> {
    let set = |wanted: &dyn Fn(&Choosable) -> bool| -> Vec<bool> {
        entries
            .iter()
            .map(|entry| entry.may_hint && wanted(entry))
            .collect()
    };
    let proposed = |entry: &Choosable| entry.is_hint_proposed;
    let mut sets = vec![
        set(&|entry| proposed(entry) && entry.class != Class::Lcp && entry.class != Class::Font),
        set(&|entry| proposed(entry) && entry.class != Class::Lcp),
        set(&|entry| proposed(entry) && entry.class != Class::Font),
        set(&proposed),
    ];
    // What comes before a file that is late, and what was proposed.
    let last = |entry: &Choosable| entry.in_closure && entry.may_hint && is_late(page, entry);
    if let Some(last) = entries.iter().rposition(last) {
        let late = |with_proposed: bool| -> Vec<bool> {
            let wanted = |(at, entry): (usize, &Choosable)| {
                let is_before = at <= last && entry.in_closure;
                entry.may_hint && (is_before || (with_proposed && proposed(entry)))
            };
            entries.iter().enumerate().map(wanted).collect()
        };
        sets.extend([late(false), late(true)]);
    }
    if think > Time::ZERO {
        sets.push(set(&|entry| entry.in_closure));
        sets.push(set(&|entry| entry.in_closure || proposed(entry)));
        sets.push(set(&|entry| entry.class != Class::Lcp));
        sets.push(set(&|_| true));
    }
    distinct(sets)
}

/// Sets of pushes, the simplest first, and what they have to gain: with the whole closure, or else first parts of it.
fn push_candidates(entries: &[Choosable]) -> (Vec<Vec<bool>>, f64) {
    let set = |wanted: &dyn Fn(Class) -> bool| -> Vec<bool> {
        entries
            .iter()
            .map(|entry| entry.may_push && (entry.in_closure || wanted(entry.class)))
            .collect()
    };
    let mut closure = entries.iter().filter(|entry| entry.in_closure);
    if closure.all(|entry| entry.may_push) {
        let sets = vec![
            set(&|_| false),
            set(&|class| class != Class::Module),
            set(&|class| class != Class::Font),
            set(&|_| true),
        ];
        return (distinct(sets), WORTHWHILE);
    }
    let whole = entries.iter().take_while(|entry| entry.may_push).count();
    let part = |end: usize| -> Vec<bool> { (0..entries.len()).map(|at| at < end).collect() };
    let parts = (1..=whole).rev().take(PARTS).map(part);
    (distinct(parts.collect()), PART_WORTHWHILE)
}

fn distinct(sets: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
    let mut distinct: Vec<Vec<bool>> = Vec::new();
    for set in sets {
        if set.contains(&true) && !distinct.contains(&set) {
            distinct.push(set);
        }
    }
    distinct
}

/// The loads of a page without any delivery, cold and with all in the cache.
struct Loads<'p> {
    page: &'p Page,
    none: Vec<(Conditions, Load)>,
}

impl<'p> Loads<'p> {
    fn of(page: &'p Page, think: Time, caches: &[Cache]) -> Self {
        let networks = NETWORK_CLASSES.map(|class| class.network);
        let of_network = |network| {
            let conditions = move |cache: &Cache| of_client(network, *cache, think);
            caches.iter().map(conditions)
        };
        let conditions = networks.into_iter().flat_map(of_network);
        let none =
            conditions.map(|conditions| (conditions, load(page, &Delivery::NONE, &conditions)));
        Self {
            page,
            none: none.collect(),
        }
    }

    /// What a delivery gains; nothing if it makes any load slower.
    fn gain(&self, delivery: &Delivery<'_>) -> Option<Gain> {
        let mut gain = Gain {
            least: f64::INFINITY,
            mean: 0.0,
            most: 0.0,
            margin: f64::INFINITY,
        };
        for (conditions, none) in &self.none {
            let with = load(self.page, delivery, conditions);
            if !is_bearable(none, &with, conditions.cache) {
                return None;
            }
            if conditions.cache == Cache::Empty {
                let (first, largest) = (saved(none.fcp, with.fcp), saved(none.lcp, with.lcp));
                gain.least = gain.least.min(first + largest);
                gain.margin = gain.margin.min(first);
                gain.mean += (first + largest) / NETWORK_CLASSES.len() as f64;
                gain.most = gain.most.max(first).max(largest);
            }
        }
        Some(gain)
    }

    /// What hints gain.
    fn by_hints(&self, entries: &[Choosable], hint: &[bool]) -> Option<Gain> {
        let early_hints = assets(entries, hint);
        let mut reversed = early_hints.clone();
        reversed.reverse();
        // Chromium asks for what is hinted in no fixed order.
        let deliver = |early_hints: &[u16]| {
            self.gain(&Delivery {
                early_hints,
                ..Delivery::NONE
            })
        };
        let (gain, reversed) = (deliver(&early_hints)?, deliver(&reversed)?);
        Some(if reversed.least < gain.least {
            reversed
        } else {
            gain
        })
    }

    /// What pushes gain that go behind so many bytes of the document, with the hints for the rest.
    fn by_pushes(
        &self,
        entries: &[Choosable],
        (push, head): (&[bool], u32),
        hint: &[bool],
    ) -> Option<Gain> {
        let rest = hint.iter().zip(push).map(|(hint, push)| *hint && !push);
        let rest: Vec<bool> = rest.collect();
        self.gain(&Delivery {
            push: &assets(entries, push),
            head,
            early_hints: &assets(entries, &rest),
            link: &[],
        })
    }

    /// The candidate that gains most, and what it gains.
    fn best<C>(
        &self,
        candidates: Vec<C>,
        worthwhile: f64,
        gain: impl Fn(&C) -> Option<Gain>,
    ) -> (Option<C>, Option<Gain>) {
        let mut best: Option<(C, Gain)> = None;
        for candidate in candidates {
            if let Some(gain) = gain(&candidate)
                && gain.exceeds(best.as_ref().map(|(_, best)| best), worthwhile)
            {
                best = Some((candidate, gain));
            }
        }
        best.unzip()
    }
}

/// Whether a load with what is sent is no slower than one without.
fn is_bearable(none: &Load, with: &Load, cache: Cache) -> bool {
    let (first, largest) = match cache {
        Cache::Empty => (0, LARGEST),
        Cache::Full => (HEADERS, HEADERS),
    };
    with.fcp <= none.fcp.scaled(100 + first, 100) && with.lcp <= none.lcp.scaled(100 + largest, 100)
}

fn of_client(network: Network, cache: Cache, think: Time) -> Conditions {
    let mut conditions = Conditions::new(network);
    conditions.cache = cache;
    conditions.server.think = think;
    conditions
}

/// Which part of a time is saved.
fn saved(none: Time, with: Time) -> f64 {
    let none = none.as_nanos().max(1) as f64;
    (none - with.as_nanos() as f64) / none
}

#[cfg(test)]
mod tests;
