//! What an analysis was told: the words and the viewport of the policy's `analysis` member, which
//! is kept as [`wire::Analysis`] once it is checked.

use std::fmt;
use std::str::FromStr;

use crate::error::PolicyError;
use crate::path::UrlPath;
use crate::pointer::Pointer;
use crate::vocabulary::vocabulary;
use crate::wire;

vocabulary! {
    /// The preferred colour scheme (Media Queries 5, section 11.5).
    pub enum ColorScheme: "colour scheme" {
        /// Dark.
        Dark = "dark",
        /// Light.
        Light = "light",
    }
}

/// A viewport in CSS pixels, written `1350x940`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewport {
    /// Width in CSS pixels.
    pub width: u16,
    /// Height in CSS pixels.
    pub height: u16,
}

/// A text that is not a viewport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a viewport: expected WIDTHxHEIGHT in CSS pixels, each from 1 to 65535")]
pub struct ParseViewportError;

impl FromStr for Viewport {
    type Err = ParseViewportError;

    fn from_str(text: &str) -> Result<Self, ParseViewportError> {
        let (width, height) = text.split_once('x').ok_or(ParseViewportError)?;
        let length = |digits: &str| match digits.as_bytes() {
            [b'1'..=b'9', ..] => digits.parse().map_err(|_| ParseViewportError),
            _ => Err(ParseViewportError),
        };
        Ok(Self {
            width: length(width)?,
            height: length(height)?,
        })
    }
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl serde::Serialize for Viewport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Viewport {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

pub(crate) fn check(analysis: &wire::Analysis) -> Result<(), PolicyError> {
    let at = || Pointer::root().key("analysis");
    // Thousandths, so that the text of the number reads back as the same number everywhere.
    let thousandths = (analysis.dpr * 1000.0).round();
    if !(0.1..=16.0).contains(&analysis.dpr) || thousandths / 1000.0 != analysis.dpr {
        return Err(PolicyError::DevicePixelRatio {
            at: at().key("dpr"),
        });
    }
    let path = UrlPath::parse(analysis.base_path.as_str()).map_err(|reason| PolicyError::Path {
        at: at().key("base_path"),
        reason,
    })?;
    if path.query().is_some() || !path.as_str().ends_with('/') {
        return Err(PolicyError::BasePath {
            at: at().key("base_path"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_viewports() {
        let viewport = Viewport {
            width: 1350,
            height: 940,
        };
        assert_eq!("1350x940".parse(), Ok(viewport));
        assert_eq!(viewport.to_string(), "1350x940");
        for text in [
            "",
            "x",
            "1350",
            "1350x",
            "0x940",
            "1350x0",
            "+1x2",
            "1X2",
            "65536x1",
            "1x2x3",
            "01x2",
            "1350 x 940",
        ] {
            assert_eq!(
                text.parse::<Viewport>(),
                Err(ParseViewportError),
                "{text:?}"
            );
        }
    }
}
