//! The walk over a page that makes its boxes.
//!
//! In: the style of a page, which of its rules about boxes match, and its images. Out: a [`PageBox`] for each element that has
//! a box, and for each `::before` and `::after`, in document order and no more than [`MAX_BOXES`]. Only rules that hold at
//! the viewport for sure are used. Of several backgrounds the first is taken. Left out: pages with declared shadow roots.

use super::attribute_size::attribute_sizes;
use super::content_image::ContentImages;
use super::shown_image::{FoundImage, ImageRole, ImageUrl, ShownImage};
use super::{MAX_BOXES, PageBox};
use crate::css::StyleRule;
use crate::html::{Namespace, Node};
use crate::layout::{BoxStyle, Element, LayoutBox, Text};
use crate::style::{
    BoxKind, BoxRules, ComputedStyle, ContentIs, Display, ElementBox, Family, Generic, Longhand,
    Matches, PageStyle, PresentationalHints, PseudoElement, StyleId, StyleTable, Styles,
    Visibility, is_shadow_root,
};

/// What the elements in an element need to know of it.
#[derive(Clone, Copy)]
struct Around {
    style: StyleId,
    kind: BoxKind,
    content: ContentIs,
    /// Its place among the boxes.
    at: usize,
}

/// The boxes of a page; none if its style is too much to be worked out.
pub(crate) fn page_boxes(
    page: PageStyle<'_>,
    box_matches: &Matches,
    content: &ContentImages,
    find: &dyn Fn(ImageUrl<'_>) -> Option<FoundImage>,
) -> Option<Vec<PageBox>> {
    let mut elements = page.dom.elements();
    if page.matches.is_stopped || box_matches.is_stopped || elements.any(is_shadow_root) {
        return None;
    }
    let hints = PresentationalHints::of(page.dom);
    let table = StyleTable::of(&page, true);
    let mut walk = Walk {
        page,
        styles: Styles::new(page, &hints, table),
        rules: BoxRules::new(page, box_matches),
        content,
        find,
        initial: BoxStyle::initial(),
        around: Vec::new(),
        boxes: Vec::new(),
    };
    let mut attributes = page.attributes.iter().peekable();
    for element in page.dom.elements() {
        if walk.boxes.len() >= MAX_BOXES {
            break;
        }
        let attribute = attributes
            .next_if(|(at, _)| *at == element.index())
            .map(|(_, rule)| *rule);
        let around = walk.enter(element, attribute);
        walk.around.push(around);
    }
    (!walk.styles.is_exceeded()).then_some(walk.boxes)
}

struct Walk<'p> {
    page: PageStyle<'p>,
    styles: Styles<'p>,
    rules: BoxRules<'p>,
    content: &'p ContentImages,
    find: &'p dyn Fn(ImageUrl<'_>) -> Option<FoundImage>,
    initial: BoxStyle,
    /// By element; none for what is not rendered.
    around: Vec<Option<Around>>,
    boxes: Vec<PageBox>,
}

impl<'p> Walk<'p> {
    /// Adds the boxes of an element, if it is rendered.
    fn enter(&mut self, element: Node<'p>, attribute: Option<&'p StyleRule>) -> Option<Around> {
        let parent = element.parent();
        let mut around = None;
        if let Some(parent) = parent {
            let found = self.around.get_mut(parent.index())?.as_mut()?;
            match found.content {
                ContentIs::Rendered if is_shape(parent, element) => return None,
                ContentIs::Rendered => {}
                ContentIs::Summary if element.is("summary") => found.content = ContentIs::Absent,
                ContentIs::Summary | ContentIs::Styled | ContentIs::Slotted | ContentIs::Absent => {
                    return None;
                }
            }
            around = Some(*found);
        }
        let parent_style = around.map_or(StyleId::INITIAL, |around| around.style);
        let kind = around.map_or(BoxKind::Container, |around| around.kind);
        let styles = self.styles.compute(
            element,
            parent_style,
            attribute.map(|rule| &*rule.declarations),
        );
        let id = self.styles.of_element(styles).own;
        let style = self.styles.style(id);
        if style.display == Display::None {
            return None;
        }
        let own_box = ElementBox::of(element, style, kind)?;
        let box_style = self.box_style(element, style, around, attribute);
        let is_sized = box_style.width.is_some() || box_style.height.is_some();
        let replaced = self.content.replaced(element, is_sized);
        let image = self.content.image(element).cloned();
        let image = image.or_else(|| self.background(style));
        let has_text = replaced.is_none() && !matches!(element.name(), "style" | "script");
        let found = PageBox {
            layout: LayoutBox {
                parent: around.map(|around| around.at),
                style: box_style,
                text: if has_text {
                    Text::of(element.text())
                } else {
                    Text::default()
                },
                is_monospace: is_monospace(style),
                replaced,
            },
            element: element.index(),
            is_visible: style.visibility == Visibility::Visible,
            image,
            is_canvas: around.is_none() || element.is("body"),
            is_sized,
        };
        let at = self.boxes.len();
        self.boxes.push(found);
        if replaced.is_none() && element.namespace() == Namespace::Html {
            let pseudo_elements = &self.styles.of_element(styles).pseudo_elements;
            for (pseudo_element, id) in pseudo_elements {
                if matches!(pseudo_element, PseudoElement::Before | PseudoElement::After) {
                    let found = self.pseudo_element(element, *pseudo_element, *id, at);
                    self.boxes.extend(found);
                }
            }
        }
        Some(Around {
            style: id,
            kind: own_box.kind,
            content: own_box.content,
            at,
        })
    }

    fn box_style(
        &self,
        element: Node<'p>,
        style: &ComputedStyle,
        around: Option<Around>,
        attribute: Option<&'p StyleRule>,
    ) -> BoxStyle {
        let is_html = element.namespace() == Namespace::Html;
        let (width, height) = attribute_sizes(element);
        let parent = around.and_then(|around| self.boxes.get(around.at));
        BoxStyle::of(
            self.rules
                .of(element, None, attribute.map(|rule| &*rule.boxes)),
            Element {
                name: if is_html { element.name() } else { "" },
                display: style.display,
                is_root: around.is_none(),
                width: width.as_ref(),
                height: height.as_ref(),
                custom_properties: &style.custom_properties,
            },
            parent.map_or(&self.initial, |parent| &parent.layout.style),
            self.styles.allowance(),
            self.page.viewport,
        )
    }

    /// The box of `::before` or `::after`.
    fn pseudo_element(
        &self,
        element: Node<'p>,
        pseudo_element: PseudoElement,
        id: StyleId,
        at: usize,
    ) -> Option<PageBox> {
        let style = self.styles.style(id);
        if !style.is_generated() {
            return None;
        }
        let box_style = BoxStyle::of(
            self.rules.of(element, Some(pseudo_element), None),
            Element {
                name: "",
                display: style.display,
                is_root: false,
                width: None,
                height: None,
                custom_properties: &style.custom_properties,
            },
            &self.boxes.get(at)?.layout.style,
            self.styles.allowance(),
            self.page.viewport,
        );
        Some(PageBox {
            layout: LayoutBox {
                parent: Some(at),
                style: box_style,
                text: Text::default(),
                is_monospace: false,
                replaced: None,
            },
            element: element.index(),
            is_visible: style.visibility == Visibility::Visible,
            image: self.background(style),
            is_canvas: false,
            is_sized: true,
        })
    }

    fn background(&self, style: &ComputedStyle) -> Option<ShownImage> {
        let mut images = style.images();
        let (_, list) = images.find(|(longhand, _)| *longhand == Longhand::BackgroundImage)?;
        let first = list.references.first()?;
        Some(ShownImage {
            found: (self.find)(ImageUrl::Sheet(list.sheet, &first.source))?,
            role: ImageRole::Background,
            is_lazy: false,
        })
    }
}

/// Whether an element only draws within an SVG image.
fn is_shape(parent: Node<'_>, element: Node<'_>) -> bool {
    parent.namespace() == Namespace::Svg
        && element.namespace() == Namespace::Svg
        && !matches!(element.name(), "g" | "image" | "svg" | "a")
}

fn is_monospace(style: &ComputedStyle) -> bool {
    let mut families = style.font.families.iter();
    families.any(|family| match family {
        Family::Generic(generic) => *generic == Generic::Monospace,
        Family::Named(name) => {
            name.contains("mono")
                || name.contains("courier")
                || matches!(&**name, "consolas" | "menlo")
        }
    })
}
