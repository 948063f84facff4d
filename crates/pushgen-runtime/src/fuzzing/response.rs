//! The head of a final response, and what it says about being sent ahead.

use std::sync::{Arc, LazyLock};
use std::time::UNIX_EPOCH;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, DATE, LINK, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode, Version};

use super::choices::Choices;
use super::message;
use crate::body::Body;
use crate::connection_facts::{ConnectionFacts, StreamFacts};
use crate::decision::{Situation, decide};
use crate::final_response::{add_digest_cookie, add_links, prepare};
use crate::freshness;
use crate::loaded_policy::{LoadedPolicy, example};
use crate::record::Record;
use crate::request_facts::RequestFacts;
use crate::rules::Rules;

const CONNECTION_FIELDS: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

static POLICY: LazyLock<Arc<LoadedPolicy>> = LazyLock::new(|| {
    let files = [("/a", "a"), ("/b", "b"), ("/c", "c")];
    example::policy(&files, &[("/", &[(0, "hint"), (1, "both"), (2, "push")])])
});

/// Any response of a service: what may be pushed may be hinted, and what may be hinted is kept; the head that leaves is
/// one of HTTP/2, with each link once and no cookie for a cache to give away.
pub fn response(bytes: &[u8]) {
    let (text, mut choices) = Choices::with_text(bytes);
    let mut head = message::response(text);
    let now = UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000);
    let rules = Rules::default();
    let length = choices.flag().then(|| u64::from(choices.number()) << 8);
    let is_hintable = freshness::is_hintable(&head, now).is_ok();
    assert!(is_hintable || freshness::is_pushable(&head, length, now, &rules).is_err());
    assert!(!is_hintable || freshness::is_kept(&head, now));

    let (request, ()) = http::Request::new(()).into_parts();
    let facts = RequestFacts::of(&request, true);
    let mut record = Record::new(Arc::clone(&POLICY));
    record.mark_pushed(&POLICY, 2);
    let decision = decide(&Situation {
        request: &facts,
        stream: StreamFacts::default(),
        connection: ConnectionFacts::new(Version::HTTP_2),
        record: &record,
        rules: &rules,
    });
    let before = count(&head.headers, &LINK);
    let added = add_links(&mut head, &decision);
    assert_eq!(count(&head.headers, &LINK), before + added);
    assert!(added <= decision.links().count());
    assert!(added == 0 || head.status == StatusCode::OK);
    assert_eq!(add_links(&mut head, &decision), 0, "a link twice");

    let cookies = count(&head.headers, &SET_COOKIE);
    let is_public = is_public(&head.headers);
    add_digest_cookie(&mut head, &facts, &record, &rules);
    let is_set = count(&head.headers, &SET_COOKIE) > cookies;
    assert!(!is_set || head.status == StatusCode::OK && !is_public);

    let method = choices.of(&[Method::GET, Method::HEAD, Method::POST].each_ref());
    let status = head.status;
    let ends = prepare(&mut head, method, &Body::empty());
    assert!(ends, "an empty body ends with its head");
    assert!(!head.status.is_informational());
    for name in CONNECTION_FIELDS {
        assert!(!head.headers.contains_key(name), "{name} is left");
    }
    assert!(head.headers.contains_key(DATE));
    assert!(status != StatusCode::NO_CONTENT || !head.headers.contains_key(CONTENT_LENGTH));
    let once = format!("{head:?}");
    prepare(&mut head, method, &Body::empty());
    assert_eq!(format!("{head:?}"), once);
}

fn count(headers: &HeaderMap, name: &http::HeaderName) -> usize {
    headers.get_all(name).iter().count()
}

/// Whether the response is plainly for everybody.
fn is_public(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CACHE_CONTROL).iter();
    values.any(|value| value.as_bytes().eq_ignore_ascii_case(b"public"))
}
