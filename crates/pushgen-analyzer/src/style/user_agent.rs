//! The browser's own style of an element, as far as it decides what is fetched.
//!
//! In: the name and attributes of an element. Out: what holds where no sheet says anything. Follows HTML §15.3 as
//! Chromium 156 has it (told by `getComputedStyle`): `b` is `bolder`, `option` has weight 400, `summary` is a block,
//! a form control takes the font of the user interface. Which elements a closed `details`, a `video` or an `object`
//! hides is for the document to say.

use super::property::Longhand;
use super::value::{
    Content, ContentText, Display, Family, Generic, ListStyleType, Slope, TextTransform, Value,
    Weight, WhiteSpaceCollapse,
};
use crate::html::Namespace;

/// The defaults of one element; what is none is inherited, or initial.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct UserAgentStyle {
    display: Option<Display>,
    family: Option<Generic>,
    weight: Option<Weight>,
    slope: Option<Slope>,
    stretch: Option<f32>,
    text_transform: Option<TextTransform>,
    white_space: Option<WhiteSpaceCollapse>,
    is_decimal: bool,
    quote: Option<Quote>,
}

/// What the browser puts around `q`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quote {
    Open,
    Close,
}

impl UserAgentStyle {
    /// The style of an element.
    pub(crate) fn of<'a>(
        namespace: Namespace,
        name: &str,
        attribute: impl Fn(&str) -> Option<&'a str>,
        quirks: bool,
    ) -> Self {
        match namespace {
            Namespace::Html => Self::html(name, attribute, quirks),
            Namespace::Svg => Self {
                display: matches!(name, "text" | "foreignObject").then_some(Display::Block),
                ..Self::default()
            },
            Namespace::MathMl if name == "math" => Self {
                display: Some(Display::Math),
                family: Some(Generic::Math),
                weight: Some(Weight::Number(400.0)),
                slope: Some(Slope::NORMAL),
                ..Self::default()
            },
            Namespace::MathMl => Self {
                display: Some(Display::Math),
                text_transform: (name == "mi").then_some(TextTransform::MathAuto),
                ..Self::default()
            },
        }
    }

    /// The style of `q::before` and `q::after`.
    pub(crate) fn of_quotation_mark(is_open: bool) -> Self {
        Self {
            quote: Some(if is_open { Quote::Open } else { Quote::Close }),
            ..Self::default()
        }
    }

    fn html<'a>(name: &str, attribute: impl Fn(&str) -> Option<&'a str>, quirks: bool) -> Self {
        let input_type = || attribute("type").unwrap_or_default().to_ascii_lowercase();
        let mut style = Self {
            display: Some(html_display(name)),
            ..Self::default()
        };
        match name {
            "b" | "strong" | "optgroup" => style.weight = Some(Weight::Bolder),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "th" => {
                style.weight = Some(Weight::Number(700.0));
            }
            "option" => style.weight = Some(Weight::Number(400.0)),
            "i" | "em" | "cite" | "var" | "dfn" | "address" => style.slope = Some(Slope::ITALIC),
            "pre" | "xmp" | "listing" | "plaintext" | "code" | "kbd" | "samp" | "tt" => {
                style.family = Some(Generic::Monospace);
                style.white_space = matches!(name, "pre" | "xmp" | "listing" | "plaintext")
                    .then_some(WhiteSpaceCollapse::Preserve);
            }
            "button" | "input" | "select" | "textarea" => {
                let is_monospace = name == "textarea"
                    || (name == "input"
                        && matches!(
                            input_type().as_str(),
                            "date" | "datetime-local" | "month" | "time" | "week"
                        ));
                style.family = Some(if is_monospace {
                    Generic::Monospace
                } else {
                    Generic::SystemUi
                });
                style.weight = Some(Weight::Number(400.0));
                style.slope = Some(Slope::NORMAL);
                style.stretch = Some(100.0);
                style.text_transform = Some(TextTransform::None);
            }
            "ol" => style.is_decimal = true,
            "table" if quirks => {
                style.weight = Some(Weight::Number(400.0));
                style.slope = Some(Slope::NORMAL);
                style.white_space = Some(WhiteSpaceCollapse::Collapse);
            }
            _ => {}
        }
        let is_closed = match name {
            "dialog" => attribute("open").is_none(),
            "audio" => attribute("controls").is_none(),
            "input" => input_type() == "hidden",
            _ => false,
        };
        let is_hidden = attribute("popover").is_some()
            || (attribute("hidden")
                .is_some_and(|value| !value.eq_ignore_ascii_case("until-found"))
                && name != "embed");
        if is_closed || is_hidden {
            style.display = Some(Display::None);
        }
        style
    }

    /// The value for a longhand, if there is one.
    pub(super) fn value(&self, longhand: Longhand) -> Option<Value> {
        Some(match longhand {
            Longhand::Display => Value::Display(self.display?),
            Longhand::FontFamily => Value::Families([Family::Generic(self.family?)].into()),
            Longhand::FontWeight => Value::Weight(self.weight?),
            Longhand::FontStyle => Value::Style(self.slope?),
            Longhand::FontStretch => Value::Stretch(self.stretch?),
            Longhand::TextTransform => Value::TextTransform(self.text_transform?),
            Longhand::WhiteSpaceCollapse => Value::WhiteSpaceCollapse(self.white_space?),
            Longhand::ListStyleType if self.is_decimal => {
                Value::ListStyleType(ListStyleType::Counter("decimal".into()))
            }
            Longhand::Content => Value::Content(Content::List {
                texts: [match self.quote? {
                    Quote::Open => ContentText::OpenQuote,
                    Quote::Close => ContentText::CloseQuote,
                }]
                .into(),
                images: [].into(),
            }),
            _ => return None,
        })
    }
}

fn html_display(name: &str) -> Display {
    match name {
        "area" | "base" | "datalist" | "head" | "link" | "meta" | "noembed" | "noframes"
        | "noscript" | "param" | "rp" | "script" | "style" | "template" | "title" => Display::None,
        "html" | "body" | "address" | "article" | "aside" | "blockquote" | "center" | "dd"
        | "details" | "dialog" | "dir" | "div" | "dl" | "dt" | "fieldset" | "figcaption"
        | "figure" | "footer" | "form" | "frame" | "frameset" | "h1" | "h2" | "h3" | "h4"
        | "h5" | "h6" | "header" | "hgroup" | "hr" | "legend" | "listing" | "main" | "menu"
        | "nav" | "ol" | "optgroup" | "option" | "p" | "plaintext" | "pre" | "search"
        | "section" | "ul" | "xmp" => Display::Block,
        "li" | "summary" => Display::ListItem,
        "button" | "input" | "select" | "textarea" | "marquee" | "meter" | "progress" => {
            Display::InlineBlock
        }
        "wbr" => Display::Inline,
        "table" | "thead" | "tbody" | "tfoot" | "tr" | "col" | "colgroup" => Display::Table,
        "td" | "th" | "caption" => Display::TableCell,
        "ruby" | "rt" => Display::Ruby,
        "slot" => Display::Contents,
        _ => Display::Inline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_has_a_style_of_its_own() {
        let of = |name: &str, attributes: &'static [(&str, &str)]| {
            let value = |name: &str| {
                let found = attributes.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| *value)
            };
            UserAgentStyle::of(Namespace::Html, name, value, false)
        };
        for (name, attributes, display) in [
            ("div", &[][..], Display::Block),
            ("div", &[("hidden", "")], Display::None),
            ("div", &[("hidden", "until-found")], Display::Block),
            ("div", &[("popover", "")], Display::None),
            ("embed", &[("hidden", "")], Display::Inline),
            ("dialog", &[], Display::None),
            ("dialog", &[("open", "")], Display::Block),
            ("input", &[("type", "HIDDEN")], Display::None),
            ("audio", &[], Display::None),
            ("audio", &[("controls", "")], Display::Inline),
            ("unheard-of", &[], Display::Inline),
        ] {
            assert_eq!(
                of(name, attributes).display,
                Some(display),
                "{name} {attributes:?}"
            );
        }
        assert_eq!(of("code", &[]).family, Some(Generic::Monospace));
        assert_eq!(of("input", &[]).family, Some(Generic::SystemUi));
        assert_eq!(
            of("input", &[("type", "date")]).family,
            Some(Generic::Monospace)
        );
        assert_eq!(of("strong", &[]).weight, Some(Weight::Bolder));
        assert_eq!(of("th", &[]).weight, Some(Weight::Number(700.0)));
        assert_eq!(of("cite", &[]).slope, Some(Slope::ITALIC));
        assert_eq!(of("p", &[]).family, None);
        for (is_open, quote) in [
            (true, ContentText::OpenQuote),
            (false, ContentText::CloseQuote),
        ] {
            let value = UserAgentStyle::of_quotation_mark(is_open).value(Longhand::Content);
            let Some(Value::Content(Content::List { texts, .. })) = value else {
                panic!("{value:?}");
            };
            assert_eq!(*texts, [quote]);
        }
    }
}
