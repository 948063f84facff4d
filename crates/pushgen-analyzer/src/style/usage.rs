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
use super::font_matching::{FaceId, FontFaces};
use super::page_rules::PageStyle;
use super::presentational_hint::PresentationalHints;
use super::shadow_root::shadow_root_around;
use super::style_table::StyleTable;
use super::styles::Styles;
use super::walk::Walk;
use crate::css::{Applies, ImageSource, Position};

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

impl Usage {
    /// What a page uses at its viewport. `shared` is a table of styles that another page with the same sheets has left, if
    /// there is one, and then what this page leaves.
    pub(crate) fn of(page: PageStyle<'_>, shared: &mut Option<StyleTable>) -> Self {
        let faces = Faces::of(&page);
        let hints = PresentationalHints::of(page.dom);
        let may_share = StyleTable::suits_others(&page);
        let styles = |table| Styles::new(page, &hints, table);
        let new = || styles(StyleTable::of(&page, false));
        let walk = |styles| Walk::new(&page, &faces, styles).run();
        let warm = shared
            .take()
            .filter(|_| may_share)
            .map(|table| walk(styles(table)));
        // What others have spent of the allowance is not to this page's account.
        let warm = warm.filter(|(usage, _)| !usage.is_stopped);
        let (mut usage, table) = warm.unwrap_or_else(|| walk(new()));
        if usage.asks_layout {
            let (other, _) = walk(new().without_containers());
            usage.keep_certain(other);
        }
        *shared = Some(table).filter(|table| may_share && table.is_worth_keeping());
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
