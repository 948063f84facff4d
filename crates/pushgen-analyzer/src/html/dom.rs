//! The document's elements in a flat arena: what is left of a parsed page.
//!
//! Elements lie in document order, with the parent as an index, attributes and raw text as
//! ranges of one string. It holds no type of the parser, is `Send`, and is filled in
//! one walk, so that the parser behind it can be replaced. Of an element's text nodes, that between its children,
//! only the characters are kept and not the places.
//! An attribute with a namespace is kept under its qualified name, `xlink:href`.

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
    /// The bytes of the text among its children, white space included.
    text_bytes: u32,
    /// Whether a tag `<body>` or `<img>` came before.
    scanned_in_body: bool,
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
    quirks: bool,
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
            text_bytes: 0,
            scanned_in_body: false,
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

    /// Tells that the preload scanner takes the element that was pushed last for a part of the body.
    pub(super) fn set_scanned_in_body(&mut self) {
        if let Some(element) = self.elements.last_mut() {
            element.scanned_in_body = true;
        }
    }

    /// Tells that the document is in quirks mode.
    pub(super) fn set_quirks(&mut self) {
        self.quirks = true;
    }

    /// Tells how much text an element has among its children.
    pub(super) fn set_text_bytes(&mut self, id: ElementId, bytes: usize) {
        if let Some(element) = self.elements.get_mut(id.0 as usize) {
            element.text_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        }
    }

    /// Adds to the text of the element that was pushed last.
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

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether the document is in quirks mode (not in limited quirks mode).
    pub(crate) fn is_quirks(&self) -> bool {
        self.quirks
    }

    /// The element with this [`Node::index`].
    pub(crate) fn element(&self, index: usize) -> Option<Node<'_>> {
        let id = u32::try_from(index).ok()?;
        (index < self.elements.len()).then_some(Node {
            dom: self,
            id: ElementId(id),
        })
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

    /// The element's place in document order, from 0.
    pub(crate) fn index(self) -> usize {
        self.id.0 as usize
    }

    /// The local name as an atom.
    pub(crate) fn local_name(self) -> &'d LocalName {
        &self.element().name
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

    /// The element as its simplest selector: `header.masthead`.
    pub(crate) fn short_name(self) -> String {
        let mut name = self.name().to_owned();
        if let Some(id) = self.attribute("id").filter(|id| !id.is_empty()) {
            name.push('#');
            name.push_str(id);
        } else if let Some(class) = self
            .attribute("class")
            .and_then(|list| list.split_ascii_whitespace().next())
        {
            name.push('.');
            name.push_str(class);
        }
        name
    }

    /// The value of an attribute, which may be empty; of SVG's `xlink:href` under that name.
    pub(crate) fn attribute(self, name: &str) -> Option<&'d str> {
        self.attributes()
            .find(|(known, _)| &***known == name)
            .map(|(_, value)| value)
    }

    /// The attributes with their values, in the order of the tag.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (&'d LocalName, &'d str)> {
        let range = &self.element().attributes;
        self.dom.attributes[range.start as usize..range.end as usize]
            .iter()
            .map(|attribute| {
                let value = &attribute.value;
                (
                    &attribute.name,
                    &self.dom.text[value.start as usize..value.end as usize],
                )
            })
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// Whether a child of the element is text, be it white space.
    pub(crate) fn has_text(self) -> bool {
        self.element().text_bytes > 0
    }

    /// The bytes of the text among the element's children.
    pub(super) fn text_bytes(self) -> u32 {
        self.element().text_bytes
    }

    /// Whether the preload scanner, which sees tags alone, takes the element for a part of the body. Known of
    /// elements that have a line.
    pub(crate) fn is_scanned_in_body(self) -> bool {
        self.element().scanned_in_body
    }

    /// The text nodes among the element's children, one after the other.
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

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>{}", self.name(), self.index())
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.dom, other.dom) && self.id == other.id
    }
}
