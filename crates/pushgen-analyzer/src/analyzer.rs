//! The analyzer: asks the parts of a site's analysis in turn.
//!
//! In: a [`Site`] and [`Options`]. Out: a page's graph, its plan, or the policy of the whole site. Pages
//! are independent of each other and run in parallel; style sheets, scripts and weights are worked out
//! by the first page that asks and shared by all. Nothing of a page is kept but its plan.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use encoding_rs::UTF_8;
use pushgen_policy::{Coding, Origin, Policy, PolicyError};
use rayon::prelude::*;

use crate::emit::{self, PlannedPage};
use crate::encoding::{Decoded, decode_html, looks_binary};
use crate::finding::{Code, Finding};
use crate::graph::{
    Document, Fetch, Integrity, Modules, PageContext, PageGraph, PageMemo, Sheets, StyleTables,
    Suggestions, Traces, merge, page_graph,
};
use crate::html::{DocumentLayout, Dom, Stopped, layout_viewport, mentions, parse};
use crate::memo::Memo;
use crate::model::{self, Layout, Mark, Modelled, Steps, Time, of_graph};
use crate::plan::choice::{Choice, Choosable, choose};
use crate::plan::{DEFAULT_BUDGET, LeftOut, Plan, propose};
use crate::reference::When;
use crate::resolve::Resolver;
use crate::running_code::RunningCode;
use crate::site::{FileId, ImageSizes, MAX_DOCUMENT, MAX_SUBRESOURCE, Site, Weight};
use crate::trace::Trace;
use crate::viewport::Viewport;

/// What a site is analysed for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The viewports that pages are laid out for, at least one. What all of them ask for is certain.
    pub viewports: Vec<Viewport>,
    /// Where the site will be served. With it absolute URLs of the site are recognised, and URL
    /// fingerprints are written.
    pub origin: Option<Origin>,
    /// The most wire bytes that a plan may push.
    pub budget: u64,
    /// Whether the server takes entity-tags from the content hash, so that they are known now.
    pub etags: bool,
    /// What real loads of pages asked for.
    pub traces: Vec<Trace>,
    /// How long the server thinks before it answers for a page.
    pub think: Time,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            viewports: vec![Viewport::PHONE, Viewport::DESKTOP],
            origin: None,
            budget: DEFAULT_BUDGET,
            etags: false,
            traces: Vec::new(),
            think: Time::ZERO,
        }
    }
}

/// Answers questions about one site.
#[derive(Debug)]
pub struct Analyzer<'s> {
    site: &'s Site,
    options: Options,
    resolver: Resolver<'s>,
    sheets: Sheets,
    modules: Modules,
    integrity: Integrity,
    suggestions: Suggestions,
    image_sizes: ImageSizes,
    style_tables: StyleTables,
    traces: Traces,
    weights: Vec<OnceLock<Option<Weight>>>,
    viewport_names: Vec<Arc<str>>,
    /// For pages of about one size, and, where little is gained, for pages of nearly the same size.
    choices: Memo<(model::Page, Vec<Choosable>), Choice>,
    tried_choices: Memo<(model::Page, Vec<Choosable>), Choice>,
}

/// The graph of one page with what was noticed in its document.
#[derive(Debug)]
#[non_exhaustive]
pub struct PageAnalysis {
    /// What a browser fetches.
    pub graph: PageGraph,
    /// What is wrong with the document.
    pub findings: Vec<Finding>,
    /// What the model of a page load knows of it; nothing if it has too many assets.
    pub modelled: Option<Modelled>,
    /// What the parser waits for before the first content, whether the model knows it or not.
    early_stoppers: Vec<Arc<str>>,
    /// Bytes of the document that its first paint needs.
    pub first_paint_bytes: u64,
}

/// What is known of a site when every page was analysed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Analysis {
    /// The push policy.
    pub policy: Policy,
    /// Everything that was noticed, sorted by file and line.
    pub findings: Vec<Finding>,
    /// Sums for a summary.
    pub totals: Totals,
}

/// Sums over a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Pages that were analysed.
    pub pages: usize,
    /// Pages that something is sent with.
    pub pages_with_plan: usize,
    /// Files of the site, precompressed siblings included.
    pub files: usize,
    /// Assets that some plan sends.
    pub planned_assets: usize,
    /// Different plans.
    pub plans: usize,
    /// Wire bytes of the assets that some plan sends, each counted once.
    pub planned_bytes: u64,
}

impl<'s> Analyzer<'s> {
    /// Prepares to analyse a site. Nothing is read yet.
    #[must_use]
    pub fn new(site: &'s Site, options: Options) -> Self {
        let origin = options.origin.as_ref().map(Origin::as_str);
        Self {
            site,
            resolver: Resolver::new(site, origin),
            sheets: Sheets::default(),
            modules: Modules::default(),
            integrity: Integrity::default(),
            suggestions: Suggestions::default(),
            image_sizes: ImageSizes::new(site),
            style_tables: StyleTables::default(),
            viewport_names: options
                .viewports
                .iter()
                .map(|viewport| viewport.to_string().into())
                .collect(),
            choices: Memo::default(),
            tried_choices: Memo::default(),
            traces: Traces::new(site, origin, &options.traces),
            weights: (0..site.file_count()).map(|_| OnceLock::new()).collect(),
            options,
        }
    }

    /// The site that is analysed.
    #[must_use]
    pub fn site(&self) -> &'s Site {
        self.site
    }

    /// What it is analysed for.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What a browser fetches for a page.
    #[must_use]
    pub fn page(&self, page: FileId) -> PageAnalysis {
        let (decoded, mut findings) = self.document(page);
        let is_read = decoded.is_some();
        let (text, encoding) = decoded.map_or((String::new(), UTF_8), |decoded| {
            (decoded.text, decoded.encoding)
        });
        let (dom, stopped) = parse(&text);
        findings.extend(stopped.map(|stopped| too_deep(self.site, page, stopped)));
        let mut memo = PageMemo::default();
        let mut graphs = Vec::with_capacity(self.options.viewports.len());
        let mut layouts = Vec::with_capacity(self.options.viewports.len());
        for window in &self.options.viewports {
            let layout = layout_viewport(&dom, window);
            layouts.push(layout);
            let mentions = mentions(&dom, window, &layout);
            let document = Document {
                dom: &dom,
                mentions: &mentions,
                encoding,
                is_read,
            };
            let (graph, noticed) = page_graph(self.context(&layout), page, &document, &mut memo);
            findings.extend(noticed);
            graphs.push(graph);
        }
        // What all viewports notice is told once.
        findings.sort();
        findings.dedup();
        let mut graph = merge(graphs, &self.viewport_names, &layouts)
            .unwrap_or_else(|| PageGraph::unread(self.site, page));
        let document = DocumentLayout::of(&text, &dom, last_element(&graph));
        let content_at = document.content_at.unwrap_or(usize::MAX);
        let is_early = |element| {
            document
                .end_of_tag(element)
                .is_some_and(|end| end <= content_at)
        };
        if let Some((url, _)) = graph
            .foreign_stopper
            .take_if(|(_, element)| is_early(*element))
        {
            graph.foreign_blocker.get_or_insert(url);
        }
        let stops = graph.fetches.iter().filter(|fetch| {
            let is_stopper = fetch.when == When::Load && fetch.parser_blocking;
            is_stopper && fetch.element.is_some_and(is_early)
        });
        let early_stoppers = stops.map(|fetch| Arc::clone(&fetch.path)).collect();
        let modelled = self.modelled(page, &document, &dom, &graph);
        self.traces.add_to(page, &mut graph);
        PageAnalysis {
            graph,
            findings,
            modelled,
            early_stoppers,
            first_paint_bytes: document.first_paint() as u64,
        }
    }

    /// What the scripts of a page may ask for beyond its graph. Parses all of them anew.
    #[must_use]
    pub fn running_code(&self, page: FileId, graph: &PageGraph) -> RunningCode {
        let (decoded, _) = self.document(page);
        let text = decoded.map_or(String::new(), |decoded| decoded.text);
        let (dom, _) = parse(&text);
        // Scripts are the same at every viewport.
        let viewport = Viewport::DESKTOP;
        let mentions = mentions(&dom, &viewport, &viewport);
        RunningCode::of(self.site, &mentions, graph)
    }

    /// The text of a document, if it can be read as one.
    fn document(&self, page: FileId) -> (Option<Decoded>, Vec<Finding>) {
        let name = self.site.name(page);
        let refused = |code, message: String, help: &str| {
            (None, vec![Finding::new(code, &*name, message).help(help)])
        };
        if self.site.size(page) > MAX_DOCUMENT {
            let limit = MAX_DOCUMENT >> 20;
            let message = format!(
                "{} bytes; documents of more than {limit} MiB are not analysed",
                self.site.size(page)
            );
            return refused(
                Code::TooLarge,
                message,
                "split the page, or leave it out with --exclude",
            );
        }
        let bytes = match self.site.read(page) {
            Ok(bytes) => bytes,
            Err(error) => {
                let help = match error.kind() {
                    ErrorKind::NotFound => {
                        "it was there when the folder was listed: is a build still running?"
                    }
                    _ => "check the file's permissions",
                };
                return refused(
                    Code::UnreadableFile,
                    format!("cannot be read: {error}"),
                    help,
                );
            }
        };
        if looks_binary(&bytes) {
            let message = "binary data in a file named like a page".to_owned();
            return refused(
                Code::NotText,
                message,
                "rename it, or leave it out with --exclude",
            );
        }
        let decoded = decode_html(bytes);
        let mut findings = Vec::new();
        if decoded.malformed {
            let message = format!(
                "bytes that are not valid {} were replaced",
                decoded.encoding.name()
            );
            findings.push(
                Finding::new(Code::MalformedEncoding, name, message)
                    .help("write the file in UTF-8, or declare its encoding with <meta charset>"),
            );
        }
        (Some(decoded), findings)
    }

    /// What to send with a page, and what is left out.
    #[must_use]
    pub fn plan(&self, analysis: &PageAnalysis) -> (Plan, Vec<LeftOut>) {
        let PageAnalysis {
            graph,
            modelled,
            early_stoppers,
            ..
        } = analysis;
        let wire_bytes = |file| self.weight(file).map(Weight::wire);
        let mut needed: HashSet<&str> = modelled.as_ref().map(Modelled::needed).unwrap_or_default();
        needed.extend(early_stoppers.iter().map(|path| &**path));
        let holds_paint = |path: &str| needed.contains(path);
        let budget = self.options.budget;
        let proposal = propose(graph, budget, holds_paint, wire_bytes, emit::hint_bytes);
        let think = self.options.think;
        let choice = modelled.as_ref().and_then(|modelled| {
            let entries = proposal.choosable(modelled)?;
            let rounded = |steps| modelled.page.rounded(steps);
            let key = (rounded(Steps::Coarse), entries.clone());
            let choice = self.choices.get(&key, || choose(&key.0, &key.1, think));
            if !choice.is_doubtful() {
                return Some(choice);
            }
            let key = (rounded(Steps::Fine), entries);
            Some(
                self.tried_choices
                    .get(&key, || choice.tried_on(&key.0, &key.1, think)),
            )
        });
        proposal.settle(choice.as_deref())
    }

    /// How many bytes of a document go before its pushes, in each coding that it is there in; none without pushes.
    fn head(&self, page: FileId, analysis: &PageAnalysis, plan: &Plan) -> BTreeMap<Coding, u64> {
        if !plan.pushes() {
            return BTreeMap::new();
        }
        let before = plan
            .head(analysis.first_paint_bytes)
            .min(self.site.size(page));
        self.site.coded_offsets(page, before)
    }

    /// What the model of a page load knows of a page; nothing if it has too many assets.
    fn modelled(
        &self,
        page: FileId,
        document: &DocumentLayout,
        dom: &Dom,
        graph: &PageGraph,
    ) -> Option<Modelled> {
        let layout = Layout {
            bytes: document.bytes as u64,
            wire_bytes: self.site.document_wire_bytes(page),
            body_at: document.body_at as u64,
            content_at: document.content_at.map(|at| at as u64),
        };
        let mark = |fetch: &Fetch| {
            let element = fetch.element?;
            let offset = document.end_of_tag(element)? as u64;
            let element = dom.element(element)?;
            Some(Mark {
                offset,
                is_async: element.has("async"),
                is_link: element.is("link"),
            })
        };
        let bytes = |fetch: &Fetch| {
            let file = fetch.file?;
            Some((self.wire_bytes(file)?, self.site.size(file)))
        };
        of_graph(graph, &layout, bytes, mark).ok()
    }

    /// The bytes of a file on the wire. What is compressed already, such as an image, is not read for it.
    fn wire_bytes(&self, file: FileId) -> Option<u64> {
        match self.site.is_compressible(file) {
            true => self.weight(file).map(Weight::wire),
            false => Some(self.site.size(file)),
        }
    }

    /// The weight of an asset; `None` if it cannot be read, or is so large that it is never planned.
    pub fn weight(&self, file: FileId) -> Option<&Weight> {
        let slot = &self.weights[file.index()];
        slot.get_or_init(|| {
            let is_small = self.site.size(file) <= MAX_SUBRESOURCE;
            let content = is_small.then(|| self.site.read(file).ok())??;
            Some(Weight::of(self.site, file, &content))
        })
        .as_ref()
    }

    /// Analyses every page and makes the policy. `on_page` is called after each page, from any thread.
    ///
    /// # Errors
    /// When the policy breaks a limit of its own format, such as the number of pages.
    pub fn analyze(&self, on_page: &(dyn Fn() + Sync)) -> Result<Analysis, PolicyError> {
        let shared: Mutex<HashSet<Arc<Plan>>> = Mutex::default();
        let share = |plan: Plan| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = shared.get(&plan) {
                return Arc::clone(known);
            }
            let plan = Arc::new(plan);
            shared.insert(Arc::clone(&plan));
            plan
        };
        let analyse = |page: &FileId| {
            let analysis = self.page(*page);
            let (plan, _) = self.plan(&analysis);
            let head = self.head(*page, &analysis, &plan);
            let PageAnalysis {
                graph, findings, ..
            } = analysis;
            on_page();
            let page = PlannedPage {
                path: graph.page.to_string(),
                plan: share(plan),
                head,
            };
            (page, findings)
        };
        let pages: Vec<(PlannedPage, Vec<Finding>)> =
            self.site.pages().par_iter().map(analyse).collect();
        let mut findings = self.shared_findings();
        let mut plans = Vec::with_capacity(pages.len());
        for (page, noticed) in pages {
            findings.extend(noticed);
            plans.push(page);
        }
        findings.sort();
        findings.dedup();
        emit::emit(self, plans, findings)
    }

    /// What was noticed about the folder and about the files that pages share, so far.
    #[must_use]
    pub fn shared_findings(&self) -> Vec<Finding> {
        let mut findings = self.site.findings().to_vec();
        findings.extend(self.sheets.findings());
        findings.extend(self.modules.findings());
        findings.extend(self.traces.findings().iter().cloned());
        findings
    }

    fn context<'a>(&'a self, viewport: &'a Viewport) -> PageContext<'a> {
        PageContext {
            site: self.site,
            resolver: &self.resolver,
            sheets: &self.sheets,
            modules: &self.modules,
            integrity: &self.integrity,
            suggestions: &self.suggestions,
            image_sizes: &self.image_sizes,
            style_tables: &self.style_tables,
            viewport,
        }
    }
}

/// The last element of a page that asks for something before `load`.
fn last_element(graph: &PageGraph) -> usize {
    let fetches = graph.fetches.iter();
    let of_load = fetches.filter(|fetch| fetch.when == When::Load);
    let elements = of_load.filter_map(|fetch| fetch.element);
    let foreign = graph.foreign_stopper.iter().map(|(_, element)| *element);
    elements.chain(foreign).max().unwrap_or(0)
}

fn too_deep(site: &Site, page: FileId, stopped: Stopped) -> Finding {
    let (line, what) = match stopped {
        Stopped::Depth { line } => (line, "elements nest too deeply here"),
        Stopped::Growth { line } => (line, "more elements than an analysis keeps"),
        Stopped::Attributes { line } => (line, "a tag with thousands of attributes"),
    };
    Finding::new(
        Code::TooDeep,
        site.name(page),
        format!("{what}; the rest of the document is not analysed"),
    )
    .line(line)
    .help("close the elements; no browser keeps such a tree")
}
