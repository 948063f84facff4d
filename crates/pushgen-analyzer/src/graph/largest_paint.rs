//! The image that is likely the largest contentful paint of a page.
//!
//! In: the style of a page at one viewport, its images and what it uses of its sheets. Out: an [`LcpImage`], or nothing where
//! text is larger or no image may be large enough, which is asked first: the boxes of a page cost more than the rest of
//! its style.

use std::sync::Arc;

use serde::Serialize;

use super::page_images::PageImages;
use crate::css::StyleRule;
use crate::html::{Dom, Node};
use crate::lcp::{ContentImages, ImageUrl, SMALLEST, largest, page_boxes, size_bound};
use crate::site::NaturalSize;
use crate::style::{AppliedSheet, BoxRules, LayerRanks, Matches, PageMatches, PageStyle, Usage};
use crate::viewport::Viewport;

/// An image that is likely the largest contentful paint of a page.
///
/// Serialised, it is one element of `lcp` in the output of `pushgen graph`; the field names are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LcpImage {
    /// The request target of the image.
    pub path: Arc<str>,
    /// The element that shows it, such as `header.masthead`.
    pub element: Arc<str>,
    /// How sure that is, from 0 to 1; of several viewports the least sure counts.
    pub confidence: f64,
    /// Why.
    pub reason: Arc<str>,
    /// The viewports at which it is so, if not at all that the page was analysed for: `412x823@1.75`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub viewports: Vec<Arc<str>>,
}

/// Images whose rules are asked one by one; of more, some will be large.
const MAX_LOOKED_AT: usize = 16;

/// A page as far as its largest paint is of interest.
pub(super) struct Painted<'p> {
    pub(super) dom: &'p Dom,
    pub(super) sheets: &'p [AppliedSheet<'p>],
    pub(super) layers: &'p LayerRanks,
    pub(super) attributes: &'p [(usize, &'p StyleRule)],
    pub(super) viewport: &'p Viewport,
    pub(super) images: &'p PageImages<'p>,
    pub(super) content: &'p ContentImages,
    /// The elements whose images may be the largest paint.
    pub(super) candidates: &'p [(Node<'p>, Option<NaturalSize>)],
    /// Whether a sheet of another origin applies, of which nothing is known.
    pub(super) has_foreign_sheet: bool,
}

impl Painted<'_> {
    /// The image that is likely the largest paint.
    pub(super) fn largest(&self, usage: &Usage, known: &mut PageMatches) -> Option<LcpImage> {
        let find = |url: ImageUrl<'_>| self.images.find(url);
        let mut backgrounds = usage
            .images
            .iter()
            .filter(|image| image.property == "background-image")
            .filter_map(|image| find(ImageUrl::Sheet(image.sheet, &image.source)));
        if !backgrounds.any(|image| image.may_win(self.viewport)) && !self.content_may_win(known) {
            return None;
        }
        let (matches, box_matches) = known.with_boxes(self.dom, self.sheets);
        let page = self.page(matches);
        let boxes = page_boxes(page, box_matches, self.content, &find)?;
        let mut found = largest(&boxes, self.viewport)?;
        if self.has_foreign_sheet {
            found.doubt(0.9, "a style sheet of another origin is not known");
        }
        Some(LcpImage {
            path: found.path,
            element: self.dom.element(found.element)?.short_name().into(),
            confidence: found.confidence,
            reason: found.reason.into(),
            viewports: Vec::new(),
        })
    }

    /// Whether an image of an element may be the largest paint, as far as its own rules tell.
    fn content_may_win(&self, known: &mut PageMatches) -> bool {
        if self.candidates.is_empty() || self.candidates.len() > MAX_LOOKED_AT {
            return !self.candidates.is_empty();
        }
        let elements: Vec<Node<'_>> = self.candidates.iter().map(|(found, _)| *found).collect();
        let matches = known.boxes_of(self.dom, self.sheets, &elements);
        if matches.is_stopped {
            return true;
        }
        let rules = BoxRules::new(self.page(matches), matches);
        self.candidates.iter().any(|(element, natural)| {
            let place = self
                .attributes
                .binary_search_by_key(&element.index(), |(at, _)| *at);
            let attribute = place.ok().and_then(|at| self.attributes.get(at));
            let attribute = attribute.map(|(_, rule)| &*rule.boxes);
            let rules = rules.of(*element, None, attribute);
            size_bound(*element, rules, *natural, self.viewport).is_none_or(|area| area >= SMALLEST)
        })
    }

    fn page<'q>(&'q self, matches: &'q Matches) -> PageStyle<'q> {
        PageStyle {
            dom: self.dom,
            sheets: self.sheets,
            layers: self.layers,
            matches,
            attributes: self.attributes,
            viewport: self.viewport,
        }
    }
}
