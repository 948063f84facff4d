//! What a response says about being sent ahead.
//!
//! In: the head of an asset's or a page's response, the time. Out: whether it may be pushed,
//! hinted, or is kept by the client. Follows RFC 9111 (section 4.2 freshness, 4.1 `Vary`, 5.2
//! `Cache-Control`) as a browser's private cache reads it, and RFC 9113, section 8.4: only what may
//! be stored is pushed. What is not fresh is fetched a second time by browsers, so it is neither
//! pushed nor hinted; an `ETag` alone gives no freshness. Left out: `stale-while-revalidate`, and
//! `s-maxage`, which is for shared caches.

use std::time::{Duration, SystemTime};

use http::header::{
    self, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, HeaderName, ORIGIN, USER_AGENT,
};
use http::{HeaderMap, StatusCode, response};

use crate::field_list::members;
use crate::refusal::Refusal;
use crate::rules::Rules;

/// The fields by which a pushed response may vary. `Accept` is promised as well, but as the page's:
/// the request that looks for a style sheet or an image has another, and would not match.
pub const PUSHED_VARY: [HeaderName; 3] = [ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT];

/// Whether an asset's response may be pushed. `length` is that of its body, if known.
///
/// # Errors
///
/// The first reason against it.
pub fn is_pushable(
    response: &response::Parts,
    length: Option<u64>,
    now: SystemTime,
    rules: &Rules,
) -> Result<(), Refusal> {
    if response.status != StatusCode::OK {
        return Err(Refusal::AssetStatus);
    }
    if response.headers.contains_key(header::SET_COOKIE) {
        return Err(Refusal::SetCookie);
    }
    let directives = Directives::of(&response.headers);
    if directives.private {
        return Err(Refusal::Private);
    }
    directives.may_be_used_again()?;
    is_fresh(&response.headers, &directives, now)?;
    let may_vary = |name: &[u8]| {
        PUSHED_VARY
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_str().as_bytes()))
    };
    if !members(&response.headers, &header::VARY).all(may_vary) {
        return Err(Refusal::Vary);
    }
    if length.is_none_or(|length| length > rules.max_asset_bytes) {
        return Err(Refusal::Length);
    }
    Ok(())
}

/// Whether the client, when told to fetch it early, would use the response. It may be private: the
/// client asks for it by itself.
///
/// # Errors
///
/// The first reason against it.
pub fn is_hintable(response: &response::Parts, now: SystemTime) -> Result<(), Refusal> {
    if response.status != StatusCode::OK {
        return Err(Refusal::AssetStatus);
    }
    let directives = Directives::of(&response.headers);
    directives.may_be_used_again()?;
    is_fresh(&response.headers, &directives, now)?;
    let spoils =
        |name: &[u8]| name == b"*" || name.eq_ignore_ascii_case(ORIGIN.as_str().as_bytes());
    if members(&response.headers, &header::VARY).any(spoils) {
        return Err(Refusal::Vary);
    }
    Ok(())
}

/// Whether pushes may go with this response of a page: with a 304 the client has the page and
/// likely what belongs to it, an error page has another plan or none.
///
/// # Errors
///
/// [`Refusal::PageStatus`].
pub fn is_page(response: &response::Parts) -> Result<(), Refusal> {
    if response.status == StatusCode::OK {
        Ok(())
    } else {
        Err(Refusal::PageStatus)
    }
}

/// Whether the client has the asset in its cache after this response.
pub(crate) fn is_kept(response: &response::Parts, now: SystemTime) -> bool {
    match response.status {
        StatusCode::NOT_MODIFIED => Directives::of(&response.headers)
            .may_be_used_again()
            .is_ok(),
        _ => is_hintable(response, now).is_ok(),
    }
}

/// The directives of `Cache-Control` that decide.
struct Directives {
    no_store: bool,
    private: bool,
    no_cache: bool,
    /// Seconds. Of several the least; 0 for what is no number.
    max_age: Option<u64>,
}

impl Directives {
    fn of(headers: &HeaderMap) -> Self {
        let mut directives = Self {
            no_store: false,
            private: false,
            no_cache: false,
            max_age: None,
        };
        for directive in members(headers, &CACHE_CONTROL) {
            let mut parts = directive.splitn(2, |&byte| byte == b'=');
            let name = parts.next().unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"no-store") {
                directives.no_store = true;
            } else if name.eq_ignore_ascii_case(b"private") {
                // With field names as well: less is pushed than might be.
                directives.private = true;
            } else if name.eq_ignore_ascii_case(b"no-cache") {
                directives.no_cache = true;
            } else if name.eq_ignore_ascii_case(b"max-age") {
                let seconds = parts.next().and_then(seconds).unwrap_or(0);
                let least = directives.max_age.unwrap_or(u64::MAX).min(seconds);
                directives.max_age = Some(least);
            }
        }
        // RFC 9111, section 5.4, for those who know no other.
        let pragma = |value: &[u8]| value.eq_ignore_ascii_case(b"no-cache");
        directives.no_cache |=
            !headers.contains_key(CACHE_CONTROL) && members(headers, &header::PRAGMA).any(pragma);
        directives
    }

    fn may_be_used_again(&self) -> Result<(), Refusal> {
        if self.no_store {
            Err(Refusal::NoStore)
        } else if self.no_cache {
            Err(Refusal::NoCache)
        } else {
            Ok(())
        }
    }
}

/// A number of seconds, quoted or not. One that is too large is the largest (RFC 9111, section
/// 1.2.2).
fn seconds(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let digits = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""))
        .unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number: u64, digit| {
        number
            .saturating_mul(10)
            .saturating_add((digit - b'0').into())
    }))
}

fn is_fresh(headers: &HeaderMap, directives: &Directives, now: SystemTime) -> Result<(), Refusal> {
    let date = |name: HeaderName| {
        let text = headers.get(name)?.to_str().ok()?;
        httpdate::parse_http_date(text.trim()).ok()
    };
    let sent = date(header::DATE).unwrap_or(now);
    let from = |start: SystemTime, end: SystemTime| end.duration_since(start).unwrap_or_default();
    let lifetime = if let Some(seconds) = directives.max_age {
        Duration::from_secs(seconds)
    } else if headers.contains_key(header::EXPIRES) {
        // What is no date, such as 0, has expired.
        date(header::EXPIRES).map_or(Duration::ZERO, |end| from(sent, end))
    } else if let Some(modified) = date(header::LAST_MODIFIED) {
        // The usual heuristic of RFC 9111, section 4.2.2.
        Duration::from_secs(from(modified, sent).as_secs() / 10)
    } else {
        Duration::ZERO
    };
    let age = headers
        .get(header::AGE)
        .and_then(|age| seconds(age.as_bytes()))
        .map_or(Duration::ZERO, Duration::from_secs);
    if lifetime > age.max(from(sent, now)) {
        Ok(())
    } else {
        Err(Refusal::NotFresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Thu, 01 Oct 2026 00:00:00 GMT.
    fn now() -> SystemTime {
        httpdate::parse_http_date("Thu, 01 Oct 2026 00:00:00 GMT").unwrap()
    }

    fn response(status: u16, fields: &[(&str, &str)]) -> response::Parts {
        let mut response = http::Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    type Fields = &'static [(&'static str, &'static str)];
    type Answer = Result<(), Refusal>;

    const FRESH: (&str, &str) = ("cache-control", "public, max-age=600");

    fn pushed(fields: &[(&str, &str)]) -> Result<(), Refusal> {
        is_pushable(&response(200, fields), Some(10), now(), &Rules::default())
    }

    #[test]
    fn knows_what_is_fresh() {
        let not_fresh = Err(Refusal::NotFresh);
        let cases: [(Fields, Answer); 32] = [
            (&[FRESH], Ok(())),
            (&[("cache-control", "max-age=31536000, immutable")], Ok(())),
            (&[("cache-control", "Max-Age=\"5\"")], Ok(())),
            (
                &[("cache-control", "max-age=99999999999999999999999")],
                Ok(()),
            ),
            (&[("cache-control", "max-age=60"), ("age", "59")], Ok(())),
            (&[("expires", "Thu, 01 Oct 2026 00:00:09 GMT")], Ok(())),
            (
                &[("last-modified", "Tue, 01 Sep 2026 00:00:00 GMT")],
                Ok(()),
            ),
            (
                &[
                    ("cache-control", "must-revalidate"),
                    ("last-modified", "Tue, 01 Sep 2026 00:00:00 GMT"),
                ],
                Ok(()),
            ),
            (
                &[("cache-control", "x=\"no-store, no-cache\", max-age=9")],
                Ok(()),
            ),
            (&[FRESH, ("pragma", "no-cache")], Ok(())),
            (&[], not_fresh),
            (&[("etag", "\"a\"")], not_fresh),
            (&[("cache-control", "public")], not_fresh),
            (&[("cache-control", "max-age=0")], not_fresh),
            (&[("cache-control", "max-age=-1")], not_fresh),
            (&[("cache-control", "max-age")], not_fresh),
            (&[("cache-control", "max-age=60, max-age=0")], not_fresh),
            (&[("cache-control", "s-maxage=60")], not_fresh),
            (&[("cache-control", "x=\"a, max-age=60\"")], not_fresh),
            (&[("cache-control", "max-age=60"), ("age", "60")], not_fresh),
            (
                &[
                    ("cache-control", "max-age=60"),
                    ("date", "Wed, 30 Sep 2026 23:58:00 GMT"),
                ],
                not_fresh,
            ),
            (&[("expires", "0")], not_fresh),
            (&[("expires", "Thu, 01 Jan 1970 00:00:00 GMT")], not_fresh),
            (
                &[
                    ("expires", "0"),
                    ("last-modified", "Tue, 01 Sep 2026 00:00:00 GMT"),
                ],
                not_fresh,
            ),
            (
                &[("last-modified", "Wed, 30 Sep 2026 23:59:55 GMT")],
                not_fresh,
            ),
            (
                &[("last-modified", "Sun, 01 Nov 2026 00:00:00 GMT")],
                not_fresh,
            ),
            (&[("last-modified", "yesterday")], not_fresh),
            (
                &[("cache-control", "no-store, max-age=60")],
                Err(Refusal::NoStore),
            ),
            (
                &[("cache-control", "NO-CACHE, max-age=60")],
                Err(Refusal::NoCache),
            ),
            (
                &[
                    ("cache-control", "max-age=60"),
                    ("cache-control", "no-cache=\"set-cookie\""),
                ],
                Err(Refusal::NoCache),
            ),
            (
                &[
                    ("pragma", "no-cache"),
                    ("last-modified", "Tue, 01 Sep 2026 00:00:00 GMT"),
                ],
                Err(Refusal::NoCache),
            ),
            (
                &[("cache-control", "no-store, no-cache")],
                Err(Refusal::NoStore),
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(pushed(fields), expected, "{fields:?}");
            assert_eq!(
                is_hintable(&response(200, fields), now()),
                expected,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn pushes_only_what_is_for_everyone() {
        let cases: [(Fields, Answer, Answer); 9] = [
            (
                &[FRESH, ("set-cookie", "a=b")],
                Err(Refusal::SetCookie),
                Ok(()),
            ),
            (
                &[("cache-control", "private, max-age=60")],
                Err(Refusal::Private),
                Ok(()),
            ),
            (
                &[("cache-control", "private=\"x\", max-age=60")],
                Err(Refusal::Private),
                Ok(()),
            ),
            (
                &[FRESH, ("vary", "Accept-Encoding, user-agent")],
                Ok(()),
                Ok(()),
            ),
            (
                &[FRESH, ("vary", "accept-encoding"), ("vary", "cookie")],
                Err(Refusal::Vary),
                Ok(()),
            ),
            (&[FRESH, ("vary", "accept")], Err(Refusal::Vary), Ok(())),
            (
                &[FRESH, ("vary", "origin")],
                Err(Refusal::Vary),
                Err(Refusal::Vary),
            ),
            (
                &[FRESH, ("vary", "*")],
                Err(Refusal::Vary),
                Err(Refusal::Vary),
            ),
            (&[FRESH, ("vary", "")], Ok(()), Ok(())),
        ];
        for (fields, push, hint) in cases {
            assert_eq!(pushed(fields), push, "{fields:?}");
            assert_eq!(
                is_hintable(&response(200, fields), now()),
                hint,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn takes_no_status_but_200() {
        for status in [201, 204, 206, 301, 304, 401, 404, 500] {
            let response = response(status, &[FRESH]);
            let rules = Rules::default();
            assert_eq!(
                is_pushable(&response, Some(1), now(), &rules),
                Err(Refusal::AssetStatus)
            );
            assert_eq!(is_hintable(&response, now()), Err(Refusal::AssetStatus));
            assert_eq!(is_page(&response), Err(Refusal::PageStatus));
        }
        assert_eq!(is_page(&response(200, &[])), Ok(()));
    }

    #[test]
    fn takes_bodies_of_known_and_bounded_length() {
        let rules = Rules {
            max_asset_bytes: 100,
            ..Rules::default()
        };
        let cases = [
            (None, Err(Refusal::Length)),
            (Some(101), Err(Refusal::Length)),
            (Some(100), Ok(())),
            (Some(0), Ok(())),
        ];
        for (length, expected) in cases {
            assert_eq!(
                is_pushable(&response(200, &[FRESH]), length, now(), &rules),
                expected
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_pushed_may_also_be_hinted(
            cache_control in "(max-age=[0-9]{1,3}|no-store|private|no-cache|public|, |\"){0,4}",
            vary in "(accept-encoding|accept|origin|cookie|\\*|, ){0,3}",
        ) {
            let fields = [("cache-control", &*cache_control), ("vary", &*vary)];
            if pushed(&fields).is_ok() {
                prop_assert_eq!(is_hintable(&response(200, &fields), now()), Ok(()));
            }
        }
    }
}
