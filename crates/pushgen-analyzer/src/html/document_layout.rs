//! Where in a document's text its elements stand: how many bytes must have arrived before a browser knows of them.
//!
//! In: the text and its elements. Out: for each element the place behind its start tag, where the body begins, and where
//! its first content is. The tags of the text are matched with the elements of the tree in their common order; tags that
//! made no element, and elements without a tag of their own, are passed over. In odd markup (misnested tables and
//! formatting) places are estimates: nothing but the model of a page load depends on them.

use super::dom::{Dom, Namespace, Node};
use super::tag_scan::{Tag, Tags};

/// How many elements without tags may stand between two with one.
const WINDOW: usize = 8;

/// Of the text of the first content as much as a first paint may show.
const FIRST_TEXT: usize = 64;

/// The places of a document's elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentLayout {
    /// Bytes of the text.
    pub(crate) bytes: usize,
    /// Behind the tag of the body, or before the first one in it.
    pub(crate) body_at: usize,
    /// Behind the first content; none if scripts draw it.
    pub(crate) content_at: Option<usize>,
    /// By element, behind its start tag; 0 for those without, and for those behind the last that matters.
    ends: Vec<usize>,
}

impl DocumentLayout {
    /// Reads the text as far as the first content and the element `last`.
    pub(crate) fn of(text: &str, dom: &Dom, last: usize) -> Self {
        let body = dom.elements().find(|element| element.is("body"));
        let body = body.map_or(dom.len(), Node::index);
        let content = dom
            .elements()
            .skip(body)
            .find(|element| is_content(*element));
        let last = last.max(content.map_or(body + 1, Node::index));
        let mut ends = vec![0; dom.len().min(last + 1)];
        let mut body_at = None;
        let mut next = 0;
        let mut inert = 0u32;
        for tag in Tags::of(text) {
            if next > last {
                break;
            }
            if tag.is("template") && (inert > 0 || !declares_shadow_root(text, &tag)) {
                inert += 1;
                // The element itself is in the tree.
                if inert > 1 {
                    continue;
                }
            } else if tag.is("/template") {
                inert = inert.saturating_sub(1);
            } else if inert > 0 {
                continue;
            }
            let window = (next..next + WINDOW).filter_map(|at| dom.element(at));
            let made = window.into_iter().find(|element| tag.is(element.name()));
            let Some(made) = made.map(Node::index) else {
                continue;
            };
            if made > body && body_at.is_none() {
                body_at = Some(tag.start);
            }
            if made == body {
                body_at = Some(tag.end);
            }
            if let Some(end) = ends.get_mut(made) {
                *end = tag.end;
            }
            next = made + 1;
        }
        let place = |element: Node<'_>| ends.get(element.index()).copied().filter(|end| *end > 0);
        let content_at = content.map(|content| {
            let shown = content.text().len().min(FIRST_TEXT);
            place(content).map_or(text.len(), |end| (end + shown).min(text.len()))
        });
        Self {
            bytes: text.len(),
            body_at: body_at.unwrap_or(text.len()),
            content_at,
            ends,
        }
    }

    /// How much of the text a first paint needs: up to the first content, or what comes before the body.
    pub(crate) fn first_paint(&self) -> usize {
        self.content_at.unwrap_or(self.body_at)
    }

    /// The place behind an element's start tag, if it has one.
    pub(crate) fn end_of_tag(&self, element: usize) -> Option<usize> {
        self.ends.get(element).copied().filter(|end| *end > 0)
    }
}

impl Tag<'_> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

fn declares_shadow_root(text: &str, tag: &Tag<'_>) -> bool {
    let tag = text.get(tag.start..tag.end).unwrap_or_default();
    tag.to_ascii_lowercase().contains("shadowrootmode")
}

/// Whether an element of the body counts for the first contentful paint (Paint Timing §3.1), as far as its markup tells.
fn is_content(element: Node<'_>) -> bool {
    if element.namespace() != Namespace::Html {
        return element.name() == "svg";
    }
    match element.name() {
        "script" | "style" | "noscript" | "template" | "title" | "option" | "textarea"
        | "iframe" | "object" => false,
        "img" | "video" => element.has("src") || element.has("poster"),
        _ => !element.text().trim_ascii().is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    /// The text up to each of the places: body, content, and the ends of the tags of these elements.
    fn places<'t>(text: &'t str, names: &[&str]) -> Vec<&'t str> {
        let (dom, _) = parse(text);
        let layout = DocumentLayout::of(text, &dom, dom.len());
        let mut places = vec![layout.body_at, layout.content_at.unwrap_or(0)];
        for name in names {
            let found = dom.elements().filter(|element| element.is(name));
            places.extend(found.map(|found| layout.end_of_tag(found.index()).unwrap_or(0)));
        }
        let before = |at: usize| {
            let start = text.floor_char_boundary(at.saturating_sub(6));
            text.get(start..at).unwrap_or_default()
        };
        places.into_iter().map(before).collect()
    }

    #[test]
    fn elements_stand_where_their_tags_end() {
        for (text, names, expected) in [
            (
                "<!doctype html><head><link href=a><title><b></title><body class=c><h1>Title</h1><img src=i>",
                vec!["link", "img"],
                vec!["ass=c>", ">Title", "ref=a>", "src=i>"],
            ),
            // Without tags for head and body, a comment with a tag in it, and an attribute with `>`.
            (
                "<!-- <link> --><link title='>' href=a><p>One<link href=b>",
                vec!["link", "body"],
                vec!["ref=a>", "<p>One", "ref=a>", "ref=b>", ""],
            ),
            // What is in a template makes no element; what is raw text makes none.
            (
                "<body><template><img src=a><template></template></template><noscript><img></noscript><script>'<img>'</script><img src=b>",
                vec!["img"],
                vec!["<body>", "src=b>", "src=b>"],
            ),
            // Tags that the parser drops, and elements that it adds.
            (
                "<body></p><table><tr><td>x<body><img src=a>",
                vec!["img", "tbody"],
                vec!["<body>", "><td>x", "src=a>", ""],
            ),
            (
                "<script src=a></script>",
                vec!["script"],
                vec!["", "", "src=a>"],
            ),
        ] {
            let mut expected: Vec<&str> = expected;
            if expected.first() == Some(&"") {
                expected[0] = "cript>";
            }
            assert_eq!(places(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_read_beyond_what_matters() {
        let text = "<body><p>x<img src=a>";
        let (dom, _) = parse(text);
        let layout = DocumentLayout::of(text, &dom, 0);
        let image = dom.elements().find(|element| element.is("img"));
        let at = image.map(Node::index).unwrap_or_default();
        assert_eq!(layout.end_of_tag(at), None);
    }
}
