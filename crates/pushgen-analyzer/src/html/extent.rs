//! How far down a page an element stands, as far as its markup tells: whether a lazy image is surely fetched.
//!
//! In: the elements before it, in document order. Out: a generous estimate of their height, and whether what comes
//! next is near enough to the top. Browsers fetch a lazy image or frame when it is within some distance of the
//! viewport; Chromium 156 takes 2500 pixels where it does not know the network. What is called near is much nearer,
//! so that a style sheet may make a good deal of what comes before taller than it is taken for. That a style sheet
//! does not display an image at all is not seen here.

use super::dom::{Namespace, Node};
use crate::viewport::Viewport;

/// Of what Chromium's distance and the first screen make together: the rest is for the style sheets.
const NEAR_PX: f32 = 2000.0;
/// A line of text with its leading.
const LINE_PX: f32 = 28.0;
/// An image that does not say how high it is.
const IMAGE_PX: f32 = 300.0;
/// A drawing that does not say how high it is: most are icons.
const DRAWING_PX: f32 = 100.0;
/// A line of text is not longer, however wide the screen, and a character is about that wide.
const LINE_LENGTH_PX: f32 = 700.0;
const CHARACTER_PX: f32 = 8.0;
/// What says that a `style` attribute moves things about.
const PLACING: [&str; 9] = [
    "height",
    "margin",
    "position",
    "transform",
    "translate",
    "clip",
    "overflow",
    "flex",
    "grid",
];

/// The height of what came by.
#[derive(Debug, Default)]
pub(crate) struct Extent {
    pixels: f32,
    /// An element that came by and may be a spacer, by its index: so it is if nothing stands in it.
    maybe_spacer: Option<usize>,
}

impl Extent {
    /// Takes an element in.
    pub(crate) fn add(&mut self, element: Node<'_>, viewport: &Viewport) {
        self.pixels += self.last_spacer(element) + height(element, viewport);
        if is_placed(element) {
            self.pixels = f32::INFINITY;
        }
        let is_block = matches!(
            element.name(),
            "div" | "section" | "header" | "main" | "p" | "article" | "aside" | "nav" | "hr"
        );
        let is_styled = element.has("class") || element.has("id");
        let may_be = is_block && is_styled && element.text_bytes() == 0;
        self.maybe_spacer = may_be.then(|| element.index());
    }

    /// Whether an element that comes next is near the top.
    pub(super) fn is_near(&self, element: Node<'_>) -> bool {
        self.is_within(NEAR_PX, element)
    }

    /// Whether an element that comes next is rendered at once for all that it has `content-visibility: auto`: Chromium
    /// does that up to one and a half screens below the first.
    pub(crate) fn is_rendered(&self, element: Node<'_>, viewport: &Viewport) -> bool {
        self.is_within(NEAR_PX.min(viewport.height as f32 * 2.0), element)
    }

    fn is_within(&self, distance: f32, element: Node<'_>) -> bool {
        if self.pixels + self.last_spacer(element) > distance {
            return false;
        }
        let mut around = Some(element);
        while let Some(node) = around {
            if is_placed(node) {
                return false;
            }
            around = node.parent();
        }
        true
    }

    /// What the element before adds if it is found to be empty: a style sheet may make it as high as it likes.
    fn last_spacer(&self, next: Node<'_>) -> f32 {
        let parent = next.parent().map(Node::index);
        match self.maybe_spacer {
            Some(spacer) if parent != Some(spacer) => f32::INFINITY,
            _ => 0.0,
        }
    }
}

/// Whether the element's own style may put things elsewhere.
fn is_placed(element: Node<'_>) -> bool {
    let style = element.attribute("style");
    style.is_some_and(|style| PLACING.iter().any(|word| style.contains(word)))
}

/// What an element adds by itself.
fn height(element: Node<'_>, viewport: &Viewport) -> f32 {
    if element.namespace() != Namespace::Html {
        return match element.name() {
            "svg" => stated_height(element).unwrap_or(DRAWING_PX),
            _ => 0.0,
        };
    }
    let width = LINE_LENGTH_PX.min(viewport.width as f32).max(1.0);
    let text = element.text_bytes() as f32 * CHARACTER_PX / width * LINE_PX;
    match element.name() {
        "html" | "head" | "body" | "title" | "meta" | "link" | "style" | "script" | "base"
        | "picture" | "source" | "track" | "option" | "br" | "wbr" => 0.0,
        "img" | "video" | "iframe" | "canvas" | "object" | "embed" => {
            stated_height(element).unwrap_or(IMAGE_PX)
        }
        "a" | "abbr" | "b" | "button" | "cite" | "code" | "em" | "i" | "input" | "kbd"
        | "label" | "mark" | "q" | "s" | "small" | "span" | "strong" | "sub" | "sup" | "time"
        | "u" => text + LINE_PX / 2.0,
        _ => text + LINE_PX,
    }
}

/// A `height` attribute in pixels.
fn stated_height(element: Node<'_>) -> Option<f32> {
    let height = element.attribute("height")?.trim_ascii();
    let height = height.strip_suffix("px").unwrap_or(height);
    height.parse::<u16>().ok().map(f32::from)
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn is_near(before: &str, viewport: &Viewport) -> bool {
        let (dom, _) = parse(&format!("<!doctype html>{before}<wbr>"));
        let mut extent = Extent::default();
        for element in dom.elements() {
            if element.is("wbr") {
                return extent.is_near(element);
            }
            extent.add(element, viewport);
        }
        panic!("there is a wbr");
    }

    #[test]
    fn what_comes_after_much_is_not_near() {
        let phone = Viewport {
            width: 412,
            height: 823,
            ..Viewport::DESKTOP
        };
        let text = |n| format!("<p>{}</p>", "text ".repeat(n));
        for (before, on_desktop, on_phone) in [
            (String::new(), true, true),
            (text(300), true, true),
            (text(1000), true, false),
            (text(2000), false, false),
            ("<p>Text.</p>".repeat(30), true, true),
            ("<p>Text.</p>".repeat(90), false, false),
            ("<img>".repeat(6), true, true),
            ("<img>".repeat(7), false, false),
            ("<img height=100>".repeat(15), true, true),
            ("<img height=1000>".repeat(3), false, false),
            ("<div style='min-height:100vh'></div>".into(), false, false),
            ("<div style='color:red'></div>".into(), true, true),
            ("<div style='position:absolute'>".into(), false, false),
            ("<div class=space></div>".into(), false, false),
            ("<div class=card>".into(), true, true),
            ("<div class=card><b></b></div>".into(), true, true),
        ] {
            assert_eq!(is_near(&before, &Viewport::DESKTOP), on_desktop, "{before}");
            assert_eq!(is_near(&before, &phone), on_phone, "{before}");
        }
    }
}
