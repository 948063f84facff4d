//! The digest cookie: what a plain browser has, in a cookie that the server sets by itself.
//!
//! In: the fields of a request; the record of its connection. Out: a set of hashed keys, and the
//! `Set-Cookie` value that brings it up to date. A key is SHA-256 of path and content hash, so that
//! a file that has changed is not had any more. The set is a Golomb-coded one in the bit format of
//! draft-ietf-httpbis-cache-digest-00 to -02, in base64url; the cookie follows RFC 6265bis
//! (`__Host-` prefix over TLS, `SameSite=Lax`, `HttpOnly`). The idea is that of H2O's CASPER, which
//! knew paths only.
//!
//! The cookie is foreign text: it can do no more than keep pushes and hints from the client that
//! sends it. It tells the site only which of the site's own files were fetched. Left out: noticing
//! what the browser has evicted; the cookie's age bounds that.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};
use pushgen_policy::cache_digest::{Flags, GolombSet};
use pushgen_policy::{Policy, Sha256};

use crate::record::Record;
use crate::request_facts::{Navigation, RequestFacts};
use crate::rules::Rules;

/// The cookie's name over TLS: no other host and no insecure page can set it.
pub const SECURE_NAME: &str = "__Host-pushgen-digest";

/// The cookie's name in the clear.
pub const NAME: &str = "pushgen-digest";

/// The most bytes of the cookie, name and value.
pub const MAX_COOKIE_BYTES: usize = 1024;

/// The most assets in the cookie, which keeps it within [`MAX_COOKIE_BYTES`]: 490 values of 10 bits
/// and a one each, at most 512 zeros and 10 bits of parameters are 739 octets, 986 characters, and
/// the longer name and `=` have 22.
pub const MAX_ASSETS: usize = 490;

/// log2 of 1/P: one in 1024 assets that a client does not have is taken for had, and not pushed.
const LOG2_P: u32 = 10;

/// The set in a request's digest cookie, if it is one that this module writes.
pub(crate) fn read(headers: &HeaderMap, secure: bool) -> Option<GolombSet> {
    let name = if secure { SECURE_NAME } else { NAME };
    let value = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|field| field.as_bytes().split(|&byte| byte == b';'))
        .find_map(|pair| {
            let pair = pair.trim_ascii();
            pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
        })?;
    if name.len() + 1 + value.len() > MAX_COOKIE_BYTES {
        return None;
    }
    let set = GolombSet::decode(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    // Other parameters would make many values of few bits, each for a great part of all assets. N
    // is the number of members rounded in the logarithm, so it may be less by the square root of 2.
    let (log2_n, log2_p) = set.parameters();
    (log2_p == LOG2_P && set.values().len() as u64 <= 2 << log2_n).then_some(set)
}

/// The `Set-Cookie` value for the response to a page, when the record has what the request's cookie
/// has not. `None` if nothing is new, if the rules say no cookie, if the response is not for a
/// user's own navigation, or if it goes through a proxy: what its connection carried was for others too.
///
/// Call it after the pushes of the page are recorded, and send the value only with a 200.
#[must_use]
pub fn set_cookie(request: &RequestFacts, record: &Record, rules: &Rules) -> Option<HeaderValue> {
    if !rules.digest_cookie
        || request.method != Method::GET
        || request.navigation != Navigation::TopLevel
        || request.proxied
    {
        return None;
    }
    let old = request.digest_cookie.as_ref();
    let set = record.policy().cookie_keys().merged(old, record.kept())?;
    let (name, secure) = if request.secure {
        (SECURE_NAME, "; Secure")
    } else {
        (NAME, "")
    };
    let value = set.to_field_value(Flags::default());
    let seconds = rules.digest_cookie_max_age.as_secs();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax; HttpOnly{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// The keys of a policy's assets.
#[derive(Debug)]
pub(crate) struct CookieKeys {
    /// In the order of the asset table.
    keys: Box<[Sha256]>,
    /// Places in the table in ascending order of their keys.
    order: Box<[usize]>,
}

impl CookieKeys {
    pub(crate) fn of(policy: &Policy) -> Self {
        let keys: Box<[Sha256]> = policy
            .assets()
            .iter()
            // A path has no octet above 0x7f and the hash has a fixed length: no two pairs make one
            // text.
            .map(|asset| {
                let path = asset.path.as_str().as_bytes();
                Sha256::of(&[path, &asset.content.0].concat())
            })
            .collect();
        let mut order: Box<[usize]> = (0..keys.len()).collect();
        order.sort_unstable_by_key(|&place| keys.get(place));
        Self { keys, order }
    }

    /// Whether the set may have the asset.
    pub(crate) fn is_in(&self, set: &GolombSet, asset: usize) -> bool {
        self.keys.get(asset).is_some_and(|key| set.contains(key))
    }

    /// The keys that the set may have: for each value those that begin with its bits.
    fn held<'a>(&'a self, set: &'a GolombSet) -> impl Iterator<Item = &'a Sha256> {
        let (log2_n, log2_p) = set.parameters();
        // A set has 1 to 62 bits, so the shift is 2 to 63.
        let shift = 64 - (log2_n + log2_p);
        let key = |place: &usize| self.keys.get(*place);
        let high = move |place: &usize| key(place).map_or(0, Sha256::high64) >> shift;
        set.values().iter().flat_map(move |&value| {
            let start = self.order.partition_point(|place| high(place) < value);
            let rest = self.order.get(start..).unwrap_or_default();
            rest.iter()
                .take_while(move |place| high(place) == value)
                .filter_map(key)
        })
    }

    /// The old set with further assets, without what the policy does not have any more. The further
    /// ones have precedence where not all have room. `None` if all of them are in the old set.
    fn merged(
        &self,
        old: Option<&GolombSet>,
        assets: impl Iterator<Item = usize>,
    ) -> Option<GolombSet> {
        let mut new: Vec<Sha256> = assets
            .filter_map(|asset| self.keys.get(asset).copied())
            .collect();
        if new
            .iter()
            .all(|key| old.is_some_and(|old| old.contains(key)))
        {
            return None;
        }
        new.sort_unstable();
        // The roles of a file have one key.
        new.dedup();
        new.truncate(MAX_ASSETS);
        if let Some(old) = old {
            let mut held: Vec<Sha256> = self
                .held(old)
                .filter(|key| new.binary_search(key).is_err())
                .take(MAX_ASSETS)
                .copied()
                .collect();
            held.dedup();
            held.truncate(MAX_ASSETS - new.len());
            new.extend(held);
        }
        GolombSet::new(&new, LOG2_P)
            .ok()
            .filter(|set| Some(set) != old)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::loaded_policy::{LoadedPolicy, example};
    use proptest::prelude::*;

    fn request(cookies: &[&str], secure: bool) -> RequestFacts {
        let mut request = http::Request::get("https://example.com/");
        for cookie in cookies {
            request = request.header("cookie", *cookie);
        }
        RequestFacts::of(&request.body(()).unwrap().into_parts().0, secure)
    }

    /// What a client sends back: the pair without the attributes.
    fn pair(set_cookie: &HeaderValue) -> &str {
        set_cookie.to_str().unwrap().split(';').next().unwrap()
    }

    fn held(policy: &LoadedPolicy, cookies: &[&str]) -> Vec<usize> {
        let Some(set) = request(cookies, true).digest_cookie else {
            return Vec::new();
        };
        let keys = policy.cookie_keys();
        (0..keys.keys.len())
            .filter(|&asset| keys.is_in(&set, asset))
            .collect()
    }

    /// The cookie after pushing `assets` to a client with `cookies`.
    fn after(
        policy: &Arc<LoadedPolicy>,
        cookies: &[&str],
        assets: &[usize],
    ) -> Option<HeaderValue> {
        let mut record = Record::new(Arc::clone(policy));
        for &asset in assets {
            record.mark_pushed(policy, asset);
        }
        set_cookie(&request(cookies, true), &record, &Rules::default())
    }

    const FILES: [(&str, &str); 4] = [
        ("/a.css", "a"),
        ("/b.css", "b"),
        ("/c.js?v=1", "c"),
        ("/d.woff2", "d"),
    ];

    #[test]
    fn comes_back_as_it_was_set() {
        let policy = example::policy(&FILES, &[]);
        let cookie = after(&policy, &[], &[0, 2]).unwrap();
        assert_eq!(held(&policy, &[pair(&cookie)]), [0, 2]);
        // HTTP/2 clients may divide the field.
        assert_eq!(held(&policy, &["a=b", pair(&cookie), "c=d"]), [0, 2]);
        assert_eq!(
            held(&policy, &[&format!("a=b; {}; c=d", pair(&cookie))]),
            [0, 2]
        );
    }

    #[test]
    fn has_the_attributes_that_keep_it_private() {
        let policy = example::policy(&FILES, &[]);
        let mut record = Record::new(Arc::clone(&policy));
        record.mark_pushed(&policy, 0);
        let rules = Rules::default();
        let secure = set_cookie(&request(&[], true), &record, &rules).unwrap();
        let (pair, attributes) = secure.to_str().unwrap().split_once("; ").unwrap();
        assert!(pair.starts_with("__Host-pushgen-digest="), "{pair}");
        assert_eq!(
            attributes,
            "Path=/; Max-Age=2592000; SameSite=Lax; HttpOnly; Secure"
        );

        let rules = Rules {
            digest_cookie_max_age: Duration::from_secs(60),
            ..rules
        };
        let clear = set_cookie(&request(&[], false), &record, &rules).unwrap();
        let (pair, attributes) = clear.to_str().unwrap().split_once("; ").unwrap();
        assert!(pair.starts_with("pushgen-digest="), "{pair}");
        assert_eq!(attributes, "Path=/; Max-Age=60; SameSite=Lax; HttpOnly");
    }

    #[test]
    fn is_read_only_under_the_name_for_the_connection() {
        let policy = example::policy(&FILES, &[]);
        let cookie = after(&policy, &[], &[0]).unwrap();
        let clear = pair(&cookie).strip_prefix("__Host-").unwrap();
        assert!(request(&[pair(&cookie)], true).digest_cookie.is_some());
        assert!(request(&[clear], false).digest_cookie.is_some());
        assert!(request(&[clear], true).digest_cookie.is_none());
        assert!(request(&[pair(&cookie)], false).digest_cookie.is_none());
    }

    #[test]
    fn adds_to_what_there_was() {
        let policy = example::policy(&FILES, &[]);
        let first = after(&policy, &[], &[0]).unwrap();
        let second = after(&policy, &[pair(&first)], &[1, 3]).unwrap();
        assert_eq!(held(&policy, &[pair(&second)]), [0, 1, 3]);
    }

    #[test]
    fn is_not_set_again_when_nothing_is_new() {
        let policy = example::policy(&FILES, &[]);
        let cookie = after(&policy, &[], &[0, 1]).unwrap();
        assert_eq!(after(&policy, &[pair(&cookie)], &[1]), None);
        assert_eq!(after(&policy, &[pair(&cookie)], &[]), None);
        assert_eq!(after(&policy, &[], &[]), None);
    }

    #[test]
    fn a_changed_file_is_not_had_any_more() {
        let before = example::policy(&FILES, &[]);
        let mut files = FILES;
        files[1].1 = "b, changed";
        let changed = example::policy(&files, &[]);
        let cookie = after(&before, &[], &[0, 1]).unwrap();
        assert_eq!(held(&changed, &[pair(&cookie)]), [0]);
        // Sent anew, it is had, and its old content is forgotten.
        let cookie = after(&changed, &[pair(&cookie)], &[1]).unwrap();
        assert_eq!(held(&changed, &[pair(&cookie)]), [0, 1]);
        assert_eq!(held(&before, &[pair(&cookie)]), [0]);
    }

    #[test]
    fn the_same_content_under_another_path_is_another_file() {
        let policy = example::policy(&[("/a", "same"), ("/b", "same")], &[]);
        let cookie = after(&policy, &[], &[0]).unwrap();
        assert_eq!(held(&policy, &[pair(&cookie)]), [0]);
    }

    #[test]
    fn is_set_only_for_a_users_own_page() {
        let policy = example::policy(&FILES, &[]);
        let mut record = Record::new(Arc::clone(&policy));
        record.mark_pushed(&policy, 0);
        let rules = Rules::default();
        let off = Rules {
            digest_cookie: false,
            ..Rules::default()
        };
        let trusting = Rules {
            trust_proxies: true,
            ..Rules::default()
        };
        let own = request(&[], true);
        let cases = [
            (own.clone(), &rules, true),
            (own.clone(), &off, false),
            (
                RequestFacts {
                    method: Method::HEAD,
                    ..own.clone()
                },
                &rules,
                false,
            ),
            (
                RequestFacts {
                    navigation: Navigation::Nested,
                    ..own.clone()
                },
                &rules,
                false,
            ),
            (
                RequestFacts {
                    navigation: Navigation::No,
                    ..own.clone()
                },
                &rules,
                false,
            ),
            (
                RequestFacts {
                    proxied: true,
                    ..own.clone()
                },
                &rules,
                false,
            ),
            (
                RequestFacts {
                    proxied: true,
                    ..own
                },
                &trusting,
                false,
            ),
        ];
        for (request, rules, expected) in cases {
            assert_eq!(
                set_cookie(&request, &record, rules).is_some(),
                expected,
                "{request:?}"
            );
        }
    }

    #[test]
    fn stays_within_its_size() {
        let files: Vec<(String, String)> = (0..2000)
            .map(|i| (format!("/{i:04}.css"), i.to_string()))
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(path, content)| (&**path, &**content))
            .collect();
        let policy = example::policy(&files, &[]);
        let all: Vec<usize> = (0..2000).collect();
        let cookie = after(&policy, &[], &all).unwrap();
        assert!(
            pair(&cookie).len() <= MAX_COOKIE_BYTES,
            "{}",
            pair(&cookie).len()
        );
        let had = held(&policy, &[pair(&cookie)]);
        assert!(
            (MAX_ASSETS..MAX_ASSETS + 20).contains(&had.len()),
            "{}",
            had.len()
        );
        assert_eq!(after(&policy, &[pair(&cookie)], &all), None);

        // What is new is not pushed out by what is old.
        let missing: Vec<_> = all
            .iter()
            .copied()
            .filter(|asset| !had.contains(asset))
            .take(5)
            .collect();
        let cookie = after(&policy, &[pair(&cookie)], &missing).unwrap();
        assert!(pair(&cookie).len() <= MAX_COOKIE_BYTES);
        let set = request(&[pair(&cookie)], true).digest_cookie.unwrap();
        assert!(set.values().len() <= MAX_ASSETS);
        let had = held(&policy, &[pair(&cookie)]);
        assert!(missing.iter().all(|asset| had.contains(asset)));
    }

    #[test]
    fn no_hashes_make_it_longer_than_its_size() {
        // The most zeros: values spread to the end.
        for count in 1..=MAX_ASSETS {
            let step = u64::MAX / count as u64;
            let keys: Vec<Sha256> = (1..=count as u64)
                .map(|place| {
                    let mut key = [0; 32];
                    key[..8].copy_from_slice(&(place * step).to_be_bytes());
                    Sha256(key)
                })
                .collect();
            let value = GolombSet::new(&keys, LOG2_P)
                .unwrap()
                .to_field_value(Flags::default());
            let bytes = SECURE_NAME.len() + 1 + value.len();
            assert!(bytes <= MAX_COOKIE_BYTES, "{count}: {bytes}");
            // What is written is read.
            assert!(
                request(&[&format!("{SECURE_NAME}={value}")], true)
                    .digest_cookie
                    .is_some()
            );
        }
    }

    #[test]
    fn ignores_what_it_did_not_write() {
        let value = |log2_p, count: u64| {
            let keys: Vec<Sha256> = (0..count)
                .map(|place| {
                    let mut key = [0; 32];
                    key[..8].copy_from_slice(&(place << 50).to_be_bytes());
                    Sha256(key)
                })
                .collect();
            GolombSet::new(&keys, log2_p)
                .unwrap()
                .to_field_value(Flags::default())
        };
        // N = 1 and P = 1024 with 402 values of 10 bits, each one more than the one before:
        // two assets in five would be had.
        let bits = format!("0000001010{}", "10000000000".repeat(402));
        let octet = |bits: &[u8]| bits.iter().fold(0, |octet, bit| octet << 1 | (bit - b'0'));
        let dense: Vec<u8> = bits.as_bytes().chunks_exact(8).map(octet).collect();
        assert_eq!(GolombSet::decode(&dense).unwrap().values().len(), 402);
        for value in [
            String::new(),
            "A".to_owned(),
            "AAA".to_owned(),
            "!!!!".to_owned(),
            "\"AfdA\"".to_owned(),
            "A".repeat(2000),
            "AfdA; complete".to_owned(),
            value(0, 2),
            value(7, 3),
            value(31, 3),
            value(10, 600),
            URL_SAFE_NO_PAD.encode(dense),
        ] {
            let request = request(&[&format!("{SECURE_NAME}={value}")], true);
            assert_eq!(request.digest_cookie, None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn has_everything_that_was_put_into_it(
            assets in prop::collection::btree_set(0_usize..300, 0..300),
            more in prop::collection::btree_set(0_usize..300, 0..20),
        ) {
            let files: Vec<(String, String)> =
                (0..300).map(|i| (format!("/{i:03}.css"), i.to_string())).collect();
            let files: Vec<_> = files.iter().map(|(path, content)| (&**path, &**content)).collect();
            let policy = example::policy(&files, &[]);
            let assets: Vec<_> = assets.into_iter().collect();
            let more: Vec<_> = more.into_iter().collect();
            let first = after(&policy, &[], &assets);
            let first: Vec<&str> = first.iter().map(pair).collect();
            let second = after(&policy, &first, &more);
            let second: Vec<&str> = second.iter().map(pair).collect();
            let had = held(&policy, if second.is_empty() { &first } else { &second });
            for asset in assets.iter().chain(&more) {
                prop_assert!(had.contains(asset));
            }
        }

        #[test]
        fn never_panics_on_foreign_bytes(
            value in prop::collection::vec(0x20_u8..0x7f, 0..1100),
            octets in prop::collection::vec(any::<u8>(), 0..760),
        ) {
            let policy = example::policy(&FILES, &[]);
            let mut hostile = b"__Host-pushgen-digest=".to_vec();
            hostile.extend(value);
            let valid = format!("{SECURE_NAME}={}", URL_SAFE_NO_PAD.encode(octets));
            for cookie in [&*String::from_utf8(hostile).unwrap(), &valid] {
                let _ = held(&policy, &[cookie]);
                let _ = after(&policy, &[cookie], &[0, 3]);
            }
        }
    }
}
