//! Conditional requests (RFC 9110, section 13).
//!
//! In: the fields of a GET or HEAD and the validators of the chosen representation. Out: whether it is sent, and
//! whether a `Range` field counts. The order is that of section 13.2.2: `If-Match` before
//! `If-Unmodified-Since`, `If-None-Match` before `If-Modified-Since`, then `If-Range`.
//!
//! A date in `If-Range` is taken as a strong validator (section 8.8.2.2) only where a second change within its
//! second can be excluded and the file has no coded variants, which would share the date.

use std::time::{Duration, SystemTime};

use http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, HeaderValue};
use httpdate::parse_http_date;

/// What identifies a representation and its age.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// A strong entity-tag, with its quotes.
    pub(super) etag: &'a HeaderValue,
    /// What `Last-Modified` says, in whole seconds.
    pub(super) last_modified: Option<SystemTime>,
    /// Whether no other representation has the same date, and the file's second is over.
    pub(super) is_date_strong: bool,
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Send it.
    Send {
        /// Whether the `Range` field, if there is one, is to be followed.
        with_range: bool,
    },
    /// 304: the client has it.
    NotModified,
    /// 412: the client wanted another one.
    PreconditionFailed,
}

/// Evaluates the conditions of a GET or HEAD.
pub(super) fn evaluate(headers: &HeaderMap, validators: &Validators<'_>) -> Outcome {
    let is_newer_than = |date: SystemTime| validators.last_modified.is_some_and(|it| it > date);
    if headers.contains_key(IF_MATCH) {
        if !lists(headers, &IF_MATCH, validators.etag, Comparison::Strong) {
            return Outcome::PreconditionFailed;
        }
    } else if date(headers, &IF_UNMODIFIED_SINCE).is_some_and(is_newer_than) {
        return Outcome::PreconditionFailed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        if lists(headers, &IF_NONE_MATCH, validators.etag, Comparison::Weak) {
            return Outcome::NotModified;
        }
    } else if validators.last_modified.is_some()
        && date(headers, &IF_MODIFIED_SINCE).is_some_and(|date| !is_newer_than(date))
    {
        return Outcome::NotModified;
    }
    Outcome::Send {
        with_range: is_range_wanted(headers, validators),
    }
}

fn is_range_wanted(headers: &HeaderMap, validators: &Validators<'_>) -> bool {
    let Some(field) = headers.get(IF_RANGE) else {
        return true;
    };
    if field.as_bytes().ends_with(b"\"") {
        // A weak tag has another text than ours, so that comparing texts is the strong comparison.
        return field == validators.etag;
    }
    validators.is_date_strong
        && validators.last_modified.is_some()
        && date(headers, &IF_RANGE) == validators.last_modified
}

/// The date of a field that is there once and is one.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut fields = headers.get_all(name).iter();
    let (field, None) = (fields.next()?, fields.next()) else {
        return None;
    };
    parse_http_date(field.to_str().ok()?).ok()
}

/// How entity-tags are compared (section 8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity-tags, or `*`, has ours.
fn lists(headers: &HeaderMap, name: &HeaderName, ours: &HeaderValue, how: Comparison) -> bool {
    headers.get_all(name).iter().any(|field| {
        let field = field.as_bytes().trim_ascii();
        field == b"*"
            || EntityTags(field).any(|(is_weak, tag)| {
                tag == ours.as_bytes() && (how == Comparison::Weak || !is_weak)
            })
    })
}

/// The entity-tags of a list: whether it is weak, and its text with the quotes. It ends at the first member that
/// is none; a comma inside of quotes is a part of the tag.
struct EntityTags<'a>(&'a [u8]);

impl<'a> Iterator for EntityTags<'a> {
    type Item = (bool, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let [b',' | b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
        let (is_weak, tag) = match self.0.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, self.0),
        };
        let inner = tag.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')? + 2;
        let (tag, rest) = tag.split_at_checked(end)?;
        self.0 = rest;
        Some((is_weak, tag))
    }
}

/// The time in whole seconds, as `Last-Modified` has it; none where it would mislead.
///
/// A time before 1990 is the constant of a reproducible build (1970, 1980, 1985 are in use), so that it says
/// nothing about changes. A time in the future must not be sent (section 8.8.2.1).
pub(super) fn last_modified(modified: SystemTime, now: SystemTime) -> Option<SystemTime> {
    const OLDEST: Duration = Duration::from_secs(631_152_000);
    let since_epoch = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    if since_epoch < OLDEST || modified > now {
        return None;
    }
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since_epoch.as_secs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const SEND: Outcome = Outcome::Send { with_range: true };
    const WHOLE: Outcome = Outcome::Send { with_range: false };

    fn outcome(fields: &[(&str, &str)], is_date_strong: bool) -> Outcome {
        let headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).expect("a name"),
                    HeaderValue::try_from(*value).expect("a value"),
                )
            })
            .collect();
        let validators = Validators {
            etag: &HeaderValue::from_static("\"a,b\""),
            last_modified: parse_http_date(THEN).ok(),
            is_date_strong,
        };
        evaluate(&headers, &validators)
    }

    #[test]
    fn conditions_are_evaluated_in_the_order_of_the_specification() {
        use Outcome::{NotModified, PreconditionFailed};
        for (fields, expected) in [
            (&[][..], SEND),
            (&[("if-none-match", "\"a,b\"")], NotModified),
            (&[("if-none-match", "W/\"a,b\"")], NotModified),
            (&[("if-none-match", "\"x\" , ,W/\"a,b\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"a\", \"b\"")], SEND),
            (&[("if-none-match", "a,b")], SEND),
            (&[("if-none-match", "\"a,b")], SEND),
            (&[("if-none-match", "junk, \"a,b\"")], SEND),
            (&[("if-modified-since", BEFORE)], SEND),
            (&[("if-modified-since", THEN)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (
                &[("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")],
                NotModified,
            ),
            (
                &[("if-modified-since", "Sun Nov  6 08:49:37 1994")],
                NotModified,
            ),
            (&[("if-modified-since", "yesterday")], SEND),
            (
                &[("if-none-match", "\"x\""), ("if-modified-since", THEN)],
                SEND,
            ),
            (&[("if-match", "\"a,b\"")], SEND),
            (&[("if-match", "*")], SEND),
            (&[("if-match", "W/\"a,b\"")], PreconditionFailed),
            (&[("if-match", "\"x\"")], PreconditionFailed),
            (&[("if-match", "")], PreconditionFailed),
            (&[("if-unmodified-since", THEN)], SEND),
            (&[("if-unmodified-since", BEFORE)], PreconditionFailed),
            (&[("if-unmodified-since", "never")], SEND),
            (
                &[("if-match", "\"a,b\""), ("if-unmodified-since", BEFORE)],
                SEND,
            ),
            (
                &[("if-match", "\"a,b\""), ("if-none-match", "\"a,b\"")],
                NotModified,
            ),
            (
                &[("if-match", "\"x\""), ("if-none-match", "\"a,b\"")],
                PreconditionFailed,
            ),
        ] {
            assert_eq!(outcome(fields, true), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_range_counts_only_for_the_representation_that_the_client_has() {
        for (value, is_date_strong, expected) in [
            ("\"a,b\"", false, SEND),
            ("W/\"a,b\"", true, WHOLE),
            ("\"x\"", true, WHOLE),
            (THEN, true, SEND),
            (THEN, false, WHOLE),
            (AFTER, true, WHOLE),
            (BEFORE, true, WHOLE),
            ("junk", true, WHOLE),
            ("", true, WHOLE),
        ] {
            assert_eq!(
                outcome(&[("if-range", value)], is_date_strong),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn dates_that_say_nothing_are_left_out() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let now = at(1_700_000_000) + Duration::from_millis(500);
        for (modified, expected) in [
            (at(1), None),
            (at(315_532_800), None),
            (SystemTime::UNIX_EPOCH - Duration::from_secs(5), None),
            (
                at(1_600_000_000) + Duration::from_millis(900),
                Some(at(1_600_000_000)),
            ),
            (now, Some(at(1_700_000_000))),
            (at(1_700_000_001), None),
            (at(300_000_000_000), None),
        ] {
            assert_eq!(last_modified(modified, now), expected, "{modified:?}");
        }
    }

    proptest! {
        #[test]
        fn any_list_is_read_without_a_panic(list in "[\"W/, a*]{0,20}") {
            outcome(&[("if-none-match", &list), ("if-match", &list), ("if-range", &list)], true);
        }
    }
}
