//! The choice among the codings of a file (RFC 9110, section 12.5.3).
//!
//! In: the `Accept-Encoding` fields and the codings that a file is there in, with their sizes. What is still to be
//! compressed counts with all but one byte of its file: any sibling goes before it, and the file behind. Out: the one
//! to send. The client's weights come first, the smaller size decides between equals: the analyzer counts on the
//! smallest (`Weight::wire`). `identity` that nobody mentions is as welcome as the best that is, so that a
//! variant which is larger than its file is not sent. Without the field the file is sent as it is: the section
//! allows any coding then, but who names none may know none. Nothing to choose from is left to the caller, which
//! answers 406.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;
use pushgen_policy::Coding;

/// Members of the field that are read; no client sends so many.
const MAX_MEMBERS: usize = 64;

/// The best of `available` for this request, if one is acceptable. Identity should be among them.
pub(super) fn choose<'a, T>(
    headers: &HeaderMap,
    available: impl Iterator<Item = (Coding, u64, &'a T)>,
) -> Option<&'a T> {
    let accepted = Accepted::of(headers);
    available
        .filter_map(|(coding, size, it)| {
            let weight = accepted.weight(coding);
            (weight > 0).then_some((weight, size, coding != Coding::Identity, it))
        })
        .min_by_key(|(weight, size, is_coded, _)| (u16::MAX - weight, *size, *is_coded))
        .map(|(.., it)| it)
}

/// The weights of a request, in thousandths.
#[derive(Debug, Default)]
struct Accepted {
    br: Option<u16>,
    gzip: Option<u16>,
    zstd: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Accepted {
    fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        let fields = headers.get_all(ACCEPT_ENCODING).iter();
        let members = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
        for member in members.take(MAX_MEMBERS) {
            let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next().unwrap_or_default();
            let Some(slot) = accepted.slot(name) else {
                continue;
            };
            // A member whose weight is none says nothing that could be relied on.
            if let Some(weight) = parts.next().map_or(Some(1000), q_value) {
                slot.get_or_insert(weight);
            }
        }
        accepted
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<u16>> {
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        Some(match () {
            () if is("br") => &mut self.br,
            () if is("gzip") || is("x-gzip") => &mut self.gzip,
            () if is("zstd") => &mut self.zstd,
            () if is("identity") => &mut self.identity,
            () if is("*") => &mut self.any,
            () => return None,
        })
    }

    fn weight(&self, coding: Coding) -> u16 {
        let named = match coding {
            Coding::Br => self.br,
            Coding::Gzip => self.gzip,
            Coding::Zstd => self.zstd,
            Coding::Identity => {
                let best = [self.br, self.gzip, self.zstd].into_iter().flatten().max();
                let unmentioned = || best.filter(|best| *best > 0).unwrap_or(1);
                return self.identity.or(self.any).unwrap_or_else(unmentioned);
            }
            _ => None,
        };
        named.or(self.any).unwrap_or(0)
    }
}

/// `q=0.8` in thousandths (section 12.4.2).
fn q_value(parameter: &[u8]) -> Option<u16> {
    let (name, value) = parameter.split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, decimals) = value.split_first()?;
    let decimals = match decimals {
        [] => decimals,
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    if !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = decimals.get(place).map_or(0, |digit| digit - b'0');
        thousandths = thousandths * 10 + u16::from(digit);
    }
    match whole {
        b'0' => Some(thousandths),
        b'1' if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn chosen(fields: &[&str], available: &[(Coding, u64)]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(
                ACCEPT_ENCODING,
                HeaderValue::from_bytes(field.as_bytes()).expect("a field value"),
            );
        }
        let available = available
            .iter()
            .map(|(coding, size)| (*coding, *size, coding));
        choose(&headers, available).copied()
    }

    #[test]
    fn weights_decide_and_size_breaks_the_tie() {
        use Coding::{Br, Gzip, Identity, Zstd};
        let all = [(Identity, 100), (Br, 40), (Gzip, 50), (Zstd, 45)];
        for (fields, expected) in [
            (&[][..], Some(Identity)),
            (&[""], Some(Identity)),
            (&["gzip"], Some(Gzip)),
            (&["GZIP"], Some(Gzip)),
            (&["x-gzip"], Some(Gzip)),
            (&["gzip, deflate, br, zstd"], Some(Br)),
            (&["gzip", "br"], Some(Br)),
            (&["gzip;q=1.0, br;q=0.5"], Some(Gzip)),
            (&["gzip;q=0.8, zstd;q=0.801"], Some(Zstd)),
            (&["br;q=0, gzip"], Some(Gzip)),
            (&["*"], Some(Br)),
            (&["br;q=0, *"], Some(Zstd)),
            (&["*;q=0"], None),
            (&["*;q=0, gzip"], Some(Gzip)),
            (&["*;q=0, identity"], Some(Identity)),
            (&["identity;q=0"], None),
            (&["identity;q=0, gzip;q=0.1"], Some(Gzip)),
            (&["gzip;q=0.5, identity"], Some(Identity)),
            (&["identity;q=0.5, gzip;q=0.4"], Some(Identity)),
            (&["deflate, compress, aes128gcm"], Some(Identity)),
            (&["br;q=0"], Some(Identity)),
            (&["br ; q=0.2 , gzip;Q=0.3"], Some(Gzip)),
            (&["br;q=2, br;q=x, br;q=0.1234, br;v=1, gzip"], Some(Gzip)),
            (&["br;q=1.001, gzip"], Some(Gzip)),
            (&["br;q=1.000, gzip;q=.5"], Some(Br)),
        ] {
            assert_eq!(chosen(fields, &all), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_variant_that_is_not_there_or_not_smaller_is_not_sent() {
        use Coding::{Br, Gzip, Identity};
        for (field, available, expected) in [
            ("br", &[(Identity, 100)][..], Some(Identity)),
            ("br", &[(Identity, 100), (Br, 120)], Some(Identity)),
            ("br", &[(Identity, 100), (Br, 100)], Some(Identity)),
            ("br, identity;q=0", &[(Identity, 100), (Br, 120)], Some(Br)),
            ("br, gzip", &[(Identity, 100), (Gzip, 60)], Some(Gzip)),
            ("br, identity;q=0", &[(Identity, 100), (Gzip, 60)], None),
        ] {
            assert_eq!(
                chosen(&[field], available),
                expected,
                "{field} {available:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_chosen_is_there(field in "[a-z*;=q01. ,]{0,40}") {
            let available = [(Coding::Identity, 9), (Coding::Gzip, 3)];
            if let Some(coding) = chosen(&[&field], &available) {
                prop_assert!(available.iter().any(|(it, _)| *it == coding));
            }
        }
    }
}
