//! Which image an `img` shows (HTML Standard §4.8.4.3.7, "select an image source").
//!
//! In: the elements of a document, in document order. Out: for each `img` the candidate for a viewport, and
//! whether another viewport may choose another one. A `picture` is decided when its `source` comes by, so
//! that the time is linear however many sources and images it holds.

use std::collections::HashMap;

use super::dom::Node;
use super::media::Media;
use super::media_type::{essence, is_image_type};
use super::srcset;
use crate::css::source_size;
use crate::reference::confidence;
use crate::selection::{Candidates, Selection};
use crate::viewport::Viewport;

/// The image that is chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice<'d> {
    pub(crate) url: Option<&'d str>,
    /// Image pixels per CSS pixel, which its natural size is divided by; nothing stands for 1.
    pub(crate) density: Option<f32>,
    /// Another viewport may choose otherwise.
    pub(crate) depends: bool,
    /// What it depends on: the media of the sources that came by, and the candidates of the one that is chosen.
    pub(crate) selection: Selection<'d>,
}

/// What the sources of each `picture` that came by have chosen.
#[derive(Debug, Default)]
pub(crate) struct Pictures<'d>(HashMap<usize, Choice<'d>>);

impl<'d> Pictures<'d> {
    /// Reads a `source` whose parent is `picture`.
    pub(crate) fn read_source(&mut self, picture: Node<'d>, source: Node<'d>, viewport: &Viewport) {
        let choice = self.0.entry(picture.index()).or_default();
        if choice.url.is_none() {
            choice.try_source(source, viewport);
        }
    }

    /// The choice of an `img`.
    pub(crate) fn choose(&self, image: Node<'d>, viewport: &Viewport) -> Choice<'d> {
        let picture = image.parent().filter(|parent| parent.is("picture"));
        let mut choice = picture
            .and_then(|picture| self.0.get(&picture.index()))
            .cloned()
            .unwrap_or_default();
        if choice.url.is_none() {
            choice.choose(image.attribute("src"), image, viewport);
        }
        choice
    }
}

impl<'d> Choice<'d> {
    fn try_source(&mut self, source: Node<'d>, viewport: &Viewport) {
        if source
            .attribute("srcset")
            .is_none_or(|set| set.trim_ascii().is_empty())
        {
            return;
        }
        if let Some(type_) = source.attribute("type").map(essence)
            && !type_.is_empty()
            && !is_image_type(&type_)
        {
            return;
        }
        if let Some(list) = source.attribute("media") {
            let media = Media::of(list, viewport);
            self.depends |= media.confidence < confidence::CERTAIN;
            let holds = match media.applies {
                true => media.text,
                false => media.text.negate(),
            };
            self.selection.media = std::mem::take(&mut self.selection.media).and(holds);
            if !media.applies {
                return;
            }
        }
        self.choose(None, source, viewport);
    }

    fn choose(&mut self, src: Option<&'d str>, element: Node<'d>, viewport: &Viewport) {
        let set = element
            .attribute("srcset")
            .filter(|set| !set.trim_ascii().is_empty());
        let sizes = element.attribute("sizes").unwrap_or_default();
        let is_lazy = super::embedded::is_lazy(element);
        let size = set.and_then(|_| source_size(sizes, is_lazy, viewport));
        self.depends |= set.is_some();
        self.selection.candidates = set.map(|srcset| Candidates { src, srcset, sizes });
        let chosen = srcset::select_with_density(src, set, size, viewport.dpr);
        self.url = chosen.map(|(_, url)| url);
        self.density = chosen
            .map(|(density, _)| density)
            .filter(|density| density.is_finite() && *density > 0.0);
    }
}
