//! The computed style of an element, as far as it decides what is fetched.
//!
//! In: the outcome of the cascade, the browser's own style, and the parent's computed style. Out: the element's font,
//! box, text and images. Follows CSS Cascade 5 §4 and §7, CSS Variables 1 §3 and CSS Fonts 4 §2. A value that is invalid
//! once its `var()` are replaced counts as `unset`. That boxes of the root, of floats and of absolutely positioned
//! elements become blocks is left out.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use super::allowance::Allowance;
use super::animation::{AnimationValue, Animations};
use super::cascade::{Cascaded, SheetId, Winner, WinningValue};
use super::containers::{ContainerStyle, Containers};
use super::custom_property::{CustomProperties, Declared};
use super::declaration::{CustomValue, Substituted};
use super::property::Longhand;
use super::registration::Registered;
use super::user_agent::UserAgentStyle;
use super::value::{
    Content, ContentVisibility, Display, Family, Generic, ImageReference, ListStyleType, Slope,
    TextTransform, Value, Visibility, Weight, WhiteSpaceCollapse,
};
use super::wide_keyword::WideKeyword;
use crate::css::ContainerType;

/// What an element, or a pseudo-element, computes to. Copies are cheap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComputedStyle {
    pub(crate) font: FontRequest,
    pub(crate) display: Display,
    pub(crate) floats: bool,
    pub(crate) is_absolute: bool,
    pub(crate) visibility: Visibility,
    pub(crate) content_visibility: ContentVisibility,
    pub(crate) text_transform: TextTransform,
    pub(crate) white_space: WhiteSpaceCollapse,
    /// Whether lengths are measured in the element's own font, which loads it: `65ch`.
    pub(crate) measures_font: bool,
    pub(crate) list_style_type: ListStyleType,
    pub(crate) content: Content,
    /// Whether `content` is declared by its own name, whatever for. A pseudo-element needs it: Chromium loads the
    /// images of `::before` and `::after` even for `content: none`.
    pub(crate) declares_content: bool,
    /// Those of its frames that hold have their images loaded.
    pub(crate) animations: Option<Arc<Animations>>,
    pub(crate) custom_properties: CustomProperties,
    /// The containers around what is in it.
    pub(crate) containers: Containers,
    container_type: ContainerType,
    container_names: Option<Arc<[Arc<str>]>>,
    images: Vec<(Longhand, ImageList)>,
}

/// The images of one property, with the sheet that their URLs are relative to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageList {
    pub(crate) references: Arc<[ImageReference]>,
    pub(crate) sheet: SheetId,
}

/// Which font is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FontRequest {
    pub(crate) families: Arc<[Family]>,
    pub(crate) weight: f32,
    pub(crate) slope: Slope,
    /// Percent.
    pub(crate) stretch: f32,
}

impl ComputedStyle {
    /// The initial values: what the root inherits.
    pub(crate) fn initial() -> Self {
        static INITIAL: LazyLock<ComputedStyle> = LazyLock::new(ComputedStyle::make_initial);
        INITIAL.clone()
    }

    fn make_initial() -> Self {
        Self {
            font: FontRequest {
                families: [Family::Generic(Generic::Serif)].into(),
                weight: 400.0,
                slope: Slope::NORMAL,
                stretch: 100.0,
            },
            display: Display::Inline,
            floats: false,
            is_absolute: false,
            visibility: Visibility::Visible,
            content_visibility: ContentVisibility::Visible,
            text_transform: TextTransform::None,
            white_space: WhiteSpaceCollapse::Collapse,
            measures_font: false,
            list_style_type: ListStyleType::Counter("disc".into()),
            content: Content::Normal,
            declares_content: false,
            animations: None,
            custom_properties: CustomProperties::default(),
            containers: Containers::default(),
            container_type: ContainerType::default(),
            container_names: None,
            images: Vec::new(),
        }
    }

    /// The style of an element or pseudo-element; for a pseudo-element the parent is its element.
    pub(crate) fn of(
        cascaded: &Cascaded<'_>,
        user_agent: &UserAgentStyle,
        parent: &Self,
        registered: &Registered,
        allowance: &Allowance,
    ) -> Self {
        let mut style = Self {
            custom_properties: custom_properties(cascaded, parent, registered, allowance),
            measures_font: cascaded.measures_font,
            ..Self::initial()
        };
        for longhand in Longhand::ALL {
            let winner = cascaded.winner(longhand);
            if longhand == Longhand::Content {
                style.declares_content = winner.is_some_and(|winner| !winner.by_all);
            }
            let specified = match winner {
                Some(winner) => style.specified(longhand, winner, allowance),
                None => Specified::Keyword(WideKeyword::Revert),
            };
            let keyword = match specified {
                Specified::Value(value, sheet) => {
                    style.set(longhand, &value, sheet, parent);
                    continue;
                }
                Specified::Keyword(keyword) => keyword,
            };
            let default = matches!(keyword, WideKeyword::Revert | WideKeyword::RevertLayer)
                .then(|| user_agent.value(longhand))
                .flatten();
            let inherits = match keyword {
                WideKeyword::Inherit => true,
                WideKeyword::Initial => false,
                _ => longhand.is_inherited(),
            };
            match default {
                Some(value) => style.set(longhand, &value, SheetId(0), parent),
                None if inherits => style.inherit(longhand, parent),
                None => {}
            }
        }
        style.enter_containers(parent);
        style
    }

    /// Adds the element to the containers around it if it is one.
    fn enter_containers(&mut self, parent: &Self) {
        let is_container =
            self.container_names.is_some() || self.container_type != ContainerType::default();
        if !is_container {
            self.containers = parent.containers.clone();
            return;
        }
        let container_style = ContainerStyle {
            container_type: self.container_type,
            names: self.container_names.clone().unwrap_or_default(),
            container_box: ContainerStyle::container_box(
                self.display,
                self.floats || self.is_absolute,
                parent.display,
            ),
        };
        self.containers = parent
            .containers
            .with(container_style, &self.custom_properties);
    }

    fn set_animation(&mut self, value: &AnimationValue) {
        let animations = self.animations.get_or_insert_default();
        Arc::make_mut(animations).set(value);
    }

    /// Hashes what tells most styles of a page apart.
    pub(super) fn hash_roughly(&self, hasher: &mut impl Hasher) {
        self.font.families.len().hash(hasher);
        // Of long names the beginning.
        if let Some(Family::Named(name)) = self.font.families.first() {
            name.as_bytes().get(..name.len().min(32)).hash(hasher);
        }
        self.font.weight.to_bits().hash(hasher);
        self.font.slope.0.to_bits().hash(hasher);
        self.display.hash(hasher);
        (self.floats, self.is_absolute, self.declares_content).hash(hasher);
        self.images.len().hash(hasher);
        self.custom_properties.hash_identity(hasher);
    }

    /// The images of a property, if it has any.
    pub(crate) fn images(&self) -> impl Iterator<Item = (Longhand, &ImageList)> {
        self.images
            .iter()
            .map(|(longhand, images)| (*longhand, images))
    }

    /// Whether `content` puts an image in the place of the element's own content.
    pub(crate) fn is_replaced(&self) -> bool {
        let Content::List { texts, .. } = &self.content else {
            return false;
        };
        texts.is_empty()
    }

    /// Whether a pseudo-element `::before` or `::after` of this style has its images loaded.
    pub(crate) fn is_generated(&self) -> bool {
        self.display != Display::None
            && (self.declares_content || matches!(self.content, Content::List { .. }))
    }

    fn specified<'w>(
        &self,
        longhand: Longhand,
        winner: &Winner<'w>,
        allowance: &Allowance,
    ) -> Specified<'w> {
        match winner.value {
            WinningValue::Value(value) => {
                Specified::Value(std::borrow::Cow::Borrowed(value), winner.sheet)
            }
            WinningValue::Keyword(keyword) => Specified::Keyword(keyword),
            WinningValue::Unresolved(property, template) => {
                let text = template.substitute(allowance, &mut |name| {
                    self.custom_properties.get(name).cloned()
                });
                let outcome = text.and_then(|text| {
                    allowance.substituted(property, longhand, &text, winner.position)
                });
                match outcome {
                    Some(Substituted::Value(value)) => {
                        Specified::Value(std::borrow::Cow::Owned(value), winner.sheet)
                    }
                    Some(Substituted::Keyword(keyword)) => Specified::Keyword(keyword),
                    None => Specified::Keyword(WideKeyword::Unset),
                }
            }
        }
    }

    fn set(&mut self, longhand: Longhand, value: &Value, sheet: SheetId, parent: &Self) {
        match value {
            Value::Families(families) => self.font.families = Arc::clone(families),
            Value::Weight(weight) => {
                self.font.weight = relative_weight(*weight, parent.font.weight)
            }
            Value::Style(slope) => self.font.slope = *slope,
            Value::Stretch(percent) => self.font.stretch = *percent,
            Value::Display(display) => self.display = *display,
            Value::Floats(floats) => self.floats = *floats,
            Value::IsAbsolute(is_absolute) => self.is_absolute = *is_absolute,
            Value::Visibility(visibility) => self.visibility = *visibility,
            Value::ContentVisibility(visibility) => self.content_visibility = *visibility,
            Value::TextTransform(transform) => self.text_transform = *transform,
            Value::WhiteSpaceCollapse(collapse) => self.white_space = *collapse,
            Value::ListStyleType(kind) => self.list_style_type = kind.clone(),
            Value::Animation(value) => self.set_animation(value),
            Value::ContainerType(container_type) => self.container_type = *container_type,
            Value::ContainerNames(names) => {
                self.container_names = (!names.is_empty()).then(|| Arc::clone(names));
            }
            Value::Content(content) => {
                if let Content::List { images, .. } = content {
                    self.set_images(longhand, images, sheet);
                }
                self.content = content.clone();
            }
            Value::Images(references) => self.set_images(longhand, references, sheet),
        }
    }

    fn set_images(
        &mut self,
        longhand: Longhand,
        references: &Arc<[ImageReference]>,
        sheet: SheetId,
    ) {
        if !references.is_empty() {
            let references = Arc::clone(references);
            self.images
                .push((longhand, ImageList { references, sheet }));
        }
    }

    fn inherit(&mut self, longhand: Longhand, parent: &Self) {
        match longhand {
            Longhand::FontFamily => self.font.families = Arc::clone(&parent.font.families),
            Longhand::FontWeight => self.font.weight = parent.font.weight,
            Longhand::FontStyle => self.font.slope = parent.font.slope,
            Longhand::FontStretch => self.font.stretch = parent.font.stretch,
            Longhand::Display => self.display = parent.display,
            Longhand::Float => self.floats = parent.floats,
            Longhand::Position => self.is_absolute = parent.is_absolute,
            Longhand::Visibility => self.visibility = parent.visibility,
            Longhand::ContentVisibility => self.content_visibility = parent.content_visibility,
            Longhand::TextTransform => self.text_transform = parent.text_transform,
            Longhand::WhiteSpaceCollapse => self.white_space = parent.white_space,
            Longhand::ListStyleType => self.list_style_type = parent.list_style_type.clone(),
            Longhand::ContainerType => self.container_type = parent.container_type,
            Longhand::ContainerName => self.container_names = parent.container_names.clone(),
            Longhand::AnimationName
            | Longhand::AnimationDuration
            | Longhand::AnimationDelay
            | Longhand::AnimationFillMode
            | Longhand::AnimationDirection
            | Longhand::AnimationTimingFunction
            | Longhand::AnimationTimeline => {
                let animations = parent.animations.as_ref();
                if let Some(value) = animations.and_then(|animations| animations.value(longhand)) {
                    self.set_animation(&value);
                }
            }
            _ => {
                if longhand == Longhand::Content {
                    self.content = parent.content.clone();
                }
                let images = parent.images.iter().filter(|(found, _)| *found == longhand);
                self.images.extend(images.cloned());
            }
        }
    }
}

enum Specified<'w> {
    Value(std::borrow::Cow<'w, Value>, SheetId),
    Keyword(WideKeyword),
}

fn custom_properties(
    cascaded: &Cascaded<'_>,
    parent: &ComputedStyle,
    registered: &Registered,
    allowance: &Allowance,
) -> CustomProperties {
    let declared: Vec<_> = cascaded
        .custom
        .iter()
        .map(|(name, value)| {
            let declared = match value {
                CustomValue::Template(template) => Declared::Template(template),
                CustomValue::Keyword(WideKeyword::Initial) => {
                    Declared::Initial(registered.initial(name))
                }
                CustomValue::Keyword(_) => Declared::Inherit,
            };
            (*name, declared)
        })
        .collect();
    let inherited = registered.inherited(&parent.custom_properties);
    CustomProperties::of(&inherited, &declared, allowance)
}

/// CSS Fonts 4 §2.2.1
fn relative_weight(weight: Weight, inherited: f32) -> f32 {
    match weight {
        Weight::Number(number) => number,
        Weight::Bolder => match inherited {
            ..350.0 => 400.0,
            350.0..550.0 => 700.0,
            550.0..900.0 => 900.0,
            _ => inherited,
        },
        Weight::Lighter => match inherited {
            ..100.0 => inherited,
            100.0..550.0 => 100.0,
            550.0..750.0 => 400.0,
            _ => 700.0,
        },
    }
}

#[cfg(test)]
mod tests;
