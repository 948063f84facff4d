//! Text to [`Dom`]: html5ever with its reference tree, in one file, behind our own types.
//!
//! html5ever implements the parsing algorithm of the HTML Standard (§13.2), rcdom holds the tree. The
//! sink around rcdom adds what that tree leaves out: the line of every element that can refer to
//! something. Scripting counts as enabled, so the content of `noscript` is text.
//!
//! The text is fed in pieces, and parsing stops with a word on why when a document makes too much
//! [`Work`] or has a tag that is too long.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{Attribute, ExpandedName, LocalName, QualName, TokenizerResult, local_name, ns};
use markup5ever_rcdom::{Handle, Node, NodeData, RcDom};

use super::dom::{Dom, ElementId, Namespace};
use super::long_tag;
use super::preload_scanner::{PreloadScanner, SeesBody};
use super::tag_lines::TagLines;
use super::work::{Stopped, Work};

/// Bytes between two looks at the work.
const PIECE: usize = 2 << 10;

/// Parses a document. The tree of a document that was stopped holds what came before.
pub(crate) fn parse(text: &str) -> (Dom, Option<Stopped>) {
    let sink = LineSink::new();
    let builder = TreeBuilder::new(sink, TreeBuilderOpts::default());
    let scanner = PreloadScanner::new(builder);
    let tokenizer = Tokenizer::new(scanner, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut stopped = None;
    // A tag with thousands of attributes is left out with all that follows it.
    let mut rest = text;
    let mut looked_for_long_tags = false;
    while !rest.is_empty() {
        // A character is at most four bytes, so a piece is never empty.
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        let sink = &tokenizer.sink.builder.sink;
        let tokens = sink.tokens.get();
        queue.push_back(StrTendril::from_slice(piece));
        // It stops at the end of every script, too.
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        rest = after;
        stopped = stopped.or_else(|| sink.limit_passed(text.len()));
        if matches!(
            stopped,
            Some(Stopped::Depth { .. } | Stopped::Growth { .. })
        ) {
            break;
        }
        if tokens == sink.tokens.get() && !looked_for_long_tags {
            looked_for_long_tags = true;
            if let Some(start) = long_tag::find(text) {
                stopped = Some(Stopped::Attributes {
                    line: sink.line.get(),
                });
                let read = text.len() - rest.len();
                rest = text.get(read..start).unwrap_or_default();
            }
        }
    }
    tokenizer.end();
    (arena(&tokenizer.sink.builder.sink, text), stopped)
}

/// rcdom, and the line of each element that can refer to something.
struct LineSink {
    dom: RcDom,
    line: Cell<u32>,
    /// How many tokens the tree builder has seen.
    tokens: Cell<usize>,
    lines: RefCell<HashMap<*const Node, Place>>,
    /// The preload scanner takes what comes now for a part of the body.
    in_body: Cell<bool>,
    /// The names of the elements that have a line.
    names: RefCell<HashSet<LocalName>>,
    work: Work,
    last: RefCell<Option<Handle>>,
    /// A script that the document ends in: it is never run.
    unclosed: RefCell<Option<Handle>>,
}

/// Where the tag of an element ends.
#[derive(Clone, Copy)]
struct Place {
    line: u32,
    in_body: bool,
}

impl LineSink {
    fn new() -> Self {
        Self {
            dom: RcDom::default(),
            line: Cell::new(1),
            tokens: Cell::new(0),
            lines: RefCell::default(),
            in_body: Cell::new(false),
            names: RefCell::default(),
            work: Work::default(),
            last: RefCell::new(None),
            unclosed: RefCell::new(None),
        }
    }

    fn place(&self) -> Place {
        Place {
            line: self.line.get(),
            in_body: self.in_body.get(),
        }
    }

    /// Looks at the work that a document of `bytes` has made so far.
    fn limit_passed(&self, bytes: usize) -> Option<Stopped> {
        let mut depth = 0;
        let mut node = self.last.borrow().clone();
        while let Some(current) = node {
            depth += 1;
            node = parent(&current);
        }
        self.work.look(depth, bytes, self.line.get())
    }
}

fn parent(node: &Handle) -> Option<Handle> {
    let parent = node.parent.take();
    node.parent.set(parent.clone());
    parent.and_then(|parent| parent.upgrade())
}

/// Whether an element can make the browser fetch something, by its name or an attribute; or, as a
/// `track` without `src`, keeps another one from it. An `img` may have its image from a `picture`.
fn refers(name: &QualName, attributes: &[Attribute]) -> bool {
    matches!(
        name.local,
        local_name!("link")
            | local_name!("script")
            | local_name!("style")
            | local_name!("meta")
            | local_name!("base")
            | local_name!("track")
            | local_name!("img")
    ) || attributes.iter().any(|attribute| {
        matches!(
            attribute.name.local,
            local_name!("src")
                | local_name!("srcset")
                | local_name!("style")
                | local_name!("poster")
                | local_name!("background")
                | local_name!("data")
        ) || (name.ns == ns!(svg)
            && (attribute.name.local == local_name!("href")
                || super::svg_paint::is_paint(&attribute.name.local)))
    })
}

impl SeesBody for LineSink {
    fn see_body(&self) {
        self.in_body.set(true);
    }
}

impl TreeSink for LineSink {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a>
        = ExpandedName<'a>
    where
        Self: 'a;

    fn finish(self) -> Self {
        self
    }

    fn set_current_line(&self, line: u64) {
        self.line.set(u32::try_from(line).unwrap_or(u32::MAX));
        self.tokens.set(self.tokens.get() + 1);
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Handle {
        let refers = refers(&name, &attributes);
        if refers && !self.names.borrow().contains(&name.local) {
            self.names.borrow_mut().insert(name.local.clone());
        }
        self.work.element(&name.local, attributes.len());
        let element = self.dom.create_element(name, attributes, flags);
        if refers {
            self.lines
                .borrow_mut()
                .insert(Rc::as_ptr(&element), self.place());
        }
        self.last.replace(Some(Rc::clone(&element)));
        element
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        if let Some(parent) = parent(sibling) {
            self.work.search(parent.children.borrow().len());
        }
        self.dom.append_before_sibling(sibling, child);
    }

    // Browsers parse on after every error, and so does this.
    fn parse_error(&self, _message: std::borrow::Cow<'static, str>) {}

    // A copy of an option's content inside its select; it refers to what the option refers to.
    fn maybe_clone_an_option_into_selectedcontent(&self, _option: &Handle) {}

    // The tree builder marks a script when the document ends inside it (HTML §13.2.6.4.8).
    fn mark_script_already_started(&self, node: &Handle) {
        self.unclosed.replace(Some(Rc::clone(node)));
    }

    fn get_document(&self) -> Handle {
        self.dom.get_document()
    }
    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        self.dom.elem_name(target)
    }
    fn create_comment(&self, text: StrTendril) -> Handle {
        self.dom.create_comment(text)
    }
    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        self.dom.create_pi(target, data)
    }
    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.dom.append(parent, child);
    }
    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        previous: &Handle,
        child: NodeOrText<Handle>,
    ) {
        if parent(element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }
    fn append_doctype_to_document(
        &self,
        name: StrTendril,
        public_id: StrTendril,
        system_id: StrTendril,
    ) {
        self.dom
            .append_doctype_to_document(name, public_id, system_id);
    }
    fn get_template_contents(&self, target: &Handle) -> Handle {
        self.dom.get_template_contents(target)
    }
    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        self.dom.same_node(x, y)
    }
    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.dom.set_quirks_mode(mode);
    }
    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        // Attributes of a second `<body>` or `<html>` tag.
        if attributes
            .iter()
            .any(|attribute| attribute.name.local == local_name!("background"))
        {
            self.names.borrow_mut().insert(local_name!("body"));
            self.lines
                .borrow_mut()
                .entry(Rc::as_ptr(target))
                .or_insert(self.place());
        }
        self.dom.add_attrs_if_missing(target, attributes);
    }
    fn remove_from_parent(&self, target: &Handle) {
        self.dom.remove_from_parent(target);
    }
    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.dom.reparent_children(node, new_parent);
    }
    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        self.dom.is_mathml_annotation_xml_integration_point(handle)
    }
}

/// The tree as an arena: one walk in document order, with a stack of its own.
fn arena(sink: &LineSink, text: &str) -> Dom {
    let mut dom = Dom::with_capacity(sink.work.elements());
    if sink.dom.quirks_mode.get() == QuirksMode::Quirks {
        dom.set_quirks();
    }
    let lines = sink.lines.borrow();
    let last = lines.values().map(|place| place.line).max().unwrap_or(0);
    let starts = TagLines::new(text, &sink.names.borrow(), last);
    let mut stack: Vec<(Handle, Option<ElementId>)> = Vec::new();
    push_children(&mut stack, &sink.dom.document, None);
    let unclosed = sink.unclosed.borrow();
    while let Some((node, parent)) = stack.pop() {
        if unclosed
            .as_ref()
            .is_some_and(|script| Rc::ptr_eq(script, &node))
        {
            continue;
        }
        let NodeData::Element {
            name,
            attrs,
            template_contents,
            ..
        } = &node.data
        else {
            continue;
        };
        let place = lines.get(&Rc::as_ptr(&node));
        let line = place.map_or(0, |place| starts.start_of(&name.local, place.line));
        let namespace = match name.ns {
            ns!(svg) => Namespace::Svg,
            ns!(mathml) => Namespace::MathMl,
            _ => Namespace::Html,
        };
        let element = dom.push(name.local.clone(), namespace, parent, line);
        if place.is_some_and(|place| place.in_body) {
            dom.set_scanned_in_body();
        }
        for attribute in attrs.borrow().iter() {
            dom.push_attribute(qualified(&attribute.name), &attribute.value);
        }
        for child in node.children.borrow().iter() {
            if let NodeData::Text { contents } = &child.data {
                dom.push_text(&contents.borrow());
            }
        }
        if let Some(contents) = template_contents.borrow().as_ref() {
            // A template is inert unless it declares a shadow root.
            if declares_shadow_root(&attrs.borrow()) {
                push_children(&mut stack, contents, Some(element));
            }
        }
        let bytes = push_children(&mut stack, &node, Some(element));
        dom.set_text_bytes(element, bytes);
    }
    dom
}

/// The name that an attribute is kept under.
fn qualified(name: &QualName) -> LocalName {
    if name.ns == ns!() {
        return name.local.clone();
    }
    match &name.prefix {
        Some(prefix) if !prefix.is_empty() => LocalName::from(format!("{prefix}:{}", name.local)),
        _ => name.local.clone(),
    }
}

/// Puts the elements among the children on the stack. Returns how much text is beside them.
fn push_children(
    stack: &mut Vec<(Handle, Option<ElementId>)>,
    node: &Handle,
    parent: Option<ElementId>,
) -> usize {
    let mut bytes = 0;
    let children = node.children.borrow();
    let elements = children.iter().rev().filter(|child| match child.data {
        NodeData::Element { .. } => true,
        NodeData::Text { ref contents } => {
            bytes += contents.borrow().len();
            false
        }
        _ => false,
    });
    stack.extend(elements.map(|child| (Rc::clone(child), parent)));
    bytes
}

pub(super) fn declares_shadow_root(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        &*attribute.name.local == "shadowrootmode"
            && (attribute.value.eq_ignore_ascii_case("open")
                || attribute.value.eq_ignore_ascii_case("closed"))
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn lines(text: &str) -> Vec<(String, u32)> {
        let (dom, stopped) = parse(text);
        assert_eq!(stopped, None);
        dom.elements()
            .filter(|e| e.line() > 0)
            .map(|e| (e.name().to_owned(), e.line()))
            .collect()
    }

    #[test]
    fn elements_know_the_line_that_their_tag_starts_on() {
        let text = "<!doctype html>\n<link rel=x>\r\n<script\n  src='a.js'\n></script>\n\n<img src=a><img\nsrc=b>\n<p>";
        let expected = [("link", 2), ("script", 3), ("img", 7), ("img", 7)];
        assert_eq!(
            lines(text),
            expected.map(|(name, line)| (name.to_owned(), line))
        );
    }

    #[test]
    fn inert_content_is_not_in_the_tree() {
        let text = "<template><img src=a></template><noscript><img src=b></noscript><!-- <img src=c> -->
            <textarea><img src=d></textarea><div><template shadowrootmode=open><img src=e></template></div>";
        let (dom, _) = parse(text);
        let found: Vec<_> = dom.elements().filter_map(|e| e.attribute("src")).collect();
        assert_eq!(found, ["e"]);
    }

    #[test]
    fn elements_keep_their_text() {
        let page = "<!doctype html><p>one <b>two</b> three<style>a{}</style><i> </i><u></u>";
        let (dom, _) = parse(page);
        let found: Vec<_> = dom
            .elements()
            .filter(|e| !["html", "head", "body"].contains(&e.name()))
            .map(|e| (e.name(), e.text(), e.has_text()))
            .collect();
        let expected = [
            ("p", "one  three", true),
            ("b", "two", true),
            ("style", "a{}", true),
            ("i", " ", true),
            ("u", "", false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_document_type_decides_about_quirks() {
        for (page, quirks) in [
            ("<!doctype html><p>", false),
            ("<p>", true),
            ("<!doctype foo><p>", true),
            (
                "<!doctype html public '-//W3C//DTD XHTML 1.0 Transitional//EN'><p>",
                false,
            ),
        ] {
            assert_eq!(parse(page).0.is_quirks(), quirks, "{page}");
        }
    }

    #[test]
    fn the_arena_links_parents_in_document_order() {
        let (dom, _) = parse("<div><p>1<b>2</b><p>3</div><i>4");
        let names: Vec<_> = dom.elements().map(Node::name).collect();
        assert_eq!(names, ["html", "head", "body", "div", "p", "b", "p", "i"]);
        let parents: Vec<_> = dom
            .elements()
            .map(|e| e.parent().map_or("", Node::name))
            .collect();
        assert_eq!(
            parents,
            ["", "html", "html", "body", "div", "p", "div", "body"]
        );
    }

    use super::super::dom::Node;

    #[test]
    fn hostile_documents_end_in_bounded_time_with_a_word_on_why() {
        let nested = "<div>".repeat(100_000);
        let compared = |n: usize, open: &str| format!("{open}<b z{n} b c d e f g h>");
        let formatting: String = (0..500)
            .map(|n| compared(n, ""))
            .chain((0..50_000).map(|n| compared(n, "</b>")))
            .collect();
        let mut grown = String::from("<p>");
        grown.extend((0..500).map(|n| format!("<b a{n}>")));
        grown.push_str(&" ".repeat(PIECE - grown.len() % PIECE));
        grown.push_str(&"<p>a".repeat(100_000));
        let rebuilt: String = (0..100_000).map(|n| format!("<p><b id={n}>")).collect();
        let fostered = format!("<table>{}", "<b></b>".repeat(300_000));
        let attributes = format!(
            "<a {}",
            (0..300_000).map(|n| format!("a{n}=1 ")).collect::<String>()
        );
        for (name, text, stops) in [
            ("nested", nested, true),
            ("rebuilt", rebuilt, true),
            ("formatting", formatting, true),
            ("grown", grown, true),
            ("fostered", fostered, true),
            ("attributes", attributes, true),
            (
                "a data URL of a megabyte",
                format!(
                    "<img src='data:image/png;base64,{}'>",
                    "QUJD".repeat(300_000)
                ),
                false,
            ),
            ("a long line", "word ".repeat(300_000), false),
        ] {
            let start = Instant::now();
            let (_, stopped) = parse(&text);
            assert_eq!(stopped.is_some(), stops, "{name}");
            // Seconds even without optimisation; the quadratic cases would take minutes.
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{name}: {:?}",
                start.elapsed()
            );
        }
    }
}
