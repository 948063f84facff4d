//! SHA-256 fingerprints: of an asset's content, and of the URL keys that cache digests are made
//! from.
//!
//! In: bytes, or origin, path and entity-tag. Out: 32 octets, written as 43 characters of base64url
//! without padding (RFC 4648, section 5). The key is that of draft-ietf-httpbis-cache-digest-00 to
//! -02, section 2.1.1: the absolute URL, for a validators digest followed by the ETag as it stands,
//! without a separator. All 32 octets are kept because both digest forms can be derived from them.
//! Left out: hashing of files in parts; contents are at hand when a policy is made.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;

use crate::origin::Origin;
use crate::path::UrlPath;

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The first 8 octets as a big-endian integer: what a Golomb-coded set takes its values from.
    #[must_use]
    pub fn high64(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The hash of the key that cache digests know a response by: its URL, and the `ETag` where the
/// digest has validators in its keys.
#[must_use]
pub fn url_key(origin: &Origin, path: &UrlPath, etag: Option<&str>) -> Sha256 {
    let mut hash = sha2::Sha256::new();
    hash.update(origin.as_str());
    hash.update(path.as_str());
    hash.update(etag.unwrap_or_default());
    Sha256(hash.finalize().into())
}

/// A text that is not a SHA-256 value in base64url without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 value: expected 43 characters of base64url without padding")]
pub struct ParseSha256Error;

impl FromStr for Sha256 {
    type Err = ParseSha256Error;

    /// Strict: one spelling per value, so that equal fingerprints are equal texts.
    fn from_str(text: &str) -> Result<Self, ParseSha256Error> {
        let mut octets = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut octets) {
            Ok(32) => Ok(Self(octets)),
            _ => Err(ParseSha256Error),
        }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl serde::Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Sha256 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Sha256;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a SHA-256 value in base64url")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Sha256, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6234, test vector `abc`, in base64url.
    const ABC: &str = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

    #[test]
    fn hashes_and_writes_base64url() {
        assert_eq!(Sha256::of(b"abc").to_string(), ABC);
        assert_eq!(ABC.parse(), Ok(Sha256::of(b"abc")));
        assert_eq!(
            format!("{:?}", Sha256::of(b"abc")),
            format!("Sha256({ABC})")
        );
    }

    #[test]
    fn refuses_other_spellings() {
        let spellings = [
            String::new(),
            ABC[..42].to_owned(),
            format!("{ABC}A"),
            format!("{ABC}="),
            ABC.replace('-', "+").replace('_', "/"),
            // The last character has two bits that must be zero.
            format!("{}1", &ABC[..42]),
            format!("{}\n", &ABC[..42]),
            "é".repeat(43),
        ];
        for text in spellings {
            assert_eq!(text.parse::<Sha256>(), Err(ParseSha256Error), "{text:?}");
        }
    }

    #[test]
    fn key_is_origin_path_and_etag_without_separators() {
        let origin = Origin::parse("https://example.com").unwrap();
        let path = UrlPath::parse("/style.css").unwrap();
        assert_eq!(
            url_key(&origin, &path, None),
            Sha256::of(b"https://example.com/style.css")
        );
        let key = url_key(&origin, &path, Some("\"deadbeef\""));
        assert_eq!(
            key,
            Sha256::of(b"https://example.com/style.css\"deadbeef\"")
        );
        assert_eq!(key.high64(), 0xa53e_b398_5090_42d7);
    }
}
