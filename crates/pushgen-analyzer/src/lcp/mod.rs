//! The largest contentful paint: which image, or text, is likely the largest in the first screen.
//!
//! In: the boxes of a page in document order, with their styles, texts and images. Out: the image that will be the largest
//! paint, with a confidence, or nothing where text wins. Follows Largest Contentful Paint §4 as Chromium 156 has it:
//! the size is the area in sight, at most the image's own pixels; no candidate are images that fill the whole screen,
//! those with less than 0.05 bits a pixel, backgrounds of `html` and `body`, and what is transparent or hidden.
//!
//! Files: `content_image` finds the images of elements, `size_bound` tells icons from them, `page_boxes` walks over the page, `shown_image` is what both hand on.
//!
//! The layout is coarse, so it is made under several assumptions about text. An image that is the largest under all of
//! them, by a margin, is believed; one that is so under some gets that share. Scripts may change everything, and are not asked.
//! Images of other origins and in `data:` URLs compete, and are never the answer.

use std::sync::Arc;

use crate::layout::{BackgroundSize, Basis, LayoutBox, Placed, Rect, TextMetrics, lay_out};
use crate::site::NaturalSize;
use crate::viewport::Viewport;

mod attribute_size;
mod content_image;
mod page_boxes;
mod shown_image;
mod size_bound;
#[cfg(test)]
mod tests;

pub(crate) use content_image::ContentImages;
pub(crate) use page_boxes::page_boxes;
pub(crate) use shown_image::SMALLEST;
pub(crate) use shown_image::{FoundImage, ImageUrl};
use shown_image::{ImageRole, LEAST_ENTROPY, ShownImage};
pub(crate) use size_bound::size_bound;

/// From this confidence on an image is planned as the largest paint: 95 of 100 such images are.
pub(crate) const PLANNED: f64 = 0.8;

/// Boxes that are looked at; the first screen ends long before.
pub(crate) const MAX_BOXES: usize = 4096;

/// By how much phones zoom out of a page that is wider than their screen, at most.
const MOST_ZOOM: f32 = 4.0;

/// Screens to the right that boxes may lie at; what is farther is put out of sight on purpose.
const FARTHEST: f32 = 20.0;

/// A box of a page.
#[derive(Debug, Clone)]
pub(crate) struct PageBox {
    pub(crate) layout: LayoutBox,
    /// The element's place in the document.
    pub(crate) element: usize,
    /// Whether `visibility` shows it.
    pub(crate) is_visible: bool,
    /// The image of an `img` and its like, or the first background.
    pub(crate) image: Option<ShownImage>,
    /// Whether it is `html` or `body`, whose backgrounds are no content.
    pub(crate) is_canvas: bool,
    /// Whether its style gives it a width or a height.
    pub(crate) is_sized: bool,
}

/// The image that is likely the largest paint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LcpCandidate {
    /// The request target.
    pub(crate) path: Arc<str>,
    /// The element's place in the document.
    pub(crate) element: usize,
    pub(crate) confidence: f64,
    pub(crate) reason: String,
    /// CSS pixels of the first screen.
    pub(crate) area: u32,
}

impl LcpCandidate {
    /// Lessens the confidence, and says why.
    pub(crate) fn doubt(&mut self, factor: f64, why: &str) {
        let joint = if self.reason.contains(", but ") {
            ", "
        } else {
            ", but "
        };
        self.reason.push_str(joint);
        self.reason.push_str(why);
        self.confidence = (self.confidence * factor * 100.0).round() / 100.0;
    }
}

/// Characters per em and heights of text, from narrow to wide fonts, with the share of the screen that is looked at.
const ASSUMPTIONS: [(TextMetrics, f32); 6] = [
    assumption(0.48, 1.0, 1.0),
    assumption(0.42, 0.9, 1.0),
    assumption(0.55, 1.1, 1.0),
    assumption(0.50, 1.3, 0.9),
    assumption(0.44, 1.0, 0.8),
    assumption(0.48, 1.0, 1.15),
];

const fn assumption(advance: f32, stretch: f32, screen: f32) -> (TextMetrics, f32) {
    (TextMetrics { advance, stretch }, screen)
}

/// The image that is likely the largest paint of a page; `None` where text is, or nothing.
pub(crate) fn largest(boxes: &[PageBox], viewport: &Viewport) -> Option<LcpCandidate> {
    let boxes = boxes.get(..MAX_BOXES).unwrap_or(boxes);
    let may_win = |found: &PageBox| {
        let image = found.image.as_ref().filter(|_| found.is_visible);
        image.is_some_and(|image| image.found.may_win(viewport))
    };
    if !boxes.iter().any(may_win) {
        return None;
    }
    let hidden = hidden(boxes);
    let layout: Vec<LayoutBox> = boxes.iter().map(|found| found.layout.clone()).collect();
    let mut first: Option<Paints> = None;
    let mut agreed = 0.0;
    let mut least_lead = f32::INFINITY;
    let mut zoom = 0.0;
    for (metrics, screen) in ASSUMPTIONS {
        let placed = lay_out(&layout, metrics, viewport);
        let paints = Paints::of(boxes, &hidden, &placed, viewport, screen);
        match &first {
            None => {
                image(boxes, paints.image?)?.found.path.as_ref()?;
                if paints.image_area <= paints.text_area {
                    return None;
                }
                least_lead = paints.lead();
                zoom = paints.zoom;
                agreed += 1.0;
                first = Some(paints);
            }
            Some(expected) => {
                if is_same_file(boxes, paints.image, expected.image)
                    && paints.image_area > paints.text_area
                {
                    agreed += 1.0;
                    least_lead = least_lead.min(paints.lead());
                }
            }
        }
    }
    let paints = first?;
    let at = paints.image?;
    let found = boxes.get(at)?;
    let image = found.image.as_ref()?;
    let path = Arc::clone(image.found.path.as_ref()?);
    let mut doubts: Vec<&str> = Vec::new();
    let mut confidence = 0.97 * agreed / ASSUMPTIONS.len() as f64;
    let mut doubt = |holds: bool, factor: f64, why: &'static str| {
        if holds {
            confidence *= factor;
            doubts.push(why);
        }
    };
    doubt(
        agreed < ASSUMPTIONS.len() as f64,
        1.0,
        "it depends on the text",
    );
    doubt(least_lead < 1.25, 0.86, "other content is almost as large");
    doubt(image.found.natural.is_none(), 0.6, "its size is not known");
    doubt(paints.image_area < SMALLEST, 0.5, "it is small");
    doubt(paints.equals > 0, 0.9, "others are as large");
    // So much more of the text comes into sight, while the image stays as it is.
    doubt(
        least_lead < zoom * zoom * 1.2,
        0.7,
        "the page may be wider than the screen",
    );
    doubt(image.is_lazy, 0.9, "it is lazy");
    doubt(
        paints.has_unknown,
        // Most of them are badges.
        0.85,
        "nothing tells how large an image of another origin is",
    );
    let area = paints.image_area as u32;
    let role = match image.role {
        ImageRole::Background => "background",
        ImageRole::Poster => "poster",
        ImageRole::Content | ImageRole::Svg => "image",
    };
    let lead = least_lead.min(99.0);
    let mut reason =
        format!("largest {role} in the first screen: {area} px², {lead:.1} times the next content");
    if !doubts.is_empty() {
        reason.push_str(", but ");
        reason.push_str(&doubts.join(", "));
    }
    Some(LcpCandidate {
        path,
        element: found.element,
        confidence: (confidence * 100.0).round() / 100.0,
        reason,
        area,
    })
}

fn image(boxes: &[PageBox], at: usize) -> Option<&ShownImage> {
    boxes.get(at)?.image.as_ref()
}

/// Whether two boxes show the same file of the site.
fn is_same_file(boxes: &[PageBox], one: Option<usize>, other: Option<usize>) -> bool {
    let image = |at: Option<usize>| image(boxes, at?);
    image(one)
        .zip(image(other))
        .is_some_and(|(one, other)| one.found.is_same_file(&other.found))
}

/// What is not painted, with all that is in it, for its opacity.
fn hidden(boxes: &[PageBox]) -> Vec<bool> {
    let mut hidden: Vec<bool> = Vec::with_capacity(boxes.len());
    for found in boxes {
        let parent = found.layout.parent.and_then(|parent| hidden.get(parent));
        let around = parent.copied().unwrap_or(false);
        hidden.push(around || found.layout.style.is_transparent);
    }
    hidden
}

/// The largest image and the largest text of a layout.
#[derive(Debug, Default)]
struct Paints {
    image: Option<usize>,
    image_area: f32,
    /// How many times wider than the screen something makes the page, which mobile browsers answer by zooming out.
    zoom: f32,
    /// Of the largest text, and of the largest image of another file.
    text_area: f32,
    second_area: f32,
    /// Images of other files that are as large as the largest.
    equals: u32,
    /// Whether there is an image in sight whose size nobody knows.
    has_unknown: bool,
}

impl Paints {
    fn of(
        boxes: &[PageBox],
        hidden: &[bool],
        placed: &[Placed],
        viewport: &Viewport,
        screen: f32,
    ) -> Self {
        let mut paints = Self::default();
        let screen = Rect {
            x: 0.0,
            y: 0.0,
            width: viewport.width as f32,
            height: viewport.height as f32 * screen,
        };
        // A page that is laid out wider than a phone's screen is zoomed out of as it is.
        let may_zoom = viewport.is_phone() && viewport.width <= viewport.screen().0;
        for (at, ((found, place), hidden)) in boxes.iter().zip(placed).zip(hidden).enumerate() {
            if !found.is_visible || *hidden {
                continue;
            }
            let sight = screen.intersect(place.clip);
            if may_zoom {
                for rect in [place.rect, place.text] {
                    let right = (rect.x + rect.width).min(place.clip.x + place.clip.width);
                    let zoom = right / screen.width;
                    if rect.area() > 0.0 && (1.02..FARTHEST).contains(&zoom) {
                        paints.zoom = paints.zoom.max(zoom.min(MOST_ZOOM));
                    }
                }
            }
            paints.text_area = paints.text_area.max(place.text.intersect(sight).area());
            let Some(image) = found.image.as_ref().filter(|_| !found.is_canvas) else {
                continue;
            };
            let area = image_area(found, image, place.rect, sight, viewport);
            let is_unknown = image.found.path.is_none() && image.found.natural.is_none();
            paints.has_unknown |= is_unknown && !found.is_sized && area > 0.0;
            let is_other = !is_same_file(boxes, paints.image, Some(at));
            // Rounding must not decide among equals: the first of them wins.
            let is_sooner = area > paints.image_area * 0.998
                && !image.is_lazy
                && paints
                    .image
                    .and_then(|at| boxes.get(at)?.image.as_ref())
                    .is_some_and(|image| image.is_lazy);
            if area > paints.image_area * 1.002 || is_sooner {
                if is_other {
                    paints.second_area = paints.image_area;
                }
                if !is_sooner {
                    paints.equals = 0;
                }
                paints.image = Some(at);
                paints.image_area = area;
            } else if is_other {
                if area > paints.image_area * 0.998 {
                    paints.equals += 1;
                }
                paints.second_area = paints.second_area.max(area);
            }
        }
        paints
    }

    /// By how much the image leads. Among images of one size the first wins, so that these do not count.
    fn lead(&self) -> f32 {
        let second = if self.second_area > self.image_area * 0.997 {
            0.0
        } else {
            self.second_area
        };
        self.image_area / self.text_area.max(second).max(1.0)
    }
}

/// The size of an image's paint; 0 if it does not count.
fn image_area(
    found: &PageBox,
    image: &ShownImage,
    rect: Rect,
    sight: Rect,
    viewport: &Viewport,
) -> f32 {
    let drawn = match image.role {
        ImageRole::Background => tile(found, image.found.natural, rect, viewport),
        _ => rect,
    };
    let seen = drawn.intersect(sight).area();
    let whole = (viewport.width * viewport.height) as f32;
    if seen <= 0.0 || seen >= whole * 0.999 {
        return 0.0;
    }
    if image.found.bytes as f32 * 8.0 / seen < LEAST_ENTROPY {
        return 0.0;
    }
    match image.found.natural_area() {
        Some(natural) if natural < drawn.area() => seen * natural / drawn.area(),
        _ => seen,
    }
}

/// What a background covers of its box (Backgrounds 3 §3.9).
fn tile(found: &PageBox, natural: Option<NaturalSize>, rect: Rect, viewport: &Viewport) -> Rect {
    let style = &found.layout.style;
    let ratio = natural.and_then(|natural| natural.ratio);
    let sized = |width: f32, height: f32| {
        if style.repeats {
            return rect;
        }
        Rect {
            width: width.min(rect.width),
            height: height.min(rect.height),
            ..rect
        }
    };
    match &style.background_size {
        BackgroundSize::Cover => rect,
        BackgroundSize::Contain => match ratio {
            Some(ratio) => {
                let width = rect.width.min(rect.height * ratio);
                // The space beside it is not its own, repeated or not, for small images.
                sized(width, width / ratio)
            }
            None => rect,
        },
        BackgroundSize::Natural => match natural.and_then(|size| size.width.zip(size.height)) {
            Some((width, height)) => sized(width, height),
            None => rect,
        },
        BackgroundSize::Given(width, height) => {
            let resolve = |length: &crate::layout::Length, percent: f32| {
                length.resolve(&Basis {
                    font_size: style.font_size,
                    root_font_size: style.root_font_size,
                    percent: Some(percent),
                    viewport,
                })
            };
            let width = width.as_ref().and_then(|width| resolve(width, rect.width));
            let height = height
                .as_ref()
                .and_then(|height| resolve(height, rect.height));
            match (width, height, ratio) {
                (Some(width), Some(height), _) => sized(width, height),
                (Some(width), None, Some(ratio)) => sized(width, width / ratio),
                (None, Some(height), Some(ratio)) => sized(height * ratio, height),
                _ => rect,
            }
        }
    }
}
