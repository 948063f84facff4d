//! The properties that decide what is fetched, and which longhands a shorthand sets.
//!
//! In: the name of a property. Out: a [`Property`] with its [`Longhand`]s. Follows the property indexes of CSS Fonts 4,
//! Backgrounds 3, Masking 1, Lists 3, UI 4, Content 3, Shapes 1, Filter Effects 1, SVG 2, Display 3 and Contain 2, with
//! the aliases that Chromium has. Of a shorthand only the longhands that can fetch, or that decide over what can, are
//! told: `background` sets `background-image`, `border` resets `border-image-source`. `font-width` is no property of
//! Chromium yet, and `mask-border` none at all.

/// A property with a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Longhand {
    FontFamily,
    FontWeight,
    FontStyle,
    FontStretch,
    Display,
    Float,
    Position,
    Visibility,
    ContentVisibility,
    TextTransform,
    WhiteSpaceCollapse,
    ListStyleType,
    AnimationName,
    AnimationDuration,
    AnimationDelay,
    AnimationFillMode,
    AnimationDirection,
    AnimationTimingFunction,
    AnimationTimeline,
    ContainerType,
    ContainerName,
    Content,
    BackgroundImage,
    MaskImage,
    /// `-webkit-mask-box-image-source`
    MaskBoxImage,
    BorderImage,
    ListStyleImage,
    Cursor,
    ShapeOutside,
    Filter,
    BackdropFilter,
    ClipPath,
    /// `-webkit-box-reflect`
    BoxReflect,
    Fill,
    Stroke,
    MarkerStart,
    MarkerMid,
    MarkerEnd,
}

impl Longhand {
    /// All of them, in the order of their discriminants.
    pub(super) const ALL: [Self; 38] = [
        Self::FontFamily,
        Self::FontWeight,
        Self::FontStyle,
        Self::FontStretch,
        Self::Display,
        Self::Float,
        Self::Position,
        Self::Visibility,
        Self::ContentVisibility,
        Self::TextTransform,
        Self::WhiteSpaceCollapse,
        Self::ListStyleType,
        Self::AnimationName,
        Self::AnimationDuration,
        Self::AnimationDelay,
        Self::AnimationFillMode,
        Self::AnimationDirection,
        Self::AnimationTimingFunction,
        Self::AnimationTimeline,
        Self::ContainerType,
        Self::ContainerName,
        Self::Content,
        Self::BackgroundImage,
        Self::MaskImage,
        Self::MaskBoxImage,
        Self::BorderImage,
        Self::ListStyleImage,
        Self::Cursor,
        Self::ShapeOutside,
        Self::Filter,
        Self::BackdropFilter,
        Self::ClipPath,
        Self::BoxReflect,
        Self::Fill,
        Self::Stroke,
        Self::MarkerStart,
        Self::MarkerMid,
        Self::MarkerEnd,
    ];

    /// Whether an element without a declaration takes its parent's value.
    pub(super) fn is_inherited(self) -> bool {
        matches!(
            self,
            Self::FontFamily
                | Self::FontWeight
                | Self::FontStyle
                | Self::FontStretch
                | Self::Visibility
                | Self::TextTransform
                | Self::WhiteSpaceCollapse
                | Self::ListStyleType
                | Self::ListStyleImage
                | Self::Cursor
                | Self::Fill
                | Self::Stroke
                | Self::MarkerStart
                | Self::MarkerMid
                | Self::MarkerEnd
        )
    }

    /// The name under which a reference is shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FontFamily => "font-family",
            Self::FontWeight => "font-weight",
            Self::FontStyle => "font-style",
            Self::FontStretch => "font-stretch",
            Self::Display => "display",
            Self::Float => "float",
            Self::Position => "position",
            Self::Visibility => "visibility",
            Self::ContentVisibility => "content-visibility",
            Self::TextTransform => "text-transform",
            Self::WhiteSpaceCollapse => "white-space-collapse",
            Self::ListStyleType => "list-style-type",
            Self::AnimationName => "animation-name",
            Self::AnimationDuration => "animation-duration",
            Self::AnimationDelay => "animation-delay",
            Self::AnimationFillMode => "animation-fill-mode",
            Self::AnimationDirection => "animation-direction",
            Self::AnimationTimingFunction => "animation-timing-function",
            Self::AnimationTimeline => "animation-timeline",
            Self::ContainerType => "container-type",
            Self::ContainerName => "container-name",
            Self::Content => "content",
            Self::BackgroundImage => "background-image",
            Self::MaskImage => "mask-image",
            Self::MaskBoxImage => "-webkit-mask-box-image-source",
            Self::BorderImage => "border-image-source",
            Self::ListStyleImage => "list-style-image",
            Self::Cursor => "cursor",
            Self::ShapeOutside => "shape-outside",
            Self::Filter => "filter",
            Self::BackdropFilter => "backdrop-filter",
            Self::ClipPath => "clip-path",
            Self::BoxReflect => "-webkit-box-reflect",
            Self::Fill => "fill",
            Self::Stroke => "stroke",
            Self::MarkerStart => "marker-start",
            Self::MarkerMid => "marker-mid",
            Self::MarkerEnd => "marker-end",
        }
    }
}

/// What a declaration is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    Longhand(Longhand),
    Font,
    Background,
    Mask,
    /// `-webkit-mask-box-image`
    MaskBoxImage,
    BorderImage,
    /// It cannot set a border image, but takes away what is set.
    Border,
    ListStyle,
    WhiteSpace,
    Animation,
    Container,
    /// `marker`
    Marker,
    All,
}

impl Property {
    /// The property of a name in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        use Longhand as L;
        Some(match name {
            "font" => Self::Font,
            "background" => Self::Background,
            "mask" | "-webkit-mask" => Self::Mask,
            "-webkit-mask-box-image" => Self::MaskBoxImage,
            "border-image" | "-webkit-border-image" => Self::BorderImage,
            "border" => Self::Border,
            "list-style" => Self::ListStyle,
            "white-space" => Self::WhiteSpace,
            "animation" | "-webkit-animation" => Self::Animation,
            "container" => Self::Container,
            "marker" => Self::Marker,
            "all" => Self::All,
            _ => Self::Longhand(match name {
                "mask-image" | "-webkit-mask-image" => L::MaskImage,
                "-webkit-filter" => L::Filter,
                "-webkit-clip-path" => L::ClipPath,
                "-webkit-shape-outside" => L::ShapeOutside,
                "-webkit-animation-name" => L::AnimationName,
                "-webkit-animation-duration" => L::AnimationDuration,
                "-webkit-animation-delay" => L::AnimationDelay,
                "-webkit-animation-fill-mode" => L::AnimationFillMode,
                "-webkit-animation-direction" => L::AnimationDirection,
                "-webkit-animation-timing-function" => L::AnimationTimingFunction,
                _ => L::ALL
                    .into_iter()
                    .find(|longhand| longhand.name() == name)?,
            }),
        })
    }

    /// What it sets.
    pub(super) fn longhands(&self) -> &[Longhand] {
        use Longhand as L;
        match self {
            Self::Longhand(longhand) => std::slice::from_ref(longhand),
            Self::Font => &[L::FontFamily, L::FontWeight, L::FontStyle, L::FontStretch],
            Self::Background => &[L::BackgroundImage],
            Self::Mask => &[L::MaskImage],
            Self::MaskBoxImage => &[L::MaskBoxImage],
            Self::BorderImage | Self::Border => &[L::BorderImage],
            Self::ListStyle => &[L::ListStyleType, L::ListStyleImage],
            Self::WhiteSpace => &[L::WhiteSpaceCollapse],
            Self::Animation => &[
                L::AnimationName,
                L::AnimationDuration,
                L::AnimationDelay,
                L::AnimationFillMode,
                L::AnimationDirection,
                L::AnimationTimingFunction,
                L::AnimationTimeline,
            ],
            Self::Container => &[L::ContainerName, L::ContainerType],
            Self::Marker => &[L::MarkerStart, L::MarkerMid, L::MarkerEnd],
            Self::All => &L::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longhands_lie_in_the_order_of_their_discriminants() {
        for (at, longhand) in Longhand::ALL.into_iter().enumerate() {
            assert_eq!(longhand as usize, at, "{longhand:?}");
            let property = Property::named(longhand.name());
            assert_eq!(property, Some(Property::Longhand(longhand)));
        }
    }

    #[test]
    fn names_that_fetch_nothing_are_no_properties() {
        for name in [
            "color",
            "font-width",
            "mask-border",
            "offset-path",
            "src",
            "",
        ] {
            assert_eq!(Property::named(name), None, "{name}");
        }
    }
}
