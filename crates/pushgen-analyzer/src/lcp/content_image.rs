//! The images that elements show as their content, and the room that replaced elements take.
//!
//! In: a document. Out: by element the image that is chosen for the viewport (HTML §4.8.4.3.7, §4.8.9, SVG 2 §12.3), and the
//! natural size of what fills its box (HTML §15.4). A broken image is a small sign. `input type=image` is left out.

use std::collections::HashMap;

use super::shown_image::{FoundImage, ImageRole, ImageUrl, ShownImage};
use crate::html::{Dom, Namespace, Node, Pictures};
use crate::layout::Replaced;
use crate::site::NaturalSize;
use crate::viewport::Viewport;

/// The sign of a broken image, and an image of unknown size: about 16 pixels, as an icon.
const SIGN: Replaced = Replaced {
    width: Some(16.0),
    height: Some(16.0),
    ratio: None,
};

/// What an image whose size is not known is taken for once one side is given: most photographs are 3 to 2.
const USUAL_RATIO: Replaced = Replaced {
    width: None,
    height: None,
    ratio: Some(1.5),
};

/// `video`, `iframe` and `canvas` (CSS Images 3 §5.3).
const DEFAULT: Replaced = Replaced {
    width: Some(300.0),
    height: Some(150.0),
    ratio: None,
};

/// The images of a document's elements.
#[derive(Debug, Default)]
pub(crate) struct ContentImages(HashMap<usize, ContentImage>);

#[derive(Debug)]
struct ContentImage {
    image: ShownImage,
    /// Image pixels per CSS pixel.
    density: f32,
}

impl ContentImages {
    /// Asks for the images of all elements.
    pub(crate) fn of(
        dom: &Dom,
        viewport: &Viewport,
        find: &dyn Fn(ImageUrl<'_>) -> Option<FoundImage>,
    ) -> Self {
        let mut pictures = Pictures::default();
        let mut images = HashMap::new();
        for element in dom.elements() {
            let (url, role, density) = match (element.namespace(), element.name()) {
                (Namespace::Html, "source") => {
                    if let Some(picture) = element.parent().filter(|parent| parent.is("picture")) {
                        pictures.read_source(picture, element, viewport);
                    }
                    continue;
                }
                (Namespace::Html, "img") => {
                    let choice = pictures.choose(element, viewport);
                    (choice.url, ImageRole::Content, choice.density)
                }
                (Namespace::Svg, "image") => {
                    let url = element.attribute("href");
                    let url = url.or_else(|| element.attribute("xlink:href"));
                    (url, ImageRole::Svg, None)
                }
                (Namespace::Html, "video") => {
                    (element.attribute("poster"), ImageRole::Poster, None)
                }
                _ => continue,
            };
            let url = url.filter(|url| !url.trim_ascii().is_empty());
            if let Some(found) = url.and_then(|url| find(ImageUrl::Attribute(url))) {
                let is_lazy = role == ImageRole::Content && is_lazy(element);
                let image = ShownImage {
                    found,
                    role,
                    is_lazy,
                };
                let density = density.unwrap_or(1.0);
                images.insert(element.index(), ContentImage { image, density });
            }
        }
        Self(images)
    }

    /// The elements whose images may be the largest paint, in document order, with the sizes of these.
    pub(crate) fn candidates<'d>(
        &self,
        dom: &'d Dom,
        viewport: &Viewport,
    ) -> Vec<(Node<'d>, Option<NaturalSize>)> {
        let may_win = |content: &ContentImage| content.image.found.may_win(viewport);
        let found = self.0.iter().filter(|(_, content)| may_win(content));
        let mut places: Vec<(usize, Option<NaturalSize>)> = found
            .map(|(at, content)| (*at, content.image.found.natural))
            .collect();
        places.sort_unstable_by_key(|(at, _)| *at);
        let element = |(at, natural)| Some((dom.element(at)?, natural));
        places.into_iter().filter_map(element).collect()
    }

    /// The image of an element.
    pub(super) fn image(&self, element: Node<'_>) -> Option<&ShownImage> {
        Some(&self.0.get(&element.index())?.image)
    }

    /// What fills the box of an element that is replaced. `is_sized` tells whether its style gives it a width or a
    /// height.
    pub(super) fn replaced(&self, element: Node<'_>, is_sized: bool) -> Option<Replaced> {
        let content = self.0.get(&element.index());
        let natural = |content: &ContentImage| {
            let found = &content.image.found;
            match found.natural {
                Some(size) => Replaced {
                    width: size.width.map(|width| width / content.density),
                    height: size.height.map(|height| height / content.density),
                    ratio: size.ratio,
                },
                None if found.path.is_some() => Replaced::default(),
                None if is_sized => USUAL_RATIO,
                None => SIGN,
            }
        };
        match (element.namespace(), element.name()) {
            (Namespace::Html, "img") => Some(content.map_or(SIGN, natural)),
            (Namespace::Svg, "image") => Some(content.map_or(Replaced::default(), natural)),
            (Namespace::Html, "video") => {
                let ratio = Some(2.0);
                Some(content.map_or(Replaced { ratio, ..DEFAULT }, natural))
            }
            (Namespace::Svg, "svg") => Some(Replaced {
                ratio: view_box_ratio(element),
                ..Replaced::default()
            }),
            (Namespace::Html, "iframe" | "canvas" | "object" | "embed") => Some(DEFAULT),
            (Namespace::Html, "input" | "select") => Some(Replaced {
                width: Some(150.0),
                height: Some(20.0),
                ratio: None,
            }),
            _ => None,
        }
    }
}

fn is_lazy(image: Node<'_>) -> bool {
    let loading = image.attribute("loading");
    loading.is_some_and(|loading| loading.eq_ignore_ascii_case("lazy"))
}

fn view_box_ratio(svg: Node<'_>) -> Option<f32> {
    let mut numbers = svg
        .attribute("viewBox")?
        .split([' ', ','])
        .filter_map(|part| part.parse::<f32>().ok());
    let (width, height) = (numbers.nth(2)?, numbers.next()?);
    (height > 0.0).then(|| width / height)
}
