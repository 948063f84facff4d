//! Which fonts and images the page's own style makes the browser fetch.
//!
//! In: the sheets and `style` attributes of a page in document order, as the page's graph comes across them. Out: the
//! requests for what is used. `@import`s are followed in the order of the cascade: what is imported comes before what
//! imports it (CSS Cascade 5 §6.4.2).

use std::sync::Arc;

use encoding_rs::Encoding;
use pushgen_policy::{CrossOrigin, Destination};
use url::Url;

use super::fetch::Request;
use super::page::PageContext;
use super::sheets::{self, ParsedSheet, chosen};
use crate::css::{Applies, FontSource, StyleSheet, Truth};
use crate::html::{Dom, Node};
use crate::reference::{Reference, When, confidence};
use crate::resolve::Target;
use crate::style::{
    AppliedSheet, Certainty, DOCUMENT, Declaration, LayerId, LayerTree, Matches, PageStyle,
    SheetId, Usage,
};
use crate::viewport::Viewport;

/// Sheets in force on one page. A chain of imports that doubles with every step ends here.
const MAX_SHEETS: usize = 4096;

/// Imports one inside the other.
const MAX_IMPORT_DEPTH: usize = 64;

/// The style of a page, as far as its document was read.
#[derive(Debug, Default)]
pub(super) struct StyleSources {
    roots: Vec<Root>,
    attributes: Vec<Attribute>,
    /// What the URLs of the attributes are relative to: `base` may change it on the way.
    bases: Vec<Url>,
}

/// A sheet that the document names, or holds.
#[derive(Debug)]
struct Root {
    sheet: RootSheet,
    /// The element, by its place in the document.
    element: Option<usize>,
    confidence: f64,
}

#[derive(Debug)]
enum RootSheet {
    /// A file, under the request target that the page uses.
    File(sheets::Node, Arc<str>),
    Inline(Arc<Option<ParsedSheet>>),
}

#[derive(Debug)]
struct Attribute {
    element: usize,
    line: u32,
    declarations: Vec<Declaration>,
    /// Whether they name an image.
    fetches: bool,
    /// Which of the bases it has.
    base: usize,
}

/// Where a URL stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    sheet: Option<&'p Sheet>,
    base: &'p Url,
    name: &'p Arc<str>,
    /// The line that the text starts on.
    line: u32,
}

/// A sheet in force.
struct Sheet {
    parsed: Arc<Option<ParsedSheet>>,
    /// The request target of its file; none for what stands in the document.
    path: Option<Arc<str>>,
    owner: Option<usize>,
    confidence: f64,
    layer: LayerId,
    layers: Vec<LayerId>,
}

/// What a page's style makes the browser fetch.
#[derive(Default)]
pub(super) struct StyleRequests {
    pub(super) requests: Vec<Request>,
    /// By element: whether it is not rendered. Empty if that was not worked out.
    pub(super) absent: Vec<bool>,
    /// Whether uses may be missing, because there was more to do than is done for a page.
    pub(super) is_stopped: bool,
}

impl StyleSources {
    /// A sheet file that applies.
    pub(super) fn add_file(
        &mut self,
        node: sheets::Node,
        path: Arc<str>,
        element: Option<usize>,
        confidence: f64,
    ) {
        self.roots.push(Root {
            sheet: RootSheet::File(node, path),
            element,
            confidence,
        });
    }

    /// A `style` element that applies.
    pub(super) fn add_sheet(&mut self, sheet: ParsedSheet, element: usize, confidence: f64) {
        self.roots.push(Root {
            sheet: RootSheet::Inline(Arc::new(Some(sheet))),
            element: Some(element),
            confidence,
        });
    }

    /// A `style` attribute.
    pub(super) fn add_attribute(
        &mut self,
        mut sheet: StyleSheet,
        base: &Url,
        line: u32,
        element: usize,
    ) {
        if self.bases.last() != Some(base) {
            self.bases.push(base.clone());
        }
        let rule = sheet.style_rules.first_mut();
        self.attributes.push(Attribute {
            element,
            line,
            declarations: rule.map_or(Vec::new(), |rule| std::mem::take(&mut rule.declarations)),
            fetches: !sheet.images.is_empty(),
            base: self.bases.len() - 1,
        });
    }

    /// What the elements of the page use; with `must_know` even if that is nothing, for their boxes' sake.
    pub(super) fn requests(
        self,
        context: PageContext<'_>,
        dom: &Dom,
        name: &Arc<str>,
        encoding: &'static Encoding,
        must_know: bool,
        known: &mut Option<Matches>,
    ) -> StyleRequests {
        let mut collector = Collector {
            context,
            sheets: Vec::new(),
            layers: LayerTree::default(),
            within: Vec::new(),
            is_stopped: false,
        };
        for root in &self.roots {
            collector.add_root(root);
        }
        let Collector {
            sheets,
            layers,
            is_stopped,
            ..
        } = collector;
        let names_something = |sheet: &ParsedSheet| sheet.rules.fetches();
        let is_of_interest = must_know
            || sheets
                .iter()
                .filter_map(|sheet| sheet.parsed.as_ref().as_ref())
                .any(names_something)
            || self.attributes.iter().any(|attribute| attribute.fetches);
        if !is_of_interest || is_stopped {
            return StyleRequests {
                is_stopped,
                ..StyleRequests::default()
            };
        }
        let applied: Vec<AppliedSheet<'_>> = sheets
            .iter()
            .filter_map(|sheet| {
                let parsed = sheet.parsed.as_ref().as_ref()?;
                Some(AppliedSheet {
                    sheet: &parsed.sheet,
                    rules: &parsed.rules,
                    owner: sheet.owner.and_then(|owner| dom.element(owner)?.parent()),
                    layer: sheet.layer,
                    layers: sheet.layers.clone(),
                })
            })
            .collect();
        if !known.as_ref().is_some_and(|known| known.is_of(&applied)) {
            *known = Some(Matches::new(dom, &applied));
        }
        let attributes: Vec<(usize, &[Declaration])> = self
            .attributes
            .iter()
            .filter(|attribute| !attribute.declarations.is_empty())
            .map(|attribute| (attribute.element, &*attribute.declarations))
            .collect();
        let Some(matches) = known else {
            return StyleRequests::default();
        };
        let usage = Usage::of(PageStyle {
            dom,
            sheets: &applied,
            layers: &layers.ranks(),
            matches,
            attributes: &attributes,
            viewport: context.viewport,
        });
        // What was found so far is not what the page uses: rules that were not asked may say otherwise.
        if usage.is_stopped {
            return StyleRequests {
                is_stopped: true,
                ..StyleRequests::default()
            };
        }
        let read = sheets.iter().filter(|sheet| sheet.parsed.is_some());
        let uses = Uses {
            context,
            sheets: read.collect(),
            sources: &self,
            name,
            dom,
            encoding,
        };
        StyleRequests {
            requests: uses.requests(&usage),
            absent: usage.absent,
            is_stopped: false,
        }
    }
}

/// Puts the sheets in the order of the cascade.
struct Collector<'a> {
    context: PageContext<'a>,
    sheets: Vec<Sheet>,
    layers: LayerTree,
    /// The files that are being followed, so that a cycle ends.
    within: Vec<sheets::Node>,
    is_stopped: bool,
}

/// What a sheet has from what brings it in.
#[derive(Clone, Copy)]
struct Inherited {
    layer: LayerId,
    owner: Option<usize>,
    confidence: f64,
}

impl Collector<'_> {
    fn add_root(&mut self, root: &Root) {
        let from = Inherited {
            layer: LayerTree::ROOT,
            owner: root.element,
            confidence: root.confidence,
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
            let holds = import.applies(viewport) == Applies::Matches
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
                self.add_file(node, target.path.into(), Inherited { layer, ..from });
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
            layer: from.layer,
            layers,
        });
    }
}

/// Turns uses into requests.
struct Uses<'u> {
    context: PageContext<'u>,
    /// Those that were read, as they are numbered in the style of the page.
    sheets: Vec<&'u Sheet>,
    sources: &'u StyleSources,
    /// The file of the document.
    name: &'u Arc<str>,
    dom: &'u Dom,
    encoding: &'static Encoding,
}

impl Uses<'_> {
    fn requests(&self, usage: &Usage) -> Vec<Request> {
        let mut requests = Vec::new();
        for found in &usage.faces {
            let Some((place, parsed)) = self.sheet(found.sheet) else {
                continue;
            };
            let Some(face) = parsed.sheet.font_faces.get(found.face) else {
                continue;
            };
            let Some(FontSource::File {
                url: Some(url),
                position,
                ..
            }) = face.fetched_source()
            else {
                continue;
            };
            let reference = Reference {
                crossorigin: Some(CrossOrigin::Anonymous),
                ..Reference::new(url, Destination::Font, position.line)
            };
            let condition = format!("text in {face}");
            requests.extend(self.request(&reference, found.certainty, condition, place));
        }
        for found in &usage.images {
            let Some(url) = chosen(&found.source, self.context.viewport) else {
                continue;
            };
            let reference = Reference::new(url, Destination::Image, found.position.line);
            let element = self.dom.element(found.element);
            let condition = match element {
                Some(element) => format!("{} of {}", found.property, selector(element)),
                None => found.property.to_owned(),
            };
            let place = match found.sheet {
                DOCUMENT => self.attribute(found.element),
                sheet => self.sheet(sheet).map(|(place, _)| place),
            };
            requests.extend(
                place.and_then(|place| self.request(&reference, found.certainty, condition, place)),
            );
        }
        requests
    }

    fn sheet(&self, SheetId(at): SheetId) -> Option<(Place<'_>, &ParsedSheet)> {
        let sheet = *self.sheets.get(at as usize)?;
        let parsed = sheet.parsed.as_ref().as_ref()?;
        let place = Place {
            sheet: Some(sheet),
            base: &parsed.base,
            name: &parsed.name,
            line: parsed.line,
        };
        Some((place, parsed))
    }

    fn attribute(&self, element: usize) -> Option<Place<'_>> {
        let attributes = &self.sources.attributes;
        let at = attributes.binary_search_by_key(&element, |attribute| attribute.element);
        let attribute = attributes.get(at.ok()?)?;
        Some(Place {
            sheet: None,
            base: self.sources.bases.get(attribute.base)?,
            name: self.name,
            line: attribute.line,
        })
    }

    fn request(
        &self,
        reference: &Reference<'_>,
        certainty: Certainty,
        condition: String,
        place: Place<'_>,
    ) -> Option<Request> {
        let path = place.sheet.and_then(|sheet| sheet.path.clone());
        // The queries of what stands in the document are in its encoding.
        let target = match &path {
            Some(_) => self.context.resolver.resolve(place.base, reference.url),
            None => self
                .context
                .resolver
                .resolve_encoded(place.base, reference.url, self.encoding),
        };
        let Target::Site(target) = target else {
            return None;
        };
        let line = (place.line + reference.line).saturating_sub(1);
        let location = format!("{}:{line}", place.name).into();
        let (when, sure) = match certainty {
            Certainty::Certain => (When::Load, confidence::CERTAIN),
            Certainty::Machine => (When::Load, confidence::MACHINE),
            Certainty::Layout => (When::Conditional, confidence::LAYOUT),
        };
        Some(Request {
            when,
            confidence: place.sheet.map_or(sure, |sheet| sheet.confidence.min(sure)),
            initiator: path,
            condition: Some(condition.into()),
            ..Request::of(reference, target.path.into(), target.file, location)
        })
    }
}

/// An element as its simplest selector: `header.masthead`.
fn selector(element: Node<'_>) -> String {
    let mut name = element.name().to_owned();
    if let Some(id) = element.attribute("id").filter(|id| !id.is_empty()) {
        name.push('#');
        name.push_str(id);
    } else if let Some(class) = element
        .attribute("class")
        .and_then(|list| list.split_ascii_whitespace().next())
    {
        name.push('.');
        name.push_str(class);
    }
    name
}

/// The text of a `style` element as a sheet of the document.
pub(super) fn inline(
    sheet: StyleSheet,
    base: &Url,
    encoding: &'static Encoding,
    name: &Arc<str>,
    line: u32,
) -> ParsedSheet {
    ParsedSheet::new(sheet, base.clone(), encoding, Arc::clone(name), line)
}
