//! The words of declarations about boxes: properties and keywords.
//!
//! Logical sides stand for physical ones, as in horizontal text from left to right, and prefixed names for those without.

macro_rules! names {
    ($(#[$meta:meta])* $kind:ident { $($name:ident = $text:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $kind { $($name,)+ }

        impl $kind {
            pub(super) fn named(name: &str) -> Option<Self> {
                Some(match name { $($text $(| $alias)* => Self::$name,)+ _ => return None })
            }
        }
    };
}

names! {
    /// A property with a value of its own.
    BoxLonghand {
        Width = "width" | "inline-size",
        Height = "height" | "block-size",
        MinWidth = "min-width" | "min-inline-size",
        MaxWidth = "max-width" | "max-inline-size",
        MinHeight = "min-height" | "min-block-size",
        MaxHeight = "max-height" | "max-block-size",
        AspectRatio = "aspect-ratio",
        BoxSizing = "box-sizing" | "-webkit-box-sizing",
        Inside = "display",
        Position = "position",
        Float = "float",
        Top = "top" | "inset-block-start",
        Right = "right" | "inset-inline-end",
        Bottom = "bottom" | "inset-block-end",
        Left = "left" | "inset-inline-start",
        MarginTop = "margin-top" | "margin-block-start",
        MarginRight = "margin-right" | "margin-inline-end",
        MarginBottom = "margin-bottom" | "margin-block-end",
        MarginLeft = "margin-left" | "margin-inline-start",
        PaddingTop = "padding-top" | "padding-block-start",
        PaddingRight = "padding-right" | "padding-inline-end",
        PaddingBottom = "padding-bottom" | "padding-block-end",
        PaddingLeft = "padding-left" | "padding-inline-start",
        FontSize = "font-size",
        LineHeight = "line-height",
        WhiteSpace = "white-space" | "white-space-collapse" | "text-wrap",
        Opacity = "opacity",
        Overflow = "overflow" | "overflow-y" | "overflow-x",
        BackgroundSize = "background-size" | "-webkit-background-size",
        BackgroundRepeat = "background-repeat",
        FlexDirection = "flex-direction" | "-webkit-flex-direction",
        FlexWrap = "flex-wrap" | "-webkit-flex-wrap",
        FlexGrow = "flex-grow",
        FlexShrink = "flex-shrink",
        FlexBasis = "flex-basis",
        Columns = "grid-template-columns",
        Span = "grid-column" | "grid-column-end",
        Gap = "column-gap" | "grid-column-gap",
        RowGap = "row-gap" | "grid-row-gap",
        Translate = "transform" | "-webkit-transform" | "translate",
    }
}

impl BoxLonghand {
    pub(super) const COUNT: usize = Self::Translate as usize + 1;
}

/// What a declaration is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxProperty {
    Longhand(BoxLonghand),
    Margin,
    MarginInline,
    MarginBlock,
    Padding,
    PaddingInline,
    PaddingBlock,
    Inset,
    InsetInline,
    InsetBlock,
    Flex,
    FlexFlow,
    GapBoth,
    Font,
    Background,
}

impl BoxProperty {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "margin" => Self::Margin,
            "margin-inline" => Self::MarginInline,
            "margin-block" => Self::MarginBlock,
            "padding" => Self::Padding,
            "padding-inline" => Self::PaddingInline,
            "padding-block" => Self::PaddingBlock,
            "inset" => Self::Inset,
            "inset-inline" => Self::InsetInline,
            "inset-block" => Self::InsetBlock,
            "flex" | "-webkit-flex" => Self::Flex,
            "flex-flow" => Self::FlexFlow,
            "gap" | "grid-gap" => Self::GapBoth,
            "font" => Self::Font,
            "background" => Self::Background,
            _ => Self::Longhand(BoxLonghand::named(name)?),
        })
    }

    /// What it sets.
    pub(super) fn longhands(&self) -> &[BoxLonghand] {
        use BoxLonghand as L;
        match self {
            Self::Longhand(longhand) => std::slice::from_ref(longhand),
            Self::Margin => &[L::MarginTop, L::MarginRight, L::MarginBottom, L::MarginLeft],
            Self::MarginInline => &[L::MarginLeft, L::MarginRight],
            Self::MarginBlock => &[L::MarginTop, L::MarginBottom],
            Self::Padding => &[
                L::PaddingTop,
                L::PaddingRight,
                L::PaddingBottom,
                L::PaddingLeft,
            ],
            Self::PaddingInline => &[L::PaddingLeft, L::PaddingRight],
            Self::PaddingBlock => &[L::PaddingTop, L::PaddingBottom],
            Self::Inset => &[L::Top, L::Right, L::Bottom, L::Left],
            Self::InsetInline => &[L::Left, L::Right],
            Self::InsetBlock => &[L::Top, L::Bottom],
            Self::Flex => &[L::FlexGrow, L::FlexShrink, L::FlexBasis],
            Self::FlexFlow => &[L::FlexDirection, L::FlexWrap],
            Self::GapBoth => &[L::RowGap, L::Gap],
            Self::Font => &[L::FontSize, L::LineHeight],
            Self::Background => &[L::BackgroundSize, L::BackgroundRepeat],
        }
    }
}

names! {
    /// The keywords that make a difference.
    Word {
        Static = "static",
        Relative = "relative",
        Absolute = "absolute",
        Fixed = "fixed",
        Sticky = "sticky",
        Left = "left" | "inline-start",
        Right = "right" | "inline-end",
        Hidden = "hidden" | "clip" | "scroll",
        Visible = "visible",
        BorderBox = "border-box",
        Flex = "flex" | "-webkit-flex" | "-webkit-box",
        InlineFlex = "inline-flex" | "-webkit-inline-flex",
        Grid = "grid",
        InlineGrid = "inline-grid",
        Row = "row" | "row-reverse",
        Column = "column" | "column-reverse",
        Wrap = "wrap" | "wrap-reverse",
        NoWrap = "nowrap",
        Pre = "pre" | "preserve",
        PreWrap = "pre-wrap" | "pre-line" | "break-spaces",
        Cover = "cover",
        Contain = "contain",
        NoRepeat = "no-repeat",
        MinContent = "min-content",
        MaxContent = "max-content",
        FitContent = "fit-content",
        XxSmall = "xx-small",
        XSmall = "x-small",
        Small = "small",
        Medium = "medium",
        Large = "large",
        XLarge = "x-large",
        XxLarge = "xx-large",
        XxxLarge = "xxx-large",
        Smaller = "smaller",
        Larger = "larger",
    }
}
