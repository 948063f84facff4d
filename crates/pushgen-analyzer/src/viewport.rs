//! The viewport a page is laid out for: what media queries, `srcset` and `sizes` are asked about.
//!
//! In: the numbers of `--viewport`, `--dpr` and `--color-scheme`. The media type is always `screen`
//! with a mouse and JavaScript, as in a desktop browser.

use std::hash::{Hash, Hasher};

/// A screen of a given size in CSS pixels, its device pixel ratio and preferred colour scheme.
#[derive(Debug, Clone, Copy)]
pub struct Viewport {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
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
        dpr: 1.0,
        color_scheme: ColorScheme::Light,
    };
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

impl Default for Viewport {
    fn default() -> Self {
        Self::DESKTOP
    }
}
