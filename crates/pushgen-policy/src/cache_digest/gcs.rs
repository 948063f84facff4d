//! Golomb-coded sets in the bit format of draft-ietf-httpbis-cache-digest-00 to -02, section 2.1.
//!
//! In: SHA-256 values of keys, or octets. Out: a sorted set of truncated hashes that answers
//! "perhaps" or "no", or its octets. A set of N members (rounded to a power of two) with a false
//! positive probability of 1/P keeps the most significant log2 N + log2 P bits of each hash. Most
//! significant bit first: log2 N and log2 P in 5 bits each, then for each value in ascending order
//! its gap to the one before, minus one: the quotient by P in unary (zeros ended by a one), the
//! remainder in log2 P bits; zeros to the end of the last octet.
//!
//! Left out: the dialect of draft-kazuho-h2-cache-digest-00, and sets of more than [`MAX_VALUES`]
//! members.

use super::{DigestError, MAX_BYTES, MAX_VALUES};
use crate::fingerprint::Sha256;

/// A Golomb-coded set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GolombSet {
    log2_n: u32,
    log2_p: u32,
    /// Ascending, each below 2^(log2_n + log2_p).
    values: Vec<u64>,
}

impl GolombSet {
    /// The set of these key hashes, with a false positive probability of about 2^-`log2_p`. A key
    /// that is given twice counts twice for N, as the drafts have it.
    ///
    /// # Errors
    ///
    /// If there are more than [`MAX_VALUES`] hashes, if `log2_p` is above 31, or if it is 0 for
    /// fewer than two hashes: such a set has no bits.
    pub fn new(hashes: &[Sha256], log2_p: u32) -> Result<Self, DigestError> {
        if hashes.len() > MAX_VALUES {
            return Err(DigestError::TooManyValues);
        }
        let log2_n = rounded_log2(hashes.len());
        let bits = width(log2_n, log2_p)?;
        let mut values: Vec<_> = hashes.iter().map(|hash| truncated(hash, bits)).collect();
        values.sort_unstable();
        values.dedup();
        Ok(Self {
            log2_n,
            log2_p,
            values,
        })
    }

    /// Reads a set from its octets. A code that is cut off ends the list, as the drafts have it.
    ///
    /// # Errors
    ///
    /// If the octets are too few or too many, if the set has no bits or more than [`MAX_VALUES`]
    /// values, or if a value has more bits than the set.
    pub fn decode(octets: &[u8]) -> Result<Self, DigestError> {
        if octets.len() > MAX_BYTES {
            return Err(DigestError::TooLong);
        }
        let mut bits = BitReader {
            octets,
            position: 0,
        };
        let (Some(log2_n), Some(log2_p)) = (bits.number(5), bits.number(5)) else {
            return Err(DigestError::TooShort);
        };
        // Five bits each.
        let (log2_n, log2_p) = (log2_n as u32, log2_p as u32);
        let limit = 1 << width(log2_n, log2_p)?;
        let mut values = Vec::new();
        let mut next = 0;
        while let Some(quotient) = bits.zeros()
            && let Some(remainder) = bits.number(log2_p)
        {
            // The quotient is below 2^17, the remainder below 2^31 and `next` at most 2^62.
            let value: u64 = next + (quotient << log2_p) + remainder;
            if value >= limit {
                return Err(DigestError::ValueOutOfRange);
            }
            if values.len() == MAX_VALUES {
                return Err(DigestError::TooManyValues);
            }
            values.push(value);
            next = value + 1;
        }
        Ok(Self {
            log2_n,
            log2_p,
            values,
        })
    }

    /// The octets of the set.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.number(self.log2_n.into(), 5);
        bits.number(self.log2_p.into(), 5);
        let mut next = 0;
        for &value in &self.values {
            let gap = value - next;
            bits.zeros(gap >> self.log2_p);
            bits.number(1, 1);
            bits.number(gap & ((1 << self.log2_p) - 1), self.log2_p);
            next = value + 1;
        }
        bits.octets
    }

    /// Whether the set may have the key with this hash. Never wrong when it says no.
    #[must_use]
    pub fn contains(&self, hash: &Sha256) -> bool {
        self.values
            .binary_search(&truncated(hash, self.log2_n + self.log2_p))
            .is_ok()
    }

    /// The truncated hashes, ascending.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// log2 N and log2 P.
    #[must_use]
    pub fn parameters(&self) -> (u32, u32) {
        (self.log2_n, self.log2_p)
    }
}

/// The number of bits of each value: 1 to 62.
fn width(log2_n: u32, log2_p: u32) -> Result<u32, DigestError> {
    match log2_n + log2_p.min(32) {
        0 => Err(DigestError::NoBits),
        _ if log2_p > 31 => Err(DigestError::Parameter),
        bits => Ok(bits),
    }
}

/// `bits` is from 1 to 62.
fn truncated(hash: &Sha256, bits: u32) -> u64 {
    hash.high64() >> (64 - bits)
}

/// log2 of `count` to the nearest integer, 0 for none. Rounding up where count² exceeds 2^(2k+1) is
/// the same as where log2 count exceeds k + 1/2, without floating point; both cannot be equal.
fn rounded_log2(count: usize) -> u32 {
    let count = count.max(1) as u128;
    let floor = count.ilog2();
    if count * count > 1 << (2 * floor + 1) {
        floor + 1
    } else {
        floor
    }
}

struct BitReader<'a> {
    octets: &'a [u8],
    position: usize,
}

impl BitReader<'_> {
    fn bit(&mut self) -> Option<u64> {
        let octet = self.octets.get(self.position / 8)?;
        let bit = octet >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit.into())
    }

    /// The next `count` bits as a number, the most significant first.
    fn number(&mut self, count: u32) -> Option<u64> {
        (0..count).try_fold(0, |number, _| Some(number << 1 | self.bit()?))
    }

    /// The number of zeros up to the next one, which is consumed.
    fn zeros(&mut self) -> Option<u64> {
        let mut count = 0;
        while self.bit()? == 0 {
            count += 1;
        }
        Some(count)
    }
}

#[derive(Default)]
struct BitWriter {
    octets: Vec<u8>,
    /// Bits that the last octet still has room for.
    free: u32,
}

impl BitWriter {
    fn bit(&mut self, bit: u64) {
        if self.free == 0 {
            self.octets.push(0);
            self.free = 8;
        }
        self.free -= 1;
        if let Some(last) = self.octets.last_mut() {
            *last |= ((bit & 1) as u8) << self.free;
        }
    }

    fn number(&mut self, number: u64, count: u32) {
        for shift in (0..count).rev() {
            self.bit(number >> shift);
        }
    }

    fn zeros(&mut self, count: u64) {
        for _ in 0..count {
            self.bit(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_the_count_to_the_nearest_power_of_two() {
        let cases = [
            (0..=1, 0),
            (2..=2, 1),
            (3..=5, 2),
            (6..=11, 3),
            (12..=22, 4),
            (23..=45, 5),
            (46..=90, 6),
            (91..=181, 7),
        ];
        for (counts, expected) in cases {
            for count in counts {
                assert_eq!(rounded_log2(count), expected, "{count}");
            }
        }
    }

    #[test]
    fn refuses_sets_that_cannot_be_used() {
        let cases: &[(&[u8], DigestError)] = &[
            (&[], DigestError::TooShort),
            (&[0x01], DigestError::TooShort),
            // log2 N and log2 P are both 0: shifting a hash by 64 is what such a set is meant to
            // provoke.
            (&[0x00, 0x00], DigestError::NoBits),
            // One bit per value, but the second value is 2.
            (&[0x08, 0b0010_1000], DigestError::ValueOutOfRange),
            (&[0; MAX_BYTES + 1], DigestError::TooLong),
        ];
        for (octets, error) in cases {
            assert_eq!(GolombSet::decode(octets), Err(*error), "{octets:x?}");
        }
        // log2 N 31, log2 P 0, then nothing but values 0, 1, 2, ...
        let mut many = vec![0xff; MAX_BYTES];
        many[..2].copy_from_slice(&[0b1111_1000, 0b0011_1111]);
        assert_eq!(GolombSet::decode(&many), Err(DigestError::TooManyValues));
        assert_eq!(
            GolombSet::new(&[Sha256::of(b"")], 0),
            Err(DigestError::NoBits)
        );
        assert_eq!(GolombSet::new(&[], 32), Err(DigestError::Parameter));
        assert_eq!(GolombSet::new(&[], u32::MAX), Err(DigestError::Parameter));
        let too_many = vec![Sha256::of(b""); MAX_VALUES + 1];
        assert_eq!(
            GolombSet::new(&too_many, 7),
            Err(DigestError::TooManyValues)
        );
    }

    fn hashes() -> impl Strategy<Value = Vec<Sha256>> {
        // The first octets decide; a narrow range makes neighbours and repetitions.
        let hash = prop_oneof![
            any::<u64>(),
            0..64u64,
            (0..64u64).prop_map(|low| u64::MAX - low)
        ]
        .prop_map(|high| {
            let mut octets = [0; 32];
            octets[..8].copy_from_slice(&high.to_be_bytes());
            Sha256(octets)
        });
        prop::collection::vec(hash, 0..200)
    }

    proptest! {
        #[test]
        fn has_no_false_negatives_and_survives_coding(hashes in hashes(), log2_p in 1..=31u32) {
            let set = GolombSet::new(&hashes, log2_p).unwrap();
            prop_assert!(hashes.iter().all(|hash| set.contains(hash)));
            prop_assert_eq!(GolombSet::decode(&set.encode()), Ok(set));
        }

        #[test]
        fn never_panics_on_foreign_octets(octets in prop::collection::vec(any::<u8>(), 0..64), key: [u8; 32]) {
            if let Ok(set) = GolombSet::decode(&octets) {
                prop_assert!(set.values().is_sorted_by(|a, b| a < b));
                let _ = set.contains(&Sha256(key));
                prop_assert_eq!(GolombSet::decode(&set.encode()), Ok(set));
            }
        }
    }
}
