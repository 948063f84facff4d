//! The names of functions, by the kind of value that they give, in lower case, as Chromium 156 takes them.
//!
//! Kinds whose functions are asked for in more than one place stand here: colours (CSS Color 4 and 5), gradients
//! (Images 4 §3, and those with the prefix) and filters (Filter Effects 1 §5.1).

/// `<color>`
pub(crate) const COLOR_FUNCTIONS: &[&str] = &[
    "rgb",
    "rgba",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "oklab",
    "oklch",
    "color",
    "color-mix",
    "light-dark",
    "contrast-color",
    "alpha",
];

/// `<gradient>`
pub(crate) const GRADIENTS: &[&str] = &[
    "linear-gradient",
    "radial-gradient",
    "conic-gradient",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "repeating-conic-gradient",
    "-webkit-linear-gradient",
    "-webkit-radial-gradient",
    "-webkit-repeating-linear-gradient",
    "-webkit-repeating-radial-gradient",
    "-webkit-gradient",
];

/// `<filter-function>`
pub(crate) const FILTERS: &[&str] = &[
    "blur",
    "brightness",
    "contrast",
    "drop-shadow",
    "grayscale",
    "hue-rotate",
    "invert",
    "opacity",
    "saturate",
    "sepia",
];
