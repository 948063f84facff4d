//! The fields that a promised request takes over from the page's request.
//!
//! In: the fields of the page's request. Out: those that decide how a response is encoded, and
//! nothing that says who asks: no `Cookie`, no `Authorization`, no condition, no range (RFC 9113,
//! section 8.4.1; RFC 9111, section 4.1 on `Vary`). Left out: the pseudo-header fields, which come
//! from the connection and the page's request.

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT};
use http::{HeaderMap, HeaderName};

/// What a promise takes over.
pub const PROMISED_FIELDS: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT];

/// The most bytes that a field may have, all lines together, to be taken over. Every promise of a
/// page repeats it, so a client must not be able to make that much of little.
pub const MAX_PROMISED_FIELD_BYTES: usize = 1024;

/// The fields for the promises of a page that was asked for with these.
#[must_use]
pub fn promised_headers(headers: &HeaderMap) -> HeaderMap {
    let mut promised = HeaderMap::new();
    for name in PROMISED_FIELDS {
        let values = headers.get_all(&name);
        let bytes: usize = values.iter().map(http::HeaderValue::len).sum();
        if bytes <= MAX_PROMISED_FIELD_BYTES {
            for value in values {
                promised.append(&name, value.clone());
            }
        }
    }
    promised
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn takes_over_what_decides_the_encoding() {
        let taken = headers(&[
            ("accept", "text/html"),
            ("accept-encoding", "gzip, br"),
            ("accept-language", "de"),
            ("user-agent", "curl/7.88.1"),
        ]);
        assert_eq!(promised_headers(&taken), taken);
    }

    #[test]
    fn takes_over_no_credentials_conditions_or_ranges() {
        for name in [
            "authorization",
            "connection",
            "content-encoding",
            "content-length",
            "cookie",
            "expect",
            "host",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "origin",
            "proxy-authorization",
            "range",
            "referer",
            "te",
            "x-forwarded-for",
        ] {
            assert!(
                promised_headers(&headers(&[(name, "x")])).is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn keeps_several_lines_and_leaves_out_long_ones() {
        let mut request = HeaderMap::new();
        request.append(ACCEPT_ENCODING, "gzip".parse().unwrap());
        request.append(ACCEPT_ENCODING, "br".parse().unwrap());
        assert_eq!(promised_headers(&request), request);

        let half = "x".repeat(MAX_PROMISED_FIELD_BYTES / 2);
        let mut request = HeaderMap::new();
        request.append(USER_AGENT, half.parse().unwrap());
        request.append(USER_AGENT, half.parse().unwrap());
        assert_eq!(promised_headers(&request), request);
        request.append(USER_AGENT, "x".parse().unwrap());
        assert!(promised_headers(&request).is_empty());
    }
}
