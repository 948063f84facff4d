//! Byte ranges (RFC 9110, section 14).
//!
//! In: the `Range` field of a GET and the length of the representation. Out: the one range to send, or that there
//! is none in it, or that the field is to be ignored. Several ranges are answered with the whole representation,
//! which section 14.2 allows: no browser asks for them, and `multipart/byteranges` serves attacks better than
//! readers. A field that breaks the grammar and a unit other than bytes are ignored as well.

use std::ops::RangeInclusive;

/// What a `Range` field comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Requested {
    /// The whole representation, with status 200.
    Whole,
    /// These bytes, with status 206.
    Part(RangeInclusive<u64>),
    /// Nothing of it exists: status 416.
    Unsatisfiable,
}

/// Reads a `Range` field for a representation of `len` bytes.
pub(super) fn requested(field: &[u8], len: u64) -> Requested {
    let Some(spec) = bytes_spec(field) else {
        return Requested::Whole;
    };
    let (first, last) = match spec {
        Spec::From { first, last } => (first, last.min(len.saturating_sub(1))),
        Spec::Suffix(suffix) => (len.saturating_sub(suffix), len.saturating_sub(1)),
    };
    let is_empty_suffix = matches!(spec, Spec::Suffix(0));
    if first >= len || is_empty_suffix {
        return Requested::Unsatisfiable;
    }
    Requested::Part(first..=last)
}

/// One range-spec of the unit `bytes`.
#[derive(Clone, Copy)]
enum Spec {
    From { first: u64, last: u64 },
    Suffix(u64),
}

fn bytes_spec(field: &[u8]) -> Option<Spec> {
    let field = std::str::from_utf8(field).ok()?.trim_matches([' ', '\t']);
    let (unit, set) = field.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    // A list may have empty members (section 5.6.1.2).
    let mut members = set
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty());
    let (one, None) = (members.next()?, members.next()) else {
        return None;
    };
    let (first, last) = one.split_once('-')?;
    if first.is_empty() {
        return position(last).map(Spec::Suffix);
    }
    let first = position(first)?;
    let last = match last {
        "" => u64::MAX,
        digits => position(digits)?,
    };
    (first <= last).then_some(Spec::From { first, last })
}

/// Digits; a number beyond all files is beyond this file too.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_the_grammar_has_them() {
        use Requested::{Part, Unsatisfiable, Whole};
        for (field, len, expected) in [
            ("bytes=0-0", 10, Part(0..=0)),
            ("bytes=0-", 10, Part(0..=9)),
            ("bytes=2-5", 10, Part(2..=5)),
            ("bytes=2-500", 10, Part(2..=9)),
            ("bytes=9-", 10, Part(9..=9)),
            ("bytes=-3", 10, Part(7..=9)),
            ("bytes=-30", 10, Part(0..=9)),
            ("Bytes=1-2", 10, Part(1..=2)),
            ("bytes= 1-2 ,, ", 10, Part(1..=2)),
            ("bytes=0-99999999999999999999999999", 10, Part(0..=9)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-20", 10, Unsatisfiable),
            ("bytes=99999999999999999999999999-", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Unsatisfiable),
            ("bytes=0-1,3-4", 10, Whole),
            ("bytes=5-2", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=1 -2", 10, Whole),
            ("bytes", 10, Whole),
            ("lines=0-1", 10, Whole),
            ("", 10, Whole),
            ("bytes=\u{e9}-1", 10, Whole),
        ] {
            assert_eq!(
                requested(field.as_bytes(), len),
                expected,
                "{field:?} of {len}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_range_is_the_slice_that_its_numbers_name(
            content in prop::collection::vec(any::<u8>(), 0..40),
            first in prop::option::of(0usize..50),
            last in prop::option::of(0usize..50),
        ) {
            let written = |it: Option<usize>| it.map(|n| n.to_string()).unwrap_or_default();
            let field = format!("bytes={}-{}", written(first), written(last));
            let expected: Option<&[u8]> = match (first, last) {
                (None, None) => None,
                (Some(first), Some(last)) if first > last => None,
                (Some(first), last) => Some(
                    content.get(first..).map_or(&[][..], |rest| {
                        let count = last.map_or(rest.len(), |last| last - first + 1);
                        rest.get(..count).unwrap_or(rest)
                    }),
                ),
                (None, Some(suffix)) => {
                    Some(&content[content.len().saturating_sub(suffix)..])
                }
            };
            match (requested(field.as_bytes(), content.len() as u64), expected) {
                (Requested::Whole, None) => {}
                (Requested::Unsatisfiable, Some([])) => {}
                (Requested::Part(range), Some(slice)) => {
                    let range = *range.start() as usize..=*range.end() as usize;
                    prop_assert_eq!(&content[range], slice);
                }
                (got, expected) => prop_assert!(false, "{} gave {:?}, not {:?}", field, got, expected),
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(field in prop::collection::vec(any::<u8>(), 0..40), len: u64) {
            if let Requested::Part(range) = requested(&field, len) {
                prop_assert!(range.start() <= range.end() && *range.end() < len);
            }
        }
    }
}
