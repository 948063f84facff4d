//! Embedded content: images, media, frames, objects and SVG references (HTML Standard §4.8, SVG 2).
//!
//! In: the elements of a document, in document order, and a viewport. Out: what the browser fetches for
//! each. Where a `srcset`, `sizes` or `picture` leaves a choice, the candidate for this viewport is given,
//! marked as depending on it. What a style sheet hides or overrides is not seen.

use std::cell::OnceCell;
use std::collections::HashSet;

use pushgen_policy::Destination;

use super::dom::{Dom, Namespace, Node};
use super::extent::Extent;
use super::inline_style::InlineStyle;
use super::media::Media;
use super::media_type::{Shown, is_media_type};
use super::mention::crossorigin;
use super::picture::{Choice, Pictures};
use super::rendered::Rendered;
use super::svg_paint;
use crate::reference::{Reference, When, confidence};
use crate::viewport::Viewport;

/// Reads elements one after the other, and remembers what one of them decides for its siblings.
pub(super) struct EmbeddedContent<'d, 'v> {
    dom: &'d Dom,
    viewport: &'v Viewport,
    /// Worked out when the first element asks.
    rendered: OnceCell<Rendered>,
    pictures: Pictures<'d>,
    /// What the preload scanner takes for the viewport of a phone that does not know it yet, and what its
    /// pictures are then.
    scanned: Option<(Viewport, Pictures<'d>)>,
    /// How much has come by.
    extent: Extent,
    /// The media elements that have their `source`.
    sourced: HashSet<usize>,
    /// The media elements that have their default track of a group.
    tracked: HashSet<(usize, TrackGroup)>,
}

/// Of these a media element shows one default track each; of metadata it loads them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum TrackGroup {
    Text,
    Descriptions,
    Chapters,
}

impl<'d, 'v> EmbeddedContent<'d, 'v> {
    pub(super) fn new(dom: &'d Dom, viewport: &'v Viewport, scanned: Option<Viewport>) -> Self {
        Self {
            dom,
            viewport,
            rendered: OnceCell::new(),
            pictures: Pictures::default(),
            scanned: scanned.map(|scanned| (scanned, Pictures::default())),
            extent: Extent::default(),
            sourced: HashSet::new(),
            tracked: HashSet::new(),
        }
    }

    /// An element has come by.
    pub(super) fn pass(&mut self, element: Node<'d>) {
        self.extent.add(element, self.viewport);
    }

    /// A reference of an element that may be lazy: then it is fetched when the layout wants it, which is surely so
    /// near the top of the page.
    fn lazy_if_far(&self, element: Node<'d>, reference: Reference<'d>) -> Reference<'d> {
        // What `auto` chooses is for the layout to say, too.
        let is_auto = element
            .attribute("sizes")
            .is_some_and(|sizes| sizes.trim_ascii().to_ascii_lowercase().starts_with("auto"));
        if !is_lazy(element) {
            reference
        } else if self.extent.is_near(element) && !is_auto && self.is_rendered(element) {
            reference.confidence(confidence::LAYOUT)
        } else {
            reference.late(confidence::LAYOUT)
        }
    }

    /// From here on the preload scanner knows the viewport, or does not look ahead.
    pub(super) fn stop_scanning(&mut self) {
        self.scanned = None;
    }

    /// The references of an element that embeds something; empty for all other ones.
    pub(super) fn references(&mut self, element: Node<'d>) -> Vec<Reference<'d>> {
        let found: Vec<Reference<'d>> = match element.namespace() {
            Namespace::Html => self.html(element).into_iter().flatten().collect(),
            Namespace::Svg => self.svg(element),
            Namespace::MathMl => Vec::new(),
        };
        found
            .into_iter()
            .filter(|reference| !reference.url.trim_ascii().is_empty())
            .collect()
    }

    fn html(&mut self, element: Node<'d>) -> [Option<Reference<'d>>; 2] {
        let attribute = |name, destination| {
            element.attribute(name).map(|url| Reference {
                crossorigin: crossorigin(element),
                ..Reference::new(url, destination, element.line())
            })
        };
        let one = |reference| [reference, None];
        match element.name() {
            "img" => self.image(element),
            "input" if is_image_button(element) => one(attribute("src", Destination::Image)),
            "body" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "col"
            | "colgroup" => one(self.background(element)),
            "video" => [
                attribute("poster", Destination::Image),
                media(element, Destination::Video),
            ],
            "audio" => one(media(element, Destination::Audio)),
            // The resource of a media element without `src` is named by its `source` children; the line
            // is then the child's.
            "source" => one(self.source(element)),
            "track" => one(self.track(element)),
            "iframe" if !element.has("srcdoc") => {
                let frame = attribute("src", Destination::Iframe);
                one(frame.map(|frame| self.lazy_if_far(element, frame)))
            }
            "frame" => one(attribute("src", Destination::Frame)),
            "object" => one(self.object(element, "data", Destination::Object)),
            "embed" => one(self.object(element, "src", Destination::Embed)),
            _ => [None, None],
        }
    }

    fn is_rendered(&self, element: Node<'d>) -> bool {
        self.rendered
            .get_or_init(|| Rendered::of(self.dom))
            .has(element)
    }

    /// What an `img` shows, and what the preload scanner asked for if it took the viewport for another.
    fn image(&self, element: Node<'d>) -> [Option<Reference<'d>>; 2] {
        let choice = self.pictures.choose(element, self.viewport);
        let scanned = self.scanned.as_ref().filter(|_| !is_lazy(element));
        let scanned = scanned.map(|(viewport, pictures)| pictures.choose(element, viewport));
        let reference = |choice: Choice<'d>| {
            let reference = Reference {
                crossorigin: crossorigin(element),
                ..Reference::new(choice.url?, Destination::Image, element.line())
            };
            let reference = match is_lazy(element) {
                true => reference,
                false => reference.selected_by(choice.selection),
            };
            let certain = if choice.depends {
                confidence::VIEWPORT
            } else {
                confidence::CERTAIN
            };
            Some(self.lazy_if_far(element, reference.confidence(certain)))
        };
        let scanned = scanned.filter(|scanned| scanned.url != choice.url);
        [reference(choice), scanned.and_then(reference)]
    }

    /// A presentational hint (HTML §15.3.3, §15.3.8): fetched with the element, unless its style or a style
    /// sheet sets another background.
    fn background(&self, element: Node<'d>) -> Option<Reference<'d>> {
        let url = element.attribute("background")?;
        let overridden = element
            .attribute("style")
            .is_some_and(|style| InlineStyle::parse(style).sets_background);
        (!overridden && self.is_rendered(element)).then(|| {
            Reference::new(url, Destination::Image, element.line()).confidence(confidence::LAYOUT)
        })
    }

    /// The first supported `source` of a media element without `src` (HTML §4.8.11.5).
    fn source(&mut self, element: Node<'d>) -> Option<Reference<'d>> {
        let parent = element.parent()?;
        if parent.is("picture") {
            self.pictures.read_source(parent, element, self.viewport);
            if let Some((viewport, pictures)) = &mut self.scanned {
                pictures.read_source(parent, element, viewport);
            }
            return None;
        }
        let destination = match parent.name() {
            "video" if parent.is("video") => Destination::Video,
            "audio" if parent.is("audio") => Destination::Audio,
            _ => return None,
        };
        let url = element.attribute("src")?;
        if parent.has("src") || !loads_media(parent) || self.sourced.contains(&parent.index()) {
            return None;
        }
        let usable = !url.trim_ascii().is_empty()
            && element.attribute("type").is_none_or(is_media_type)
            && element
                .attribute("media")
                .is_none_or(|list| Media::of(list, self.viewport).applies);
        if !usable {
            return None;
        }
        self.sourced.insert(parent.index());
        Some(Reference {
            crossorigin: crossorigin(parent),
            ..Reference::new(url, destination, element.line())
        })
    }

    /// Only a default track is fetched, and of each group the first one, as Chromium has it.
    fn track(&mut self, element: Node<'d>) -> Option<Reference<'d>> {
        let parent = element
            .parent()
            .filter(|parent| parent.is("video") || parent.is("audio"))?;
        if !element.has("default") {
            return None;
        }
        let kind = element.attribute("kind").unwrap_or("subtitles");
        let group = match kind.to_ascii_lowercase().as_str() {
            "subtitles" | "captions" => Some(TrackGroup::Text),
            "descriptions" => Some(TrackGroup::Descriptions),
            "chapters" => Some(TrackGroup::Chapters),
            _ => None,
        };
        if let Some(group) = group
            && !self.tracked.insert((parent.index(), group))
        {
            return None;
        }
        Some(Reference {
            crossorigin: crossorigin(parent),
            ..Reference::new(
                element.attribute("src")?,
                Destination::Track,
                element.line(),
            )
        })
    }

    /// `object` and `embed` are fetched when they are rendered and their type is known.
    fn object(
        &self,
        element: Node<'d>,
        attribute: &str,
        destination: Destination,
    ) -> Option<Reference<'d>> {
        let url = element.attribute(attribute)?;
        let shown = Shown::of(element.attribute("type"), url);
        if shown == Shown::Nothing || !self.is_rendered(element) {
            return None;
        }
        let reference = Reference::new(url, destination, element.line());
        Some(match shown {
            Shown::InViewer => Reference {
                when: When::Conditional,
                confidence: confidence::BROWSER,
                ..reference
            },
            _ => reference,
        })
    }

    /// `image`, `feImage`, `use`, and attributes that paint with another file.
    fn svg(&self, element: Node<'d>) -> Vec<Reference<'d>> {
        let mut found = Vec::new();
        if matches!(element.name(), "image" | "feImage" | "use") {
            found.extend(svg_reference(element));
        }
        for name in svg_paint::PAINT {
            let Some(value) = element.attribute(name).filter(|value| value.contains('(')) else {
                continue;
            };
            if !self.is_rendered(element) {
                break;
            }
            found.extend(svg_paint::urls(value).map(|url| {
                Reference::new(url, Destination::Image, element.line())
                    .confidence(confidence::LAYOUT)
            }));
        }
        found
    }
}

pub(super) fn is_lazy(element: Node<'_>) -> bool {
    element
        .attribute("loading")
        .is_some_and(|value| value.eq_ignore_ascii_case("lazy"))
}

fn is_image_button(element: Node<'_>) -> bool {
    element
        .attribute("type")
        .is_some_and(|value| value.eq_ignore_ascii_case("image"))
}

/// What a media element fetches by its own `src`. Without `preload=none` a browser loads the metadata; with it, what
/// it may play by itself: videos without sound.
fn media(element: Node<'_>, destination: Destination) -> Option<Reference<'_>> {
    let url = element.attribute("src").filter(|_| loads_media(element))?;
    Some(Reference {
        crossorigin: crossorigin(element),
        ..Reference::new(url, destination, element.line())
    })
}

fn loads_media(element: Node<'_>) -> bool {
    let preload = element.attribute("preload").unwrap_or_default();
    let plays = element.is("video") && element.has("autoplay") && element.has("muted");
    plays || !preload.eq_ignore_ascii_case("none")
}

/// A `use` of this document's own symbols fetches nothing.
fn svg_reference(element: Node<'_>) -> Option<Reference<'_>> {
    let url = element
        .attribute("href")
        .or_else(|| element.attribute("xlink:href"))?;
    let within = url.trim_ascii_start().starts_with('#');
    (!within).then(|| Reference::new(url, Destination::Image, element.line()))
}
