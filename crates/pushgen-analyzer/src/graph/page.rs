//! The graph of one page: its mentions resolved, merged by request target, and followed.
//!
//! In: a page's mentions and what is known of the site. Out: a [`PageGraph`] and the findings of this
//! page. What lies behind a style sheet or module comes from [`Sheets`] and [`Modules`], which work it
//! out once per site; here it is only added.

mod scripts;
mod styles;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use encoding_rs::Encoding;
use pushgen_policy::{CrossOrigin, Destination, Responsive};
use url::Url;

use super::cascade_order::InlineSheet;
use super::chunks::ChunkSource;
use super::closure::{Edge, Reached};
use super::fetch::{Fetch, PageGraph, Request};
use super::integrity::Integrity;
use super::largest_paint::LcpImage;
use super::missing::{Suggestions, invalid_url, missing};
use super::modules::{self, Modules, Space};
use super::sheets::{self, Sheets};
use super::style_tables::StyleTables;
use super::style_use::{PageMemo, StyleSources, inline};
use crate::css::StyleSheet;
use crate::finding::{Code, Finding};
use crate::html::{Dom, Effect, Mention, SecurityPolicies, Where};
use crate::js::import_map::ImportMap;
use crate::js::{Script, may_request};
use crate::reference::{Blocking, Content, Purpose, Reference, When};
use crate::resolve::{Resolver, Target};
use crate::site::{FileId, ImageSizes, Site};
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
    pub(crate) integrity: &'a Integrity,
    pub(crate) suggestions: &'a Suggestions,
    pub(crate) image_sizes: &'a ImageSizes,
    pub(crate) style_tables: &'a StyleTables,
    pub(crate) viewport: &'a Viewport,
}

/// A document as it was read: what it mentions, and the encoding of its text.
pub(crate) struct Document<'d> {
    pub(crate) dom: &'d Dom,
    pub(crate) mentions: &'d [Mention<'d>],
    pub(crate) encoding: &'static Encoding,
    /// Whether it could be read at all.
    pub(crate) is_read: bool,
}

/// Makes the graph of a page from its document.
pub(crate) fn page_graph(
    context: PageContext<'_>,
    page: FileId,
    document: &Document<'_>,
    memo: &mut PageMemo,
) -> (PageGraph, Vec<Finding>) {
    let target: Arc<str> = context.site.url_path(page).into();
    let url = context.resolver.url(&target);
    let mut builder = Builder {
        context,
        name: context.site.name(page).into(),
        target,
        base: url.clone(),
        url,
        encoding: document.encoding,
        import_map: ImportMap::default(),
        import_maps: 0,
        space: None,
        fetches: Vec::with_capacity(TYPICAL_FETCHES),
        by_path: HashMap::with_capacity(TYPICAL_FETCHES),
        followed: HashSet::new(),
        foreign_blocker: None,
        foreign_stopper: None,
        policies: SecurityPolicies::default(),
        chunk_sources: Vec::new(),
        findings: Vec::new(),
        style: StyleSources::default(),
        unused: Vec::new(),
        lcp: None,
        awaiting: Vec::new(),
        lost: HashSet::new(),
        inline: std::mem::take(&mut memo.inline),
    };
    for mention in document.mentions {
        builder.mention(mention);
    }
    builder.add_style_use(document.dom, &mut memo.matches);
    builder.add_chunks();
    memo.inline = std::mem::take(&mut builder.inline);
    let findings = std::mem::take(&mut builder.findings);
    (builder.finish(document.is_read), findings)
}

struct Builder<'a> {
    context: PageContext<'a>,
    name: Arc<str>,
    target: Arc<str>,
    url: Url,
    base: Url,
    /// The document's encoding, which queries and sheets that declare none are in.
    encoding: &'static Encoding,
    import_map: ImportMap,
    import_maps: usize,
    /// The module graph under the import map as it stands now; found when the first module asks.
    space: Option<Arc<Space>>,
    fetches: Vec<Fetch>,
    by_path: HashMap<Arc<str>, usize>,
    /// The sheets that were followed, and what waited for them: a page may link one a thousand times.
    followed: HashSet<(sheets::Node, Blocking, When, u64)>,
    foreign_blocker: Option<String>,
    foreign_stopper: Option<(String, usize)>,
    /// The content security policies that are in force by now.
    policies: SecurityPolicies,
    /// The scripts that say something of webpack's chunks.
    chunk_sources: Vec<ChunkSource>,
    findings: Vec<Finding>,
    style: StyleSources,
    /// What sheets name and the page's style decides about.
    unused: Vec<Request>,
    /// The image that is likely the largest paint.
    lcp: Option<LcpImage>,
    /// What is fetched if its element is rendered.
    awaiting: Vec<Awaiting>,
    /// Targets without a file that were told.
    lost: HashSet<Arc<str>>,
    /// The `style` elements that were parsed, for an earlier viewport or this one.
    inline: HashMap<usize, InlineSheet>,
}

/// A request of an element that asks for it only if it is rendered.
struct Awaiting {
    request: Request,
    element: usize,
    line: u32,
    text: String,
}

impl Builder<'_> {
    fn mention(&mut self, mention: &Mention<'_>) {
        match *mention {
            Mention::Base(href) => self.set_base(href),
            Mention::SecurityPolicy(text) => self.policies.add(text),
            Mention::Reference(ref reference) => self.reference(reference),
            Mention::Style {
                text,
                effect,
                line,
                element,
            } => {
                let (base, encoding, name) = (&self.base, self.encoding, &self.name);
                let parsed = self.inline.entry(element.index()).or_insert_with(|| {
                    let sheet = StyleSheet::parse(text);
                    Arc::new(Some(inline(sheet, base, encoding, name, line)))
                });
                let parsed = Arc::clone(parsed);
                if let Some(sheet) = parsed.as_ref() {
                    self.style(&sheet.sheet, line, effect);
                }
                if effect.applies {
                    self.style
                        .add_sheet(parsed, element.index(), effect.confidence);
                }
            }
            Mention::StyleAttribute {
                text,
                line,
                element,
            } => {
                let sheet = StyleSheet::parse_declarations(text);
                self.style(&sheet, line, Effect::ALWAYS);
                self.style
                    .add_attribute(sheet, &self.base, line, element.index());
            }
            Mention::Module { text, line } => {
                let script = Script::parse_module(text);
                self.inline_script(&script, line);
            }
            Mention::Script { text, line } => {
                if !may_request(text) {
                    return;
                }
                let script = Script::parse_classic(text);
                self.inline_script(&script, line);
            }
            Mention::ImportMap { text, line } => self.add_import_map(text, line),
        }
    }

    fn set_base(&mut self, href: &str) {
        let base = self.context.resolver.base(&self.url, href);
        let to = match self.context.resolver.target(&base) {
            Target::Elsewhere(_) => Where::Foreign(&base),
            _ => Where::Own,
        };
        if self.policies.allows_base(to) {
            self.base = base;
        }
    }

    fn reference(&mut self, reference: &Reference<'_>) {
        let target = match self.resolve(reference.url) {
            Target::Site(target) => target,
            Target::Elsewhere(url) => {
                if let Content::StyleSheet { applies: true, .. } = reference.content {
                    self.style.add_foreign();
                }
                if reference.blocking.render {
                    self.foreign_blocker.get_or_insert(url);
                } else if let Some(element) =
                    reference.element.filter(|_| reference.blocking.parser)
                {
                    self.foreign_stopper.get_or_insert((url, element));
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
        if is_fetched_twice(reference) {
            let message = "font preload without `crossorigin`: browsers fetch the font twice";
            self.findings.push(
                Finding::new(Code::FontPreloadWithoutCrossorigin, &*self.name, message)
                    .line(reference.line)
                    .text(reference.url)
                    .help("add `crossorigin` to the link; fonts are always fetched in CORS mode"),
            );
        }
        let file = target.file;
        let location = format!("{}:{}", self.name, reference.line).into();
        let mut request = Request::of(reference, target.path.into(), file, location);
        request.corrupt = self.is_corrupt(&request, reference);
        request.responsive = self.responsive(reference);
        if let Some(element) = reference.element.filter(|_| is_for_boxes(&request)) {
            self.awaiting.push(Awaiting {
                request,
                element,
                line: reference.line,
                text: reference.url.to_owned(),
            });
            return;
        }
        let root = Root::of(&request);
        // Elements were judged by the security policies when they were read, with their nonces.
        self.add_named(request, reference.line, reference.url);
        self.follow(reference, file, &root);
    }

    /// On which screens an image is asked for, in words.
    fn responsive(&self, reference: &Reference<'_>) -> Option<Arc<Responsive>> {
        let selection = reference.selection.as_ref();
        let selection = selection.filter(|_| reference.destination == Destination::Image)?;
        let path = |url: &str| match self.resolve(url) {
            Target::Site(target) => target.file.map(|_| target.path),
            _ => None,
        };
        selection.responsive(path).map(Arc::new)
    }

    /// Whether a file does not have the integrity that is asked for; says so once per reference.
    fn is_corrupt(&mut self, request: &Request, reference: &Reference<'_>) -> bool {
        let (Some(file), Some(metadata)) = (request.file, &request.integrity) else {
            return false;
        };
        if self
            .context
            .integrity
            .matches(self.context.site, file, metadata)
        {
            return false;
        }
        let message = format!(
            "the content of {} is not what `integrity` says: browsers throw it away",
            request.path
        );
        self.findings.push(
            Finding::new(Code::IntegrityMismatch, &*self.name, message)
                .line(reference.line)
                .text(reference.url)
                .help("write the attribute anew from the file, or remove it"),
        );
        true
    }

    /// Adds what lies behind a reference.
    fn follow(&mut self, reference: &Reference<'_>, file: Option<FileId>, root: &Root) {
        let Some(file) = file.filter(|_| reference.purpose == Purpose::Use && !root.corrupt) else {
            return;
        };
        match reference.content {
            Content::Opaque => {}
            Content::StyleSheet { applies, imports } => {
                let node = sheets::Node {
                    file,
                    applies,
                    environment: self.encoding,
                    viewport: *self.context.viewport,
                };
                if applies {
                    let path = Arc::clone(&root.path);
                    let selection = reference.selection.as_ref();
                    let media = selection.map(|selection| selection.media.clone());
                    self.style.add_file(
                        (node, path),
                        reference.element,
                        root.confidence,
                        media.unwrap_or_default(),
                    );
                }
                let root = Root {
                    blocking: imports,
                    ..root.clone()
                };
                self.follow_sheet(node, &root);
            }
            Content::Module => self.follow_script(modules::Node::Module(file), root),
            Content::Script => self.follow_script(modules::Node::Classic(file), root),
        }
    }

    /// Adds what inline code names; `None` if the page forbids itself the request.
    fn inline_edge<N>(
        &mut self,
        edge: Edge<N>,
        blocking: Blocking,
        confidence: f64,
    ) -> Option<Root> {
        let request = Request {
            blocking: if edge.inherits_blocking {
                blocking
            } else {
                Blocking::NO
            },
            confidence: edge.request.confidence.min(confidence),
            ..edge.request
        };
        if !self.policies.allows(request.destination, Where::Own) {
            return None;
        }
        let root = Root::of(&request);
        if is_for_style(&request) {
            self.tell_lost(&request, edge.line, &edge.text);
            self.unused.push(request);
        } else {
            self.add_named(request, edge.line, &edge.text);
        }
        Some(root)
    }

    /// Adds what lies behind a style sheet or script that the document itself names.
    fn add_reached(&mut self, behind: &[Reached], root: &Root, crossorigin: Option<CrossOrigin>) {
        for Reached {
            request,
            inherits_blocking,
        } in behind
        {
            if !self.policies.allows(request.destination, Where::Own) {
                continue;
            }
            let request = Request {
                blocking: if *inherits_blocking {
                    root.blocking
                } else {
                    Blocking::NO
                },
                when: request.when.max(root.when),
                confidence: request.confidence.min(root.confidence),
                crossorigin: request.crossorigin.or(crossorigin),
                depth: request.depth + 1,
                initiator: Some(Arc::clone(request.initiator.as_ref().unwrap_or(&root.path))),
                ..request.clone()
            };
            if is_for_style(&request) {
                self.unused.push(request);
            } else {
                self.add(request);
            }
        }
    }

    /// Adds what the document names.
    fn add_named(&mut self, request: Request, line: u32, text: &str) {
        self.tell_lost(&request, line, text);
        self.add(request);
    }

    /// Says once per target that there is no such file.
    fn tell_lost(&mut self, request: &Request, line: u32, text: &str) {
        let path = &request.path;
        if request.file.is_none()
            && !self.by_path.contains_key(path)
            && self.lost.insert(Arc::clone(path))
        {
            self.findings
                .push(missing(self.context, path, &self.name, line, text));
        }
    }

    /// Adds a request, or what is new in it if its target is known already.
    fn add(&mut self, request: Request) {
        let order = u32::try_from(self.fetches.len()).unwrap_or(u32::MAX);
        match self.by_path.entry(Arc::clone(&request.path)) {
            Entry::Occupied(known) => {
                self.fetches[*known.get()].merge(request, &self.target);
            }
            Entry::Vacant(free) => {
                free.insert(self.fetches.len());
                self.fetches.push(Fetch::new(request, &self.target, order));
            }
        }
    }

    fn resolve(&self, url: &str) -> Target {
        self.context
            .resolver
            .resolve_encoded(&self.base, url, self.encoding)
    }

    /// Puts the fetches in the order of their discovery.
    fn finish(mut self, is_read: bool) -> PageGraph {
        self.fetches.sort_by_key(|fetch| (fetch.depth, fetch.order));
        // What is named by a file that a preload brings early is found early too. Initiators come first
        // in this order, so that one pass is enough.
        let mut depths: HashMap<Arc<str>, u32> = HashMap::with_capacity(self.fetches.len());
        for fetch in &mut self.fetches {
            let above = depths
                .get(&fetch.initiator)
                .filter(|_| fetch.initiator != self.target);
            fetch.depth = above.map_or(fetch.depth, |depth| fetch.depth.min(depth + 1));
            depths.insert(Arc::clone(&fetch.path), fetch.depth);
        }
        self.fetches.sort_by_key(|fetch| (fetch.depth, fetch.order));
        PageGraph {
            page: self.target,
            file: self.name,
            fetches: self.fetches,
            lcp: self.lcp.into_iter().collect(),
            foreign_blocker: self.foreign_blocker,
            foreign_stopper: self.foreign_stopper,
            is_read,
        }
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
    corrupt: bool,
}

impl Root {
    fn of(request: &Request) -> Self {
        Self {
            path: Arc::clone(&request.path),
            blocking: request.blocking,
            confidence: request.confidence,
            when: request.when,
            crossorigin: request.crossorigin,
            corrupt: request.corrupt,
        }
    }
}

/// Whether the page's style decides about a request.
fn is_for_style(request: &Request) -> bool {
    request.when == When::Conditional
        && matches!(request.destination, Destination::Font | Destination::Image)
}

/// Whether a request waits for a box: plug-in content is not fetched without.
fn is_for_boxes(request: &Request) -> bool {
    matches!(
        request.destination,
        Destination::Object | Destination::Embed
    )
}

/// Fonts are requested in CORS mode, and a preload in another mode is not used for them.
fn is_fetched_twice(reference: &Reference<'_>) -> bool {
    let is_preload = reference.purpose == Purpose::Preload;
    is_preload
        && reference.destination == Destination::Font
        && reference.crossorigin != Some(CrossOrigin::Anonymous)
}
