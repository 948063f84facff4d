//! What a client says it has.
//!
//! In: a request's cache digest and digest cookie, and the keys that a policy has for its assets.
//! Out: for an asset, whether the client has it and who says so. What a client says can only keep
//! deliveries from that client. Left out: what the connection itself carried, which `record` knows
//! for certain.

use pushgen_policy::cache_digest::Cached;
use pushgen_policy::wire::Fingerprints;

use crate::loaded_policy::LoadedPolicy;
use crate::refusal::Refusal;
use crate::request_facts::RequestFacts;
use crate::rules::Rules;

/// What a client says it has.
pub(crate) struct Known<'a> {
    policy: &'a LoadedPolicy,
    request: &'a RequestFacts,
    /// For the origin of the request; none if it has no digest that is heard.
    url_keys: Option<&'a [Fingerprints]>,
    hears_cookie: bool,
}

/// What a client has of an asset, or what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nothing that is known.
    Nothing,
    /// A response that it will ask about before it uses it.
    Stale(Refusal),
    /// A response that it will use.
    Fresh(Refusal),
}

impl<'a> Known<'a> {
    pub(crate) fn of(policy: &'a LoadedPolicy, request: &'a RequestFacts, rules: &Rules) -> Self {
        let hears_digest = rules.cache_digest && !request.cache_digest.is_empty();
        let origin = request.origin.as_ref().filter(|_| hears_digest);
        Self {
            policy,
            request,
            url_keys: origin.and_then(|origin| policy.url_keys(origin)),
            hears_cookie: rules.digest_cookie,
        }
    }

    /// What the client has of the asset at this place of the policy's table.
    pub(crate) fn of_asset(&self, asset: usize) -> Held {
        let digest = &self.request.cache_digest;
        let mut held = Held::Nothing;
        let mut is_complete = false;
        if let Some(keys) = self.url_keys.and_then(|keys| keys.get(asset)) {
            match digest.lookup(&keys.url, keys.url_etag.as_ref()) {
                Cached::Fresh => return Held::Fresh(Refusal::CacheDigest),
                Cached::Stale => held = Held::Stale(Refusal::CacheDigest),
                Cached::Absent => is_complete = true,
                _ => {}
            }
        }
        // A digest of everything that is cached knows better than a cookie from earlier.
        match &self.request.digest_cookie {
            Some(set) if self.hears_cookie && !is_complete => {
                if self.policy.cookie_keys().is_in(set, asset) {
                    Held::Fresh(Refusal::DigestCookie)
                } else {
                    held
                }
            }
            _ => held,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::loaded_policy::example;
    use crate::{digest_cookie, record::Record};
    use pushgen_policy::cache_digest::{Flags, GolombSet};
    use pushgen_policy::{Origin, UrlPath, url_key};

    fn digest(origin: &str, paths: &[&str], flags: Flags) -> String {
        let origin = Origin::parse(origin).unwrap();
        let keys: Vec<_> = paths
            .iter()
            .map(|path| url_key(&origin, &UrlPath::parse(*path).unwrap(), None))
            .collect();
        GolombSet::new(&keys, 20).unwrap().to_field_value(flags)
    }

    fn request(uri: &str, fields: &[(&str, &str)]) -> RequestFacts {
        let mut request = http::Request::get(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        RequestFacts::of(&request.body(()).unwrap().into_parts().0, true)
    }

    const PLAIN: Flags = Flags {
        reset: false,
        validators: false,
        stale: false,
        complete: false,
    };

    #[test]
    fn hears_digest_and_cookie() {
        let localhost = Origin::parse("https://localhost:8443").unwrap();
        let policy = example::load(&[("/a", "a"), ("/b", "b")], &[], [localhost]);
        let cookie = {
            let mut record = Record::new(Arc::clone(&policy));
            record.mark_pushed(&policy, 0);
            let page = request("https://example.com/", &[]);
            let cookie = digest_cookie::set_cookie(&page, &record, &Rules::default()).unwrap();
            cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .to_owned()
        };
        let complete = Flags {
            complete: true,
            ..PLAIN
        };
        let stale = Flags {
            stale: true,
            ..PLAIN
        };
        let of = |flags| digest(example::ORIGIN, &["/a"], flags);
        let on = Rules::default();
        let off = Rules {
            cache_digest: false,
            digest_cookie: false,
            ..Rules::default()
        };
        let (by_digest, by_cookie) = (
            Held::Fresh(Refusal::CacheDigest),
            Held::Fresh(Refusal::DigestCookie),
        );
        let example = "https://example.com/";
        let local = "https://localhost:8443/";
        let cases = [
            (example, vec![], &on, Held::Nothing),
            (example, vec![("cache-digest", of(PLAIN))], &on, by_digest),
            (
                example,
                vec![("cache-digest", of(stale))],
                &on,
                Held::Stale(Refusal::CacheDigest),
            ),
            (example, vec![("cookie", cookie.clone())], &on, by_cookie),
            (
                example,
                vec![("cache-digest", of(stale)), ("cookie", cookie.clone())],
                &on,
                by_cookie,
            ),
            (
                example,
                vec![
                    ("cache-digest", digest(example::ORIGIN, &["/x"], PLAIN)),
                    ("cookie", cookie.clone()),
                ],
                &on,
                by_cookie,
            ),
            (
                example,
                vec![
                    ("cache-digest", digest(example::ORIGIN, &["/x"], complete)),
                    ("cookie", cookie.clone()),
                ],
                &on,
                Held::Nothing,
            ),
            (
                example,
                vec![("cache-digest", of(PLAIN)), ("cookie", cookie)],
                &off,
                Held::Nothing,
            ),
            (local, vec![("cache-digest", of(PLAIN))], &on, Held::Nothing),
            (
                local,
                vec![(
                    "cache-digest",
                    digest("https://localhost:8443", &["/a"], PLAIN),
                )],
                &on,
                by_digest,
            ),
            // An origin that the policy was not loaded with.
            (
                "https://evil.example/",
                vec![(
                    "cache-digest",
                    digest("https://evil.example", &["/a"], PLAIN),
                )],
                &on,
                Held::Nothing,
            ),
        ];
        for (uri, fields, rules, expected) in cases {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            let request = request(uri, &fields);
            let known = Known::of(&policy, &request, rules);
            assert_eq!(known.of_asset(0), expected, "{uri} {fields:?}");
            assert_eq!(known.of_asset(1), Held::Nothing, "{uri} {fields:?}");
            assert_eq!(known.of_asset(2), Held::Nothing);
        }
    }
}
