//! The walk over a page's elements that finds out which text and which images each style is used for.
//!
//! In: a page, its faces, where styles come from. Out: a [`Usage`]. Every element is visited once, after its parent.
//! The rules that decide whether a text, an empty line or an image counts were taken from Chromium 156.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::boxes::{BoxKind, ContentIs, ElementBox};
use super::cascade::SheetId;
use super::characters::Characters;
use super::control_text::ControlText;
use super::face_search::{self, Texts};
use super::page_rules::PageStyle;
use super::property::Longhand;
use super::pseudo_element::PseudoElement;
use super::slots::Slots;
use super::style_table::{FrameStyle, StyleId, StyleTable, StylesId};
use super::styles::Styles;
use super::usage::{Certainty, Faces, ImageUse, Usage};
use super::value::{ContentVisibility, Display, ImageReference};
use crate::html::{Extent, Namespace, Node};

mod texts;

/// Uses of images that are told of a page.
const MAX_IMAGES: usize = 250_000;

/// How much of a text the first line is taken to be.
const FIRST_LINE: usize = 40;

/// What the elements in an element need to know of it.
#[derive(Debug, Clone, Copy)]
struct Around {
    styles: StylesId,
    style: StyleId,
    kind: BoxKind,
    content: ContentIs,
    /// Whether it has a box, and not only a style.
    is_laid_out: bool,
    /// Whether layout decides about all of it.
    is_uncertain: bool,
    /// Whether its `::first-letter` and `::first-line` are still to come.
    awaits_text: bool,
    /// Whether text was seen in it, so that no block around it awaits any.
    has_text: bool,
    /// The nearest element, itself included, that has a box of its own.
    line_box: Option<usize>,
    /// The nearest `select`, itself included.
    select: Option<usize>,
    /// In quirks mode, whether inline boxes give it the height of a line unless it holds an image.
    awaits_image: bool,
    holds_image: bool,
    /// The host of the shadow tree that it is in.
    host: Option<usize>,
}

pub(super) struct Walk<'p> {
    page: &'p PageStyle<'p>,
    faces: &'p Faces<'p>,
    styles: Styles<'p>,
    /// By element; none for what is not rendered.
    around: Vec<Option<Around>>,
    /// By style.
    texts: Vec<Texts>,
    /// By style: how sure it is so far that its images are used.
    told: Vec<Option<Certainty>>,
    /// The same for the lists of images, many of which are shared by styles.
    told_lists: FxHashMap<(Longhand, SheetId, *const ImageReference), Certainty>,
    /// Styles whose text is shown in another one as well, in a frame of an animation, and whether that holds from the
    /// start.
    also_in: BTreeSet<(StyleId, StyleId, bool)>,
    /// By element: whether it is a `details` with a `summary`.
    has_summary: Vec<bool>,
    /// Whether any `::first-letter` or `::first-line` is styled.
    has_first_text: bool,
    has_line_height_quirk: bool,
    slots: Slots<'p>,
    /// How high the page is above the last element that wanted to know, and the number of elements there.
    extent: (Extent, usize),
    usage: Usage,
}

impl<'p> Walk<'p> {
    pub(super) fn new(page: &'p PageStyle<'p>, faces: &'p Faces<'p>, styles: Styles<'p>) -> Self {
        let mut has_summary = vec![false; page.dom.len()];
        for element in page.dom.elements().filter(|element| element.is("summary")) {
            let details = element.parent().filter(|parent| parent.is("details"));
            if let Some(slot) = details.and_then(|details| has_summary.get_mut(details.index())) {
                *slot = true;
            }
        }
        Self {
            page,
            faces,
            styles,
            around: Vec::with_capacity(page.dom.len()),
            texts: Vec::new(),
            told: Vec::new(),
            told_lists: FxHashMap::default(),
            also_in: BTreeSet::new(),
            has_summary,
            has_first_text: false,
            has_line_height_quirk: page.dom.is_quirks(),
            slots: Slots::of(page.dom),
            extent: (Extent::default(), 0),
            usage: Usage::default(),
        }
    }

    /// What the page uses, and its styles.
    pub(super) fn run(mut self) -> (Usage, StyleTable) {
        let mut attributes = self.page.attributes.iter().peekable();
        for element in self.page.dom.elements() {
            let attribute = attributes
                .next_if(|(at, _)| *at == element.index())
                .map(|(_, rule)| &*rule.declarations);
            let around = self.enter(element, attribute);
            self.around.push(around);
            if let Some(around) = around
                && !self.slots.is_root(element)
            {
                self.visit(element, around);
            }
            if self.styles.is_exceeded() {
                self.usage.is_stopped = true;
                break;
            }
        }
        let blocks = std::mem::take(&mut self.around);
        for around in blocks.iter().flatten() {
            if around.awaits_image && !around.holds_image {
                self.texts(*around).add_space();
            }
        }
        self.around = blocks;
        let also_in = std::mem::take(&mut self.also_in).into_iter();
        let shown = |(own, frame, is_first): (StyleId, StyleId, bool)| {
            let texts = self.texts.get(own.index()).cloned().unwrap_or_default();
            (texts, frame, is_first)
        };
        // All are asked for before any is added to: a frame may be a style with frames, and the order is none.
        let also_in: Vec<_> = also_in.map(shown).collect();
        for (texts, frame, is_first) in also_in {
            self.texts_of(frame, !is_first).extend(&texts.certain);
            self.texts_of(frame, true).extend(&texts.uncertain);
        }
        self.usage.asks_layout = self.styles.asks_layout();
        self.usage.faces = face_search::used_faces(self.faces, &self.styles, &self.texts);
        self.usage.is_stopped |= self.faces.faces.is_exceeded();
        self.usage.absent = self.around.iter().map(Option::is_none).collect();
        (self.usage, self.styles.into_table())
    }

    /// The element's style and box, if it is rendered.
    fn enter(
        &mut self,
        element: Node<'p>,
        attribute: Option<&'p [super::Declaration]>,
    ) -> Option<Around> {
        let mut parent_style = StyleId::INITIAL;
        // The root is a block (CSS Display 3 §2.8).
        let mut kind = BoxKind::Container;
        let mut is_laid_out = true;
        let mut is_uncertain = false;
        let mut is_summary = false;
        let mut host = None;
        let mut line_box = None;
        let mut select = None;
        if let Some(parent) = element.parent() {
            let is_host = self.slots.is_host(parent);
            if is_host && self.slots.is_root(element) {
                let around = self.around.get(parent.index())?.as_ref()?;
                return (around.content == ContentIs::Rendered).then_some(Around {
                    kind: BoxKind::Contents,
                    awaits_text: false,
                    has_text: false,
                    host: Some(parent.index()),
                    ..*around
                });
            }
            let mut place = parent.index();
            let outer = self.around.get(place)?.as_ref()?;
            (host, line_box, select) = (outer.host, outer.line_box, outer.select);
            if is_host {
                place = self.slots.slot_of(element, parent)?;
            }
            let around = self.around.get_mut(place)?.as_mut()?;
            match around.content {
                ContentIs::Rendered => {}
                ContentIs::Styled => is_laid_out = false,
                ContentIs::Slotted if is_host => {}
                ContentIs::Slotted | ContentIs::Absent => return None,
                ContentIs::Summary if element.is("summary") => around.content = ContentIs::Absent,
                ContentIs::Summary => return None,
            }
            is_summary = element.is("summary") && parent.is("details");
            parent_style = around.style;
            kind = around.kind;
            is_laid_out &= around.is_laid_out;
            is_uncertain = around.is_uncertain;
        }
        let styles = self.styles.compute(element, parent_style, attribute);
        let style_id = self.styles.of_element(styles).own;
        let pseudo_elements = &self.styles.of_element(styles).pseudo_elements;
        let awaits_text = pseudo_elements.iter().any(|(pseudo_element, _)| {
            matches!(
                pseudo_element,
                PseudoElement::FirstLetter | PseudoElement::FirstLine
            )
        });
        self.has_first_text |= awaits_text;
        let style = self.styles.style(style_id);
        let mut own_box = ElementBox::of(element, style, kind)?;
        if let Some(host) = host.filter(|_| element.is("slot"))
            && self.slots.enter(element, host)
        {
            own_box.content = ContentIs::Slotted;
        }
        let around = Around {
            styles,
            style: style_id,
            kind: own_box.kind,
            content: own_box.content,
            is_laid_out,
            is_uncertain,
            awaits_text,
            has_text: false,
            select: if element.is("select") {
                Some(element.index())
            } else {
                select
            },
            line_box: match own_box.kind {
                BoxKind::Contents => line_box,
                _ => Some(element.index()),
            },
            awaits_image: false,
            holds_image: false,
            host,
        };
        if self.styles.style(style_id).measures_font {
            self.add_text(style_id, "0 ", is_uncertain);
        }
        if is_laid_out {
            if own_box.is_inline_level {
                self.add_inline_level(element, own_box.kind, is_uncertain);
            }
            if own_box.kind == BoxKind::Inline {
                self.texts(around).add_space();
            }
            let is_list_item = self.styles.style(style_id).display == Display::ListItem;
            if is_list_item && (is_summary || !element.is("summary")) {
                self.add_marker(element, around);
            }
        }
        Some(around)
    }

    fn visit(&mut self, element: Node<'p>, mut around: Around) {
        let certainty = if around.is_uncertain {
            Certainty::Layout
        } else {
            Certainty::Certain
        };
        self.tell_images(around.style, element, certainty);
        let styles = self.styles.of_element(around.styles);
        let is_there = |id: StyleId| id == around.style || self.styles.style(id).is_generated();
        let frames: Vec<FrameStyle> = styles
            .frames
            .iter()
            .copied()
            .filter(|frame| is_there(frame.of))
            .collect();
        let starting = styles.starting.to_vec();
        for style in starting {
            self.tell_images(style, element, certainty);
        }
        for frame in frames {
            let certainty = if frame.is_first {
                certainty
            } else {
                Certainty::Layout
            };
            self.tell_images(frame.style, element, certainty);
            if around.is_laid_out {
                self.also_in.insert((frame.of, frame.style, frame.is_first));
            }
        }
        let is_skippable = self.styles.style(around.style).content_visibility
            == ContentVisibility::Auto
            && matches!(around.kind, BoxKind::Block | BoxKind::Container)
            && !self.is_near(element);
        if is_skippable && let Some(Some(own)) = self.around.get_mut(element.index()) {
            own.is_uncertain = true;
            around = *own;
        }
        let pseudo_elements = self
            .styles
            .of_element(around.styles)
            .pseudo_elements
            .to_vec();
        for (pseudo_element, style) in pseudo_elements {
            self.pseudo_element(element, around, pseudo_element, style, certainty);
        }
        if around.is_laid_out {
            self.text(element, around);
        } else if element.is("option") || element.is("optgroup") {
            self.option(element, around);
        }
    }

    /// Whether what the browser may leave out is near enough to the first screen to be rendered at once.
    fn is_near(&mut self, element: Node<'p>) -> bool {
        let PageStyle { dom, viewport, .. } = *self.page;
        let (extent, above) = &mut self.extent;
        for element in (*above..element.index()).filter_map(|at| dom.element(at)) {
            extent.add(element, viewport);
        }
        *above = element.index();
        extent.is_rendered(element, viewport)
    }

    /// What a pseudo-element fetches.
    fn pseudo_element(
        &mut self,
        element: Node<'p>,
        around: Around,
        pseudo_element: PseudoElement,
        id: StyleId,
        certainty: Certainty,
    ) {
        let style = self.styles.style(id);
        match pseudo_element {
            PseudoElement::Before | PseudoElement::After => {
                if style.is_generated() {
                    self.tell_images(id, element, certainty);
                }
                let takes_text = match around.kind {
                    BoxKind::Replaced => has_generated_content(element),
                    _ => element.namespace() != Namespace::Svg,
                };
                if around.is_laid_out && takes_text {
                    self.generated_text(element, around, id);
                }
            }
            PseudoElement::Marker => {
                let is_list_item = self.styles.style(around.style).display == Display::ListItem;
                if is_list_item {
                    self.tell_images(id, element, certainty);
                }
            }
            PseudoElement::Placeholder => {
                if let Some(ControlText::Placeholder(_)) = ControlText::of(element) {
                    self.tell_images(id, element, certainty);
                }
            }
            PseudoElement::FileSelectorButton => {
                if let Some(ControlText::FileSelector { .. }) = ControlText::of(element) {
                    self.tell_images(id, element, certainty);
                }
            }
            PseudoElement::DetailsContent => {
                if element.is("details") && element.has("open") {
                    self.tell_images(id, element, certainty);
                }
            }
            // Which parts a control has, and whether a box scrolls, is not worked out.
            PseudoElement::Inner => self.tell_images(id, element, Certainty::Layout),
            // Theirs are told when there is text.
            PseudoElement::FirstLine | PseudoElement::FirstLetter => {}
            PseudoElement::Backdrop | PseudoElement::Selection | PseudoElement::Absent => {}
        }
    }

    /// Tells that an element uses the images of a style, unless that is known already.
    fn tell_images(&mut self, id: StyleId, element: Node<'p>, certainty: Certainty) {
        if self.told.len() <= id.index() {
            self.told.resize(id.index() + 1, None);
        }
        let Some(slot) = self.told.get_mut(id.index()) else {
            return;
        };
        if slot.is_some_and(|known| known >= certainty) {
            return;
        }
        *slot = Some(certainty);
        for (longhand, list) in self.styles.style(id).images() {
            if self.usage.images.len() > MAX_IMAGES {
                self.usage.is_stopped = true;
                return;
            }
            let key = (longhand, list.sheet, list.references.as_ptr());
            let known = self.told_lists.entry(key);
            let is_told = matches!(&known, Entry::Occupied(known) if *known.get() >= certainty);
            if is_told {
                continue;
            }
            known.insert_entry(certainty);
            for image in list.references.iter() {
                self.usage.images.push(ImageUse {
                    sheet: list.sheet,
                    source: image.source.clone(),
                    position: image.position,
                    property: longhand.name(),
                    element: element.index(),
                    certainty,
                });
            }
        }
    }

    /// The characters that are shown in the style of an element.
    fn texts(&mut self, around: Around) -> &mut Characters {
        self.texts_of(around.style, around.is_uncertain)
    }

    fn texts_of(&mut self, id: StyleId, is_uncertain: bool) -> &mut Characters {
        if self.texts.len() <= id.index() {
            self.texts.resize_with(id.index() + 1, Texts::default);
        }
        // The table was just made long enough.
        let texts = &mut self.texts[id.index()];
        if is_uncertain {
            &mut texts.uncertain
        } else {
            &mut texts.certain
        }
    }

    fn add_text(&mut self, id: StyleId, text: &str, is_uncertain: bool) {
        let transform = self.styles.style(id).text_transform;
        self.texts_of(id, is_uncertain).add(text, transform);
    }

    /// An inline or replaced box, or an inline block, stands in its parent. In quirks mode (Quirks Mode §3.4) images
    /// do not give a block the height of a line, and neither does an inline box with nothing but images in it.
    fn add_inline_level(&mut self, element: Node<'p>, kind: BoxKind, is_uncertain: bool) {
        let mut parent = element.parent();
        if !self.has_line_height_quirk {
            self.add_line(parent, is_uncertain);
            return;
        }
        let mut is_direct = true;
        while let Some(block) = parent {
            let Some(Some(around)) = self.around.get_mut(block.index()) else {
                return;
            };
            match around.kind {
                BoxKind::Contents => {}
                BoxKind::Inline => {
                    let style = around.style;
                    if is_direct {
                        self.texts_of(style, is_uncertain).add_space();
                    }
                    is_direct = false;
                }
                BoxKind::Block if kind == BoxKind::Replaced && !is_text_like(element) => {
                    around.holds_image = true;
                    return;
                }
                BoxKind::Block if is_direct && kind == BoxKind::Inline => {
                    around.awaits_image = true;
                    return;
                }
                BoxKind::Block if is_direct => {
                    let style = around.style;
                    self.texts_of(style, is_uncertain).add_space();
                    return;
                }
                _ => return,
            }
            if kind != BoxKind::Replaced && !is_direct {
                return;
            }
            parent = block.parent();
        }
    }

    /// Something inline stands in this element, which gives the lines of the box around it a height.
    fn add_line(&mut self, element: Option<Node<'p>>, is_uncertain: bool) {
        let around = |at: usize| self.around.get(at).copied().flatten();
        let inner = element.and_then(|element| around(element.index()));
        if let Some(around) = inner.and_then(|inner| around(inner.line_box?))
            && matches!(around.kind, BoxKind::Block | BoxKind::Inline)
        {
            self.texts_of(around.style, is_uncertain).add_space();
        }
    }
}

/// Whether a replaced element counts as text for the height of its line.
fn is_text_like(element: Node<'_>) -> bool {
    let type_ = element.attribute("type").unwrap_or_default();
    ["br", "textarea", "select"]
        .iter()
        .any(|name| element.is(name))
        || (element.is("input")
            && !["checkbox", "radio", "image", "range", "color"]
                .iter()
                .any(|known| type_.eq_ignore_ascii_case(known)))
}

/// Whether a replaced element has `::before` and `::after`.
fn has_generated_content(element: Node<'_>) -> bool {
    let type_ = element.attribute("type").unwrap_or_default();
    element.is("progress")
        || (element.is("input")
            && ["checkbox", "radio"]
                .iter()
                .any(|known| type_.eq_ignore_ascii_case(known)))
}
