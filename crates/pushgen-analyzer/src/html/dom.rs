//! The document's elements in a flat arena: what is left of a parsed page.
//!
//! Elements lie in document order, with the parent as an index, attributes and raw text as
//! ranges of one string. It holds no type of the parser, is `Send`, and is filled in
//! one walk, so that the parser behind it can be replaced. Text is kept for `style` and `script`
//! only: nothing that is worked out today reads the text of a page.

use std::ops::Range;

use html5ever::LocalName;

/// An element; an index into one [`Dom`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ElementId(u32);

/// The namespaces that the HTML parser knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Html,
    Svg,
    MathMl,
}

#[derive(Debug)]
struct Element {
    name: LocalName,
    namespace: Namespace,
    parent: Option<ElementId>,
    attributes: Range<u32>,
    text: Range<u32>,
    line: u32,
}

#[derive(Debug)]
struct Attribute {
    name: LocalName,
    value: Range<u32>,
}

/// The elements of one document.
#[derive(Debug, Default)]
pub(crate) struct Dom {
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
    text: String,
}

/// An element with the arena that it lies in.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    dom: &'d Dom,
    id: ElementId,
}

impl Dom {
    /// An empty arena with room for so many elements.
    pub(super) fn with_capacity(elements: usize) -> Self {
        Self {
            elements: Vec::with_capacity(elements),
            attributes: Vec::with_capacity(elements),
            ..Self::default()
        }
    }

    /// Adds an element after everything that is there, as the last child of `parent`.
    pub(super) fn push(
        &mut self,
        name: LocalName,
        namespace: Namespace,
        parent: Option<ElementId>,
        line: u32,
    ) -> ElementId {
        // A document is at most MAX_DOCUMENT bytes, and the parser is stopped when it makes more
        // elements than that, so that neither index can overflow.
        let id = ElementId(u32::try_from(self.elements.len()).unwrap_or(u32::MAX));
        let at = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        self.elements.push(Element {
            name,
            namespace,
            parent,
            attributes: at..at,
            text: 0..0,
            line,
        });
        id
    }

    /// Adds an attribute to the element that was pushed last.
    pub(super) fn push_attribute(&mut self, name: LocalName, value: &str) {
        let value = self.store(value);
        self.attributes.push(Attribute { name, value });
        if let Some(element) = self.elements.last_mut() {
            element.attributes.end += 1;
        }
    }

    /// Adds to the raw text of the element that was pushed last.
    pub(super) fn push_text(&mut self, text: &str) {
        let text = self.store(text);
        if let Some(element) = self.elements.last_mut() {
            if element.text.is_empty() {
                element.text.start = text.start;
            }
            element.text.end = text.end;
        }
    }

    fn store(&mut self, text: &str) -> Range<u32> {
        let start = self.text.len();
        self.text.push_str(text);
        let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        index(start)..index(self.text.len())
    }

    /// Every element in document order.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Node<'_>> {
        (0u32..).zip(&self.elements).map(|(id, _)| Node {
            dom: self,
            id: ElementId(id),
        })
    }
}

impl<'d> Node<'d> {
    fn element(self) -> &'d Element {
        &self.dom.elements[self.id.0 as usize]
    }

    fn node(self, id: Option<ElementId>) -> Option<Self> {
        id.map(|id| Node { dom: self.dom, id })
    }

    /// The element's place in document order.
    pub(super) fn index(self) -> usize {
        self.id.0 as usize
    }

    /// The local name, lower case for HTML elements.
    pub(crate) fn name(self) -> &'d str {
        &self.element().name
    }

    pub(crate) fn namespace(self) -> Namespace {
        self.element().namespace
    }

    /// Whether this is the HTML element of that name.
    pub(crate) fn is(self, name: &str) -> bool {
        self.namespace() == Namespace::Html && self.name() == name
    }

    /// The value of an attribute, which may be empty; of SVG's `xlink:href` under that name.
    pub(crate) fn attribute(self, name: &str) -> Option<&'d str> {
        let range = &self.element().attributes;
        self.dom.attributes[range.start as usize..range.end as usize]
            .iter()
            .find(|attribute| &*attribute.name == name)
            .map(|attribute| {
                &self.dom.text[attribute.value.start as usize..attribute.value.end as usize]
            })
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// The text of a `style` or `script` element.
    pub(crate) fn text(self) -> &'d str {
        let range = &self.element().text;
        &self.dom.text[range.start as usize..range.end as usize]
    }

    /// The line that the start tag begins on, counted from 1; 0 for elements that refer to nothing.
    pub(crate) fn line(self) -> u32 {
        self.element().line
    }

    pub(crate) fn parent(self) -> Option<Self> {
        self.node(self.element().parent)
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.dom, other.dom) && self.id == other.id
    }
}
