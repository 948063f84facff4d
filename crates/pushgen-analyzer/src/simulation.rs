//! What a plan is worth: the page's loads without it, with its hints and with its pushes, and what no delivery can beat.
//!
//! In: a page as the model knows it, what is sent with it, a network. Out: a [`Simulation`], or [`Timelines`]. A client takes hints or
//! pushes: one that takes pushes gets as hints what is not pushed.

use std::collections::HashMap;

use crate::model::{
    Bound, Conditions, Delivery, Load, Modelled, Timeline, load, lower_bound, timeline,
};

/// One asset that is sent with a page, in send order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent<'s> {
    /// The request target.
    pub path: &'s str,
    /// Whether it is pushed.
    pub push: bool,
    /// Whether it is hinted.
    pub hint: bool,
}

/// Loads of one page on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulation {
    /// Nothing is sent ahead.
    pub none: Load,
    /// Hints go ahead in a 103.
    pub hints: Load,
    /// Pushes go with the page.
    pub push: Load,
    /// What no delivery can beat.
    pub limit: Bound,
}

/// The same loads with when each response came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timelines {
    /// Nothing is sent ahead.
    pub none: Timeline,
    /// Hints go ahead in a 103.
    pub hints: Timeline,
    /// Pushes go with the page.
    pub push: Timeline,
}

impl Simulation {
    /// Loads a page under these conditions, with `head` bytes of the document, decoded, before what is pushed. What of
    /// `sent` the page does not ask for is left out, as the model knows nothing of it.
    #[must_use]
    pub fn of(modelled: &Modelled, sent: &[Sent<'_>], head: u64, conditions: &Conditions) -> Self {
        let page = &modelled.page;
        let chosen = Chosen::of(modelled, sent, head);
        let [none, hints, push] = chosen.deliveries().map(|it| load(page, &it, conditions));
        Self {
            none,
            hints,
            push,
            limit: lower_bound(page, conditions),
        }
    }
}

impl Timelines {
    /// Loads a page as [`Simulation::of`] does.
    #[must_use]
    pub fn of(modelled: &Modelled, sent: &[Sent<'_>], head: u64, conditions: &Conditions) -> Self {
        let page = &modelled.page;
        let chosen = Chosen::of(modelled, sent, head);
        let [none, hints, push] = chosen
            .deliveries()
            .map(|it| timeline(page, &it, conditions));
        Self { none, hints, push }
    }
}

/// The assets that are sent, by their places among the page's.
struct Chosen {
    hinted: Vec<u16>,
    pushed: Vec<u16>,
    /// Hinted to a client that takes pushes.
    hinted_beside: Vec<u16>,
    head: u32,
}

impl Chosen {
    fn of(modelled: &Modelled, sent: &[Sent<'_>], head: u64) -> Self {
        let Modelled { page, paths } = modelled;
        let assets: HashMap<&str, u16> = paths.iter().map(|path| &**path).zip(0..).collect();
        let chosen = |wanted: &dyn Fn(&Sent<'_>) -> bool| -> Vec<u16> {
            let wanted = sent.iter().filter(|sent| wanted(sent));
            let found = wanted.filter_map(|sent| assets.get(sent.path));
            found.copied().collect()
        };
        Self {
            hinted: chosen(&|sent| sent.hint),
            pushed: chosen(&|sent| sent.push),
            hinted_beside: chosen(&|sent| sent.hint && !sent.push),
            head: page.html_on_wire(head),
        }
    }

    /// Nothing, hints, pushes.
    fn deliveries(&self) -> [Delivery<'_>; 3] {
        let hints = Delivery {
            early_hints: &self.hinted,
            ..Delivery::NONE
        };
        let push = Delivery {
            push: &self.pushed,
            head: self.head,
            early_hints: &self.hinted_beside,
            ..Delivery::NONE
        };
        [Delivery::NONE, hints, push]
    }
}
