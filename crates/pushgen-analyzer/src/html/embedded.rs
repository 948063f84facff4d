//! Embedded content: images, media, frames, objects and SVG references (HTML Standard §4.8, SVG 2).
//!
//! In: one element and a viewport. Out: what the browser fetches for it. Where a `srcset`, `sizes` or
//! `picture` leaves a choice, the candidate for this viewport is given, marked as depending on it.

use pushgen_policy::Destination;

use super::dom::{Namespace, Node};
use super::mention::{Media, crossorigin, lazy_if};
use super::srcset;
use crate::css::source_size;
use crate::reference::{Reference, When, confidence};
use crate::viewport::Viewport;

/// The references of an element that embeds something; empty for all other ones.
pub(super) fn references<'d>(element: Node<'d>, viewport: &Viewport) -> Vec<Reference<'d>> {
    let reference = |url, destination| Reference {
        crossorigin: crossorigin(element),
        ..Reference::new(url, destination, element.line())
    };
    let attribute = |name, destination| {
        element
            .attribute(name)
            .map(|url| reference(url, destination))
    };
    let found: Vec<Option<Reference<'d>>> = match (element.namespace(), element.name()) {
        (Namespace::Html, "img") => vec![image(element, viewport)],
        (Namespace::Html, "input") if is_image_button(element) => {
            vec![attribute("src", Destination::Image)]
        }
        (Namespace::Html, "body" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th") => {
            // A presentational hint: a background like one of the style sheet.
            vec![attribute("background", Destination::Image).map(conditional)]
        }
        (Namespace::Html, "video") => {
            vec![
                attribute("poster", Destination::Image),
                media(element, Destination::Video),
            ]
        }
        (Namespace::Html, "audio") => vec![media(element, Destination::Audio)],
        // The resource of a media element without `src` is named by its `source` children; the line
        // is then the child's.
        (Namespace::Html, "source") => vec![source(element, viewport)],
        (Namespace::Html, "track") => vec![track(element)],
        (Namespace::Html, "iframe") if !element.has("srcdoc") => {
            vec![
                attribute("src", Destination::Iframe).map(|frame| lazy_if(frame, is_lazy(element))),
            ]
        }
        (Namespace::Html, "frame") => vec![attribute("src", Destination::Frame)],
        (Namespace::Html, "object") => vec![object(element, "data", Destination::Object)],
        (Namespace::Html, "embed") if !has_ancestor(element, "object") => {
            vec![object(element, "src", Destination::Embed)]
        }
        (Namespace::Svg, "image" | "feImage" | "use") => vec![svg_reference(element)],
        _ => Vec::new(),
    };
    found
        .into_iter()
        .flatten()
        .filter(|reference| !reference.url.trim_ascii().is_empty())
        .collect()
}

fn conditional(reference: Reference<'_>) -> Reference<'_> {
    Reference {
        when: When::Conditional,
        confidence: confidence::LAYOUT,
        ..reference
    }
}

fn is_lazy(element: Node<'_>) -> bool {
    element
        .attribute("loading")
        .is_some_and(|value| value.eq_ignore_ascii_case("lazy"))
}

fn is_image_button(element: Node<'_>) -> bool {
    element
        .attribute("type")
        .is_some_and(|value| value.eq_ignore_ascii_case("image"))
}

fn has_ancestor(element: Node<'_>, name: &str) -> bool {
    std::iter::successors(element.parent(), |node| node.parent()).any(|ancestor| ancestor.is(name))
}

/// HTML §4.8.4.3.7, "select an image source".
fn image<'d>(element: Node<'d>, viewport: &Viewport) -> Option<Reference<'d>> {
    let mut choice = Choice {
        url: None,
        depends: false,
    };
    let picture = element.parent().filter(|parent| parent.is("picture"));
    let sources = picture.into_iter().flat_map(Node::children);
    for source in sources
        .take_while(|child| *child != element)
        .filter(|child| child.is("source"))
    {
        choice.try_source(source, viewport);
        if choice.url.is_some() {
            break;
        }
    }
    if choice.url.is_none() {
        choice.choose(element.attribute("src"), element, viewport);
    }
    let reference = Reference {
        crossorigin: crossorigin(element),
        ..Reference::new(choice.url?, Destination::Image, element.line())
    };
    let certain = if choice.depends {
        confidence::VIEWPORT
    } else {
        confidence::CERTAIN
    };
    Some(lazy_if(reference.confidence(certain), is_lazy(element)))
}

/// The image that is chosen, and whether another viewport may choose another one.
struct Choice<'d> {
    url: Option<&'d str>,
    depends: bool,
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
        let size = set.and_then(|_| {
            source_size(
                element.attribute("sizes").unwrap_or_default(),
                is_lazy(element),
                viewport,
            )
        });
        self.depends |= set.is_some();
        self.url = srcset::select(src, set, size, viewport.dpr);
    }
}

/// What a media element fetches by its own `src`. Without `preload=none` a browser loads the metadata.
fn media(element: Node<'_>, destination: Destination) -> Option<Reference<'_>> {
    let url = element.attribute("src").filter(|_| loads_media(element))?;
    Some(Reference {
        crossorigin: crossorigin(element),
        ..Reference::new(url, destination, element.line())
    })
}

fn loads_media(element: Node<'_>) -> bool {
    let preload = element.attribute("preload").unwrap_or_default();
    element.has("autoplay") || !preload.eq_ignore_ascii_case("none")
}

/// The first supported `source` of a media element without `src` (HTML §4.8.11.5).
fn source<'d>(element: Node<'d>, viewport: &Viewport) -> Option<Reference<'d>> {
    let parent = element.parent()?;
    let destination = match parent.name() {
        "video" if parent.is("video") => Destination::Video,
        "audio" if parent.is("audio") => Destination::Audio,
        _ => return None,
    };
    let usable = |source: &Node<'d>| {
        source.is("source")
            && source.attribute("src").is_some_and(|src| !src.is_empty())
            && source.attribute("type").is_none_or(is_media_type)
            && source
                .attribute("media")
                .is_none_or(|list| Media::of(list, viewport).applies)
    };
    let chosen = parent.children().find(usable)?;
    if chosen != element || parent.has("src") || !loads_media(parent) {
        return None;
    }
    Some(Reference {
        crossorigin: crossorigin(parent),
        ..Reference::new(element.attribute("src")?, destination, element.line())
    })
}

/// Only a default track that shows text is fetched.
fn track(element: Node<'_>) -> Option<Reference<'_>> {
    let kind = element
        .attribute("kind")
        .unwrap_or("subtitles")
        .to_ascii_lowercase();
    let shown = element.has("default") && matches!(kind.as_str(), "" | "subtitles" | "captions");
    let parent = element
        .parent()
        .filter(|parent| parent.is("video") || parent.is("audio"))?;
    let url = element.attribute("src").filter(|_| shown)?;
    Some(Reference {
        crossorigin: crossorigin(parent),
        ..Reference::new(url, Destination::Track, element.line())
    })
}

/// `object` and `embed` are fetched when they are rendered. What a style sheet hides is not seen here.
fn object<'d>(
    element: Node<'d>,
    attribute: &str,
    destination: Destination,
) -> Option<Reference<'d>> {
    let hides = |node: &Node<'d>| {
        node.has("hidden")
            || node
                .attribute("style")
                .is_some_and(|style| style.replace(' ', "").contains("display:none"))
    };
    if std::iter::successors(Some(element), |node| node.parent()).any(|node| hides(&node)) {
        return None;
    }
    Some(Reference::new(
        element.attribute(attribute)?,
        destination,
        element.line(),
    ))
}

/// `image`, `feImage` and `use`; a `use` of this document's own symbols fetches nothing.
fn svg_reference(element: Node<'_>) -> Option<Reference<'_>> {
    let url = element
        .attribute("href")
        .or_else(|| element.attribute("xlink:href"))?;
    let within = url.trim_ascii_start().starts_with('#');
    (!within).then(|| Reference::new(url, Destination::Image, element.line()))
}

/// The essence of a MIME type: lower case, without parameters.
pub(super) fn essence(type_: &str) -> String {
    type_
        .split(';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase()
}

/// The image formats that today's browsers decode.
pub(crate) fn is_image_type(essence: &str) -> bool {
    matches!(
        essence,
        "image/png"
            | "image/jpeg"
            | "image/jpg"
            | "image/pjpeg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/apng"
            | "image/svg+xml"
            | "image/bmp"
            | "image/x-icon"
            | "image/vnd.microsoft.icon"
    )
}

/// The font formats that today's browsers load.
pub(super) fn is_font_type(essence: &str) -> bool {
    matches!(
        essence,
        "font/woff2"
            | "font/woff"
            | "font/ttf"
            | "font/otf"
            | "font/sfnt"
            | "font/collection"
            | "application/font-woff"
            | "application/font-woff2"
            | "application/x-font-ttf"
            | "application/x-font-otf"
            | "application/x-font-woff"
            | "application/vnd.ms-opentype"
            | "application/font-sfnt"
    )
}

fn is_media_type(type_: &str) -> bool {
    matches!(
        essence(type_).as_str(),
        "" | "video/mp4"
            | "video/webm"
            | "video/ogg"
            | "video/x-m4v"
            | "audio/mpeg"
            | "audio/mp3"
            | "audio/mp4"
            | "audio/aac"
            | "audio/ogg"
            | "audio/webm"
            | "audio/wav"
            | "audio/x-wav"
            | "audio/wave"
            | "audio/flac"
            | "audio/x-m4a"
            | "application/ogg"
    )
}
