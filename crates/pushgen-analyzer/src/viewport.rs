//! The viewport a page is laid out for: what media queries, `srcset` and `sizes` are asked about.
//!
//! In: the numbers of `--viewport`, `--dpr` and `--color-scheme`. The media type is always `screen`
//! with a mouse and JavaScript, as in a desktop browser.

/// A screen of a given size in CSS pixels, its device pixel ratio and preferred colour scheme.
#[derive(Debug, Clone, Copy, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

impl Default for Viewport {
    fn default() -> Self {
        Self::DESKTOP
    }
}
