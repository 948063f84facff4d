//! Fonts that machines have of themselves.
//!
//! In: the name of a family, in lower case. Out: whether text may be set in it without a face of the page.

/// Whether a machine has a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Installed {
    Everywhere,
    Somewhere,
    Unknown,
}

impl Installed {
    /// What is known of a font by its name. Where a machine does not have the first ones it has fonts of the same
    /// measures in their place.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "arial" | "helvetica" | "times" | "times new roman" | "courier" | "courier new" => {
                Self::Everywhere
            }
            "-apple-system"
            | "blinkmacsystemfont"
            | "ui-sans-serif"
            | "ui-serif"
            | "ui-monospace"
            | "ui-rounded"
            | "emoji"
            | "fangsong"
            | "helvetica neue"
            | "segoe ui"
            | "segoe ui emoji"
            | "segoe ui symbol"
            | "apple color emoji"
            | "noto color emoji"
            | "noto sans"
            | "roboto"
            | "oxygen"
            | "ubuntu"
            | "cantarell"
            | "droid sans"
            | "fira sans"
            | "georgia"
            | "verdana"
            | "tahoma"
            | "trebuchet ms"
            | "impact"
            | "comic sans ms"
            | "arial black"
            | "lucida grande"
            | "lucida console"
            | "lucida sans unicode"
            | "palatino"
            | "palatino linotype"
            | "book antiqua"
            | "garamond"
            | "cambria"
            | "calibri"
            | "candara"
            | "consolas"
            | "menlo"
            | "monaco"
            | "sfmono-regular"
            | "sf mono"
            | "sf pro text"
            | "sf pro display"
            | "liberation sans"
            | "liberation serif"
            | "liberation mono"
            | "dejavu sans"
            | "dejavu serif"
            | "dejavu sans mono"
            | "andale mono"
            | "ubuntu mono"
            | "avenir"
            | "avenir next"
            | "futura"
            | "optima"
            | "geneva"
            | "charter"
            | "hoefler text"
            | "pingfang sc"
            | "hiragino sans"
            | "microsoft yahei"
            | "meiryo"
            | "noto sans cjk sc" => Self::Somewhere,
            _ => Self::Unknown,
        }
    }
}
