//! The `Cache-Digest` field (draft-ietf-httpbis-cache-digest-02, appendix A): a list of digests in
//! base64url, each with flags.
//!
//! In: a field value. Out: the octets and flags of each entity that can be understood, and the
//! field value of a set. Follows what clients send rather than the letter: both base64 alphabets
//! and padding are taken, flags in any case. An entity with a flag that is not known or with a
//! value that is not base64 is left out; it never spoils the others.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

use super::GolombSet;

/// What an entity says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// Everything that was sent before is to be forgotten.
    pub reset: bool,
    /// The keys are URL and entity-tag.
    pub validators: bool,
    /// All members are stale; otherwise all are fresh.
    pub stale: bool,
    /// What has been sent is all that the cache has of this kind.
    pub complete: bool,
}

impl GolombSet {
    /// The value of a `Cache-Digest` field with this set alone, such as `EeUM-QA; complete`.
    #[must_use]
    pub fn to_field_value(&self, flags: Flags) -> String {
        let mut value = URL_SAFE_NO_PAD.encode(self.encode());
        for (is_set, name) in [
            (flags.reset, "reset"),
            (flags.validators, "validators"),
            (flags.stale, "stale"),
            (flags.complete, "complete"),
        ] {
            if is_set {
                value.push_str("; ");
                value.push_str(name);
            }
        }
        value
    }
}

/// One entity of a field: its flags, and its octets if they are base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) flags: Flags,
    pub(super) octets: Option<Vec<u8>>,
}

/// The entities of a field value whose flags are all known, in order.
pub(super) fn entities(value: &[u8]) -> impl Iterator<Item = Entity> {
    value.split(|&byte| byte == b',').filter_map(|text| {
        let mut parts = text.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let value = parts.next().unwrap_or_default();
        let mut flags = Flags::default();
        for name in parts {
            let flag = if name.eq_ignore_ascii_case(b"reset") {
                &mut flags.reset
            } else if name.eq_ignore_ascii_case(b"validators") {
                &mut flags.validators
            } else if name.eq_ignore_ascii_case(b"stale") {
                &mut flags.stale
            } else if name.eq_ignore_ascii_case(b"complete") {
                &mut flags.complete
            } else {
                return None;
            };
            *flag = true;
        }
        Some(Entity {
            flags,
            octets: decode(value),
        })
    })
}

fn decode(value: &[u8]) -> Option<Vec<u8>> {
    /// The bits that do not fill an octet need not be zero.
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
    );
    let padding = value.iter().rev().take_while(|&&byte| byte == b'=').count();
    let value: Vec<u8> = value
        .iter()
        .take(value.len() - padding)
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    TOLERANT.decode(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_flags_and_both_alphabets() {
        let octets = Some(vec![0x11, 0xe5, 0x0c, 0xf9, 0x00]);
        let complete = Flags {
            complete: true,
            ..Flags::default()
        };
        let cases = [
            ("EeUM-QA", Flags::default()),
            ("EeUM+QA; complete", complete),
            ("EeUM-QA==;COMPLETE", complete),
            (" EeUM-QA\t; \tComplete ", complete),
            (
                "EeUM-QA;reset;validators;stale;complete",
                Flags {
                    reset: true,
                    validators: true,
                    stale: true,
                    complete: true,
                },
            ),
        ];
        for (value, flags) in cases {
            let read: Vec<_> = entities(value.as_bytes()).collect();
            assert_eq!(
                read,
                [Entity {
                    flags,
                    octets: octets.clone()
                }],
                "{value}"
            );
        }
    }

    #[test]
    fn leaves_out_what_it_does_not_understand() {
        let count = |value: &[u8]| {
            entities(value)
                .filter_map(|entity| entity.octets)
                .filter(|octets| !octets.is_empty())
                .count()
        };
        let cases: [(&[u8], usize); 9] = [
            (b"", 0),
            (b",,", 0),
            (b"A", 0),
            (b"AfdA; type=\"x\"", 0),
            (b"AfdA;", 0),
            (b"Af dA", 0),
            (b"=AfdA", 0),
            (b"\xff\x00, AfdA, ;;;, \"AfdA\"", 1),
            (b"AfdA, ,AcA", 2),
        ];
        for (value, expected) in cases {
            assert_eq!(count(value), expected, "{value:?}");
        }
    }
}
