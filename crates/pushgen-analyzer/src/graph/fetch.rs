//! A fetch and the graph of a page: the documented interface of `pushgen graph`.

use std::cmp::Ordering;
use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, Destination, Responsive};
use serde::Serialize;

use super::largest_paint::LcpImage;
use super::traced::TRACE;
use crate::reference::{Blocking, Content, Purpose, Reference, When};
use crate::site::{FileId, Site};

/// One request that a browser makes for a page.
///
/// Serialised, it is one element of `fetches` in the output of `pushgen graph`; the field names are
/// stable.
#[derive(Debug, Clone, Serialize)]
pub struct Fetch {
    /// The request target: percent-encoded path and query.
    pub path: Arc<str>,
    /// Its request destination (Fetch Standard §2.2.5); `fetch` stands for the empty one.
    pub destination: Destination,
    /// Discovery depth: 1 is named by the document, d+1 is named by a fetched file of depth d.
    pub depth: u32,
    /// The class that decides about delivery.
    pub class: Class,
    /// Nothing is painted before it has arrived.
    pub render_blocking: bool,
    /// The parser stands still until it has arrived.
    pub parser_blocking: bool,
    /// When it happens.
    pub when: When,
    /// How sure it is that it happens, from 0 to 1.
    pub confidence: f64,
    /// The request target of the document, style sheet or script that names it; `trace` if a trace shows it and
    /// nothing else does, or nothing else so early.
    pub initiator: Arc<str>,
    /// Where it is named: file and line.
    pub location: Arc<str>,
    /// For `"when":"conditional"`: what has to make use of it, such as `background-image of .hero`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Arc<str>>,
    /// What makes use of a font or an image of a style sheet, such as `background-image of header.masthead`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Arc<str>>,
    /// The viewports at which it happens, if not at all that the page was analysed for: `412x823@1.75`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub viewports: Vec<Arc<str>>,
    /// Where that is a choice of the browser and can be told in words: `media`, `imagesrcset` and `imagesizes` of a
    /// link that makes the same choice.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub responsive: Option<Arc<Responsive>>,
    /// There is no such file in the site.
    #[serde(skip_serializing_if = "is_false")]
    pub missing: bool,
    /// The file that answers.
    #[serde(skip)]
    pub file: Option<FileId>,
    /// The CORS mode of the request.
    #[serde(skip)]
    pub crossorigin: Option<CrossOrigin>,
    /// The subresource integrity that the element asks for.
    #[serde(skip)]
    pub integrity: Option<Arc<str>>,
    /// Whether the content does not have that integrity, so that a browser throws it away.
    #[serde(skip)]
    pub corrupt: bool,
    /// Whether it is fetched as a module script.
    #[serde(skip)]
    pub module: bool,
    /// Where it stands in evaluation order: document order, each file followed by what it names.
    #[serde(skip)]
    pub order: u32,
    /// Which of its uses the mode of the request is taken from.
    #[serde(skip)]
    pub(crate) rank: Rank,
    /// Whether the page preloads it.
    #[serde(skip)]
    pub(crate) is_preloaded: bool,
    /// The element of the document that asks for it first.
    #[serde(skip)]
    pub(crate) element: Option<usize>,
}

impl Fetch {
    /// Whether only a trace says that it happens when it does.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        &*self.initiator == TRACE
    }
}

/// What a browser fetches for one page: one line of the output of `pushgen graph`.
#[derive(Debug, Clone, Serialize)]
pub struct PageGraph {
    /// The page's request target.
    pub page: Arc<str>,
    /// The page's file, relative to the site's root.
    pub file: Arc<str>,
    /// The fetches in the order of their discovery: by depth, then by place.
    pub fetches: Vec<Fetch>,
    /// The images that are likely the largest contentful paint, of each viewport one at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lcp: Vec<LcpImage>,
    /// The first reference to another origin that the first paint waits for, if there is one: the closure cannot be
    /// delivered whole from here.
    #[serde(skip)]
    pub foreign_blocker: Option<String>,
    /// The first script of another origin that only stops the parser, and its element.
    #[serde(skip)]
    pub(crate) foreign_stopper: Option<(String, usize)>,
    /// Whether the document could be read at all.
    #[serde(skip)]
    pub is_read: bool,
}

impl PageGraph {
    /// Of a page that nobody looked at.
    pub(crate) fn unread(site: &Site, page: FileId) -> Self {
        Self {
            page: site.url_path(page).into(),
            file: site.name(page).into(),
            fetches: Vec::new(),
            lcp: Vec::new(),
            foreign_blocker: None,
            foreign_stopper: None,
            is_read: false,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// One way in which a file is asked for, before it is merged with other ways.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: Arc<str>,
    pub(super) file: Option<FileId>,
    pub(super) destination: Destination,
    /// Whether it is a module script.
    pub(super) module: bool,
    pub(super) crossorigin: Option<CrossOrigin>,
    pub(super) integrity: Option<Arc<str>>,
    pub(super) corrupt: bool,
    pub(super) purpose: Purpose,
    pub(super) blocking: Blocking,
    pub(super) when: When,
    pub(super) confidence: f64,
    /// Counted from the document; from the root while it is part of a closure.
    pub(super) depth: u32,
    /// The request target of the file that names it; `None` stands for the document or the root of a
    /// closure, which pages may ask for by URLs of their own (`a.css?v=2`).
    pub(super) initiator: Option<Arc<str>>,
    pub(super) location: Arc<str>,
    pub(super) condition: Option<Arc<str>>,
    pub(super) responsive: Option<Arc<Responsive>>,
    /// The element of the document that asks for it.
    pub(super) element: Option<usize>,
}

/// How much a use of a file decides about the mode that it is fetched in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Aside,
    Preload,
    Used,
    ParserBlocking,
    RenderBlocking,
}

impl Request {
    /// The request of a reference, one step from its file.
    pub(super) fn of(
        reference: &Reference<'_>,
        path: Arc<str>,
        file: Option<FileId>,
        location: Arc<str>,
    ) -> Self {
        Self {
            path,
            file,
            destination: reference.destination,
            module: reference.content == Content::Module,
            crossorigin: reference.crossorigin,
            integrity: reference.integrity.as_deref().map(Arc::from),
            corrupt: false,
            purpose: reference.purpose,
            blocking: reference.blocking,
            when: reference.when,
            confidence: reference.confidence,
            depth: 1,
            initiator: None,
            location,
            condition: None,
            responsive: None,
            element: reference.element,
        }
    }

    fn rank(&self) -> Rank {
        match self.purpose {
            _ if self.blocking.render => Rank::RenderBlocking,
            _ if self.blocking.parser => Rank::ParserBlocking,
            Purpose::Use if self.when == When::Load => Rank::Used,
            Purpose::Preload => Rank::Preload,
            Purpose::Use | Purpose::Aside => Rank::Aside,
        }
    }
}

impl Fetch {
    pub(super) fn new(request: Request, page: &Arc<str>, order: u32) -> Self {
        let rank = request.rank();
        let class = class(&request);
        let (condition, used_by) = match request.when {
            When::Conditional => (request.condition, None),
            _ => (None, request.condition),
        };
        Self {
            path: request.path,
            destination: request.destination,
            depth: request.depth,
            class,
            render_blocking: request.blocking.render,
            parser_blocking: request.blocking.parser,
            when: request.when,
            confidence: request.confidence,
            initiator: request.initiator.unwrap_or_else(|| Arc::clone(page)),
            location: request.location,
            condition,
            used_by,
            viewports: Vec::new(),
            responsive: request.responsive,
            missing: request.file.is_none(),
            file: request.file,
            crossorigin: request.crossorigin,
            integrity: request.integrity,
            corrupt: request.corrupt,
            module: request.module,
            order,
            rank,
            is_preloaded: request.purpose == Purpose::Preload,
            element: request.element,
        }
    }

    /// Takes note that a load asked for it earlier than is known. How it is asked for is better known from here.
    pub(super) fn observe(&mut self, request: Request) {
        if request.when >= self.when {
            return;
        }
        (self.when, self.confidence) = (request.when, request.confidence);
        self.condition = None;
        // Which viewport the load had is not known.
        self.viewports.clear();
        self.depth = request.depth;
        self.location = request.location;
        if let Some(initiator) = request.initiator {
            self.initiator = initiator;
        }
    }

    /// Merges another way in which the same target is asked for. The mode is that of the use that most
    /// waits for it, taken as a whole: a preload in another mode is fetched in vain.
    pub(super) fn merge(&mut self, mut other: Request, page: &Arc<str>) {
        // What a preload in the same mode has brought is not asked for again: in the body nothing is reported
        // to wait for it. In the head the first paint does.
        let is_preloaded = self.rank == Rank::Preload
            && self.destination == other.destination
            && self.crossorigin == other.crossorigin;
        if is_preloaded && !other.blocking.render {
            other.blocking.parser = false;
        }
        // So it is with a script that an earlier element asked for without waiting.
        let is_under_way = self.rank == Rank::Used
            && self.depth == 1
            && self.destination == Destination::Script
            && self.destination == other.destination
            && (self.module, self.crossorigin) == (other.module, other.crossorigin);
        if is_under_way {
            other.blocking = Blocking::NO;
        }
        self.render_blocking |= other.blocking.render;
        self.parser_blocking |= other.blocking.parser;
        // Depth and place are those of the earliest use: what runs late reveals nothing early.
        let is_nearer = match other.when.cmp(&self.when) {
            Ordering::Less => {
                (self.when, self.confidence) = (other.when, other.confidence);
                self.responsive = other.responsive.take();
                true
            }
            Ordering::Equal => {
                self.confidence = self.confidence.max(other.confidence);
                // Where either holds it is fetched.
                self.responsive = self.responsive.take().or(other.responsive.take());
                other.depth < self.depth
            }
            Ordering::Greater => false,
        };
        self.is_preloaded |= other.purpose == Purpose::Preload;
        if self.when != When::Conditional {
            self.condition = None;
        }
        if other.rank() > self.rank {
            self.rank = other.rank();
            self.class = class(&other);
            self.destination = other.destination;
            self.module = other.module;
            self.crossorigin = other.crossorigin;
            self.integrity = other.integrity;
            self.corrupt = other.corrupt;
        }
        if is_nearer {
            self.depth = other.depth;
            self.initiator = other.initiator.unwrap_or_else(|| Arc::clone(page));
            self.location = other.location;
            self.element = other.element;
        }
    }
}

impl Fetch {
    /// Merges the same target as it is asked for at another viewport.
    pub(super) fn merge_viewport(&mut self, other: Self) {
        self.render_blocking |= other.render_blocking;
        self.parser_blocking |= other.parser_blocking;
        // Depth and place are those of the earliest use.
        let is_nearer = (other.when, other.depth) < (self.when, self.depth);
        match other.when.cmp(&self.when) {
            Ordering::Less => {
                (self.when, self.confidence) = (other.when, other.confidence);
                self.condition = other.condition;
                self.responsive = other.responsive;
            }
            Ordering::Equal => {
                self.confidence = self.confidence.max(other.confidence);
                self.responsive = self
                    .responsive
                    .take()
                    .filter(|here| other.responsive.as_ref() == Some(here));
            }
            Ordering::Greater => {}
        }
        self.is_preloaded |= other.is_preloaded;
        self.used_by = self.used_by.take().or(other.used_by);
        let is_lcp = self.class == Class::Lcp || other.class == Class::Lcp;
        if other.rank > self.rank {
            self.rank = other.rank;
            self.class = other.class;
            self.destination = other.destination;
            self.module = other.module;
            self.crossorigin = other.crossorigin;
            self.integrity = other.integrity;
            self.corrupt = other.corrupt;
        }
        if is_lcp && self.class == Class::Image {
            self.class = Class::Lcp;
        }
        if is_nearer {
            self.depth = other.depth;
            self.initiator = other.initiator;
            self.location = other.location;
            self.element = other.element;
            self.order = other.order;
        }
    }
}

fn class(request: &Request) -> Class {
    match request.destination {
        _ if request.blocking.render => Class::RenderBlocking,
        _ if request.blocking.parser => Class::ParserBlocking,
        _ if request.purpose == Purpose::Aside => Class::Other,
        Destination::Font => Class::Font,
        Destination::Script if request.module => Class::Module,
        Destination::Script => Class::Script,
        Destination::Style => Class::Style,
        Destination::Image => Class::Image,
        Destination::Audio | Destination::Video | Destination::Track => Class::Media,
        Destination::Document
        | Destination::Iframe
        | Destination::Frame
        | Destination::Object
        | Destination::Embed => Class::Document,
        _ => Class::Other,
    }
}
