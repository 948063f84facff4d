//! The part of an element's style that a coarse layout uses.
//!
//! In: the blocks of box declarations that match an element, its name and its parent's style. Out: a [`BoxStyle`]. The
//! browser's own sizes and margins are those of HTML §15.3.

use super::box_cascade::{MatchedBoxes, Slot, Slots};
use super::declaration::BoxValue;
use super::grid_columns::Track;
use super::length::{Basis, Length, Unit};
use super::vocabulary::{BoxLonghand, Word};
use crate::style::{Allowance, CustomProperties, Display};
use crate::viewport::Viewport;

/// How a box takes part in the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Inline,
    InlineBlock,
    Block,
    Contents,
    TableRow,
    TableCell,
}

/// How a box lays out what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    Flow,
    FlexRow,
    FlexColumn,
    Grid,
}

/// Whether a box is in the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positioned {
    InFlow,
    Float,
    Absolute,
    Fixed,
}

/// How a background is fitted into its box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BackgroundSize {
    Natural,
    Cover,
    Contain,
    Given(Option<Length>, Option<Length>),
}

/// What a box computes to; lengths that may depend on the container are kept as they are.
#[derive(Debug, Clone)]
pub(crate) struct BoxStyle {
    pub(crate) kind: Kind,
    pub(crate) inside: Inside,
    pub(crate) positioned: Positioned,
    /// Whether absolutely positioned boxes within are placed by this one.
    pub(crate) is_containing: bool,
    pub(crate) width: Option<Length>,
    pub(crate) height: Option<Length>,
    pub(crate) min_width: Option<Length>,
    pub(crate) max_width: Option<Length>,
    pub(crate) min_height: Option<Length>,
    pub(crate) max_height: Option<Length>,
    /// Width over height.
    pub(crate) ratio: Option<f32>,
    pub(crate) border_box: bool,
    pub(crate) shrinks: bool,
    /// Top, right, bottom, left; nothing is `auto`.
    pub(crate) inset: [Option<Length>; 4],
    pub(crate) margin: [Option<Length>; 4],
    pub(crate) padding: [Option<Length>; 4],
    pub(crate) font_size: f32,
    pub(crate) root_font_size: f32,
    pub(crate) line_height: LineHeight,
    pub(crate) white_space: Word,
    pub(crate) is_transparent: bool,
    pub(crate) clips: bool,
    pub(crate) background_size: BackgroundSize,
    pub(crate) repeats: bool,
    pub(crate) wraps: bool,
    pub(crate) grow: f32,
    pub(crate) flex_shrink: f32,
    pub(crate) basis: Option<Length>,
    pub(crate) columns: Box<[Track]>,
    pub(crate) span: f32,
    pub(crate) gap: Option<Length>,
    pub(crate) row_gap: Option<Length>,
    /// Whether a transform moves it by a whole box to the side.
    pub(crate) moved_away: bool,
}

/// `line-height`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LineHeight {
    Normal,
    Factor(f32),
    Pixels(f32),
}

impl BoxStyle {
    /// What the root inherits.
    pub(crate) fn initial() -> Self {
        Self {
            kind: Kind::Block,
            inside: Inside::Flow,
            positioned: Positioned::InFlow,
            is_containing: false,
            width: None,
            height: None,
            min_width: None,
            max_width: None,
            min_height: None,
            max_height: None,
            ratio: None,
            border_box: false,
            shrinks: false,
            inset: [const { None }; 4],
            margin: [const { None }; 4],
            padding: [const { None }; 4],
            font_size: 16.0,
            root_font_size: 16.0,
            line_height: LineHeight::Normal,
            white_space: Word::Small,
            is_transparent: false,
            clips: false,
            background_size: BackgroundSize::Natural,
            repeats: true,
            wraps: false,
            grow: 0.0,
            flex_shrink: 1.0,
            basis: None,
            columns: Box::default(),
            span: 1.0,
            gap: None,
            row_gap: None,
            moved_away: false,
        }
    }

    /// The height of a line of text.
    pub(crate) fn line(&self) -> f32 {
        match self.line_height {
            LineHeight::Normal => self.font_size * 1.15,
            LineHeight::Factor(factor) => self.font_size * factor,
            LineHeight::Pixels(pixels) => pixels,
        }
    }
}

/// What an element's box style is made of.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    /// The name of an HTML element, or an empty one.
    pub(crate) name: &'a str,
    /// `display`, as the walk has it.
    pub(crate) display: Display,
    pub(crate) is_root: bool,
    /// The attributes `width` and `height` as lengths.
    pub(crate) width: Option<&'a Length>,
    pub(crate) height: Option<&'a Length>,
    pub(crate) custom_properties: &'a CustomProperties,
}

impl BoxStyle {
    /// The style of an element or pseudo-element.
    pub(crate) fn of(
        blocks: Vec<MatchedBoxes<'_>>,
        element: Element<'_>,
        parent: &Self,
        allowance: &Allowance,
        viewport: &Viewport,
    ) -> Self {
        let slots = Slots::of(blocks, element.custom_properties, allowance);
        compute(&slots, element, parent, viewport)
    }
}

fn compute(
    slots: &Slots,
    element: Element<'_>,
    parent: &BoxStyle,
    viewport: &Viewport,
) -> BoxStyle {
    use BoxLonghand as L;
    let font_size = font_size(slots, element.name, parent, viewport);
    let root_font_size = if element.is_root {
        font_size
    } else {
        parent.root_font_size
    };
    let basis = Basis {
        font_size,
        root_font_size,
        percent: Some(font_size),
        viewport,
    };
    let line_height = match slots.get(L::LineHeight) {
        Slot::Value(BoxValue::Length(Length::Number(factor))) => LineHeight::Factor(*factor),
        Slot::Value(BoxValue::Length(length)) => length
            .resolve(&basis)
            .map_or(LineHeight::Normal, LineHeight::Pixels),
        Slot::Value(_) => LineHeight::Normal,
        Slot::Open | Slot::Inherit => parent.line_height,
    };
    let positioned = match slots.word(L::Position) {
        Some(Word::Absolute) => Positioned::Absolute,
        Some(Word::Fixed) => Positioned::Fixed,
        _ if matches!(slots.word(L::Float), Some(Word::Left | Word::Right)) => Positioned::Float,
        _ => Positioned::InFlow,
    };
    let kind = kind(element, positioned);
    let defaults = Defaults::of(element.name);
    let sides = |longhands: [L; 4], defaults: [f32; 4], inherited: &[Option<Length>; 4]| {
        let mut sides = [const { None }; 4];
        for (side, longhand) in longhands.into_iter().enumerate() {
            let default = defaults
                .get(side)
                .map(|em| Length::Dimension(*em, Unit::Em));
            let default = default.filter(|length| *length != Length::Dimension(0.0, Unit::Em));
            let zero = || Some(Length::pixels(0.0));
            let inherited = inherited.get(side).and_then(Option::as_ref);
            let found = slots.length(longhand, default.or_else(zero), inherited);
            if let Some(place) = sides.get_mut(side) {
                *place = found;
            }
        }
        sides
    };
    let shrinks = [L::Width, L::MaxWidth].iter().any(|longhand| {
        matches!(
            slots.word(*longhand),
            Some(Word::MinContent | Word::MaxContent | Word::FitContent)
        )
    });
    let inset = [L::Top, L::Right, L::Bottom, L::Left];
    BoxStyle {
        kind,
        inside: inside(slots, element.display),
        positioned,
        is_containing: matches!(
            slots.word(L::Position),
            Some(Word::Relative | Word::Absolute | Word::Fixed | Word::Sticky)
        ) || matches!(slots.get(L::Translate), Slot::Value(BoxValue::Length(_))),
        width: slots.length(L::Width, element.width.cloned(), parent.width.as_ref()),
        height: slots.length(L::Height, element.height.cloned(), parent.height.as_ref()),
        min_width: slots.length(L::MinWidth, None, parent.min_width.as_ref()),
        max_width: slots.length(L::MaxWidth, None, parent.max_width.as_ref()),
        min_height: slots.length(L::MinHeight, None, parent.min_height.as_ref()),
        max_height: slots.length(L::MaxHeight, None, parent.max_height.as_ref()),
        ratio: slots.number(L::AspectRatio),
        border_box: match slots.get(L::BoxSizing) {
            Slot::Open => matches!(element.name, "button" | "input" | "select" | "table"),
            Slot::Inherit => parent.border_box,
            Slot::Value(value) => *value == BoxValue::Word(Word::BorderBox),
        },
        shrinks: shrinks || element.name == "table",
        inset: inset.map(|side| slots.length(side, None, None)),
        margin: sides(
            [L::MarginTop, L::MarginRight, L::MarginBottom, L::MarginLeft],
            defaults.margin,
            &parent.margin,
        ),
        padding: sides(
            [
                L::PaddingTop,
                L::PaddingRight,
                L::PaddingBottom,
                L::PaddingLeft,
            ],
            defaults.padding,
            &parent.padding,
        ),
        font_size,
        root_font_size,
        line_height,
        white_space: match slots.get(L::WhiteSpace) {
            Slot::Value(BoxValue::Word(word)) => *word,
            Slot::Value(_) => Word::Small,
            Slot::Open if matches!(element.name, "pre" | "xmp" | "listing" | "plaintext") => {
                Word::Pre
            }
            Slot::Open if element.name == "textarea" => Word::PreWrap,
            Slot::Open | Slot::Inherit => parent.white_space,
        },
        is_transparent: slots
            .number(L::Opacity)
            .is_some_and(|opacity| opacity <= 0.0),
        clips: matches!(
            slots.get(L::Overflow),
            Slot::Value(BoxValue::Auto | BoxValue::Word(Word::Hidden))
        ),
        background_size: match slots.get(L::BackgroundSize) {
            Slot::Value(BoxValue::Word(Word::Cover)) => BackgroundSize::Cover,
            Slot::Value(BoxValue::Word(Word::Contain)) => BackgroundSize::Contain,
            Slot::Value(BoxValue::Pair(width, height)) if width.is_some() || height.is_some() => {
                BackgroundSize::Given(width.clone(), height.clone())
            }
            _ => BackgroundSize::Natural,
        },
        repeats: slots.word(L::BackgroundRepeat) != Some(Word::NoRepeat),
        wraps: slots.word(L::FlexWrap) == Some(Word::Wrap),
        grow: slots.number(L::FlexGrow).unwrap_or(0.0).max(0.0),
        flex_shrink: slots.number(L::FlexShrink).unwrap_or(1.0).max(0.0),
        basis: slots.length(L::FlexBasis, None, None),
        columns: match slots.get(L::Columns) {
            Slot::Value(BoxValue::Tracks(tracks)) => tracks.clone(),
            _ => Box::default(),
        },
        span: slots.number(L::Span).unwrap_or(1.0),
        gap: slots.length(L::Gap, None, None),
        row_gap: slots.length(L::RowGap, None, None),
        moved_away: match slots.get(L::Translate) {
            Slot::Value(BoxValue::Length(Length::Dimension(percent, Unit::Percent))) => {
                percent.abs() >= 100.0
            }
            _ => false,
        },
    }
}

fn font_size(slots: &Slots, name: &str, parent: &BoxStyle, viewport: &Viewport) -> f32 {
    let own = match name {
        "h1" => 2.0,
        "h2" => 1.5,
        "h3" => 1.17,
        "h5" => 0.83,
        "h6" => 0.67,
        "small" | "sub" | "sup" => 0.83,
        "big" => 1.2,
        "pre" | "code" | "kbd" | "samp" | "tt" if parent.font_size == 16.0 => 13.0 / 16.0,
        "button" | "input" | "select" | "textarea" => 13.333 / parent.font_size,
        _ => 1.0,
    };
    let basis = Basis {
        font_size: parent.font_size,
        root_font_size: parent.root_font_size,
        percent: Some(parent.font_size),
        viewport,
    };
    let size = match slots.get(BoxLonghand::FontSize) {
        Slot::Open => parent.font_size * own,
        Slot::Inherit => parent.font_size,
        Slot::Value(BoxValue::Length(length)) => length.resolve(&basis).unwrap_or(parent.font_size),
        Slot::Value(BoxValue::Word(word)) => match word {
            Word::XxSmall => 9.0,
            Word::XSmall => 10.0,
            Word::Small => 13.0,
            Word::Large => 18.0,
            Word::XLarge => 24.0,
            Word::XxLarge => 32.0,
            Word::XxxLarge => 48.0,
            Word::Smaller => parent.font_size / 1.2,
            Word::Larger => parent.font_size * 1.2,
            _ => 16.0,
        },
        Slot::Value(_) => 16.0,
    };
    size.clamp(0.0, 1000.0)
}

fn kind(element: Element<'_>, positioned: Positioned) -> Kind {
    let kind = match element.display {
        Display::Contents => return Kind::Contents,
        Display::None | Display::Block | Display::ListItem => Kind::Block,
        Display::Inline | Display::Ruby | Display::Math => Kind::Inline,
        Display::InlineBlock => Kind::InlineBlock,
        Display::TableCell if element.name == "caption" => Kind::Block,
        Display::TableCell => Kind::TableCell,
        Display::Table if element.name == "tr" => Kind::TableRow,
        Display::Table | Display::FlexOrGrid => Kind::Block,
        Display::InlineTable | Display::InlineFlexOrGrid => Kind::InlineBlock,
    };
    match positioned {
        Positioned::InFlow if element.is_root => Kind::Block,
        Positioned::InFlow => kind,
        _ => Kind::Block,
    }
}

fn inside(slots: &Slots, display: Display) -> Inside {
    if !matches!(display, Display::FlexOrGrid | Display::InlineFlexOrGrid) {
        return Inside::Flow;
    }
    match slots.word(BoxLonghand::Inside) {
        Some(Word::Grid | Word::InlineGrid) => Inside::Grid,
        _ if slots.word(BoxLonghand::FlexDirection) == Some(Word::Column) => Inside::FlexColumn,
        _ => Inside::FlexRow,
    }
}

/// The browser's own margins and paddings, in em.
struct Defaults {
    margin: [f32; 4],
    padding: [f32; 4],
}

impl Defaults {
    fn of(name: &str) -> Self {
        let block = |em| [em, 0.0, em, 0.0];
        let (margin, padding) = match name {
            "body" => ([0.5; 4], [0.0; 4]),
            "p" | "dl" | "pre" => (block(1.0), [0.0; 4]),
            "ul" | "ol" | "menu" => (block(1.0), [0.0, 0.0, 0.0, 2.5]),
            "figure" | "blockquote" => ([1.0, 2.5, 1.0, 2.5], [0.0; 4]),
            "dd" => ([0.0, 0.0, 0.0, 2.5], [0.0; 4]),
            "h1" => (block(0.67), [0.0; 4]),
            "h2" => (block(0.83), [0.0; 4]),
            "h3" => (block(1.0), [0.0; 4]),
            "h4" => (block(1.33), [0.0; 4]),
            "h5" => (block(1.67), [0.0; 4]),
            "h6" => (block(2.33), [0.0; 4]),
            "hr" => (block(0.5), [0.0; 4]),
            "td" | "th" => ([0.0; 4], [0.06; 4]),
            "fieldset" => ([0.0; 4], [0.35, 0.75, 0.625, 0.75]),
            "button" | "input" => ([0.0; 4], [0.1, 0.45, 0.1, 0.45]),
            _ => ([0.0; 4], [0.0; 4]),
        };
        Self { margin, padding }
    }
}
