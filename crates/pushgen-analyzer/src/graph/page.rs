//! The graph of one page: its mentions resolved, merged by request target, and followed.
//!
//! In: a page's mentions and what is known of the site. Out: a [`PageGraph`] and the findings of this
//! page. What lies behind a style sheet or module comes from [`Sheets`] and [`Modules`], which work it
//! out once per site; here it is only added.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use encoding_rs::Encoding;
use pushgen_policy::{CrossOrigin, Destination};
use url::Url;

use super::closure::{Edge, Reached};
use super::fetch::{Fetch, PageGraph, Request};
use super::modules::{self, Modules, Space};
use super::sheets::{self, Sheets, Surroundings};
use crate::css::StyleSheet;
use crate::finding::{Code, Finding, shown};
use crate::html::{ContentSecurityPolicy, Effect, Mention};
use crate::js::Script;
use crate::js::import_map::ImportMap;
use crate::reference::{Blocking, Content, Purpose, Reference, When, confidence};
use crate::resolve::{Resolver, SiteTarget, Target};
use crate::site::{FileId, Site};
use crate::viewport::Viewport;

/// Most pages make fewer requests; a table that grows moves what is in it.
const TYPICAL_FETCHES: usize = 48;

/// What a page's graph is made with.
#[derive(Clone, Copy)]
pub(crate) struct PageContext<'a> {
    pub(crate) site: &'a Site,
    pub(crate) resolver: &'a Resolver<'a>,
    pub(crate) sheets: &'a Sheets,
    pub(crate) modules: &'a Modules,
    pub(crate) viewport: &'a Viewport,
}

/// Makes the graph of a page from what its document mentions.
pub(crate) fn page_graph(
    context: PageContext<'_>,
    page: FileId,
    encoding: &'static Encoding,
    mentions: &[Mention<'_>],
) -> (PageGraph, Vec<Finding>) {
    let target: Arc<str> = context.site.url_path(page).into();
    let document = context.resolver.url(&target);
    let mut builder = Builder {
        context,
        name: context.site.name(page).into(),
        target,
        base: document.clone(),
        document,
        encoding,
        import_map: ImportMap::default(),
        space: None,
        fetches: Vec::with_capacity(TYPICAL_FETCHES),
        by_path: HashMap::with_capacity(TYPICAL_FETCHES),
        foreign_blockers: Vec::new(),
        policies: Vec::new(),
        findings: Vec::new(),
    };
    for mention in mentions {
        builder.mention(mention);
    }
    let mut fetches = builder.fetches;
    fetches.sort_by_key(|fetch| (fetch.depth, fetch.order));
    let graph = PageGraph {
        page: builder.target,
        file: builder.name,
        fetches,
        foreign_blockers: builder.foreign_blockers,
        document: page,
    };
    (graph, builder.findings)
}

struct Builder<'a> {
    context: PageContext<'a>,
    name: Arc<str>,
    target: Arc<str>,
    document: Url,
    base: Url,
    /// The document's encoding, which queries and sheets that declare none are in.
    encoding: &'static Encoding,
    import_map: ImportMap,
    /// The module graph under the import map as it stands now; found when the first module asks.
    space: Option<Arc<Space>>,
    fetches: Vec<Fetch>,
    by_path: HashMap<Arc<str>, usize>,
    foreign_blockers: Vec<String>,
    /// The content security policies that are in force by now.
    policies: Vec<ContentSecurityPolicy>,
    findings: Vec<Finding>,
}

impl Builder<'_> {
    fn mention(&mut self, mention: &Mention<'_>) {
        match *mention {
            Mention::Base(href) => self.base = self.context.resolver.base(&self.document, href),
            Mention::SecurityPolicy(ref policy) => self.policies.push(policy.clone()),
            Mention::Reference(ref reference) => self.reference(reference),
            Mention::Style { text, effect, line } => {
                self.style(&StyleSheet::parse(text), line, effect)
            }
            Mention::StyleAttribute { text, line } => {
                self.style(&StyleSheet::parse_declarations(text), line, Effect::ALWAYS);
            }
            Mention::Module { text, line } => {
                let script = Script::parse_module(text);
                self.inline_script(&script, line);
            }
            Mention::Script { text, line } => {
                let script = Script::parse_classic(text);
                self.inline_script(&script, line);
            }
            Mention::ImportMap { text, line } => self.add_import_map(text, line),
        }
    }

    fn reference(&mut self, reference: &Reference<'_>) {
        let (target, location) = match self.resolve(reference.url) {
            Target::Site(target) => (target, self.location(reference.line)),
            Target::Elsewhere(url) => {
                if reference.blocking.render {
                    self.foreign_blockers.push(url);
                }
                return;
            }
            Target::NoRequest => return,
            Target::Invalid => {
                self.findings
                    .push(invalid_url(&self.name, reference.line, reference.url));
                return;
            }
        };
        if reference.destination == Destination::Font
            && reference.purpose == Purpose::Preload
            && reference.crossorigin.is_none()
        {
            self.findings.push(
                Finding::new(
                    Code::FontPreloadWithoutCrossorigin,
                    &*self.name,
                    "font preload without `crossorigin`: browsers fetch the font twice",
                )
                .line(reference.line)
                .text(reference.url)
                .help("add `crossorigin` to the link; fonts are always fetched in CORS mode"),
            );
        }
        let file = target.file;
        let request = Request {
            path: target.path.as_str().into(),
            file,
            destination: reference.destination,
            content: reference.content,
            purpose: reference.purpose,
            blocking: reference.blocking,
            when: reference.when,
            confidence: reference.confidence,
            crossorigin: reference.crossorigin,
            integrity: reference.integrity.as_deref().map(Arc::from),
            depth: 1,
            initiator: Arc::clone(&self.target),
            location,
            condition: None,
        };
        let root = Root::of(&request);
        if self.add(request) && file.is_none() {
            self.missing(&target, reference.line, reference.url);
        }
        let Some(file) = file.filter(|_| reference.purpose == Purpose::Use) else {
            return;
        };
        match reference.content {
            Content::Opaque => {}
            Content::StyleSheet { applies } => {
                let environment = self.encoding;
                self.follow_sheet(
                    sheets::Node {
                        file,
                        applies,
                        environment,
                    },
                    &root,
                );
            }
            Content::Module => self.follow_script(modules::Node::Module(file), &root),
            Content::Script => self.follow_script(modules::Node::Classic(file), &root),
        }
    }

    /// What an inline sheet or `style` attribute names.
    fn style(&mut self, sheet: &StyleSheet, line: u32, effect: Effect) {
        let surroundings = Surroundings {
            applies: effect.applies,
            encoding: self.encoding,
        };
        let read = sheets::edges(
            sheet,
            self.context.viewport,
            surroundings,
            |url| self.resolve(url),
            &|at| (Arc::clone(&self.name), line + at.saturating_sub(1)),
        );
        self.findings.extend(read.problems);
        self.foreign_blockers
            .extend(read.foreign.into_iter().filter(|_| effect.blocking.render));
        for edge in read.edges {
            let request = self.request(&edge, effect.blocking, effect.confidence);
            let root = Root::of(&request);
            if self.add(request) && edge.target.file.is_none() {
                self.missing(&edge.target, edge.line, &edge.text);
            }
            if let Some(sheet) = edge.node {
                self.follow_sheet(sheet, &root);
            }
        }
    }

    fn inline_script(&mut self, script: &Script, line: u32) {
        if let Some(problem) = &script.problem {
            self.findings
                .push(modules::unparsable(&self.name, problem, line));
        }
        let space = self.space();
        let read = space.edges(self.context, script, &self.base, &|at| {
            (Arc::clone(&self.name), line + at.saturating_sub(1))
        });
        self.findings.extend(read.findings);
        for edge in read.edges {
            let request = self.request(&edge, Blocking::NO, confidence::CERTAIN);
            let root = Root::of(&request);
            if self.add(request) && edge.target.file.is_none() {
                self.missing(&edge.target, edge.line, &edge.text);
            }
            if let Some(script) = edge.node {
                self.follow_script(script, &root);
            }
        }
    }

    /// The request of something that inline code names.
    fn request<N>(&self, edge: &Edge<N>, blocking: Blocking, confidence: f64) -> Request {
        Request {
            path: edge.target.path.as_str().into(),
            file: edge.target.file,
            destination: edge.destination,
            content: edge.content,
            purpose: Purpose::Use,
            blocking: if edge.inherits_blocking {
                blocking
            } else {
                Blocking::NO
            },
            when: edge.when,
            confidence: edge.confidence.min(confidence),
            crossorigin: edge.crossorigin,
            integrity: edge.integrity.clone(),
            depth: 1,
            initiator: Arc::clone(&self.target),
            location: Arc::clone(&edge.location),
            condition: edge.condition.clone(),
        }
    }

    fn follow_sheet(&mut self, sheet: sheets::Node, root: &Root) {
        let behind = self.context.sheets.closure(self.context, sheet);
        if root.blocking.render {
            self.foreign_blockers.extend(behind.foreign.iter().cloned());
        }
        self.add_reached(&behind.reached, root, None);
    }

    fn follow_script(&mut self, script: modules::Node, root: &Root) {
        let behind = self.space().closure(self.context, script);
        // The parser waits for a script and not for what it imports; the credentials mode of a module
        // is that of all its imports (HTML §8.1.4.2).
        let blocking = Blocking {
            parser: false,
            ..root.blocking
        };
        self.add_reached(
            &behind,
            &Root {
                blocking,
                ..root.clone()
            },
            root.crossorigin,
        );
    }

    fn add_import_map(&mut self, text: &str, line: u32) {
        let (map, warnings) = match ImportMap::parse(text, &self.base) {
            Ok(parsed) => parsed,
            Err(invalid) => (
                ImportMap::default(),
                vec![format!("browsers ignore it: {invalid}")],
            ),
        };
        for warning in warnings {
            self.findings
                .push(Finding::new(Code::InvalidImportMap, &*self.name, warning).line(line));
        }
        self.import_map.merge(map);
        self.space = None;
    }

    /// The module graph under the current import map.
    fn space(&mut self) -> Arc<Space> {
        let space = self
            .space
            .get_or_insert_with(|| self.context.modules.space(&self.import_map));
        Arc::clone(space)
    }

    /// Adds what lies behind a style sheet or script that the document itself names.
    fn add_reached(&mut self, behind: &[Reached], root: &Root, crossorigin: Option<CrossOrigin>) {
        for reached in behind {
            self.add(Request {
                path: Arc::clone(&reached.path),
                file: reached.target.file,
                destination: reached.destination,
                content: reached.content,
                purpose: Purpose::Use,
                blocking: if reached.inherits_blocking {
                    root.blocking
                } else {
                    Blocking::NO
                },
                when: reached.when.max(root.when),
                confidence: reached.confidence.min(root.confidence),
                crossorigin: reached.crossorigin.or(crossorigin),
                integrity: reached.integrity.clone(),
                depth: 1 + reached.depth,
                initiator: Arc::clone(reached.initiator.as_ref().unwrap_or(&root.path)),
                location: Arc::clone(&reached.location),
                condition: reached.condition.clone(),
            });
        }
    }

    /// Adds a request; false if its target is known already, or if the page forbids itself the request.
    fn add(&mut self, request: Request) -> bool {
        if !self
            .policies
            .iter()
            .all(|policy| policy.allows(request.destination))
        {
            return false;
        }
        let order = u32::try_from(self.fetches.len()).unwrap_or(u32::MAX);
        match self.by_path.entry(Arc::clone(&request.path)) {
            Entry::Occupied(known) => {
                self.fetches[*known.get()].merge(request);
                false
            }
            Entry::Vacant(free) => {
                free.insert(self.fetches.len());
                self.fetches.push(Fetch::new(request, order));
                true
            }
        }
    }

    fn resolve(&self, url: &str) -> Target {
        self.context
            .resolver
            .resolve_encoded(&self.base, url, self.encoding)
    }

    fn missing(&mut self, target: &SiteTarget, line: u32, text: &str) {
        self.findings
            .push(missing(self.context.site, target, &self.name, line, text));
    }

    fn location(&self, line: u32) -> Arc<str> {
        format!("{}:{line}", self.name).into()
    }
}

/// What a request hands on to what lies behind it.
#[derive(Clone)]
struct Root {
    path: Arc<str>,
    blocking: Blocking,
    confidence: f64,
    when: When,
    crossorigin: Option<CrossOrigin>,
}

impl Root {
    fn of(request: &Request) -> Self {
        Self {
            path: Arc::clone(&request.path),
            blocking: request.blocking,
            confidence: request.confidence,
            when: request.when,
            crossorigin: request.crossorigin,
        }
    }
}

pub(super) fn invalid_url(file: &str, line: u32, text: &str) -> Finding {
    let message = if text.len() > crate::resolve::MAX_REFERENCE {
        format!(
            "a reference of {} bytes; servers refuse request targets of that length",
            text.len()
        )
    } else {
        format!("not a valid URL: {}", shown(text))
    };
    Finding::new(Code::InvalidUrl, file, message).line(line)
}

pub(super) fn missing(
    site: &Site,
    target: &SiteTarget,
    file: &str,
    line: u32,
    text: &str,
) -> Finding {
    let path = target.path.split('?').next().unwrap_or_default();
    let message = format!("no file of the site answers to {}", shown(&target.path));
    let finding = Finding::new(Code::MissingAsset, file, message)
        .line(line)
        .text(&shown(text));
    if let Some(other) = site.differs_in_case(path) {
        finding.help(format!(
            "upper and lower case differ: there is {}",
            site.url_path(other)
        ))
    } else if let Some(other) = site.misspelt(path) {
        finding.help(format!("did you mean {}?", site.url_path(other)))
    } else {
        finding
    }
}
