//! Which viewports ask for an image, and for which one of several (HTML, section 4.8.4 "Images").
//!
//! In: the three members of a plan's entry. Out: [`Responsive`], the attributes of the same names of
//! `link`, in a form that can stand between quotes in a `Link` field (RFC 8288, section 3). Left out:
//! whether the texts are media queries and candidates; a browser drops a link whose are not.

use serde::Serialize;

use crate::asset::Asset;
use crate::destination::Destination;
use crate::error::PolicyError;
use crate::pointer::Pointer;

/// The attributes of a link that depend on the viewport. A browser heeds them in a final response,
/// and drops a link of a 103 that has any of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "these are all that there are")]
pub struct Responsive {
    /// Who asks: a media query list, such as `(min-width: 600px)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// What there is to choose from: `/hero-400.webp 400w, /hero-1200.webp 1200w`. The asset is one
    /// of them, or the `src` beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imagesrcset: Option<String>,
    /// How wide the image is shown: `(max-width: 600px) 100vw, 50vw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imagesizes: Option<String>,
}

impl Responsive {
    /// The longest `media` in bytes.
    pub const MAX_MEDIA: usize = 256;
    /// The longest `imagesrcset` in bytes: half of what all links of a response may have.
    pub const MAX_IMAGESRCSET: usize = 2048;
    /// The longest `imagesizes` in bytes.
    pub const MAX_IMAGESIZES: usize = 512;

    /// Whether it says nothing, and so holds for everyone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes().iter().all(|(_, text, _)| text.is_none())
    }

    /// Whether a text can be the value of such an attribute: printable ASCII without quotes and
    /// backslashes, not empty.
    #[must_use]
    pub fn can_say(text: &str) -> bool {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
    }

    /// Name, value, and how long the value may be.
    pub(crate) fn attributes(&self) -> [(&'static str, Option<&str>, usize); 3] {
        [
            ("media", self.media.as_deref(), Self::MAX_MEDIA),
            (
                "imagesrcset",
                self.imagesrcset.as_deref(),
                Self::MAX_IMAGESRCSET,
            ),
            (
                "imagesizes",
                self.imagesizes.as_deref(),
                Self::MAX_IMAGESIZES,
            ),
        ]
    }

    /// Checks what an entry says of `asset`; `link` tells whether it is linked in the final response
    /// only.
    pub(crate) fn check(
        &self,
        asset: &Asset,
        link: bool,
        at: impl Fn(&'static str) -> Pointer,
    ) -> Result<(), PolicyError> {
        for (name, text, longest) in self.attributes() {
            let Some(text) = text else { continue };
            let at = at(name);
            if !link {
                return Err(PolicyError::ResponsiveMeans { at });
            }
            let is_of_images = name != "media";
            if is_of_images && asset.destination != Destination::Image {
                return Err(PolicyError::NotAnImage { at });
            }
            if name == "imagesizes" && self.imagesrcset.is_none() {
                return Err(PolicyError::SizesWithoutCandidates { at });
            }
            if !Self::can_say(text) || text.len() > longest {
                return Err(PolicyError::LinkText { at, longest });
            }
        }
        Ok(())
    }
}
