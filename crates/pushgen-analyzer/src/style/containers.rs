//! The containers around an element, which container queries are asked of (CSS Conditional 5 §5).
//!
//! In: computed styles. Out: a chain from the nearest container outwards, shared by all that is in it, and what a rule
//! in `@container` is told of it. Slots and shadow trees change nothing: the chain follows the boxes.

use std::sync::Arc;

use super::custom_property::CustomProperties;
use super::value::Display;
use crate::css::{Container, ContainerBox, ContainerType};

/// The containers around what is in an element, itself included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Containers(Option<Arc<Link>>);

#[derive(Debug, PartialEq)]
struct Link {
    style: ContainerStyle,
    custom_properties: CustomProperties,
    outer: Containers,
}

/// What makes an element a container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ContainerStyle {
    pub(crate) container_type: ContainerType,
    pub(crate) names: Arc<[Arc<str>]>,
    pub(crate) container_box: ContainerBox,
}

/// One that may be asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'s> {
    /// Any element, for its style.
    Parent(&'s CustomProperties),
    Container(&'s ContainerStyle, &'s CustomProperties),
}

impl Containers {
    /// These, with one more inside.
    pub(super) fn with(&self, style: ContainerStyle, custom_properties: &CustomProperties) -> Self {
        Self(Some(Arc::new(Link {
            style,
            custom_properties: custom_properties.clone(),
            outer: self.clone(),
        })))
    }

    /// All that may be asked, the nearest first: the parent, whose custom properties are told, and the containers.
    pub(super) fn asked<'s>(
        &'s self,
        parent: &'s CustomProperties,
    ) -> impl Iterator<Item = Asked<'s>> + Clone {
        let links = std::iter::successors(self.0.as_deref(), |link| link.outer.0.as_deref());
        let containers = links.map(|link| Asked::Container(&link.style, &link.custom_properties));
        std::iter::once(Asked::Parent(parent)).chain(containers)
    }
}

impl PartialEq for Containers {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other) || own == other,
            (None, None) => true,
            _ => false,
        }
    }
}

impl ContainerStyle {
    /// Where the box of a container stands, given what it and its parent are displayed as.
    pub(super) fn container_box(
        display: Display,
        is_out_of_flow: bool,
        parent: Display,
    ) -> ContainerBox {
        let is_item = matches!(parent, Display::FlexOrGrid | Display::InlineFlexOrGrid);
        match display {
            Display::None | Display::Contents => ContainerBox::None,
            _ if is_out_of_flow => ContainerBox::Other,
            Display::Inline | Display::Ruby if !is_item => ContainerBox::None,
            Display::Block | Display::ListItem | Display::FlexOrGrid => ContainerBox::InFlow,
            _ if is_item => ContainerBox::InFlow,
            _ => ContainerBox::Other,
        }
    }
}

impl Container for Asked<'_> {
    fn is_named(&self, name: &str) -> bool {
        match self {
            Self::Parent(_) => false,
            Self::Container(style, _) => style.names.iter().any(|own| **own == *name),
        }
    }

    fn container_type(&self) -> ContainerType {
        match self {
            Self::Parent(_) => ContainerType::default(),
            Self::Container(style, _) => style.container_type,
        }
    }

    fn container_box(&self) -> ContainerBox {
        match self {
            Self::Parent(_) => ContainerBox::None,
            Self::Container(style, _) => style.container_box,
        }
    }

    fn custom_property(&self, name: &str) -> Option<&str> {
        let (Self::Parent(properties) | Self::Container(_, properties)) = self;
        properties.get(name).map(|value| &**value)
    }
}
