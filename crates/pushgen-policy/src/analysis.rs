//! What an analysis was told: the words and the viewport of the policy's `analysis` member, which
//! is kept as [`wire::Analysis`] once it is checked.

use std::fmt;
use std::str::FromStr;

use crate::error::PolicyError;
use crate::path::UrlPath;
use crate::pointer::Pointer;
use crate::vocabulary::{WordVisitor, vocabulary};
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

/// A viewport in CSS pixels with its device pixel ratio, written `412x823@1.75`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewport {
    /// Width in CSS pixels.
    pub width: u16,
    /// Height in CSS pixels.
    pub height: u16,
    /// Thousandths of a device pixel per CSS pixel, so that a text and its number are the same everywhere.
    dpr: u16,
}

impl Viewport {
    /// The ratio is rounded to thousandths and held between 0.1 and 16.
    #[must_use]
    pub fn new(width: u16, height: u16, dpr: f32) -> Self {
        // Between 100 and 16000.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was clamped"
        )]
        let dpr = (dpr.clamp(0.1, 16.0) * 1000.0).round() as u16;
        Self { width, height, dpr }
    }

    /// Device pixels per CSS pixel, from 0.1 to 16.
    #[must_use]
    pub fn dpr(self) -> f32 {
        f32::from(self.dpr) / 1000.0
    }
}

/// A text that is not a viewport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a viewport: expected WIDTHxHEIGHT in CSS pixels, each from 1 to 65535, and perhaps @RATIO from 0.1 to 16"
)]
pub struct ParseViewportError;

impl FromStr for Viewport {
    type Err = ParseViewportError;

    fn from_str(text: &str) -> Result<Self, ParseViewportError> {
        let (size, dpr) = text.split_once('@').unwrap_or((text, "1"));
        let (width, height) = size.split_once('x').ok_or(ParseViewportError)?;
        let plain = dpr
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let dpr: f32 = dpr
            .parse()
            .ok()
            .filter(|dpr| plain && (0.1..=16.0).contains(dpr))
            .ok_or(ParseViewportError)?;
        let length = |digits: &str| match digits.as_bytes() {
            [b'1'..=b'9', ..] => digits.parse().map_err(|_| ParseViewportError),
            _ => Err(ParseViewportError),
        };
        Ok(Self::new(length(width)?, length(height)?, dpr))
    }
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}@{}", self.width, self.height, self.dpr())
    }
}

impl serde::Serialize for Viewport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Viewport {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WordVisitor(std::marker::PhantomData, "viewport"))
    }
}

pub(crate) fn check(analysis: &wire::Analysis) -> Result<(), PolicyError> {
    let at = || Pointer::root().key("analysis");
    if analysis.viewports.is_empty() {
        return Err(PolicyError::NoViewport {
            at: at().key("viewports"),
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
        for (text, viewport, written) in [
            ("1350x940", Viewport::new(1350, 940, 1.0), "1350x940@1"),
            ("1350x940@1", Viewport::new(1350, 940, 1.0), "1350x940@1"),
            (
                "412x823@1.75",
                Viewport::new(412, 823, 1.75),
                "412x823@1.75",
            ),
            ("1x1@2.6254", Viewport::new(1, 1, 2.625), "1x1@2.625"),
        ] {
            assert_eq!(text.parse(), Ok(viewport), "{text}");
            assert_eq!(viewport.to_string(), written);
        }
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
            "1x1@",
            "1x1@0",
            "1x1@17",
            "1x1@1e1",
            "1x1@+1",
            "1x1@2x",
        ] {
            assert_eq!(
                text.parse::<Viewport>(),
                Err(ParseViewportError),
                "{text:?}"
            );
        }
    }
}
