//! The parser and the preload scanner (HTML Standard, sections 13.2 and 4.12.1).
//!
//! In: how much of the document is there. Out: discovered assets, scripts in their order: a classic
//! script stops the parser until it is there and the sheets before it are, a sheet in the body stops it
//! as in Chromium, deferred scripts and modules run once all is parsed.

use super::super::agenda::Event;
use super::super::machine::cost;
use super::super::page::{Content, Discovery, Kind, Page};
use super::{Browser, Time};

/// The parser lets other work pass after so many bytes.
const PIECE: u32 = 16 * 1024;

#[derive(Debug)]
pub(super) struct Parser {
    /// How much of the document is there, and how much is parsed.
    available: u32,
    at: u32,
    /// Whether it parses, or runs a script that it waits for.
    is_busy: bool,
    is_done: bool,
    /// What the scanner has not seen, from the end of the document to its start.
    unseen: Vec<(u32, u16)>,
    /// Where the parser stops, likewise.
    stops: Vec<(u32, u16)>,
    /// What runs after parsing, likewise.
    deferred: Vec<u16>,
    is_running_deferred: bool,
}

impl Parser {
    pub(super) fn new(page: &Page) -> Self {
        let mut unseen = Vec::with_capacity(page.assets().len());
        let mut stops = Vec::new();
        let mut deferred = Vec::new();
        for (index, asset) in (0_u16..).zip(page.assets()) {
            if let Discovery::Html(at) = asset.discovery {
                unseen.push((at.min(page.html_bytes()), index));
                let is_deferred = matches!(asset.kind, Kind::DeferScript | Kind::Module);
                if is_deferred && asset.part_of.is_none() {
                    deferred.push(index);
                }
            }
            if let Some(at) = page.stops_parser(asset) {
                stops.push((at.min(page.html_bytes()), index));
            }
        }
        unseen.sort_unstable();
        unseen.reverse();
        stops.sort_unstable();
        stops.reverse();
        deferred.reverse();
        Self {
            available: 0,
            at: 0,
            is_busy: false,
            is_done: false,
            unseen,
            stops,
            deferred,
            is_running_deferred: false,
        }
    }

    pub(super) fn has_body(&self, page: &Page) -> bool {
        self.at >= page.body_at() || self.is_done
    }
}

impl Browser<'_> {
    /// Whether the parser has passed this offset.
    pub(super) fn has_parsed(&self, offset: u32) -> bool {
        self.parser.at >= offset.min(self.page.html_bytes())
    }

    pub(super) fn parsed_bytes(&self) -> u32 {
        self.parser.at
    }

    pub(super) fn available(&mut self, now: Time, available: u32) {
        self.parser.available = self.parser.available.max(available);
        while let Some((at, asset)) = self.parser.unseen.last().copied()
            && at <= self.parser.available
        {
            self.parser.unseen.pop();
            self.discover(now, asset);
        }
        self.try_parser(now);
    }

    /// Goes on parsing if nothing stands against it.
    pub(super) fn try_parser(&mut self, now: Time) {
        if self.parser.is_busy || self.parser.is_done {
            return;
        }
        while let Some((at, asset)) = self.parser.stops.last().copied()
            && at <= self.parser.at
        {
            let known = self.known[usize::from(asset)];
            if self.page.assets()[usize::from(asset)].kind == Kind::Sheet {
                if !known.is_complete {
                    return;
                }
                self.parser.stops.pop();
                continue;
            }
            if !known.is_loaded || self.waits_for_sheet_before(at) {
                return;
            }
            self.parser.stops.pop();
            self.parser.is_busy = true;
            return self.execute(now, asset);
        }
        let stop = self.parser.stops.last().map_or(u32::MAX, |(at, _)| *at);
        let to = self
            .parser
            .available
            .min(stop)
            .min(self.parser.at.saturating_add(PIECE));
        if to > self.parser.at {
            self.parser.is_busy = true;
            let bytes = self.page.plain_html(to - self.parser.at);
            let work = cost(bytes, self.machine.html);
            self.run(now, work, Event::Parsed(to));
        } else if self.parser.at >= self.page.html_bytes() {
            self.parser.is_done = true;
            self.last_load = self.last_load.max(now);
            self.ask_delayed(now);
            self.try_deferred(now);
            self.want_frame(now);
        }
    }

    pub(super) fn parsed(&mut self, now: Time, to: u32) {
        self.parser.at = to;
        self.parser.is_busy = false;
        if let Content::Html(at) = self.page.content()
            && self.has_parsed(at)
        {
            self.paint.has_content = true;
        }
        if self.parser.has_body(self.page) {
            self.ask_delayed(now);
        }
        self.want_frame(now);
        self.try_parser(now);
    }

    /// A script has run: who waited for it goes on.
    pub(super) fn after_script(&mut self, now: Time, index: u16) {
        match self.page.assets()[usize::from(index)].kind {
            Kind::Script => {
                self.parser.is_busy = false;
                self.try_parser(now);
            }
            Kind::DeferScript | Kind::Module => {
                self.parser.is_running_deferred = false;
                self.try_deferred(now);
            }
            _ => {}
        }
    }

    /// Runs the next of what runs after parsing, if it is its time.
    pub(super) fn try_deferred(&mut self, now: Time) {
        if !self.parser.is_done || self.parser.is_running_deferred {
            return;
        }
        let Some(asset) = self.parser.deferred.last().copied() else {
            return;
        };
        let known = self.known[usize::from(asset)];
        let is_there = match self.page.assets()[usize::from(asset)].kind {
            Kind::Module => known.is_complete,
            _ => known.is_loaded,
        };
        if is_there && !self.waits_for_sheet_before(u32::MAX) {
            self.parser.deferred.pop();
            self.parser.is_running_deferred = true;
            self.execute(now, asset);
        }
    }
}
