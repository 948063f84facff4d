//! An image as a box shows it, with what decides whether it may be the largest paint.

use std::sync::Arc;

use crate::css::ImageSource;
use crate::site::NaturalSize;
use crate::style::SheetId;
use crate::viewport::Viewport;

/// A smaller image is never planned, whatever else there is: text of some words is as large.
pub(crate) const SMALLEST: f32 = 9_000.0;

/// Bits per pixel below which an image does not count.
pub(super) const LEAST_ENTROPY: f32 = 0.05;

/// Where an image is named.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ImageUrl<'u> {
    /// In an attribute of an element.
    Attribute(&'u str),
    /// In a sheet, or for [`DOCUMENT`](crate::style::DOCUMENT) in a `style` attribute.
    Sheet(SheetId, &'u ImageSource),
}

/// An image that is there.
#[derive(Debug, Clone)]
pub(crate) struct FoundImage {
    /// The request target; none for what the site does not serve: `data:` and other origins.
    pub(crate) path: Option<Arc<str>>,
    /// In image pixels.
    pub(crate) natural: Option<NaturalSize>,
    pub(crate) bytes: u64,
}

/// What an image is to its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageRole {
    /// `img`
    Content,
    /// `image` in SVG.
    Svg,
    Poster,
    Background,
}

/// An image that a box shows.
#[derive(Debug, Clone)]
pub(crate) struct ShownImage {
    pub(crate) found: FoundImage,
    pub(crate) role: ImageRole,
    pub(crate) is_lazy: bool,
}

impl FoundImage {
    /// Whether it is one of the site, and large enough to be the largest paint at all.
    pub(crate) fn may_win(&self, viewport: &Viewport) -> bool {
        let screen = (viewport.width * viewport.height) as f32;
        self.path.is_some()
            && self.natural_area().unwrap_or(screen).min(screen) >= SMALLEST
            && self.bytes as f32 * 8.0 >= LEAST_ENTROPY * SMALLEST
    }

    /// The pixels that it has; `None` if there is no end to them, or if they are not known.
    pub(super) fn natural_area(&self) -> Option<f32> {
        let natural = self.natural?;
        Some(natural.width? * natural.height?)
    }

    /// Whether both are the same file of the site.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.path.is_some() && self.path == other.path
    }
}
