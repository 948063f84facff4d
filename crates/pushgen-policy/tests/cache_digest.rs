//! Cache digests that other programs made or read (`vectors/cache-digest.json`).

use pushgen_policy::Sha256;
use pushgen_policy::cache_digest::{CacheDigest, Cached, CuckooFilter, Flags, GolombSet};
use serde_json::Value;

fn vectors(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/cache-digest.json")).unwrap();
    let mut vectors = file["vectors"].as_array().unwrap().clone();
    vectors.retain(|vector| vector["kind"] == kind);
    assert!(!vectors.is_empty(), "no vectors of kind {kind}");
    vectors
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member]
        .as_str()
        .unwrap_or_else(|| panic!("{member} of {}", vector["id"]))
}

fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn sha256(digits: &str) -> Sha256 {
    Sha256(hex(digits).try_into().unwrap())
}

/// The hash of a member, which is an object with URL and perhaps ETag, or `URL|ETAG` without
/// quotes.
fn key(member: &Value) -> Sha256 {
    if let Some(member) = member.as_str() {
        let key = match member.split_once('|') {
            Some((url, etag)) => format!("{url}\"{etag}\""),
            None => member.to_owned(),
        };
        return Sha256::of(key.as_bytes());
    }
    let etag = member["etag"].as_str().unwrap_or_default();
    Sha256::of(format!("{}{etag}", text(member, "url")).as_bytes())
}

fn keys(vector: &Value, member: &str) -> Vec<Sha256> {
    vector[member]
        .as_array()
        .into_iter()
        .flatten()
        .map(key)
        .collect()
}

fn flags(header: &str) -> Flags {
    Flags {
        complete: header.contains("complete"),
        validators: header.contains("validators"),
        ..Flags::default()
    }
}

#[test]
fn hashes_keys_like_h2o() {
    for vector in vectors("key-hash") {
        let hash = key(&vector["inputs"][0]);
        assert_eq!(hash, sha256(text(&vector, "sha256")));
        assert_eq!(format!("{:016x}", hash.high64()), text(&vector, "h64"));
    }
}

#[test]
fn codes_golomb_sets_like_the_clients() {
    for vector in vectors("gcs") {
        let id = text(&vector, "id");
        let keys = match vector["key_hashed"].as_str() {
            Some(key) => vec![Sha256::of(key.as_bytes())],
            None => keys(&vector, "inputs"),
        };
        let parameter = |name: &str| u32::try_from(vector[name].as_u64().unwrap()).unwrap();
        let set = GolombSet::new(&keys, parameter("log2_p")).unwrap();
        let octets = hex(text(&vector, "digest_hex"));
        assert_eq!(set.encode(), octets, "{id}");
        assert_eq!(GolombSet::decode(&octets).as_ref(), Ok(&set), "{id}");
        assert_eq!(
            set.parameters(),
            (parameter("log2_n"), parameter("log2_p")),
            "{id}"
        );
        if let Some(hashes) = vector["key_h64"].as_array() {
            let found: Vec<_> = keys
                .iter()
                .map(|key| format!("{:016x}", key.high64()))
                .collect();
            assert_eq!(Value::from(found), Value::from(hashes.clone()), "{id}");
            assert_eq!(Value::from(set.values()), vector["hash_values"], "{id}");
        }

        let header = text(&vector, "header");
        if vector["digest_base64url"].is_string() {
            assert_eq!(set.to_field_value(flags(header)), header, "{id}");
        }
        let digest = CacheDigest::from_fields([header.as_bytes()]);
        let validators = vector["validators"] == true;
        let lookup = |key: &Sha256| {
            let other = Sha256::of(b"another key");
            if validators {
                digest.lookup(&other, Some(key))
            } else {
                digest.lookup(key, None)
            }
        };
        for key in &keys {
            assert_eq!(lookup(key), Cached::Fresh, "{id}");
        }
        let absent = if flags(header).complete {
            Cached::Absent
        } else {
            Cached::Unknown
        };
        for key in self::keys(&vector, "must_not_match") {
            assert_eq!(lookup(&key), absent, "{id}");
        }
    }
}

/// Where this crate reads a field otherwise than H2O, on purpose.
fn reads_otherwise(id: &str) -> Option<&'static [(&'static str, Cached)]> {
    match id {
        // H2O refuses padding.
        "hdr-04" => Some(&[
            ("https://example.com/style.css", Cached::Fresh),
            ("https://example.com/none.css", Cached::Absent),
        ]),
        // H2O leaves out stale digests.
        "hdr-05" => Some(&[("https://example.com/style.css", Cached::Stale)]),
        // H2O lets the second entity overwrite that the first is complete.
        "hdr-07" => Some(&[
            ("https://example.com/style.css", Cached::Fresh),
            ("https://example.com/none.css", Cached::Absent),
        ]),
        _ => None,
    }
}

#[test]
fn reads_fields_like_h2o_but_for_what_it_gets_wrong() {
    for vector in vectors("header-decode") {
        let id = text(&vector, "id");
        let digest = CacheDigest::from_fields([text(&vector, "header").as_bytes()]);
        let lookup = |url: &str| digest.lookup(&Sha256::of(url.as_bytes()), None);
        if let Some(lookups) = reads_otherwise(id) {
            for &(url, expected) in lookups {
                assert_eq!(lookup(url), expected, "{id} {url}");
            }
            continue;
        }
        for (url, expected) in vector["lookups"].as_object().unwrap() {
            let expected = match expected.as_str() {
                Some("FRESH") => Cached::Fresh,
                Some("NOT_CACHED") => Cached::Absent,
                Some("UNKNOWN") => Cached::Unknown,
                other => panic!("{other:?}"),
            };
            assert_eq!(lookup(url), expected, "{id} {url}");
        }
        // A set without bits is one that H2O keeps and that must not be used.
        let nothing = vector["digests"] == "none" || id == "hdr-10";
        assert_eq!(digest.is_empty(), nothing, "{id}");
    }
}

#[test]
fn keeps_62_bit_values() {
    let vector = &vectors("header-decode")[7];
    assert_eq!(text(vector, "header"), "__________8");
    let set = GolombSet::decode(&[0xff; 8]).unwrap();
    assert_eq!(
        (set.parameters(), set.values()),
        ((31, 31), &[0x7fff_ffff][..])
    );
}

/// The filter of a vector that gives no octets, but their hash: one fingerprint in the first slot
/// of one of its buckets.
fn rebuilt(vector: &Value) -> Vec<u8> {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let member = &vector["inputs"][0];
    let f = number(&vector["f"]);
    let candidates = ["h1", "h2"].map(|bucket| {
        let mut octets = vec![0; number(&vector["digest_len"])];
        octets[0] = f as u8;
        octets[1..5].copy_from_slice(&(number(&vector["N"]) as u32).to_be_bytes());
        let start = 40 + number(&member[bucket]) * 4 * f;
        for bit in 0..f {
            let value = number(&member["fingerprint"]) >> (f - 1 - bit) & 1;
            octets[(start + bit) / 8] |= (value as u8) << (7 - (start + bit) % 8);
        }
        octets
    });
    candidates
        .into_iter()
        .find(|octets| Sha256::of(octets) == sha256(text(vector, "digest_sha256")))
        .expect("the octets have the hash that the vector gives")
}

#[test]
fn queries_cuckoo_filters_in_both_readings() {
    for vector in [vectors("cuckoo"), vectors("cuckoo-high32")].concat() {
        let id = text(&vector, "id");
        let octets = vector["digest_hex"]
            .as_str()
            .map_or_else(|| rebuilt(&vector), hex);
        let filter = CuckooFilter::decode(&octets).unwrap();
        for (key, member) in keys(&vector, "inputs")
            .iter()
            .zip(vector["inputs"].as_array().unwrap())
        {
            assert_eq!(*key, sha256(text(member, "sha256")), "{id}");
            assert!(filter.contains(key), "{id} {member}");
        }
        for key in keys(&vector, "must_not_match") {
            assert!(!filter.contains(&key), "{id}");
        }

        // The same through a field, which tells the two forms apart by their length.
        let Some(value) = vector["digest_base64url"].as_str() else {
            continue;
        };
        let digest = CacheDigest::from_fields([value.as_bytes()]);
        for key in keys(&vector, "inputs") {
            assert_eq!(digest.lookup(&key, None), Cached::Fresh, "{id}");
        }
    }
}

#[test]
fn takes_no_golomb_set_for_a_cuckoo_filter() {
    for vector in vectors("gcs") {
        assert!(
            CuckooFilter::decode(&hex(text(&vector, "digest_hex"))).is_err(),
            "{}",
            vector["id"]
        );
    }
}
