//! The viewport a page is laid out for: what media queries, `srcset` and `sizes` are asked about.
//!
//! In: the numbers of `--viewport`, `--dpr` and `--color-scheme`. The media type is always `screen` with
//! JavaScript. A window of less than 600 pixels is a phone's: it has a touch screen, and a page chooses by
//! `<meta name=viewport>` how wide it is laid out. All others have a mouse, as a desktop browser.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A screen of a given size in CSS pixels, its device pixel ratio and preferred colour scheme.
#[derive(Debug, Clone, Copy)]
pub struct Viewport {
    /// Width in CSS pixels: of the window, and then of what the page is laid out for.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Width and height of a phone's screen, if the page is laid out for another size.
    pub screen: Option<(u32, u32)>,
    /// Device pixels per CSS pixel.
    pub dpr: f32,
    /// What `prefers-color-scheme` answers.
    pub color_scheme: ColorScheme,
}

/// The user's preference for light or dark pages (Media Queries 5, `prefers-color-scheme`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorScheme {
    /// The default of every browser.
    #[default]
    Light,
    /// The user asked for dark pages.
    Dark,
}

impl Viewport {
    /// The width over the height that a page is analysed for unless told otherwise: a small desktop.
    pub const DESKTOP: Self = Self {
        width: 1350,
        height: 940,
        screen: None,
        dpr: 1.0,
        color_scheme: ColorScheme::Light,
    };

    /// The phone of the lab tools of Chromium: a Moto G Power.
    pub const PHONE: Self = Self {
        width: 412,
        height: 823,
        screen: None,
        dpr: 1.75,
        color_scheme: ColorScheme::Light,
    };

    /// Narrower windows are those of phones.
    const NARROWEST_DESKTOP: u32 = 600;

    /// Whether it is a phone's: touch, no mouse, and a layout that the page may choose.
    pub(crate) fn is_phone(&self) -> bool {
        self.screen().0 < Self::NARROWEST_DESKTOP
    }

    /// Width and height of the screen; a desktop's window fills it.
    pub(crate) fn screen(&self) -> (u32, u32) {
        self.screen.unwrap_or((self.width, self.height))
    }
}

impl Viewport {
    /// Two ratios are the same if they are written the same.
    fn key(&self) -> (u32, u32, u32, ColorScheme) {
        (
            self.width,
            self.height,
            self.dpr.to_bits(),
            self.color_scheme,
        )
    }
}

impl PartialEq for Viewport {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Viewport {}

impl Hash for Viewport {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// `412x823@1.75`
impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}@{}", self.width, self.height, self.dpr)
    }
}

impl Default for Viewport {
    fn default() -> Self {
        Self::DESKTOP
    }
}
