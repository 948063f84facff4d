//! Values of the properties that decide what is fetched, as specified.
//!
//! What is kept of a value is what a fetch can depend on: of `background` the images, of `content` the characters and
//! images, of `display` the kind of box.

use std::sync::Arc;

use super::animation::AnimationValue;
use crate::css::{ContainerType, ImageSource, Position};

/// The value of one longhand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Families(Arc<[Family]>),
    Weight(Weight),
    Style(Slope),
    /// Percent.
    Stretch(f32),
    Display(Display),
    /// Whether the box floats.
    Floats(bool),
    /// Whether the box is positioned absolutely, or fixed.
    IsAbsolute(bool),
    Visibility(Visibility),
    ContentVisibility(ContentVisibility),
    TextTransform(TextTransform),
    WhiteSpaceCollapse(WhiteSpaceCollapse),
    ListStyleType(ListStyleType),
    Animation(AnimationValue),
    ContainerType(ContainerType),
    ContainerNames(Arc<[Arc<str>]>),
    Content(Content),
    /// The references of any other property, in the order of the text; none for `none`, gradients, `data:` URLs.
    Images(Arc<[ImageReference]>),
}

impl Value {
    /// What it refers to.
    pub(crate) fn images(&self) -> &[ImageReference] {
        match self {
            Self::Images(images) | Self::Content(Content::List { images, .. }) => images,
            _ => &[],
        }
    }
}

/// One image, or SVG file, that a value refers to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageReference {
    pub(crate) source: ImageSource,
    /// Where it stands; after a substitution, the declaration with the `var()`.
    pub(crate) position: Position,
}

/// An entry of `font-family`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// In lower case, as families are compared.
    Named(Arc<str>),
    Generic(Generic),
}

/// A generic family that Chromium has a font for. `ui-serif`, `emoji` and their like are names without a font there,
/// `math` depends on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Generic {
    Serif,
    SansSerif,
    Monospace,
    Cursive,
    Fantasy,
    SystemUi,
    Math,
}

/// `font-weight`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Weight {
    Number(f32),
    Bolder,
    Lighter,
}

/// `font-style` as the angle that Chromium selects faces by: 0 is normal; italic and plain oblique are 14.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slope(pub(crate) f32);

impl Slope {
    pub(crate) const NORMAL: Self = Self(0.0);
    pub(crate) const ITALIC: Self = Self(14.0);
}

/// `display`, as far as it decides whether there is a box, and whether the box has lines of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Display {
    None,
    Contents,
    Inline,
    InlineBlock,
    Block,
    ListItem,
    FlexOrGrid,
    InlineFlexOrGrid,
    /// `table`, and its parts that hold cells only.
    Table,
    InlineTable,
    /// `table-cell` and `table-caption`.
    TableCell,
    Ruby,
    Math,
}

/// `visibility`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    Visible,
    Hidden,
    Collapse,
}

/// `content-visibility`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentVisibility {
    Visible,
    Auto,
    Hidden,
}

/// `text-transform`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTransform {
    None,
    Capitalize,
    Uppercase,
    Lowercase,
    FullWidth,
    FullSizeKana,
    MathAuto,
}

/// `white-space-collapse`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhiteSpaceCollapse {
    Collapse,
    /// `preserve`, `preserve-spaces` and `break-spaces`: space alone makes a line.
    Preserve,
    PreserveBreaks,
}

/// `list-style-type`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListStyleType {
    None,
    /// A counter style by name, or `symbols()` by that name.
    Counter(Arc<str>),
    Text(Arc<str>),
}

/// `content`
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Normal,
    None,
    List {
        texts: Arc<[ContentText]>,
        images: Arc<[ImageReference]>,
    },
}

/// What `content` puts into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentText {
    Text(Arc<str>),
    /// `attr()` with the attribute's name
    Attribute(Arc<str>),
    /// `counter()` or `counters()`, with the separator and the style
    Counter {
        separator: Arc<str>,
        style: Arc<str>,
    },
    OpenQuote,
    CloseQuote,
}
