//! Which fonts and images of its sheets a page uses.
//!
//! In: a document, its sheets and the rules that match. Out: the faces and images that a browser fetches when it lays
//! the page out for the first time. One pass over the elements in document order, parents before children. Images are
//! loaded for whatever has a style: CSS Images 4 leaves that open, and Chromium does so for canvas fallback and options,
//! too. Fonts are loaded for what has a box: for its text, and for the height of its lines (CSS Inline 3 §4.1).
//!
//! Left out: what layout decides. What stands in `content-visibility: auto` far down the page, or under a container query
//! that only a layout can answer, is told as uncertain; that a box is far below the first screen changes nothing, as
//! browsers load its fonts all the same.

use std::collections::HashSet;

use super::cascade::SheetId;
use super::custom_property::Needed;
use super::declaration::{CustomValue, Declaration, DeclarationBody};
use super::font_matching::{FaceId, FontFaces};
use super::layer::LayerRanks;
use super::page_rules::{AppliedSheet, Matches};
use super::presentational_hint;
use super::registration::Registered;
use super::shadow_root::shadow_root_around;
use super::styles::Source;
use super::substitution::Template;
use super::walk::Walk;
use crate::css::{Applies, ImageSource, Position, RegisteredProperty, StyleRule};
use crate::html::Dom;
use crate::layout::BoxDeclaration;
use crate::viewport::Viewport;

/// How sure a use is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Layout decides.
    Layout,
    /// A font before it in the list may be installed.
    Machine,
    Certain,
}

/// A face that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaceUse {
    /// Which of the sheets, and which of its faces.
    pub(crate) sheet: SheetId,
    pub(crate) face: usize,
    pub(crate) certainty: Certainty,
}

/// An image that is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageUse {
    /// What its URL is relative to.
    pub(crate) sheet: SheetId,
    pub(crate) source: ImageSource,
    pub(crate) position: Position,
    pub(crate) property: &'static str,
    /// The first element that uses it.
    pub(crate) element: usize,
    pub(crate) certainty: Certainty,
}

impl ImageUse {
    /// What is fetched: the sheet, and the URLs that it may be, each with its resolution.
    fn target(&self) -> (SheetId, Vec<(Option<&str>, u64)>) {
        let urls = match &self.source {
            ImageSource::Url(url) => vec![(Some(&**url), 0)],
            ImageSource::Set(candidates) => candidates
                .iter()
                .map(|candidate| {
                    (
                        candidate.url.as_deref(),
                        candidate.resolution.to_bits().into(),
                    )
                })
                .collect(),
        };
        (self.sheet, urls)
    }
}

/// What a page uses.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// In the order of the sheets.
    pub(crate) faces: Vec<FaceUse>,
    /// In the order of the elements.
    pub(crate) images: Vec<ImageUse>,
    /// Elements without a box and without the style of one, by index.
    pub(crate) absent: Vec<bool>,
    /// Whether a container query could not be answered.
    pub(super) asks_layout: bool,
    /// Whether the work was more than is done for a page, so that uses are missing.
    pub(crate) is_stopped: bool,
}

/// What the style of a page consists of.
#[derive(Clone, Copy)]
pub(crate) struct PageStyle<'p> {
    pub(crate) dom: &'p Dom,
    /// In the order of the cascade.
    pub(crate) sheets: &'p [AppliedSheet<'p>],
    pub(crate) layers: &'p LayerRanks,
    pub(crate) matches: &'p Matches,
    /// What `style` attributes declare, by element in document order.
    pub(crate) attributes: &'p [(usize, &'p StyleRule)],
    pub(crate) viewport: &'p Viewport,
}

/// What the styles of a page are worked out from, beside its rules.
pub(crate) struct StyleBasis<'p> {
    needed: Needed<'p>,
    registered: Registered,
    hints: Vec<(usize, Vec<Declaration>)>,
}

impl<'p> StyleBasis<'p> {
    /// `of_boxes` tells whether declarations about boxes are asked for as well.
    pub(crate) fn of(page: &PageStyle<'p>, of_boxes: bool) -> Self {
        let rules = || page.sheets.iter().map(|applied| applied.rules);
        let boxes = page.sheets.iter().filter(|_| of_boxes);
        let boxes = boxes.flat_map(|applied| &applied.rules.boxes(applied.sheet).referred);
        let attributes = page.attributes.iter().filter(|_| of_boxes);
        let attributes = attributes.flat_map(|(_, rule)| &rule.boxes);
        let needed = Needed::of(
            rules().flat_map(|rules| rules.asked.iter().map(|name| &**name)),
            rules()
                .flat_map(|rules| &rules.referred)
                .chain(in_attributes(page))
                .chain(boxes)
                .chain(attributes.filter_map(BoxDeclaration::template)),
            rules().flat_map(|rules| rules.referring.iter().map(|(name, value)| (name, value))),
        );
        let registered = Registered::of(rules_in_force(page), &needed);
        let hints = page
            .dom
            .elements()
            .map(|element| (element.index(), presentational_hint::declarations(element)))
            .filter(|(_, declarations)| !declarations.is_empty())
            .collect();
        Self {
            needed,
            registered,
            hints,
        }
    }

    /// Container queries that only a layout can answer are taken to hold.
    pub(crate) fn source(&'p self, page: &PageStyle<'p>) -> Source<'p> {
        Source {
            sheets: page.sheets,
            layers: page.layers,
            matches: page.matches,
            needed: &self.needed,
            viewport: page.viewport,
            containers_hold: true,
            is_quirks: page.dom.is_quirks(),
            registered: &self.registered,
            hints: &self.hints,
        }
    }
}

impl Usage {
    /// What a page uses at its viewport.
    pub(crate) fn of(page: PageStyle<'_>) -> Self {
        let faces = Faces::of(&page);
        let basis = StyleBasis::of(&page, false);
        let walk = |containers_hold| {
            let source = Source {
                containers_hold,
                ..basis.source(&page)
            };
            Walk::new(&page, &faces, source).run()
        };
        let mut usage = walk(true);
        if usage.asks_layout {
            usage.keep_certain(walk(false));
        }
        usage.is_stopped |= page.matches.is_stopped;
        usage
    }

    /// What is used only if container queries hold, or only if they do not, is for layout to tell.
    fn keep_certain(&mut self, other: Self) {
        let certainty = Certainty::Layout;
        let place = |face: &FaceUse| (face.sheet, face.face);
        let here: HashSet<_> = self.faces.iter().map(place).collect();
        let there: HashSet<_> = other.faces.iter().map(place).collect();
        for face in &mut self.faces {
            if !there.contains(&place(face)) {
                face.certainty = certainty;
            }
        }
        let faces = other.faces.into_iter();
        let faces = faces.filter(|face| !here.contains(&place(face)));
        self.faces
            .extend(faces.map(|face| FaceUse { certainty, ..face }));

        let here: HashSet<_> = self.images.iter().map(ImageUse::target).collect();
        let there: HashSet<_> = other.images.iter().map(ImageUse::target).collect();
        let is_shared: Vec<bool> = self
            .images
            .iter()
            .map(|image| there.contains(&image.target()))
            .collect();
        let only_there: Vec<ImageUse> = other
            .images
            .iter()
            .filter(|image| !here.contains(&image.target()))
            .map(|image| ImageUse {
                certainty,
                ..image.clone()
            })
            .collect();
        for (image, is_shared) in self.images.iter_mut().zip(is_shared) {
            if !is_shared {
                image.certainty = certainty;
            }
        }
        self.images.extend(only_there);
        self.is_stopped |= other.is_stopped;
    }
}

/// The faces in force.
pub(super) struct Faces<'p> {
    pub(super) faces: FontFaces<'p>,
    /// Where each of them stands: which of a sheet's faces it is.
    pub(super) places: Vec<(SheetId, usize)>,
}

impl<'p> Faces<'p> {
    fn of(page: &PageStyle<'p>) -> Self {
        let mut places = Vec::new();
        let mut found = Vec::new();
        for (sheet, applied) in (0u32..).zip(page.sheets) {
            // Fonts of a shadow tree are not there for anybody (CSS Scoping 1 §3.6, as Chromium has it).
            if applied.owner.and_then(shadow_root_around).is_some() {
                continue;
            }
            for (at, face) in applied.sheet.font_faces.iter().enumerate() {
                if face.context.applies(page.viewport) == Applies::Matches {
                    let id = FaceId(u32::try_from(places.len()).unwrap_or(u32::MAX));
                    places.push((SheetId(sheet), at));
                    found.push((id, face));
                }
            }
        }
        Self {
            faces: FontFaces::new(found),
            places,
        }
    }
}

/// The `@property` rules.
fn rules_in_force<'p>(page: &PageStyle<'p>) -> impl Iterator<Item = &'p RegisteredProperty> {
    let viewport = page.viewport;
    let rules = page
        .sheets
        .iter()
        .flat_map(|applied| &applied.sheet.registered_properties);
    rules.filter(move |rule| rule.context.applies(viewport) == Applies::Matches)
}

/// What the `style` attributes refer to.
fn in_attributes<'p>(page: &PageStyle<'p>) -> impl Iterator<Item = &'p Template> {
    let declarations = page
        .attributes
        .iter()
        .flat_map(|(_, rule)| &rule.declarations);
    declarations.filter_map(|declaration| match &declaration.body {
        DeclarationBody::Unresolved(_, template)
        | DeclarationBody::Custom(_, CustomValue::Template(template)) => Some(template),
        _ => None,
    })
}
