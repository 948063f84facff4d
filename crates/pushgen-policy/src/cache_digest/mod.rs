//! Cache digests: what a client says it has in its cache, so that it is not pushed again.
//!
//! In: the values of the `Cache-Digest` fields of a request. Out: for the key hashes of a response,
//! whether the client has it. Two forms are read: Golomb-coded sets
//! (draft-ietf-httpbis-cache-digest-00 to -02), the only one that clients send, and cuckoo filters
//! (-03 to -05). Nothing in a field says which form it is; a cuckoo filter is known by its length.
//!
//! A digest comes from the client and can do no more than keep pushes from that client. It tells
//! what the client has visited, so do not log it or send it on. Everything about it is bounded:
//! [`MAX_BYTES`], [`MAX_VALUES`], [`MAX_DIGESTS`]; what is malformed is left out and never spoils
//! the rest.
//!
//! Left out: the CACHE_DIGEST frame, which HTTP/2 libraries do not hand over, and the private
//! dialects of the first draft's program, of Apache httpd and of H2O's cookie, which no client
//! sends by itself.

mod cuckoo;
mod gcs;
mod header;

pub use cuckoo::CuckooFilter;
pub use gcs::GolombSet;
pub use header::Flags;

use crate::fingerprint::Sha256;

/// The most bytes of `Cache-Digest` fields in one request: what servers commonly take for all
/// fields.
pub const MAX_BYTES: usize = 8 * 1024;

/// The most values of one Golomb-coded set. Without a bound 8 KiB could carry 49,000.
pub const MAX_VALUES: usize = 4096;

/// The most digests that are kept. Clients send one.
pub const MAX_DIGESTS: usize = 8;

/// Why octets are no digest that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The parameters are not all there.
    #[error("the digest is too short")]
    TooShort,
    /// More than [`MAX_BYTES`].
    #[error("the digest is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The length is not the one that the parameters ask for.
    #[error("the digest's length does not fit its parameters")]
    Length,
    /// A parameter is out of range.
    #[error("a parameter of the digest is out of range")]
    Parameter,
    /// Values without bits, which would all be equal.
    #[error("the digest's values have no bits")]
    NoBits,
    /// A value with more bits than the parameters say.
    #[error("a value of the digest is out of range")]
    ValueOutOfRange,
    /// More than [`MAX_VALUES`].
    #[error("the digest has more than {MAX_VALUES} values")]
    TooManyValues,
}

/// What digests say about a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cached {
    /// The client has it and it is fresh: nothing needs to be sent.
    Fresh,
    /// The client has it but will ask whether it still holds.
    Stale,
    /// The client does not have it fresh: its digests are complete and it is not among them.
    Absent,
    /// Nothing is known.
    Unknown,
}

/// The digests of a client, for the origin it sent them to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheDigest {
    digests: Vec<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Digest {
    filter: Filter,
    validators: bool,
    stale: bool,
    complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    Golomb(GolombSet),
    Cuckoo(CuckooFilter),
}

impl Filter {
    fn decode(octets: &[u8]) -> Result<Self, DigestError> {
        match CuckooFilter::decode(octets) {
            Ok(filter) => Ok(Self::Cuckoo(filter)),
            Err(_) => GolombSet::decode(octets).map(Self::Golomb),
        }
    }

    fn contains(&self, hash: &Sha256) -> bool {
        match self {
            Self::Golomb(set) => set.contains(hash),
            Self::Cuckoo(filter) => filter.contains(hash),
        }
    }
}

impl CacheDigest {
    /// The digests of one request, given the values of its `Cache-Digest` fields.
    pub fn from_fields<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Self::default();
        digest.update(values);
        digest
    }

    /// Adds the digests of a further request to the same origin. Its `reset` flag forgets those
    /// before; beyond [`MAX_DIGESTS`] the oldest are forgotten, which costs no more than a push
    /// that was not needed.
    pub fn update<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) {
        let mut room = MAX_BYTES;
        let mut taken = 0;
        for value in values {
            let Some(rest) = room.checked_sub(value.len()) else {
                continue;
            };
            room = rest;
            for entity in header::entities(value) {
                if taken == MAX_DIGESTS {
                    return;
                }
                if entity.flags.reset {
                    self.digests.clear();
                }
                let Some(Ok(filter)) = entity.octets.as_deref().map(Filter::decode) else {
                    continue;
                };
                taken += 1;
                let digest = Digest {
                    filter,
                    validators: entity.flags.validators,
                    stale: entity.flags.stale,
                    complete: entity.flags.complete,
                };
                // Clients repeat themselves with every request.
                self.digests.retain(|other| *other != digest);
                if self.digests.len() == MAX_DIGESTS {
                    self.digests.remove(0);
                }
                self.digests.push(digest);
            }
        }
    }

    /// Whether there is no digest at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// What the digests say about the response with these key hashes: of its URL, and of URL and
    /// entity-tag where that is known (see [`url_key`](crate::url_key)). Only digests with
    /// validators are asked for the latter.
    #[must_use]
    pub fn lookup(&self, url: &Sha256, url_etag: Option<&Sha256>) -> Cached {
        let mut found_stale = false;
        let mut complete = false;
        for digest in &self.digests {
            let Some(hash) = (if digest.validators {
                url_etag
            } else {
                Some(url)
            }) else {
                continue;
            };
            match (digest.filter.contains(hash), digest.stale) {
                (true, false) => return Cached::Fresh,
                (true, true) => found_stale = true,
                // Complete for its kind: no fresh response with this key is cached.
                (false, false) => complete |= digest.complete,
                (false, true) => {}
            }
        }
        match (found_stale, complete) {
            (true, _) => Cached::Stale,
            (false, true) => Cached::Absent,
            (false, false) => Cached::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(text: &str) -> Sha256 {
        Sha256::of(text.as_bytes())
    }

    fn field(keys: &[&str], flags: Flags) -> String {
        let hashes: Vec<_> = keys.iter().map(|key| hash(key)).collect();
        GolombSet::new(&hashes, 20).unwrap().to_field_value(flags)
    }

    fn read(value: &str) -> CacheDigest {
        CacheDigest::from_fields([value.as_bytes()])
    }

    const PLAIN: Flags = Flags {
        reset: false,
        validators: false,
        stale: false,
        complete: false,
    };

    #[test]
    fn tells_fresh_stale_absent_and_unknown_apart() {
        let complete = Flags {
            complete: true,
            ..PLAIN
        };
        let stale = Flags {
            stale: true,
            ..PLAIN
        };
        let validators = Flags {
            validators: true,
            ..PLAIN
        };
        let cases = [
            (String::new(), Cached::Unknown),
            (field(&["u"], PLAIN), Cached::Fresh),
            (field(&["x"], PLAIN), Cached::Unknown),
            (field(&["x"], complete), Cached::Absent),
            (field(&["u"], stale), Cached::Stale),
            (
                field(
                    &["x"],
                    Flags {
                        stale: true,
                        ..complete
                    },
                ),
                Cached::Unknown,
            ),
            (field(&["u", "ue"], validators), Cached::Fresh),
            (field(&["u"], validators), Cached::Unknown),
            (
                field(
                    &["u"],
                    Flags {
                        validators: true,
                        ..complete
                    },
                ),
                Cached::Absent,
            ),
            (
                field(
                    &["ue"],
                    Flags {
                        validators: true,
                        ..stale
                    },
                ),
                Cached::Stale,
            ),
            (
                format!("{}, {}", field(&["u"], stale), field(&["u"], PLAIN)),
                Cached::Fresh,
            ),
            (
                format!("{}, {}", field(&["u"], stale), field(&["x"], complete)),
                Cached::Stale,
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(
                read(&value).lookup(&hash("u"), Some(&hash("ue"))),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn asks_digests_with_validators_only_when_the_tag_is_known() {
        let digest = read(&field(
            &["u", "ue"],
            Flags {
                validators: true,
                complete: true,
                ..PLAIN
            },
        ));
        assert_eq!(digest.lookup(&hash("u"), None), Cached::Unknown);
    }

    #[test]
    fn complete_holds_for_its_kind_only() {
        let value = format!(
            "{}, {}",
            field(
                &["a"],
                Flags {
                    complete: true,
                    ..PLAIN
                }
            ),
            field(
                &["b"],
                Flags {
                    validators: true,
                    ..PLAIN
                }
            )
        );
        assert_eq!(read(&value).lookup(&hash("u"), None), Cached::Absent);
    }

    #[test]
    fn reset_forgets_what_came_before_also_without_a_new_digest() {
        let mut digest = read(&field(&["u"], PLAIN));
        digest.update([field(&["x"], PLAIN).as_bytes()]);
        assert_eq!(digest.lookup(&hash("u"), None), Cached::Fresh);
        digest.update([field(
            &["x"],
            Flags {
                reset: true,
                ..PLAIN
            },
        )
        .as_bytes()]);
        assert_eq!(digest.lookup(&hash("u"), None), Cached::Unknown);
        assert_eq!(digest.lookup(&hash("x"), None), Cached::Fresh);
        digest.update([&b"; reset"[..]]);
        assert!(digest.is_empty());
    }

    #[test]
    fn several_fields_are_one_list() {
        let (a, b) = (field(&["a"], PLAIN), field(&["b"], PLAIN));
        let digest = CacheDigest::from_fields([a.as_bytes(), b"!!!", b.as_bytes()]);
        assert_eq!(digest.lookup(&hash("a"), None), Cached::Fresh);
        assert_eq!(digest.lookup(&hash("b"), None), Cached::Fresh);
    }

    #[test]
    fn keeps_to_its_limits() {
        let values: Vec<_> = (0..20).map(|i| field(&[&i.to_string()], PLAIN)).collect();
        let digest = read(&values.join(","));
        assert_eq!(digest.digests.len(), MAX_DIGESTS);
        assert_eq!(digest.lookup(&hash("0"), None), Cached::Fresh);

        let mut digest = CacheDigest::default();
        for value in values.iter().chain(&values) {
            digest.update([value.as_bytes()]);
        }
        assert_eq!(digest.digests.len(), MAX_DIGESTS);
        assert_eq!(digest.lookup(&hash("19"), None), Cached::Fresh);

        let long = vec![b'A'; MAX_BYTES];
        let digest = CacheDigest::from_fields([&long[..], values[0].as_bytes()]);
        assert!(digest.is_empty());
    }

    proptest! {
        #[test]
        fn never_panics_on_foreign_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[A-Za-z0-9_+/=;, -]{0,80}") {
            for value in [&bytes[..], text.as_bytes()] {
                let digest = CacheDigest::from_fields([value]);
                let _ = digest.lookup(&hash("u"), Some(&hash("ue")));
            }
        }
    }
}
