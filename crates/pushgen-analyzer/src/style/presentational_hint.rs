//! Attributes that stand for declarations (HTML §15.3, SVG 2 §6.6).
//!
//! In: the elements of a document. Out: the declarations of their attributes, which any rule overrides. Read are those that decide over
//! fonts and boxes: `face` of `font`, `type` of lists, `align` of what floats by it, and the font and display
//! attributes of SVG. Background attributes are references of the document.

use cssparser::Parser;

use super::declaration::Declaration;
use crate::html::{Dom, Namespace, Node};

/// What the attributes of a document's elements stand for: of few elements anything.
#[derive(Debug)]
pub(crate) struct PresentationalHints {
    /// In document order.
    by_element: Vec<(usize, Vec<Declaration>)>,
}

impl PresentationalHints {
    pub(crate) fn of(dom: &Dom) -> Self {
        let hints = dom
            .elements()
            .map(|element| (element.index(), declarations(element)));
        Self {
            by_element: hints.filter(|(_, hints)| !hints.is_empty()).collect(),
        }
    }

    pub(super) fn of_element(&self, element: Node<'_>) -> Option<&[Declaration]> {
        let hints = &self.by_element;
        let at = hints.binary_search_by_key(&element.index(), |(at, _)| *at);
        hints.get(at.ok()?).map(|(_, hints)| hints.as_slice())
    }
}

/// The declarations of an element's attributes; mostly none.
fn declarations(element: Node<'_>) -> Vec<Declaration> {
    let mut declarations = Vec::new();
    let mut declare = |property: &str, value: &str| {
        declarations.extend(Declaration::parse(property, &mut Parser::new(value)));
    };
    match element.namespace() {
        Namespace::Html => match element.name() {
            "font" => {
                if let Some(face) = element.attribute("face") {
                    declare("font-family", face);
                }
            }
            "ul" | "ol" | "li" | "dir" | "menu" => {
                if let Some(style) = element.attribute("type").and_then(list_style) {
                    declare("list-style-type", style);
                }
            }
            "img" | "table" | "iframe" | "object" | "embed" | "applet" => {
                let align = element.attribute("align").unwrap_or_default().trim_ascii();
                if align.eq_ignore_ascii_case("left") || align.eq_ignore_ascii_case("right") {
                    declare("float", "left");
                }
            }
            _ => {}
        },
        Namespace::Svg => {
            for (name, value) in element.attributes() {
                if matches!(
                    &**name,
                    "font-family"
                        | "font-weight"
                        | "font-style"
                        | "font-stretch"
                        | "display"
                        | "visibility"
                ) {
                    declare(name, value);
                }
            }
        }
        Namespace::MathMl => {}
    }
    declarations
}

/// The counter style that `type` of a list or an item names.
fn list_style(value: &str) -> Option<&'static str> {
    Some(match value {
        "1" => "decimal",
        "a" => "lower-alpha",
        "A" => "upper-alpha",
        "i" => "lower-roman",
        "I" => "upper-roman",
        _ => match value.to_ascii_lowercase().as_str() {
            "none" => "none",
            "disc" => "disc",
            "circle" => "circle",
            "square" => "square",
            _ => return None,
        },
    })
}
