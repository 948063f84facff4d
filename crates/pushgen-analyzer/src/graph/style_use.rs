//! Which fonts and images the page's own style makes the browser fetch.
//!
//! In: the sheets and `style` attributes of a page in document order, as the page's graph comes across them. Out: the
//! requests for what is used, and the image that is likely the largest paint. Which sheets are in force, and in which order,
//! `cascade_order` tells; what the page makes of them, `style`.

use std::collections::HashMap;
use std::sync::Arc;

use encoding_rs::{Encoding, UTF_8};
use pushgen_policy::{CrossOrigin, Destination, Responsive};
use url::Url;

use super::cascade_order::{CascadeOrder, InlineSheet, Root, RootSheet, Sheet};
use super::fetch::Request;
use super::largest_paint::{LcpImage, Painted};
use super::page::PageContext;
use super::page_images::PageImages;
use super::sheets::{self, ParsedSheet, chosen};
use super::style_tables::{TableKey, TableSheet};
use crate::css::{FontSource, ImageSource, MediaText, StyleRule, StyleSheet};
use crate::html::{Dom, SecurityPolicies, Where};
use crate::lcp::{ContentImages, ImageUrl};
use crate::reference::{Reference, When, confidence};
use crate::resolve::Target;
use crate::selection::Selection;
use crate::style::{
    AppliedSheet, Certainty, DOCUMENT, ImageUse, LayerRanks, PageMatches, PageStyle, SheetId, Usage,
};
use crate::viewport::Viewport;

/// The style of a page, as far as its document was read.
#[derive(Debug, Default)]
pub(super) struct StyleSources {
    roots: Vec<Root>,
    attributes: Vec<Attribute>,
    has_foreign_sheet: bool,
    /// What the URLs of the attributes are relative to: `base` may change it on the way.
    bases: Vec<Url>,
}

#[derive(Debug)]
struct Attribute {
    element: usize,
    line: u32,
    /// What it declares, if it declares anything of interest.
    rule: Option<StyleRule>,
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

/// What the viewports of a page share.
#[derive(Debug, Default)]
pub(crate) struct PageMemo {
    pub(super) matches: PageMatches,
    /// The `style` elements by their places in the document. What was matched is known by their addresses, so that
    /// they have to stay.
    pub(super) inline: HashMap<usize, InlineSheet>,
}

/// What a page's style makes the browser fetch.
#[derive(Default)]
pub(super) struct StyleRequests {
    pub(super) requests: Vec<Request>,
    /// By element: whether it is not rendered. Empty if that was not worked out.
    pub(super) absent: Vec<bool>,
    /// Whether uses may be missing, because there was more to do than is done for a page.
    pub(super) is_stopped: bool,
    /// The image that is likely the largest paint.
    pub(super) lcp: Option<LcpImage>,
}

/// A document that its style is for.
#[derive(Clone, Copy)]
pub(super) struct StyledDocument<'d> {
    pub(super) dom: &'d Dom,
    /// Its file.
    pub(super) name: &'d Arc<str>,
    pub(super) encoding: &'static Encoding,
    pub(super) base: &'d Url,
    pub(super) policies: &'d SecurityPolicies,
    /// Whether it is of interest what has a box, even if the style fetches nothing.
    pub(super) must_know: bool,
}

impl StyleSources {
    /// A sheet file that applies.
    pub(super) fn add_file(
        &mut self,
        (node, path): (sheets::Node, Arc<str>),
        element: Option<usize>,
        confidence: f64,
        media: MediaText,
    ) {
        self.roots.push(Root {
            sheet: RootSheet::File(node, path),
            element,
            confidence,
            media,
        });
    }

    /// A `style` element that applies.
    pub(super) fn add_sheet(&mut self, sheet: InlineSheet, element: usize, confidence: f64) {
        self.roots.push(Root {
            sheet: RootSheet::Inline(sheet),
            element: Some(element),
            confidence,
            media: match confidence < confidence::CERTAIN {
                true => MediaText::Untold,
                false => MediaText::Everywhere,
            },
        });
    }

    /// A sheet of another origin that applies.
    pub(super) fn add_foreign(&mut self) {
        self.has_foreign_sheet = true;
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
        self.attributes.push(Attribute {
            element,
            line,
            rule: sheet.style_rules.drain(..).next(),
            fetches: !sheet.images.is_empty(),
            base: self.bases.len() - 1,
        });
    }

    /// What the elements of the page use.
    pub(super) fn requests(
        self,
        context: PageContext<'_>,
        document: StyledDocument<'_>,
        known: &mut PageMatches,
    ) -> StyleRequests {
        let StyledDocument { dom, encoding, .. } = document;
        let may_import = document.policies.allows(Destination::Style, Where::Own);
        let CascadeOrder {
            sheets,
            layers,
            is_stopped,
        } = CascadeOrder::of(context, may_import, &self.roots);
        let bases: Vec<(&Url, &'static Encoding)> = sheets
            .iter()
            .filter_map(|sheet| {
                // Queries in sheet files are in UTF-8, whatever the encoding of the file.
                let encoding = if sheet.path.is_some() {
                    UTF_8
                } else {
                    encoding
                };
                Some((&sheet.parsed()?.base, encoding))
            })
            .collect();
        let images = PageImages {
            context,
            base: document.base,
            encoding,
            policies: document.policies,
            sheets: &bases,
        };
        let find = |url: ImageUrl<'_>| images.find(url);
        let content = ContentImages::of(dom, context.viewport, &find);
        let fetches = document.must_know
            || sheets
                .iter()
                .filter_map(Sheet::parsed)
                .any(|sheet| sheet.rules.fetches())
            || self.attributes.iter().any(|attribute| attribute.fetches);
        let candidates = content.candidates(dom, context.viewport);
        if is_stopped || (!fetches && candidates.is_empty()) {
            return StyleRequests {
                is_stopped,
                ..StyleRequests::default()
            };
        }
        let applied: Vec<AppliedSheet<'_>> = sheets
            .iter()
            .filter_map(|sheet| {
                let parsed = sheet.parsed()?;
                Some(AppliedSheet {
                    sheet: &parsed.sheet,
                    rules: &parsed.rules,
                    owner: sheet.owner.and_then(|owner| dom.element(owner)?.parent()),
                    layer: sheet.layer,
                    layers: sheet.layers.clone(),
                })
            })
            .collect();
        let layers = layers.ranks();
        let attributes: Vec<(usize, &StyleRule)> = self
            .attributes
            .iter()
            .filter_map(|attribute| Some((attribute.element, attribute.rule.as_ref()?)))
            .collect();
        let usage = if fetches {
            let key = table_key(&sheets, &layers, dom, context.viewport);
            let mut table = key.as_ref().and_then(|key| context.style_tables.take(key));
            let page = PageStyle {
                dom,
                sheets: &applied,
                layers: &layers,
                matches: known.fetching(dom, &applied),
                attributes: &attributes,
                viewport: context.viewport,
            };
            let usage = Usage::of(page, &mut table);
            if let (Some(key), Some(table)) = (key, table) {
                context.style_tables.put(key, table);
            }
            usage
        } else {
            Usage::default()
        };
        let painted = Painted {
            dom,
            sheets: &applied,
            layers: &layers,
            attributes: &attributes,
            viewport: context.viewport,
            images: &images,
            content: &content,
            candidates: &candidates,
            has_foreign_sheet: self.has_foreign_sheet,
        };
        // What was found so far is not what the page uses: rules that were not asked may say otherwise.
        if usage.is_stopped {
            return StyleRequests {
                is_stopped: true,
                ..StyleRequests::default()
            };
        }
        let lcp = painted.largest(&usage, known);
        let uses = Uses {
            context,
            sheets: &sheets,
            sources: &self,
            name: document.name,
            dom,
            encoding,
        };
        StyleRequests {
            requests: uses.requests(&usage),
            is_stopped: false,
            absent: usage.absent,
            lcp,
        }
    }
}

/// What another page has in common whose styles serve this one. `style` elements are this page's alone.
fn table_key(
    sheets: &[Sheet],
    layers: &LayerRanks,
    dom: &Dom,
    viewport: &Viewport,
) -> Option<TableKey> {
    let of_sheet = |sheet: &Sheet| {
        sheet.path.as_ref().map(|_| TableSheet {
            parsed: Arc::clone(&sheet.parsed),
            layer: sheet.layer,
            layers: sheet.layers.clone(),
        })
    };
    Some(TableKey {
        sheets: sheets.iter().map(of_sheet).collect::<Option<_>>()?,
        layers: layers.clone(),
        viewport: *viewport,
        is_quirks: dom.is_quirks(),
    })
}

/// Turns uses into requests.
struct Uses<'u> {
    context: PageContext<'u>,
    /// As they are numbered in the style of the page.
    sheets: &'u [Sheet],
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
                Some(element) => format!("{} of {}", found.property, element.short_name()),
                None => found.property.to_owned(),
            };
            let (place, responsive) = match found.sheet {
                DOCUMENT => (self.attribute(found.element), None),
                sheet => match self.sheet(sheet) {
                    Some((place, parsed)) => {
                        let responsive = place
                            .sheet
                            .and_then(|sheet| responsive(sheet, parsed, found));
                        (Some(place), responsive)
                    }
                    None => (None, None),
                },
            };
            let request =
                place.and_then(|place| self.request(&reference, found.certainty, condition, place));
            requests.extend(request.map(|request| Request {
                responsive,
                ..request
            }));
        }
        requests
    }

    fn sheet(&self, SheetId(at): SheetId) -> Option<(Place<'_>, &ParsedSheet)> {
        let sheet = self.sheets.get(at as usize)?;
        let parsed = sheet.parsed()?;
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

/// On which screens the rule that sets an image is in force, in words; that it wins there is not looked at. What comes
/// from a custom property stands in another rule.
fn responsive(sheet: &Sheet, parsed: &ParsedSheet, found: &ImageUse) -> Option<Arc<Responsive>> {
    let ImageSource::Url(_) = &found.source else {
        return None;
    };
    let images = &parsed.sheet.images;
    let at = images.binary_search_by_key(&found.position, |image| image.position);
    let image = images.get(at.ok()?)?;
    if image.source != found.source {
        return None;
    }
    let media = sheet.media.clone().and(image.context.media());
    let selection = Selection {
        media,
        candidates: None,
    };
    selection.responsive(|_| None).map(Arc::new)
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
