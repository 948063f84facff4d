//! One page load, from the navigation to its last byte: the event loop between server, path and browser.
//!
//! In: a page, a network, a delivery. Out: a [`Load`]. The connection costs a round trip for TCP and one
//! for TLS 1.3 (RFC 8446), everything then shares one HTTP/2 connection. Deterministic: the same input
//! gives the same times. Left out: DNS, other origins, packet loss.

use super::agenda::Event;
use super::browser::Browser;
use super::page::{Kind, Page};
use super::server::{Chunk, DOCUMENT, OVERHEAD, Responses, What};
use super::tcp::Tcp;
use super::timeline::Recording;
use super::{Cache, Delivery, Machine, Network, Server, Time};

/// Bytes of the client's part of the handshake.
const CLIENT_HELLO: u64 = 600;
/// Bytes of the first request, and of one whose fields HPACK knows already.
const FIRST_REQUEST: u64 = 600;
const REQUEST: u64 = 110;

/// The urgency of an image that the server raises: behind scripts, before other images.
const RAISED: u8 = 2;

/// A load is not followed beyond so many bytes: it counts as finished then.
const BYTES_MAX: u64 = 64_000_000;

/// All that a load depends on but the page.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// The path.
    pub network: Network,
    /// The server.
    pub server: Server,
    /// The client's machine.
    pub machine: Machine,
    /// The client's cache.
    pub cache: Cache,
    /// Round trips before the request: 2 with TCP and TLS 1.3, 0 on a connection that is open.
    pub handshakes: u64,
}

impl Conditions {
    /// A first visit to `pushgen serve` by the reference machine.
    #[must_use]
    pub const fn new(network: Network) -> Self {
        Self {
            network,
            server: Server::PUSHGEN,
            machine: Machine::REFERENCE,
            cache: Cache::Empty,
            handshakes: 2,
        }
    }
}

impl Conditions {
    /// When the page's request has left.
    pub(super) fn request_sent(&self) -> Time {
        let Self {
            network,
            machine,
            server,
            ..
        } = self;
        let mut ready = machine.navigate + network.rtt * self.handshakes;
        if self.handshakes > 0 {
            let hello = network.up_time(CLIENT_HELLO) + network.down_time(server.hello.into());
            ready += machine.connect + hello;
        }
        ready + network.up_time(FIRST_REQUEST)
    }
}

/// What became of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// First contentful paint, since the navigation.
    pub fcp: Time,
    /// Largest contentful paint.
    pub lcp: Time,
    /// When the last asset that the page needs was there.
    pub load: Time,
    /// When the first byte of the document was there.
    pub first_byte: Time,
    /// Bytes that the server sent.
    pub bytes: u64,
    /// Of these, content that the client had or did not ask for.
    pub wasted: u64,
}

/// Loads a page.
#[must_use]
pub fn load(page: &Page, delivery: &Delivery<'_>, conditions: &Conditions) -> Load {
    Loading::new(page, delivery, conditions).run().0
}

pub(super) struct Loading<'a> {
    page: &'a Page,
    delivery: &'a Delivery<'a>,
    conditions: &'a Conditions,
    tcp: Tcp,
    responses: Responses,
    pub(super) browser: Browser<'a>,
    up_free: Time,
    /// Assets whose requests leave now.
    leaving: Vec<u16>,
    /// Whether a response has begun that nothing was handed over of yet.
    has_begun: bool,
    html_received: u32,
    first_byte: Time,
    wasted: u64,
    /// When responses came, for those who want to know.
    pub(super) recording: Option<Recording>,
}

impl<'a> Loading<'a> {
    pub(super) fn new(
        page: &'a Page,
        delivery: &'a Delivery<'a>,
        conditions: &'a Conditions,
    ) -> Self {
        let Conditions {
            network,
            machine,
            server,
            ..
        } = conditions;
        let mut tcp = Tcp::new(*network);
        let mut browser = Browser::new(page, *machine, conditions.cache);
        if conditions.handshakes > 0 {
            tcp.hand_over(Chunk {
                what: What::Fields,
                wire: server.greeting,
                joins_next: false,
            });
        }
        let up_free = conditions.request_sent();
        browser
            .agenda
            .put(up_free + network.rtt.half(), Event::Asked(DOCUMENT));
        Self {
            page,
            delivery,
            conditions,
            tcp,
            responses: Responses::default(),
            browser,
            up_free,
            leaving: Vec::new(),
            has_begun: false,
            html_received: 0,
            first_byte: Time::NEVER,
            wasted: 0,
            recording: None,
        }
    }

    pub(super) fn run(mut self) -> (Load, Option<Recording>) {
        let mut end = None;
        loop {
            let now = self.browser.agenda.next().min(self.tcp.next_event());
            if now == Time::NEVER {
                break;
            }
            if self.tcp.handed() > BYTES_MAX {
                end = Some(now);
                break;
            }
            if self.tcp.advance(now) {
                self.fill(now);
            }
            while let Some(what) = self.tcp.arrived() {
                self.arrived(now, what);
            }
            while let Some(event) = self.browser.agenda.due(now) {
                self.handle(now, event);
            }
            self.ask(now);
            // Of responses that begin at the same moment the most urgent goes first.
            if std::mem::take(&mut self.has_begun) {
                self.fill(now);
            }
        }
        if let Some(recording) = &mut self.recording {
            recording.work = self.browser.work.take().unwrap_or_default();
        }
        let load = end.unwrap_or(self.browser.last_load);
        // Content that never comes is not waited for longer than the page.
        let fcp = self.browser.fcp().unwrap_or(load);
        let load = Load {
            fcp,
            lcp: self.browser.lcp().unwrap_or(fcp),
            load,
            first_byte: self.first_byte,
            bytes: self.tcp.handed(),
            wasted: self.wasted + self.browser.unwanted(),
        };
        (load, self.recording)
    }

    fn handle(&mut self, now: Time, event: Event) {
        match event {
            Event::Ask(asset) => self.leaving.push(asset),
            Event::Asked(stream) => self.asked(now, stream),
            Event::Answered(stream) => self.answered(stream),
            Event::Refused(stream) => self.responses.reset(stream),
            Event::Hinted => {
                for asset in self.delivery.early_hints {
                    self.record(|recording| recording.hinted(*asset));
                    self.browser.preload(now, *asset);
                }
            }
            Event::Committed => {
                for asset in self.delivery.link {
                    self.record(|recording| recording.hinted(*asset));
                    self.browser.preload(now, *asset);
                }
            }
            _ => self.browser.handle(now, event),
        }
    }

    fn record(&mut self, what: impl FnOnce(&mut Recording)) {
        if let Some(recording) = &mut self.recording {
            what(recording);
        }
    }

    /// Sends the requests that leave now. They share their packets, and so arrive together.
    fn ask(&mut self, now: Time) {
        if self.leaving.is_empty() {
            return;
        }
        let network = &self.conditions.network;
        let count = self.leaving.len() as u64;
        self.up_free =
            self.up_free.max(now) + network.up_time(count * (REQUEST + u64::from(OVERHEAD)));
        let there = self.up_free + network.rtt.half();
        for asset in self.leaving.drain(..) {
            if let Some(recording) = &mut self.recording {
                recording.asked(now, asset);
            }
            let stream = asset.saturating_add(1);
            self.browser.agenda.put(there, Event::Asked(stream));
        }
    }

    fn asked(&mut self, now: Time, stream: u16) {
        let server = &self.conditions.server;
        if stream != DOCUMENT {
            return self
                .browser
                .agenda
                .put(now + server.respond, Event::Answered(stream));
        }
        if !self.delivery.early_hints.is_empty() {
            let joins_next = !server.flushes_hints && server.think == Time::ZERO;
            self.say(What::EarlyHints, self.delivery.early_hints, joins_next);
            if !joins_next {
                self.fill(now);
            }
        }
        self.browser
            .agenda
            .put(now + server.think + server.respond, Event::Answered(stream));
    }

    /// Sends what names these assets.
    fn say(&mut self, what: What, assets: &[u16], joins_next: bool) {
        let count = u32::try_from(assets.len()).unwrap_or(u32::MAX);
        let wire = self.conditions.server.promise.saturating_mul(count);
        let wire = wire.saturating_add(OVERHEAD);
        self.tcp.hand_over(Chunk {
            what,
            wire,
            joins_next,
        });
    }

    fn answered(&mut self, stream: u16) {
        let server = &self.conditions.server;
        if stream == DOCUMENT {
            let delivery = self.delivery;
            let links = if delivery.link.is_empty() {
                delivery.early_hints
            } else {
                delivery.link
            };
            // Fields that a 103 had, HPACK tells by their numbers.
            if delivery.early_hints.is_empty() && !links.is_empty() {
                self.say(What::Fields, links, true);
            }
            let head = if delivery.push.is_empty() {
                0
            } else {
                delivery.head
            };
            self.responses
                .begin_page(server, self.page.html_bytes(), head);
            if !delivery.push.is_empty() {
                self.say(What::Promises, delivery.push, false);
                for asset in delivery.push {
                    if let Some(bytes) = self
                        .page
                        .assets()
                        .get(usize::from(*asset))
                        .map(|asset| asset.bytes)
                    {
                        self.responses
                            .begin_push(server, asset.saturating_add(1), bytes);
                    }
                }
            }
        } else if let Some(asset) = self.page.assets().get(usize::from(stream - 1)) {
            let is_incremental = matches!(asset.kind, Kind::Image { .. } | Kind::Other);
            let urgency = match asset.kind {
                Kind::Image { is_largest: true } if server.raises_largest => {
                    RAISED.min(asset.urgency)
                }
                _ => asset.urgency,
            };
            self.responses
                .begin(server, stream, asset.bytes, urgency, is_incremental);
        }
        self.has_begun = true;
    }

    /// Hands over what the kernel takes, and sends what the window allows.
    fn fill(&mut self, now: Time) {
        loop {
            let mut has_more = false;
            while self.tcp.unsent() < u64::from(self.conditions.server.unsent.max(1)) {
                let Some(chunk) = self.responses.next(&self.conditions.server) else {
                    break;
                };
                self.tcp.hand_over(chunk);
                has_more = true;
            }
            self.tcp.send(now);
            if !has_more {
                return;
            }
        }
    }

    fn arrived(&mut self, now: Time, what: What) {
        if let What::Data {
            stream, is_last, ..
        } = what
        {
            let asset = stream.checked_sub(1);
            self.record(|recording| recording.arrived(now, asset, is_last));
        }
        match what {
            What::Fields => {}
            What::EarlyHints => {
                self.browser
                    .agenda
                    .put(now + self.conditions.machine.hint, Event::Hinted);
            }
            What::Promises => {
                for asset in self.delivery.push {
                    self.record(|recording| recording.promised(now, *asset));
                    if !self.browser.promised(*asset) {
                        let there = now + self.conditions.network.rtt.half();
                        self.browser
                            .agenda
                            .put(there, Event::Refused(asset.saturating_add(1)));
                    }
                }
            }
            What::Data {
                stream: DOCUMENT,
                bytes,
                is_first,
                ..
            } => {
                if is_first {
                    self.first_byte = now;
                    self.browser.document_begins(now);
                }
                self.html_received += bytes;
                self.browser.document_continues(now, self.html_received);
            }
            What::Data {
                stream,
                bytes,
                is_last,
                ..
            } => {
                let asset = stream - 1;
                if self.conditions.cache == Cache::Full {
                    self.wasted += u64::from(bytes);
                } else if is_last {
                    self.browser.arrived(now, asset);
                }
            }
        }
    }
}
