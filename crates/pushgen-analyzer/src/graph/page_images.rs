//! The images that a page's elements and style name, as far as it matters how large they are.
//!
//! In: a URL as it is written, and where. Out: a [`FoundImage`]: of a file of the site its size, of a `data:` URL (RFC 2397)
//! what its head tells, of other origins nothing but that it is there. What the page's security policies forbid is no
//! image, and neither is what the site does not have.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::Encoding;
use percent_encoding::percent_decode_str;
use pushgen_policy::Destination;
use url::Url;

use super::page::PageContext;
use super::sheets::chosen;
use crate::html::{SecurityPolicies, Where};
use crate::lcp::{FoundImage, ImageUrl};
use crate::resolve::Target;
use crate::site::{bitmap_size, svg_size};
use crate::style::SheetId;

/// How much of a `data:` URL is read: the head of an image is in it.
const DATA_HEAD: usize = 2048;

/// Padding may be missing where the head was cut.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Where the images of a page are found.
pub(super) struct PageImages<'a> {
    pub(super) context: PageContext<'a>,
    pub(super) base: &'a Url,
    pub(super) encoding: &'static Encoding,
    pub(super) policies: &'a SecurityPolicies,
    /// What the URLs of each sheet are relative to, and the encoding of their queries.
    pub(super) sheets: &'a [(&'a Url, &'static Encoding)],
}

impl PageImages<'_> {
    pub(super) fn find(&self, url: ImageUrl<'_>) -> Option<FoundImage> {
        match url {
            ImageUrl::Attribute(url) => self.found(url, self.base, self.encoding),
            ImageUrl::Sheet(SheetId(at), source) => {
                let url = chosen(source, self.context.viewport)?;
                let sheet = self.sheets.get(at as usize).copied();
                let (base, encoding) = sheet.unwrap_or((self.base, self.encoding));
                self.found(url, base, encoding)
            }
        }
    }

    fn found(&self, url: &str, base: &Url, encoding: &'static Encoding) -> Option<FoundImage> {
        let target = self.context.resolver.resolve_encoded(base, url, encoding);
        let allows = |to| self.policies.allows(Destination::Image, to);
        match target {
            Target::Site(target) => {
                let file = target.file.filter(|_| allows(Where::Own))?;
                let context = self.context;
                Some(FoundImage {
                    path: Some(target.path.into()),
                    natural: context.image_sizes.of(context.site, file),
                    bytes: context.site.size(file),
                })
            }
            Target::Elsewhere(url) => {
                let url = Url::parse(&url).ok()?;
                allows(Where::Foreign(&url)).then_some(FoundImage {
                    path: None,
                    natural: None,
                    bytes: u64::MAX,
                })
            }
            Target::NoRequest => data(url),
            Target::Invalid => None,
        }
    }
}

/// The image in a `data:` URL.
fn data(url: &str) -> Option<FoundImage> {
    let url = url.trim_ascii();
    let (scheme, rest) = url.split_at_checked("data:".len())?;
    let (media_type, text) = rest.split_once(',')?;
    if !scheme.eq_ignore_ascii_case("data:") {
        return None;
    }
    let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    let is_base64 = parameters.to_ascii_lowercase().ends_with("base64");
    let end = (0..=DATA_HEAD.min(text.len())).rev();
    let end = end.into_iter().find(|end| text.is_char_boundary(*end));
    let head: Cow<'_, [u8]> = percent_decode_str(text.get(..end?)?).into();
    let head = if is_base64 {
        let whole = head.len() / 4 * 4;
        let end = if head.len() == text.len() {
            head.len()
        } else {
            whole
        };
        BASE64.decode(head.get(..end)?).unwrap_or_default().into()
    } else {
        head
    };
    let natural = if essence.trim_ascii().eq_ignore_ascii_case("image/svg+xml") {
        svg_size(&head)
    } else {
        bitmap_size(&head)
    };
    let bytes = if is_base64 {
        text.len() / 4 * 3
    } else {
        text.len()
    };
    Some(FoundImage {
        path: None,
        natural,
        bytes: bytes as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_tell_their_size() {
        let size = |url: &str| {
            let natural = data(url)?.natural?;
            natural.width.zip(natural.height)
        };
        let long = format!("data:image/gif;base64,R0lGODlhQAHIAIAA{}", "A".repeat(9000));
        for (url, expected) in [
            (
                "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
                Some((1.0, 1.0)),
            ),
            (
                " DATA:image/gif;base64,R0lGODlhQAHIAIAA ",
                Some((320.0, 200.0)),
            ),
            (long.as_str(), Some((320.0, 200.0))),
            (
                "data:image/svg+xml,%3Csvg width='8' height='6'%3E",
                Some((8.0, 6.0)),
            ),
            (
                "data:image/svg+xml;utf8,<svg width='8' height='6'>",
                Some((8.0, 6.0)),
            ),
            ("data:image/gif;base64,????", None),
            ("data:image/png", None),
            ("about:blank", None),
            ("", None),
        ] {
            assert_eq!(size(url), expected, "{url}");
        }
    }
}
