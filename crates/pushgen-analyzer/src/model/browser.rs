//! The browser: what it asks for and when, and what it does with what arrives.
//!
//! In: bytes of the document, responses, promises, hints. Out: requests, and through [`parser`] and
//! [`paint`] the first paints. One thread parses, runs scripts and lays out, one task after the other;
//! the preload scanner sees what has arrived even while the parser stands still. Follows Chromium where
//! the standards leave a choice: until the body begins, what is not urgent waits while two other
//! requests are under way. Left out: idle time, timers, service workers.

mod paint;
mod parser;

use std::collections::VecDeque;

use super::agenda::{Agenda, Event};
use super::machine::cost;
use super::page::{Asset, Content, Discovery, Kind, Page};
use super::timeline::Work;
use super::{Cache, Machine, Time};

use paint::Paint;
use parser::Parser;

/// Requests of this urgency or worse wait until the body begins, while there are [`TIGHT`] others.
const DELAYABLE: u8 = 2;
const TIGHT: u16 = 2;

/// What the browser knows of an asset.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The page needs it, and since when.
    is_wanted: bool,
    wanted_at: Time,
    /// It was asked for, or promised.
    is_asked: bool,
    has_arrived: bool,
    is_in_flight: bool,
    /// It is a font that was preloaded.
    is_preloaded: bool,
    /// It can be used.
    is_loaded: bool,
    /// It and all that it imports can be used.
    is_complete: bool,
    has_run: bool,
    /// Itself and its imports, until they are complete.
    waits_for: u16,
    /// Bytes of it and of its imports, which run with it.
    graph_bytes: u32,
}

/// A browser that loads a page.
#[derive(Debug)]
pub(super) struct Browser<'a> {
    page: &'a Page,
    machine: Machine,
    cache: Cache,
    pub(super) agenda: Agenda,
    known: Vec<Known>,
    /// When the thread is free.
    free: Time,
    in_flight: u16,
    /// Requests that wait for the body.
    delayed: VecDeque<u16>,
    /// The document's sheets in its order, without those at its front that are complete.
    sheets: VecDeque<(u32, u16)>,
    /// How many assets hold back rendering.
    render_blockers: usize,
    parser: Parser,
    paint: Paint,
    /// When the last of all wanted assets was there.
    pub(super) last_load: Time,
    /// What the thread does, for those who want to know.
    pub(super) work: Option<Vec<Work>>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(page: &'a Page, machine: Machine, cache: Cache) -> Self {
        let known = page
            .assets()
            .iter()
            .zip(page.imports())
            .map(|(asset, imports)| Known {
                waits_for: imports.saturating_add(1),
                graph_bytes: asset.plain,
                ..Known::default()
            })
            .collect();
        let mut sheets: Vec<(u32, u16)> = (0_u16..)
            .zip(page.assets())
            .filter_map(|(index, asset)| match (asset.kind, asset.discovery) {
                (Kind::Sheet, Discovery::Html(at)) => Some((at, index)),
                _ => None,
            })
            .collect();
        sheets.sort_unstable();
        Self {
            page,
            machine,
            cache,
            agenda: Agenda::default(),
            known,
            free: Time::ZERO,
            in_flight: 0,
            delayed: VecDeque::new(),
            sheets: sheets.into(),
            render_blockers: page
                .assets()
                .iter()
                .filter(|asset| page.blocks_rendering(asset))
                .count(),
            parser: Parser::new(page),
            paint: Paint::new(page),
            last_load: Time::ZERO,
            work: None,
        }
    }

    pub(super) const fn fcp(&self) -> Option<Time> {
        self.paint.fcp
    }

    pub(super) const fn lcp(&self) -> Option<Time> {
        self.paint.lcp
    }

    /// Whether all is done that a page's first paints depend on.
    pub(super) const fn is_painted(&self) -> bool {
        self.paint.fcp.is_some() && self.paint.lcp.is_some()
    }

    /// Bytes of what has arrived and was never needed.
    pub(super) fn unwanted(&self) -> u64 {
        let arrived = self.page.assets().iter().zip(&self.known);
        let unwanted = arrived.filter(|(_, known)| known.has_arrived && !known.is_wanted);
        unwanted.map(|(asset, _)| u64::from(asset.bytes)).sum()
    }

    /// Does something on the thread, and says so when it is done.
    fn run(&mut self, now: Time, cost: Time, done: Event) {
        let from = self.free.max(now);
        self.free = from + cost;
        if let Some(work) = &mut self.work {
            work.extend(Work::until(done, from, self.free));
        }
        self.agenda.put(self.free, done);
    }

    /// The document's fields are there.
    pub(super) fn document_begins(&mut self, now: Time) {
        self.run(
            now + self.machine.receive,
            self.machine.commit,
            Event::Committed,
        );
    }

    /// More of the document is there.
    pub(super) fn document_continues(&mut self, now: Time, available: u32) {
        let at = now + self.machine.receive;
        self.agenda
            .put(at.max(self.free), Event::Available(available));
    }

    /// A promise: what it promises is not asked for. False if the client refuses it.
    pub(super) fn promised(&mut self, asset: u16) -> bool {
        let Some(known) = self.known.get_mut(usize::from(asset)) else {
            return false;
        };
        known.is_asked = true;
        self.cache == Cache::Empty
    }

    /// A 103, or a `Link` field: asked for without being wanted yet.
    pub(super) fn preload(&mut self, now: Time, asset: u16) {
        let index = usize::from(asset);
        let Some(Asset {
            kind: Kind::Font { .. },
            ..
        }) = self.page.assets().get(index)
        else {
            return self.ask(now, asset);
        };
        let known = self.known[index];
        if self.cache == Cache::Empty && !known.is_asked {
            self.known[index].is_preloaded = true;
            self.paint.preloaded_fonts += 1;
        }
        self.ask(now, asset);
    }

    /// A response has arrived as a whole.
    pub(super) fn arrived(&mut self, now: Time, asset: u16) {
        let Some(known) = self.known.get_mut(usize::from(asset)) else {
            return;
        };
        // What a careless delivery pushes twice.
        if std::mem::replace(&mut known.has_arrived, true) {
            return;
        }
        let Known {
            is_wanted,
            wanted_at,
            is_preloaded,
            ..
        } = *known;
        if is_preloaded {
            self.paint.preloaded_fonts -= 1;
            self.want_frame(now);
        }
        if is_wanted {
            // What is there already has to be looked for, too.
            let found = wanted_at + self.machine.request;
            self.agenda
                .put(now.max(found) + self.machine.receive, Event::Got(asset));
        }
        if std::mem::take(&mut self.known[usize::from(asset)].is_in_flight) {
            self.in_flight -= 1;
            self.ask_delayed(now);
        }
    }

    fn ask_delayed(&mut self, now: Time) {
        while (self.parser.has_body(self.page) || self.in_flight < TIGHT)
            && let Some(asset) = self.delayed.pop_front()
        {
            self.ask_now(now, asset);
        }
    }

    /// The page needs an asset.
    fn discover(&mut self, now: Time, asset: u16) {
        let Some(known) = self.known.get_mut(usize::from(asset)) else {
            return;
        };
        if std::mem::replace(&mut known.is_wanted, true) {
            return;
        }
        known.wanted_at = now;
        if known.has_arrived || self.cache == Cache::Full {
            known.is_asked = true;
            let there = now + self.machine.request + self.machine.receive;
            self.agenda.put(there, Event::Got(asset));
        } else {
            self.ask(now, asset);
        }
    }

    fn ask(&mut self, now: Time, asset: u16) {
        let Some(known) = self.known.get_mut(usize::from(asset)) else {
            return;
        };
        if self.cache == Cache::Full || std::mem::replace(&mut known.is_asked, true) {
            return;
        }
        let urgency = self.page.assets()[usize::from(asset)].urgency;
        let waits = urgency >= DELAYABLE && !self.parser.has_body(self.page);
        if waits && self.in_flight >= TIGHT {
            self.delayed.push_back(asset);
        } else {
            self.ask_now(now, asset);
        }
    }

    fn ask_now(&mut self, now: Time, asset: u16) {
        self.in_flight += 1;
        self.known[usize::from(asset)].is_in_flight = true;
        let mut leaves = now + self.machine.request;
        if self.page.assets()[usize::from(asset)].urgency >= DELAYABLE {
            leaves += self.machine.idle_request;
        }
        self.agenda.put(leaves, Event::Ask(asset));
    }

    /// Discovers all that is found in one way.
    fn discover_all(&mut self, now: Time, found: impl Fn(Discovery) -> bool) {
        let page = self.page;
        for (index, asset) in page.assets().iter().enumerate() {
            if found(asset.discovery) {
                self.discover(now, index as u16);
            }
        }
    }

    /// Handles what is due.
    pub(super) fn handle(&mut self, now: Time, event: Event) {
        match event {
            Event::Available(available) => self.available(now, available),
            Event::Got(asset) => self.got(now, asset),
            Event::Loaded(asset) => self.loaded(now, asset),
            Event::Parsed(to) => self.parsed(now, to),
            Event::Ran(asset) => self.ran(now, asset),
            Event::Frame => self.frame(now),
            Event::Styled => self.styled(now),
            Event::FontsLate => self.fonts_late(now),
            Event::FontTimeout => {
                self.paint.text_is_visible = true;
                self.want_frame(now);
            }
            // The network's side.
            Event::Asked(_)
            | Event::Answered(_)
            | Event::Refused(_)
            | Event::Ask(_)
            | Event::Hinted
            | Event::Committed => {}
        }
    }

    /// A wanted response is on the thread.
    fn got(&mut self, now: Time, index: u16) {
        let asset = self.page.assets()[usize::from(index)];
        let work = match asset.kind {
            Kind::Sheet | Kind::IdleSheet => cost(asset.plain, self.machine.css),
            Kind::Font { .. } | Kind::Image { .. } => cost(asset.plain, self.machine.decode),
            // Counted when it runs.
            Kind::Script
            | Kind::AsyncScript
            | Kind::DeferScript
            | Kind::Module
            | Kind::AsyncModule
            | Kind::Other => Time::ZERO,
        };
        self.run(now, work, Event::Loaded(index));
    }

    fn loaded(&mut self, now: Time, index: u16) {
        let asset = self.page.assets()[usize::from(index)];
        self.known[usize::from(index)].is_loaded = true;
        self.last_load = self.last_load.max(now);
        match asset.kind {
            Kind::Sheet | Kind::IdleSheet | Kind::Module | Kind::AsyncModule => {
                if self.page.imports()[usize::from(index)] > 0 {
                    self.discover_all(now, |found| found == Discovery::Import(index));
                }
                self.one_less(now, index);
            }
            Kind::Script => self.try_parser(now),
            Kind::AsyncScript => self.execute(now, index),
            Kind::DeferScript => self.try_deferred(now),
            Kind::Font { blocks_text } => {
                self.unblock_rendering(index);
                self.paint.text_is_visible |= blocks_text;
                self.want_frame(now);
            }
            Kind::Image { is_largest } => {
                self.unblock_rendering(index);
                self.paint.image_loaded(is_largest);
                self.want_frame(now);
            }
            Kind::Other => self.unblock_rendering(index),
        }
    }

    /// An asset waits for one less of itself and its imports.
    fn one_less(&mut self, now: Time, index: u16) {
        let mut index = index;
        loop {
            let known = &mut self.known[usize::from(index)];
            known.waits_for -= 1;
            if known.waits_for > 0 {
                return;
            }
            known.is_complete = true;
            let bytes = known.graph_bytes;
            let asset = self.page.assets()[usize::from(index)];
            if matches!(asset.kind, Kind::Sheet | Kind::IdleSheet) {
                self.unblock_rendering(index);
            }
            let importer = match asset.discovery {
                Discovery::Import(by) => Some(by),
                _ => asset.part_of,
            };
            match importer {
                // Ends: a discoverer comes before what it names, and the script of a graph is part of no other.
                Some(by) => {
                    let graph = &mut self.known[usize::from(by)].graph_bytes;
                    *graph = graph.saturating_add(bytes);
                    index = by;
                }
                None => return self.complete(now, index),
            }
        }
    }

    fn complete(&mut self, now: Time, index: u16) {
        match self.page.assets()[usize::from(index)].kind {
            Kind::Sheet => {
                self.try_parser(now);
                self.try_deferred(now);
                self.want_frame(now);
            }
            Kind::Module => self.try_deferred(now),
            Kind::AsyncModule => self.execute(now, index),
            _ => {}
        }
    }

    fn execute(&mut self, now: Time, index: u16) {
        let bytes = self.known[usize::from(index)].graph_bytes;
        let work = self.machine.script_base + cost(bytes, self.machine.script);
        self.run(now, work, Event::Ran(index));
    }

    fn ran(&mut self, now: Time, index: u16) {
        if !std::mem::replace(&mut self.known[usize::from(index)].has_run, true) {
            self.unblock_rendering(index);
        }
        self.discover_all(now, |found| found == Discovery::Run(index));
        if self.page.content() == Content::Run(index) {
            self.paint.has_content = true;
        }
        self.after_script(now, index);
        self.want_frame(now);
    }

    /// What the page waits for before it renders is one less, if this is part of it.
    fn unblock_rendering(&mut self, index: u16) {
        if self
            .page
            .blocks_rendering(&self.page.assets()[usize::from(index)])
        {
            self.render_blockers -= 1;
        }
    }

    /// Whether a style sheet before this offset is incomplete.
    fn waits_for_sheet_before(&mut self, offset: u32) -> bool {
        while let Some((_, sheet)) = self.sheets.front()
            && self.known[usize::from(*sheet)].is_complete
        {
            self.sheets.pop_front();
        }
        self.sheets.front().is_some_and(|(at, _)| *at < offset)
    }
}
