//! `<meta name=viewport>`: how wide a phone lays a page out (CSS Viewport 1 §3 and the algorithm of CSS Device
//! Adaptation that browsers kept).
//!
//! In: the `content` of the element and the phone's viewport. Out: the viewport that the page is laid out for, in
//! whole pixels; without the element that is 980 pixels wide, a desktop's. Desktops do not heed it.

use crate::viewport::Viewport;

use super::dom::{Dom, Node};

/// The layout of a page that does not say how wide it wants to be.
const FALLBACK_WIDTH: f32 = 980.0;
/// Zoom factors that hold unless the page gives others.
const MIN_ZOOM: f32 = 0.25;
const MAX_ZOOM: f32 = 5.0;

/// The viewport that a document is laid out for in the end.
pub(crate) fn layout_viewport(dom: &Dom, viewport: &Viewport) -> Viewport {
    if !viewport.is_phone() {
        return *viewport;
    }
    let mut wish = Wish::default();
    for element in dom.elements() {
        wish.read(element);
    }
    wish.layout(viewport)
}

/// What a page has said so far of its viewport.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    width: Option<Length>,
    height: Option<Length>,
    zoom: Option<f32>,
    min_zoom: Option<f32>,
    max_zoom: Option<f32>,
    /// Which of its names the element had.
    origin: Origin,
}

/// An older name does not undo what a newer one says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    #[default]
    Nothing,
    HandheldFriendly,
    MobileOptimized,
    Viewport,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    Pixels(f32),
    ScreenWidth,
    ScreenHeight,
}

impl Wish {
    /// Takes a `meta` element in. Returns whether it says something of the viewport. The last one counts.
    pub(super) fn read(&mut self, element: Node<'_>) -> bool {
        if !element.is("meta") {
            return false;
        }
        let (Some(name), Some(content)) = (element.attribute("name"), element.attribute("content"))
        else {
            return false;
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let (wish, origin) = if is("viewport") {
            (Self::parse(content), Origin::Viewport)
        } else if is("handheldfriendly") && content.eq_ignore_ascii_case("true") {
            (Self::parse("width=device-width"), Origin::HandheldFriendly)
        } else if is("mobileoptimized") {
            let wish = Self::parse("width=device-width, initial-scale=1");
            (wish, Origin::MobileOptimized)
        } else {
            return false;
        };
        if origin >= self.origin {
            *self = Self { origin, ..wish };
        }
        true
    }

    /// Pairs of a name and a value; white space, `,`, `;` and `=` part them, and all else is passed over.
    fn parse(content: &str) -> Self {
        let mut wish = Self::default();
        let is_separator = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '=' | ',' | ';' | '\0');
        let mut rest = content;
        loop {
            rest = rest.trim_start_matches(is_separator);
            if rest.is_empty() {
                return wish;
            }
            let (key, after) = rest.split_at(rest.find(is_separator).unwrap_or(rest.len()));
            // The value stands behind the next `=`, unless a comma comes first.
            let mut value = "";
            rest = after.trim_start_matches(|c| c != '=' && c != ',');
            if rest.starts_with('=') {
                rest = rest.trim_start_matches(|c| is_separator(c) && c != ',');
                (value, rest) = rest.split_at(rest.find(is_separator).unwrap_or(rest.len()));
            }
            wish.set(&key.to_ascii_lowercase(), value);
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "width" => self.width = Length::parse(value).or(self.width),
            "height" => self.height = Length::parse(value).or(self.height),
            "initial-scale" => self.zoom = zoom(value),
            "minimum-scale" => self.min_zoom = zoom(value),
            "maximum-scale" => self.max_zoom = zoom(value),
            _ => {}
        }
    }

    /// The viewport that a phone lays the page out for.
    pub(super) fn layout(&self, phone: &Viewport) -> Viewport {
        let screen = phone.screen();
        let (screen_width, screen_height) = (screen.0 as f32, screen.1 as f32);
        let pixels = |length: Length| match length {
            Length::Pixels(pixels) => pixels,
            Length::ScreenWidth => screen_width,
            Length::ScreenHeight => screen_height,
        };
        let min_zoom = self.min_zoom.unwrap_or(MIN_ZOOM);
        let max_zoom = self.max_zoom.unwrap_or(MAX_ZOOM);
        let min_zoom = match self.max_zoom {
            None => min_zoom.min(MAX_ZOOM),
            Some(_) => min_zoom,
        };
        let max_zoom = max_zoom.max(min_zoom);
        let zoom = self.zoom.map(|zoom| zoom.min(max_zoom).max(min_zoom));
        // What the screen shows of the page at the largest zoom that it may begin with.
        let shown_at = zoom.map_or(max_zoom, |zoom| zoom.min(max_zoom));
        let (shown_width, shown_height) = (screen_width / shown_at, screen_height / shown_at);
        let within =
            |wanted: f32, shown: f32, screen: f32| wanted.min(screen).max(wanted.max(shown));
        let height = self
            .height
            .map(|wanted| within(pixels(wanted), shown_height, screen_height));
        let width = match (self.width.map(pixels), zoom, height) {
            (Some(wanted), ..) => Some(within(wanted, shown_width, screen_width)),
            (None, None, _) => Some(within(FALLBACK_WIDTH, shown_width, screen_width)),
            (None, Some(_), None) => Some(shown_width),
            (None, Some(_), Some(_)) => None,
        };
        let width = width.unwrap_or_else(|| match height {
            Some(height) if screen_height > 0.0 => height * screen_width / screen_height,
            _ => screen_width,
        });
        let height = height.unwrap_or_else(|| match screen_width > 0.0 {
            true => width * screen_height / screen_width,
            false => screen_height,
        });
        Viewport {
            // Browsers round down.
            width: width as u32,
            height: height as u32,
            screen: Some(screen),
            ..*phone
        }
    }
}

impl Length {
    fn parse(value: &str) -> Option<Self> {
        if value.eq_ignore_ascii_case("device-width") {
            return Some(Self::ScreenWidth);
        }
        if value.eq_ignore_ascii_case("device-height") {
            return Some(Self::ScreenHeight);
        }
        let pixels = leading_number(value).filter(|pixels| *pixels >= 0.0)?;
        Some(Self::Pixels(pixels.clamp(1.0, 10_000.0)))
    }
}

/// A zoom factor; what is not understood counts as 0, which is below the least one.
fn zoom(value: &str) -> Option<f32> {
    let factor = match value.to_ascii_lowercase().as_str() {
        "yes" => 1.0,
        "device-width" | "device-height" => 10.0,
        other => leading_number(other).unwrap_or(0.0),
    };
    (factor >= 0.0).then(|| factor.clamp(0.1, 10.0))
}

/// The number that a text begins with.
fn leading_number(text: &str) -> Option<f32> {
    // Numbers are short; what comes behind one may be anything.
    let ends = (1..=text.len().min(32)).rev();
    ends.filter_map(|end| text.get(..end))
        .filter(|number| {
            let is_of_number =
                |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
            number.bytes().all(is_of_number)
        })
        .find_map(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    const PHONE: Viewport = Viewport {
        width: 412,
        height: 823,
        ..Viewport::DESKTOP
    };

    fn layout(markup: &str) -> (u32, u32) {
        let (dom, _) = parse(markup);
        let layout = layout_viewport(&dom, &PHONE);
        (layout.width, layout.height)
    }

    /// As Chromium 156 lays them out.
    #[test]
    fn a_phone_lays_a_page_out_as_its_content_says() {
        for (content, expected) in [
            ("width=320", (320, 639)),
            ("width=device-width", (412, 823)),
            ("WIDTH=DEVICE-WIDTH", (412, 823)),
            ("initial-scale=1", (412, 823)),
            ("initial-scale=yes", (412, 823)),
            ("width=1200", (1200, 2397)),
            ("width=device-width, initial-scale=0.5", (824, 1646)),
            ("user-scalable=no", (980, 1957)),
            ("width=600,initial-scale=1", (600, 1198)),
            ("initial-scale=2", (206, 411)),
            ("width=foo", (980, 1957)),
            ("width=-5", (980, 1957)),
            ("width=0", (82, 164)),
            ("width=device-height", (823, 1644)),
            ("minimum-scale=1", (980, 1957)),
            ("maximum-scale=1", (980, 1957)),
            ("height=400", (980, 400)),
            ("width=20000", (10_000, 19_975)),
            ("width = 500; initial-scale=1", (500, 998)),
            ("", (980, 1957)),
            ("width=device-width,width=500", (500, 998)),
            ("initial-scale=0", (1648, 3292)),
            ("initial-scale=99", (82, 164)),
            ("width=500,minimum-scale=2", (500, 998)),
            ("width=500px", (500, 998)),
            ("width=1.5e2", (150, 299)),
            ("width=device-width,height=device-height", (412, 823)),
            ("width=700,height=300,initial-scale=.4", (1030, 2057)),
        ] {
            let markup = format!("<meta name=viewport content=\"{content}\">");
            assert_eq!(layout(&markup), expected, "{content}");
        }
    }

    #[test]
    fn the_last_element_counts_and_older_names_less() {
        for (markup, expected) in [
            ("", 980),
            (
                "<meta name=Viewport content=width=300><meta name=viewport content=width=1000>",
                1000,
            ),
            (
                "<meta name=viewport content=width=300><meta name=viewport content=x=1>",
                980,
            ),
            ("<meta name=HandheldFriendly content=true>", 412),
            ("<meta name=HandheldFriendly content=false>", 980),
            ("<meta name=MobileOptimized content=320>", 412),
            (
                "<meta name=viewport content=width=300><meta name=MobileOptimized content=1>",
                300,
            ),
            (
                "<noscript><meta name=viewport content=width=300></noscript>",
                980,
            ),
            ("<p>x<meta name=viewport content=width=300>", 300),
            ("<meta name=viewport>", 980),
        ] {
            assert_eq!(layout(markup).0, expected, "{markup}");
        }
    }

    #[test]
    fn a_desktop_does_not_heed_it() {
        let (dom, _) = parse("<meta name=viewport content=width=300>");
        let layout = layout_viewport(&dom, &Viewport::DESKTOP);
        assert_eq!(layout, Viewport::DESKTOP);
    }
}
