//! A fetch and the graph of a page: the documented interface of `pushgen graph`.

use std::sync::Arc;

use pushgen_policy::{Class, CrossOrigin, Destination};
use serde::Serialize;

use crate::reference::{Blocking, Content, Purpose, When};
use crate::site::FileId;

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
    /// The request target of the document, style sheet or script that names it.
    pub initiator: Arc<str>,
    /// Where it is named: file and line.
    pub location: Arc<str>,
    /// For `"when":"conditional"`: what has to make use of it, such as `background-image of .hero`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Arc<str>>,
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
    /// Whether it is fetched as a module script.
    #[serde(skip)]
    pub module: bool,
    /// Where it stands in evaluation order: document order, each file followed by what it names.
    #[serde(skip)]
    pub order: u32,
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
    /// Render-blocking references to other origins; their closure cannot be delivered from here.
    #[serde(skip)]
    pub foreign_blockers: Vec<String>,
    /// The page as a file of the site.
    #[serde(skip)]
    pub document: FileId,
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
    pub(super) content: Content,
    pub(super) purpose: Purpose,
    pub(super) blocking: Blocking,
    pub(super) when: When,
    pub(super) confidence: f64,
    pub(super) crossorigin: Option<CrossOrigin>,
    pub(super) integrity: Option<Arc<str>>,
    pub(super) depth: u32,
    pub(super) initiator: Arc<str>,
    pub(super) location: Arc<str>,
    pub(super) condition: Option<Arc<str>>,
}

impl Fetch {
    pub(super) fn new(request: Request, order: u32) -> Self {
        let module =
            request.content == Content::Module && request.destination == Destination::Script;
        let mut fetch = Self {
            path: request.path,
            destination: request.destination,
            depth: request.depth,
            class: Class::Other,
            render_blocking: request.blocking.render,
            parser_blocking: request.blocking.parser,
            when: request.when,
            confidence: request.confidence,
            initiator: request.initiator,
            location: request.location,
            condition: request
                .condition
                .filter(|_| request.when == When::Conditional),
            missing: request.file.is_none(),
            file: request.file,
            crossorigin: request.crossorigin,
            integrity: request.integrity,
            module,
            order,
        };
        fetch.class = fetch.class_for(request.purpose);
        fetch
    }

    /// Merges another way in which the same target is asked for. A browser asks once: for the
    /// earliest need, and whoever blocks on it blocks.
    pub(super) fn merge(&mut self, other: Request) {
        let blocking = Blocking {
            render: self.render_blocking,
            parser: self.parser_blocking,
        }
        .or(other.blocking);
        (self.render_blocking, self.parser_blocking) = (blocking.render, blocking.parser);
        if other.depth < self.depth {
            self.depth = other.depth;
            self.initiator = other.initiator;
            self.location = other.location;
        }
        self.confidence = match other.when.cmp(&self.when) {
            std::cmp::Ordering::Less => other.confidence,
            std::cmp::Ordering::Equal => self.confidence.max(other.confidence),
            std::cmp::Ordering::Greater => self.confidence,
        };
        let earlier = other.when < self.when;
        self.when = self.when.min(other.when);
        if self.when != When::Conditional {
            self.condition = None;
        }
        let used = other.purpose == Purpose::Use && other.when != When::Conditional;
        if earlier || used {
            self.destination = other.destination;
            self.crossorigin = other.crossorigin;
            self.module |=
                other.content == Content::Module && other.destination == Destination::Script;
            self.integrity = self.integrity.take().or(other.integrity);
            self.class = self.class_for(other.purpose);
        } else if blocking != Blocking::NO {
            self.class = self.class_for(Purpose::Use);
        }
    }

    fn class_for(&self, purpose: Purpose) -> Class {
        match self.destination {
            _ if self.render_blocking => Class::RenderBlocking,
            _ if self.parser_blocking => Class::ParserBlocking,
            _ if purpose == Purpose::Aside => Class::Other,
            Destination::Font => Class::Font,
            Destination::Script if self.module => Class::Module,
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
}
