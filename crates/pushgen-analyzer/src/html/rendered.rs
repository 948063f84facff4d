//! Which elements are rendered, as far as the document itself tells (HTML Standard §15.3, §15.5).
//!
//! In: a document. Out: for every element whether it has a box. Hidden are elements with `hidden`, `popover`
//! or `style="display:none"`, closed `dialog`s, the content of a closed `details`, of media, and of an
//! `object` that shows its own resource. Style sheets are not asked.

use super::dom::{Dom, Namespace, Node};
use super::inline_style::InlineStyle;
use super::media_type::Shown;

/// One entry per element.
#[derive(Debug)]
pub(super) struct Rendered(Vec<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    rendered: bool,
    /// Whether children are, if they say nothing else.
    content: bool,
    /// A closed `details` whose summary has not come yet.
    awaits_summary: bool,
}

impl Rendered {
    /// Parents come before their children in document order, so that one pass will do.
    pub(super) fn of(dom: &Dom) -> Self {
        let mut states: Vec<State> = Vec::new();
        for element in dom.elements() {
            let state = match element.parent().map(Node::index) {
                Some(parent) => {
                    let around = states.get_mut(parent);
                    around.map_or(State::of(element, true), |around| {
                        let is_summary = around.awaits_summary && element.is("summary");
                        around.awaits_summary &= !is_summary;
                        State::of(element, around.rendered && (around.content || is_summary))
                    })
                }
                None => State::of(element, true),
            };
            states.push(state);
        }
        Self(states)
    }

    pub(super) fn has(&self, element: Node<'_>) -> bool {
        self.0
            .get(element.index())
            .is_none_or(|state| state.rendered)
    }
}

impl State {
    fn of(element: Node<'_>, around: bool) -> Self {
        let style = element
            .attribute("style")
            .map(InlineStyle::parse)
            .unwrap_or_default();
        let is_html = element.namespace() == Namespace::Html;
        let rendered = around && style.displayed.unwrap_or(!is_html || is_displayed(element));
        let is_closed_details = element.is("details") && !element.has("open");
        let shows_other = is_html
            && match element.name() {
                "video" | "audio" | "meter" | "progress" => true,
                "object" => shows_own_resource(element),
                _ => false,
            };
        Self {
            rendered,
            content: !(style.content_hidden || is_closed_details || shows_other),
            awaits_summary: is_closed_details,
        }
    }
}

/// What the browser's own style sheet says of an HTML element.
fn is_displayed(element: Node<'_>) -> bool {
    // A hidden `embed` has no size, and is there all the same.
    let hides = element.has("popover") || (element.has("hidden") && !element.is("embed"));
    !hides
        && match element.name() {
            "dialog" => element.has("open"),
            "datalist" | "rp" => false,
            _ => true,
        }
}

/// Whether an `object` takes its resource, so that its content is not shown. That the resource may be
/// missing is not seen here.
pub(crate) fn shows_own_resource(object: Node<'_>) -> bool {
    object.attribute("data").is_some_and(|url| {
        !url.trim_ascii().is_empty() && Shown::of(object.attribute("type"), url) != Shown::Nothing
    })
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    #[test]
    fn what_the_markup_hides_is_not_rendered() {
        for (markup, rendered) in [
            ("<b></b>", true),
            ("<div hidden><p><b></b></div>", false),
            ("<div hidden=until-found><b></b></div>", false),
            ("<div hidden style='display:block'><b></b></div>", true),
            ("<div style='DISPLAY: NONE'><b></b></div>", false),
            ("<div style='visibility:hidden'><b></b></div>", true),
            (
                "<div style='content-visibility:hidden'><b></b></div>",
                false,
            ),
            ("<div popover><b></b></div>", false),
            ("<dialog><b></b></dialog>", false),
            ("<dialog open><b></b></dialog>", true),
            ("<details><b></b></details>", false),
            ("<details open><b></b></details>", true),
            ("<details><summary><b></b></summary></details>", true),
            (
                "<details><p>x</p><summary><b></b></summary></details>",
                true,
            ),
            (
                "<details><summary></summary><summary><b></b></summary></details>",
                false,
            ),
            (
                "<details><div><summary><b></b></summary></div></details>",
                false,
            ),
            ("<video><b></b></video>", false),
            ("<canvas><b></b></canvas>", true),
            ("<object data=a.html><b></b></object>", false),
            ("<object data=a.swf><b></b></object>", true),
            ("<object data=a type=foo/bar><b></b></object>", true),
            ("<object data=''><b></b></object>", true),
            ("<object><b></b></object>", true),
        ] {
            let (dom, _) = parse(markup);
            let all = Rendered::of(&dom);
            let element = dom.elements().find(|element| element.is("b")).expect("b");
            assert_eq!(all.has(element), rendered, "{markup}");
        }
    }
}
