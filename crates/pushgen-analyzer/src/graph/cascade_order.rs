//! The sheets of a page in the order of the cascade.
//!
//! In: the sheets that the document names or holds, in its order. Out: those that are in force with all that they import:
//! what is imported comes before what imports it (CSS Cascade 5 §6.4.2), and layers stand in the order in which they are
//! first mentioned. Only site files are followed; a cycle of imports ends where it closes.

use std::sync::Arc;

use super::page::PageContext;
use super::sheets::{self, ParsedSheet};
use crate::css::{Applies, MediaText, Truth};
use crate::resolve::Target;
use crate::style::{LayerId, LayerTree};
use crate::viewport::Viewport;

/// Sheets in force on one page. A chain of imports that doubles with every step ends here.
const MAX_SHEETS: usize = 4096;

/// Imports one inside the other.
const MAX_IMPORT_DEPTH: usize = 64;

/// The sheet of a `style` element. It is parsed once for all viewports of a page, which then have the same sheet.
pub(super) type InlineSheet = Arc<Option<ParsedSheet>>;

/// A sheet that the document names, or holds.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) sheet: RootSheet,
    /// The element, by its place in the document.
    pub(super) element: Option<usize>,
    pub(super) confidence: f64,
    /// On which screens it applies.
    pub(super) media: MediaText,
}

#[derive(Debug)]
pub(super) enum RootSheet {
    /// A file, under the request target that the page uses.
    File(sheets::Node, Arc<str>),
    Inline(InlineSheet),
}

/// A sheet in force.
pub(super) struct Sheet {
    /// Something: what cannot be read is not in force.
    pub(super) parsed: Arc<Option<ParsedSheet>>,
    /// The request target of its file; none for what stands in the document.
    pub(super) path: Option<Arc<str>>,
    pub(super) owner: Option<usize>,
    pub(super) confidence: f64,
    /// On which screens it applies.
    pub(super) media: MediaText,
    pub(super) layer: LayerId,
    pub(super) layers: Vec<LayerId>,
}

impl Sheet {
    pub(super) fn parsed(&self) -> Option<&ParsedSheet> {
        self.parsed.as_ref().as_ref()
    }
}

/// The sheets in force on a page.
pub(super) struct CascadeOrder {
    /// Those that come later win.
    pub(super) sheets: Vec<Sheet>,
    pub(super) layers: LayerTree,
    /// Whether sheets are missing, because there were too many.
    pub(super) is_stopped: bool,
}

impl CascadeOrder {
    /// Of the sheets in document order; `may_import` is whether the page's security policies let in what is imported.
    pub(super) fn of(context: PageContext<'_>, may_import: bool, roots: &[Root]) -> Self {
        let mut collector = Collector {
            context,
            may_import,
            sheets: Vec::new(),
            layers: LayerTree::default(),
            within: Vec::new(),
            is_stopped: false,
        };
        for root in roots {
            collector.add_root(root);
        }
        Self {
            sheets: collector.sheets,
            layers: collector.layers,
            is_stopped: collector.is_stopped,
        }
    }
}

/// Follows the imports.
struct Collector<'a> {
    context: PageContext<'a>,
    may_import: bool,
    sheets: Vec<Sheet>,
    layers: LayerTree,
    /// The files that are being followed, so that a cycle ends.
    within: Vec<sheets::Node>,
    is_stopped: bool,
}

/// What a sheet has from what brings it in.
#[derive(Clone)]
struct Inherited {
    layer: LayerId,
    owner: Option<usize>,
    confidence: f64,
    media: MediaText,
}

impl Collector<'_> {
    fn add_root(&mut self, root: &Root) {
        let from = Inherited {
            layer: LayerTree::ROOT,
            owner: root.element,
            confidence: root.confidence,
            media: root.media.clone(),
        };
        match &root.sheet {
            RootSheet::File(node, path) => self.add_file(*node, Arc::clone(path), from),
            RootSheet::Inline(parsed) => self.add(Arc::clone(parsed), None, from),
        }
    }

    fn add_file(&mut self, node: sheets::Node, path: Arc<str>, from: Inherited) {
        if self.within.contains(&node) {
            return;
        }
        if self.within.len() >= MAX_IMPORT_DEPTH {
            self.is_stopped = true;
            return;
        }
        self.within.push(node);
        let parsed = self.context.sheets.parsed(self.context, node);
        self.add(parsed, Some(path), from);
        self.within.pop();
    }

    fn add(&mut self, parsed: Arc<Option<ParsedSheet>>, path: Option<Arc<str>>, from: Inherited) {
        let Some(sheet) = parsed.as_ref() else {
            return;
        };
        // Asked before the imports, which may double with every step.
        if self.sheets.len() >= MAX_SHEETS {
            self.is_stopped = true;
            return;
        }
        let viewport: &Viewport = self.context.viewport;
        let mentions = &sheet.sheet.layers;
        let mut layers = Vec::new();
        self.layers
            .enter_all(from.layer, mentions, true, viewport, &mut layers);
        for import in &sheet.sheet.imports {
            let layer = match &import.layer {
                Some(layer) => self.layers.enter(from.layer, layer),
                None => from.layer,
            };
            let holds = self.may_import
                && import.applies(viewport) == Applies::Matches
                && import
                    .supports
                    .is_none_or(|supports| supports.truth == Truth::True);
            let target = self.context.resolver.resolve(&sheet.base, &import.url);
            if let Target::Site(target) = target
                && let Some(file) = target.file.filter(|_| holds)
            {
                let node = sheets::Node {
                    file,
                    applies: true,
                    environment: sheet.encoding,
                    viewport: *viewport,
                };
                let inherited = Inherited {
                    layer,
                    media: from.media.clone().and(import.media.text()),
                    ..from
                };
                self.add_file(node, target.path.into(), inherited);
            }
        }
        self.layers
            .enter_all(from.layer, mentions, false, viewport, &mut layers);
        if self.sheets.len() >= MAX_SHEETS {
            self.is_stopped = true;
            return;
        }
        self.sheets.push(Sheet {
            parsed: Arc::clone(&parsed),
            path,
            owner: from.owner,
            confidence: from.confidence,
            media: from.media,
            layer: from.layer,
            layers,
        });
    }
}
