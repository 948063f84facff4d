//! What is read from a request, and the digest cookie there and back.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderValue, Method, request};

use super::choices::Choices;
use super::message;
use crate::digest_cookie::{MAX_ASSETS, MAX_COOKIE_BYTES, set_cookie};
use crate::loaded_policy::{LoadedPolicy, example};
use crate::record::Record;
use crate::request_facts::{Navigation, RequestFacts};
use crate::rules::Rules;
use crate::{MAX_PROMISED_FIELD_BYTES, PROMISED_FIELDS, promised_headers, redirect};

/// More assets than the cookie has room for, each hundredth in two roles.
static POLICY: LazyLock<Arc<LoadedPolicy>> = LazyLock::new(|| {
    let paths: Vec<String> = (0..700)
        .map(|place| format!("/{:03}.css", place - usize::from(place % 100 == 1)))
        .collect();
    let files: Vec<_> = paths.iter().map(|path| (&**path, &**path)).collect();
    example::policy(&files, &[])
});

/// Any request: its facts hold together, its promised fields are bounded, and the cookie that it is answered with is
/// read back as what was put in.
pub fn request(bytes: &[u8]) {
    let (text, mut choices) = Choices::with_text(bytes);
    let head = message::request(text);
    let secure = choices.flag();
    let facts = RequestFacts::of(&head, secure);
    assert_eq!(facts.method, head.method);
    assert!(facts.priority.urgency.is_none_or(|urgency| urgency <= 7));
    if let Some(origin) = &facts.origin {
        assert_eq!(origin.as_str().starts_with("https://"), secure);
    }
    // The second time as the first.
    assert_eq!(
        format!("{facts:?}"),
        format!("{:?}", RequestFacts::of(&head, secure))
    );
    let promised = promised_headers(&head.headers);
    for name in promised.keys() {
        assert!(PROMISED_FIELDS.contains(name));
        let lines = promised.get_all(name).iter();
        assert!(lines.map(HeaderValue::len).sum::<usize>() <= MAX_PROMISED_FIELD_BYTES);
    }
    cookie(&head, &facts, &mut choices);
}

/// Where a redirect leads from this target of `https://example.com`, if it stays there.
#[must_use]
pub fn redirect_target(from: &str, location: &[u8]) -> Option<String> {
    let uri = format!("https://example.com{from}");
    let (request, ()) = http::Request::get(uri).body(()).ok()?.into_parts();
    let location = HeaderValue::from_bytes(location).ok()?;
    let response = http::Response::builder().status(302);
    let response = response.header("location", location).body(()).ok()?;
    redirect::target(&RequestFacts::of(&request, true), &response.into_parts().0)
}

fn cookie(head: &request::Parts, facts: &RequestFacts, choices: &mut Choices<'_>) {
    let rules = Rules {
        digest_cookie: choices.byte() != 1,
        trust_proxies: choices.flag(),
        digest_cookie_max_age: Duration::from_secs(1 << choices.below(64)),
        ..Rules::default()
    };
    let mut record = Record::new(Arc::clone(&POLICY));
    for _ in 0..choices.below(9) {
        let start = usize::from(choices.number()) % 700;
        for asset in start..=start + usize::from(choices.byte()) {
            record.mark_pushed(&POLICY, asset);
        }
    }
    let kept: BTreeSet<usize> = record.kept().collect();
    let old = held(facts);
    let may_set = rules.digest_cookie
        && facts.method == Method::GET
        && facts.navigation == Navigation::TopLevel
        && (!facts.proxied || rules.trust_proxies);

    let Some(cookie) = set_cookie(facts, &record, &rules) else {
        if may_set && files(&kept) <= MAX_ASSETS {
            assert!(kept.is_subset(&old), "something new, and no cookie");
        }
        return;
    };
    assert!(may_set, "no cookie may be set");
    let cookie = cookie.to_str().expect("visible ASCII");
    let (pair, _) = cookie.split_once("; ").expect("attributes");
    assert!(pair.len() <= MAX_COOKIE_BYTES, "{} bytes", pair.len());

    // What the client sends next time, between others.
    let mut next = head.clone();
    let value = HeaderValue::try_from(format!("a=b; {pair}; c=d"));
    next.headers.remove(COOKIE);
    next.headers.insert(COOKIE, value.expect("a field value"));
    let next = RequestFacts::of(&next, facts.secure);
    assert!(next.digest_cookie.is_some(), "{pair} is not read");
    let had = held(&next);
    if files(&kept) <= MAX_ASSETS {
        assert!(kept.is_subset(&had), "something new is lost");
    }
    if files(&(&kept | &old)) <= MAX_ASSETS {
        assert!(old.is_subset(&had), "something old is lost");
    }
    assert_eq!(set_cookie(&next, &record, &rules), None, "set twice");
}

/// The assets that a request's cookie says are had.
fn held(facts: &RequestFacts) -> BTreeSet<usize> {
    let Some(set) = &facts.digest_cookie else {
        return BTreeSet::new();
    };
    let assets = 0..POLICY.policy().assets().len();
    assets
        .filter(|&asset| POLICY.cookie_keys().is_in(set, asset))
        .collect()
}

/// How many files these assets are.
fn files(assets: &BTreeSet<usize>) -> usize {
    let path = |&asset: &usize| POLICY.asset(asset).map(|asset| &asset.path);
    assets.iter().map(path).collect::<BTreeSet<_>>().len()
}
