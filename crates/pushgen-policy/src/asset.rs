//! An asset of the policy, checked.
//!
//! In: `wire::Asset`. Out: `Asset`, whose media type, entity-tag and integrity metadata can stand
//! in a header field as they are. Follows RFC 9110, sections 8.3.1 (media type) and 8.8.3
//! (entity-tag), and Subresource Integrity, section 3.5. Left out: what holds between assets, which
//! `policy` checks.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::coding::Coding;
use crate::destination::Destination;
use crate::error::PolicyError;
use crate::fingerprint::{Sha256, url_key};
use crate::link::Link;
use crate::origin::Origin;
use crate::path::UrlPath;
use crate::pointer::Pointer;
use crate::vocabulary::vocabulary;
use crate::wire::{self, Fingerprints};

vocabulary! {
    /// The cross-origin mode of a request (HTML, section 2.5.4 "CORS settings attributes").
    pub enum CrossOrigin: "cross-origin mode" {
        /// Credentials for the same origin only.
        Anonymous = "anonymous",
        /// Credentials in every case.
        UseCredentials = "use-credentials",
    }
}

/// A file of the site in the role that pages request it in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asset {
    /// Site-absolute path, with the query if there is one.
    pub path: UrlPath,
    /// Media type.
    pub media_type: String,
    /// Request destination.
    pub destination: Destination,
    /// Whether it is a module script.
    pub module: bool,
    /// The cross-origin mode it is requested in, if any.
    pub cross_origin: Option<CrossOrigin>,
    /// Subresource Integrity metadata that the pages ask for.
    pub integrity: Option<String>,
    /// Bytes on the wire per content-coding; identity is always there.
    pub sizes: BTreeMap<Coding, u64>,
    /// Codings that exist as files beside the asset, sorted.
    pub precompressed: Vec<Coding>,
    /// SHA-256 of the identity bytes.
    pub content: Sha256,
    /// Entity-tag, where the build fixes it.
    pub etag: Option<String>,
    /// Hashes of the URL key for the policy's origin.
    pub fingerprints: Option<Fingerprints>,
}

impl Asset {
    /// The bytes of the smallest coding, which is the least that this asset weighs on the wire.
    #[must_use]
    pub fn smallest_size(&self) -> u64 {
        self.sizes.values().copied().min().unwrap_or_default()
    }

    /// The bytes of the largest coding.
    #[must_use]
    pub fn largest_size(&self) -> u64 {
        self.sizes.values().copied().max().unwrap_or_default()
    }

    /// The link that hints this asset; `None` where browsers take no such hint.
    #[must_use]
    pub fn link(&self) -> Option<Link<'_>> {
        Link::to(self)
    }

    /// What the table is sorted by and no two assets share.
    pub(crate) fn key(&self) -> (&UrlPath, Destination, bool, Option<CrossOrigin>) {
        (&self.path, self.destination, self.module, self.cross_origin)
    }

    /// Checks the asset at `index` of the table.
    pub(crate) fn check(
        asset: wire::Asset,
        index: usize,
        origin: Option<&Origin>,
    ) -> Result<Self, PolicyError> {
        let at = |key| Pointer::root().key("assets").index(index).key(key);

        let path = UrlPath::parse(asset.path).map_err(|reason| PolicyError::Path {
            at: at("path"),
            reason,
        })?;
        if !is_media_type(&asset.media_type) {
            return Err(PolicyError::MediaType { at: at("type") });
        }
        if asset.module && asset.destination != Destination::Script {
            return Err(PolicyError::NotAScript { at: at("module") });
        }
        if asset
            .integrity
            .as_deref()
            .is_some_and(|metadata| !is_integrity(metadata))
        {
            return Err(PolicyError::Integrity {
                at: at("integrity"),
            });
        }
        if !asset.sizes.contains_key(&Coding::Identity) {
            return Err(PolicyError::NoIdentitySize { at: at("sizes") });
        }
        let coded =
            |coding: &Coding| *coding != Coding::Identity && asset.sizes.contains_key(coding);
        if !asset.precompressed.is_sorted_by(|a, b| a < b) || !asset.precompressed.iter().all(coded)
        {
            return Err(PolicyError::Precompressed {
                at: at("precompressed"),
            });
        }
        if asset
            .etag
            .as_deref()
            .is_some_and(|etag| !is_entity_tag(etag))
        {
            return Err(PolicyError::EntityTag { at: at("etag") });
        }
        if let Some(fingerprints) = &asset.fingerprints {
            let at = |key| at("fingerprints").key(key);
            let Some(origin) = origin else {
                return Err(PolicyError::FingerprintWithoutOrigin {
                    at: Pointer::root()
                        .key("assets")
                        .index(index)
                        .key("fingerprints"),
                });
            };
            if fingerprints.url != url_key(origin, &path, None) {
                return Err(PolicyError::FingerprintMismatch { at: at("url") });
            }
            match (fingerprints.url_etag, asset.etag.as_deref()) {
                (None, _) => {}
                (Some(_), None) => {
                    return Err(PolicyError::FingerprintWithoutEntityTag { at: at("url_etag") });
                }
                (Some(found), Some(etag)) if found == url_key(origin, &path, Some(etag)) => {}
                (Some(_), Some(_)) => {
                    return Err(PolicyError::FingerprintMismatch { at: at("url_etag") });
                }
            }
        }

        Ok(Self {
            path,
            media_type: asset.media_type,
            destination: asset.destination,
            module: asset.module,
            cross_origin: asset.crossorigin,
            integrity: asset.integrity,
            sizes: asset.sizes,
            precompressed: asset.precompressed,
            content: asset.content,
            etag: asset.etag,
            fingerprints: asset.fingerprints,
        })
    }
}

impl From<&Asset> for wire::Asset {
    fn from(asset: &Asset) -> Self {
        Self {
            path: asset.path.as_str().to_owned(),
            media_type: asset.media_type.clone(),
            destination: asset.destination,
            module: asset.module,
            crossorigin: asset.cross_origin,
            integrity: asset.integrity.clone(),
            sizes: asset.sizes.clone(),
            precompressed: asset.precompressed.clone(),
            content: asset.content,
            etag: asset.etag.clone(),
            fingerprints: asset.fingerprints,
        }
    }
}

/// `type/subtype`, and parameters in visible ASCII. Quoted parameter values are checked for their
/// bytes only.
fn is_media_type(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    essence
        .trim_end_matches([' ', '\t'])
        .split_once('/')
        .is_some_and(|(kind, subtype)| token(kind) && token(subtype))
        && parameters
            .bytes()
            .all(|b| b == b' ' || b.is_ascii_graphic())
}

/// RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `W/"..."` or `"..."`, without the obsolete non-ASCII bytes.
fn is_entity_tag(text: &str) -> bool {
    text.strip_prefix("W/")
        .unwrap_or(text)
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .is_some_and(|tag| tag.bytes().all(|b| b.is_ascii_graphic() && b != b'"'))
}

/// The metadata of an `integrity` attribute as a policy takes it: the well-formed hashes, one space apart; `None`
/// if there is none, which to a browser means no check (Subresource Integrity, section 3.3.3).
#[must_use]
pub fn integrity_metadata(attribute: &str) -> Option<String> {
    let hashes: Vec<&str> = attribute
        .split_ascii_whitespace()
        .filter(|hash| is_integrity(hash))
        .collect();
    (!hashes.is_empty()).then(|| hashes.join(" "))
}

/// Hashes with their options, one space apart.
fn is_integrity(text: &str) -> bool {
    text.split(' ').all(|hash| {
        let (hash, options) = hash.split_once('?').unwrap_or((hash, ""));
        let octets = match hash.split_once('-') {
            Some(("sha256", _)) => 32,
            Some(("sha384", _)) => 48,
            Some(("sha512", _)) => 64,
            _ => return false,
        };
        // All three prefixes are seven bytes long with their hyphen.
        let value = hash.get(7..).unwrap_or_default();
        STANDARD
            .decode(value)
            .is_ok_and(|value| value.len() == octets)
            && options
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_media_types() {
        for text in [
            "text/css",
            "image/svg+xml",
            "text/html; charset=utf-8",
            "text/html ;charset=\"utf-8\"",
            "font/woff2",
        ] {
            assert!(is_media_type(text), "{text:?}");
        }
        for text in [
            "",
            "css",
            "/",
            "text/",
            "/css",
            "text/c ss",
            "text/css\r\nX: y",
            "text/css; a=\n",
            "t\u{e9}xt/css",
        ] {
            assert!(!is_media_type(text), "{text:?}");
        }
    }

    #[test]
    fn knows_entity_tags() {
        for text in ["\"\"", "\"abc\"", "W/\"5f3c-18a\"", "\"a'b\\c\""] {
            assert!(is_entity_tag(text), "{text:?}");
        }
        for text in [
            "",
            "abc",
            "\"",
            "w/\"a\"",
            "\"a\"b\"",
            "\"a b\"",
            "\"a\n\"",
            "\"\u{e9}\"",
        ] {
            assert!(!is_entity_tag(text), "{text:?}");
        }
    }

    #[test]
    fn keeps_the_well_formed_hashes_of_an_attribute() {
        let hash = format!("sha256-{}", STANDARD.encode([7; 32]));
        for (attribute, expected) in [
            (hash.clone(), Some(hash.clone())),
            (
                format!(" {hash}\n  {hash}?opt "),
                Some(format!("{hash} {hash}?opt")),
            ),
            (format!("md5-abc {hash}"), Some(hash)),
            ("sha256-AAAA".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(integrity_metadata(&attribute), expected, "{attribute:?}");
        }
    }

    #[test]
    fn knows_integrity_metadata() {
        let hash = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        for text in [
            hash.to_owned(),
            format!("{hash} {hash}"),
            format!("{hash}?ct=text/css"),
        ] {
            assert!(is_integrity(&text), "{text:?}");
        }
        for text in [
            String::new(),
            "sha256-".to_owned(),
            "md5-ungWv48Bz+pBQUDeXa4iIw==".to_owned(),
            hash.replace("sha256", "sha384"),
            hash.replace('+', "-"),
            format!("{hash} "),
            format!("{hash}  {hash}"),
            format!("{hash}?\""),
            format!("{hash}\r\n"),
        ] {
            assert!(!is_integrity(&text), "{text:?}");
        }
    }
}
