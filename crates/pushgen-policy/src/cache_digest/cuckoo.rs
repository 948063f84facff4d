//! Cuckoo filters of draft-ietf-httpbis-cache-digest-03 to -05, for queries only.
//!
//! In: octets. Out: a filter that answers "perhaps" or "no". Octet 0 is the number f of bits per
//! fingerprint, octets 1 to 4 the number N of buckets, big-endian; then as many buckets of four
//! slots of f bits as the next power of two of N has, most significant bit first, without
//! alignment. Zero is an empty slot. A key's fingerprint is the low f bits of its hash (the next f
//! bits where those are zero), its buckets are h1 = hash32 mod N and h2 = h1 xor (hash32 of the
//! fingerprint in decimal) mod N.
//!
//! Where the drafts contradict themselves this follows the reference implementation: octet 0 is f
//! and not P. Which 4 octets of SHA-256 make the 32-bit hash is an open question (the reference
//! takes the last), so both ends are tried, at the price of twice the false positives. Left out:
//! making and changing filters, which only clients would do.

use super::DigestError;
use crate::fingerprint::Sha256;

/// A cuckoo filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CuckooFilter {
    fingerprint_bits: u32,
    buckets: u32,
    slots: Box<[u8]>,
}

/// Octets before the slots.
const HEADER: usize = 5;
const SLOTS_PER_BUCKET: u64 = 4;
/// The most bits that can be read from 8 octets wherever they begin in an octet.
const MAX_FINGERPRINT_BITS: u32 = 57;
const MAX_BUCKETS: u32 = 1 << 20;

impl CuckooFilter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range, or if the octets are not exactly as many as their beginning
    /// says. Nothing marks a cuckoo filter, so this is also how one is told from a Golomb-coded
    /// set.
    pub fn decode(octets: &[u8]) -> Result<Self, DigestError> {
        let Some((&[f, n0, n1, n2, n3], slots)) = octets.split_first_chunk::<HEADER>() else {
            return Err(DigestError::TooShort);
        };
        let fingerprint_bits = u32::from(f);
        let buckets = u32::from_be_bytes([n0, n1, n2, n3]);
        if !(1..=MAX_FINGERPRINT_BITS).contains(&fingerprint_bits)
            || !(1..=MAX_BUCKETS).contains(&buckets)
        {
            return Err(DigestError::Parameter);
        }
        let bits =
            u64::from(fingerprint_bits) * SLOTS_PER_BUCKET * u64::from(buckets.next_power_of_two());
        if slots.len() as u64 != bits.div_ceil(8) {
            return Err(DigestError::Length);
        }
        Ok(Self {
            fingerprint_bits,
            buckets,
            slots: slots.into(),
        })
    }

    /// Whether the filter may have the key with this hash.
    #[must_use]
    pub fn contains(&self, hash: &Sha256) -> bool {
        let fingerprint = self.fingerprint(hash);
        let of_fingerprint = Sha256::of(fingerprint.to_string().as_bytes());
        [last32, first32].into_iter().any(|hash32| {
            let first = hash32(hash) % self.buckets;
            let second = first ^ (hash32(&of_fingerprint) % self.buckets);
            self.bucket_has(first, fingerprint) || self.bucket_has(second, fingerprint)
        })
    }

    /// The low bits of the hash as a 256-bit number; where they are zero the next ones, and 1 where
    /// all are. So it is never the zero of an empty slot.
    fn fingerprint(&self, hash: &Sha256) -> u64 {
        let f = self.fingerprint_bits as usize;
        (1..=256usize.div_ceil(f))
            .map(|chunk| match 256usize.checked_sub(chunk * f) {
                Some(start) => bits(&hash.0, start, f),
                None => bits(&hash.0, 0, 256 - (chunk - 1) * f),
            })
            .find(|&fingerprint| fingerprint != 0)
            .unwrap_or(1)
    }

    fn bucket_has(&self, bucket: u32, fingerprint: u64) -> bool {
        let f = self.fingerprint_bits as usize;
        let start = bucket as usize * SLOTS_PER_BUCKET as usize * f;
        (0..SLOTS_PER_BUCKET as usize)
            .any(|slot| bits(&self.slots, start + slot * f, f) == fingerprint)
    }
}

/// `count` bits from `start` as a number, at most 57; octets beyond the end are zero.
fn bits(octets: &[u8], start: usize, count: usize) -> u64 {
    let window = (0..8).fold(0, |window, i| {
        window << 8 | u64::from(octets.get(start / 8 + i).copied().unwrap_or_default())
    });
    match count {
        0 => 0,
        _ => (window << (start % 8)) >> (64 - count),
    }
}

fn last32(hash: &Sha256) -> u32 {
    let [.., a, b, c, d] = hash.0;
    u32::from_be_bytes([a, b, c, d])
}

fn first32(hash: &Sha256) -> u32 {
    let [a, b, c, d, ..] = hash.0;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_only_the_exact_length() {
        // f 10, N 11: 16 buckets of 40 bits.
        let mut octets = vec![10, 0, 0, 0, 11];
        octets.resize(HEADER + 80, 0);
        assert!(CuckooFilter::decode(&octets).is_ok());
        assert_eq!(
            CuckooFilter::decode(&octets[..84]),
            Err(DigestError::Length)
        );
        octets.push(0);
        assert_eq!(CuckooFilter::decode(&octets), Err(DigestError::Length));
        let refused: [(&[u8], DigestError); 5] = [
            (&[10, 0, 0, 0], DigestError::TooShort),
            (&[0, 0, 0, 0, 1], DigestError::Parameter),
            (&[58, 0, 0, 0, 1], DigestError::Parameter),
            (&[1, 0, 0, 0, 0], DigestError::Parameter),
            (&[57, 0xff, 0xff, 0xff, 0xff], DigestError::Parameter),
        ];
        for (octets, error) in refused {
            assert_eq!(CuckooFilter::decode(octets), Err(error), "{octets:x?}");
        }
    }

    #[test]
    fn fingerprints_are_never_zero() {
        let filter = |f: u8| {
            CuckooFilter::decode(
                &[&[f, 0, 0, 0, 1][..], &vec![0; usize::from(f).div_ceil(2)]].concat(),
            )
            .unwrap()
        };
        let mut hash = [0; 32];
        assert_eq!(filter(10).fingerprint(&Sha256(hash)), 1);
        hash[31] = 0b0000_0001;
        assert_eq!(filter(10).fingerprint(&Sha256(hash)), 1);
        hash[31] = 0;
        hash[30] = 0b0000_0100;
        assert_eq!(
            filter(10).fingerprint(&Sha256(hash)),
            1,
            "bit 10 is the lowest of the second chunk"
        );
        hash[30] = 0;
        hash[0] = 0b1000_0000;
        assert_eq!(
            filter(57).fingerprint(&Sha256(hash)),
            1 << 27,
            "the last chunk has 28 bits"
        );
        for f in 1..=57 {
            assert!(
                !filter(f).contains(&Sha256([0; 32])),
                "an empty filter has no member"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_foreign_octets(f in 0..60u8, n in 0..40u8, fill: u8, cut in 0..3usize, key: [u8; 32]) {
            let length = (usize::from(f) * usize::from(n).next_power_of_two()).div_ceil(2);
            let mut octets = vec![f, 0, 0, 0, n];
            octets.resize((HEADER + length).saturating_sub(cut), fill);
            if let Ok(filter) = CuckooFilter::decode(&octets) {
                let _ = filter.contains(&Sha256(key));
            }
        }
    }
}
