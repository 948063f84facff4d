//! `Link` field values (RFC 8288, section 3) that hint an asset, for 103 responses (RFC 8297) and
//! final ones.
//!
//! In: an asset, and which viewports ask for it. Out: `</css/app.css>; rel=preload; as=style`. Of an
//! asset alone only what browsers accept in a 103 is written: a link with an attribute they do not
//! know there (`media`, `imagesrcset`, `nopush`, ...) is dropped as a whole. What depends on the
//! viewport ([`Responsive`]) is for final responses. Left out: `type`, which changes nothing for the
//! better, and `fetchpriority`, which older browsers trip over.

use std::fmt;

use crate::asset::{Asset, CrossOrigin};
use crate::destination::Destination;
use crate::responsive::Responsive;

/// A link that hints an asset; `Display` writes the field value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    asset: &'a Asset,
    /// The word for `as=`; none for a module.
    preload_as: Option<&'static str>,
    /// Written in a final response only.
    responsive: Option<&'a Responsive>,
}

impl<'a> Link<'a> {
    /// The link to `asset`; `None` where browsers take no such hint.
    #[must_use]
    pub fn to(asset: &'a Asset) -> Option<Self> {
        let preload_as = match asset.destination {
            Destination::Script if asset.module => None,
            destination => Some(destination.hint_as()?),
        };
        Some(Self {
            asset,
            preload_as,
            responsive: None,
        })
    }

    /// The same for the viewports that ask for it.
    pub(crate) fn with(self, responsive: Option<&'a Responsive>) -> Self {
        Self { responsive, ..self }
    }
}

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asset = self.asset;
        write!(f, "<{}>; ", asset.path)?;
        match self.preload_as {
            Some(word) => write!(f, "rel=preload; as={word}")?,
            None => f.write_str("rel=modulepreload")?,
        }
        match asset.cross_origin {
            // Fonts are fetched in CORS mode without credentials, whatever the style sheet says
            // (CSS Fonts 4, section 4.9); a hint in any other mode would fetch them twice.
            _ if asset.destination == Destination::Font => f.write_str("; crossorigin")?,
            Some(CrossOrigin::UseCredentials) => f.write_str("; crossorigin=use-credentials")?,
            Some(CrossOrigin::Anonymous) => f.write_str("; crossorigin")?,
            None => {}
        }
        if let Some(integrity) = &asset.integrity {
            // Checked on entry: neither quotes nor backslashes.
            write!(f, "; integrity=\"{integrity}\"")?;
        }
        let attributes = self.responsive.map(Responsive::attributes);
        for (name, text, _) in attributes.into_iter().flatten() {
            if let Some(text) = text {
                // As above.
                write!(f, "; {name}=\"{text}\"")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::Coding;
    use crate::fingerprint::Sha256;
    use crate::path::UrlPath;

    fn asset(path: &str, destination: Destination) -> Asset {
        Asset {
            path: UrlPath::parse(path).unwrap(),
            media_type: "application/octet-stream".to_owned(),
            destination,
            module: false,
            cross_origin: None,
            integrity: None,
            sizes: [(Coding::Identity, 1)].into(),
            precompressed: Vec::new(),
            content: Sha256::of(b""),
            etag: None,
            fingerprints: None,
        }
    }

    fn text(asset: &Asset) -> Option<String> {
        asset.link().map(|link| link.to_string())
    }

    #[test]
    fn writes_which_viewports_ask_for_an_image() {
        let asset = asset("/a.webp", Destination::Image);
        let text = |text: &str| Some(text.to_owned());
        let responsive = Responsive {
            media: text("(min-width: 600px)"),
            imagesrcset: text("/a.webp 400w, /b.webp 800w"),
            imagesizes: text("calc(100vw - 2em), 10px"),
        };
        let link = asset.link().map(|link| link.with(Some(&responsive)));
        assert_eq!(
            link.unwrap().to_string(),
            "</a.webp>; rel=preload; as=image; media=\"(min-width: 600px)\"; \
             imagesrcset=\"/a.webp 400w, /b.webp 800w\"; imagesizes=\"calc(100vw - 2em), 10px\""
        );
    }

    #[test]
    fn writes_what_browsers_take_in_a_103() {
        let anonymous = Some(CrossOrigin::Anonymous);
        let credentials = Some(CrossOrigin::UseCredentials);
        let cases = [
            (
                "/css/app.css",
                Destination::Style,
                None,
                "</css/app.css>; rel=preload; as=style",
            ),
            (
                "/a.js?v=1,2;3",
                Destination::Script,
                None,
                "</a.js?v=1,2;3>; rel=preload; as=script",
            ),
            (
                "/a.js",
                Destination::Script,
                anonymous,
                "</a.js>; rel=preload; as=script; crossorigin",
            ),
            (
                "/a.json",
                Destination::Fetch,
                credentials,
                "</a.json>; rel=preload; as=fetch; crossorigin=use-credentials",
            ),
            (
                "/f.woff2",
                Destination::Font,
                None,
                "</f.woff2>; rel=preload; as=font; crossorigin",
            ),
            (
                "/f.woff2",
                Destination::Font,
                credentials,
                "</f.woff2>; rel=preload; as=font; crossorigin",
            ),
            (
                "/i.webp",
                Destination::Image,
                None,
                "</i.webp>; rel=preload; as=image",
            ),
        ];
        for (path, destination, cross_origin, expected) in cases {
            let asset = Asset {
                cross_origin,
                ..asset(path, destination)
            };
            assert_eq!(text(&asset).as_deref(), Some(expected));
        }
    }

    #[test]
    fn hints_modules_as_modules() {
        let mut module = asset("/m.js", Destination::Script);
        module.module = true;
        assert_eq!(text(&module).as_deref(), Some("</m.js>; rel=modulepreload"));
        module.cross_origin = Some(CrossOrigin::UseCredentials);
        assert_eq!(
            text(&module).as_deref(),
            Some("</m.js>; rel=modulepreload; crossorigin=use-credentials")
        );
    }

    #[test]
    fn quotes_integrity() {
        let mut style = asset("/a.css", Destination::Style);
        style.integrity = Some("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=".to_owned());
        assert_eq!(
            text(&style).as_deref(),
            Some(
                "</a.css>; rel=preload; as=style; integrity=\"sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\""
            )
        );
    }

    #[test]
    fn hints_nothing_that_browsers_ignore() {
        for &destination in Destination::ALL {
            let hinted = text(&asset("/x", destination)).is_some();
            assert_eq!(hinted, destination.hint_as().is_some(), "{destination}");
        }
    }
}
