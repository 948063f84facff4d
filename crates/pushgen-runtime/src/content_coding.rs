//! The content-coding of a response, as far as a policy speaks of it.
//!
//! In: the fields of a response. Out: its [`Coding`]. Follows RFC 9110, sections 8.4 and 8.4.1: the
//! names are case-insensitive, and `x-gzip` is `gzip`. Left out: bodies that were coded several times
//! and codings that no policy knows, of which a policy says nothing.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use pushgen_policy::Coding;

use crate::field_list::members;

/// The coding of a response; none if it is not one that a policy has sizes for.
pub(crate) fn content_coding(headers: &HeaderMap) -> Option<Coding> {
    let is_coded = |name: &&[u8]| !name.eq_ignore_ascii_case(b"identity");
    let mut names = members(headers, &CONTENT_ENCODING).filter(is_coded);
    let Some(name) = names.next() else {
        return Some(Coding::Identity);
    };
    if names.next().is_some() {
        return None;
    }
    if name.eq_ignore_ascii_case(b"x-gzip") {
        return Some(Coding::Gzip);
    }
    let mut codings = Coding::ALL.iter().copied();
    codings.find(|coding| name.eq_ignore_ascii_case(coding.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_one_coding_that_policies_know_or_none() {
        let cases: [(&[&str], Option<Coding>); 9] = [
            (&[], Some(Coding::Identity)),
            (&[""], Some(Coding::Identity)),
            (&["identity"], Some(Coding::Identity)),
            (&["br"], Some(Coding::Br)),
            (&["GZip"], Some(Coding::Gzip)),
            (&["x-gzip, identity"], Some(Coding::Gzip)),
            (&["zstd"], Some(Coding::Zstd)),
            (&["gzip", "br"], None),
            (&["dcb"], None),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_ENCODING, line.parse().unwrap());
            }
            assert_eq!(content_coding(&headers), expected, "{lines:?}");
        }
    }
}
